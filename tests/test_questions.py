"""A question of one's own: read from a line, a file or Python as the same runs, each beside its vehicle; or
refused in one sentence.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy.stats import t as student

import prelimbic as pl
from prelimbic.experiments.questions.answered import answer
from prelimbic.experiments.questions.study import planned, study_of, with_options
from prelimbic.experiments.storage.manifest import read_manifest
from prelimbic.experiments.sweep import conduct
from prelimbic.experiments.sweep.cluster import _kept
from prelimbic.experiments.sweep.queue import ClusterError
from prelimbic.experiments.sweep.slurm import Slurm
from prelimbic.experiments.sweep.study import Options
from prelimbic.parameters import species
from prelimbic.simulation.arms import QuestionError
from prelimbic.simulation.facts import facts
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.question import Question, untreated
from prelimbic.simulation.written import (
    as_mapping,
    as_toml,
    of_scenarios,
    question,
    question_in,
    read_question,
)
from tests.said import FAILURE

DOSE = {"species": "rat", "give": "10 mg/kg ip at 0h", "read": ["24h"]}
SEVEN = {"read": ["24h", "7d"]}
ARMS = DOSE | {
    "stress": "3d before 0h",
    "arm": [
        {"name": "ketamine"},
        {"name": "with rapamycin", "inhibit": "rapamycin_icv at -30min"},
        {"name": "stress alone", "give": []},
        {"name": "low", "give": "1 mg/kg ip", "against": "ketamine"},
    ],
}


def ids(asked: Question, seeds: int = 1) -> list[str]:
    return sorted(run.config.run_id() for run in planned(asked, Options(seeds=seeds)))


def by_place(asked: Question) -> dict[str, object]:
    return {json.dumps(point.place): point for point in asked.points()}


# What is compared with what


def test_one_dose_stands_beside_its_vehicle():
    vehicle, drug = question(DOSE).points()
    assert (vehicle.place, drug.place) == ({"arm": "vehicle"}, {"arm": "ketamine"})
    assert drug.reference == vehicle.place and vehicle.reference is None
    assert drug.config.doses == pl.Scenario("rat", "10 mg/kg ip").give
    assert not any(dose.amount for dose in vehicle.config.doses)
    assert vehicle.config.protocol == drug.config.protocol


def test_vehicle_keeps_the_schedule_where_a_readout_counts_from_what_is_given():
    asked = question(DOSE | {"give": "10 mg/kg ip at 5h", "read": ["rest", "peak", "0-2 h", "48h"]})
    vehicle, drug = asked.points()
    assert vehicle.config.moments() == drug.config.moments()
    assert vehicle.config.begun() == drug.config.begun() == 5.0
    assert [dose.amount for dose in vehicle.config.doses] == [0.0]


def test_a_dose_axis_begins_at_vehicle_and_has_the_same_looks_everywhere():
    asked = question(DOSE | {"vary": {"dose": [10, 3]}, "read": ["peak", "24h"]})
    points = asked.points()
    assert asked.axes == {"dose": "mg/kg"}
    assert [point.place["dose"] for point in points] == [0.0, 3.0, 10.0]
    assert [point.reference for point in points] == [None, {"dose": 0.0}, {"dose": 0.0}]
    assert [sum(d.amount for d in point.config.doses) for point in points] == [0.0, 3.0, 10.0]
    assert len({point.config.protocol for point in points}) == 1


def test_arms_are_compared_with_their_own_vehicle_or_with_what_they_name():
    found = by_place(question(ARMS))
    reference = {json.loads(place)["arm"]: point.reference for place, point in found.items()}
    # stress alone is the vehicle of ketamine, which is given under the same stress
    assert reference["ketamine"] == {"arm": "stress alone"}
    assert reference["low"] == {"arm": "ketamine"} and reference["stress alone"] is None
    assert reference["with rapamycin"]["arm"] not in ("stress alone", "with rapamycin")
    own = found[json.dumps(reference["with rapamycin"])].config
    assert own.protocol.inhibitions and own.protocol.stress and not any(d.amount for d in own.doses)
    assert len({point.config.protocol.times for point in found.values()}) == 1


def test_under_stress_every_arm_begins_healthy_unless_the_baseline_is_named():
    assert {p.config.hypotheses.baseline for p in question(ARMS).points()} == {"healthy"}
    assert {p.config.hypotheses.baseline for p in question(DOSE).points()} == {"spine_loss"}
    named = question(DOSE | {"baseline": "both"})
    assert {p.config.hypotheses.baseline for p in named.points()} == {"both"}


def test_axes_cross_and_a_vehicle_that_an_axis_does_not_touch_is_one_run():
    asked = question(
        DOSE | {"vary": {"give": ["3 mg/kg ip", "10 mg/kg ip at 0h, 2h"], "baseline": ["healthy", "both"]}}
    )
    places = [point.place for point in asked.points()]
    assert [place for place in places if place["arm"] == "vehicle"] == [
        {"arm": "vehicle", "give": "3 mg/kg ip", "baseline": baseline} for baseline in ("healthy", "both")
    ]
    assert len(places) == 2 + 4
    there = {"arm": "vehicle", "give": "10 mg/kg ip at 0h, 2h", "baseline": "both"}
    assert (there, there | {"give": "3 mg/kg ip"}) in asked.alike()  # so that a dataset has it everywhere
    numbers = question(DOSE | {"vary": {"circuit": {"PV": {"leak": [4, 5]}}}})
    assert list(numbers.axes) == ["arm", "circuit_PV_leak"] and len(numbers.points()) == 4
    assert {dict(p.config.overrides)["circuit.PV.leak"] for p in numbers.points()} == {4.0, 5.0}


def test_a_bath_has_a_vehicle_too():
    vehicle, bath = question({"species": "rat", "bath": "mk801 0.1 uM from 0h to 2h", "read": "4h"}).points()
    assert bath.place == {"arm": "mk801"} and bath.reference == vehicle.place
    assert vehicle.config.bath is None or not any(uM for _, uM in vehicle.config.bath.concentrations)


def test_arms_that_do_the_same_are_refused_and_names_of_vehicles_are_kept_apart():
    with pytest.raises(QuestionError, match="arms a and b do the same"):
        question(DOSE | {"arm": [{"name": "a"}, {"name": "b", "give": "10 mg/kg ip"}]}).points()
    own = question(DOSE | {"arm": [{"name": "vehicle", "give": "1 mg/kg ip"}, {"name": "drug"}]})
    assert [p.place["arm"] for p in own.points()] == ["vehicle, vehicle", "vehicle", "drug"]


def test_the_look_of_a_readout_is_taken():
    asked = question(
        {"species": "mouse", "give": "10 mg/kg ip at 0h, 24h, 48h", "stress": "21d before 0h"} | SEVEN
    )
    for point in asked.points():
        assert 168.0 in point.config.protocol.times and point.config.protocol.reused
        assert not {24.0, 168.0, 72.0} & {*point.config.protocol.reused}


def test_a_bath_beside_a_dose_axis_is_taken_away_with_the_dose():
    asked = question(DOSE | {"bath": "memantine 1 uM", "vary": {"dose": [10]}})
    vehicle, without, dosed = asked.points()
    assert [p.place["dose"] for p in (without, dosed)] == [0.0, 10.0]
    assert without.reference == dosed.reference == vehicle.place and vehicle.place["arm"] == "vehicle"
    assert vehicle.config.bath is None


def test_the_answer_is_mean_difference_and_interval_of_pairs_and_its_sentence_is_of_the_last_readout():
    asked = question(DOSE | {"read": {"times": ["7d", "24h"], "measure": ["peak_bdnf", "spines"]}})
    vehicle = np.array([[50.0, 60.0, 70.0], [50.0, 60.0, 70.0]])
    drug = vehicle + np.array([[5.0, 7.0, 9.0], [1.0, 1.0, 2.0]])  # at 7 d and 24 h
    dataset = xr.Dataset(
        {
            "spines": (("sheet", "arm", "readout", "seed"), np.array([[vehicle, drug]])),
            "peak_bdnf": (("sheet", "arm", "seed"), np.ones((1, 2, 3))),
        },
        {"sheet": ["sst"], "arm": ["vehicle", "ketamine"], "readout": ["7 d", "24 h"], "seed": [1, 2, 3]},
    )
    found = answer(dataset, asked)
    row = found.tables[0].xs(("ketamine", "spines", "7 d"))
    half = student.ppf(0.975, 2) * 2.0 / np.sqrt(3.0)
    low, high = (float(number) for number in row["95 % interval"].item().split(" to "))
    assert (low, high) == pytest.approx((7.0 - half, 7.0 + half), abs=0.05)
    assert row["difference"]["mean"] == pytest.approx(7.0) and row["difference"]["sd"] == pytest.approx(2.0)
    assert row["vehicle"]["mean"] == 60.0 and row["mean ± SD"]["mean"] == 67.0
    percent = 100.0 * (drug[0] / vehicle[0] - 1.0)
    assert row["change, %"]["mean"] == pytest.approx(percent.mean())
    assert (
        f"7 d: ketamine raises spines by {percent.mean():.1f} ± {percent.std(ddof=1):.1f} %" in found.found
    )


# A line, a file and Python say the same


@pytest.mark.parametrize("asked", [DOSE, ARMS, DOSE | {"vary": {"dose": [1, 10]}, "site": "pv"}])
def test_a_file_is_the_question_that_wrote_it(asked, tmp_path):
    first = question(asked)
    path = tmp_path / "mine.toml"
    path.write_text(as_toml(first))
    assert ids(read_question(path)) == ids(first)
    assert question(json.loads(json.dumps(as_mapping(first)))).axes == first.axes


def test_a_line_and_the_file_that_it_wrote_are_the_same_runs(call, tmp_path):
    line = ["ask", "--species", "human", "--give", "0.5 mg/kg iv over 40min", "--vary", "dose=0.1,0.5"]
    line += ["--read", "4h,24h", "--inhibit", "rapamycin_po at -2h", "--site", "pv", "--seeds", "2"]
    code, out, err = call(*line, "--write", tmp_path / "mine.toml")
    assert (code, err) == (0, "") and "0.1, 0.5 mg/kg" in out and "runs: 6 (3 points x 2 seeds)" in out
    listed = {}
    for words in (line, ["run", tmp_path / "mine.toml"]):
        code, out, err = call(*words, "--list")
        assert (code, err) == (0, "")
        listed[words[0]] = out
    assert listed["ask"] == listed["run"] and len(listed["ask"].splitlines()) == 6
    assert not (tmp_path / "results").exists()


def test_python_says_the_same_as_a_line():
    scenario = pl.Scenario("rat", "10 mg/kg ip at 0h", read="24h", site="pv", stress="3d before 0h")
    plain = DOSE | {"site": "pv", "stress": "3d before 0h"}
    assert ids(of_scenarios({"": scenario})) == ids(question(plain))
    # a scenario alone is the run that stands beside its vehicle
    assert scenario.config(1).run_id() in ids(of_scenarios({"": scenario}))


def test_a_dose_in_mg_at_the_weight_of_the_sheet_is_that_of_a_kg_and_at_another_that_of_another_body():
    grams = 1000 * species("rat").reference_mass
    whole = question(DOSE | {"give": f"{grams / 100} mg ip at 0h", "weight": f"{grams} g"})
    assert ids(whole) == ids(question(DOSE))
    heavy = question(DOSE | {"weight": f"{1.5 * grams} g"})
    assert ids(heavy) != ids(question(DOSE))


def test_a_body_can_be_varied_and_stands_in_files():
    asked = question(DOSE | {"species": "human", "give": "1 mg/kg iv", "vary": {"weight": [70, 110.0]}})
    assert asked.axes == {"arm": "", "weight": "kg"}
    assert [p.config.body.weight for p in asked.points() if p.reference] == [None, 110.0]
    assert question(as_mapping(asked)) == asked
    carrier = pl.Scenario("human", "1 mg/kg iv", cyp2b6="*1/*1", weight="80 kg")
    kept = of_scenarios({"": carrier})
    assert question(as_mapping(kept)).points() == kept.points()
    assert {"weight": 80.0, "cyp2b6": "*1/*1"}.items() <= as_mapping(kept).items()
    assert facts(carrier.config().to_dict())["body"] == "80 kg, cyp2b6 *1/*1"
    assert "body" not in pl.Scenario("human", "1 mg/kg iv", weight=70).config().to_dict()


def test_a_dose_axis_in_python_is_in_the_unit_of_what_is_given():
    body = pl.Scenario("human", "35 mg iv over 40min", weight=70)
    asked = of_scenarios({"": body}, vary={"dose": (35.0, 70.0)})
    assert asked.axes == {"dose": "mg"}
    assert [p.config.doses[0].amount for p in asked.points()] == [0.0, 0.5, 1.0]
    salt = of_scenarios({"": pl.Scenario("rat", "10 mg/kg as hydrochloride ip")}, vary={"dose": (10.0,)})
    assert salt.points()[-1].config.doses[0].amount == pytest.approx(8.670, abs=1e-3)


def test_a_scenario_beside_one_under_stress_keeps_a_baseline_that_is_named_and_begins_healthy_else():
    stressed = pl.Scenario("rat", "10 mg/kg ip", stress="3d before 0h")
    for more, baseline in (({"baseline": "spine_loss"}, "spine_loss"), ({}, "healthy")):
        asked = of_scenarios({"stressed": stressed, "not": pl.Scenario("rat", **more)})
        found = {p.place["arm"]: p.config.hypotheses.baseline for p in asked.points()}
        assert (found["stressed"], found["not"]) == ("healthy", baseline)


def test_a_file_finds_a_sheet_of_ones_own_wherever_it_is_read(call, tmp_path, monkeypatch):
    (tmp_path / "own.toml").write_text('[sheet]\ntitle = "own"\nbased_on = "sst"\n')
    (tmp_path / "kept").mkdir()
    words = ["ask", "--species", "rat", "--give", "10 mg/kg ip", "--sheet", "own.toml", "--read", "2h"]
    code, _, err = call(*words, "--write", "kept/mine.toml")
    assert (code, err) == (0, "")
    monkeypatch.chdir(tmp_path / "kept")
    code, out, err = call("run", "mine.toml", "--list")
    assert (code, err) == (0, "") and out.count("own_") == 6


def test_options_of_a_run_are_as_if_they_stood_in_the_file():
    options = Options(seeds=1, hypotheses=Hypotheses(site="pv"), overrides=(("circuit.PV.leak", 9.0),))
    asked, rest = with_options(question(DOSE), options)
    assert rest.hypotheses == Hypotheses() and not rest.overrides
    assert ids(asked) == ids(question(DOSE | {"site": "pv", "set": {"circuit": {"PV": {"leak": 9}}}}))
    with pytest.raises(QuestionError, match="sets site itself"):
        with_options(question(DOSE | {"site": "all"}), options)


def test_sheets_and_scale_of_a_file_hold_unless_asked_otherwise():
    asked = question(DOSE | {"sheet": ["sst", "pv_sst"], "scale": 0.5})
    runs = planned(asked, Options(seeds=1, sheets=("sst",)))
    assert {run.place["sheet"] for run in runs} == {"sst", "pv_sst"} and runs[0].config.scale == 0.5
    named = frozenset({"sheets", "scale"})
    other = planned(asked, Options(seeds=1, sheets=("dendritic",), scale=2.0, given=named))
    assert {run.place["sheet"] for run in other} == {"dendritic"} and other[0].config.scale == 2.0


def test_a_dataset_knows_its_question():
    study = study_of(question(ARMS), "mine")
    assert ids(question_in({"question": json.dumps(as_mapping(study.asked))})) == ids(question(ARMS))
    with pytest.raises(QuestionError, match="no question"):
        question_in({"study": "dose_response"})


def test_what_has_no_drug_is_untreated():
    config = pl.Scenario("rat", "10 mg/kg ip", read="24h").config(1)
    assert untreated(untreated(config)) == untreated(config) != config


# On a cluster


def test_jobs_are_given_the_question_as_it_was_planned(call, tmp_path, monkeypatch):
    seen = {}

    def drive(runs, missing, causes, folder, jobs, words, screen, asked):
        seen.update(runs=[run.file for run in runs], words=words, asked=asked)
        raise ClusterError("told")

    monkeypatch.setattr(conduct, "drive", drive)
    monkeypatch.setattr(Slurm, "check", lambda jobs: None)
    sheet = tmp_path / "own.toml"
    sheet.write_text('[sheet]\ntitle = "own"\nbased_on = "sst"\n')
    line = ["ask", "--species", "rat", "--give", "10 mg/kg ip", "--site", "pv", "--read", "2h", "--seeds", 2]
    line += ["--sheet", sheet, "--scale", 0.5, "--set", "circuit.PV.leak=9", "--out", tmp_path / "out"]
    code, _, err = call(*line, "--cluster", "slurm")
    assert code == FAILURE and "told" in err
    kept = _kept(seen["asked"], tmp_path / "jobs")
    assert Path(kept[0]).stem == read_manifest(tmp_path / "out")["study"]  # so that it is the same study
    code, out, err = call("run", *kept, *seen["words"], "--out", tmp_path / "out", "--list")
    assert (code, err) == (0, "")
    assert [text.split()[-1] for text in out.splitlines()] == seen["runs"] and len(seen["runs"]) == 4
