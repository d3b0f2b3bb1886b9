"""Laws of block: limits, competition, mixing, and the state that the loop advances."""

import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parameters import CIRCUITS, COMPOUNDS, POPULATIONS, SPECIES, SUBUNITS, circuit_numbers, sheet
from parameters import compounds as load_compounds
from parameters import species as load_species
from pharmacology import ROUTES, Dose, Exposure, HillBlock
from pharmacology.block import by_population, by_subunit, by_term
from pharmacology.exposure import AT, PLACES

DRUGS = load_compounds()
ANIMALS = {name: load_species(name) for name in SPECIES}
WHERE = [AT[place] for place in PLACES]
DAY = np.array([0.0, 0.01, 0.1, 0.3, 0.5, 1.0, 2.0, 5.0, 12.0, 24.0])
FEW = settings(max_examples=15, deadline=None)

EVERY = [(animal, route) for animal in SPECIES for route in ROUTES[animal]]


def course(animal: str, *doses: Dose, **changes: float) -> Exposure:
    return Exposure(doses, animal, replace(ANIMALS[animal], **changes), DRUGS)


def near(found: np.ndarray, expected: np.ndarray, rtol: float = 1e-9) -> None:
    scale = float(np.abs(expected).max())
    assert scale > 0.0
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * scale)


def mixtures(name: str) -> np.ndarray:
    populations = circuit_numbers(sheet(name)).populations
    return np.array([populations[p].subunit_fractions for p in POPULATIONS])


# Block

HILL_ONE = {name: replace(drug, hill=1.0) for name, drug in DRUGS.items()}


def alone(compound: str, concentration: float) -> np.ndarray:
    found = np.zeros(len(COMPOUNDS))
    found[COMPOUNDS.index(compound)] = concentration
    return found


def half_maximal(compound: str, subunit: str) -> float:
    return getattr(DRUGS[compound], f"ic50_{subunit}")


def test_no_drug_shuts_nothing():
    assert by_subunit(np.zeros(3), DRUGS).tolist() == [0.0] * len(SUBUNITS)


@pytest.mark.parametrize("compound", COMPOUNDS)
@pytest.mark.parametrize("subunit", SUBUNITS)
@pytest.mark.parametrize("hill", [0.8, 1.0, 1.5])
def test_a_compound_alone_shuts_half_of_a_subunit_at_its_ic50(compound, subunit, hill):
    drugs = {name: replace(drug, hill=hill) for name, drug in DRUGS.items()}
    shut = by_subunit(alone(compound, half_maximal(compound, subunit)), drugs)
    assert shut[SUBUNITS.index(subunit)] == pytest.approx(0.5)


@pytest.mark.parametrize("compound", COMPOUNDS)
def test_with_a_hill_slope_of_one_nine_times_the_ic50_shuts_nine_tenths(compound):
    for k, subunit in enumerate(SUBUNITS):
        assert by_subunit(alone(compound, 9.0 * half_maximal(compound, subunit)), HILL_ONE)[k] == pytest.approx(0.9)
        assert by_subunit(alone(compound, half_maximal(compound, subunit) / 9.0), HILL_ONE)[k] == pytest.approx(0.1)


CONCENTRATIONS = st.tuples(*[st.floats(0.0, 100.0)] * 3).map(np.array)


@given(CONCENTRATIONS, st.sampled_from(range(3)), st.floats(0.01, 100.0))
@settings(max_examples=50, deadline=None)
def test_more_of_any_compound_shuts_more_of_every_subunit_but_never_all(present, which, extra):
    more = present.copy()
    more[which] += extra
    before, after = by_subunit(present, DRUGS), by_subunit(more, DRUGS)
    assert (before < after).all()
    assert (before >= 0.0).all() and (after < 1.0).all()


@given(st.floats(0.01, 100.0), st.floats(0.01, 100.0), st.permutations(COMPOUNDS))
@settings(max_examples=50, deadline=None)
def test_two_competing_blockers_shut_more_than_each_and_less_than_the_sum(first, second, names):
    a, b = alone(names[0], first), alone(names[1], second)
    one, other, both = (by_subunit(c, DRUGS) for c in (a, b, a + b))
    assert (both > np.maximum(one, other)).all()
    assert (both < one + other).all()


@given(st.floats(0.01, 100.0), st.sampled_from(SUBUNITS), st.permutations(COMPOUNDS))
@settings(max_examples=50, deadline=None)
def test_half_of_a_dose_replaced_by_its_equivalent_of_another_compound_shuts_the_same(amount, subunit, names):
    k, (first, second, _) = SUBUNITS.index(subunit), names
    equivalent = amount * half_maximal(second, subunit) / half_maximal(first, subunit)
    whole = by_subunit(alone(first, amount), HILL_ONE)[k]
    mixed = by_subunit(alone(first, amount / 2.0) + alone(second, equivalent / 2.0), HILL_ONE)[k]
    assert mixed == pytest.approx(whole)


@given(st.floats(0.01, 1000.0))
@settings(max_examples=25, deadline=None)
def test_ketamine_shuts_the_subunits_that_magnesium_holds_weakly_more_than_the_others(concentration):
    shut = dict(zip(SUBUNITS, by_subunit(alone("ketamine", concentration), DRUGS), strict=True))
    assert shut["2C"] > shut["2A"] and shut["2C"] > shut["2B"]
    assert shut["2D"] > shut["2A"] and shut["2D"] > shut["2B"]


