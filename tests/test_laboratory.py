"""Measures as laboratories name them: bins, recovery, folds, pools, noise."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from prelimbic.experiments.questions.answered import answer, contrasts
from prelimbic.experiments.questions.measured import measured
from prelimbic.experiments.questions.study import study_of
from prelimbic.experiments.questions.sweep import folder_of
from prelimbic.experiments.readouts.laboratory import read
from prelimbic.experiments.sweep.study import Options
from prelimbic.parameters import laboratory
from prelimbic.parameters.citation import citations
from prelimbic.simulation.laboratory import OUT_OF_REACH, READINGS
from prelimbic.simulation.measures import MeasureError, measures
from prelimbic.simulation.pools import pools, steady
from prelimbic.simulation.seen import Noise, Seen
from prelimbic.simulation.written import question
from tests.said import USAGE, is_one_sentence

LAB = laboratory()
BINNED = LAB.dialysis.bin / 60.0
MANY = 4000
RAT = {"species": "rat", "give": "10 mg/kg ip at 0h"}


def seen(courses: dict[str, tuple[list[float], list[float]]], at: float | tuple[float, float]) -> Seen:
    """One run with courses (hours, values), at an hour or over a window."""
    hours = np.unique([hour for where, _ in courses.values() for hour in where])
    found = {name: np.interp(hours, *course)[None, :] for name, course in courses.items()}
    first, last = at if isinstance(at, tuple) else (at, at)
    return Seen(hours, found, {}, first, last, 0.0)


def exact(name: str, given: Seen, lab=LAB) -> float:
    return float(READINGS[name].model(given, lab, Noise())[0])


# Microdialysis


STEP = {"glutamate_release": ([-24.0, 0.0, 1.0, 1.0 + 1e-6, 9.0], [2.0, 2.0, 2.0, 4.0, 4.0])}


def test_a_bin_has_the_mean_of_its_time():
    rest, half, full = (exact("dialysis_glutamate", seen(STEP, 1.0 + k * BINNED)) for k in (0.0, 0.5, 1.0))
    assert half == pytest.approx((rest + full) / 2.0, rel=2e-3)
    assert full > rest and exact("dialysis_glutamate", seen(STEP, 8.0)) == pytest.approx(full, rel=2e-3)


def test_over_a_window_it_is_the_mean_of_the_window_whatever_the_bin():
    rest, full = (exact("dialysis_glutamate", seen(STEP, hour)) for hour in (0.5, 5.0))
    assert exact("dialysis_glutamate", seen(STEP, (0.0, 2.0))) == pytest.approx((rest + full) / 2, rel=2e-3)


def test_recovery_scales_the_dialysate_and_at_rest_it_is_recovery_times_basal():
    halved = replace(LAB, dialysis=replace(LAB.dialysis, recovery=LAB.dialysis.recovery / 2.0))
    for hour in (0.0, 5.0):
        whole = exact("dialysis_glutamate", seen(STEP, hour))
        assert exact("dialysis_glutamate", seen(STEP, hour), halved) == pytest.approx(whole / 2.0)
    assert exact("dialysis_glutamate", seen(STEP, 0.0)) == pytest.approx(
        LAB.dialysis.recovery * LAB.dialysis.basal
    )


# Pools


def test_pools_at_rest_stay_and_cycle_as_recorded():
    found = pools(LAB.spectroscopy, np.arange(0.0, 600.0, 2.0), np.ones((1, 300)), np.ones((1, 300)))
    assert found.glutamate == pytest.approx(LAB.spectroscopy.glutamate)
    assert found.gaba == pytest.approx(LAB.spectroscopy.gaba)
    assert found.cycle == pytest.approx(LAB.spectroscopy.cycle)


def test_what_is_released_comes_back_so_that_the_sum_of_the_pools_stays():
    minutes = np.arange(0.0, 600.0, 2.0)
    up = 1.0 + 0.8 * np.sin(minutes / 40.0) ** 2
    found = pools(LAB.spectroscopy, minutes, up[None, :], 1.0 / up[None, :])
    whole = found.glutamate + found.glutamine + found.gaba
    assert np.ptp(whole) < 1e-9 * whole.mean() and np.ptp(found.glutamine) > 0.1


def test_under_a_lasting_rise_of_release_pools_come_to_where_every_flow_is_balanced():
    minutes = np.arange(0.0, 1200.0, 2.0)
    more = np.where(minutes < 10.0, 1.0, 1.5)[None, :]
    found = pools(LAB.spectroscopy, minutes, more, np.ones_like(more))
    now = np.array([part[0, -1] for part in (found.glutamate, found.glutamine, found.gaba)])
    whole = [LAB.spectroscopy.glutamate, LAB.spectroscopy.glutamine, LAB.spectroscopy.gaba]
    assert now / whole == pytest.approx(
        steady(LAB.spectroscopy, np.array([1.5]), np.ones(1))[:, 0], rel=1e-4
    )
    assert now[0] < whole[0] and now[1] > whole[1]  # glutamate becomes glutamine


def test_with_finer_steps_the_pools_are_the_same():
    coarse, fine = np.arange(0.0, 120.1, 2.0), np.arange(0.0, 120.1, 0.25)
    given = [
        (np.interp(t, [0.0, 20.0, 120.0], [1.0, 1.6, 1.0])[None, :], np.ones((1, len(t))))
        for t in (coarse, fine)
    ]
    one, other = (pools(LAB.spectroscopy, t, *g) for t, g in zip((coarse, fine), given, strict=True))
    assert one.glutamine[0] == pytest.approx(other.glutamine[0][::8], rel=1e-3)


def test_a_ratio_is_that_of_its_pools():
    course = {
        name: ([-24.0, 0.0, 0.5, 6.0], [1.0, 1.0, up, 1.0])
        for name, up in (("glutamate_cycling", 1.5), ("gaba_release", 0.5))
    }
    at = seen(course, 1.0)
    ratio = exact("mrs.glutamate", at) / exact("mrs.glutamine", at)
    assert exact("mrs.glu_gln", at) == pytest.approx(ratio, rel=1e-3)
    assert ratio < LAB.spectroscopy.glutamate / LAB.spectroscopy.glutamine


# The others


def test_plasma_follows_cortex_later_and_less():
    course = {"bdnf": ([-24.0, 0.0, 0.01, 2.0, 2.01, 24.0], [1.0, 1.0, 2.0, 2.0, 1.0, 1.0])}
    basal, share = LAB.plasma.basal, LAB.plasma.brain_share
    level = {hour: exact("plasma_bdnf", seen(course, hour)) / basal for hour in (0.0, 1.0, 2.0, 3.0, 24.0)}
    assert level[0.0] == pytest.approx(1.0) and level[24.0] == pytest.approx(1.0, abs=1e-3)
    assert 1.0 < level[1.0] < level[2.0] < 1.0 + share and 1.0 < level[3.0] < level[2.0]
    assert level[2.0] - 1.0 == pytest.approx(share * (1.0 - np.exp(-2.0 / LAB.plasma.time)), rel=0.02)


def test_a_band_of_tissue_is_nearer_to_rest_than_the_cells_are():
    course = {"mtorc1": ([-24.0, 0.0, 1.0, 2.0], [1.0, 1.0, 3.0, 1.0])}
    assert exact("western.p_mTOR", seen(course, 1.0)) == pytest.approx(1.0 + 2.0 * LAB.blot.pyr_share)
    assert exact("western.p_mTOR", seen(course, 0.0)) == pytest.approx(1.0)


def test_half_the_power_is_three_decibel_less_and_looks_without_power_are_passed_over():
    given = Seen(
        np.array([-1.0, 0.0, 1.0, 2.0]),
        {"power.gamma": np.array([[4.0, 4.0, np.nan, 2.0]])},
        {},
        2.0,
        2.0,
        0.0,
    )
    assert exact("eeg.gamma", given) == pytest.approx(10.0 * np.log10(0.5))
    assert exact("eeg.gamma", replace(given, first=1.0, last=1.0)) == pytest.approx(10.0 * np.log10(0.75))


def test_behaviour_stands_in_for_missing_spines_and_lost_ones_count_from_the_start():
    course = {
        "spines": ([-24.0, 0.0, 24.0], [60.0, 60.0, 80.0]),
        "lost_sites": ([-24.0, 24.0], [20.0, 20.0]),
    }
    before, after = (seen(course, hour) for hour in (0.0, 24.0))
    b = LAB.behaviour
    assert exact("sucrose_preference", after) == pytest.approx(b.sucrose)
    assert exact("sucrose_preference", before) == pytest.approx(b.sucrose - b.sucrose_fall / 4.0)
    assert exact("forced_swim", before) == pytest.approx(b.immobility + b.immobility_rise / 4.0)
    assert exact("spine_density", after) == pytest.approx(LAB.imaging.density)


def test_dissociation_follows_the_drug_up_to_the_end_of_its_scale():
    course = {"brain_unbound.ketamine": ([-24.0, 0.0, 0.5, 9.0], [0.0, 0.0, 0.4, 100.0])}
    assert exact("dissociation", seen(course, 0.0)) == 0.0
    assert exact("dissociation", seen(course, 0.5)) == pytest.approx(0.4 * LAB.dissociation.slope)
    assert exact("dissociation", seen(course, 9.0)) == LAB.dissociation.highest


# Noise


def test_noise_has_the_declared_spread_over_runs_and_no_bias():
    names = [f"r{k}" for k in range(MANY)]
    noise = lambda: Noise.of("x", range(MANY), names, "24 h")  # noqa: E731
    one = np.ones(MANY)
    scaled, shifted, counted = (
        noise().scaled(one, 0.3),
        noise().shifted(one, 2.0),
        noise().counted(100.0 * one),
    )
    for values, mean, sd in ((scaled, 1.0, 0.3), (shifted, 1.0, 2.0), (counted, 100.0, 10.0)):
        assert values.mean() == pytest.approx(mean, abs=4.0 * sd / np.sqrt(MANY))
        assert values.std() == pytest.approx(sd, rel=0.06)


def test_noise_is_of_the_run_and_the_readout_and_that_between_subjects_of_the_subject():
    ones = np.ones(3)
    drug, again = (Noise.of("x", [1, 2, 3], ["a", "b", "c"], "24 h").scaled(ones, 0.2) for _ in "12")
    other = Noise.of("x", [1, 2, 3], ["d", "e", "f"], "24 h").scaled(ones, 0.2)
    later = Noise.of("x", [1, 2, 3], ["a", "b", "c"], "2 h").scaled(ones, 0.2)
    assert (drug == again).all() and (drug != other).all() and (drug != later).all()
    subjects = [
        Noise.of("x", [1, 2, 3], ids, at).between(ones, 0.2) for ids, at in (("abc", "2 h"), ("def", "1 h"))
    ]
    assert (subjects[0] == subjects[1]).all() and len(set(subjects[0])) == 3


def test_noise_draws_from_no_stream_of_a_run():
    drawn = [np.random.default_rng(s).normal() for s in np.random.SeedSequence(7).spawn(4)]
    assert Noise.of("x", [7], ["a"], "24 h").shifted(np.zeros(1), 1.0)[0] not in drawn


@pytest.mark.parametrize("name", READINGS)
def test_every_reading_has_noise_and_none_where_it_is_exact(name):
    rng = np.random.default_rng(1)
    hours, runs = np.array([-24.0, 0.0, 0.5, 1.0, 6.0, 24.0]), 5
    reading = READINGS[name]
    course = np.tile(1.0 + 0.1 * rng.random(len(hours)), (runs, 1))
    given = Seen(
        hours,
        dict.fromkeys(reading.courses, course),
        dict.fromkeys(reading.values, np.full(runs, 9.0)),
        1.0,
        1.0,
        0.0,
    )
    plain = reading.model(given, LAB, Noise())
    noisy = reading.model(given, LAB, Noise.of(name, range(runs), list("abcde"), "1 h"))
    assert np.ptp(plain) == pytest.approx(0.0, abs=1e-9) and np.isfinite(plain).all()
    assert len(set(noisy)) > 1 and noisy.shape == (runs,)


# In a question


@pytest.fixture(scope="module")
def asked():
    read_ = {
        "times": ["1h", "0-2h", "24h"],
        "measure": ["western.p_mTOR", "plasma_bdnf", "spine_formation", "plasma_bdnf.exact", "bdnf"],
    }
    return question(RAT | {"read": read_})


@pytest.fixture(scope="module")
def stored(asked):
    """A dataset as runs of the question would make it, its states known."""
    study = study_of(asked)
    runs = study.plan(Options(seeds=4, sheets=(study.sheet,)))
    arms, seeds = ["ketamine", "vehicle"], [1, 2, 3, 4]
    ids = np.array(
        [
            [
                [
                    next(r.config.run_id() for r in runs if r.place["arm"] == a and r.place["seed"] == s)
                    for s in seeds
                ]
                for a in arms
            ]
        ]
    )
    hours = np.array([-12.0, 0.0, 1.0, 2.0, 24.0])
    up = np.array([[1.0, 1.0, 2.0, 1.5, 1.0], [1.0] * 5])
    course = np.broadcast_to(up[None, :, None, :], (1, 2, 4, 5)).copy()
    course[0, 0, 3] = np.nan  # a run that is not there
    axes = ("sheet", "arm", "seed")
    readouts = list(runs[0].config.protocol.readouts)
    at = np.ones((1, 2, 4, len(readouts)))
    return xr.Dataset(
        {
            "run_id": (axes, ids),
            "bdnf": ((*axes, "readout"), at),
            "imaged_formation": ((*axes, "readout"), 9.0 * at),
        }
        | {f"{name}_course": ((*axes, "time"), course) for name in ("bdnf", "mtorc1")},
        {"sheet": ["native"], "arm": arms, "seed": seeds, "time": hours, "readout": readouts},
    )


def test_readings_are_variables_of_the_dataset_with_units_and_the_same_each_time(asked, stored):
    found, again = measured(stored, asked), measured(stored, asked)
    assert found["plasma_bdnf"].dims == ("sheet", "arm", "seed", "readout")
    assert found["plasma_bdnf"].attrs["units"] == "ng/mL"
    xr.testing.assert_identical(found["western.p_mTOR"], again["western.p_mTOR"])
    assert np.isnan(found["plasma_bdnf"].sel(arm="ketamine", seed=4)).all()
    assert np.isfinite(found["plasma_bdnf"].sel(arm="vehicle")).all()
    exact_ = found["plasma_bdnf.exact"].sel(arm="vehicle").values
    assert exact_ == pytest.approx(LAB.plasma.basal) and np.ptp(exact_) == 0.0


def test_folds_are_those_of_vehicle_whose_mean_is_one(asked, stored):
    part = measured(stored, asked).sel(sheet="native")
    points = [p for p in asked.points() if p.reference is not None]
    blots = {c.readout: c for c in contrasts(part, asked, points) if c.measure.name == "western.p_mTOR"}
    assert all(np.nanmean(c.others) == pytest.approx(1.0) for c in blots.values())
    raw = part["western.p_mTOR"].sel(readout="1 h")
    assert blots["1 h"].values[:3] == pytest.approx(
        (raw.sel(arm="ketamine") / raw.sel(arm="vehicle").mean()).values[:3]
    )


def test_the_answer_tells_every_caveat_and_whether_there_is_noise(asked, stored):
    told = answer(stored, asked).found
    assert "western.p_mTOR: the state counts" in told and "platelets" in told
    assert "plasma_bdnf.exact: most BDNF" in told and "no noise is added" in told
    assert "bdnf: " not in told.replace("plasma_bdnf: ", "")


def test_what_is_measured_renames_no_run_and_moves_no_folder(asked):
    plain = question(RAT | {"read": {"times": ["1h", "0-2h", "24h"]}})
    options = Options(seeds=2, sheets=("native",))
    ids = [[run.config.run_id() for run in study_of(q).plan(options)] for q in (asked, plain)]
    assert ids[0] == ids[1]
    assert folder_of(study_of(asked), options) == folder_of(study_of(plain), options)


def test_a_reading_of_a_dataset_is_that_of_its_courses(stored):
    vehicle = stored.sel(sheet="native", arm="vehicle")
    assert read(vehicle, "plasma_bdnf", (24.0, 24.0)) == pytest.approx(LAB.plasma.basal)


def test_runs_that_lack_what_is_read_have_no_number(stored):
    older = stored.sel(sheet="native", arm="vehicle").drop_vars("bdnf_course")
    assert np.isnan(read(older, "plasma_bdnf", (24.0, 24.0))).all()


# Names


def test_a_group_stands_for_all_of_its_readings():
    assert [m.name for m in measures(["western", "bdnf"])][-2:] == ["western.synapsin_I", "bdnf"]
    assert all(m.exact for m in measures(["mrs.exact"])) and len(measures(["mrs.exact"])) == 6


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("western.p_mTORC", "did you mean western.p_mTOR?"),
        ("mrs.glutamin", "did you mean mrs.glutamine?"),
        ("plasma_bndf", "did you mean plasma_bdnf?"),
        ("dialysis_glutamat", "did you mean dialysis_glutamate?"),
        ("plasma_bdnf.exacct", "did you mean"),
        *((name, why) for name, why in OUT_OF_REACH.items()),
    ],
)
def test_a_misspelt_name_or_one_out_of_reach_is_answered(name, told):
    with pytest.raises(MeasureError) as error:
        measures([name])
    assert told in str(error.value)


def test_every_source_of_a_reading_is_listed_or_a_judgement():
    assert {r.source for r in READINGS.values()} <= {*citations(), "judgement"}


def test_the_command_lists_them_with_their_caveats(call):
    code, out, _ = call("measures", "--json")
    rows = json.loads(out)
    assert code == 0 and [row["name"] for row in rows] == list(READINGS)
    assert all(row["caveat"] and row["unit"] and row["noise"] for row in rows)
    code, out, _ = call("measures")
    assert code == 0 and "out of reach: blood_pressure" in " ".join(out.split())
    code, out, err = call("measures", "bdnf")
    assert (code, out) == (USAGE, "")
    is_one_sentence(err, "bdnf")


def test_an_unknown_measure_ends_a_question_in_one_sentence(call):
    code, out, err = call(
        "ask", "--species", "rat", "--give", "10 mg/kg ip", "--measure", "blood_pressure", "--plan"
    )
    assert (code, out) == (USAGE, "")
    is_one_sentence(err, "blood_pressure", "out of reach")
