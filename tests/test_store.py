"""Result files: whole or absent, readable by anyone, the same bytes for the same seed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr
from rich.console import Console

from prelimbic import load
from prelimbic.circuits import compiler
from prelimbic.experiments.readouts.answer import Answer
from prelimbic.experiments.storage.dataset import read_manifest, write_sweep
from prelimbic.experiments.storage.files import StoreError
from prelimbic.experiments.storage.hdf5 import content_digest
from prelimbic.experiments.storage.manifest import strangers
from prelimbic.experiments.storage.provenance import provenance
from prelimbic.experiments.storage.store import check_run, is_whole, read_groups, write_run
from prelimbic.experiments.sweep.conduct import conduct, listing
from prelimbic.experiments.sweep.execute import ExecuteError, execute
from prelimbic.experiments.sweep.marks import CHECKPOINT, JOBS, RUNNING, Marks, failures, myself
from prelimbic.experiments.sweep.study import DEFAULT_SHEET, Options, Run, Study, carry_out, prepare
from prelimbic.simulation.record import arrange
from prelimbic.simulation.run import simulate
from prelimbic.simulation.variable import Variable
from tests.conftest import COMMAND, brief
from tests.hostile import put

QUIET = Console(file=open(os.devnull, "w"))  # noqa: SIM115


def planned(seeds: int = 1, doses: tuple[float, ...] = (0.0, 10.0)) -> list[Run]:
    return [Run({"dose": d, "seed": s}, brief(d, s)) for s in range(1, seeds + 1) for d in doses]


def stamped(folder: Path) -> dict[str, tuple[int, str]]:
    """When each run file was written, and the digest of its content."""
    files = sorted(folder.glob("*seed*.h5"))
    return {p.name: (p.stat().st_mtime_ns, check_run(p)["provenance"]["content_sha256"]) for p in files}


def digests(folder: Path) -> dict[str, str]:
    return {name: digest for name, (_, digest) in stamped(folder).items()}


@pytest.fixture(scope="module")
def one_run(tmp_path_factory):
    path = tmp_path_factory.mktemp("one") / "run.h5"
    config = brief(10.0)
    outcome = simulate(config, True, lambda s: None)
    write_run(path, config, arrange(config, outcome), provenance(1.0, True))
    return path, config, outcome


def test_same_seed_same_bytes_whatever_the_worker_count_and_order(tmp_path):
    runs = planned(seeds=2)
    prepare(runs)
    for name, order, workers in (("one", runs, 1), ("two", runs[::-1], 2)):
        (tmp_path / name).mkdir()
        execute(order, tmp_path / name, workers, True, QUIET)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    assert len(set(digests(tmp_path / "one").values())) == len(runs)


def test_what_is_stored_is_what_was_seen(one_run):
    path, _, outcome = one_run
    slow, cells = (read_groups(path, (g,))[g] for g in ("slow", "cells"))
    assert np.array_equal(cells["spike_count"].values, [s.activity.spike_count for s in outcome.seen])
    assert np.allclose(slow["bdnf"].values, [s.cascade.of("bdnf") for s in outcome.seen])
    states = read_groups(path, ("spines",))["spines"]["state"]
    assert states.dimensions == ("time", "pyr", "site")
    assert np.array_equal(states.values[-1], outcome.seen[-1].spines.states)


def test_xarray_opens_a_run_with_named_dimensions_and_units_and_no_warning(one_run):
    path, _, _ = one_run
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        opened = xr.open_datatree(path, engine="h5netcdf")
    for group in opened.subtree:
        assert not any(str(d).startswith("phony") for d in group.dims)
    assert opened["traces"]["rate"].dims == ("time", "population")
    assert list(opened["traces"]["population"].values) == ["Pyr", "PV", "SST", "VIP"]
    assert opened["slow"]["bdnf"].dims == ("time", "pyr")
    assert opened["summary"]["rate"].attrs["units"] == "Hz"
    assert opened["slow"]["recurrent_ampa"].attrs["units"] == "nS"
    assert opened["traces"]["time"].attrs["units"] == "h"
    assert set(opened["numbers"].data_vars) >= {
        "value",
        "unit",
        "status",
        "source",
        "note",
        "name",
        "sheet_value",
    }
    opened.close()


def test_a_run_file_says_how_it_came_to_be(one_run):
    path, config, _ = one_run
    head = check_run(path)
    assert head["run_id"] == config.run_id()
    assert head["seed"] == config.seed
    assert head["sheet_sha256"] == config.sheet_hash()
    told = head["provenance"]
    assert {"cpu_target", "git_commit", "version_brian2", "version_numpy", "wall_time_s", "created"} <= set(
        told
    )
    assert (told["compiler"], told["code_target"]) == (compiler(), "compiled float32")
    assert "-O3" in told["compiler_flags"].split()
    with h5py.File(path) as file:
        assert json.loads(file["config"].asstr()[()]) == json.loads(json.dumps(config.to_dict()))


def test_an_override_is_stored_as_one_and_gives_another_run():
    plain, changed = brief(), replace(brief(), overrides=(("cascade.cascade.bdnf_gain", 7.0),))
    assert plain.run_id() != changed.run_id()
    assert plain.sheet_hash() != changed.sheet_hash()
    sheets = changed.sheets()
    assert sheets["cascade"].values()["cascade.bdnf_gain"] == 7.0


def test_overrides_are_told_and_those_outside_their_range_are_marked(tmp_path, capsys):
    changed = (("cascade.cascade.bdnf_gain", 7.0), ("compounds.ketamine.ic50_2A", 5000.0))
    runs = [Run({"dose": 0.0, "seed": 1}, replace(brief(0.0), overrides=changed))]
    study = Study(
        "brief", "?", {"dose": "mg/kg"}, lambda o: runs, lambda d: Answer((), ""), lambda d, f: [f]
    )
    conduct(study, Options(out=tmp_path))
    said = capsys.readouterr().out
    assert "cascade.cascade.bdnf_gain = 7 1 (sheet: 5)" in said
    assert "ic50_2A = 5000 uM (sheet: 5.35; OUTSIDE its range 0.5 to 10)" in said


def test_provenance_is_outside_the_digest_and_all_else_inside(one_run, tmp_path):
    path, config, outcome = one_run
    other = tmp_path / "other.h5"
    write_run(other, config, arrange(config, outcome), provenance(99.0, True) | {"host": "elsewhere"})
    assert (
        check_run(other)["provenance"]["content_sha256"] == check_run(path)["provenance"]["content_sha256"]
    )
    for name, change in (
        ("traces/rate", 0),
        ("summary/spines", 0),
        ("spines/state", 0),
        ("numbers/value", 3),
    ):
        damaged = tmp_path / "damaged.h5"
        damaged.write_bytes(path.read_bytes())
        with h5py.File(damaged, "r+") as file:
            flat = file[name][()].ravel()
            flat[change] = flat[change] + 1
            file[name][...] = flat.reshape(file[name].shape)
        with pytest.raises(StoreError, match="damaged"):
            check_run(damaged)
    damaged.write_bytes(path.read_bytes())
    with h5py.File(damaged, "r+") as file:
        file["traces/rate"].attrs["units"] = "kHz"
    with pytest.raises(StoreError, match="damaged"):
        check_run(damaged)


@pytest.mark.parametrize("keep", [0, 100, 0.5, 0.95])
def test_a_truncated_file_is_one_sentence(one_run, tmp_path, keep):
    whole = one_run[0].read_bytes()
    broken = tmp_path / "broken.h5"
    broken.write_bytes(whole[: int(keep if keep > 1 else keep * len(whole))])
    with pytest.raises(StoreError) as error:
        check_run(broken)
    assert "broken.h5" in str(error.value) and "\n" not in str(error.value)


def test_an_unknown_layout_is_refused_by_its_number(one_run, tmp_path):
    other = tmp_path / "other.h5"
    other.write_bytes(one_run[0].read_bytes())
    with h5py.File(other, "r+") as file:
        file.attrs["schema_version"] = 99
    with pytest.raises(StoreError, match="layout 99"):
        check_run(other)


def test_a_rerun_skips_whole_files_and_redoes_missing_and_damaged_ones(tmp_path, capsys):
    study = Study(
        "brief", "?", {"dose": "mg/kg"}, lambda o: planned(), lambda d: Answer((), ""), lambda d, f: [f]
    )
    options = Options(workers=2, out=tmp_path)
    conduct(study, options)
    first = stamped(tmp_path)
    victims = sorted(tmp_path.glob("*seed*.h5"))
    put(victims[0], victims[0].read_bytes()[:5000])
    assert "damaged, computed anew" not in capsys.readouterr().out
    listing(study, options)
    assert sorted(capsys.readouterr().out.splitlines()) == [
        f"damaged   {victims[0].name}",
        f"finished  {victims[1].name}",
    ]
    conduct(study, options)
    assert f"damaged, computed anew: {victims[0].name}" in capsys.readouterr().out.splitlines()
    second = stamped(tmp_path)
    assert {n: d for n, (_, d) in first.items()} == {n: d for n, (_, d) in second.items()}
    assert second[victims[0].name][0] != first[victims[0].name][0]
    assert second[victims[1].name][0] == first[victims[1].name][0]


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


def test_shares_add_up_to_the_study(tmp_path):
    study = Study(
        "brief", "?", {"dose": "mg/kg"}, lambda o: planned(), lambda d: Answer((), ""), lambda d, f: [f]
    )
    for k in (1, 2):
        conduct(study, Options(workers=1, out=tmp_path, share=(k, 2)))
        assert len(list(tmp_path.glob("*seed*.h5"))) == k
    assert load(tmp_path).sizes["dose"] == 2
    assert (tmp_path / "sweep.h5").exists()


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


SMALL_RUN = ["run", "dose_response", "--seeds", "1", "--scale", "0.5", "--workers", "2"]


def test_a_killed_sweep_leaves_no_file_that_does_not_load_and_goes_on_afterwards(tmp_path, sweep):
    process = subprocess.Popen(
        [str(COMMAND), *SMALL_RUN, "--spikes", "--out", str(tmp_path)],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 300
    while not list(tmp_path.glob("*seed*.h5")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    finished = list(tmp_path.glob("*seed*.h5"))
    assert 1 <= len(finished) < 6
    kept = stamped(tmp_path)
    done = subprocess.run(
        [str(COMMAND), *SMALL_RUN, "--spikes", "--out", str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert all((tmp_path / name).stat().st_mtime_ns == when for name, (when, _) in kept.items())
    assert digests(tmp_path) == digests(sweep)
    assert not list(tmp_path.glob(".*.tmp"))


def test_workers_end_with_the_process_that_started_them(tmp_path):
    words = [str(COMMAND), *SMALL_RUN, "--out", str(tmp_path)]
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


def test_the_main_job_ends_with_a_table_a_sentence_and_the_figures_path(sweep):
    screen = (sweep / "screen.txt").read_text()
    assert "mean ± SD over seeds" in screen
    assert f"Sheet {DEFAULT_SHEET}: 10 mg/kg" in " ".join(screen.split())
    figure = Path(
        next(line for line in screen.splitlines() if line.startswith("figure: ")).removeprefix("figure: ")
    )
    assert figure.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert (sweep / "summary.csv").read_text().startswith("sheet,dose,seed,readout")


def test_a_sweep_loads_as_one_dataset_on_the_studys_axes_then_seed(sweep):
    dataset = load(sweep)
    assert tuple(dataset["rate"].dims) == ("sheet", "dose", "seed", "readout", "population")
    assert dataset["dose"].values.tolist() == [0.0, 1.0, 3.0, 10.0, 30.0, 100.0]
    assert dataset["dose"].attrs["units"] == "mg/kg"
    assert dataset["bdnf_course"].dims == ("sheet", "dose", "seed", "time")
    assert not dataset["rate"].isnull().any()
    block = dataset["block"].sel(readout="peak", population="Pyr", subunit="2A").values.ravel()
    assert block[0] == 0 and (np.diff(block) > 0).all()
    with xr.open_dataset(sweep / "sweep.h5", engine="h5netcdf") as stored:
        assert stored["rate"].equals(dataset["rate"])


def test_readout_times_are_the_same_for_all_doses(sweep):
    times = {tuple(read_groups(p, ("traces",))["traces"]["time"].values) for p in sweep.glob("*seed*.h5")}
    assert len(times) == 1
    assert len(next(iter(times))) <= 30


def test_spikes_are_stored_in_the_sonata_layout_and_agree_with_the_counts(sweep):
    path = next(p for p in sweep.glob("*dose-10_*.h5"))
    with h5py.File(path) as file:
        assert file.attrs["magic"] == 0x0A7A
        counts, first = file["cells/spike_count"][()], 0
        for population, size in (("Pyr", 400), ("PV", 40), ("SST", 30), ("VIP", 30)):
            group = file[f"spikes/{population}"]
            ids = group["node_ids"][()]
            assert group["timestamps"].attrs["units"] == "ms"
            assert np.array_equal(
                np.bincount(ids, minlength=size), counts[:, first : first + size].sum(axis=0)
            )
            first += size
    assert len(list(sweep.glob("*seed*.h5"))) == len(read_manifest(sweep)["runs"]) == 6


def test_an_unwritable_sweep_is_a_store_error(sweep, tmp_path):
    with pytest.raises(StoreError):
        write_sweep(load(sweep), tmp_path / "absent")


def test_a_variable_of_every_kind_survives_the_digest(tmp_path):
    # The digest sees text and numbers alike: two different texts give two digests.
    seen = set()
    for label in ("a", "b"):
        with h5py.File(tmp_path / f"{label}.h5", "w") as file:
            file.create_dataset("name", data=np.array([label], dtype=object), dtype=h5py.string_dtype())
            seen.add(content_digest(file))
    assert len(seen) == 2
    assert Variable(("x",), np.zeros(1), "1", "").dimensions == ("x",)
