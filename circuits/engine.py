"""Two ways to run the same network: a compiled process that stays alive between looks, and Brian2's interpreter.

Both take and give arrays by name ("cells.v", "plastic.weight"), in SI units, and keep all state between runs.
"""

from __future__ import annotations

import os
import select
import struct
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from circuits.build import Structure, construct
from circuits.wiring import GROUPS

INTEGERS = ("sources", "targets", "key_0", "key_1", "i")


class EngineError(RuntimeError):
    """The simulating process died, hung or refused an array."""


class Engine(Protocol):
    """What a network needs of its simulator."""

    def load(self, name: str, values: np.ndarray) -> None: ...
    def fetch(self, name: str) -> np.ndarray: ...
    def run(self, seconds: float) -> None: ...
    def clear(self) -> None: ...
    def close(self) -> None: ...


class CompiledEngine:
    """One process of the compiled network; frames go down its standard input, answers come back on their own pipe.

    Raises EngineError, with the process's last words, when it dies, does not answer or refuses an array.
    """

    def __init__(self, program: Path, structure: Structure, sources: dict[str, Any], targets: dict[str, Any],
                 first: dict[str, np.ndarray]):  # fmt: skip
        self._float = np.float32 if structure.precision == 32 else np.float64
        self._patience = 600.0
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._answers, answers_in = os.pipe()
        self._process = subprocess.Popen(
            [str(program / "main")], cwd=program, stdin=subprocess.PIPE, stdout=self._log, stderr=self._log, bufsize=0,
            pass_fds=(answers_in,), env={**os.environ, "PRELIMBIC_REPLY_FD": str(answers_in)},
        )  # fmt: skip
        os.close(answers_in)
        try:
            for group in GROUPS:
                self.load(f"{group}.sources", sources[group])
                self.load(f"{group}.targets", targets[group])
            self._call(b"N")
            for name, values in first.items():
                self.load(name, values)
            self._call(b"N")
        except BaseException:
            self.close()
            raise

    def load(self, name: str, values: np.ndarray) -> None:
        self._call(b"L", name, np.ascontiguousarray(values, dtype=self._dtype(name)).tobytes())

    def fetch(self, name: str) -> np.ndarray:
        return np.frombuffer(self._call(b"F", name), dtype=self._dtype(name)).copy()

    def run(self, seconds: float) -> None:
        self._call(b"R", "", struct.pack("d", seconds))

    def clear(self) -> None:
        self._call(b"C")

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()
        if self._answers >= 0:
            os.close(self._answers)
            self._answers = -1
        self._log.close()

    def _dtype(self, name: str) -> Any:
        last = name.rpartition(".")[2]
        if last in INTEGERS:
            return np.int32
        return np.float64 if name.startswith("lfp.") or name == "spikes.t" else self._float

    def _call(self, op: bytes, name: str = "", payload: bytes = b"") -> bytes:
        stdin = self._process.stdin
        assert stdin is not None
        try:
            for part in (struct.pack("<cB6xq", op, len(name), len(payload)) + name.encode(), payload):
                view = memoryview(part)
                while view:
                    view = view[stdin.write(view) :]
        except (BrokenPipeError, ValueError):
            raise self._dead() from None
        status, size = struct.unpack("<qq", self._receive(16))
        answer = self._receive(size)
        if status != 0:
            raise EngineError(answer.decode())
        return answer

    def _receive(self, size: int) -> bytes:
        parts = []
        while size > 0:
            ready, _, _ = select.select([self._answers], [], [], self._patience)
            chunk = os.read(self._answers, min(size, 1 << 20)) if ready else None
            if chunk is None:
                self._process.kill()
                raise EngineError(f"the circuit process gave no answer for {self._patience:g} s and was stopped")
            if not chunk:
                raise self._dead()
            parts.append(chunk)
            size -= len(chunk)
        return b"".join(parts)

    def _dead(self) -> EngineError:
        code = self._process.wait()
        self._log.seek(0)
        words = self._log.read()[-400:].decode(errors="replace").strip()
        return EngineError(f"the circuit process ended with code {code}{': ' + words if words else ''}")


class InterpretedEngine:
    """The same network under Brian2's numpy code generation: slow, needs no compiler, and is the reference."""

    def __init__(self, structure: Structure, sources: dict[str, Any], targets: dict[str, Any],
                 first: dict[str, np.ndarray]):  # fmt: skip
        import brian2

        brian2.set_device("runtime")
        brian2.prefs.codegen.target = "numpy"
        self._made = construct(structure, sources, targets)
        for name, values in first.items():
            self.load(name, values)

    def load(self, name: str, values: np.ndarray) -> None:
        variable = self._variable(name)
        if np.size(values) != variable.size:
            raise EngineError(f"{name} takes {variable.size} values, not {np.size(values)}")
        variable.set_value(np.asarray(values, dtype=variable.dtype))

    def fetch(self, name: str) -> np.ndarray:
        return np.array(self._variable(name).get_value(), copy=True).ravel()

    def run(self, seconds: float) -> None:
        from brian2 import second

        with np.errstate(over="ignore"):  # Brian2 compares float32 states with 1e50
            self._made["network"].run(seconds * second, namespace={})

    def clear(self) -> None:
        self._made["spikes"].resize(0)
        self._made["spikes"].variables["N"].set_value(0)
        self._made["spikes"].variables["count"].set_value(0)
        self._made["lfp"].resize(0)
        self._made["lfp"].variables["N"].set_value(0)

    def close(self) -> None:
        self._made.clear()

    def _variable(self, name: str) -> Any:
        owner, _, last = name.partition(".")
        if owner not in self._made:
            raise EngineError(f"no array is called {name}")
        made = self._made[owner]
        if last == "delay":
            made = made.pre
        if last not in made.variables:
            raise EngineError(f"no array is called {name}")
        return made.variables[last]
