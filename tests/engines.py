"""A toy network whose every spike and arrival is known beforehand, and what is left of engine processes."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from prelimbic.circuits import Network, cache, equations
from prelimbic.circuits.build import InterpretedEngine
from prelimbic.circuits.engine import CompiledEngine, Connections, Layout
from prelimbic.circuits.model import Contacts, Model

ROOT = Path(__file__).resolve().parent.parent
STEP_S = 1e-4

# A cell climbs by `drive` and fires above 1; it counts what arrives and keeps when; beside that it computes
# exponentials.
TOY = Model(
    cells="""
dv/dt = drive : 1 (unless refractory)
dgrown/dt = growth*grown : 1
drive : Hz (constant)
growth : Hz (constant)
exponent : 1 (constant)
t_refractory : second (constant)
gain : 1 (constant)
power : 1
received : 1
received_at : second
draw : 1
draw_apical : 1
""",
    threshold="v > 1",
    refractory="t_refractory",
    reset="v = 0\n",
    background="power = exp(exponent)\n",
    sample="",
    contacts=(
        Contacts("near", "weight : 1", "received_post += gain_post*weight\nreceived_at_post = t\n"),
        Contacts("far", "weight : 1", "received_post += weight\nreceived_at_post = t\n"),
    ),
    draws=("draw", "draw_apical"),
    traces=(),
    recorded="v",
    alike=("gain",),
)


def contacts(*listed: tuple[int, int, float]) -> Connections:
    """Contacts given as (source, target, delay in ms)."""
    source, target, delay = np.array(listed).T
    return Connections(source.astype(np.int32), target.astype(np.int32), delay)


# The first cell's contact with itself; no cell of a toy fires unless it is driven.
ONE = contacts((0, 0, 1.0))
NOBODY = Connections(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0))


def toy(
    counts: tuple[int, ...] = (3, 2),
    precision: int = 64,
    near: Connections = ONE,
    far: Connections = ONE,
    without: str = "",
    compiled: bool = True,
    threads: int = 1,
    **arrays: object,
) -> CompiledEngine | InterpretedEngine:
    """A toy network that rests; `arrays` of its cells replace what it starts from, and the one called
    `without` is left out.
    """
    cells = sum(counts)
    given = dict(drive=0.0, growth=0.0, exponent=0.0, t_refractory=0.0, gain=1.0) | arrays
    first = {
        f"cells.{n}": np.broadcast_to(np.asarray(v, dtype=float), cells)
        for n, v in given.items()
        if n[:4] != "key_"
    }
    first |= {f"cells.key_{k}": np.array([given.get(f"key_{k}", k)]) for k in (0, 1)}
    first |= {"near.weight": np.ones(len(near.sources)), "far.weight": np.ones(len(far.sources))}
    first.pop(without, None)
    wiring, layout = {"near": near, "far": far}, Layout(counts)
    if not compiled:
        return InterpretedEngine(TOY, layout, precision, wiring, first)
    program = cache.program(TOY, precision)
    return CompiledEngine(program, TOY, layout, precision, wiring, first, threads=threads)


def works() -> int:
    """A network that does what a toy must do, and the process it does so in."""
    net = toy(near=contacts((0, 1, 0.2)), v=[2.0, 0, 0, 0, 0])
    net.run(3 * STEP_S)
    assert list(net.fetch("cells.received")) == [0, 1, 0, 0, 0]
    process = net.process_id
    net.close()
    return process


def children() -> set[int]:
    """Processes of compiled networks that this process started, those not yet waited for included."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = status.read_text().partition("(")[2].rpartition(")")
        except OSError:
            continue
        if name == "main" and int(rest.split()[1]) == os.getpid():
            found.add(int(status.parent.name))
    return found


def ended(process: int) -> bool:
    """Whether a process is gone, or dead and only not yet waited for."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def soon(true: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether something comes true within so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.02)
    return true()


def names(model: Model) -> list[str]:
    """Every variable and constant of a model's cells."""
    return re.findall(r"^d(\w+)/dt =", model.cells, re.M) + re.findall(r"^(\w+) :", model.cells, re.M)


def everything(network: Network, dendrites: bool) -> dict[str, np.ndarray]:
    """All spikes of a network and every array of its cells."""
    fetched = [f"cells.{name}" for name in names(equations.model(dendrites))]
    fetched += ["spikes.i", "spikes.t", "spikes.value", "traces.seen_AMPA", "traces.seen_GABA"]
    return {name: network.engine.fetch(name) for name in fetched}


def digest(arrays: dict[str, np.ndarray]) -> str:
    """Changes with any bit of any array."""
    return hashlib.sha256(b"".join(arrays[name].tobytes() for name in sorted(arrays))).hexdigest()
