"""Laws of the table of spines: its fixed point and time constant, what signal, stress and rule do, what it
remembers.
"""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from prelimbic.parameters import SpineNumbers, sheet
from prelimbic.plasticity import LOST, MATURE, NASCENT, STATE, VACANT, SpineError, Spines, turnover
from prelimbic.plasticity.constants import STOOD
from prelimbic.plasticity.spines import MOST_AGENTS, RULES, Rates, branch_bounds, rates
from tests.conftest import in_threads

SPINES = sheet("spines").fill("spines", SpineNumbers)
SITES, CONTACTS, HEALTHY, SPLIT = 107, 60.0, 80.0, 60


def table(
    cells: int = 400, contacts: float = CONTACTS, seed: int = 1, numbers: SpineNumbers = SPINES, **more
) -> Spines:
    return Spines.at_rest(numbers, contacts, SITES, cells, np.random.SeedSequence(seed), **more)


def advanced(
    spines: Spines, hours: float, times: int = 1, signal: float = 1.0, stress: float = 0.0
) -> Spines:
    for _ in range(times):
        spines = spines.advance(np.full(len(spines.states), signal), hours, stress)
    return spines


def with_states(spines: Spines, states: np.ndarray) -> Spines:
    return replace(spines, states=states.astype(np.uint8))


def counts(spines: Spines) -> np.ndarray:
    return np.bincount((spines.states & STATE).ravel(), minlength=3)


def of_kind(spines: Spines, kind: int) -> np.ndarray:
    return (spines.states & STATE) == kind


def error_of(chance: float, size: int) -> float:
    """Five standard errors of a count."""
    return 5.0 * np.sqrt(max(size * chance * (1.0 - chance), 1.0))


# Rest


@pytest.mark.parametrize("contacts", [20.0, CONTACTS, HEALTHY])
def test_the_resting_table_is_the_fixed_point_of_its_own_rates(contacts):
    spines = table(3000, contacts)
    assert (spines.mature == contacts).all()
    begun = counts(spines)
    for _ in range(15):
        spines = advanced(spines, 40.0)
        assert abs(counts(spines)[MATURE] - begun[MATURE]) < error_of(contacts / SITES, 3000 * SITES)
        assert abs(counts(spines)[NASCENT] - 3000 * spines.rates.nascent) < error_of(
            spines.rates.nascent / SITES, 3000 * SITES
        )


def test_the_rates_balance_at_the_resting_numbers():
    for contacts in (5.0, 30.0, CONTACTS, 100.0):
        r = rates(SPINES, contacts, SITES)
        at_rest = np.array([SITES - contacts - r.nascent, r.nascent, contacts]) / SITES
        f, m, n, d = r.formation, r.maturation, r.nascent_loss, r.mature_loss
        flow = np.array([[-f, f, 0.0], [n, -n - m, m], [d, 0.0, -d]])
        assert at_rest @ flow == pytest.approx(np.zeros(3), abs=1e-15)


@pytest.mark.parametrize("filled", [0.0, 0.3, 1.0])
def test_density_returns_from_above_and_below_to_the_same_rest_with_its_time_constant(filled):
    spines = table(3000)
    states = np.where(np.random.default_rng(3).random(spines.states.shape) < filled, MATURE, VACANT)
    spines = with_states(spines, states)
    gap = [spines.mature.mean() - CONTACTS]
    for _ in range(2):
        spines = advanced(spines, SPINES.density_time / 4, 4)
        gap.append(spines.mature.mean() - CONTACTS)
    assert abs(gap[0]) > 20
    assert gap[1] / gap[0] == pytest.approx(np.exp(-1.0), abs=0.06)
    assert gap[2] / gap[1] == pytest.approx(np.exp(-1.0), abs=0.06)
    spines = advanced(spines, SPINES.density_time, 8)
    assert abs(spines.mature.sum() - 3000 * CONTACTS) < error_of(CONTACTS / SITES, 3000 * SITES)


