"""Laws of linear systems in closed form: the exponential, limits, conservation, many subjects at once."""

from __future__ import annotations

import math
import time
import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prelimbic.pharmacology.linear import BLOCK, Input, Linear

MANY = settings(max_examples=40, deadline=None)
HOURS = np.array([-1.0, 0.0, 1e-6, 0.01, 0.3, 1.0, 4.0, 20.0, 60.0])


def exponential(matrix: np.ndarray) -> np.ndarray:
    """By its series, halved and squared: scipy's loses digits where rates of a triangle are alike."""
    halvings = max(math.ceil(math.log2(max(np.abs(matrix).sum(axis=0).max(), 1e-9))) + 2, 0)
    term = total = np.eye(len(matrix))
    for k in range(1, 16):
        term = term @ (matrix / 2.0**halvings) / k
        total = total + term
    return np.linalg.matrix_power(total, 2**halvings)


def expected(system: Linear, inputs: list[Input], hours: np.ndarray) -> np.ndarray:
    """States by the matrix exponential, with the state of each input behind them while it lasts."""
    core, size = system.matrix.shape[-1], system.size
    whole = np.zeros((size + 1, size + 1))
    whole[:core, :core], whole[core:size, :core] = system.matrix, system.gains
    whole[core:size, core:size] = -np.diag(system.rates)
    total = np.zeros((len(hours), size + 1))
    for i in inputs:
        driven, first = whole.copy(), np.zeros(size + 1)
        for k in np.flatnonzero(hours >= i.start):
            since = hours[k] - i.start
            if i.duration is None:
                first[:core] = i.amount
                total[k] += exponential(whole * since) @ first
                continue
            driven[:core, size], within = i.amount / i.duration, min(since, i.duration)
            after = exponential(driven * within)[:, size] * np.append(np.ones(size), 0.0)
            total[k] += exponential(whole * (since - within)) @ after
    return total[:, :size]


@st.composite
def systems(draw: st.DrawFn, rate: st.SearchStrategy[float]) -> Linear:
    """A chain of drugs, each with peripheries; its first leaf has what leaves, others follow some state."""
    parts = draw(st.lists(st.integers(0, 2), min_size=1, max_size=3))
    size, followers = sum(parts) + len(parts), draw(st.integers(0, 3))
    matrix, gains, rates = np.zeros((size, size)), np.zeros((1 + followers, size)), np.zeros(1 + followers)
    at = 0
    for k, peripheries in enumerate(parts):
        for p in range(at + 1, at + 1 + peripheries):
            out, back = draw(rate), draw(rate)
            matrix[[at, p], at] += (-out, out)
            matrix[[p, at], p] += (-back, back)
        left, following = draw(rate), at + 1 + peripheries
        formed = draw(st.floats(0.0, 1.0)) if k + 1 < len(parts) else 0.0
        matrix[at, at] -= left
        gains[0, at] = (1.0 - formed) * left
        if formed:
            matrix[following, at] = formed * left
        at = following
    for k in range(followers):
        rates[1 + k] = gains[1 + k, draw(st.integers(0, size - 1))] = draw(rate)
    return Linear(matrix, gains, rates)


@st.composite
def cases(draw: st.DrawFn, rate: st.SearchStrategy[float]) -> tuple[Linear, list[Input]]:
    system, inputs = draw(systems(rate)), []
    for _ in range(draw(st.integers(1, 3))):
        amount = np.zeros(system.matrix.shape[-1])
        amount[draw(st.integers(0, len(amount) - 1))] = draw(st.floats(0.1, 10.0))
        length = draw(st.none() | st.sampled_from([1e-6, 0.5, 3.0, 40.0]))
        inputs.append(Input(draw(st.sampled_from([-0.5, 0.0, 0.25, 3.0])), length, amount))
    return system, inputs


def all_seen(system: Linear) -> np.ndarray:
    return np.eye(system.size)


def given_by(inputs: list[Input], hours: np.ndarray) -> np.ndarray:
    return sum(
        i.amount.sum()
        * ((hours >= i.start) if i.duration is None else np.clip((hours - i.start) / i.duration, 0.0, 1.0))
        for i in inputs
    )


