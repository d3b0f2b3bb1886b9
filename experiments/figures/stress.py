"""Spines through three weeks of stress and two weeks after a dose, and how many of the lost sites hold one
again.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from prelimbic.experiments.figures.style import ORDERED, band, pages, save, subplots, tidy, told
from prelimbic.experiments.readouts.columns import names
from prelimbic.experiments.readouts.stress import ANY_RULE, STRESS_H, is_stressed

FROM_D = -22.5
# group -> colour, marker, dashes; where lines lie on each other, markers stand at different days and dashes
# let see through
LOOKS = {
    "control": ("#7F7F7F", "x", "-"),
    "control, ketamine": (ORDERED[2], "v", "-"),
    "stress": (ORDERED[0], "o", "-"),
    "stress, ketamine": (ORDERED[5], "s", "-"),
    "stress, ketamine, rapamycin": (ORDERED[1], "^", "--"),
    "stress, rapamycin": (ORDERED[4], "D", ":"),
}


def draw(dataset: xr.Dataset, folder: Path) -> list[Path]:
    """Draw stress.png (and .svg), once a sheet: a column a rule of regrowth; controls ran by one rule and
    stand in both.
    """
    made = []
    for file, heading, cell in pages("stress", dataset):
        rules = names(cell, "rule")
        figure, axes = subplots(
            2,
            len(rules),
            figsize=(6.4 * len(rules), 8.4),
            squeeze=False,
            sharey="row",
            sharex="row",
            layout="constrained",
        )
        control = cell["spines_course"].sel(rule=ANY_RULE, group="control").values
        for column, rule in zip(axes.T, rules, strict=True):
            for group in names(cell, "group"):
                part = cell.sel(rule=rule if is_stressed(group) else ANY_RULE, group=group)
                _group(column, part, control, group)
            column[0].set_title(f"rule {rule}", loc="left", fontsize=10)
            _furnish(column)
        axes[1][0].set_ylim(bottom=0.0)
        handles, labels = axes[0][0].get_legend_handles_labels()
        figure.legend(
            handles,
            labels,
            frameon=False,
            fontsize=9,
            ncols=3,
            loc="outside upper center",
            title_fontsize=11,
            title=f"Three weeks of stress (shaded), 10 mg/kg i.p. on day 0, rat, {heading} ({told(cell)})",
        )
        made.append(save(figure, folder, file))
    return made


def _group(axes: np.ndarray, part: xr.Dataset, control: np.ndarray, group: str) -> None:
    days = part["time"].values / 24.0
    _line(axes[0], days, 100.0 * part["spines_course"].values / control, group)
    if is_stressed(group):
        lost = part["lost_sites_course"].values
        _line(
            axes[1], days, 100.0 * part["regained_course"].values / np.where(lost > 0, lost, np.nan), group
        )


def _line(axis: Axes, days: np.ndarray, values: np.ndarray, group: str) -> None:
    shown, (colour, marker, dashes) = days >= FROM_D, LOOKS[group]
    band(axis, days[shown], values[:, shown], colour, marker, group)
    apart = np.arange(FROM_D, 15.0, 3.0) + 0.75 * (list(LOOKS).index(group) % 4)
    axis.lines[-1].set_markevery(sorted({int(np.argmin(np.abs(days[shown] - day))) for day in apart}))
    axis.lines[-1].set(linestyle=dashes)


def _furnish(axes: np.ndarray) -> None:
    labels = (
        "spines per Pyr cell (% of control of the same seed)",
        "lost sites that hold a spine again (%)",
    )
    for axis, y in zip(axes, labels, strict=True):
        axis.axvline(0.0, color="black", linewidth=0.8, linestyle=":")
        tidy(axis, "days after the dose", y)
        axis.get_legend().remove()
    axes[0].axvspan(STRESS_H[0] / 24.0, STRESS_H[1] / 24.0, color="#7F7F7F", alpha=0.12, linewidth=0)
    axes[0].set_xticks(range(-21, 15, 7))
    axes[1].set_xlim(-0.5, 14.5)
