"""What circuits drawn from the prior do, what separates those with a surge, and which numbers move surge and
falling limb.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from prelimbic.experiments.figures.style import INK, ORDERED, mosaic, no_change, save, tidy
from prelimbic.experiments.readouts.prior import (
    SHARES,
    SURGE,
    ends,
    felt,
    firing,
    interval,
    knobs,
    logs,
    separation,
    surges,
    turns,
    valid_circuits,
)

KINDS = {"no surge": (INK, "o"), "surge, no turn": (ORDERED[1], "^"), "whole inverted U": (ORDERED[4], "s")}
SHOWN = 8
LEAST, MOST = 0.01, 30.0  # firing over rest that a logarithmic axis shows; above the curves is their legend
BRIEF = (("compounds.", ""), ("_nmda_to_ampa", " NMDA:AMPA"), ("nmda_to_ampa", "NMDA:AMPA"))  # of names


def draw(dataset: xr.Dataset, folder: Path) -> list[Path]:
    """Draw circuit_prior.png (and .svg), once a sheet."""
    made = []
    for sheet in dataset["sheet"].values:
        cell = felt(valid_circuits(dataset.sel(sheet=sheet)).isel(affinity=0))
        if cell.sizes["seed"] < 2:
            continue
        figure, grid = mosaic("aabbcc;dddeee", figsize=(14.0, 8.2), layout="constrained")
        axes = [grid[k] for k in "abcde"]
        kind = np.where(turns(cell), 2, np.where(surges(cell) >= SURGE, 1, 0))
        _curves(axes[0], cell, kind)
        _plane(axes[1], cell, kind)
        _bins(axes[2], cell)
        _knobs(axes[3], cell, surges(cell), "surge")
        _knobs(axes[4], cell, ends(cell), "firing at 100 uM")
        title = (
            f"{cell.sizes['seed']} calibrated circuits of {dataset.sizes['seed']} drawn from sheet {sheet}; "
            "one seed each"
        )
        figure.suptitle(title, fontsize=11)
        made.append(
            save(
                figure, folder, "circuit_prior" if dataset.sizes["sheet"] == 1 else f"circuit_prior_{sheet}"
            )
        )
    return made


def _curves(axis: Axes, cell: xr.Dataset, kind: np.ndarray) -> None:
    curves, places = np.maximum(firing(cell), LEAST), np.arange(cell.sizes["concentration"])
    for k, (name, (colour, _)) in enumerate(KINDS.items()):
        mine = curves[kind == k]
        if len(mine):
            axis.plot(places, mine.T, color=colour, linewidth=0.4, alpha=0.35)
            axis.plot(
                places,
                np.median(mine, axis=0),
                color=colour,
                linewidth=2.5,
                label=f"{name}: {len(mine)}, median thick",
            )
    no_change(axis, 1.0)
    axis.set_yscale("log")
    axis.set_ylim(LEAST, MOST)
    axis.set_xticks(places, [f"{c:g}" for c in cell["concentration"].values])
    tidy(axis, "free ketamine (uM)", "Pyr firing over rest")


def _plane(axis: Axes, cell: xr.Dataset, kind: np.ndarray) -> None:
    gap, surge = separation(cell), np.maximum(surges(cell), LEAST)
    for k, (name, (colour, marker)) in enumerate(KINDS.items()):
        mine = kind == k
        if mine.any():
            axis.plot(gap[mine], surge[mine], marker, color=colour, markersize=3, alpha=0.7, label=name)
    no_change(axis, SURGE)
    axis.set_yscale("log")
    axis.locator_params("x", nbins=5)
    axis.set_title(f"r = {np.corrcoef(gap, logs(surge))[0, 1]:.2f}", loc="left", fontsize=10)
    tidy(axis, "NMDA share of excitation,\nPV and SST less Pyr", "highest Pyr firing over rest, 1-3 uM")
    axis.legend(frameon=False, fontsize=8, ncols=3, loc="lower right", bbox_to_anchor=(1.0, 1.0))


def _bins(axis: Axes, cell: xr.Dataset) -> None:
    gap, has = separation(cell), surges(cell) >= SURGE
    for k, (low, high) in enumerate(pairwise(SHARES)):
        mine = has[(gap >= low) & (gap < high)]
        if len(mine):
            below, above = interval(mine.mean(), len(mine))
            axis.bar(k, 100 * mine.mean(), 0.7, color=ORDERED[2])
            axis.plot([k, k], [100 * below, 100 * above], color=ORDERED[0], linewidth=1)
        axis.text(k, 102, f"n {len(mine)}", ha="center", fontsize=8)
    labels = [
        f"below {SHARES[1]:g}",
        *(f"{a:g} to {b:g}" for a, b in pairwise(SHARES[1:-1])),
        f"above {SHARES[-2]:g}",
    ]
    axis.set_xticks(range(len(labels)), labels, rotation=25, ha="right", fontsize=8)
    axis.set_xlim(-0.6, len(labels) - 0.4)  # empty bins too
    axis.set_ylim(0, 110)
    tidy(axis, "NMDA share of excitation,\nPV and SST less Pyr", "circuits with a surge (%, bars: 95 %)")


def _knobs(axis: Axes, cell: xr.Dataset, readout: np.ndarray, what: str) -> None:
    found = knobs(cell, logs(readout))[:SHOWN][::-1]
    axis.barh(
        range(len(found)), [k.rho for k in found], color=[ORDERED[5] if k.clear else INK for k in found]
    )
    axis.axvline(0.0, color=ORDERED[0], linewidth=0.8)
    names = [k.name for k in found]
    for word, brief in BRIEF:
        names = [name.replace(word, brief) for name in names]
    axis.set_yticks(range(len(found)), names, fontsize=8)
    tidy(axis, f"rank correlation with the {what}\n(orange: clear of 0, all numbers counted)", "")
