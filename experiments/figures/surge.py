"""Dose against glutamate, firing, dendrites and field rhythms, and against glutamate under every null."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from prelimbic.experiments.figures.style import (
    COLOURS,
    MARKERS,
    ORDERED,
    band,
    mosaic,
    no_change,
    null_curves,
    pages,
    save,
    tidy,
    told,
)
from prelimbic.experiments.readouts.nulls import MODEL
from prelimbic.experiments.readouts.surge import READOUTS, at_peak, doses_of, over_course
from prelimbic.parameters import POPULATIONS

PAIRS = {"dendrite": ("dendritic Ca", "dendritic NMDA"), "power of the LFP proxy": ("gamma", "slow delta")}


def draw(dataset: xr.Dataset, folder: Path) -> list[Path]:
    """Draw surge.png (and .svg), once a sheet."""
    made = []
    for file, heading, here in pages("surge", dataset):
        cell = here.sel(null=MODEL)
        pairs = {title: pair for title, pair in PAIRS.items() if _there(cell, here, pair)}
        places = "abc;dee" if len(pairs) == len(PAIRS) else "abc;ddd"  # point cells have no dendrite
        figure, grid = mosaic(places, figsize=(14.0, 8.0), layout="constrained")
        axes = [grid[k] for k in sorted(grid)]
        for p in POPULATIONS:
            _curve(
                axes[0], here, partial(at_peak, cell, readout=READOUTS[f"{p} Hz"]), COLOURS[p], MARKERS[p], p
            )
        _axis(axes[0], here, "firing at the peak")
        _curve(axes[1], here, partial(over_course, cell), ORDERED[0], "o", "")
        _axis(axes[1], here, "glutamate release, mean of 100 min")
        for axis, (title, pair) in zip(axes[2:-1], pairs.items(), strict=True):
            for colour, marker, name in zip(ORDERED, "os", pair, strict=False):
                _curve(axis, here, partial(at_peak, cell, readout=READOUTS[name]), colour, marker, name)
            _axis(axis, here, f"{title} at the peak")
        _nulls(axes[-1], here)
        figure.suptitle(
            f"Ketamine i.p., rat, healthy circuit, {heading} ({told(here)}, band or bars)", fontsize=11
        )
        made.append(save(figure, folder, file))
    return made


def _there(cell: xr.Dataset, here: xr.Dataset, pair: tuple[str, str]) -> bool:
    """Whether there is anything to draw of two readouts."""
    values = [at_peak(cell, dose, readout=READOUTS[name]) for name in pair for dose in doses_of(here)]
    return bool(np.isfinite(values).any())


def _curve(
    axis: Axes, here: xr.Dataset, column: Callable[[float], np.ndarray], colour: str, marker: str, label: str
) -> None:
    values = np.array([column(d) for d in doses_of(here)]).T
    if np.isfinite(values).all():
        band(axis, np.arange(values.shape[1]), values, colour, marker, label)


def _nulls(axis: Axes, here: xr.Dataset) -> None:
    doses = doses_of(here)
    null_curves(
        axis, here, range(len(doses)), lambda cell: np.array([over_course(cell, d) for d in doses]).T
    )
    _axis(axis, here, "glutamate in control models")
    axis.set_ylim(-100, 130)
    axis.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _axis(axis: Axes, here: xr.Dataset, what: str) -> None:
    no_change(axis)
    doses = doses_of(here)
    axis.set_xticks(range(len(doses)), [f"{d:g}" for d in doses])
    tidy(axis, "ketamine i.p., rat (mg/kg)", f"{what} (%)")
