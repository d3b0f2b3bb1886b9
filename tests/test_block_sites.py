"""Laws of the sites of block: which classes a drug reaches, and labels that are shuffled among them."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from prelimbic.parameters import CIRCUITS, POPULATIONS
from prelimbic.pharmacology import SITES, Dose, DoseError, HillBlock, confine, relabelled
from prelimbic.pharmacology.block import by_population
from tests.test_block import DRUGS, FEW, SHAPE, SHARES, course, mixtures

# Sites

VALUES = st.lists(st.floats(0.0, 1.0), min_size=24, max_size=24).map(lambda v: np.array(v).reshape(SHAPE))


@pytest.mark.parametrize("site", SITES)
@given(value=VALUES)
@FEW
def test_confining_twice_is_confining_once(site, value):
    subunits = mixtures("literature")
    once = confine(value, site, subunits)
    assert once.shape == SHAPE
    np.testing.assert_allclose(confine(once, site, subunits), once, rtol=1e-12)


@given(VALUES)
@FEW
def test_the_classes_together_make_the_whole(value):
    subunits = mixtures("literature")
    parts = {site: confine(value, site, subunits) for site in SITES}
    assert (parts["pv"] + parts["sst"] + parts["vip"] == parts["gaba_any"]).all()
    assert (parts["gaba_any"] + parts["pyr_direct"] == parts["all"]).all()
    assert (parts["all"] == value).all() and not parts["off"].any()


@pytest.mark.parametrize(
    ("site", "class_"), [("pv", "PV"), ("sst", "SST"), ("vip", "VIP"), ("pyr_direct", "Pyr")]
)
def test_a_site_of_one_class_shuts_that_class_alone(site, class_):
    found = confine(np.full(SHAPE, 0.5), site, mixtures("literature"))
    assert [p for p, row in zip(POPULATIONS, found, strict=True) if row.any()] == [class_]


def test_an_unknown_site_is_refused_with_the_sites_there_are():
    with pytest.raises(DoseError) as caught:
        confine(np.zeros(SHAPE), "PV", mixtures("literature"))
    for word in ("'PV'", *SITES):
        assert word in str(caught.value)


# Shuffled labels


def effective(value: np.ndarray, subunits: np.ndarray) -> np.ndarray:
    """Share of each class's NMDA conductance that is shut."""
    return np.array([by_population(row, subunits[k : k + 1])[0] for k, row in enumerate(value)])


MIXTURES = st.lists(SHARES, min_size=SHAPE[0], max_size=SHAPE[0]).map(np.vstack)


@given(VALUES, MIXTURES, st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_shuffled_labels_hand_the_blocks_of_the_classes_round_and_lose_none(value, subunits, seed):
    before, after = effective(value, subunits), effective(relabelled(value, subunits, seed), subunits)
    np.testing.assert_allclose(sorted(after), sorted(before), rtol=1e-9, atol=1e-12)


@given(VALUES, MIXTURES, st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_shuffled_labels_leave_no_class_its_own_block_unless_two_classes_are_shut_alike(
    value, subunits, seed
):
    before, after = effective(value, subunits), effective(relabelled(value, subunits, seed), subunits)
    assume(np.diff(np.sort(before)).min() > 1e-6)
    assert np.abs(after - before).min() > 1e-7


@pytest.mark.parametrize("name", CIRCUITS)
def test_in_every_shipped_circuit_a_class_keeps_its_block_only_if_it_has_it_from_one_of_the_same_mixture(
    name,
):
    subunits = mixtures(name)
    value = HillBlock.at(course("rat", Dose(10.0, "ip")), DRUGS, 0.25).value
    before = effective(value, subunits)
    alike = [
        [p for p in range(SHAPE[0]) if p != k and np.array_equal(subunits[p], subunits[k])]
        for k in range(SHAPE[0])
    ]
    for seed in range(1, 10):
        kept = np.isclose(effective(relabelled(value, subunits, seed), subunits), before, rtol=1e-9)
        assert all(alike[k] for k in np.flatnonzero(kept))


@given(MIXTURES, st.integers(0, 1000))
@FEW
def test_shuffled_labels_make_no_block_where_there_is_none(subunits, seed):
    assert not relabelled(np.zeros(SHAPE), subunits, seed).any()


def test_over_seeds_labels_are_shuffled_in_nine_ways_that_each_come_as_often():
    value = np.arange(1.0, 25.0).reshape(SHAPE) / 30.0
    ways = [tuple(relabelled(value, mixtures("literature"), seed)[:, 0]) for seed in range(1, 91)]
    assert sorted(ways.count(way) for way in set(ways)) == [10] * 9


def test_all_receptors_of_a_class_get_the_same_of_a_shuffled_block():
    value = HillBlock.at(course("rat", Dose(10.0, "ip")), DRUGS, 0.25).value
    found = relabelled(value, mixtures("dendritic"), 3)
    assert found.shape == SHAPE and (np.ptp(found, axis=1) == 0).all() and np.ptp(value, axis=1).min() > 0
