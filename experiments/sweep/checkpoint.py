"""Where a run goes on that was stopped in its middle: from its own checkpoint, or else from a state that it
shares with others.

A checkpoint belongs to one configuration and one compiled program on one kind of processor; any other starts
the run again.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from prelimbic.circuits import Network, Numerics
from prelimbic.experiments.storage.files import StoreError
from prelimbic.experiments.sweep.kept import arrays_of, course_of, made_by, read, write
from prelimbic.experiments.sweep.shelf import Branches, Shelf
from prelimbic.pharmacology import Block
from prelimbic.simulation.run import Course, Paused
from prelimbic.simulation.slow import Slow

EVERY_S, SHARE = 60.0, 0.02  # how often a course is kept at most, and how much of the time that may take


@dataclass
class Place:
    """Where the course of one run is kept: at the end of a look when `leaving()`, and now and then; see
    run.Bookmark.  States after the looks in `branches` it shares with other runs, on a shelf.
    """

    path: Path
    run_id: str
    numerics: Numerics
    leaving: Callable[[], bool] = lambda: False
    shelf: Shelf | None = None
    branches: Branches = field(default_factory=dict)
    found: int = 0  # looks
    kept: int = 0
    resumed_s: float = 0.0  # biological seconds of those that were found
    shared_s: float = 0.0  # of them, those of a shared state, from which it began this time

    def __post_init__(self) -> None:
        self._due = time.monotonic() + EVERY_S

    def find(self, slow: Slow, block: Block, network: Network) -> Course | None:
        """The course that was kept, or that is shared, its network brought to where it was; nothing where
        there is none.

        Raises UnreadableError where there may be one of this very run: it holds hours of computing, and what
        is kept next takes its place.
        """
        arrays = read(self.path, self._about())
        course = None if arrays is None else course_of(arrays, slow, block, network)
        if course is not None and self.shelf is not None:
            self.shelf.lease(self.branches, len(course.seen) - 1)
        elif self.shelf is not None and (shared := self.shelf.find(self.branches, self.leaving)):
            course = course_of(shared[1], slow, block, network)
            self.shared_s = _seconds(course)
            if course is None:
                self.shelf.drop(self.branches[shared[0]])
        self.found = self.kept = 0 if course is None else len(course.seen)
        self.resumed_s = _seconds(course)
        return course

    def keep(self, course: Course, network: Network) -> None:
        """Keep the course if it is time to, or the run has to stop.  Raises Paused."""
        leaving, look = self.leaving(), len(course.seen) - 1
        if self.shelf is not None and look in self.branches:
            self.shelf.keep(self.branches, look, lambda: arrays_of(course, network))
        if not leaving and time.monotonic() < self._due:
            return
        arrays, begun = arrays_of(course, network), time.monotonic()
        if arrays:
            with contextlib.suppress(StoreError):  # on a full disk the run may still come to its end
                write(self.path, self._about(), arrays)
                self.kept = len(course.seen)
        took = time.monotonic() - begun
        self._due = time.monotonic() + max(EVERY_S, took / SHARE)
        if leaving:
            raise Paused

    def _about(self) -> dict[str, str]:
        return {"run_id": self.run_id} | made_by(self.numerics)


def _seconds(course: Course | None) -> float:
    """Biological seconds of a course."""
    if course is None:
        return 0.0
    return course.rest.seconds + sum(seen.look.seconds for seen in course.seen)
