"""Folders that were made to harm: what stands in study.json and in marks is checked before it is used, shown
or followed.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prelimbic.experiments.readouts.answer import Answer
from prelimbic.experiments.storage.files import StoreError
from prelimbic.experiments.storage.manifest import read_manifest
from prelimbic.experiments.sweep.conduct import conduct
from prelimbic.experiments.sweep.marks import (
    FAILED,
    RUNNING,
    UNSAID_S,
    Failure,
    Mark,
    Marks,
    failures,
    myself,
    running,
)
from prelimbic.experiments.sweep.study import Options, Study
from prelimbic.simulation.variable import Variable
from tests.fuzz import ask, examples
from tests.hostile import Trap, answers, loaded, put, told
from tests.results import manifest, planned, study_of
from tests.said import FAILURE, is_one_sentence

RUNS = [planned(dose) for dose in (0.0, 10.0)]
RUN, OTHER = RUNS
SECRET = "the-secret-of-another-folder"


@pytest.fixture
def folder(tmp_path) -> Path:
    """A study of two runs, of which the second is missing, beside a file that is nobody's business."""
    study_of(tmp_path / "study", RUNS, missing=1)
    (tmp_path / "secret.h5").write_text(SECRET)
    return tmp_path / "study"


def changed(folder: Path, **changes: object) -> str:
    """study.json with some of its fields changed."""
    return json.dumps(manifest(folder) | changes)


def with_runs(folder: Path, change: dict[str, Any]) -> str:
    return changed(folder, runs=[run | change for run in manifest(folder)["runs"]])


DEEP = 20_000
NONE = {
    "nothing": lambda folder: "",
    "no JSON": lambda folder: "{",
    "no text": lambda folder: b"\xff\xfe\x00",
    "zeros": lambda folder: bytes(100_000),
    "a list": lambda folder: "[]",
    "a number": lambda folder: "1e999",
    "lists thousands deep": lambda folder: "[" * DEEP + "]" * DEEP,
    "objects thousands deep": lambda folder: '{"runs":' * DEEP + "1" + "}" * DEEP,
    "a run thousands deep": lambda folder: changed(folder)[:-1] + ', "x": ' + "[" * DEEP + "]" * DEEP + "}",
    "no runs": lambda folder: changed(folder, runs=[]),
    "runs of numbers": lambda folder: changed(folder, runs=[1, 2]),
    "runs of text": lambda folder: changed(folder, runs="runs"),
    "a file in the folder above": lambda folder: with_runs(folder, {"file": "../secret.h5"}),
    "a file in a folder below": lambda folder: with_runs(folder, {"file": "jobs/x.h5"}),
    "an absolute file": lambda folder: with_runs(folder, {"file": str(folder.parent / "secret.h5")}),
    "the folder above": lambda folder: with_runs(folder, {"file": ".."}),
    "the folder itself": lambda folder: with_runs(folder, {"file": ""}),
    "a file that is no run file": lambda folder: with_runs(folder, {"file": "study.json"}),
    "a file with a zero in its name": lambda folder: with_runs(folder, {"file": "a\0.h5"}),
    "a file that clears the screen": lambda folder: with_runs(folder, {"file": "\x1b[2J.h5"}),
    "a file of two lines": lambda folder: with_runs(folder, {"file": "a\nb.h5"}),
    "a file whose name is no Unicode": lambda folder: with_runs(folder, {"file": "\udcff.h5"}),
    "a number for a file": lambda folder: with_runs(folder, {"file": 3}),
    "a number for a run id": lambda folder: with_runs(folder, {"run_id": 3}),
    "a run id that clears the screen": lambda folder: with_runs(folder, {"run_id": "\x1b[2J"}),
    "a place that is a list": lambda folder: with_runs(folder, {"place": [1, 2]}),
    "no place": lambda folder: with_runs(folder, {"place": {}}),
    "a place of lists": lambda folder: with_runs(folder, {"place": {"dose": [1], "seed": {}}}),
    "a place without end": lambda folder: with_runs(folder, {"place": {"dose": float("inf"), "seed": 1}}),
    "a place that is no number": lambda folder: with_runs(
        folder, {"place": {"dose": float("nan"), "seed": 1}}
    ),
    "a place beyond any float": lambda folder: with_runs(folder, {"place": {"dose": 10**400, "seed": 1}}),
    "a place of none": lambda folder: with_runs(folder, {"place": {"dose": None, "seed": 1}}),
    "a place on another axis": lambda folder: with_runs(folder, {"place": {"other": 1, "seed": 1}}),
    "an axis that is a path": lambda folder: with_runs(folder, {"place": {"../x": 1, "seed": 1}}),
    "axes of numbers": lambda folder: changed(folder, axes={"dose": 3}),
    "axes that are none": lambda folder: changed(folder, axes=3),
    "a study that clears the screen": lambda folder: changed(folder, study="\x1b]0;owned\x07"),
    "a study that is a number": lambda folder: changed(folder, study=3),
    "a length of text": lambda folder: with_runs(folder, {"seconds": "long"}),
    "a length without end": lambda folder: with_runs(folder, {"seconds": float("inf")}),
    "a length beyond any float": lambda folder: with_runs(folder, {"seconds": 10**400}),
}


