"""What `verify` can see: a change of any file of a study, also where a program that opened it for writing
took its seal away.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from prelimbic import load
from prelimbic.experiments.storage.dataset import write_sweep
from prelimbic.experiments.storage.files import DamagedError, publish, sealed
from prelimbic.experiments.storage.made import SUMS, difference, write_sums
from prelimbic.experiments.storage.manifest import MANIFEST, SUMMARY, SWEEP
from prelimbic.experiments.storage.store import (
    NO_CHECKSUM,
    NO_SEAL,
    SEAL_GONE,
    SEAL_HOLDS,
    check_run,
    check_sweep,
    is_whole,
)
from prelimbic.experiments.sweep.study import write_manifest
from tests.results import STUDY, groups, manifest, of_earlier_version, planned, study_of, unsealed, written
from tests.said import FAILURE, is_one_sentence

RUNS = [planned(dose, seed) for dose in (0.0, 10.0) for seed in (1, 2)]
FIGURE = "toy.png"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A study with all that a report leaves in its folder."""
    folder = tmp_path_factory.mktemp("made") / "study"
    study_of(folder, RUNS)
    write_sweep(load(folder), folder)
    (folder / FIGURE).write_bytes(b"a figure")
    write_sums(folder, [MANIFEST, SWEEP, SUMMARY, FIGURE])
    return folder


@pytest.fixture
def folder(tmp_path, made) -> Path:
    return Path(shutil.copytree(made, tmp_path / "study"))


@pytest.fixture
def verified(call, folder) -> Callable[[], tuple[int, str, str]]:
    return lambda: call("verify", folder)


def opened(path: Path, change: Callable[[h5py.File], Any] = lambda file: None) -> None:
    """Open a file for writing, as a user may who owns it, which takes its seal away."""
    path.chmod(0o644)
    with h5py.File(path, "r+") as file:
        change(file)


def told(answer: tuple[int, str, str], name: str, why: str) -> None:
    """Verify names this one file, and why."""
    code, out, err = answer
    assert code == FAILURE
    is_one_sentence(err, "1 damaged file")
    assert [line for line in out.splitlines() if name in line and why in line], out


# A seal that is gone


def test_a_run_file_that_was_only_opened_for_writing_is_whole_and_its_seal_is_gone(folder, call):
    path, run = folder / RUNS[0].file, RUNS[0].config.run_id()
    assert check_run(path)["seal"] == SEAL_HOLDS
    before = check_run(path)
    opened(path)
    assert check_run(path) == before | {"seal": SEAL_GONE}
    assert is_whole(path, run)
    assert load(folder)["run_id"].sel(dose=0.0, seed=1) == run
    code, out, err = call("verify", folder)
    assert (
        (code, err) == (0, "")
        and f"{path}: its seal is gone" in out
        and "4 of 4 runs are whole, 0 files damaged" in out
    )
    code, out, err = call("verify", path)
    assert (code, err) == (0, "") and out.startswith(f"{path}: whole; its seal is gone")
    assert "seal: gone (a program opened the file for writing)" in call("inspect", path)[1]


def test_the_seal_of_a_file_of_an_earlier_version_is_not_gone(folder, call):
    of_earlier_version(folder / RUNS[0].file)
    assert check_run(folder / RUNS[0].file)["seal"] == NO_SEAL
    assert "earlier version" in call("verify", folder)[1]


CHANGES = {
    "a number": lambda file: file["summary/rate"].write_direct(file["summary/rate"][()] + 1),
    "a number and the row": lambda file: (
        file["fine/mtorc1"].write_direct(file["fine/mtorc1"][()] + 1),
        file.pop("row"),
    ),
    "the row": lambda file: file["row/numbers"].write_direct(np.roll(file["row/numbers"][()], 3)),
    "an attribute": lambda file: file.attrs.modify("study", "another"),
    "a unit": lambda file: file["summary/rate"].attrs.modify("units", "kHz"),
    "provenance": lambda file: file["provenance"].attrs.modify("wall_s", 2.0),
    "something new in provenance": lambda file: file["provenance"].create_dataset("note", data=1.0),
    "the configuration": lambda file: (file.pop("config"), file.create_dataset("config", data="{}"))[0],
    "a name": lambda file: file.move("cells/spikes", "cells/others"),
}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(change, id=name, marks=pytest.mark.faults if k % 2 else ())
        for k, (name, change) in enumerate(CHANGES.items())
    ],
)
def test_a_change_of_a_run_file_is_seen_though_the_seal_went_with_it(folder, verified, change):
    path = folder / RUNS[0].file
    opened(path, change)
    assert sealed_no_more(path)
    with pytest.raises(DamagedError, match=r"damaged: its (content|provenance|row) does not match"):
        check_run(path)
    assert not is_whole(path, RUNS[0].config.run_id())
    told(verified(), path.name, "does not match")


def sealed_no_more(path: Path) -> bool:
    return b"prelimbic seal" not in path.read_bytes()