def test_sites_of_a_cell_are_filled_independently_of_each_other_in_the_end():
    spines = advanced(table(6000), 800.0, 3)
    binomial = CONTACTS * (1.0 - CONTACTS / SITES)
    assert spines.mature.var() == pytest.approx(binomial, rel=5 * np.sqrt(2.0 / 6000))
    by_site = of_kind(spines, MATURE).sum(axis=0)
    assert np.abs(by_site - 6000 * CONTACTS / SITES).max() < error_of(CONTACTS / SITES, 6000)


def test_successive_strides_and_other_seeds_draw_independently():
    empty = with_states(table(2000), np.zeros((2000, SITES)))
    hours = np.log(2.0) / empty.rates.formation  # about half of the sites fill
    first, later, other = (
        of_kind(advanced(replace(empty, stride=stride, seed=seed), hours), VACANT).ravel().astype(float)
        for stride, seed in ((0, 1), (1, 1), (0, 2))
    )
    for pattern in (later, other, np.roll(first, 1), np.roll(first, SITES)):
        assert abs(np.corrcoef(first, pattern)[0, 1]) < 5.0 / np.sqrt(first.size)


# Signal


@pytest.mark.parametrize("signal", [0.0, 1.0, 3.0])
def test_elimination_does_not_follow_the_signal(signal):
    before = table(3000)
    gone = (of_kind(before, MATURE) & ~of_kind(advanced(before, 1.0, signal=signal), MATURE)).sum()
    chance = 1.0 - np.exp(-before.rates.mature_loss)
    assert abs(gone - 3000 * CONTACTS * chance) < error_of(chance, 3000 * int(CONTACTS))


def test_formation_follows_the_signal_and_without_any_nothing_is_born():
    before = table(3000)
    formed = {
        s: (of_kind(before, VACANT) & ~of_kind(advanced(before, 0.1, signal=s), VACANT)).sum()
        for s in (0.0, 1.0, 2.0)
    }
    assert before.rates.gain > 1.0
    assert formed[0.0] == 0 < formed[1.0]
    gain = formed[2.0] / formed[1.0]
    assert gain == pytest.approx(1.0 + before.rates.gain, abs=5 * gain / np.sqrt(formed[1.0]))


def test_each_cell_follows_its_own_signal():
    signal = np.repeat([0.5, 1.0, 1.5], 500)
    grown = table(1500).advance(signal, 72.0).density.reshape(3, 500).mean(axis=1)
    assert (np.diff(grown) > 1.0).all()
    alone = table(1500).advance(np.full(1500, 1.5), 72.0)
    assert np.array_equal(table(1500).advance(signal, 72.0).states[1000:], alone.states[1000:])


@pytest.mark.parametrize("signal", [0.8, 1.0, 1.4])
@pytest.mark.parametrize("stress", [0.0, 1.0])
def test_one_long_stride_and_many_short_ones_leave_the_same_table_within_sampling_error(signal, stress):
    one, many = (advanced(table(1000), 48.0 / parts, parts, signal, stress) for parts in (1, 12))
    size = 1000 * SITES
    for kind in (VACANT, NASCENT, MATURE):
        chance = of_kind(one, kind).mean()
        assert abs(of_kind(one, kind).sum() - of_kind(many, kind).sum()) < np.sqrt(2.0) * error_of(
            chance, size
        )


def test_two_images_show_as_many_spines_gained_and_lost_as_density_changed():
    before = table()
    after = advanced(before, 30.0, signal=2.0)
    formed, lost = turnover(before, after)
    assert np.array_equal(after.density - before.density, formed - lost)
    assert formed.sum() > 0 < lost.sum()


# Stress


