"""Shared fixtures: small circuits, and one small sweep run through the command line."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

# before numpy: small matrices on many threads wait where cores are busy
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest
from numba import config, get_num_threads, set_num_threads

from prelimbic.circuits import Circuit, Network, Wiring, describe, draw, engine
from prelimbic.experiments.cli import command
from prelimbic.parameters import SpineNumbers, brought, circuit_numbers, sheet
from prelimbic.pharmacology import Dose
from prelimbic.simulation.config import Config
from prelimbic.simulation.protocol import Protocol
from tests.engines import children, toy
from tests.faults import Faults
from tests.slurm import Cluster, cluster

if TYPE_CHECKING:
    from tests.disturbed import Scene

COMMAND = Path(sys.executable).with_name("prelimbic")
MAIN_JOB = [str(COMMAND), "run", "dose_response", "--seeds", "1", "--scale", "0.5", "--spikes", "--out"]
SMALL = 0.5


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Processes that test: a core each, up to four; two where tests have several processes of their own."""
    crowded = re.search(r"(?<!not )\b(slurm|faults)\b", config.option.markexpr)
    return min(2 if crowded else 4, len(os.sched_getaffinity(0)))


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two models where the board draws a hundred."""
    monkeypatch.setattr("prelimbic.experiments.claims.bench.DRAWS", 2)


def small_circuit(name: str = "sst") -> Circuit:
    ratio = sheet("spines").fill("spines", SpineNumbers).sites_per_contact
    return describe(circuit_numbers(sheet(name)), SMALL, ratio)


def wired(circuit: Circuit, seed: int = 1) -> tuple[Wiring, np.random.SeedSequence]:
    wiring_seed, spiking_seed = np.random.SeedSequence(seed).spawn(2)
    return draw(circuit, wiring_seed), spiking_seed


def healthy_weights(circuit: Circuit) -> np.ndarray:
    projection = circuit.projection("Pyr", "Pyr")
    weights = np.zeros((circuit.counts[0], circuit.sites))
    weights[:, : int(projection.in_degree)] = projection.weight
    return weights


def network(seed: int = 1, name: str = "sst", **options: object) -> Network:
    circuit = small_circuit(name)
    wiring, spiking_seed = wired(circuit, seed)
    return Network(circuit, wiring, spiking_seed, **options)  # type: ignore[arg-type]


def brief(dose: float = 10.0, seed: int = 1, **changes: object) -> Config:
    """A run of a few biological seconds that still passes every link."""
    protocol = Protocol((-12.0, 0.0, 0.26, 2.0, 4.0, 24.0), 0.26, look_scale=0.2, rest=2.0)
    settings = dict(
        study="brief",
        circuit="sst",
        species="rat",
        doses=(Dose(dose, "ip"),),
        scale=SMALL,
        seed=seed,
        protocol=protocol,
    )
    return Config(**(settings | changes))  # type: ignore[arg-type]


@contextmanager
def once(factory: pytest.TempPathFactory, name: str) -> Iterator[Path]:
    """A folder that all processes of the tests share: the first makes what is in it, the others wait."""
    top = factory.getbasetemp()
    folder = (top.parent if "PYTEST_XDIST_WORKER" in os.environ else top) / name
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder.mkdir(exist_ok=True)
        yield folder


def _swept(folder: Path, **environment: str) -> Path:
    """Have the small main job done: dose_response, one seed, half size, with spikes."""
    if not (folder / "screen.txt").exists():
        words = [*MAIN_JOB, str(folder)]
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=540, env=os.environ | environment
        )
        assert done.returncode == 0, done.stderr
        (folder / "screen.txt").write_text(done.stdout)
    return folder


@pytest.fixture(scope="session")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the small main job, which nobody changes."""
    with once(tmp_path_factory, "sweep") as place:
        return _swept(place / "dose_response")


@pytest.fixture(scope="session")
def quick_sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the short looks of tests.faults."""
    faults = Faults(tmp_path_factory.mktemp("none") / "faults")
    with once(tmp_path_factory, "quick_sweep") as place:
        return _swept(place / "dose_response", **faults.environment)


@pytest.fixture
def nothing_left(monkeypatch, tmp_path_factory) -> Iterator[None]:
    """After every test no process is alive, no file is open and none is left that was not so before."""
    toy().close()  # compiled, and all that happens once has happened
    engine.dismiss()
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    alive, open_before = children(), len(os.listdir("/proc/self/fd"))
    yield
    engine.dismiss()
    left = children() - alive
    for process in left:
        os.kill(process, signal.SIGKILL)  # the next test begins with none
        os.waitpid(process, 0)
    assert left == set()
    assert len(os.listdir("/proc/self/fd")) == open_before
    assert list(folder.iterdir()) == []


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """Exit code, standard output and standard error of one command, run in this process and in an empty
    folder.
    """
    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            command.main([str(word) for word in words])
        said = capsys.readouterr()
        return int(caught.value.code or 0), said.out, said.err

    return run


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """On small tables threads that wait for each other cost more than they save."""
    set_num_threads(1)


def in_threads(compute: Callable[[], np.ndarray]) -> list[bytes]:
    """What is computed in one thread, and in as many as there are."""
    before, found = get_num_threads(), []
    try:
        for threads in (1, config.NUMBA_NUM_THREADS):
            set_num_threads(threads)
            found.append(compute().tobytes())
    finally:
        set_num_threads(before)
    return found


@pytest.fixture(autouse=True)
def own_ledger(monkeypatch) -> None:
    """Looks that tests take at held-out claims are no looks of ours, nor are ours of theirs."""
    monkeypatch.setattr("prelimbic.experiments.claims.ledger.tracked", lambda: None)


@pytest.fixture(scope="module")
def slurm() -> Iterator[Cluster]:
    """A real Slurm of two nodes."""
    with cluster() as made:
        yield made


@pytest.fixture
def scene(slurm, quick_sweep, tmp_path) -> Iterator[Scene]:
    """A folder for a sweep on that Slurm which is to be disturbed."""
    from tests.disturbed import Scene  # which imports this module

    with Scene(tmp_path, quick_sweep, slurm) as made:
        yield made


@pytest.fixture
def package(tmp_path, monkeypatch) -> Iterator[Callable[..., Path]]:
    """Makes an installed package of a lab: entry points by group, and its files."""
    _forget()

    def make(points: dict[str, str], name: str = "ourlab", **files: str) -> Path:
        home, about = tmp_path / name, tmp_path / f"{name}-1.0.dist-info"
        home.mkdir()
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(
            "".join(f"[prelimbic.{group}]\n{line}\n" for group, line in points.items())
        )
        for file, text in {"__init__": "", **files}.items():
            path = home / (file if "." in file else f"{file}.py")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        monkeypatch.syspath_prepend(str(tmp_path))
        _forget()
        return home

    yield make
    for name in [name for name in sys.modules if name.partition(".")[0] in ("ourlab", "otherlab")]:
        del sys.modules[name]
    _forget()


def _forget() -> None:
    brought.points.cache_clear()
    brought.brought_sheets.cache_clear()
