"""Synaptic events on pyramidal cells of a slice against concentration, and beside it the nulls."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from prelimbic.experiments.figures.style import (
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
from prelimbic.experiments.readouts.columns import names
from prelimbic.experiments.readouts.nulls import LABELS, MODEL
from prelimbic.experiments.readouts.slice import EVENTS, effect


def draw(dataset: xr.Dataset, folder: Path) -> list[Path]:
    """Draw slice.png (and .svg), once a sheet."""
    made = []
    for file, heading, here in pages("slice", dataset):
        figure, axes = subplots(
            1, 3, figsize=(16.0, 4.6), layout="constrained", width_ratios=(1.0, 1.3, 1.3)
        )
        cell, doses = here.sel(null=MODEL), [float(c) for c in here["concentration"].values if c > 0]
        for colour, marker, (label, name) in zip(ORDERED, "os^Dv", EVENTS.items(), strict=False):
            band(
                axes[0],
                np.arange(len(doses)),
                np.array([effect(cell, name, c) for c in doses]).T,
                colour,
                marker,
                label,
            )
        axes[0].set_xticks(range(len(doses)), [f"{c:g}" for c in doses])
        tidy(axes[0], "free ketamine (uM)", "change against no drug (%)")
        for axis, (name, words) in zip(
            axes[1:], (("sepsc_rate", "sEPSC rate"), ("sipsc_rate", "sIPSC rate")), strict=True
        ):
            _beside(axis, here, name)
            tidy(axis, "", f"{words} (% against no drug)")
        for axis in axes:
            no_change(axis)
        figure.suptitle(
            f"Pyr cells in voltage clamp, slice in a bath of ketamine, {heading} ({told(here)})", fontsize=11
        )
        made.append(save(figure, folder, file))
    return made


def _beside(axis: Axes, here: xr.Dataset, name: str) -> None:
    shown = names(here, "null")
    for k, null in enumerate(shown):
        for shift, uM, colour, marker in ((-0.15, 1.0, ORDERED[5], "o"), (0.15, 10.0, ORDERED[4], "s")):
            values = effect(here.sel(null=null), name, uM)
            if np.isfinite(values).all():
                dots(axis, k + shift, values, colour, marker, "" if k else f"{uM:g} uM")
    labels = [LABELS[n] for n in shown]
    axis.set_xticks(range(len(shown)), labels, rotation=35, ha="right", fontsize=8)
    axis.set_ylim(-105, 150)