# The sweep

SWEPT = {
    "a number": lambda file: file["rate"].write_direct(file["rate"][()] + 1),
    "one of many": lambda file: file["mtorc1_fine"].__setitem__((1, 1, 3), 9.0),
    "an id": lambda file: file["run_id"].__setitem__((0, 0), "0" * 16),
    "a dose": lambda file: file["dose"].__setitem__(1, 30.0),
    "a unit": lambda file: file["rate"].attrs.modify("units", "kHz"),
    "the study": lambda file: file.attrs.modify("study", "another"),
}


@pytest.mark.parametrize("change", SWEPT.values(), ids=SWEPT)
def test_a_change_of_the_sweep_is_seen_though_the_seal_went_with_it(folder, verified, change):
    assert verified()[0] == 0
    opened(folder / SWEEP, change)
    assert sealed_no_more(folder / SWEEP)
    with pytest.raises(DamagedError, match="its content does not match its digest"):
        check_sweep(folder / SWEEP)
    told(verified(), SWEEP, "does not match its digest")


def test_a_sweep_that_was_only_opened_for_writing_is_whole_and_its_seal_is_gone(folder, verified):
    opened(folder / SWEEP)
    assert check_sweep(folder / SWEEP)[1] == SEAL_GONE
    code, out, err = verified()
    assert (code, err) == (0, "") and f"{folder / SWEEP}: its seal is gone" in out


def test_a_sweep_of_an_earlier_version_is_told_as_such_and_compared_with_its_runs(folder, verified):
    def earlier(file: h5py.File) -> None:
        del file.attrs["content_sha256"]
        del file.attrs["schema_version"]  # sweeps had none

    opened(folder / SWEEP, earlier)
    assert check_sweep(folder / SWEEP)[1] == NO_CHECKSUM
    code, out, err = verified()
    assert (code, err) == (0, "") and f"{folder / SWEEP}: its seal is none, and no other checksum" in out
    for change in ("a number", "one of many", "an id", "a dose"):
        opened(folder / SWEEP, SWEPT[change])
        told(verified(), SWEEP, "was not made from the runs beside it")


def test_bytes_behind_a_sweep_are_no_lost_seal(folder, verified):
    path = folder / SWEEP
    path.chmod(0o644)
    path.write_bytes(unsealed(path.read_bytes()) + b"\nprel")
    told(verified(), SWEEP, "does not match its seal")


def test_a_sweep_that_was_made_of_other_runs_is_stale(folder, verified):
    written(folder, RUNS[1], groups(77.0))  # as by another compiler: the same run, other numbers
    told(verified(), SWEEP, "was not made from the runs beside it: ")


def test_a_sweep_of_fewer_runs_than_are_there_is_stale(folder, made, verified):
    more = [*RUNS, planned(0.0, 3), planned(10.0, 3)]
    write_manifest(STUDY, more, folder)
    assert not (folder / SWEEP).exists()  # taken away with what was asked before
    shutil.copy(made / SWEEP, folder / SWEEP)
    written(folder, more[-1])
    told(verified(), SWEEP, "was not made from the runs beside it: its axes are others")


def test_a_sweep_of_more_runs_than_are_there_is_not_stale(folder, verified):
    (folder / RUNS[0].file).unlink()  # nobody can say what stood in it
    code, out, err = verified()
    assert (code, err) == (0, "") and "3 of 4 runs are whole, 0 files damaged, 1 missing" in out


def test_a_damaged_run_is_no_fault_of_the_sweep(folder, verified):
    path = folder / RUNS[0].file
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1])
    told(verified(), path.name, "does not match its seal")


def test_a_difference_is_told_of_every_variable_that_both_have(folder):
    sweep, dataset = check_sweep(folder / SWEEP)[0], load(folder)
    assert difference(dataset, sweep) == ""
    for name in dataset.data_vars:
        changed = dataset.copy(deep=True)
        changed[name].values.flat[-1] = "x" * 16 if name == "run_id" else 9e9
        assert difference(changed, sweep) != ""
    # of a version that had it not
    assert difference(dataset, {name: v for name, v in sweep.items() if name != "rate"}) == ""
    assert difference(dataset, {name: v for name, v in sweep.items() if name != "run_id"}) != ""


# What else was made


@pytest.mark.parametrize("name", [SUMMARY, FIGURE])
def test_a_table_or_figure_that_was_changed_is_told(folder, verified, name):
    with open(folder / name, "ab") as handle:
        handle.write(b" ")
    told(verified(), name, "is not as it was made")
    (folder / name).unlink()  # whoever takes one away does no damage
    assert verified()[0] == 0


