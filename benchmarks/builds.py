"""Two builds of this project side by side: the one in this checkout, and that of an earlier commit.

A build is a farm of links that has the folders of a checkout as packages, so nothing is installed: both run
under this very Python and its libraries, one after the other.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from prelimbic.experiments.storage.provenance import ROOMS
from prelimbic.experiments.sweep.surroundings import ONE_THREAD

ROOT = Path(__file__).resolve().parent.parent


class BuildFailed(Exception):  # noqa: N818 - told as a sentence
    """A command of a build ended with an error, or there is no such commit."""


@dataclass(frozen=True)
class Build:
    """One build: where its packages lie, and a cache of its own for what it compiles and keeps."""

    name: str
    packages: Path
    cache: Path

    def cpu_of(self, *words: str) -> float:
        """CPU seconds of a command of this Python and of all processes that it started.  Raises
        BuildFailed.
        """
        environment = {**os.environ, "PYTHONPATH": str(self.packages), "PRELIMBIC_CACHE": str(self.cache)}
        environment |= dict.fromkeys(ONE_THREAD, "1")
        with tempfile.TemporaryFile() as said:
            started = subprocess.Popen(
                [sys.executable, *words], cwd=self.cache, env=environment, stdout=said, stderr=said
            )
            _, state, used = os.wait4(started.pid, 0)
            started.returncode = os.waitstatus_to_exitcode(state)
            if started.returncode:
                said.seek(0)
                last = said.read().decode(errors="replace").strip().splitlines()[-1:]
                raise BuildFailed(f"{self.name}: {' '.join(words)[:60]} says {''.join(last)}")
        return used.ru_utime + used.ru_stime


@contextmanager
def builds(commit: str) -> Iterator[tuple[Build, Build]]:
    """This checkout and a commit of it, each with an empty cache.  Raises BuildFailed for an unknown
    commit.
    """
    with tempfile.TemporaryDirectory(prefix="prelimbic-builds-") as name:
        folder = Path(name)
        done = subprocess.run(
            ["git", "-C", str(ROOT), "archive", commit, "--", *ROOMS, "library"], capture_output=True
        )
        if done.returncode:
            raise BuildFailed(f"git cannot give commit {commit}: {done.stderr.decode().strip()}")
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            archive.extractall(folder / "before", filter="data")
        yield (
            _linked("this build", ROOT, folder / "now"),
            _linked(commit, folder / "before", folder / "then"),
        )


def _linked(name: str, checkout: Path, folder: Path) -> Build:
    """A build with the rooms of a checkout."""
    package, cache = folder / "packages" / "prelimbic", folder / "cache"
    package.mkdir(parents=True)
    cache.mkdir()
    for room in ROOMS:
        (package / room).symlink_to(checkout / room)
    for path in (checkout / "library").iterdir():
        if path.name != "__pycache__":
            (package / path.name).symlink_to(path)
    return Build(name, folder / "packages", cache)