def stressed(
    seed: int = 1, cells: int = 500, numbers: SpineNumbers = SPINES, weeks: int = 3
) -> tuple[Spines, Spines]:
    """Where spines stood, and the table after weeks of stress."""
    begun = table(cells, HEALTHY, seed, numbers, split=SPLIT).stress_begins()
    return begun, advanced(begun, 42.0, 4 * weeks, stress=1.0).stress_ends()


def test_stress_takes_more_from_vulnerable_branches_and_as_much_as_their_rate_says():
    begun, after = stressed(cells=2000, numbers=replace(SPINES, stress_loss=5.0), weeks=1)
    r, starts = begun.rates, begun.bounds[:-1]
    kept, stood = (
        np.add.reduceat(t, starts, axis=1)
        for t in (of_kind(begun, MATURE) & of_kind(after, MATURE), of_kind(begun, MATURE))
    )
    parts = np.array_split(np.argsort(begun.vulnerability.ravel()), 5)
    shares = np.array([kept.ravel()[p].sum() / stood.ravel()[p].sum() for p in parts])
    expected = []
    for part in parts:
        of_branch = []
        for v in begun.vulnerability.ravel()[part][::20]:
            d = r.mature_loss * (1.0 + 5.0 * v)
            flow = np.array(
                [
                    [-r.formation, r.formation, 0.0],
                    [r.nascent_loss, -r.nascent_loss - r.maturation, r.maturation],
                    [d, 0.0, -d],
                ]
            )
            of_branch.append(expm(168.0 * flow)[MATURE, MATURE])
        expected.append(np.mean(of_branch))
    assert (np.diff(shares) < -0.02).all()
    assert shares == pytest.approx(np.array(expected), abs=0.015)


def test_vulnerability_is_one_on_average_varies_as_told_and_means_nothing_without_stress():
    spines = table(5000)
    assert spines.vulnerability.shape == (5000, round(SPINES.branches))
    assert spines.vulnerability.mean() == pytest.approx(1.0, abs=0.03)
    assert spines.vulnerability.std() == pytest.approx(SPINES.branch_spread, abs=0.05)
    alike = table(5000, numbers=replace(SPINES, branch_spread=0.0))
    assert (alike.vulnerability == 1.0).all()
    other = replace(spines, vulnerability=alike.vulnerability)
    assert np.array_equal(advanced(spines, 24.0, 2, 1.5).states, advanced(other, 24.0, 2, 1.5).states)


def test_stress_marks_the_sites_where_a_spine_stood_and_none_does_and_no_other():
    begun, after = stressed()
    gone = of_kind(begun, MATURE) & of_kind(after, VACANT)
    assert gone.sum() > 0
    assert np.array_equal((after.states & LOST) > 0, gone)
    assert ((after.states & STOOD) == 0).all()
    assert np.array_equal(after.lost, gone.sum(axis=1)) and (after.regained == 0).all()


def test_a_site_remembers_its_loss_whatever_stands_there_later():
    _, after = stressed()
    later = advanced(after, 100.0, 4, 1.5)
    assert np.array_equal(later.lost, after.lost)
    marked = (after.states & LOST) > 0
    assert np.array_equal(later.regained, (marked & ~of_kind(later, VACANT)).sum(axis=1))
    assert 0 < later.regained.sum() < later.lost.sum()
    again = advanced(later.stress_begins(), 24.0, 7, stress=1.0).stress_ends()
    assert ((again.states & LOST) >= (after.states & LOST)).all() and again.lost.sum() > after.lost.sum()


def test_half_a_stress_takes_less_than_a_whole_and_more_than_none():
    left = [advanced(table(1000, HEALTHY), 48.0, 7, stress=s).mature.mean() for s in (0.0, 0.5, 1.0)]
    assert left[0] - 0.5 > left[1] > left[2] + 0.5


