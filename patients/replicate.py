"""One replication of a trial: patients are screened and randomised, treated, rated, and some leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from prelimbic.parameters.trials import TrialNumbers, trial_numbers
from prelimbic.patients.scores import FELT_FOR_H, HIGHEST, believed, left_at, stream, taken, wandering
from prelimbic.patients.trial import Trial, TrialArm, TrialError
from prelimbic.simulation.variable import Groups, Variable

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

CANDIDATES = 8  # for each subject that is wanted
FELT = (0.5, 1.0, 1.5)  # of the length of a treatment, at which dissociation is asked
PARTS = ("drug", "placebo", "expectancy")
Draw = Callable[[int], "pd.DataFrame"]  # so many people
Treat = Callable[["pd.DataFrame", tuple[str, ...], tuple[str, ...], np.ndarray], "xr.Dataset"]


@dataclass(frozen=True)
class Treated:
    """What the drug does: points of relief and dissociation (subject, period, visit), what was felt of the
    first treatment (subject, period), all in points, hydroxynorketamine (subject,), 0 of those without, and
    what the courses say of themselves.
    """

    relief: np.ndarray
    dissociation: np.ndarray
    felt: np.ndarray
    hnk: np.ndarray
    said: dict[str, str]


def replicate(trial: Trial, seed: int, draw: Draw, treat: Treat) -> Groups:
    """A replication as groups of a run file.  `draw` gives people with a column `severity`; `treat` gives of
    people, what they are given, what inhibits and hours the courses `relief` and `dissociation`.

    Raises TrialError where too few reach the score at screening.
    """
    numbers = trial_numbers(trial.set)
    severity, state, people = _enrolled(trial, numbers, seed, draw)
    arms = randomised(trial, seed)
    treated = _treated(trial, people, arms, treat)
    dissociation, felt = _felt(trial, numbers, seed, arms, treated)
    prior = _prior(trial, arms)
    learns = trial.blinding == "blind" and trial.terms("unblinding")
    beliefs = tuple(
        believed(felt, prior, numbers.belief, weight) if learns else prior
        for weight in (1.0, numbers.belief.rater)
    )
    parts = taken(trial, numbers, seed, arms, treated.relief, (beliefs[0], beliefs[1]))
    score = severity[:, None, None] + state - parts.sum(axis=-1)
    if trial.outcome == "dissociation":
        score = dissociation + np.abs(_scatter(trial, numbers.belief.other, seed, score.shape))
    score = np.clip(score + _ratings(trial, numbers, seed, score.shape), 0.0, HIGHEST)
    left = _leaves(trial, numbers, seed, score)
    own = {
        "left": Variable(("subject",), left, "h", "last visit of a subject who left, missing for others"),
        "severity": Variable(("subject",), severity, "1", "true MADRS score before treatment"),
        "hnk": Variable(
            ("subject",), treated.hnk, "ng/mL", "hydroxynorketamine in venous plasma 230 min after the drug"
        ),
    }
    return {"summary": _stored(trial, seed, score, parts, arms, felt, beliefs, treated.said) | own}


def randomised(trial: Trial, seed: int) -> np.ndarray:
    """Arms by subject and period, as numbers of `trial.ordered`: sequences in permuted blocks."""
    rng, sequences = stream(seed, "randomisation"), trial.sequences()
    shares = [1 if trial.crossed else trial.ordered[s[0]].share for s in sequences]
    block = [sequence for sequence, share in zip(sequences, shares, strict=True) for _ in range(share)]
    found: list[tuple[int, ...]] = []
    while len(found) < trial.subjects:
        found += [block[k] for k in rng.permutation(len(block))]
    return np.array(found[: trial.subjects])


def _enrolled(
    trial: Trial, numbers: TrialNumbers, seed: int, draw: Draw
) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """Severity (subject,), state (subject, period, visit) and the people of those who reach the score at
    screening, the first of all who come.
    """
    hours = np.add.outer(trial.periods, trial.visits).ravel()
    wanted = trial.subjects
    asks, count = trial.screens, wanted * CANDIDATES
    people = draw(count if asks else wanted)
    severity, wanders = people["severity"].to_numpy(float), trial.terms("regression")
    when = np.concatenate([[-24.0 * numbers.screening.before], hours])
    state = wandering(stream(seed, "state"), len(people), when, numbers.scatter) * wanders
    chosen = np.arange(len(people))
    if asks:
        screened = severity + state[:, 0]
        if wanders and trial.terms("noise"):
            screened = screened + numbers.scatter.rater * stream(seed, "screening").standard_normal(count)
        chosen = np.flatnonzero(screened >= trial.screen)
    if len(chosen) < wanted:
        raise TrialError(
            f"screen is {trial.screen:g}, which {len(chosen)} of {count} candidates reach, and {wanted} "
            "subjects are wanted: lower it"
        )
    chosen = chosen[:wanted]
    shape = (wanted, len(trial.periods), len(trial.visits))
    return severity[chosen], state[chosen, 1:].reshape(shape), people.iloc[chosen]


def _treated(trial: Trial, people: pd.DataFrame, arms: np.ndarray, treat: Treat) -> Treated:
    """What the drug does to everybody, sequence of arms by sequence."""
    hours = np.add.outer(trial.periods, trial.visits)
    relief, dissociation = np.zeros((2, len(people), *hours.shape))
    felt, hnk, said = np.zeros(arms.shape), np.zeros(len(people)), dict[str, str]()
    for sequence in np.unique(arms, axis=0):
        who = np.flatnonzero((arms == sequence).all(axis=1))
        done = [trial.ordered[k].shifted(begin) for begin, k in zip(trial.periods, sequence, strict=True)]
        asked = [_asked_at(arm) for arm in done]
        give = tuple(text for arm in done for text in arm.give if not arm.placebo)
        if not give:
            continue
        at = np.unique(np.concatenate([hours.ravel(), *asked]))
        inhibit = tuple(text for arm in done for text in arm.inhibit)
        found = treat(people.iloc[who], give, inhibit, at)
        hnk[who] = found["hnk"].values if "hnk" in found else 0.0
        said |= {str(k): str(v) for k, v in found.attrs.items()}
        courses = {n: found[n].transpose("subject", "time").values for n in ("relief", "dissociation")}
        places = np.searchsorted(at, hours)
        relief[who], dissociation[who] = courses["relief"][:, places], courses["dissociation"][:, places]
        for period, times in enumerate(asked):
            felt[who, period] = courses["dissociation"][:, np.searchsorted(at, times)].max(axis=1)
    return Treated(relief, dissociation, felt, hnk, said)


def _asked_at(arm: TrialArm) -> np.ndarray:
    """Hours at which dissociation during the first treatment is asked."""
    begin, length = arm.first()
    return begin + length * np.array(FELT)


def _felt(
    trial: Trial, numbers: TrialNumbers, seed: int, arms: np.ndarray, treated: Treated
) -> tuple[np.ndarray, np.ndarray]:
    """Dissociation (subject, period, visit) and what was taken for it in the first treatment (subject,
    period), points; under anaesthesia none.
    """
    if trial.blinding == "masked":
        return np.zeros_like(treated.dissociation), np.zeros_like(treated.felt)
    usual = np.array([getattr(numbers.belief, arm.placebo) if arm.placebo else 0.0 for arm in trial.ordered])
    first = np.array([arm.first()[0] for arm in trial.ordered])
    since = np.array(trial.visits)[None, None, :] - first[arms][..., None]
    soon = (since > 0) & (since <= FELT_FOR_H)
    felt = treated.felt + usual[arms]
    other = numbers.belief.other * stream(seed, "felt").standard_normal(felt.shape)
    return treated.dissociation + usual[arms][..., None] * soon, np.maximum(felt + other, 0.0)


def _prior(trial: Trial, arms: np.ndarray) -> np.ndarray:
    """Probability of the drug before anything is felt: the arm where all know it, else the share of those
    who get it.
    """
    drug = np.array([not arm.placebo for arm in trial.ordered], float)
    if trial.blinding == "open":
        return drug[arms]
    shares = np.array([1 if trial.crossed else arm.share for arm in trial.ordered], float)
    return np.full(arms.shape, float(drug @ shares / shares.sum()))


def _scatter(trial: Trial, size: float, seed: int, shape: tuple[int, ...]) -> np.ndarray:
    return size * stream(seed, "rating").standard_normal(shape) * trial.terms("noise")


def _ratings(trial: Trial, numbers: TrialNumbers, seed: int, shape: tuple[int, ...]) -> np.ndarray:
    """Error of every rating, points."""
    return _scatter(trial, numbers.scatter.rater, seed, shape) * (trial.outcome == "severity")


def _leaves(trial: Trial, numbers: TrialNumbers, seed: int, score: np.ndarray) -> np.ndarray:
    """Hour at which each leaves, NaN for those who stay; their later scores become NaN."""
    hours = np.add.outer(trial.periods, trial.visits).ravel()
    if not trial.terms("dropout"):
        return np.full(len(score), np.nan)
    flat = score.reshape(len(score), -1)
    left = left_at(stream(seed, "dropout"), flat, hours, numbers.criteria.response, numbers.dropout)
    gone = hours[None, :] > left[:, None]
    score[gone.reshape(score.shape)] = np.nan
    return left


def _stored(
    trial: Trial,
    seed: int,
    score: np.ndarray,
    parts: np.ndarray,
    arms: np.ndarray,
    felt: np.ndarray,
    beliefs: tuple[np.ndarray, ...],
    said: dict[str, str],
) -> dict[str, Variable]:
    """The scores of a replication and what they are made of, as they are stored."""
    who, periods, whole = ("subject",), ("subject", "period"), ("subject", "period", "visit")
    chance = stream(seed, "guess").random((2, *arms.shape))
    scale = "MADRS score" if trial.outcome == "severity" else "CADSS score"
    axes = {
        "subject": Variable(who, np.arange(1, len(score) + 1), "1", "number of the subject"),
        "period": Variable(("period",), np.array(trial.periods), "h", "begin of the period"),
        "visit": Variable(("visit",), np.array(trial.visits), "h", "hour of the visit in its period"),
        "arm": Variable(("arm",), np.array(trial.names, object), "", "arm, the control first"),
        "part": Variable(("part",), np.array(PARTS, object), "", "what takes points away"),
        "surrogate": Variable(
            ("surrogate",), np.array([said.get("surrogate_error", "")], object), "", "error of the surrogate"
        ),
    }
    return axes | {
        "score": Variable(whole, score, "1", f"{scale}, missing after the subject left"),
        "taken": Variable((*whole, "part"), parts, "1", "points taken away, before ratings"),
        "given": Variable(periods, arms.astype(float), "1", "number of the arm, 0 the control"),
        "felt": Variable(periods, felt, "1", "points of dissociation felt in the first treatment"),
        "belief": Variable(periods, beliefs[0], "1", "probability of the drug to the patient"),
        "rater_belief": Variable(periods, beliefs[1], "1", "probability of the drug to the rater"),
        "guess": Variable(
            periods,
            (beliefs[0] > chance[0]).astype(float),
            "1",
            "patient guesses the drug, as often as it is believed",
        ),
        "rater_guess": Variable(
            periods,
            (beliefs[1] > chance[1]).astype(float),
            "1",
            "rater guesses the drug, as often as it is believed",
        ),
    }
