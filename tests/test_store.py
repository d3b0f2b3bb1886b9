"""Result files: whole or absent, readable by anyone, the same bytes for the same seed."""

from __future__ import annotations

import json
import os
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
from prelimbic.experiments.storage.provenance import provenance
from prelimbic.experiments.storage.store import check_run, read_groups, write_run
from prelimbic.experiments.sweep.conduct import conduct
from prelimbic.experiments.sweep.execute import execute
from prelimbic.experiments.sweep.study import DEFAULT_SHEET, Options, Run, Study, prepare
from prelimbic.simulation.record import arrange
from prelimbic.simulation.run import simulate
from prelimbic.simulation.variable import Variable
from tests.conftest import brief

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
    runs = planned()
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
