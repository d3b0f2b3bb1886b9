"""What study evoked found: calcium that trains evoke at the peak of a dose, against untreated, in percent,
seed by seed.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from rich.table import Table

from prelimbic.experiments.readouts.nulls import LABELS, MODEL
from prelimbic.experiments.readouts.slow_answers import names, table
from prelimbic.experiments.readouts.summary import change, spread

FEW = 2  # volleys, up to which a train counts as short


def by_train(cell: xr.Dataset) -> np.ndarray:
    """Change of what each train evokes, %, (seed, pulses)."""
    values = cell["evoked_calcium"].transpose("given", "seed", "pulses").values
    return 100.0 * (values[1] / values[0] - 1.0)


def of_trains(cell: xr.Dataset, short: bool) -> np.ndarray:
    """Mean change over short trains, or over the longer ones, %, (seed,)."""
    few = cell["pulses"].values <= FEW
    return by_train(cell)[:, few if short else ~few].mean(axis=1)


def answer(dataset: xr.Dataset) -> tuple[Table, str]:
    """Change by length of train and null; and a sentence a sheet."""
    rows, said = [], []
    for sheet in names(dataset, "sheet"):
        for null in names(dataset, "null", LABELS):
            found = by_train(dataset.sel(sheet=sheet, null=null))
            rows.append(((sheet, LABELS[null]), [spread(column) for column in found.T]))
        cell = dataset.sel(sheet=sheet, null=MODEL)
        said.append(
            f"Sheet {sheet}, mouse, 10 mg/kg i.p.: it {change(of_trains(cell, True), 'what 1 or 2 volleys evoke')} and "
            f"{change(of_trains(cell, False), 'what 4 and more evoke')}."
        )
    heads = tuple(f"{p:g}" for p in dataset["pulses"].values)
    return table(
        "dendritic Ca per Pyr cell evoked by trains of so many volleys, change at the peak of 10 mg/kg i.p., mouse, %",
        ("sheet", "null"),
        rows,
        heads,
    ), "\n".join(said)
