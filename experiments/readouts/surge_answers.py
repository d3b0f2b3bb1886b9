"""What study surge found: changes against the same wiring untreated, in percent, seed by seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from rich.console import Group

from prelimbic.experiments.readouts.nulls import MEANING, MODEL
from prelimbic.experiments.readouts.slow_answers import names, table
from prelimbic.experiments.readouts.summary import change, spread

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


def answer(dataset: xr.Dataset) -> tuple[Group, str]:
    """A table of readouts by dose, one of glutamate under every null, and a sentence a sheet."""
    shown, said = [], []
    doses = doses_of(dataset)
    for sheet in names(dataset, "sheet"):
        here = dataset.sel(sheet=sheet)
        cell = here.sel(null=MODEL)
        rows = [
            (
                (f"{d:g}",),
                [spread(over_course(cell, d)), *(_told(at_peak(cell, d, r)) for r in READOUTS.values())],
            )
            for d in doses
        ]
        shown.append(
            table(
                f"sheet {sheet}, rat i.p.: change against the same wiring untreated, %, mean ± SD over seeds;"
                " glutamate over 100 min, all else at the peak",
                ("mg/kg",),
                rows,
                ("glutamate", *READOUTS),
            )
        )
        beside = [
            ((MEANING[n],), [spread(over_course(here.sel(null=n), d)) for d in doses])
            for n in names(here, "null", MEANING)
        ]
        shown.append(
            table(
                f"sheet {sheet}, rat i.p., nulls, by mg/kg: glutamate over 100 min, %",
                ("null",),
                beside,
                tuple(f"{d:g}" for d in doses),
            )
        )
        parts = [
            f"{d:g} mg/kg {change(over_course(cell, d), 'glutamate')}" for d in (10.0, 30.0, 50.0, 200.0)
        ]
        said.append(f"Sheet {sheet}, rat i.p., over 100 min: {'; '.join(parts)}.")
    return Group(*shown), "\n".join(said)


def _told(values: np.ndarray) -> str:
    return spread(values) if np.isfinite(values).all() else ""
