"""`prelimbic report` and `prelimbic compare`: their options, and what they print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from prelimbic.experiments.cli.words import PATH, Command, once

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console
    from rich.table import Table

    from prelimbic.experiments.reports.compared import Comparison

WIDTH = 100
MOST_TOLD = 20  # rows of a table
FIGURES = Path("results") / "compare"


@click.command(cls=Command)
@click.argument("path", type=PATH)
@click.option(
    "--out",
    type=PATH,
    metavar="FILE.html",
    help="Where it goes.  [default: in the folder, or beside the run]",
)
@click.option("--open", "opened", is_flag=True, help="Show it in a browser.")
def report(path: Path, out: Path | None, opened: bool) -> None:
    """One HTML file of PATH, a run file or the folder of a study, a question or a trial: what was asked, the
    answer, figures, the numbers it rests on, claims, provenance, and what to cite.  It needs no network.
    """
    from prelimbic.experiments.reports.page import report as write
    from prelimbic.experiments.sweep.surroundings import settle_figures

    settle_figures()
    with _screen().status("") as told:
        written = write(path, out, told.update)
    print(f"report: {written}")
    if opened:
        import webbrowser

        from prelimbic.experiments.cli.ends import say

        if not webbrowser.open(written.resolve().as_uri()):
            say(f"no browser could be started; open {written} in one")


@click.command(cls=Command)
@click.argument("a", type=PATH)
@click.argument("b", type=PATH)
@click.option(
    "--measure",
    multiple=True,
    metavar="NAME",
    help="A readout to look at, such as rate or spines; repeatable.",
)
@click.option(
    "--plot",
    type=PATH,
    metavar="FILE",
    help="Where the figure goes, .png, .svg or .pdf.  [default: results/compare/A-B.png]",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables, and draw nothing.")
def compare(a: Path, b: Path, measure: tuple[str, ...], plot: Path | None, as_json: bool) -> None:
    """What differs between A and B, two run files or two studies' folders: switches and numbers, and which
    outcomes beyond the noise of seeds, in pairs where seeds are shared and corrected for all looked at.
    """
    from prelimbic.experiments.reports.compared import compare as compared
    from prelimbic.experiments.reports.subject import ReportError
    from prelimbic.experiments.sweep.surroundings import settle_figures

    once("--measure", measure)
    if plot is not None and as_json:
        raise ReportError("--json draws nothing: leave out --plot")
    found = compared(a, b, measure)
    if as_json:
        print(json.dumps(_plain(found), indent=1))
        return
    settle_figures()
    _show(found)
    if plot is not None:
        found.plot(plot)
        print(f"figure: {plot}")
    elif not found.identical:
        print(f"figure: {_drawn(found, a, b)}")


def _screen() -> Console:
    """Standard error, on which a terminal is told what is being done."""
    from rich.console import Console

    return Console(stderr=True, markup=False)


def _drawn(found: Comparison, a: Path, b: Path) -> Path:
    """The figure in its usual place."""
    from prelimbic.experiments.figures import drawing
    from prelimbic.experiments.reports.compared import rows
    from prelimbic.experiments.storage.files import StoreError

    try:
        FIGURES.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{FIGURES} cannot be written: {error.strerror}") from None
    names = (found.first, found.second)
    name = f"{a.resolve().stem}-{b.resolve().stem}"
    drawn: Path = drawing("compared")(rows(found), names, FIGURES, name)
    return drawn


def _show(found: Comparison) -> None:
    """Tables and sentences."""
    from prelimbic.experiments.sweep.screen import console

    screen = console()
    screen.print(f"a: {found.first}\nb: {found.second}", highlight=False, soft_wrap=True)
    for title, frame in (("asked otherwise", found.asked), ("numbers that differ", found.numbers)):
        if len(frame):
            screen.print(_table(title, [_words(row) for row in frame.itertuples(index=False)], frame))
    apart = [each for each in found.told if not each.pair.identical]
    if apart:
        screen.print(_outcomes(apart))
    screen.print(found.found, highlight=False, soft_wrap=True)


def _table(title: str, rows: list[list[str]], frame: pd.DataFrame) -> Table:
    from rich.table import Table

    more = f", the first {MOST_TOLD} of {len(rows)}; --json has all" if len(rows) > MOST_TOLD else ""
    made = Table(title=f"{title}{more}", title_justify="left", width=None)
    for head in frame.columns:
        made.add_column(str(head).replace("_", " "), overflow="fold", max_width=WIDTH // 2)
    for row in rows[:MOST_TOLD]:
        made.add_row(*row)
    return made


def _outcomes(told: list[Any]) -> Table:
    """Those that are clearest first."""
    from rich.table import Table

    more = f", the first {MOST_TOLD} of {len(told)}; --json has all" if len(told) > MOST_TOLD else ""
    made = Table(title=f"outcomes that differ{more}", title_justify="left")
    for head in ("outcome", "at", "a", "b", "b - a (95 %)", "%", "P, Holm"):
        made.add_column(head, overflow="fold", justify="left" if head in ("outcome", "at") else "right")
    for each in told[:MOST_TOLD]:
        d, unit = each.difference, "" if each.pair.unit in ("", "1") else f" {each.pair.unit}"
        interval = f" ({d.low:.3g} to {d.high:.3g})" if d.told else ""
        p = "" if each.p_holm != each.p_holm else "< 0.001" if each.p_holm < 0.001 else f"{each.p_holm:.3f}"
        percent = "" if each.percent != each.percent else f"{each.percent:+.1f}"
        made.add_row(
            each.pair.name, each.pair.place, f"{each.a:.4g}{unit}", f"{each.b:.4g}{unit}",
            f"{d.mean:+.3g}{interval}", percent, p,
        )  # fmt: skip
    return made


def _words(row: Any) -> list[str]:
    return [
        ("" if value != value else f"{value:g}") if isinstance(value, float) else str(value) for value in row
    ]


def _plain(found: Comparison) -> dict[str, Any]:
    """A comparison as JSON has it; what is no number is null."""

    def rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
        return [
            {str(k): None if isinstance(v, float) and v != v else v for k, v in row.items()}
            for row in frame.to_dict("records")
        ]

    return {
        "a": found.first,
        "b": found.second,
        "identical": found.identical,
        "found": found.found.splitlines(),
        "asked": rows(found.asked),
        "numbers": rows(found.numbers),
        "outcomes": rows(found.outcomes),
    }
