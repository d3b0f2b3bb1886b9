"""Laws of equilibrium block: limits, competition, mixing, the state that the loop advances, and baths."""

import math
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prelimbic.parameters import (
    BLOCKERS,
    CIRCUITS,
    COMPOUNDS,
    ENANTIOMERS,
    POPULATIONS,
    SPECIES,
    SUBUNITS,
    circuit_numbers,
    sheet,
)
from prelimbic.parameters import animal as load_animal
from prelimbic.parameters import compounds as load_compounds
from prelimbic.pharmacology import ROUTES, Bath, Dose, DoseError, Exposure, Gating, HillBlock, confine
from prelimbic.pharmacology.block import by_population, by_subunit

DRUGS = load_compounds()
ALL = [DRUGS[name] for name in BLOCKERS]
ANIMALS = {name: load_animal(name) for name in SPECIES}
FEW = settings(max_examples=15, deadline=None)
EVERY = [(animal, route) for animal in SPECIES for route in ROUTES[animal]]
SHAPE = (len(POPULATIONS), len(SUBUNITS))


def course(animal: str, *doses: Dose) -> Exposure:
    return Exposure(doses, ANIMALS[animal], DRUGS)


def near(found: np.ndarray, expected: np.ndarray, rtol: float = 1e-9) -> None:
    scale = float(np.abs(expected).max())
    assert scale > 0.0
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * scale)


def mixtures(name: str) -> np.ndarray:
    populations = circuit_numbers(sheet(name)).populations
    return np.array([populations[p].subunit_fractions for p in POPULATIONS])


def gating(open_probability: float) -> Gating:
    return Gating(np.full(SHAPE, open_probability), np.full(SHAPE, 0.1), np.full(SHAPE[0], -60.0))


# Block

HILL_ONE = [replace(drug, hill=1.0) for drug in ALL]


def alone(compound: str, concentration: float) -> np.ndarray:
    found = np.zeros(len(BLOCKERS))
    found[BLOCKERS.index(compound)] = concentration
    return found


def half_maximal(compound: str, subunit: str) -> float:
    return getattr(DRUGS[compound], f"ic50_{subunit}")


def test_no_drug_shuts_nothing():
    assert by_subunit(np.zeros(len(BLOCKERS)), ALL).tolist() == [0.0] * len(SUBUNITS)


@pytest.mark.parametrize("compound", BLOCKERS)
@pytest.mark.parametrize("subunit", SUBUNITS)
@pytest.mark.parametrize("hill", [0.8, 1.0, 1.5])
def test_a_compound_alone_shuts_half_of_a_subunit_at_its_ic50(compound, subunit, hill):
    drugs = [replace(drug, hill=hill) for drug in ALL]
    shut = by_subunit(alone(compound, half_maximal(compound, subunit)), drugs)
    assert shut[SUBUNITS.index(subunit)] == pytest.approx(0.5)


@pytest.mark.parametrize("compound", BLOCKERS)
def test_with_a_hill_slope_of_one_nine_times_the_ic50_shuts_nine_tenths(compound):
    for k, subunit in enumerate(SUBUNITS):
        assert by_subunit(alone(compound, 9.0 * half_maximal(compound, subunit)), HILL_ONE)[
            k
        ] == pytest.approx(0.9)
        assert by_subunit(alone(compound, half_maximal(compound, subunit) / 9.0), HILL_ONE)[
            k
        ] == pytest.approx(0.1)


CONCENTRATIONS = st.tuples(*[st.floats(0.0, 100.0)] * len(BLOCKERS)).map(np.array)


@given(CONCENTRATIONS, st.sampled_from(range(len(BLOCKERS))), st.floats(0.01, 100.0))
@settings(max_examples=50, deadline=None)
def test_more_of_any_compound_shuts_more_of_every_subunit_but_never_all(present, which, extra):
    more = present.copy()
    more[which] += extra
    before, after = by_subunit(present, ALL), by_subunit(more, ALL)
    assert (before < after).all()
    assert (before >= 0.0).all() and (after < 1.0).all()


@given(st.floats(0.01, 100.0), st.floats(0.01, 100.0), st.permutations(BLOCKERS))
@settings(max_examples=50, deadline=None)
def test_two_competing_blockers_shut_more_than_each_and_less_than_the_sum(first, second, names):
    a, b = alone(names[0], first), alone(names[1], second)
    one, other, both = (by_subunit(c, ALL) for c in (a, b, a + b))
    assert (both > np.maximum(one, other)).all()
    assert (both < one + other).all()


