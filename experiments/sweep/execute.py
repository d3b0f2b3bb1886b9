"""Carry out planned runs on local worker processes, with progress and the time left.

A run is computed by whoever has its mark (sweep.marks), so several processes, also on several machines,
share a folder. A worker that dies is replaced and its run taken up again from its checkpoint, up to ROUNDS
times.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import wait
from pathlib import Path
from types import ModuleType
from typing import Any

from rich.console import Console

from prelimbic.experiments.storage.files import UnreadableError, sweep_stale
from prelimbic.experiments.storage.store import is_whole
from prelimbic.experiments.sweep.marks import BEAT_S, Marks
from prelimbic.experiments.sweep.shelf import Branches, branches, room
from prelimbic.experiments.sweep.study import Run
from prelimbic.experiments.sweep.surroundings import ONE_THREAD, STOPPED
from prelimbic.experiments.sweep.watch import Watch
from prelimbic.experiments.sweep.worker import LEAVE, WARNINGS, Order, Told, work
from prelimbic.parameters.errors import RunError

ROUNDS = 3  # in which a run is computed whose worker dies
PATIENCE_S, GOODBYE_S = 100.0, 5.0  # for workers that have been told to leave
LOOK_S, LOOK_ELSEWHERE_S = 0.25, 2.0


class ExecuteError(RunError):
    """Some runs did not finish; the message says which and why."""


class Stopped(Exception):  # noqa: N818 - nothing went wrong
    """Told to stop by a signal; `moved` says whether anything was finished, or a place kept, since the
    start.
    """

    def __init__(self, told: int, moved: bool = False):
        super().__init__(STOPPED)
        self.told, self.moved = told, moved

    @property
    def warned(self) -> bool:
        """Whether a batch system said that the time is over soon, not a user that it should end."""
        return self.told in WARNINGS


def execute(
    runs: list[Run],
    folder: Path,
    workers: int,
    compiled: bool,
    console: Console,
    among: Sequence[Run] = (),
) -> None:
    """Compute `runs` into `folder`, but for those that another process finishes meanwhile; `among` are all
    with which they may share states.

    Raises ExecuteError after all others have finished when some failed, and Stopped after SIGINT, SIGTERM,
    SIGUSR1, SIGUSR2 or SIGXCPU, when every run that can has kept its place.
    """
    told: list[int] = []
    with Watch(console, runs) as watch, _signals(told.append), _one_thread():
        crew = _Crew(runs, folder, workers, compiled, watch, among)
        try:
            while crew.at_work() and not told:
                crew.go_on()
            if told:
                crew.leave(told)
        finally:
            crew.dismiss()
    if told:
        raise Stopped(told[0], crew.moved)
    if crew.failures:
        more = f" (and {len(crew.failures) - 1} more)" if len(crew.failures) > 1 else ""
        raise ExecuteError(
            f"{crew.failures[0]}{more}; finished runs are kept, the same command goes on from there"
        )


class _Crew:
    """The workers, the runs that wait, and those that processes elsewhere have."""

    def __init__(
        self,
        runs: list[Run],
        folder: Path,
        workers: int,
        compiled: bool,
        watch: Watch,
        among: Sequence[Run] = (),
    ):
        self.failures: list[str] = []
        self.moved = self._leaving = False
        self._folder, self._compiled, self._watch = folder, compiled, watch
        self._marks, self._context = Marks(folder), multiprocessing.get_context("spawn")
        self._waiting, self._elsewhere = deque(runs), list[Run]()
        self._among = {run.file: run for run in (*among, *runs)}
        self._branches = dict[str, Branches]()
        self._deaths: Counter[str] = Counter()
        # functions of the program that was started are found by workers that read it, too
        self._alone = all(run.compute.__module__ != "__main__" for run in runs)
        self._workers = [self._worker() for _ in range(min(workers, len(runs)))]
        self._beaten = self._looked = time.monotonic()

    def _worker(self) -> _Worker:
        with _nameless() if self._alone else nullcontext():
            return _Worker(self._context)

    def at_work(self) -> bool:
        return bool(self._waiting or self._elsewhere or any(worker.run for worker in self._workers))

    def go_on(self) -> None:
        """Give runs to workers that have none, and hear what the others say, for a moment."""
        for worker in self._workers:
            while worker.run is None and self._waiting:
                self._give(worker, self._next())
        self._listen(LOOK_S)
        self._look_elsewhere()
        self._beat()

    def leave(self, told: list[int]) -> None:
        """Let the workers save checkpoints of their runs and go; another signal ends that."""
        self._leaving = True
        for worker in self._workers:
            worker.leave()
        self._watch.note("stopping: saving a checkpoint of each run first; interrupt again to stop at once")
        until, first = time.monotonic() + PATIENCE_S, len(told)
        while (
            any(worker.run for worker in self._workers) and time.monotonic() < until and len(told) == first
        ):
            self._listen(LOOK_S)
            self._beat()

    def dismiss(self) -> None:
        """End all workers and give back what they had."""
        for worker in self._workers:
            if worker.run is not None:
                self._marks.release(worker.run.file)
            worker.dismiss()
        sweep_stale(self._folder)
        self._marks.tidy()

    def _next(self) -> Run:
        """The first run that waits for no state that another is about to leave behind, or else the first."""
        at_work = [worker.run for worker in self._workers if worker.run is not None]
        under_way = {key for run in at_work for key in self._shared(run).values()}
        free = (run for run in self._waiting if not under_way & {*self._shared(run).values()})
        run = next(free, self._waiting[0])
        self._waiting.remove(run)
        return run

    def _shared(self, run: Run) -> Branches:
        """Looks after which a run's state is shared, found for all of a seed when the first is asked."""
        if run.file not in self._branches:
            alike = [one for one in self._among.values() if one.config.seed == run.config.seed]
            self._branches |= shared(alike)
        return self._branches[run.file]

    def _give(self, worker: _Worker, run: Run) -> None:
        """Let a worker compute a run, unless another process does or has done so."""
        try:
            if not self._marks.hold(run.file, run.config.protocol.seconds):
                self._elsewhere.append(run)
            elif is_whole(self._folder / run.file, run.config.run_id()):
                self._ended(run, Told("done"))
            else:
                place, branches = self._marks.checkpoint(run.file), self._shared(run)
                worker.take(run, Order(run, self._folder, self._compiled, place, branches))
        except UnreadableError as error:  # somebody finished it meanwhile
            self._ended(run, Told("failed", reason=str(error)))
        except OSError as error:
            self._ended(
                run, Told("failed", reason=f"{self._marks.folder} cannot be written: {error.strerror}")
            )

    def _listen(self, seconds: float) -> None:
        ends: dict[Any, _Worker] = {
            end: worker for worker in self._workers for end in (worker.pipe, worker.process.sentinel)
        }
        for worker in {ends[end] for end in wait(list(ends), seconds)}:
            for told in worker.told():
                self._heard(worker, told)
            if not worker.process.is_alive():
                self._mourn(worker)

    def _heard(self, worker: _Worker, told: Told) -> None:
        run = worker.run
        if run is None:
            return
        if told.what == "did":
            worker.done_s, worker.resumed_s = worker.done_s + told.seconds, told.resumed
            self._watch.did(told.seconds)
            self.moved |= told.moved
            return
        worker.run = None
        if told.what == "lost":
            self._lost(run, told.reason)
        else:
            self._ended(run, told)

    def _ended(self, run: Run, told: Told) -> None:
        if told.what == "done":
            self._marks.finished(run.file)
            self._watch.finished()
        elif told.what == "failed":
            self._marks.failed(run.file, told.reason, told.trace)
            self.failures.append(f"run {run.file}: {told.reason}")
            self._watch.note(f"failed: {self.failures[-1]}")
        else:
            self._marks.release(run.file)
        self.moved |= told.what == "done" or told.moved

    def _mourn(self, worker: _Worker) -> None:
        """Let the run of a worker that has died wait again, with another worker in its place."""
        run, worker.run = worker.run, None
        if self._leaving:
            self._workers.remove(worker)
            return self._marks.release(run.file) if run is not None else None
        self._workers[self._workers.index(worker)] = self._worker()
        if run is None:
            return None
        self._lost(run, f"its worker process {worker.end()}")
        return None

    def _lost(self, run: Run, how: str) -> None:
        """Let a run wait again whose worker, or engine, died."""
        self._deaths[run.file] += 1
        if self._deaths[run.file] < ROUNDS:
            self._marks.release(run.file)
            self._waiting.appendleft(run)
            self._watch.note(f"run {run.file}: {how}; retrying")
        else:
            self._ended(run, Told("failed", reason=f"{how}, {ROUNDS} times"))

    def _look_elsewhere(self) -> None:
        """See what has become of the runs that other processes have."""
        if not self._elsewhere or time.monotonic() - self._looked < LOOK_ELSEWHERE_S:
            return
        free = [run for run in self._elsewhere if not self._marks.taken(run.file)]
        self._elsewhere = [run for run in self._elsewhere if run not in free]
        self._waiting.extend(free)
        if self._elsewhere and not self._waiting and all(worker.run is None for worker in self._workers):
            self._watch.elsewhere(len(self._elsewhere))
        self._looked = time.monotonic()

    def _beat(self) -> None:
        if time.monotonic() - self._beaten < BEAT_S:
            return
        for worker in self._workers:
            if worker.run is not None:
                self._marks.beat(worker.run.file, worker.done_s, worker.resumed_s)
        self._beaten = time.monotonic()


