"""A run that is stopped between two looks goes on from there and ends as if it had never been stopped, to
the last bit.
"""

from __future__ import annotations

import zipfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from prelimbic.experiments.sweep import checkpoint
from prelimbic.experiments.sweep import kept as kept_files
from prelimbic.experiments.sweep.checkpoint import Place
from prelimbic.experiments.sweep.study import Run, carry_out, prepare
from prelimbic.pharmacology import Dose
from prelimbic.simulation.config import Config
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.inhibition import Inhibition
from prelimbic.simulation.protocol import Protocol
from prelimbic.simulation.record import arrange
from prelimbic.simulation.run import Paused, simulate
from prelimbic.simulation.variable import Groups
from tests.conftest import SMALL, brief
from tests.test_store import digests

# Looks with and without activity of their own, an antagonist that comes and goes, stress, a block with
# states of its own.
PROTOCOL = Protocol(
    (-12.0, 0.0, 0.26, 2.0, 4.0, 24.0, 48.0),
    0.26,
    look_scale=0.1,
    rest=1.0,
    readouts=("rest", "peak", "24 h"),
)
CASES = {
    "a day": brief(),
    "the default sheet": brief(circuit="dendritic"),
    "64 bits": brief(numerics=replace(brief().numerics, precision=64)),
    "looks that stand in": brief(protocol=replace(PROTOCOL, reused=(4.0, 48.0))),
    "an AMPA antagonist": brief(
        protocol=replace(PROTOCOL, inhibitions=(Inhibition("ampa_antagonist", 0.0, 1.0),))
    ),
    "stress": brief(
        protocol=replace(PROTOCOL, stress=(2.0, 24.0)), hypotheses=Hypotheses(baseline="healthy")
    ),
    "trapping": brief(hypotheses=Hypotheses(selectivity="use_dependent")),
    "spikes": brief(spikes=True),
}
OFTEN = ("the default sheet", "spikes")


def silent(seconds: float) -> None:
    """Nobody listens."""


@cache
def whole(case: str = "a day") -> Groups:
    """What a run gives that is never stopped; computed once."""
    return arrange(CASES[case], simulate(CASES[case], True, silent))


def place(path: Path, config: Config, leave: bool = True) -> Place:
    return Place(path, config.run_id(), config.numerics, lambda: leave)


def in_pieces(config: Config, path: Path) -> tuple[Groups, int]:
    """A run that is stopped after every look, and how often it was."""
    for pieces in range(100):
        bookmark = place(path, config)
        try:
            return arrange(config, simulate(config, True, silent, bookmark)), pieces
        except Paused:
            assert bookmark.kept == bookmark.found + 1 == pieces + 1
    raise AssertionError("the run never ends")


def same(one: Groups, other: Groups) -> bool:
    return {group: set(part) for group, part in one.items()} == {
        group: set(part) for group, part in other.items()
    } and all(
        _bytes(variable.values) == _bytes(other[group][name].values)
        for group, part in one.items()
        for name, variable in part.items()
    )


def _bytes(values: np.ndarray) -> bytes:
    return repr(values.tolist()).encode() if values.dtype.kind == "O" else values.tobytes()


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=() if case in OFTEN else pytest.mark.slow) for case in CASES]
)
def test_a_run_in_pieces_is_the_run_in_one(tmp_path, case):
    config = CASES[case]
    pieces, stops = in_pieces(config, tmp_path / "place")
    assert stops == len(config.protocol.times)
    assert same(pieces, whole(case))


def test_what_was_done_before_is_told_and_not_done_again(tmp_path):
    config, heard = brief(), list[float]()
    with pytest.raises(Paused):
        simulate(config, True, heard.append, place(tmp_path / "place", config))
    first = next(config.protocol.looks()).seconds
    assert sum(heard) == config.protocol.rest + first
    bookmark, heard_later = place(tmp_path / "place", config, leave=False), list[float]()
    simulate(config, True, heard_later.append, bookmark)
    assert bookmark.found == 1 and bookmark.resumed_s == heard_later[0] == sum(heard)
    assert sum(heard_later) == pytest.approx(config.protocol.seconds)