def check(system: Linear, inputs: list[Input]) -> None:
    """Closed form against the exponential, and what was put in against what is there and what left."""
    found, size = system.states(inputs, HOURS, all_seen(system)), system.matrix.shape[-1]
    total = sum(i.amount.sum() for i in inputs)
    assert np.abs(found - expected(system, inputs, HOURS)).max() <= 1e-10 * total
    assert np.abs(found[:, : size + 1].sum(axis=1) - given_by(inputs, HOURS)).max() <= 1e-11 * total


USUAL = st.floats(-2.0, 1.5).map(lambda exponent: 10.0**exponent)
NEAR = (0.0, 0.0, 1e-14, 1e-9, 1e-6, 1e-5, 1e-4, 3e-4, 1e-3, 1.9e-3, 2.1e-3, 5e-3, 1e-2, 0.1)
ALIKE = st.builds(lambda rate, off: rate * (1.0 + off), st.sampled_from([0.5, 1.0]), st.sampled_from(NEAR))


@given(cases(USUAL))
@MANY
def test_the_closed_form_is_the_matrix_exponential(case):
    check(*case)


@given(cases(ALIKE))
@MANY
def test_rates_that_are_alike_or_nearly_so_change_nothing_of_that(case):
    check(*case)


def one_after_another(*rates: float) -> Linear:
    """States that each empty into the next, the last of them followed by a leaf."""
    size = len(rates) - 1
    matrix = np.diag(-np.array(rates[:-1])) + np.diag(rates[: size - 1], -1)
    gains = np.zeros((2, size))
    gains[0, -1], gains[1, -1] = rates[-2], rates[-1]
    return Linear(matrix, gains, np.array([0.0, rates[-1]]))


@pytest.mark.parametrize("length", [2, 3, 5])
def test_equal_rates_in_a_row_give_the_gamma_density(length):
    """t^(n-1) e^-t/(n-1)! of what was put in the first is in the n-th."""
    system, hours = one_after_another(*[1.0] * (length + 1)), np.array([0.1, 1.0, 3.0, 10.0, 30.0])
    found = system.states([Input(0.0, None, np.eye(length)[0])], hours, all_seen(system))
    for n in range(length):
        np.testing.assert_allclose(
            found[:, n], hours**n * np.exp(-hours) / math.factorial(n), rtol=0, atol=1e-11
        )


@pytest.mark.parametrize("duration", [None, 0.7])
def test_equal_rates_are_the_limit_from_both_sides(duration):
    def at(off: float) -> np.ndarray:
        system = one_after_another(1.0, 1.0 + off, 2.0, 2.0 - off)
        return system.states([Input(0.0, duration, np.eye(3)[0])], HOURS, all_seen(system))

    for off in (1e-2, 1e-3, 2e-4, 1e-6):
        below, above = at(-off) - at(0.0), at(off) - at(0.0)
        assert 0.0 < np.abs(above).max() < off
        np.testing.assert_allclose(above, -below, rtol=0, atol=2.0 * off**2 + 1e-12)


@pytest.mark.parametrize("rate", [USUAL, ALIKE], ids=["usual", "alike"])
@given(data=st.data())
@settings(max_examples=10, deadline=None)
def test_many_subjects_are_each_alone(rate, data):
    first, inputs = data.draw(cases(rate))
    rng, seen = np.random.default_rng(1), all_seen(first)
    by = np.exp(rng.normal(size=(BLOCK + 20, first.matrix.shape[-1])))
    by[1], by[2] = 1.0, by[3]
    many = Linear(first.matrix * by[:, None], first.gains * by[:, None], np.tile(first.rates, (len(by), 1)))
    own = [replace(i, amount=i.amount * rng.uniform(0.5, 2.0, (len(by), 1))) for i in inputs]
    for together, entering in (
        (inputs, lambda k: inputs),
        (own, lambda k: [replace(i, amount=i.amount[k]) for i in own]),
    ):
        found = many.states(together, HOURS, seen)
        for k in (0, 1, 2, BLOCK - 1, BLOCK, BLOCK + 19):
            alone = Linear(many.matrix[k], many.gains[k], many.rates[k])
            np.testing.assert_allclose(
                found[k], alone.states(entering(k), HOURS, seen), rtol=1e-9, atol=1e-11
            )
    assert (
        many.states(inputs, HOURS, np.broadcast_to(seen, (len(by), *seen.shape)))
        == many.states(inputs, HOURS, seen)
    ).all()


