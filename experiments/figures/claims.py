"""A claim in one picture: what each seed gave, the mean with its interval, what was published, and the nulls
beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from prelimbic.experiments.figures.style import INK, ORDERED, save, subplots

TARGET = ORDERED[2]
COLOURS = {"holds": ORDERED[3], "fails": ORDERED[5], "inconclusive": ORDERED[1]}  # of verdicts
ROW_IN = 0.24  # height of a row


@dataclass(frozen=True)
class Row:
    """What the model, or something beside it, gave: values of seeds and the interval of their mean."""

    name: str
    values: np.ndarray  # (seed,)
    interval: tuple[float, float]


@dataclass(frozen=True)
class Panel:
    """One quantity with the range that was published, whose ends may be infinite; the model is the first
    row.
    """

    quantity: str
    unit: str
    low: float
    high: float
    verdict: str
    rows: tuple[Row, ...]


def draw(title: str, panels: Sequence[Panel], name: str, folder: Path) -> Path:
    """Draw the panels below one another into NAME.png."""
    heights = [len(panel.rows) * ROW_IN + 0.75 for panel in panels]
    size = (7.6, sum(heights) + 0.3)
    figure, axes = subplots(len(heights), 1, figsize=size, squeeze=False, layout="constrained")
    for axis, panel in zip(axes[:, 0], panels, strict=True):
        _panel(axis, panel)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return save(figure, folder, name, ("png",))


def _panel(axis: Axes, panel: Panel) -> None:
    for k, row in enumerate(panel.rows):
        values = row.values[np.isfinite(row.values)]
        colour = COLOURS.get(panel.verdict, INK) if k == 0 else INK
        axis.plot(values, np.full(len(values), k), ".", color=colour, markersize=4, alpha=0.45)
        if len(values) == len(row.values):
            below, above = row.interval
            axis.plot([below, above], [k, k], "-", color=colour, linewidth=3 if k == 0 else 1.5)
            axis.plot(values.mean(), k, "D", color=colour, markersize=5 if k == 0 else 3.5)
    low, high = _limits(axis, panel)
    axis.axvspan(max(panel.low, low), min(panel.high, high), color=TARGET, alpha=0.25, linewidth=0)
    axis.set_xlim(low, high)
    axis.set_ylim(len(panel.rows) - 0.4, -0.6)
    axis.set_yticks(range(len(panel.rows)), [row.name for row in panel.rows], fontsize=8)
    unit = "" if panel.unit == "1" else f" ({panel.unit})"
    axis.set_xlabel(f"{panel.quantity}{unit}; blue: published", fontsize=9)
    axis.spines[["top", "right"]].set_visible(False)


def _limits(axis: Axes, panel: Panel) -> tuple[float, float]:
    """What is drawn, with the ends of the published range, and a margin."""
    seen = [*axis.get_xlim(), *(end for end in (panel.low, panel.high) if np.isfinite(end))]
    margin = 0.06 * (max(seen) - min(seen)) or 1.0
    return min(seen) - margin, max(seen) + margin
