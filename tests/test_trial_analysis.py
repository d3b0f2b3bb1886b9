"""The analysis of a trial: known answers, hand-worked tables, intervals that cover, fits that go wrong."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from prelimbic.experiments.readouts.crossed import fit_crossed
from prelimbic.experiments.readouts.permuted import permuted_arms, permuted_order
from prelimbic.experiments.readouts.repeated import Contrast, fit_repeated
from prelimbic.experiments.readouts.replicated import analysed
from prelimbic.experiments.readouts.responders import Difference, compared, relapse, remitted, responded
from prelimbic.experiments.trials.answered import answer, need_extra, powers, results
from prelimbic.experiments.trials.asked import as_json, result_of
from prelimbic.experiments.trials.study import inert
from prelimbic.parameters.trials import trial_numbers
from prelimbic.patients.trial import TrialError
from tests.treated import RELIEF, crossed, design, replicated

TRUTH = -trial_numbers().relief.share * RELIEF


def changes(n: int = 40, visits: int = 3, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Changes (subject, visit) that fall by 5 points in arm 1, arms and baselines."""
    rng = np.random.default_rng(seed)
    arm, baseline = np.arange(n) % 2, 30.0 + 4.0 * rng.standard_normal(n)
    own = 4.0 * rng.standard_normal((n, 1)) + 3.0 * rng.standard_normal((n, visits))
    return own - 5.0 * arm[:, None] - 0.3 * (baseline[:, None] - 30.0), arm, baseline


# The parallel model


def test_with_nothing_missing_it_is_least_squares_at_every_visit():
    change, arm, baseline = changes()
    found = fit_repeated(change, arm, baseline)
    design_ = np.column_stack([np.ones(40), arm, baseline])
    for visit in range(3):
        solved, rest, *_ = np.linalg.lstsq(design_, change[:, visit], rcond=None)
        error = np.sqrt(rest[0] / 37 * np.linalg.inv(design_.T @ design_)[1, 1])
        contrast = found.contrast(1, visit)
        assert (contrast.estimate, contrast.error, contrast.df) == pytest.approx(
            (solved[1], error, 37), rel=1e-5
        )
        assert contrast.p == pytest.approx(2 * stats.t.sf(abs(solved[1] / error), 37), rel=1e-4)
    assert found.warnings == ()


def test_with_scores_missing_it_is_the_maximum_of_the_restricted_likelihood():
    change, arm, baseline = changes()
    change[::5, 2] = change[::7, 0] = np.nan
    found = fit_repeated(change, arm, baseline)

    def likelihood(visits: np.ndarray) -> float:
        """The same, written down from its formula."""
        x = np.column_stack([np.ones(40), arm, baseline - baseline.mean()])
        information, score, own = np.zeros((9, 9)), np.zeros(9), 0.0
        for row, z in zip(change, x, strict=True):
            seen = np.isfinite(row)
            weight = np.linalg.inv(visits[np.ix_(seen, seen)])
            full = np.kron(np.eye(3)[seen], z)
            information += full.T @ weight @ full
            score += full.T @ weight @ row[seen]
            own += row[seen] @ weight @ row[seen] - np.linalg.slogdet(weight)[1]
        return -0.5 * (own + np.linalg.slogdet(information)[1] - score @ np.linalg.solve(information, score))

    best = likelihood(found.visits)
    for row, column in combinations(range(3), 2):
        for step in (-0.02, 0.02):
            moved = found.visits.copy()
            moved[row, column] += step * found.visits[row, row]
            moved[column, row] = moved[row, column]
            assert likelihood(moved) < best
    assert found.contrast(1, 2).df == 40 - 8 - 3 and found.warnings == ()


def test_visits_that_are_the_same_are_told_as_singular():
    change, arm, baseline = changes()
    found = fit_repeated(np.repeat(change[:, :1], 2, axis=1), arm, baseline)
    assert any("singular" in told for told in found.warnings)


# The crossover


