"""Dose against glutamate, mTORC1 and spines, for each assumed memory; of the rat, and of a human."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from prelimbic.experiments.figures.style import (
    ORDERED,
    band,
    dose_axis,
    dose_places,
    no_change,
    pages,
    save,
    subplots,
    tidy,
    told,
)
from prelimbic.experiments.readouts.columns import Column, at, names, value

# memory -> colour, marker, its size, width and dashes of the line: where lines lie on each other, all can be
# seen
LOOKS = {
    "none": (ORDERED[0], "o", 4, 3.5, "-"),
    "adaptation": (ORDERED[1], "s", 5, 1.5, "-"),
    "rate_latch": (ORDERED[2], "^", 9, 1.5, "-"),
    "nmda_latch": (ORDERED[6], "D", 4, 1.5, "--"),
}
# label -> column, whether it is shown as a change against vehicle of the same seed
PANELS: dict[str, tuple[Column, bool]] = {
    "glutamate release, 0-2 h (% against vehicle)": (at("glutamate_release", "0-2 h"), True),
    "mTORC1 at 1 h, mean of Pyr cells (relative to rest)": (at("mtorc1", "1 h"), False),
    "mTORC1, highest mean of Pyr cells (relative to rest)": (value("peak_mtorc1"), False),
    "spines per Pyr cell at 24 h (% against vehicle)": (at("spines", "24 h"), True),
    "spines per Pyr cell at 7 d (% against vehicle)": (at("spines", "7 d"), True),
}


def draw(dataset: xr.Dataset, folder: Path) -> list[Path]:
    """Draw growth_dose.png (and .svg), once a sheet."""
    return _draw(dataset, folder, "growth_dose", "ketamine i.p., rat")


def draw_human(dataset: xr.Dataset, folder: Path) -> list[Path]:
    """Draw human_dose.png (and .svg), once a sheet."""
    return _draw(dataset, folder, "human_dose", "ketamine i.v. over 40 min, human")


def _draw(dataset: xr.Dataset, folder: Path, name: str, given: str) -> list[Path]:
    made = []
    for file, heading, cell in pages(name, dataset):
        figure, axes = subplots(2, 3, figsize=(13.5, 8.0), layout="constrained")
        for axis, (label, (column, relative)) in zip(axes.flat, PANELS.items(), strict=False):
            for memory in names(cell, "memory"):
                _curve(axis, cell.sel(memory=memory), column, relative, memory)
            no_change(axis, 0.0 if relative else 1.0)
            dose_axis(axis, cell["dose"].values, fontsize=8, rotation=90 if cell.sizes["dose"] > 6 else 0)
            tidy(axis, f"ketamine ({cell['dose'].attrs['units']})", label)
            axis.get_legend().remove()
        handles, labels = axes.flat[0].get_legend_handles_labels()
        axes.flat[-1].legend(
            handles, labels, frameon=False, loc="center", title="memory (all but none are assumptions)"
        )
        axes.flat[-1].axis("off")
        figure.suptitle(f"Dose against growth, {given}, {heading} ({told(cell)})", fontsize=11)
        made.append(save(figure, folder, file))
    return made


def _curve(axis: Axes, part: xr.Dataset, column: Column, relative: bool, memory: str) -> None:
    values = np.array([column(part.sel(dose=dose)) for dose in part["dose"].values]).T
    if relative:
        values = 100.0 * (values / values[:, :1] - 1.0)
    colour, marker, size, width, dashes = LOOKS[memory]
    band(axis, dose_places(part["dose"].values), values, colour, marker, memory)
    axis.lines[-1].set(markersize=size, linewidth=width, linestyle=dashes)