@pytest.mark.parametrize("case", NONE)
def test_a_study_file_that_is_none_is_one_sentence_everywhere(folder, case):
    put(folder / "study.json", NONE[case](folder))
    for words in (("status", folder), ("status", folder, "--json"), ("inspect", folder)):
        answer = ask(*words)
        assert (answer.code, answer.out) == (FAILURE, "")
        is_one_sentence(answer.err, str(folder), "study.json")
    assert "1 damaged file" in told("verify", folder)
    assert loaded(folder) is None


ODD = {
    "a key twice": lambda folder: changed(folder)[:-1] + ', "study": "again"}',
    "more than is asked": lambda folder: with_runs(folder, {"x": {"y": [1, None]}}),
    "the same run twice": lambda folder: changed(folder, runs=manifest(folder)["runs"] * 2),
    "the same place twice": lambda folder: with_runs(folder, {"place": {"dose": 1.0, "seed": 1}}),
    "no lengths": lambda folder: changed(
        folder, runs=[{k: run[k] for k in ("file", "run_id", "place")} for run in manifest(folder)["runs"]]
    ),
    "an axis that a variable is called": lambda folder: changed(
        folder,
        axes={"rate": ""},
        runs=[run | {"place": {"rate": k, "seed": 1}} for k, run in enumerate(manifest(folder)["runs"])],
    ),
    "an axis that the runs have": lambda folder: changed(
        folder,
        axes={"readout": ""},
        runs=[
            run | {"place": {"readout": "peak", "seed": k}} for k, run in enumerate(manifest(folder)["runs"])
        ],
    ),
    "places that would fill the memory": lambda folder: changed(
        folder,
        axes=dict.fromkeys("abcdefgh", ""),
        runs=[
            manifest(folder)["runs"][0] | {"place": {a: 10 * k + n for n, a in enumerate("abcdefgh")}}
            for k in range(40)
        ],
    ),
}


@pytest.mark.parametrize("case", ODD)
def test_an_odd_study_file_is_read_or_refused_in_one_line(folder, case):
    put(folder / "study.json", ODD[case](folder))
    for words in (("status", folder), ("status", folder, "--json"), ("inspect", folder), ("verify", folder)):
        assert told(*words)
    dataset = loaded(folder)
    if dataset is not None:
        assert dataset["rate"].max() == 1023.0  # the first run's, its dose being 0 and its seed 1


@pytest.mark.parametrize(
    "make",
    [
        os.mkfifo,
        os.mkdir,
        lambda path: path.symlink_to("/dev/zero"),
        lambda path: (path.touch(), os.truncate(path, 1 << 36)),
    ],
)
def test_a_study_file_that_is_a_pipe_a_folder_a_device_or_vast_is_one_sentence(folder, make):
    (folder / "study.json").unlink()
    make(folder / "study.json")
    for command in ("status", "verify", "inspect"):
        assert told(command, folder)
    with pytest.raises(StoreError):
        read_manifest(folder)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ("study", "axes", "runs", "file", "run_id", "place", "seconds")


