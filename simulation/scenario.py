"""A scenario: what is done to whom, how it is looked at; checked where it is written."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from prelimbic.circuits import SCALES, STANDARD, CircuitError, Numerics
from prelimbic.parameters import CIRCUITS, SPECIES, SheetError, circuit_sheet, unknown
from prelimbic.parameters.errors import UsageError
from prelimbic.parameters.plain import (
    choice,
    listed,
    of_type,
    pair,
    path,
    real,
    text,
    truth,
    whole,
)
from prelimbic.pharmacology import Bath, Dose, DoseError, beyond_use
from prelimbic.simulation.config import Config
from prelimbic.simulation.given import Give, GivenError, doses, hour_of
from prelimbic.simulation.hypotheses import AS_SHEETS, Hypotheses, HypothesisError
from prelimbic.simulation.inhibition import Inhibition, InhibitionError, parse_inhibition
from prelimbic.simulation.looks import a_day_after, ends, starts
from prelimbic.simulation.overrides import Overrides, settled
from prelimbic.simulation.planner import DAY_H, looks_for
from prelimbic.simulation.protocol import DAY, Protocol, ProtocolError
from prelimbic.simulation.switches import SWITCHES

SHEET = "dendritic"
LARGEST_SEED = 2**32 - 1


class ScenarioError(UsageError):
    """A scenario that cannot be."""


class UnusualDoseWarning(UserWarning):
    """A dose that is larger than any that is given to the species."""


@dataclass(frozen=True, init=False)
class Scenario:
    """What is done to whom, and how it is looked at: all that a run is but its seed.

    `species` is human, rat or mouse.  `give` is one text or several, such as "ketamine 10 mg/kg ip at 0h,
    24h" or "0.5 mg/kg iv over 40min" (simulation.given), or Dose objects; without it nothing is given.
    `sheet` is a shipped circuit sheet or the path of one's own; `scale` 1 is 1,000 cells, from 0.5 to 20.
    `bath` holds unbound drugs (uM) at the receptors.  `inhibit` takes inhibitors (NAME[=AMOUNT][@HOURh], or
    Inhibition objects), `manipulate` what `prelimbic switches` lists, `stress` its first and last hour, as
    ("-240h", "0h"), `overrides` {number: value} with names as `prelimbic numbers` has them, in the unit of
    the number.  Every switch that `prelimbic switches` lists is a keyword too, such as baseline="healthy".

    The looks are planned for what is given and end with the last of the `readouts` (rest, peak, 0-2 h, or
    times such as 24 h or 7 d), unless a `protocol` says when to look.  Without `readouts` they are rest,
    peak, 0-2 h, 2 h, 4 h and 24 h, and where anything comes or goes at 24 h or later, a day after the last
    of it.  `spikes` keeps every spike; `numerics` is how the circuit is computed.

    Raises UsageError, of a kind that says what is wrong (DoseError, GivenError, SheetError, CircuitError,
    HypothesisError, InhibitionError, ProtocolError, ScenarioError), where any of it cannot be.  Warns with
    UnusualDoseWarning of a dose beyond use.
    """

    species: str
    give: tuple[Dose, ...]
    sheet: str
    scale: float
    hypotheses: Hypotheses
    bath: Bath | None
    inhibit: tuple[Inhibition, ...]
    manipulate: tuple[str, ...]
    stress: tuple[float, float] | None
    overrides: Overrides
    readouts: tuple[str, ...] | None
    protocol: Protocol | None
    spikes: bool
    numerics: Numerics

    def __init__(
        self,
        species: str,
        give: Give = (),
        *,
        sheet: str | os.PathLike[str] = SHEET,
        scale: float = 1.0,
        hypotheses: Hypotheses = AS_SHEETS,
        bath: Bath | None = None,
        inhibit: str | Inhibition | Sequence[str | Inhibition] = (),
        manipulate: str | Sequence[str] = (),
        stress: tuple[float | str, float | str] | None = None,
        overrides: Mapping[str, float] | Overrides = (),
        readouts: str | Sequence[str] | None = None,
        protocol: Protocol | None = None,
        spikes: bool = False,
        numerics: Numerics = STANDARD,
        **switches: str,
    ) -> None:
        kinds: dict[str, tuple[object, type]] = {
            "hypotheses": (hypotheses, Hypotheses),
            "bath": (bath, Bath),
            "protocol": (protocol, Protocol),
            "numerics": (numerics, Numerics),
        }
        for name, (value, kind) in kinds.items():
            if not (value is None and name in ("bath", "protocol")):
                of_type(kind)(value, f"`{name}`", ScenarioError)
        circuit = named_sheet(sheet)
        read: dict[str, Any] = {
            "species": choice(species, SPECIES, "species", DoseError),
            "give": doses(give),
            "sheet": circuit,
            "scale": real(scale, "`scale`", ScenarioError),  # 1 and 1.0 are the same run
            "hypotheses": _switched(hypotheses, switches),
            "bath": bath,
            "inhibit": _inhibitors(inhibit),
            "manipulate": _texts(manipulate, "`manipulate`", CircuitError),
            "stress": None if stress is None else _stress(stress),
            "overrides": settled(overrides, [circuit_sheet(circuit)]),
            "readouts": None if readouts is None else _texts(readouts, "`readouts`", ProtocolError),
            "protocol": protocol,
            "spikes": truth(spikes, "`spikes`", ScenarioError),
            "numerics": numerics,
        }
        for name, value in read.items():
            object.__setattr__(self, name, value)
        self._check()

    def config(self, seed: int = 1) -> Config:
        """The configuration of a run with a seed, a whole number from 0 to 2^32 - 1.  Raises
        ScenarioError.
        """
        must = f"a whole number from 0 to {LARGEST_SEED}"
        number = whole(seed, "`seed`", ScenarioError, range(LARGEST_SEED + 1), must)
        return replace(self._planned, seed=number)

    @cached_property
    def _planned(self) -> Config:
        """The configuration with its looks."""
        config = Config(
            study="scenario",
            circuit=self.sheet,
            species=self.species,
            doses=self.give,
            scale=self.scale,
            seed=1,
            protocol=self.protocol or Protocol((), 0.0),
            overrides=self.overrides,
            hypotheses=self.hypotheses,
            manipulations=self.manipulate,
            spikes=self.spikes,
            numerics=self.numerics,
            bath=self.bath,
        )
        if self.protocol is not None:
            return config
        looks = looks_for(
            config.exposure(self.give),
            self._default_readouts() if self.readouts is None else self.readouts,
            inhibitions=self.inhibit,
            bath=self.bath,
            stress=self.stress,
        )
        return replace(config, protocol=looks)

    def _default_readouts(self) -> tuple[str, ...]:
        """Those of a day; and where anything comes or goes later, one a day after the last of it."""
        events = [*starts(self.give, (), self.bath), *ends(self.give, self.bath)]
        hours = [event.hour for event in events] + [item.start for item in self.inhibit]
        last = max([*hours, *(self.stress or ())], default=0.0)
        return DAY if last < DAY_H else (*DAY, a_day_after(last))

    def _check(self) -> None:
        low, high = SCALES
        if not low <= self.scale <= high:
            raise ScenarioError(f"`scale` is {self.scale:g} but must lie between {low:g} and {high:g}")
        if self.protocol is not None and (self.inhibit or self.stress or self.readouts is not None):
            raise ScenarioError(
                "a `protocol` says itself what `inhibit`, `stress` and `readouts` are: leave them out"
            )
        config = self._planned
        config.check()
        config.check_looks(looped=True, stored=True)
        for told in unusual(self.give, self.species):
            warnings.warn(told, UnusualDoseWarning, stacklevel=3)


def named_sheet(sheet: object) -> str:
    """The name or path of a circuit sheet, as text.  Raises SheetError."""
    must = f"a circuit sheet, {', '.join(CIRCUITS)}, or the path of a .toml file"
    return path(sheet, "`sheet`", SheetError, must)


def _texts(asked: object, what: str, error: type[UsageError]) -> tuple[str, ...]:
    """One text or several, as several."""
    if isinstance(asked, str):
        return (str(asked),)
    must = "one text or several"
    return tuple(text(each, what, error, must) for each in listed(asked, what, error, must))


def _inhibitors(asked: object) -> tuple[Inhibition, ...]:
    """One inhibitor or several, as texts or objects.  Raises InhibitionError."""
    what, must = "`inhibit`", "one or several of NAME[=AMOUNT][@HOURh], or Inhibition objects"
    several = (
        (asked,) if isinstance(asked, (str, Inhibition)) else listed(asked, what, InhibitionError, must)
    )
    return tuple(
        each if isinstance(each, Inhibition) else parse_inhibition(text(each, what, InhibitionError, must))
        for each in several
    )


def _stress(asked: object) -> tuple[float, float]:
    """Its first and its last hour, of texts with a unit or numbers.  Raises GivenError."""
    must = "its first and its last hour, such as ('-240h', '0h')"
    first, last = pair(asked, "`stress`", GivenError, must)
    return hour_of(first, "the first hour of `stress`"), hour_of(last, "the last hour of `stress`")


def unusual(given: tuple[Dose, ...], animal: str) -> list[str]:
    """What to tell of doses that are beyond use, each once."""
    return [told for told in dict.fromkeys(beyond_use(dose.amount, animal) for dose in given) if told]


def _switched(hypotheses: Hypotheses, switches: dict[str, str]) -> Hypotheses:
    """The hypotheses with some switches set otherwise.  Raises HypothesisError."""
    if strange := [name for name in switches if name not in SWITCHES]:
        raise HypothesisError(unknown("switch, or other word of a scenario,", strange[0], [*OWN, *SWITCHES]))
    return replace(hypotheses, **switches)


OWN = tuple(Scenario.__annotations__)
