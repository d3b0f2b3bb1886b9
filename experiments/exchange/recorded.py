"""A run file as other programs see one: looks one after the other on an axis of spiking time, and the spikes
of every cell on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from prelimbic.experiments.storage.files import StoreError
from prelimbic.experiments.storage.store import check_run, read_config, read_groups, tree
from prelimbic.parameters import POPULATIONS
from prelimbic.simulation.facts import facts
from prelimbic.simulation.variable import SPIKES, Groups, Variable


class NoSpikesError(StoreError):
    """A run whose spikes were not kept."""


@dataclass(frozen=True)
class Spikes:
    """Of one population: `ms` of spiking time, `cell` within the population, `look` as an index of the looks
    that spiked; each (spike,), in the order in which they are stored.
    """

    ms: np.ndarray
    cell: np.ndarray
    look: np.ndarray

    def of_cells(self, count: int) -> list[np.ndarray]:
        """Times of each of so many cells (ms), ascending."""
        order = np.lexsort((self.ms, self.cell))
        return np.split(self.ms[order], np.searchsorted(self.cell[order], np.arange(1, count)))


@dataclass(frozen=True)
class Looks:
    """The looks that spiked: `hour` of the model's clock, `begin` and `end` in ms of spiking time, `settled`
    seconds before each that are not counted; `which` of all looks of the run they are; each (look,).
    """

    hour: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    settled: np.ndarray
    which: np.ndarray


@dataclass(frozen=True)
class Recorded:
    """A run file that was found whole: what it says of itself, its configuration, and its groups."""

    path: Path
    head: dict[str, Any]
    config: dict[str, Any]
    groups: Groups

    @property
    def run_id(self) -> str:
        return str(self.head["run_id"])

    @property
    def step_ms(self) -> float:
        """The step of integration, to which spikes are timed."""
        return float(self.config["numerics"]["step"])

    @cached_property
    def looks(self) -> Looks:
        """Raises NoSpikesError where the run has none that spiked."""
        seen = self.groups.get("traces", {})
        if not {"time", "look_seconds"} <= seen.keys():
            raise NoSpikesError(_without(self.path))
        which = np.flatnonzero(seen["look_seconds"].values > 0)
        ends = np.cumsum([look * 1e3 for look in seen["look_seconds"].values[which]])
        settled = (
            seen["settle_seconds"].values[which] if "settle_seconds" in seen else np.full(len(which), np.nan)
        )
        return Looks(seen["time"].values[which], np.concatenate([[0.0], ends[:-1]]), ends, settled, which)

    @cached_property
    def spikes(self) -> dict[str, Spikes]:
        """By population.  Raises NoSpikesError where they were not kept."""
        found = {}
        for name in POPULATIONS:
            stored = self.groups.get(f"{SPIKES}{name}")
            if stored is None:
                raise NoSpikesError(_without(self.path))
            arrays = (stored[key].values for key in ("timestamps", "node_ids", "look"))
            ms, cell, look = arrays
            found[name] = Spikes(ms, cell.astype(np.int64), look.astype(np.int64))
        return found

    @cached_property
    def said(self) -> dict[str, Any]:
        """What the file says of its run, and its configuration, whose facts older layouts do not repeat."""
        return self.head | facts(self.config)

    @cached_property
    def cells(self) -> dict[str, int]:
        """How many cells each population has; in an older layout as its numbers and its scale have it."""
        kept = self.groups["cells"]
        if "population" in kept:
            named = kept["population"].values.astype(str)
            return {name: int((named == name).sum()) for name in POPULATIONS}
        numbers = self.groups["numbers"]
        values = dict(zip(map(str, numbers["name"].values), numbers["value"].values, strict=True))
        scale = float(self.config["scale"])
        return {name: max(2, round(float(values[f"circuit.{name}.count"]) * scale)) for name in POPULATIONS}

    @property
    def lfp(self) -> Variable | None:
        """The LFP proxy (pA) of each look, (look, sample), of those looks that spiked; None where it is not
        kept.
        """
        stored = self.groups.get("lfp", {}).get("lfp")
        return (
            None
            if stored is None
            else Variable(stored.dimensions, stored.values[self.looks.which], stored.unit, "")
        )

    @property
    def lfp_hz(self) -> float:
        """Samples of the LFP proxy a second."""
        return float(self.groups["lfp"]["sampling_rate"].values)

    def courses(self, *dimensions: str) -> dict[str, Variable]:
        """What is stored of each look along `time` and these dimensions, at the looks that spiked."""
        found = {}
        for name, variable in self.groups["traces"].items():
            if variable.dimensions == ("time", *dimensions) and not name.endswith("_seconds"):
                values = variable.values[self.looks.which]
                found[name] = Variable(variable.dimensions, values, variable.unit, variable.meaning)
        return found


def recorded(path: Path) -> Recorded:
    """A run file with all its groups.  Raises DamagedError, UnreadableError and StoreError."""
    head = check_run(path)
    named = dict.fromkeys(row[0].rpartition("/")[0] for row in tree(path))
    wanted = tuple(name for name in named if name and name != "row")
    return Recorded(path, head, read_config(path), read_groups(path, wanted))


def _without(path: Path) -> str:
    return f"{path} holds no spikes: run it with `spikes`, or take csv, parquet or zarr, which hold the rest"
