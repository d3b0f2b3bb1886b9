"""What a score is made of: every term by itself, and what blinding makes of one set of numbers."""

from __future__ import annotations

import numpy as np
import pytest

from prelimbic.parameters.trials import Belief, trial_numbers
from prelimbic.patients.replicate import randomised
from prelimbic.patients.scores import believed, come_and_gone, drawn_placebo, stream, wandering
from prelimbic.patients.trial import TERMS
from prelimbic.patients.trial_file import as_mapping, trial_of
from tests.treated import FELT, INFUSION, RELIEF, VEHICLE, crossed, design, replicated

NUMBERS = trial_numbers()
MANY = {"subjects": 600, "set": {"dropout.hazard": 0.0}}


def part(dataset, name: str, arm: int, visit: float = 24.0) -> float:
    """Mean points that something takes away in an arm."""
    mine = dataset["taken"].sel(part=name, visit=visit).where(dataset["given"] == arm)
    return float(mine.mean())


def change(dataset, arm: int, visit: float = 24.0) -> float:
    score = dataset["score"].where(dataset["given"] == arm)
    return float((score.sel(visit=visit) - score.sel(visit=0.0)).mean())


def test_with_every_term_left_out_a_score_is_severity_less_what_the_drug_takes():
    found = replicated(design(without=list(TERMS)), 1).isel(seed=0, sheet=0, period=0)
    drug = found["taken"].sel(part="drug")
    assert np.allclose(found["score"], np.clip(found["severity"] - drug, 0, 60))
    assert part(found, "drug", 1) == pytest.approx(NUMBERS.relief.share * RELIEF)
    assert not found["taken"].sel(part=["placebo", "expectancy"]).any() and found["left"].isnull().all()


@pytest.mark.parametrize("term", TERMS)
def test_a_term_that_is_left_out_moves_scores_and_leaves_the_other_terms_draws_alone(term):
    whole, without = replicated(design(), 1), replicated(design(without=[term]), 1)
    assert not whole["score"].equals(without["score"])
    others = {"placebo", "expectancy"} - {term, "expectancy" if term == "unblinding" else term}
    assert whole["taken"].sel(part=sorted(others)).equals(without["taken"].sel(part=sorted(others)))
    assert whole["given"].equals(without["given"])


def test_screening_for_a_high_score_makes_it_fall_by_itself():
    own = {"screen": 34, "subjects": 400, "without": ["placebo", "expectancy", "dropout"]}
    own |= {"set": {"scatter.state": 8.0}}
    same = [{"name": n, "give": VEHICLE, "placebo": "saline"} for n in ("a", "midazolam")]
    fallen = replicated(design(arm=same, **own), 1)
    true = replicated(design(arm=same, **own | {"without": [*own["without"], "regression"]}), 1)
    screened, severity = fallen["score"].sel(visit=168.0).mean(), fallen["severity"].mean()
    assert float(fallen["score"].sel(visit=0.0).mean() - screened) > 1.0
    assert float(severity) < 36.0 and abs(float(true["score"].mean() - true["severity"].mean())) < 0.2


def test_a_state_wanders_about_nothing_and_is_forgotten():
    hours = np.array([0.0, 24.0 * NUMBERS.scatter.days, 24.0 * 200.0])
    found = wandering(stream(1, "state"), 20_000, hours, NUMBERS.scatter)
    assert found.std(axis=0) == pytest.approx(np.full(3, NUMBERS.scatter.state), rel=0.03)
    together = np.corrcoef(found.T)
    assert together[0, 1] == pytest.approx(np.exp(-1.0), abs=0.03) and abs(together[0, 2]) < 0.03


def test_a_placebo_response_comes_within_hours_and_fades_after_the_last_treatment():
    course = come_and_gone(
        np.array([-5.0, 0.0, 240.0, 240.0 + NUMBERS.placebo.fading]), 0.0, 240.0, NUMBERS.placebo
    )
    assert course == pytest.approx([0.0, 0.0, 1.0, np.exp(-1.0)], abs=1e-6)
    points = drawn_placebo(stream(2, "placebo"), 200_000, NUMBERS.placebo)
    assert points.mean() == pytest.approx(NUMBERS.placebo.points, rel=0.03) and points.min() > 0


def test_belief_follows_what_is_felt_and_certainty_stays():
    numbers = NUMBERS.belief
    felt = np.array([0.0, numbers.midpoint, 20.0])
    found = believed(felt, np.full(3, 0.5), numbers)
    assert found[0] < found[1] == pytest.approx(0.5) and found[2] > 0.98
    assert list(believed(felt, np.array([0.0, 1.0, 1.0]), numbers)) == [0.0, 1.0, 1.0]
    deaf = Belief(0.0, 4.0, 3.0, 0.5, 0.5, 2.0)
    assert believed(felt, np.full(3, 0.3), deaf) == pytest.approx(np.full(3, 0.3))