def orders(n: int = 20, effect: float = -4.0, between: float = 5.0, carried: float = 0.0, seed: int = 3):
    rng = np.random.default_rng(seed)
    given = np.array([[0, 1], [1, 0]] * (n // 2))
    score = 30.0 + between * rng.standard_normal((n, 1)) + 3.0 * rng.standard_normal((n, 2)) + effect * given
    score[:, 1] += 2.0 + carried * given[:, 0]
    return score, given


def test_a_crossover_of_two_periods_is_the_comparison_of_differences_between_orders():
    score, given = orders()
    found = fit_crossed(score, given).arms[0]
    half = (score[:, 0] - score[:, 1]) / 2.0
    order = given[:, 0] == 1
    by_hand = stats.ttest_ind(half[order], half[~order])
    assert found.estimate == pytest.approx(half[order].mean() - half[~order].mean(), rel=1e-4)
    assert found.df == 18 and found.p == pytest.approx(by_hand.pvalue, rel=1e-2)


def test_carry_over_is_seen_where_there_is_much_of_it():
    seen = fit_crossed(*orders(n=40, between=1.0, carried=-8.0)).carry_over
    none = fit_crossed(*orders(n=40, between=1.0)).carry_over
    assert seen is not None and none is not None and seen.p < 0.001 < none.p


def test_subjects_that_do_not_differ_are_told_as_singular_and_still_compared():
    score, given = orders(between=0.0, seed=6)
    score -= score.mean(axis=1, keepdims=True)
    found = fit_crossed(score, given)
    assert found.warnings and np.isfinite(found.arms[0].estimate)


def test_three_arms_in_every_order_have_a_contrast_each():
    rng = np.random.default_rng(1)
    given = np.array([[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] * 4)
    score = 4.0 * rng.standard_normal((24, 1)) + rng.standard_normal((24, 3)) - 3.0 * given
    first, second = fit_crossed(score, given).arms
    assert first.estimate == pytest.approx(-3.0, abs=1.0) and second.estimate == pytest.approx(-6.0, abs=1.0)


# Shuffles, shares, relapse


def test_shuffles_of_a_small_trial_come_to_the_share_of_all_randomisations():
    change = np.array([-12.0, -9.0, -8.0, -3.0, -2.0, -1.0, 0.0, 1.0])
    arm = np.array([1, 1, 1, 0, 1, 0, 0, 0])
    seen = abs(change[arm == 1].mean() - change[arm == 0].mean())
    every = [np.isin(np.arange(8), who) for who in combinations(range(8), 4)]
    exact = np.mean([abs(change[a].mean() - change[~a].mean()) >= seen - 1e-12 for a in every])
    assert permuted_arms(change, arm, np.full(8, 30.0), 1) == pytest.approx(exact, abs=0.02)
    score, given = orders(effect=0.0)
    assert permuted_order(score, given, 1) > 0.05 > permuted_order(*orders(effect=-6.0), 1)


def test_who_is_missing_has_neither_responded_nor_remitted():
    score, baseline = np.array([15.0, 16.0, 9.0, np.nan]), np.full(4, 30.0)
    assert list(responded(score, baseline, 0.5)) == [True, False, True, False]
    assert list(remitted(score, 10.0)) == [False, False, True, False]


def test_newcombe_s_interval_is_that_of_the_published_example():
    """56 of 70 against 48 of 80: 0.0524 to 0.3339, Newcombe 1998, example a, recalled."""
    found = compared(np.arange(70) < 56, np.arange(80) < 48)
    assert (found.difference, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=1e-4)
    assert found.told() == "5 (3 to 19)"


def test_numbers_needed_to_treat_go_through_infinity_where_nothing_is_sure():
    assert Difference(0.1, -0.1, 0.3).told() == "10 (3 to inf to -10)"
    assert Difference(0.0, -0.1, 0.1).nnt == float("inf")


def test_relapse_is_the_course_of_a_hand_worked_table():
    """Five responders seen on days 0, 7, 14, 21: two relapse on day 7, one leaves after it, one relapses on
    day 21, one never: 1, 3/5, 3/5, 3/10.
    """
    gone, well = 25.0, 10.0
    score = np.array(
        [
            [30, well, gone, gone, gone],
            [30, well, gone, well, well],
            [30, well, well, np.nan, np.nan],
            [30, well, well, well, gone],
            [30, well, well, well, well],
            [30, gone, gone, gone, gone],  # no responder
        ],
        float,
    )
    hours = np.array([0.0, 24.0, 192.0, 360.0, 528.0])
    found = relapse(score, score[:, 0], hours, 1, 0.5, 0.5)
    assert (found.responders, found.relapsed, found.median) == (5, 3, 21.0)
    at = dict(zip(found.days.tolist(), found.kept.tolist(), strict=True))
    assert at[7.0] == pytest.approx(0.6) and at[21.0] == pytest.approx(0.3)


# The answer


def test_an_answer_says_what_was_estimated_how_and_what_was_put_in():
    trial = replace(design(), relapse_from=24.0)
    dataset = replicated(trial, 3)
    found = answer(dataset, trial, results(dataset, trial))
    for told in (
        "Estimand: ",
        "Model: ",
        "degrees of freedom",
        "composite",
        "the drug itself -5.2",
        "Surrogate: none",
    ):
        assert told in found.found, told
    assert [list(table.index) for table in found.tables] == [["midazolam", "ketamine"]] * 4
    shown = "\n".join(map(printed, found.tables))
    assert max(map(len, shown.splitlines())) <= 100 and "NNT" in shown


def printed(table) -> str:
    from rich.console import Console

    from prelimbic.experiments.sweep.tables import printed as laid_out

    console = Console(width=100)
    with console.capture() as caught:
        console.print(*laid_out(table, 100))
    return "\n".join(line.rstrip() for line in caught.get().splitlines())


def test_where_the_drug_takes_nothing_it_is_said_that_nothing_grows():
    trial = design()
    dataset = replicated(trial, 2, relief=0.0)
    assert "nothing grows" in answer(dataset, trial, results(dataset, trial)).found


def test_under_an_inert_drug_arms_differ_by_chance_alone():
    trial = design(subjects=400, without=["dropout"])
    dataset = inert(replicated(trial, 1))
    (found,) = results(dataset, trial)["known"][400]
    contrast = found.arms[1].contrast
    assert contrast is not None and contrast.interval[0] < 0 < contrast.interval[1]
    assert found.arms[1].parts[0] == found.arms[1].parts[2] == 0.0


def test_power_rises_with_the_number_of_subjects():
    small, large = design(subjects=10), design(subjects=60)
    found = {t.subjects: results(replicated(t, 8), t)["known"][t.subjects] for t in (small, large)}
    share = {n: s for n, (s, *_) in powers(found, 1).items()}
    assert share[10] < share[60] and share[60] > 0.6


def test_a_result_has_every_contrast_and_is_written_as_json():
    trial = crossed()
    dataset = replicated(trial, 2)
    found = result_of(trial, dataset)
    assert len(found.comparisons) == 2 and {*found.comparisons["df"]} <= {15.0, 17.0}
    told = as_json(trial, dataset, results(dataset, trial))
    assert told["trial"]["design"] == "crossover" and "carry-over" in told["analysis"]
    assert len(told["sheets"]["known"]["20"][1]["contrasts"]) == 2


def test_without_statsmodels_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr("prelimbic.experiments.trials.answered.EXTRA", ("statsmodels", "nosuchpackage"))
    with pytest.raises(TrialError, match=r"nosuchpackage.*pip install 'prelimbic\[trials\]'"):
        need_extra()


# Coverage


@pytest.mark.slow
@pytest.mark.parametrize("made", [design, crossed], ids=["parallel", "crossover"])
def test_intervals_cover_a_known_truth_as_often_as_they_say(made):
    """Of trials in which nothing is believed the truth is what the drug takes; 95 % intervals cover it in 93
    to 97 % of 500.
    """
    trial = made(without=["expectancy"], subjects=40)
    contrasts = [arm_of(trial, seed) for seed in range(1, 501)]
    low, high = np.array([c.interval for c in contrasts]).T
    assert 0.93 <= np.mean((low < TRUTH) & (high > TRUTH)) <= 0.97
    bias = np.mean([c.estimate for c in contrasts]) - TRUTH
    assert abs(bias) < 0.2


def arm_of(trial, seed: int) -> Contrast:
    from functools import partial

    import xarray as xr

    from prelimbic.patients.replicate import replicate
    from tests.treated import known_course, known_people

    groups = replicate(trial, seed, partial(known_people, seed=seed, group="depressed"), known_course)[
        "summary"
    ]
    cell = xr.Dataset({name: (v.dimensions, v.values) for name, v in groups.items() if len(v.values)})
    contrast = analysed(cell.assign_coords(seed=seed), trial).arms[1].contrast
    assert contrast is not None
    return contrast


# Where the data run out


def three_arms(rng: np.random.Generator, n: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Changes (subject, visit) that hang on baseline alone, arms, and baselines."""
    arm, baseline = np.arange(n) % 3, rng.normal(30.0, 4.0, n)
    return rng.normal(0.0, 2.0, (n, 3)) - 0.5 * (baseline - 30.0)[:, None], arm, baseline


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_an_arm_of_which_nobody_is_seen_has_no_difference_and_that_is_said(gone):
    change, arm, baseline = three_arms(np.random.default_rng(4))
    change[arm == gone] = np.nan
    found = fit_repeated(change, arm, baseline)
    assert found.warnings == ("nobody of an arm is seen",)
    for other in (1, 2):
        known = np.isfinite(found.contrast(other, 1).estimate)
        assert known == (gone not in (0, other))


def test_a_visit_at_which_nobody_is_seen_is_no_fit_and_that_is_said():
    change, arm, baseline = three_arms(np.random.default_rng(5))
    change[:, 2] = np.nan
    found = fit_repeated(change, arm, baseline)
    assert found.warnings == ("could not be made: at a visit nobody is seen",)
    assert np.isnan(found.contrast(1, 0).estimate) and np.isnan(found.contrast(1, 0).p)
