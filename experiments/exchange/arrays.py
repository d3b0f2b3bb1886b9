"""A run or a study as a Zarr store, which xarray opens as it opens our own files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import xarray as xr

from prelimbic.experiments.exchange.recorded import Recorded
from prelimbic.simulation.variable import Variable, is_text

MARK = "prelimbic_export"  # an attribute of the root
FORMAT = 2  # text of fixed length has no settled form in format 3 yet
WITHOUT = "row"  # a copy of numbers that stand elsewhere


def write_run(run: Recorded, path: Path) -> None:
    """Every group of a run file as a group of the store.  Raises ImportError without zarr."""
    head = {key: value for key, value in run.head.items() if key not in ("provenance", "magic", "version")}
    groups = {name: _dataset(variables) for name, variables in run.groups.items() if name != WITHOUT}
    root = xr.Dataset(attrs=head | {MARK: "run"})
    tree = xr.DataTree.from_dict({"/": root, **{f"/{name}": found for name, found in groups.items()}})
    tree["provenance"] = xr.DataTree(xr.Dataset(attrs=run.head["provenance"]))
    tree.to_zarr(path, zarr_format=FORMAT, mode="w-", consolidated=True)


def write_study(dataset: xr.Dataset, path: Path) -> None:
    """The dataset of a study as it is loaded.  Raises ImportError without zarr."""
    dataset.assign_attrs({MARK: "study"}).to_zarr(path, zarr_format=FORMAT, mode="w-", consolidated=True)


def _dataset(variables: dict[str, Variable]) -> xr.Dataset:
    data: dict[str, Any] = {}
    for name, variable in variables.items():
        text = is_text(variable.values)
        told = {"units": variable.unit, "long_name": variable.meaning}
        values = variable.values.astype(str) if text else variable.values
        data[name] = (variable.dimensions, values, {key: word for key, word in told.items() if word})
    labels = {n for n, v in variables.items() if is_text(v.values) and v.dimensions}
    return xr.Dataset(data).set_coords(labels)
