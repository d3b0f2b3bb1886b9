"""What stands in a study's folder of runs that are not finished: who computes one, why one failed, where one
can go on.

    jobs/RUN.running      one process computes this run, and renews this every few seconds: a lock
    jobs/RUN.failed       why it failed, and which log tells more
    jobs/RUN.checkpoint   the run in its middle (sweep.checkpoint)

Whoever makes the file `running` first has the run; the file system needs no locks, so a folder shared by
machines will do.  A mark whose process is gone, or that was not renewed for LOST_S, is stale and counts for
nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import socket
import stat
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from prelimbic.experiments.storage.files import (
    lives,
    machine,
    names_in,
    next_of,
    scratch_name,
    sweep_stale,
    trouble,
)
from prelimbic.parameters import system

JOBS = "jobs"
RUNNING, FAILED, CHECKPOINT = ".running", ".failed", ".checkpoint"
BEAT_S, LOST_S = 5.0, 180.0
UNSAID_S = 10.0  # a mark in which nothing stands yet
SKEW_S = 3600.0  # no two clocks differ by more; a mark from further in the future counts for nothing
MOST_BYTES = 1 << 20
# raised by what others wrote
NOT_OURS = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)
KINDS: dict[Any, Any] = {"str": str, "int": int, "float": (int, float)}


@dataclass(frozen=True)
class Holder:
    """A process that computes runs; `began` tells it from an earlier one of the same number on the same
    machine.
    """

    host: str
    machine: str  # since it was started, and the container in it
    process: int
    began: str
    job: str = ""  # of Slurm
    turn: int = 0  # how often Slurm had started the job before
    log: str = ""

    def gone(self, me: Holder) -> bool:
        """Whether it is known to be gone: a process of this machine that has ended, or an earlier turn of
        our own job.
        """
        if self.machine == me.machine:
            return not lives(self.process) or system.began(self.process) not in (self.began, None)
        return bool(self.job) and self.job == me.job and self.turn < me.turn


# who just makes a mark; who made one that cannot be read
NOBODY, SOMEBODY = Holder("", "", 0, ""), Holder("", "", -1, "")


@dataclass(frozen=True)
class Mark:
    """A process at work on a run: since when, and how many biological seconds of how many are done."""

    run: str
    holder: Holder
    since: float  # s since 1970
    done_s: float
    total_s: float
    resumed_s: float = 0.0  # of those done, what an earlier process did
    told: float = 0.0  # s since 1970, when the mark was last made

    def current(self, me: Holder, now: float) -> bool:
        """Whether somebody is at work."""
        return not self.holder.gone(me) and -SKEW_S < now - self.told < (
            LOST_S if self.holder.process else UNSAID_S
        )


@dataclass(frozen=True)
class Failure:
    """Why a run failed the last time it was computed."""

    run: str
    reason: str
    trace: str  # of the error, where it is none that is known
    when: float
    holder: Holder


def myself() -> Holder:
    """This process; its log is where its errors go, if that is a file."""
    job, turn = os.environ.get("SLURM_JOB_ID", ""), os.environ.get("SLURM_RESTART_COUNT", "")
    began, turns = system.began(os.getpid()) or "", int(turn) if turn.isdigit() else 0
    return Holder(socket.gethostname(), machine(), os.getpid(), began, job, turns, system.errors_go_to())


class Marks:
    """The marks of one folder, as one process makes and reads them."""

    def __init__(self, folder: Path, me: Holder | None = None):
        self.folder, self.me = folder / JOBS, me or myself()
        self._mine: dict[str, Mark] = {}
        # s, by which the clock that dates files is ahead of ours; known once one was made
        self._ahead: float | None = None

    def hold(self, run: str, total_s: float) -> bool:
        """Take a run; false while another process is at work on it.  Raises OSError where marks cannot be
        made.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        now, path = time.time(), self.folder / f"{run}{RUNNING}"
        mark = Mark(run, self.me, now, 0.0, total_s)
        self._measure()
        for _ in range(2):
            try:
                handle = open(path, "x", encoding="utf-8")  # noqa: SIM115 - making alone finds it
            except FileExistsError:
                other = _mark(path)
                if other is not None and other.current(self.me, self._now()):
                    return run in self._mine
                if other is not None and not self._take_over(path, other):
                    return False
                continue
            self._mine[run] = mark
            try:
                with handle:
                    handle.write(json.dumps(asdict(mark)))
            except OSError:
                path.unlink(missing_ok=True)
                raise
            return True
        return False

    def taken(self, run: str) -> bool:
        """Whether another process is at work on a run."""
        other = _mark(self.folder / f"{run}{RUNNING}")
        return other is not None and other.holder != self.me and other.current(self.me, self._now())

    def holder(self, run: str) -> Mark | None:
        """Who else is at work on a run, as far as it can be read and is known."""
        with contextlib.suppress(OSError):
            self._measure()
        other = _mark(self.folder / f"{run}{RUNNING}")
        known = other is not None and other.holder.process > 0 and other.holder != self.me
        return other if known and other is not None and other.current(self.me, self._now()) else None

    def beat(self, run: str, done_s: float, resumed_s: float) -> None:
        """Renew that a run is being computed, and how far it is."""
        mark = replace(self._mine[run], done_s=done_s, resumed_s=resumed_s)
        if self._still_mine(run):
            self._publish(f"{run}{RUNNING}", json.dumps(asdict(mark)))
        self._mine[run] = mark

    def release(self, run: str) -> None:
        """Give a run back."""
        if self._mine.pop(run, None) is not None and self._still_mine(run):
            (self.folder / f"{run}{RUNNING}").unlink(missing_ok=True)

    def finished(self, run: str) -> None:
        """Forget what is said of a run that is finished."""
        for end in (FAILED, CHECKPOINT):
            (self.folder / f"{run}{end}").unlink(missing_ok=True)
        self.release(run)

    def forget(self, finished: Iterable[str]) -> None:
        """Forget what processes said of runs that are finished, and were killed before they could take it
        back.
        """
        ends = (RUNNING, FAILED, CHECKPOINT)
        said = {path.stem for path in self.folder.glob("*") if path.suffix in ends}
        for run in said & set(finished):
            with contextlib.suppress(OSError):
                if self.hold(run, 0.0):
                    self.finished(run)
        self.tidy()

    def failed(self, run: str, reason: str, trace: str = "") -> None:
        """Say why a run failed, and give it back."""
        found = asdict(Failure(run, reason, trace, time.time(), self.me))
        self._publish(f"{run}{FAILED}", json.dumps(found, indent=1))
        self.release(run)

    def tidy(self) -> None:
        """Leave nothing half-made behind, and no empty folder."""
        sweep_stale(self.folder)
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    def checkpoint(self, run: str) -> Path:
        """Where the checkpoint of a run stands."""
        return self.folder / f"{run}{CHECKPOINT}"

    def _take_over(self, path: Path, stale: Mark) -> bool:
        """Remove a mark that counts for nothing, unless another process does so: only who makes the file
        that is named after it may, and only while the mark is still that one.
        """
        name = hashlib.sha256(repr(stale).encode()).hexdigest()[:16]
        claim = path.with_name(f".{path.name}.{name}.claim")
        try:
            open(claim, "x").close()
        except FileExistsError:
            with contextlib.suppress(OSError):
                if abs(self._now() - claim.stat().st_mtime) > LOST_S:  # who made it died in between
                    claim.unlink()
            return False
        try:
            if _mark(path) == stale:
                path.unlink(missing_ok=True)
        finally:
            claim.unlink(missing_ok=True)
        return True

    def _still_mine(self, run: str) -> bool:
        """Whether nobody has taken a run over, as from a process that slept."""
        other = _mark(self.folder / f"{run}{RUNNING}")
        return other is None or other.holder == self.me

    def _publish(self, name: str, text: str) -> None:
        """Put a file in place of another; nothing on a full disk, which the result file tells."""
        scratch = self.folder / scratch_name(name)
        try:
            scratch.write_text(text, encoding="utf-8")
            os.replace(scratch, self.folder / name)
        except OSError:
            with contextlib.suppress(OSError):
                scratch.unlink()

    def _now(self) -> float:
        """The time by the clock that dates files, as far as it is known."""
        return time.time() + (self._ahead or 0.0)

    def _measure(self) -> None:
        """Find by how much the clock that dates files is ahead of ours."""
        if self._ahead is None:
            probe = self.folder / scratch_name("clock")
            probe.touch()
            self._ahead = probe.stat().st_mtime - time.time()
            probe.unlink(missing_ok=True)


