"""Predicted against published concentrations: goodness of fit, and whole courses with their points."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from prelimbic.experiments.figures.style import INK, save, subplots
from prelimbic.experiments.readouts.validation import Compared, compared
from prelimbic.parameters import ENANTIOMERS, FAMILY, compounds
from prelimbic.parameters.observations import Observation, observations
from prelimbic.simulation.observers.validation import Course, courses

MARKERS = {"iv": "o", "nasal": "^", "film": "s", "oral": "D", "oral_pr": "v", "tablet": "P", "rectal": "X"}
OTHER = "*"
COLOURS = dict(zip(FAMILY, ("#000000", "#E69F00", "#0072B2", "#009E73"), strict=True))
AXES = ("concentration", "cmax", "auc")  # quantities that have a place on the axes of concentrations
TITLES = {
    "held out": "held out: no number is from these studies",
    "fitted": "fitted, or of a study whose numbers were taken",
}
LOWEST = 1e-2  # of the highest concentration in a panel
LAST_H = 12.0
SECOND = "#CC79A7"  # of the other enantiomer, where both are drawn
TOLD = (
    "Line: the body of the sheets; band: 5th to 95th percentile of subjects; points: published means or "
    "medians, filled where held out; peaks as diamonds at the model's time"
)


def draw(dataset: xr.Dataset, folder: Path) -> list[Path]:
    """Draw validation_fit.png and validation_courses.png (and .svg)."""
    here = dataset.isel(sheet=0)
    return [_fit(compared(here), folder), _courses(here, folder)]


def _fit(rows: list[Compared], folder: Path) -> Path:
    figure, axes = subplots(1, 3, figsize=(15.5, 5.2), layout="constrained")
    tests = [each for each in rows if each.tests and not each.child]
    known = [each for each in rows if each.row.role in ("fitted", "own source")]
    for axis, some, title in ((axes[0], tests, TITLES["held out"]), (axes[1], known, TITLES["fitted"])):
        _against(axis, [each for each in some if each.row.quantity in AXES], title)
    _folds(axes[2], tests)
    return save(figure, folder, "validation_fit")


def _size(each: Compared, value: float) -> float:
    """ng/mL, or ng h/mL, whatever the unit of the row."""
    by = {"uM": compounds()[each.row.compound].molar_mass, "ug/g": 1e3}
    return value * by.get(each.row.unit, 1.0)


def _against(axis: Axes, rows: list[Compared], title: str) -> None:
    """Predicted against observed, both logarithmic, with bands of twofold and threefold."""
    span = np.array([0.05, 2e5])
    for fold, shade in ((3.0, 0.08), (2.0, 0.14)):
        axis.fill_between(span, span / fold, span * fold, color=INK, alpha=shade, linewidth=0)
    axis.plot(span, span, color=INK, linewidth=1)
    for compound, colour in COLOURS.items():
        for route, marker in {**MARKERS, "": OTHER}.items():
            some = [
                e
                for e in rows
                if e.compound == compound and (e.route == route or (route == "" and e.route not in MARKERS))
            ]
            if some:
                axis.plot(
                    [_size(e, e.row.value) for e in some],
                    [_size(e, e.predicted) for e in some],
                    marker,
                    color=colour,
                    markersize=5,
                    alpha=0.6,
                    markeredgewidth=0,
                )
    axis.set(
        xscale="log",
        yscale="log",
        xlim=span,
        ylim=span,
        title=f"{title}\n({len(rows)} rows)",
        xlabel="observed (ng/mL, areas ng h/mL)",
        ylabel="predicted (ng/mL, areas ng h/mL)",
    )
    axis.set_aspect("equal")
    routes = dict.fromkeys(e.route if e.route in MARKERS else "" for e in rows)
    for compound in dict.fromkeys(e.compound for e in rows):
        axis.plot([], [], "s", color=COLOURS[compound], label=compound)
    for route in sorted(routes, key=lambda r: r == ""):
        axis.plot([], [], MARKERS.get(route, OTHER), color=INK, label=route or "other routes")
    axis.legend(fontsize=7, loc="upper left")
    axis.spines[["top", "right"]].set_visible(False)


def _folds(axis: Axes, tests: list[Compared]) -> None:
    """Fold errors of every quantity by compound and route, each a point."""
    kinds = dict.fromkeys(
        (
            e.compound,
            e.hnk if e.row.species == "human" else "",
            e.route if e.row.species == "human" else e.row.species,
        )
        for e in tests
    )
    names = sorted(kinds, key=lambda k: (FAMILY.index(k[0]), k[1], k[2]))
    for k, name in enumerate(names):
        some = [
            e.fold
            for e in tests
            if (
                e.compound,
                e.hnk if e.row.species == "human" else "",
                e.route if e.row.species == "human" else e.row.species,
            )
            == name
        ]
        off = np.linspace(-0.22, 0.22, len(some)) if len(some) > 1 else np.zeros(1)
        axis.plot(some, k + off, "o", color=COLOURS[name[0]], markersize=3.5, alpha=0.6, markeredgewidth=0)
    for fold in (1 / 3, 1 / 2, 1.0, 2.0, 3.0):
        axis.axvline(
            fold, color=INK, linewidth=1.0 if fold == 1.0 else 0.6, linestyle="-" if fold == 1.0 else ":"
        )
    words = [
        " ".join(part for part in (name[0], f"({name[1]})" if name[1] else "", name[2]) if part)
        for name in names
    ]
    axis.set(
        xscale="log",
        title="held out: predicted over observed",
        xlabel="fold",
        yticks=range(len(names)),
        ylim=(len(names) - 0.4, -0.6),
    )
    axis.set_yticklabels(words, fontsize=7)
    axis.set_xticks(
        [0.05, 0.1, 0.2, 1 / 3, 0.5, 1, 2, 3, 5, 10],
        ["0.05", "0.1", "0.2", "1/3", "1/2", "1", "2", "3", "5", "10"],
        fontsize=7,
    )
    axis.minorticks_off()
    axis.spines[["top", "right"]].set_visible(False)


def _courses(dataset: xr.Dataset, folder: Path) -> Path:
    """One panel for each thing that is given: the body of the sheets, 90 % of subjects, and the points."""
    shown, cell = courses(), dataset.sel(species="human").isel(seed=0)
    panels = dict.fromkeys((course.give, course.site) for course in shown)
    figure, axes = subplots(2, 3, figsize=(15.5, 8.4), layout="constrained")
    for axis, (give, site) in zip(axes.flat, panels, strict=True):
        own = [(k, course) for k, course in enumerate(shown) if (course.give, course.site) == (give, site)]
        top = max(float(cell["interval"].isel(course=k).max()) for k, _ in own)
        for k, course in own:
            _one(axis, cell.isel(course=k), course, _colour(course.compound))
        title = give[0] if len(give) == 1 else "ketamine 0.28, 0.57, 1.14 mg/kg/h iv, an hour each"
        axis.set(
            yscale="log",
            ylim=(LOWEST * 0.3 * top, 2.0 * top),
            xlim=(-0.2, LAST_H + 0.2),
            xlabel="hours",
            ylabel=f"{site} plasma (ng/mL)",
            title=title,
        )
        axis.legend(fontsize=7, loc="upper right")
        axis.spines[["top", "right"]].set_visible(False)
    figure.suptitle(
        TOLD,
        fontsize=10,
    )
    return save(figure, folder, "validation_courses")


def _colour(compound: str) -> str:
    """That of the compound, as everywhere on these figures; of R-ketamine, beside S-ketamine, another."""
    of, hand = ENANTIOMERS.get(compound, (compound, ""))
    return SECOND if hand == "R" else COLOURS[of]


def _one(axis: Axes, cell: xr.Dataset, course: Course, colour: str) -> None:
    hours, typical = cell["hour"].values, cell["typical"].values
    low, high = (cell["interval"].sel(percentile=p).values for p in (5.0, 95.0))
    axis.fill_between(hours, low, high, color=colour, alpha=0.13, linewidth=0)
    axis.plot(
        hours, typical, "--" if course.hnk == "kamp" else "-", color=colour, linewidth=1.5, label=course.name
    )
    for row in _rows(course):
        hour = row.time_h if row.time_h is not None else float(hours[typical.argmax()])
        full = colour if row.role == "held out" else "none"
        value = row.value * (compounds()[row.compound].molar_mass if row.unit == "uM" else 1.0)
        axis.plot(
            hour,
            value,
            "D" if row.quantity == "cmax" else "o",
            color=colour,
            markerfacecolor=full,
            markersize=5,
        )


def _rows(course: Course) -> list[Observation]:
    """Observations that lie on a course."""
    return [
        row
        for row in observations("human")
        if (row.give, row.site, row.compound) == (course.give, course.site, course.compound)
        and row.quantity in ("concentration", "cmax")
        and row.role != "not scored"
        and row.hnk in ("", course.hnk)
        and (row.time_h or 0.0) <= LAST_H
    ]
