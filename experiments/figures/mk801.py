"""Mean z-scores of every class while MK-801 is taken up, and the shares of cells that rise and fall under
every null.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from prelimbic.experiments.figures.style import (
    COLOURS,
    MARKERS,
    ORDERED,
    band,
    dots,
    no_change,
    pages,
    save,
    subplots,
    tidy,
    told,
)
from prelimbic.experiments.readouts.cells import FREE_UM
from prelimbic.experiments.readouts.columns import names
from prelimbic.experiments.readouts.nulls import LABELS, MODEL
from prelimbic.parameters import POPULATIONS


def draw(dataset: xr.Dataset, folder: Path) -> list[Path]:
    """Draw mk801.png (and .svg), once a sheet."""
    made = []
    for file, heading, here in pages("mk801", dataset):
        free = [float(f) for f in here["free"].values]
        figure, axes = subplots(
            1, len(free) + 1, figsize=(4.2 * (len(free) + 1.4), 4.4), layout="constrained"
        )
        for axis, uM in zip(axes, free, strict=False):
            cell = here.sel(null=MODEL, free=uM)
            for p in POPULATIONS:
                band(
                    axis,
                    cell["minute"].values,
                    cell["mean_z"].sel(population=p).values,
                    COLOURS[p],
                    MARKERS[p],
                    p,
                )
            no_change(axis)
            axis.set_title(f"{uM:g} uM free", loc="left", fontsize=10)
            tidy(axis, "minutes since MK-801 was given", "mean z-score of spike counts")
        _shares(axes[-1], here.sel(free=FREE_UM))
        figure.suptitle(f"MK-801, healthy circuit, {heading} ({told(here)})", fontsize=11)
        made.append(save(figure, folder, file))
    return made


def _shares(axis: Axes, here: xr.Dataset) -> None:
    shown = names(here, "null")
    for k, null in enumerate(shown):
        cell = here.sel(null=null)
        for shift, name, p in ((-0.15, "share_down", "PV"), (0.15, "share_up", "Pyr")):
            label = "" if k else f"{p} cells that {'fall' if p == 'PV' else 'rise'}"
            dots(axis, k + shift, 100.0 * cell[name].sel(population=p).values, COLOURS[p], MARKERS[p], label)
    axis.axhline(50.0, color=ORDERED[0], linewidth=0.8, linestyle=":")
    axis.set_xticks(np.arange(len(shown)), [LABELS[n] for n in shown], rotation=35, ha="right", fontsize=8)
    axis.set_ylim(-3, 118)
    tidy(axis, "", "share of cells after an hour (%)")
