"""Trouble of the machine is no damage: what cannot be read is told with its cause, and never computed again
or replaced.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from prelimbic import load
from prelimbic.experiments.storage import reader
from prelimbic.experiments.storage.dataset import write_sweep
from prelimbic.experiments.storage.files import DamagedError, UnreadableError, sweep_stale
from prelimbic.experiments.storage.store import check_run, is_whole, read_groups
from prelimbic.experiments.sweep.checkpoint import read, write
from prelimbic.experiments.sweep.marks import CHECKPOINT, LOST_S, RUNNING, Holder, Mark, Marks, myself
from tests.law import RUNS
from tests.machine import commands, made_shim, ordinary
from tests.results import study_of, unsealed, written
from tests.said import FAILURE, is_one_sentence

RUN, OTHER = RUNS[0], RUNS[1]
RUN_ID = RUN.config.run_id()
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
ULIMIT_KB = 8_000_000  # as on every Grid Engine
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
from prelimbic.experiments.storage import hdf5
from prelimbic.experiments.storage.files import UnreadableError
from prelimbic.experiments.storage.store import READABLE, SCHEMA
run, sweep, says = Path({str(top / "toy" / RUN.file)!r}), Path({str(top / "toy" / "sweep.h5")!r}), Path({str(top / "says")!r})
asked = (lambda: hdf5.check(run, SCHEMA, READABLE), lambda: hdf5.groups(run, hdf5.IN_ROW), lambda: hdf5.rows([run]),
         lambda: hdf5.tree(run), lambda: hdf5.config(run), lambda: hdf5.flat(sweep))
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


# An ordinary user


def test_under_a_hard_limit_on_memory_an_ordinary_user_reads_what_is_whole(top):
    asked = (("inspect", top / "toy" / RUN.file), ("verify", top / "toy"), ("inspect", top / "toy"))
    said = commands(*asked, folder=top, limits={resource.RLIMIT_AS: ULIMIT_KB << 10})
    assert [(code, err) for code, _, err in said] == [(0, "")] * 3
    assert "seal: holds" in said[0][1] and "4 of 4 runs are whole, 0 files damaged" in said[1][1]


def test_a_file_or_folder_that_a_user_may_not_read_is_neither_damaged_nor_missing(top):
    folder, path = top / "toy", top / "toy" / RUN.file
    about_file = (("verify", folder), ("inspect", folder), ("verify", path), ("inspect", path))
    about_folder = (("verify", folder), ("status", folder), ("inspect", folder), ("verify", path))
    said = commands(
        ("chmod", path, "000"),
        *about_file,
        ("chmod", path, "444"),
        ("chmod", folder, "000"),
        *about_folder,
        ("chmod", folder, "600"),
        *about_folder,
        ("chmod", folder, "311"),
        *about_folder[:3],
        folder=top,
    )
    assert len(said) == 15
    for code, out, err in said:
        assert code == FAILURE and "damaged: " not in out + err and "missing: " not in out + err
        is_one_sentence(err, "cannot be read here: Permission denied")
    assert "3 of 4 runs are whole, 0 files damaged, 0 missing, 1 not to be read here" in said[0][1]


def test_a_link_whose_file_is_on_a_disk_that_is_not_there_is_not_missing(tmp_path):
    paths = study_of(tmp_path, RUNS)
    paths[0].rename(tmp_path / "elsewhere")
    paths[0].symlink_to(tmp_path / "elsewhere")
    assert is_whole(paths[0], RUN_ID)
    (tmp_path / "elsewhere").rename(tmp_path / "gone")
    with pytest.raises(UnreadableError, match=r"a link to .*elsewhere, which is not there"):
        is_whole(paths[0], RUN_ID)
    with pytest.raises(UnreadableError):
        load(tmp_path)


# The process that reads

LIMITS = {
    "memory for nothing": "ulimit -v 4000",
    "memory for no library": "ulimit -v 60000",
    "memory for no array": "ulimit -v 200000",
    "memory": "ulimit -v 8000000",
    "no data": "ulimit -d 4000",
    "hardly a file": "ulimit -n 4",
    "no time": "ulimit -t 0",
    "no file": "ulimit -f 0",
    "no stack": "ulimit -s 64",
    "a program that is none": "exit 3",
    "no memory left": "kill -9 $$",
}


@pytest.mark.parametrize("limit", LIMITS)
def test_a_reader_that_the_machine_hinders_tells_of_the_machine_and_not_of_the_file(
    tmp_path, monkeypatch, limit
):
    path = written(tmp_path, RUN)
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\n{LIMITS[limit]}\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    with monkeypatch.context() as hindered:
        hindered.setattr(sys, "executable", str(python))
        hindered.setattr(reader, "_reader", None)
        try:
            assert check_run(path)["run_id"] == RUN_ID
        except UnreadableError as error:
            assert str(path) in str(error) and "cannot be read here: " in str(error)
            assert limit not in ("memory", "no file")
        except DamagedError as error:
            pytest.fail(f"{limit}: {error}")
        else:
            assert limit not in (
                "memory for nothing",
                "memory for no library",
                "a program that is none",
                "no memory left",
            )
        if reader._reader is not None:
            reader._reader.end()
    assert check_run(path)["run_id"] == RUN_ID


def test_a_reader_says_why_it_cannot_start(tmp_path, monkeypatch):
    path = written(tmp_path, RUN)
    for name, text, told in (
        (
            "says",
            "echo one >&2; echo 'ImportError: no libhdf5' >&2; exit 1",
            "did not start .ImportError: no libhdf5",
        ),
        ("killed", "kill -9 $$", "was ended by SIGKILL"),
        ("none", None, "could not be started"),
    ):
        python = tmp_path / name
        if text is not None:
            python.write_text(f"#!/bin/sh\n{text}\n")
            python.chmod(0o755)
        with monkeypatch.context() as broken:
            broken.setattr(sys, "executable", str(python))
            broken.setattr(reader, "_reader", None)
            with pytest.raises(UnreadableError, match=told) as error:
                read_groups(path, ("summary",))
        assert str(path) in str(error.value)
        assert is_whole(path, RUN_ID)  # whose seal needs no reader


def test_a_process_with_a_thousand_open_files_reads(tmp_path):
    path = written(tmp_path, RUN)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 1500:
        pytest.skip("so many cannot be opened here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1500), hard))
    handles = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        if reader._reader is not None:
            reader._reader.end()
        assert check_run(path)["run_id"] == RUN_ID
    finally:
        for handle in handles:
            os.close(handle)
        reader._reader.end()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_process_that_may_open_no_more_files_does_not_call_one_damaged(tmp_path, monkeypatch):
    path = study_of(tmp_path, [RUN])[0]
    monkeypatch.setattr(reader, "_reader", None)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, os.listdir("/proc/self/fd"))) + 1, before[1]))
    handles = list[int]()
    with contextlib.suppress(OSError):
        while True:
            handles.append(os.open(os.devnull, os.O_RDONLY))
    try:
        for ask in (lambda: check_run(path), lambda: is_whole(path, RUN_ID), lambda: load(tmp_path)):
            with pytest.raises(UnreadableError, match="Too many open files"):
                ask()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        for handle in handles:
            os.close(handle)
    assert is_whole(path, RUN_ID)


def test_a_file_read_from_a_folder_that_is_gone_is_read(tmp_path, monkeypatch):
    path = written(tmp_path, RUN)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "here").rmdir()
    assert check_run(path)["run_id"] == RUN_ID


def test_an_unsealed_file_of_an_earlier_version_is_not_computed_again_when_nobody_can_read_it(
    tmp_path, monkeypatch
):
    # Without a seal only the HDF5 library can tell whether it is whole.
    path = written(tmp_path, RUN)
    path.chmod(0o644)
    path.write_bytes(unsealed(path.read_bytes()))
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", "/bin/false")
        broken.setattr(reader, "_reader", None)
        with pytest.raises(UnreadableError, match="did not start"):
            is_whole(path, RUN_ID)
    assert is_whole(path, RUN_ID)


# Places and marks


def test_a_place_that_cannot_be_read_is_kept(top):
    path = top / "toy" / "jobs" / f"{RUN.file}{CHECKPOINT}"
    path.parent.mkdir()
    write(path, {"run_id": "this"}, {})
    assert read(path, {"run_id": "this"}) == {}
    path.chmod(0)
    script = (
        "from pathlib import Path\nfrom prelimbic.experiments.sweep.checkpoint import read\n"
        + f"read(Path({str(path)!r}), {{'run_id': 'this'}})"
    )
    done = ordinary("-c", script, folder=top)
    assert "UnreadableError" in done.stderr and "Permission denied" in done.stderr
    path.chmod(0o644)
    assert read(path, {"run_id": "this"}) == {}
    assert read(path, {"run_id": "another"}) is None
    path.write_bytes(b"damaged")
    assert read(path, {"run_id": "this"}) is None


def test_the_mark_of_another_user_that_we_may_not_read_counts_while_it_is_renewed(top):
    folder = top / "toy"
    marks = Marks(folder)
    assert marks.hold(RUN.file, 10.0)
    path = folder / "jobs" / f"{RUN.file}{RUNNING}"
    path.chmod(0)
    script = f"""
