"""What a question may be: its arms, axes, quantities and sheets, before anything is planned."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from prelimbic.parameters import SPECIES, near
from prelimbic.parameters.near import shown
from prelimbic.pharmacology import TRAITS
from prelimbic.simulation.arms import (
    AGE,
    BODY,
    DOSE,
    TEXTS,
    VARIED,
    WEIGHT,
    Arm,
    QuestionError,
    as_list,
    is_number,
    label,
)
from prelimbic.simulation.given import parse_body, read_given
from prelimbic.simulation.measures import measures
from prelimbic.simulation.sheets import read_circuit
from prelimbic.simulation.switches import SWITCHES

MOST_POINTS, LONGEST_NAME = 2000, 60


def check(
    arms: Sequence[Arm], vary: Mapping[str, Sequence[Any]], measure: Sequence[str], sheets: Sequence[str]
) -> None:
    """Raise QuestionError, or the UsageError of its kind, for what cannot be asked."""
    _check_arms(arms)
    measures(measure)
    names = [read_circuit(sheet).name for sheet in sheets]
    if len(set(names)) < len(names):
        raise QuestionError(f"`sheet` names {max(names, key=names.count)} twice")
    for name, values in vary.items():
        _check_axis(name, values)
        for arm in arms if len(arms) > 1 and name != DOSE else ():
            if name in arm.does.get("set", {}) or (name in arm.does and name != "species"):
                raise QuestionError(
                    f"`vary` {name}: arm {arm.name} has its own; write either an axis or arms"
                )
    if DOSE in vary:
        _check_doses(arms, vary)
    count = math.prod(map(len, vary.values())) * len(arms)
    if count > MOST_POINTS:
        raise QuestionError(f"a question has at most {MOST_POINTS} points, not {count}")
    _check_bodies(arms, vary)


def _check_arms(arms: Sequence[Arm]) -> None:
    names = [arm.name for arm in arms]
    if not names:
        raise QuestionError("a question has at least one arm")
    for arm in arms:
        if names.count(arm.name) > 1:
            raise QuestionError(f"two arms are called {arm.name}")
        if not arm.name.isprintable() or not arm.name.strip() or len(arm.name) > LONGEST_NAME:
            must = f"a text of one line, up to {LONGEST_NAME} long"
            raise QuestionError(f"the name of an arm is {must}, not {arm.name!r}")
        others = [name for name in names if name != arm.name]
        if arm.against and arm.against not in others:
            like, there = near(arm.against, others), ", ".join(others) or "none"
            raise QuestionError(f"arm {arm.name} is against {arm.against!r}{like}; other arms are {there}")
        for text in as_list(arm.does.get("give")):
            read_given(text)


def _check_axis(name: str, values: Sequence[Any]) -> None:
    if name not in VARIED and "." not in name:
        must = f"{', '.join(VARIED)} or a number such as circuit.Pyr.leak"
        raise QuestionError(f"`vary` takes {must}, not {name!r}{near(name, VARIED)}")
    labels = [label(value) for value in values]
    if not labels or len(set(labels)) < len(labels):
        told = ", ".join(map(str, labels)) or "none"
        raise QuestionError(f"`vary` {name} needs values that differ, not {told}")
    for value in values:
        if name == DOSE or "." in name:
            if not is_number(value) or not math.isfinite(value):
                raise QuestionError(f"`vary` {name} takes numbers, such as 3, 10, not {shown(value)}")
        elif name in TEXTS:
            if not all(isinstance(text, str) for text in (as_list(value) if _lists(value) else [value])):
                raise QuestionError(f"`vary` {name} takes texts, or lists of texts, not {shown(value)}")
        elif name not in (WEIGHT, AGE) and not isinstance(value, str):
            there = SWITCHES.get(name) or TRAITS.get(name) or SPECIES
            raise QuestionError(f"`vary` {name} takes {', '.join(there)}, not {shown(value)}")
    if len({isinstance(each, float) for each in labels}) > 1:
        raise QuestionError(f"`vary` {name} takes numbers or texts, not both")


def _lists(value: Any) -> bool:
    return isinstance(value, (str, list, tuple))


def _check_doses(arms: Sequence[Arm], vary: Mapping[str, Sequence[Any]]) -> None:
    """Whether all that is given has one amount an arm and one unit, which an axis can vary."""
    if "give" in vary:
        raise QuestionError("`vary` takes dose or give, not both: give says its own amounts")
    units = set()
    for arm in arms:
        given = [read_given(text) for text in arm.given]
        units |= {(each.unit, each.salt) for each in given}
        if len({each.amount for each in given}) > 1:
            told = f"`vary` dose needs one amount, and arm {arm.name} gives several"
            raise QuestionError(f"{told}: vary give, or write arms")
    if not units:
        raise QuestionError("`vary` dose needs a dose: nothing is given")
    if len(units) > 1:
        told = ", ".join(sorted(unit if salt == "base" else f"{unit} as {salt}" for unit, salt in units))
        raise QuestionError(f"`vary` dose needs one unit, not {told}: vary give, or write arms")


def _check_bodies(arms: Sequence[Arm], vary: Mapping[str, Sequence[Any]]) -> None:
    """Whether every arm has a body that there can be, and something is given to it."""
    given = any(arm.given for arm in arms) or any(as_list(value) for value in vary.get("give", ()))
    for word in BODY:
        if not given and (word in vary or any(word in arm.does for arm in arms)):
            raise QuestionError(f"`{word}` moves nothing here: no dose is given; leave it out")
    for arm in arms:
        animals = vary.get("species", [arm.does["species"]])
        said = [vary.get(word, [arm.does.get(word)]) for word in BODY]
        for animal, *body in product(animals if animals[0] in SPECIES else (), *said):
            parse_body(animal, *body)
