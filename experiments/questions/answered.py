"""What a question of one's own found: every quantity at every readout beside vehicle, and a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from prelimbic.experiments.questions.measured import as_fold, measured
from prelimbic.experiments.readouts.answer import Answer, Cell, table
from prelimbic.experiments.readouts.columns import names
from prelimbic.experiments.readouts.seeds import change, decimals, half_interval, spread_of_those
from prelimbic.simulation.measures import Measure, measures
from prelimbic.simulation.question import Point, Question

if TYPE_CHECKING:
    import xarray as xr

HEADINGS = ("mean ± SD", "vehicle", "difference", "95 % interval", "change, %")
OTHERS = ("mean ± SD", "of what it is against", *HEADINGS[2:])  # where arms are compared with others
ONCE = "highest"  # where something is read once a run
MOST_TOLD = 12  # points in a sentence
FIGURES = 2  # significant ones, of an SD


@dataclass(frozen=True)
class Contrast:
    """One quantity at one readout and point: values over seeds, and those of what it is compared with."""

    point: Point
    measure: Measure
    readout: str
    values: np.ndarray
    others: np.ndarray | None

    @property
    def difference(self) -> np.ndarray | None:
        """By seed, in the quantity's unit."""
        return None if self.others is None else self.values - self.others

    @property
    def percent(self) -> np.ndarray | None:
        """By seed, where what it is compared with is above 0."""
        if self.others is None or not (self.others > 0).all():
            return None
        return 100.0 * (self.values / self.others - 1.0)


def contrasts(dataset: xr.Dataset, question: Question, points: list[Point]) -> Iterator[Contrast]:
    """Every quantity at every readout and point of one sheet's part of a dataset."""
    for point in points:
        for measure in measures(question.measure):
            for readout in [ONCE] if measure.once else names(dataset, "readout"):
                mine = _values(dataset, point.place, measure, readout)
                there = point.reference
                others = None if there is None else _values(dataset, there, measure, readout)
                yield Contrast(point, measure, readout, *as_fold(measure, mine, others))


def answer(dataset: xr.Dataset, question: Question) -> Answer:
    """A table a sheet, of all that is compared with something, and one sentence a sheet; then a caveat of
    every measure that is read as a laboratory does.
    """
    tables, said = [], []
    dataset = measured(dataset, question)
    points = question.points()
    shown = [point for point in points if point.reference is not None] or points
    axes = tuple(question.axes)
    for sheet in names(dataset, "sheet"):
        found = list(contrasts(dataset.sel(sheet=sheet), question, shown))
        rows = [((*_places(question, c.point), _named(c.measure), c.readout), _cells(c)) for c in found]
        seeds = dataset.sizes["seed"]
        title = f"{question.title or 'your question'}; sheet {sheet}, {seeds} seed{'s' if seeds > 1 else ''}"
        how = {
            "missing": "",
            "figures": FIGURES,
            "right": tuple(a for a, unit in question.axes.items() if unit),
        }
        labels = (*axes, *(["against"] if _mixed(question) else []), "quantity", "read at")
        tables.append(table(title, labels, rows, OTHERS if _mixed(question) else HEADINGS, **how))
        said.append(_sentence(question, sheet, found, seeds))
    return Answer(tuple(tables), "\n".join([*said, *caveats(question)]))


def caveats(question: Question) -> list[str]:
    """What to beware of in what is read as laboratories do, a line each."""
    read: dict[str, list[str]] = {}
    for m in measures(question.measure):
        if m.reading is not None:
            noise = "no noise is added" if m.exact else f"noise is added ({m.reading.noise})"
            read.setdefault(f"{m.reading.caveat}; {noise}", []).append(m.name)
    return [f"{', '.join(several)}: {caveat}." for caveat, several in read.items()]


def _mixed(question: Question) -> bool:
    """Whether arms are compared with others than their vehicles."""
    return any(arm.against for arm in question.arms)


def _places(question: Question, point: Point) -> list[Any]:
    """Where a point stands, and where what it is compared with, if that is not its vehicle everywhere."""
    other = "" if point.reference is None else question.called(point.reference)
    return [point.place[axis] for axis in question.axes] + ([other] if _mixed(question) else [])


def _values(dataset: xr.Dataset, place: dict[str, Any], measure: Measure, readout: str) -> np.ndarray:
    where = place | dict(measure.at) | ({} if measure.once else {"readout": readout})
    if "percentile" in where:
        where["percentile"] = float(where["percentile"])
    return np.asarray(dataset[measure.variable].sel(where).values, dtype=float)


def _named(measure: Measure) -> str:
    return measure.name if measure.unit == "1" else f"{measure.name} ({measure.unit})"


def _cells(c: Contrast) -> list[Cell]:
    difference, percent = c.difference, c.percent
    other = None if c.others is None else spread_of_those(c.others)
    return [
        spread_of_those(c.values),
        other,
        None if difference is None else spread_of_those(difference),
        "" if difference is None else _interval(difference),
        None if percent is None else spread_of_those(percent),
    ]


def _interval(difference: np.ndarray) -> str:
    there = difference[np.isfinite(difference)]
    if len(there) < 2:
        return ""
    mean, half = there.mean(), half_interval(there)
    digits = decimals(half, FIGURES)
    low, high = (f"{value:.{digits}f}" for value in (mean - half, mean + half))
    return f"{low} to {high}" if float(low) or float(high) else "0"


def _sentence(question: Question, sheet: str, found: list[Contrast], seeds: int) -> str:
    """What becomes of spines, or else of the last quantity, at the last readout."""
    several = [m for m in measures(question.measure) if not m.once] or measures(question.measure)
    chosen = next((m for m in several if m.name == "spines"), several[-1])
    of_it = [c for c in found if c.measure == chosen]
    latest = max((c.readout for c in of_it), key=lambda name: _hour(of_it[0].point, name))
    last = [c for c in of_it if c.readout == latest]
    told = [c for c in last if c.difference is not None and np.isfinite(c.difference).all()]
    if not told:
        return f"Sheet {sheet}: nothing is compared with anything, so the table stands for itself."
    parts = [
        f"{question.called(c.point.place)} {_changed(c)}{_against(question, c)}" for c in told[:MOST_TOLD]
    ]
    more = f"; and {len(told) - MOST_TOLD} more in the table" if len(told) > MOST_TOLD else ""
    against = "each" if _mixed(question) else "against vehicle"
    ending = (
        "One seed is an anecdote." if seeds == 1 else f"± SD of {seeds} seeds, {against} of the same seed."
    )
    species = "" if "species" in question.vary else f", {question.species}"
    return f"Sheet {sheet}{species}, {told[0].readout}: {'; '.join(parts)}{more}. {ending}"


def _hour(point: Point, readout: str) -> float:
    """When something is read, by the end of a window."""
    protocol, begun = point.config.protocol, point.config.begun()
    hours = point.config.moments() | {name: ends[1] for name, ends in protocol.windows(begun).items()}
    return hours.get(readout, protocol.times[-1])


def _against(question: Question, c: Contrast) -> str:
    there = c.point.reference
    return f" against {question.called(there)}" if there is not None and _mixed(question) else ""


def _changed(c: Contrast) -> str:
    percent, difference = c.percent, c.difference
    what = c.measure.name
    if percent is not None and len(percent) > 1:
        return change(percent, what)
    if percent is not None:
        return f"has {float(percent[0]):+.1f} % {what}" if abs(percent[0]) >= 0.05 else f"has as many {what}"
    assert difference is not None
    unit = f" {c.measure.unit}" if c.measure.unit != "1" else ""
    return f"moves {what} by {spread_of_those(difference)}{unit}"