def test_a_depressed_table_lacks_what_a_healthy_one_had_most_of_it_from_vulnerable_branches():
    spines = table(2000, healthy=HEALTHY, split=SPLIT)
    assert (
        (spines.mature == CONTACTS).all()
        and (spines.lost == HEALTHY - CONTACTS).all()
        and (spines.regained == 0).all()
    )
    lost = np.add.reduceat((spines.states & LOST) > 0, spines.bounds[:-1], axis=1).ravel()
    mild, hard = np.array_split(np.argsort(spines.vulnerability.ravel()), 2)
    assert lost[hard].sum() > 1.5 * lost[mild].sum()


# Rules


def test_both_rules_make_equally_many_spines_and_one_of_them_where_spines_were_lost():
    tables = {rule: table(3000, healthy=HEALTHY, rule=rule) for rule in RULES}
    after = {rule: advanced(t, 0.5, signal=2.0) for rule, t in tables.items()}
    formed = {rule: turnover(tables[rule], after[rule])[0].sum() for rule in RULES}
    assert formed["everywhere"] > 1000
    assert abs(formed["lost_sites"] - formed["everywhere"]) < 5 * np.sqrt(sum(formed.values()))
    regained = {rule: after[rule].regained.sum() / formed[rule] for rule in RULES}
    lost_among_vacant = (HEALTHY - CONTACTS) / of_kind(tables["everywhere"], VACANT).sum(axis=1).mean()
    assert regained["everywhere"] == pytest.approx(lost_among_vacant, abs=0.05)
    above_rest = tables["everywhere"].rates.gain / (1.0 + tables["everywhere"].rates.gain)
    assert regained["lost_sites"] == pytest.approx(
        above_rest + (1.0 - above_rest) * lost_among_vacant, abs=0.05
    )


@pytest.mark.parametrize("signal", [0.0, 0.5, 1.0])
def test_both_rules_are_one_where_nothing_is_made_above_rest(signal):
    one, other = (advanced(table(300, healthy=HEALTHY, rule=rule), 24.0, 3, signal) for rule in RULES)
    assert np.array_equal(one.states, other.states)


def test_without_lost_sites_both_rules_are_one_under_any_signal():
    one, other = (advanced(table(300, rule=rule), 24.0, 3, 1.0) for rule in RULES)
    assert np.array_equal(one.states, other.states)
    one, other = (advanced(table(300, rule=rule), 24.0, 3, 1.7) for rule in RULES)
    assert np.array_equal(one.states, other.states)


# Branches


@given(st.integers(1, 300), st.integers(0, 300), st.integers(1, 40))
@settings(max_examples=300, deadline=None)
def test_branches_cover_every_site_once_and_none_is_both_somatic_and_apical(sites, split, branches):
    split = min(split, sites)
    # some would have no site, or sites of both kinds
    if not int(split > 0) + int(split < sites) <= branches <= sites:
        with pytest.raises(SpineError, match="do not fit"):
            branch_bounds(sites, split, branches)
        return
    bounds = branch_bounds(sites, split, branches)
    assert (bounds[0], bounds[-1], len(bounds)) == (0, sites, branches + 1)
    assert (np.diff(bounds) > 0).all()
    assert split in bounds


def test_branches_of_a_kind_are_as_many_as_its_share_of_the_sites():
    bounds = branch_bounds(SITES, SPLIT, 8)
    assert (bounds <= SPLIT).sum() - 1 == round(8 * SPLIT / SITES)
    assert np.ptp(np.diff(bounds)) <= 4


# Memory, threads and sameness


def test_an_agent_is_a_byte_and_costs_no_more_than_eight_in_all():
    spines = advanced(table(300, healthy=HEALTHY), 24.0, 2, 1.5)
    assert spines.states.dtype == np.uint8
    held = [getattr(spines, f.name) for f in fields(spines)]
    assert sum(a.nbytes for a in held if isinstance(a, np.ndarray)) <= 8 * spines.states.size


