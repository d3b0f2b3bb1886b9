"""A study on Slurm: every job is the plain command for one share of the runs that are missing; finished
files are the only truth.

A driver submits a round of jobs, watches queue and files, and submits what is then still missing, up to
ROUNDS times.  It may be killed: jobs go on, and the next driver finds them in the queue by their name.
Neither accounting nor a network between nodes is needed.  A job that is told to leave (time limit,
preemption) keeps its place and has itself queued again.
"""

from __future__ import annotations

import itertools
import os
import re
import shlex
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from prelimbic.experiments.storage.files import publish
from prelimbic.experiments.sweep.execute import ROUNDS, ExecuteError, Stopped
from prelimbic.experiments.sweep.marks import JOBS, Marks, failures
from prelimbic.experiments.sweep.queue import ClusterError, Queue, slurm
from prelimbic.experiments.sweep.study import Run, StudyError
from prelimbic.parameters import sheet_text
from prelimbic.parameters.origin import import_path

ENGINES = ("slurm",)
WARNING_S = 120  # before the time limit, but at most a quarter of it
FIRST_POLL_S, LONGEST_POLL_S = 1.0, 15.0
# Options of sbatch by which this command finds its jobs again and they their runs.
OWN = (
    "job-name",
    "array",
    "output",
    "wrap",
    "test-only",
    "parsable",
    "wait",
    "chdir",
    "requeue",
    "no-requeue",
    "signal",
    "open-mode",
)
REQUEUE = "PRELIMBIC_REQUEUE"  # set by scripts whose jobs may have themselves queued again
SUBMISSION = "submission"  # the mark of a driver that submits
TIME = re.compile(r"(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?")


@dataclass(frozen=True)
class Jobs:
    """What each job of a study is given.  Raises StudyError for what Slurm would not understand."""

    count: int = 8
    workers: int = 1
    time: str = ""
    partition: str = ""
    memory: str = ""
    account: str = ""
    further: tuple[str, ...] = ()  # options of sbatch as they stand

    def __post_init__(self) -> None:
        if self.count < 1:
            raise StudyError(f"--jobs is {self.count} but must be at least 1")
        if self.time and limit_s(self.time) is None:
            raise StudyError(
                f"--time is {self.time!r} but must be minutes, HH:MM:SS, D-HH or D-HH:MM:SS, such as 4:00:00"
            )
        if self.memory and not re.fullmatch(r"\d+[KMGT]?", self.memory):
            raise StudyError(
                f"--mem is {self.memory!r} but must be a number of megabytes, or with K, M, G or T, such as "
                "4G"
            )
        for option, value in (("--partition", self.partition), ("--account", self.account)):
            if value and not re.fullmatch(r"[\w.,:+-]+", value):
                raise StudyError(f"{option} is {value!r} but must be one word")
        for word in self.further:
            name = word.partition("=")[0].removeprefix("--")
            if any(own.startswith(name) for own in OWN):
                raise StudyError(
                    f"--sbatch is {word!r}, but {', '.join(f'--{own}' for own in OWN)} are set by this "
                    "command"
                )
            if not word.startswith("--") or not word.isprintable():
                raise StudyError(
                    f"--sbatch is {word!r} but must be an option of sbatch, such as --sbatch=--qos=long"
                )


def limit_s(text: str) -> int | None:
    """Seconds of a time limit as Slurm writes it; nothing for what it would not take."""
    found = TIME.fullmatch(text)
    if found is None:
        return None
    days, a, b, c = (int(part) if part else None for part in found.groups())
    if days is not None:
        return days * 86400 + (a or 0) * 3600 + (b or 0) * 60 + (c or 0)
    if b is None:
        return (a or 0) * 60
    return (a or 0) * 60 + b if c is None else (a or 0) * 3600 + b * 60 + c