@given(st.floats(0.01, 1000.0))
@settings(max_examples=25, deadline=None)
def test_the_metabolites_shut_less_than_ketamine(concentration):
    ketamine, norketamine, hydroxynorketamine = (by_subunit(alone(c, concentration), DRUGS) for c in COMPOUNDS)
    assert (ketamine > norketamine).all() and (norketamine > hydroxynorketamine).all()


def test_many_times_are_shut_as_each_alone():
    many = np.array([[0.1, 0.0, 2.0], [5.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    near(by_subunit(many, DRUGS), np.stack([by_subunit(row, DRUGS) for row in many]))


SHUT = st.tuples(*[st.floats(0.0, 1.0)] * 4).map(np.array)
SHARES = st.tuples(*[st.floats(0.01, 1.0)] * 4).map(lambda shares: np.array([shares]) / sum(shares))


@given(SHUT, SHARES)
@settings(max_examples=50, deadline=None)
def test_the_block_of_a_term_lies_between_those_of_its_subunits(shut, subunits):
    terms = by_term(shut, subunits)
    assert terms.shape == (1, 2)
    for k, pair in enumerate((shut[:2], shut[2:])):
        assert pair.min() - 1e-12 <= terms[0, k] <= pair.max() + 1e-12


@given(SHUT, SHARES)
@settings(max_examples=50, deadline=None)
def test_the_terms_weighted_by_their_shares_make_the_block_of_the_population(shut, subunits):
    shares = np.stack([subunits[:, :2].sum(axis=1), subunits[:, 2:].sum(axis=1)], axis=1)
    np.testing.assert_allclose((by_term(shut, subunits) * shares).sum(axis=1), by_population(shut, subunits), atol=1e-12)


@given(SHUT)
@settings(max_examples=25, deadline=None)
def test_a_population_of_one_subunit_is_shut_as_that_subunit(shut):
    terms = by_term(shut, np.eye(4))
    assert terms.tolist() == [[shut[0], 0.0], [shut[1], 0.0], [0.0, shut[2]], [0.0, shut[3]]]
    assert by_population(shut, np.eye(4)).tolist() == shut.tolist()


def test_a_term_that_a_population_lacks_is_not_shut():
    found = by_term(np.full(4, 0.9), np.array([[0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.3, 0.7]]))
    near(found, np.array([[0.9, 0.0], [0.0, 0.9]]))


@pytest.mark.parametrize("name", CIRCUITS)
def test_the_block_of_every_circuit_lies_between_none_and_all(name):
    subunits = mixtures(name)
    value = HillBlock.at(course("rat", Dose(30.0, "ip")), subunits, 0.2).value
    assert value.shape == (len(POPULATIONS), 2)
    assert ((value > 0.0) & (value < 1.0))[:, 0].all()
    assert ((value[:, 1] > 0.0) == (subunits[:, 2:].sum(axis=1) > 0.0)).all()


@given(st.lists(st.floats(0.01, 3.0), min_size=1, max_size=5), st.floats(-1.0, 1.0))
@FEW
def test_a_block_advanced_along_any_path_is_the_block_of_where_it_arrives(strides, start):
    exposure, subunits = course("human", Dose(0.5, "iv", 0.0, 2.0 / 3.0)), mixtures("literature")
    block = HillBlock.at(exposure, subunits, start)
    for k, stride in enumerate(strides):
        block = block.advance(exposure, np.full((len(POPULATIONS), 2), 0.1 * k), stride)
    there = HillBlock.at(exposure, subunits, start + sum(strides))
    assert block.time == pytest.approx(there.time)
    np.testing.assert_allclose(block.value, there.value, rtol=1e-9, atol=1e-15)


def test_a_block_that_does_not_advance_stays():
    exposure, subunits = course("rat", Dose(10.0, "ip")), mixtures("pv_sst")
    block = HillBlock.at(exposure, subunits, 0.25)
    near(block.advance(exposure, np.zeros((len(POPULATIONS), 2)), 0.0).value, block.value)


def test_advancing_a_block_leaves_the_old_one_as_it_was():
    exposure, subunits = course("rat", Dose(10.0, "ip")), mixtures("pv_sst")
    block = HillBlock.at(exposure, subunits, 0.0)
    later = block.advance(exposure, np.zeros((len(POPULATIONS), 2)), 0.25)
    assert (block.time, later.time) == (0.0, 0.25)
    assert (block.value == 0.0).all() and later.value.max() > 0.0


@pytest.mark.parametrize(("animal", "route"), EVERY)
def test_a_larger_dose_blocks_more_at_every_time(animal, route):
    subunits = mixtures("literature")
    for hour in (0.1, 1.0, 4.0):
        values = [HillBlock.at(course(animal, Dose(amount, route)), subunits, hour).value for amount in (0.0, 1.0, 10.0, 100.0)]
        present = values[-1] > 0.0
        for less, more in pairwise(values):
            assert (less < more)[present].all()


def test_pharmacology_alone_brings_in_neither_brian2_nor_numba():
    script = "import sys, pharmacology; print(sorted({m.split('.')[0] for m in sys.modules} & {'brian2', 'numba', 'scipy'}))"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "['scipy']"
