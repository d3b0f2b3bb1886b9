"""Concentrations of many subjects over time: median, 5th and 95th percentile, and published points."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import xarray as xr
from matplotlib.axes import Axes

from prelimbic.experiments.figures.style import ORDERED, save, subplots
from prelimbic.parameters import ENANTIOMERS, compounds
from prelimbic.parameters.observations import Observation

PANELS = (
    ("arterial", "arterial plasma (ng/mL)"),
    ("venous", "venous plasma (ng/mL)"),
    ("brain_unbound", "unbound in brain (uM)"),
)
LOWEST = 1e-3  # of the highest concentration in a panel


def draw(path: Path, heading: str, course: xr.Dataset, points: list[Observation]) -> None:
    """Write the figure, whole or not at all, in the format that the name of the file ends with."""
    save(figure(heading, course, points), path.parent, path.stem, (path.suffix[1:],))


def figure(heading: str, course: xr.Dataset, points: list[Observation]) -> Any:
    """Percentiles, (quantile, time, compound), of every compound that is there."""
    there = course["brain_unbound"].max(("quantile", "time"))
    shown = [str(c) for c in course["compound"].values if there.sel(compound=c) > 0 and _sum(str(c))]
    whole, axes = subplots(1, len(PANELS), figsize=(15.0, 4.8), layout="constrained")
    for axis, (name, label) in zip(axes, PANELS, strict=True):
        for compound, colour in zip(shown, ORDERED, strict=False):
            _band(axis, course[name].sel(compound=compound), colour, compound)
        top = float(course[name].sel(compound=shown).max())
        axis.set(
            yscale="log", ylim=(LOWEST * top, 2.0 * top), xlabel="time of the schedule (h)", ylabel=label
        )
        for row in points:
            if row.site == name and _drawn(row) in shown:
                _point(axis, row, shown)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].legend(frameon=False, fontsize=8)
    told = "line: median; band: 5th to 95th percentile"
    told += "; points: published, filled where nothing was fitted on them" if points else ""
    whole.suptitle(f"{heading} ({told})", fontsize=10)
    return whole


def _sum(name: str) -> bool:
    return name.partition(" (")[0] not in ENANTIOMERS


def _band(axis: Axes, values: xr.DataArray, colour: str, label: str) -> None:
    low, median, high = (values.sel(quantile=q).values for q in values["quantile"].values)
    hours, other = values["time"].values, label.endswith(")")
    if not other:
        axis.fill_between(hours, low, high, color=colour, alpha=0.15, linewidth=0)
    axis.plot(hours, median, "--" if other else "-", color=colour, linewidth=1.5, label=label)


def _drawn(row: Observation) -> str:
    """The compound whose band a published value belongs to: its own, or, where that enantiomer alone was
    given, the compound that it is; of an enantiomer of a racemate none.
    """
    compound, hand = ENANTIOMERS.get(row.compound, (row.compound, ""))
    alone = all(text.startswith(f"{hand}-") for text in row.give)
    return compound if not hand or alone else ""


def _point(axis: Axes, row: Observation, shown: list[str]) -> None:
    """A published concentration, filled where it was held out, in the colour of its compound."""
    colour = ORDERED[shown.index(_drawn(row)) % len(ORDERED)]
    value = row.value * (compounds()[row.compound].molar_mass if row.unit == "uM" else 1.0)
    full = colour if row.role == "held out" else "none"
    axis.plot(float(row.time_h or 0.0), value, "o", color=colour, markerfacecolor=full, markersize=6)