def drive(
    runs: list[Run],
    missing: Callable[[], list[Run]],
    causes: Collection[str],
    folder: Path,
    jobs: Jobs,
    words: list[str],
    console: Console,
) -> None:
    """Have all runs computed by jobs of Slurm.  `missing` tells which are not finished, and leaves out those
    of which `causes` names the files, which cannot be read here; `words` are the command line of a share.

    Raises ClusterError when Slurm does not take the jobs, ExecuteError when runs are still missing at the
    end.
    """
    queue, marks = Queue(folder), Marks(folder)
    submitted = failed = 0
    if missing():
        queue.look()  # a Slurm that does not answer from the beginning is not waited for
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
                if not _submit(todo, queue, marks, jobs, words, console):
                    continue
            except ClusterError as error:  # it may have been taken all the same; the next look tells
                failed += 1
                if submitted == 0 or failed == ROUNDS:
                    raise
                console.print(f"{error}; once more", highlight=False, markup=False)
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
    """Whether jobs are in the queue; waits until Slurm answers."""
    told = False
    while True:
        try:
            return queue.look()
        except ClusterError as error:
            if shutil.which("squeue") is None:
                raise
            if not told:
                why = str(error) if "does not answer" in str(error) else f"Slurm does not answer ({error})"
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
        count = min(jobs.count, len(todo), _longest_array())
        number = next(n for n in itertools.count(1) if not (marks.folder / f"round-{n}.txt").exists())
        among = marks.folder / f"round-{number}.txt"
        publish(among, "".join(f"{run.file}\n" for run in todo).encode())
        options = _options(queue, jobs, count)
        script = _script(queue, jobs, count, among, _frozen(todo, words, marks.folder), options)
        publish(among.with_suffix(".sh"), os.fsencode(script))
        said = slurm("sbatch", "--parsable", *options, text=script)
        console.print(
            f"submitted job {said.split(';')[0].strip()}: {count} shares of {len(todo)} runs",
            highlight=False,
        )
        return True
    finally:
        marks.release(SUBMISSION)


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


def _longest_array() -> int:
    """The most elements that Slurm takes for an array."""
    found = re.search(r"MaxArraySize\s*=\s*(\d+)", slurm("scontrol", "show", "config"))
    return max(int(found[1]) - 1, 1) if found else 1000


def _options(queue: Queue, jobs: Jobs, count: int) -> list[str]:
    """Options of sbatch: one array, whose elements are warned before their end and may be queued again."""
    limit = limit_s(jobs.time) if jobs.time else None
    logs = str(queue.folder / JOBS).replace("%", "%%")
    asked = {
        "job-name": queue.name,
        "array": f"1-{count}",
        "cpus-per-task": jobs.workers,
        "chdir": os.getcwd(),
        "output": f"{logs}/slurm-%A_%a.log",
        "open-mode": "append",
        "time": jobs.time,
        "partition": jobs.partition,
        "mem": jobs.memory,
        "account": jobs.account,
        "signal": f"B:USR1@{min(WARNING_S, limit // 4) if limit else WARNING_S}",
    }
    return [*(f"--{name}={value}" for name, value in asked.items() if value), "--requeue", *jobs.further]


def _script(queue: Queue, jobs: Jobs, count: int, among: Path, words: list[str], options: list[str]) -> str:
    """The batch script: the plain command for a share.  `exec`, so that the command itself hears the
    warning.
    """
    path = import_path()
    own = ["run", *words, f"--out={queue.folder}", f"--among={among}", f"--workers={jobs.workers}"]
    command = shlex.join([sys.executable, "-P", "-m", "prelimbic", *own])
    return (
        f"#!/bin/bash\n# sbatch {' '.join(shlex.join(options).splitlines())} {among.stem}.sh\n"
        f"export {REQUEUE}=1 PYTHONPATH={shlex.quote(path)}${{PYTHONPATH:+:$PYTHONPATH}}\n"
        f"exec {command} --share $SLURM_ARRAY_TASK_ID/{count}\n"
    )


def _watch(runs: list[Run], queue: Queue, console: Console) -> None:
    """Show how many runs are finished until no job is left in the queue."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("runs"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(elapsed_when_finished=False),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
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


def requeued(stopped: Stopped) -> bool:
    """Have Slurm queue this job again after it was warned, if its script asks for that and it moves on at
    all.
    """
    job, turn = os.environ.get("SLURM_JOB_ID", ""), os.environ.get("SLURM_RESTART_COUNT", "0")
    if array := os.environ.get("SLURM_ARRAY_JOB_ID", ""):  # one element has the number of the whole
        job = f"{array}_{os.environ.get('SLURM_ARRAY_TASK_ID', '')}"
    if (
        not job
        or not os.environ.get(REQUEUE)
        or not stopped.warned
        or (not stopped.moved and turn.isdigit() and int(turn) >= ROUNDS)
    ):
        return False
    try:
        slurm("scontrol", "requeue", job)
    except ClusterError:
        return False
    return True
