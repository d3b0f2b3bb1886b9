"""A run or a study as tables: one for each set of axes, a column a variable, and one that says what every
column is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from prelimbic.experiments.exchange.recorded import Recorded
from prelimbic.simulation.variable import SPIKES, Variable

COLUMNS = "columns"  # the table of all others
WITHOUT = ("provenance", "row")  # groups that no table holds


@dataclass(frozen=True)
class Table:
    """`values` with one column an axis, then one a variable; `about` is (unit, meaning) of every column, the
    unit empty for text.
    """

    name: str
    values: pd.DataFrame
    about: dict[str, tuple[str, str]]


def of_run(run: Recorded) -> Iterator[Table]:
    """Every group of a run file: `GROUP-AXIS-AXIS`, and one table of all spikes."""
    for group, variables in run.groups.items():
        if not group.startswith((*WITHOUT, SPIKES)):
            yield from _tables(variables, f"{group}")
    if any(group.startswith(SPIKES) for group in run.groups):
        yield _spikes(run)


def of_study(dataset: xr.Dataset) -> Iterator[Table]:
    """Every variable of the dataset of a study: `AXIS-AXIS` after its own axes, which come first."""
    own = tuple(map(str, dataset["run_id"].dims))
    variables = {
        str(name): Variable(
            tuple(map(str, v.dims)),
            v.values,
            str(v.attrs.get("units", "")),
            str(v.attrs.get("long_name", "")),
        )
        for name, v in dataset.variables.items()
    }
    yield from _tables(variables, "", own)


def columns(tables: list[Table]) -> Table:
    """Which columns there are: the table, the name, the unit and the meaning of each."""
    rows = [(t.name, name, *about) for t in tables for name, about in t.about.items()]
    told = {
        "table": "file without its ending",
        "column": "its name",
        "unit": "empty for text",
        "meaning": "",
    }
    return Table(
        COLUMNS, pd.DataFrame(rows, columns=[*told]), {name: ("", text) for name, text in told.items()}
    )


def write_csv(tables: list[Table], folder: Path) -> None:
    """Every table as NAME.csv: a comma between columns, the shortest decimals that read back as the same
    number, nothing for NaN.
    """
    for table in tables:
        table.values.to_csv(folder / f"{table.name}.csv", index=False, lineterminator="\n")


def write_parquet(tables: list[Table], folder: Path) -> None:
    """Every table as NAME.parquet; each column says its `units` and `long_name`.  Raises ImportError without
    pyarrow.
    """
    import pyarrow as pa
    from pyarrow import parquet

    for table in tables:
        plain = pa.Table.from_pandas(table.values, preserve_index=False)
        told = [
            field.with_metadata(dict(zip(("units", "long_name"), table.about[field.name], strict=True)))
            for field in plain.schema
        ]
        parquet.write_table(plain.cast(pa.schema(told)), folder / f"{table.name}.parquet")


def _tables(variables: dict[str, Variable], called: str, own: tuple[str, ...] = ()) -> Iterator[Table]:
    """A table for each set of axes, in the order in which they come; `own` axes are not in its name."""
    scales = {name: v for name, v in variables.items() if v.dimensions == (name,)}
    by_axes: dict[tuple[str, ...], dict[str, Variable]] = {}
    for name, variable in variables.items():
        if name not in scales:
            by_axes.setdefault(variable.dimensions, {})[name] = variable
    for axes, these in by_axes.items():
        name = "-".join(filter(None, (called, *(axis for axis in axes if axis not in own)))) or "runs"
        yield _table(name, axes, scales, these)


def _table(
    name: str, axes: tuple[str, ...], scales: dict[str, Variable], these: dict[str, Variable]
) -> Table:
    shape = next(iter(these.values())).values.shape
    found: dict[str, Any] = {}
    about: dict[str, tuple[str, str]] = {}
    for at, (axis, size) in enumerate(zip(axes, shape, strict=True)):
        scale = scales.get(axis, Variable((axis,), np.arange(size), "1", f"index of {axis}"))
        each = scale.values.reshape([-1 if k == at else 1 for k in range(len(axes))])
        found[axis], about[axis] = np.broadcast_to(each, shape).ravel(), (scale.unit, scale.meaning)
    for key, variable in these.items():
        found[key], about[key] = variable.values.ravel(), (variable.unit, variable.meaning)
    return Table(name, pd.DataFrame(found), about)


def _spikes(run: Recorded) -> Table:
    parts = [
        pd.DataFrame(
            {
                "population": name,
                "cell": spikes.cell,
                "time_ms": spikes.ms,
                "look": spikes.look,
                "hour": run.looks.hour[spikes.look],
            }
        )
        for name, spikes in run.spikes.items()
    ]
    about = {
        "population": ("", "class of the cell"),
        "cell": ("1", "cell within its population"),
        "time_ms": ("ms", "spiking time since the first look, looks end to end"),
        "look": ("1", "index of the look, of those that spiked"),
        "hour": ("h", "hour of the model's clock at which the look stands"),
    }
    return Table("spikes", pd.concat(parts, ignore_index=True), about)
