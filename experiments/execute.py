"""Carry out planned runs on local worker processes, with progress and the time left."""

from __future__ import annotations

import multiprocessing
import os
import queue
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from experiments.study import Run, carry_out

_told: Any = None


class ExecuteError(RuntimeError):
    """Some runs did not finish; the message says which and why."""


def available_cpus() -> int:
    """Cores this process may use: Slurm's word if there is one, else the affinity mask."""
    granted = os.environ.get("SLURM_CPUS_PER_TASK", "")
    return int(granted) if granted.isdigit() and int(granted) > 0 else len(os.sched_getaffinity(0))


def execute(runs: list[Run], folder: Path, workers: int, compiled: bool, console: Console) -> None:
    """Compute `runs` into `folder`.  Raises ExecuteError after all others have finished when some failed."""
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    failures: list[str] = []
    pool = ProcessPoolExecutor(
        min(workers, len(runs)), context, _begin, (told, str(Path(__file__).resolve().parent.parent), os.getpid())
    )
    try:
        with _environment(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")):
            futures = {pool.submit(_one, run, folder, compiled): run for run in runs}  # starts the workers
        total = sum(run.config.protocol.seconds for run in runs)
        with _Watch(console, told, total, len(runs)) as watch:
            for future in as_completed(futures):
                failure = _failure(future, futures[future])
                watch.finished(futures[future], failure)
                if failure:
                    failures.append(failure)
    except KeyboardInterrupt:
        for process in list((pool._processes or {}).values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    if failures:
        more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
        raise ExecuteError(f"{failures[0]}{more}; finished runs are kept, the same command goes on from there")


@contextmanager
def _environment(changes: dict[str, str]) -> Iterator[None]:
    """Environment variables for processes started meanwhile; this process gets its own back."""
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _begin(told: Any, root: str, parent: int) -> None:
    global _told
    _told = told
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()
    if root not in sys.path:
        sys.path.insert(0, root)


def _leave_with(parent: int) -> None:
    """End this worker when the process that started it is gone, however it went."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def _one(run: Run, folder: Path, compiled: bool) -> float:
    return carry_out(run, folder, compiled, _told.put)


def _failure(future: Future[float], run: Run) -> str:
    """Why a run failed, or nothing."""
    error = future.exception()
    if error is None:
        return ""
    if isinstance(error, BrokenProcessPool):
        return f"run {run.file}: a worker process was killed"
    return f"run {run.file}: {str(error).splitlines()[0] if str(error) else type(error).__name__}"


class _Watch:
    """A progress bar in a terminal, one plain line a run elsewhere."""

    def __init__(self, console: Console, told: Any, total_s: float, runs: int):
        self._told, self._runs = told, runs
        self._done_s, self._done, self._begun = 0.0, 0, time.monotonic()
        self._console = console
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("biological s"),
            TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(elapsed_when_finished=False),
            console=console, disable=not console.is_terminal, transient=True,
        )  # fmt: skip
        self._task = self._bar.add_task(f"0 of {runs} runs", total=round(total_s))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> _Watch:
        self._bar.start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._bar.stop()

    def finished(self, run: Run, failure: str) -> None:
        self._done += 1
        self._bar.update(self._task, description=f"{self._done} of {self._runs} runs")
        if failure:
            self._console.print(f"failed: {failure}", markup=False, highlight=False)
        elif not self._console.is_terminal:
            elapsed = time.monotonic() - self._begun
            left = elapsed * (self._runs / self._done - 1)
            self._console.print(f"{self._done} of {self._runs} runs, {elapsed:.0f} s, about {left:.0f} s left", highlight=False)

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                self._done_s += self._told.get(timeout=0.2)
            except queue.Empty:
                continue
            self._bar.update(self._task, completed=round(self._done_s))
