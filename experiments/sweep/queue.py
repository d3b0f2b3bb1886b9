"""What Slurm says of the jobs of one folder, which are known by their name."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from prelimbic.parameters.errors import RunError

USUAL = ("None", "Priority", "Resources", "BeginTime", "Cleaning", "(null)")  # reasons for which a job waits

# What commands of Slurm say when they reach no slurmctld.
SILENT = re.compile(
    "contact slurm controller|connect failure|connection refused|timed out|establish a configuration", re.I
)


class ClusterError(RunError):
    """Slurm did not do what it was asked."""


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


@dataclass
class Queue:
    """The jobs of one folder in the queue, each element of an array by itself."""

    folder: Path  # absolute
    seen: set[str] = field(default_factory=set)
    states: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of all jobs of this folder."""
        plain = re.sub(r"[^A-Za-z0-9_.-]", "_", self.folder.name)[:24]
        return f"prelimbic-{plain}-{hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:8]}"

    def look(self, patience: float | None = None) -> bool:
        """Whether any job is left.  Raises ClusterError when Slurm does not answer, or takes longer than
        `patience` (s).
        """
        self.states = self._jobs(patience=patience)
        self.seen |= set(self.states)
        return bool(self.states)

    def cancelled(self) -> bool:
        """Whether a job that was seen was cancelled; false where Slurm has forgotten it."""
        try:
            ended = self._jobs("--states=all")
        except ClusterError:
            return False
        return any(ended.get(job) == "CANCELLED" for job in self.seen)

    def _jobs(self, *more: str, patience: float | None = None) -> dict[str, str]:
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
