"""People: who they are, and how they are followed from a dose to a score."""

import json

import numpy as np
import pandas as pd
import pytest

import prelimbic as pl
from prelimbic.parameters import CascadeNumbers, SpineNumbers, sheet
from prelimbic.parameters.errors import UsageError
from prelimbic.patients import subjects, surrogate
from prelimbic.patients.course import courses
from prelimbic.patients.link import dissociation, fitted_points, hamd, relief
from prelimbic.patients.slow import Subject, followed
from prelimbic.patients.subjects import people
from prelimbic.pharmacology import Body, Dose, Exposure
from prelimbic.pharmacology.population import animals, population
from prelimbic.plasticity import Arms, resting_factors
from prelimbic.plasticity.loop import course
from prelimbic.simulation.hypotheses import Hypotheses
from tests.people import GROWS, INFUSION, SILENT, made_up, placed

PATIENTS = surrogate.patients_sheet()
AT = ["-1h", "40min", "24h", "3d"]


@pytest.fixture(autouse=True)
def trained(tmp_path, monkeypatch):
    """A circuit that ketamine excites, and one that it silences."""
    monkeypatch.setattr(surrogate, "kept_folder", lambda: tmp_path / "surrogates")
    placed(tmp_path / "surrogates", made_up(*GROWS.values(), 0.4))
    placed(tmp_path / "surrogates", made_up(*SILENT.values(), -0.4))


# Who they are


def test_the_first_of_many_are_the_few_and_another_seed_is_others():
    few, many = people(5, 3), people(40, 3)
    pd.testing.assert_frame_equal(few, many.iloc[:5], rtol=1e-12)
    assert few.index.name == "subject"
    assert not people(5, 4).equals(few)


def test_people_have_the_bodies_of_the_population_and_more():
    found, bodies = people(50, 2), pl.population(50, "human", 2)
    assert found[bodies.columns].equals(bodies)
    assert {*subjects.OWN} == {*found.columns} - {*bodies.columns}


def test_depressed_people_have_fewer_spines_and_more_points_than_healthy_ones():
    ill, well = people(300), people(300, group="healthy")
    assert abs(ill["severity"].mean() - PATIENTS.people.severity) < 1.0
    assert abs(ill["spines"].mean() - PATIENTS.people.spines) < 0.02
    assert well["severity"].max() < ill["severity"].min()
    assert abs(well["spines"].mean() - 1.0) < 0.02
    assert ill["age"].between(PATIENTS.people.youngest, PATIENTS.people.oldest).all()


def test_genotypes_come_in_their_shares_and_change_the_exposure_as_they_do_in_one_body():
    found = people(2000)
    shares = found["cyp2b6"].value_counts(normalize=True)
    assert abs(shares["*1/*6"] - PATIENTS.people.share_16) < 0.04
    assert abs(shares["*6/*6"] - PATIENTS.people.share_66) < 0.02
    drawn = population(3, body=Body(weight=70.0, sex="male"))
    drawn[[c for c in drawn if c not in ("weight", "sex")]] = 1.0
    drawn["cyp2b6"] = ["*1/*1", "*1/*6", "*6/*6"]
    for k, genotype in enumerate(drawn["cyp2b6"]):
        alone = Exposure.after((Dose(0.5, "iv", 0.0, 2 / 3),), "human", body=Body(70.0, "male", genotype))
        assert animals("human", drawn).dispositions["ketamine"].clearance[k] == pytest.approx(
            alone.animal.dispositions["ketamine"].clearance, rel=1e-12
        )


def test_weight_and_sex_that_are_said_are_those_of_all():
    found = people(4, weight="80 kg", sex="female")
    assert (found["weight"] == 80.0).all() and (found["sex"] == "female").all()


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"n": 0}, "from 1 to 100000"),
        ({"group": "ill"}, "depressed"),
        ({"affinity": "tisue"}, "did you mean tissue"),
        ({"sheet": "nativ"}, "did you mean native"),
        ({"sheet": "point"}, "prelimbic surrogate --sheet point --affinity tissue --rebuild"),
        ({"seed": -1}, "`seed`"),
    ],
)
def test_people_that_cannot_be_are_refused(asked, named):
    with pytest.raises(UsageError, match=named):
        people(**({"n": 3} | asked))


