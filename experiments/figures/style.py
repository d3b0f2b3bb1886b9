"""What all figures share: colours and markers that colour-blind readers tell apart, and how a figure is written."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from experiments.store import publish

# Okabe and Ito's colours, each with a marker of its own.
COLOURS = {"Pyr": "#D55E00", "PV": "#0072B2", "SST": "#009E73", "VIP": "#CC79A7", "a": "#000000", "b": "#E69F00"}
MARKERS = {"Pyr": "o", "PV": "s", "SST": "^", "VIP": "D", "a": "o", "b": "s"}
ORDERED = ("#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7")


def save(figure: Any, folder: Path, name: str) -> Path:
    """Write a figure as PNG and SVG, each whole or not at all; returns the PNG's path."""
    for kind in ("svg", "png"):
        image = BytesIO()
        figure.savefig(image, format=kind, dpi=130)
        publish(folder / f"{name}.{kind}", image.getvalue())
    plt.close(figure)
    return folder / f"{name}.png"


def band(axis: Axes, x: np.ndarray, values: np.ndarray, colour: str, marker: str = "o", label: str = "") -> None:
    """Mean and SD over seeds of `values`, shape (seed, x)."""
    mean = np.nanmean(values, axis=0)
    sd = values.std(axis=0, ddof=1) if len(values) > 1 else np.zeros_like(mean)
    axis.fill_between(x, mean - sd, mean + sd, color=colour, alpha=0.2, linewidth=0)
    axis.plot(x, mean, "-", marker=marker, markersize=4, color=colour, label=label)


def tidy(axis: Axes, x: str, y: str) -> None:
    """Labels with units, a legend where there is something to tell apart, no box."""
    axis.set_xlabel(x)
    axis.set_ylabel(y)
    axis.spines[["top", "right"]].set_visible(False)
    if axis.get_legend_handles_labels()[1]:
        axis.legend(frameon=False, fontsize=8)