import os, time
from pathlib import Path
from prelimbic.experiments.sweep.marks import Marks, running
folder, path = Path({str(folder)!r}), Path({str(path)!r})
marks = Marks(folder)
for age, taken in ((1.0, True), ({LOST_S} - 20, True), ({LOST_S} + 20, False)):
    os.utime(path, (time.time() - age,) * 2)
    assert marks.taken({RUN.file!r}) == taken, age
    assert [mark.run for mark in running(folder)] == [{RUN.file!r}] * taken, age
os.utime(path)
assert not marks.hold({RUN.file!r}, 1.0)
"""
    done = ordinary("-c", script, folder=top)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_process_whose_entry_in_proc_is_hidden_is_not_gone(tmp_path, monkeypatch):
    # With hidepid, which many clusters set, one user sees nothing of another's processes.
    child = subprocess.Popen(["sleep", "60"])
    scratch = tmp_path / f".file.{'.'.join(reader.__name__.split('.'))}.{child.pid}.tmp"
    holder = Holder(myself().host, myself().machine, child.pid, "12345")
    try:
        assert holder.gone(myself())  # an earlier process of that number
        monkeypatch.setattr("prelimbic.experiments.sweep.marks._began", lambda process: None)
        assert not holder.gone(myself())
        assert Mark(RUN.file, holder, 0.0, 0.0, 0.0, told=100.0).current(myself(), 100.0)
        from prelimbic.experiments.storage.files import scratch_name

        scratch = tmp_path / scratch_name("file").replace(f".{os.getpid()}.", f".{child.pid}.")
        scratch.touch()
        sweep_stale(tmp_path)
        assert scratch.exists()
    finally:
        child.kill()
        child.wait()
    assert holder.gone(myself())
    sweep_stale(tmp_path)
    assert not scratch.exists()
