"""Concentration against rates, currents on Pyr cells, the dendrite and the field, relative to no drug."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from prelimbic.experiments.figures.style import (
    COLOURS,
    INK,
    MARKERS,
    ORDERED,
    band,
    no_change,
    save,
    subplots,
    tidy,
)
from prelimbic.parameters import POPULATIONS

PANELS: dict[str, dict[str, str]] = {
    "currents on Pyr cells": {
        "sepsc_rate": "sEPSC rate",
        "sipsc_rate": "sIPSC rate",
        "recurrent_ampa": "recurrent AMPA",
    },
    "dendrite": {"apical_calcium": "voltage-gated Ca", "apical_nmda": "NMDA conductance"},
    "release": {"glutamate_release": "glutamate", "gaba_release": "GABA"},
}


def draw(dataset: xr.Dataset, folder: Path) -> list[Path]:
    """Draw one row of panels a circuit sheet into acute.png (and .svg)."""
    sheets = dataset["sheet"].values
    panels = {
        title: names for title, names in PANELS.items() if any(dataset[n].notnull().any() for n in names)
    }
    columns = len(panels) + 2
    figure, rows = subplots(
        len(sheets), columns, figsize=(3.4 * columns, 3.4 * len(sheets)), squeeze=False, layout="constrained"
    )
    for axes, sheet in zip(rows, sheets, strict=True):
        _row(axes, dataset.sel(sheet=sheet), panels)
        axes[0].set_title(f"sheet {sheet}", loc="left", fontsize=10)
    seeds = dataset.sizes["seed"]
    what = f"mean, band: SD over {seeds} seeds" if seeds > 1 else "one seed"
    figure.suptitle(
        "Ketamine in a bath, relative to the same wiring without; currents, dendrite, release per Pyr "
        f"cell ({what})",
        fontsize=11,
    )
    return [save(figure, folder, "acute")]


def _row(axes: np.ndarray, cell: xr.Dataset, panels: dict[str, dict[str, str]]) -> None:
    for p in POPULATIONS:
        _curve(axes[0], cell["rate"].sel(population=p), COLOURS[p], MARKERS[p], p)
    _axis(axes[0], cell, "firing rate")
    for axis, (title, names) in zip(axes[1:-1], panels.items(), strict=True):
        for colour, marker, (name, label) in zip(ORDERED, "os^", names.items(), strict=False):
            if np.isfinite(cell[name]).all():
                _curve(axis, cell[name], colour, marker, label)
        _axis(axis, cell, title)
        if not any(np.isfinite(cell[name]).all() for name in names):  # beside a sheet that has it
            axis.clear()
            axis.set_axis_off()
            axis.text(0.5, 0.5, f"sheet {cell['sheet'].item()}: no {title}", ha="center", color=INK)
    _curve(axes[-1], cell["power"].sel(band="gamma"), ORDERED[0], "o", "30-80 Hz")
    _curve(axes[-1], cell["power"].sel(band="slow_delta"), ORDERED[1], "s", "0.5-4 Hz")
    _axis(axes[-1], cell, "power of the LFP proxy")
    axes[-1].set_yscale("log")


def _curve(axis: Axes, values: xr.DataArray, colour: str, marker: str, label: str) -> None:
    values = values.transpose("seed", "concentration")
    relative = (values / values.sel(concentration=0.0)).values
    band(axis, np.arange(values.sizes["concentration"]), relative, colour, marker, label)


def _axis(axis: Axes, cell: xr.Dataset, what: str) -> None:
    no_change(axis, 1.0)
    concentrations = cell["concentration"].values
    axis.set_xticks(range(len(concentrations)), [f"{c:g}" for c in concentrations])
    tidy(axis, "free ketamine (uM)", f"{what} (relative)")
