"""Readouts of study mk801: when cells rise or fall."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

FREE_UM = 0.06  # MK-801 in the bath of which claims and nulls are; others are shown beside it
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
