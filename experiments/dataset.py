"""Read a study's folder as one labelled xarray dataset."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from experiments.files import StoreError, publish, reason, sealed
from experiments.hdf5 import SWEEP_SCHEMA, flat_image, varies
from experiments.manifest import SUMMARY, SWEEP, read_manifest
from experiments.store import is_whole, read_rows
from experiments.variable import Groups, Variable

PLACES = ("readout", "concentration", "given", "hour", "minute", "background")  # of the readouts of one run
MOST_BYTES, MOST_EMPTY = 1 << 28, 100  # a dataset may be this large, or so many times as large as the numbers in it
Alike = tuple[list[int], Groups, np.ndarray]  # see store.read_rows
SUFFIX = {"summary": "", "traces": "_course", "fine": "_fine"}  # of a variable, by the group that it is read from


def load(folder: str | Path, courses: bool = True) -> xr.Dataset:
    """All runs of the study in `folder`, on the study's axes and then seed.

    Readouts keep their names; time courses are called `<name>_course` and have a `time` axis (h), those of the cascade between
    looks `<name>_fine` and a `moment` axis (h); both are left out without `courses`.  A run that is
    missing or damaged is NaN; `run_id` is empty there.  Raises StoreError when there is nothing to load.
    """
    folder, manifest = Path(folder), read_manifest(Path(folder))
    parts = tuple(SUFFIX) if courses else ("summary",)
    whole = [run for run in manifest["runs"] if is_whole(folder / run["file"], run["run_id"])]
    alike = list(read_rows([folder / run["file"] for run in whole]))
    if not alike:
        raise StoreError(f"{folder} holds no finished run of study {manifest['study']}; run it first")
    places = [run["place"] for run in manifest["runs"]]
    axes = {axis: sorted({place[axis] for place in places}) for axis in places[0]}
    try:
        return _assembled(manifest, axes, whole, alike, parts)
    except (ValueError, TypeError, LookupError, OverflowError, MemoryError) as error:
        raise StoreError(f"{folder}: its runs do not go together ({reason(error)})") from None


def _assembled(manifest: dict[str, Any], axes: dict[str, list[Any]], whole: list[dict[str, Any]], alike: list[Alike],
               parts: tuple[str, ...]) -> xr.Dataset:  # fmt: skip
    """One dataset of runs that are laid out alike or not.  Raises ValueError and its like where they do not go together."""
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
                attributes = {"units": variable.unit or "1", "long_name": variable.meaning}
                blank: np.ndarray = np.full(_fits(shape + inner, room), np.nan)
                data[called] = ((*axes, *variable.dimensions), blank, attributes)
                room -= blank.nbytes
            if data[called][0][len(axes) :] != variable.dimensions or data[called][1].shape[len(shape) :] != inner:
                raise ValueError(f"{whole[which[0]]['file']} has {called} of another shape than the runs before it")
            inside = [_places(groups[group].get(d), own.get(d), n) for d, n in along]
            spread = [w.reshape(-1, *[1] * len(inside)) for w in where]
            data[called][1][(*spread, *np.ix_(*inside))] = values
    units = manifest["axes"] | {"seed": ""}
    coordinates = {axis: (axis, values, {"units": units[axis]} if units[axis] else {}) for axis, values in axes.items()}
    dataset = xr.Dataset(data, coordinates | own, {"study": manifest["study"]})
    dataset["run_id"] = (tuple(axes), ids.astype(str))
    return dataset


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
    return variable.values.astype(str) if variable.values.dtype.kind == "O" else variable.values


def write_sweep(dataset: xr.Dataset, folder: Path) -> Path:
    """Write the loaded dataset as sweep.h5, and its readouts as summary.csv.  Raises StoreError."""
    head = {"Conventions": "CF-1.11", "schema": SWEEP_SCHEMA, "study": dataset.attrs["study"]}
    variables = {str(name): _as_variable(variable) for name, variable in dataset.variables.items()}
    publish(folder / SWEEP, sealed(flat_image(head, variables), "sweep"))
    publish(folder / SUMMARY, _as_csv(dataset).encode(errors="backslashreplace"))
    return folder / SWEEP


def _as_variable(variable: xr.Variable) -> Variable:
    values = variable.values.astype(object) if variable.values.dtype.kind in "UO" else variable.values
    dimensions, attributes = tuple(map(str, variable.dims)), variable.attrs
    return Variable(dimensions, values, str(attributes.get("units", "")), str(attributes.get("long_name", "")))


def _as_csv(dataset: xr.Dataset) -> str:
    """One row a run and place of a readout (its name, concentration, dose, hour, minute); a value per population where there are
    four."""
    flat = {*dataset["run_id"].dims, *PLACES, "population"}
    table = dataset[[n for n, v in dataset.data_vars.items() if set(v.dims) <= flat and n != "run_id"]]
    columns: dict[str, xr.DataArray] = {}
    for name, variable in table.data_vars.items():
        if "population" in variable.dims:
            columns |= {f"{name}_{p}": variable.sel(population=p, drop=True) for p in variable["population"].values}
        else:
            columns[str(name)] = variable
    return str(xr.Dataset(columns).drop_vars("population", errors="ignore").to_dataframe().to_csv())


def _flat(groups: Groups, parts: tuple[str, ...]) -> Iterable[tuple[str, str, Variable]]:
    """Group, name and first values of everything in some groups that has numbers of its own."""
    for group in parts:
        for name, variable in groups.get(group, {}).items():
            if varies(name, variable):
                yield group, name, variable


def _coordinates(runs: Iterable[dict[str, dict[str, Variable]]]) -> dict[str, Any]:
    """Of every dimension the values in all runs: those of the first, then what others have beside them; numbers in order."""
    found: dict[str, Any] = {}
    for name, variable in (item for groups in runs for part in groups.values() for item in part.items()):
        if variable.dimensions != (name,):
            continue
        values, attributes = _labels(variable), {"units": variable.unit} if variable.unit else {}
        if name in found and not np.array_equal(found[name][1], values):
            both = list(dict.fromkeys([*found[name][1].tolist(), *values.tolist()]))
            values = np.array(sorted(both) if values.dtype.kind != "U" else both)
        found[name] = (name, values, found[name][2] if name in found else attributes)
    return found
