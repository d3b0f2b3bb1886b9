"""The dose curve of Pyr firing with each of the most influential numbers at either end of its range."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from prelimbic.experiments.figures.style import (
    ORDERED,
    band,
    no_change,
    pages,
    save,
    subplots,
    tidy,
    told,
)
from prelimbic.experiments.readouts.influence import SHOWN, Curve, Influence, influences, told_value

ACROSS = 5
KINDS = {"low": (ORDERED[4], "v"), "high": (ORDERED[5], "^")}


def draw(dataset: xr.Dataset, folder: Path) -> list[Path]:
    """Draw influence.png (and .svg), once a sheet; returns the paths of the PNGs."""
    made = []
    for file, heading, cell in pages("influence", dataset):
        found = [one for one in influences(cell) if np.isfinite(one.moves)][:SHOWN]
        if not found:
            continue
        down = -(-len(found) // ACROSS)
        figure, grid = subplots(
            down,
            ACROSS,
            figsize=(3.1 * ACROSS, 3.0 * down + 0.7),
            sharex=True,
            sharey=True,
            squeeze=False,
            layout="constrained",
        )
        for axis in grid.ravel()[len(found) :]:
            axis.set_visible(False)
        for axis, one in zip(grid.ravel(), found, strict=False):
            _panel(axis, one)
        for axis in grid[:, 0]:
            axis.set_ylabel("Pyr firing over rest")
        for axis in grid.ravel()[max(0, len(found) - ACROSS) : len(found)]:  # nothing stands below these
            axis.set_xlabel("free ketamine (uM)")
            axis.tick_params(labelbottom=True)
        figure.suptitle(
            f"{heading}: the numbers that move the curve most, at either end of their ranges; {told(cell)}",
            fontsize=11,
        )
        made.append(save(figure, folder, file))
    return made


def _panel(axis: Axes, one: Influence) -> None:
    _line(axis, one.sheet, ORDERED[0], "o", f"sheet: {told_value(one.name, one.stands)}")
    for end, curve in one.ends.items():
        label = told_value(one.name, curve.value)
        if curve.there.any():
            _line(axis, curve, *KINDS[end], f"{end}: {label}")
        else:
            axis.plot([], [], " ", label=f"{end}: {label}, cannot rest")
    no_change(axis, 1.0)
    axis.set_xticks(range(len(one.sheet.uM)), [f"{c:g}" for c in one.sheet.uM])
    axis.set_title(f"{one.name} ({one.moves:.0f} %)", loc="left", fontsize=9)
    tidy(axis, "", "")
    axis.legend(frameon=False, fontsize=7)


def _line(axis: Axes, curve: Curve, colour: str, marker: str, label: str) -> None:
    band(axis, np.arange(len(curve.uM)), curve.over_rest[curve.there], colour, marker, label)
