"""The inert drug: no claim that states an effect of a drug holds under one that binds nothing; what it does
needs no run.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from prelimbic.experiments.claims.bench import Bench
from prelimbic.experiments.claims.board import ALL_CLAIMS, VERDICTS, summary, told_range
from prelimbic.experiments.claims.claim import (
    ANY,
    DOWN,
    NO_DRUG,
    UP,
    Claim,
    Measure,
    deciding,
    judge,
    ratio_of_means,
    share_of,
)
from prelimbic.experiments.claims.page import page
from prelimbic.experiments.readouts.inert import LARGEST_IC50, at_chance, at_vehicle
from prelimbic.experiments.studies import stress
from prelimbic.experiments.studies.registry import SHIPPED, find_study
from prelimbic.experiments.sweep.study import Options, whole_loop
from prelimbic.experiments.trials.shipped import find_trial
from prelimbic.parameters import POPULATIONS
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.observers import knockouts
from prelimbic.simulation.observers.cells import CHANCE
from prelimbic.simulation.protocol import Protocol
from tests.answering import answer_for, values_of
from tests.conftest import brief
from tests.treated import replicated

BY_ID = {c.id: c for c in ALL_CLAIMS}
SEEDS = [1, 2, 3]
# Statements about no drug, or about how much of one arrives; each says so.
NO_EFFECT = {"V32", "V31", "V1", "V3", "V5", "V6", "V7", "V23"}


def measure(low: float, high: float, *values: float, nothing: float | None = None) -> Measure:
    return Measure("x", "%", np.array(values), low, high, nothing)


# Bounds


@pytest.mark.parametrize(
    ("sign", "verdicts"), [(UP, ("fails", "fails", "holds")), (DOWN, ("holds", "fails", "fails"))]
)
def test_no_change_is_neither_above_nor_below_none(sign, verdicts):
    assert tuple(measure(*sign, v, v, v).verdict for v in (-1.0, 0.0, 1.0)) == verdicts


def test_an_interval_that_begins_at_an_open_end_does_not_decide():
    spread = (1.0, 2.0, 3.0, 2.0)
    below = measure(0.0, ANY, *spread).interval[0]
    assert measure(below, ANY, *spread).verdict == "inconclusive"
    # both ends published, and both belong to the range
    assert measure(below, 9.0, *spread).verdict == "holds"
    assert measure(below, 9.0, *spread, nothing=below).verdict == "inconclusive"


@pytest.mark.parametrize(
    ("low", "high", "nothing", "words"),
    [
        (0.0, ANY, None, "above 0"),
        (-ANY, 0.0, None, "below 0"),
        (0.5, 1.1, None, "0.5 to 1.1"),
        (0.0, 15.7, 0.0, "above 0 to 15.7"),
        (-3.0, 1.0, 1.0, "-3 to below 1"),
    ],
)
def test_an_open_end_is_told_as_one(low, high, nothing, words):
    assert told_range(measure(low, high, 1.0, nothing=nothing)) == words


def test_of_no_effect_there_is_no_share():
    some, none = np.array([3.0, 5.0, 4.0]), np.array([1e-6, -1e-6, 1e-6])
    assert np.isnan(share_of(none, none)).all() and np.isnan(ratio_of_means(none, none)).all()
    assert share_of(none, some) == pytest.approx([0.0] * 3, abs=1e-5)
    assert ratio_of_means(none, some).mean() == pytest.approx(0.0, abs=1e-5)


# What the vehicle says


def test_at_the_place_of_a_drug_stands_what_stands_at_that_of_vehicle_but_what_arrives():
    given = xr.Dataset(
        {
            "x": (("dose", "seed"), [[1.0, 2.0], [5.0, 6.0]]),
            "unbound": (("dose",), [0.0, 3.0]),
            "y": (("seed",), [7.0, 8.0]),
        },
        {"dose": [0.0, 10.0], "seed": [1, 2]},
    )
    found = at_vehicle(dose=0.0)(given)
    assert (
        found["x"].sel(dose=10.0).values.tolist() == found["x"].sel(dose=0.0).values.tolist() == [1.0, 2.0]
    )
    assert found["unbound"].values.tolist() == [0.0, 3.0] and found["y"].identical(given["y"])
    assert found["dose"].values.tolist() == [0.0, 10.0] and given["x"].sel(dose=10.0).values.tolist() == [
        5.0,
        6.0,
    ]


def test_a_stressed_group_without_the_dose_is_the_stressed_group():
    assert (
        stress.WITHOUT["stress, ketamine"] == "stress" and stress.WITHOUT["control, ketamine"] == "control"
    )
    assert (
        stress.WITHOUT["stress, ketamine, rapamycin"] == "stress, rapamycin"
        and stress.WITHOUT["control"] == "control"
    )


def test_cells_in_a_bath_of_nothing_respond_by_chance():
    found = at_chance(share_up=CHANCE, mean_z=0.0)(
        xr.Dataset({"share_up": ("seed", [0.9, 0.8]), "other": ("seed", [1.0, 2.0])})
    )
    assert found["share_up"].values.tolist() == [CHANCE] * 2 and found["other"].values.tolist() == [1.0, 2.0]


def test_a_dose_of_a_drug_that_binds_nothing_is_that_of_vehicle_to_the_last_bit(monkeypatch):
    """With a network that answers to all that it is given, so that a block of next to nothing would show."""
    answer_for(monkeypatch)
    short = Protocol((-1.0, 0.0, 0.26, 1.0), 0.26, look_scale=0.1, rest=2.0, readouts=("rest", "peak"))
    switches = Hypotheses(site="off")  # exactly nothing: an IC50 can only be large
    drug, vehicle = (
        values_of(whole_loop(brief(d, protocol=short, hypotheses=switches), True, lambda s: None))
        for d in (10.0, 0.0)
    )
    assert {name for name in drug if not np.array_equal(drug[name], vehicle[name], equal_nan=True)} == {
        "traces/brain_unbound",
        "summary/brain_unbound",
    }


# Every claim


def made(study: str) -> xr.Dataset:
    """A dataset of a study in which every number that its claims read is another, near 1, so that everything
    has some effect; of a trial replications in which the drug relieves.
    """
    if study.startswith("trial_"):
        return replicated(find_trial(study)[1], len(SEEDS)).isel(sheet=0)
    runs = [run for run in find_study(study).plan(Options(seeds=3)) if run.place["seed"] == 1]
    axes = {
        axis: list(dict.fromkeys(run.place[axis] for run in runs))
        for axis in runs[0].place
        if axis not in ("sheet", "seed")
    }
    rng, found = np.random.default_rng(1), {}
    inner: dict[str, Any] = INNER[study]
    coordinates = axes | inner | {"seed": SEEDS}
    for name, dims in VARIABLES[study].items():
        own = (*axes, "seed", *dims)
        found[name] = (own, 1.0 + 0.05 * rng.random([len(coordinates[d]) for d in own]))
    return xr.Dataset(found, coordinates)


POPULATION = {"population": list(POPULATIONS)}
HOURS = "0-2 h, 0.5 h, 1 h, 1.5 h, 2 h, 4 h, 6 h, 12 h, 24 h, 72 h"
DAYS = "3 d, 5 d, 7 d, 10 d, 14 d, 15 d, 28 d"
AT = {"readout": f"rest, peak, {HOURS}, {DAYS}".split(", ")}
LOOKED = {
    "rate": ("population",),
    "cv_isi": ("population",),
    "glutamate_release": (),
    "apical_calcium": (),
    "power": ("band",),
    "sepsc_rate": (),
    "unbound": (),
}
RELATIVE = (
    "bdnf mtorc1 protein spines imaged_formation imaged_elimination "
    "gaba_conductance sipsc_rate glutamate_cycling regained"
)
READ: dict[str, tuple[str, ...]] = {n: ("readout",) for n in RELATIVE.split()}
READ |= {"rate": ("readout", "population"), "block": ("readout", "population", "subunit")}
READ |= {n: () for n in ("peak_bdnf", "peak_mtorc1", "peak_mtorc1_time")}
COURSE = {
    "given": [0.0, *(float(d) for d in (2.5, 5, 10, 20, 25, 30, 50, 100, 200))],
    "hour": [0.1, 0.3, 1.0],
} | POPULATION
BANDS = {"band": ["slow_delta", "gamma"]}
DAYS = AT | POPULATION | {"subunit": ["2A", "2AB", "2B", "2BD", "2C", "2D"]}
COURSES = {f"{n}_course": ("time",) for n in ("bdnf", "glutamate_cycling", "gaba_release")}
LOOKS = {"time": [-24.0, 0.0, 0.3, 0.7, 2.0, 4.0, 6.0, 14.0, 24.0, 72.0]}
INNER: dict[str, dict[str, Any]] = {
    "surge": COURSE | BANDS,
    "evoked": {"given": [0.0, 10.0], "pulses": [1.0, 2, 4, 8, 16, 32, 64]},
    "knockouts": COURSE | BANDS | {"background": list(knockouts.BACKGROUNDS)},
    "slice": {"concentration": [0.0, 1.0, 10.0]},
    "ex_vivo": COURSE,
    "mk801": {"minute": [1.0, 30.0, 60.0]} | POPULATION,
    "physiology": POPULATION,
} | dict.fromkeys(("blockers", "ablation_grid", "growth_dose", "stress", "occlusion"), DAYS)
INNER |= {"cascade": DAYS | LOOKS, "human_dose": LOOKS}
VARIABLES: dict[str, dict[str, tuple[str, ...]]] = {
    "surge": {n: ("given", "hour", *d) for n, d in LOOKED.items()},
    "evoked": {"evoked_calcium": ("given", "pulses")},
    "knockouts": {n: ("background", "given", "hour", *d) for n, d in LOOKED.items()},
    "ex_vivo": {"sepsc_rate": ("given", "hour")},
    "slice": {n: ("concentration",) for n in ("sipsc_rate", "sepsc_rate", "sepsc_amplitude")},
    "mk801": {
        "share_up": ("population",),
        "share_down": ("population",),
        "mean_z": ("minute", "population"),
    },
    "physiology": {"nmda_coupling": ("population",)},
} | dict.fromkeys(("blockers", "ablation_grid", "growth_dose", "stress", "occlusion"), READ)
VARIABLES |= {"cascade": READ | COURSES, "human_dose": COURSES}


def bench_of(claim: Claim) -> Bench:
    bench = Bench(seeds=3)
    if claim.study:
        bench._dataset, bench._study_inert = made(claim.study), find_study(claim.study).inert
    return bench


def under_inert(claim: Claim) -> list[Measure]:
    with np.errstate(all="ignore"):
        return claim.readout(bench_of(claim).inert())


@pytest.mark.parametrize("claim", [c for c in ALL_CLAIMS if not c.no_effect], ids=lambda c: c.id)
def test_no_claim_that_states_an_effect_of_a_drug_holds_under_an_inert_one(claim):
    measures = under_inert(claim)
    assert deciding(measures).verdict != "holds", [(m.name, m.values, m.verdict) for m in measures]


def test_claims_that_state_no_effect_are_these_and_each_says_why():
    assert {c.id for c in ALL_CLAIMS if c.no_effect} == NO_EFFECT


@pytest.mark.parametrize("study", [name for name in SHIPPED if name not in ("physiology", "validation")])
def test_every_study_that_gives_a_drug_says_what_an_inert_one_would_have_done(study):
    from prelimbic.experiments.readouts.inert import unchanged

    assert find_study(study).inert is not unchanged


@pytest.mark.parametrize("claim", ["V15", "V15c", "V17", "V17ea"])
def test_a_blocker_that_binds_next_to_nothing_makes_no_finding_hold(claim):
    """As stored runs of such a drug have it: equal to those without, but for a block of a billionth."""
    dataset = at_vehicle(drug="none")(made("blockers"))
    dead = {"none": 0.0, "ketamine": 3.0, "memantine": 3.0, "ro25_6981": 1.0}
    block = dataset["block"] * 0.0 + xr.DataArray(
        [uM / LARGEST_IC50 for uM in dead.values()], {"drug": list(dead)}, ("drug",)
    )
    bdnf = dataset["peak_bdnf"] * (
        1.0 + block.sel(readout="peak", population="Pyr", subunit="2A", drop=True)
    )
    bench = Bench(seeds=3)
    bench._dataset = dataset.assign(block=block, peak_bdnf=bdnf)
    with np.errstate(all="ignore"):
        measures = BY_ID[claim].readout(bench)
    assert deciding(measures).verdict in ("fails", "not testable"), [(m.name, m.values) for m in measures]


# What is told


def test_a_claim_that_an_inert_drug_meets_too_does_not_hold_and_is_told_so():
    fault = Claim(
        "T1",
        "nothing much happens",
        "a source",
        "CTRL",
        "a protocol",
        lambda bench: [measure(-1.0, 1.0, 0.5)],
    )
    (found,) = judge([fault], Bench(seeds=2))
    assert (found.verdict, found.without_drug, found.as_json()["verdict"]) == (NO_DRUG, "holds", NO_DRUG)
    assert summary([found]) == f"CTRL: 1 {NO_DRUG}" and NO_DRUG in VERDICTS
    text = page([found], {})
    assert "## What holds without the drug" in text and "An inert drug meets it too." in text
    (declared,) = judge([replace(fault, no_effect="it is about vehicle")], Bench(seeds=2))
    assert declared.verdict == "holds" and "No inert drug is asked: it is about vehicle." in page(
        [declared], {}
    )


def test_an_inert_drug_is_shown_for_the_claims_of_pharmacology():
    real = {*VERDICTS} - {NO_DRUG, "not testable"}
    for j in judge([BY_ID[i] for i in ("V4b", "V4c")], Bench(seeds=2)):
        assert j.inert and j.without_drug in ("fails", "not testable") and j.verdict in real
