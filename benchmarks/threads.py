"""A circuit of 100,000 neurons: two threads against one, memory a synapse, seconds to draw and load.

`python benchmarks/threads.py [ROUNDS]` prints what was measured as JSON.  The shipped circuit has 1.4e7
synapses at scale 100; in-degrees DENSE times as high make them 4.7e7.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from prelimbic.circuits.describe import Circuit, describe, resting_weights
from prelimbic.circuits.engine import CompiledEngine
from prelimbic.circuits.network import Network, drawn_wiring
from prelimbic.parameters import CIRCUIT, SpineNumbers, circuit_numbers, circuit_sheet, sheet
from prelimbic.parameters.granted import THREADS

SCALE, DENSE = 100.0, 10.0 / 3.0
WARM_UP_S, SECONDS = 0.2, 0.1
LIMIT_BYTES, LIMIT_S = 12.0, 60.0


def circuit(denser: float = 1.0, scale: float = SCALE) -> Circuit:
    """The shipped circuit with so many times the contacts, each so much weaker."""
    numbers = circuit_numbers(circuit_sheet(CIRCUIT))
    projections = {
        name: replace(p, in_degree=round(p.in_degree * denser), weight=p.weight / denser)
        for name, p in numbers.projections.items()
    }
    sites = sheet("spines").fill("spines", SpineNumbers).sites_per_contact
    return describe(replace(numbers, projections=projections), scale, sites)


def synapses(built: Circuit) -> int:
    """Contacts of a circuit, filled or not."""
    return sum(built.contacts(source, target) for source, target, _ in built.projections)


def seconds_by_threads(rounds: int) -> dict[int, list[float]]:
    """Wall seconds of SECONDS biological ones by one thread and by two, in turn."""
    built = circuit()
    networks = {threads: _by(threads, built) for threads in (1, 2)}
    found: dict[int, list[float]] = {threads: [] for threads in networks}
    for _ in range(rounds):
        for threads, network in networks.items():
            begun = time.perf_counter()
            network.engine.run(SECONDS)
            found[threads].append(time.perf_counter() - begun)
    for network in networks.values():
        network.close()
    return found


def _by(threads: int, built: Circuit) -> Network:
    known = os.environ.get(THREADS)
    os.environ[THREADS] = str(threads)
    network = Network(built, drawn_wiring(built, 1), np.random.SeedSequence(2))
    os.environ[THREADS] = known or "1"
    network.load_weights(resting_weights(built))
    network.load_block(np.zeros_like(built.mixtures))
    network.engine.run(WARM_UP_S)
    return network


def drawn_and_loaded(denser: float) -> dict[str, float]:
    """Seconds to draw and to load a circuit, and the bytes a synapse by which this process and that of the
    circuit have grown then (memory that they share counts once).
    """
    small = circuit(scale=1.0)  # with which come the libraries
    Network(small, drawn_wiring(small, 1), np.random.SeedSequence(2)).close()
    built, before, begun = circuit(denser), _held("self"), time.perf_counter()
    drawn = drawn_wiring(built, 1)
    drawing = time.perf_counter() - begun
    network = Network(built, drawn, np.random.SeedSequence(2))
    del drawn
    loading = time.perf_counter() - begun - drawing
    assert isinstance(network.engine, CompiledEngine)
    count, own, engine = synapses(built), _held("self") - before, _held(str(network.engine.process_id))
    network.close()
    return {
        "synapses": count,
        "drawing_s": drawing,
        "loading_s": loading,
        "bytes_a_synapse": (own + engine) / count,
        "bytes_a_synapse_engine": engine / count,
        "peak_MB": _peak("self"),
    }


def _held(process: str) -> int:
    """Bytes of memory that a process holds."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) << 10


def _peak(process: str) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024.0


def measured(rounds: int) -> dict[str, Any]:
    """All of it, each in a process that did nothing else before."""
    words = [sys.executable, str(Path(__file__).resolve())]
    parts = {"dense": ["dense"], "shipped": ["shipped"], "seconds": ["by", str(rounds)]}
    told = {
        name: subprocess.run([*words, *asked], check=True, capture_output=True, text=True).stdout
        for name, asked in parts.items()
    }
    return {name: json.loads(text) for name, text in told.items()}


def rows(rounds: int) -> list[tuple[str, list[tuple[float, float]], str, str, bool]]:
    """(name, [(ours, limit)], goal, unit, whether the ratio is how many times faster) of each row."""
    found = measured(rounds)
    one, two = (min(found["seconds"][threads]) for threads in ("1", "2"))
    dense, seconds = found["dense"], found["dense"]["drawing_s"] + found["dense"]["loading_s"]
    return [
        ("100,000 cells, two threads over one, best of rounds", [(two, one)], ">= 1.8", "s", True),
        (
            "4.7e7 synapses, memory of each",
            [(dense["bytes_a_synapse"], LIMIT_BYTES)],
            "<= 1",
            "bytes",
            False,
        ),
        ("4.7e7 synapses drawn and loaded", [(seconds, LIMIT_S)], "<= 1", "s", False),
    ]


if __name__ == "__main__":
    asked = sys.argv[1:] or ["5"]
    if asked[0] == "by":
        answer: Any = seconds_by_threads(int(asked[1]))
    elif asked[0] in ("dense", "shipped"):
        answer = drawn_and_loaded(DENSE if asked[0] == "dense" else 1.0)
    else:
        answer = measured(int(asked[0])) | {"load": os.getloadavg()[0]}
    print(json.dumps(answer, indent=1))