# What a dose does


def test_without_a_drug_nothing_moves_at_all():
    seen = courses(people(3, **GROWS), "vehicle iv", AT, **GROWS)
    for name in ("spines", "bdnf", "mtorc1", "glutamate"):
        np.testing.assert_allclose(seen[name].values, 1.0, rtol=1e-12)
    np.testing.assert_allclose(seen["relief"].values, 0.0, atol=1e-10)
    assert not seen["dissociation"].values.any()


def test_where_the_drive_rises_spines_grow_a_day_later_and_where_it_falls_nothing_does():
    who = people(6, **GROWS)
    seen = courses(who, INFUSION, AT, **GROWS)
    assert (seen["spines"].sel(time=-1.0) == 1.0).all() and (seen["spines"].sel(time=24.0) > 1.001).any()
    assert (seen["bdnf"].sel(time=2 / 3, method="nearest") > 1.0).all()
    assert (seen["relief"] <= who["severity"].to_numpy()[:, None]).all()
    silent = courses(people(6, **SILENT), INFUSION, AT, **SILENT)
    np.testing.assert_allclose(silent["relief"].values, 0.0, atol=1e-10)


def test_a_subject_s_course_is_its_own_whoever_else_is_there_and_whatever_they_get():
    who = people(3, **GROWS)
    whole = courses(who, [["vehicle iv"], [INFUSION], ["1 mg/kg iv over 40min"]], AT, **GROWS)
    alone = courses(who.iloc[1:2], INFUSION, AT, **GROWS)
    for name in whole:
        np.testing.assert_allclose(whole[name].values[1], alone[name].values[0], rtol=1e-9)
    assert not whole["ketamine"].values[0].any()


def test_hours_that_are_read_move_nothing():
    who = people(2, **GROWS)
    few, more = (courses(who, INFUSION, at, **GROWS) for at in (["3d"], ["1h", "24h", "3d"]))
    np.testing.assert_allclose(few["spines"].values[:, -1], more["spines"].values[:, -1], rtol=0.01)


def test_rapamycin_in_the_brain_stops_growth_and_what_blood_holds_counts_where_it_is_said():
    who = people(4, **GROWS)
    free = courses(who, INFUSION, ["3d"], **GROWS)["spines"]
    brain = courses(who, INFUSION, ["3d"], inhibit="rapamycin_icv at -30min", **GROWS)["spines"]
    assert (brain < free).all() and float(brain.max()) < 1.0 + 0.3 * float(free.max() - 1.0)


def test_amounts_of_the_whole_body_follow_its_weight():
    light, heavy = (people(1, weight=kg, **GROWS) for kg in (50, 100))
    for table in (light, heavy):
        table[[c for c in table if c.startswith(("keta", "norket", "hydroxy"))]] = 1.0
    seen = [courses(t, "35 mg iv over 40min", ["40min"], **GROWS)["ketamine"].item() for t in (light, heavy)]
    assert seen[0] > 1.3 * seen[1]


def test_what_it_is_told_by_is_in_the_attributes():
    seen = courses(people(1, **GROWS), INFUSION, ["1h"], **GROWS)
    assert seen.attrs["surrogate"] == surrogate.surrogate(*GROWS.values()).identity
    assert "circuits left out" in seen.attrs["surrogate_error"] and seen.attrs["sheet"] == "dendritic"


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"give": "20 mg/kg iv"}, "subject 1 would have"),
        ({"give": [["vehicle iv"]]}, "holds 1 lists, but there are 2 subjects"),
        ({"give": "memantine 1 mg/kg iv"}, "memantine"),
        ({"at": "24"}, "24h"),
        ({"inhibit": "ampa_antagonist at 0h"}, "ampa_antagonist acts on the circuit"),
        ({"mtor": "systemc"}, "did you mean systemic"),
        ({"site": "pv"}, "others act on the circuit"),
        ({"spine_rule": "branch"}, "one by one"),
        ({"affinity": "tissue", "sheet": "native"}, "is none of sheet native"),
        ({"people": 3}, "a table as pl.people draws it"),
        ({"people": pl.population(2)}, "there is no column age"),
    ],
)
def test_courses_that_cannot_be_are_refused_in_a_sentence(asked, named):
    whole = {"people": None, "give": INFUSION, "at": "24h"} | GROWS | asked
    # circuit 5 is known to either: take it away from one
    who = whole.pop("people")
    who = people(2, **GROWS).assign(circuit=[1, 7]) if who is None and "sheet" in asked else who
    with pytest.raises(UsageError, match=named) as told:
        courses(people(2, **GROWS) if who is None else who, whole.pop("give"), whole.pop("at"), **whole)
    assert "\n" not in str(told.value)


