"""How many CPUs this process may use: the least of its affinity mask, the quotas of its control groups, and
what the batch system granted; never what the machine has.

It stands in the lowest room because circuits and experiments both ask it.  So do the threads that a circuit
is run by, which come from $PRELIMBIC_THREADS: how a machine runs it, not what is computed.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from prelimbic.parameters import system
from prelimbic.parameters.errors import UsageError

ROOT = Path("/")
THREADS = "PRELIMBIC_THREADS"
# Of each group the first that is set.  Slurm tells what a task has; Torque, PBS Pro, LSF and Grid Engine
# what a job has.
GRANTS = (
    ("SLURM_CPUS_PER_TASK",),
    ("SLURM_CPUS_ON_NODE",),
    ("PBS_NUM_PPN", "NCPUS", "PBS_NP"),
    ("LSB_DJOB_NUMPROC", "LSB_MAX_NUM_PROCESSORS"),
    ("NSLOTS",),
)


def available_cpus(environment: Mapping[str, str] = os.environ, root: Path = ROOT) -> int:
    """Cores this process may use, at least 1.  A quota of one and a half cores is one.  `root`: where proc
    and sys are.
    """
    return max(1, min([system.cpus(), *quotas(root), *grants(environment)]))


def threads_asked(environment: Mapping[str, str] = os.environ, called: str = THREADS) -> int:
    """Threads that one circuit is run by; results are the same with any number.  Raises UsageError for what
    is no number, and for more than there are CPUs.  `called` is where a user asked for them.
    """
    text, granted = environment.get(THREADS, "").strip() or "1", available_cpus()
    if not text.isdecimal() or not 1 <= int(text) <= granted:
        raise UsageError(
            f"{called} is {text} but must be a whole number from 1 to {granted}, the CPUs granted here"
        )
    return int(text)


def workers_by_default() -> int:
    """Worker processes that fill the CPUs, each with a circuit of so many threads as are asked.  Raises
    UsageError.
    """
    return max(1, available_cpus() // threads_asked())


def grants(environment: Mapping[str, str]) -> Iterator[int]:
    """CPUs that each batch system whose variables are set says it granted on this machine."""
    for names in GRANTS:
        given = [
            int(value)
            for name in names
            if (value := environment.get(name, "").strip()).isdecimal() and int(value) > 0
        ]
        yield from given[:1]
    yield from _task_of_slurm(environment)
    yield from _host_of_lsf(environment)
    yield from _slot_of_condor(environment)


def quotas(root: Path = ROOT) -> Iterator[int]:
    """Whole CPUs that each control group, version 1 or 2, around this process allows; at least 1."""
    for line in system.kernel_text(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        groups = root / "sys/fs/cgroup"
        if not controllers:
            mounted = [groups, groups / "unified"]
        elif "cpu" in controllers.split(","):
            mounted = [groups / controllers, groups / "cpu"]
        else:
            continue
        for place in mounted:
            # In a container the path may be that of the host, and its own group is mounted as the top.
            for group in _with_parents(path):
                if (share := _quota(place / group)) is not None:
                    yield max(1, int(share))


def _with_parents(path: str) -> list[PurePosixPath]:
    """A control group and those around it, relative to where they are mounted."""
    inside = PurePosixPath(*[part for part in path.split("/") if part not in ("", "..")])
    return [inside, *inside.parents]


def _quota(group: Path) -> float | None:
    """CPUs' worth of time that a control group has; None where it has all."""
    words = system.kernel_text(group / "cpu.max").split()
    if not words:
        words = [system.kernel_text(group / f"cpu.cfs_{what}_us").strip() for what in ("quota", "period")]
    if len(words) != 2 or not all(word.isdecimal() and int(word) > 0 for word in words):
        return None  # max, -1, or no such file
    return int(words[0]) / int(words[1])


def _task_of_slurm(environment: Mapping[str, str]) -> Iterator[int]:
    """What is left for a task of several that srun started on this node and that have no number of CPUs
    each.
    """
    tasks = re.match(r"(\d+)", environment.get("SLURM_STEP_TASKS_PER_NODE", ""))
    cpus = environment.get("SLURM_CPUS_ON_NODE", "")
    if "SLURM_CPUS_PER_TASK" not in environment and tasks and int(tasks[1]) > 1 and cpus.isdecimal():
        yield max(1, int(cpus) // int(tasks[1]))


def _host_of_lsf(environment: Mapping[str, str]) -> Iterator[int]:
    """What LSF gave on this host, of `LSB_MCPU_HOSTS=host1 4 host2 8`."""
    words = environment.get("LSB_MCPU_HOSTS", "").split()
    here = socket.gethostname().partition(".")[0]
    yield from (
        int(n)
        for host, n in zip(words[::2], words[1::2], strict=False)
        if host.partition(".")[0] == here and n.isdecimal() and int(n) > 0
    )


def _slot_of_condor(environment: Mapping[str, str]) -> Iterator[int]:
    """What HTCondor's description of the slot says."""
    if path := environment.get("_CONDOR_MACHINE_AD"):
        yield from (int(n) for n in re.findall(r"(?mi)^cpus\s*=\s*([1-9]\d*)\s*$", _read(Path(path)))[:1])


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
