"""CPUs are those that were granted: by affinity, by control groups of both versions, by whatever batch
system is at hand.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from prelimbic.parameters.granted import available_cpus, grants, quotas

MASK = len(os.sched_getaffinity(0))
HERE = socket.gethostname()


def root(folder: Path, cgroup: str, **files: str) -> Path:
    """A folder with a proc and a sys in it; `files` are those of control groups, with / written as two
    underscores.
    """
    (folder / "proc/self").mkdir(parents=True)
    (folder / "proc/self/cgroup").write_text(cgroup)
    for name, text in files.items():
        path = folder / "sys/fs/cgroup" / name.replace("__", "/").replace("DOT", ".").replace("COMMA", ",")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return folder


V1 = "12:memory:/slurm/job_7\n4:cpu,cpuacct:/slurm/job_7/step_0\n1:name=systemd:/user.slice\n"
QUOTAS = {
    "version 2": ("0::/job/step\n", {"job__step__cpuDOTmax": "100000 100000"}, [1]),
    "a fraction is rounded down": ("0::/job\n", {"job__cpuDOTmax": "390000 100000"}, [3]),
    "less than one is one": ("0::/job\n", {"job__cpuDOTmax": "20000 100000"}, [1]),
    "no quota": ("0::/job\n", {"job__cpuDOTmax": "max 100000"}, []),
    "the group around it": (
        "0::/job/step\n",
        {"job__step__cpuDOTmax": "max 100000", "job__cpuDOTmax": "200000 100000"},
        [2],
    ),
    "in a container": ("0::/\n", {"cpuDOTmax": "400000 100000"}, [4]),
    "in a container that is told the host's path": ("0::/docker/1f\n", {"cpuDOTmax": "400000 100000"}, [4]),
    "outside of its namespace": ("0::/../../job\n", {"job__cpuDOTmax": "300000 100000"}, [3]),
    "both versions at once": ("0::/job\n" + V1, {"unified__job__cpuDOTmax": "500000 100000"}, [5]),
    "version 1": (
        V1,
        {
            "cpu,cpuacct__slurm__job_7__step_0__cpuDOTcfs_quota_us": "150000",
            "cpu,cpuacct__slurm__job_7__step_0__cpuDOTcfs_period_us": "50000",
        },
        [3],
    ),
    "version 1, the group around it": (
        V1,
        {"cpu__slurm__cpuDOTcfs_quota_us": "200000", "cpu__slurm__cpuDOTcfs_period_us": "100000"},
        [2],
    ),
    "version 1 without a quota": (
        V1,
        {"cpu__slurm__cpuDOTcfs_quota_us": "-1", "cpu__slurm__cpuDOTcfs_period_us": "100000"},
        [],
    ),
    "no control groups": ("", {}, []),
    "nonsense": ("0\nx:y\n0::/job\n", {"job__cpuDOTmax": "a b c"}, []),
}


@pytest.mark.parametrize("case", QUOTAS)
def test_a_quota_of_a_control_group_and_of_those_around_it_counts_in_whole_cpus(tmp_path, case):
    cgroup, files, expected = QUOTAS[case]
    made = root(tmp_path, cgroup, **files)
    assert list(quotas(made)) == expected
    assert available_cpus({}, made) == min([MASK, *expected])


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"SLURM_CPUS_PER_TASK": "3"}, 3),
        ({"SLURM_CPUS_ON_NODE": "4"}, 4),
        ({"SLURM_CPUS_PER_TASK": "2", "SLURM_CPUS_ON_NODE": "16"}, 2),
        # the batch script has what all its tasks have
        ({"SLURM_CPUS_ON_NODE": "8", "SLURM_NTASKS": "8"}, 8),
        # a task of srun has its part
        ({"SLURM_CPUS_ON_NODE": "8", "SLURM_STEP_TASKS_PER_NODE": "4(x2)"}, 2),
        ({"SLURM_CPUS_ON_NODE": "8", "SLURM_STEP_TASKS_PER_NODE": "4", "SLURM_CPUS_PER_TASK": "3"}, 3),
        ({"PBS_NUM_PPN": "6", "PBS_NP": "24"}, 6),
        ({"NCPUS": "5"}, 5),
        ({"PBS_NP": "7"}, 7),
        ({"LSB_DJOB_NUMPROC": "4"}, 4),
        ({"LSB_MAX_NUM_PROCESSORS": "4"}, 4),
        ({"LSB_DJOB_NUMPROC": "12", "LSB_MCPU_HOSTS": f"another 10 {HERE} 2"}, 2),
        ({"NSLOTS": "9"}, 9),
        ({"NSLOTS": "0"}, None),
        ({"NSLOTS": "many", "SLURM_CPUS_PER_TASK": "", "PBS_NP": "-3"}, None),
        ({}, None),
    ],
)
def test_every_batch_system_is_asked_and_the_least_counts(environment, expected):
    assert min(grants(environment), default=None) == expected


def test_the_slot_of_htcondor_is_read_from_its_description(tmp_path):
    (tmp_path / ".machine.ad").write_text('Machine = "n1"\nCpus = 2\nTotalCpus = 64\n')
    assert list(grants({"_CONDOR_MACHINE_AD": str(tmp_path / ".machine.ad")})) == [2]
    assert list(grants({"_CONDOR_MACHINE_AD": str(tmp_path / "gone")})) == []


def test_the_affinity_mask_is_never_exceeded(tmp_path):
    made = root(tmp_path, "0::/job\n", job__cpuDOTmax="900000 100000")
    assert available_cpus({"NSLOTS": "9999"}, made) == MASK
    assert available_cpus({"NSLOTS": "1"}, made) == 1
