"""Brian2's own C++ code generation: the reference for every spike of a model, and the peer that W1 is
compared with.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks import w1, w1_engine
from prelimbic.circuits.build import construct
from prelimbic.circuits.cache import KERNEL
from prelimbic.circuits.engine import Connections, Layout
from prelimbic.circuits.model import Model

EXACT = ["-w", "-O1", "-std=c++17", "-march=native", "-ffp-contract=off"]  # every operation as it is written
OUR_EXP = '#include "numeric.h"\n#define exp(x) prelimbic::exp(x)\n'


@dataclass(frozen=True)
class Spikes:
    """Spikes of a run, (spike,): cell, and time in s."""

    cell: np.ndarray
    time_s: np.ndarray


def standalone(
    model: Model,
    layout: Layout,
    precision: int,
    connections: dict[str, Connections],
    first: dict[str, np.ndarray],
    seconds: float,
    own_exp: bool = False,
) -> Spikes:
    """Compile a model with Brian2's standalone device and run it from its first state for so many biological
    seconds.

    Every operation is done as it is written; with `own_exp` exponentials are computed by our function
    instead of the C library's.  It happens in a process of its own.  Raises CalledProcessError when that
    fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        names = ("sources", "targets", "delays")
        arrays = {f"wiring/{g}/{n}": getattr(c, n) for g, c in connections.items() for n in names} | first
        np.savez(place / "arrays.npz", **arrays)
        request = {
            "model": asdict(model),
            "layout": asdict(layout),
            "precision": precision,
            "seconds": seconds,
            "own_exp": own_exp,
            "folder": folder,
        }
        _call("exact", request)
        found = np.load(place / "spikes.npz")
        return Spikes(found["cell"], found["time_s"])


class Default:
    """W1 as a user of Brian2 would write it: Euler, PoissonInput, one Synapses a group, default settings of
    the compiler.

    It lives in a folder of its own until `close`.
    """

    def __init__(self, network: w1.Network, seconds: float):
        self._folder = tempfile.TemporaryDirectory()
        self._seconds = seconds
        place = Path(self._folder.name)
        groups = w1_engine.groups(network)
        arrays = {f"{g}/{n}": v for g, s in groups.items() for n, v in vars(s).items()}
        np.savez(place / "arrays.npz", bounds=network.bounds, start=network.start, **arrays)
        _call("default", {"folder": self._folder.name, "seconds": seconds})

    def cost(self) -> float:
        """CPU seconds a biological second of one run, compilation and start apart."""
        code = Path(self._folder.name) / "code"
        subprocess.run([str(code / "main")], cwd=code, check=True, capture_output=True)
        return float((code / "results" / "last_run_info.txt").read_text().split()[0]) / self._seconds

    def close(self) -> None:
        self._folder.cleanup()


def _call(what: str, request: dict) -> None:
    subprocess.run(
        [sys.executable, "-m", "benchmarks.brian", what],
        input=json.dumps(request),
        text=True,
        check=True,
        capture_output=True,
        cwd=Path(__file__).resolve().parent.parent,
    )


def _default(request: dict) -> None:
    import brian2

    place = Path(request["folder"])
    brian2.set_device("cpp_standalone", build_on_run=False)
    arrays = np.load(place / "arrays.npz")
    bounds = arrays["bounds"]
    counts = np.diff(bounds)
    step = w1.SHARED.step * brian2.ms
    equations = w1_engine.CELLS.replace("draw : 1", "").replace("(1 - block)*", "")
    equations += "".join(f"{name} : {unit} (constant)\n" for name, (unit, _, _) in w1_engine.ALIKE.items())
    shared = {
        name: brian2.Quantity(value, dim=brian2.units.allunits.__dict__.get(unit, brian2.Unit(1)).dim)
        for name, (unit, value) in w1_engine.COMMON.items()
    }
    shared |= {"alpha": w1.SHARED.nmda_alpha / brian2.ms, "Mg_slope": w1.SHARED.magnesium_slope / brian2.mV}
    cells = brian2.NeuronGroup(
        int(bounds[-1]),
        equations,
        threshold="v > v_spike",
        reset="v = v_r; w += b",
        refractory="t_refractory",
        method="euler",
        dt=step,
        name="cells",
        namespace=shared,
    )
    cells.v_ = arrays["start"] * 1e-3
    for name, (_, field, unit) in w1_engine.ALIKE.items():
        setattr(cells, f"{name}_", np.repeat([getattr(c, field) * unit for c in w1.CLASSES], counts))
    made = [cells]
    rate = w1.SHARED.background_rate / 100 / brian2.ms  # of each of 100 fibres
    for one, (first, last) in zip(w1.CLASSES, pairwise(bounds.tolist()), strict=True):
        weight = one.background_weight * brian2.nS
        made.append(brian2.PoissonInput(cells[first:last], "g_AMPA", N=100, rate=rate, weight=weight))
    for group in w1_engine.GROUPS:
        action = (
            w1_engine.INHIBITION
            if group == "inhibitory"
            else w1_engine.EXCITATION.replace("AMPA_left_post*", "")
        )
        action = action.replace("jump_post", repr(w1.SHARED.nmda_jump))
        synapses = brian2.Synapses(
            cells, cells, "weight : siemens", on_pre=action, delay=w1.DELAY * brian2.ms, name=group
        )
        synapses.connect(i=arrays[f"{group}/source"], j=arrays[f"{group}/target"])
        synapses.weight_ = arrays[f"{group}/weight"] * 1e-9
        made.append(synapses)
    brian2.Network(*made, brian2.SpikeMonitor(cells)).run(request["seconds"] * brian2.second, namespace={})
    brian2.get_device().build(directory=str(place / "code"), compile=True, run=True)


def _exact(request: dict) -> None:
    import brian2

    place = Path(request["folder"])
    (place / "own_exp.h").write_text(OUR_EXP if request["own_exp"] else "")
    brian2.set_device("cpp_standalone", build_on_run=False)
    cpp = brian2.prefs.codegen.cpp
    cpp.extra_compile_args_gcc = EXACT
    cpp.headers += ['"draws.h"', '"own_exp.h"']
    cpp.include_dirs += [str(KERNEL), str(place)]
    arrays = np.load(place / "arrays.npz")
    model = Model.from_dict(request["model"])
    layout = Layout(tuple(request["layout"]["counts"]), request["layout"]["step_ms"])
    wiring = {
        g: Connections(*(arrays[f"wiring/{g}/{n}"] for n in ("sources", "targets", "delays")))
        for g in model.groups
    }
    made = construct(model, layout, request["precision"], wiring)
    for name in arrays.files:
        owner, _, variable = name.partition(".")
        if owner in made and arrays[name].size > 0:
            setattr(made[owner], f"{variable}_", arrays[name] if arrays[name].size > 1 else arrays[name][0])
    made["cells"].step_ = layout.step_ms * 1e-3
    for group in (g for g in model.groups if len(wiring[g].delays) > 0):
        made[group].delay_ = wiring[group].delays * 1e-3
    made["network"].run(request["seconds"] * brian2.second, namespace={})
    brian2.get_device().build(directory=str(place / "code"), compile=True, run=True)
    np.savez(place / "spikes.npz", cell=made["spikes"].i[:], time_s=made["spikes"].t_[:])


if __name__ == "__main__":
    {"exact": _exact, "default": _default}[sys.argv[1]](json.load(sys.stdin))
