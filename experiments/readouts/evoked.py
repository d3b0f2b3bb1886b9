"""Readouts of study evoked: calcium that trains evoke at the peak of a dose, against untreated, in percent,
seed by seed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

FEW = 2  # volleys, up to which a train counts as short


def by_train(cell: xr.Dataset) -> np.ndarray:
    """Change of what each train evokes, %, (seed, pulses)."""
    values = cell["evoked_calcium"].transpose("given", "seed", "pulses").values
    return 100.0 * (values[1] / values[0] - 1.0)


def of_trains(cell: xr.Dataset, short: bool) -> np.ndarray:
    """Mean change over short trains, or over the longer ones, %, (seed,)."""
    few = cell["pulses"].values <= FEW
    return by_train(cell)[:, few if short else ~few].mean(axis=1)
