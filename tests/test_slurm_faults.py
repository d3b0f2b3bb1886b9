"""Runs and jobs on a real Slurm that are disturbed: in the end every run is there once, and as if nothing
had been.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.disturbed import Scene, turns
from tests.said import is_one_sentence
from tests.slurm import NODES

pytestmark = pytest.mark.slurm
LOOKS = 22  # of a run


def warn(scene: Scene, dose: str) -> None:
    """Send the job of a run what Slurm sends before the time limit, and wait until the run is left."""
    began = scene.faults.told("began", dose)[-1]
    scene.slurm.command("scancel", "--signal=USR1", "--batch", f"{began.array}_{began.task}")
    scene.slurm.wait_for(
        lambda: scene.faults.told(dose=dose)[-1].what in ("left", "killed"), 60, "the end of the turn"
    )


# Runs


def test_a_run_that_raises_once_is_computed_in_the_next_round(scene):
    scene.lacking("3", "10")
    scene.faults.fail("10", times=1)
    scene.run("--jobs", "2").completes()
    scene.is_whole()
    assert scene.began() == ["10", "10", "3"] and [event.dose for event in scene.faults.told("left")] == [
        "10"
    ]
    assert len(scene.arrays()) == 2


def test_a_run_that_always_raises_ends_the_sweep_after_three_rounds_with_its_reason(scene):
    scene.lacking("3", "10")
    scene.faults.fail("10")
    driver = scene.run("--jobs", "2")
    assert driver.code() == 1
    is_one_sentence(driver.errors, "1 of the runs are missing")
    assert len(scene.arrays()) == len(scene.faults.told("left")) == 3
    (line,) = (line for line in driver.said.splitlines() if line.startswith("failed: "))
    assert "injected at 10 mg/kg" in line
    assert "injected at 10 mg/kg" in Path(line.rpartition("log ")[2]).read_text()
    assert len(list(scene.out.glob("*.h5"))) == 5
    scene.faults.fail("10", times=0)
    scene.run().completes()
    scene.is_whole()
    assert scene.began().count("3") == 1


def test_a_worker_that_is_killed_is_replaced_in_its_job(scene):
    scene.lacking("3", "10")
    scene.faults.hold("10")
    driver = scene.run("--jobs", "2")
    (victim,) = scene.hold(driver, "10")
    scene.faults.let_go()
    os.kill(victim.process, signal.SIGKILL)
    driver.completes()
    scene.is_whole()
    first, second = scene.faults.told("began", "10")
    assert first.owner == second.owner and first.process != second.process
    assert len(scene.arrays()) == 1


def test_a_worker_that_is_killed_while_it_writes_its_run_leaves_nothing_of_it(scene):
    scene.lacking("10")
    scene.faults.die_writing("10", ".h5")
    scene.run("--jobs", "1").completes()
    assert len(scene.faults.told("killed")) == 1
    scene.is_whole()


def test_a_worker_that_is_killed_while_it_keeps_its_place_leaves_nothing_of_it(scene):
    scene.lacking("10")
    scene.faults.hold("10")
    scene.faults.die_writing("10", ".checkpoint")
    driver = scene.run("--jobs", "1")
    scene.hold(driver, "10")
    warn(scene, "10")
    scene.faults.let_go()
    driver.completes()
    assert len(scene.faults.told("killed")) == 1
    scene.is_whole()


# Nodes


def test_jobs_whose_node_loses_power_run_again_on_the_other(scene):
    scene.lacking("3", "10", "30")
    scene.faults.hold("3", "10", "30")
    driver = scene.run("--jobs", "3")
    first = scene.hold(driver, "3", "10", "30")
    lost = max(NODES, key=[event.node for event in first].count)
    scene.slurm.power_off(lost)
    try:
        scene.faults.let_go()
        driver.completes()
    finally:
        scene.slurm.power_on(lost)
    scene.is_whole()
    again = scene.faults.told("began")[3:]
    assert sorted(event.dose for event in again) == sorted(
        event.dose for event in first if event.node == lost
    )
    assert {event.job for event in again} == {event.job for event in first if event.node == lost}
    assert {event.node for event in again} == set(NODES) - {lost}
    assert len(scene.arrays()) == 1
    scene.slurm.wait_for(lambda: scene.slurm.node_state(lost) == "idle", 120, "the return of the node")


# Time limits and preemption


def test_a_run_longer_than_the_time_limit_goes_on_from_where_it_was_stopped(scene):
    scene.lacking("10")
    scene.faults.stretch("10", 2.5)
    scene.run("--jobs", "1", "--time", "1", "--partition", "short").completes()
    scene.is_whole()
    left, found = turns(scene.faults.told(dose="10"))
    assert left == found and 0 < left[0] < LOOKS
    assert len({event.job for event in scene.faults.told("began")}) == len(scene.arrays()) == 1


def test_a_job_that_is_warned_keeps_the_place_of_its_runs_and_leaves_the_other_jobs_alone(scene):
    scene.lacking("3", "10", "30")
    scene.faults.hold("3", "10", "30", look=5)
    driver = scene.run("--jobs", "3")
    warned = next(event for event in scene.hold(driver, "3", "10", "30") if event.job == event.array)
    warn(scene, warned.dose)
    scene.faults.let_go(warned.dose)
    driver.until(lambda: len(scene.faults.told("began", warned.dose)) == 2, "the second turn of the job")
    scene.faults.let_go()
    driver.completes()
    scene.is_whole()
    assert turns(scene.faults.told(dose=warned.dose)) == ([5], [5])
    assert scene.began() == sorted(["3", "10", "30", warned.dose])
    assert len(scene.arrays()) == 1


def test_jobs_that_are_preempted_go_on_from_where_they_were_stopped(scene, tmp_path):
    scene.lacking("3", "10")
    scene.faults.hold("3", "10", look=4)
    driver = scene.run("--jobs", "2", "--partition", "low")
    scene.hold(driver, "3", "10")
    others = ("--partition=high", "--nodes=2", "--exclusive", "--output=/dev/null")
    scene.slurm.command("sbatch", *others, "--wrap", f"until test -e {tmp_path}/over; do sleep 0.2; done")
    driver.until(lambda: len(scene.faults.told("left")) == 2, "the end of both turns")
    scene.faults.let_go()
    (tmp_path / "over").touch()
    driver.completes()
    scene.is_whole()
    for dose in ("3", "10"):
        assert turns(scene.faults.told(dose=dose)) == ([4], [4])
    assert len(scene.arrays()) == 1
