"""Slurm as a back-end: neither accounting nor a network between nodes is needed.

A job that is told to leave (time limit, preemption) saves a checkpoint and has itself queued again.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

from prelimbic.experiments.storage.files import publish
from prelimbic.experiments.sweep.execute import ROUNDS, Stopped
from prelimbic.experiments.sweep.marks import JOBS
from prelimbic.experiments.sweep.queue import REQUEUE, ClusterError, Jobs, Queue
from prelimbic.experiments.sweep.study import StudyError
from prelimbic.parameters.origin import import_path

WARNING_S = 120  # before the time limit, but at most a quarter of it
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
TIME = re.compile(r"(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?")
USUAL = ("None", "Priority", "Resources", "BeginTime", "Cleaning", "(null)")  # reasons for which a job waits

# What commands of Slurm say when they reach no slurmctld.
SILENT = re.compile(
    "contact slurm controller|connect failure|connection refused|timed out|establish a configuration", re.I
)


def slurm(*words: str, text: str | None = None, patience: float | None = None) -> str:
    """What a command of Slurm prints.  Raises ClusterError with its own words, or when it takes longer than
    `patience` (s).
    """
    if shutil.which(words[0]) is None:
        raise ClusterError(f"--cluster slurm needs {words[0]}, which is not on this machine's PATH")
    # What a user has set for squeue would hide jobs from it.
    settings = {name: value for name, value in os.environ.items() if not name.startswith("SQUEUE_")}
    try:
        done = subprocess.run(
            words,
            input=None if text is None else os.fsencode(text),
            capture_output=True,
            check=False,
            env=settings,
            timeout=patience,
        )
    except subprocess.TimeoutExpired:
        raise ClusterError(f"{words[0]}: no answer within {patience:g} s") from None
    if done.returncode:
        said = " ".join(done.stderr.decode(errors="replace").split())
        told = f"{words[0]}: {said or f'ended with code {done.returncode}'}"
        raise ClusterError(
            f"the controller of Slurm does not answer ({told})" if SILENT.search(said) else told
        )
    return done.stdout.decode(errors="replace")


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


class Slurm(Queue):
    """The jobs of one folder in Slurm's queue."""

    title, command, cancel = "Slurm", "squeue", "scancel"

    @staticmethod
    def check(jobs: Jobs) -> None:
        if jobs.time and limit_s(jobs.time) is None:
            raise StudyError(
                f"--time is {jobs.time!r} but must be minutes, HH:MM:SS, D-HH or D-HH:MM:SS, such as 4:00:00"
            )
        if jobs.memory and not re.fullmatch(r"\d+[KMGT]?", jobs.memory):
            raise StudyError(
                f"--mem is {jobs.memory!r} but must be a number of megabytes, or with K, M, G or T, such as "
                "4G"
            )
        for option, value in (("--partition", jobs.partition), ("--account", jobs.account)):
            if value and not re.fullmatch(r"[\w.,:+-]+", value):
                raise StudyError(f"{option} is {value!r} but must be one word")
        for word in jobs.further:
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

    def jobs(self, *more: str, patience: float | None = None) -> dict[str, str]:
        chosen = ("--all", f"--user={os.getuid()}", f"--name={self.name}")
        said = slurm(
            "squeue", "--noheader", "--array", *chosen, "--format=%i %T %r", *more, patience=patience
        )
        found = {}
        for words in (line.split(maxsplit=2) for line in said.splitlines()):
            if len(words) == 3:
                unusual = words[1] == "PENDING" and words[2] not in USUAL
                found[words[0]] = f"{words[1]} ({words[2]})" if unusual else words[1]
        return found

    def cancelled(self) -> bool:
        try:
            ended = self.jobs("--states=all")
        except ClusterError:
            return False
        return any(ended.get(job) == "CANCELLED" for job in self.seen)

    def most(self) -> int:
        found = re.search(r"MaxArraySize\s*=\s*(\d+)", slurm("scontrol", "show", "config"))
        return max(int(found[1]) - 1, 1) if found else 1000

    def options(self, jobs: Jobs, count: int) -> list[str]:
        """Options of sbatch: one array, whose elements are warned before their end and can start again."""
        limit = limit_s(jobs.time) if jobs.time else None
        logs = str(self.folder / JOBS).replace("%", "%%")
        asked = {
            "job-name": self.name,
            "array": f"1-{count}",
            "cpus-per-task": jobs.workers * jobs.threads,
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

    def script(self, count: int, command: list[str], options: list[str], name: str) -> str:
        """The batch script: the plain command for a share.  `exec`, so that the command itself hears the
        warning.
        """
        return (
            f"#!/bin/bash\n# sbatch {' '.join(shlex.join(options).splitlines())} {name}\n"
            f"export {REQUEUE}=1 PYTHONPATH={shlex.quote(import_path())}${{PYTHONPATH:+:$PYTHONPATH}}\n"
            f"exec {shlex.join(command)} --share $SLURM_ARRAY_TASK_ID/{count}\n"
        )

    def submit(self, jobs: Jobs, count: int, command: list[str], script: Path) -> str:
        options = self.options(jobs, count)
        text = self.script(count, command, options, script.name)
        publish(script, os.fsencode(text))
        return slurm("sbatch", "--parsable", *options, text=text).split(";")[0].strip()

    @staticmethod
    def requeued(stopped: Stopped) -> bool:
        """Where the job's script asks for it and it moves on at all."""
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
