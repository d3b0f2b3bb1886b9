"""`prelimbic exposure`: concentrations and block after one dose, printed as tables or JSON."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from prelimbic.experiments.cli.words import Command, once
from prelimbic.experiments.sweep.options import as_options

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Words:
    """What stands on the command line of `exposure`."""

    species: str
    route: str
    dose: float
    at: str
    duration: str | None
    compound: str
    sheet: str
    overrides: tuple[str, ...]
    as_json: bool


@click.command(cls=Command)
@click.option("--species", required=True, help="human, rat or mouse.")
@click.option("--route", required=True, help="iv or ip.")
@click.option("--dose", required=True, type=float, help="mg of free base per kg body mass.")
@click.option(
    "--at", required=True, metavar="TIMES", help="Times since the dose began, such as 10min,40min,4h."
)
@click.option("--duration", help="Length of an infusion, such as 40min; without it, a bolus.")
@click.option(
    "--compound",
    default="ketamine",
    show_default=True,
    help="Such as ketamine, norketamine or hydroxynorketamine.",
)
@click.option(
    "--sheet",
    default="dendritic",
    show_default=True,
    help="Circuit sheet whose subunit mixtures the block is for.",
)
@click.option("--set", "overrides", multiple=True, metavar="NUMBER=VALUE", help="As in run; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def exposure(**given: Any) -> None:
    """Plasma and unbound brain concentrations of a dose, and the NMDA block they make in each population."""
    show_exposure(Words(**given))


def show_exposure(asked: Words) -> None:
    """Print concentrations and block at the times asked for, with the numbers of a circuit's sheets but for
    those that are set; say which of these move nothing.
    """
    from prelimbic.experiments.claims.unused import idle_in_exposure, told
    from prelimbic.experiments.cli.ends import say
    from prelimbic.pharmacology import Dose, beyond_use
    from prelimbic.simulation.exposed import exposed, times
    from prelimbic.simulation.given import hours
    from prelimbic.simulation.overrides import parse_overrides

    once("--at", (part.strip() for part in asked.at.split(",")))
    changes, at = parse_overrides(asked.overrides, (asked.sheet,)), times(asked.at)
    length = None if asked.duration is None else hours(asked.duration, "`duration`")
    dose = Dose(asked.dose, asked.route, 0.0, length, asked.compound)
    found = exposed(asked.species, (dose,), at, asked.sheet, changes)
    if warning := beyond_use(asked.dose, asked.species):
        print(f"prelimbic: warning: {as_options(warning)}", file=sys.stderr)
    if asked.as_json:
        print(json.dumps(_as_json(found) | ({"overridden": dict(changes)} if changes else {})))
    else:
        _print(asked, found, changes)
    if changes and (idle := idle_in_exposure(asked.sheet, changes, asked.species, dose, at)):
        say(told(idle, "this exposure at these times"))


def _as_json(found: xr.Dataset) -> dict[str, object]:
    def short(values: xr.DataArray) -> list[float]:
        return [float(f"{value:.6g}") for value in values.values]  # more than the model can mean

    columns = {
        "arterial": "arterial_ng_per_ml",
        "venous": "venous_ng_per_ml",
        "brain_unbound": "brain_unbound_uM",
    }
    return {
        "at_min": short(60 * found["time"]),
        **{
            str(drug): {column: short(found[name].sel(compound=drug)) for name, column in columns.items()}
            for drug in found["compound"].values
        },
        "block": {str(p): short(found["block"].sel(population=p)) for p in found["population"].values},
    }


def _print(asked: Words, found: xr.Dataset, changes: tuple[tuple[str, float], ...]) -> None:
    from rich.table import Table
    from rich.text import Text

    from prelimbic.experiments.sweep.conduct import console
    from prelimbic.experiments.sweep.unusual import set_numbers

    length = "" if asked.duration is None else f" over {asked.duration}"
    print(
        f"{asked.compound} {asked.dose:g} mg/kg {asked.route[0]}.{asked.route[1]}.{length}, {asked.species}"
    )
    plasma = Table(title="in plasma, arterial and venous, and unbound in the brain", title_justify="left")
    for heading in ("min", "compound", "art. ng/mL", "ven. ng/mL", "brain uM"):
        plasma.add_column(heading, justify="left" if heading == "compound" else "right", no_wrap=True)
    minutes = [f"{60 * hour:g}" for hour in found["time"].values]
    for drug in found["compound"].values:
        columns = [found[name].sel(compound=drug).values for name in ("arterial", "venous", "brain_unbound")]
        for minute, *values in zip(minutes, *columns, strict=True):
            plasma.add_row(minute, drug, *(f"{v:.0f}" if v >= 1000 else f"{v:.3g}" for v in values))
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
    for line in set_numbers(asked.sheet, changes):
        print(line)
