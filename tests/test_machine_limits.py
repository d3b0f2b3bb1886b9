"""Limits, rights and lost folders are no damage: a reader that the machine hinders tells its cause."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys

import pytest

from prelimbic import load
from prelimbic.experiments.storage import reader
from prelimbic.experiments.storage.files import DamagedError, UnreadableError, sweep_stale
from prelimbic.experiments.storage.store import check_run, is_whole, read_groups
from prelimbic.experiments.sweep.kept import read, write
from prelimbic.experiments.sweep.marks import CHECKPOINT, LOST_S, RUNNING, Holder, Mark, Marks, myself
from tests import test_machine
from tests.law import RUNS
from tests.machine import commands, ordinary
from tests.results import study_of, unsealed, written
from tests.said import FAILURE, is_one_sentence
from tests.test_machine import RUN

RUN_ID = RUN.config.run_id()


# fixtures: they act in every file that has their name
finished, top = test_machine.finished, test_machine.top
ULIMIT_KB = 8_000_000  # as on every Grid Engine


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
        "from pathlib import Path\nfrom prelimbic.experiments.sweep.kept import read\n"
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
        monkeypatch.setattr("prelimbic.parameters.system.began", lambda process: None)
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
