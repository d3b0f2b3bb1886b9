"""Read a study's folder as one labelled xarray dataset."""

from __future__ import annotations

import json
import math
import os
import warnings
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from prelimbic.experiments.storage.files import (
    DamagedError,
    StoreError,
    UnreadableError,
    printable,
    publish,
    reason,
    sealed,
    sealed_target,
    trouble,
    unreadable,
)
from prelimbic.experiments.storage.hdf5 import SWEEP_SCHEMA, flat_image
from prelimbic.experiments.storage.manifest import SUMMARY, SWEEP, read_manifest
from prelimbic.experiments.storage.rows import varies
from prelimbic.experiments.storage.store import read_facts, read_rows, sorted_out
from prelimbic.experiments.storage.targets import MixedTargetsWarning, mixture
from prelimbic.parameters.errors import UsageError
from prelimbic.parameters.plain import path, truth
from prelimbic.simulation.config import SCHEMA_VERSION
from prelimbic.simulation.facts import together
from prelimbic.simulation.variable import CONVENTIONS, UNITS, Groups, Variable, is_text

PLACES = ("readout", "concentration", "given", "hour", "minute", "background")  # of the readouts of one run
# a dataset may be this large, or so many times as large as the numbers in it
MOST_BYTES, MOST_EMPTY = 1 << 28, 100
Alike = tuple[list[int], Groups, np.ndarray]  # see store.read_rows
MOST_NAMED = 20  # of the runs that are not there
# What the axes of studies are, where a name does not say it by itself.
AXES = {
    "sheet": "circuit sheet",
    "seed": "seed of the run",
    "dose": "drug given",
    "free": "free drug in the bath",
    "null": "the model, or a null of it",
    "arm": "what is done, or by which arm of the slow layer",
    "deleted": "receptors deleted",
    "rule": "rule of spine growth",
    "group": "group of animals",
    "variant": "what is changed",
    "memory": "what outlasts the drug",
    "number": "number that is varied",
    "end": "end of its range",
    "n": "number of subjects",
}
# of a variable, by the group that it is read from
SUFFIX = {"summary": "", "traces": "_course", "fine": "_fine"}


class MissingRunsWarning(UserWarning):
    """Some runs of a study are not there; the dataset has NaN in their place."""


def load(folder: str | os.PathLike[str], courses: bool = True) -> xr.Dataset:
    """All runs of the study in `folder`, on the study's axes and then seed: numbers ascending, text in the
    order in which the study names it.

    Readouts keep their names; time courses are called `<name>_course` and have a `time` axis (h), those of
    the cascade between looks `<name>_fine` and a `moment` axis (h); both are left out without `courses`.  A
    run that is missing or damaged is NaN; `run_id` is empty there, and a MissingRunsWarning names it.
    Attributes say how many runs are there and planned, what they have in common (simulation.facts), and what
    computed them (`targets`); a MixedTargetsWarning says where they were not computed alike.  Raises
    StoreError when there is nothing to load, and UnreadableError when a run is there, or may be, and cannot
    be read here.
    """
    whole_courses = truth(courses, "`courses`", UsageError)
    folder = Path(path(folder, "`folder`", StoreError))
    manifest = read_manifest(folder)
    parts = tuple(SUFFIX) if whole_courses else ("summary",)
    finished, causes = sorted_out(folder, {run["file"]: run["run_id"] for run in manifest["runs"]})
    if causes:
        raise unreadable(folder, causes)
    whole = [run for run in manifest["runs"] if run["file"] in finished]
    places = [run["place"] for run in manifest["runs"]]
    axes = {axis: _in_order([place[axis] for place in places]) for axis in places[0]}
    try:
        alike = list(read_rows([folder / run["file"] for run in whole]))
        if not alike:
            raise StoreError(f"{folder} holds no finished run of study {manifest['study']}; run it first")
        dataset = _assembled(manifest, axes, whole, alike, parts)
        _repeated(dataset, manifest.get("alike", []))
    except MemoryError as error:
        raise UnreadableError(folder, trouble(error)) from None
    except (ValueError, TypeError, LookupError, OverflowError) as error:
        raise DamagedError(f"{folder}: its runs do not go together ({reason(error)})") from None
    there = [whole[k] for which, _, _ in alike for k in which]
    paths = [folder / run["file"] for run in there]
    told = read_facts(paths)
    computed_by = [str(fact.pop("target")) for fact in told]
    targets = Counter(sealed_target(path) or by for path, by in zip(paths, computed_by, strict=True))
    dataset.attrs |= {"runs_there": len(there), "runs_planned": len(manifest["runs"])}
    dataset.attrs |= together(told)
    if "asked" in manifest:
        dataset.attrs["question"] = json.dumps(manifest["asked"])
    if known := sorted(filter(None, targets)):
        dataset.attrs["targets"] = known
    _tell_missing(folder, manifest["runs"], {run["file"] for run in there})
    if unlike := mixture(targets):
        warnings.warn(f"{folder}: {unlike}", MixedTargetsWarning, stacklevel=2)
    return dataset


