"""What Slurm says of the jobs of one folder, which are known by their name."""

from __future__ import annotations

import getpass
import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path


class ClusterError(RuntimeError):
    """Slurm did not do what it was asked."""


def slurm(*words: str, text: str | None = None) -> str:
    """What a command of Slurm prints.  Raises ClusterError with its own words."""
    if shutil.which(words[0]) is None:
        raise ClusterError(f"--cluster slurm needs {words[0]}, which is not on this machine's PATH")
    done = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ClusterError(f"{words[0]}: {' '.join(done.stderr.split()) or f'ended with code {done.returncode}'}")
    return done.stdout


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

    def look(self) -> bool:
        """Whether any job is left.  Raises ClusterError when Slurm does not answer."""
        self.states = self._jobs()
        self.seen |= set(self.states)
        return bool(self.states)

    def cancelled(self) -> bool:
        """Whether a job that was seen was cancelled; false where Slurm has forgotten it."""
        try:
            ended = self._jobs("--states=all")
        except ClusterError:
            return False
        return any(ended.get(job) == "CANCELLED" for job in self.seen)

    def _jobs(self, *more: str) -> dict[str, str]:
        chosen = (f"--user={getpass.getuser()}", f"--name={self.name}")
        said = slurm("squeue", "--noheader", "--array", *chosen, "--format=%i %T", *more)
        return {words[0]: words[1] for words in map(str.split, said.splitlines()) if len(words) == 2}
