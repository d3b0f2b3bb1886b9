"""Growth under every variant of strides and looks, and how far it lies from the standard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from prelimbic.experiments.figures.style import ORDERED, dots, no_change, pages, save, subplots, tidy, told
from prelimbic.experiments.readouts.columns import effect_of, names

STANDARD, GROWN = "standard", ("24 h", "72 h", "7 d", "14 d")
LOOKS = {
    STANDARD: (ORDERED[0], "o"),
    "strides halved": (ORDERED[1], "s"),
    "looks doubled": (ORDERED[4], "^"),
    "every look taken": (ORDERED[6], "D"),
}
Grown = dict[tuple[str, str], np.ndarray]


def draw(dataset: xr.Dataset, folder: Path) -> list[Path]:
    """Draw strides.png (and .svg), once a sheet."""
    made = []
    for file, heading, cell in pages("strides", dataset):
        figure, axes = subplots(1, 2, figsize=(12.5, 4.8), layout="constrained")
        shown = names(cell, "variant")
        grown = {(v, r): effect_of(cell, "spines", r, variant=v) for v in shown for r in GROWN}
        _effects(axes[0], grown, shown)
        _errors(axes[1], grown, [v for v in shown if v != STANDARD])
        figure.suptitle(
            f"Growth after 10 mg/kg i.p., rat, by strides and looks, {heading} (dots: seeds; {told(cell)})",
            fontsize=11,
        )
        made.append(save(figure, folder, file))
    return made


def _effects(axis: Axes, grown: Grown, shown: list[str]) -> None:
    for k, readout in enumerate(GROWN):
        for n, variant in enumerate(shown):
            dots(
                axis,
                k + 0.2 * (n - 1.5),
                grown[variant, readout],
                *LOOKS[variant],
                label="" if k else variant,
            )
    axis.set_ylim(bottom=0.0)
    _furnish(axis, "spines per Pyr cell against vehicle of the same seed (%)")


def _errors(axis: Axes, grown: Grown, shown: list[str]) -> None:
    for k, readout in enumerate(GROWN):
        effect = np.nanmean(grown[STANDARD, readout])
        for n, variant in enumerate(shown):
            error = 100.0 * (grown[variant, readout] - grown[STANDARD, readout]) / effect
            dots(axis, k + 0.2 * (n - 1), error, *LOOKS[variant], label="" if k else variant)
    no_change(axis)
    _furnish(axis, "difference from standard, same seed (% of its effect)")


def _furnish(axis: Axes, y: str) -> None:
    axis.set_xticks(range(len(GROWN)), GROWN)
    tidy(axis, "time after the dose", y)
