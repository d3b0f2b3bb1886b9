"""Sweeps that are disturbed: the plain command in processes of its own, and what must have come of it in the
end.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import h5py
import xarray as xr

from prelimbic.experiments.storage.hdf5 import content_digest
from prelimbic.experiments.storage.store import check_run
from tests.conftest import MAIN_JOB
from tests.faults import Event, Faults
from tests.slurm import Cluster

DOSES = ("0", "1", "3", "10", "30", "100")
PATIENCE_S = 240.0


class Command:
    """A command in a process of its own, and what it says."""

    def __init__(self, words: list[str | Path], environment: dict[str, str], said: Path) -> None:
        self._said = said
        with said.with_suffix(".out").open("w") as screen, said.with_suffix(".err").open("w") as errors:
            self.process = subprocess.Popen(
                words, stdout=screen, stderr=errors, env=environment, cwd=said.parent
            )

    @property
    def said(self) -> str:
        return self._said.with_suffix(".out").read_text()

    @property
    def errors(self) -> str:
        return self._said.with_suffix(".err").read_text()

    def until(self, holds: Callable[[], object], what: str) -> None:
        """Wait until something is so, which has to be before this command ends."""
        end = time.monotonic() + PATIENCE_S
        while not holds():
            assert self.process.poll() is None, f"ended before {what}:\n{self.said}\n{self.errors}"
            assert time.monotonic() < end, (
                f"{what} did not happen within {PATIENCE_S:g} s:\n{self.said}\n{self.errors}"
            )
            time.sleep(0.1)

    def code(self) -> int:
        """Its exit code; waits for its end."""
        return self.process.wait(PATIENCE_S)

    def completes(self) -> None:
        assert (self.code(), self.errors) == (0, ""), self.said

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class Scene:
    """A folder for a sweep, the undisturbed sweep, faults, and a Slurm or none; leaves no command and no job
    behind.
    """

    def __init__(self, folder: Path, sweep: Path, slurm: Cluster | None = None) -> None:
        self.out, self.faults, self.slurm = folder / "out", Faults(folder / "faults"), slurm
        self._sweep, self._kept, self._commands = sweep, dict[str, int](), list[Command]()
        self._arrays_before = self._arrays()

    def __enter__(self) -> Scene:
        return self

    def __exit__(self, *_: object) -> None:
        for command in self._commands:
            command.kill()
        if self.slurm is not None:
            self.slurm.command("scancel", "--user=root")
            self.slurm.wait_for(lambda: self.slurm.jobs() == [], 60, "the end of all jobs")

    def lacking(self, *doses: str) -> None:
        """Let the folder be that of a sweep in which only the runs of these doses are missing."""
        self.out.mkdir(exist_ok=True)
        for dose in DOSES:
            if dose not in doses:
                shutil.copy(self.run_of(dose, self._sweep), self.out)
        self._kept = self._stamps()

    def room_but_for_half_of(self, dose: str) -> str:
        """The size of a disk with room for the whole sweep, but for half of the run of this dose."""
        lacking = self.run_of(dose, self._sweep).stat().st_size // 2
        whole = sum(self.run_of(each, self._sweep).stat().st_size for each in DOSES)
        return f"{(whole - lacking) >> 10}k"

    def forget(self, *doses: str) -> None:
        """The runs of these doses, which are there, may be written anew."""
        for dose in doses:
            del self._kept[self.run_of(dose).name]

    def run(self, *options: str, here: bool = False, **environment: str) -> Command:
        """Begin the command of the undisturbed sweep on Slurm, or on two workers here."""
        words = [*MAIN_JOB, self.out]
        there = self.slurm if not here else None
        words += [*options] if there is None else ["--cluster", "slurm", *options]
        settings = (
            (os.environ if there is None else there.environment) | self.faults.environment | environment
        )
        said = self.faults.folder / f"said-{len(self._commands)}"
        self._commands.append(Command(words, settings, said))
        return self._commands[-1]

    def hold(self, command: Command, *doses: str) -> list[Event]:
        """Wait until the runs of these doses are held; how they began."""
        command.until(lambda: all(map(self.faults.held, doses)), f"the hold of {', '.join(doses)}")
        return [self.faults.told("began", dose)[-1] for dose in doses]

    def run_of(self, dose: str, folder: Path | None = None) -> Path:
        (found,) = (folder or self.out).glob(f"*_dose-{dose}_seed-1_*.h5")
        return found

    def arrays(self) -> set[str]:
        """The arrays of jobs that Slurm has seen since."""
        return self._arrays() - self._arrays_before

    def began(self) -> list[str]:
        """The dose of every run that a process has begun or gone on with."""
        return sorted(event.dose for event in self.faults.told("began"))

    def is_whole(self) -> None:
        """Every run is there once and is that of the undisturbed sweep, so is what was made of them, and
        nothing else is left.
        """
        runs = {path.name for path in self._sweep.glob("*.h5")}
        assert {path.name for path in self.out.glob("*.h5")} == runs
        for name in runs - {"sweep.h5"}:
            check_run(self.out / name)
            with h5py.File(self.out / name) as one, h5py.File(self._sweep / name) as other:
                assert content_digest(one) == content_digest(other), name
        one, other = (
            xr.load_dataset(folder / "sweep.h5", engine="h5netcdf") for folder in (self.out, self._sweep)
        )
        xr.testing.assert_identical(one, other)
        assert (self.out / "summary.csv").read_bytes() == (self._sweep / "summary.csv").read_bytes()
        made = {path.name for path in self._sweep.iterdir()} - {"screen.txt"}
        found = {path.name for path in self.out.iterdir()} - {"jobs"}
        assert found == made, f"there should not be, or are not: {found ^ made}"
        left = [path.name for path in self.out.glob("jobs/*") if path.suffix not in (".txt", ".sh", ".log")]
        assert not left, f"left in jobs: {left}"
        assert self._kept.items() <= self._stamps().items()

    def _stamps(self) -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in self.out.glob("*_seed-*.h5")}

    def _arrays(self) -> set[str]:
        jobs = self.slurm.jobs(ended=True) if self.slurm else []
        return {job.partition("_")[0] for job, _ in jobs if "_" in job}


def turns(events: list[Event]) -> tuple[list[int], list[int]]:
    """Of one run, after how many looks processes left it, and after how many the next ones went on."""
    left = [event.looks for event in events if event.what == "left"]
    found = [
        second.looks for first, second in pairwise(events) if (first.what, second.what) == ("began", "look")
    ]
    return left, found[1:]


@contextmanager
def disk(folder: Path, size: str) -> Iterator[Callable[[str], None]]:
    """A disk of its own in the folder; what is given changes how it is mounted."""

    def mount(options: str, *target: str) -> None:
        subprocess.run(["mount", "-o", options, *target, folder], check=True)

    folder.mkdir()
    mount(f"size={size}", "-t", "tmpfs", "none")
    try:
        yield lambda options: mount(f"remount,{options}")
    finally:
        # lazy: a process that was killed may not be gone yet
        subprocess.run(["umount", "--lazy", folder], check=True)