@given(field=st.sampled_from(FIELDS), value=JSON)
@examples(60)
def test_a_study_file_of_other_types_is_read_or_refused_in_one_line(tmp_path_factory, field, value):
    folder = tmp_path_factory.mktemp("types")
    study_of(folder, RUNS, missing=2)
    put(
        folder / "study.json",
        changed(folder, **{field: value}) if field in FIELDS[:3] else with_runs(folder, {field: value}),
    )
    told("status", folder, "--json")
    told("status", folder)
    loaded(folder)


# Marks

MARK = asdict(
    Mark(OTHER.file, replace(myself(), machine="elsewhere", host="there"), time.time() - 10, 5.0, 20.0)
)
FAILURE_MARK = asdict(Failure(OTHER.file, "why", "", time.time(), myself()))
BAD_MARKS: dict[str, bytes | str] = {
    "nothing": b"",
    "half a mark": json.dumps(MARK)[:60],
    "bytes": bytes(range(256)),
    "much": b"[" + b"1," * 2_000_000,
    "lists thousands deep": "[" * DEEP + "]" * DEEP,
    "a list": "[]",
    "a number": "1e999",
    "no holder": json.dumps(MARK | {"holder": None}),
    "a holder of more": json.dumps(MARK | {"holder": MARK["holder"] | {"x": 1}}),
    "a process that is a path": json.dumps(MARK | {"holder": MARK["holder"] | {"process": "../../etc"}}),
    "a process beyond any number": json.dumps(MARK | {"holder": MARK["holder"] | {"process": 10**500}}),
    "text for numbers": json.dumps(MARK | {"done_s": "5", "total_s": "x"}),
    "no numbers": json.dumps(MARK | {"done_s": float("nan"), "total_s": float("inf")}),
    "lists for numbers": json.dumps(MARK | {"since": [], "done_s": {}}),
    "another run": json.dumps(MARK | {"run": RUN.file}),
    "a run that is a list": json.dumps(MARK | {"run": [1]}),
}


@pytest.mark.parametrize("case", BAD_MARKS)
def test_a_mark_that_is_none_is_nobody_at_work(folder, case):
    path = put(folder / "jobs" / f"{OTHER.file}{RUNNING}", BAD_MARKS[case])
    text = told("status", folder)
    assert told("status", folder, "--json")
    marks = Marks(folder)
    assert not marks.hold(OTHER.file, 1.0)  # it may be one that is just being made
    os.utime(path, (time.time() - UNSAID_S - 1,) * 2)
    assert "elsewhere" not in text and running(folder) == []
    assert "1 missing" in told("status", folder)
    assert marks.hold(OTHER.file, 1.0)


@pytest.mark.parametrize("case", BAD_MARKS)
def test_a_failure_that_is_none_is_no_failure(folder, case):
    put(folder / "jobs" / f"{OTHER.file}{FAILED}", BAD_MARKS[case])
    assert failures(folder) == []
    assert "0 failed, 1 missing" in told("status", folder)
    assert json.loads(told("status", folder, "--json"))[0]["missing"] == [OTHER.file]


EVIL = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202e\r\n" + "x" * 200_000


def test_what_marks_say_reaches_the_terminal_in_printable_lines_of_bounded_length(folder):
    holder = MARK["holder"] | {"host": EVIL[:40], "job": EVIL[:40], "log": EVIL[:40], "machine": "elsewhere"}
    mark = put(folder / "jobs" / f"{OTHER.file}{RUNNING}", json.dumps(MARK | {"holder": holder}))
    assert "1 running" in told("status", folder)
    mark.unlink()
    put(
        folder / "jobs" / f"{OTHER.file}{FAILED}",
        json.dumps(FAILURE_MARK | {"reason": EVIL, "holder": holder}),
    )
    text = told("status", folder)
    assert "1 failed" in text and "\\x1b[2J" in text
    assert max(map(len, text.splitlines())) < 2000
    assert json.loads(told("status", folder, "--json"))[0]["failed"][0]["reason"] == EVIL


