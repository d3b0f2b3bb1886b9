"""W1 in NEST, with a neuron model of the same scheme written for it in C++ (reference/nest_w1.cpp).

NEST lives in a venv of its own, with numpy: `python -m venv nestenv; nestenv/bin/pip install
nest-simulator==3.10 numpy`. Its model is compiled here with g++, against headers that NEST brings and two
more: `apt install g++ libboost-dev libltdl-dev`. Then PRELIMBIC_NEST_PYTHON=nestenv/bin/python names the
interpreter to use; without it, that of this process is tried. The model is compiled once for its text, NEST,
the compiler and the processor, into the build cache.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np

from benchmarks import w1
from prelimbic.circuits.cache import cache_folder

SOURCE = Path(__file__).parent / "reference" / "nest_w1.cpp"
# What NEST's own nest-config gives to modules, for this processor.  The wheel is built with the old ABI of
# std::string.
FLAGS = [
    "-O3",
    "-march=native",
    "-DNDEBUG",
    "-std=c++20",
    "-fopenmp",
    "-fPIC",
    "-shared",
    "-D_GLIBCXX_USE_CXX11_ABI=0",
]
WARM_UP_S = 0.5
# after what NEST itself prints
FIND = "import nest, numpy; print(); print(nest.__version__); print(nest.__path__[0])"


class NestError(RuntimeError):
    """NEST is missing, its model does not compile, or its process failed."""


def available() -> bool:
    """Whether a Python with NEST is found and the model compiles for it."""
    try:
        _module()
    except NestError:
        return False
    return True


class Peer:
    """A process of NEST's Python with a W1 network, on one thread, that has run for WARM_UP_S; it lives
    until `close`.

    Raises NestError when NEST is missing, and whenever the process fails.
    """

    def __init__(self, network: w1.Network):
        self._counts = np.diff(network.bounds)
        self._rates: tuple[float, ...] = ()
        module = _module()
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        _export(network, folder)
        # The text of one function rather than this file: its folder would come first on the path, and `nest`
        # would be itself.
        text = f"{inspect.getsource(_serve)}\n_serve({str(module)!r}, {WARM_UP_S})"
        with open(folder / "log", "w") as log:
            self._process = subprocess.Popen(
                [_python(), "-c", text],
                cwd=folder,
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self._answer()

    def cost(self, seconds: float) -> float:
        """Go on for so many biological seconds; CPU seconds a biological second."""
        pipe = self._process.stdin
        assert pipe is not None
        try:
            print(seconds, file=pipe, flush=True)
        except (BrokenPipeError, ValueError):
            raise NestError("NEST's process has ended") from None
        found = self._answer()
        self._rates = tuple((found["spikes"] / self._counts / seconds).tolist())
        return found["cpu_seconds"] / seconds

    def rates(self) -> tuple[float, ...]:
        """Mean rate (Hz) of each class over the last stretch that `cost` ran; empty before the first."""
        return self._rates

    def close(self) -> None:
        self._process.communicate()  # it ends when it has nothing more to read
        self._folder.cleanup()

    def _answer(self) -> dict:
        pipe = self._process.stdout
        assert pipe is not None
        line = pipe.readline()
        if not line:
            raise NestError(
                f"NEST's process failed:\n{(Path(self._folder.name) / 'log').read_text()[-2000:]}"
            )
        return json.loads(line)


def _python() -> str:
    named = os.environ.get("PRELIMBIC_NEST_PYTHON") or sys.executable
    return os.path.abspath(shutil.which(named) or named)  # it is run from other folders


def _ask(text: str) -> list[str]:
    """Lines that NEST's Python prints when it runs a text.  Raises NestError when it fails."""
    # in this file's folder `import nest` would find this file
    with tempfile.TemporaryDirectory() as elsewhere:
        try:
            done = subprocess.run(
                [_python(), "-c", text], cwd=elsewhere, capture_output=True, text=True, check=False
            )
        except OSError as error:
            raise NestError(f"{_python()} cannot be run: {error.strerror}") from None
    if done.returncode != 0:
        raise NestError(f"NEST does not work in {_python()}:\n{done.stderr[-2000:]}")
    return done.stdout.splitlines()


