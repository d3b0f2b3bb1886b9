"""States that runs share: what goes on from one is what is computed alone, and nothing needs one."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from rich.console import Console

from prelimbic.experiments.sweep import execute as executing
from prelimbic.experiments.sweep import shelf as shelves
from prelimbic.experiments.sweep.checkpoint import Place
from prelimbic.experiments.sweep.execute import execute, shared
from prelimbic.experiments.sweep.marks import Marks
from prelimbic.experiments.sweep.shelf import SIZE, STATE, Branches, branches, room, shelf
from prelimbic.experiments.sweep.study import Run, StudyError, prepare
from prelimbic.experiments.sweep.watch import Watch
from prelimbic.pharmacology import Dose
from prelimbic.simulation.config import Config
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.protocol import Protocol
from prelimbic.simulation.record import arrange
from prelimbic.simulation.run import simulate
from prelimbic.simulation.variable import Groups
from tests.conftest import brief
from tests.test_checkpoint import same, silent
from tests.test_store import digests

LOOKS = Protocol((-12.0, 0.0, 0.26, 2.0, 2.26, 4.0, 24.0), 0.26, look_scale=0.05, rest=1.0)
KINDS = {
    "doses": [brief(dose, protocol=LOOKS) for dose in (0.0, 10.0)],
    "a second dose": [
        brief(10.0, protocol=LOOKS, doses=(Dose(10.0, "ip"), *more))
        for more in ((), (Dose(10.0, "ip", start=2.0),))
    ],
    "trapping": [
        brief(dose, protocol=LOOKS, hypotheses=Hypotheses(selectivity="use_dependent"))
        for dose in (10.0, 30.0)
    ],
    "sites": [brief(protocol=LOOKS, hypotheses=Hypotheses(site=site)) for site in ("all", "pv")],
    "stress": [
        brief(protocol=replace(LOOKS, stress=spell), hypotheses=Hypotheses(baseline="healthy"))
        for spell in (None, (2.0, 24.0))
    ],
    "64 bits": [
        brief(dose, protocol=LOOKS, numerics=replace(brief().numerics, precision=64)) for dose in (0.0, 3.0)
    ],
}
LONG = ("trapping", "64 bits")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty place for states; programs stay where they are."""
    monkeypatch.setattr(shelves, "cache_folder", lambda: tmp_path / "cache")
    yield tmp_path / "cache" / shelves.FOLDER


def computed(config: Config, wanted: Branches, tmp_path: Path) -> tuple[Groups, float]:
    """A run with a shelf, and how many seconds of it another had computed."""
    own = shelf(config.numerics)
    place = Place(tmp_path / "place", config.run_id(), config.numerics, shelf=own, branches=wanted)
    try:
        return arrange(config, simulate(config, True, silent, place)), place.shared_s
    finally:
        if own is not None:
            own.leave()


def states(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{STATE}"))


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.slow if kind in LONG else ()) for kind in KINDS]
)
def test_a_run_from_a_shared_state_is_the_run_computed_alone(kind: str, cache: Path, tmp_path: Path):
    first, second = KINDS[kind]
    wanted = branches([first, second])
    computed(first, wanted[0], tmp_path)
    found, seconds = computed(second, wanted[1], tmp_path)
    assert seconds >= 1.0 + 0.6
    assert same(found, arrange(second, simulate(second, True, silent)))


def test_only_where_others_part_and_before_anything_is_given_are_states_kept():
    vehicle, ten, thirty = (brief(dose, protocol=LOOKS) for dose in (0.0, 10.0, 30.0))
    assert [list(own) for own in branches([vehicle, ten, thirty])] == [[1], [0, 1], [0, 1]]
    assert [list(own) for own in branches([ten])] == [[0]]
    assert branches([vehicle]) == [{}]


DAMAGE = {
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "turned": lambda path: path.write_bytes(path.read_bytes()[:5000] + b"x" + path.read_bytes()[5001:]),
    "empty": lambda path: path.write_bytes(b""),
    "gone": lambda path: path.unlink(),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.faults if k else ()) for k, kind in enumerate(DAMAGE)]
)
def test_a_state_that_is_not_whole_is_computed_again(kind: str, cache: Path, tmp_path: Path):
    first, second = KINDS["doses"]
    wanted = branches([first, second])
    computed(first, wanted[0], tmp_path)
    for path in states(cache):
        DAMAGE[kind](path)
    found, seconds = computed(second, wanted[1], tmp_path)
    assert seconds == 0.0
    assert same(found, arrange(second, simulate(second, True, silent)))
    assert (computed(first, wanted[0], tmp_path)[1] > 0.0) == (kind != "a folder")  # it is whole again