def test_names_of_files_and_folders_reach_the_terminal_in_printable_lines(tmp_path):
    folder = tmp_path / "\x1b[2Jred"
    study_of(folder, RUNS)
    put(folder / RUN.file, b"")
    (folder / "\x1b[31mstranger\n.h5").write_bytes(b"")
    put(folder / "jobs" / "\x1b[2J.running", json.dumps(MARK))
    put(folder / "jobs" / "\x1b[2J.failed", json.dumps(FAILURE_MARK))
    put(folder / "jobs" / "\x1b[2J.checkpoint", b"")
    for command in ("status", "verify"):
        assert "\\x1b[2Jred" in told(command, tmp_path)


@pytest.mark.parametrize("end", [RUNNING, FAILED])
@pytest.mark.parametrize(
    "make",
    [
        os.mkfifo,
        os.mkdir,
        lambda path: path.symlink_to("/dev/zero"),
        lambda path: path.symlink_to(path.parents[2] / "secret.h5"),
    ],
)
def test_a_mark_that_is_a_pipe_a_folder_a_device_or_a_link_is_not_opened(folder, make, end):
    (folder / "jobs").mkdir()
    make(folder / "jobs" / f"{OTHER.file}{end}")
    text = told("status", folder)
    assert "0 running, 0 failed, 1 missing" in text and SECRET not in text


def test_what_is_told_of_a_failure_is_not_written_through_a_link(folder):
    path = folder / "jobs" / f"{OTHER.file}{FAILED}"
    path.parent.mkdir()
    path.symlink_to(folder.parent / "secret.h5")
    marks = Marks(folder)
    assert marks.hold(OTHER.file, 1.0)
    marks.failed(OTHER.file, "why")
    assert (folder.parent / "secret.h5").read_text() == SECRET
    assert [failure.reason for failure in failures(folder)] == ["why"]


@given(field=st.sampled_from(sorted(MARK)), value=JSON, end=st.sampled_from([RUNNING, FAILED]))
@examples(60)
def test_a_mark_of_other_types_does_not_end_the_status(tmp_path_factory, field, value, end):
    folder = tmp_path_factory.mktemp("types")
    study_of(folder, RUNS, missing=2)
    put(
        folder / "jobs" / f"{OTHER.file}{end}",
        json.dumps((MARK if end == RUNNING else FAILURE_MARK) | {field: value}),
    )
    assert told("status", folder, "--json")
    assert told("status", folder)


# Pickles


def computed(config, compiled, tell):
    return {"summary": {"x": Variable((), np.array(1.0), "1", "x")}}


@pytest.mark.slow
def test_no_command_loads_a_pickle_from_a_folder(folder, tmp_path, capsys):
    trap = Trap(tmp_path / "sprung")
    pickle = trap.pickled()
    runs = [replace(run, compute=computed) for run in RUNS]
    for name in (
        RUN.file,
        "sweep.h5",
        "stranger.h5",
        *(f"jobs/{OTHER.file}{end}" for end in (RUNNING, FAILED, ".checkpoint")),
        "jobs/round-1.txt",
        "jobs/round-1.sh",
        "jobs/submission.running",
    ):
        put(folder / name, pickle)
    os.utime(folder / "jobs" / f"{OTHER.file}{RUNNING}", (0, 0))
    for command in ("status", "verify", "inspect"):
        told(command, folder)
    answers(folder / RUN.file, RUN.config.run_id())
    loaded(folder)
    study = Study(
        "toy",
        "?",
        {"dose": "mg/kg"},
        lambda options: runs,
        lambda data: Answer((), ""),
        lambda data, folder: [],
    )
    conduct(study, Options(out=folder))
    assert "2 of 2 runs finished" in told("status", folder)
    put(folder / "study.json", pickle)
    for command in ("status", "verify", "inspect"):
        told(command, folder)
    assert loaded(folder) is None
    assert not trap.mark.exists()


def test_the_trap_springs_where_a_pickle_is_loaded(tmp_path):
    import pickle

    trap = Trap(tmp_path / "sprung")
    pickle.loads(trap.pickled())
    assert trap.mark.exists()
