"""Laws of dose and exposure: conservation, limits, known answers and symmetry."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prelimbic.parameters import COMPOUNDS, SPECIES
from prelimbic.parameters import compounds as load_compounds
from prelimbic.parameters import species as load_species
from prelimbic.pharmacology import ROUTES, Dose, DoseError, Exposure, HillBlock
from prelimbic.pharmacology.exposure import AT, PLACES

DRUGS = load_compounds()
ANIMALS = {name: load_species(name) for name in SPECIES}
WHERE = [AT[place] for place in PLACES]
DAY = np.array([0.0, 0.01, 0.1, 0.3, 0.5, 1.0, 2.0, 5.0, 12.0, 24.0])
FEW = settings(max_examples=15, deadline=None)


def course(animal: str, *doses: Dose, **changes: float) -> Exposure:
    return Exposure(doses, animal, replace(ANIMALS[animal], **changes), DRUGS)


def auc(hours: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.trapezoid(values, hours, axis=0)


def near(found: np.ndarray, expected: np.ndarray, rtol: float = 1e-9) -> None:
    scale = float(np.abs(expected).max())
    assert scale > 0.0
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * scale)


@st.composite
def doses(draw, animal):
    """Any dose that the animal can be given."""
    route = draw(st.sampled_from(ROUTES[animal]))
    duration = draw(st.none() | st.floats(0.01, 6.0)) if route == "iv" else None
    amount, start = draw(st.floats(0.01, 200.0)), draw(st.floats(-2.0, 12.0))
    return Dose(amount, route, start, duration, draw(st.sampled_from(COMPOUNDS)))


ANY = st.sampled_from(SPECIES).flatmap(
    lambda animal: st.tuples(st.just(animal), st.lists(doses(animal), min_size=1, max_size=4))
)
ONE = st.sampled_from(SPECIES).flatmap(lambda animal: st.tuples(st.just(animal), doses(animal)))
EVERY = [(animal, route) for animal in SPECIES for route in ROUTES[animal]]


# Exposure


@pytest.mark.parametrize("animal", SPECIES)
@pytest.mark.parametrize(
    "given_doses", [(), (Dose(0.0, "iv"),), (Dose(0.0, "iv", 1.0, 2.0), Dose(0.0, "iv"))]
)
def test_without_a_dose_nothing_is_anywhere_and_nothing_is_blocked(animal, given_doses):
    empty = course(animal, *given_doses)
    for concentration in (empty.arterial(DAY), empty.venous(DAY), empty.brain_unbound(DAY)):
        assert concentration.shape == (len(DAY), len(COMPOUNDS))
        assert (concentration == 0.0).all()
    assert (empty.given(DAY) == 0.0).all()
    assert (HillBlock.at(empty, DRUGS, 1.0).value == 0.0).all()


@given(ANY, st.lists(st.floats(-3.0, 60.0), min_size=1, max_size=8))
@FEW
def test_what_was_given_is_present_or_eliminated_at_all_times(case, hours):
    animal, several = case
    exposure = course(animal, *several)
    present = exposure.amounts(np.array(hours))[:, WHERE].sum(axis=1)
    total = sum(
        d.amount * ANIMALS[animal].reference_mass / DRUGS[d.compound].molar_mass * 1e3 for d in several
    )
    np.testing.assert_allclose(present, exposure.given(np.array(hours)), rtol=1e-9, atol=1e-9 * total)


@given(ANY)
@FEW
def test_in_the_end_all_that_was_prescribed_has_been_given_and_eliminated(case):
    animal, several = case
    exposure, end = course(animal, *several), np.array([2000.0])
    # 1 mg of a substance is 1000/molar mass umol
    umol = sum(
        d.amount * ANIMALS[animal].reference_mass / DRUGS[d.compound].molar_mass * 1e3 for d in several
    )
    assert exposure.given(end)[0] == pytest.approx(umol)
    gone = exposure.amounts(end)[0, [AT[f"{c}.eliminated"] for c in COMPOUNDS]].sum()
    assert gone == pytest.approx(umol)
    assert exposure.arterial(end).max() < 1e-6 * exposure.arterial(np.arange(0.0, 24.0, 0.5)).max()


@given(ANY, st.floats(-3.0, 60.0))
@FEW
def test_no_concentration_is_ever_negative(case, hour):
    animal, several = case
    exposure = course(animal, *several)
    assert exposure.amounts(np.array([hour])).min() >= 0.0
    assert exposure.brain_unbound(np.array([hour])).min() >= 0.0


@given(ANY)
@FEW
def test_what_is_eliminated_never_comes_back(case):
    animal, several = case
    gone = course(animal, *several).amounts(np.linspace(-2.0, 30.0, 40))[
        :, [AT[f"{c}.eliminated"] for c in COMPOUNDS]
    ]
    assert (np.diff(gone, axis=0) >= -1e-9 * gone.max()).all()


@pytest.mark.parametrize("animal", ["rat", "mouse"])
def test_plasma_ketamine_peaks_after_an_intraperitoneal_dose_when_bateman_says(animal):
    numbers = ANIMALS[animal]
    ka, ke = numbers.ip_absorption, numbers.ketamine_clearance / numbers.ketamine_central
    expected = math.log(ka / ke) / (ka - ke)
    hours = np.linspace(0.0, 2.0, 4001)
    found = hours[course(animal, Dose(10.0, "ip")).arterial(hours)[:, 0].argmax()]
    assert found == pytest.approx(expected, abs=hours[1])


def test_the_peak_time_of_unbound_brain_ketamine_is_that_of_bateman_in_the_rat_to_a_tenth_of_a_minute():
    ke = ANIMALS["rat"].ketamine_clearance / ANIMALS["rat"].ketamine_central
    rates = (ANIMALS["rat"].ip_absorption, 3.0, 4.0, 5.5, 7.0, 12.0, 20.0)
    off = [
        abs(course("rat", Dose(10.0, "ip"), ip_absorption=ka).peak_time(1.0) - math.log(ka / ke) / (ka - ke))
        for ka in rates
    ]
    assert max(off) <= 0.6 / 600.0


def test_the_peak_time_does_not_depend_on_the_amount():
    assert len({course("rat", Dose(amount, "ip")).peak_time(1.0) for amount in (0.1, 1.0, 100.0)}) == 1


@pytest.mark.parametrize("animal", ["rat", "mouse"])
def test_an_intravenous_bolus_falls_by_half_in_each_half_life(animal):
    numbers = ANIMALS[animal]
    half_life = math.log(2.0) * numbers.ketamine_central / numbers.ketamine_clearance
    plasma = course(animal, Dose(5.0, "iv")).arterial(half_life * np.arange(6))[:, 0]
    near(plasma[1:], plasma[:-1] / 2.0)
    assert plasma[0] == pytest.approx(
        5.0e3 / DRUGS["ketamine"].molar_mass / numbers.ketamine_central * numbers.reference_mass
    )


@given(ONE, st.floats(0.001, 1000.0))
@FEW
def test_concentrations_are_proportional_to_the_dose(case, factor):
    animal, dose = case
    hours = dose.start + DAY
    once = course(animal, dose).amounts(hours)
    near(course(animal, replace(dose, amount=factor * dose.amount)).amounts(hours), factor * once)


@given(ANY)
@FEW
def test_doses_add(case):
    animal, several = case
    hours = np.linspace(-2.0, 30.0, 17)
    together = course(animal, *several).amounts(hours)
    near(together, np.sum([course(animal, dose).amounts(hours) for dose in several], axis=0))
    near(course(animal, *reversed(several)).amounts(hours), together)


@given(ONE, st.floats(-48.0, 48.0))
@FEW
def test_a_dose_given_later_does_the_same_later(case, shift):
    animal, dose = case
    hours = dose.start + np.array([0.25, 1.0, 6.5, 24.0])
    near(
        course(animal, replace(dose, start=dose.start + shift)).amounts(hours + shift),
        course(animal, dose).amounts(hours),
        1e-7,
    )


@given(ONE, st.floats(0.001, 50.0))
@FEW
def test_a_dose_that_has_not_started_has_no_effect(case, before):
    animal, dose = case
    exposure, hour = course(animal, dose), np.array([dose.start - before])
    assert (exposure.amounts(hour) == 0.0).all()
    assert (exposure.given(hour) == 0.0).all()
    after = exposure.amounts(np.array([dose.start + before]))
    assert after.max() > 0.0


@pytest.mark.parametrize("animal", SPECIES)
def test_an_infusion_tends_to_a_bolus_as_it_gets_shorter(animal):
    hours = np.array([0.1, 0.5, 2.0, 8.0])
    bolus = course(animal, Dose(1.0, "iv")).amounts(hours)
    off = [
        np.abs(course(animal, Dose(1.0, "iv", 0.0, duration)).amounts(hours) - bolus).max() / bolus.max()
        for duration in (0.1, 0.01, 0.001, 1e-6)
    ]
    assert off == sorted(off, reverse=True)
    assert off[2] == pytest.approx(off[1] / 10.0, rel=0.2)
    assert off[3] < 1e-4


@pytest.mark.parametrize("animal", SPECIES)
def test_an_infusion_is_the_sum_of_its_halves(animal):
    whole = course(animal, Dose(1.0, "iv", 0.0, 1.0)).amounts(DAY)
    halves = course(animal, Dose(0.5, "iv", 0.0, 0.5), Dose(0.5, "iv", 0.5, 0.5)).amounts(DAY)
    near(halves, whole)


@pytest.mark.parametrize("animal", SPECIES)
@pytest.mark.parametrize("compound", COMPOUNDS)
def test_a_very_long_infusion_reaches_rate_over_clearance(animal, compound):
    numbers, hours = ANIMALS[animal], 1000.0
    rate = 100.0 * numbers.reference_mass / DRUGS[compound].molar_mass * 1e3 / hours
    exposure = course(animal, Dose(100.0, "iv", 0.0, hours, compound))
    column, clearance = COMPOUNDS.index(compound), getattr(numbers, f"{compound}_clearance")
    for plasma in (exposure.arterial(np.array([hours])), exposure.venous(np.array([hours]))):
        assert plasma[0, column] == pytest.approx(rate / clearance, rel=1e-6)
    free = getattr(numbers, f"{compound}_unbound") * getattr(numbers, f"{compound}_brain_to_plasma_unbound")
    assert exposure.brain_unbound(np.array([hours]))[0, column] == pytest.approx(
        rate / clearance * free, rel=1e-6
    )


def test_a_metabolite_makes_no_parent():
    for k, compound in enumerate(COMPOUNDS):
        plasma = course("human", Dose(1.0, "iv", 0.0, None, compound)).arterial(DAY[1:])
        assert (plasma[:, :k] == 0.0).all()
        assert (plasma[:, k:] > 0.0).all()


LONG = np.concatenate([np.linspace(0.0, 4.0, 401), np.geomspace(4.0, 400.0, 400)[1:]])


def test_venous_human_plasma_lags_the_arterial_and_has_the_same_area():
    exposure = course("human", Dose(0.5, "iv", 0.0, 2.0 / 3.0))
    arterial, venous = exposure.arterial(LONG), exposure.venous(LONG)
    assert (venous[1:20, 0] < arterial[1:20, 0]).all()
    assert (venous.argmax(axis=0) > arterial.argmax(axis=0)).all()
    assert (venous.max(axis=0) < arterial.max(axis=0)).all()
    np.testing.assert_allclose(auc(LONG, venous), auc(LONG, arterial), rtol=2e-3)
    # The mean transit time of the sample is the delay of the sheet.
    mean_time = [auc(LONG, LONG * c[:, 0]) / auc(LONG, c[:, 0]) for c in (arterial, venous)]
    assert mean_time[1] - mean_time[0] == pytest.approx(ANIMALS["human"].venous_delay, rel=0.02)


@pytest.mark.parametrize("animal", ["rat", "mouse"])
def test_a_species_without_delay_has_one_plasma(animal):
    exposure = course(animal, Dose(10.0, "ip"))
    assert ANIMALS[animal].venous_delay == 0.0
    np.testing.assert_array_equal(exposure.venous(DAY), exposure.arterial(DAY))


def test_a_vanishing_delay_and_a_vanishing_equilibration_tend_to_none():
    hours, dose = DAY[2:], Dose(10.0, "iv")
    quick = course("rat", dose, venous_delay=1e-5, brain_equilibration_half_time=1e-5)
    none = course("rat", dose)
    np.testing.assert_allclose(quick.venous(hours), none.venous(hours), rtol=1e-3)
    np.testing.assert_allclose(quick.brain_unbound(hours), none.brain_unbound(hours), rtol=1e-3)


def test_the_human_brain_lags_plasma_and_has_the_unbound_share_of_its_area():
    exposure, numbers = course("human", Dose(0.5, "iv", 0.0, 2.0 / 3.0)), ANIMALS["human"]
    arterial, brain = exposure.arterial(LONG), exposure.brain_unbound(LONG)
    assert brain[:, 0].argmax() > arterial[:, 0].argmax()
    ratio = auc(LONG, brain) / auc(LONG, arterial)
    # A first-order follower is late by its half-time over ln 2 on average.
    mean_time = [auc(LONG, LONG * c[:, 0]) / auc(LONG, c[:, 0]) for c in (arterial, brain)]
    assert mean_time[1] - mean_time[0] == pytest.approx(
        numbers.brain_equilibration_half_time / math.log(2.0), rel=0.1
    )
    for k, compound in enumerate(COMPOUNDS):
        expected = getattr(numbers, f"{compound}_unbound") * getattr(
            numbers, f"{compound}_brain_to_plasma_unbound"
        )
        assert ratio[k] == pytest.approx(expected, rel=2e-3)


def test_human_hydroxynorketamine_has_the_area_that_hasan_measured():
    exposure = course("human", Dose(0.5, "iv", 0.0, 2.0 / 3.0))
    areas = auc(LONG, exposure.arterial(LONG))
    assert areas[2] / areas[0] == pytest.approx(2.4, rel=0.1)


@pytest.mark.parametrize("animal", SPECIES)
def test_the_area_under_ketamine_is_dose_over_clearance(animal):
    areas = auc(LONG, course(animal, Dose(1.0, "iv", 0.0, 0.5)).arterial(LONG))
    umol = ANIMALS[animal].reference_mass / DRUGS["ketamine"].molar_mass * 1e3
    assert areas[0] == pytest.approx(umol / ANIMALS[animal].ketamine_clearance, rel=2e-3)


@pytest.mark.parametrize("animal", ["rat", "mouse"])
def test_the_bioavailable_share_of_an_intraperitoneal_dose_reaches_plasma(animal):
    areas = [auc(LONG, course(animal, Dose(10.0, route)).arterial(LONG)[:, 0]) for route in ("ip", "iv")]
    assert areas[0] / areas[1] == pytest.approx(ANIMALS[animal].ip_bioavailability, rel=1e-2)


def test_the_usual_human_infusion_gives_the_venous_ketamine_that_is_seen_in_patients():
    minutes = np.arange(0.0, 361.0)
    venous = course("human", Dose(0.5, "iv", 0.0, 40.0 / 60.0)).venous(minutes / 60.0)
    assert 0.5 < venous[40, 0] < 1.1
    peaks = minutes[venous[:, :2].argmax(axis=0)]
    assert 40.0 <= peaks[0] < peaks[1] < 240.0


def test_ng_per_ml_is_molar_concentration_times_molar_mass():
    # 1 uM of a substance of 200 g/mol is 200 ug/L, that is 200 ng/mL.
    masses = {
        name: replace(DRUGS[name], molar_mass=mass)
        for name, mass in zip(COMPOUNDS, (200.0, 300.0, 400.0), strict=True)
    }
    exposure = Exposure((), "rat", ANIMALS["rat"], masses)
    assert exposure.ng_per_ml(np.array([[1.0, 0.0, 0.0], [0.5, 0.1, 2.0]])).tolist() == [
        [200.0, 0.0, 0.0],
        [100.0, 30.0, 800.0],
    ]


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
    for word in (repr(route), "iv", "ip"):
        assert word in str(caught.value)


@pytest.mark.parametrize("compound", ["", "Ketamine", "esketamine"])
def test_an_unknown_compound_is_refused_with_the_compounds_there_are(compound):
    with pytest.raises(DoseError) as caught:
        Dose(1.0, "iv", compound=compound)
    for word in (repr(compound), *COMPOUNDS):
        assert word in str(caught.value)


@pytest.mark.parametrize("animal", ["", "cat", "Rat"])
def test_an_unknown_species_is_refused_with_the_species_there_are(animal):
    with pytest.raises(DoseError) as caught:
        Exposure((Dose(1.0, "iv"),), animal, ANIMALS["rat"], DRUGS)
    for word in (repr(animal), *SPECIES):
        assert word in str(caught.value)


def test_an_intraperitoneal_dose_in_man_is_refused_with_the_routes_man_has():
    with pytest.raises(DoseError) as caught:
        course("human", Dose(1.0, "iv"), Dose(1.0, "ip"))
    for word in ("human", "'ip'", "it has iv"):
        assert word in str(caught.value)


def test_there_are_routes_for_every_species():
    assert set(ROUTES) == set(SPECIES)
