"""Readouts of study stress: lost sites that hold a spine again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prelimbic.experiments.readouts.columns import at

if TYPE_CHECKING:
    import xarray as xr

STRESS_H = (-21 * 24.0, 0.0)
ANY_RULE = "activity"  # controls have no lost site, and ran by this rule alone


def is_stressed(group: str) -> bool:
    """Whether a group of the study was stressed."""
    return group.startswith("stress")


def regained_share(cell: xr.Dataset, readout: str) -> np.ndarray:
    """Of the sites that lost their spine to stress, those that hold one again, %, (seed,)."""
    return 100.0 * at("regained", readout)(cell) / at("lost_sites", readout)(cell)
