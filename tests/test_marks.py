"""Marks of who computes a run: exactly one process has it, and what is left of those that are gone stops
nobody.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from prelimbic.experiments.sweep.marks import (
    BEAT_S,
    CHECKPOINT,
    FAILED,
    LOST_S,
    RUNNING,
    UNSAID_S,
    Holder,
    Mark,
    Marks,
    failures,
    myself,
    places,
    running,
)
from tests.engines import ROOT

RUN = "dose-10_seed-1.h5"
THERE = Holder("there", "another machine", 4711, "99")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "jobs").iterdir())


def foreign(folder: Path, holder: Holder = THERE, age: float = 0.0, run: str = RUN) -> Path:
    """The mark that a process of another machine has made so many seconds ago."""
    path = folder / "jobs" / f"{run}{RUNNING}"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(asdict(Mark(run, holder, time.time() - age, 3.0, 9.0))))
    os.utime(path, (time.time() - age,) * 2)
    return path


def holder_of(path: Path) -> Holder:
    return Holder(**json.loads(path.read_text())["holder"])


# A run from its beginning to its end


def test_a_run_is_held_by_one_until_it_is_given_back(tmp_path):
    one, two = Marks(tmp_path, THERE), Marks(tmp_path)
    assert one.hold(RUN, 9.0)
    assert not two.hold(RUN, 9.0) and two.taken(RUN)
    assert one.hold(RUN, 9.0) and not one.taken(RUN)
    assert two.hold("other.h5", 9.0)
    one.release(RUN)
    assert not two.taken(RUN) and two.hold(RUN, 9.0)
    assert names(tmp_path) == [f"{RUN}{RUNNING}", f"other.h5{RUNNING}"]


def test_a_mark_says_who_is_at_work_since_when_and_how_far(tmp_path):
    before, marks = time.time(), Marks(tmp_path)
    marks.hold(RUN, 9.0)
    (mark,) = running(tmp_path)
    assert (mark.run, mark.holder, mark.done_s, mark.total_s, mark.resumed_s) == (
        RUN,
        myself(),
        0.0,
        9.0,
        0.0,
    )
    assert before - 1 <= mark.since <= time.time() and abs(mark.told - mark.since) < 5
    marks.beat(RUN, 4.0, 1.0)
    (later,) = running(tmp_path)
    assert (later.done_s, later.resumed_s, later.since, later.holder) == (4.0, 1.0, mark.since, mark.holder)
    assert names(tmp_path) == [f"{RUN}{RUNNING}"]


def test_every_beat_makes_a_mark_young_again(tmp_path):
    assert BEAT_S * 10 < LOST_S
    marks = Marks(tmp_path, THERE)
    marks.hold(RUN, 9.0)
    path = tmp_path / "jobs" / f"{RUN}{RUNNING}"
    os.utime(path, (time.time() - LOST_S - 1,) * 2)
    assert running(tmp_path) == []
    marks.beat(RUN, 1.0, 0.0)
    assert [mark.run for mark in running(tmp_path)] == [RUN]


def test_a_failure_is_told_until_the_run_is_finished(tmp_path):
    marks = Marks(tmp_path)
    marks.hold(RUN, 9.0)
    marks.failed(RUN, "too fast", "Traceback\n  line")
    (failure,) = failures(tmp_path)
    assert (failure.run, failure.reason, failure.trace, failure.holder) == (
        RUN,
        "too fast",
        "Traceback\n  line",
        myself(),
    )
    assert names(tmp_path) == [f"{RUN}{FAILED}"]
    assert marks.hold(RUN, 9.0)
    assert [one.reason for one in failures(tmp_path)] == ["too fast"]  # until it is finished
    marks.checkpoint(RUN).write_bytes(b"kept")
    assert places(tmp_path) == {RUN}
    marks.finished(RUN)
    assert (names(tmp_path), failures(tmp_path), places(tmp_path)) == ([], [], set())
    marks.tidy()
    assert not (tmp_path / "jobs").exists()


def test_a_place_outlives_the_mark_of_who_kept_it(tmp_path):
    marks = Marks(tmp_path)
    marks.hold(RUN, 9.0)
    marks.checkpoint(RUN).write_bytes(b"kept")
    marks.release(RUN)
    marks.tidy()
    assert names(tmp_path) == [f"{RUN}{CHECKPOINT}"]


def test_what_one_never_held_one_does_not_give_back(tmp_path):
    path = foreign(tmp_path)
    Marks(tmp_path).release(RUN)
    assert path.exists()


# Marks of processes that are gone


@pytest.mark.parametrize(
    ("age", "there"), [(0.0, True), (LOST_S - 20, True), (LOST_S + 1, False), (-1e6, False)]
)
def test_a_mark_of_another_machine_holds_a_run_until_it_was_silent_for_too_long(tmp_path, age, there):
    path, marks = foreign(tmp_path, age=age), Marks(tmp_path)
    assert marks.taken(RUN) == there
    assert marks.hold(RUN, 9.0) != there
    assert holder_of(path) == (THERE if there else myself())


@pytest.mark.parametrize("skew", [-3000.0, -LOST_S, LOST_S, 3000.0])
def test_silence_is_measured_by_the_clock_of_the_folder_whatever_ours_says(tmp_path, monkeypatch, skew):
    young, old = foreign(tmp_path, age=LOST_S / 2), foreign(tmp_path, age=2 * LOST_S, run="old.h5")
    right = time.time
    monkeypatch.setattr("time.time", lambda: right() + skew)
    marks = Marks(tmp_path)
    assert not marks.hold(RUN, 9.0) and marks.taken(RUN)
    assert marks.hold("old.h5", 9.0)
    assert (holder_of(young), holder_of(old)) == (THERE, myself())


def test_a_mark_of_a_process_of_this_machine_that_has_ended_gives_way_at_once(tmp_path):
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    began = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[19]
    lives = replace(myself(), process=child.pid, began=began)
    marks = Marks(tmp_path)
    foreign(tmp_path, replace(lives, began="1"))  # an earlier one of the same number
    assert marks.hold(RUN, 9.0)
    marks.release(RUN)
    foreign(tmp_path, lives)
    assert not marks.hold(RUN, 9.0)
    child.communicate(b"\n")
    assert marks.hold(RUN, 9.0)


@pytest.mark.parametrize(
    ("job", "turn", "gives_way"),
    [("7_1", "1", True), ("7_1", "", False), ("7_2", "1", False), ("", "1", False)],
)
def test_an_earlier_turn_of_the_same_job_gives_way_at_once_wherever_it_was(
    tmp_path, monkeypatch, job, turn, gives_way
):
    monkeypatch.setenv("SLURM_JOB_ID", job)
    # of one that runs on several nodes at once, all are of one turn
    monkeypatch.setenv("SLURM_RESTART_COUNT", turn)
    path = foreign(tmp_path, replace(THERE, job="7_1" if job else ""))
    marks = Marks(tmp_path)
    assert marks.me.job == job
    assert marks.taken(RUN) != gives_way
    assert marks.hold(RUN, 9.0) == gives_way
    assert holder_of(path) == (myself() if gives_way else replace(THERE, job="7_1" if job else ""))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_mark_that_is_half_written_is_somebodys_for_a_moment_only(tmp_path, share):
    path = foreign(tmp_path)
    text = path.read_text()
    path.write_text(text[: int(share * len(text))])
    marks = Marks(tmp_path)
    assert not marks.hold(RUN, 9.0)
    os.utime(path, (time.time() - UNSAID_S - 1,) * 2)
    assert marks.hold(RUN, 9.0)
    assert holder_of(path) == myself()


def test_who_slept_through_the_taking_over_of_a_run_leaves_the_mark_of_who_has_it(tmp_path):
    sleeper = Marks(tmp_path, THERE)
    sleeper.hold(RUN, 9.0)
    path = tmp_path / "jobs" / f"{RUN}{RUNNING}"
    os.utime(path, (time.time() - LOST_S - 1,) * 2)
    marks = Marks(tmp_path)
    assert marks.hold(RUN, 9.0)
    sleeper.beat(RUN, 5.0, 0.0)
    assert holder_of(path) == myself()
    sleeper.release(RUN)
    assert path.exists() and marks.hold(RUN, 9.0)


def test_one_that_finds_a_stale_mark_late_does_not_remove_that_of_who_took_it_over(tmp_path, monkeypatch):
    path = foreign(tmp_path, age=2 * LOST_S)
    quick, late = Marks(tmp_path, replace(THERE, machine="a third")), Marks(tmp_path)
    judge = Mark.current

    def slow(mark: Mark, me: Holder, now: float) -> bool:
        found = judge(mark, me, now)
        if me == late.me and mark.holder == THERE:
            assert quick.hold(RUN, 9.0)  # meanwhile
        return found

    monkeypatch.setattr(Mark, "current", slow)
    assert not late.hold(RUN, 9.0)
    assert holder_of(path) == quick.me
    assert names(tmp_path) == [path.name]


def unlink_of_one_that_dies(path: Path, missing_ok: bool = False) -> None:
    if path.suffix in (RUNNING, ".claim"):
        raise OSError("dead")
    os.unlink(path)


def test_who_died_while_taking_over_a_run_stops_nobody_for_long(tmp_path, monkeypatch):
    foreign(tmp_path, age=2 * LOST_S)
    with monkeypatch.context() as dying:
        dying.setattr(Path, "unlink", unlink_of_one_that_dies)
        with pytest.raises(OSError, match="dead"):
            Marks(tmp_path).hold(RUN, 9.0)
    (claim,) = (path for path in (tmp_path / "jobs").iterdir() if path.name.endswith(".claim"))
    assert not Marks(tmp_path).hold(RUN, 9.0)
    os.utime(claim, (time.time() - LOST_S - 1,) * 2)
    marks = Marks(tmp_path)
    assert marks.hold(RUN, 9.0) or marks.hold(RUN, 9.0)


# Many at once

RACER = """
import json, sys, time
from pathlib import Path
from prelimbic.experiments.sweep.marks import Marks
runs = int(sys.argv[1])
for folder in sys.argv[2:]:
    marks, begin = Marks(Path(folder)), Path(folder, "begin")
    print("ready", flush=True)
    while not begin.exists():
        time.sleep(0.0005)
    print(json.dumps([k for k in range(runs) if marks.hold(f"run-{k}.h5", 1.0)]), flush=True)