# The slow layer of one subject


def test_without_spread_and_without_circuit_it_is_the_loop_of_one_cell():
    made = made_up(*GROWS.values(), 0.3, elasticity=0.0).emulated[1]
    cascade, spines = (
        sheet("cascade").fill("cascade", CascadeNumbers),
        sheet("spines").fill("spines", SpineNumbers),
    )
    made.tables["nmda"][:] = 1.0
    hours = np.arange(0, 73, 2)
    uM = np.where(np.arange(36) < 3, 1.0, 0.0)
    drive = np.where(uM > 0, made.tables["ampa"][0, 3] / made.tables["ampa"][0, 0], 1.0)
    known = course(cascade, spines, 750.0, 1340, drive, 0.0).contacts
    subject = Subject(made, 0.75, cascade, spines, 1.34)
    found = followed(subject, hours * 60, uM, resting_factors(72 * 60), Arms(), Hypotheses())
    np.testing.assert_allclose(found["contacts"][1:], known / 750.0, rtol=1e-6)
    assert found["contacts"].max() > 1.01


# The link


def test_relief_begins_in_proportion_and_ends_at_the_severity():
    link = PATIENTS.link
    small = relief(np.array([1.0 + 1e-6, 1.0 - 1e-3]), np.array(30.0), link, 200.0)
    np.testing.assert_allclose(small, [2e-4, -0.2], rtol=1e-4)
    assert relief(np.array(9.0), np.array(30.0), link, 200.0) == pytest.approx(30.0)
    assert relief(np.array(1.2), np.array(0.0), link, 200.0) == pytest.approx(0.0, abs=1e-6)


def test_a_slope_that_is_fitted_gives_the_difference_it_was_fitted_on():
    link = PATIENTS.link
    spines, severity = np.linspace(1.0, 1.12, 50), np.linspace(25.0, 40.0, 50)
    slope = fitted_points(spines, severity, link)
    assert relief(spines, severity, link, slope).mean() == pytest.approx(link.difference, rel=1e-9)
    assert np.isnan(fitted_points(np.ones(50), severity, link))


def test_dissociation_is_half_at_its_half_and_sensitivity_is_more_drug():
    numbers = PATIENTS.dissociation
    half = dissociation(np.array(numbers.half), np.array(1.0), numbers)
    assert half == pytest.approx(numbers.highest / 2)
    assert dissociation(np.array(0.2), np.array(2.0), numbers) == pytest.approx(
        dissociation(np.array(0.4), np.array(1.0), numbers)
    )
    assert dissociation(np.array(0.0), np.array(1.0), numbers) == 0.0
    assert hamd(30.0, PATIENTS.link) == pytest.approx(30.0 * PATIENTS.link.hamd)


# The command


def test_the_command_says_identity_and_error_as_lines_and_as_json(call):
    code, out, _ = call("surrogate", "--sheet", "dendritic", "--affinity", "recombinant")
    stamp = surrogate.surrogate(*GROWS.values()).identity
    assert code == 0 and stamp in out and "circuits left" in out
    assert max(map(len, out.splitlines()[2:])) <= 100
    code, out, _ = call("surrogate", "--sheet", "dendritic", "--affinity", "recombinant", "--json")
    assert (code, json.loads(out)["identity"], json.loads(out)["circuits"]) == (0, stamp, [1, 2, 5])
