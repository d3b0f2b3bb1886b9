"""A scenario: what is done to whom, how it is looked at; checked where it is written."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Real
from operator import index
from typing import Any

from prelimbic.circuits import SCALES, STANDARD, Numerics
from prelimbic.parameters import circuit_sheet, unknown
from prelimbic.parameters.errors import UsageError
from prelimbic.pharmacology import Bath, Dose, beyond_use
from prelimbic.simulation.config import Config
from prelimbic.simulation.given import Give, doses
from prelimbic.simulation.hypotheses import AS_SHEETS, Hypotheses, HypothesisError
from prelimbic.simulation.inhibition import Inhibition, parse_inhibition
from prelimbic.simulation.overrides import Overrides, settled
from prelimbic.simulation.planner import looks_for
from prelimbic.simulation.protocol import DAY, Protocol
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
    Inhibition objects), `manipulate` what `prelimbic switches` lists, `stress` its first and last hour,
    `overrides` {number: value} with names as `prelimbic numbers` has them, in the unit of the number.  Every
    switch that `prelimbic switches` lists is a keyword too, such as baseline="healthy".

    The looks are planned for what is given and end with the last of the `readouts` (rest, peak, 0-2 h, or
    times such as 24 h or 7 d), unless a `protocol` says when to look.  `spikes` keeps every spike;
    `numerics` is how the circuit is computed.

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
    readouts: tuple[str, ...]
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
        stress: tuple[float, float] | None = None,
        overrides: Mapping[str, float] | Overrides = (),
        readouts: str | Sequence[str] = DAY,
        protocol: Protocol | None = None,
        spikes: bool = False,
        numerics: Numerics = STANDARD,
        **switches: str,
    ) -> None:
        kinds: dict[str, tuple[object, type]] = {
            "scale": (scale, Real),
            "hypotheses": (hypotheses, Hypotheses),
            "bath": (bath, Bath),
            "protocol": (protocol, Protocol),
            "numerics": (numerics, Numerics),
        }
        for name, (value, kind) in kinds.items():
            if not (isinstance(value, kind) or (value is None and name in ("bath", "protocol"))):
                raise ScenarioError(f"`{name}` is {value!r} but must be of type {kind.__name__}")
        inhibitors = (inhibit,) if isinstance(inhibit, (str, Inhibition)) else inhibit
        circuit = os.fspath(sheet)
        read: dict[str, Any] = {
            "species": species,
            "give": doses(give),
            "sheet": circuit,
            "scale": float(scale),  # 1 and 1.0 are the same run
            "hypotheses": _switched(hypotheses, switches),
            "bath": bath,
            "inhibit": tuple(parse_inhibition(i) if isinstance(i, str) else i for i in inhibitors),
            "manipulate": (manipulate,) if isinstance(manipulate, str) else tuple(manipulate),
            "stress": None if stress is None else (float(stress[0]), float(stress[1])),
            "overrides": settled(overrides, [circuit_sheet(circuit)]),
            "readouts": (readouts,) if isinstance(readouts, str) else tuple(readouts),
            "protocol": protocol,
            "spikes": spikes,
            "numerics": numerics,
        }
        for name, value in read.items():
            object.__setattr__(self, name, value)
        self._check()

    def config(self, seed: int = 1) -> Config:
        """The configuration of a run with a seed, a whole number from 0 to 2^32 - 1.  Raises
        ScenarioError.
        """
        try:
            whole = -1 if isinstance(seed, bool) else index(seed)  # numpy has whole numbers of its own
        except TypeError:
            whole = -1
        if not 0 <= whole <= LARGEST_SEED:
            raise ScenarioError(f"`seed` is {seed!r} but must be a whole number from 0 to {LARGEST_SEED}")
        return replace(self._planned, seed=whole)

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
            self.readouts,
            inhibitions=self.inhibit,
            bath=self.bath,
            stress=self.stress,
        )
        return replace(config, protocol=looks)

    def _check(self) -> None:
        low, high = SCALES
        if not low <= self.scale <= high:
            raise ScenarioError(f"`scale` is {self.scale:g} but must lie between {low:g} and {high:g}")
        if self.protocol is not None and (self.inhibit or self.stress or self.readouts != DAY):
            raise ScenarioError(
                "a `protocol` says itself what `inhibit`, `stress` and `readouts` are: leave them out"
            )
        config = self._planned
        config.check()
        config.check_looks(looped=True, stored=True)
        for told in unusual(self.give, self.species):
            warnings.warn(told, UnusualDoseWarning, stacklevel=3)


def unusual(given: tuple[Dose, ...], animal: str) -> list[str]:
    """What to tell of doses that are beyond use, each once."""
    return [told for told in dict.fromkeys(beyond_use(dose.amount, animal) for dose in given) if told]


def _switched(hypotheses: Hypotheses, switches: dict[str, str]) -> Hypotheses:
    """The hypotheses with some switches set otherwise.  Raises HypothesisError."""
    if strange := [name for name in switches if name not in SWITCHES]:
        raise HypothesisError(unknown("switch, or other word of a scenario,", strange[0], [*OWN, *SWITCHES]))
    return replace(hypotheses, **switches)


OWN = tuple(Scenario.__annotations__)