@given(st.floats(0.01, 100.0), st.sampled_from(SUBUNITS), st.permutations(BLOCKERS))
@settings(max_examples=50, deadline=None)
def test_half_of_a_dose_replaced_by_its_equivalent_of_another_compound_shuts_the_same(
    amount, subunit, names
):
    k, (first, second, *_) = SUBUNITS.index(subunit), names
    equivalent = amount * half_maximal(second, subunit) / half_maximal(first, subunit)
    whole = by_subunit(alone(first, amount), HILL_ONE)[k]
    mixed = by_subunit(alone(first, amount / 2.0) + alone(second, equivalent / 2.0), HILL_ONE)[k]
    assert mixed == pytest.approx(whole)


@given(st.floats(0.01, 1000.0))
@settings(max_examples=25, deadline=None)
def test_ketamine_shuts_the_subunits_that_magnesium_holds_weakly_more_than_the_others(concentration):
    shut = dict(zip(SUBUNITS, by_subunit(alone("ketamine", concentration), ALL), strict=True))
    assert shut["2C"] > shut["2A"] and shut["2C"] > shut["2B"]
    assert shut["2D"] > shut["2A"] and shut["2D"] > shut["2B"]


@given(st.floats(0.01, 1000.0))
@settings(max_examples=25, deadline=None)
def test_the_metabolites_shut_less_than_ketamine(concentration):
    ketamine, norketamine, hydroxynorketamine = (by_subunit(alone(c, concentration), ALL) for c in COMPOUNDS)
    assert (ketamine > norketamine).all() and (norketamine > hydroxynorketamine).all()


STEEP = st.floats(0.3, 3.0)
AMOUNT = st.floats(1e-3, 1e3)


@given(AMOUNT, STEEP)
@settings(max_examples=25, deadline=None)
def test_one_drug_has_its_hill_curve(concentration, hill):
    drug = replace(DRUGS["norketamine"], hill=hill)
    for k, subunit in enumerate(SUBUNITS):
        ratio = (concentration / half_maximal("norketamine", subunit)) ** hill
        assert by_subunit(np.array([concentration]), [drug])[k] == pytest.approx(ratio / (1.0 + ratio))


@given(AMOUNT, AMOUNT, st.floats(0.0, 1.0), STEEP, STEEP)
@settings(max_examples=25, deadline=None)
def test_a_drug_in_two_parts_is_the_drug_whatever_else_is_there(amount, other, share, hill, steep):
    one, rival = replace(DRUGS["ketamine"], hill=hill), replace(DRUGS["memantine"], hill=steep)
    whole = by_subunit(np.array([amount, other]), [one, rival])
    near(by_subunit(np.array([share * amount, other, (1 - share) * amount]), [one, rival, one]), whole)


def test_an_equivalent_of_a_drug_shuts_between_the_curves_of_both_where_their_slopes_differ():
    drugs = [replace(DRUGS["ketamine"], hill=hill) for hill in (0.7, 1.5)]
    shut = np.array([by_subunit(np.array([3.0 * (1 - s), 3.0 * s]), drugs) for s in np.linspace(0, 1, 9)])
    rises = np.diff(shut, axis=0) > 0.0
    assert (rises == rises[0]).all()


@pytest.mark.parametrize("racemate", COMPOUNDS)
def test_the_racemate_is_half_of_each_enantiomer_at_a_slope_of_one(racemate):
    names = [name for name, (compound, _) in ENANTIOMERS.items() if compound == racemate]
    drugs = [replace(DRUGS[name], hill=1.0) for name in names]
    for uM in (0.1, 5.0, 300.0):
        near(by_subunit(np.full(2, uM / 2.0), drugs), by_subunit(alone(racemate, uM), HILL_ONE))
    for subunit in SUBUNITS:
        assert 1.0 / half_maximal(racemate, subunit) == pytest.approx(
            sum(0.5 / half_maximal(name, subunit) for name in names)
        )


@pytest.mark.parametrize("compound", ["ketamine", "norketamine"])
def test_the_s_enantiomer_shuts_more_than_the_racemate_and_the_r_enantiomer_less(compound):
    for uM in (0.1, 3.0, 100.0):
        s, both, r = (
            HillBlock.at(Bath(((name, uM),)), DRUGS, 0.0).value
            for name in (f"S-{compound}", compound, f"R-{compound}")
        )
        assert (s > both).all() and (both > r).all()


