"""Columns: what to read at one place of a dataset, seed by seed, and its change against vehicle."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

Column = Callable[["xr.Dataset"], np.ndarray]  # gives values (seed,)


def names(dataset: xr.Dataset, axis: str) -> list[str]:
    """The places of an axis of text, in the order of the study."""
    return [str(v) for v in dataset[axis].values]


def at(name: str, readout: str, **where: Any) -> Column:
    """Values over seeds of a readout."""
    return lambda cell: cell[name].sel({"readout": readout} | where).values


def value(name: str) -> Column:
    """Values over seeds of a single number."""
    return lambda cell: cell[name].values


def against(column: Column, cell: xr.Dataset, vehicle: xr.Dataset) -> np.ndarray:
    """Change of a column against vehicle, seed by seed, %."""
    return 100.0 * (column(cell) / column(vehicle) - 1.0)


def effect_of(dataset: xr.Dataset, name: str = "spines", readout: str = "24 h", **where: Any) -> np.ndarray:
    """What the highest dose does to a readout against vehicle at one place of a study, seed by seed, %."""
    cell = dataset.sel(where)
    return against(at(name, readout), cell.sel(dose=cell["dose"].max()), cell.sel(dose=0.0))


def ablated(
    cell: xr.Dataset, arm: str, given: str, name: str = "spines", readout: str = "24 h"
) -> np.ndarray:
    """What the dose does to a readout by an arm, against vehicle in the same arm under the same inhibitor,
    seed by seed, %.
    """
    return effect_of(cell, name, readout, arm=arm, inhibitor=given)
