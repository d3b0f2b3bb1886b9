"""`prelimbic claims`: published findings held against the model, printed as tables or JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from prelimbic.experiments.cli.words import PATH, Command
from prelimbic.parameters import CIRCUIT

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.table import Table

    from prelimbic.experiments.claims.claim import Judged


@dataclass(frozen=True)
class Words:
    """What stands on the command line of `claims`."""

    ids: tuple[str, ...]
    seeds: int
    draws: int | None
    sheet: str
    overrides: tuple[str, ...]
    results: Path
    run_missing: bool
    workers: int | None
    page: Path | None
    for_all: bool
    as_json: bool


@click.command(cls=Command)
@click.argument("ids", nargs=-1)
@click.option(
    "--seeds",
    default=10,
    show_default=True,
    help="Seeds to read, or with --run to compute, counted from 1; a verdict needs 10.",
)
@click.option(
    "--draws",
    type=int,
    help="Models to draw from the ranges of all numbers; a share needs 100 that rest, 0 draws none.  "
    "[default: 450]",
)
@click.option("--sheet", default=CIRCUIT, show_default=True, metavar="NAME|FILE.toml", help="Circuit sheet.")
@click.option("--set", "overrides", multiple=True, metavar="NUMBER=VALUE", help="As in run; repeatable.")
@click.option(
    "--results", type=PATH, default=Path("results"), show_default=True, help="Folder of the stored studies."
)
@click.option(
    "--run", "run_missing", is_flag=True, help="Compute first what is missing in the stored studies."
)
@click.option("--workers", type=int, help="Worker processes of --run.  [default: one a core]")
@click.option("--page", type=PATH, metavar="FOLDER", help="Write claims.md and a figure a claim there.")
@click.option(
    "--record",
    "for_all",
    is_flag=True,
    help="Record looks in the checkout, experiments/ledger.csv: for maintainers.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def claims(**given: Any) -> None:
    """Hold published findings (IDS, such as V6; all without) against the model: value, interval, target,
    verdict.

    Findings about the circuit and the slow layer are judged by stored runs of a study; --run computes those
    that are missing. Looks at held-out findings are recorded in ledger.csv of that folder; under a second
    set of numbers (--set, --sheet) they cease to be held out there.
    """
    show_claims(Words(**given))


def show_claims(asked: Words) -> None:
    """Judge claims on a sheet by stored studies, and print them; with `run_missing` compute first what is
    missing, with `page` write claims.md and a figure a claim into a folder.  Looks at held-out claims are
    recorded among the results, or `for_all` in the ledger of the checkout.

    Without ids, claims whose study is missing are named and left out; named, they are an error.
    """
    from rich.console import Console

    from prelimbic.experiments.claims.bench import Bench
    from prelimbic.experiments.claims.board import compute, find_claims
    from prelimbic.experiments.claims.look import look
    from prelimbic.experiments.cli.ends import say as warn
    from prelimbic.experiments.sweep.screen import console
    from prelimbic.parameters.granted import workers_by_default
    from prelimbic.simulation.overrides import parse_overrides

    overrides = parse_overrides(asked.overrides, (asked.sheet,))
    _refuse(asked)
    claims, screen = find_claims(asked.ids, warn), Console(stderr=True) if asked.as_json else console()

    def say(text: str) -> None:
        screen.print(text, highlight=False, markup=False, soft_wrap=True)

    bench = Bench(asked.sheet, asked.seeds, overrides, asked.results, say, asked.draws)
    if asked.run_missing:
        compute(claims, bench, asked.workers or workers_by_default(), screen)
    board = look(claims, bench, named=bool(asked.ids), for_all=asked.for_all, tell=say)
    _print(board.judged, bench, asked.as_json, screen, say)
    if asked.page is not None:
        from prelimbic.experiments.claims.page import write_page
        from prelimbic.experiments.sweep.surroundings import settle_figures

        settle_figures()
        say(f"page: {write_page(board.judged, board.left_out, asked.page)}")


def _refuse(asked: Words) -> None:
    """Raise what was asked and cannot be."""
    from prelimbic.experiments.claims.bench import ClaimError
    from prelimbic.experiments.claims.ledger import tracked
    from prelimbic.experiments.storage.files import StoreError

    if asked.workers is not None and asked.workers < 1:
        raise ClaimError(f"--workers is {asked.workers} but must be at least 1")
    if asked.page is not None and (asked.ids or asked.overrides):
        raise ClaimError(
            "--page writes the whole board of a sheet's own numbers: it takes no claim and no --set"
        )
    if asked.page is not None and os.path.isfile(asked.page):
        raise StoreError(f"--page {asked.page} is a file, but must be a folder")
    if asked.for_all and tracked() is None:
        raise ClaimError(
            "--record writes experiments/ledger.csv of a checkout of prelimbic, and there is none here"
        )


def _print(
    board: list[Judged], bench: Any, as_json: bool, screen: Console, say: Callable[[str], None]
) -> None:
    from prelimbic.experiments.claims.board import summary
    from prelimbic.experiments.claims.unused import idle_in_claims, told
    from prelimbic.experiments.sweep.unusual import unusual

    overrides = bench.config.overrides
    if as_json:
        set_to = {"overridden": dict(overrides)} if overrides else {}
        print(json.dumps([j.as_json() | set_to for j in board], indent=1))
        return
    screen.print(as_table(board, screen.width))
    if overrides and (idle := idle_in_claims([j.claim for j in board], bench)):
        say(told(idle, "these claims"))
    for line in (*unusual([bench.config]), summary(board)):
        say(line)


def as_table(board: list[Judged], width: int) -> Group:
    """Every measure of every claim, for a screen so many characters wide; and, where there are nulls, the
    verdict under each.
    """
    from rich.console import Group

    from prelimbic.experiments.sweep.tables import Column, folded
    from prelimbic.simulation.switches import AFFINITIES

    own, other = AFFINITIES
    headings = (
        *("id", "role", "statement, source, protocol", "measure", "model", "published", "verdict", other),
        *("seeds", "drawn", f"drawn, {other}"),
    )
    rows = [row for j in board for row in _rows(j)]
    id_, *columns = [Column(h, texts) for h, texts in zip(headings, zip(*rows, strict=True), strict=True)]
    title = (
        "claims; intervals are 95 % of the mean over seeds; drawn is the share of models whose numbers are "
        f"drawn from their ranges; affinity {own} unless said"
    )
    return Group(*folded(title, [id_], columns, width), *_nulls(board, width))


def _rows(j: Judged) -> list[tuple[str, ...]]:
    """A row a measure; what is said once of a claim stands in the first."""
    from prelimbic.experiments.claims.board import (
        told_draws,
        told_other,
        told_range,
        told_role,
        told_value,
    )
    from prelimbic.simulation.switches import AFFINITIES

    about = f"{j.claim.statement} ({j.claim.source}); {j.claim.protocol}"
    draws = [told_draws(j, affinity) for affinity in AFFINITIES]
    made: list[tuple[str, ...]] = []
    for k, m in enumerate(j.measures):
        first = (f"{j.claim.id}\n{j.verdict}", told_role(j), about) if k == 0 else ("", "", "")
        last = (told_other(j), str(j.seeds) if j.claim.study else "", *draws) if k == 0 else ("",) * 4
        made.append((*first, m.name, told_value(m), told_range(m), j.of(m), *last))
    return made


def _nulls(board: list[Judged], width: int) -> list[Table]:
    """Verdicts under an inert drug and in control models, where any were asked."""
    from prelimbic.experiments.readouts.nulls import INERT, MEANING
    from prelimbic.experiments.sweep.tables import Column, folded

    beside = [j for j in board if j.nulls or j.inert]
    if not beside:
        return []
    names = [n for n in MEANING if any(n in j.nulls for j in beside)]
    columns = [Column("model", [j.verdict for j in beside])]
    columns.append(Column(INERT, [j.without_drug for j in beside]))
    columns += [Column(MEANING[n], [j.under(n) if n in j.nulls else "" for j in beside]) for n in names]
    title = (
        "the same under an inert drug and in control models: a claim that holds there too does not need "
        "what they lack"
    )
    return folded(title, [Column("id", [j.claim.id for j in beside])], columns, width)
