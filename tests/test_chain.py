"""Laws of the chain of one spine site: exact chances over any stride, the draws, and the jump of many
agents.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from scipy.linalg import expm
from scipy.stats import chi2

from prelimbic.plasticity.chain import FULL, chances, draw, jump, thresholds
from prelimbic.plasticity.constants import LOST, MATURE, NASCENT, STOOD, VACANT
from tests.conftest import in_threads

# formation, maturation, nascent loss, mature loss, 1/h
RESTING = (0.0045, 1 / 6, 1 / 36, 0.0026)
CYCLE = (0.7, 0.7, 0.01, 0.7)  # its eigenvalues are complex
FAST = (3.0, 8.0, 0.5, 2.0)
EXACT = 1e-8  # what rounding leaves where two eigenvalues all but meet; elsewhere it is a thousandth of that
rate = st.floats(-6.0, 1.0).map(lambda e: 10.0**e) | st.just(0.0)
rates = st.tuples(rate, rate, rate, rate)
hours = st.floats(-2.0, 3.0).map(lambda e: 10.0**e)


def generator(f: float, m: float, n: float, d: float) -> np.ndarray:
    return np.array([[-f, f, 0.0], [n, -m - n, m], [d, 0.0, -d]])


def oscillates(f: float, m: float, n: float, d: float) -> bool:
    return bool(np.abs(np.linalg.eigvals(generator(f, m, n, d)).imag).max() > 1e-9)


def table(
    chain: tuple[float, ...], stride: float, on_lost: float | None = None, cells: int = 1
) -> np.ndarray:
    f, m, n, d = chain
    lost = f if on_lost is None else on_lost
    return thresholds(np.full(cells, f), np.full(cells, lost), m, n, np.array([[d]]), stride)


def jumped(states: np.ndarray, found: np.ndarray, key_0: int = 1, key_1: int = 2) -> np.ndarray:
    after = states.copy()
    jump(after, np.array([0, states.shape[1]]), found, np.uint32(key_0), np.uint32(key_1))
    return after


def event_by_event(states: np.ndarray, chain: tuple[float, ...], stride: float, seed: int = 1) -> np.ndarray:
    """The same chain, each agent waiting for its next event, however many there are."""
    rng, (f, m, n, d) = np.random.default_rng(seed), chain
    states, now = states.copy(), np.zeros(states.shape)
    leaving = np.array([f, m + n, d])
    while (now < stride).any():
        now += rng.exponential(size=states.shape) / leaving[states]
        matures = rng.random(states.shape) < m / (m + n)
        following = np.select(
            [states == VACANT, states == NASCENT], [NASCENT, np.where(matures, MATURE, VACANT)], VACANT
        )
        states = np.where(now < stride, following, states)
    return states


def z_of_counts(counts: np.ndarray, chance: np.ndarray, size: int) -> np.ndarray:
    expected = size * chance
    return (counts - expected) / np.sqrt(np.maximum(expected * (1.0 - chance), 1.0))


# Chances


@given(rates, hours)
@settings(max_examples=400, deadline=None)
def test_chances_are_the_matrix_exponential_of_the_rates(chain, stride):
    np.testing.assert_allclose(chances(*chain, stride), expm(generator(*chain) * stride), rtol=0, atol=EXACT)


@given(st.floats(0.05, 5.0), st.floats(0.8, 1.25), st.floats(0.8, 1.25), hours)
@settings(max_examples=100, deadline=None)
def test_a_chain_that_oscillates_has_the_same_exponential(f, second, third, stride):
    chain = (f, f * second, 0.01 * f, f * third)
    assert oscillates(*chain)
    np.testing.assert_allclose(chances(*chain, stride), expm(generator(*chain) * stride), rtol=0, atol=EXACT)


@pytest.mark.parametrize(
    "chain", [(0.0, 0.0, 0.0, 0.0), (0.3, 0.0, 0.0, 0.0), (0.0, 1.0, 0.5, 0.0), (0.3, 0.0, 0.2, 0.0)]
)
@pytest.mark.parametrize("stride", [0.01, 1.0, 1000.0])
def test_a_chain_in_which_most_is_impossible_has_the_same_exponential(chain, stride):
    np.testing.assert_allclose(chances(*chain, stride), expm(generator(*chain) * stride), rtol=0, atol=1e-12)


def test_where_two_eigenvalues_meet_the_chances_pass_smoothly():
    # f = n = 0: the eigenvalues are -m and -d, and meet where they are equal.
    for d in 0.3 * (1.0 + np.array([-1e-3, -1e-5, -1e-7, -1e-12, 0.0, 1e-12, 1e-7, 1e-5, 1e-3])):
        np.testing.assert_allclose(
            chances(0.0, 0.3, 0.0, d, 5.0), expm(generator(0.0, 0.3, 0.0, d) * 5.0), rtol=0, atol=EXACT
        )


@given(rates, hours)
@settings(max_examples=200, deadline=None)
def test_from_every_state_the_chances_are_shares_of_one(chain, stride):
    found = chances(*chain, stride)
    assert found.sum(axis=1) == pytest.approx(np.ones(3), abs=1e-12)
    assert found.min() >= -EXACT


@given(rates, hours, hours)
@settings(max_examples=200, deadline=None)
def test_two_strides_after_each_other_are_the_stride_of_both(chain, first, second):
    np.testing.assert_allclose(
        chances(*chain, first) @ chances(*chain, second),
        chances(*chain, first + second),
        rtol=0,
        atol=3 * EXACT,
    )


@given(rates, rate, hours)
@settings(max_examples=200, deadline=None)
def test_thresholds_part_all_draws_in_the_shares_of_the_chances(chain, on_lost, stride):
    found = table(chain, stride, on_lost)[0, 0].astype(float)
    rows = np.vstack([chances(*chain, stride), chances(on_lost, *chain[1:], stride)[:1]])
    expected = np.cumsum(rows, axis=1)[:, :2] * FULL
    assert np.abs(found - np.minimum(expected, FULL - 1.0)).max() <= 1.0


def test_every_cell_and_branch_has_the_thresholds_of_its_own_rates():
    formation, loss = np.array([0.01, 0.2, 0.03]), np.array([[0.001, 0.01], [0.02, 0.2], [0.3, 0.003]])
    whole = thresholds(formation, formation, 0.2, 0.03, loss, 12.0)
    for cell in range(3):
        for branch in range(2):
            alone = table((formation[cell], 0.2, 0.03, loss[cell, branch]), 12.0)
            assert np.array_equal(whole[cell, branch], alone[0, 0])


# Draws


@njit
def draws(agents: int, key_0: np.uint32, key_1: np.uint32) -> np.ndarray:
    found = np.empty(agents, dtype=np.uint32)
    for k in range(agents):
        found[k] = draw(np.uint32(k), np.uint32(key_0), np.uint32(key_1))
    return found


KEYS = [(1, 2), (0, 0), (0, 1), (1, 0), (0xFFFFFFFF, 0x80000000), (0xDEADBEEF, 12345)]
AGENTS = 1 << 17
SITES = 107


def unlikely(counts: np.ndarray, expected: float) -> float:
    return float(chi2.sf(((counts - expected) ** 2 / expected).sum(), counts.size - 1))


@pytest.mark.parametrize("keys", KEYS)
def test_draws_fill_every_part_of_their_range_alike_from_the_highest_bits_to_the_lowest(keys):
    found = draws(AGENTS, *keys)
    for shift in (24, 16, 8, 0):
        assert unlikely(np.bincount((found >> np.uint32(shift)) & 255, minlength=256), AGENTS / 256) > 1e-6


@pytest.mark.parametrize("keys", KEYS)
@pytest.mark.parametrize("apart", [1, 2, SITES, 64 * SITES])
def test_neighbouring_agents_and_cells_draw_independently(keys, apart):
    high = draws(AGENTS, *keys) >> np.uint32(28)
    pairs = np.bincount(16 * high[:-apart].astype(int) + high[apart:], minlength=256)
    assert unlikely(pairs, (AGENTS - apart) / 256) > 1e-6


@pytest.mark.parametrize("first", range(len(KEYS)))
def test_draws_under_other_keys_are_independent_even_if_the_keys_differ_in_one_bit(first):
    high = draws(AGENTS, *KEYS[first]) >> np.uint32(28)
    key_0, key_1 = KEYS[first]
    for others in (
        KEYS[first - 1],
        (key_0 ^ 1, key_1),
        (key_0, key_1 ^ 1),
        (key_0 ^ 0x80000000, key_1),
        (key_1, key_0),
    ):
        if others == KEYS[first]:
            continue
        pairs = np.bincount(16 * high.astype(int) + (draws(AGENTS, *others) >> np.uint32(28)), minlength=256)
        assert unlikely(pairs, AGENTS / 256) > 1e-6


# Jumps


@pytest.mark.parametrize(
    ("chain", "stride"), [(RESTING, 0.25), (RESTING, 48.0), (CYCLE, 3.0), (FAST, 0.1), (FAST, 500.0)]
)
def test_agents_end_in_every_state_as_often_as_the_chances_say_from_each_state(chain, stride):
    size, on_lost = 200_000, 5.0 * chain[0]
    begun = np.repeat(np.array([VACANT, NASCENT, MATURE, VACANT | LOST], dtype=np.uint8), size).reshape(
        4, size
    )
    after = jumped(begun, table(chain, stride, on_lost, cells=4), 17, 4)
    rows = np.vstack([chances(*chain, stride), chances(on_lost, *chain[1:], stride)[:1]])
    for row, states in zip(rows, after & 3, strict=True):
        assert np.abs(z_of_counts(np.bincount(states, minlength=3), row, size)).max() < 5


@pytest.mark.parametrize(("chain", "stride"), [(RESTING, 24.0), (CYCLE, 2.5), (FAST, 0.3)])
def test_a_jump_leaves_as_many_in_every_state_as_waiting_for_every_event_does(chain, stride):
    begun = np.resize(np.array([VACANT, NASCENT, MATURE], dtype=np.uint8), (300, 999))
    counts = [
        np.array([np.bincount(after[begun == start] & 3, minlength=3) for start in range(3)])
        for after in (jumped(begun, table(chain, stride, cells=300)), event_by_event(begun, chain, stride))
    ]
    sd = np.sqrt(np.maximum(sum(counts), 1))
    assert np.abs((counts[0] - counts[1]) / sd).max() < 5


def test_only_a_vacant_site_that_lost_a_spine_is_filled_at_the_rate_of_such_sites():
    begun = np.repeat(np.arange(3, dtype=np.uint8), 5000).reshape(1, -1)
    never, soon = (
        table((0.0, *RESTING[1:]), 1e-3, on_lost=0.0),
        table((0.0, *RESTING[1:]), 1e-3, on_lost=1e6),
    )
    marked = begun | np.uint8(LOST)
    assert np.array_equal(jumped(begun, soon), jumped(begun, never))
    assert ((jumped(marked, never) & 3)[begun == VACANT] == VACANT).all()
    assert ((jumped(marked, soon) & 3)[begun == VACANT] != VACANT).all()
    occupied = begun != VACANT
    assert np.array_equal(jumped(marked, soon)[occupied] & 3, jumped(begun, soon)[occupied])


def test_what_an_agent_remembers_outlasts_its_jump_and_changes_no_other_draw():
    rng = np.random.default_rng(2)
    states = rng.integers(0, 3, (40, SITES)).astype(np.uint8)
    flags = rng.choice(np.array([0, LOST, STOOD, LOST | STOOD, 128], dtype=np.uint8), states.shape)
    found = table(CYCLE, 2.0, cells=40)  # a lost site fills like any other
    plain, flagged = jumped(states, found), jumped(states | flags, found)
    assert (plain != states).mean() > 0.3
    assert np.array_equal(flagged, plain | flags)


def test_a_stride_of_no_length_moves_nobody():
    states = np.resize(np.arange(3, dtype=np.uint8), (50, SITES))
    assert np.array_equal(jumped(states, table(FAST, 0.0, cells=50)), states)


def test_jumps_do_not_depend_on_branches_that_are_alike_nor_on_the_number_of_threads():
    states, formation = np.resize(np.arange(3, dtype=np.uint8), (501, SITES)), np.linspace(0.0, 0.5, 501)

    def after(*bounds: int) -> np.ndarray:
        found = thresholds(formation, 3.0 * formation, 0.2, 0.03, np.full((1, len(bounds) - 1), 0.01), 6.0)
        moved = states.copy()
        jump(moved, np.array(bounds), found, np.uint32(5), np.uint32(6))
        return moved

    results = [*in_threads(lambda: after(0, SITES)), *in_threads(lambda: after(0, 1, 40, 41, SITES))]
    assert len(set(results)) == 1
    assert results[0] != states.tobytes()