@given(st.lists(st.floats(0.0, 1e300), min_size=3, max_size=3), st.tuples(STEEP, STEEP, STEEP))
@settings(max_examples=50, deadline=None)
def test_no_amount_shuts_more_than_all_or_what_is_no_number(concentrations, hills):
    drugs = [replace(drug, hill=hill) for drug, hill in zip(ALL, hills, strict=False)]
    shut = by_subunit(np.array(concentrations), drugs)
    assert np.isfinite(shut).all() and (shut >= 0.0).all() and (shut <= 1.0).all()


def test_many_times_are_shut_as_each_alone():
    many, drugs = np.array([[0.1, 0.0, 2.0], [5.0, 1.0, 0.0], [0.0, 0.0, 0.0]]), ALL[:3]
    near(by_subunit(many, drugs), np.stack([by_subunit(row, drugs) for row in many]))


SHUT = st.tuples(*[st.floats(0.0, 1.0)] * 4).map(np.array)
SHARES = st.tuples(*[st.floats(0.01, 1.0)] * 4).map(lambda shares: np.array([shares]) / sum(shares))


@given(SHUT, SHARES)
@settings(max_examples=50, deadline=None)
def test_the_block_of_a_population_lies_between_those_of_its_subunits(shut, subunits):
    mixed = by_population(shut, subunits)
    assert mixed.shape == (1,)
    assert shut.min() - 1e-12 <= mixed[0] <= shut.max() + 1e-12


@given(SHUT)
@settings(max_examples=25, deadline=None)
def test_a_population_of_one_subunit_is_shut_as_that_subunit(shut):
    assert by_population(shut, np.eye(4)).tolist() == shut.tolist()


def test_memantine_shuts_2c_and_2d_more_than_2a_where_mg_is_present():
    shut = dict(zip(SUBUNITS, by_subunit(alone("memantine", 1.0), ALL), strict=True))
    assert min(shut["2C"], shut["2D"]) > 3.0 * shut["2A"]


def test_a_micromolar_of_hydroxynorketamine_shuts_next_to_nothing():
    assert by_subunit(alone("hydroxynorketamine", 1.0), ALL).max() < 0.02


def test_ro_25_6981_at_a_tenth_of_a_micromolar_shuts_2b_and_spares_the_rest():
    shut = dict(zip(SUBUNITS, by_subunit(alone("ro25_6981", 0.1), ALL), strict=True))
    assert shut.pop("2B") > 0.9
    assert shut.pop("2AB") + shut.pop("2BD") < 0.3  # one 2B subunit of two is not enough
    assert max(shut.values()) < 0.01


# HillBlock


def test_every_population_is_shut_alike_unless_told_otherwise():
    value = HillBlock.at(course("rat", Dose(30.0, "ip")), DRUGS, 0.2).value
    assert value.shape == SHAPE
    assert ((value > 0.0) & (value < 1.0)).all()
    assert (value == value[0]).all()


def test_twice_the_affinity_is_worth_twice_the_concentration_where_it_is_told_and_nothing_elsewhere():
    affinity = np.ones(SHAPE)
    affinity[1] = 2.0
    once, twice = Bath((("ketamine", 1.0),)), Bath((("ketamine", 2.0),))
    found = HillBlock.at(once, DRUGS, 0.0, affinity).value
    near(found[1], HillBlock.at(twice, DRUGS, 0.0).value[1])
    near(found[[0, 2, 3]], HillBlock.at(once, DRUGS, 0.0).value[[0, 2, 3]])


@given(st.lists(st.floats(0.01, 3.0), min_size=1, max_size=5), st.floats(-1.0, 1.0))
@FEW
def test_a_block_advanced_along_any_path_is_the_block_of_where_it_arrives(strides, start):
    exposure = course("human", Dose(0.5, "iv", 0.0, 2.0 / 3.0))
    block = HillBlock.at(exposure, DRUGS, start)
    for k, stride in enumerate(strides):
        block = block.advance(exposure, gating(0.1 * k), stride)
    there = HillBlock.at(exposure, DRUGS, start + sum(strides))
    assert block.time == pytest.approx(there.time)
    np.testing.assert_allclose(block.value, there.value, rtol=1e-9, atol=1e-15)