def test_the_sums_are_those_that_sha256sum_reads(folder):
    done = subprocess.run(["sha256sum", "-c", SUMS], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [f"{name}: OK" for name in (MANIFEST, SWEEP, SUMMARY, FIGURE)]


def test_sums_that_are_none_are_told(folder, verified):
    for text in ("\n", "nothing\n", f"{'0' * 64}  ../{SUMMARY}\n", f"{'0' * 63}  {SUMMARY}\n"):
        (folder / SUMS).write_text(text)
        told(verified(), SUMS, "is damaged")
    (folder / SUMS).unlink()
    assert verified()[0] == 0 and f"no {SUMS} (made by an earlier version)" in verified()[1]


def test_a_manifest_that_puts_a_run_at_another_place_is_told_with_and_without_sums(folder, verified):
    found = manifest(folder)
    first, last = found["runs"][0]["place"], found["runs"][-1]["place"]
    found["runs"][0]["place"], found["runs"][-1]["place"] = last, first
    (folder / MANIFEST).write_text(json.dumps(found))
    code, out, _ = verified()
    assert (
        code == FAILURE
        and f"{folder / MANIFEST} lists {RUNS[0].file} with other axes than its file name has" in out
    )
    (folder / SUMS).unlink()
    assert "with other axes than its file name has" in verified()[1]


def test_a_manifest_that_was_changed_otherwise_is_told_while_there_is_a_sweep(folder, verified):
    found = manifest(folder)
    found["axes"]["dose"] = "mg"
    (folder / MANIFEST).write_text(json.dumps(found))
    told(verified(), MANIFEST, "has changed since sweep.h5")
    (folder / SWEEP).unlink()
    assert verified()[0] == 0


# Modes


def test_finished_files_cannot_be_written_and_are_replaced_and_removed_all_the_same(tmp_path):
    before = os.umask(0o027)
    try:
        study_of(tmp_path, RUNS)
        write_sweep(load(tmp_path), tmp_path)
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
        assert {modes[run.file] for run in RUNS} | {modes[SWEEP]} == {0o440}
        assert {modes[MANIFEST], modes[SUMMARY]} == {0o640}
        written(tmp_path, RUNS[0], groups(5.0))
        assert load(tmp_path)["peak_hour"].sel(dose=0.0, seed=1) == 5.0
        write_sweep(load(tmp_path), tmp_path)
    finally:
        os.umask(before)
    shutil.rmtree(tmp_path)


def test_a_folder_that_knows_no_modes_is_written(tmp_path, monkeypatch):
    def refuse(*args: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "fchmod", refuse)
    publish(tmp_path / "file", b"content", finished=True)
    assert (tmp_path / "file").read_bytes() == b"content"


def test_a_digest_that_was_forged_with_its_seal_still_has_to_match(tmp_path):
    path = tmp_path / SWEEP
    study_of(tmp_path, RUNS)
    write_sweep(load(tmp_path), tmp_path)
    opened(path, lambda file: file.attrs.modify("content_sha256", hashlib.sha256().hexdigest()))
    path.write_bytes(sealed(path.read_bytes(), "sweep"))
    with pytest.raises(DamagedError, match="does not match its digest"):
        check_sweep(path)


def test_sums_without_the_manifest_or_the_sweep_are_told(folder, verified):
    lines = (folder / SUMS).read_text().splitlines(keepends=True)
    for left_out in (MANIFEST, SWEEP):
        (folder / SUMS).write_text("".join(line for line in lines if not line.endswith(f"  {left_out}\n")))
        told(verified(), SUMS, f"does not list {left_out}")
    (folder / SUMS).write_text("")
    told(verified(), SUMS, "is damaged")


def test_a_sweep_of_this_version_whose_checksum_is_gone_is_damaged(folder, verified):
    def change(file: h5py.File) -> None:
        del file.attrs["content_sha256"]
        file.attrs["species"] = "human"

    opened(folder / SWEEP, change)
    told(verified(), SWEEP, "does not match its digest")


def test_a_run_file_whose_checksum_is_gone_says_so(folder, verified):
    def change(file: h5py.File) -> None:
        del file["provenance"].attrs["content_sha256"]

    opened(folder / RUNS[0].file, change)
    told(verified(), RUNS[0].file, "its checksum (content_sha256) is gone")


def test_inspect_of_a_folder_counts_what_is_damaged_or_a_link_to_nothing_and_fails(folder, call):
    (folder / RUNS[0].file).unlink()
    (folder / RUNS[0].file).symlink_to(folder / "nowhere.h5")
    code, out, err = call("inspect", folder)
    assert (
        code == FAILURE
        and f"{len(RUNS) - 1} of {len(RUNS)} runs are finished and whole, 1 not to be read here" in out
    )
    is_one_sentence(err, "it is a link to", "which is not there")
    assert "1 of the finished runs cannot be read here" in call("status", folder)[1]
    (folder / RUNS[0].file).unlink()
    (folder / RUNS[0].file).write_bytes(b"junk")
    code, out, err = call("inspect", folder)
    assert code == FAILURE and ", 1 damaged" in out
    is_one_sentence(err, "1 damaged")