@pytest.fixture(scope="module")
def blindings():
    """Large trials that differ in blinding alone, and what they find."""
    own = MANY | {"without": ["noise", "regression"]}
    return {b: replicated(design(blinding=b, **own), 1) for b in ("open", "blind", "masked")}


def test_one_set_of_numbers_gives_a_large_open_a_smaller_blind_and_a_small_masked_difference(blindings):
    found = {b: change(d, 1) - change(d, 0) for b, d in blindings.items()}
    assert found["open"] < found["blind"] < found["masked"] < 0
    assert found["masked"] == pytest.approx(-NUMBERS.relief.share * RELIEF, abs=1.2)
    whole = NUMBERS.expectancy.patient + NUMBERS.expectancy.rater
    known = part(blindings["open"], "expectancy", 1) - part(blindings["open"], "expectancy", 0)
    assert known == pytest.approx(whole, rel=0.05)


def test_a_blind_trial_against_midazolam_finds_the_difference_that_the_link_was_calibrated_on(blindings):
    """The share of the drug is fitted such that what unblinding adds makes up for what it leaves."""
    dataset = blindings["blind"]
    parts = {name: part(dataset, name, 1) - part(dataset, name, 0) for name in ("drug", "expectancy")}
    assert sum(parts.values()) == pytest.approx(RELIEF, rel=0.08)
    assert float(dataset["felt"].where(dataset["given"] == 1).mean()) == pytest.approx(FELT, abs=0.5)


def test_those_who_felt_it_guess_it_and_under_anaesthesia_nobody_can(blindings):
    share = {
        b: [float(d["guess"].where(d["given"] == arm).mean()) for arm in (0, 1)]
        for b, d in blindings.items()
    }
    assert share["open"] == [0.0, 1.0] and share["blind"][1] - share["blind"][0] > 0.3
    assert share["masked"] == pytest.approx([0.5, 0.5], abs=0.08)
    raters = blindings["blind"]["rater_guess"]
    gap = float(
        raters.where(blindings["blind"]["given"] == 1).mean()
        - raters.where(blindings["blind"]["given"] == 0).mean()
    )
    assert 0.05 < gap < share["blind"][1] - share["blind"][0]


def test_those_who_do_not_improve_leave_sooner_and_are_gone_from_then_on():
    own = {"subjects": 600, "set": {"dropout.hazard": 0.03, "dropout.unimproved": 4.0}}
    found = replicated(design(**own), 1).isel(seed=0, sheet=0, period=0)
    left, score = found["left"].values, found["score"].transpose("subject", "visit").values
    stays = np.isnan(left)
    assert 0.2 < (~stays).mean() < 0.8 and np.isfinite(score[stays]).all()
    visits = found["visit"].values
    assert (np.isnan(score) == (visits[None, :] > np.where(stays, np.inf, left)[:, None])).all()
    arm = found["given"].values
    assert (~stays)[arm == 0].mean() > (~stays)[arm == 1].mean()


def test_arms_are_balanced_in_blocks_as_their_shares_are():
    arms = [{"name": "a", "give": INFUSION, "share": 2}, as_mapping(design())["arm"][1]]
    two_to_one = randomised(design(arm=arms, subjects=30), 1)[:, 0]
    assert [(two_to_one[k : k + 3] == 1).sum() for k in range(0, 30, 3)] == [2] * 10
    orders = randomised(crossed(), 1)
    assert (orders.sum(axis=1) == 1).all() and orders[:, 0].sum() == 10
    assert (randomised(design(), 1) != randomised(design(), 2)).any()


def test_what_is_left_of_the_first_period_goes_over_where_washout_is_short():
    bare = ["noise", "regression", "dropout", "placebo", "expectancy"]
    short, long = (replicated(crossed(washout=w, without=bare), 1) for w in ("2d", "60d"))
    after = [d["taken"].sel(part="drug", visit=0.0).isel(period=1).max().item() for d in (short, long)]
    assert after[0] > 2.0 and after[1] < 0.01


def test_healthy_volunteers_have_no_depression_to_lose_and_feel_the_drug():
    own = {"group": "healthy", "outcome": "dissociation", "assess": ["40min", "24h"], "primary": "40min"}
    found = replicated(crossed(**own), 1)
    felt = found["score"].sel(visit=40 / 60, method="nearest")
    gap = felt.where(found["given"] == 1).mean() - felt.where(found["given"] == 0).mean()
    assert float(gap) == pytest.approx(FELT - NUMBERS.belief.midazolam, abs=2.0)
    assert float(found["severity"].max()) < 5.0


def test_too_few_who_reach_the_score_is_told():
    from prelimbic.patients.trial import TrialError

    with pytest.raises(TrialError, match="screen is 55"):
        replicated(trial_of(as_mapping(design()) | {"screen": 55}), 1)