def test_the_state_of_another_code_is_none(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    first, second = KINDS["doses"]
    wanted = branches([first, second])
    computed(first, wanted[0], tmp_path)
    monkeypatch.setattr(shelves, "_code", lambda: "edited")
    assert computed(second, wanted[1], tmp_path)[1] == 0.0


def test_the_shelf_stays_below_its_size_and_loses_what_was_used_longest_ago(
    cache: Path, monkeypatch: pytest.MonkeyPatch
):
    own = shelf(brief().numerics)
    assert own is not None
    rows = {"x": np.zeros(125_000)}  # a megabyte
    for k in range(3):
        own.keep({0: f"{k:032x}"}, 0, lambda: rows)
        time.sleep(0.02)
    assert own.find({0: f"{0:032x}"}) is not None  # used now
    monkeypatch.setenv(SIZE, "0.0031")
    tight = shelf(brief().numerics)
    assert tight is not None
    tight.keep({0: f"{3:032x}"}, 0, lambda: rows)
    assert [tight.find({0: f"{k:032x}"}) is not None for k in range(4)] == [True, False, True, True]
    tight.leave()


def test_a_size_that_is_none_is_refused_and_0_shares_nothing(monkeypatch: pytest.MonkeyPatch):
    for wrong in ("much", "-1", "nan", "inf"):
        monkeypatch.setenv(SIZE, wrong)
        with pytest.raises(StudyError, match=rf"{SIZE} is '{wrong}' but must be a number of GB"):
            room()
    monkeypatch.setenv(SIZE, "0")
    assert shelf(brief().numerics) is None
    assert set(map(len, shared([Run({"seed": 1}, brief())]).values())) == {0}


def test_a_place_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(shelves, "cache_folder", lambda: tmp_path / "file" / "below")
    assert shelf(brief().numerics) is None


def _holds(folder: Path, name: str, held: object, leave: object) -> None:
    """A process that leases a state, and dies without a word."""
    assert Marks(folder).hold(name, 0.0)
    held.set()  # type: ignore[attr-defined]
    leave.wait(30)  # type: ignore[attr-defined]
    os._exit(1)


@pytest.mark.faults
def test_a_state_under_way_is_waited_for_and_that_of_a_dead_process_is_not(cache: Path):
    own, wanted, context = shelf(brief().numerics), {0: "a" * 32}, multiprocessing.get_context("spawn")
    assert own is not None
    held, leave = context.Event(), context.Event()
    other = context.Process(target=_holds, args=(cache, own._name(wanted[0]), held, leave))
    other.start()
    assert held.wait(60)
    found: list[object] = []
    waiting = threading.Thread(target=lambda: found.append(own.find(wanted)))
    waiting.start()
    waiting.join(1.0)
    assert waiting.is_alive() and not found
    leave.set()
    other.join()
    waiting.join(20)
    assert found == [None]  # computed alone, and leased for others
    assert own._leased == own._name(wanted[0])
    own.leave()
    assert Marks(cache).hold(own._name(wanted[0]), 0.0)


@pytest.mark.slow
def test_a_sweep_shares_gives_the_same_files_and_says_so(cache: Path, tmp_path: Path):
    runs = [Run({"dose": d, "seed": 1}, brief(d, protocol=LOOKS)) for d in (0.0, 10.0, 30.0)]
    prepare(runs)
    quiet = Console(quiet=True)
    execute(runs, tmp_path / "together", 1, True, quiet)
    with pytest.MonkeyPatch.context() as alone:
        alone.setenv(SIZE, "0")
        execute(runs, tmp_path / "alone", 1, True, quiet)
    assert digests(tmp_path / "together") == digests(tmp_path / "alone")
    assert [told(tmp_path / "together" / run.file) > 0 for run in runs][1:] == [True, True]
    assert {told(tmp_path / "alone" / run.file) for run in runs} == {0.0}


def test_workers_begin_with_runs_that_share_nothing_with_those_at_work(tmp_path: Path):
    runs = [Run({"dose": d, "seed": s}, brief(d, s, protocol=LOOKS)) for s in (1, 2) for d in (0.0, 10.0)]
    crew = executing._Crew(runs, tmp_path, 0, True, Watch(Console(quiet=True), runs))
    first = crew._next()
    crew._workers = [SimpleNamespace(run=first)]  # type: ignore[list-item]
    second = crew._next()
    assert [run.place for run in (first, second)] == [{"dose": 0.0, "seed": 1}, {"dose": 0.0, "seed": 2}]
    crew._workers += [SimpleNamespace(run=second)]  # type: ignore[list-item]
    assert crew._next() is runs[1]  # nothing else is left


def told(path: Path) -> float:
    """Seconds that a run file says another run computed."""
    with h5py.File(path) as file:
        return float(file["provenance"].attrs["shared_s"])
