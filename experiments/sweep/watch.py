"""What is shown while runs are computed: a progress bar in a terminal, one plain line a run elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from prelimbic.experiments.sweep.screen import console
from prelimbic.experiments.sweep.study import Run

T = TypeVar("T")


def progress_bar(console: Console, unit: str) -> Progress:
    """A bar of what is done of a task, counted in a unit; shown in a terminal only."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(elapsed_when_finished=False),
        console=console,
        refresh_per_second=2,
        disable=not console.is_terminal,
        transient=True,
    )


def along(things: list[T], doing: str, unit: str) -> Iterator[T]:
    """One thing after the other, with a bar and the time left, on standard error."""
    with progress_bar(console(beside=True), unit) as bar:
        yield from bar.track(things, description=doing)


class Watch:
    """Counts biological seconds and runs."""

    def __init__(self, console: Console, runs: list[Run]):
        self._console, self._runs = console, len(runs)
        self._total_s = sum(run.config.protocol.seconds for run in runs)
        self._done_s, self._done, self._begun, self._waited = 0.0, 0, time.monotonic(), False
        self._bar = progress_bar(console, "biological s")
        self._task = self._bar.add_task(f"0 of {self._runs} runs", total=round(self._total_s))

    def __enter__(self) -> Watch:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def did(self, seconds: float) -> None:
        """So many biological seconds more are done."""
        self._done_s += seconds
        self._bar.update(self._task, completed=round(self._done_s))

    def finished(self) -> None:
        """A run more is finished."""
        self._done += 1
        self._bar.update(self._task, description=f"{self._done} of {self._runs} runs")
        if not self._console.is_terminal:
            elapsed = time.monotonic() - self._begun
            left = elapsed * (self._runs / self._done - 1)
            self._say(f"{self._done} of {self._runs} runs, {elapsed:.0f} s, about {left:.0f} s left")

    def note(self, text: str) -> None:
        """Say something beside the progress."""
        self._say(text)

    def elsewhere(self, runs: int) -> None:
        """Nothing is left to do here but to wait for so many runs that other processes have."""
        text = f"waiting for {runs} runs that other processes compute"
        if not self._console.is_terminal and not self._waited:
            self._say(text)
        self._waited = True
        self._bar.update(self._task, description=text)

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)