def running(folder: Path) -> list[Mark]:
    """Every run of a folder that a process is at work on.  Raises UnreadableError."""
    me, now = myself(), time.time()
    found = [_mark(path) for path in _marked(folder, RUNNING)]
    return [mark for mark in found if mark is not None and mark.current(me, now)]


def places(folder: Path) -> set[str]:
    """Every run of a folder that was stopped in its middle and can go on.  Raises UnreadableError."""
    return {path.name.removesuffix(CHECKPOINT) for path in _marked(folder, CHECKPOINT)}


def failures(folder: Path) -> list[Failure]:
    """Every run of a folder that failed the last time it was computed.  Raises UnreadableError."""
    found = []
    for path in _marked(folder, FAILED):
        try:
            told = json.loads(_read(path)[0])
            found.append(
                _checked(Failure(**(told | {"holder": _checked(Holder(**told["holder"]))})), path, FAILED)
            )
        except OSError as error:
            if cause := trouble(error):
                found.append(
                    Failure(
                        path.name.removesuffix(FAILED), f"why cannot be read here: {cause}", "", 0.0, NOBODY
                    )
                )
        except NOT_OURS:
            pass
    return found


def _marked(folder: Path, end: str) -> list[Path]:
    return [folder / JOBS / name for name in names_in(folder / JOBS) if name.endswith(end)]