sys.stdin.read()
"""


def raced(folders: list[Path], racers: int, runs: int) -> list[Counter[int]]:
    """How many of the processes that begin at once, in one folder after another, got each of its runs."""
    crew = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(runs), *map(str, folders)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for _ in range(racers)
    ]
    try:
        held = []
        for folder in folders:
            for process in crew:
                assert process.stdout.readline() == "ready\n"
            (folder / "begin").touch()
            held.append(Counter(k for process in crew for k in json.loads(process.stdout.readline())))
        return held
    finally:
        for process in crew:
            process.communicate()


def test_of_many_processes_that_begin_at_once_exactly_one_gets_each_run(tmp_path):
    assert raced([tmp_path], 8, 50) == [dict.fromkeys(range(50), 1)]
    assert len(names(tmp_path)) == 50


def test_of_many_processes_that_find_stale_marks_exactly_one_gets_each_run(tmp_path):
    for k in range(50):
        foreign(tmp_path, age=2 * LOST_S, run=f"run-{k}.h5")
    (held,) = raced([tmp_path], 8, 50)
    assert max(held.values()) == 1
    assert len(held) >= 45  # one whom another stops in taking over comes back later
    assert all(name.endswith(RUNNING) for name in names(tmp_path))


@pytest.mark.faults
@pytest.mark.parametrize("stale", [False, True])
def test_in_many_races_nobody_gets_what_another_has(tmp_path, stale):
    turns = [tmp_path / str(turn) for turn in range(10)]
    for folder in turns:
        folder.mkdir()
        for k in range(400 if stale else 0):
            foreign(folder, age=2 * LOST_S, run=f"run-{k}.h5")
    for held in raced(turns, 8, 400):
        assert max(held.values()) == 1 and len(held) >= 360
