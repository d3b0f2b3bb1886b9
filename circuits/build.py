"""Turn equations into Brian2 objects, and those into a compiled program.  The only importer of Brian2.

The compiled program depends on sizes and equations alone; constants, wiring, weights and block are loaded at run time.
`python -m circuits.build STRUCTURE.json DIRECTORY` compiles in a process of its own, so that Brian2's global device
state never leaks into a user's session.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from circuits import background
from circuits import equations as eq
from circuits.wiring import GROUPS

SAMPLE_MS = 1.0


@dataclass(frozen=True)
class Structure:
    """All that a compiled network depends on besides the equations: sizes, dendrites or none, step (ms), precision (bits)."""

    cells: int
    pyramidal: int
    dendrites: bool
    synapses: tuple[int, ...]  # contacts of each group, in the order of wiring.GROUPS
    step_ms: float = 0.1
    precision: int = 32


def construct(structure: Structure, sources: dict[str, Any], targets: dict[str, Any]) -> dict[str, Any]:
    """Brian2 objects of the network, by name, in the current device."""
    import brian2
    from brian2 import ms

    dendrites = structure.dendrites
    dtype = np.float32 if structure.precision == 32 else np.float64
    brian2.prefs.core.default_float_dtype = dtype
    # Both implementations are given: the one Brian2 would wrap round the function prints every argument at every step.
    draw = brian2.core.functions.Function(_background_uniform, arg_units=[1, 1, 1, 1], return_unit=1)
    draw.implementations.add_implementation("cpp", background.cpp_source())
    draw.implementations.add_implementation("numpy", _background_uniform)
    cells = brian2.NeuronGroup(
        structure.cells, eq.cells(dendrites), threshold=eq.THRESHOLD, reset=eq.reset(dendrites), refractory="t_refractory",
        method="euler", dt=structure.step_ms * ms, name="cells", namespace={"background_uniform": draw},
    )  # fmt: skip
    cells.run_regularly(eq.background(dendrites), when="start", name="background")
    cells.run_regularly(eq.sample(dendrites), dt=SAMPLE_MS * ms, when="before_groups", name="sample")
    made: dict[str, Any] = {"cells": cells}
    for group in GROUPS:
        synapses = brian2.Synapses(cells, cells, eq.synapse(dendrites), on_pre=eq.spike(group, dendrites), name=group,
                                   dt=structure.step_ms * ms)  # fmt: skip
        synapses.connect(i=sources[group], j=targets[group])
        made[group] = synapses
    electrode = brian2.NeuronGroup(1, eq.ELECTRODE, dt=SAMPLE_MS * ms, name="electrode", namespace={})
    tap = brian2.Synapses(cells[: structure.pyramidal], electrode, eq.tap(dendrites), dt=SAMPLE_MS * ms, name="tap", namespace={})
    tap.connect(i=np.arange(structure.pyramidal), j=np.zeros(structure.pyramidal, dtype=int))
    made |= {"electrode": electrode, "tap": tap}
    made["spikes"] = brian2.SpikeMonitor(cells, variables="release_Pyr", when="after_resets", name="spikes")
    made["lfp"] = brian2.StateMonitor(electrode, ["AMPA", "GABA"], record=True, name="lfp")
    made["network"] = brian2.Network(*made.values(), name="circuit")
    return made


def _background_uniform(cell: Any, step: Any, key_0: Any, key_1: Any) -> Any:
    return background.uniform(np.asarray(cell), int(step), int(key_0), int(key_1))


def writable(made: dict[str, Any]) -> list[tuple[str, str, Any]]:
    """(public name, object name, variable) of every array that a look may load or fetch."""
    from brian2.core.variables import ArrayVariable

    found = []
    for owner in ("cells", *GROUPS):
        for name, variable in made[owner].variables.items():
            plain = isinstance(variable, ArrayVariable) and variable.owner.name == owner
            if plain and not name.startswith("_") and name not in ("N", "i", "N_incoming", "N_outgoing"):
                found.append((f"{owner}.{name}", owner, variable))
        if owner != "cells":
            found.append((f"{owner}.delay", owner, made[owner].pre.variables["delay"]))
    return found


def _table(device: Any, made: dict[str, Any]) -> str:
    """C++ text: every loadable array with its address and size."""
    from brian2.core.variables import DynamicArrayVariable

    rows = []
    for public, _, variable in writable(made):
        name = device.get_array_name(variable, access_data=False)
        size = f"{name}.size()" if isinstance(variable, DynamicArrayVariable) else f"_num_{name}"
        size = "1" if variable.scalar else size
        rows.append(f'{{"{public}", (char*)&{name}[0], ({size})*sizeof({name}[0])}}')
    for name in ("i", "t", "release_Pyr"):
        array = f"_dynamic_array_spikes_{name}"
        rows.append(f'{{"spikes.{name}", (char*)({array}.size() ? &{array}[0] : 0), {array}.size()*sizeof({array}[0])}}')
    for name in ("AMPA", "GABA"):
        rows.append(f'{{"lfp.{name}", (char*)trace_{name}.data(), trace_{name}.size()*sizeof(trace_{name}[0])}}')
    copies = "\n".join(
        f"static std::vector<double> trace_{n}; trace_{n}.clear();\n"
        f"for (int k = 0; k < (int)_dynamic_array_lfp_{n}.n; k++) trace_{n}.push_back(_dynamic_array_lfp_{n}(k, 0));"
        for n in ("AMPA", "GABA")
    )
    return f"[&]() -> std::vector<prelimbic::Array> {{ {copies}\nreturn {{ {', '.join(rows)} }}; }}"


CLEAR = """[&]() {
    _dynamic_array_spikes_i.resize(0); _dynamic_array_spikes_t.resize(0); _dynamic_array_spikes_release_Pyr.resize(0);
    _array_spikes_N[0] = 0;
    std::memset(_array_spikes_count, 0, sizeof(_array_spikes_count[0])*_num__array_spikes_count);
    _dynamic_array_lfp_AMPA.resize(0, 1); _dynamic_array_lfp_GABA.resize(0, 1);
    _dynamic_array_lfp_t.resize(0); _array_lfp_N[0] = 0;
}"""


def compile_network(structure: Structure, directory: Path, flags: list[str], link_flags: list[str]) -> None:
    """Generate and compile the program into `directory`/main.  Raises RuntimeError when the compiler fails."""
    import brian2

    brian2.set_device("cpp_standalone", build_on_run=False)
    device = brian2.get_device()
    cpp = brian2.prefs.codegen.cpp
    cpp.extra_compile_args_gcc = flags
    cpp.extra_link_args = link_flags
    cpp.headers += ['"server.h"', "<functional>", "<cmath>"]
    cpp.include_dirs += [str(Path(__file__).parent)]
    brian2.prefs.devices.cpp_standalone.extra_make_args_unix = ["-j2"]
    empty = {group: np.zeros(n, dtype=np.int32) for group, n in zip(GROUPS, structure.synapses, strict=True)}
    # Contacts are overwritten when a run starts; two distinct values keep Brian2 from folding them into a constant.
    for indices in empty.values():
        indices[-1] = 1
    made = construct(structure, empty, empty)
    wiring = ", ".join(
        f'{{"{g}.{k}", (char*)brian::_static_array__array_{g}_{k}, '
        f"(size_t)brian::_num__static_array__array_{g}_{k}*sizeof(brian::_static_array__array_{g}_{k}[0])}}"
        for g in GROUPS
        for k in ("sources", "targets")
    )
    table = _table(device, made)
    device.insert_code("after_start", f"prelimbic::serve([&]() -> std::vector<prelimbic::Array> {{ return {{ {wiring} }}; }}, "
                                      "[](double) {}, []() {});")  # fmt: skip
    device.insert_code("main", f"prelimbic::serve({table}, [](double) {{}}, []() {{}});")
    made["network"].run(0 * brian2.ms, namespace={})
    # Time is put back on the grid of steps before every run: sums of durations drift off it, and the sampling clock with them.
    step = f"{structure.step_ms!r}e-3"
    run = f"[&](double seconds) {{ circuit.t = std::round(circuit.t/{step})*{step}; circuit.run(seconds, NULL, 10.0); }}"
    device.insert_code("main", f"prelimbic::serve({table}, {run}, {CLEAR}); ::_exit(0);")
    device.build(directory=str(directory), compile=True, run=False, debug=False)


def request_text(structure: Structure, flags: list[str], link_flags: list[str]) -> str:
    """What `python -m circuits.build` reads."""
    return json.dumps({"structure": asdict(structure), "flags": flags, "link_flags": link_flags})


if __name__ == "__main__":
    request = json.loads(Path(sys.argv[1]).read_text())
    request["structure"]["synapses"] = tuple(request["structure"]["synapses"])
    compile_network(Structure(**request["structure"]), Path(sys.argv[2]), request["flags"], request["link_flags"])
