"""What study mk801 found: which cells rise, which fall, and when."""

from __future__ import annotations

import numpy as np
import xarray as xr
from rich.table import Table

from prelimbic.experiments.readouts.nulls import LABELS, MODEL
from prelimbic.experiments.readouts.slow_answers import names, table
from prelimbic.experiments.readouts.summary import spread
from prelimbic.parameters import POPULATIONS

FALLS = {"Pyr": False, "PV": True}  # as was recorded


def half_time(cell: xr.Dataset, population: str) -> np.ndarray:
    """Minutes until the mean z-score of a population has gone half of its way to its lowest (PV) or highest
    value, (seed,); NaN where it never goes that way.
    """
    courses = cell["mean_z"].sel(population=population).transpose("seed", "minute").values
    minutes = cell["minute"].values
    found = []
    for course in courses:
        way = -course if FALLS[population] else course
        if way.max() <= 0:
            found.append(np.nan)
            continue
        share = way / way.max()
        k = int(np.argmax(share >= 0.5))
        before, after = (0.0, 0.0) if k == 0 else (share[k - 1], minutes[k - 1])
        found.append(after + (minutes[k] - after) * (0.5 - before) / max(share[k] - before, 1e-9))
    return np.array(found)


def answer(dataset: xr.Dataset) -> tuple[Table, str]:
    """Shares of cells that rise and fall, by class and null; and a sentence a sheet."""
    from prelimbic.experiments.studies.mk801 import FREE_UM

    rows, said = [], []
    for sheet in names(dataset, "sheet"):
        for null in names(dataset, "null", LABELS):
            for free in dataset["free"].values:
                cell = dataset.sel(sheet=sheet, null=null, free=free)
                if np.isfinite(cell["share_up"]).all():
                    shares = [_share(cell, f"share_{way}", p) for p in POPULATIONS for way in ("down", "up")]
                    rows.append(((sheet, LABELS[null], f"{free:g}"), shares))
        cell = dataset.sel(sheet=sheet, null=MODEL, free=FREE_UM)
        said.append(
            f"Sheet {sheet}: after an hour in {FREE_UM:g} uM free MK-801 "
            f"{_share(cell, 'share_down', 'PV')} % of PV cells fire less and "
            f"{_share(cell, 'share_up', 'Pyr')} % of Pyr cells more (p < 0.05); half of the change is there after "
            f"{spread(half_time(cell, 'PV'))} min in PV and {spread(half_time(cell, 'Pyr'))} min in Pyr cells."
        )
    headings = tuple(f"{p} {way}" for p in POPULATIONS for way in ("down", "up"))
    return table(
        "cells that fire less or more after an hour in so much free MK-801, % of their class, mean ± SD over seeds",
        ("sheet", "null", "uM"),
        rows,
        headings,
    ), "\n".join(said)


def _share(cell: xr.Dataset, name: str, population: str) -> str:
    return spread(100.0 * cell[name].sel(population=population).values)
