"""A question of the user's own as a study: planned, answered and drawn as those that ship are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.questions.answered import answer
from prelimbic.experiments.sweep.reads import DAYS
from prelimbic.experiments.sweep.study import Options, Run, Study, StudyError
from prelimbic.parameters import circuit_sheet
from prelimbic.simulation.arms import TEXTS, Arm, Plain
from prelimbic.simulation.hypotheses import AS_SHEETS
from prelimbic.simulation.inhibition import inhibition_in_words
from prelimbic.simulation.question import Question
from prelimbic.simulation.scenario import SHEET
from prelimbic.simulation.switches import DEFAULTS, SWITCHES

ASK = "ask"  # the study of a question that is in no file
LEFT_OUT = (*SWITCHES, "set", "inhibit", "manipulate")  # what may move nothing


def study_of(asked: Question, name: str = ASK) -> Study:
    """The study that answers a question.  Raises UsageError where the question cannot be asked."""

    def plan(options: Options) -> list[Run]:
        return planned(asked, options)

    def less(options: Options) -> Iterator[tuple[str, Callable[[], list[Run]]]]:
        return fewer(asked, options)

    title = asked.title or f"{', '.join(arm.name for arm in asked.arms)}, beside vehicle"
    return Study(
        name=name,
        question=title,
        axes={"sheet": ""} | asked.axes,
        plan=plan,
        answer=lambda dataset: answer(dataset, asked),
        draw=drawing("question"),
        sheet=(asked.sheets or (SHEET,))[0],
        seeds=asked.seeds or 3,
        figures=("question",),
        reads=DAYS,
        asked=asked,
        less=less,
    )


def planned(asked: Question, options: Options) -> list[Run]:
    """Every seed x circuit sheet asked for x point of the question."""
    o = as_asked(asked, options)
    how: dict[str, Any] = {"scale": o.scale, "spikes": o.spikes, "numerics": o.numerics}
    sheets, names = o.sheets, {sheet: circuit_sheet(sheet).name for sheet in o.sheets}
    points = {sheet: asked.points(sheet) for sheet in sheets}
    return [
        Run(
            {"sheet": names[sheet], **point.place, "seed": seed},
            replace(point.config, seed=seed, **how),
        )
        for seed in range(1, options.seeds + 1)
        for sheet in sheets
        for point in points[sheet]
    ]


def as_asked(asked: Question, options: Options) -> Options:
    """The options with the scale and the sheets of the question, unless others are asked for by name."""
    own: dict[str, Any] = {} if "scale" in options.given or asked.scale is None else {"scale": asked.scale}
    own |= {} if "sheets" in options.given or not asked.sheets else {"sheets": asked.sheets}
    return replace(options, **own, given=options.given | {"scale", "sheets"})


def with_options(asked: Question, options: Options) -> tuple[Question, Options]:
    """The question with switches, numbers, inhibitors and manipulations of the command line in it, and the
    options without them.  Raises QuestionError for what an arm sets itself, StudyError for `number`.
    """
    if options.numbers:
        raise StudyError("a question does not read `number`: vary a number of its own with `vary`")
    switches = {name: getattr(options.hypotheses, name) for name in SWITCHES}
    more: Plain = {
        name: option
        for name, option in switches.items()
        if option != DEFAULTS[name] or name in options.given
    }
    more |= {"set": dict(options.overrides)} if options.overrides else {}
    more |= {"inhibit": [inhibition_in_words(i) for i in options.inhibitions]} if options.inhibitions else {}
    more |= {"manipulate": list(options.manipulations)} if options.manipulations else {}
    plain: dict[str, Any] = {
        "hypotheses": AS_SHEETS,
        "overrides": (),
        "inhibitions": (),
        "manipulations": (),
    }
    return asked.with_more(more), as_asked(asked, replace(options, **plain))


def settled(study: Study, options: Options) -> tuple[Study, Options]:
    """A study of one's own with what the options do in it, and the options without; others as they are."""
    if study.asked is None:
        return study, options
    asked, rest = with_options(study.asked, options)
    return study_of(asked, study.name), rest


def fewer(asked: Question, options: Options) -> Iterator[tuple[str, Callable[[], list[Run]]]]:
    """Everything that arms are asked, as told, and the plan of the question without it."""
    told: dict[str, Question] = {}
    for key in LEFT_OUT:
        for item in dict.fromkeys(item for arm in asked.arms for item in _items(arm, key)):
            arms = tuple(_without(arm, key, item) for arm in asked.arms)
            shown = item if key != "set" else f"{item}={_value(asked, item):g}"
            told[f"`{key}` {shown}"] = replace(asked, arms=arms)
    for text, other in told.items():
        yield text, lambda other=other: planned(other, replace(options, seeds=1))  # type: ignore[misc]


def _items(arm: Arm, key: str) -> list[str]:
    """What an arm has of something, one by one."""
    found: Any = arm.does.get(key, [])
    return list(found) if key == "set" or isinstance(found, list) else [found]


def _value(asked: Question, number: str) -> float:
    return next(arm.does["set"][number] for arm in asked.arms if number in arm.does.get("set", {}))


def _without(arm: Arm, key: str, item: str) -> Arm:
    """An arm without one thing."""
    does = dict(arm.does)
    if item not in _items(arm, key):
        return arm
    if key == "set":
        does["set"] = {name: value for name, value in does["set"].items() if name != item}
    elif key in TEXTS:
        does[key] = [each for each in _items(arm, key) if each != item]
    else:
        del does[key]
    return replace(arm, does=does)
