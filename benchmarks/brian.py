"""A model under Brian2's own C++ code generation: the peer to compare speed with, and the reference for every spike."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from circuits.build import construct
from circuits.cache import KERNEL
from circuits.engine import Connections, Layout
from circuits.model import Model

EXACT = ["-w", "-O3", "-std=c++17", "-march=native", "-ffp-contract=off"]  # every operation as it is written
OUR_EXP = '#include "numeric.h"\n#define exp(x) prelimbic::exp(x)\n'


@dataclass(frozen=True)
class Spikes:
    """Spikes of a run, (spike,): cell, and time in s; and its CPU time in s, compilation and start apart."""

    cell: np.ndarray
    time_s: np.ndarray
    cpu_s: float


def standalone(model: Model, layout: Layout, precision: int, connections: dict[str, Connections],
               first: dict[str, np.ndarray], seconds: float, flags: list[str] | None, own_exp: bool = False) -> Spikes:  # fmt: skip
    """Compile a model with Brian2's standalone device and run it from its first state for so many biological seconds.

    `flags` replace Brian2's default compiler flags; with `own_exp` its exponentials are computed by our function instead of
    the C library's.  It happens in a process of its own.  Raises CalledProcessError when that fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        arrays = {f"wiring/{g}/{n}": v for g, c in connections.items() for n, v in vars(c).items()} | first
        np.savez(place / "arrays.npz", **arrays)
        request = {"model": asdict(model), "layout": asdict(layout), "precision": precision, "seconds": seconds, "flags": flags,
                   "own_exp": own_exp, "folder": folder}  # fmt: skip
        subprocess.run([sys.executable, "-m", "benchmarks.brian"], input=json.dumps(request), text=True, check=True,
                       capture_output=True)  # fmt: skip
        found = np.load(place / "spikes.npz")
        return Spikes(found["cell"], found["time_s"], float(found["cpu_s"]))


def _serve(request: dict) -> None:
    import brian2

    place = Path(request["folder"])
    (place / "own_exp.h").write_text(OUR_EXP if request["own_exp"] else "")
    (place / "draws_of.h").write_text('#include "draws.h"\n')
    brian2.set_device("cpp_standalone", build_on_run=False)
    cpp = brian2.prefs.codegen.cpp
    if request["flags"] is not None:
        cpp.extra_compile_args_gcc = request["flags"]
    cpp.headers += ['"draws_of.h"', '"own_exp.h"']
    cpp.include_dirs += [str(KERNEL), str(place)]
    arrays = np.load(place / "arrays.npz")
    model = Model.from_dict(request["model"])
    layout = Layout(tuple(request["layout"]["counts"]), request["layout"]["step_ms"])
    wiring = {g: Connections(*(arrays[f"wiring/{g}/{n}"] for n in ("sources", "targets", "delays"))) for g in model.groups}
    made = construct(model, layout, request["precision"], wiring)
    for name in arrays.files:
        owner, _, variable = name.partition(".")
        if owner in made:
            setattr(made[owner], f"{variable}_", arrays[name] if arrays[name].size > 1 else arrays[name][0])
    made["cells"].step_ = layout.step_ms * 1e-3
    for group in model.groups:
        made[group].delay_ = wiring[group].delays * 1e-3
    made["network"].run(request["seconds"] * brian2.second, namespace={})
    device = brian2.get_device()
    device.build(directory=str(place / "code"), compile=True, run=True)
    spikes = made["spikes"]
    np.savez(place / "spikes.npz", cell=spikes.i[:], time_s=spikes.t_[:], cpu_s=device._last_run_time)


if __name__ == "__main__":
    _serve(json.load(sys.stdin))
