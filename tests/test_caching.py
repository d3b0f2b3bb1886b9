"""What is made once is kept where it can be: in the folder asked for, the user's, or a temporary one that is
nobody else's.
"""

from __future__ import annotations

import os
import pwd
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import prelimbic
from prelimbic import parameters, plasticity
from prelimbic.circuits import toolchain
from prelimbic.experiments.sweep import conduct
from prelimbic.experiments.sweep.notices import tell_surroundings
from prelimbic.experiments.sweep.study import Run
from prelimbic.parameters import caching
from prelimbic.parameters.caching import CacheError, the_cache, unusable
from tests.conftest import brief

ROOMS = ("parameters", "pharmacology", "circuits", "plasticity", "simulation", "patients", "experiments")
NOWHERE = "/proc/nobody"  # no folder can be made there, not even by root


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path) -> Iterator[Path]:
    """No settings, a home that cannot be written, and a folder of temporary files of our own."""
    for name in ("PRELIMBIC_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", NOWHERE)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    caching._first_usable.cache_clear()
    yield tmp_path / "tmp"
    caching._first_usable.cache_clear()


@contextmanager
def full() -> Iterator[None]:
    """No file of this process can be longer than a kilobyte, as where a quota is used up."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_the_folder_asked_for_comes_before_that_of_the_user(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert the_cache() == caching.Cache(tmp_path / "home/.cache/prelimbic")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # which is to be ignored
    assert the_cache().folder == tmp_path / "home/.cache/prelimbic"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert the_cache() == caching.Cache(tmp_path / "xdg/prelimbic")
    monkeypatch.setenv("PRELIMBIC_CACHE", "~/mine")
    assert the_cache() == caching.Cache(tmp_path / "home/mine")
    assert not (tmp_path / "home/mine").exists()


@pytest.mark.parametrize("home", [NOWHERE, "/dev/null", None, ""])
def test_without_a_home_that_can_be_written_it_is_a_temporary_folder_and_said(monkeypatch, alone, home):
    if home is None:
        monkeypatch.delenv("HOME")
        monkeypatch.setattr(pwd, "getpwuid", lambda number: {}[number])  # a user of no name
    else:
        monkeypatch.setenv("HOME", home or NOWHERE)
    found = the_cache()
    assert found.folder == alone / f"prelimbic-{os.geteuid()}"
    assert found.folder.stat().st_mode & 0o777 == 0o700
    assert ("there is no home folder" if home is None else "cannot be used (") in found.told
    assert str(found.folder) in found.told and "PRELIMBIC_CACHE names a better folder" in found.told
    assert the_cache() == found


def test_a_full_home_is_seen_before_a_compiler_meets_it(monkeypatch, tmp_path):
    with full():
        assert unusable(tmp_path / "cache") == os.strerror(27)
    assert unusable(tmp_path / "cache") == ""
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_folder_from_which_no_program_may_run_is_no_cache():
    if not os.statvfs("/dev/shm").f_flag & os.ST_NOEXEC:
        pytest.skip("no folder here is mounted noexec")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        assert "noexec" in unusable(Path(folder))


TRAPS = {
    "others may write it": lambda place: (place.mkdir(), place.chmod(0o777)),
    "others may read it": lambda place: (place.mkdir(), place.chmod(0o755)),
    "a link": lambda place: (
        place.with_name("theirs").mkdir(mode=0o700),
        place.symlink_to(place.with_name("theirs")),
    ),
    "a file": lambda place: place.write_text(""),
    "anybody may rename it": lambda place: place.parent.chmod(0o777),
}


@pytest.mark.parametrize("case", TRAPS)
def test_a_temporary_folder_that_another_could_have_put_there_is_not_used(alone, case):
    TRAPS[case](alone / f"prelimbic-{os.geteuid()}")
    with pytest.raises(CacheError, match="set PRELIMBIC_CACHE to a folder that can be written"):
        the_cache()


def test_a_study_says_where_it_keeps_what_may_not_last(capsys):
    tell_surroundings(1, [], conduct.console())
    said = capsys.readouterr().out
    assert (
        said.startswith(NOWHERE)
        and said.endswith("PRELIMBIC_CACHE names a better folder\n")
        and said.count("\n") == 1
    )


def test_more_workers_than_cpus_are_told_and_not_refused(monkeypatch, capsys):
    monkeypatch.setenv("PRELIMBIC_CACHE", "/nonexistent")
    tell_surroundings(10_000, [], conduct.console())
    assert "10000 workers are more than the CPUs granted here, " in capsys.readouterr().out


def test_the_compiler_is_found_without_a_home(alone):
    toolchain.cache_clear()
    assert toolchain() is not None
    assert list((alone / f"prelimbic-{os.geteuid()}").iterdir()) == []
    toolchain.cache_clear()


def test_kernels_load_where_neither_home_nor_installation_can_be_written(tmp_path, alone):
    there, parts = tmp_path / "there" / "prelimbic", {"parameters": parameters, "plasticity": plasticity}
    shutil.copytree(
        Path(prelimbic.__file__).parent, there, ignore=shutil.ignore_patterns("__pycache__", *ROOMS)
    )
    for room, module in parts.items():
        shutil.copytree(
            Path(module.__file__).parent, there / room, ignore=shutil.ignore_patterns("__pycache__")
        )
        (there / room / "__pycache__").write_text("in the way")
    script = (
        "import prelimbic.plasticity.kernel as k, prelimbic.plasticity.chain\n"
        "print(k.integrate.stats.cache_path)"
    )
    given = {
        "PATH": os.environ["PATH"],
        "HOME": NOWHERE,
        "TMPDIR": str(alone),
        "PYTHONPATH": str(tmp_path / "there"),
    }
    done = subprocess.run(
        [sys.executable, "-P", "-c", script], env=given, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(alone / f"prelimbic-{os.geteuid()}" / "numba-"))


def test_numbas_own_settings_for_other_code_stay(tmp_path):
    script = """
import numba
from numba import config
config.CACHE_DIR = "theirs"
import prelimbic.plasticity.chain
assert config.CACHE_DIR == "theirs"
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=100,
        cwd=tmp_path,
        env={**os.environ, "PRELIMBIC_CACHE": str(tmp_path / "c")},
    )
    assert done.returncode == 0, done.stderr


def test_threads_on_a_small_circuit_are_told_and_one_thread_is_not(monkeypatch, capsys):
    run = Run({}, brief())
    for threads, told in (("1", ""), ("2", "2 threads a circuit: one of 500 cells")):
        monkeypatch.setenv("PRELIMBIC_THREADS", threads)
        tell_surroundings(1, [run], conduct.console())
        said = capsys.readouterr().out
        assert said.startswith(told) and ("2 threads a circuit" in said) == bool(told)