def test_a_place_is_kept_now_and_then_without_stopping(tmp_path, monkeypatch):
    config = brief()
    rarely = place(tmp_path / "other", config, leave=False)
    simulate(config, True, silent, rarely)
    assert rarely.kept == 0 and not (tmp_path / "other").exists()
    monkeypatch.setattr(checkpoint, "EVERY_S", 0.0)
    monkeypatch.setattr(checkpoint, "SHARE", 1e9)  # however long keeping takes
    bookmark = place(tmp_path / "place", config, leave=False)
    simulate(config, True, silent, bookmark)
    assert bookmark.kept == len(config.protocol.times)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory) -> bytes:
    """The place of a run after its first look."""
    path = tmp_path_factory.mktemp("stopped") / "place"
    with pytest.raises(Paused):
        simulate(brief(), True, silent, place(path, brief()))
    return path.read_bytes()


@pytest.fixture
def kept(stopped, tmp_path) -> tuple[Path, Config]:
    (tmp_path / "place").write_bytes(stopped)
    return tmp_path / "place", brief()


def test_the_file_of_a_place_is_numpy_arrays_and_text_alone(kept):
    path, _ = kept
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert names[0] == kept_files.ABOUT and all(name.endswith(".npy") for name in names[1:])
        for name in names[1:]:
            with archive.open(name) as member:
                assert np.lib.format.read_array(member, allow_pickle=False).dtype.kind in "fiub"


OTHERS = {
    "another seed": {"seed": 2},
    "another dose": {"doses": (Dose(3.0, "ip"),)},
    "another size": {"scale": 2 * SMALL},
    "another number": {"overrides": (("circuit.Pyr.leak", 9.0),)},
}


@pytest.mark.parametrize("other", OTHERS)
def test_the_place_of_another_run_is_passed_over(kept, other):
    path, config = kept
    bookmark = place(path, replace(config, **OTHERS[other]))
    with pytest.raises(Paused):
        simulate(replace(config, **OTHERS[other]), True, silent, bookmark)
    assert bookmark.found == 0


def test_the_place_of_another_processor_or_version_is_passed_over(kept, monkeypatch):
    path, config = kept
    monkeypatch.setattr(kept_files, "machine_code", lambda compiled, numerics: {"cpu_target": "another"})
    bookmark = place(path, config, leave=False)
    simulate(config, True, silent, bookmark)
    assert bookmark.found == 0


@pytest.mark.parametrize("keep", [0, 1, 100, 5000, -1])
def test_a_place_that_is_cut_short_is_passed_over(kept, keep):
    path, config = kept
    path.write_bytes(path.read_bytes()[:keep])
    bookmark = place(path, config, leave=False)
    assert same(arrange(config, simulate(config, True, silent, bookmark)), whole())
    assert bookmark.found == 0


def test_a_place_with_one_changed_byte_is_passed_over(kept):
    path, config = kept
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    bookmark = place(path, config, leave=False)
    simulate(config, True, silent, bookmark)
    assert bookmark.found == 0


def test_a_full_disk_stops_no_run_that_could_still_end(tmp_path, monkeypatch):
    config = brief()
    monkeypatch.setattr(checkpoint, "EVERY_S", 0.0)
    bookmark = place(tmp_path / "no such folder" / "place", config, leave=False)
    assert same(arrange(config, simulate(config, True, silent, bookmark)), whole())
    assert bookmark.kept == 0


@pytest.mark.slow
def test_an_interpreted_run_that_has_to_stop_keeps_nothing(tmp_path):
    config = brief(
        protocol=Protocol((0.0, 0.26), 0.26, look_scale=0.01, rest=0.05, readouts=("rest", "peak"))
    )
    with pytest.raises(Paused):
        simulate(config, False, silent, place(tmp_path / "place", config))
    assert not (tmp_path / "place").exists()


def test_a_stored_run_is_the_same_file_whether_it_was_stopped_or_not(tmp_path):
    run = Run({"dose": 10.0, "seed": 1}, brief())
    prepare([run])
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
    carry_out(run, tmp_path / "one", True, silent)
    while True:
        try:
            carry_out(run, tmp_path / "other", True, silent, place(tmp_path / "place", run.config))
            break
        except Paused:
            continue
    assert digests(tmp_path / "one") == digests(tmp_path / "other")
