"""Laws of the peak of any schedule, and of doses that add, split and move."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prelimbic.parameters import COMPOUNDS, SPECIES, compounds, sheet, species
from prelimbic.pharmacology import ROUTES, Dose, Exposure

DRUGS = compounds()
HOURS = np.array([-3.0, 0.0, 0.1, 0.5, 2.0, 7.0, 30.0, 100.0])


def exposure(animal: str, *doses: Dose, **changed: float) -> Exposure:
    source = sheet("species").replaced({f"{animal}.{name}": value for name, value in changed.items()})
    return Exposure(doses, animal, species(animal, source), DRUGS)


def bateman(fast: float, slow: float) -> float:
    return math.log(fast / slow) / (fast - slow)


@st.composite
def schedules(draw: st.DrawFn) -> Exposure:
    animal = draw(st.sampled_from(SPECIES))
    doses = []
    for _ in range(draw(st.integers(1, 3))):
        route = draw(st.sampled_from(ROUTES[animal]))
        length = draw(st.none() | st.sampled_from([1e-4, 40 / 60, 10.0, 96.0])) if route == "iv" else None
        doses.append(Dose(draw(st.floats(0.1, 50.0)), route, draw(st.integers(-200, 400)) / 8.0, length))
    return exposure(animal, *doses)


@pytest.mark.parametrize(
    ("animal", "dose", "hour"),
    [
        ("rat", Dose(1.0, "iv", 0.0, 10.0), 10.0),
        ("rat", Dose(1.0, "iv", 0.0, 96.0), 96.0),
        ("rat", Dose(1.0, "iv", 0.1234), 0.1234),
        ("rat", Dose(1.0, "iv", -30.0, 0.5), -29.5),
        ("human", Dose(1.0, "iv", 0.0, 96.0), 96.0),
        ("rat", Dose(1.0, "iv", 1e3), 1e3),
        ("mouse", Dose(1.0, "iv", 0.0, 1e4), 1e4),
        ("rat", Dose(1.0, "ip"), 0.26),
        ("rat", Dose(1.0, "ip", 1000.0), 1000.26),
        ("rat", Dose(1.0, "ip", -24.0), -23.74),
    ],
)
def test_the_peak_is_found_whenever_it_is(animal, dose, hour):
    assert exposure(animal, dose).peak_time() == pytest.approx(hour, abs=0.006)


@pytest.mark.parametrize("absorption", [1e-3, 0.01, 0.1, 1.0, 30.0, 1e4])
def test_the_peak_of_a_depot_is_that_of_bateman_however_slow(absorption):
    numbers = species("rat")
    expected = bateman(absorption, numbers.ketamine_clearance / numbers.ketamine_central)
    assert exposure("rat", Dose(1.0, "ip"), ip_absorption=absorption).peak_time() == pytest.approx(
        expected, abs=1.1 / 600
    )


@given(schedules())
@settings(max_examples=15, deadline=None)
def test_no_hour_is_higher_than_the_peak(course):
    peak = course.peak_time()
    tops = [(dose.start, dose.end) for dose in course.doses]
    hours = np.concatenate(
        [[peak], *(np.array([a, b])[:, None].ravel() for a, b in tops), np.arange(-25.0, 160.0, 3.1)]
    )
    unbound = course.brain_unbound(hours)[:, 0]
    assert unbound[0] >= unbound.max() * (1.0 - 1e-4)


def test_the_peak_is_that_of_ketamine_or_else_of_the_compound_given():
    alone = {c: exposure("rat", Dose(1.0, "iv", 2.0, 1.0, c)).peak_time() for c in COMPOUNDS}
    assert set(alone.values()) == {3.0}
    both = exposure("rat", Dose(1.0, "ip"), Dose(50.0, "iv", 5.0, None, "norketamine"))
    assert both.peak_time() == 0.26 and both.peak_time(compound="norketamine") == 5.0
    assert exposure("rat", Dose(1.0, "ip")).peak_time(compound="hydroxynorketamine") > 1.0


def test_vehicle_has_the_peak_of_the_drug_that_it_stands_for_and_nothing_has_none():
    assert (
        exposure("rat", Dose(0.0, "ip", 3.0)).peak_time()
        == exposure("rat", Dose(10.0, "ip", 3.0)).peak_time()
    )
    assert exposure("rat").peak_time() == 0.0


def test_of_equal_doses_far_apart_the_first_and_of_those_that_pile_up_the_last_is_highest():
    apart, near = ([Dose(1.0, "ip", gap * k) for k in range(5)] for gap in (240.0, 2.0))
    assert exposure("mouse", *apart).peak_time() == exposure("mouse", apart[0]).peak_time()
    assert exposure("rat", *near).peak_time() > 8.0


# Doses


@given(schedules())
@settings(max_examples=25, deadline=None)
def test_two_half_doses_are_one_dose_and_twice_a_dose_is_twice_the_concentration(course):
    half = tuple(replace(dose, amount=dose.amount / 2) for dose in course.doses)
    halves = replace(course, doses=tuple(d for dose in half for d in (dose, dose)))
    one, two = (c.brain_unbound(HOURS) for c in (course, halves))
    # of infusions the matrix exponential rounds
    if len(course.doses) == 1 and course.doses[0].duration is None:
        assert np.array_equal(one, two)
    assert np.allclose(one, two, rtol=1e-12, atol=0.0)
    assert np.allclose(2.0 * replace(course, doses=half).brain_unbound(HOURS), one, rtol=1e-12, atol=0.0)


@given(schedules(), st.integers(-400, 4000).map(lambda k: k / 8.0))
@settings(max_examples=25, deadline=None)
def test_a_shift_of_the_schedule_shifts_everything(course, shift):
    later = replace(course, doses=tuple(replace(dose, start=dose.start + shift) for dose in course.doses))
    assert np.allclose(
        course.brain_unbound(HOURS), later.brain_unbound(HOURS + shift), rtol=1e-8, atol=1e-15
    )
    assert later.peak_time() == pytest.approx(course.peak_time() + shift, abs=1.1 / 600)


@given(schedules())
@settings(max_examples=25, deadline=None)
def test_a_dose_to_come_changes_nothing_before_it(course):
    more = replace(course, doses=(*course.doses, Dose(50.0, "iv", 101.0)))
    assert np.array_equal(course.amounts(HOURS), more.amounts(HOURS))
