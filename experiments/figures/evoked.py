"""Calcium that trains evoke in dendrites, untreated and at the peak of a dose, and the change under every
null.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from prelimbic.experiments.figures.style import (
    ORDERED,
    band,
    no_change,
    null_curves,
    pages,
    save,
    subplots,
    tidy,
    told,
)
from prelimbic.experiments.readouts.evoked import by_train
from prelimbic.experiments.readouts.nulls import MODEL


def draw(dataset: xr.Dataset, folder: Path) -> list[Path]:
    """Draw evoked.png (and .svg), once a sheet."""
    made = []
    for file, heading, here in pages("evoked", dataset):
        figure, axes = subplots(1, 2, figsize=(11.0, 4.4), layout="constrained", width_ratios=(1.0, 1.6))
        cell, pulses = here.sel(null=MODEL), here["pulses"].values
        places = np.arange(len(pulses))
        for given, colour, marker in zip(here["given"].values, ORDERED, "os", strict=False):
            band(
                axes[0],
                places,
                cell["evoked_calcium"].sel(given=given).values,
                colour,
                marker,
                f"{given:g} mg/kg",
            )
        axes[0].set_yscale("log")
        tidy(axes[0], "volleys in a train", "evoked activation of Ca channels (s)")
        null_curves(axes[1], here, range(len(pulses)), by_train)
        no_change(axes[1])
        tidy(axes[1], "volleys in a train", "change at the peak (%)")
        axes[1].legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
        for axis in axes:
            axis.set_xticks(places, [f"{p:g}" for p in pulses])
        figure.suptitle(
            f"Dendritic Ca evoked by trains, 10 mg/kg i.p., mouse, {heading} ({told(here)})", fontsize=11
        )
        made.append(save(figure, folder, file))
    return made
