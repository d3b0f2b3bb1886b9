"""Laws of calibration: the background that holds a circuit at its rates, and what is refused."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from prelimbic.circuits import Calibration, CalibrationError, Circuit, calibrate
from prelimbic.parameters import CIRCUITS, POPULATIONS
from tests.conftest import small_circuit
from tests.said import FAILURE, USAGE, is_one_sentence

steps = importlib.import_module("prelimbic.circuits.calibrate")
TARGETS = np.array([p.target_rate for p in small_circuit().populations])


def rates(circuit: Circuit) -> np.ndarray:
    return np.array([p.background_rate for p in circuit.populations])


def with_rates(circuit: Circuit, values: np.ndarray) -> Circuit:
    return replace(
        circuit,
        populations=tuple(
            replace(p, background_rate=float(v)) for p, v in zip(circuit.populations, values, strict=True)
        ),
    )


def same_but_background(one: Circuit, other: Circuit) -> bool:
    return with_rates(one, rates(other)) == other


@pytest.fixture
def short(monkeypatch):
    """A calibration of few and short looks."""
    for name, value in {
        "COARSE_LOOKS": 12,
        "COARSE_S": 0.5,
        "COARSE_GAIN": (0.1, 0.2, 0.4, 0.4),
        "PROBE_S": 2.0,
        "NEWTON_STEPS": 12,
        "NEWTON_S": 2.0,
        "CHECK_S": 8.0,
    }.items():
        monkeypatch.setattr(steps, name, value)
    return monkeypatch


@pytest.fixture
def hopeless(short):
    for name, value in {
        "COARSE_LOOKS": 1,
        "NEWTON_STEPS": 1,
        "PROBE_S": 0.2,
        "NEWTON_S": 0.2,
        "CHECK_S": 0.5,
    }.items():
        short.setattr(steps, name, value)
    return short


@pytest.fixture
def at_once(monkeypatch):
    """The command with a calibration that finds rates half as high again without spiking; what it was asked
    is kept.
    """
    asked: list[tuple[Circuit, int, tuple[str, ...]]] = []

    def found(circuit: Circuit, wirings: int, free: tuple[str, ...], tell: object) -> Calibration:
        asked.append((circuit, wirings, free))
        moved = with_rates(circuit, rates(circuit) * np.where([p in free for p in POPULATIONS], 1.5, 1.0))
        return Calibration(
            moved, (1,) * wirings, np.tile(TARGETS, (wirings, 1)), np.ones((wirings, len(POPULATIONS)))
        )

    monkeypatch.setattr("prelimbic.experiments.cli.calibrating.calibrate", found)
    return asked


# Finding the background


def test_from_half_the_background_a_circuit_comes_back_near_its_rates_and_nothing_else_is_moved(short):
    circuit = small_circuit()
    half = with_rates(circuit, rates(circuit) / 2)
    said: list[tuple[str, np.ndarray]] = []
    found = calibrate(half, 2, tell=lambda stage, rate: said.append((stage, rate)), tolerance=0.2)
    assert (np.abs(said[0][1] / TARGETS - 1) > 0.5).all()  # where it began
    assert (np.abs(found.rate.mean(axis=0) / TARGETS - 1) < 0.2).all()
    assert same_but_background(found.circuit, circuit)
    assert np.abs(np.log(rates(found.circuit) / rates(circuit))).max() < 0.3
    assert [stage for stage, _ in said].index("check") == len(said) - 1


@pytest.mark.parametrize(
    ("background", "error", "goes_on"), [(1.0, 2.0, False), (90.0, 2.0, True), (1.0, 0.5, True)]
)
def test_no_step_is_tried_where_a_class_fires_far_too_much_without_background(background, error, goes_on):
    bench: Any = object.__new__(steps._Bench)
    bench.free, bench.rates, bench._step_s = np.ones(4, dtype=bool), np.full(4, 100.0), 1e-4
    bench.rates[2] = background
    bench._error = lambda seconds, stage: np.array([0.0, 0.0, error, 0.0])
    assert bench.coarse(1) == goes_on


@pytest.mark.slow
def test_from_half_the_background_a_circuit_comes_back_to_within_five_percent_of_its_rates():
    circuit = small_circuit()
    found = calibrate(with_rates(circuit, rates(circuit) / 2), 4)
    assert (np.abs(found.residuals) <= 0.05).all()
    assert rates(found.circuit) == pytest.approx(rates(circuit), rel=0.25)
    assert (
        found.rate.shape
        == found.cv_isi.shape
        == (len(found.seeds), len(POPULATIONS))
        == (4, len(POPULATIONS))
    )


@pytest.mark.parametrize("free", [(), ("VIP",), ("SST", "VIP")])
def test_only_the_background_of_free_populations_moves(hopeless, free):
    circuit = small_circuit()
    found = calibrate(circuit, 1, free, tolerance=100.0).circuit
    assert [
        p for p, same in zip(POPULATIONS, rates(found) == rates(circuit), strict=True) if not same
    ] == list(free)
    assert same_but_background(found, circuit)


def test_a_circuit_whose_fixed_classes_miss_their_targets_is_not_calibrated(hopeless):
    circuit = small_circuit()
    far = replace(
        circuit, populations=(*circuit.populations[:3], replace(circuit.populations[3], target_rate=40.0))
    )
    with pytest.raises(CalibrationError, match="VIP"):
        calibrate(far, 1, ("SST",), tolerance=0.7)


def test_the_tolerance_is_what_decides_whether_a_circuit_that_misses_its_rates_is_calibrated(hopeless):
    circuit = small_circuit()
    missed = float(np.abs(calibrate(circuit, 1, (), tolerance=100.0).residuals).max())
    assert missed > 0.05
    assert np.abs(calibrate(circuit, 1, (), tolerance=missed * 1.01).residuals).max() == pytest.approx(
        missed
    )
    with pytest.raises(CalibrationError):
        calibrate(circuit, 1, (), tolerance=missed * 0.99)
    with pytest.raises(CalibrationError):
        calibrate(circuit, 1, ())  # 5 % unless told otherwise


def test_the_wirings_are_those_of_the_seeds_from_the_first_on(hopeless):
    circuit = small_circuit()
    both, first, second = (
        calibrate(circuit, n, (), first=k, tolerance=100.0) for n, k in ((2, 7), (1, 7), (1, 8))
    )
    assert (both.seeds, first.seeds, second.seeds) == ((7, 8), (7,), (8,))
    assert np.array_equal(both.rate, np.concatenate([first.rate, second.rate]))
    assert not np.array_equal(first.rate, second.rate)
    assert 1 not in calibrate(circuit, 2, (), tolerance=100.0).seeds  # those of runs, unless asked for


IMPOSSIBLE = {
    "a rate beyond the refractory period": ("circuit.VIP.target_rate=900", "VIP", "for 900"),
    "no background to move": ("circuit.Pyr.background_ampa=0", "Pyr", "for 2.5"),
}


@pytest.mark.parametrize(("override", "culprit", "aim"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_rates_that_no_background_gives_end_in_one_sentence_with_all_residuals_and_no_sheet(
    call, tmp_path, hopeless, override, culprit, aim
):
    words = ("--scale", 0.5, "--wirings", 1, "--set", override)
    code, _, err = call("calibrate", "sst", "--out", tmp_path / "mine.toml", *words)
    is_one_sentence(err, "sst", "cannot be calibrated", aim, *(f"{p} " for p in POPULATIONS))
    assert code == USAGE
    assert err.count("%") == err.count("background") == len(POPULATIONS)
    residuals = dict(
        zip(POPULATIONS, (float(part.split("%")[0]) for part in err.split("(")[1:]), strict=True)
    )
    assert residuals[culprit] <= -50
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "override", ["circuit.Pyr.background_rate=9000", "circuit.VIP.background_rate=5001"]
)
def test_a_background_too_fast_for_the_step_is_refused_in_one_sentence(call, tmp_path, override):
    code, _, err = call(
        "calibrate",
        "sst",
        "--out",
        tmp_path / "mine.toml",
        "--scale",
        0.5,
        "--wirings",
        1,
        "--set",
        override,
    )
    is_one_sentence(err, "too fast", override.partition("=")[2])
    assert code == USAGE


# The command

WRONG = {
    "unknown sheet": (("nosheet", "--out", "x.toml"), "'nosheet'", *CIRCUITS),
    "a sheet that is no circuit": (("species", "--out", "x.toml"), "'species'", *CIRCUITS),
    "a file that is not there": (("there.toml", "--out", "x.toml"), "there.toml"),
    "no out": (("sst",), "--out"),
    "out that is no sheet": (("sst", "--out", "x.txt"), "--out", "x.txt", ".toml"),
    "unknown free": (("sst", "--out", "x.toml", "--free", "Pyr,L5"), "--free", "'L5'", *POPULATIONS),
    "unknown manipulation": (
        ("sst", "--out", "x.toml", "--manipulate", "delete-GluN3@PV"),
        "'delete-GluN3'",
        "delete-GluN1",
    ),
    "manipulation of nobody": (
        ("sst", "--out", "x.toml", "--manipulate", "silence@L5"),
        "'L5'",
        *POPULATIONS,
    ),
    "override of another subject": (
        ("sst", "--out", "x.toml", "--set", "routes.rat/ip.swallowed_absorption=3"),
        "circuit",
        "'routes.",
    ),
    "override of no number": (
        ("sst", "--out", "x.toml", "--set", "circuit.Pyr.charm=3"),
        "'Pyr.charm'",
        "sst.toml",
    ),
    "override outside its domain": (
        ("sst", "--out", "x.toml", "--set", "circuit.Pyr.leak=-1"),
        "[Pyr] leak",
        "above 0",
    ),
    "fractions that are too many": (
        ("sst", "--out", "x.toml", "--set", "circuit.PV.fraction_2A=0.99"),
        "[PV]",
        "sum to 1",
    ),
}


@pytest.mark.parametrize(("words", "named"), [(case[0], case[1:]) for case in WRONG.values()], ids=WRONG)
def test_a_calibration_asked_wrongly_is_refused_in_one_sentence_before_it_begins(
    call, tmp_path, at_once, words, named
):
    code, out, err = call("calibrate", *words)
    is_one_sentence(err, *named)
    assert (code, out, at_once, list(tmp_path.iterdir())) == (USAGE, "", [], [])


def test_a_draw_with_a_negative_seed_is_refused_in_one_sentence(call, tmp_path, at_once):
    code, _, err = call("calibrate", "sst", "--out", tmp_path / "x.toml", "--draw", -1)
    is_one_sentence(err, "--draw", "-1")
    assert code == USAGE


def test_a_folder_that_is_not_there_is_told_before_minutes_are_spent_on_it(call, tmp_path, at_once):
    code, _, err = call("calibrate", "sst", "--out", tmp_path / "nowhere" / "x.toml")
    is_one_sentence(err, "nowhere")
    assert code == FAILURE
    assert at_once == []
