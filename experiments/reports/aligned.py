"""Outcomes of two subjects at the places that both have, seed by seed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from prelimbic.experiments.reports.subject import ReportError, Subject
from prelimbic.experiments.storage.dataset import PLACES, SUFFIX
from prelimbic.parameters import near
from prelimbic.simulation.variable import Groups

if TYPE_CHECKING:
    import xarray as xr

USUAL = (
    "rate", "recurrent_ampa", "bdnf", "mtorc1", "protein", "spines", "mature_spines",
    "peak_bdnf", "peak_mtorc1", "peak_protein",
)  # fmt: skip
INNER = (*PLACES, "population")  # along which a readout is taken apart
NOT_ASKED = ("baseline_",)  # before anything was given
MOST = 3000  # outcomes that are looked at together


@dataclass(frozen=True)
class Pair:
    """One outcome at one place: values of both by seed."""

    name: str
    place: str
    unit: str
    a: dict[int, float]
    b: dict[int, float]

    @property
    def identical(self) -> bool:
        """Whether all that both have is the same to the last bit."""
        shared = {*self.a} & {*self.b}
        return bool(shared) and all(
            self.a[s] == self.b[s] or (np.isnan(self.a[s]) and np.isnan(self.b[s])) for s in shared
        )


def pairs(a: Subject, b: Subject, measure: tuple[str, ...] = ()) -> list[Pair]:
    """All outcomes that both have.  Raises ReportError where there are none, or too many."""
    one, other = (_squeezed(*_dataset(each)) for each in (a, b))
    one, other = _matched(one, other, a, b)
    names = _names(one, other, measure)
    found = [pair for name in names for pair in _of(name, one, other)]
    if not found:
        raise ReportError(f"{a.path} and {b.path} have no outcome in common")
    if len(found) > MOST:
        raise ReportError(
            f"{a.path} and {b.path} have {len(found)} outcomes in common, more than {MOST}: name some with "
            "`measure`"
        )
    return found


def _dataset(subject: Subject) -> tuple[xr.Dataset, dict[str, str]]:
    """Readouts, and the unit of every axis of the study."""
    found = subject.dataset if subject.dataset is not None else _of_run(subject)
    axes = {str(d): str(found[d].attrs.get("units", "")) for d in found["run_id"].dims if d != "seed"}
    return found, axes


def _of_run(subject: Subject) -> xr.Dataset:
    """The readouts of one run as a dataset of one seed."""
    import xarray as xr

    summary: Groups = {"summary": subject.groups(("summary",)).get("summary", {})}
    data = {
        name: (v.dimensions, v.values, {"units": v.unit, "long_name": v.meaning})
        for name, v in summary["summary"].items()
    }
    text = {name: (d, values.astype(str), attrs) if values.dtype.kind == "O" else (d, values, attrs)
            for name, (d, values, attrs) in data.items()}  # fmt: skip
    found = xr.Dataset(text).expand_dims(seed=[int(subject.head.get("seed", 1))])
    found["run_id"] = (("seed",), [str(subject.head["run_id"])])
    return found


def _squeezed(dataset: xr.Dataset, axes: dict[str, str]) -> xr.Dataset:
    """Without axes of the study that have one value."""
    return dataset.squeeze([axis for axis in axes if dataset.sizes[axis] == 1], drop=True)


def _matched(one: xr.Dataset, other: xr.Dataset, a: Subject, b: Subject) -> tuple[xr.Dataset, xr.Dataset]:
    """Both at the values that both have of every axis.  Raises ReportError."""
    mine, its = ({str(d) for d in each["run_id"].dims} - {"seed"} for each in (one, other))
    if mine != its:
        only = min(mine ^ its)
        who, not_ = (a, b) if only in mine else (b, a)
        raise ReportError(
            f"{who.path} varies {only} and {not_.path} does not: they have no places in common"
        )
    for axis in (*sorted(mine), *INNER):
        if axis not in one.dims or axis not in other.dims:
            continue
        kept = [v for v in one[axis].values if v in other[axis].values]
        if not kept:
            raise ReportError(f"{a.path} and {b.path} have no {axis} in common")
        one, other = one.sel({axis: kept}), other.sel({axis: kept})
    return one, other


def _names(one: xr.Dataset, other: xr.Dataset, measure: tuple[str, ...]) -> list[str]:
    """Variables to look at: those asked for, else what carries the chain, else all.  Raises ReportError."""
    both = [str(n) for n in one.data_vars if n in other.data_vars and _is_readout(one, str(n))]
    for name in measure:
        if name not in both:
            raise ReportError(f"`measure` {name}: both have no such readout{near(name, both)}")
    if measure:
        return list(dict.fromkeys(measure))
    usual = [name for name in USUAL if name in both]
    return usual if "spines" in usual else [name for name in both if not name.startswith(NOT_ASKED)]


def _is_readout(dataset: xr.Dataset, name: str) -> bool:
    axes = {str(d) for d in dataset["run_id"].dims}
    inner = {str(d) for d in dataset[name].dims} - axes
    course = name.endswith(tuple(end for end in SUFFIX.values() if end))
    return (
        dataset[name].dtype.kind == "f" and inner <= {*INNER} and not course and "seed" in dataset[name].dims
    )


def _of(name: str, one: xr.Dataset, other: xr.Dataset) -> Iterator[Pair]:
    """Every place of a variable."""
    mine, its = one[name], other[name]
    if {*mine.dims} != {*its.dims}:
        return
    axes = [str(d) for d in mine.dims if d != "seed"]
    unit = str(mine.attrs.get("units", ""))
    for values in product(*(mine[axis].values for axis in axes)):
        place = dict(zip(axes, values, strict=True))
        a, b = (_by_seed(each, place) for each in (mine, its))
        if np.isfinite([*a.values()]).any() and np.isfinite([*b.values()]).any():
            population = str(place.get("population", ""))
            words = (_worded(mine, axis, v) for axis, v in place.items() if axis != "population")
            yield Pair(f"{name}.{population}".rstrip("."), ", ".join(words), unit, a, b)


def _by_seed(values: xr.DataArray, place: dict[str, Any]) -> dict[int, float]:
    here = values.sel(place)
    return {int(s): float(v) for s, v in zip(here["seed"].values, np.atleast_1d(here.values), strict=True)}


def _worded(values: xr.DataArray, axis: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    unit = str(values[axis].attrs.get("units", ""))
    return f"{axis} {value:g}" if unit in ("", "1") else f"{axis} {value:g} {unit}"


def seeds_of(found: Iterable[Pair]) -> tuple[set[int], set[int]]:
    """Seeds of both."""
    a, b = set[int](), set[int]()
    for pair in found:
        a |= {*pair.a}
        b |= {*pair.b}
    return a, b
