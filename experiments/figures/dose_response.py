"""Dose against firing of all classes, recurrent AMPA, BDNF and mTORC1, and spines a day later."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from prelimbic.experiments.figures.style import (
    COLOURS,
    MARKERS,
    band,
    dose_axis,
    dose_places,
    save,
    subplots,
)


def draw(dataset: xr.Dataset, folder: Path) -> list[Path]:
    """Draw one row of panels a circuit sheet into dose_response.png (and .svg); returns the PNG's path."""
    sheets = dataset["sheet"].values
    figure, rows = subplots(
        len(sheets), 4, figsize=(14.0, 3.6 * len(sheets)), squeeze=False, layout="constrained"
    )
    seeds = dataset.sizes["seed"]
    for axes, sheet in zip(rows, sheets, strict=True):
        _row(axes, dataset.sel(sheet=sheet))
        axes[0].set_title(f"sheet {sheet}", loc="left", fontsize=10)
    unit = dataset["dose"].attrs["units"]
    for axis in rows[-1]:
        axis.set_xlabel(f"ketamine i.p., rat ({unit})")
    what = f"mean, band: SD over {seeds} seeds, dots: seeds" if seeds > 1 else "one seed"
    figure.suptitle(
        f"Ketamine i.p. in rat: dose-response of the prefrontal microcircuit ({what})", fontsize=11
    )
    return [save(figure, folder, "dose_response")]


def _row(axes: np.ndarray, cell: xr.Dataset) -> None:
    for population in cell["population"].values:
        _curve(
            axes[0],
            cell["rate"].sel(readout="peak", population=population),
            str(population),
            str(population),
        )
    axes[0].set_ylabel("rate at peak concentration (Hz)")
    axes[0].set_yscale("symlog", linthresh=1.0)
    axes[0].set_yticks([0, 1, 2, 5, 10, 20], ["0", "1", "2", "5", "10", "20"])
    axes[0].minorticks_off()
    _curve(axes[1], cell["recurrent_ampa"].sel(readout="peak"), "at peak", "a")
    _curve(axes[1], cell["recurrent_ampa"].sel(readout="0-2 h"), "mean of 0-2 h", "b")
    axes[1].set_ylabel("recurrent AMPA per Pyr cell (nS)")
    _curve(axes[2], cell["peak_bdnf"], "BDNF", "a")
    _curve(axes[2], cell["peak_mtorc1"], "mTORC1", "b")
    axes[2].set_ylabel("highest Pyr mean (over rest)")
    _curve(axes[3], cell["spines"].sel(readout="24 h"), "all spines", "a")
    _curve(axes[3], cell["mature_spines"].sel(readout="24 h"), "mature", "b")
    axes[3].set_ylabel("spines per Pyr cell at 24 h")
    for axis in axes:
        dose_axis(axis, cell["dose"].values)
        axis.legend(frameon=False, fontsize=8)
        axis.spines[["top", "right"]].set_visible(False)


def _curve(axis: Axes, values: xr.DataArray, label: str, key: str) -> None:
    values = values.transpose("seed", "dose")
    x = dose_places(values["dose"].values)
    axis.plot(np.tile(x, values.sizes["seed"]), values.values.ravel(), ".", color=COLOURS[key], markersize=3)
    band(axis, x, values.values, COLOURS[key], MARKERS[key], label)
    axis.lines[-1].set_markersize(5)
