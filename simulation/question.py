"""A question: arms, each something that is done to an animal, what is varied, and what is read; and all runs
that answer it, each beside its vehicle.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import combinations, product
from typing import Any

from prelimbic.parameters import COMPOUNDS
from prelimbic.parameters.errors import UsageError
from prelimbic.pharmacology import Dose
from prelimbic.simulation.allowed import check
from prelimbic.simulation.arms import (
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
        asked = self._configs(sheet)
        by_id: dict[str, Point] = {}
        for arm, at, config in asked:
            by_id.setdefault(config.run_id(), Point(self._place(arm.name, at), config))
        stills = {id(config): untreated(config) for *_, config in asked}
        vehicles: dict[str, Point] = {}
        for name, at, still in self._vehicles(asked, stills):
            if still.run_id() not in by_id:
                vehicles.setdefault(still.run_id(), Point(self._place(name, at), still))
        found: dict[str, Point] = {}
        configs = {(arm.name, _key(at)): config for arm, at, config in asked}
        for arm, at, config in asked:
            if arm.against:
                other = configs[arm.against, _key(at)]
            elif self._by_dose(arm):
                other = configs[arm.name, _key(at | {DOSE: 0.0})]
            else:
                other = stills[id(config)]
            mine, theirs = config.run_id(), other.run_id()
            reference = None if mine == theirs else (by_id.get(theirs) or vehicles[theirs]).place
            found.setdefault(mine, replace(by_id[mine], reference=reference))
        points = [*vehicles.values(), *found.values()]
        self._check_apart(asked, points)
        every = [(self._place(arm.name, at), config.run_id()) for arm, at, config in asked]
        every += [
            (self._place(name, at), still.run_id())
            for name, at, still in self._vehicles(asked, stills)
            if still.run_id() in vehicles
        ]
        stands = {point.config.run_id(): point.place for point in points}
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

    @contextmanager
    def told(self, arm: Arm | None = None) -> Iterator[None]:
        """Errors within say of which file and arm they are."""
        try:
            yield
        except UsageError as error:
            named = self._named(arm) if arm is not None and len(self.arms) > 1 else ""
            before = f"{self.where}: {named}" if self.where else named
            message = str(error).replace("`", "") if self.where else str(error)
            raise type(error)(message if message.startswith(before) else before + message) from None

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

    def _configs(self, sheet: str) -> list[tuple[Arm, Plain, Config]]:
        """Every arm at every place, with its looks."""
        asked = []
        for arm in self.arms:
            for at in self._places():
                with self.told(arm), warnings.catch_warnings(action="ignore", category=UnusualDoseWarning):
                    scenario = self.scenario(
                        arm if not sheet else replace(arm, does=arm.does | {"sheet": sheet}), at
                    )
                asked.append((arm, at, scenario))
        read = self.read or tuple(dict.fromkeys(name for *_, s in asked for name in s.default_read()))
        with self.told():
            protocols = looks_for_all([scenario.done for *_, scenario in asked], read)
        found = []
        for (arm, at, scenario), protocol in zip(asked, protocols, strict=True):
            config = replace(scenario.untimed, protocol=protocol, doses=_plain_zero(scenario.give))
            given = any(dose.amount for dose in config.doses) or config.bath is not None
            found.append((arm, at, config if given else untreated(config)))
        for arm, config in {config.run_id(): (arm, config) for arm, _, config in found}.values():
            with self.told(arm):
                config.check_looks(looped=True, stored=True)
        return found

    def _vehicles(
        self, asked: list[tuple[Arm, Plain, Config]], stills: dict[int, Config]
    ) -> Iterator[tuple[str, Plain, Config]]:
        """Vehicles that arms are compared with, with the name of the arm that they make: one for all arms
        that have the same.
        """
        by_arm: dict[str, list[tuple[Plain, Config]]] = {}
        for arm, at, config in asked:
            still = stills[id(config)]
            if not arm.against and not self._by_dose(arm) and still != config:
                by_arm.setdefault(arm.name, []).append((at, still))
        there = {config.run_id() for *_, config in asked}  # arms that are a vehicle themselves
        own = {name: tuple(still.run_id() for _, still in each) for name, each in by_arm.items()}
        alike: dict[tuple[str, ...], str] = {}
        for name, ids in own.items():
            if not {*ids} <= there:
                alike.setdefault(ids, name)
        alone = len(alike) == 1 and all(arm.name != VEHICLE for arm in self.arms)
        for name, each in by_arm.items():
            if own[name] in alike:
                named = VEHICLE if alone else f"{alike[own[name]]}, {VEHICLE}"
                yield from ((named, at, still) for at, still in each)

    def _check_apart(self, asked: list[tuple[Arm, Plain, Config]], points: list[Point]) -> None:
        """Raise QuestionError for arms that do the same, and for one that is called as a vehicle is."""
        with self.told():
            ids: dict[str, list[str]] = {}
            for arm, _, config in asked:
                ids.setdefault(arm.name, []).append(config.run_id())
            for (one, mine), (other, theirs) in combinations(ids.items(), 2):
                if mine == theirs:
                    raise QuestionError(f"arms {one} and {other} do the same: leave one out")
            places = [_key(point.place) for point in points]
            if len(set(places)) < len(places):
                raise QuestionError("an arm is called as a vehicle is, or two vehicles alike: rename it")

    def _unit(self, name: str) -> str:
        if name == DOSE:
            return next(read_given(text).unit for arm in self.arms for text in arm.given)
        return "kg" if name == WEIGHT and all(isinstance(each, float) for each in self.vary[name]) else ""


def _plain_zero(doses: tuple[Dose, ...]) -> tuple[Dose, ...]:
    """The doses, those of nothing being of ketamine, so that vehicles are the same run."""
    return tuple(dose if dose.amount else replace(dose, compound=COMPOUNDS[0]) for dose in doses)


def untreated(config: Config) -> Config:
    """The vehicle of a configuration: the same, with nothing in its doses and baths; nothing at all where no
    readout counts from what is given.
    """
    timed = {*TIMED} & {*config.protocol.readouts} or config.begun() != 0.0
    if not timed:
        return replace(config, doses=(), bath=None)
    doses = _plain_zero(tuple(replace(dose, amount=0.0) for dose in config.doses))
    bath = config.bath and replace(config.bath, concentrations=((COMPOUNDS[0], 0.0),))
    return replace(config, doses=doses, bath=bath)


def _key(at: Plain) -> str:
    return json.dumps(at, sort_keys=True)
