"""Read a study's folder as one labelled xarray dataset."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from experiments.files import StoreError, publish, sealed
from experiments.hdf5 import flat_image, varies
from experiments.manifest import SWEEP, read_manifest
from experiments.store import is_whole, read_rows
from experiments.variable import Groups, Variable

PLACES = ("readout", "concentration", "given", "hour", "minute", "background")  # of the readouts of one run
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
    at = {axis: {value: k for k, value in enumerate(values)} for axis, values in axes.items()}
    shape = tuple(len(values) for values in axes.values())
    ids = np.full(shape, "", dtype=object)
    data: dict[str, tuple[tuple[str, ...], np.ndarray, dict[str, str]]] = {}
    for which, groups, numbers in alike:
        where = tuple(np.array([at[axis][whole[k]["place"][axis]] for k in which]) for axis in axes)
        ids[where] = [whole[k]["run_id"] for k in which]
        for group, name, variable in _flat(groups, parts):
            values = numbers[f"{group}/{name}"]
            called = name + SUFFIX[group]
            if called not in data:
                attributes = {"units": variable.unit or "1", "long_name": variable.meaning}
                data[called] = ((*axes, *variable.dimensions), np.full(shape + values.shape[1:], np.nan), attributes)
            if data[called][1].shape[len(shape) :] != values.shape[1:]:
                raise StoreError(f"{folder}: {whole[which[0]]['file']} has {called} of another shape than the runs before it")
            data[called][1][where] = values
    units = manifest["axes"] | {"seed": ""}
    coordinates = {axis: (axis, values, {"units": units[axis]} if units[axis] else {}) for axis, values in axes.items()}
    own = _coordinates({part: groups[part] for part in parts if part in groups} for _, groups, _ in alike)
    dataset = xr.Dataset(data, coordinates | own, {"study": manifest["study"]})
    dataset["run_id"] = (tuple(axes), ids.astype(str))
    return dataset


def write_sweep(dataset: xr.Dataset, folder: Path) -> Path:
    """Write the loaded dataset as sweep.h5, and its readouts as summary.csv.  Raises StoreError."""
    head = {"Conventions": "CF-1.11", "schema": "prelimbic-sweep", "study": dataset.attrs["study"]}
    variables = {str(name): _as_variable(variable) for name, variable in dataset.variables.items()}
    publish(folder / SWEEP, sealed(flat_image(head, variables), "sweep"))
    publish(folder / "summary.csv", _as_csv(dataset).encode())
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
    found: dict[str, Any] = {}
    for variables in (part for groups in runs for part in groups.values()):
        for name, variable in variables.items():
            if variable.dimensions == (name,) and name not in found:
                values = variable.values.astype(str) if variable.values.dtype.kind == "O" else variable.values
                found[name] = (name, values, {"units": variable.unit} if variable.unit else {})
    return found
