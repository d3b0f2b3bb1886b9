"""Bias of class rates by variant, error of a look by its length, and what shared noise saves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from prelimbic.experiments.figures.style import COLOURS, MARKERS, band, no_change, save, subplots, tidy
from prelimbic.experiments.readouts.numerics import (
    LOOK_WINDOWS,
    look_error,
    shared_noise,
    shift,
    variants_of,
)
from prelimbic.parameters import POPULATIONS
from prelimbic.simulation.observers.numerics import STANDARD, WINDOW_S


def draw(dataset: xr.Dataset, folder: Path) -> list[Path]:
    """Draw one row of panels a circuit sheet into numerics.png (and .svg)."""
    sheets = dataset["sheet"].values
    figure, rows = subplots(
        len(sheets),
        4,
        figsize=(17.0, 4.2 * len(sheets)),
        squeeze=False,
        layout="constrained",
        width_ratios=(1.6, 1.0, 1.0, 1.0),
    )
    for axes, sheet in zip(rows, sheets, strict=True):
        cell = dataset.sel(sheet=sheet)
        _bias(axes[0], cell)
        _spines(axes[1], cell)
        _errors(axes[2], cell)
        _shared(axes[3], cell)
        axes[0].set_title(f"sheet {sheet}", loc="left", fontsize=10)
    seeds = dataset.sizes["seed"]
    figure.suptitle(
        f"Numerics (mean, bars and bands: SD over {seeds} seeds)" if seeds > 1 else "Numerics (one seed)",
        fontsize=11,
    )
    return [save(figure, folder, "numerics")]


def _bias(axis: Axes, cell: xr.Dataset) -> None:
    names = [name for name in variants_of(cell) if name != STANDARD]
    for k, p in enumerate(POPULATIONS):
        values = np.array([shift(cell, name, p) for name in names])
        error = values.std(axis=1, ddof=1) if values.shape[1] > 1 else np.zeros(len(names))
        axis.errorbar(
            values.mean(axis=1),
            np.arange(len(names)) + 0.15 * (1.5 - k),
            xerr=error,
            fmt=MARKERS[p],
            color=COLOURS[p],
            markersize=4,
            linewidth=1,
            label=p,
        )
    axis.axvline(0.0, color="#7F7F7F", linewidth=0.8, linestyle=":")
    axis.set_yticks(range(len(names)), names)
    axis.invert_yaxis()
    tidy(axis, "untreated firing rate against the standard (%)", "")


def _spines(axis: Axes, cell: xr.Dataset) -> None:
    names = [
        name for name in variants_of(cell) if np.isfinite(cell["spines_change"].sel(variant=name)).any()
    ]
    values = np.array([cell["spines_change"].sel(variant=name).values for name in names])
    error = values.std(axis=1, ddof=1) if values.shape[1] > 1 else np.zeros(len(names))
    axis.errorbar(
        values.mean(axis=1),
        range(len(names)),
        xerr=error,
        fmt="o",
        color="#000000",
        markersize=4,
        linewidth=1,
    )
    axis.set_yticks(range(len(names)), names)
    axis.invert_yaxis()
    tidy(axis, "spines per Pyr cell 24 h after\n10 mg/kg i.p. in rat, against vehicle (%)", "")


def _errors(axis: Axes, cell: xr.Dataset) -> None:
    seconds = np.array(LOOK_WINDOWS) * WINDOW_S
    errors = [look_error(cell, windows) for windows in LOOK_WINDOWS]
    for name in (*POPULATIONS, "recurrent AMPA"):
        key = name if name in COLOURS else "a"
        band(axis, seconds, np.array([e[name] for e in errors]).T, COLOURS[key], MARKERS[key], name)
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xticks(seconds, [f"{s:g}" for s in seconds])
    axis.set_yticks([0.5, 1, 2, 5, 10], ["0.5", "1", "2", "5", "10"])
    axis.minorticks_off()
    tidy(axis, "length of a look (s)", "SD between looks (% of the mean)")


def _shared(axis: Axes, cell: xr.Dataset) -> None:
    seconds = np.array(LOOK_WINDOWS) * WINDOW_S
    for p in POPULATIONS:
        saved = [shared_noise(cell, w, p) for w in LOOK_WINDOWS]
        axis.plot(seconds, saved, "-", marker=MARKERS[p], markersize=4, color=COLOURS[p], label=p)
    no_change(axis, 1.0)
    axis.set_xscale("log")
    axis.set_xticks(seconds, [f"{s:g}" for s in seconds])
    axis.minorticks_off()
    axis.set_ylim(bottom=0.0)
    tidy(
        axis,
        "length of a look (s)",
        "variance of ketamine - vehicle, seeds pooled,\nshared noise over separate noise",
    )
