"""What only Linux has: it is asked for in one place, and everything works without it."""

from __future__ import annotations

import ast
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from prelimbic.parameters import system
from prelimbic.parameters.caching import unusable
from prelimbic.parameters.granted import available_cpus
from tests.engines import ROOT, toy
from tests.rooms import ROOMS

POSIX = ROOT / "tests" / "posix"
# What a Mac's Python lacks, in modules that POSIX systems share, and folders that only Linux has.
LINUX_ONLY = {
    *("memfd_create", "sched_getaffinity", "sched_setaffinity", "posix_fadvise", "ST_NOEXEC", "O_TMPFILE"),
    *("copy_file_range", "eventfd", "pidfd_open", "fdatasync", "pipe2", "getrandom", "splice", "epoll"),
    *("prlimit", "listxattr", "getxattr", "O_PATH", "O_DIRECT", "fallocate", "sigtimedwait", "unshare"),
}
FOLDERS = ("/proc", "/sys/", "proc/", "sys/fs", "/dev/shm", "/dev/fd")
# the paths under a root that a test may move
ELSEWHERE = {"parameters/granted.py": {"proc/self/cgroup", "sys/fs/cgroup"}}
# files whose tests are of what runs, is stored and is said, and need no more than POSIX themselves
CHOSEN = (
    "test_engine.py",
    "test_store.py",
    "test_reader.py",
    "test_command.py",
)


@pytest.fixture
def plain(monkeypatch) -> None:
    monkeypatch.setenv(system.HIDDEN, "1")


def linux_only(path: Path) -> set[str]:
    """Names and paths in a module that only Linux has, docstrings left out."""
    tree = ast.parse(path.read_text())
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
        and isinstance(next(iter(node.body), None), ast.Expr)
    }
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in LINUX_ONLY:
            found.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            found |= {node.value} if node.value.startswith(FOLDERS) else set()
    return found


def test_what_only_linux_has_is_asked_for_in_one_module():
    found = {
        path.relative_to(ROOT).as_posix(): names
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if (names := linux_only(path))
    }
    assert found.pop("parameters/system.py") >= {"memfd_create", "sched_getaffinity", "/proc/cpuinfo"}
    assert found == ELSEWHERE


@pytest.mark.parametrize("hidden", [True, False])
def test_an_unnamed_file_keeps_what_is_written_and_leaves_nothing_behind(monkeypatch, tmp_path, hidden):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv(system.HIDDEN, "1" if hidden else "")
    file = system.unnamed_file("test")
    try:
        os.write(file, bytes(5000))
        system.give_back(file, 5000)
        assert os.fstat(file).st_size == 5000 and os.fstat(file).st_nlink == 0
        assert list(tmp_path.iterdir()) == []
    finally:
        os.close(file)


def test_a_python_without_the_calls_of_linux_has_their_twins(monkeypatch, tmp_path):
    for name in ("memfd_create", "sched_getaffinity", "ST_NOEXEC"):
        monkeypatch.delattr(os, name)
    os.close(system.unnamed_file("test"))
    assert system.cpus() == os.cpu_count()
    assert unusable(tmp_path) == ""


def test_without_proc_a_machine_has_its_name_and_processes_no_beginning(plain):
    assert system.booted() == socket.gethostname()
    assert system.began(os.getpid()) is None
    assert system.errors_go_to() == ""
    assert system.processor()[0] == os.uname().machine


def test_without_masks_and_quotas_a_batch_system_still_grants_its_cpus(plain, tmp_path):
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("0::/\n")
    (tmp_path / "sys/fs/cgroup").mkdir(parents=True)
    (tmp_path / "sys/fs/cgroup/cpu.max").write_text("100000 100000\n")
    assert available_cpus({}, tmp_path) == os.cpu_count()
    assert available_cpus({"SLURM_CPUS_PER_TASK": "1"}, tmp_path) == 1


def test_large_arrays_reach_a_circuit_through_a_file_where_there_is_no_memory_without_one(plain):
    import numpy as np

    from prelimbic.circuits import engine

    engine.dismiss()  # idle ones have a file of the other kind
    net = toy(counts=(700_000,))
    try:
        for k in range(3):  # grown, given back, and used again
            values = np.arange(700_000, dtype=np.float64) * k
            net.load("cells.drive", values)
            assert (net.fetch("cells.drive") == values).all()
    finally:
        net.close()
        engine.dismiss()


@pytest.mark.slow
def test_the_tests_of_engine_storage_and_command_pass_where_only_posix_is(tmp_path):
    began = time.monotonic()
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(POSIX), str(ROOT)]),
        system.HIDDEN: "1",
    }
    words = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "-x"]
    words += ["-k", "not brian2"]  # which compiles for a minute and asks the system for no more
    files = [str(ROOT / "tests" / name) for name in CHOSEN]
    done = subprocess.run(
        [*words, *files], capture_output=True, text=True, cwd=ROOT, env=environment, timeout=550
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert " passed" in done.stdout
    print(f"{time.monotonic() - began:.0f} s")


@pytest.mark.slow
def test_a_sweep_where_only_posix_is_gives_every_number_of_one_on_linux(sweep, tmp_path):
    from prelimbic.experiments.storage.store import check_run
    from tests.conftest import MAIN_JOB

    environment = {**os.environ, "PYTHONPATH": str(POSIX), system.HIDDEN: "1", "PRELIMBIC_STATES": "0"}
    done = subprocess.run(
        [*MAIN_JOB, str(tmp_path / "there")], capture_output=True, text=True, env=environment, timeout=550
    )
    assert done.returncode == 0, done.stderr[-2000:]
    runs = sorted(path.name for path in sweep.glob("*_seed-1_*.h5"))
    assert len(runs) == 6
    for name in runs:
        here, there = (check_run(folder / name)["provenance"] for folder in (sweep, tmp_path / "there"))
        assert here["content_sha256"] == there["content_sha256"]
