"""Laws of the studies of minutes: courses after doses, single cells under a slow drug, knock-outs, events in
a slice.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from prelimbic.circuits import CalibrationError, drawn_network, resting_weights
from prelimbic.experiments.readouts.cells import BEGUN, crossing
from prelimbic.experiments.readouts.knockouts import by_itself, effect
from prelimbic.experiments.readouts.nulls import CONSTANT, MODEL
from prelimbic.experiments.readouts.seeds import spread_of_those
from prelimbic.experiments.readouts.slice import effect as in_bath
from prelimbic.experiments.readouts.surge import at_peak, over_course
from prelimbic.experiments.studies.registry import find_study
from prelimbic.experiments.sweep.study import Options
from prelimbic.parameters import POPULATIONS
from prelimbic.pharmacology import Bath, Dose
from prelimbic.simulation.config import Config
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.observers import cells, knockouts
from prelimbic.simulation.observers import course as courses
from prelimbic.simulation.observers.cells import BEFORE, LAST, z_scores
from prelimbic.simulation.protocol import Protocol
from tests.conftest import brief
from tests.results import undescribed

HEALTHY = Hypotheses(baseline="healthy")
FIRING = Hypotheses(baseline="healthy", affinity="recombinant")  # every class fires at high doses too


# Single cells


@pytest.mark.parametrize("mean", [8.0, 20.0, 100.0])
def test_without_a_drug_z_scores_lie_around_nothing_by_about_one(mean):
    counts = np.random.default_rng(1).poisson(mean, (BEFORE + 12, 4000)).astype(float)
    z = z_scores(counts)
    assert z.shape == (12, 4000)
    assert z.mean() == pytest.approx(0.0, abs=0.02)
    # A look against the mean of ten, over an SD that is known from ten: t with nine degrees of freedom, a
    # tenth wider.
    assert z.std() == pytest.approx(np.sqrt((1 + 1 / BEFORE) * 9 / 7), rel=0.08)


def test_a_cell_that_hardly_fires_has_no_score_out_of_all_measure():
    counts = np.zeros((BEFORE + 3, 2))
    counts[:BEFORE, 1] = 5.0
    counts[BEFORE:] = [[1.0, 5.0], [0.0, 6.0], [2.0, 4.0]]
    assert z_scores(counts).tolist() == [[2.0, 0.0], [0.0, 2.0], [4.0, -2.0]]


def shares(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cells that count as firing more, and as firing less, by class; every class has a quarter of them."""
    looks, n = counts.shape
    config: Any = SimpleNamespace(protocol=Protocol(tuple(np.arange(looks - BEFORE) / 60.0), 1.0))
    parts = [slice(k * n // 4, (k + 1) * n // 4) for k in range(4)]
    blank = np.zeros((looks - BEFORE, 4, 6))
    found = cells._arranged(config, z_scores(counts), np.zeros((looks, 4)), blank, parts)
    return found["share_up"].values, found["share_down"].values


def test_without_a_drug_one_cell_in_twenty_five_counts_as_rising_and_one_as_falling():
    counts = np.random.default_rng(2).poisson(20.0, (BEFORE + 12, 16000)).astype(float)
    for found in shares(counts):
        assert found == pytest.approx([0.04] * 4, abs=0.015)


def test_cells_that_fire_half_as_much_count_as_falling_and_are_seen_at_the_end_and_not_before():
    rng = np.random.default_rng(3)
    rates = np.full((BEFORE + 12, 400), 20.0)
    rates[-LAST:, :100], rates[-LAST:, 100:200] = 5.0, 60.0
    rates[BEFORE:-LAST, 200:300] = 5.0  # and back
    up, down = shares(rng.poisson(rates).astype(float))
    assert down[0] > 0.95 and up[1] > 0.95 and max(up[0], down[1]) == 0.0
    assert max(down[2], up[2], down[3], up[3]) < 0.15


MINUTES = [1.0, 2.5, *range(5, 65, 5)]


def mean_z(*courses_: Any, population: str) -> xr.Dataset:
    values = np.array([[f(m) for m in MINUTES] for f in courses_])[..., None]
    return xr.Dataset(
        {"mean_z": (("seed", "minute", "population"), values)},
        {"minute": MINUTES, "population": [population]},
    )


@pytest.mark.parametrize(("population", "sign"), [("Pyr", 1.0), ("PV", -1.0)])
def test_a_class_begins_when_its_mean_is_first_half_a_deviation_away_whatever_it_does_later(
    population, sign
):
    found = crossing(
        mean_z(
            lambda m: sign * m / 60,
            lambda m: sign * 5 * min(m, 20) / 20,
            lambda m: sign * (m >= 30),
            lambda m: sign * (m / 20 if m <= 40 else 4 - m / 20),
            lambda m: sign * (m / 20 if m <= 30 else -5.0),
            lambda m: -sign * m / 20,
            population=population,
        ),
        population,
    )
    assert BEGUN == 0.5
    assert found[:5] == pytest.approx([30.0, 2.0, 27.5, 10.0, 10.0]) and np.isnan(found[5])


def test_a_drug_is_absorbed_as_ketamine_is_and_stays():
    config = brief(doses=(), bath=Bath((("mk801", 0.2),), 0.0), protocol=Protocol((0.0, 1.0), 1.0))
    source = cells.Absorbed.as_ketamine(config)
    hours = np.linspace(0.0, 1.0, 41)
    unbound, ketamine = source.of("mk801", hours), config.exposure((cells.ABSORBED,)).of("ketamine", hours)
    assert source.names == ("mk801",) and unbound[0] == 0.0 and unbound[-1] == pytest.approx(0.2)
    assert (np.diff(unbound) >= 0).all()
    rising = slice(0, int(ketamine.argmax()))
    assert unbound[rising] == pytest.approx(0.2 * ketamine[rising] / ketamine.max(), rel=0.03, abs=1e-3)


@pytest.fixture
def brief_looks(monkeypatch):
    for module, names in (
        (courses, {"LOOK_S": 1.5, "SETTLE_S": 0.2, "REST_SETTLE_S": 0.5}),
        (cells, {"LOOK_S": 0.4, "SETTLE_S": 0.1, "REST_SETTLE_S": 0.5}),
    ):
        for name, value in names.items():
            monkeypatch.setattr(module, name, value)
    return monkeypatch


def test_cells_are_seen_before_and_in_a_bath_that_takes_hold_the_more_the_longer_it_lasts(brief_looks):
    hours = (0.0, 0.02, 0.2, 1.0)
    config = brief(
        circuit="dendritic",
        doses=(),
        bath=Bath((("mk801", 0.2),), 0.0),
        protocol=Protocol(hours, 1.0),
        hypotheses=Hypotheses(baseline="healthy", selectivity="use_dependent"),
    )
    heard: list[float] = []
    found = cells.observe(config, True, heard.append)["summary"]
    assert found["minute"].values.tolist() == [0.0, 60 * 0.02, 12.0, 60.0]
    assert found["z"].values.shape == (4, config.described().size) and found["mean_z"].values.shape == (
        4,
        len(POPULATIONS),
    )
    block = found["block"].values
    assert not block[0].any() and (np.diff(block[:, 0], axis=0)[:, [0, 2]] > 0).all()
    assert sum(heard) == pytest.approx(config.protocol.seconds)


# Courses after a dose


def test_a_course_has_one_look_a_dose_and_hour_and_its_untreated_row_is_the_circuit_without_a_drug(
    brief_looks,
):
    config = brief(
        circuit="dendritic",
        hypotheses=HEALTHY,
        doses=tuple(Dose(d, "ip") for d in (3.0, 30.0, 200.0)),
        protocol=courses.course((0.1, 0.26, 1.0), 0.26, rest=2.0),
    )
    heard: list[float] = []
    made = courses.observe(config, True, heard.append)
    assert undescribed(made) == []
    found = {name: v.values for name, v in made["summary"].items()}
    assert (found["given"].tolist(), found["hour"].tolist()) == ([0.0, 3.0, 30.0, 200.0], [0.1, 0.26, 1.0])
    assert sum(heard) == pytest.approx(config.protocol.seconds)
    circuit = config.described()
    network = drawn_network(circuit, config.seed)
    try:
        alone = network.observe(resting_weights(circuit), np.zeros(circuit.mixtures.shape), 2.0, 0.5)
    finally:
        network.close()
    for hour in range(3):
        assert np.array_equal(found["rate"][0, hour], alone.rate)
        assert found["nmda_conductance"][0, hour] == alone.nmda_conductance.mean()
    assert not found["unbound"][0].any()
    at_peak_ = found["nmda_conductance"][:, 1]
    assert (np.diff(at_peak_[1:]) < 0).all() and at_peak_[-1] < 0.5 * at_peak_[0]
    assert (found["unbound"].argmax(axis=1)[1:] == 1).all()
    np.testing.assert_allclose(found["unbound"][3], 200.0 / 3.0 * found["unbound"][1], rtol=1e-9)


def test_a_course_under_no_drug_at_all_is_the_untreated_circuit_but_for_its_noise(brief_looks):
    config = brief(
        circuit="dendritic",
        hypotheses=Hypotheses(baseline="healthy", site="off"),
        doses=(Dose(200.0, "ip"),),
        protocol=courses.course((0.26,), 0.26, rest=6.0, longer=4.0),
    )
    found = courses.observed(config, config.described(), True, lambda seconds: None)
    untreated, dosed = found["rate"].values[:, 0]
    assert dosed == pytest.approx(untreated, rel=0.25)
    assert found["unbound"].values[1, 0] > 10.0


def rows(**values: Any) -> xr.Dataset:
    """Two seeds at doses 0, 10 and 20 and four hours, of which the third has the highest concentration."""
    unbound = np.outer([0.0, 1.0, 2.0], [0.2, 0.5, 1.0, 0.3])
    made = {"unbound": (("seed", "given", "hour"), np.stack([unbound] * 2))}
    made |= {name: (("seed", "given", "hour"), np.array(v, dtype=float)) for name, v in values.items()}
    return xr.Dataset(made, {"given": [0.0, 10.0, 20.0], "hour": [1e-9, 0.5, 1.0, 2.0], "seed": [1, 2]})


def test_the_mean_over_a_course_that_is_constant_is_that_constant_and_over_a_ramp_its_middle():
    level = [[[10] * 4, [15] * 4, [5] * 4], [[4] * 4, [4] * 4, [8] * 4]]
    assert over_course(rows(x=level), 10.0, "x") == pytest.approx([50.0, 0.0])
    assert over_course(rows(x=level), 20.0, "x") == pytest.approx([-50.0, 100.0])
    ramp = np.ones((2, 3, 4))
    ramp[:, 1] = 1.0 + np.array([0.0, 0.5, 1.0, 2.0]) / 2.0
    assert over_course(rows(x=ramp), 10.0, "x") == pytest.approx([50.0, 50.0])


def test_what_holds_for_half_of_the_time_counts_half():
    late = np.ones((2, 3, 4))
    late[:, 1, 2:] = 2.0  # half of the way between 0.5 and 1 h, then until 2 h
    assert over_course(rows(x=late), 10.0, "x") == pytest.approx([100.0 * 1.25 / 2.0] * 2)


def test_the_peak_is_the_hour_of_the_highest_concentration_and_not_of_the_largest_effect():
    effect_ = np.full((2, 3, 4), 8.0)
    effect_[:, 1] = [[80.0, 8.0, 10.0, 80.0], [80.0, 8.0, 6.0, 80.0]]
    assert at_peak(rows(x=effect_), 10.0, ("x", {})) == pytest.approx([25.0, -25.0])
    assert at_peak(rows(x=effect_), 20.0, ("x", {})) == pytest.approx([0.0, 0.0])


def test_a_held_concentration_is_that_of_the_peak_and_one_look_at_it_stands_for_every_hour(brief_looks):
    hours, config = (
        (0.1, 0.26, 1.0),
        brief(circuit="dendritic", hypotheses=FIRING, doses=(Dose(30.0, "ip"), Dose(100.0, "ip"))),
    )
    held, passing, once = (
        courses.observed(
            replace(config, protocol=courses.course(times, 0.26, rest=1.0, held=h)),
            config.described(),
            True,
            str,
        )
        for times, h in ((hours, True), (hours, False), ((0.26,), False))
    )
    for name in ("rate", "nmda_conductance", "glutamate_release", "unbound"):
        values = held[name].values
        assert values.shape == passing[name].values.shape and (values == values[:, 1:2]).all(), name
        assert np.array_equal(values[:, 0], once[name].values[:, 0])
    assert np.array_equal(held["unbound"].values[:, 1], passing["unbound"].values.max(axis=1))
    assert np.ptp(passing["rate"].values[1:], axis=1).min() > 0


def test_the_null_of_study_surge_holds_what_the_others_pass_through():
    runs = {run.place["null"]: run.config for run in find_study("surge").plan(Options(seeds=1))}
    held = runs.pop(CONSTANT)
    assert held.protocol.reused and not any(config.protocol.reused for config in runs.values())
    assert {config.protocol.times for config in runs.values()} == {
        held.protocol.times
    } and held.protocol.peak in held.protocol.times
    assert held.hypotheses == runs[MODEL].hypotheses and held.doses == runs[MODEL].doses


# Knock-outs


def knocked(*deleted: str) -> Config:
    return brief(
        circuit="dendritic",
        hypotheses=HEALTHY,
        species="mouse",
        doses=(Dose(10.0, "ip"),),
        manipulations=deleted,
        protocol=courses.course((0.25,), 0.25, rest=1.0),
    )


def test_a_knock_out_that_cannot_be_calibrated_has_numbers_on_the_inherited_background_alone(brief_looks):
    def fails(circuit: Any, *rest: Any, **more: Any) -> None:
        raise CalibrationError("no")

    brief_looks.setattr(knockouts, "calibrate", fails)
    heard: list[float] = []
    config = knocked("delete-GluN2B@Pyr")
    made = knockouts.observe(config, True, heard.append)
    assert undescribed(made) == []
    found = made["summary"]
    for name in ("rate", "glutamate_release", "sepsc_rate", "nmda_share"):
        inherited, developmental = found[name].values
        assert np.isfinite(inherited).all() and np.isnan(developmental).all(), name
    assert sum(heard) == pytest.approx(config.protocol.seconds)
    assert spread_of_those(np.full(3, np.nan)) is None
    assert str(spread_of_those(np.array([np.nan, 5.0]))) == "5.00 (1 of 2)"


def test_a_knock_out_is_calibrated_on_the_wiring_of_its_run_and_seen_on_either_background(brief_looks):
    asked: list[tuple[Any, ...]] = []

    def same(circuit: Any, wirings: int, **more: Any) -> Any:
        asked.append((circuit, wirings, more["first"], more["tolerance"]))
        return SimpleNamespace(circuit=circuit)

    brief_looks.setattr(knockouts, "calibrate", same)
    config = knocked("delete-GluN1@Pyr")
    found = knockouts.observe(config, True, lambda seconds: None)["summary"]
    assert asked == [(config.described(), 1, config.seed, knockouts.TOLERANCE)]
    for name in ("rate", "nmda_conductance"):
        # the same circuit on the same wiring
        assert np.array_equal(found[name].values[0], found[name].values[1])
    assert not found["nmda_conductance"].values.any()
    assert found["background"].values.tolist() == list(knockouts.BACKGROUNDS)


def test_what_a_deletion_does_and_what_the_drug_still_does_are_changes_against_untreated_circuits():
    def cell(untreated: list[float], dosed: list[float]) -> xr.Dataset:
        values = np.array([untreated, dosed]).T[..., None]
        return xr.Dataset({"x": (("seed", "given", "hour"), values)}, {"given": [0.0, 10.0]})

    whole, lacking = cell([2.0, 4.0], [3.0, 6.0]), cell([4.0, np.nan], [4.0, np.nan])
    assert effect(whole, 10.0, "x", {}) == pytest.approx([50.0, 50.0])
    assert (
        by_itself(lacking, whole, "x", {})[0] == pytest.approx(100.0)
        and effect(lacking, 10.0, "x", {})[0] == 0.0
    )
    assert np.isnan(effect(lacking, 10.0, "x", {})[1])


# Slices


def test_a_bath_changes_events_against_none_and_says_nothing_where_there_were_none():
    found = xr.Dataset(
        {"x": (("seed", "concentration"), [[2.0, 3.0], [0.0, 3.0], [4.0, 1.0]])},
        {"concentration": [0.0, 1.0]},
    )
    assert in_bath(found, "x", 1.0) == pytest.approx([50.0, np.nan, -75.0], nan_ok=True)


# A claim from nothing


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_a_claim_is_computed_once_and_then_read(call, tmp_path):
    # A number that the slice does not rest on is moved, so that no circuit of the prior is computed.
    words = ("claims", "V10", "--run", "--seeds", 2, "--results", tmp_path / "mine", "--json")
    words = (*words, "--set", "cascade.cascade.bdnf_gain=2")
    code, first, err = call(*words)
    files = {path: path.stat().st_mtime_ns for path in Path(tmp_path / "mine").rglob("*.h5")}
    assert code == 0 and len(files) == 16 and "16 runs" in err
    (found,) = json.loads(first, parse_constant=pytest.fail)
    assert (found["id"], found["seeds"], found["verdict"]) == ("V10", 2, "inconclusive")
    assert len(found["nulls"]) == 7 and all(np.isfinite(m["value"]) for m in found["measures"])
    code, second, err = call(*words)
    assert (code, second) == (0, first) and "16 runs" not in err
    assert files == {path: path.stat().st_mtime_ns for path in Path(tmp_path / "mine").rglob("*.h5")}
