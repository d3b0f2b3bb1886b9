"""Sweeps on a real Slurm, with and without accounts: undisturbed, with a driver that is killed, with a job
that is.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from tests.disturbed import DOSES
from tests.slurm import Cluster, cluster

pytestmark = pytest.mark.slurm


@pytest.fixture(scope="module", params=[False, True], ids=["no-accounts", "accounts"])
def slurm(request) -> Iterator[Cluster]:
    with cluster(accounting=request.param) as made:
        yield made


def test_a_sweep_by_an_array_of_jobs_is_the_sweep_on_this_machine(scene):
    driver = scene.run("--jobs", "4")
    driver.completes()
    scene.is_whole()
    assert scene.began() == sorted(DOSES)
    assert len(scene.arrays()) == 1
    assert driver.said.count("mean ± SD over seeds") == driver.said.count("figure: ") == 1


MOMENTS = {
    "as soon as it has submitted": lambda driver, scene: "submitted" in driver.said,
    "when a run is finished": lambda driver, scene: scene.faults.told("ended"),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_next_driver_is_attached_to_the_jobs_of_one_that_was_killed(scene, moment):
    scene.lacking("3", "10", "30")
    scene.faults.hold("10")
    first = scene.run("--jobs", "3")
    first.until(lambda: MOMENTS[moment](first, scene), moment)
    first.kill()
    second = scene.run("--jobs", "3")
    second.until(lambda: "attached" in second.said, "the attachment")
    scene.faults.let_go()
    second.completes()
    scene.is_whole()
    assert scene.began() == ["10", "3", "30"]
    assert len(scene.arrays()) == 1


def test_a_job_whose_batch_process_is_killed_is_made_good_by_the_next_round(scene):
    scene.lacking("3", "10", "30")
    scene.faults.hold("10")
    driver = scene.run("--jobs", "3")
    (victim,) = scene.hold(driver, "10")
    os.kill(victim.owner, signal.SIGKILL)
    scene.faults.let_go()
    driver.completes()
    scene.is_whole()
    assert scene.began() == ["10", "10", "3", "30"]
    assert len(scene.arrays()) == 2
