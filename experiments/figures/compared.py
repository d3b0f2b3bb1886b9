"""Differences between two sweeps: outcome by outcome, in per cent, with 95 % intervals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.lines import Line2D

from prelimbic.experiments.figures.style import INK, KINDS, ORDERED, save, subplots

ROW_IN, WIDTH_IN = 0.27, 8.0
LINEAR = 10.0  # %: beyond, the axis is logarithmic where differences are large
LARGE = 300.0
Row = tuple[str, float, float, float, bool]


def draw(rows: Sequence[Row], names: tuple[str, str], folder: Path, name: str) -> Path:
    """NAME.png, .svg and .txt in a folder."""
    return save(figure(rows, names), folder, name, KINDS)


def plotted(rows: Sequence[Row], names: tuple[str, str], file: Path | None) -> Any:
    """The figure, written to a file if one is named."""
    made = figure(rows, names)
    if file is not None:
        save(made, file.parent, file.stem, (file.suffix[1:],))
    return made


def figure(rows: Sequence[Row], names: tuple[str, str]) -> Any:
    """One row an outcome: the difference (dot) and its interval (bar), clear ones in colour."""
    made, axis = subplots(figsize=(WIDTH_IN, ROW_IN * max(len(rows), 3) + 1.8), layout="constrained")
    places = np.arange(len(rows))[::-1]
    for y, (_, middle, low, high, clear) in zip(places, rows, strict=True):
        colour, marker = (ORDERED[5], "o") if clear else (INK, "s")
        if np.isfinite(low):
            axis.plot([low, high], [y, y], "-", color=colour, linewidth=1.5)
        axis.plot(middle, y, marker, color=colour, markersize=5, label="_")
    axis.axvline(0.0, color=ORDERED[0], linewidth=0.8)
    ends = [abs(v) for _, *each, _ in rows for v in each if np.isfinite(v)]
    if ends and max(ends) > LARGE:
        axis.set_xscale("symlog", linthresh=LINEAR)
    axis.set_yticks(places, [label for label, *_ in rows], fontsize=8)
    axis.set_ylim(-0.7, max(len(rows), 3) - 0.3)
    axis.set_xlabel("difference, second - first (% of the first; bars: 95 % interval)")
    axis.spines[["top", "right"]].set_visible(False)
    held = any(np.isfinite(low) for _, _, low, _, _ in rows)
    unclear = "not clear" if held else "no spread over seeds to hold it against"
    marks = [Line2D([], [], color=INK, marker="s", label=unclear)]
    if held:
        counted = "clear, all looked at counted (Holm, 5 %)"
        marks.insert(0, Line2D([], [], color=ORDERED[5], marker="o", label=counted))
    made.legend(handles=marks, frameon=False, fontsize=8, ncols=2, loc="outside lower center")
    made.suptitle(f"first: {names[0]}\nsecond: {names[1]}", fontsize=10)
    return made
