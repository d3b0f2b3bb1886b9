"""The layout of result files: what other programs need to read them, and files of the layout before."""

from __future__ import annotations

import json
import shutil
import tarfile
import warnings
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

from prelimbic import load
from prelimbic.circuits import SETTLE_S
from prelimbic.experiments.storage.dataset import write_sweep
from prelimbic.experiments.storage.store import (
    check_run,
    is_whole,
    read_config,
    read_groups,
    tree,
    write_run,
)
from prelimbic.simulation import config
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.record import arrange
from prelimbic.simulation.run import simulate
from prelimbic.simulation.variable import Groups, Variable
from tests.conftest import brief
from tests.results import POPULATIONS, UNITS, planned, study_of, undescribed, written

# written by version 0.6.0: one run, and the study of tests.results
SCHEMA_3 = Path(__file__).parent / "data" / "schema3.tar.xz"
FOUR = [planned(dose, seed) for dose in (0.0, 10.0) for seed in (1, 2)]


@pytest.fixture(scope="module")
def before(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("schema3")
    with tarfile.open(SCHEMA_3) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="module")
def again(before, tmp_path_factory) -> Path:
    """What stands in the run of schema 3, written by this version."""
    path = tmp_path_factory.mktemp("schema4") / "run.h5"
    with h5py.File(before / "run.h5") as file:
        names = (
            "summary",
            "traces",
            "fine",
            "cells",
            "spines",
            *(f"spikes/{name}" for name in file["spikes"]),
        )
    write_run(path, brief(10.0, spikes=True), read_groups(before / "run.h5", names), {"wall_s": 1.0})
    return path


@pytest.fixture(scope="module")
def looped() -> Groups:
    """What the loop of the whole model makes of a brief run."""
    asked = brief(10.0, spikes=True)
    return arrange(asked, simulate(asked, True, lambda seconds: None))


