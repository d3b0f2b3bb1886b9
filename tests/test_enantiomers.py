"""Laws of the enantiomers: the racemate is half of each, and neither becomes the other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prelimbic.parameters import ENANTIOMERS, HANDS, SPECIES
from prelimbic.pharmacology import ALSO_CALLED, Dose, HillBlock, Together
from prelimbic.pharmacology.bath import Bath
from tests.animals import ANIMALS, DRUGS, EVERY, LONG, altered, auc, can_have, course, near, of, umol

HOURS = np.array([-1.0, 0.05, 0.2, 0.5, 1.0, 3.0, 8.0, 24.0, 72.0])
FEW = settings(max_examples=15, deadline=None)
QUANTITIES = ("arterial", "venous", "brain_unbound", "brain_total", "present", "eliminated")
BOTH = [(animal, route) for animal, route in EVERY if "S-ketamine" in can_have(animal, route)]
# Routes of which all ketamine takes the same way; a product of one enantiomer may have its own.
SHARED = [(animal, route) for animal, route in BOTH if f"{route}/S-ketamine" not in ANIMALS[animal].routes]


@pytest.mark.parametrize(("animal", "route"), BOTH)
def test_one_enantiomer_alone_makes_none_of_the_other(animal, route):
    for hand, other in zip(HANDS, HANDS[::-1], strict=True):
        exposure = course(animal, Dose(1.0, route, 0.0, None, f"{hand}-ketamine"))
        names = np.array(exposure.names)
        for quantity in QUANTITIES:
            found = getattr(exposure, quantity)(HOURS)
            assert (found[:, np.char.startswith(names, f"{other}-")] == 0.0).all()
            assert found[3:6, np.char.startswith(names, f"{hand}-")].min() > 0.0
        assert exposure.given(HOURS)[-1] == pytest.approx(umol(animal, Dose(1.0, route)))


@pytest.mark.parametrize(("animal", "route"), SHARED)
def test_the_racemate_is_half_of_each_exactly(animal, route):
    racemate = course(animal, Dose(0.2, route))
    halves = course(animal, *(Dose(0.1, route, 0.0, None, f"{hand}-ketamine") for hand in HANDS))
    for quantity in QUANTITIES:
        assert (getattr(racemate, quantity)(HOURS) == getattr(halves, quantity)(HOURS)).all()
    assert racemate.peak_time() == halves.peak_time()


@pytest.mark.parametrize("compound", ["norketamine", "hydroxynorketamine"])
@pytest.mark.parametrize("animal", SPECIES)
def test_a_metabolite_is_given_as_both_enantiomers_too(animal, compound):
    racemate = course(animal, Dose(1.0, "iv", 0.0, None, compound))
    halves = course(animal, *(Dose(0.5, "iv", 0.0, None, f"{hand}-{compound}") for hand in HANDS))
    near(halves.arterial(HOURS), racemate.arterial(HOURS), 1e-12)


@given(st.floats(0.2, 5.0), st.floats(0.2, 5.0))
@FEW
def test_areas_of_the_racemate_are_those_of_its_clearance_however_far_the_enantiomers_are_apart(
    ratio, bound
):
    who = altered("human", drugs={"ketamine": {"clearance_s_to_r": ratio, "unbound_s_to_r": bound}})
    exposure, dose = course(who, Dose(1.0, "iv")), Dose(1.0, "iv")
    own = who.dispositions["ketamine"]
    areas = auc(LONG, exposure.arterial(LONG))
    s, r = (areas[exposure.names.index(f"{hand}-ketamine")] for hand in HANDS)
    assert s + r == pytest.approx(umol("human", dose) / own.clearance, rel=2e-2)
    assert r / s == pytest.approx(ratio, rel=2e-2)
    areas = auc(LONG, exposure.brain_unbound(LONG)) / areas / own.brain_to_plasma_unbound
    free = [areas[exposure.names.index(f"{hand}-ketamine")] for hand in HANDS]
    assert free[0] / free[1] == pytest.approx(bound, rel=1e-2)
    assert sum(free) / 2.0 == pytest.approx(own.unbound, rel=1e-2)


@pytest.mark.parametrize("animal", SPECIES)
def test_enantiomers_of_equal_numbers_are_alike_and_half_of_all(animal):
    same = {"clearance_s_to_r": 1.0, "unbound_s_to_r": 1.0}
    who = altered(animal, drugs={drug: same for drug in ANIMALS[animal].family})
    found = course(who, Dose(1.0, "iv")).brain_unbound(HOURS)
    assert (found[:, 0::2] == found[:, 1::2]).all() and found.any()


@pytest.mark.parametrize("animal", SPECIES)
def test_a_compound_is_asked_of_as_the_sum_of_its_enantiomers_and_each_by_name(animal):
    exposure = course(animal, Dose(1.0, "iv"))
    found = exposure.brain_unbound(HOURS)
    told = exposure.at(HOURS[3])
    for compound in ANIMALS[animal].family:
        near(exposure.of(compound, HOURS), of(found, exposure, compound))
        assert told[compound] == pytest.approx(told[f"S-{compound}"] + told[f"R-{compound}"])
    for k, name in enumerate(exposure.names):
        assert (exposure.of(name, HOURS) == found[:, k]).all()
        assert ENANTIOMERS[name][0] in ANIMALS[animal].family
    assert (exposure.of("memantine", HOURS) == 0.0).all()


def test_a_bath_of_a_racemate_beside_a_dose_adds_to_its_enantiomers():
    both = Together((course("rat", Dose(5.0, "ip")), Bath((("ketamine", 2.0), ("S-ketamine", 1.0)))))
    dose = course("rat", Dose(5.0, "ip"))
    near(both.of("ketamine", HOURS), dose.of("ketamine", HOURS) + 3.0)
    near(both.of("S-ketamine", HOURS), dose.of("S-ketamine", HOURS) + 1.0)
    assert both.at(0.5)["ketamine"] == pytest.approx(dose.at(0.5)["ketamine"] + 3.0)


def test_a_given_amount_of_s_ketamine_blocks_more_and_of_r_ketamine_less_than_the_racemate():
    for route in ("iv", "ip"):
        s, racemate, r = (
            HillBlock.at(course("rat", Dose(5.0, route, 0.0, None, name)), DRUGS, 0.3).value
            for name in ("S-ketamine", "ketamine", "R-ketamine")
        )
        assert (s > racemate).all() and (racemate > r).all()


@pytest.mark.parametrize(("called", "name"), ALSO_CALLED.items())
def test_other_names_of_an_enantiomer_are_that_enantiomer(called, name):
    assert Dose(1.0, "iv", compound=called) == Dose(1.0, "iv", compound=name)
    assert Dose(1.0, "iv", compound=called).compound == name
