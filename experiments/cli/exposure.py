"""`prelimbic exposure`: concentrations and block after what is given, as tables, JSON or a figure."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from prelimbic.experiments.cli import summary as summaries
from prelimbic.experiments.cli.shown import Shown, in_words, whose
from prelimbic.experiments.cli.subjects import show_subjects
from prelimbic.experiments.cli.words import BODY, PATH, Command, body_options, give_option, once
from prelimbic.experiments.sweep.options import as_options, flag
from prelimbic.simulation.switches import DEFAULTS, SWITCHES

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr

    from prelimbic.simulation.config import Config
    from prelimbic.simulation.overrides import Overrides

MOST_DRAWN = 24  # arms
MOST_SUBJECTS = 100_000
SHORT = ("route", "dose", "duration", "compound")  # words of one dose
OF_A_FILE = ("species", "give", "affinity", *BODY, *SHORT)  # what a file says itself
ON_BLOCK = ("site", "selectivity", "hcn")  # switches that change the block, and not what is printed of it
COLUMNS = {
    "arterial": "arterial_ng_per_ml",
    "venous": "venous_ng_per_ml",
    "brain_unbound": "brain_unbound_uM",
    "brain_total": "brain_total_uM",
}
SETS = {"hasan": "high, by a chiral assay", "kamp": "low"}  # of hydroxynorketamine in man
HELP = {
    "species": "human, rat or mouse.",
    "route": "such as iv, nasal or ip.",
    "dose": "mg of free base per kg body mass.",
    "at": "Times of the schedule, such as 10min,40min,4h; without them, --plot FILE.",
}


@dataclass(frozen=True)
class Words:
    """What stands on the command line of `exposure`."""

    file: str | None
    species: str | None
    give: tuple[str, ...]
    weight: str | None
    sex: str | None
    cyp2b6: str | None
    age: str | None
    subjects: int | None
    summary: bool
    seed: int | None
    route: str | None
    dose: float | None
    duration: str | None
    compound: str | None
    at: str | None
    sheet: str | None
    affinity: str | None
    overrides: tuple[str, ...]
    as_json: bool
    plot: Path | None


@click.command(cls=Command)
@click.argument("file", required=False)
@click.option("--species", help=HELP["species"])
@give_option("ketamine 20 mg iv at 2h")
@body_options
@click.option("--route", help=f"Of one dose, in the place of --give: {HELP['route']}")
@click.option("--dose", type=float, help=HELP["dose"])
@click.option("--duration", help="Length of an infusion, such as 40min; without it, a bolus.")
@click.option("--compound", help="Such as ketamine, esketamine or norketamine.  [default: ketamine]")
@click.option(
    "--at",
    metavar="TIMES",
    help="Hours of the schedule, such as 10min,40min,4h; one dose begins at 0h unless it says otherwise.",
)
@click.option("--plot", type=PATH, metavar="FILE", help="Draw all over time: a .png, .svg or .pdf file.")
@click.option(
    "--sheet",
    help="Circuit sheet whose subunit mixtures the block is for.  [default: native, or that of FILE]",
)
@click.option(
    "--affinity",
    help=f"{', '.join(SWITCHES['affinity'])}: of receptors.  "
    f"[default: {DEFAULTS['affinity']}, or that of FILE]",
)
@click.option("--set", "overrides", multiple=True, metavar="NUMBER=VALUE", help="As in run; repeatable.")
@click.option(
    "--subjects",
    type=click.IntRange(1, MOST_SUBJECTS),
    metavar="N",
    help="Percentiles of N subjects, drawn with the spread of sheet population, in the place of one body.",
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Of --subjects.  [default: 1]")
@click.option("--summary", is_flag=True, help="Print peaks, their hours, areas and half-lives too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def exposure(**given: Any) -> None:
    """Plasma and brain concentrations of what is given, and the NMDA block they make in each population.

    FILE is a question of your own (see ask --write), or the name of a protocol that ships: every arm is
    shown.

    \b
    prelimbic exposure --species human --give "0.5 mg/kg iv over 40min" --at 40min,4h
    prelimbic exposure mine.toml --at 1h,2h --plot mine.png
    prelimbic exposure --species human --give "esketamine 56 mg nasal" --at 40min,4h --subjects 1000
    """
    show_exposure(Words(**given))


def show_exposure(asked: Words) -> None:
    """Print concentrations and block at the times asked for, with the numbers of a circuit's sheets but for
    those that are set, and draw them; say which of these move nothing.
    """
    from prelimbic.simulation.exposed import begin, exposed, times

    _check(asked)
    if asked.subjects is not None:
        show_subjects(asked, COLUMNS, whose)
        return
    several, changes = _of_file(asked) if asked.file is not None else _of_words(asked)
    at = None if asked.at is None else times(asked.at, min(begin(shown.config) for shown in several))
    with _told_of(asked):
        found = [] if at is None else [exposed(shown.config, at) for shown in several]
        drawn = [] if asked.plot is None else _courses(several, at)
    for warning in _warnings(several, asked):
        print(f"prelimbic: warning: {as_options(warning)}", file=sys.stderr)
    if asked.as_json:
        whole = {
            shown.arm: _told(asked, shown, found[k] if found else None) for k, shown in enumerate(several)
        }
        print(json.dumps(whole if asked.file is not None else whole[""]))
    else:
        for k, values in enumerate(found):
            _print(several[k], values, first=k == 0)
        for shown in several if asked.summary else ():
            arm = f"arm {shown.arm}: " if shown.arm else ""
            summaries.show(f"{arm}{shown.heading}", _summary(shown.config))
    if asked.plot is not None:
        _draw(asked, several, drawn)
    if changes:
        _say_idle(several, changes, _hours(several) if at is None else at)


def _check(asked: Words) -> None:
    """Raise UsageError for words that do not go together, and for those that are missing."""
    from prelimbic.experiments.figures import drawable

    words = vars(asked)
    short = [name for name in SHORT if words[name] is not None]
    if asked.file is not None:
        if own := [name for name in OF_A_FILE if words[name] not in (None, ())]:
            raise click.UsageError(f"{flag(own[0])} is said by {asked.file}: leave one of them out")
    elif asked.give and short:
        raise click.UsageError(f"{flag(short[0])} is of one dose, and --give says all of it: leave one out")
    elif not asked.give and not short:
        one = "--give TEXT, --route and --dose of one dose, or the FILE of a question"
        raise click.UsageError(f"exposure needs what is given: {one}")
    needed = () if asked.file is not None else ("species",) if asked.give else ("species", "route", "dose")
    for name in (*needed, *(("at",) if asked.plot is None and not asked.summary else ())):
        if words[name] is None:
            raise click.UsageError(f"exposure needs {flag(name)}: {HELP[name]}")
    if asked.seed is not None and asked.subjects is None:
        raise click.UsageError("--seed draws --subjects: add them, or leave it out")
    if asked.plot is not None and not drawable(asked.plot):
        raise click.UsageError(f"--plot takes the name of a .png, .svg or .pdf file, not {asked.plot}")
    if asked.at is not None:
        once("--at", (part.strip() for part in asked.at.split(",")))
    elif asked.as_json and not asked.summary:
        raise click.UsageError("--json prints what is there at times: add --at, or leave it out")


def _of_words(asked: Words) -> tuple[list[Shown], Overrides]:
    """The exposure to what stands on the command line, and the numbers that are set."""
    from prelimbic.parameters import COMPOUNDS, SPECIES
    from prelimbic.parameters.plain import choice
    from prelimbic.pharmacology import Dose, DoseError
    from prelimbic.simulation.exposed import of_doses
    from prelimbic.simulation.given import doses, parse_body, read_given
    from prelimbic.simulation.overrides import parse_overrides
    from prelimbic.simulation.scenario import SHEET
    from prelimbic.simulation.times import hours

    sheet, species = SHEET if asked.sheet is None else asked.sheet, str(asked.species)
    changes = parse_overrides(asked.overrides, (sheet,))
    body = parse_body(
        choice(species, SPECIES, "species", DoseError), asked.weight, asked.sex, asked.cyp2b6, asked.age
    )
    if asked.give:
        texts = [read_given(text) for text in asked.give]
        heading, given = "; ".join(map(str, texts)), doses(asked.give, body.weight)
    else:
        route, amount = str(asked.route), float(asked.dose or 0.0)
        compound = COMPOUNDS[0] if asked.compound is None else asked.compound
        length = None if asked.duration is None else hours(asked.duration, "`duration`")
        given = (Dose(amount, route, 0.0, length, compound),)
        over = "" if asked.duration is None else f" over {asked.duration}"
        heading = f"{compound} {amount:g} mg/kg {route}{over}"
    affinity = DEFAULTS["affinity"] if asked.affinity is None else asked.affinity
    config = of_doses(species, given, sheet, changes, body, affinity)
    return [Shown("", f"{heading}, {whose(config)}", config)], changes


def _of_file(asked: Words) -> tuple[list[Shown], Overrides]:
    """The exposures of all arms of a question in a file, and the numbers that are set beside it."""
    from prelimbic.experiments.questions.exposures import exposures_in, question_called
    from prelimbic.simulation.overrides import parse_overrides
    from prelimbic.simulation.scenario import SHEET, UnusualDoseWarning

    question = question_called(str(asked.file))
    sheet = (question.sheets or (SHEET,))[0] if asked.sheet is None else asked.sheet
    changes = parse_overrides(asked.overrides, (sheet,))
    with question.told():
        question = question.with_more({"set": dict(changes)}) if changes else question
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnusualDoseWarning)  # all warnings are printed together
        arms = exposures_in(question, sheet)
    return [Shown(arm, in_words(config), config) for arm, config in arms.items()], changes


@contextmanager
def _told_of(asked: Words) -> Iterator[None]:
    """Errors within name what was given as it was asked for."""
    from prelimbic.parameters.errors import UsageError

    try:
        yield
    except UsageError as error:
        raise type(error)(_as_asked(str(error), asked)) from None


def _as_asked(message: str, asked: Words) -> str:
    """A message about `give` with the word that stands on the command line, or with the file."""
    if asked.file is not None:
        return f"{asked.file}: {message.replace('`give`', 'give')}"
    return message if asked.give else message.replace("`give`", "`dose`")


def _warnings(several: list[Shown], asked: Words) -> Iterator[str]:
    """What to tell beside the answer: doses beyond use, and switches that it knows nothing of."""
    from prelimbic.simulation.scenario import unusual

    told = [text for shown in several for text in unusual(shown.config.doses, shown.config.species)]
    yield from dict.fromkeys(_as_asked(text, asked) for text in told)
    for shown in several:
        chosen = vars(shown.config.hypotheses)
        if moved := [f"{name} {chosen[name]}" for name in ON_BLOCK if chosen[name] != DEFAULTS[name]]:
            what = "the block shown is that at equilibrium of all receptors"
            yield f"arm {shown.arm}: {what}; {', '.join(moved)} is not in it"


def _courses(several: list[Shown], at: np.ndarray | None) -> list[xr.Dataset]:
    """All that is drawn, over time; up to the last of the times that are asked for."""
    from prelimbic.simulation.exposed import drawn_hours, exposed

    if len(several) > MOST_DRAWN:
        raise click.UsageError(f"--plot draws up to {MOST_DRAWN} arms and doses, not {len(several)}")
    configs = [shown.config for shown in several]
    hours = drawn_hours(configs, None if at is None else float(at.max()))
    return [exposed(config, hours) for config in configs]


def _draw(asked: Words, several: list[Shown], drawn: list[xr.Dataset]) -> None:
    """Write the figure, and say where it is."""
    from prelimbic.experiments.figures import drawing
    from prelimbic.experiments.sweep.surroundings import settle_figures

    settle_figures()
    titles = [f"{shown.arm}: {shown.heading}" if shown.arm else shown.heading for shown in several]
    drawing("exposure")(asked.plot, titles, [shown.config for shown in several], drawn)
    if not asked.as_json:
        print(f"figure: {asked.plot}")


def _hours(several: list[Shown]) -> np.ndarray:
    """Some hours of everything that is given."""
    from prelimbic.simulation.exposed import drawn_hours

    return drawn_hours([shown.config for shown in several])[::25]


def _say_idle(several: list[Shown], changes: Overrides, hours: np.ndarray) -> None:
    """Say which of the numbers that are set move nothing in any of the exposures."""
    from prelimbic.experiments.claims.unused import idle_in_exposure, told
    from prelimbic.experiments.cli.ends import say

    idle = [{*idle_in_exposure(shown.config, hours)} for shown in several]
    if nothing := [name for name, _ in changes if all(name in names for names in idle)]:
        say(told(nothing, "this exposure at these times"))


def _told(asked: Words, shown: Shown, found: xr.Dataset | None) -> dict[str, object]:
    """What is there at times, where any are asked for, and what the whole course comes to."""
    whole = {} if found is None else _as_json(shown, found)
    return whole | ({"summary": summaries.as_json(_summary(shown.config))} if asked.summary else {})


def _summary(config: Config) -> xr.Dataset:
    from prelimbic.simulation.summary import summary

    return summary(config)


def _as_json(shown: Shown, found: xr.Dataset) -> dict[str, object]:
    def short(values: xr.DataArray) -> list[float]:
        return [float(f"{value:.6g}") for value in values.values]  # more than the model can mean

    changes = dict(shown.config.overrides)
    whole: dict[str, object] = {
        "at_min": short(60 * found["time"]),
        **{
            str(drug): {
                column: short(values)
                for name, column in COLUMNS.items()
                if (values := found[name].sel(compound=drug)).notnull().all()
            }
            for drug in found["compound"].values
        },
        "block": {str(p): short(found["block"].sel(population=p)) for p in found["population"].values},
    }
    return whole | ({"overridden": changes} if changes else {})


def _print(shown: Shown, found: xr.Dataset, first: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    from prelimbic.experiments.sweep.screen import console
    from prelimbic.experiments.sweep.unusual import set_numbers
    from prelimbic.parameters import ENANTIOMERS

    print("" if first else "\n", f"arm {shown.arm}: " if shown.arm else "", shown.heading, sep="")
    title = "in plasma, arterial and venous, and in the brain, unbound and total"
    plasma = Table(title=title, title_justify="left", caption=_sets(found), caption_justify="left")
    for heading in ("min", "compound", "art ng/mL", "ven ng/mL", "brain uM", "total uM"):
        plasma.add_column(heading, justify="left" if heading == "compound" else "right", overflow="fold")
    minutes = [f"{60 * hour:g}" for hour in found["time"].values]
    for drug in map(str, found["compound"].values):
        there = found["brain_unbound"].sel(compound=drug).any()
        if drug.partition(" (")[0] in ENANTIOMERS and not there:
            continue
        columns = [found[name].sel(compound=drug).values for name in COLUMNS]
        for minute, *values in zip(minutes, *columns, strict=True):
            plasma.add_row(minute, drug.partition(" (")[0] + "*" * drug.endswith(")"), *map(_cell, values))
    block = Table(
        title=Text(f"share of NMDA peak conductance shut, sheet {found.attrs['sheet']}", "table.title"),
        title_justify="left",
    )
    for heading in ("min", *found["population"].values):
        block.add_column(heading, justify="right", no_wrap=True)
    for minute, shut in zip(minutes, found["block"].values, strict=True):
        block.add_row(minute, *(f"{v:.3f}" for v in shut))
    for table in (plasma, block):
        console().print(table, markup=False)
    for line in set_numbers(shown.config.own_sheet, shown.config.overrides):
        print(line)


def _sets(found: xr.Dataset) -> str | None:
    """By which set of constants hydroxynorketamine stands in each row, where there are two."""
    own, names = found.attrs["hnk_exposure"], map(str, found["compound"].values)
    other = next((name.rpartition("(")[2].rstrip(")") for name in names if name.endswith(")")), None)
    if other is None:
        return None
    return (
        f"* by set {other} of its constants ({SETS[other]}); without * by set {own} ({SETS[own]}); "
        "reports of hydroxynorketamine in man disagree"
    )


def _cell(value: float) -> str:
    if value != value:  # of a bath there is nothing in plasma
        return "-"
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"
