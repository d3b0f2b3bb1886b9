"""A tree finds the few numbers that part two kinds, and says how well on those that it has not seen."""

from __future__ import annotations

import numpy as np
import pytest

from prelimbic.experiments.readouts.tree import LEAST, explained, grown

VALUES = np.random.default_rng(1).random((160, 40))
BOTH = (VALUES[:, 3] > 0.5) & (VALUES[:, 7] > 0.3)
NAMES = [f"k{i}" for i in range(40)]


def test_two_numbers_that_decide_together_are_found_with_their_bounds():
    found = {leaf.words(NAMES): leaf for leaf in grown(VALUES, BOTH)}
    best = max(found, key=lambda words: found[words].mean)
    assert best.startswith("k3 from 0.") and ", k7 from 0." in best
    assert (found[best].inside == BOTH).all() and found[best].mean == 1.0
    bounds = {column: bound for column, bound, _ in found[best].bounds}
    assert bounds == pytest.approx({3: 0.5, 7: 0.3}, abs=0.05)


def test_leaves_part_all_into_groups_that_are_not_too_small_and_their_bounds_tell_which():
    leaves = grown(VALUES, BOTH)
    assert (sum(leaf.inside.astype(int) for leaf in leaves) == 1).all()
    for leaf in leaves:
        assert leaf.inside.sum() >= LEAST and (leaf.holds(VALUES) == leaf.inside).all()
        assert leaf.mean == pytest.approx(BOTH[leaf.inside].mean())


def test_what_it_explains_is_judged_on_those_that_it_has_not_seen():
    assert explained(VALUES, BOTH) > 0.8
    assert explained(VALUES, np.random.default_rng(2).random(160) < 0.4) < 0.0
    assert np.isnan(explained(VALUES, np.ones(160)))


def test_a_readout_of_any_size_is_parted_by_the_number_that_drives_it():
    driven = np.exp(3.0 * VALUES[:, 11]) + 0.1 * VALUES[:, 0]
    leaves = grown(VALUES, driven)
    assert all(column == 11 for leaf in leaves for column, _, _ in leaf.bounds) and len(leaves) == 4
    assert explained(VALUES, driven) > 0.7


@pytest.mark.parametrize("flags", [np.ones(160), np.zeros(160)])
def test_where_all_are_alike_there_is_one_group(flags):
    (leaf,) = grown(VALUES, flags)
    assert (leaf.bounds, leaf.words(NAMES), leaf.mean) == ((), "all", flags[0])


def test_numbers_that_do_not_vary_part_nothing():
    assert len(grown(np.ones((160, 3)), BOTH)) == 1