def test_a_block_that_does_not_advance_stays():
    exposure = course("rat", Dose(10.0, "ip"))
    block = HillBlock.at(exposure, DRUGS, 0.25)
    near(block.advance(exposure, gating(0.0), 0.0).value, block.value)


def test_advancing_a_block_leaves_the_old_one_as_it_was():
    exposure = course("rat", Dose(10.0, "ip"))
    block = HillBlock.at(exposure, DRUGS, 0.0)
    later = block.advance(exposure, gating(0.0), 0.25)
    assert (block.time, later.time) == (0.0, 0.25)
    assert (block.value == 0.0).all() and later.value.max() > 0.0


@pytest.mark.parametrize(("animal", "route"), EVERY)
def test_a_larger_dose_blocks_more_at_every_time(animal, route):
    for hour in (0.1, 1.0, 4.0):
        values = [
            HillBlock.at(course(animal, Dose(amount, route)), DRUGS, hour).value
            for amount in (0.0, 1.0, 10.0, 100.0)
        ]
        for less, more in pairwise(values):
            assert (less < more).all()


@pytest.mark.parametrize("name", CIRCUITS)
def test_a_uniform_block_is_the_same_everywhere_and_shuts_pyramidal_cells_as_much_as_before(name):
    value = HillBlock.at(course("rat", Dose(10.0, "ip")), DRUGS, 0.25).value
    found = confine(value, "uniform", mixtures(name))
    assert np.ptp(found) == 0.0
    pyramidal = mixtures(name)[:1]
    near(by_population(found[0], pyramidal), by_population(value[0], pyramidal))


# Baths


def test_a_bath_is_what_it_says_while_it_lasts_and_nothing_before_and_after():
    bath = Bath((("mk801", 0.3), ("memantine", 5.0)), 1.0, 2.0)
    assert bath.names == ("mk801", "memantine")
    expected = [[0.0, 0.0], [0.3, 5.0], [0.3, 5.0], [0.0, 0.0]]
    assert bath.brain_unbound(np.array([0.99, 1.0, 1.99, 2.0])).tolist() == expected


def test_the_order_of_the_drugs_in_a_bath_is_of_no_account():
    pair = (("ro25_6981", 0.02), ("ketamine", 3.0))
    near(*(HillBlock.at(Bath(drugs), DRUGS, 0.0).value for drugs in (pair, pair[::-1])))


def test_a_bath_of_nothing_shuts_nothing():
    assert not HillBlock.at(Bath(()), DRUGS, 0.0).value.any()


def test_a_bath_of_what_the_brain_holds_shuts_as_much_as_the_dose():
    exposure = course("mouse", Dose(10.0, "ip"))
    bath = Bath(tuple(zip(exposure.names, exposure.brain_unbound(np.array([0.5]))[0].tolist(), strict=True)))
    near(HillBlock.at(bath, DRUGS, 0.5).value, HillBlock.at(exposure, DRUGS, 0.5).value)


@pytest.mark.parametrize("name", ["", "Ketamine", "ifenprodil"])
def test_a_bath_of_an_unknown_drug_is_refused_with_the_drugs_there_are(name):
    with pytest.raises(DoseError) as caught:
        Bath(((name, 1.0),))
    for word in (repr(name), *BLOCKERS):
        assert word in str(caught.value)


@pytest.mark.parametrize("uM", [-1.0, -1e-9, math.nan, math.inf])
def test_a_concentration_that_cannot_be_is_refused_by_drug_and_value(uM):
    with pytest.raises(DoseError, match=rf"uM memantine.*{uM:g}"):
        Bath((("memantine", uM),))


@pytest.mark.parametrize(("start", "end"), [(1.0, 1.0), (2.0, 1.0), (math.nan, 1.0)])
def test_a_bath_that_ends_before_it_starts_is_refused(start, end):
    with pytest.raises(DoseError, match=rf"{start:g} to {end:g} h"):
        Bath((("ketamine", 1.0),), start, end)


def test_a_drug_named_twice_is_refused():
    with pytest.raises(DoseError, match="ketamine, ketamine"):
        Bath((("ketamine", 1.0), ("ketamine", 2.0)))


def test_pharmacology_alone_brings_in_neither_brian2_nor_numba_nor_scipy():
    script = """
import sys, prelimbic.pharmacology
print(sorted({m.split(".")[0] for m in sys.modules} & {"brian2", "numba", "scipy"}))
"""
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
