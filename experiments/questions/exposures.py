"""The exposures that a question of one's own asks for: what each of its arms gives, without a run."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

from prelimbic.experiments.questions.shipped import shipped_protocols
from prelimbic.parameters import unknown
from prelimbic.simulation.arms import BODY, DOSE, Plain, QuestionError, axis_of, label, worded
from prelimbic.simulation.config import Config
from prelimbic.simulation.question import Question
from prelimbic.simulation.written import read_question

MOVES = (DOSE, *BODY, "give", "bath", "species")  # axes of exposure


def question_called(name: str) -> Question:
    """The question in a .toml file, or in the protocol that ships under this name.  Raises QuestionError,
    and for what cannot be asked the UsageError of its kind.
    """
    if not name.endswith(".toml") and name not in shipped_protocols():
        known = [*shipped_protocols(), "files that end with .toml"]
        raise QuestionError(unknown("protocol", name, known))
    return read_question(shipped_protocols().get(name, Path(name)))


def exposures_in(asked: Question, sheet: str) -> dict[str, Config]:
    """What every arm that gives a dose or a bath gives, by its name, with a circuit sheet; at every value of
    an axis that moves exposure, and the first of others.  Raises UsageError where nothing is given.
    """
    values = [each if name in MOVES else each[:1] for name, each in asked.vary.items()]
    places = [dict(zip(asked.vary, each, strict=True)) for each in product(*values)]
    places = [place for place in places if place.get(DOSE) != 0.0]
    first = {name: values[0] for name, values in asked.vary.items()}
    found: dict[str, Config] = {}
    for arm in asked.arms:
        own = replace(arm, does=arm.does | {"sheet": sheet})
        with asked.told(arm):
            given = [(place, asked.scenario(own, place).untimed) for place in places]
        if all(config == given[0][1] for _, config in given):  # no dose of it is varied
            given = [({name: value for name, value in first.items() if name != DOSE}, given[0][1])]
        found |= {_named(asked, arm.name, place): config for place, config in given if _gives(config)}
    if not found:
        with asked.told():
            raise QuestionError("no arm gives a dose or a bath, so there is no exposure")
    return found


def _gives(config: Config) -> bool:
    bath = () if config.bath is None else config.bath.concentrations
    return any(dose.amount for dose in config.doses) or any(uM for _, uM in bath)


def _named(asked: Question, arm: str, place: Plain) -> str:
    """An arm and where it is on the axes."""
    axes = {axis_of(name): label(value) for name, value in place.items()}
    return ", ".join([arm, *(worded(axis, value, asked.axes[axis]) for axis, value in axes.items())])
