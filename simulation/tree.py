"""One run in memory: what is computed, as the tree that its file would hold."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from prelimbic.circuits import why_no_compiler
from prelimbic.parameters.plain import of_type, refused
from prelimbic.simulation import run
from prelimbic.simulation.config import Config
from prelimbic.simulation.outputs import configuration, every_number, head
from prelimbic.simulation.ready import prepare
from prelimbic.simulation.record import arrange
from prelimbic.simulation.scenario import Scenario, ScenarioError
from prelimbic.simulation.variable import CONFIGURATION, SPIKES, Groups, Variable, sorting


class InterpretedWarning(UserWarning):
    """There is no C++ compiler that works, so the circuit is interpreted, which is slow."""


def simulate(
    scenario: Scenario, seed: int = 1, progress: Callable[[float], None] | None = None
) -> xr.DataTree:
    """Run a scenario once, from a seed (a whole number), and return all that a run file would hold.

    The tree has the groups of a file: `summary` (the readouts), `traces` (what every look saw; time in h),
    `slow` (every Pyr cell at every look), `fine` (the cascade between looks; moment in h), `cells`,
    `spines`, `raster`, `lfp`, with spikes also `spikes/Pyr` and so on, and `numbers`, every number that was
    used with its source.  Each variable has dimensions by name, `units` and `long_name`.  The same
    scenario and seed give the same tree, bit for bit; a file has besides it how it came to be.

    `progress` hears after every look the share that is done, from 0 to 1.  The circuit is compiled first;
    without a C++ compiler it is interpreted, with an InterpretedWarning.

    Raises UsageError for what is no scenario and a seed that cannot be, and RunError (NetworkError,
    EngineError, BuildError) where the circuit fails.
    """
    of_type(Scenario)(scenario, "`scenario`", ScenarioError)
    if progress is not None and not callable(progress):
        raise refused(progress, "`progress`", "a function that takes the share that is done", ScenarioError)
    config = scenario.config(seed)
    compiled = prepare([config])
    if not compiled:
        warnings.warn(
            f"no C++ compiler works ({why_no_compiler()}); the circuit is interpreted, many times slower",
            InterpretedWarning,
            stacklevel=2,
        )
    done = 0.0

    def tell(seconds: float) -> None:
        nonlocal done
        done += seconds
        if progress is not None:
            progress(min(done / config.protocol.seconds, 1.0))

    return as_tree(config, arrange(config, run.simulate(config, compiled, tell)))


def as_tree(config: Config, groups: Groups) -> xr.DataTree:
    """The tree that xarray reads from a file of these groups, but for /provenance and /row."""
    text = Variable((), np.array(configuration(config), dtype=object), "", CONFIGURATION)
    found = {"/": _dataset({"config": text}, head(config))}
    for name, variables in (groups | {"numbers": every_number(config)}).items():
        spikes = {"sorting": np.uint8(sorting(variables))} if name.startswith(SPIKES) else {}
        found[f"/{name}"] = _dataset(variables, spikes)
    return xr.DataTree.from_dict(found)


def _dataset(variables: dict[str, Variable], attributes: dict[str, Any]) -> xr.Dataset:
    """Variables as a dataset, in which those that another names as its coordinates are such."""
    data, labels = {}, set[str]()
    for name, variable in variables.items():
        more = dict(variable.more)
        labels |= {*str(more.pop("coordinates", "")).split()}
        units = {"units": variable.unit} if variable.unit else {}
        data[name] = (variable.dimensions, variable.values, units | {"long_name": variable.meaning} | more)
    return xr.Dataset(data, attrs=attributes).set_coords(labels & {*data})
