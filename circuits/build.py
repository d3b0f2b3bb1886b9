"""A model as plain Brian2 objects: its own Euler, thresholds, resets and spike queues, slow and independent
of our program.

This is the reference that the compiled program must equal, and what runs where there is no compiler.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from prelimbic.circuits import background
from prelimbic.circuits.engine import SAMPLE_MS, Contacts, EngineError, Layout
from prelimbic.circuits.model import ENGINE_EQUATIONS, Model


def construct(
    model: Model, layout: Layout, precision: int, connections: Mapping[str, Contacts]
) -> dict[str, Any]:
    """Brian2 objects of the network, by name, in the current device."""
    import brian2
    from brian2 import ms

    brian2.prefs.core.default_float_dtype = np.float32 if precision == 32 else np.float64
    # Both implementations are given: the one Brian2 would wrap round the function prints every argument at
    # every step.
    uniform = brian2.core.functions.Function(_background_uniform, arg_units=[1, 1, 1, 1, 1], return_unit=1)
    uniform.implementations.add_implementation("cpp", background.CPP_SOURCE)
    uniform.implementations.add_implementation("numpy", _background_uniform)
    cells = brian2.NeuronGroup(
        sum(layout.counts),
        model.cells + ENGINE_EQUATIONS,
        threshold=model.threshold,
        reset=model.reset,
        refractory=model.refractory,
        method="euler",
        dt=layout.step_ms * ms,
        name="cells",
        namespace={"background_uniform": uniform},
    )
    draws = "".join(
        f"{name} = background_uniform(i, {stream}, t_in_timesteps, key_0, key_1)\n"
        for stream, name in enumerate(model.draws)
    )
    cells.run_regularly(model.sample, dt=SAMPLE_MS * ms, when="start", name="sample")
    cells.run_regularly(draws + model.background, when="after_groups", name="background")
    made: dict[str, Any] = {"cells": cells}
    for contacts in model.contacts:
        synapses = brian2.Synapses(
            cells,
            cells,
            contacts.equations,
            on_pre=contacts.on_pre,
            name=contacts.name,
            dt=layout.step_ms * ms,
        )
        wiring = connections[contacts.name]
        if len(wiring) > 0:
            synapses.connect(i=wiring.sources, j=wiring.targets)
        made[contacts.name] = synapses
    made["spikes"] = brian2.SpikeMonitor(cells, variables=model.recorded, when="after_resets", name="spikes")
    # Brian2 would not run these
    empty = [name for name, wiring in connections.items() if len(wiring) == 0]
    made["network"] = brian2.Network(*(o for name, o in made.items() if name not in empty), name="circuit")
    return made


def _background_uniform(cell: Any, stream: Any, step: Any, key_0: Any, key_1: Any) -> Any:
    return background.uniform(np.asarray(cell), int(stream), int(step), int(key_0), int(key_1))


class InterpretedEngine:
    """A model under Brian2's numpy code generation, with the interface of the compiled engine."""

    def __init__(
        self,
        model: Model,
        layout: Layout,
        precision: int,
        connections: Mapping[str, Contacts],
        first: dict[str, np.ndarray],
    ):
        known = "brian2" in sys.modules
        import brian2

        if (
            not known
            # what a user prefers elsewhere, in a file of the home or the current folder, would change what
            # is
            # made here
        ):
            brian2.prefs.reset_to_defaults()
        brian2.set_device("runtime")
        brian2.prefs.codegen.target = "numpy"
        brian2.BrianLogger.suppress_name("unused_brian_object")  # groups without contacts
        self._model, self._first_count = model, layout.counts[0]
        self._made = construct(model, layout, precision, connections)
        self._traces: dict[str, list[float]] = {name: [] for name in model.traces}
        self._made["network"].add(
            brian2.NetworkOperation(self._trace, dt=SAMPLE_MS * brian2.ms, when="after_start", name="trace")
        )
        for group in model.groups:
            if len(connections[group]) > 0:
                self._made[group].pre.variables["delay"].set_value(connections[group].delays * 1e-3)
        self.load("cells.step", np.array([layout.step_ms * 1e-3]))
        self.load_all(first)

    def _trace(self) -> None:
        for name, values in self._traces.items():
            values.append(
                float(self._made["cells"].variables[name].get_value()[: self._first_count].mean(dtype=float))
            )

    def load(self, name: str, values: np.ndarray) -> None:
        variable = self._variable(name)
        if np.size(values) != variable.size:
            raise EngineError(f"{name} takes {variable.size} values, not {np.size(values)}")
        if not np.isfinite(values).all():
            raise EngineError(f"{name} is not finite at {np.flatnonzero(~np.isfinite(values))[0]}")
        if variable.size > 0:
            variable.set_value(np.asarray(values, dtype=variable.dtype))

    def load_all(self, arrays: Mapping[str, np.ndarray]) -> None:
        for name, values in arrays.items():
            self.load(name, values)

    def fetch_all(self, names: Sequence[str]) -> dict[str, np.ndarray]:
        return {name: self.fetch(name) for name in names}

    def fetch(self, name: str) -> np.ndarray:
        owner, _, last = name.partition(".")
        if owner == "traces":
            return np.array(self._traces[last])
        if name == "spikes.value":
            name = f"spikes.{self._model.recorded}"
        return np.array(self._variable(name).get_value(), copy=True).ravel()

    def run(self, seconds: float) -> None:
        from brian2 import second

        with np.errstate(over="ignore"):  # Brian2 compares float32 states with 1e50
            self._made["network"].run(seconds * second, namespace={})
        for name, variable in self._made["cells"].variables.items():
            known = getattr(variable, "owner", None) is self._made["cells"] and np.issubdtype(
                variable.dtype, np.floating
            )
            if known and not np.isfinite(variable.get_value()).all():
                raise EngineError(f"cells.{name} is not finite")

    def clear(self) -> None:
        self._made["spikes"].resize(0)
        self._made["spikes"].variables["N"].set_value(0)
        self._made["spikes"].variables["count"].set_value(0)
        for values in self._traces.values():
            values.clear()

    def state(self) -> np.ndarray:
        """Nothing: what Brian2 keeps of spikes on their way cannot be taken out of it."""
        return np.zeros(0, dtype=np.uint8)

    def take(self, state: np.ndarray) -> None:
        raise EngineError("an interpreted network cannot go on from a saved state")

    def close(self) -> None:
        self._made.clear()

    def _variable(self, name: str) -> Any:
        owner, _, last = name.partition(".")
        if owner not in self._made or last not in self._made[owner].variables:
            raise EngineError(f"no array is called {name}")
        return self._made[owner].variables[last]
