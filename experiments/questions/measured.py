"""What laboratories would read of the runs of a question, as variables of its dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prelimbic.experiments.readouts.laboratory import read
from prelimbic.simulation.measures import Measure, measures
from prelimbic.simulation.question import Point, Question
from prelimbic.simulation.seen import Noise

if TYPE_CHECKING:
    import xarray as xr


def measured(dataset: xr.Dataset, question: Question) -> xr.Dataset:
    """The dataset with every reading that a question asks for, along its axes, seed and readout; NaN where a
    run is missing or has no such readout.
    """
    asked = [m for m in measures(question.measure) if m.reading is not None]
    return dataset.assign({m.name: _read(dataset, question, m) for m in asked}) if asked else dataset


def as_fold(
    measure: Measure, mine: np.ndarray, others: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Values, and those that they are compared with, over the mean of these where that is how a measure is
    told.
    """
    if measure.reading is None or not measure.reading.to_vehicle or others is None:
        return mine, others
    known = others[np.isfinite(others)]
    whole = float(known.mean()) if len(known) else np.nan
    return mine / whole, others / whole


def _read(dataset: xr.Dataset, question: Question, measure: Measure) -> xr.DataArray:
    import xarray as xr

    ids, readouts = dataset["run_id"], dataset["readout"]
    assert measure.reading is not None
    found = xr.DataArray(
        np.full((*ids.shape, len(readouts)), np.nan),
        {name: dataset[name] for name in (*ids.dims, "readout")},
        (*ids.dims, "readout"),
        attrs={"units": measure.unit, "long_name": measure.reading.meaning},
    )
    for point in question.points():
        for place in _sheets(dataset, point):
            for readout, ends in _hours(point).items():
                found.loc[place | {"readout": readout}] = _at(
                    dataset.sel(place), measure, point, readout, ends
                )
    for place, there in question.alike():
        found.loc[place] = found.sel(there).values
    return found


def _sheets(dataset: xr.Dataset, point: Point) -> list[dict[str, object]]:
    """A point on each of the circuit sheets of a dataset."""
    if "sheet" not in dataset.dims:
        return [dict(point.place)]
    return [{"sheet": sheet} | point.place for sheet in dataset["sheet"].values]


def _hours(point: Point) -> dict[str, tuple[float, float]]:
    """First and last hour of every readout."""
    protocol, begun = point.config.protocol, point.config.begun()
    moments = {name: (hour, hour) for name, hour in point.config.moments().items()}
    return moments | protocol.windows(begun)


def _at(
    cell: xr.Dataset, measure: Measure, point: Point, readout: str, ends: tuple[float, float]
) -> np.ndarray:
    name = measure.name.removesuffix(".exact") if measure.exact else measure.name
    seeds, runs = cell["seed"].values.tolist(), cell["run_id"].values.tolist()
    noise = None if measure.exact else Noise.of(name, seeds, runs, readout)
    return read(cell, name, ends, point.config.begun(), readout=readout, noise=noise)
