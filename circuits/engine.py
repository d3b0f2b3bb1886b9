"""A compiled network as a process that stays alive between looks, and from one run to the next.

Arrays go in and out by name ("cells.v", "plastic.weight"), in SI units; those of contacts in the order of
the wiring.  All state stays between runs, so that two stretches are one, bit for bit.
"""

from __future__ import annotations

import atexit
import mmap
import os
import select
import struct
import subprocess
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from prelimbic.circuits.model import Model
from prelimbic.parameters import system
from prelimbic.parameters.errors import RunError

PATIENCE_S, STRETCH_S = 600.0, 1.0
SAMPLE_MS = 1.0
SHARED_BYTES = 1 << 16  # a larger payload goes through shared memory instead of the pipe
KEPT_BYTES = 1 << 22  # of it; more is given back after each payload


class EngineError(RunError):
    """The simulating process died, hung, refused an array, or its state is no longer finite."""


class EngineLost(EngineError):  # noqa: N818 - an EngineError
    """The simulating process died or hung, which says nothing of what it was asked."""


@dataclass(frozen=True)
class Layout:
    """Sizes of a network: cells a population, and the step (ms) of its integration."""

    counts: tuple[int, ...]
    step_ms: float = 0.1

    @property
    def sample_every(self) -> int:
        """Steps between two samples."""
        return round(SAMPLE_MS / self.step_ms)


class Contacts(Protocol):
    """Contacts of a synapse group: cells (int32) and delays (ms), each (contact,)."""

    @property
    def sources(self) -> np.ndarray: ...
    @property
    def targets(self) -> np.ndarray: ...
    @property
    def delays(self) -> np.ndarray: ...
    def delay_steps(self, step_ms: float) -> np.ndarray: ...
    def __len__(self) -> int: ...


@dataclass(frozen=True)
class Connections:
    """Contacts given as arrays."""

    sources: np.ndarray
    targets: np.ndarray
    delays: np.ndarray

    def __len__(self) -> int:
        return len(self.sources)

    def delay_steps(self, step_ms: float) -> np.ndarray:
        """Delays in steps, to the nearest."""
        return np.floor(self.delays / step_ms + 0.5).astype(np.int32)


class Engine(Protocol):
    """What a network needs of its simulator."""

    def load(self, name: str, values: np.ndarray) -> None: ...
    def load_all(self, arrays: Mapping[str, np.ndarray]) -> None: ...
    def fetch(self, name: str) -> np.ndarray: ...
    def fetch_all(self, names: Sequence[str]) -> dict[str, np.ndarray]: ...
    def run(self, seconds: float) -> None: ...
    def clear(self) -> None: ...
    def state(self) -> np.ndarray: ...
    def take(self, state: np.ndarray) -> None: ...
    def close(self) -> None: ...


