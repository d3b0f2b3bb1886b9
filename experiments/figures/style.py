"""What all figures share: colours and markers that colour-blind readers tell apart, and how a figure is
written.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from prelimbic.experiments.figures.captions import caption
from prelimbic.experiments.figures.collected import collected
from prelimbic.experiments.readouts.columns import names
from prelimbic.experiments.readouts.nulls import LABELS, MODEL
from prelimbic.experiments.storage.files import publish
from prelimbic.experiments.storage.manifest import CAPTION

# Okabe and Ito's colours, each with a marker of its own.
COLOURS = {
    "Pyr": "#D55E00",
    "PV": "#0072B2",
    "SST": "#009E73",
    "VIP": "#CC79A7",
    "a": "#000000",
    "b": "#E69F00",
}
MARKERS = {"Pyr": "o", "PV": "s", "SST": "^", "VIP": "D", "a": "o", "b": "s"}
ORDERED = ("#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7")

KINDS = ("svg", "png")  # of the files of a figure
INK = "#7F7F7F"  # of what is only for orientation


class Drawn(Figure):
    """A figure that a notebook shows, whether pyplot was imported or not."""

    def _repr_png_(self) -> bytes:
        image = BytesIO()
        self.savefig(image, format="png", dpi=90)
        return image.getvalue()


def subplots(
    *grid: int, figsize: tuple[float, float], layout: Literal["constrained"], **how: Any
) -> tuple[Figure, Any]:
    """A figure and its axes, as of pyplot, but without a back-end."""
    figure = Drawn(figsize=figsize, layout=layout)
    return figure, figure.subplots(*grid, **how)


def mosaic(
    places: str, figsize: tuple[float, float], layout: Literal["constrained"]
) -> tuple[Figure, dict[str, Axes]]:
    """A figure and its axes, by letter."""
    figure = Figure(figsize=figsize, layout=layout)
    return figure, figure.subplot_mosaic(places)


def save(figure: Any, folder: Path, name: str, kinds: tuple[str, ...] = KINDS) -> Path:
    """Write a figure as PNG and SVG, each whole or not at all, and what it shows beside them in NAME.txt;
    returns the PNG's path.  Of one kind that is asked for there is the figure alone.
    """
    if collected(figure, name, caption(figure)):
        return folder / f"{name}.png"
    for kind in kinds:
        image = BytesIO()
        figure.savefig(image, format=kind, dpi=130)
        publish(folder / f"{name}.{kind}", image.getvalue())
    if kinds == KINDS:
        publish(folder / f"{name}{CAPTION}", f"{caption(figure)}\n".encode())
    return folder / f"{name}.png"


def centre(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and SD over the seeds (first axis) that are there; NaN where none is, SD 0 where one is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        mean, sd = np.nanmean(values, axis=0), np.nanstd(values, axis=0, ddof=1)
    return mean, np.where(np.isnan(sd) & ~np.isnan(mean), 0.0, sd)


def dots(axis: Axes, x: float, values: np.ndarray, colour: str, marker: str = "o", label: str = "") -> None:
    """Values of single seeds, shape (seed,), as small dots, and right of them their mean ± SD."""
    mean, sd = centre(values)
    axis.plot(np.full(len(values), x - 0.05), values, ".", color=colour, markersize=4, alpha=0.5)
    axis.errorbar(
        x + 0.05, mean, yerr=sd, fmt=marker, color=colour, markersize=5, linewidth=1, capsize=2, label=label
    )


def pages(name: str, dataset: xr.Dataset) -> Iterator[tuple[str, str, xr.Dataset]]:
    """Sheet by sheet the name of a figure's file, a heading, and its part of a dataset, seed first."""
    for sheet in dataset["sheet"].values:
        file = name if dataset.sizes["sheet"] == 1 else f"{name}_{sheet}"
        yield file, f"sheet {sheet}", dataset.sel(sheet=sheet).transpose("seed", ...)


def told(dataset: xr.Dataset) -> str:
    """What means and bands of a figure are, for its title."""
    seeds = dataset.sizes["seed"]
    return f"mean ± SD over {seeds} seeds" if seeds > 1 else "one seed"


def band(
    axis: Axes, x: np.ndarray, values: np.ndarray, colour: str, marker: str = "o", label: str = ""
) -> None:
    """Mean and SD over seeds of `values`, shape (seed, x)."""
    mean, sd = centre(values)
    axis.fill_between(x, mean - sd, mean + sd, color=colour, alpha=0.2, linewidth=0)
    axis.plot(x, mean, "-", marker=marker, markersize=4, color=colour, label=label)


def dose_places(doses: np.ndarray) -> np.ndarray:
    """Logarithm of the dose; vehicle stands one half-decade left of the lowest dose."""
    lowest = doses[doses > 0].min()
    return np.log10(np.where(doses > 0, doses, lowest / 10**0.5))


def dose_axis(axis: Axes, doses: np.ndarray, **text: Any) -> None:
    """Doses along x, written with properties `text`."""
    axis.set_xticks(dose_places(doses), [f"{d:g}" for d in doses], **text)
    axis.margins(x=0.04)


def no_change(axis: Axes, at: float = 0.0) -> None:
    """A dotted line where nothing changes."""
    axis.axhline(at, color=INK, linewidth=0.8, linestyle=":")


def null_curves(
    axis: Axes, here: xr.Dataset, x: Sequence[float] | np.ndarray, column: Callable[[xr.Dataset], np.ndarray]
) -> None:
    """What `column` gives, (seed, x), of the model, thick, and of every null: mean ± SD."""
    for k, null in enumerate(names(here, "null")):
        values = column(here.sel(null=null))
        sd = values.std(axis=0, ddof=1) if len(values) > 1 else None
        axis.errorbar(
            x,
            values.mean(axis=0),
            sd,
            fmt="-" + "os^DvPX*"[k],
            color=(*ORDERED, INK)[k],
            markersize=4,
            capsize=2,
            linewidth=2.5 if null == MODEL else 1.2,
            label=LABELS[null],
        )


def tidy(axis: Axes, x: str, y: str) -> None:
    """Labels with units, a legend where there is something to tell apart, no box."""
    axis.set_xlabel(x)
    axis.set_ylabel(y)
    axis.spines[["top", "right"]].set_visible(False)
    if axis.get_legend_handles_labels()[1]:
        axis.legend(frameon=False, fontsize=8)
