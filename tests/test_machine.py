"""Trouble of the machine is no damage: whatever call fails, no whole file is computed again or replaced."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from prelimbic import load
from prelimbic.experiments.storage.dataset import write_sweep
from prelimbic.experiments.sweep.kept import write
from prelimbic.experiments.sweep.marks import CHECKPOINT
from tests.law import RUNS
from tests.machine import made_shim, ordinary
from tests.results import study_of

RUN = RUNS[0]
# What real disks and networks answer; a lock that is refused, too many files, a lease that ran out.
ERRORS = (
    errno.EACCES,
    errno.EPERM,
    errno.EIO,
    errno.ESTALE,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.ENOLCK,
    errno.EAGAIN,
    errno.ETIMEDOUT,
    errno.EBUSY,
    errno.ENOTCONN,
    errno.EREMOTEIO,
    errno.ENODEV,
    errno.EUCLEAN,
    errno.ENOKEY,
)
QUESTIONS = ("run", "list", "share", "among", "cluster", "claims", "bench", "load", "verify", "inspect")


@pytest.fixture(scope="module")
def shim(tmp_path_factory) -> Path:
    return made_shim(tmp_path_factory.mktemp("shim"))


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A finished study of four runs."""
    folder = tmp_path_factory.mktemp("finished") / "toy"
    study_of(folder, RUNS)
    write_sweep(load(folder), folder)
    return folder


@pytest.fixture
def top(tmp_path, finished) -> Iterator[Path]:
    """A folder with a finished study in it."""
    shutil.copytree(finished, tmp_path / "toy")
    yield tmp_path
    (tmp_path / "toy").chmod(0o755)


def kept(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every file of a folder: which it is, when it was written, and what stands in it."""
    return {
        path.name: (path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def broken(top: Path, shim: Path, about: str, failures: list[tuple[str, int]]) -> list[list[object]]:
    """What tests.law says of a study while calls about a file fail."""
    settings = {
        "LD_PRELOAD": shim,
        "SHIM_PATH": about,
        "SHIM_SAYS": top / "says",
        "PYTHONPATH": Path(__file__).parents[1],
    }
    environment = os.environ | {name: str(value) for name, value in settings.items()}
    words = [sys.executable, "-m", "tests.law", top / "toy", top / "says"]
    done = subprocess.run(
        words, input=json.dumps(failures), text=True, env=environment, capture_output=True, check=True
    )
    return json.loads(done.stdout)


# The law


def holds(top: Path, shim: Path, failures: list[tuple[str, int]]) -> None:
    """Nobody computes a run again, replaces its file or its place, or leaves it out, while calls about it
    fail.
    """
    place = top / "toy" / "jobs" / f"{RUN.file}{CHECKPOINT}"
    place.parent.mkdir()
    write(place, {"run_id": "this"}, {})
    before = kept(top / "toy")
    for call, number, question, said, computed in broken(top, shim, RUN.file, failures):
        why = os.strerror(int(str(number)))
        case = f"{question} while {call} says {why}: {said}"
        assert computed == [], case
        if question in QUESTIONS:
            assert str(said).startswith(("unreadable", "RuntimeError: code 1")) and RUN.file in str(said), (
                case
            )
            assert why in str(said) and "damaged: " not in str(said), case
        if question == "checkpoint" and call != "stat":
            assert str(said).startswith("unreadable") and CHECKPOINT in str(said), case
    after = kept(top / "toy")
    for name in before:
        assert after[name] == before[name] or name == "study.json"


@pytest.mark.faults
def test_whatever_call_about_a_run_file_fails_nobody_computes_it_replaces_it_or_leaves_it_out(top, shim):
    holds(
        top,
        shim,
        [("open", errno.EACCES), ("open", errno.ENFILE), ("read", errno.EIO), ("stat", errno.ESTALE)],
    )


@pytest.mark.faults
@pytest.mark.parametrize("call", ["open", "read", "stat"])
def test_whatever_any_call_about_a_run_file_says_nobody_computes_it_replaces_it_or_leaves_it_out(
    top, shim, call
):
    holds(top, shim, [(call, number) for number in ERRORS])


def test_wherever_in_a_file_the_disk_fails_nothing_of_it_is_silently_left_out(top, shim):
    # The library tells a failing disk as an object or an attribute that is not there.
    script = f"""
import os
from pathlib import Path
from prelimbic.experiments.storage import hdf5_reading as hdf5
from prelimbic.experiments.storage.files import UnreadableError
from prelimbic.experiments.storage.store import READABLE, SCHEMA
top = Path({str(top)!r})
run, sweep, says = top / "toy" / {RUN.file!r}, top / "toy" / "sweep.h5", top / "says"
asked = (lambda: hdf5.check(run, SCHEMA, READABLE), lambda: hdf5.groups(run, hdf5.IN_ROW),
         lambda: hdf5.rows([run]), lambda: hdf5.tree(run), lambda: hdf5.config(run),
         lambda: hdf5.flat(sweep))
for ask in asked:
    says.write_text("none 0")
    whole, failed = repr(ask()), 0
    for at in range(0, run.stat().st_size, 2039):
        says.write_text(f"read {errno.EIO} {{at}}")
        try:
            assert repr(ask()) == whole, at
        except UnreadableError as error:
            assert error.cause == os.strerror({errno.EIO})
            failed += 1
    assert failed > 3
"""
    done = ordinary("-c", script, folder=top, LD_PRELOAD=shim, SHIM_PATH="toy/", SHIM_SAYS=top / "says")
    assert done.returncode == 0, done.stderr


def test_a_study_whose_manifest_cannot_be_read_is_one_all_the_same(top, shim):
    before = kept(top / "toy")
    for call, number, question, said, computed in broken(
        top, shim, "study.json", [("open", errno.EIO), ("read", errno.EACCES)]
    ):
        case = f"{question} while {call} says {number}: {said}"
        assert computed == [], case
        if question not in ("list", "checkpoint"):
            assert "study.json cannot be read here" in str(said) and "not the folder of a study" not in str(
                said
            ), case
    assert kept(top / "toy") == before


@pytest.mark.faults
def test_a_folder_without_locks_is_read_and_a_ledger_written(top, shim):
    script = f"""
from pathlib import Path
from prelimbic import load
from prelimbic.experiments.storage.files import StoreError
from prelimbic.experiments.claims.ledger import COLUMNS, _append, _rows
from prelimbic.experiments.storage.store import check_run, check_sweep
folder = Path({str(top / "toy")!r})
for path in folder.glob("dose*.h5"):
    check_run(path)
check_sweep(folder / "sweep.h5")
assert load(folder).sizes["seed"] == 2
look = dict.fromkeys(COLUMNS, "1") | {{"sheet_hash": "0" * 64}}
_append(folder / "ledger.csv", [look])
assert len(_rows(folder / "ledger.csv")) >= 1
"""
    (top / "says").write_text(f"flock {errno.ENOLCK}")
    for more in ({}, {"HDF5_USE_FILE_LOCKING": "TRUE", "HDF5_DRIVER": "core"}):
        done = ordinary(
            "-c", script, folder=top, LD_PRELOAD=shim, SHIM_PATH="toy/", SHIM_SAYS=top / "says", **more
        )
        assert done.returncode == 0, done.stderr
