"""What the driver of a sweep asks of a batch system.  A back-end is a kind of Queue, in cluster.BACKENDS."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from prelimbic.experiments.sweep.execute import Stopped
from prelimbic.experiments.sweep.study import StudyError
from prelimbic.parameters.errors import RunError

REQUEUE = "PRELIMBIC_REQUEUE"  # set by scripts whose jobs may have themselves queued again


class ClusterError(RunError):
    """A batch system did not do what it was asked."""


@dataclass(frozen=True)
class Jobs:
    """What each job of a study is given, in the words of the batch system `cluster`; empty is its default.
    Raises StudyError for a number of jobs or threads below 1.
    """

    cluster: str = "slurm"  # one of cluster.BACKENDS
    count: int = 8
    workers: int = 1
    threads: int = 1  # of a worker
    time: str = ""
    partition: str = ""
    memory: str = ""
    account: str = ""
    further: tuple[str, ...] = ()  # options of the back-end's own command as they stand

    def __post_init__(self) -> None:
        if self.count < 1:
            raise StudyError(f"--jobs is {self.count} but must be at least 1")
        if self.threads < 1:
            raise StudyError(f"--threads is {self.threads} but must be at least 1")


@dataclass
class Queue(ABC):
    """The jobs of one folder in the queue of a batch system, each element of an array by itself; they are
    known by their name.  `states` are those of the last look by job, `seen` all jobs that were ever there.
    """

    title: ClassVar[str]  # what the system is called in messages
    command: ClassVar[str]  # the command that must be on the PATH
    cancel: ClassVar[str]  # the command with which a user ends jobs

    folder: Path  # absolute
    seen: set[str] = field(default_factory=set)
    states: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of all jobs of this folder."""
        plain = re.sub(r"[^A-Za-z0-9_.-]", "_", self.folder.name)[:24]
        return f"prelimbic-{plain}-{hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:8]}"

    @classmethod
    def there(cls) -> bool:
        """Whether this machine has the batch system."""
        return shutil.which(cls.command) is not None

    def look(self, patience: float | None = None) -> bool:
        """Whether any job is left.  Raises ClusterError when the system does not answer, or takes longer
        than `patience` (s).
        """
        self.states = self.jobs(patience=patience)
        self.seen |= set(self.states)
        return bool(self.states)

    @staticmethod
    @abstractmethod
    def check(jobs: Jobs) -> None:
        """Raise StudyError for what the system would not understand."""

    @abstractmethod
    def jobs(self, *, patience: float | None = None) -> dict[str, str]:
        """State of every job of this name in the queue, by job.  Raises ClusterError."""

    @abstractmethod
    def cancelled(self) -> bool:
        """Whether a job that was seen was cancelled; false where the system has forgotten it."""

    @abstractmethod
    def most(self) -> int:
        """The most jobs that one submission may have."""

    @abstractmethod
    def submit(self, jobs: Jobs, count: int, command: list[str], script: Path) -> str:
        """Submit `count` jobs of this name, the k-th of which carries out the command with `--share k/count`
        behind it; the batch script is kept as `script`.  Returns the job's number.  Raises ClusterError.
        """

    @staticmethod
    @abstractmethod
    def requeued(stopped: Stopped) -> bool:
        """Have the job that this process is queued again after it was warned, where that can be done."""
