"""Drawn circuits and cascades: how far a subject lies from the sheet's numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from prelimbic.circuits import Circuit
from prelimbic.circuits.describe import with_background
from prelimbic.parameters import (
    POPULATIONS,
    CascadeNumbers,
    Sheet,
    SpineNumbers,
    at_unitary,
    drawn,
    ranged,
)
from prelimbic.parameters.prior import COUNTED, SLOW, WHOLE, drawn_numbers
from prelimbic.simulation.config import grown
from prelimbic.simulation.observers.prior import FIXED


def drawn_sheet(source: Sheet, seed: int, share: float) -> Sheet:
    """A circuit sheet whose numbers lie a `share` of the way from its own to numbers drawn from their ranges
    with a seed; weights keep unitary potentials where release was drawn.  Raises SheetError.
    """
    centre = ranged(source)
    before, after = centre.values(), drawn(centre, seed, FIXED).values()
    changes = {}
    for name, value in before.items():
        if after[name] != value:
            moved = value + share * (after[name] - value)
            changes[name] = float(round(moved)) if name.rpartition(".")[2] in WHOLE else moved
    return at_unitary(centre.replaced(changes), centre)


def drawn_circuit(
    source: Sheet, spines: SpineNumbers, seed: int, share: float, background: list[float] | None = None
) -> Circuit:
    """Such a circuit at size 1, with background rates (Hz, by population) where they are known.  Raises
    SheetError and CircuitError.
    """
    circuit = grown(drawn_sheet(source, seed, share), 1.0, spines)
    return circuit if background is None else with_background(circuit, background)


def overrides_of(
    source: Sheet, seed: int, share: float, background: list[float]
) -> tuple[tuple[str, float], ...]:
    """The same as overrides of a run: (circuit.SECTION.NUMBER, value)."""
    before, after = source.values(), drawn_sheet(source, seed, share).values()
    rates = {f"{p}.background_rate": rate for p, rate in zip(POPULATIONS, background, strict=True)}
    after = after | rates
    return tuple(sorted((f"circuit.{n}", v) for n, v in after.items() if v != before[n]))


def drawn_slow(sheets: Mapping[str, Sheet], seed: int, share: float) -> dict[str, float]:
    """Numbers of cascade and spines, by full name SHEET.SECTION.NUMBER, around those of the sheet: each lies
    such a share as far from its own as a number drawn with a seed lies from the middle of its range, and
    within the range.  How many contacts depression leaves is not among them.
    """
    found = {}
    for name, drawn_to in drawn_numbers(sheets, seed, SLOW):
        subject, _, row = name.partition(".")
        own = sheets[subject].rows()[row]
        low, high = own.range or (own.value, own.value)
        if low > 0:  # such are drawn on a log scale
            moved = own.value * (drawn_to / math.sqrt(low * high)) ** share
        else:
            moved = own.value + share * (drawn_to - 0.5 * (low + high))
        moved = min(max(moved, low), high)
        found[name] = float(round(moved)) if own.unit in COUNTED else moved
    found.pop("spines.spines.depressed_share", None)
    return found


def slow_numbers(
    sheets: Mapping[str, Sheet], seed: int, share: float
) -> tuple[CascadeNumbers, SpineNumbers]:
    """The same as records."""
    moved = drawn_slow(sheets, seed, share)
    own = {name: {k: v for k, v in moved.items() if k.startswith(f"{name}.{name}.")} for name in SLOW}
    cascade, spines = (
        sheets["cascade"].fill("cascade", CascadeNumbers),
        sheets["spines"].fill("spines", SpineNumbers),
    )
    return (
        replace(cascade, **{name.rpartition(".")[2]: v for name, v in own["cascade"].items()}),
        replace(spines, **{name.rpartition(".")[2]: v for name, v in own["spines"].items()}),
    )
