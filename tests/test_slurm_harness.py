"""The Slurm the tests run on does what they rely on: two nodes, power cuts, a controller that comes back,
accounts.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.slurm import NODES, Cluster, cluster

pytestmark = pytest.mark.slurm
ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 120.0


def submit(slurm: Cluster, script: str, out: Path, *options: str) -> str:
    return slurm.command(
        "sbatch", "--parsable", f"--output={out}", "--open-mode=append", *options, "--wrap", script
    ).strip()


def states(slurm: Cluster, name: str) -> list[str]:
    return sorted(state for _, state in slurm.jobs(name, ended=True))


def alive(process: int) -> bool:
    return Path(f"/proc/{process}").exists()


def test_an_array_runs_on_both_nodes(slurm, tmp_path):
    together = f"until test $(ls {tmp_path} | wc -l) = 4; do sleep 0.1; done"
    submit(slurm, f"echo $SLURMD_NODENAME; {together}", tmp_path / "%a", "--job-name=array", "--array=0-3")
    slurm.wait_for(lambda: states(slurm, "array") == ["COMPLETED"] * 4, PATIENCE_S, "the end of the array")
    assert slurm.jobs("array") == []
    assert {path.read_text().strip() for path in tmp_path.iterdir()} == set(NODES)


def test_a_job_whose_node_loses_power_runs_again_on_the_other(slurm, tmp_path):
    out, escaped = tmp_path / "out", tmp_path / "escaped"
    # A process that leaves its job's session goes with the node too.
    script = (
        f"echo $SLURMD_NODENAME; setsid -f sh -c 'echo $$ >> {escaped}; sleep 1000'; "
        "test $SLURM_RESTART_COUNT || sleep 1000"
    )
    submit(slurm, script, out, "--job-name=power", "--requeue")
    slurm.wait_for(
        lambda: escaped.exists() and escaped.read_text().endswith("\n"), PATIENCE_S, "the start of the job"
    )
    first, process = out.read_text().strip(), int(escaped.read_text())
    assert alive(process)
    slurm.power_off(first)
    assert not alive(process)
    slurm.wait_for(
        lambda: states(slurm, "power") == ["COMPLETED"], PATIENCE_S, "the end of the requeued job"
    )
    second = next(node for node in NODES if node != first)
    assert out.read_text().split() == [first, second]
    assert slurm.node_state(first) == "down*"
    slurm.power_on(first)
    slurm.wait_for(lambda: slurm.node_state(first) == "idle", PATIENCE_S, "the return of the node")


def test_jobs_outlive_a_controller_that_stops(slurm, tmp_path):
    out, go = tmp_path / "out", tmp_path / "go"
    submit(slurm, f"echo began; until test -e {go}; do sleep 0.2; done", out, "--job-name=stop")
    slurm.wait_for(lambda: out.exists() and out.read_text() == "began\n", PATIENCE_S, "the start of the job")
    slurm.stop_controller()
    with pytest.raises(RuntimeError, match=r"squeue .* ended with 1"):
        slurm.jobs()
    slurm.start_controller()
    assert states(slurm, "stop") == ["RUNNING"]
    go.touch()
    slurm.wait_for(lambda: states(slurm, "stop") == ["COMPLETED"], PATIENCE_S, "the end of the job")


def test_accounts_show_a_job_that_has_ended(tmp_path):
    with cluster(accounting=True) as slurm:
        job = submit(slurm, "exit 3", tmp_path / "out")
        ask = (
            "sacct",
            "--noheader",
            "--parsable2",
            "--allocations",
            f"--jobs={job}",
            "--format=State,ExitCode",
        )
        slurm.wait_for(
            lambda: slurm.command(*ask).strip() == "FAILED|3:0", PATIENCE_S, "the job in the accounts"
        )
        folder = slurm.folder
    assert not folder.exists()


def test_nothing_of_a_cluster_outlives_tests_that_are_killed(tmp_path):
    code = (
        "import os, time\n"
        "from tests.slurm import cluster\n"
        "with cluster() as slurm:\n"
        f"    job = 'echo $$ > {tmp_path}/job; sleep 1000'\n"
        "    slurm.command('sbatch', '--output=/dev/null', '--wrap', job)\n"
        f"    slurm.wait_for(lambda: os.path.exists('{tmp_path}/job'), 60, 'the start of the job')\n"
        "    print(slurm.folder, flush=True)\n"
        "    time.sleep(1000)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as owner:
        folder = Path(owner.stdout.readline().strip())
        job = int((tmp_path / "job").read_text())
        daemons = [int(path.read_text()) for path in folder.glob("*.pid")]
        assert len(daemons) == 4 and all(map(alive, [*daemons, job]))
        owner.kill()
    end = time.monotonic() + PATIENCE_S
    while any(map(alive, [*daemons, job])) and time.monotonic() < end:
        time.sleep(0.1)
    assert not any(map(alive, [*daemons, job]))
    subprocess.run(("rm", "-r", folder), check=True)
