"""A claim in one picture: what each seed gave, the mean with its interval, what was published, and the nulls
beside it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from prelimbic.experiments.claims.claim import NO_DRUG, Judged, Measure
from prelimbic.experiments.figures.style import INK, ORDERED, save, subplots
from prelimbic.experiments.readouts.nulls import INERT, MEANING

TARGET = ORDERED[2]
COLOURS = {"holds": ORDERED[3], "fails": ORDERED[5], "inconclusive": ORDERED[1], NO_DRUG: ORDERED[5],
           "not testable": INK}  # fmt: skip
ROW_IN = 0.24  # height of a row


def draw(judged: Judged, folder: Path) -> Path:
    """Draw one panel a measure into ID.png."""
    rows = 1 + len(judged.nulls) + bool(judged.inert)
    heights = [rows * ROW_IN + 0.75] * len(judged.measures)
    figure, axes = subplots(
        len(heights), 1, figsize=(7.6, sum(heights) + 0.3), squeeze=False, layout="constrained"
    )
    for k, (axis, measure) in enumerate(zip(axes[:, 0], judged.measures, strict=True)):
        shown = {"the model": measure} | {MEANING[n]: found[k] for n, found in judged.nulls.items()}
        shown |= {INERT: judged.inert[k]} if judged.inert else {}
        _panel(axis, shown, measure, COLOURS[judged.of(measure)])
    figure.suptitle(f"{judged.claim.id}: {judged.verdict}", x=0.01, ha="left", fontsize=11)
    return save(figure, folder, judged.claim.id, ("png",))


def _panel(axis: Axes, shown: dict[str, Measure], model: Measure, model_colour: str) -> None:
    for row, measure in enumerate(shown.values()):
        values = measure.values[np.isfinite(measure.values)]
        colour = model_colour if row == 0 else INK
        axis.plot(values, np.full(len(values), row), ".", color=colour, markersize=4, alpha=0.45)
        if len(values) == len(measure.values):
            below, above = measure.interval
            axis.plot([below, above], [row, row], "-", color=colour, linewidth=3 if row == 0 else 1.5)
            axis.plot(values.mean(), row, "D", color=colour, markersize=5 if row == 0 else 3.5)
    low, high = _limits(axis, model)
    axis.axvspan(max(model.low, low), min(model.high, high), color=TARGET, alpha=0.25, linewidth=0)
    axis.set_xlim(low, high)
    axis.set_ylim(len(shown) - 0.4, -0.6)
    axis.set_yticks(range(len(shown)), list(shown), fontsize=8)
    unit = "" if model.unit == "1" else f" ({model.unit})"
    axis.set_xlabel(f"{model.name}{unit}; blue: published", fontsize=9)
    axis.spines[["top", "right"]].set_visible(False)


def _limits(axis: Axes, model: Measure) -> tuple[float, float]:
    """What is drawn, with the ends of the published range, and a margin."""
    seen = [*axis.get_xlim(), *(end for end in (model.low, model.high) if np.isfinite(end))]
    margin = 0.06 * (max(seen) - min(seen)) or 1.0
    return min(seen) - margin, max(seen) + margin
