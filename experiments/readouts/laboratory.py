"""What laboratories would read of stored runs: a measurement model asked of some seeds at one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prelimbic.parameters import laboratory
from prelimbic.simulation.laboratory import READINGS, Reading
from prelimbic.simulation.measures import measures
from prelimbic.simulation.seen import Noise, Seen

if TYPE_CHECKING:
    import xarray as xr

COURSE = "_course"  # ends the names of courses in a dataset


def read(
    cell: xr.Dataset,
    name: str,
    ends: tuple[float, float],
    begun: float = 0.0,
    *,
    readout: str = "",
    noise: Noise | None = None,
) -> np.ndarray:
    """A reading (seed,) of runs at one place of a dataset with courses, over a window of hours or at one
    hour (twice the same); without `noise` it is exact.  NaN of a run that lacks what is read.
    """
    reading = READINGS[name]
    return reading.model(seen(cell, reading, ends, begun, readout), laboratory(), noise or Noise())


def seen(cell: xr.Dataset, reading: Reading, ends: tuple[float, float], begun: float, readout: str) -> Seen:
    """What a reading needs of a dataset's part with the axes seed and those of runs; NaN of what runs of an
    earlier version do not have.
    """
    courses = {name: _of(cell, name, COURSE, "seed", "time") for name in reading.courses}
    several = {name: _of(cell.sel(readout=readout), name, "", "seed") for name in reading.values}
    hours = cell["time"].values if courses else np.zeros(1)
    return Seen(hours, courses, several, *ends, begun)


def _of(cell: xr.Dataset, name: str, ending: str, *axes: str) -> np.ndarray:
    (quantity,) = measures([name])
    if quantity.variable + ending not in cell:
        return np.full([cell.sizes[axis] for axis in axes], np.nan)
    return cell[quantity.variable + ending].sel(dict(quantity.at)).transpose(*axes).values