@pytest.mark.parametrize("stress", [0.0, 1.0])
def test_spines_do_not_depend_on_the_number_of_threads(stress):
    begun = table(healthy=HEALTHY)
    one, many = in_threads(lambda: advanced(begun, 24.0, 3, 2.0, stress).states)
    assert one == many != begun.states.tobytes()


def test_a_table_rebuilt_from_copies_of_its_arrays_goes_on_bit_for_bit():
    begun = advanced(table(healthy=HEALTHY, rule="lost_sites"), 24.0, 2, 1.5).stress_begins()
    held = {f.name: getattr(begun, f.name) for f in fields(begun)}
    rebuilt = Spines(**{n: v.copy() if isinstance(v, np.ndarray) else v for n, v in held.items()})
    one, other = (
        advanced(advanced(s, 24.0, 2, 1.5, 1.0).stress_ends(), 12.0, 2, 1.5) for s in (begun, rebuilt)
    )
    assert np.array_equal(one.states, other.states) and one.stride == other.stride
    assert not np.array_equal(one.states, begun.states)


def test_advancing_leaves_the_old_table_as_it_was_and_no_time_changes_nothing():
    spines = table()
    kept = spines.states.copy()
    assert advanced(spines, 24.0).stride == spines.stride + 1
    assert np.array_equal(spines.states, kept)
    assert np.array_equal(advanced(spines, 0.0).states, kept)


def test_only_mature_spines_carry_weight_whatever_their_sites_remember():
    _, spines = stressed(cells=200)
    spines = advanced(spines, 48.0, 2, 2.0)
    weights = spines.weights(0.7)
    assert weights.dtype == np.float32
    assert (weights[of_kind(spines, MATURE)] == np.float32(0.7)).all() and (
        weights[~of_kind(spines, MATURE)] == 0.0
    ).all()
    assert np.array_equal((weights > 0).sum(axis=1), spines.mature)


# What cannot be


@pytest.mark.parametrize("contacts", [0.0, 107.0, 120.0])
def test_more_contacts_than_sites_are_refused(contacts):
    with pytest.raises(SpineError, match="do not fit into 107 potential sites"):
        table(contacts=contacts)


@pytest.mark.parametrize("healthy", [107.0, 59.0])
def test_a_healthy_past_that_does_not_fit_is_refused(healthy):
    with pytest.raises(SpineError, match=f"{healthy:g} healthy contacts"):
        table(healthy=healthy)


@pytest.mark.parametrize("value", [-1e-9, np.nan, np.inf])
def test_rates_that_are_negative_or_not_finite_are_refused(value):
    whole = dict(formation=0.01, gain=7.0, maturation=0.2, nascent_loss=0.03, mature_loss=0.003, stress=0.8)
    for name in whole:
        with pytest.raises(SpineError, match=f"rate {name} of the spines is .* at least 0"):
            Rates(**(whole | {name: value}), nascent=1.0)


def test_a_rule_that_is_none_is_refused_with_those_there_are():
    with pytest.raises(SpineError, match=r"unknown rule 'anywhere'.*everywhere, lost_sites"):
        table(rule="anywhere")


@pytest.mark.parametrize("hours", [-1e-9, 1000.5, np.nan, np.inf])
def test_a_stride_that_is_negative_or_too_long_is_refused(hours):
    with pytest.raises(SpineError, match="must lie between 0 and 1000 h"):
        advanced(table(5), hours)


@pytest.mark.parametrize(("split", "branches"), [(SPLIT, 108.0), (SPLIT, 1.0), (106, 1.0)])
def test_branches_that_do_not_fit_are_refused(split, branches):
    with pytest.raises(SpineError, match=f"{branches:g} branches a cell do not fit onto {split} somatic"):
        table(5, split=split, numbers=replace(SPINES, branches=branches))


def test_more_agents_than_can_be_told_apart_are_refused():
    with pytest.raises(SpineError, match=r"2\^32"):
        table(MOST_AGENTS // SITES + 1)