class CompiledEngine:
    """One run in a process of the compiled network, which is taken from those idle or started.

    With `rounded`, what is loaded is rounded to 24 bits in a program of 64 too: last digits in which
    libraries differ then hardly ever reach it.  Raises EngineError, with the process's last words, when it
    dies, does not answer or refuses an array.
    """

    def __init__(
        self,
        program: Path,
        model: Model,
        layout: Layout,
        precision: int,
        connections: Mapping[str, Contacts],
        first: dict[str, np.ndarray],
        rounded: bool = False,
        threads: int = 1,
    ):
        self._layout, self._rounded = layout, rounded
        self._float = np.float32 if precision == 32 else np.float64
        contacts = [len(connections[group]) for group in model.groups]
        bounds = np.cumsum(layout.counts)
        sizes = struct.pack(
            f"<d{2 + len(contacts) + len(bounds)}q",
            layout.step_ms * 1e-3,
            layout.sample_every,
            threads,
            *contacts,
            *bounds,
        )
        self._taken: Process | None = _take(program)
        try:
            self._process.call(b"B", payload=sizes)
            for group in model.groups:
                self._wire(group, connections[group])
            self.load("cells.step", np.array([layout.step_ms * 1e-3]))
            self.load_all(first)
        except BaseException:
            self._process.kill()
            self._taken = None
            raise

    @property
    def process_id(self) -> int:
        """Of the process that simulates."""
        return self._process.process_id

    @property
    def _process(self) -> Process:
        if self._taken is None:
            raise EngineError("this network is closed")
        return self._taken

    def _wire(self, group: str, contacts: Contacts) -> None:
        for name in ("sources", "targets", "delays"):  # one at a time: they may be large
            steps = name == "delays"
            values = contacts.delay_steps(self._layout.step_ms) if steps else getattr(contacts, name)
            self._process.call(b"L", f"{group}.{name}", np.ascontiguousarray(values, dtype=np.int32).data)

    def load(self, name: str, values: np.ndarray) -> None:
        self.load_all({name: values})

    def load_all(self, arrays: Mapping[str, np.ndarray]) -> None:
        """The same with many, without waiting for an answer to each."""
        self._process.calls((b"L", name, self._given(name, values)) for name, values in arrays.items())

    def _given(self, name: str, values: np.ndarray) -> memoryview:
        kind = self._dtype(name)
        values = np.asarray(values).astype(np.float32) if self._rounded and kind is np.float64 else values
        return np.ascontiguousarray(values, dtype=kind).data

    def fetch(self, name: str) -> np.ndarray:
        return self.fetch_all([name])[name]

    def fetch_all(self, names: Sequence[str]) -> dict[str, np.ndarray]:
        """The same with many, without waiting for each before the next is asked for."""
        answers = self._process.calls((b"F", name, b"") for name in names)
        return {n: np.frombuffer(a, dtype=self._dtype(n)) for n, a in zip(names, answers, strict=True)}

    def run(self, seconds: float) -> None:
        left, stretch = (
            round(seconds * 1e3 / self._layout.step_ms),
            round(STRETCH_S * 1e3 / self._layout.step_ms),
        )
        if left < 0:
            raise EngineError(f"a network cannot run for {seconds:g} s")
        while left > 0:  # a stretch at a time: each has its own patience
            self._process.call(b"R", payload=struct.pack("<q", min(left, stretch)))
            left -= stretch

    def clear(self) -> None:
        self._process.call(b"C")

    def state(self) -> np.ndarray:
        """All that what follows depends on, but for wiring and weights: bytes, as this very program on this
        machine has them.
        """
        return np.frombuffer(self._process.call(b"S"), dtype=np.uint8)

    def take(self, state: np.ndarray) -> None:
        """Go on from a state of a network of the same wiring.  Raises EngineError where it does not fit."""
        self._process.call(b"T", payload=np.ascontiguousarray(state, dtype=np.uint8).data)

    def close(self) -> None:
        process, self._taken = self._taken, None
        if process is not None:
            _give_back(process)

    def _dtype(self, name: str) -> Any:
        owner, _, last = name.partition(".")
        if last in ("i", "key_0", "key_1"):
            return np.int32
        return np.float64 if owner == "traces" or name == "spikes.t" else self._float


