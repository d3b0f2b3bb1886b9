"""The seal and the row of a run file: no damage goes unseen, and files from before them are read as well."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from prelimbic import load
from prelimbic.experiments.storage.dataset import write_sweep
from prelimbic.experiments.storage.files import StoreError, seal_holds, sealed
from prelimbic.experiments.storage.store import NO_SEAL, check_run, is_whole, read_config, read_groups
from prelimbic.experiments.sweep.verify import check_file
from prelimbic.simulation.variable import Groups, Variable
from tests.fuzz import examples
from tests.hostile import put
from tests.results import LOOKS, groups, of_earlier_version, planned, reworked, study_of, unsealed, written
from tests.said import FAILURE, is_one_sentence

RUN = planned()
RUN_ID = RUN.config.run_id()
FOUR = [planned(dose, seed) for dose in (0.0, 10.0) for seed in (1, 2)]


@pytest.fixture(scope="module")
def run_bytes(tmp_path_factory) -> bytes:
    return written(tmp_path_factory.mktemp("whole"), RUN).read_bytes()


@pytest.fixture(scope="module")
def scratch(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("scratch") / RUN.file


def is_refused(path: Path, content: bytes, told: bool = False) -> bool:
    """Whether a file with this content is taken for no whole run, which `told` has verify say too."""
    put(path, content)
    if told:
        with pytest.raises(StoreError):
            check_file(path, RUN_ID)
    return not is_whole(path, RUN_ID)


def flipped(content: bytes, at: int, bits: int) -> bytes:
    return content[:at] + bytes([content[at] ^ bits]) + content[at + 1 :]


# Damage


def test_a_file_as_it_was_written_is_whole(run_bytes, scratch):
    scratch.write_bytes(run_bytes)
    check_file(scratch, RUN_ID)
    assert is_whole(scratch, RUN_ID)


def test_one_byte_flipped_anywhere_is_found(run_bytes, scratch):
    # the last ones are the seal
    sample = [*range(0, len(run_bytes), 199), *range(len(run_bytes) - 120, len(run_bytes))]
    assert all(is_refused(scratch, flipped(run_bytes, at, 1 << at % 8)) for at in sample)


@pytest.mark.faults
def test_one_byte_flipped_in_the_seal_is_told_by_verify(run_bytes, scratch):
    for at in range(len(unsealed(run_bytes)), len(run_bytes)):
        assert is_refused(scratch, flipped(run_bytes, at, 1), told=True)


@given(data=st.data())
@examples(60)
def test_any_byte_changed_to_any_other_is_told_by_verify(run_bytes, scratch, data):
    at = data.draw(st.integers(0, len(run_bytes) - 1))
    assert is_refused(scratch, flipped(run_bytes, at, data.draw(st.integers(1, 255))), told=True)


@pytest.mark.faults
def test_a_flipped_byte_anywhere_is_found(run_bytes, scratch):
    assert all(is_refused(scratch, flipped(run_bytes, at, 0x80)) for at in range(0, len(run_bytes), 5))


def test_a_file_cut_at_any_length_is_told_by_verify(run_bytes, scratch):
    lengths = [
        *range(0, len(run_bytes), len(run_bytes) // 25),
        *range(len(run_bytes) - 130, len(run_bytes), 5),
    ]
    for length in lengths:
        if length != len(unsealed(run_bytes)):  # all but the seal
            assert is_refused(scratch, run_bytes[:length], told=True), length


JUNK = {
    "a line": b"\n",
    "a zero": b"\0",
    "as long as a seal": b"x" * 120,
    "longer than where a seal is looked for": b"x" * 500,
    "longer than what is read at once": b"\0" * ((1 << 20) + 7),
    "the beginning of a seal": b"\nprelimbic seal ",
    "the seal of other content": sealed(b"", RUN_ID),
}


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
def test_what_was_appended_is_told_by_verify(run_bytes, scratch, junk):
    assert is_refused(scratch, run_bytes + junk, told=True)


def test_a_file_behind_itself_is_told_by_verify(run_bytes, scratch):
    assert is_refused(scratch, run_bytes * 2, told=True)


def test_two_files_of_which_one_was_copied_over_the_beginning_of_the_other_are_told(
    run_bytes, scratch, tmp_path
):
    other = written(tmp_path, planned(seed=2)).read_bytes()
    assert is_refused(scratch, other[:9000] + run_bytes[9000:], told=True)


def test_damage_after_a_file_was_found_whole_is_found_though_its_time_and_size_stay(run_bytes, tmp_path):
    # Its inode does not: a file that was replaced is another.
    path = tmp_path / RUN.file
    put(path, run_bytes)
    assert is_whole(path, RUN_ID)
    other = tmp_path / "other"
    other.write_bytes(flipped(run_bytes, 5000, 1))
    shutil.copystat(path, other)
    other.replace(path)
    assert not is_whole(path, RUN_ID)


def test_a_run_under_the_name_of_another_is_not_taken_for_it(tmp_path):
    paths = study_of(tmp_path, FOUR)
    put(paths[3], paths[0].read_bytes())
    assert is_whole(paths[0], FOUR[0].config.run_id())
    assert not is_whole(paths[3], FOUR[3].config.run_id())
    dataset = load(tmp_path)
    assert dataset["run_id"].sel(dose=10.0, seed=2) == ""
    assert np.isnan(dataset["rate"].sel(dose=10.0, seed=2)).all()
    with pytest.raises(StoreError, match=f"is run {FOUR[0].config.run_id()}, not {FOUR[3].config.run_id()}"):
        check_file(paths[3], FOUR[3].config.run_id())


def test_a_sweep_file_that_was_damaged_is_told_by_verify(call, tmp_path):
    study_of(tmp_path / "study", FOUR)
    path = write_sweep(load(tmp_path / "study"), tmp_path / "study")
    assert call("verify", tmp_path / "study")[0] == 0
    whole = path.read_bytes()
    for content in (flipped(whole, 3000, 4), whole[:-300], whole + b"\n", b""):
        put(path, content)
        code, out, err = call("verify", tmp_path / "study")
        assert code == FAILURE and str(path) in out
        is_one_sentence(err, "1 damaged file")


# Versions


def test_a_file_of_an_earlier_version_is_whole_and_holds_the_same(tmp_path):
    new = written(tmp_path, RUN)
    head, config, read = check_run(new), read_config(new), read_groups(new, ("summary", "traces", "fine"))
    of_earlier_version(new)
    assert seal_holds(new, RUN_ID) is None
    assert is_whole(new, RUN_ID)
    assert check_run(new) == head | {"seal": NO_SEAL}
    assert read_config(new) == config
    assert values(read_groups(new, ("summary", "traces", "fine"))) == values(read)


def values(read: Groups) -> dict[str, object]:
    return {
        f"{group}/{name}": (v.dimensions, v.unit, v.values.tolist())
        for group, part in read.items()
        for name, v in part.items()
    }


@pytest.mark.parametrize("old", [(0,), (3,), (1, 2), (0, 1, 2, 3)])
def test_files_of_earlier_versions_and_new_ones_make_the_dataset_of_new_ones(tmp_path, old):
    paths = study_of(tmp_path, FOUR)
    new = load(tmp_path)
    for k in old:
        of_earlier_version(paths[k])
    assert load(tmp_path).identical(new)
    assert new["rate"].sel(dose=10.0, seed=2, readout="24 h", population="SST") == 12022.0
    assert new["run_id"].values.ravel().tolist() == [run.config.run_id() for run in FOUR]


@pytest.mark.parametrize("layout", [1, 2, 99])
def test_another_layout_is_refused_by_its_number_and_does_not_concern_the_status(call, tmp_path, layout):
    folder = tmp_path / "study"
    path = study_of(folder, [RUN])[0]
    reworked(path, lambda file: file.attrs.modify("schema_version", layout))
    if layout < 3:
        of_earlier_version(path)
    for command in ("verify", "inspect"):
        code, out, err = call(command, path)
        assert (code, out) == (FAILURE, "")
        is_one_sentence(err, str(path), f"layout {layout}, this version reads 3")
    code, out, err = call("verify", folder)
    assert code == FAILURE and f"layout {layout}" in out
    is_one_sentence(err, "1 damaged file")
    code, out, err = call("status", folder)
    assert (code, err) == (0, "")
    assert "1 of 1 runs finished" in out


# The row

CONTRADICTIONS = {
    "another number": lambda file: file["row/numbers"].write_direct(np.roll(file["row/numbers"][()], 3)),
    "another layout": lambda file: file["row"].attrs.modify("layout", "0" * 16),
    "another number in the group": lambda file: file["summary/rate"].write_direct(
        file["summary/rate"][()] + 1
    ),
    "another unit in the group": lambda file: file["traces/rate"].attrs.modify("units", "kHz"),
    "a variable that the row lacks": lambda file: file.move("cells/spikes", "fine/spikes"),
}


@pytest.mark.parametrize("change", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_a_row_that_contradicts_its_groups_is_told_by_verify(tmp_path, change):
    path = reworked(written(tmp_path, RUN), change)
    with pytest.raises(StoreError, match="its row does not match its content"):
        check_file(path, RUN_ID)


def test_a_row_of_another_size_leaves_its_run_missing_and_all_others_in_their_place(tmp_path):
    paths = study_of(tmp_path, FOUR)
    whole = load(tmp_path)
    for k, numbers in ((1, np.zeros(7, np.uint8)), (2, np.zeros((0,), np.uint8))):
        reworked(paths[k], lambda file, numbers=numbers: replaced(file, "row/numbers", numbers))
    found = load(tmp_path)
    assert found["run_id"].values.tolist() == [[FOUR[0].config.run_id(), ""], ["", FOUR[3].config.run_id()]]
    for place in ({"dose": 0.0, "seed": 1}, {"dose": 10.0, "seed": 2}):
        assert found.sel(place).drop_attrs(deep=False).identical(whole.sel(place).drop_attrs(deep=False))


def replaced(file: h5py.File, name: str, data: np.ndarray) -> None:
    del file[name]
    file[name] = data


def test_a_file_that_claims_the_layout_of_others_does_not_lay_them_out(tmp_path):
    # The first file says that it is laid out like the others, but its groups hold the same numbers under
    # other names.
    paths = study_of(tmp_path, FOUR)
    whole = load(tmp_path)

    def renamed(file: h5py.File) -> None:
        for name in ("rate", "looks"):
            file.move(f"traces/{name}", f"traces/other_{name}")

    reworked(paths[0], renamed)
    assert load(tmp_path).isel(seed=1).identical(whole.isel(seed=1))


# The sweep


def test_a_sweep_opens_in_xarray_with_named_dimensions_and_no_warning(tmp_path):
    study_of(tmp_path, FOUR, missing=1)
    dataset = load(tmp_path)
    path = write_sweep(dataset, tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for engine in ("h5netcdf", None):
            with xr.open_dataset(path, engine=engine) as found:
                found.load()
    assert found.equals(dataset)
    assert found["rate"].dims == ("dose", "seed", "readout", "population")
    assert found["mtorc1_fine"].dims == ("dose", "seed", "moment")
    assert found["rate"].attrs == {"units": "Hz", "long_name": "firing rate"}
    assert found["dose"].attrs["units"] == "mg/kg" and found.attrs["study"] == "toy"
    missing = {"dose": 10.0, "seed": 2}
    assert np.isnan(found["rate"].sel(missing)).all() and found["run_id"].sel(missing) == ""
    assert int(found["rate"].isnull().sum()) == 3 * 4


# Runs that are laid out otherwise than others


def laid_out(folder: Path, *made: Groups) -> xr.Dataset:
    runs = [planned(seed=seed + 1) for seed in range(len(made))]
    study_of(folder, runs, missing=len(runs))
    for run, one in zip(runs, made, strict=True):
        written(folder, run, one)
    return load(folder).sel(dose=10.0)


def test_runs_with_looks_at_other_times_keep_every_value_at_its_time(tmp_path):
    later = LOOKS + np.array([0, 0, 0.5, 0, 24])
    found = laid_out(tmp_path, groups(1.0), groups(2.0, later), groups(3.0, LOOKS[:2]))
    assert found["time"].values.tolist() == sorted({*LOOKS, *later})
    rate = found["rate_course"].sel(population="PV")
    for seed, times in ((1, LOOKS), (2, later), (3, LOOKS[:2])):
        there = rate.sel(seed=seed).dropna("time")
        assert there["time"].values.tolist() == times.tolist()
        assert there.values.tolist() == [seed + time for time in times]
        assert found["rate"].sel(seed=seed, readout="peak", population="VIP") == 1000 * seed + 13


def test_runs_with_other_readouts_keep_every_value_at_its_name(tmp_path):
    found = laid_out(tmp_path, groups(1.0), groups(2.0, readouts=("24 h", "7 d", "rest")))
    rate = found["rate"].sel(population="Pyr")
    assert rate.sel(seed=1).to_series().dropna().to_dict() == {
        "rest": 1000.0,
        "peak": 1010.0,
        "24 h": 1020.0,
    }
    assert rate.sel(seed=2).to_series().dropna().to_dict() == {"24 h": 2000.0, "7 d": 2010.0, "rest": 2020.0}


def test_runs_without_a_group_or_a_variable_are_nan_there_only(tmp_path):
    bare, poor = groups(2.0), groups(3.0)
    del bare["traces"], bare["fine"], poor["summary"]["rate"]
    found = laid_out(tmp_path, groups(1.0), bare, poor)
    assert found["mtorc1_fine"].notnull().all("moment").values.tolist() == [True, False, True]
    assert found["rate_course"].notnull().any(("time", "population")).values.tolist() == [True, False, True]
    assert found["rate"].notnull().any(("readout", "population")).values.tolist() == [True, True, False]
    assert found["peak_hour"].values.tolist() == [1.0, 2.0, 3.0]


def test_a_variable_that_lies_on_other_dimensions_in_another_run_is_a_sentence(tmp_path):
    other = groups(2.0)
    other["summary"]["rate"] = Variable(("population",), np.zeros(4), "Hz", "firing rate")
    with pytest.raises(StoreError, match="do not go together"):
        laid_out(tmp_path, groups(1.0), other)
