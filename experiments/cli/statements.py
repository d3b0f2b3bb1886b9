"""`prelimbic statements` and `prelimbic measures`: what is said of ketamine, and what laboratories read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from prelimbic.experiments.cli.words import PATH, Command
from prelimbic.parameters import CIRCUIT

if TYPE_CHECKING:
    from prelimbic.experiments.claims.statements import Found


@click.command(cls=Command)
@click.argument("ids", nargs=-1)
@click.option(
    "--results", type=PATH, default=Path("results"), show_default=True, help="Folder of the stored studies."
)
@click.option("--sheet", default=CIRCUIT, show_default=True, metavar="NAME|FILE.toml", help="Circuit sheet.")
@click.option("--seeds", default=10, show_default=True, help="Seeds to read; a verdict needs 10.")
@click.option("--page", type=PATH, metavar="FOLDER", help="Write source_claims.md there.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def statements(
    ids: tuple[str, ...], results: Path, sheet: str, seeds: int, page: Path | None, as_json: bool
) -> None:
    """What is said of ketamine (IDS, such as S1; all without): later evidence, and what stored runs say.

    Values and verdicts are those of claims, of runs in --results or as the board was last recorded; nothing
    is computed. A claim without either says which command computes it. Looks at held-out claims are
    recorded, as by prelimbic claims.
    """
    from rich.console import Console

    from prelimbic.experiments.claims.bench import Bench, ClaimError
    from prelimbic.experiments.claims.statements import asked
    from prelimbic.experiments.claims.statements import statements as chosen
    from prelimbic.experiments.claims.statements_page import write_statements
    from prelimbic.experiments.storage.files import StoreError
    from prelimbic.experiments.sweep.screen import console

    rows = chosen(ids)
    if page is not None and ids:
        raise ClaimError("--page writes all statements: it takes none by name")
    if page is not None and os.path.isfile(page):
        raise StoreError(f"--page {page} is a file, but must be a folder")
    screen = Console(stderr=True) if as_json else console()

    def say(text: str) -> None:
        screen.print(text, highlight=False, markup=False, soft_wrap=True)

    found = asked(rows, Bench(sheet, seeds, results=results, draws=0), say)
    if as_json:
        print(json.dumps([each.as_json() for each in found], indent=1))
    else:
        screen.print(_as_table(found, sheet), markup=False)
    if page is not None:
        say(f"page: {write_statements(found, sheet, page)}")


def _as_table(found: list[Found], sheet: str) -> Any:
    from rich.table import Table

    table = Table(title=f"statements, circuit sheet {sheet}; intervals are 95 %", title_justify="left")
    for heading in ("id", "it says", "later: for, against", "decided by", "so it is"):
        table.add_column(heading, overflow="fold")
    for each in found:
        s = each.statement
        agree = sum(e.agrees for e in s.evidence)
        by = [f"{id} {j.verdict}: {j.deciding.name} {j.deciding.model}" for id, j in each.judged.items()]
        by += [f"{id}: {how}" for id, how in each.lacking.items()]
        by = [s.out_of_scope] if s.out_of_scope else [*([s.design] if s.design else []), *by]
        table.add_row(s.id, s.says, f"{agree}, {len(s.evidence) - agree}", "\n".join(by), each.status)
    return table


@click.command(cls=Command)
@click.argument("names", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def measures(names: tuple[str, ...], as_json: bool) -> None:
    """What --measure takes as laboratories name it (NAMES, such as western; all without): unit, from what,
    noise, caveat.
    """
    from prelimbic.experiments.sweep.screen import console
    from prelimbic.simulation.laboratory import OUT_OF_REACH, READINGS
    from prelimbic.simulation.measures import MEASURED, MeasureError
    from prelimbic.simulation.measures import measures as called

    found = called(names or READINGS)
    if plain := [m.name for m in found if m.reading is None]:
        raise MeasureError(
            f"{plain[0]} is a quantity of the result file, read as it is; docs/results.md has it"
        )
    rows = [(m.name, m.reading) for m in found if m.reading is not None]
    if as_json:
        keys = ("unit", "meaning", "equation", "noise", "caveat", "source", "to_vehicle")
        told = [
            {"name": n} | {k: getattr(r, k) for k in keys} | {"reads": [*r.courses, *r.values]}
            for n, r in rows
        ]
        print(json.dumps(told, indent=1))
        return
    from rich.table import Table

    table = Table(
        title=f"{len(rows)} measures; .exact behind a name leaves the noise out", title_justify="left"
    )
    for heading in ("measure", "unit", "what", "from", "noise", "caveat"):
        table.add_column(heading, overflow="fold")
    for name, r in rows:
        table.add_row(name, r.unit, r.meaning, ", ".join((*r.courses, *r.values)), r.noise, r.caveat)
    console().print(table, markup=False)
    if not names:
        print(f"as the model has them: {', '.join(MEASURED)} and every other quantity of a result file")
        print("out of reach: " + "; ".join(f"{name}, {why}" for name, why in OUT_OF_REACH.items()))
