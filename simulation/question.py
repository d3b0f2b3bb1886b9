"""A question: arms, each something that is done to an animal, what is varied, and what is read; and all runs
that answer it, each beside its vehicle.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from itertools import combinations, product
from typing import Any

from prelimbic.parameters import COMPOUNDS
from prelimbic.pharmacology import AS_IT_IS, Dose
from prelimbic.simulation.allowed import check
from prelimbic.simulation.arms import (
    AGE,
    ARM,
    DOSE,
    TEXTS,
    WEIGHT,
    Arm,
    Plain,
    QuestionError,
    as_list,
    as_words,
    axis_of,
    label,
    naming,
    worded,
)
from prelimbic.simulation.config import Config
from prelimbic.simulation.given import VEHICLE, read_given
from prelimbic.simulation.measures import MEASURED
from prelimbic.simulation.planner import looks_for_all
from prelimbic.simulation.scenario import Scenario, UnusualDoseWarning

TIMED = ("rest", "peak", "0-2 h")  # readouts that count from what is given


@dataclass(frozen=True)
class Point:
    """One place on the axes of a question, its configuration for seed 1, and the place that it is compared
    with: its vehicle, or another arm; none where there is nothing to compare it with.
    """

    place: Plain = field(hash=False)
    config: Config
    reference: Plain | None = field(default=None, hash=False)


@dataclass(frozen=True)
class _Asked:
    """An arm at a place of the axes: its configuration and its vehicle, each with its run id."""

    arm: Arm
    at: Plain = field(hash=False)
    place: Plain = field(hash=False)
    config: Config
    id: str
    still: Config
    still_id: str


@dataclass(frozen=True)
class Question:
    """Arms, axes (name -> values) each of which varies something in all arms, what is `read` when, and what
    is measured: quantities of a result file by name, with a place behind a point (rate.Pyr).

    `where` begins the messages of what cannot be: the file, where the question comes from one.
    """

    arms: tuple[Arm, ...]
    vary: dict[str, tuple[Any, ...]] = field(default_factory=dict, hash=False)
    read: tuple[str, ...] | None = None
    measure: tuple[str, ...] = MEASURED
    title: str = ""
    seeds: int | None = None
    scale: float | None = None
    sheets: tuple[str, ...] = ()
    where: str = ""
    _planned: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        if DOSE in self.vary and all(isinstance(value, (int, float)) for value in self.vary[DOSE]):
            amounts = tuple(sorted(map(float, self.vary[DOSE])))
            amounts = amounts if 0.0 in amounts else (0.0, *amounts)  # the vehicle
            object.__setattr__(self, "vary", self.vary | {DOSE: amounts})
        with self.told():
            check(self.arms, self.vary, self.measure, self.sheets)

    @property
    def axes(self) -> dict[str, str]:
        """Its own axes with their units."""
        return ({ARM: ""} if self._has_arms else {}) | {
            axis_of(name): self._unit(name) for name in self.vary
        }

    def points(self, sheet: str | None = None) -> list[Point]:
        """Every run but for seed and sheet, vehicles first; the same looks in all.  Raises UsageError."""
        return self._laid_out(sheet)[0]

    def alike(self) -> list[tuple[Plain, Plain]]:
        """Places at which the run of another place stands, as that of a vehicle which an axis does not
        touch, each with that other.  Raises UsageError.
        """
        return self._laid_out(None)[1]

    def _laid_out(self, sheet: str | None) -> tuple[list[Point], list[tuple[Plain, Plain]]]:
        """Points and places that are alike, once planned."""
        sheet = sheet or (self.sheets or ("",))[0]
        if sheet not in self._planned:
            self._planned[sheet] = self._plan(sheet)
        return self._planned[sheet]

    def _plan(self, sheet: str) -> tuple[list[Point], list[tuple[Plain, Plain]]]:
        asked = self._asked(sheet)
        stands: dict[str, Plain] = {}  # where each run stands first, by its id
        for each in asked:
            stands.setdefault(each.id, each.place)
        own = {*stands}
        vehicles = [(place, each) for place, each in self._vehicles(asked) if each.still_id not in own]
        for place, each in vehicles:
            stands.setdefault(each.still_id, place)
        ids = {(each.arm.name, _key(each.at)): each.id for each in asked}
        still = {each.still_id: each.still for _, each in vehicles}
        found: dict[str, Point] = {known: Point(stands[known], config) for known, config in still.items()}
        for each in asked:
            if each.arm.against:
                other = ids[each.arm.against, _key(each.at)]
            elif self._by_dose(each.arm):
                other = ids[each.arm.name, _key(each.at | {DOSE: 0.0})]
            else:
                other = each.still_id
            reference = None if other == each.id else stands[other]
            found.setdefault(each.id, Point(stands[each.id], each.config, reference))
        points = [*found.values()]
        self._check_apart(asked, points)
        every = [(each.place, each.id) for each in asked]
        every += [(place, each.still_id) for place, each in vehicles]
        return points, [(place, stands[known]) for place, known in every if stands[known] != place]

    def with_more(self, more: Plain) -> Question:
        """The question with more done in every arm: switches, numbers, inhibitors or manipulations that no
        arm has its own of.  Raises QuestionError.
        """
        with self.told():
            return replace(self, arms=tuple(self._arm_with(arm, more) for arm in self.arms))

    def _arm_with(self, arm: Arm, more: Plain) -> Arm:
        does = dict(arm.does)
        for key, value in more.items():
            twice = {key} if key in does or key in self.vary else set()
            if key == "set":
                twice = ({*does.get("set", {})} | {*self.vary}) & {*value}
                value = does.get("set", {}) | value
            elif key in TEXTS:
                twice, value = {key} & {*self.vary}, [*as_list(does.get(key)), *value]
            if twice:
                named = self._named(arm) or "the question "
                raise QuestionError(f"{named}sets {min(twice)} itself: leave it out")
            does[key] = value
        return replace(arm, does=does)

    def scenario(self, arm: Arm, at: Plain) -> Scenario:
        """What an arm is at a place of the axes.  Raises UsageError."""
        plain = arm.at(at)
        if self._any_stress and "baseline" not in plain:
            plain["baseline"] = "healthy"  # in all arms, so that they can be compared
        return Scenario(**as_words(plain), read=self.read)

    @property
    def species(self) -> str:
        """The animals, in words."""
        return ", ".join(
            map(str, self.vary.get("species", dict.fromkeys(a.does["species"] for a in self.arms)))
        )

    def called(self, place: Plain) -> str:
        """A place of its axes in words."""
        words = [worded(axis, place[axis], unit) for axis, unit in self.axes.items()]
        return ", ".join(words) or self.arms[0].name

    def told(self, arm: Arm | None = None) -> AbstractContextManager[None]:
        """Errors within say of which file and arm they are."""
        return naming(self.where, "" if arm is None else self._named(arm))

    def _named(self, arm: Arm) -> str:
        return f"arm {arm.name}: " if len(self.arms) > 1 else ""

    @property
    def _any_stress(self) -> bool:
        return "stress" in self.vary or any(arm.does.get("stress") for arm in self.arms)

    @property
    def _has_arms(self) -> bool:
        return len(self.arms) > 1 or not self._by_dose(self.arms[0])

    def _by_dose(self, arm: Arm) -> bool:
        """Whether the vehicle of an arm is its dose of 0."""
        held = "bath" in self.vary or arm.does.get("bath")  # which a vehicle has not
        return DOSE in self.vary and bool(arm.given) and not held

    def _places(self) -> list[Plain]:
        return [dict(zip(self.vary, values, strict=True)) for values in product(*self.vary.values())]

    def _place(self, arm: str, at: Plain) -> Plain:
        return ({ARM: arm} if self._has_arms else {}) | {axis_of(name): label(v) for name, v in at.items()}

    def _asked(self, sheet: str) -> list[_Asked]:
        """Every arm at every place, with its looks."""
        asked = []
        for arm in self.arms:
            here = replace(arm, does=arm.does | {"sheet": sheet}) if sheet else arm
            for at in self._places():
                with self.told(arm), warnings.catch_warnings(action="ignore", category=UnusualDoseWarning):
                    asked.append((arm, at, self.scenario(here, at)))
        read = self.read or tuple(dict.fromkeys(name for *_, s in asked for name in s.default_read()))
        with self.told():
            protocols = looks_for_all([scenario.done for *_, scenario in asked], read)
        found = []
        for (arm, at, scenario), protocol in zip(asked, protocols, strict=True):
            config = replace(scenario.untimed, protocol=protocol, doses=_plain_zero(scenario.give))
            still = untreated(config)
            given = any(dose.amount for dose in config.doses) or config.bath is not None
            config = config if given else still
            place = self._place(arm.name, at)
            found.append(_Asked(arm, at, place, config, config.run_id(), still, still.run_id()))
        return found

    def _vehicles(self, asked: list[_Asked]) -> Iterator[tuple[Plain, _Asked]]:
        """Those that are compared with their vehicle, each with its place, of which the arm is one for all
        arms that have the same.
        """
        by_arm: dict[str, list[_Asked]] = {}
        for each in asked:
            if not each.arm.against and not self._by_dose(each.arm) and each.still != each.config:
                by_arm.setdefault(each.arm.name, []).append(each)
        there = {each.id for each in asked}  # arms that are a vehicle themselves
        own = {name: tuple(each.still_id for each in several) for name, several in by_arm.items()}
        alike: dict[tuple[str, ...], str] = {}
        for name, ids in own.items():
            if not {*ids} <= there:
                alike.setdefault(ids, name)
        alone = len(alike) == 1 and all(arm.name != VEHICLE for arm in self.arms)
        for name, several in by_arm.items():
            if own[name] in alike:
                named = VEHICLE if alone else f"{alike[own[name]]}, {VEHICLE}"
                yield from ((self._place(named, each.at), each) for each in several)

    def _check_apart(self, asked: list[_Asked], points: list[Point]) -> None:
        """Raise QuestionError for arms that do the same, and for one that is called as a vehicle is."""
        with self.told():
            ids: dict[str, list[str]] = {}
            for each in asked:
                ids.setdefault(each.arm.name, []).append(each.id)
            for (one, mine), (other, theirs) in combinations(ids.items(), 2):
                if mine == theirs:
                    raise QuestionError(f"arms {one} and {other} do the same: leave one out")
            places = [_key(point.place) for point in points]
            if len(set(places)) < len(places):
                raise QuestionError("an arm is called as a vehicle is, or two vehicles alike: rename it")

    def _unit(self, name: str) -> str:
        if name == DOSE:
            return next(read_given(text).unit for arm in self.arms for text in arm.given)
        unit = {WEIGHT: "kg", AGE: "years"}.get(name, "")
        return unit if all(isinstance(each, float) for each in self.vary[name]) else ""


def _plain_zero(doses: tuple[Dose, ...]) -> tuple[Dose, ...]:
    """The doses, those of nothing being of ketamine, so that vehicles are the same run."""
    return tuple(dose if dose.amount else replace(dose, compound=COMPOUNDS[0]) for dose in doses)


def untreated(config: Config) -> Config:
    """The vehicle of a configuration: the same, with nothing in its doses and baths; nothing at all where no
    readout counts from what is given.
    """
    timed = {*TIMED} & {*config.protocol.readouts} or config.begun() != 0.0
    if not timed:
        return replace(config, doses=(), bath=None, body=AS_IT_IS)
    doses = _plain_zero(tuple(replace(dose, amount=0.0) for dose in config.doses))
    bath = config.bath and replace(config.bath, concentrations=((COMPOUNDS[0], 0.0),))
    return replace(config, doses=doses, bath=bath, body=AS_IT_IS)


def _key(at: Plain) -> str:
    return json.dumps(at, sort_keys=True)
