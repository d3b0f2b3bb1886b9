"""Laws of the peak of any schedule, and of doses that add, split and move."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prelimbic.parameters import ENANTIOMERS, FAMILY
from prelimbic.pharmacology import Dose, DoseError, Exposure
from prelimbic.pharmacology.peak import highest
from tests.animals import ANIMALS, altered, course, one_compartment, several

HOURS = np.array([-3.0, 0.0, 0.1, 0.5, 2.0, 7.0, 30.0, 100.0])
TENTH = 1.0 / 600.0  # of a minute, in hours
AT_ONCE = {name: altered(name, {"brain_equilibration_half_time": 0.0}) for name in ANIMALS}
SCHEDULES = several(3).map(lambda case: course(case[0], *case[1]))
FEW = settings(max_examples=20, deadline=None)


def bateman(fast: float, slow: float) -> float:
    return math.log(fast / slow) / (fast - slow)


# Exposures


@pytest.mark.parametrize(
    ("animal", "dose", "hour"),
    [
        ("rat", Dose(1.0, "iv", 0.0, 10.0), 10.0),
        ("rat", Dose(1.0, "iv", 0.0, 96.0), 96.0),
        ("rat", Dose(1.0, "iv", 0.1234), 0.1234),
        ("rat", Dose(1.0, "iv", -30.0, 0.5), -29.5),
        ("human", Dose(1.0, "iv", 0.0, 96.0), 96.0),
        ("human", Dose(0.5, "iv", 1e-3, 40 / 60), 1e-3 + 40 / 60),
        ("rat", Dose(1.0, "iv", 1e3), 1e3),
        ("mouse", Dose(1.0, "iv", 0.0, 1e4), 1e4),
    ],
)
def test_where_a_dose_ends_and_the_brain_follows_at_once_the_peak_is_exactly_there(animal, dose, hour):
    assert course(AT_ONCE[animal], dose).peak_time() == hour


@pytest.mark.parametrize("elimination", [0.3, 1.2])
@pytest.mark.parametrize("absorption", [1e-3, 0.01, 0.1, 0.3, 3.0, 30.0, 1e4])
def test_the_peak_of_a_depot_is_that_of_bateman_however_slow_and_whenever(absorption, elimination):
    alike = absorption == elimination
    expected = 1.0 / absorption if alike else bateman(absorption, elimination)
    for start in (0.0, 1000.0, -24.0):
        found = course(one_compartment(absorption, elimination), Dose(1.0, "ip", start)).peak_time()
        assert found - start == pytest.approx(expected, abs=1.1 * TENTH)
        assert found * 600.0 == pytest.approx(round(found * 600.0), abs=1e-6)


def test_a_brain_that_lags_is_highest_where_its_course_is_flat():
    exposure = course("human", Dose(0.5, "iv", 0.0, 2 / 3))
    peak = exposure.peak_time()
    assert 2 / 3 < peak < 2 / 3 + 0.3
    before, there, after = exposure.of("ketamine", peak + 2.0 * TENTH * np.array([-1.0, 0.0, 1.0]))
    assert there > max(before, after)


@given(SCHEDULES)
@FEW
def test_no_hour_is_higher_than_the_peak(exposure):
    peak = exposure.peak_time()
    compounds = [ENANTIOMERS.get(dose.compound, (dose.compound,))[0] for dose in exposure.doses]
    ends = [hour for dose in exposure.doses for hour in (dose.start, dose.end)]
    hours = np.concatenate([[peak], ends, np.arange(-2.1, 60.0, 0.37)])
    unbound = exposure.of(min(compounds, key=FAMILY.index), hours)
    assert unbound[0] >= unbound.max() * (1.0 - 1e-4)


@given(SCHEDULES, st.floats(-3.0, 20.0))
@FEW
def test_no_hour_up_to_a_limit_is_higher_than_the_peak_until_then(exposure, until):
    peak = exposure.peak_time(until, "ketamine")
    first = min(dose.start for dose in exposure.doses)
    assert peak <= until or peak == first
    unbound = exposure.of("ketamine", np.append(np.linspace(min(first, until), until, 50), peak))
    assert unbound[-1] >= unbound.max() * (1.0 - 1e-4)


def test_the_peak_is_that_of_ketamine_or_else_of_the_compound_given():
    for compound in FAMILY[:3]:
        for name in (compound, f"S-{compound}"):
            assert course("rat", Dose(1.0, "iv", 2.0, 1.0, name)).peak_time() == 3.0
    both = course("rat", Dose(1.0, "ip"), Dose(50.0, "iv", 5.0, None, "norketamine"))
    assert both.peak_time() == course("rat", Dose(1.0, "ip")).peak_time() < 1.0
    assert both.peak_time(compound="norketamine") == 5.0
    late = course("rat", Dose(1.0, "ip")).peak_time(compound="hydroxynorketamine")
    assert late > both.peak_time()


def test_the_peak_does_not_depend_on_the_amount_and_vehicle_has_that_of_its_drug():
    found = {course("rat", Dose(amount, "ip", 3.0)).peak_time() for amount in (0.0, 1e-6, 0.1, 100.0)}
    assert len(found) == 1 and found.pop() > 3.0
    assert course("rat").peak_time() == 0.0


def test_of_equal_doses_far_apart_the_first_and_of_those_that_pile_up_the_last_is_highest():
    first = course("mouse", Dose(1.0, "ip"))
    for gap in (2000.0, 20000.0):
        doses = [Dose(1.0, "ip", gap * k) for k in range(5)]
        assert course("mouse", *doses).peak_time() == first.peak_time()
    assert course("rat", *(Dose(1.0, "ip", 0.5 * k) for k in range(5))).peak_time() > 2.0
    larger = course("mouse", Dose(1.0, "ip"), Dose(1.001, "ip", 2000.0))
    assert larger.peak_time() == pytest.approx(2000.0 + first.peak_time(), abs=TENTH)


def test_a_thousand_doses_have_their_peak_within_seconds():
    begun = time.process_time()
    peak = course("rat", *(Dose(1.0, "iv", 12.0 * k, 0.5) for k in range(1000))).peak_time()
    assert peak > 0.5 and (peak - 0.5) % 12.0 == 0.0
    assert time.process_time() - begun < 5.0


def test_numbers_without_a_course_have_no_peak():
    far = altered("rat", drugs={"ketamine": {"clearance": 1e-9, "exchange": 1e9, "central": 1e-9}})
    for ask in (Exposure.peak_time, lambda exposure: exposure.brain_unbound(HOURS)):
        with pytest.raises(DoseError, match=r"too far apart|too large"):
            ask(course(far, Dose(1.0, "ip")))


# Any course


def test_a_plateau_counts_by_its_end_and_a_course_of_nothing_by_its_first_break():
    def plateau(hours: np.ndarray) -> np.ndarray:
        return np.clip(hours, 0.0, 1.0) * (hours < 3.0)

    assert highest(plateau, [0.0, 3.0], 1.0) == 3.0
    assert highest(lambda hours: 0.0 * hours, [2.0, 3.0], 1.0) == 2.0
    assert highest(lambda hours: 0.0 * hours, [2.0, 3.0], 1.0, until=-1.0) == -1.0


def test_a_step_down_is_highest_just_there_and_a_spike_between_two_breaks_is_found():
    assert highest(lambda hours: np.exp(-(hours - 5.0)) * (hours >= 5.0), [0.0, 5.0], 1.0) == 5.0
    assert highest(lambda hours: hours * (hours < 7.25), [0.0, 7.25], 1.0) == 7.25
    assert highest(lambda hours: hours * (hours < 7.25), [0.0, 7.25], 1.0, until=4.0) == pytest.approx(4.0)
    narrow = highest(lambda hours: 1.0 / (1.0 + (hours - 11.0) ** 2), [0.0, 50.0], 1.0)
    assert narrow == pytest.approx(11.0, abs=TENTH)


def test_a_course_that_is_not_finite_has_no_peak():
    with pytest.raises(ValueError, match="finite"):
        highest(lambda hours: hours * math.nan, [0.0], 1.0)


# Doses


@given(SCHEDULES)
@FEW
def test_two_half_doses_are_one_dose_and_twice_a_dose_is_twice_the_concentration(exposure):
    half = tuple(replace(dose, amount=dose.amount / 2) for dose in exposure.doses)
    halves = replace(exposure, doses=tuple(d for dose in half for d in (dose, dose)))
    one, two = (each.brain_unbound(HOURS) for each in (exposure, halves))
    np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-13 * one.max())
    if not any(dose.route == "nasal" for dose in exposure.doses):
        once = replace(exposure, doses=half).brain_unbound(HOURS)
        np.testing.assert_allclose(2.0 * once, one, rtol=1e-9, atol=1e-13 * one.max())


@given(SCHEDULES, st.integers(-400, 4000).map(lambda k: k / 8.0))
@FEW
def test_a_shift_of_the_schedule_shifts_everything(exposure, shift):
    later = replace(exposure, doses=tuple(replace(d, start=d.start + shift) for d in exposure.doses))
    one, two = exposure.brain_unbound(HOURS), later.brain_unbound(HOURS + shift)
    np.testing.assert_allclose(one, two, rtol=1e-8, atol=1e-12 * one.max())
    assert later.peak_time() == pytest.approx(exposure.peak_time() + shift, abs=1.1 * TENTH)


@given(SCHEDULES)
@FEW
def test_a_dose_to_come_changes_nothing_before_it(exposure):
    more = replace(exposure, doses=(*exposure.doses, Dose(50.0, "iv", 101.0)))
    for quantity in ("present", "eliminated", "arterial", "venous", "brain_unbound"):
        one, two = (getattr(each, quantity)(HOURS) for each in (exposure, more))
        np.testing.assert_allclose(one, two, rtol=0, atol=1e-13 * one.max())