@given(cases(USUAL), st.floats(1e-9, 1e9))
@MANY
def test_what_is_seen_and_what_enters_are_linear_and_add(case, factor):
    system, inputs = case
    seen = all_seen(system)
    found = system.states(inputs, HOURS, seen)
    apart = sum(system.states([i], HOURS, seen) for i in inputs)
    np.testing.assert_allclose(found, apart, rtol=1e-9, atol=1e-12 * found.max())
    more = [replace(i, amount=factor * i.amount) for i in inputs]
    np.testing.assert_allclose(
        system.states(more, HOURS, seen), factor * found, rtol=1e-9, atol=1e-12 * factor
    )
    np.testing.assert_allclose(
        system.states(inputs, HOURS, seen.sum(axis=0, keepdims=True))[:, 0],
        found.sum(axis=1),
        atol=1e-11 * found.max(),
    )


@given(cases(USUAL))
@MANY
def test_what_nothing_flows_to_holds_exactly_nothing_and_before_the_first_input_all_do(case):
    system, inputs = case
    found, core = system.states(inputs, HOURS, all_seen(system)), system.matrix.shape[-1]
    assert (found[min(i.start for i in inputs) > HOURS] == 0.0).all()
    first = min(np.flatnonzero(i.amount)[0] for i in inputs)
    upstream = [k for k in range(first) if not expected(system, inputs, HOURS)[:, k].any()]
    assert (found[:, upstream] == 0.0).all()
    assert system.states([], HOURS, all_seen(system)).shape == (len(HOURS), system.size)
    assert system.slowest == pytest.approx(np.abs(np.linalg.eigvals(system.matrix)).min(), rel=1e-6) and core


def test_huge_times_end_where_all_has_left():
    system = one_after_another(0.1, 5.0, 5.0, 7.0)
    for length in (None, 1e-6, 100.0):
        last = system.states(
            [Input(-1e5, length, np.eye(3)[0])], np.array([1e5, 1e9, 1e300]), all_seen(system)
        )
        np.testing.assert_allclose(last[:, :4], np.eye(4)[[3, 3, 3]], atol=1e-12)


@given(cases(st.floats(-9.0, 9.0).map(lambda exponent: 10.0**exponent)))
@settings(max_examples=150, deadline=None)
def test_rates_however_far_apart_give_what_conserves_mass_or_are_refused(case):
    system, inputs = case
    total, core = sum(i.amount.sum() for i in inputs), system.matrix.shape[-1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found = system.states(inputs, HOURS, all_seen(system))
        except np.linalg.LinAlgError as trouble:
            assert "too far apart" in str(trouble)
            return
    assert np.abs(found[:, : core + 1].sum(axis=1) - given_by(inputs, HOURS)).max() <= 1e-6 * total


@pytest.mark.parametrize("bad", [math.nan, math.inf, 0.0])
def test_rates_that_are_no_numbers_or_lead_nowhere_are_refused(bad):
    with pytest.raises(np.linalg.LinAlgError):
        one_after_another(1.0, bad, 2.0).states([Input(0.0, None, np.ones(2))], HOURS, np.eye(4))


def test_hundreds_of_inputs_at_a_thousand_hours_take_a_moment():
    system, hours = one_after_another(*np.geomspace(0.1, 10.0, 12)), np.linspace(0.0, 5000.0, 1000)
    for length in (None, 0.7):
        inputs = [Input(12.0 * k, length, np.eye(11)[0]) for k in range(400)]
        begun = time.process_time()
        found = system.states(inputs, hours, all_seen(system))
        assert time.process_time() - begun < 0.5
        np.testing.assert_allclose(found[:, :12].sum(axis=1), given_by(inputs, hours), rtol=1e-10)