class _Worker:
    """One worker process, and the run that it has."""

    def __init__(self, context: Any) -> None:
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(theirs, os.getpid()), daemon=True)
        resource_tracker.ensure_running()  # started on the way, it would take the mask away
        # which the new process has until it can hear them
        before = signal.pthread_sigmask(signal.SIG_BLOCK, LEAVE)
        try:
            self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        self.run: Run | None = None
        self.done_s = self.resumed_s = 0.0

    def take(self, run: Run, order: Order) -> None:
        self.run, self.done_s, self.resumed_s = run, 0.0, 0.0
        with suppress(OSError):  # one that has died is mourned
            self.pipe.send(order)

    def told(self) -> Iterator[Told]:
        """What it has said since."""
        with suppress(EOFError, OSError):
            while self.pipe.poll():
                yield self.pipe.recv()

    def leave(self) -> None:
        """Tell it to go: at once, where its run cannot keep its place."""
        if self.run is None or self.run.resumable:
            self._signal(signal.SIGUSR1)
        else:
            self.process.kill()

    def end(self) -> str:
        """How it ended."""
        code = self.process.exitcode or 0
        return f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"

    def dismiss(self) -> None:
        """End it: one without a run leaves by itself, having ended its own helpers."""
        if self.run is None:
            with suppress(OSError):
                self.pipe.send(None)
            self.process.join(GOODBYE_S)
        self.process.kill()
        self.process.join()
        self.pipe.close()

    def _signal(self, told: int) -> None:
        if self.process.pid is not None and self.process.is_alive():
            os.kill(self.process.pid, told)


def shared(runs: list[Run]) -> dict[str, Branches]:
    """By file, the looks after which each run's state is shared; runs without the loop share nothing."""
    loops = [run for run in runs if run.resumable and room()]
    found = branches([run.config for run in loops])
    return {run.file: {} for run in runs} | {run.file: of for run, of in zip(loops, found, strict=True)}


@contextmanager
def _nameless() -> Iterator[None]:
    """Processes started meanwhile do not read the script that was started: it may begin this very sweep."""
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread a library for processes started meanwhile; this process gets its own settings back."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _signals(heard: Callable[[int], None]) -> Iterator[None]:
    """Hear the signals that tell a process to leave, if this is the thread that gets them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ignored = [told for told in (signal.SIGHUP,) if signal.getsignal(told) == signal.SIG_IGN]  # nohup
    before = {
        told: signal.signal(told, lambda number, frame: heard(number))
        for told in LEAVE
        if told not in ignored
    }
    try:
        yield
    finally:
        for told, handler in before.items():
            signal.signal(told, handler)