@pytest.fixture(scope="module")
def anew(looped, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("anew") / "run.h5"
    write_run(path, brief(10.0, spikes=True), looped, {"wall_s": 1.0})
    return path


def datasets(path: Path) -> dict[str, h5py.Dataset]:
    """Every dataset of an open file, by its name."""
    found: dict[str, h5py.Dataset] = {}
    h5py.File(path).visititems(
        lambda name, item: found.update({name: item} if isinstance(item, h5py.Dataset) else {})
    )
    return found


def plain(data: h5py.Dataset) -> list[str]:
    """Text as h5py has it, whatever its type."""
    return [text.decode() for text in np.asarray(data[()], dtype=object).ravel()]


# Schema 3


def test_a_run_of_schema_3_is_whole_and_is_read(before, call):
    path = before / "run.h5"
    head = check_run(path)
    assert head["schema_version"] == 3
    assert is_whole(path, head["run_id"])
    assert read_config(path)["species"] == "rat" and len(tree(path)) > 100
    assert read_groups(path, ("summary",))["summary"]["population"].values.tolist() == [
        "Pyr",
        "PV",
        "SST",
        "VIP",
    ]
    for command in ("verify", "inspect"):
        code, out, err = call(command, path)
        assert (code, err) == (0, "") and "whole" in out
    assert call("verify", before / "toy")[0] == 0
    assert "4 of 4 runs" in call("status", before / "toy")[1]


def test_no_layout_renames_a_run(monkeypatch):
    named = brief(10.0, spikes=True).run_id()
    monkeypatch.setattr(config, "SCHEMA_VERSION", 5)
    assert brief(10.0, spikes=True).run_id() == named


def test_a_folder_of_other_ids_is_told_in_one_sentence_and_read(before, call, tmp_path):
    for command in ("verify", "inspect"):
        code, out, _ = call(command, before / "toy")
        assert code == 0 and out.count("ids of runs are made otherwise") == 1
    assert load(before / "toy")["run_id"].size == 4
    study_of(tmp_path / "new", FOUR)
    assert "made otherwise" not in call("verify", tmp_path / "new")[1]


def test_every_number_of_schema_3_stands_in_schema_4_to_the_byte(before, again):
    old, new = datasets(before / "run.h5"), datasets(again)
    assert {*old} <= {*new}
    old = {
        name: data for name, data in old.items() if not name.startswith("numbers/")
    }  # sheets as they were
    numbers = [name for name, data in old.items() if data.dtype.kind != "O" and not name.startswith("row/")]
    assert len(numbers) > 150
    for name in numbers:
        assert (old[name].dtype, old[name].shape) == (new[name].dtype, new[name].shape), name
        assert old[name][()].tobytes() == new[name][()].tobytes(), name
    asked, asked_now = (json.loads(plain(file.pop("config"))[0]) for file in (old, new))
    usual = dict(Hypotheses.__dataclass_fields__)  # switches that came since stand at their defaults
    assert asked | {"hypotheses": {s: usual[s].default for s in usual} | asked["hypotheses"]} == asked_now
    for name in (name for name, data in old.items() if data.dtype.kind == "O"):
        assert plain(old[name]) == plain(new[name]), name
    assert old["row/numbers"][()].tobytes() == new["row/numbers"][()].tobytes()


@pytest.mark.parametrize("anew", [(), (0,), (3,), (1, 2), (0, 1, 2, 3)])
def test_files_of_schema_3_and_4_make_one_dataset(before, tmp_path, anew):
    folder = tmp_path / "toy"
    shutil.copytree(before / "toy", folder)
    runs = json.loads((folder / "study.json").read_text())
    for k in anew:
        item = next(run for run in runs["runs"] if run["place"] == FOUR[k].place)
        item |= {"file": written(folder, FOUR[k]).name, "run_id": FOUR[k].config.run_id()}
    (folder / "study.json").write_text(json.dumps(runs))
    study_of(tmp_path / "new", FOUR)
    assert load(folder).drop_vars("run_id").identical(load(tmp_path / "new").drop_vars("run_id"))


def test_units_of_schema_3_are_those_of_schema_4_in_a_dataset(before, tmp_path):
    shutil.copy(before / "run.h5", tmp_path)
    run = {
        "file": "run.h5",
        "run_id": check_run(tmp_path / "run.h5")["run_id"],
        "place": {"dose": 10.0, "seed": 1},
    }
    (tmp_path / "study.json").write_text(
        json.dumps({"study": "brief", "axes": {"dose": "mg/kg"}, "runs": [run]})
    )
    dataset = load(tmp_path)
    assert {
        variable.attrs["units"] for variable in dataset.data_vars.values() if variable.dtype.kind == "f"
    } <= UNITS
    assert dataset["brain_unbound"].attrs["units"] == "umol/L" and dataset["spines"].attrs["units"] == "1"
    assert dataset.attrs["species"] == "rat" and dataset.attrs["model_version"] == 4


# What other programs need


def test_no_text_has_variable_length_so_octave_reads_all_of_a_file(anew, tmp_path):
    study_of(tmp_path, FOUR)
    for path in (anew, write_sweep(load(tmp_path), tmp_path)):
        for name, data in datasets(path).items():
            assert data.dtype.kind != "O", name
            # of one character it is none for netCDF; of another set Octave cannot read it
            if data.dtype.kind == "S":
                assert (
                    data.dtype.itemsize >= 2 and h5py.check_string_dtype(data.dtype).encoding == "ascii"
                ), name
                assert data.attrs["_Encoding"] == "utf-8", name


def test_spikes_are_stored_as_libsonata_reads_them(anew):
    with h5py.File(anew) as file:
        assert file.attrs["magic"] == 0x0A7A and file.attrs["version"].tolist() == [0, 1]
        for population in ("Pyr", "PV", "SST", "VIP"):
            group = file["spikes"][population]
            assert all(data.compression is None and not data.shuffle for data in group.values())
            order = h5py.check_enum_dtype(group.attrs.get_id("sorting").dtype)
            assert order == {"none": 0, "by_id": 1, "by_time": 2}
            in_order = (np.diff(group["timestamps"][()]) >= 0).all()
            assert group.attrs["sorting"] == (order["by_time"] if in_order else order["none"])
            assert group["timestamps"].attrs["units"] == "ms" and group["node_ids"].dtype == np.uint64


def test_text_beyond_ascii_and_long_text_survive(tmp_path):
    names, long = np.array(["", "ü ± µ", "x"], dtype=object), np.array("y" * 100_000, dtype=object)
    made = {
        "summary": {
            "name": Variable(("name",), names, "", "names"),
            "long": Variable((), long, "", "a long text"),
            "one": Variable(("name",), np.array(["1", "", "2"], dtype=object), "", "short text"),
        }
    }
    run = planned()
    path = written(tmp_path, run, made)
    assert check_run(path)["run_id"] == run.config.run_id()
    read = read_groups(path, ("summary",))["summary"]
    assert {name: variable.values.tolist() for name, variable in read.items()} == {
        name: variable.values.tolist() for name, variable in made["summary"].items()
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with xr.open_dataset(path, group="summary") as opened:
            assert opened["name"].values.tolist() == names.tolist() and opened["one"].values.tolist() == [
                "1",
                "",
                "2",
            ]
            assert str(opened["long"].values) == str(long)


def test_whole_run_opens_without_a_warning_and_without_naming_an_engine(anew):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with xr.open_datatree(anew) as opened:
            opened.load()
    spikes = opened["cells"]["spike_count"]
    assert spikes.groupby("population").sum().sizes == {"time": 6, "population": 4}
    assert str(opened["config"].values).startswith("{")
    assert opened["numbers"]["status"].values.tolist().count("measured") > 0


def test_every_variable_of_a_run_of_the_loop_says_what_it_is_and_in_which_unit(looped):
    assert undescribed(looped) == []


def test_every_variable_of_a_file_has_a_meaning_and_every_number_a_unit(anew, tmp_path):
    study_of(tmp_path, FOUR)
    for path in (anew, write_sweep(load(tmp_path), tmp_path)):
        listed, stored = {name: (unit, meaning) for name, _, unit, meaning in tree(path)}, datasets(path)
        for name, (unit, meaning) in listed.items():
            text = stored[name].dtype.kind == "S"
            assert meaning and (unit == "" if text else unit in UNITS), (name, unit, meaning)


def test_looks_say_how_long_they_were_and_cells_of_which_population_they_are(looped):
    for group in ("traces", "slow", "cells", "lfp", "spines", "raster"):
        assert (
            looped[group]["look_seconds"].dimensions
            == looped[group]["settle_seconds"].dimensions
            == ("time",)
        )
    assert (
        looped["traces"]["look_seconds"].values[2] > 0
        and (looped["traces"]["settle_seconds"].values <= SETTLE_S).all()
    )
    names, counts = np.unique(looped["cells"]["population"].values.astype(str), return_counts=True)
    circuit = brief().described()
    assert dict(zip(names, counts, strict=True)) == dict(zip(POPULATIONS, circuit.counts, strict=True))
    assert looped["cells"]["population"].values[circuit.cells("SST")].tolist() == ["SST"] * circuit.counts[2]


def test_values_of_a_site_say_what_they_stand_for(looped):
    more = looped["spines"]["state"].more
    named = dict(zip(more["flag_meanings"].split(), more["flag_values"].tolist(), strict=True))
    assert named == {
        "vacant": 0,
        "nascent": 1,
        "mature": 2,
        "lost_to_stress_or_baseline": 4,
        "stood_when_stress_began": 8,
    }
    assert more["flag_masks"].tolist() == [3, 3, 3, 4, 8]
