"""`prelimbic exposure --subjects N`: percentiles over subjects, as tables, JSON or a figure."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from prelimbic.experiments.sweep.options import as_options

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import xarray as xr

    from prelimbic.experiments.cli.exposure import Words
    from prelimbic.simulation.config import Config
    from prelimbic.simulation.overrides import Overrides

HEADINGS = {"arterial": "arterial ng/mL", "venous": "venous ng/mL", "brain_unbound": "brain uM, unbound"}
OF_SUBJECTS = ("population.", "bodies.")  # numbers that one body does not read
NEEDED = "--subjects takes --give, to a species, and neither a FILE nor the short form of one dose"


def show_subjects(asked: Words, columns: dict[str, str], whose: Callable[[Config], str]) -> None:
    """Print the 5th, 50th and 95th percentile of subjects at the times asked for, and draw them."""
    from prelimbic.parameters import SPECIES
    from prelimbic.parameters.plain import choice
    from prelimbic.pharmacology import AS_IT_IS, DoseError
    from prelimbic.simulation.exposed import begin, drawn_hours, times
    from prelimbic.simulation.given import parse_body, read_given
    from prelimbic.simulation.overrides import parse_overrides
    from prelimbic.simulation.scenario import SHEET, unusual
    from prelimbic.simulation.subjects import exposed_subjects, planned, subjects_of
    from prelimbic.simulation.switches import DEFAULTS

    if not asked.give or asked.file is not None:
        raise click.UsageError(NEEDED)
    if asked.summary:
        raise click.UsageError("--summary is of one body, and --subjects are many: leave one out")
    sheet = SHEET if asked.sheet is None else asked.sheet
    animal = choice(str(asked.species), SPECIES, "species", DoseError)
    body = parse_body(animal, asked.weight, asked.sex, asked.cyp2b6, asked.age)
    changes = parse_overrides(asked.overrides, (sheet,))
    affinity = DEFAULTS["affinity"] if asked.affinity is None else asked.affinity
    config, mass = planned(animal, asked.give, sheet, changes, body, affinity)
    subjects = subjects_of(asked.subjects, config, body, 1 if asked.seed is None else asked.seed)
    texts = "; ".join(str(read_given(text)) for text in asked.give)
    heading = f"{texts}, {len(subjects)} subjects, {whose(replace(config, body=body))}"
    for told in unusual(config.doses, animal):
        print(f"prelimbic: warning: {as_options(told)}", file=sys.stderr)
    at = None if asked.at is None else times(asked.at, begin(config))
    if at is not None:
        found = _percentiles(exposed_subjects(config, at, subjects, mass))
        if asked.as_json:
            print(json.dumps(_as_json(found, columns, config)))
        else:
            _print(heading, found, config)
        _say_idle(config, changes, at)
    if asked.plot is not None:
        last = None if at is None else float(at.max())
        course = _percentiles(exposed_subjects(config, drawn_hours([config], last), subjects, mass))
        _draw(asked, heading, course, animal, body == AS_IT_IS)


def _say_idle(config: Config, changes: Overrides, at: np.ndarray) -> None:
    """Say which of the numbers that are set move nothing; those that only subjects have may do."""
    from prelimbic.experiments.claims.unused import idle_in_exposure, told
    from prelimbic.experiments.cli.ends import say

    idle = {*idle_in_exposure(config, at)} if changes else set()
    if nothing := [name for name, _ in changes if name in idle and not name.startswith(OF_SUBJECTS)]:
        say(told(nothing, "these exposures at these times"))


def _percentiles(found: xr.Dataset) -> xr.Dataset:
    from prelimbic.simulation.subjects import PERCENTILES

    return found.quantile([p / 100 for p in PERCENTILES], "subject", keep_attrs=True)


def _as_json(found: xr.Dataset, columns: dict[str, str], config: Config) -> dict[str, Any]:
    def short(values: xr.DataArray) -> dict[str, list[float]]:
        return {
            f"p{100 * q:02.0f}": [float(f"{v:.6g}") for v in values.sel(quantile=q).values]
            for q in values["quantile"].values
        }

    changes = dict(config.overrides)
    return {
        "at_min": [float(f"{60 * hour:.6g}") for hour in found["time"].values],
        **{
            str(drug): {column: short(found[name].sel(compound=drug)) for name, column in columns.items()}
            for drug in found["compound"].values
        },
        "block": {str(p): short(found["block"].sel(population=p)) for p in found["population"].values},
    } | ({"overridden": changes} if changes else {})


def _print(heading: str, found: xr.Dataset, config: Config) -> None:
    from rich.table import Table

    from prelimbic.experiments.sweep.screen import console
    from prelimbic.experiments.sweep.unusual import set_numbers
    from prelimbic.parameters import ENANTIOMERS

    print(heading)
    title = "median (5th to 95th percentile of subjects)"
    levels = Table(title=title, title_justify="left")
    for name in ("min", "compound", *HEADINGS.values()):
        levels.add_column(name, justify="left" if name == "compound" else "right", overflow="fold")
    shut = Table(title=f"{title} of NMDA peak conductance shut, %", title_justify="left")
    for name in ("min", *map(str, found["population"].values)):
        shut.add_column(name, justify="right", overflow="fold")
    for k, hour in enumerate(found["time"].values):
        here, minute = found.isel(time=k), f"{60 * hour:g}"
        for drug in map(str, found["compound"].values):
            if drug.partition(" (")[0] not in ENANTIOMERS:
                cells = (_cell(here[name].sel(compound=drug)) for name in HEADINGS)
                levels.add_row(minute, drug, *cells)
        shut.add_row(
            minute, *(_cell(100 * here["block"].sel(population=p)) for p in found["population"].values)
        )
    for table in (levels, shut):
        console().print(table, markup=False)
    for line in set_numbers(config.own_sheet, config.overrides):
        print(line)
    print("enantiomers and total brain: --json")


def _cell(values: xr.DataArray) -> str:
    low, median, high = (f"{value:.3g}" for value in values.values)
    return f"{median} ({low}-{high})"


def _draw(asked: Words, heading: str, course: xr.Dataset, animal: str, usual: bool) -> None:
    """Write the figure, of usual bodies with the published points of the same dose; say where it is."""
    from prelimbic.experiments.figures import drawing
    from prelimbic.experiments.sweep.surroundings import settle_figures
    from prelimbic.parameters.observations import observations
    from prelimbic.simulation.given import read_given

    settle_figures()
    given = [read_given(text) for text in asked.give]
    points = [
        row
        for row in (observations(animal) if usual else ())
        if row.quantity == "concentration"
        and row.role != "not scored"
        and [read_given(text) for text in row.give] == given
    ]
    drawing("subjects")(asked.plot, heading, course, points)
    if not asked.as_json:
        print(f"figure: {asked.plot}")