def _in_order(values: list[Any]) -> list[Any]:
    """Each value once: text as it first comes, numbers ascending."""
    once = list(dict.fromkeys(values))
    return once if isinstance(once[0], str) else sorted(once)


def _tell_missing(folder: Path, planned: list[dict[str, Any]], there: set[str]) -> None:
    """Warn of the runs that are not there."""
    missing = [run["file"] for run in planned if run["file"] not in there]
    if missing:
        more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
        said = f"{folder}: {len(there)} of {len(planned)} runs are there; the others are NaN, "
        said += "which .mean() skips: "
        warnings.warn(
            printable(said + ", ".join(missing[:MOST_NAMED]) + more), MissingRunsWarning, stacklevel=3
        )


def _assembled(
    manifest: dict[str, Any],
    axes: dict[str, list[Any]],
    whole: list[dict[str, Any]],
    alike: list[Alike],
    parts: tuple[str, ...],
) -> xr.Dataset:
    """One dataset of runs that are laid out alike or not.  Raises ValueError and its like where they do not
    go together.
    """
    at = {axis: {value: k for k, value in enumerate(values)} for axis, values in axes.items()}
    shape = tuple(len(values) for values in axes.values())
    own = _coordinates({part: groups[part] for part in parts if part in groups} for _, groups, _ in alike)
    sizes = {name: len(values) for name, (_, values, _) in own.items()}
    room = max(MOST_BYTES, MOST_EMPTY * sum(numbers.nbytes for _, _, numbers in alike))
    data: dict[str, tuple[tuple[str, ...], np.ndarray, dict[str, str]]] = {}
    ids: np.ndarray = np.full(_fits(shape, room), "", dtype=object)
    for which, groups, numbers in alike:
        where = tuple(np.array([at[axis][whole[k]["place"][axis]] for k in which]) for axis in axes)
        ids[where] = [whole[k]["run_id"] for k in which]
        for group, name, variable in _flat(groups, parts):
            values = numbers[f"{group}/{name}"]
            if repeated := {*variable.dimensions} & {*axes}:
                raise ValueError(f"{min(repeated)} is an axis of the study and of a run")
            along = list(zip(variable.dimensions, values.shape[1:], strict=True))
            called, inner = name + SUFFIX[group], tuple(sizes.get(d, n) for d, n in along)
            if called not in data:
                attributes = {
                    "units": UNITS.get(variable.unit, variable.unit) or "1",
                    "long_name": variable.meaning,
                }
                blank: np.ndarray = np.full(_fits(shape + inner, room), np.nan)
                data[called] = ((*axes, *variable.dimensions), blank, attributes)
                room -= blank.nbytes
            if (
                data[called][0][len(axes) :] != variable.dimensions
                or data[called][1].shape[len(shape) :] != inner
            ):
                raise ValueError(
                    f"{whole[which[0]]['file']} has {called} of another shape than the runs before it"
                )
            inside = [_places(groups[group].get(d), own.get(d), n) for d, n in along]
            spread = [w.reshape(-1, *[1] * len(inside)) for w in where]
            data[called][1][(*spread, *np.ix_(*inside))] = values
    units = manifest["axes"] | {"seed": ""}
    coordinates = {
        axis: (axis, values, _of_axis(axis, values, units[axis])) for axis, values in axes.items()
    }
    dataset = xr.Dataset(data, coordinates | own | _labelled(alike, sizes), {"study": manifest["study"]})
    dataset["run_id"] = (
        tuple(axes),
        ids.astype(str),
        {"long_name": "run id; empty where the run is not there"},
    )
    return dataset


