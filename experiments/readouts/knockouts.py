"""Readouts of study knockouts: what a deletion does by itself, and what the drug still does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

WHOLE = "none"  # on the axis `deleted`

READOUTS: dict[str, tuple[str, dict[str, Any]]] = {
    "Pyr Hz": ("rate", {"population": "Pyr"}),
    "glutamate": ("glutamate_release", {}),
    "sEPSC Hz": ("sepsc_rate", {}),
    "gamma": ("power", {"band": "gamma"}),
}


def effect(cell: xr.Dataset, dose: float, name: str, where: dict[str, Any]) -> np.ndarray:
    """What a dose does to a readout in a circuit, against itself untreated, %, (seed,); NaN where there is
    no such circuit.
    """
    values = cell[name].sel(where).isel(hour=0)
    return (100.0 * (values.sel(given=dose) / values.sel(given=0.0) - 1.0)).values


def by_itself(cell: xr.Dataset, whole: xr.Dataset, name: str, where: dict[str, Any]) -> np.ndarray:
    """What a deletion does to a readout untreated, against the whole circuit, %, (seed,)."""
    values, against = (c[name].sel(where).isel(hour=0).sel(given=0.0) for c in (cell, whole))
    return (100.0 * (values / against - 1.0)).values
