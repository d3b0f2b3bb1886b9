"""Readouts of study mk801: when cells rise or fall."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

FREE_UM = 0.06  # MK-801 that claims and nulls come to; others are shown beside it
BEGUN = 0.5  # SD of a cell before, mean over a class: a judgement
FALLS = {"Pyr": False, "PV": True}  # as was recorded


def crossing(cell: xr.Dataset, population: str) -> np.ndarray:
    """Minutes until the mean z-score of a population is first BEGUN away, downwards (PV) or upwards,
    (seed,); NaN where it never is.
    """
    courses = cell["mean_z"].sel(population=population).transpose("seed", "minute").values
    minutes = cell["minute"].values
    found = []
    for course in courses:
        way = -course if FALLS[population] else course
        if not (way >= BEGUN).any():
            found.append(np.nan)
            continue
        k = int(np.argmax(way >= BEGUN))
        before, after = (0.0, 0.0) if k == 0 else (way[k - 1], minutes[k - 1])
        found.append(after + (minutes[k] - after) * (BEGUN - before) / (way[k] - before))
    return np.array(found)
