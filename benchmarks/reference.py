"""Plain C++ simulators of the benchmark workloads: compile them, hand them a network, run them.

A network goes to a program as a folder of files, one an array: raw little-endian float32 or int32, named as
the array.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from benchmarks import w1
from prelimbic.circuits.background import event_probabilities
from prelimbic.circuits.cache import cache_folder
from prelimbic.circuits.constants import constants
from prelimbic.circuits.describe import Circuit
from prelimbic.circuits.wiring import Wiring
from prelimbic.parameters import POPULATIONS, SUBUNITS

SOURCES = Path(__file__).parent / "reference"
PROGRAMS = ("w1", "w2")
FLAGS = ["-Ofast", "-march=native", "-mprefer-vector-width=512", "-std=c++17"]
STEP_MS = 0.1
OF_CELLS = ("v", "v_apical", "E_L", "v_threshold")  # what differs between the cells of a population of W2
LANES = 16  # cells in the widest vector
NEVER = 2**31 - 1  # steps for which a cell that is none is refractory
KINDS = {"excitatory": ("plastic", "excitatory"), "fast": ("fast",), "slow": ("slow",)}


class ProgramError(RuntimeError):
    """A reference simulator cannot be compiled or did not run."""


@dataclass(frozen=True)
class Run:
    """What a program did after its warm-up of half a second."""

    rates: tuple[float, ...]  # (class,) Hz
    events: int  # synaptic events, one a contact and spike
    cpu_seconds: float
    ns_per_cell_step: float  # CPU time of the pass over all cells
    ns_per_event: float  # CPU time of delivery


def compile_reference(name: str, tuned: bool = False) -> Path:
    """The compiled program of a workload, "w1" or "w2"; compiled once for its sources, the compiler and the
    CPU.

    Both keep what a population shares in registers; a `tuned` one has an exponential of its own beside that.

    Raises ProgramError when the name is another, when g++ is missing or when it does not compile.
    """
    if name not in PROGRAMS:
        raise ProgramError(f"there is no reference simulator {name!r}; there are {', '.join(PROGRAMS)}")
    if shutil.which("g++") is None:
        raise ProgramError("the reference simulators need g++; on Debian: apt install g++")
    flags = [*FLAGS, "-DTUNED"] if tuned else FLAGS
    # Its own account of what it would do names its version and all that -march=native stands for here.
    account = subprocess.run(
        ["g++", *flags, "-E", "-v", "-"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    texts = [(SOURCES / file).read_text() for file in (f"{name}.cpp", "common.h")]
    key = hashlib.sha256("\0".join([*texts, *flags, account.stderr]).encode()).hexdigest()[:16]
    place = cache_folder() / "reference" / f"{name}-{key}"
    if place.exists():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as work:
        made = Path(work) / name
        done = subprocess.run(
            ["g++", *flags, str(SOURCES / f"{name}.cpp"), "-o", str(made)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise ProgramError(f"{name}.cpp does not compile:\n{done.stderr}")
        os.replace(made, place)
    return place


def export_w1(network: w1.Network, folder: Path) -> None:
    """Write a drawn W1 network and all its constants for program w1."""
    slots = _slots(np.diff(network.bounds))
    arrays = {
        f"class.{f.name}": np.array([getattr(c, f.name) for c in w1.CLASSES])
        for f in fields(w1.CellClass)
        if f.name != "name"
    }
    arrays |= {f"shared.{name}": np.array([value]) for name, value in asdict(w1.SHARED).items()}
    arrays["chance"] = event_probabilities(np.array([w1.SHARED.background_rate * 1e3]), w1.SHARED.step)
    arrays |= {
        "bounds": slots.bounds,
        "counts": slots.counts,
        "start": slots.spread(network.start),
        "wait": slots.wait,
    }
    for kind in ("excitatory", "inhibitory"):
        synapses = vars(getattr(network, kind))
        arrays |= {
            f"{kind}.{name}": slots.of[values] if name in ("source", "target") else values
            for name, values in synapses.items()
        }
    _write(arrays, folder)


def export_w2(
    circuit: Circuit, wiring: Wiring, weights: np.ndarray, block: np.ndarray, folder: Path
) -> None:
    """Write a drawn circuit under plastic weights (nS, shape (pyr, site)) and NMDA block (shape (population,
    subunit)) for program w2.

    Sites without a weight are left out.  Raises ValueError for a circuit without dendrites, and where cells
    of a population differ in anything but OF_CELLS.
    """
    if circuit.apical is None:
        raise ValueError(f"program w2 needs a circuit with dendrites; {circuit.name} has none")
    known = constants(circuit, wiring, np.zeros(2, dtype=np.int32), STEP_MS)
    known |= {f"cells.block_{name}": circuit.per_cell(block[:, k]) for k, name in enumerate(SUBUNITS)}
    cells = {
        name.removeprefix("cells."): values for name, values in known.items() if name.startswith("cells.")
    }
    filled = dict(wiring.weights) | {"plastic": np.asarray(weights).ravel()}
    slots = _slots(circuit.counts)
    arrays = {"bounds": slots.bounds, "counts": slots.counts, "cells.wait": slots.wait}
    arrays |= {f"cells.{name}": slots.spread(cells.pop(name)) for name in OF_CELLS}
    for name, values in cells.items():
        alike = values.size == 1
        arrays[f"shared.{name}" if alike else f"population.{name}"] = (
            values if alike else _by_population(circuit, name, values)
        )
    for kind, groups in KINDS.items():
        arrays |= _contacts(circuit, wiring, filled, slots, kind, groups)
    _write(arrays, folder)


def run(program: Path, folder: Path, seconds: float, seed: int) -> Run:
    """Run a program for so many seconds of biological time after its warm-up; `seed` keys the background.

    Raises ProgramError with the program's words when it fails."""
    done = subprocess.run(
        [str(program), str(folder), repr(seconds), str(seed)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ProgramError(f"{program.name} ended with code {done.returncode}: {done.stderr.strip()}")
    found = json.loads(done.stdout)
    return Run(**found | {"rates": tuple(found["rates"])})


@dataclass(frozen=True)
class _Slots:
    """Where cells stand in a program, in which every class begins at a multiple of LANES, so that no cell is
    left to a slow loop over the rest: `of[cell]`; class k has the slots from bounds[k] to bounds[k + 1];
    `wait` keeps the empty ones silent.
    """

    counts: np.ndarray
    bounds: np.ndarray
    of: np.ndarray

    def spread(self, values: np.ndarray) -> np.ndarray:
        """One value a cell -> one a slot."""
        found = np.zeros(self.bounds[-1], dtype=values.dtype)
        found[self.of] = values
        return found

    @property
    def wait(self) -> np.ndarray:
        return NEVER * (1 - self.spread(np.ones(len(self.of), dtype=np.int32)))


def _slots(counts: Sequence[int] | np.ndarray) -> _Slots:
    counts = np.asarray(counts)
    bounds = np.concatenate([[0], np.cumsum(-(-counts // LANES) * LANES)])
    return _Slots(
        counts,
        bounds,
        np.concatenate([first + np.arange(n) for first, n in zip(bounds, counts, strict=False)]),
    )


def _by_population(circuit: Circuit, name: str, values: np.ndarray) -> np.ndarray:
    found = values[np.cumsum([0, *circuit.counts[:-1]])]
    if not np.array_equal(circuit.per_cell(found), values):
        raise ValueError(f"program w2 takes one {name} a population, and cells of one differ")
    return found


def _contacts(
    circuit: Circuit,
    wiring: Wiring,
    weights: dict[str, np.ndarray],
    slots: _Slots,
    kind: str,
    groups: tuple[str, ...],
) -> dict[str, np.ndarray]:
    """Contacts of some groups that have a weight, sorted by source, then delay, then place.

    A place is a compartment that contacts stand on: that of a soma is its cell's slot, those of dendrites
    come after all somata.  An outlet is all contacts of a cell on somata of one population, or on dendrites.
    """
    source, target, weight, delay, apical = (
        np.concatenate([values[group] for group in groups])
        for values in (wiring.sources, wiring.targets, weights, wiring.delays, wiring.apical)
    )
    population = np.repeat(np.arange(len(POPULATIONS)), circuit.counts)
    columns = {
        "source": slots.of[source],
        "delay": np.rint(delay / STEP_MS).astype(np.int32),
        "place": slots.of[target] + slots.bounds[-1] * apical.astype(np.int32),
        "outlet": (len(POPULATIONS) + 1) * slots.of[source]
        + np.where(apical, len(POPULATIONS), population[target]),
        "weight": weight * 1e-9,
    }
    order = np.lexsort((columns["place"], columns["delay"], source))
    order = order[weight[order] > 0]
    return {f"{kind}.{name}": values[order] for name, values in columns.items()}


def _write(arrays: dict[str, np.ndarray], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in arrays.items():
        kind = np.int32 if np.issubdtype(values.dtype, np.integer) else np.float32
        np.ascontiguousarray(values, dtype=kind).tofile(folder / name)
