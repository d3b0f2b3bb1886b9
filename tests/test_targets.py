"""A folder whose files were computed by different compilers, processors or packages says so, and to whom."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
import warnings
from collections import Counter
from pathlib import Path

import h5py
import pytest

from prelimbic import load
from prelimbic.circuits import STANDARD
from prelimbic.experiments.storage.dataset import write_sweep
from prelimbic.experiments.storage.files import LONGEST_SEAL, UNREAD, sealed, sealed_target
from prelimbic.experiments.storage.manifest import MANIFEST
from prelimbic.experiments.storage.provenance import compiler_name, target
from prelimbic.experiments.storage.store import check_run, is_whole, write_run
from prelimbic.experiments.storage.targets import MixedTargetsWarning, mixture, targets_of, unlike
from prelimbic.experiments.sweep.status import status
from prelimbic.experiments.sweep.study import Run, write_manifest
from prelimbic.parameters import CIRCUIT
from tests.results import SEAL, STUDY, groups, manifest, planned, unsealed, written
from tests.test_seal import flipped, is_refused

LIBRARIES = "brian2-2.9.0,sympy-1.14.0,numpy-2.3.5,scipy-1.17.1,numba-0.68.1,specparam-2.0.0rc7"
HERE = f"g++-12.2.0,x86_64-68faaea6,e62dff,{LIBRARIES}"
CLANG = f"clang-19.1.7,x86_64-0f0f0f0f,aaaaaa,{LIBRARIES}"
NUMPY = HERE.replace("numpy-2.3.5", "numpy-2.2.6")
FOUR = [planned(dose, seed) for dose in (0.0, 10.0) for seed in (1, 2)]


def computed(folder: Path, run: Run, by: str) -> Path:
    write_run(
        folder / run.file,
        run.config,
        groups(run.place["dose"] + run.place["seed"]),
        {"wall_s": 1.0, "target": by},
    )
    return folder / run.file


@pytest.fixture
def mixed(tmp_path) -> Path:
    """A study of four runs, one of them by another compiler."""
    write_manifest(STUDY, FOUR, tmp_path)
    for run, by in zip(FOUR, (HERE, HERE, CLANG, HERE), strict=True):
        computed(tmp_path, run, by)
    return tmp_path


def resealed(path: Path, by: str) -> None:
    """Let a file say that it was computed by something else."""
    what = re.search(rb"prelimbic seal ([^/ ]+)", path.read_bytes()[-LONGEST_SEAL:])
    path.write_bytes(sealed(unsealed(path.read_bytes()), what[1].decode(), by))


# The seal


def test_a_seal_names_what_computed_a_file_and_the_file_is_whole(tmp_path):
    path = computed(tmp_path, FOUR[0], HERE)
    assert sealed_target(path) == HERE == check_run(path)["provenance"]["target"]
    assert is_whole(path, FOUR[0].config.run_id()) and not is_whole(path, FOUR[1].config.run_id())


def test_the_name_of_this_machine_fits_into_a_seal(tmp_path):
    here = target(True, STANDARD)
    assert len(here.split(",")) == len(HERE.split(",")) and re.fullmatch(r"[\w.+,-]+", here)
    assert len(SEAL.search(computed(tmp_path, FOUR[0], here).read_bytes())[0]) < LONGEST_SEAL
    assert len(",".join(["x" * 24] * 9)) + 120 < LONGEST_SEAL


def test_a_byte_flipped_in_a_seal_that_names_a_target_is_told_by_verify(tmp_path):
    path = computed(tmp_path, FOUR[0], HERE)
    content = path.read_bytes()
    for at in range(len(unsealed(content)), len(content)):
        assert is_refused(path, flipped(content, at, 1), told=at % 30 == 0), content[at:]


def test_a_target_put_into_a_seal_without_its_checksum_is_told(tmp_path):
    path = computed(tmp_path, FOUR[0], HERE)
    assert is_refused(path, path.read_bytes().replace(b"/g++-12.2.0,", b"/g++-13.2.0,"), told=True)


def test_files_without_a_target_are_read_as_before(tmp_path):
    path = written(tmp_path, FOUR[0])
    assert is_whole(path, FOUR[0].config.run_id()) and sealed_target(path) == ""
    path.write_bytes(unsealed(path.read_bytes()))
    assert (
        sealed_target(path) == ""
        and sealed_target(tmp_path / "none") == UNREAD
        and sealed_target(tmp_path) == ""
    )


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("g++ (Debian 12.2.0-14+deb12u1) 12.2.0", "g++-12.2.0"),
        ("g++ (Ubuntu 13.3.0-6ubuntu2~24.04) 13.3.0", "g++-13.3.0"),
        ("Debian clang version 19.1.7 (3~deb12u1)", "clang-19.1.7"),
        ("Apple clang version 15.0.0 (clang-1500.3.9.4)", "clang-15.0.0"),
        ("x86_64-conda-linux-gnu-c++ (conda-forge gcc 14.2.0-1) 14.2.0", "g++-14.2.0"),
        ("something", "g++-unknown"),
    ],
)
def test_a_compiler_is_named_by_kind_and_version(line, name):
    assert compiler_name(line) == name


# What is said


def test_runs_that_were_computed_alike_need_no_word():
    assert mixture(Counter({HERE: 5})) == mixture(Counter({HERE: 5, "": 3})) == mixture(Counter()) == ""
    assert (
        unlike(Counter({HERE: 5}), HERE) == unlike(Counter({"": 5}), HERE) == unlike(Counter(), HERE) == ""
    )


def test_another_compiler_moves_spikes_and_other_packages_last_digits():
    text = mixture(Counter({HERE: 2, CLANG: 1}))
    assert text.startswith(
        "3 runs were not computed alike: 2 by g++ 12.2.0 for x86_64-68faaea6, "
        "1 by clang 19.1.7 for x86_64-0f"
    )
    assert "spikes are others" in text and "--portable" in text
    text = mixture(Counter({HERE: 2, NUMPY: 3}))
    assert text.startswith("5 runs were not computed alike: 3 with numpy 2.2.6, 2 with numpy 2.3.5; ")
    assert "last digits" in text and "--portable" not in text


def test_interpreted_runs_are_told_from_compiled_ones():
    text = mixture(Counter({HERE: 2, f"interpreted,x86_64,,{LIBRARIES}": 1}))
    assert "1 by interpreted" not in text and "1 interpreted for x86_64" in text


def test_other_flags_alone_are_named():
    assert "by g++ 12.2.0 for x86_64-68faaea6 (flags bbbbbb)" in mixture(
        Counter({HERE: 1, HERE.replace("e62dff", "bbbbbb"): 1})
    )


def test_before_computing_it_is_said_what_is_there_from_elsewhere():
    text = unlike(Counter({HERE: 2, CLANG: 3, "": 1}), HERE)
    assert text.startswith(
        "3 of 6 finished runs were computed by clang 19.1.7 for x86_64-0f0f0f0f, "
        "not by g++ 12.2.0 for x86_64"
    )
    assert unlike(Counter({NUMPY: 1}), HERE).startswith(
        "1 of 1 finished runs was computed with numpy 2.2.6, not with numpy 2"
    )


def test_words_of_a_forged_seal_do_nothing_to_a_terminal(tmp_path):
    path = computed(tmp_path, FOUR[0], HERE.replace("g++", "\x1b[31mred"))
    assert sealed_target(path).isprintable()
    assert mixture(Counter({HERE: 1, "nonsense": 1, ",,,": 2, "a,b": 1})) != "never raises"


# Where it is said


def test_status_tells_a_mixed_folder(call, mixed):
    code, out, err = call("status", mixed)
    assert (code, err) == (0, "") and out.splitlines()[1].startswith(
        "  4 runs were not computed alike: 3 by g++ 12.2.0"
    )
    (found,) = json.loads(call("status", mixed, "--json")[1])
    assert found["targets"] == {HERE: 3, CLANG: 1}


def test_status_of_ten_thousand_runs_reads_their_seals_in_no_time(tmp_path):
    write_manifest(STUDY, FOUR[:1], tmp_path)
    first, listed = computed(tmp_path, FOUR[0], HERE), manifest(tmp_path)
    listed["runs"] = [listed["runs"][0] | {"file": f"{k}.h5"} for k in range(10_000)]
    (tmp_path / MANIFEST).write_text(json.dumps(listed))
    for run in listed["runs"]:
        os.link(first, tmp_path / run["file"])
    begun = time.process_time()
    assert status(tmp_path).targets == {HERE: 10_000}
    assert time.process_time() - begun < 2.0


def test_load_warns_of_a_mixed_folder_and_names_its_targets(mixed):
    with pytest.warns(MixedTargetsWarning, match="4 runs were not computed alike: 3 by g"):
        found = load(mixed)
    assert found.attrs["targets"] == sorted([HERE, CLANG])
    write_sweep(found, mixed)


def test_load_of_runs_that_were_computed_alike_warns_of_nothing(tmp_path):
    write_manifest(STUDY, FOUR[:2], tmp_path)
    computed(tmp_path, FOUR[0], HERE)
    written(tmp_path, FOUR[1])
    with warnings.catch_warnings():
        warnings.simplefilter("error", MixedTargetsWarning)
        assert load(tmp_path).attrs["targets"] == [HERE]


@pytest.mark.slow
def test_run_says_it_before_it_computes_and_in_its_answer(call, sweep, tmp_path):
    folder = tmp_path / "mixed"
    shutil.copytree(sweep, folder)
    first, second, *_ = sorted(folder.glob(f"{CIRCUIT}_dose-*.h5"))
    here = sealed_target(first)
    assert here == target(True, STANDARD)
    resealed(first, CLANG)
    second.unlink()
    code, out, _ = call(
        "run", "dose_response", "--seeds", "1", "--scale", "0.5", "--spikes", "--out", folder
    )
    said = " ".join(out.split())
    assert code == 0
    assert said.index("1 of 5 finished runs was computed by clang 19.1.7") < said.index(
        "6 runs were not computed alike: 5 by"
    )
    assert targets_of(sorted(folder.glob(f"{CIRCUIT}_dose-*.h5"))) == {here: 5, CLANG: 1}
    assert sealed_target(second) == here and len(check_run(second)["provenance"]["model_sha256"]) == 64


def test_what_computed_a_file_is_known_when_its_seal_is_gone(mixed):
    for path in mixed.glob("*.h5"):
        path.chmod(0o644)
        with h5py.File(path, "r+"):
            pass
        assert sealed_target(path) == ""
    with pytest.warns(MixedTargetsWarning, match="4 runs were not computed alike"):
        assert load(mixed).attrs["targets"] == sorted([HERE, CLANG])
