"""Subjects: drawn reproducibly, spread as the sheet says, and each one exposed as if alone."""

from dataclasses import replace

import numpy as np
import pytest

import prelimbic as pl
from prelimbic.parameters import animal, compounds, sheet, variation
from prelimbic.pharmacology import Body, Dose, DoseError
from prelimbic.pharmacology.exposure import Exposure
from prelimbic.pharmacology.population import COLUMNS, TIMES, animals, population
from prelimbic.simulation.times import GivenError

HOURS = np.array([0.1, 0.5, 1.0, 4.0, 24.0])
DRUGS = compounds()
MANY = population(4000, "human", 7)


def test_the_same_seed_draws_the_same_subjects_and_the_first_of_many_are_the_few():
    few = population(20, "human", 7)
    assert few.equals(MANY.head(20))
    assert tuple(few.columns) == COLUMNS
    assert not few.equals(population(20, "human", 8))


@pytest.mark.parametrize("name", TIMES)
def test_numbers_are_log_normal_with_the_spread_of_the_sheet_around_it(name):
    logs, sd = np.log(MANY[name]), getattr(variation("human"), f"{name}_sd")
    assert logs.mean() == pytest.approx(0.0, abs=4.0 * sd / np.sqrt(len(MANY)))
    assert logs.std() == pytest.approx(sd, rel=0.06)


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        ("ketamine_clearance", "ketamine_volume", "ketamine_correlation"),
        ("norketamine_clearance", "norketamine_volume", "norketamine_correlation"),
        ("ketamine_clearance", "norketamine_clearance", "clearance_correlation"),
    ],
)
def test_clearances_and_volumes_go_together_as_the_sheet_says(one, other, told):
    found = np.corrcoef(np.log(MANY[one]), np.log(MANY[other]))[0, 1]
    assert found == pytest.approx(getattr(variation("human"), told), abs=0.05)


def test_absorption_has_nothing_to_do_with_clearance():
    assert np.corrcoef(np.log(MANY["available"]), np.log(MANY["ketamine_clearance"]))[0, 1] == pytest.approx(
        0, abs=0.06
    )


def test_weights_and_sexes_are_those_of_the_sheet_unless_they_are_said():
    spread = variation("human")
    assert np.median(MANY["weight"]) == pytest.approx(spread.weight, rel=0.02)
    assert (MANY["sex"] == "female").mean() == pytest.approx(spread.female, abs=0.03)
    said = population(10, "human", 7, body=Body(weight=50.0, sex="male"))
    assert (said["weight"] == 50.0).all() and (said["sex"] == "male").all()


@pytest.mark.parametrize("species", ["human", "rat", "mouse"])
@pytest.mark.parametrize("route", ["iv", "nasal", "oral"])
def test_every_subject_is_exposed_as_if_alone(species, route):
    subjects = population(12, species, 3)
    doses = (Dose(2.0, route), Dose(1.0, route, 0.5))
    together = Exposure(doses, animals(species, subjects), DRUGS).venous(HOURS)
    for k in (0, 5, 11):
        alone = Exposure(doses, animals(species, subjects.iloc[[k]]), DRUGS).venous(HOURS)
        np.testing.assert_allclose(together[k], alone[0], rtol=1e-9, atol=1e-12)


def test_subjects_who_differ_in_nothing_are_the_body_of_the_sheets():
    subjects = population(3, "rat", 1, body=Body(weight=0.3))
    subjects[list(COLUMNS[2:])] = 1.0
    doses = (Dose(5.0, "oral"),)
    found = Exposure(doses, animals("rat", subjects), DRUGS).brain_unbound(HOURS)
    typical = Exposure.after(doses, "rat").brain_unbound(HOURS)
    np.testing.assert_allclose(found, np.broadcast_to(typical, found.shape), rtol=1e-9, atol=1e-15)


def test_nothing_of_any_subject_is_lost():
    exposure = Exposure((Dose(1.0, "nasal"),), animals("human", population(50, "human", 2)), DRUGS)
    held = exposure.present(HOURS).sum(axis=-1) + exposure.eliminated(HOURS).sum(axis=-1)
    given = exposure.given(HOURS)
    np.testing.assert_allclose(held, np.broadcast_to(given, held.shape), rtol=1e-9)


