"""`prelimbic ask`: a question of one's own, in one line."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from prelimbic.experiments.cli.completing import among, species
from prelimbic.experiments.cli.run import Words, carry_out, run_options, say_plan
from prelimbic.experiments.cli.words import BODY, PATH, Command, body_options, give_option
from prelimbic.simulation.switches import SWITCHES

if TYPE_CHECKING:
    from prelimbic.experiments.sweep.study import Options
    from prelimbic.simulation.question import Question

# how a question is computed, which its file does not keep
HOW = ("spikes", "precision", "step", "portable", "delay_classes", "list_runs", "cluster", "share", "among")
OWN = ("species", *BODY, "give", "bath", "stress", "vary", "read", "measure", "title", "write")


@click.command(cls=Command)
@click.option("--species", required=True, help="human, rat or mouse.", shell_complete=among(species))
@give_option("10 mg/kg ip at 0h, 24h")
@body_options
@click.option(
    "--bath",
    multiple=True,
    metavar="TEXT",
    help="A constant unbound concentration, 'DRUG AMOUNT uM [from TIME] [to TIME]'; repeatable.",
)
@click.option(
    "--stress", multiple=True, metavar="SPELL", help="Such as '21d before 0h' or '-21d to 0h'; repeatable."
)
@click.option(
    "--vary",
    multiple=True,
    metavar="NAME=VALUE,...",
    help="An axis: dose, species, a switch, a number; give, inhibit, bath, stress with | between values.",
)
@click.option(
    "--read",
    metavar="TIMES",
    help="When to read: times, peak, rest, 0-2 h, windows, such as 'peak, 24h, 3d..7d'.",
)
@click.option(
    "--measure",
    metavar="NAMES",
    help="Quantities of the result file, such as 'spines, rate, bdnf', and what prelimbic measures lists.",
)
@click.option("--title", default="", help="A title for tables and figures.")
@click.option(
    "--write", type=PATH, metavar="FILE.toml", help="Keep the question in a file; compute nothing."
)
@run_options
def ask(**given: Any) -> None:
    """Ask a question of your own: what is given to whom, and what is read when, always beside its vehicle.

    \b
    prelimbic ask --species mouse --give "10 mg/kg ip at 0h, 24h, 48h" --stress "21d before 0h" --read 24h,7d
    """
    from prelimbic.experiments.cli.asked import jobs_asked, options_asked
    from prelimbic.experiments.questions.planned import plan_of
    from prelimbic.experiments.questions.study import ASK, study_of, with_options
    from prelimbic.experiments.questions.sweep import folder_of
    from prelimbic.experiments.sweep.conduct import refuse

    own = {name: given.pop(name) for name in OWN}
    switches, context = {name: given.pop(name) for name in SWITCHES}, click.get_current_context()
    words = Words(**given)
    name = own["write"].stem if own["write"] is not None else ASK
    asked = _question(own, words)
    options = options_asked(words, switches, study_of(asked, name), context)
    asked, options = with_options(asked, options)
    study = study_of(asked, name)
    if words.out is None:
        options = replace(options, out=folder_of(study, options))
    runs = study.plan(options)
    lines = plan_of(asked, runs, options.workers)
    if own["write"] is None and not words.plan and not words.list_runs:
        say_plan(lines, words)
    if own["write"] is None and not words.plan:
        return carry_out(study, options, words, context)
    jobs_asked(words, options)  # which refuses what it would refuse
    refuse(study, options, runs)
    if own["write"] is not None:
        _write(own["write"], asked, options)
        lines.append(f"kept in {own['write']}; prelimbic run {own['write']} computes it")
    return say_plan(lines, replace(words, plan=True))


def _question(own: dict[str, Any], words: Words) -> Question:
    """What is asked, but for switches, inhibitors, manipulations and numbers, which are options of any
    study.  Raises UsageError.
    """
    from prelimbic.parameters import CIRCUITS
    from prelimbic.simulation.written import question

    plain: dict[str, Any] = {key: own[key] for key in ("species", "title") if own[key]}
    plain |= {key: list(own[key]) for key in ("give", "bath", "stress") if own[key]}
    plain |= {key: own[key] for key in BODY if own[key] is not None}
    sheets = [sheet for name in words.sheets for sheet in (CIRCUITS if name == "all" else (name,))]
    plain |= {"sheet": list(dict.fromkeys(sheets))} if sheets else {}
    read = {"times": _parts(own["read"])} if own["read"] else {}
    read |= {"measure": _parts(own["measure"])} if own["measure"] else {}
    plain |= {"read": read} if read else {}
    vary: dict[str, Any] = {}
    for text in own["vary"]:
        name, values = _axis(text)
        if name in vary:
            raise click.UsageError(f"--vary {name} is given twice")
        vary[name] = values
    return question(plain | ({"vary": vary} if vary else {}))


def _axis(text: str) -> tuple[str, list[Any]]:
    """`dose=3,10` as the name of an axis and its values."""
    from prelimbic.simulation.arms import TEXTS
    from prelimbic.simulation.times import NUMBER

    name, equals, values = text.partition("=")
    if not equals or not values.strip():
        raise click.UsageError(f"--vary takes NAME=VALUE,..., such as dose=3,10,30, not {text!r}")
    name = name.strip()
    parts = [part.strip() for part in values.split("|" if name in TEXTS or "|" in values else ",")]
    return name, parts if name in TEXTS else [float(p) if re.fullmatch(NUMBER, p) else p for p in parts]


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _write(path: Path, asked: Question, options: Options) -> None:
    """Keep the question, with seeds and scale if asked for.  Raises QuestionError or StoreError."""
    from prelimbic.experiments.storage.files import content_of, publish, there
    from prelimbic.experiments.sweep.options import flag
    from prelimbic.parameters import CIRCUITS
    from prelimbic.simulation.arms import QuestionError
    from prelimbic.simulation.written import as_toml

    if path.suffix != ".toml":
        raise QuestionError(f"--write takes the name of a .toml file, not {path}")
    if astray := sorted(options.given & {*HOW}):
        raise QuestionError(
            f"--write keeps the question alone: give {flag(astray[0])} to prelimbic run {path}"
        )
    sheets = tuple(each if each in CIRCUITS else str(Path(each).resolve()) for each in asked.sheets)
    seeds = options.seeds if "seeds" in options.given else asked.seeds
    scale = options.scale if options.scale != 1.0 else asked.scale
    asked = replace(asked, seeds=seeds, scale=scale, sheets=sheets)
    text = as_toml(asked).encode()
    if there(path) and content_of(path, len(text) + 1) != text:
        raise QuestionError(f"{path} is there already: name another file, or move that one")
    publish(path, text)
