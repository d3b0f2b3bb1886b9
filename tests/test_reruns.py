"""Sweeps that are asked for again, fail or are killed: what is whole is kept, all else is told or redone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from prelimbic import load
from prelimbic.experiments.readouts.answer import Answer
from prelimbic.experiments.storage.manifest import strangers
from prelimbic.experiments.storage.store import is_whole
from prelimbic.experiments.sweep.conduct import conduct, listing
from prelimbic.experiments.sweep.execute import ExecuteError, execute
from prelimbic.experiments.sweep.marks import CHECKPOINT, JOBS, RUNNING, Marks, failures, myself
from prelimbic.experiments.sweep.study import Options, Run, Study, carry_out, prepare
from tests.conftest import COMMAND, brief
from tests.faults import Faults
from tests.hostile import put
from tests.test_store import QUIET, digests, planned, stamped


def test_a_rerun_skips_whole_files_and_redoes_missing_and_damaged_ones(tmp_path, capsys):
    study = Study(
        "brief", "?", {"dose": "mg/kg"}, lambda o: planned(), lambda d: Answer((), ""), lambda d, f: [f]
    )
    options = Options(workers=2, out=tmp_path)
    conduct(study, options)
    first = stamped(tmp_path)
    victims = sorted(tmp_path.glob("*seed*.h5"))
    put(victims[0], victims[0].read_bytes()[:5000])
    assert "damaged, recomputing" not in capsys.readouterr().out
    listing(study, options)
    assert sorted(capsys.readouterr().out.splitlines()) == [
        f"damaged   {victims[0].name}",
        f"finished  {victims[1].name}",
    ]
    conduct(study, options)
    assert f"damaged, recomputing: {victims[0].name}" in capsys.readouterr().out.splitlines()
    second = stamped(tmp_path)
    assert {n: d for n, (_, d) in first.items()} == {n: d for n, (_, d) in second.items()}
    assert second[victims[0].name][0] != first[victims[0].name][0]
    assert second[victims[1].name][0] == first[victims[1].name][0]


@pytest.mark.faults
def test_a_rerun_takes_back_what_a_killed_process_said_of_finished_runs(tmp_path):
    study = Study(
        "brief", "?", {"dose": "mg/kg"}, lambda o: planned(), lambda d: Answer((), ""), lambda d, f: [f]
    )
    options = Options(workers=1, out=tmp_path)
    conduct(study, options)
    one, other = (run.file for run in planned())
    dead, living = (
        Marks(tmp_path, replace(myself(), began="1")),
        Marks(tmp_path, replace(myself(), machine="another")),
    )
    dead.failed(one, "?")
    for marks, name in ((dead, one), (living, other)):
        assert marks.hold(name, 9.0)
        marks.checkpoint(name).write_bytes(b"kept")
    before = stamped(tmp_path)
    conduct(study, options)
    assert {path.name for path in (tmp_path / JOBS).iterdir()} == {
        f"{other}{RUNNING}",
        f"{other}{CHECKPOINT}",
    }
    living.finished(other)
    conduct(study, options)
    assert not (tmp_path / JOBS).exists() and stamped(tmp_path) == before


@pytest.mark.slow
def test_shares_add_up_to_the_study(tmp_path):
    study = Study(
        "brief", "?", {"dose": "mg/kg"}, lambda o: planned(), lambda d: Answer((), ""), lambda d, f: [f]
    )
    for k in (1, 2):
        conduct(study, Options(workers=1, out=tmp_path, share=(k, 2)))
        assert len(list(tmp_path.glob("*seed*.h5"))) == k
    assert load(tmp_path).sizes["dose"] == 2
    assert (tmp_path / "sweep.h5").exists()


@pytest.mark.faults
def test_files_with_other_ids_are_listed_and_never_mixed_in(tmp_path):
    study = Study(
        "brief",
        "?",
        {"dose": "mg/kg"},
        lambda o: planned(doses=(0.0,)),
        lambda d: Answer((), ""),
        lambda d, f: [f],
    )
    conduct(study, Options(out=tmp_path))
    stranger = Run(
        {"dose": 0.0, "seed": 1}, replace(brief(0.0), overrides=(("cascade.cascade.bdnf_gain", 7.0),))
    )
    carry_out(stranger, tmp_path, True, lambda s: None)
    assert strangers(tmp_path, {run.file for run in planned(doses=(0.0,))}) == [stranger.file]
    assert load(tmp_path)["run_id"].values.ravel().tolist() == [planned(doses=(0.0,))[0].config.run_id()]


@pytest.mark.faults
def test_a_missing_run_is_nan_and_not_another_run(tmp_path):
    study = Study(
        "brief", "?", {"dose": "mg/kg"}, lambda o: planned(), lambda d: Answer((), ""), lambda d, f: [f]
    )
    conduct(study, Options(workers=2, out=tmp_path))
    (tmp_path / planned()[1].file).unlink()
    dataset = load(tmp_path)
    assert dataset.sizes["dose"] == 2
    assert np.isfinite(dataset["rate"].sel(dose=0.0)).all()
    assert np.isnan(dataset["rate"].sel(dose=10.0)).all()


def test_a_failing_run_is_named_and_the_others_are_kept(tmp_path):
    bad = Run(
        {"dose": 10.0, "seed": 1}, replace(brief(), overrides=(("circuit.Pyr.background_rate", 9000.0),))
    )
    good = planned(doses=(0.0,))[0]
    prepare([good])
    with pytest.raises(ExecuteError, match=r"dose-10.*too fast"):
        execute([bad, good], tmp_path, 1, True, QUIET)
    assert is_whole(tmp_path / good.file, good.config.run_id())
    assert sorted(p.name for p in tmp_path.iterdir()) == [good.file, "jobs"]
    assert [(failure.run, "too fast" in failure.reason) for failure in failures(tmp_path)] == [
        (bad.file, True)
    ]


SMALL_RUN = [str(COMMAND), "run", "dose_response", "--seeds", "1", "--scale", "0.5", "--workers", "2"]


@pytest.mark.slow
def test_a_killed_sweep_leaves_no_file_that_does_not_load_and_goes_on_afterwards(tmp_path, quick_sweep):
    faults, folder = Faults(tmp_path / "faults"), tmp_path / "sweep"
    folder.mkdir()
    for whole in sorted(quick_sweep.glob("*seed*.h5"))[3:]:  # of six; the others are computed
        shutil.copy(whole, folder)
    held = sorted(quick_sweep.glob("*seed*.h5"))[0]
    faults.hold(held.name.split("dose-")[1].split("_")[0], look=20)  # of 22; the first may be another run's
    command = [*SMALL_RUN, "--spikes", "--out", str(folder)]
    environment = os.environ | faults.environment
    process = subprocess.Popen(
        command,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    deadline = time.monotonic() + 300
    while len(list(folder.glob("*seed*.h5"))) < 5 and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    finished = list(folder.glob("*seed*.h5"))
    assert len(finished) == 5 and not (folder / held.name).exists()
    kept = stamped(folder)
    faults.let_go()
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert all((folder / name).stat().st_mtime_ns == when for name, (when, _) in kept.items())
    assert digests(folder) == digests(quick_sweep)
    assert not list(folder.glob(".*.tmp"))


def test_workers_end_with_the_process_that_started_them(tmp_path):
    words = [*SMALL_RUN, "--out", str(tmp_path)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while len(workers := spawned(process.pid)) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    process.kill()
    process.wait()
    while any(alive(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(workers) == 2
    assert not any(alive(pid) for pid in workers)


def spawned(parent: int) -> list[str]:
    """Worker processes of a sweep, as /proc shows them."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                found += [folder.name] if b"spawn_main" in (folder / "cmdline").read_bytes() else []
        except OSError:
            continue
    return found


def alive(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def test_a_full_disk_is_one_sentence_and_leaves_nothing_half_written(tmp_path):
    code = (
        "import resource, sys, signal\n"
        "from pathlib import Path\n"
        "from prelimbic.experiments.storage.files import StoreError\n"
        "from prelimbic.experiments.storage.store import write_run\n"
        "from prelimbic.simulation.record import arrange\n"
        "from prelimbic.simulation.run import simulate\n"
        "from tests.conftest import brief\n"
        "config = brief(10.0)\n"
        "groups = arrange(config, simulate(config, True, lambda s: None))\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n    write_run(Path(sys.argv[1]), config, groups, {})\n"
        "except StoreError as error:\n    print(error)\n"
    )
    target = tmp_path / "run.h5"
    root = Path(__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", code, str(target)], capture_output=True, text=True, cwd=root
    )
    assert done.returncode == 0, done.stderr
    assert "could not be written" in done.stdout and done.stdout.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
