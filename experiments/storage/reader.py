"""Read result files in a process of its own: one that crashes the HDF5 library, or never ends, is refused
like any damaged one.

A reading process that cannot start, or that the machine ends, tells nothing of a file: that file cannot be
read here. The reader answers in JSON and plain arrays; nothing that comes from a file is unpickled.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import json
import os
import resource
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from prelimbic.experiments.storage.files import DamagedError, StoreError, UnreadableError, reason, trouble
from prelimbic.parameters import system
from prelimbic.parameters.origin import import_path
from prelimbic.simulation.variable import Variable

PATIENCE_S, BYTES_A_SECOND = 30.0, 5e6
START_S, GOODBYE_S = 120.0, 5.0  # to import libraries from a slow folder; to be killed
# of the time it was given: who computed for longer hangs in the file, who did not waits for the machine
BUSY = 0.5
MEMORY = 1 << 34
TOLD_BYTES = 4096  # of what a process said last on standard error
CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGFPE)  # by which a file ends a library
HEAD = struct.Struct("<qq")
# each takes address space
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
_reader: _Reader | None = None


def ask(task: str, *words: Any, of: Path | None = None, size: int = 0) -> Any:
    """What a function of storage.hdf5 answers, asked in the reading process; `of` is the file or folder that
    is at stake.

    Raises DamagedError as it does, and when the file crashed the process or kept it busy for longer than
    goes with `size` (bytes); UnreadableError when the machine is at fault.
    """
    global _reader
    for again in (True, False):  # one that died may have done so before it was asked
        try:
            if _reader is None or not _reader.alive():
                _reader = _Reader()
            answer = _reader.call([_here(), task, *words], PATIENCE_S + size / BYTES_A_SECOND)
        except Lost as lost:
            if again and not lost.slow:
                continue
            if lost.by_file:
                raise DamagedError(
                    f"{of} cannot be read as a run file (the HDF5 library failed on it)"
                ) from None
            raise UnreadableError(of, str(lost)) from None
        except MemoryError as error:
            raise UnreadableError(of, trouble(error)) from None
        break
    if "cause" in answer:
        raise UnreadableError(answer["file"] or of, answer["cause"])
    if "error" in answer:
        raise DamagedError(answer["error"])
    return answer["found"]


def _here() -> str:
    """The folder we stand in, for paths that are relative; nothing where it is gone."""
    with contextlib.suppress(OSError):
        return os.getcwd()
    return ""


class Lost(Exception):  # noqa: N818 - told as another
    """No answer came from the reading process; says why."""

    def __init__(self, why: str, by_file: bool = False, slow: bool = False):
        super().__init__(why)
        self.by_file, self.slow = by_file, slow


class _Reader:
    """The process that reads, and the pipes to it.  Making one, and asking it, raise Lost when it has
    ended.
    """

    def __init__(self) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HDF5_")}
        own = {
            "PYTHONPATH": import_path(),
            "HDF5_PLUGIN_PRELOAD": "::",
            **dict.fromkeys(ONE_THREAD, "1"),
        }  # no filters but the library's
        self._owner, self._busy_s, self._said = os.getpid(), 0.0, _unnamed_file()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "prelimbic.experiments.storage.reader"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL if self._said is None else self._said,
                bufsize=0,
                start_new_session=True,
                env=kept | own,
            )
        except (OSError, MemoryError) as error:
            self._forget()
            raise Lost(
                f"the process that reads could not be started ({trouble(error) or reason(error)})"
            ) from None
        assert self._process.stdin is not None and self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout
        self._heard(START_S, starting=True)

    def alive(self) -> bool:
        return self._owner == os.getpid() and self._process.poll() is None

    def call(self, request: list[Any], patience: float) -> dict[str, Any]:
        """The answer."""
        return self._heard(patience, _frame(request))

    def end(self) -> float:
        """End it; the seconds that it computed in all."""
        self._in.close()
        self._out.close()
        self._forget()
        spent, until = 0.0, time.monotonic() + GOODBYE_S
        self._process.kill()
        # one that waits for a lost disk does not end
        while self._process.returncode is None and time.monotonic() < until:
            with contextlib.suppress(ChildProcessError):
                found, status, used = os.wait4(self._process.pid, os.WNOHANG)
                if found:
                    self._process.returncode, spent = (
                        os.waitstatus_to_exitcode(status),
                        used.ru_utime + used.ru_stime,
                    )
                else:
                    time.sleep(0.001)
                continue
            self._process.wait()
        return spent

    def _heard(self, patience: float, question: bytes = b"", starting: bool = False) -> dict[str, Any]:
        """The next answer, after a question; without one, no more than that it is ready."""
        try:
            view = memoryview(question)
            while view:
                view = view[self._in.write(view) :]
            text, size = HEAD.unpack(self._take(HEAD.size, patience))
            told = self._take(text + size, patience)
        except TimeoutError:
            busy = self.end() - self._busy_s > BUSY * patience
            raise Lost(
                f"the process that reads gave no answer within {patience:.3g} s", busy and not starting, True
            ) from None
        except (OSError, EOFError):
            raise self._how_it_ended(starting) from None
        except BaseException:  # interrupted: what it still answers is for nobody
            self.end()
            raise
        try:
            answer = dict(_joined(json.loads(told[:text]), memoryview(told)[text:]))
            self._busy_s = float(answer.pop("busy"))
            return answer
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            return {"error": f"its content cannot be told ({reason(error)})"}

    def _how_it_ended(self, starting: bool) -> Lost:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(GOODBYE_S)
        code, said = self._process.poll(), self._last_words()
        self.end()
        if code is not None and code < 0:
            name = signal.Signals(-code).name if -code in {*signal.Signals} else str(-code)
            how = f"was ended by {name}" + (f": {said}" if said and starting else "")
            return Lost(f"the process that reads {how}", not starting and -code in CRASHES)
        return Lost(
            f"the process that reads {'did not start' if starting else 'ended'} ({said or f'code {code}'})"
        )

    def _last_words(self) -> str:
        """The last line that it wrote on standard error."""
        if self._said is None:
            return ""
        with contextlib.suppress(OSError):
            size = os.fstat(self._said).st_size
            lines = (
                os.pread(self._said, TOLD_BYTES, max(0, size - TOLD_BYTES))
                .decode(errors="replace")
                .split("\n")
            )
            return next((line.strip() for line in reversed(lines) if line.strip()), "")
        return ""

    def _forget(self) -> None:
        if self._said is not None:
            os.close(self._said)
            self._said = None

    def _take(self, size: int, patience: float) -> bytes:
        # select itself knows no file above number 1023
        buffer, at, ready = bytearray(size), 0, select.poll()
        ready.register(self._out, select.POLLIN)
        while at < size:
            if not ready.poll(1000 * patience):
                raise TimeoutError
            read = self._out.readinto(memoryview(buffer)[at:])  # type: ignore[attr-defined]
            if not read:
                raise EOFError
            at += read
        return bytes(buffer)


def _unnamed_file() -> int | None:
    """A file for what a process says, in memory where there are such: a temporary folder may be full, and
    then there is none.
    """
    with contextlib.suppress(OSError):
        return system.unnamed_file("reader")
    return None


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
        return {
            "@": "variable",
            "of": [list(value.dimensions), _parted(value.values, arrays), value.unit, value.meaning],
        }
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
    """Say that all is ready, and answer until the owner is gone."""
    from prelimbic.experiments.storage.hdf5_reading import asked, check, config, flat, groups, rows, tree

    _lower(resource.RLIMIT_AS, MEMORY)
    _lower(resource.RLIMIT_CORE, 0)
    tasks: dict[str, Callable[..., Any]] = {
        task.__name__: task for task in (asked, check, config, flat, groups, rows, tree)
    }
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    answers.write(_frame({"found": None, "busy": time.process_time()}))
    answers.flush()
    while head := requests.read(HEAD.size):
        text, size = HEAD.unpack(head)
        here, task, *words = json.loads(requests.read(text + size)[:text])
        answers.write(_answer(tasks[task], here, words))
        answers.flush()


def _answer(task: Callable[..., Any], here: str, words: list[Any]) -> bytes:
    """What a task finds, or why it finds nothing."""
    try:
        if here:
            with contextlib.suppress(OSError):
                os.chdir(here)  # paths may be relative
        return _frame({"found": task(*words), "busy": time.process_time()})
    except UnreadableError as error:
        answer = {"cause": error.cause, "file": error.what}
    except StoreError as error:
        answer = {"error": str(error)}
    except MemoryError as error:
        answer = {"cause": trouble(error), "file": ""}
    except Exception as error:  # whatever is in a file, it is none of ours
        answer = {"error": f"{words[0]} cannot be read as a run file ({reason(error)})"}
    return _frame(answer | {"busy": time.process_time()})


def _lower(limit: int, most: int) -> None:
    """Lower a limit of this process; it is never raised, and the hard one, which only root may raise again,
    stays.
    """
    with contextlib.suppress(ValueError, OSError):
        before, hard = resource.getrlimit(limit)
        resource.setrlimit(
            limit, (min(n for n in (most, before, hard) if n != resource.RLIM_INFINITY), hard)
        )


@atexit.register
def _dismiss() -> None:
    if _reader is not None and _reader.alive():
        _reader.end()


if __name__ == "__main__":
    _serve()