def test_an_amount_in_mg_is_the_same_for_all_and_one_a_kg_follows_the_weight():
    subjects = population(40, "human", 5)
    heavy, light = subjects["weight"].idxmax(), subjects["weight"].idxmin()
    subjects[list(COLUMNS[2:])], subjects["sex"] = 1.0, "male"
    flat = pl.exposure("human", "ketamine 35 mg iv over 40min", at="40min", subjects=subjects)["arterial"]
    per_kg = pl.exposure("human", "ketamine 0.5 mg/kg iv over 40min", at="40min", subjects=subjects)[
        "arterial"
    ]
    a, b = (found.sel(compound="ketamine").isel(time=0) for found in (flat, per_kg))
    assert a.sel(subject=light) > 1.3 * a.sel(subject=heavy)
    assert b.sel(subject=light) < b.sel(subject=heavy) < 1.3 * b.sel(subject=light)


def test_subjects_take_amounts_of_one_kind():
    with pytest.raises(GivenError, match="a kg or of the whole body, not both"):
        pl.exposure("human", ["ketamine 35 mg iv", "ketamine 1 mg/kg iv at 2h"], at="1h", subjects=5)


def test_more_spread_in_the_sheet_is_more_spread_of_subjects():
    own = sheet("population")
    wide = own.replaced({"human.ketamine_clearance_sd": 0.4})
    found = [
        population(500, "human", 1, sheets={"population": s})["ketamine_clearance"].std()
        for s in (own, wide)
    ]
    assert found[1] > 2.0 * found[0]


@pytest.mark.parametrize("n", [0, -1, 1.5, "many", 10**6])
def test_a_number_of_subjects_that_cannot_be_is_refused(n):
    with pytest.raises(DoseError, match="whole number of subjects"):
        pl.population(n)


def test_a_table_that_is_none_is_refused_by_its_columns():
    with pytest.raises(GivenError, match="columns weight, sex"):
        pl.exposure("human", "1 mg/kg iv", at="1h", subjects=MANY[["weight"]])


def test_an_animal_without_a_known_effect_of_sex_has_none():
    subjects = population(6, "rat", 1)
    sexes = [replace(animals("rat", subjects.assign(sex=sex))) for sex in ("female", "male")]
    a, b = (each.dispositions["ketamine"].clearance for each in sexes)
    np.testing.assert_array_equal(a, b)
    assert animal("rat").routes  # it is a whole animal all the same


WRONG = {
    "ketamine_clearance": (-1.0, "from 1e-06"),
    "weight": (5000.0, "from 1 to 400 in a human"),
    "sex": ("Female", "female or male"),
    "available": ("much", "from 1e-06"),
}


@pytest.mark.parametrize("column", WRONG)
def test_a_number_that_no_subject_has_is_refused_with_the_subject(column):
    value, must = WRONG[column]
    table = population(4, "human", 1).astype({column: object})
    table.loc[3, column] = value
    with pytest.raises(GivenError, match=rf"{column} of subject 3 is .* but must be {must}"):
        pl.exposure("human", "1 mg/kg iv", at="1h", subjects=table)


def test_a_table_says_weights_itself_and_each_subject_has_a_number():
    table = population(4, "human", 1)
    with pytest.raises(GivenError, match="weight and sex itself"):
        pl.exposure("human", "1 mg/kg iv", at="1h", subjects=table, weight=70)
    table.index = [1, 1, 2, 3]
    with pytest.raises(GivenError, match="a number of its own"):
        pl.exposure("human", "1 mg/kg iv", at="1h", subjects=table)


def test_a_genotype_that_is_said_is_that_of_all_subjects():
    table = population(6, "human", 1)
    usual, slow = (
        pl.exposure("human", "1 mg/kg iv", at="4h", subjects=table, cyp2b6=genotype)["venous"][:, 0, 0]
        for genotype in (None, "*6/*6")
    )
    assert (slow > 1.2 * usual).all()


def test_ages_of_subjects_may_stand_in_a_column():
    table = population(3, "human", 1)
    of_ages = pl.exposure("human", "1 mg/kg iv", at="4h", subjects=table.assign(age=[20, 70, 90]))["venous"]
    for k, age in enumerate((20, 70, 90)):
        one = pl.exposure("human", "1 mg/kg iv", at="4h", subjects=table.iloc[[k]], age=age)["venous"]
        np.testing.assert_allclose(of_ages[k], one[0], rtol=1e-9)
    with pytest.raises(GivenError, match="age of subject 2 is 130 but must be from 0 to 120"):
        pl.exposure("human", "1 mg/kg iv", at="1h", subjects=table.assign(age=[20, 130, 90]))
    with pytest.raises(GivenError, match="a genotype is not read"):
        pl.exposure("human", "1 mg/kg iv", at="1h", subjects=table.assign(cyp2b6="*6/*6"))
