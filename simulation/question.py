"""A question: arms, each something that is done to an animal, what is varied, and what is read; and all runs
that answer it, each beside its vehicle.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import combinations, product
from typing import Any

from prelimbic.parameters import COMPOUNDS, near
from prelimbic.parameters.errors import UsageError
from prelimbic.pharmacology import Dose
from prelimbic.simulation.config import Config
from prelimbic.simulation.given import UNIT, VEHICLE, read_given
from prelimbic.simulation.measures import MEASURED, measures
from prelimbic.simulation.planner import looks_for_all
from prelimbic.simulation.scenario import Scenario, UnusualDoseWarning
from prelimbic.simulation.switches import SWITCHES

Plain = dict[str, Any]  # words of a Scenario and their values, as a file holds them
TEXTS = ("give", "inhibit", "manipulate", "stress", "bath")  # one text or several
DOSE, ARM = "dose", "arm"
TIMED = ("rest", "peak", "0-2 h")  # readouts that count from what is given
VARIED = (DOSE, "species", "weight", *TEXTS, *SWITCHES)  # by an axis; and any number
MOST_POINTS, LONGEST_NAME = 2000, 60


class QuestionError(UsageError):
    """A question that cannot be asked."""


@dataclass(frozen=True)
class Arm:
    """What is done, under a name; compared with arm `against`, or else with its own vehicle."""

    name: str
    does: Plain = field(hash=False)
    against: str = ""


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

    def __post_init__(self) -> None:
        if DOSE in self.vary and all(isinstance(value, (int, float)) for value in self.vary[DOSE]):
            amounts = tuple(sorted(map(float, self.vary[DOSE])))
            amounts = amounts if 0.0 in amounts else (0.0, *amounts)  # the vehicle
            object.__setattr__(self, "vary", self.vary | {DOSE: amounts})
        with self.told():
            check(self)

    @property
    def axes(self) -> dict[str, str]:
        """Its own axes with their units."""
        return ({ARM: ""} if self._has_arms else {}) | {
            axis_of(name): self._unit(name) for name in self.vary
        }

    def points(self, sheet: str | None = None) -> list[Point]:
        """Every run but for seed and sheet, vehicles first; the same looks in all.  Raises UsageError."""
        sheet = sheet or (self.sheets or ("",))[0]
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
        return points

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
                twice, value = set(), [*as_list(does.get(key)), *value]
            if twice:
                named = self._named(arm) or "the question "
                raise QuestionError(f"{named}sets {min(twice)} itself: leave it out")
            does[key] = value
        return replace(arm, does=does)

    def scenario(self, arm: Arm, at: Plain) -> Scenario:
        """What an arm is at a place of the axes.  Raises UsageError."""
        plain = dict(arm.does)
        for name, value in at.items():
            if name == DOSE:
                plain["give"] = [_dosed(text, value) for text in as_list(plain.get("give"))]
            elif "." in name:
                plain["set"] = plain.get("set", {}) | {name: value}
            else:
                plain[name] = value
        if self._any_stress and "baseline" not in plain:
            plain["baseline"] = "healthy"  # in all arms, so that they can be compared
        return Scenario(**as_words(plain), read=self.read)

    def called(self, place: Plain) -> str:
        """A place of its axes in words."""
        words = [_worded(axis, place[axis], unit) for axis, unit in self.axes.items()]
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
        return DOSE in self.vary and _has_doses(arm)

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
        alike: dict[tuple[str, ...], str] = {}
        for name, each in by_arm.items():
            alike.setdefault(tuple(still.run_id() for _, still in each), name)
        for each in by_arm.values():
            first = alike[tuple(still.run_id() for _, still in each)]
            alone = len(alike) == 1 and all(arm.name != VEHICLE for arm in self.arms)
            named = VEHICLE if alone else f"{first}, {VEHICLE}"
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
        if name != DOSE:
            return {"weight": "kg"}.get(name, "")
        units = {read_given(text).unit for arm in self.arms for text in as_list(arm.does.get("give"))}
        return units.pop() if len(units) == 1 else UNIT


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


def axis_of(name: str) -> str:
    """What an axis is called in a dataset: circuit.PV.leak becomes circuit_PV_leak."""
    return name.replace(".", "_").replace("/", "_").replace("-", "_")


def label(value: Any) -> Any:
    """A value as it stands on an axis: a float or one text."""
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, (int, float)):
        return float(value)
    return " + ".join(map(str, value)) or "none" if isinstance(value, (list, tuple)) else str(value)


def as_list(value: Any) -> list[str]:
    """One text or several, as several; of nothing, none."""
    return [] if value in (None, "", "none") else [value] if isinstance(value, str) else list(value)


def as_words(plain: Plain) -> Plain:
    """Plain words as Scenario takes them."""
    words = {key: value for key, value in plain.items() if key != "set"}
    words |= {key: as_list(words[key]) for key in TEXTS if key in words}
    words = {key: value for key, value in words.items() if value not in ([], None)}
    return words | ({"overrides": plain["set"]} if plain.get("set") else {})


def _worded(axis: str, value: Any, unit: str) -> str:
    if axis == ARM:
        return str(value)
    return f"{axis} {value:g} {unit}".strip() if isinstance(value, float) else f"{axis} {value}"


def check(asked: Question) -> None:
    """Raise QuestionError, or the UsageError of its kind, for arms or axes that cannot be."""
    names = [arm.name for arm in asked.arms]
    if not names:
        raise QuestionError("a question has at least one arm")
    for arm in asked.arms:
        if names.count(arm.name) > 1:
            raise QuestionError(f"two arms are called {arm.name}")
        if not arm.name.isprintable() or not arm.name.strip() or len(arm.name) > LONGEST_NAME:
            must = f"a text of one line, up to {LONGEST_NAME} long"
            raise QuestionError(f"the name of an arm is {must}, not {arm.name!r}")
        if arm.against and arm.against not in names:
            like = near(arm.against, names)
            raise QuestionError(
                f"arm {arm.name} is against {arm.against!r}{like}, but the arms are {', '.join(names)}"
            )
    measures(asked.measure)
    for name, values in asked.vary.items():
        _check_axis(asked, name, values)
    count = math.prod(map(len, asked.vary.values())) * len(names)
    if count > MOST_POINTS:
        raise QuestionError(f"a question has at most {MOST_POINTS} points, not {count}")
    weighed = "weight" in asked.vary or any("weight" in arm.does for arm in asked.arms)
    texts = [text for arm in asked.arms for text in as_list(arm.does.get("give"))]
    texts += [text for value in asked.vary.get("give", ()) for text in as_list(value)]
    if weighed and all("kg" in read_given(text).unit.split("/") for text in texts):
        raise QuestionError("`weight` moves nothing here: every amount is of a kg; leave it out")


def _check_axis(asked: Question, name: str, values: tuple[Any, ...]) -> None:
    if name not in VARIED and "." not in name:
        like = near(name, VARIED)
        must = f"{', '.join(VARIED)} or a number such as circuit.Pyr.leak"
        raise QuestionError(f"`vary` takes {must}, not {name!r}{like}")
    labels = [label(value) for value in values]
    if not labels or len(set(labels)) < len(labels):
        told = ", ".join(map(str, labels)) or "none"
        raise QuestionError(f"`vary` {name} needs values that differ, not {told}")
    numbers = [isinstance(each, float) for each in labels]
    if not all(numbers) and (any(numbers) or name == DOSE or "." in name):
        wrong = labels[numbers.index(False)]
        raise QuestionError(f"`vary` {name} takes numbers, such as 3, 10, not {wrong!r}")
    if name == DOSE:
        return _check_doses(asked)
    for arm in asked.arms:
        own = name in arm.does.get("set", {}) or (name in arm.does and name != "species")
        if own and len(asked.arms) > 1:
            raise QuestionError(f"`vary` {name}: arm {arm.name} has its own; write either an axis or arms")
    return None


def _check_doses(asked: Question) -> None:
    """Whether each arm has one amount, which an axis can vary."""
    for arm in asked.arms:
        given = [read_given(text) for text in as_list(arm.does.get("give"))]
        amounts = {(each.amount, each.unit) for each in given if each.compound != VEHICLE}
        if len(amounts) > 1:
            told = f"`vary` dose needs one amount, and arm {arm.name} gives several"
            raise QuestionError(f"{told}: vary give, or write arms")
    if not any(map(_has_doses, asked.arms)):
        raise QuestionError("`vary` dose needs a dose: nothing is given")


def _has_doses(arm: Arm) -> bool:
    return any(read_given(text).compound != VEHICLE for text in as_list(arm.does.get("give")))


def _dosed(text: str, amount: float) -> str:
    """What is given, with another amount."""
    given = read_given(text)
    return text if given.compound == VEHICLE else str(replace(given, amount=amount))


def _key(at: Plain) -> str:
    return json.dumps(at, sort_keys=True)
