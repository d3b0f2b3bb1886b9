"""Laws of dose and exposure: conservation, limits, known answers and symmetry."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prelimbic.parameters import COMPOUNDS, MADE_OF, SPECIES
from prelimbic.pharmacology import ROUTES, Dose, DoseError, Exposure, HillBlock
from tests.animals import ANIMALS, DRUGS, LONG, ONE, altered, auc, can_have, course, near, of, several, umol

DAY = np.array([0.0, 0.01, 0.1, 0.3, 0.5, 1.0, 2.0, 5.0, 12.0, 24.0])
FEW = settings(max_examples=15, deadline=None)
QUANTITIES = ("arterial", "venous", "brain_unbound", "brain_total", "present", "eliminated")


def everything(exposure: Exposure, hours: np.ndarray) -> np.ndarray:
    """All that an exposure tells, shape (time, quantity and name)."""
    return np.concatenate([getattr(exposure, quantity)(hours) for quantity in QUANTITIES], axis=1)


def sprayed(*given_doses: Dose) -> bool:
    """Whether doses come by a route of which a later one of a sitting is taken up less."""
    return any(dose.route == "nasal" for dose in given_doses)


# Exposure


@pytest.mark.parametrize("animal", SPECIES)
@pytest.mark.parametrize(
    "given_doses", [(), (Dose(0.0, "iv"),), (Dose(0.0, "iv", 1.0, 2.0), Dose(0.0, "oral"))]
)
def test_without_a_dose_nothing_is_anywhere_and_nothing_is_blocked(animal, given_doses):
    empty = course(animal, *given_doses)
    for quantity in QUANTITIES:
        found = getattr(empty, quantity)(DAY)
        assert found.shape == (len(DAY), len(empty.names)) and (found == 0.0).all()
    assert (empty.given(DAY) == 0.0).all()
    assert (HillBlock.at(empty, DRUGS, 1.0).value == 0.0).all()


@given(several(), st.lists(st.floats(-3.0, 60.0), min_size=1, max_size=8))
@FEW
def test_what_was_given_is_present_or_eliminated_at_all_times(case, hours):
    animal, doses = case
    exposure, at = course(animal, *doses), np.array(hours)
    found = (exposure.present(at) + exposure.eliminated(at)).sum(axis=1)
    np.testing.assert_allclose(found, exposure.given(at), rtol=1e-9, atol=1e-9 * umol(animal, *doses))


@pytest.mark.parametrize("animal", SPECIES)
def test_mass_is_kept_to_a_billionth_of_it_by_every_route_of_every_compound(animal):
    hours = np.concatenate([DAY, [40.0, 400.0]])
    for route in ROUTES[animal]:
        for compound in can_have(animal, route):
            exposure = course(animal, Dose(1.0, route, 0.0, None, compound))
            total = umol(animal, Dose(1.0, route, compound=compound))
            found = (exposure.present(hours) + exposure.eliminated(hours)).sum(axis=1)
            np.testing.assert_allclose(found, exposure.given(hours), rtol=1e-9)
            assert found[-1] == pytest.approx(total, rel=1e-9)


@given(several())
@FEW
def test_in_the_end_all_that_was_prescribed_has_been_given_and_eliminated(case):
    animal, doses = case
    exposure, end = course(animal, *doses), np.array([5000.0])
    assert exposure.given(end)[0] == pytest.approx(umol(animal, *doses))
    assert exposure.eliminated(end).sum() == pytest.approx(umol(animal, *doses))
    assert exposure.arterial(end).max() < 1e-6 * exposure.arterial(np.arange(0.0, 24.0, 0.5)).max()


@given(several(), st.floats(-3.0, 60.0))
@FEW
def test_nothing_is_ever_negative_and_what_is_eliminated_never_comes_back(case, hour):
    animal, doses = case
    exposure = course(animal, *doses)
    assert everything(exposure, np.array([hour])).min() >= 0.0
    gone = exposure.eliminated(np.linspace(-2.0, 30.0, 40))
    assert (np.diff(gone, axis=0) >= -1e-12 * gone.max()).all()


@given(ONE, st.floats(0.001, 1000.0))
@FEW
def test_concentrations_are_proportional_to_the_dose(case, factor):
    animal, dose = case
    if sprayed(dose):
        dose = replace(dose, amount=5e-4 * dose.amount)  # 7 mg at most, within what the nose takes up fully
        factor = min(factor, 1.0)
    hours = dose.start + DAY
    once = everything(course(animal, dose), hours)
    near(everything(course(animal, replace(dose, amount=factor * dose.amount)), hours), factor * once)


@given(several())
@FEW
def test_doses_add(case):
    animal, doses = case
    hours = np.linspace(-2.0, 30.0, 17)
    together = everything(course(animal, *doses), hours)
    if not sprayed(*doses):
        near(together, np.sum([everything(course(animal, dose), hours) for dose in doses], axis=0))
        near(everything(course(animal, *reversed(doses)), hours), together)


@given(ONE, st.floats(-48.0, 48.0))
@FEW
def test_a_dose_given_later_does_the_same_later(case, shift):
    animal, dose = case
    hours = dose.start + np.array([0.25, 1.0, 6.5, 24.0])
    near(
        everything(course(animal, replace(dose, start=dose.start + shift)), hours + shift),
        everything(course(animal, dose), hours),
        1e-7,
    )


@given(ONE, st.floats(0.001, 50.0))
@FEW
def test_a_dose_that_has_not_started_has_no_effect(case, before):
    animal, dose = case
    exposure, hour = course(animal, dose), np.array([dose.start - before])
    assert (everything(exposure, hour) == 0.0).all()
    assert (exposure.given(hour) == 0.0).all()
    assert everything(exposure, np.array([dose.start + before + 0.5])).max() > 0.0


@pytest.mark.parametrize("animal", SPECIES)
def test_an_infusion_tends_to_a_bolus_as_it_gets_shorter(animal):
    hours = np.array([0.1, 0.5, 2.0, 8.0])
    bolus = everything(course(animal, Dose(1.0, "iv")), hours)
    off = [
        np.abs(everything(course(animal, Dose(1.0, "iv", 0.0, duration)), hours) - bolus).max() / bolus.max()
        for duration in (0.1, 0.01, 0.001, 1e-6)
    ]
    assert off == sorted(off, reverse=True)
    assert off[2] == pytest.approx(off[1] / 10.0, rel=0.2)
    assert off[3] < 1e-4


@pytest.mark.parametrize("animal", SPECIES)
def test_an_infusion_is_the_sum_of_its_halves(animal):
    whole = everything(course(animal, Dose(1.0, "iv", 0.0, 1.0)), DAY)
    halves = course(animal, Dose(0.5, "iv", 0.0, 0.5), Dose(0.5, "iv", 0.5, 0.5))
    near(everything(halves, DAY), whole)


@pytest.mark.parametrize("animal", SPECIES)
@pytest.mark.parametrize("compound", COMPOUNDS)
def test_a_very_long_infusion_reaches_rate_over_clearance(animal, compound):
    own, hours, now = ANIMALS[animal].dispositions[compound], 1000.0, np.array([1000.0])
    exposure = course(animal, Dose(100.0, "iv", 0.0, hours, compound))
    steady = umol(animal, Dose(100.0, "iv", compound=compound)) / hours / own.clearance
    for plasma in (exposure.arterial(now), exposure.venous(now)):
        assert of(plasma, exposure, compound)[0] == pytest.approx(steady, rel=1e-6)
    for hand in "SR":
        k = exposure.names.index(f"{hand}-{compound}")
        free = exposure.brain_unbound(now)[0, k] / exposure.arterial(now)[0, k]
        share = 2.0 / (1.0 + own.unbound_s_to_r) * (own.unbound_s_to_r if hand == "S" else 1.0)
        assert free == pytest.approx(own.unbound * share * own.brain_to_plasma_unbound, rel=1e-6)
        assert exposure.brain_total(now)[0, k] * own.brain_unbound == pytest.approx(
            exposure.brain_unbound(now)[0, k]
        )


@pytest.mark.parametrize("animal", SPECIES)
def test_a_metabolite_makes_no_parent_and_no_sibling(animal):
    family = ANIMALS[animal].family
    for compound in family:
        exposure = course(animal, Dose(1.0, "iv", 0.0, None, compound))
        made = [compound]
        made += [each for each in family if MADE_OF.get(each) in made]
        made += [each for each in family if MADE_OF.get(each) in made and each not in made]
        for each in family:
            found = of(exposure.arterial(DAY[1:]), exposure, each)
            assert (found > 0.0).all() if each in made else (found == 0.0).all()


@pytest.mark.parametrize("animal", SPECIES)
def test_the_area_under_a_compound_is_what_is_made_of_it_over_its_clearance(animal):
    drugs = ANIMALS[animal].dispositions
    exposure = course(animal, Dose(1.0, "iv", 0.0, 0.5))
    areas = auc(LONG, exposure.arterial(LONG))
    made = {"ketamine": umol(animal, Dose(1.0, "iv"))}
    for compound in ANIMALS[animal].family:
        if compound in MADE_OF:
            made[compound] = made[MADE_OF[compound]] * drugs[compound].formed
        expected = made[compound] / drugs[compound].clearance
        assert of(areas, exposure, compound) == pytest.approx(expected, rel=5e-3)


def test_venous_human_plasma_lags_the_arterial_and_has_the_same_area():
    exposure, body = course("human", Dose(0.5, "iv", 0.0, 2.0 / 3.0)), ANIMALS["human"].body
    arterial, venous = exposure.arterial(LONG), exposure.venous(LONG)
    parent = [name.endswith("-ketamine") for name in exposure.names]
    assert (venous[1:20, parent] < arterial[1:20, parent]).all()
    assert (venous.argmax(axis=0) >= arterial.argmax(axis=0)).all()
    assert (venous.max(axis=0) < arterial.max(axis=0)).all()
    np.testing.assert_allclose(auc(LONG, venous), auc(LONG, arterial), rtol=2e-3)
    # The mean transit time of the sample is that of the pools.
    times = [auc(LONG, LONG[:, None] * c[:, parent]) / auc(LONG, c[:, parent]) for c in (arterial, venous)]
    pools = body.venous_fast_share * body.venous_fast + (1.0 - body.venous_fast_share) * body.venous_slow
    np.testing.assert_allclose(times[1] - times[0], pools, rtol=0.02)


def test_a_body_without_pools_has_one_plasma_and_pools_that_vanish_tend_to_none():
    dose, hours = Dose(1.0, "iv"), DAY[2:]
    none = course(
        altered("human", {"venous_fast": 0.0, "venous_slow": 0.0, "brain_equilibration_half_time": 0.0}),
        dose,
    )
    near(none.venous(DAY), none.arterial(DAY), 1e-12)
    quick = {"venous_fast": 1e-5, "venous_slow": 3e-5, "brain_equilibration_half_time": 1e-5}
    soon = course(altered("human", quick), dose)
    for quantity in ("venous", "brain_unbound"):
        np.testing.assert_allclose(
            getattr(soon, quantity)(hours), getattr(none, quantity)(hours), rtol=1e-3, atol=1e-6
        )


def test_the_human_brain_lags_plasma_and_has_the_unbound_share_of_its_area():
    exposure, human = course("human", Dose(0.5, "iv", 0.0, 2.0 / 3.0)), ANIMALS["human"]
    arterial, brain = (
        np.stack([of(found, exposure, c) for c in human.family], axis=1)
        for found in (exposure.arterial(LONG), exposure.brain_unbound(LONG))
    )
    assert brain[:, 0].argmax() > arterial[:, 0].argmax()
    # A first-order follower is late by its half-time over ln 2 on average.
    mean_time = [auc(LONG, LONG * c[:, 0]) / auc(LONG, c[:, 0]) for c in (arterial, brain)]
    assert mean_time[1] - mean_time[0] == pytest.approx(
        human.body.brain_equilibration_half_time / math.log(2.0), rel=0.1
    )
    same = altered("human", drugs={c: {"unbound_s_to_r": 1.0} for c in human.family})
    areas = [
        auc(LONG, of(found, exposure, "ketamine"))
        for exposure in [course(same, Dose(0.5, "iv"))]
        for found in (exposure.brain_unbound(LONG), exposure.arterial(LONG))
    ]
    drug = human.dispositions["ketamine"]
    assert areas[0] / areas[1] == pytest.approx(drug.unbound * drug.brain_to_plasma_unbound, rel=2e-3)


def test_the_usual_human_infusion_gives_the_venous_ketamine_that_is_seen_in_patients():
    minutes = np.arange(0.0, 361.0)
    exposure = course("human", Dose(0.5, "iv", 0.0, 40.0 / 60.0))
    venous = exposure.venous(minutes / 60.0)
    ketamine, norketamine = (of(venous, exposure, c) for c in COMPOUNDS[:2])
    assert 0.5 < ketamine[40] < 1.1
    assert 40.0 <= minutes[ketamine.argmax()] < minutes[norketamine.argmax()] < 240.0


def test_ng_per_ml_is_molar_concentration_times_molar_mass():
    # 1 uM of a substance of 200 g/mol is 200 ug/L, that is 200 ng/mL.
    exposure = Exposure((), ANIMALS["rat"], {n: replace(d, molar_mass=200.0) for n, d in DRUGS.items()})
    assert exposure.ng_per_ml(np.array([1.0, 0.5, 0.1, 0.0, 2.0, 3.0])) == pytest.approx(
        [200, 100, 20, 0, 400, 600]
    )


# Dose

BAD_AMOUNTS = [-1.0, -1e-9, math.nan, math.inf, -math.inf]


@pytest.mark.parametrize("amount", BAD_AMOUNTS)
def test_an_amount_that_is_negative_or_not_finite_is_refused_by_its_value(amount):
    with pytest.raises(DoseError, match=rf"mg/kg.*{amount:g}"):
        Dose(amount, "iv")


@pytest.mark.parametrize("duration", [0.0, -1.0, math.nan, math.inf])
def test_an_infusion_of_no_length_is_refused_by_its_length(duration):
    with pytest.raises(DoseError, match=rf"infusion.*{duration:g} h"):
        Dose(1.0, "iv", 0.0, duration)


@pytest.mark.parametrize("start", [math.nan, math.inf, -math.inf])
def test_a_dose_that_never_starts_is_refused(start):
    with pytest.raises(DoseError, match=rf"finite hour.*{start:g}"):
        Dose(1.0, "iv", start)


def test_an_intraperitoneal_dose_with_a_duration_is_refused():
    with pytest.raises(DoseError, match=r"i\.v\..*ip"):
        Dose(1.0, "ip", 0.0, 0.5)


@pytest.mark.parametrize("route", ["", "po", "IV", "i.v."])
def test_an_unknown_route_is_refused_with_the_routes_there_are(route):
    with pytest.raises(DoseError) as caught:
        Dose(1.0, route)
    for word in (repr(route), "iv", "ip", "nasal"):
        assert word in str(caught.value)


@pytest.mark.parametrize("compound", ["", "Ketamine", "T-ketamine"])
def test_an_unknown_compound_is_refused_with_the_compounds_there_are(compound):
    with pytest.raises(DoseError) as caught:
        Dose(1.0, "iv", compound=compound)
    for word in (repr(compound), *COMPOUNDS, "S-ketamine"):
        assert word in str(caught.value)


@pytest.mark.parametrize("animal", ["", "cat", "Rat"])
def test_an_unknown_species_is_refused_with_the_species_there_are(animal):
    with pytest.raises(DoseError) as caught:
        Exposure.after((Dose(1.0, "iv"),), animal)
    for word in (repr(animal), *SPECIES):
        assert word in str(caught.value)


def test_there_are_routes_for_every_species():
    assert set(ROUTES) == set(SPECIES)
    assert all(routes[0] == "iv" for routes in ROUTES.values())
