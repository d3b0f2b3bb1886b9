"""What can be measured: quantities of a run's summary by their names, with a place behind a point, and what
laboratories read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from prelimbic.circuits import BANDS
from prelimbic.parameters import COMPOUNDS, POPULATIONS, SUBUNITS, near
from prelimbic.parameters.errors import UsageError
from prelimbic.simulation.declared import OF_ACTIVITY, OF_SNAPSHOT, PERCENTILES
from prelimbic.simulation.laboratory import OUT_OF_REACH, READINGS, Reading
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
EXACT = "exact"  # behind a point: what a laboratory reads, without noise


GROUPS = {
    head: tuple(name for name in READINGS if name.startswith(f"{head}."))
    for head in dict.fromkeys(name.partition(".")[0] for name in READINGS if "." in name)
}


class MeasureError(UsageError):
    """A quantity that no run has."""


@dataclass(frozen=True)
class Measure:
    """A quantity: the variable of a summary, where in its own dimensions, its unit; `once` is read once a
    run, not at readouts.  What a laboratory reads has its `reading`, `exact` without noise.
    """

    name: str
    variable: str
    at: tuple[tuple[str, str], ...]
    unit: str
    once: bool = False
    reading: Reading | None = None
    exact: bool = False


def measures(names: Iterable[str]) -> list[Measure]:
    """The quantities of these names, `rate` being that of every population.  Raises MeasureError."""
    return [found for name in dict.fromkeys(names) for found in _measures(name)]


def _measures(name: str) -> list[Measure]:
    if read := _readings(name):
        return read
    known = {**OF_ACTIVITY, **OF_SNAPSHOT}
    variable, *at = name.split(".")
    if variable in ONCE and not at:
        return [Measure(name, name, (), ONCE[variable], once=True)]
    if variable in IMAGED and not at:
        return [Measure(name, name, (), IMAGED[variable])]
    if variable not in known:
        every = (*known, *ONCE, *IMAGED, *READINGS, *GROUPS)
        if variable in OUT_OF_REACH:
            raise MeasureError(f"`measure` {variable}: {OUT_OF_REACH[variable]}, so it is out of reach")
        raise MeasureError(
            f"`measure` takes quantities of a result file, such as rate.Pyr, bdnf or spines, and "
            f"what `prelimbic measures` lists, not {name!r}{near(name, every) or near(variable, every)}"
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


def _readings(name: str) -> list[Measure]:
    """What laboratories read under a name, or a name of several (`western`); none for any other."""
    plain = name.removesuffix(f".{EXACT}")
    group, *_ = plain.split(".")
    if group in GROUPS and plain not in (group, *READINGS):
        there = ", ".join(each.partition(".")[2] for each in GROUPS[group])
        asked = plain.partition(".")[2]
        raise MeasureError(f"`measure` {group} has no {asked!r}{near(plain, READINGS)}; there are {there}")
    found = (plain,) if plain in READINGS else GROUPS.get(plain, ())
    exact, ending = plain != name, f".{EXACT}" * (plain != name)
    return [
        Measure(each + ending, each + ending, (), READINGS[each].unit, reading=READINGS[each], exact=exact)
        for each in found
    ]


def _all_places(dimensions: tuple[str, ...], at: list[str]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = [()]
    for k, dimension in enumerate(dimensions):
        found = [(*before, place) for before in found for place in (at[k : k + 1] or PLACES[dimension])]
    return found
