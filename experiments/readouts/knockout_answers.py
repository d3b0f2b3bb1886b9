"""What study knockouts found: what a deletion does by itself, and what the drug still does."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from rich.console import Group

from prelimbic.experiments.readouts.slow_answers import names, table
from prelimbic.experiments.readouts.summary import change, spread

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


def told(values: np.ndarray) -> str:
    """Mean ± SD over the circuits that there are."""
    there = values[np.isfinite(values)]
    few = f" ({len(there)} of {len(values)})" if len(there) < len(values) else ""
    return spread(there) + few if len(there) else "no such circuit"


def answer(dataset: xr.Dataset) -> tuple[Group, str]:
    """Effects of the drug and of the deletion itself, by deletion and background; and a sentence a sheet."""
    from prelimbic.experiments.studies.knockouts import DELETED, WHOLE

    shown, said = [], []
    dose = float(dataset["given"].values[1])
    for sheet in names(dataset, "sheet"):
        here, rows = dataset.sel(sheet=sheet), []
        for background in names(here, "background"):
            for name in names(here, "deleted", DELETED):
                cell, whole = (here.sel(background=background, deleted=d) for d in (name, WHOLE))
                alone = told(by_itself(cell, whole, *READOUTS["Pyr Hz"]))
                rows.append(
                    ((name, background), [alone, *(told(effect(cell, dose, *r)) for r in READOUTS.values())])
                )
        shown.append(
            table(
                f"sheet {sheet}: a deletion by itself (Pyr Hz against whole), then {dose:g} mg/kg i.p., mouse, %",
                ("deleted", "background"),
                rows,
                ("deletion alone", *READOUTS),
            )
        )
        lost = {
            n: here.sel(background="inherited", deleted=n)
            for n in names(here, "deleted", DELETED)
            if n != WHOLE
        }
        parts = [
            f"without {n} it {change(effect(cell, dose, *READOUTS['glutamate']), 'glutamate')}"
            for n, cell in lost.items()
        ]
        said.append(f"Sheet {sheet}, mouse, {dose:g} mg/kg i.p., background inherited: {'; '.join(parts)}.")
    return Group(*shown), "\n".join(said)
