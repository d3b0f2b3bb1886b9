"""Faults in real sweeps: what every run does is written down, and at a place of its course it waits, fails
or is killed.

`Faults` copies this file as sitecustomize.py into a folder on PYTHONPATH, so that Python itself brings it
into every process of a sweep, also into those that Slurm starts on a node.  There it wraps carry_out of
prelimbic.experiments.sweep.study; the product is not changed, but its looks are short and the queue is
asked often.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import json
import os
import shutil
import signal
import socket
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

FOLDER = "PRELIMBIC_TEST_FAULTS"
LOOK_SCALE, REST_S, POLL_S = 0.1, 2.0, 0.5


@dataclass(frozen=True)
class Event:
    """What a process did with a run: began, look, ended, or left with an error; `looks` is how many are
    done.
    """

    what: str
    dose: str
    looks: int
    process: int = 0
    owner: int = 0
    job: str = ""
    array: str = ""
    task: str = ""
    node: str = ""


class Faults:
    """What is to happen to the runs of a sweep, by their dose, and what they have told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        shutil.copy(__file__, folder / "sitecustomize.py")
        root = Path(__file__).resolve().parent.parent
        # a run that begins from another's state has no first looks to be disturbed in
        alone = {"PRELIMBIC_STATES": "0"}
        self.environment = {FOLDER: str(folder), "PYTHONPATH": f"{folder}{os.pathsep}{root}"} | alone

    def fail(self, dose: str, times: int = 10**6) -> None:
        """The run raises after its second look, so many times."""
        self._order("fail", dose, times)

    def hold(self, *doses: str, look: int = 2) -> None:
        """The runs wait in this look until they are let go, or are told to leave."""
        for dose in doses:
            self._order("hold", dose, look)

    def let_go(self, *doses: str) -> None:
        """Runs that are held go on, all without a name."""
        for order in self.folder.glob("hold-*"):
            if not doses or order.name.removeprefix("hold-") in doses:
                order.unlink()

    def stretch(self, dose: str, seconds: float) -> None:
        """Every look of the run takes so much longer."""
        self._order("stretch", dose, seconds)

    def die_writing(self, dose: str, ending: str) -> None:
        """The process of the run is killed, once, when it has written a file of this ending but has not
        named it yet.
        """
        self._order("die", dose, ending)

    def told(self, what: str = "", dose: str = "") -> list[Event]:
        """What has happened so far."""
        path = self.folder / "events"
        found = (
            [Event(**json.loads(line)) for line in path.read_text().splitlines()] if path.exists() else []
        )
        return [event for event in found if what in ("", event.what) and dose in ("", event.dose)]

    def held(self, dose: str) -> bool:
        """Whether the run waits in the look that it is held in."""
        return (self.folder / f"waits-{dose}").exists()

    def _order(self, kind: str, dose: str, value: object) -> None:
        scratch = self.folder / f"order-{kind}-{dose}"
        scratch.write_text(str(value))
        scratch.rename(self.folder / f"{kind}-{dose}")


class _Run:
    """One run as the process that computes it tells it."""

    def __init__(self, folder: Path, run: Any, bookmark: Any) -> None:
        self.folder, self.dose, self.bookmark, self.looks = folder, f"{run.place['dose']:g}", bookmark, -1

    def say(self, what: str) -> None:
        names = ("SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURMD_NODENAME")
        event = Event(
            what,
            self.dose,
            max(self.looks, 0),
            os.getpid(),
            os.getppid(),
            *(os.environ.get(n, "") for n in names),
        )
        handle = os.open(self.folder / "events", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        # one call: lines of several processes do not mix
        os.write(handle, f"{json.dumps(asdict(event))}\n".encode())
        os.close(handle)

    def look(self) -> None:
        """A look is done, or the rest before all looks, and what was found of an earlier process."""
        self.looks = self.bookmark.found if self.looks < 0 else self.looks + 1
        self.say("look")
        if (order := self._order("stretch")) is not None:
            end = time.monotonic() + float(order)
            self._wait(lambda: time.monotonic() < end)
        if self._order("hold") == str(self.looks):
            mark = self.folder / f"waits-{self.dose}"
            mark.touch()
            self._wait(lambda: self._order("hold") == str(self.looks))
            mark.unlink()
        if self.looks == 2 and (left := int(self._order("fail") or 0)):
            (self.folder / f"fail-{self.dose}").write_text(str(left - 1))
            raise RuntimeError(f"injected at {self.dose} mg/kg")

    def synced(self, handle: int) -> None:
        """Something is written and about to be named."""
        ending = self._order("die")
        if ending and f"{ending}.{socket.gethostname()}." in os.readlink(f"/proc/self/fd/{handle}"):
            (self.folder / f"die-{self.dose}").unlink()
            self.say("killed")
            os.kill(os.getpid(), signal.SIGKILL)

    def _wait(self, hold: Any) -> None:
        while hold() and not self.bookmark.leaving():
            time.sleep(0.05)

    def _order(self, kind: str) -> str | None:
        try:
            return (self.folder / f"{kind}-{self.dose}").read_text()
        except FileNotFoundError:
            return None


def _watched(carry_out: Any, folder: Path) -> Any:
    """What carries out a run, told and disturbed."""
    sync = os.fsync

    def carried_out(run: Any, place: Path, compiled: bool, tell: Any, bookmark: Any = None) -> float:
        mine = _Run(folder, run, bookmark)

        def heard(seconds: float) -> None:
            mine.look()
            tell(seconds)

        def synced(handle: int) -> None:
            sync(handle)
            mine.synced(handle)

        os.fsync = synced
        mine.say("began")
        try:
            wall: float = carry_out(run, place, compiled, heard, bookmark)
        except BaseException:
            mine.say("left")
            raise
        mine.say("ended")
        return wall

    return carried_out


def _disturbed(study: Any) -> None:
    study.carry_out = _watched(study.carry_out, Path(os.environ[FOLDER]))
    looks_for = study.looks_for
    study.looks_for = lambda *words, **more: replace(
        looks_for(*words, **more), look_scale=LOOK_SCALE, rest=REST_S
    )


def _asked_often(cluster: Any) -> None:
    cluster.FIRST_POLL_S = cluster.LONGEST_POLL_S = POLL_S


CHANGES = {
    "prelimbic.experiments.sweep.study": _disturbed,
    "prelimbic.experiments.sweep.cluster": _asked_often,
}


class _Finder(importlib.abc.MetaPathFinder):
    """Changes what a module defines as soon as it is loaded, and loads nothing before its time."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name not in CHANGES:
            return None
        sys.meta_path.remove(self)  # while the true ones are asked
        spec = importlib.util.find_spec(name)
        sys.meta_path.insert(0, self)
        load = spec.loader.exec_module

        def exec_module(module: Any) -> None:
            load(module)
            CHANGES[name](module)

        spec.loader.exec_module = exec_module
        return spec


if __name__ == "sitecustomize" and FOLDER in os.environ:
    sys.meta_path.insert(0, _Finder())