class Process:
    """A compiled program at work: frames go down its standard input, answers come back on a pipe of their
    own.
    """

    def __init__(self, program: Path):
        self.program, self._waiting, self._owner = program, False, os.getpid()
        self._log = os.fdopen(system.unnamed_file("engine"), "w+b")
        self._answers, answers_in = os.pipe()
        self._memory_file = system.unnamed_file("prelimbic")
        self._memory: mmap.mmap | None = None
        try:
            self._process = subprocess.Popen(
                [str(program / "main")],
                cwd="/",
                stdin=subprocess.PIPE,
                stdout=self._log,
                stderr=self._log,
                bufsize=0,
                pass_fds=(answers_in, self._memory_file),
                env={**os.environ, "PRELIMBIC_FDS": f"{answers_in} {self._memory_file}"},
            )
        except OSError as error:
            os.close(self._answers)
            os.close(self._memory_file)
            raise EngineError(f"{program / 'main'} cannot be started: {error.strerror}") from None
        finally:
            os.close(answers_in)
        assert self._process.stdin is not None
        self._input = self._process.stdin.fileno()
        for pipe in (self._input, self._answers):  # a process that does not read or answer is noticed
            os.set_blocking(pipe, False)

    @property
    def process_id(self) -> int:
        return self._process.pid

    @property
    def usable(self) -> bool:
        """True while the process runs and owes no answer."""
        return not self._waiting and self._process.poll() is None

    def call(self, op: bytes, name: str = "", payload: Any = b"") -> bytearray:
        """Send a command and wait for its answer.  Raises EngineError."""
        return self.calls([(op, name, payload)])[0]

    def calls(self, asked: Iterable[tuple[bytes, str, Any]]) -> list[bytearray]:
        """Send commands (operation, name, payload) and then wait for their answers.  Raises EngineError for
        the first that is refused, all others being done.
        """
        if self._owner != os.getpid():
            raise EngineError("this network belongs to another process")
        self._waiting = True
        answers: list[tuple[int, bytearray]] = []
        frames, owed, largest = bytearray(), 0, 0
        for op, name, payload in asked:
            body = memoryview(payload).cast("B")
            shared = len(body) > SHARED_BYTES
            if shared:  # of which there is one at a time
                answers += self._exchange(frames, owed)
                frames, owed = bytearray(), 0
                self._share(body)
            frames += struct.pack("<cBB5xq", op, len(name), shared, len(body)) + name.encode()
            frames += b"" if shared else body
            owed, largest = owed + 1, max(largest, len(body))
        answers += self._exchange(frames, owed)
        self._waiting = False
        if largest > KEPT_BYTES:
            self._give_up_pages()
        for status, answer in answers:
            if status != 0:
                raise EngineError(answer.decode())
        return [answer for _, answer in answers]

    def _give_up_pages(self) -> None:
        """Give the pages of a large payload back; the file is as long as before."""
        if self._memory is not None:
            system.give_back(self._memory_file, len(self._memory))

    def _exchange(self, frames: bytearray, owed: int) -> list[tuple[int, bytearray]]:
        """Send frames, and take so many answers: status and content.  What the process answers meanwhile is
        short, or the frames are.
        """
        try:
            self._send(memoryview(frames))
        except (BrokenPipeError, ValueError):
            raise self._dead() from None
        heads = (struct.unpack("<qq", self._receive(16)) for _ in range(owed))
        return [(status, self._receive(size)) for status, size in heads]

    def kill(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()
        if self._answers >= 0:
            os.close(self._answers)
            os.close(self._memory_file)
            self._answers, self._memory = -1, None
        self._log.close()

    def _share(self, body: memoryview) -> None:
        """Put a large payload where the process reads it without a copy through the pipe."""
        if self._memory is None or len(self._memory) < len(body):
            os.ftruncate(self._memory_file, len(body))
            self._memory = mmap.mmap(self._memory_file, len(body))
        self._memory[: len(body)] = body

    def _send(self, view: memoryview) -> None:
        while view:
            try:
                view = view[os.write(self._input, view) :]
            except BlockingIOError:
                self._wait(self._input, select.POLLOUT)

    def _receive(self, size: int) -> bytearray:
        buffer = bytearray(size)
        view = memoryview(buffer)
        while view:
            try:
                read = os.readv(self._answers, [view])
            except BlockingIOError:
                self._wait(self._answers, select.POLLIN)
                continue
            if not read:
                raise self._dead()
            view = view[read:]
        return buffer

    def _wait(self, pipe: int, event: int) -> None:
        poll = select.poll()
        poll.register(pipe, event)
        if not poll.poll(PATIENCE_S * 1e3):
            self._process.kill()
            raise EngineLost(f"the circuit process gave no answer for {PATIENCE_S:g} s and was stopped")

    def _dead(self) -> EngineLost:
        code = self._process.wait()
        self._log.seek(0)
        words = self._log.read()[-400:].decode(errors="replace").strip()
        return EngineLost(f"the circuit process ended with code {code}{': ' + words if words else ''}")


_idle: dict[Path, list[Process]] = {}
_owner = os.getpid()
_lock = threading.Lock()


def _take(program: Path) -> Process:
    """An idle process of a program, or a new one.  After a fork the parent's processes are not ours."""
    global _owner
    with _lock:
        if _owner != os.getpid():
            _owner = os.getpid()
            _idle.clear()
        waiting = _idle.get(program, [])
        while waiting:
            process = waiting.pop()
            if process.usable:
                return process
            process.kill()
    return Process(program)


def _give_back(process: Process) -> None:
    """Keep a process for the next run; one that is dead or may be in the middle of an answer is ended."""
    with _lock:
        if process.usable:
            _idle.setdefault(process.program, []).append(process)
        else:
            process.kill()


@atexit.register
def dismiss() -> None:
    """End all idle processes."""
    with _lock:
        for waiting in _idle.values():
            while waiting:
                waiting.pop().kill()