def _repeated(dataset: xr.Dataset, alike: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    """Let places of a question at which the run of another place stands have its values.  Raises LookupError
    and its like where they do not go together.
    """
    for place, there in alike:
        for variable in dataset.data_vars.values():
            if {*place} <= {*variable.dims}:
                variable.loc[place] = variable.sel(there).values


def _of_axis(axis: str, values: list[Any], unit: str) -> dict[str, str]:
    """Attributes of an axis of the study."""
    units = {} if isinstance(values[0], str) else {"units": UNITS.get(unit, unit) or "1"}
    return units | {"long_name": AXES.get(axis, axis.replace("_", " "))}


def _labelled(alike: list[Alike], sizes: dict[str, int]) -> dict[str, Any]:
    """Text that stands along dimensions of the runs, such as the population of each cell, where it is the
    same in all of them.
    """
    found: dict[str, Any] = {}
    for name, variable in (
        (n, v) for _, groups, _ in alike for part in groups.values() for n, v in part.items()
    ):
        if is_text(variable.values) and variable.dimensions and variable.dimensions != (name,):
            labels = (variable.dimensions, _labels(variable), {"long_name": variable.meaning})
            same = name not in found or np.array_equal(found[name][1], labels[1])
            fits = all(
                sizes.get(d, n) == n for d, n in zip(variable.dimensions, variable.values.shape, strict=True)
            )
            found[name] = labels if same and fits else ((), np.array(""), {})
    return {name: labels for name, labels in found.items() if labels[0]}


def _fits(shape: tuple[int, ...], room: int) -> tuple[int, ...]:
    if 8 * math.prod(shape) > room:
        raise ValueError("they stand too far apart on its axes")
    return shape


def _places(own: Variable | None, all_: Any, size: int) -> np.ndarray:
    """Where the values along a dimension of some runs stand along that of all runs."""
    if all_ is None or own is None or np.array_equal(all_[1], _labels(own)):
        if all_ is not None and len(all_[1]) != size:
            raise ValueError(f"a run has no {all_[0]} of its own")
        return np.arange(size)
    if len(set(all_[1].tolist())) < len(all_[1]):
        raise ValueError(f"{all_[0]} has a value twice")
    at = {value: k for k, value in enumerate(all_[1].tolist())}
    return np.array([at[value] for value in _labels(own).tolist()], dtype=int)


def _labels(variable: Variable) -> np.ndarray:
    return variable.values.astype(str) if is_text(variable.values) else variable.values


def write_sweep(dataset: xr.Dataset, folder: Path) -> Path:
    """Write the loaded dataset as sweep.h5, and its readouts as summary.csv.  Raises StoreError."""
    head = {
        "Conventions": CONVENTIONS,
        "title": f"prelimbic: all runs of study {dataset.attrs['study']}",
        "schema": SWEEP_SCHEMA,
        "schema_version": SCHEMA_VERSION,
        **dataset.attrs,
    }
    labels = [str(name) for name in dataset.coords if name not in dataset.dims]
    variables = {
        str(name): _as_variable(
            dataset[name].variable,
            [label for label in labels if label != name and {*dataset[label].dims} <= {*dataset[name].dims}],
        )
        for name in dataset.variables
    }
    publish(folder / SWEEP, sealed(flat_image(head, variables), "sweep"), finished=True)
    publish(folder / SUMMARY, _as_csv(dataset).encode(errors="backslashreplace"))
    return folder / SWEEP


def _as_variable(variable: xr.Variable, labels: list[str]) -> Variable:
    """A variable as it is stored, with the names of what labels places along its dimensions."""
    values = variable.values.astype(object) if is_text(variable.values) else variable.values
    dimensions, attributes = tuple(map(str, variable.dims)), variable.attrs
    more = {"coordinates": " ".join(labels)} if labels else {}
    return Variable(
        dimensions, values, str(attributes.get("units", "")), str(attributes.get("long_name", "")), more
    )


def _as_csv(dataset: xr.Dataset) -> str:
    """One row a run and place of a readout (its name, concentration, dose, hour, minute); a value per
    population where there are four.
    """
    flat = {*dataset["run_id"].dims, *PLACES, "population"}
    table = dataset[[n for n, v in dataset.data_vars.items() if set(v.dims) <= flat and n != "run_id"]]
    columns: dict[str, xr.DataArray] = {}
    for name, variable in table.data_vars.items():
        if "population" in variable.dims:
            columns |= {
                f"{name}_{p}": variable.sel(population=p, drop=True) for p in variable["population"].values
            }
        else:
            columns[str(name)] = variable
    columns = columns or {"run_id": dataset["run_id"]}  # where all readouts have axes of their own
    return str(xr.Dataset(columns).drop_vars("population", errors="ignore").to_dataframe().to_csv())


def _flat(groups: Groups, parts: tuple[str, ...]) -> Iterable[tuple[str, str, Variable]]:
    """Group, name and first values of everything in some groups that has numbers of its own."""
    for group in parts:
        for name, variable in groups.get(group, {}).items():
            if varies(name, variable):
                yield group, name, variable


def _coordinates(runs: Iterable[dict[str, dict[str, Variable]]]) -> dict[str, Any]:
    """Of every dimension the values in all runs: those of the first, then what others have beside them;
    numbers in order.
    """
    found: dict[str, Any] = {}
    for name, variable in (item for groups in runs for part in groups.values() for item in part.items()):
        if variable.dimensions != (name,):
            continue
        values, attributes = _labels(variable), {"long_name": variable.meaning}
        if not is_text(variable.values):
            attributes["units"] = UNITS.get(variable.unit, variable.unit) or "1"
        if name in found and not np.array_equal(found[name][1], values):
            both = list(dict.fromkeys([*found[name][1].tolist(), *values.tolist()]))
            values = np.array(sorted(both) if values.dtype.kind != "U" else both)
        found[name] = (name, values, found[name][2] if name in found else attributes)
    return found
