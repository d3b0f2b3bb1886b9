"""Read a study's folder as one labelled xarray dataset."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from experiments.record import Variable
from experiments.store import StoreError, publish, read_groups
from experiments.study import MANIFEST, is_whole

PLACES = ("readout", "concentration", "given", "hour", "minute", "background")  # of the readouts of one run
SUFFIX = {"summary": "", "traces": "_course", "fine": "_fine"}  # of a variable, by the group that it is read from


def load(folder: str | Path, courses: bool = True) -> xr.Dataset:
    """All runs of the study in `folder`, on the study's axes and then seed.

    Readouts keep their names; time courses are called `<name>_course` and have a `time` axis (h), those of the cascade between
    looks `<name>_fine` and a `moment` axis (h); both are left out without `courses`.  A run that is
    missing or damaged is NaN; `run_id` is empty there.  Raises StoreError when there is nothing to load.
    """
    manifest, parts = read_manifest(Path(folder)), tuple(SUFFIX) if courses else ("summary",)
    runs = [(run, found) for run in manifest["runs"] if (found := _run(Path(folder) / run["file"], run["run_id"], parts))]
    if not runs:
        raise StoreError(f"{folder} holds no finished run of study {manifest['study']}; run it first")
    places = [run["place"] for run in manifest["runs"]]
    axes = {axis: sorted({place[axis] for place in places}) for axis in places[0]}
    units = manifest["axes"] | {"seed": ""}
    data: dict[str, tuple[tuple[str, ...], np.ndarray, dict[str, str]]] = {}
    shape = tuple(len(values) for values in axes.values())
    ids = np.full(shape, "", dtype=object)
    for run, groups in runs:
        where = tuple(axes[axis].index(run["place"][axis]) for axis in axes)
        ids[where] = run["run_id"]
        for name, variable in _flat(groups):
            if name not in data:
                blank = np.full(shape + variable.values.shape, np.nan)
                attributes = {"units": variable.unit or "1", "long_name": variable.meaning}
                data[name] = ((*axes, *variable.dimensions), blank, attributes)
            if data[name][1].shape[len(shape) :] != variable.values.shape:
                raise StoreError(f"{folder}: {run['file']} has {name} of another shape than the runs before it")
            data[name][1][where] = variable.values
    coordinates = {axis: (axis, values, {"units": units[axis]} if units[axis] else {}) for axis, values in axes.items()}
    dataset = xr.Dataset(data, coordinates | _coordinates(groups for _, groups in runs), {"study": manifest["study"]})
    dataset["run_id"] = (tuple(axes), ids.astype(str))
    return dataset


def read_manifest(folder: Path) -> dict[str, Any]:
    """What the study in `folder` consists of.  Raises StoreError when there is none."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        runs = [(str(run["file"]), str(run["run_id"]), dict(run["place"])) for run in manifest["runs"]]
        if not runs or any(set(place) != set(runs[0][2]) for _, _, place in runs):
            raise ValueError
        return {"study": str(manifest["study"]), "axes": dict(manifest["axes"]), "runs": manifest["runs"]}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise StoreError(f"{folder} is not the folder of a study: it has no readable {MANIFEST}") from None


def write_sweep(dataset: xr.Dataset, folder: Path) -> Path:
    """Write the loaded dataset as sweep.h5, and its readouts as summary.csv.  Raises StoreError."""
    publish(folder / "sweep.h5", bytes(dataset.to_netcdf(engine="h5netcdf")))
    publish(folder / "summary.csv", _as_csv(dataset).encode())
    return folder / "sweep.h5"


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


def _run(path: Path, run_id: str, groups: tuple[str, ...]) -> dict[str, dict[str, Variable]] | None:
    return read_groups(path, groups) if is_whole(path, run_id) else None


def _flat(groups: dict[str, dict[str, Variable]]) -> Iterable[tuple[str, Variable]]:
    for group, variables in groups.items():
        for name, variable in variables.items():
            if variable.dimensions != (name,):
                yield name + SUFFIX[group], variable


def _coordinates(runs: Iterable[dict[str, dict[str, Variable]]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for variables in (part for groups in runs for part in groups.values()):
        for name, variable in variables.items():
            if variable.dimensions == (name,) and name not in found:
                values = variable.values.astype(str) if variable.values.dtype.kind == "O" else variable.values
                found[name] = (name, values, {"units": variable.unit} if variable.unit else {})
    return found
