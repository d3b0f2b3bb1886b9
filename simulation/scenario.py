"""A scenario: what is done to whom, how it is looked at; checked where it is written."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from prelimbic.circuits import SCALES, STANDARD, CircuitError, Numerics
from prelimbic.parameters import CIRCUIT, CIRCUITS, SPECIES, SheetError, unknown
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
from prelimbic.pharmacology import Bath, Body, Dose, DoseError, beyond_use
from prelimbic.simulation.config import Config
from prelimbic.simulation.given import Give, as_given, doses, parse_bath, parse_body
from prelimbic.simulation.hypotheses import AS_SHEETS, Hypotheses, HypothesisError
from prelimbic.simulation.inhibition import Inhibition, InhibitionError, parse_inhibitions
from prelimbic.simulation.looks import a_day_after, ends, starts
from prelimbic.simulation.overrides import Overrides, settled
from prelimbic.simulation.planner import DAY_H, Done, looks_for_all
from prelimbic.simulation.protocol import DAY, RELAX_H, Protocol, ProtocolError
from prelimbic.simulation.sheets import read_circuit
from prelimbic.simulation.switches import SWITCHES
from prelimbic.simulation.times import NAMED, GivenError, hour_of, read_at, readout, spell

SHEET = CIRCUIT
LARGEST_SEED = 2**32 - 1


class ScenarioError(UsageError):
    """A scenario that cannot be."""


class UnusualDoseWarning(UserWarning):
    """A dose that is larger than any that is given to the species."""


@dataclass(frozen=True, init=False)
class Scenario:
    """What is done to whom, and how it is looked at: all that a run is but its seed.

    `species` is human, rat or mouse.  `give` is one text or several, such as "ketamine 10 mg/kg ip at
    0h, 24h" or "35 mg iv over 40min every 84h x 8", or Dose objects; without it nothing is given.
    `weight` (kg, or a text such as "25 g") is needed by amounts of the whole body, and volumes and
    clearances follow it; without one the body is that of the sheet `species`.  `sex`, the genotype of
    `cyp2b6` and `age` (years, in man) change the exposure where that is known.  `sheet` is a shipped
    circuit sheet or the path of one's own; `scale` 1 is 1,000 cells, from 0.5 to 100.  `bath` holds
    unbound drugs at the receptors, a text such as "ketamine 3 uM from 0h to 2h" or a Bath.  `inhibit`
    takes inhibitors, such as "rapamycin_po at -2h", or Inhibition objects, `manipulate` what `prelimbic
    switches` lists, `stress` spells such as "21d before 0h" or the first and last hour, `overrides`
    {number: value} with names as `prelimbic numbers` has them, in the unit of the number.  Every switch
    that `prelimbic switches` lists is a keyword too, such as baseline="healthy"; under stress the
    baseline is healthy unless it is named.

    The looks are planned for what is given and end with the last that is `read`: rest, peak, 0-2 h, times
    such as 24h or 7d, means over windows such as 24h..72h; unless a `protocol` says when to look.  Without
    `read` they are rest, peak, 0-2 h, 2 h, 4 h and 24 h, and where anything comes or goes at 24 h or later,
    a day after the last of it.  `spikes` keeps every spike; `numerics` is how the circuit is computed.

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
    stress: tuple[float, ...] | None
    overrides: Overrides
    read: tuple[str, ...] | None
    protocol: Protocol | None
    spikes: bool
    numerics: Numerics
    weight: float | None
    sex: str | None
    cyp2b6: str | None
    age: float | None
    if TYPE_CHECKING:  # kept beside, for other fields hold what they say
        said: tuple[str, ...]
        baseline_named: bool

    def __init__(
        self,
        species: str,
        give: Give = (),
        *,
        sheet: str | os.PathLike[str] = SHEET,
        scale: float = 1.0,
        hypotheses: Hypotheses = AS_SHEETS,
        weight: float | str | None = None,
        sex: str | None = None,
        cyp2b6: str | None = None,
        age: float | str | None = None,
        bath: Bath | str | Sequence[str] | None = None,
        inhibit: str | Inhibition | Sequence[str | Inhibition] = (),
        manipulate: str | Sequence[str] = (),
        stress: str | Sequence[str] | tuple[float | str, float | str] | None = None,
        overrides: Mapping[str, float] | Overrides = (),
        read: str | Sequence[str] | None = None,
        protocol: Protocol | None = None,
        spikes: bool = False,
        numerics: Numerics = STANDARD,
        **switches: str,
    ) -> None:
        kinds: dict[str, tuple[object, type]] = {
            "hypotheses": (hypotheses, Hypotheses),
            "protocol": (protocol, Protocol),
            "numerics": (numerics, Numerics),
        }
        for name, (value, kind) in kinds.items():
            if not (value is None and name == "protocol"):
                of_type(kind)(value, f"`{name}`", ScenarioError)
        circuit, animal = named_sheet(sheet), choice(species, SPECIES, "species", DoseError)
        body = parse_body(animal, weight, sex, cyp2b6, age)
        switches_named = {*switches}
        if stress is not None and hypotheses == AS_SHEETS:
            switches = {"baseline": "healthy"} | switches  # stress itself takes the spines
        settled_as: dict[str, Any] = {
            "species": animal,
            "give": doses(give, body.weight),
            "sheet": circuit,
            "scale": real(scale, "`scale`", ScenarioError),  # 1 and 1.0 are the same run
            "hypotheses": _switched(hypotheses, switches),
            "bath": _bath(bath),
            "inhibit": _inhibitors(inhibit),
            "manipulate": _texts(manipulate, "`manipulate`", CircuitError),
            "stress": None if stress is None else _stress(stress),
            "overrides": settled(overrides, [read_circuit(circuit)]),
            "read": None if read is None else read_names(read),
            "protocol": protocol,
            "spikes": truth(spikes, "`spikes`", ScenarioError),
            "numerics": numerics,
            **vars(body),
        }
        texts = [give] if isinstance(give, (str, Dose)) else list(give)
        said = texts if all(isinstance(text, str) for text in texts) else as_given(settled_as["give"])
        named = "baseline" in switches_named or hypotheses != AS_SHEETS
        settled_as |= {"said": tuple(map(str, said)), "baseline_named": named}
        for name, value in settled_as.items():
            object.__setattr__(self, name, value)
        self._check()

    @property
    def body(self) -> Body:
        """Who is given the doses."""
        return Body(self.weight, self.sex, self.cyp2b6, self.age)

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
        if self.protocol is not None:
            return replace(self.untimed, protocol=self.protocol)
        readouts = self.default_read() if self.read is None else self.read
        return replace(self.untimed, protocol=looks_for_all([self.done], readouts)[0])

    @cached_property
    def untimed(self) -> Config:
        """The configuration, without looks."""
        return Config(
            study="scenario",
            circuit=self.sheet,
            species=self.species,
            doses=self.give,
            scale=self.scale,
            seed=1,
            protocol=Protocol((), 0.0),
            overrides=self.overrides,
            hypotheses=self.hypotheses,
            manipulations=self.manipulate,
            spikes=self.spikes,
            numerics=self.numerics,
            bath=self.bath,
            body=self.body,
        )

    @property
    def done(self) -> Done:
        """All that is done, for a planner of looks."""
        return Done(self.untimed.exposure(self.give), self.inhibit, self.bath, self.stress)

    def default_read(self) -> tuple[str, ...]:
        """Those of a day; and where anything comes or goes later, one a day after the last of it."""
        events = [*starts(self.give, (), self.bath), *ends(self.give, self.bath)]
        hours = [event.hour for event in events] + [item.start for item in self.inhibit]
        last = max([*hours, *(self.stress or ())], default=0.0)
        begin = min((event.hour for event in events), default=0.0) + RELAX_H[0]
        day = tuple(name for name in DAY if name in NAMED or read_at(name)[0] >= begin)
        return day if last < DAY_H else (*day, a_day_after(last))

    def _check(self) -> None:
        low, high = SCALES
        if not low <= self.scale <= high:
            raise ScenarioError(f"`scale` is {self.scale:g} but must lie between {low:g} and {high:g}")
        if self.protocol is not None and (self.inhibit or self.stress or self.read is not None):
            raise ScenarioError(
                "a `protocol` says itself what `inhibit`, `stress` and `read` are: leave them out"
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


def read_names(asked: object) -> tuple[str, ...]:
    """The readouts of a text such as `24h, 7d`, or of several, as they are called.  Raises ProtocolError."""
    texts = [part for each in _texts(asked, "`read`", ProtocolError) for part in each.split(",")]
    try:
        return tuple(dict.fromkeys(map(readout, texts)))
    except GivenError as error:
        raise ProtocolError(f"`read`: {error}") from None


def _inhibitors(asked: object) -> tuple[Inhibition, ...]:
    """One inhibitor or several, as texts or objects.  Raises InhibitionError."""
    what, must = "`inhibit`", "one or several of NAME[=AMOUNT] [at TIME, ...], or Inhibition objects"
    several = (
        (asked,) if isinstance(asked, (str, Inhibition)) else listed(asked, what, InhibitionError, must)
    )
    return tuple(
        item
        for each in several
        for item in (
            (each,)
            if isinstance(each, Inhibition)
            else parse_inhibitions(text(each, what, InhibitionError, must))
        )
    )


def _bath(asked: object) -> Bath | None:
    """A bath, or texts of one.  Raises GivenError or DoseError."""
    if asked is None or isinstance(asked, Bath):
        return asked
    must = "DRUG AMOUNT uM [from TIME] [to TIME], or a Bath"
    several = [asked] if isinstance(asked, str) else listed(asked, "`bath`", GivenError, must)
    return parse_bath([text(each, "`bath`", GivenError, must) for each in several])


def _stress(asked: object) -> tuple[float, ...]:
    """First and last hours of one spell or several, in order.  Raises GivenError."""
    if isinstance(asked, str):
        return spell(asked, "`stress`")
    must = "a spell such as '21d before 0h', several of them, or the first and the last hour"
    several = listed(asked, "`stress`", GivenError, must)
    texts = [each for each in several if isinstance(each, str)]
    if len(several) == len(texts) and (len(texts) != 2 or any(" " in each.strip() for each in texts)):
        spells = sorted(spell(each, "`stress`") for each in several)
        for (_, end), (begin, _) in pairwise(spells):
            if begin <= end:
                raise GivenError(
                    f"spells of `stress` overlap or touch: one ends at {end:g} h, one begins at {begin:g} h"
                )
        return tuple(hour for ends in spells for hour in ends)
    first, last = pair(several, "`stress`", GivenError, must)
    return hour_of(first, "the first hour of `stress`"), hour_of(last, "the last hour of `stress`")


def unusual(given: tuple[Dose, ...], animal: str) -> list[str]:
    """What to tell of doses that are beyond use, each once; of a long infusion, of its amount in an hour."""
    amounts = (dose.amount / max(dose.duration or 0.0, 1.0) for dose in given)
    return [told for told in dict.fromkeys(beyond_use(amount, animal) for amount in amounts) if told]


def _switched(hypotheses: Hypotheses, switches: dict[str, str]) -> Hypotheses:
    """The hypotheses with some switches set otherwise.  Raises HypothesisError."""
    if strange := [name for name in switches if name not in SWITCHES]:
        raise HypothesisError(unknown("switch, or other word of a scenario,", strange[0], [*OWN, *SWITCHES]))
    return replace(hypotheses, **switches)


OWN = ("species", "give", *(Scenario.__init__.__kwdefaults__ or ()))
