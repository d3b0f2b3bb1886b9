"""What can be measured: quantities of a run's summary by their names, with a place behind a point."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from prelimbic.circuits import BANDS
from prelimbic.parameters import COMPOUNDS, POPULATIONS, SUBUNITS, near
from prelimbic.parameters.errors import UsageError
from prelimbic.simulation.declared import OF_ACTIVITY, OF_SNAPSHOT, PERCENTILES
from prelimbic.simulation.record import PEAKS

MEASURED = ("rate.Pyr", "recurrent_ampa", "bdnf", "mtorc1", "protein", "spines")  # unless asked otherwise
PLACES: dict[str, tuple[str, ...]] = {
    "population": POPULATIONS,
    "subunit": SUBUNITS,
    "compound": COMPOUNDS,
    "band": tuple(BANDS),
    "percentile": tuple(f"{p}" for p in PERCENTILES),
}
ONCE = {f"peak_{name}": "1" for name in PEAKS} | {f"peak_{name}_time": "h" for name in PEAKS}
IMAGED = {"imaged_formation": "%", "imaged_elimination": "%"}


class MeasureError(UsageError):
    """A quantity that no run has."""


@dataclass(frozen=True)
class Measure:
    """A quantity: the variable of a summary, where in its own dimensions, its unit; `once` is read once a
    run, not at readouts.
    """

    name: str
    variable: str
    at: tuple[tuple[str, str], ...]
    unit: str
    once: bool = False


def measures(names: Iterable[str]) -> list[Measure]:
    """The quantities of these names, `rate` being that of every population.  Raises MeasureError."""
    return [found for name in dict.fromkeys(names) for found in _measures(name)]


def _measures(name: str) -> list[Measure]:
    known = {**OF_ACTIVITY, **OF_SNAPSHOT}
    variable, *at = name.split(".")
    if variable in ONCE and not at:
        return [Measure(name, name, (), ONCE[variable], once=True)]
    if variable in IMAGED and not at:
        return [Measure(name, name, (), IMAGED[variable])]
    if variable not in known:
        every = (*known, *ONCE, *IMAGED)
        raise MeasureError(
            f"`measure` takes quantities of a result file, such as rate.Pyr, bdnf or spines, not {name!r}"
            f"{near(variable, every)}"
        )
    dimensions = known[variable].dimensions
    if len(at) > len(dimensions):
        raise MeasureError(f"`measure` {name}: {variable} has {len(dimensions)} places behind it")
    for dimension, place in zip(dimensions, at, strict=False):
        if place not in PLACES[dimension]:
            there = ", ".join(PLACES[dimension])
            raise MeasureError(f"`measure` {name}: there is no {dimension} {place}; there are {there}")
    return [
        Measure(
            ".".join((variable, *places)),
            variable,
            tuple(zip(dimensions, places, strict=True)),
            known[variable].unit,
        )
        for places in _all_places(dimensions, at)
    ]


def _all_places(dimensions: tuple[str, ...], at: list[str]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = [()]
    for k, dimension in enumerate(dimensions):
        found = [(*before, place) for before in found for place in (at[k : k + 1] or PLACES[dimension])]
    return found
