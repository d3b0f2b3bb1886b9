"""What is given over time: unbound brain and plasma concentrations, and the NMDA block that they make, one
column an arm.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from prelimbic.experiments.figures.style import COLOURS, INK, ORDERED, save, subplots
from prelimbic.parameters import COMPOUNDS, ENANTIOMERS
from prelimbic.simulation.config import Config

COLUMNS = 4  # beside each other
DECADES = 1e-3  # of the highest concentration: less is not shown
LONG_H = 72.0  # from here on the axis is in days
WIDE = 46  # letters of a title; one alone may have more
DASHES = {"Pyr": "-", "PV": "--", "SST": "-.", "VIP": ":"}  # beside colour
ROWS = (
    ("brain_unbound", "unbound in brain (uM)"),
    ("arterial", "total in plasma (ng/mL)"),
    ("block", "NMDA peak conductance\nshut (%)"),
)


def draw(path: Path, titles: list[str], configs: list[Config], courses: list[xr.Dataset]) -> None:
    """Write the figure, whole or not at all, in the format that the name of the file ends with."""
    save(figure(titles, configs, courses), path.parent, path.stem, (path.suffix[1:],))


def figure(titles: list[str], configs: list[Config], courses: list[xr.Dataset]) -> Any:
    """Courses over the same hours with what is given in them, each in a column of three panels."""
    columns, blocks = min(len(courses), COLUMNS), -(-len(courses) // COLUMNS)
    size = (4.0 * columns + 2.4, 7.4 * blocks + 0.6)
    whole, axes = subplots(3 * blocks, columns, figsize=size, layout="constrained", squeeze=False)
    shown = _shown(courses)
    for k, (title, config, course) in enumerate(zip(titles, configs, courses, strict=True)):
        block, column = divmod(k, columns)
        own = axes[3 * block : 3 * block + 3, column]
        _column(own, config, course, shown, first=column == 0)
        own[0].set_title(fill(title, WIDE if columns > 1 else 2 * WIDE), fontsize=9)
    for axis in axes.T.flat:
        axis.set_visible(axis.has_data())
    for row, (name, _) in enumerate(ROWS):
        _level(axes[row::3].flat, name, courses)
    _legend(whole, shown, courses)
    sheets = ", ".join(dict.fromkeys(str(course.attrs["sheet"]) for course in courses))
    whole.suptitle(f"Exposure and NMDA block at equilibrium, sheet {sheets}", fontsize=11)
    return whole


def _shown(courses: list[xr.Dataset]) -> dict[str, str]:
    """Colours of the compounds that are there in any course, ketamine and its metabolites first, each the
    sum of its enantiomers; one that stands by another set of its constants has the same colour.
    """
    there = [
        str(name)
        for course in courses
        for name in course["compound"].values
        if str(name).partition(" (")[0] not in ENANTIOMERS
        and course["brain_unbound"].sel(compound=name).max() > 0
    ]
    every = [*COMPOUNDS, *sorted({*map(_plain, there)} - {*COMPOUNDS})]
    colours = dict(zip(every, ORDERED, strict=False))
    several = sorted({*(there or COMPOUNDS)}, key=lambda name: (every.index(_plain(name)), name))
    return {name: colours.get(_plain(name), INK) for name in several}


def _plain(name: str) -> str:
    """A compound without the set of constants that stands behind it, or the enantiomer that it is."""
    before = name.partition(" (")[0]
    return ENANTIOMERS[before][0] if before in ENANTIOMERS else before


def _line(name: str) -> Any:
    return "-." if name.endswith(")") else "-"


def _column(
    axes: Sequence[Axes], config: Config, course: xr.Dataset, shown: dict[str, str], first: bool
) -> None:
    """The three panels of one arm."""
    days = np.ptp(course["time"].values) > LONG_H
    size = 24.0 if days else 1.0
    hours = course["time"].values / size
    for axis, (name, label) in zip(axes, ROWS, strict=True):
        if name == "block":
            for population in course["population"].values:
                shut = 100 * course[name].sel(population=population).values
                how = {"color": COLOURS[population], "label": population}
                axis.plot(hours, shut, DASHES[population], linewidth=1.5, **how)
        else:
            _concentrations(axis, hours, course, name, shown)
        _marks(axis, config, hours[[0, -1]], size, shown)
        axis.set_xlim(hours[0], hours[-1])
        axis.set_ylabel(label if first else "")
        if name == "block" and first:
            axis.legend(frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4)
        axis.spines[["top", "right"]].set_visible(False)
    axes[-1].set_xlabel(f"time of the schedule ({'d' if days else 'h'})")


def _concentrations(
    axis: Axes, hours: np.ndarray, course: xr.Dataset, name: str, shown: dict[str, str]
) -> None:
    """Every compound that is there; of plasma, venous where it is another than arterial."""
    if course[name].isnull().all():
        axis.text(0.5, 0.5, "a bath: no plasma", ha="center", color=INK, transform=axis.transAxes)
    for compound in (str(c) for c in course["compound"].values if str(c) in shown):
        here = course.sel(compound=compound)
        axis.plot(hours, here[name].values, _line(compound), color=shown[compound], linewidth=1.5)
        if name == "arterial" and not np.array_equal(here["venous"], here[name], equal_nan=True):
            axis.plot(hours, here["venous"].values, "--", color=shown[compound], linewidth=1.0)


def _marks(axis: Axes, config: Config, ends: np.ndarray, size: float, shown: dict[str, str]) -> None:
    """Doses as triangles at the bottom; infusions, and baths, as bars as long as they are."""
    spans = [(d.compound, d.start, d.end) for d in config.doses if d.amount]
    if config.bath is not None:
        spans += [
            (drug, config.bath.start, config.bath.end) for drug, uM in config.bath.concentrations if uM
        ]
    bottom, given = axis.get_xaxis_transform(), [*dict.fromkeys(compound for compound, *_ in spans)]
    for compound, start, end in spans:
        height = 0.02 + 0.05 * given.index(compound)
        begin, last = np.clip(np.array([start, end]) / size, *ends)
        how: dict[str, Any] = {
            "color": shown.get(_plain(compound), INK),
            "transform": bottom,
            "clip_on": False,
        }
        if last > begin:
            axis.plot([begin, last], [height] * 2, "-", linewidth=4, alpha=0.6, solid_capstyle="butt", **how)
        if np.isfinite(start) and start / size >= ends[0]:
            axis.plot(begin, height + 0.015, "^", markersize=6, **how)


def _level(axes: Any, name: str, courses: list[xr.Dataset]) -> None:
    """The same range of values in all arms: logarithmic for concentrations, where there are any."""
    names = ("arterial", "venous") if name == "arterial" else (name,)
    values = [value for course in courses for each in names for value in course[each].values.flat]
    top = max((value for value in values if np.isfinite(value)), default=0.0)
    for axis in axes:
        if name == "block":
            axis.set_ylim(0.0, max(105 * top, 1.0))
        elif top > 0:
            axis.set_yscale("log")
            axis.set_ylim(DECADES * top, 2.0 * top)
        else:
            axis.set(ylim=(0.0, 1.0), yticks=[0.0])


def _legend(whole: Any, shown: dict[str, str], courses: list[xr.Dataset]) -> None:
    """What lines and marks are, below all panels."""
    lines = [Line2D([], [], color=c, linestyle=_line(name), label=name) for name, c in shown.items()]
    if any(not np.array_equal(c["arterial"], c["venous"], equal_nan=True) for c in courses):
        lines.append(Line2D([], [], color=INK, linestyle="-", label="arterial plasma"))
        lines.append(Line2D([], [], color=INK, linestyle="--", label="venous plasma"))
    lines.append(Line2D([], [], color=INK, marker="^", linestyle="", label="dose (bar: infusion, bath)"))
    columns = len(lines) if len(courses) > 1 else 2
    whole.legend(handles=lines, frameon=False, fontsize=9, ncols=columns, loc="outside lower center")
