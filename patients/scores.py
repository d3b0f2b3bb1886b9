"""From true severity to the score that is written down: a sum of declared terms, each of which can be left
out.

    score = severity + state - drug - placebo - expectancy + rating,  between 0 and 60

The numbers are those of the sheet `trials`; all arrays have axes (subject, period, visit) unless they say
otherwise, all hours count from the first treatment of the trial.
"""

from __future__ import annotations

import zlib

import numpy as np

from prelimbic.parameters.trials import Belief, Dropout, Placebo, Scatter, TrialNumbers
from prelimbic.patients.trial import Trial

HIGHEST = 60.0  # of the MADRS
FELT_FOR_H = 1.0  # after a treatment without the drug


def stream(seed: int, name: str) -> np.random.Generator:
    """Random numbers of one term of a trial."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def wandering(rng: np.random.Generator, count: int, hours: np.ndarray, scatter: Scatter) -> np.ndarray:
    """The state about a patient's own severity at increasing hours, points, shape (count, hour): stationary,
    its correlation falls exponentially.
    """
    shocks = scatter.state * rng.standard_normal((count, len(hours)))
    kept = np.exp(-np.diff(hours) / (24.0 * scatter.days))
    found = shocks.copy()
    for k, share in enumerate(kept, start=1):
        found[:, k] = share * found[:, k - 1] + np.sqrt(1.0 - share**2) * shocks[:, k]
    return found


def come_and_gone(hours: np.ndarray, first: float, last: float, numbers: Placebo) -> np.ndarray:
    """Share of a response to being treated that is there at some hours: it comes after the first treatment
    and fades after the last.
    """
    come = -np.expm1(-np.maximum(hours - first, 0.0) / numbers.onset)
    return come * np.exp(-np.maximum(hours - last, 0.0) / numbers.fading)


def drawn_placebo(rng: np.random.Generator, count: int, numbers: Placebo) -> np.ndarray:
    """Points that being treated takes away in every subject: log-normal."""
    if numbers.points == 0:
        return np.zeros(count)
    variance = np.log1p((numbers.between / numbers.points) ** 2)
    return numbers.points * np.exp(np.sqrt(variance) * rng.standard_normal(count) - variance / 2.0)


def believed(felt: np.ndarray, prior: np.ndarray, numbers: Belief, weight: float = 1.0) -> np.ndarray:
    """Probability of having had the drug, after `felt` points of dissociation; `weight` is the share of them
    that is known to who believes.  A prior of 0 or 1 is certainty.
    """
    sure = (prior <= 0.0) | (prior >= 1.0)
    odds = np.where(sure, 1.0, prior) / np.where(sure, 1.0, 1.0 - prior)
    moved = odds * np.exp(np.clip(numbers.slope * weight * (felt - numbers.midpoint), -50.0, 50.0))
    return np.where(sure, prior, moved / (1.0 + moved))


def largest_so_far(sizes: np.ndarray, course: np.ndarray) -> np.ndarray:
    """What responses to several periods are worth together: the largest.  `sizes` (subject, period) of each,
    `course` (period, hour) what of each is there; gives (subject, hour).
    """
    return (sizes[:, :, None] * course[None, :, :]).max(axis=1)


def left_at(
    rng: np.random.Generator, score: np.ndarray, hours: np.ndarray, response: float, numbers: Dropout
) -> np.ndarray:
    """Hour at which each subject leaves, NaN for those who stay, of scores (subject, hour) of which the
    first is the baseline.  The hazard depends on what was seen, so what is missing is missing at random.
    """
    left = np.full(len(score), np.nan)
    for k in range(1, len(hours)):
        days = (hours[k] - hours[k - 1]) / 24.0
        improved = score[:, k - 1] <= (1.0 - response) * score[:, 0]
        hazard = numbers.hazard * np.where(improved, 1.0, numbers.unimproved)
        goes = rng.random(len(score)) < -np.expm1(-hazard * days)
        left = np.where(np.isnan(left) & goes, hours[k - 1], left)
    return left


def taken(
    trial: Trial,
    numbers: TrialNumbers,
    seed: int,
    arms: np.ndarray,
    relief: np.ndarray,
    beliefs: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:
    """Points that drug, placebo and expectancy take away, shape (subject, period, visit, 3).

    `arms` (subject, period) are numbers of the trial's arms, `relief` the points of the link, `beliefs`
    (subject, period) those of patient and rater.
    """
    hours = np.add.outer(trial.periods, trial.visits)
    starts = [arm.starts() for arm in trial.ordered]
    first, last = np.array([s[0] for s in starts]), np.array([s[-1] for s in starts])
    points = drawn_placebo(stream(seed, "placebo"), len(arms), numbers.placebo)
    expected = numbers.expectancy.patient * beliefs[0] + numbers.expectancy.rater * beliefs[1]
    found = np.zeros((*relief.shape, 3))
    found[..., 0] = numbers.relief.share * relief
    for sequence in np.unique(arms, axis=0):
        who = (arms == sequence).all(axis=1)
        course = np.array(
            [
                come_and_gone(hours.ravel(), begin + first[arm], begin + last[arm], numbers.placebo)
                for begin, arm in zip(trial.periods, sequence, strict=True)
            ]
        )
        for k, (term, sizes) in enumerate(
            (("placebo", np.repeat(points[:, None], arms.shape[1], axis=1)), ("expectancy", expected)), 1
        ):
            if trial.terms(term):
                found[who, ..., k] = largest_so_far(sizes[who], course).reshape(-1, *hours.shape)
    return found
