"""A question: arms, each something that is done to an animal, what is varied, and what is read; and all runs
that answer it, each beside its vehicle.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from typing import Any

from prelimbic.parameters import COMPOUNDS
from prelimbic.parameters.errors import UsageError
from prelimbic.pharmacology import Bath, Dose
from prelimbic.simulation.config import Config
from prelimbic.simulation.given import UNIT, VEHICLE, GivenError, read_given
from prelimbic.simulation.planner import looks_for_all
from prelimbic.simulation.scenario import Scenario
from prelimbic.simulation.switches import SWITCHES

Plain = dict[str, Any]  # words of a Scenario and their values, as a file holds them
TEXTS = ("give", "inhibit", "manipulate", "stress", "bath")  # one text or several
AXES = ("dose", "weight", "species", "sheet", "scale", *TEXTS, *SWITCHES)  # and the name of any number
DOSE, ARM = "dose", "arm"
MOST_RUNS = 10_000
MEASURED = ("rate.Pyr", "recurrent_ampa", "bdnf", "mtorc1", "protein", "spines")
ALTOGETHER = "the amount is 0"


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
    """One place on the axes of a question: its configuration for seed 1, and the place that it is compared
    with, none where it is itself untreated.
    """

    place: Plain = field(hash=False)
    config: Config
    reference: Plain | None = field(default=None, hash=False)
    vehicle: bool = False


@dataclass(frozen=True)
class Question:
    """Arms, axes (name -> values) that vary something in all of them, what is `read` when, and which
    quantities are measured, by their names in a result file, with a place behind a point (rate.Pyr).

    `where` begins the messages of what cannot be: the file, if it comes from one.
    """

    arms: tuple[Arm, ...]
    vary: dict[str, tuple[Any, ...]] = field(default_factory=dict, hash=False)
    read: tuple[str, ...] | None = None
    measure: tuple[str, ...] = MEASURED
    title: str = ""
    seeds: int | None = None
    where: str = ""

    @property
    def axes(self) -> dict[str, str]:
        """Its own axes with their units."""
        named = {ARM: ""} if self._names_arms else {}
        return named | {axis_of(name): self._unit(name) for name in self.vary}

    def points(self, sheet: str | None = None) -> list[Point]:
        """Every run but for its seed, in a circuit sheet if one is named; all with the same looks.  Raises
        UsageError.
        """
        asked = [(arm, at, self._scenario(arm, at, sheet)) for arm in self.arms for at in self._places(arm)]
        read = self.read or tuple(dict.fromkeys(name for *_, s in asked for name in s.default_read()))
        done = [scenario.done for *_, scenario in asked]
        with self._told():
            protocols = looks_for_all(done, read)
        found: dict[str, Point] = {}
        waiting = []
        for (arm, at, scenario), protocol in zip(asked, protocols, strict=True):
            config = replace(scenario.untimed, protocol=protocol)
            with self._told(arm):
                config.check()
                config.check_looks(looped=True, stored=True)
            still = untreated(config)
            own = self._own_place(arm, at)
            if still == config or self._dose(at) == 0.0:
                found.setdefault(config.run_id(), Point(own, config, vehicle=self._dose(at) == 0.0))
                continue
            point = found.setdefault(config.run_id(), Point(own, config))
            if not arm.against:
                there = self._own_place(arm, at | {DOSE: 0.0}) if self._doses(arm) else None
                waiting.append((point, still, there or self._own_place(arm, at, vehicle=True)))
        return self._referred(found, waiting)
