"""One circuit of the prior: drawn, calibrated, and put into baths of ketamine, awake and as a slice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from prelimbic.circuits import (
    Activity,
    CalibrationError,
    Circuit,
    CircuitError,
    NetworkError,
    Numerics,
    calibrate,
    check_background,
)
from prelimbic.parameters import (
    POPULATIONS,
    Sheet,
    SheetError,
    at_unitary,
    drawn,
    ranged,
    recorded,
)
from prelimbic.simulation.config import Config, grown
from prelimbic.simulation.observers.acute import arranged, in_baths
from prelimbic.simulation.record import coordinate, scales
from prelimbic.simulation.variable import Groups, Variable

AWAKE_UM = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 11.0, 20.0, 44.0, 100.0)
SLICE_UM = (0.0, 1.0, 10.0)
# to settle, and of each look; before the first, until slow receptors have filled
SECONDS, WARM_S = (0.5, 5.0), 6.0
FIXED = ("background_rate", "apical_share")  # not drawn: what a calibration moves, and what a point has not
TOLERANCE = 0.2  # of a target rate, on one wiring: the targets themselves are drawn from wider ranges
SYNCHRONOUS = 0.05  # pair correlation at rest from which a circuit does not count as asynchronous
WORK_S = 190.0  # biological seconds of one circuit, roughly; for the progress bar


def examine(config: Config, compiled: bool, tell: Callable[[float], None]) -> Groups:
    """Circuit number `seed` of the prior.  One that cannot rest at its target rates is stored as such, with
    NaN for the rest.

    Raises CircuitError where there is no compiler.
    """
    if not compiled:
        raise CircuitError("drawn circuits are calibrated, which needs a C++ compiler (g++ or clang++)")
    centre = ranged(config.sheets()["circuit"])
    source = drawn(centre, config.seed, FIXED)
    knobs = knobs_of(centre)
    names = coordinate("knob", knobs) | scales()
    values = source.values()
    units = np.array(
        [centre.sections[section][row].unit for section, _, row in (k.rpartition(".") for k in knobs)],
        dtype=object,
    )
    numbers, more = np.array([values[k] for k in knobs]), {"coordinates": "knob_unit"}
    found = {
        "drawn": Variable(("knob",), numbers, "1", "number drawn, in its own unit", more),
        "knob_unit": Variable(("knob",), units, "", "unit of a number drawn"),
    }
    circuit = _calibrated(config, at_unitary(source, centre))
    looks = None if circuit is None else _looks(config, circuit, tell)
    valid = looks is not None and _rests(looks[0][0], resting_rates(centre))
    found["valid"] = Variable(
        (), np.array(float(valid)), "1", "1 where the circuit rests at rates it may have, asynchronously"
    )
    if looks is not None:
        awake, blocks, in_slice, slice_blocks = looks
        found |= arranged(AWAKE_UM, awake, blocks)
        found |= {
            f"slice_{name}": replace(
                v, dimensions=tuple(f"slice_{d}" if d == "concentration" else d for d in v.dimensions)
            )
            for name, v in arranged(SLICE_UM, in_slice, slice_blocks).items()
        }
    tell(max(0.0, WORK_S - (len(AWAKE_UM) + len(SLICE_UM)) * sum(SECONDS) * (looks is not None)))
    return {"summary": names | found}


def resting_rates(centre: Sheet) -> list[tuple[float, float]]:
    """Range of rates at which each class may rest, Hz: that of the rate aimed at, where the sheet has one,
    else that of the record.
    """
    return [centre.sections[p]["target_rate"].range or recorded(p, "rate") for p in POPULATIONS]


def _rests(untreated: Activity, allowed: list[tuple[float, float]]) -> bool:
    """Whether every class still fires at such a rate (some circuits have a second, silent state), and
    asynchronously.
    """
    inside = [low <= rate <= high for rate, (low, high) in zip(untreated.rate, allowed, strict=True)]
    return all(inside) and untreated.pair_correlation < SYNCHRONOUS


def knobs_of(source: Sheet) -> tuple[str, ...]:
    """Names (SECTION.NUMBER) of all that the prior draws."""
    return tuple(
        f"{section}.{name}"
        for section, rows in source.sections.items()
        for name, row in rows.items()
        if name not in FIXED and row.range is not None and row.range[0] < row.range[1]
    )


def _calibrated(config: Config, source: Sheet) -> Circuit | None:
    """The drawn circuit with background rates of its own; None where none hold it at its rates."""
    try:
        circuit = grown(source, config.scale, config.spine_numbers())
    except (CircuitError, SheetError):
        return None
    return calibrated(circuit, config.seed, TOLERANCE, config.numerics.portable)


def calibrated(
    circuit: Circuit, seed: int, tolerance: float, portable: bool, coarse: int | None = None
) -> Circuit | None:
    """A circuit with background rates that hold one wiring within `tolerance` of its target rates; None
    where none do.  `coarse` is as `calibrate` has it.
    """
    numerics = Numerics(portable=portable)
    try:
        check_background(circuit)
        found = calibrate(circuit, 1, first=seed, tolerance=tolerance, numerics=numerics, coarse=coarse)
    except (CalibrationError, CircuitError, NetworkError):
        return None
    return found.circuit


Looks = tuple[list[Activity], np.ndarray, list[Activity], np.ndarray]


def _looks(config: Config, circuit: Circuit, tell: Callable[[float], None]) -> Looks:
    sliced = replace(config.hypotheses, state="slice").on_circuit(
        circuit, config.sizes(), config.spine_numbers()
    )
    awake = in_baths(config, circuit, AWAKE_UM, SECONDS, True, tell, WARM_S)
    return *awake, *in_baths(config, sliced, SLICE_UM, SECONDS, True, tell, WARM_S)