def _mark(path: Path) -> Mark | None:
    """A mark as it stands; one that is just being made is nobody's yet, but somebody's, and so is one that
    cannot be read here while its file is renewed.
    """
    text, when = b"", 0.0
    try:
        text, when = _read(path)
        found = json.loads(text)
        return _checked(
            Mark(**(found | {"holder": _checked(Holder(**found["holder"])), "told": when})), path, RUNNING
        )
    except FileNotFoundError:
        return None
    except (*NOT_OURS, OSError) as error:
        holder = NOBODY
        if isinstance(error, OSError) and trouble(error):
            holder, when = SOMEBODY, time.time()
            with contextlib.suppress(OSError):
                when = path.lstat().st_mtime
        return Mark(path.name.removesuffix(RUNNING), holder, when, 0.0, 0.0, told=when)


def _read(path: Path) -> tuple[bytes, float]:
    """The beginning of a file of the folder itself, and when it was made.  Raises OSError for anything that
    is no such file.
    """
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as handle:
        about = os.fstat(handle.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise OSError("no file")
        return next_of(handle, MOST_BYTES), about.st_mtime


def _checked(record: Any, path: Path | None = None, end: str = "") -> Any:
    """A record whose text is text and whose numbers are finite, and which is about the run that its file is
    named after.  Raises ValueError or OverflowError.
    """
    for f in fields(record):
        value, kind = getattr(record, f.name), KINDS.get(f.type)
        if kind is not None and (not isinstance(value, kind) or isinstance(value, bool)):
            raise ValueError(f.name)
        if kind is not None and kind is not str and not math.isfinite(value):
            raise ValueError(f.name)
    if path is not None and f"{record.run}{end}" != path.name:
        raise ValueError("run")
    return record
