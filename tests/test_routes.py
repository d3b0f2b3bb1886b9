"""Laws of the ways in: what arrives as it was, what gut and liver take, what is lost, repeated sprays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prelimbic.parameters import MADE_OF, SPECIES, Animal, SheetError, animal, sheet
from prelimbic.pharmacology import ROUTES, Body, Dose, DoseError, Exposure
from prelimbic.pharmacology.body import in_body
from tests.animals import ANIMALS, DRUGS, EVERY, LONG, altered, auc, course, near, of, umol

HOURS = np.array([0.05, 0.2, 0.5, 1.0, 3.0, 8.0, 24.0, 72.0])
END = np.array([20000.0])
FEW = settings(max_examples=15, deadline=None)
SWALLOWED = {"direct": 0.0, "swallowed": 1.0}
PLAIN = {"direct_duration": 0.0, "swallowed_duration": 0.0, "delay": 0.0, "repeated": 1.0}


def ever(exposure: Exposure, compound: str) -> float:
    """umol of a compound that ever were in the blood: its clearance times its area, hand by hand."""
    own = exposure.animal.dispositions[compound]
    r = own.clearance_s_to_r
    clearances = own.clearance * (1.0 + r) / 2.0 * np.array([1.0, 1.0 / r])
    columns = [exposure.names.index(f"{hand}-{compound}") for hand in "SR"]
    return float(auc(LONG, exposure.arterial(LONG))[columns] @ clearances)


def swallowing(name: str, route: str, **numbers: float) -> Animal:
    return altered(name, routes={route: SWALLOWED | PLAIN | numbers})


@pytest.mark.parametrize(("animal", "route"), [pair for pair in EVERY if pair[1] != "iv"])
def test_the_share_that_arrives_is_what_the_sheet_says(animal, route):
    own = ANIMALS[animal].routes[route]
    dose = Dose(0.1, route)
    arrives = own.direct + (1.0 - own.direct) * own.swallowed * own.available
    assert ever(course(animal, dose), "ketamine") == pytest.approx(arrives * umol(animal, dose), rel=5e-3)
    gone = course(animal, dose).eliminated(END)
    assert gone.sum() == pytest.approx(umol(animal, dose), rel=1e-9)


@pytest.mark.parametrize("animal", SPECIES)
@pytest.mark.parametrize("available", [0.0, 0.2, 0.7, 1.0])
def test_what_gut_and_liver_take_of_a_swallowed_dose_enters_as_metabolite(animal, available):
    who = swallowing(animal, "oral", available=available, swallowed_absorption=1.0)
    drugs, exposure, total = (
        who.dispositions,
        course(who, Dose(1.0, "oral")),
        umol(animal, Dose(1.0, "oral")),
    )
    parent = ever(exposure, "ketamine") if available else 0.0
    assert parent == pytest.approx(available * total, rel=5e-3)
    made = total * (available * drugs["norketamine"].formed)
    first = total * (1.0 - available) * drugs["norketamine"].first_pass_formed
    assert ever(exposure, "norketamine") == pytest.approx(made + first, rel=5e-3)
    gone = of(exposure.eliminated(END), exposure, "ketamine")[0]
    assert gone == pytest.approx(total - made - first, rel=1e-6)


@pytest.mark.parametrize("animal", SPECIES)
def test_what_is_wholly_available_has_the_areas_of_an_intravenous_dose(animal):
    who = swallowing(animal, "oral", available=1.0, swallowed_absorption=2.0)
    oral, vein = (course(who, Dose(1.0, route)) for route in ("oral", "iv"))
    for compound in who.family:
        assert ever(oral, compound) == pytest.approx(ever(vein, compound), rel=5e-3)
    quick = course(swallowing(animal, "oral", available=1.0, swallowed_absorption=1e4), Dose(1.0, "oral"))
    np.testing.assert_allclose(quick.arterial(HOURS), vein.arterial(HOURS), rtol=0.01, atol=1e-4)


@pytest.mark.parametrize("animal", ["rat", "mouse"])
def test_two_routes_of_the_same_numbers_are_the_same(animal):
    own = replace(ANIMALS[animal].routes["oral"], available=0.3)
    who = replace(ANIMALS[animal], routes=ANIMALS[animal].routes | {"oral": own, "ip": own})
    for quantity in ("arterial", "brain_unbound", "present", "eliminated"):
        one, two = (getattr(course(who, Dose(5.0, route)), quantity)(HOURS) for route in ("oral", "ip"))
        assert (one == two).all()


@pytest.mark.parametrize(("animal", "route"), [pair for pair in EVERY if pair[1] != "iv"])
def test_a_route_given_half_and_half_with_a_vein_is_half_of_each(animal, route):
    half, vein = Dose(0.05, route), Dose(0.05, "iv")
    near(
        course(animal, half, vein).arterial(HOURS),
        course(animal, half).arterial(HOURS) + course(animal, vein).arterial(HOURS),
    )


def test_a_share_that_is_neither_taken_up_nor_swallowed_never_gets_in():
    who = altered("human", routes={"inhaled": PLAIN | {"direct": 0.6, "swallowed": 0.25, "available": 1.0}})
    exposure, total = course(who, Dose(1.0, "inhaled")), umol("human", Dose(1.0, "inhaled"))
    assert ever(exposure, "ketamine") == pytest.approx((0.6 + 0.1) * total, rel=5e-3)
    at = np.array([0.0])
    assert exposure.given(at)[0] == pytest.approx(total)
    assert exposure.eliminated(at).sum() == pytest.approx(0.3 * total)
    assert exposure.present(at).sum() == pytest.approx(0.7 * total)


def test_a_delay_and_the_length_of_an_input_put_off_what_is_swallowed_by_their_mean():
    now = swallowing("human", "oral", available=0.5, swallowed_absorption=2.0)
    late = swallowing("human", "oral", available=0.5, swallowed_absorption=2.0, delay=0.75)
    one, two = (course(who, Dose(1.0, "oral")) for who in (now, late))
    near(two.arterial(HOURS + 0.75), one.arterial(HOURS), 1e-8)
    assert (two.arterial(np.array([0.0, 0.5, 0.7499])) == 0.0).all()
    long = swallowing("human", "oral", available=0.5, swallowed_absorption=2.0, swallowed_duration=3.0)
    found, (k, *_) = course(long, Dose(1.0, "oral")), np.flatnonzero([n == "S-ketamine" for n in one.names])
    mean = [auc(LONG, LONG * c) / auc(LONG, c) for c in (x.arterial(LONG)[:, k] for x in (one, found))]
    assert mean[1] - mean[0] == pytest.approx(1.5, rel=0.01)


# Repeated sprays

SPRAYS = {"direct": 0.5, "repeated": 0.4, "full": 28.0, "sitting": 1.0, "swallowed": 1.0}
NOSE = altered("human", routes={"nasal": SPRAYS})
SPRAY = 28.0 / 70.0  # mg/kg that are taken up fully in a body of 70 kg


def direct(*doses: Dose, who: Animal = NOSE) -> float:
    """mg that are taken up by the nose itself."""
    entered = [e for e in Exposure(doses, who, DRUGS)._entries if getattr(e.where, "way", "") == "direct"]
    return sum(e.umol for e in entered) * DRUGS["ketamine"].molar_mass / 1e3


def test_a_second_spray_of_a_sitting_is_taken_up_less_and_swallowed_more():
    one, two, later = (
        (Dose(SPRAY, "nasal"), *more)
        for more in ((), (Dose(SPRAY, "nasal", 0.1),), (Dose(SPRAY, "nasal", 1.5),))
    )
    assert direct(*one) == pytest.approx(14.0)
    assert direct(*two) == pytest.approx(14.0 * 1.4)
    assert direct(*later) == pytest.approx(28.0)
    parent = [ever(course(NOSE, *doses), "ketamine") for doses in (one, two, later)]
    assert parent[0] < parent[1] < parent[2] == pytest.approx(2.0 * parent[0], rel=5e-3)
    for doses in (two, later):
        exposure, total = course(NOSE, *doses), umol("human", *doses)
        found = (exposure.present(HOURS + 2) + exposure.eliminated(HOURS + 2)).sum(axis=1)
        np.testing.assert_allclose(found, total, rtol=1e-9)


@given(st.lists(st.tuples(st.floats(0.0, 3.0), st.integers(0, 24)), min_size=1, max_size=6))
@FEW
def test_any_sprays_bring_all_their_mass_and_never_more_parent_than_each_alone(sprays):
    doses = [Dose(amount, "nasal", start / 8.0) for amount, start in sprays]
    exposure, after = course(NOSE, *doses), np.array([5.0, 30.0])
    found = (exposure.present(after) + exposure.eliminated(after)).sum(axis=1)
    np.testing.assert_allclose(found, umol("human", *doses), rtol=1e-9, atol=1e-12)
    mg = 70.0 * sum(dose.amount for dose in doses)
    alone = sum(direct(dose) for dose in doses)
    assert 0.5 * 0.4 * mg - 1e-9 <= direct(*doses) <= alone + 1e-9 <= 0.5 * mg + 2e-9


@given(st.floats(0.01, 2.0), st.floats(0.0, 1.0))
@FEW
def test_a_spray_in_two_parts_at_once_is_the_spray(amount, share):
    parts = (Dose(share * amount, "nasal"), Dose((1 - share) * amount, "nasal"))
    assert direct(*parts) == pytest.approx(direct(Dose(amount, "nasal")))
    near(course(NOSE, *parts).arterial(HOURS), course(NOSE, Dose(amount, "nasal")).arterial(HOURS))


def test_up_to_what_is_taken_up_fully_sprays_add():
    few = [Dose(SPRAY / 4, "nasal", 0.1 * k) for k in range(4)]
    near(course(NOSE, *few).arterial(HOURS), sum(course(NOSE, dose).arterial(HOURS) for dose in few))


# Bodies


def test_a_body_of_the_weight_of_the_sheet_is_that_body_and_a_heavier_one_holds_more_and_less_a_kilogram():
    doses = (Dose(0.5, "iv", 0.0, 2 / 3),)
    own = Exposure.after(doses, "human")
    same, heavy = (Exposure.after(doses, "human", body=Body(weight)) for weight in (70.0, 120.0))
    near(same.arterial(HOURS), own.arterial(HOURS), 1e-12)
    size, body = 120.0 / 70.0, own.animal.body
    assert heavy.given(END)[0] == pytest.approx(size * own.given(END)[0])
    areas = [auc(LONG, of(each.arterial(LONG), each, "ketamine")) for each in (own, heavy)]
    assert areas[1] / areas[0] == pytest.approx(size ** (1.0 - body.flow_exponent), rel=1e-3)


def test_many_bodies_at_once_are_each_alone():
    weights, doses = np.array([50.0, 70.0, 95.0, 130.0]), (Dose(0.4, "nasal"), Dose(0.4, "nasal", 0.2))
    together = course(in_body(NOSE, weights), *doses)
    for k, weight in enumerate(weights):
        alone = course(in_body(NOSE, weight), *doses)
        for quantity in ("arterial", "venous", "brain_unbound", "present", "eliminated", "given"):
            near(getattr(together, quantity)(HOURS)[k], getattr(alone, quantity)(HOURS))


# Refusals


@pytest.mark.parametrize("animal", SPECIES)
def test_a_route_without_data_is_refused_by_name_with_those_there_are(animal):
    every = {route for routes in ROUTES.values() for route in routes}
    for route in sorted(every - set(ROUTES[animal])):
        with pytest.raises(DoseError) as caught:
            course(animal, Dose(1.0, "iv"), Dose(1.0, route))
        for word in (animal, "ketamine", f"given {route}", *ROUTES[animal]):
            assert word in str(caught.value)


@pytest.mark.parametrize("animal", SPECIES)
def test_a_metabolite_goes_by_the_routes_that_are_told_for_it_alone(animal):
    for compound in (each for each in ANIMALS[animal].family if each in MADE_OF):
        told = [route for route in ROUTES[animal] if f"{route}/{compound}" in ANIMALS[animal].routes]
        for route in ROUTES[animal][1:]:
            if route in told:
                assert course(animal, Dose(1.0, route, compound=compound)).present(HOURS).any()
                continue
            with pytest.raises(DoseError, match=rf"{compound} given {route} .*there are of iv"):
                course(animal, Dose(1.0, route, compound=compound))


@pytest.mark.parametrize("other", ["ketamine", "S-ketamine"])
def test_what_is_sprayed_at_the_same_hour_has_no_order(other):
    one, two = Dose(0.4, "nasal", 0.0, None, "S-ketamine"), Dose(0.6, "nasal", 0.0, None, other)
    hours = np.array([0.3, 1.0, 4.0])
    ways = [Exposure.after(doses, "human").venous(hours) for doses in ((one, two), (two, one))]
    np.testing.assert_allclose(*ways, rtol=1e-12)


def test_products_do_not_share_a_sitting():
    hours = np.array([0.3, 1.0, 4.0])
    device, solution = Dose(0.8, "nasal", 0.0, None, "S-ketamine"), Dose(0.8, "nasal")
    both = Exposure.after((device, solution), "human").venous(hours)
    alone = [Exposure.after((dose,), "human").venous(hours) for dose in (device, solution)]
    np.testing.assert_allclose(both, sum(alone), rtol=1e-9)


def test_more_cannot_become_something_else_than_there_is():
    much = {f"human/{drug}.formed": 0.9 for drug in ("hydroxynorketamine", "dehydronorketamine")}
    with pytest.raises(
        SheetError, match=r"formed of hydroxynorketamine and dehydronorketamine in human .* at most 1"
    ):
        animal("human", sheet("species").replaced(much))
