"""How far a study is, told from names and marks alone; and what of it is damaged."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from prelimbic.experiments.storage.dataset import load, write_sweep
from prelimbic.experiments.storage.made import write_sums
from prelimbic.experiments.sweep.marks import (
    CHECKPOINT,
    FAILED,
    LOST_S,
    RUNNING,
    Failure,
    Holder,
    Mark,
    myself,
)
from prelimbic.experiments.sweep.status import LISTED, status
from prelimbic.experiments.sweep.study import Run
from tests.hostile import put
from tests.results import manifest, planned, study_of
from tests.said import FAILURE, is_one_sentence

RUNS = [planned(dose, seed) for seed in (1, 2, 3) for dose in (0.0, 10.0)]
SECONDS = RUNS[0].config.protocol.seconds
ELSEWHERE = replace(myself(), host="there", machine="another")
KEYS = {
    "folder",
    "study",
    "finished",
    "running",
    "failed",
    "missing",
    "stopped",
    "jobs",
    "others",
    "targets",
    "seconds_left",
}


def mark(folder: Path, run: Run, holder: Holder = ELSEWHERE, age: float = 0.0, **of: Any) -> Path:
    """The mark of a process that has been at a run for 100 s and last said so `age` seconds ago."""
    told = Mark(run.file, holder, time.time() - 100, **({"done_s": 50.0, "total_s": SECONDS} | of))
    path = put(folder / "jobs" / f"{run.file}{RUNNING}", json.dumps(asdict(told)))
    os.utime(path, (time.time() - age,) * 2)
    return path


def failure(folder: Path, run: Run, log: str = "/logs/slurm-7_1.log") -> None:
    told = Failure(
        run.file, "the circuit is too fast", "Traceback", time.time(), replace(ELSEWHERE, log=log, job="7")
    )
    put(folder / "jobs" / f"{run.file}{FAILED}", json.dumps(asdict(told)))


def kept(folder: Path, run: Run) -> None:
    put(folder / "jobs" / f"{run.file}{CHECKPOINT}", b"kept")


@pytest.fixture
def folder(tmp_path) -> Path:
    """A study with two finished runs, and one each that is running, failed, stopped and missing."""
    folder = tmp_path / "study"
    study_of(folder, RUNS, missing=4)
    mark(folder, RUNS[2])
    failure(folder, RUNS[3])
    kept(folder, RUNS[4])
    return folder


def test_every_run_of_a_study_is_told_by_how_far_it_is(call, folder):
    code, out, err = call("status", folder)
    assert (code, err) == (0, "")
    first, *lines = out.splitlines()
    assert first.startswith(
        f"study toy in {folder}: 2 of 6 runs finished, 1 running, 1 failed, 2 missing; about "
    )
    share = round(100 * 50 / SECONDS)
    assert [line.split() for line in lines] == [
        ["running", f"{RUNS[2].file}:", str(share), "%,", "on", "there", "(process", f"{os.getpid()})"],
        ["failed", f"{RUNS[3].file}:", "the", "circuit", "is", "too", "fast;", "log", "/logs/slurm-7_1.log"],
        ["missing", RUNS[4].file, "(stopped;", "resumes", "from", "its", "checkpoint)"],
        ["missing", RUNS[5].file],
    ]


def test_json_holds_exactly_what_there_is_to_know(call, folder):
    code, out, err = call("status", folder, "--json")
    assert (code, err) == (0, "")
    (found,) = json.loads(out)
    assert set(found) == KEYS
    assert (found["study"], found["folder"]) == ("toy", str(folder))
    assert found["finished"] == [run.file for run in RUNS[:2]]
    assert [one["run"] for one in found["running"]] == [RUNS[2].file]
    assert {**found["running"][0], "since": 0, "told": 0} == {
        "run": RUNS[2].file,
        "holder": asdict(ELSEWHERE),
        "since": 0,
        "told": 0,
        "done_s": 50.0,
        "total_s": SECONDS,
        "resumed_s": 0.0,
    }
    assert [(one["run"], one["reason"], one["holder"]["log"]) for one in found["failed"]] == [
        (RUNS[3].file, "the circuit is too fast", "/logs/slurm-7_1.log")
    ]
    assert found["missing"] == [RUNS[4].file, RUNS[5].file]
    assert found["stopped"] == [RUNS[4].file]
    assert found["jobs"] == {}


def test_a_failed_run_without_a_log_is_told_by_the_file_that_tells_more(call, folder):
    failure(folder, RUNS[3], log="")
    assert f"log {folder / 'jobs' / RUNS[3].file}.failed" in call("status", folder)[1]


def test_a_run_that_failed_and_is_tried_again_is_running_and_one_that_was_finished_is_finished(folder):
    mark(folder, RUNS[3])
    failure(folder, RUNS[0])
    kept(folder, RUNS[1])
    mark(folder, RUNS[1])
    found = status(folder)
    assert found.finished == [RUNS[0].file, RUNS[1].file]
    assert [one.run for one in found.running] == [RUNS[2].file, RUNS[3].file]
    assert (found.failed, found.stopped) == ([], {RUNS[4].file})


def test_only_some_of_many_missing_runs_are_named(call, tmp_path):
    runs = [planned(seed=seed) for seed in range(1, LISTED + 6)]
    study_of(tmp_path / "study", runs, missing=len(runs))
    lines = call("status", tmp_path / "study")[1].splitlines()
    assert len(lines) == 1 + LISTED + 1
    assert lines[-1].split() == ["missing", "and", "5", "more"]


# The time that is left


@pytest.mark.parametrize(("resumed", "workers", "pace"), [(0.0, 1, 0.5), (30.0, 1, 0.2), (0.0, 2, 1.0)])
def test_the_time_left_follows_from_the_pace_of_those_at_work(folder, resumed, workers, pace):
    # One that did 50 s in 100 s, or 20 of them, and one that does the same beside it; failed runs are not
    # waited for.
    for run in RUNS[2 : 2 + workers]:
        mark(folder, run, resumed_s=resumed)
    todo = (workers + 2) * SECONDS - 50 * workers
    assert status(folder).left_s == pytest.approx(todo / pace, rel=0.02)


def test_no_time_is_told_where_nobody_is_at_work_or_nothing_is_known_yet(folder):
    mark(folder, RUNS[2], done_s=0.0)
    assert status(folder).left_s is None
    mark(folder, RUNS[2], done_s=30.0, resumed_s=30.0)
    assert status(folder).left_s is None
    (folder / "jobs" / f"{RUNS[2].file}{RUNNING}").unlink()
    assert status(folder).left_s is None


# Marks of processes that are gone


def running_in(folder: Path) -> list[str]:
    return [one.run for one in status(folder).running]


def test_the_mark_of_a_process_of_this_machine_counts_while_it_lives(folder):
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    began = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[19]
    holder = replace(myself(), process=child.pid, began=began)
    mark(folder, RUNS[2], holder)
    assert running_in(folder) == [RUNS[2].file]
    mark(folder, RUNS[2], replace(holder, began="1"))  # an earlier process of the same number
    assert running_in(folder) == []
    mark(folder, RUNS[2], holder)
    child.kill()
    deadline = time.monotonic() + 10
    while running_in(folder) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert running_in(folder) == []  # not yet waited for
    child.communicate()
    assert running_in(folder) == []
    assert RUNS[2].file in status(folder).missing


def test_the_mark_of_another_machine_counts_until_it_was_silent_for_too_long(folder):
    for age, there in ((LOST_S - 20, True), (LOST_S + 1, False), (-60.0, True), (-1e6, False)):
        mark(folder, RUNS[2], age=age)
        assert (running_in(folder) == [RUNS[2].file]) == there, age


def test_a_mark_of_a_run_that_is_not_of_the_study_as_asked_counts_for_nothing(folder):
    mark(folder, planned(3.0))
    failure(folder, planned(3.0))
    found = status(folder)
    assert [one.run for one in found.running] == [RUNS[2].file]
    assert [one.run for one in found.failed] == [RUNS[3].file]


# Folders


def test_a_folder_of_several_studies_tells_each_of_them(call, folder):
    shutil.copytree(folder, folder.parent / "again")
    study_of(folder.parent / "done", RUNS[:1])
    (folder.parent / "figures").mkdir()
    code, out, _ = call("status", folder.parent)
    assert code == 0
    assert [
        line.split(":")[0].split(" in ")[1] for line in out.splitlines() if line.startswith("study ")
    ] == [str(folder.parent / name) for name in ("again", "done", "study")]
    assert [len(one["finished"]) for one in json.loads(call("status", folder.parent, "--json")[1])] == [
        2,
        1,
        2,
    ]


def test_a_study_that_cannot_be_read_does_not_hide_the_others(call, folder):
    study_of(folder.parent / "done", RUNS[:1])
    (folder / "study.json").write_text("{")
    code, out, err = call("status", folder.parent)
    assert (code, out.count("study "), "1 of 1 runs finished" in out) == (FAILURE, 1, True)
    is_one_sentence(err, str(folder), "study.json")
    code, out, err = call("status", folder.parent, "--json")
    assert (code, [one["folder"] for one in json.loads(out)]) == (FAILURE, [str(folder.parent / "done")])
    is_one_sentence(err, str(folder), "study.json")


@pytest.mark.parametrize("command", ["status", "verify"])
@pytest.mark.parametrize("name", ["nothing", "empty", "file.txt/inside"])
def test_a_folder_that_is_none_of_a_study_is_one_sentence(call, tmp_path, command, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.txt").write_text("text")
    code, out, err = call(command, tmp_path / name)
    assert (code, out) == (FAILURE, "")
    is_one_sentence(err, str(tmp_path / name))


def test_of_a_run_file_nothing_but_the_seal_is_read_and_none_is_waited_for(call, folder, monkeypatch):
    put(folder / RUNS[0].file, b"damaged")
    (folder / RUNS[1].file).unlink()
    os.mkfifo(folder / RUNS[1].file)  # who opens it waits for ever
    monkeypatch.setattr("prelimbic.experiments.storage.reader._Reader", None)
    code, out, err = call("status", folder)
    assert (code, err) == (0, "")
    assert "2 of 6 runs finished" in out


def test_asking_leaves_no_trace_in_a_folder_that_cannot_be_written(call, folder):
    before = sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
    for path in (folder, folder / "jobs"):
        path.chmod(0o555)
    try:
        assert call("status", folder)[0] == call("verify", folder)[0] == 0
    finally:
        for path in (folder, folder / "jobs"):
            path.chmod(0o755)
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*")) == before


# What is damaged


def test_verify_of_a_file_tells_whether_it_is_whole(call, folder):
    path = folder / RUNS[0].file
    assert call("verify", path) == (0, f"{path}: whole\n", "")
    put(path, path.read_bytes()[:-1])
    code, out, err = call("verify", path)
    assert (code, out) == (FAILURE, "")
    is_one_sentence(err, str(path))


def test_missing_runs_are_no_damage(call, folder):
    code, out, err = call("verify", folder)
    assert (code, err) == (0, "")
    assert out == f"study toy in {folder}: 2 of 6 runs are whole, 0 files damaged, 4 missing\n"


def test_verify_of_a_study_names_every_damaged_file_and_no_other(call, folder):
    write_sweep(load(folder), folder)
    write_sums(folder, ["study.json", "sweep.h5", "summary.csv"])
    shutil.copy(folder / RUNS[0].file, folder / RUNS[5].file)  # a run under another's name
    shutil.copy(folder / RUNS[0].file, folder / "stranger.h5")
    shutil.copy(folder / RUNS[0].file, folder / "bad_stranger.h5")
    for name in (RUNS[1].file, "sweep.h5", "bad_stranger.h5"):
        content = bytearray((folder / name).read_bytes())
        content[len(content) // 2] ^= 1
        put(folder / name, content)
    code, out, err = call("verify", folder)
    assert code == FAILURE
    is_one_sentence(err, "4 damaged files")
    *damaged, last = out.splitlines()
    assert sorted(line.split()[0] for line in damaged) == sorted(
        str(folder / name) for name in (RUNS[1].file, RUNS[5].file, "sweep.h5", "bad_stranger.h5")
    )
    assert last == f"study toy in {folder}: 1 of 6 runs are whole, 4 files damaged, 3 missing"


def test_verify_of_a_folder_of_studies_names_what_is_damaged_in_each(call, folder):
    for name in ("again", "good", "lost"):
        shutil.copytree(folder, folder.parent / name)
    for name in ("again", "study"):
        put(folder.parent / name / RUNS[0].file, b"damaged")
    (folder.parent / "lost" / "study.json").write_text("{")
    code, out, err = call("verify", folder.parent)
    assert code == FAILURE
    is_one_sentence(err, "3 damaged files")
    lines = out.splitlines()
    assert [line for line in lines if line.startswith("study ")] == [
        f"study toy in {folder.parent / name}: {whole} of 6 runs are whole, {bad} files damaged, 4 missing"
        for name, whole, bad in (("again", 1, 1), ("good", 2, 0), ("study", 1, 1))
    ]
    rest = [line.split()[0] for line in lines if not line.startswith("study ")]
    assert rest == [
        str(folder.parent / name) for name in (f"again/{RUNS[0].file}", "lost", f"study/{RUNS[0].file}")
    ]


def test_a_study_as_it_is_computed_has_its_lengths_in_the_manifest(folder):
    assert [run["seconds"] for run in manifest(folder)["runs"]] == [
        run.config.protocol.seconds for run in RUNS
    ]
