"""A study on a cluster: every job is the plain command for one share of the runs that are missing; finished
files are the only truth.

A driver submits a round of jobs, watches queue and files, and submits what is then still missing, up to
ROUNDS times.  It may be killed: jobs go on, and the next driver finds them in the queue by their name.
What a batch system is asked stands in queue.Queue; BACKENDS has those there are.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path

from rich.console import Console

from prelimbic.experiments.storage.files import publish
from prelimbic.experiments.sweep.execute import ROUNDS, ExecuteError, Stopped
from prelimbic.experiments.sweep.marks import JOBS, Marks, failures
from prelimbic.experiments.sweep.queue import ClusterError, Jobs, Queue
from prelimbic.experiments.sweep.slurm import Slurm
from prelimbic.experiments.sweep.study import Run
from prelimbic.experiments.sweep.watch import progress_bar
from prelimbic.parameters import sheet_text

BACKENDS: dict[str, type[Queue]] = {"slurm": Slurm}  # by what --cluster takes
FIRST_POLL_S, LONGEST_POLL_S = 1.0, 15.0
SUBMISSION = "submission"  # the mark of a driver that submits


def drive(
    runs: list[Run],
    missing: Callable[[], list[Run]],
    causes: Collection[str],
    folder: Path,
    jobs: Jobs,
    words: list[str],
    console: Console,
    asked: tuple[str, str] | None = None,
) -> None:
    """Have all runs computed by jobs of a batch system.  `missing` tells which are not finished, and leaves
    out those of which `causes` names the files, which cannot be read here; `words` are the command line of a
    share, before which goes the question `asked`, the name and text of a file, where it is the user's own.

    Raises ClusterError when it does not take the jobs, ExecuteError when runs are still missing at the
    end.
    """
    queue, marks = BACKENDS[jobs.cluster](folder), Marks(folder)
    submitted = failed = 0
    if missing():
        queue.look()  # one that does not answer from the beginning is not waited for
    while todo := missing():
        if _found(queue, console):
            console.print(
                f"jobs of this folder are in the queue (name {queue.name}); attached to them",
                highlight=False,
            )
        elif submitted == ROUNDS:
            break
        else:
            try:
                kept = _kept(asked, marks.folder)
                if not _submit(todo, queue, marks, jobs, [*kept, *words], console):
                    continue
            except ClusterError as error:  # it may have been taken all the same; the next look tells
                failed += 1
                if submitted == 0 or failed == ROUNDS:
                    raise
                console.print(f"{error}; retrying", highlight=False, markup=False)
                time.sleep(LONGEST_POLL_S)
                continue
            submitted += 1
        _watch(runs, queue, console)
        if queue.cancelled() and (left := missing()):
            raise ExecuteError(
                f"jobs were cancelled; {len(left)} runs are missing; the same command goes on from there"
            )
    marks.forget({SUBMISSION, *(run.file for run in runs)} - {run.file for run in todo} - {*causes})
    if todo:
        _report(todo, folder, console)


def _found(queue: Queue, console: Console) -> bool:
    """Whether jobs are in the queue; waits until the batch system answers."""
    told = False
    while True:
        try:
            return queue.look()
        except ClusterError as error:
            if not queue.there():
                raise
            if not told:
                why = (
                    str(error)
                    if "does not answer" in str(error)
                    else f"{queue.title} does not answer ({error})"
                )
                console.print(f"{why}; waiting", highlight=False, markup=False)
            told = True
            time.sleep(LONGEST_POLL_S)


def _submit(
    todo: list[Run], queue: Queue, marks: Marks, jobs: Jobs, words: list[str], console: Console
) -> bool:
    """Submit jobs for these runs; false where another driver has done so or is at it."""
    if not marks.hold(SUBMISSION, 0.0):
        time.sleep(FIRST_POLL_S)
        return False
    try:
        if queue.look():
            return False
        count = min(jobs.count, len(todo), queue.most())
        number = next(n for n in itertools.count(1) if not (marks.folder / f"round-{n}.txt").exists())
        among = marks.folder / f"round-{number}.txt"
        publish(among, "".join(f"{run.file}\n" for run in todo).encode())
        command = _command(queue, jobs, among, _frozen(todo, words, marks.folder))
        job = queue.submit(jobs, count, command, among.with_suffix(".sh"))
        console.print(f"submitted job {job}: {count} shares of {len(todo)} runs", highlight=False)
        return True
    finally:
        marks.release(SUBMISSION)


def _kept(asked: tuple[str, str] | None, folder: Path) -> list[str]:
    """The file in which a question is kept for jobs, if there is one; it has the name of the study."""
    if asked is None:
        return []
    path = folder / f"{asked[0]}.toml"
    folder.mkdir(parents=True, exist_ok=True)
    publish(path, asked[1].encode())
    return [str(path)]


def _frozen(runs: list[Run], words: list[str], folder: Path) -> list[str]:
    """The words, with a copy of every sheet that does not ship in place of it: jobs that start after it was
    edited compute what was planned.
    """
    copies = {}
    for config in {run.config.circuit: run.config for run in runs}.values():
        sheet, path = config.own_sheet, folder / "sheets" / f"{config.sheet_name}.toml"
        if config.frozen is not None:
            path.parent.mkdir(exist_ok=True)
            publish(path, sheet_text(sheet, sheet.title, sheet.calibrated, sheet.manipulations).encode())
            copies[f"--sheet={config.circuit}"] = f"--sheet={path}"
    return [copies.get(word, word) for word in words]


def _command(queue: Queue, jobs: Jobs, among: Path, words: list[str]) -> list[str]:
    """The plain command for the runs that a file names, but for its share."""
    own = ["run", *words, f"--out={queue.folder}", f"--among={among}", f"--workers={jobs.workers}"]
    own += [f"--threads={jobs.threads}"] if jobs.threads > 1 else []
    return [sys.executable, "-P", "-m", "prelimbic", *own]


def _watch(runs: list[Run], queue: Queue, console: Console) -> None:
    """Show how many runs are finished until no job is left in the queue."""
    bar = progress_bar(console, "runs")
    names, pause, said = {run.file for run in runs}, FIRST_POLL_S, -1
    begun, first = time.monotonic(), len(names & set(os.listdir(queue.folder)))
    with bar:
        task = bar.add_task("", total=len(names))
        while _found(queue, console):
            done = len(names & set(os.listdir(queue.folder)))
            now = ", ".join(
                f"{n} {state.lower()}" for state, n in sorted(Counter(queue.states.values()).items())
            )
            bar.update(task, completed=done, description=f"jobs: {now}")
            if done != said and not console.is_terminal:
                pace = (time.monotonic() - begun) / (done - first) if done > first else None
                left = f"; about {(len(names) - done) * pace:.0f} s left" if pace is not None else ""
                console.print(f"{done} of {len(names)} runs; jobs: {now}{left}", highlight=False)
            pause, said = (FIRST_POLL_S if done != said else min(pause * 1.5, LONGEST_POLL_S)), done
            time.sleep(pause)


def _report(todo: list[Run], folder: Path, console: Console) -> None:
    """Say of every run that is still missing why, and raise ExecuteError."""
    told = {failure.run: failure for failure in failures(folder)}
    for run in todo:
        found = told.get(run.file)
        why = (
            f"{found.reason}; log {found.holder.log}"
            if found
            else f"its job ended without a word; logs in {folder / JOBS}"
        )
        console.print(f"failed: run {run.file}: {why}", markup=False, highlight=False, soft_wrap=True)
    raise ExecuteError(
        f"{len(todo)} of the runs are missing after {ROUNDS} rounds of jobs; the same command tries again"
    )


def requeued(stopped: Stopped) -> str:
    """The batch system that queues this job again after it was warned, if one does."""
    return next((backend.title for backend in BACKENDS.values() if backend.requeued(stopped)), "")
