"""Readouts of study slice: events on pyramidal cells in voltage clamp, against the same wiring, no drug."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

EVENTS = {
    "sEPSC Hz": "sepsc_rate", "sEPSC pA": "sepsc_amplitude", "background EPSC Hz": "background_epsc_rate",
    "sIPSC Hz": "sipsc_rate", "sIPSC pA": "sipsc_amplitude",
}  # fmt: skip


def effect(cell: xr.Dataset, name: str, uM: float) -> np.ndarray:
    """Change of a readout in a bath against none, %, (seed,); NaN where there was nothing to change."""
    values = cell[name]
    rest = values.sel(concentration=0.0)
    return (100.0 * (values.sel(concentration=uM) / rest.where(rest != 0) - 1.0)).values
