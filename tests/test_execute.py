"""Workers that are killed or told to leave, and processes that share a folder: every run is there once, and
as it should be.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from prelimbic.circuits import EngineLost, NetworkError
from prelimbic.experiments.storage.files import StoreError
from prelimbic.experiments.storage.store import is_whole
from prelimbic.experiments.sweep import execute as executing
from prelimbic.experiments.sweep import worker
from prelimbic.experiments.sweep.checkpoint import Place
from prelimbic.experiments.sweep.execute import ExecuteError, Stopped, execute
from prelimbic.experiments.sweep.marks import JOBS, failures, places, running
from prelimbic.experiments.sweep.study import Run, carry_out, prepare
from prelimbic.parameters.granted import available_cpus
from prelimbic.simulation.run import Paused
from tests.conftest import brief
from tests.engines import soon
from tests.test_store import digests, planned

QUIET = Console(quiet=True)
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("undisturbed")
    prepare(planned(2))
    execute(planned(2), folder, 2, True, QUIET)
    assert not (folder / JOBS).exists()
    return digests(folder)


def workers() -> list[int]:
    """Worker processes of this one."""
    listed = subprocess.run(
        ["pgrep", "-P", str(os.getpid()), "-f", "spawn_main"], capture_output=True, text=True
    ).stdout.split()
    return [int(process) for process in listed]


def meanwhile(deed: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=deed)
    thread.start()
    return thread


def held(folder: Path) -> bool:
    return any((folder / JOBS).glob("*.running"))


@pytest.mark.slow
def test_a_worker_that_is_killed_is_replaced_and_its_run_computed(tmp_path, undisturbed):
    def kill_one() -> None:
        assert soon(lambda: held(tmp_path) and len(workers()) == 2, 60)
        os.kill(workers()[0], signal.SIGKILL)

    killer = meanwhile(kill_one)
    execute(planned(2), tmp_path, 2, True, QUIET)
    killer.join()
    assert digests(tmp_path) == undisturbed
    assert not (tmp_path / JOBS).exists()


def dies(config, compiled, tell):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
def test_a_run_whose_worker_dies_every_time_fails_and_the_others_are_kept(tmp_path):
    bad = Run({"dose": 10.0, "seed": 1}, replace(brief(10.0, 9)), dies)
    good = planned()[0]
    prepare([good])
    with pytest.raises(ExecuteError, match=r"dose-10.*killed by signal 9, 3 times"):
        execute([bad, good], tmp_path, 1, True, QUIET)
    assert is_whole(tmp_path / good.file, good.config.run_id())
    assert [failure.run for failure in failures(tmp_path)] == [bad.file]


def engines() -> list[int]:
    """Simulating processes of the workers of this one."""
    below = [
        subprocess.run(
            ["pgrep", "-x", "main", "-P", str(worker)], capture_output=True, text=True
        ).stdout.split()
        for worker in workers()
    ]
    return [int(process) for found in below for process in found]


@pytest.mark.slow
def test_a_simulating_process_that_is_killed_is_replaced_and_its_run_computed(tmp_path, undisturbed):
    found: list[int] = []

    def kill_one() -> None:
        assert soon(lambda: found.extend(engines()) or found, 120)
        os.kill(found[0], signal.SIGKILL)

    killer = meanwhile(kill_one)
    execute(planned(), tmp_path, 1, True, QUIET)
    killer.join()
    assert digests(tmp_path) == {run.file: undisturbed[run.file] for run in planned()}
    assert not (tmp_path / JOBS).exists()


def loses_its_engine(config, compiled, tell):
    raise EngineLost("the circuit process ended with code -9")


def test_a_run_whose_engine_is_lost_every_time_fails(tmp_path):
    with pytest.raises(ExecuteError, match=r"ended with code -9, 3 times"):
        execute([replace(planned()[0], compute=loses_its_engine)], tmp_path, 1, True, QUIET)


# error -> whether the place of the run is there afterwards
AFTER = [
    (StoreError("x could not be written: No space left on device"), True),
    (NetworkError("cells are silent"), False),
]


@pytest.mark.parametrize(("error", "stays"), AFTER)
def test_a_run_that_the_machine_failed_keeps_its_place_and_one_that_failed_by_itself_begins_again(
    tmp_path, monkeypatch, error, stays
):
    run = planned()[0]
    prepare([run])
    place = Place(tmp_path / "place", run.config.run_id(), run.config.numerics, lambda: True)
    with pytest.raises(Paused):
        carry_out(run, tmp_path, True, lambda s: None, place)

    def fail(run, folder, compiled, tell, bookmark):
        bookmark.found = 1  # it went on from there
        raise error

    monkeypatch.setattr(worker, "carry_out", fail)
    monkeypatch.setattr(worker, "_leaving", threading.Event())
    told = worker._carried_out(worker.Order(run, tmp_path, True, tmp_path / "place"), None)
    assert (told.what, told.reason) == ("failed", str(error))
    assert (tmp_path / "place").exists() == stays


@pytest.mark.slow
def test_a_run_that_failed_and_then_does_not_is_no_longer_said_to_have_failed(tmp_path):
    good = planned()[0]
    prepare([good])
    with pytest.raises(ExecuteError):
        execute([replace(good, compute=dies)], tmp_path, 1, True, QUIET)
    assert [failure.run for failure in failures(tmp_path)] == [good.file]
    execute([good], tmp_path, 1, True, QUIET)
    assert not (tmp_path / JOBS).exists()


def longer() -> list[Run]:
    """Two runs long enough to be told something in their middle."""
    return [
        Run(run.place, replace(run.config, protocol=replace(run.config.protocol, look_scale=4.0)))
        for run in planned()
    ]


@pytest.fixture(scope="module")
def longer_undisturbed(tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("longer")
    prepare(longer())
    execute(longer(), folder, 2, True, QUIET)
    return digests(folder)


TOLD = (signal.SIGINT, signal.SIGUSR1, signal.SIGTERM, signal.SIGUSR2, signal.SIGXCPU)


@pytest.mark.faults
@pytest.mark.parametrize("told", TOLD)
def test_a_sweep_that_is_told_to_leave_keeps_the_places_of_its_runs_and_goes_on_from_them(
    tmp_path, monkeypatch, longer_undisturbed, told
):
    def tell() -> None:
        assert soon(lambda: sum(mark.done_s > 2 * mark.total_s / 7 for mark in running(tmp_path)) == 2, 120)
        os.kill(os.getpid(), told)

    monkeypatch.setattr(executing, "BEAT_S", 0.1)
    teller = meanwhile(tell)
    with pytest.raises(Stopped) as caught:
        execute(longer(), tmp_path, 2, True, QUIET)
    teller.join()
    assert (caught.value.told, caught.value.moved) == (told, True)
    assert caught.value.warned == (told not in (signal.SIGINT, signal.SIGTERM))
    assert places(tmp_path) == {run.file for run in longer()}
    assert not held(tmp_path)
    execute(longer(), tmp_path, 2, True, QUIET)
    assert digests(tmp_path) == longer_undisturbed
    assert not (tmp_path / JOBS).exists()


def sleeps(config, compiled, tell):
    time.sleep(600)


def test_a_run_that_cannot_keep_its_place_is_ended_at_once(tmp_path):
    def tell() -> None:
        assert soon(lambda: held(tmp_path), 60)
        os.kill(os.getpid(), signal.SIGINT)

    teller = meanwhile(tell)
    with pytest.raises(Stopped):
        execute([replace(planned()[0], compute=sleeps)], tmp_path, 1, True, QUIET)
    teller.join()
    assert not (tmp_path / JOBS).exists()


TWO = """
import sys
from pathlib import Path
from typing import Any
from rich.console import Console
from prelimbic.experiments.sweep.execute import execute
from tests.test_store import planned
execute(planned(2), Path(sys.argv[1]), 1, True, Console(quiet=True))
"""


@pytest.mark.slow
def test_processes_that_share_a_folder_share_the_runs_out_and_all_wait_for_the_last(tmp_path, undisturbed):
    several = [subprocess.Popen([sys.executable, "-c", TWO, tmp_path], cwd=ROOT) for _ in range(3)]
    while any(process.poll() is None for process in several):
        time.sleep(0.05)
        for process in several:  # none leaves before all is done
            assert process.poll() in (None, 0)
            assert process.poll() is None or len(list(tmp_path.glob("*.h5"))) == len(undisturbed)
    assert digests(tmp_path) == undisturbed
    assert not (tmp_path / JOBS).exists()


@pytest.mark.slow
def test_a_run_that_a_killed_process_had_is_taken_over(tmp_path, undisturbed):
    process = subprocess.Popen([sys.executable, "-c", TWO, tmp_path], cwd=ROOT)
    assert soon(lambda: held(tmp_path), 60)
    process.kill()
    process.wait()
    assert held(tmp_path)
    execute(planned(2), tmp_path, 2, True, QUIET)
    assert digests(tmp_path) == undisturbed
    assert not (tmp_path / JOBS).exists()


def test_a_folder_where_no_mark_can_be_made_is_told_for_every_run(tmp_path):
    (tmp_path / JOBS).write_text("in the way")
    with pytest.raises(ExecuteError, match=r"cannot be written.*and 1 more"):
        execute(planned(), tmp_path, 2, True, QUIET)


@pytest.mark.parametrize(
    ("granted", "expected"),
    [
        ({"SLURM_CPUS_PER_TASK": "1"}, 1),
        ({"SLURM_CPUS_ON_NODE": "1"}, 1),
        ({"SLURM_CPUS_PER_TASK": "x"}, 0),
        ({"SLURM_CPUS_PER_TASK": "9999"}, 0),
        ({"SLURM_CPUS_PER_TASK": "0"}, 0),
        ({}, 0),
    ],
)
def test_cores_are_those_that_were_granted_within_the_mask(monkeypatch, granted, expected):
    for name in ("SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in granted.items():
        monkeypatch.setenv(name, value)
    assert available_cpus() == (expected or len(os.sched_getaffinity(0)))
    monkeypatch.setattr(os, "cpu_count", lambda: 1000)
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert available_cpus() == 1
    finally:
        os.sched_setaffinity(0, before)


def threads(config, compiled, tell):
    raise RuntimeError(" ".join(os.environ.get(name, "none") for name in executing.ONE_THREAD))


def test_a_worker_has_one_thread_a_library_and_this_process_keeps_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    with pytest.raises(ExecuteError, match="1 1 1 1 1"):
        execute([replace(planned()[0], compute=threads)], tmp_path, 1, True, QUIET)
    assert os.environ["OMP_NUM_THREADS"] == "7"


def _masked(pipe: Any, owner: int) -> None:
    pipe.send(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()))


@pytest.mark.faults
def test_the_first_worker_too_is_born_deaf_to_ctrl_c_until_it_can_hear_it():
    code = (
        "import multiprocessing, tests.test_execute as here\n"
        "from prelimbic.experiments.sweep import execute\n"
        "if __name__ == '__main__':\n"
        "    execute.work = here._masked\n"
        "    print(execute._Worker(multiprocessing.get_context('spawn')).pipe.recv())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "True", done.stderr
