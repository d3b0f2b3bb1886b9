"""Readouts of study acute: a circuit in baths, against the same wiring without drug."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr


def relative(values: xr.DataArray) -> xr.DataArray:
    """Over the same seed's value without drug; NaN where that is 0."""
    rest = values.sel(concentration=0.0)
    return values / rest.where(rest != 0)
