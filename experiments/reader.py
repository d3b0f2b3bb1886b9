"""Read result files in a process of its own: one that crashes the HDF5 library, or never ends, is refused like any damaged one.

The reader answers in JSON and plain arrays; nothing that comes from a file is unpickled.
"""

from __future__ import annotations

import atexit
import io
import json
import os
import resource
import select
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from experiments.files import StoreError
from experiments.variable import Variable

PATIENCE_S, BYTES_A_SECOND = 30.0, 5e6
MEMORY = 1 << 34
HEAD = struct.Struct("<qq")
_reader: _Reader | None = None


def ask(task: str, *words: Any, of: Path | None = None, size: int = 0) -> Any:
    """What a function of experiments.hdf5 answers, asked in the reading process; `of` is the file or folder that is at stake.

    Raises StoreError as it does, and when the process died or gave no answer in a time that goes with `size` (bytes).
    """
    global _reader
    for _ in range(2):  # one that died may have done so before it was asked
        if _reader is None or not _reader.alive():
            _reader = _Reader()
        try:
            answer = _reader.call([os.getcwd(), task, *words], PATIENCE_S + size / BYTES_A_SECOND)
        except BaseException:  # interrupted: what it still answers is for nobody
            _reader.end()
            raise
        if answer is not None:
            break
        _reader.end()
        if _reader.slow:
            break
    if answer is None:
        raise StoreError(f"{of} cannot be read as a run file (the HDF5 library failed on it)")
    if "error" in answer:
        raise StoreError(answer["error"])
    return answer["found"]


class _Reader:
    """The process that reads, and the pipes to it."""

    def __init__(self) -> None:
        root = str(Path(__file__).resolve().parent.parent)
        paths = os.pathsep.join(p for p in (root, os.environ.get("PYTHONPATH", "")) if p)
        self._owner, self.slow = os.getpid(), False
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "experiments.reader"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, bufsize=0, start_new_session=True,
            env={**os.environ, "PYTHONPATH": paths, "HDF5_PLUGIN_PRELOAD": "::"},  # no filters but those in the library
        )  # fmt: skip
        assert self._process.stdin is not None and self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout

    def alive(self) -> bool:
        return self._owner == os.getpid() and self._process.poll() is None

    def call(self, request: list[Any], patience: float) -> dict[str, Any] | None:
        """The answer, or nothing when the process died or is too slow."""
        try:
            self._in.write(_frame(request))
            text, size = HEAD.unpack(self._take(HEAD.size, patience))
            told = self._take(text + size, patience)
            return dict(_joined(json.loads(told[:text]), memoryview(told)[text:]))
        except (OSError, EOFError, ValueError, TypeError, KeyError, RecursionError, MemoryError):
            return None

    def end(self) -> None:
        self._in.close()
        self._out.close()
        self._process.kill()
        self._process.wait()

    def _take(self, size: int, patience: float) -> bytes:
        buffer, at = bytearray(size), 0
        while at < size:
            if not select.select([self._out], [], [], patience)[0]:
                self.slow = True
                raise EOFError
            read = self._out.readinto(memoryview(buffer)[at:])  # type: ignore[attr-defined]
            if not read:
                raise EOFError
            at += read
        return bytes(buffer)


def _frame(answer: Any) -> bytes:
    """Length of the JSON text and of the arrays, both, and then they."""
    arrays = io.BytesIO()
    text = json.dumps(_parted(answer, arrays)).encode()
    return HEAD.pack(len(text), arrays.tell()) + text + arrays.getvalue()


def _parted(value: Any, arrays: io.BytesIO) -> Any:
    """A value as JSON has it, its arrays put aside."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "O":
            return {"@": "text", "shape": value.shape, "values": [str(v) for v in value.ravel()]}
        at, content = arrays.tell(), np.ascontiguousarray(value)
        arrays.write(content.data if content.size else b"")
        return {"@": value.dtype.str, "shape": value.shape, "at": at}
    if isinstance(value, Variable):
        return {"@": "variable", "of": [list(value.dimensions), _parted(value.values, arrays), value.unit, value.meaning]}
    if isinstance(value, dict):
        return {key: _parted(item, arrays) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_parted(item, arrays) for item in value]
    return str(value) if isinstance(value, Path) else value


def _joined(value: Any, arrays: memoryview) -> Any:
    if isinstance(value, list):
        return [_joined(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("@")
    if kind is None:
        return {key: _joined(item, arrays) for key, item in value.items()}
    if kind == "variable":
        dimensions, values, unit, meaning = value["of"]
        return Variable(tuple(dimensions), _joined(values, arrays), unit, meaning)
    if kind == "text":
        return np.array(value["values"], dtype=object).reshape(value["shape"])
    count = int(np.prod(value["shape"], dtype=np.int64))
    return np.frombuffer(arrays, dtype=kind, count=count, offset=value["at"]).reshape(value["shape"])


def _serve() -> None:
    """Answer until the owner is gone."""
    from experiments import hdf5

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    tasks: dict[str, Callable[..., Any]] = {
        task.__name__: task for task in (hdf5.asked, hdf5.check, hdf5.config, hdf5.groups, hdf5.rows, hdf5.tree)
    }
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while head := requests.read(HEAD.size):
        text, size = HEAD.unpack(head)
        here, task, *words = json.loads(requests.read(text + size)[:text])
        os.chdir(here)  # paths may be relative
        try:
            answer = {"found": tasks[task](*words)}
        except StoreError as error:
            answer = {"error": str(error)}
        answers.write(_frame(answer))
        answers.flush()


@atexit.register
def _dismiss() -> None:
    if _reader is not None and _reader.alive():
        _reader.end()


if __name__ == "__main__":
    _serve()