def _module() -> Path:
    """The compiled model for the NEST that is found; compiled if need be.  Raises NestError when that cannot
    be done.
    """
    version, home = _ask(FIND)[-2:]
    if shutil.which("g++") is None:
        raise NestError("NEST's model needs g++")
    command = ["g++", *FLAGS, "-I", str(Path(home) / "include" / "nest")]
    # Its own account of what it would do names its version and all that -march=native stands for here.
    account = subprocess.run(
        [*command, "-E", "-v", "-"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    key = hashlib.sha256(
        "\0".join([SOURCE.read_text(), version, *command, account.stderr]).encode()
    ).hexdigest()[:16]
    place = cache_folder() / "nest" / f"w1-{key}.so"
    if place.exists():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as work:
        made = Path(work) / place.name
        done = subprocess.run(
            [*command, str(SOURCE), "-o", str(made)], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise NestError(f"{SOURCE.name} does not compile:\n{done.stderr[-2000:]}")
        _ask(f"import nest; nest.Install({str(made)!r})")  # a NEST that is built otherwise cannot load it
        os.replace(made, place)
    return place


def _export(network: w1.Network, folder: Path) -> None:
    """Write what `_serve` reads: cells count from 1, weights of inhibitory contacts are negative."""
    contacts = (network.excitatory, network.inhibitory)
    for name in ("source", "target"):
        np.save(
            folder / f"{name}.npy", np.concatenate([vars(c)[name] for c in contacts]).astype(np.int64) + 1
        )
    weights = [sign * c.weight.astype(float) for sign, c in zip((1, -1), contacts, strict=True)]
    np.save(folder / "weight.npy", np.concatenate(weights))
    np.save(folder / "delay.npy", np.concatenate([c.delay for c in contacts]) * w1.SHARED.step)
    np.save(folder / "start.npy", network.start.astype(float))
    shared = asdict(w1.SHARED)
    numbers = {"step": shared.pop("step"), "shared": shared, "bounds": network.bounds.tolist()}
    numbers["classes"] = [
        {f.name: getattr(c, f.name) for f in fields(c) if f.name not in ("name", "share")}
        for c in w1.CLASSES
    ]
    (folder / "numbers.json").write_text(json.dumps(numbers))


def _serve(module: str, warm_up: float) -> None:
    """In NEST's process: build the network from files in the current folder and warm it up, print a line,
    then for every line of standard input simulate so many seconds and print what came of it.

    It runs by itself, without the rest of this file.
    """
    import json
    import os
    import sys
    import time
    from itertools import pairwise

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever NEST prints goes to the log
    import nest
    import numpy as np

    with open("numbers.json") as file:
        numbers = json.load(file)
    nest.Install(module)
    nest.resolution = numbers["step"]
    nest.local_num_threads = 1
    nest.SetDefaults("w1", numbers["shared"])
    places = list(pairwise(numbers["bounds"]))
    start = np.load("start.npy")
    classes = [
        nest.Create("w1", last - first, {**its, "v": start[first:last]})
        for (first, last), its in zip(places, numbers["classes"], strict=True)
    ]
    source, target, weight, delay = (
        np.load(f"{name}.npy") for name in ("source", "target", "weight", "delay")
    )
    nest.Connect(source, target, "one_to_one", {"weight": weight, "delay": delay})

    def spikes() -> np.ndarray:
        return np.array([np.sum(cells.get("spikes")) for cells in classes])

    nest.Simulate(1e3 * warm_up)
    print("{}", file=answers, flush=True)
    for line in sys.stdin:
        before, begun = spikes(), time.process_time()
        nest.Simulate(1e3 * float(line))
        taken = time.process_time() - begun
        print(
            json.dumps({"cpu_seconds": taken, "spikes": (spikes() - before).tolist()}),
            file=answers,
            flush=True,
        )
