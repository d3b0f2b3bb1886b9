"""Readouts of study numerics: what each variant moves, how a look's error falls with its length, and what
shared noise saves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prelimbic.parameters import POPULATIONS
from prelimbic.simulation.observers.numerics import STANDARD, VARIANTS

if TYPE_CHECKING:
    import xarray as xr

LOOK_WINDOWS = (1, 2, 4, 6)  # of 0.5 s; of longer looks there are too few


def variants_of(dataset: xr.Dataset) -> list[str]:
    """The variants that there are, in the order of VARIANTS."""
    present = {str(v) for v in dataset["variant"].values}
    return [name for name in VARIANTS if name in present]


def shift(cell: xr.Dataset, variant: str, population: str) -> np.ndarray:
    """Vehicle firing rate against that of the standard on the same seed, %, (seed,)."""
    rate = cell["rate"].sel(condition="vehicle", population=population).mean("window")
    return (100.0 * (rate.sel(variant=variant) / rate.sel(variant=STANDARD) - 1.0)).values


def effect(cell: xr.Dataset, variant: str) -> np.ndarray:
    """Pyr firing under ketamine against vehicle, %, (seed,)."""
    rate = cell["rate"].sel(population="Pyr", variant=variant).mean("window")
    return (100.0 * (rate.sel(condition="ketamine") / rate.sel(condition="vehicle") - 1.0)).values


def look_error(cell: xr.Dataset, windows: int) -> dict[str, np.ndarray]:
    """SD between looks of so many windows, % of the mean, (seed,): of class rates and of recurrent AMPA."""
    standard = cell.sel(variant=STANDARD, condition="vehicle")
    found = {p: standard["rate"].sel(population=p) for p in POPULATIONS} | {
        "recurrent AMPA": standard["recurrent_ampa"]
    }
    return {
        name: _sd_percent(values.transpose("seed", "window").values, windows)
        for name, values in found.items()
    }


def _sd_percent(values: np.ndarray, windows: int) -> np.ndarray:
    looks = _looks_of(values, windows)
    return 100.0 * looks.std(axis=1, ddof=1) / looks.mean(axis=1)


def _looks_of(values: np.ndarray, windows: int) -> np.ndarray:
    whole = values.shape[1] // windows
    return values[:, : whole * windows].reshape(len(values), whole, windows).mean(axis=2)


def shared_noise(cell: xr.Dataset, windows: int, population: str) -> float:
    """Variance of ketamine minus vehicle between looks under the same noise over that under noise of its
    own, all seeds pooled: 1 - 2 cov/(var + var).
    """
    rate = (
        cell["rate"]
        .sel(variant=STANDARD, population=population)
        .transpose("condition", "seed", "window")
        .values
    )
    vehicle, ketamine = (
        looks - looks.mean(axis=1, keepdims=True) for looks in (_looks_of(r, windows) for r in rate)
    )
    return float(1.0 - 2.0 * (vehicle * ketamine).sum() / ((vehicle**2).sum() + (ketamine**2).sum()))
