"""The answer to a question of one's own over the whole protocol: exposure and block, rates, AMPA, cascade,
protein, spines; and on the right the day after the first dose.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from prelimbic.experiments.figures.style import INK, ORDERED, centre, pages, save, subplots, told
from prelimbic.parameters import ENANTIOMERS
from prelimbic.simulation.drugged import around
from prelimbic.simulation.question import Point, Question
from prelimbic.simulation.written import question_in

VEHICLE = "#7F7F7F"
DASHES = ("-", "--", ":", "-.")
COLOURS = tuple(colour for colour in ORDERED if colour != "#000000")
MOST_LINES = len(COLOURS) * 2
SHOWN_FROM_H, BEFORE_SHARE = 12.0, 0.2  # untreated hours before the first event that are shown
NEAR_H = (-2.0, 24.0)  # of the right column, round the first dose
POINTS = 600  # at which concentrations are computed
INTERNEURONS = {"PV": "-", "SST": "--", "VIP": ":"}
# panel: label, courses as (variable, where in it, dashes)
Course = tuple[str, dict[str, str], str]
PANELS: tuple[tuple[str, tuple[Course, ...]], ...] = (
    ("Pyr rate (Hz)", (("rate_course", {"population": "Pyr"}, "-"),)),
    (
        "interneuron rate (Hz)\nPV -, SST - -, VIP ...",
        tuple(("rate_course", {"population": name}, dash) for name, dash in INTERNEURONS.items()),
    ),
    ("recurrent AMPA\nper Pyr cell (nS)", (("recurrent_ampa_course", {}, "-"),)),
    ("BDNF\n(relative to rest)", (("bdnf_fine", {}, "-"),)),
    ("p-mTORC1\n(relative to rest)", (("mtorc1_fine", {}, "-"),)),
    ("synaptic protein\n(relative to rest)", (("protein_fine", {}, "-"),)),
    ("spines per Pyr cell", (("spines_course", {}, "-"),)),
)


def draw(dataset: xr.Dataset, folder: Path) -> list[Path]:
    """Draw question.png (and .svg), once a sheet."""
    return [save(figure, folder, file) for file, figure in figures(dataset)]


def plotted(dataset: xr.Dataset, file: Path | None) -> Any:
    """The figure of one sheet, written to a file if one is named."""
    ((_, figure),) = figures(dataset)
    if file is not None:
        save(figure, file.parent, file.stem, (file.suffix[1:],))
    return figure


def figures(dataset: xr.Dataset) -> Iterator[tuple[str, Any]]:
    """Name and figure, once a sheet.  Raises QuestionError where the dataset answers no question of one's
    own.
    """
    question = question_in(dataset.attrs)
    dataset = dataset if "sheet" in dataset.dims else dataset.expand_dims("sheet")
    for file, heading, cell in pages("question", dataset):
        points = question.points()
        lines = _lines(points)
        figure, axes = subplots(
            len(PANELS) + 2,
            2,
            figsize=(12.5, 19.0),
            sharex="col",
            width_ratios=(1.7, 1.0),
            layout="constrained",
        )
        begin, span = _hours(points)
        for column, (low, high), unit in zip(
            axes.T, (span, (begin + NEAR_H[0], begin + NEAR_H[1])), ("d", "h"), strict=True
        ):
            _column(column, cell, lines, (low, min(high, span[1])), unit)
        left = axes[:, 0]
        left[-1].set_xlabel("days of the protocol")
        axes[-1, 1].set_xlabel("hours of the protocol, round the first dose")
        _legend(figure, question, lines, points)
        title = question.title or f"{', '.join(arm.name for arm in question.arms)}, beside vehicle"
        begins = ", ".join(dict.fromkeys(point.config.hypotheses.baseline for point in points))
        what = f"{question.species}, {heading}, baseline {begins}; lines and bands: {told(cell)}"
        figure.suptitle(f"{title}\n{what}", fontsize=11)
        yield file, figure


def _lines(points: list[Point]) -> list[tuple[Point, str, str]]:
    """Points with colour and dashes: vehicles grey, those that are too many for colours left out."""
    references = [point.reference for point in points if point.reference is not None]
    grey = [p for p in points if p.reference is None and p.place in references]
    others = [p for p in points if p not in grey]
    looks = [(colour, dash) for dash in DASHES[:2] for colour in COLOURS]
    found = [(p, VEHICLE, dash) for p, dash in zip(grey, DASHES, strict=False)]
    return found + [(p, *look) for p, look in zip(others, looks, strict=False)]


def _hours(points: list[Point]) -> tuple[float, tuple[float, float]]:
    """The hour of the first dose or bath, and the first and last hour that are shown."""
    configs = [point.config for point in points]
    given = [dose.start for c in configs for dose in c.doses]
    given += [c.bath.start for c in configs if c.bath is not None and np.isfinite(c.bath.start)]
    events = given + [i.start for c in configs for i in c.protocol.inhibitions]
    events += [hour for c in configs for hour in c.protocol.stress or ()]
    first, times = min(events, default=0.0), configs[0].protocol.times
    before = min(SHOWN_FROM_H, BEFORE_SHARE * (times[-1] - first))
    return min(given, default=first), (max(times[0], first - before), times[-1])


def _column(
    axes: np.ndarray,
    cell: xr.Dataset,
    lines: list[tuple[Point, str, str]],
    span: tuple[float, float],
    unit: str,
) -> None:
    """All panels over a span of hours."""
    size = 24.0 if unit == "d" else 1.0
    _exposure(axes[0], lines, span, size)
    _block(axes[1], cell, lines, span, size)
    for axis, (label, courses) in zip(axes[2:], PANELS, strict=True):
        for point, colour, dash in lines:
            here = cell.sel(point.place)
            for name, where, own in courses:
                _course(axis, here[name].sel(where), span, size, colour, own if len(courses) > 1 else dash)
        axis.set_ylabel(label if unit == "d" else "")
    for axis in axes:
        _marks(axis, lines, span, size)
        axis.spines[["top", "right"]].set_visible(False)
        axis.set_xlim(span[0] / size, span[1] / size)
    axes[0].set_ylabel("unbound in brain\n(uM)" if unit == "d" else "")
    axes[1].set_ylabel("NMDA receptors shut\nPyr -, PV - -" if unit == "d" else "")


def _exposure(
    axis: Axes, lines: list[tuple[Point, str, str]], span: tuple[float, float], size: float
) -> None:
    """All that blocks NMDA receptors by itself: every drug that is given, without metabolites."""
    for point, colour, dash in lines:
        starts = [dose.start for dose in point.config.doses]
        ends = [dose.end for dose in point.config.doses]
        near = [start + after for start in starts for after in (0.0, 0.02, 0.1, 0.25, 0.5, 1.0, 2.0)]
        hours = np.unique(
            [*np.linspace(*span, POINTS), *(h for h in (*near, *ends) if span[0] <= h <= span[1])]
        )
        source = around(point.config)
        given = {dose.compound for dose in point.config.doses} | {
            name for name, _ in (point.config.bath.concentrations if point.config.bath else ())
        }
        whole = {name for name in given if name not in ENANTIOMERS or ENANTIOMERS[name][0] not in given}
        total = sum((source.of(name, hours) for name in sorted(whole)), np.zeros(len(hours)))
        axis.plot(hours / size, total, dash, color=colour, linewidth=1.4)


def _block(
    axis: Axes, cell: xr.Dataset, lines: list[tuple[Point, str, str]], span: tuple[float, float], size: float
) -> None:
    for point, colour, _ in lines:
        mixtures = xr.DataArray(point.config.described().mixtures, dims=("population", "subunit"))
        shut = (cell.sel(point.place)["block_course"] * mixtures).sum("subunit")
        for population, dash in (("Pyr", "-"), ("PV", "--")):
            _course(axis, shut.sel(population=population), span, size, colour, dash)


def _course(
    axis: Axes, values: xr.DataArray, span: tuple[float, float], size: float, colour: str, dash: str
) -> None:
    """Mean and SD over seeds, (seed, hour), within a span."""
    clock = next(str(name) for name in values.dims if name in ("time", "moment"))
    values = values.transpose("seed", clock)
    inside = (values[clock].values >= span[0] - 1e-9) & (values[clock].values <= span[1] + 1e-9)
    there = inside & np.isfinite(values.values).any(axis=0)
    hours, (mean, sd) = values[clock].values[there] / size, centre(values.values[:, there])
    axis.plot(hours, mean, dash, color=colour, linewidth=1.4)
    axis.fill_between(hours, mean - sd, mean + sd, color=colour, alpha=0.18, linewidth=0)


def _marks(axis: Axes, lines: list[tuple[Point, str, str]], span: tuple[float, float], size: float) -> None:
    """Doses as triangles at the bottom, infusions and baths as bars, inhibitors as crosses, stress grey."""
    bottom = axis.get_xaxis_transform()
    marks: dict[tuple[str, float, float], str] = {}
    for point, colour, _ in lines:
        config = point.config
        spans = [("dose", dose.start, dose.end) for dose in config.doses if dose.amount]
        spans += [("inhibitor", item.start, item.start) for item in config.protocol.inhibitions]
        bath = config.bath
        if bath is not None and any(uM for _, uM in bath.concentrations):
            spans.append(("dose", max(bath.start, span[0]), min(bath.end, span[1])))
        for mark in spans:
            marks[mark] = colour if mark not in marks else "black"
        for first, last in config.protocol.spells():
            marks["stress", first, last] = INK
    for (kind, first, last), colour in marks.items():
        if last < span[0] or first > span[1]:
            continue
        if kind == "stress":
            axis.axvspan(
                max(first, span[0]) / size, min(last, span[1]) / size, color=INK, alpha=0.1, linewidth=0
            )
        else:
            height = 0.02 if kind == "dose" else 0.1
            marker = "^" if kind == "dose" else "x"
            axis.plot(
                first / size, height, marker, color=colour, markersize=5, transform=bottom, clip_on=False
            )
            axis.plot(
                [first / size, last / size],
                [height] * 2,
                color=colour,
                linewidth=3,
                transform=bottom,
                alpha=0.6,
            )


def _legend(
    figure: Any, question: Question, lines: list[tuple[Point, str, str]], points: list[Point]
) -> None:
    handles = [
        Line2D([], [], color=colour, ls=dash, label=question.called(point.place))
        for point, colour, dash in lines
    ]
    configs = [point.config for point, *_ in lines]
    given = [("^", "dose (bar: infusion, bath)")] if any(c.doses or c.bath for c in configs) else []
    given += [("x", "inhibitor")] if any(c.protocol.inhibitions for c in configs) else []
    handles += [Line2D([], [], color="black", marker=m, linestyle="", label=text) for m, text in given]
    left = len(points) - len(lines)
    said = ["grey: vehicle"] if any(colour == VEHICLE for _, colour, _ in lines) else []
    said += ["shaded: stress"] if any(c.protocol.stress for c in configs) else []
    title = "; ".join([*said, *([f"{left} more are in the table"] if left else [])])
    figure.legend(
        handles=handles, frameon=False, fontsize=9, ncols=3, loc="outside lower center", title=title
    )
