"""Readouts of study surge: changes against the same wiring untreated, in percent, seed by seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

READOUTS: dict[str, tuple[str, dict[str, Any]]] = {
    "Pyr Hz": ("rate", {"population": "Pyr"}), "PV Hz": ("rate", {"population": "PV"}),
    "SST Hz": ("rate", {"population": "SST"}), "VIP Hz": ("rate", {"population": "VIP"}),
    "dendritic Ca": ("apical_calcium", {}), "dendritic NMDA": ("apical_nmda", {}),
    "gamma": ("power", {"band": "gamma"}), "slow delta": ("power", {"band": "slow_delta"}),
}  # fmt: skip
GLUTAMATE = "glutamate_release"


def at_peak(cell: xr.Dataset, dose: float, readout: tuple[str, dict[str, Any]]) -> np.ndarray:
    """Change of a readout at the hour of the highest concentration, %, (seed,)."""
    hour = int(cell["unbound"].sel(given=dose).mean("seed").argmax("hour"))
    name, where = readout
    values = cell[name].sel(where).isel(hour=hour)
    return (100.0 * (values.sel(given=dose) / values.sel(given=0.0) - 1.0)).values


def over_course(cell: xr.Dataset, dose: float, name: str = GLUTAMATE) -> np.ndarray:
    """Change of a readout's mean from the dose to the last look, %, (seed,)."""
    values = (cell[name] / cell[name].sel(given=0.0)).sel(given=dose).transpose("seed", "hour").values
    hours = np.concatenate([[0.0], cell["hour"].values])
    held = np.ptp(cell["unbound"].sel(given=dose).values) == 0  # there from before the first moment
    courses = np.concatenate([values[:, :1] if held else np.ones((len(values), 1)), values], axis=1)
    return 100.0 * (np.trapezoid(courses, hours, axis=1) / hours[-1] - 1.0)


def doses_of(dataset: xr.Dataset) -> list[float]:
    """Doses given, mg/kg, untreated left out."""
    return [float(d) for d in dataset["given"].values if d > 0]
