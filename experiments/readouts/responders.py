"""Shares of responders and remitters, what must be treated for one more, and how long a response lasts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Difference:
    """A difference of two shares with Newcombe's 95 % interval, and the numbers needed to treat."""

    difference: float
    low: float
    high: float

    @property
    def nnt(self) -> float:
        """Patients treated for one more responder; below 0 for one fewer."""
        return 1.0 / self.difference if self.difference else float("inf")

    def told(self) -> str:
        """`5 (3 to 20)`; where the interval has no difference in it, it goes through infinity."""
        low, high = (f"{1.0 / end:.0f}" if abs(end) > 1e-9 else "inf" for end in (self.high, self.low))
        through = "" if self.low > 0 or self.high < 0 else "inf to "
        own = f"{self.nnt:.0f}" if np.isfinite(self.nnt) else "inf"
        return f"{own} ({low} to {through}{high})"


def responded(score: np.ndarray, baseline: np.ndarray, share: float) -> np.ndarray:
    """Whether at least a share of the score at baseline (subject,) is gone; who is missing has not."""
    return np.where(np.isfinite(score), score <= (1.0 - share) * baseline, False)


def remitted(score: np.ndarray, most: float) -> np.ndarray:
    """Whether a score is at most so high; who is missing is not in remission."""
    return np.where(np.isfinite(score), score <= most, False)


def compared(drug: np.ndarray, control: np.ndarray) -> Difference:
    """Share of `drug` (subject,) that is true less that of `control`."""
    from statsmodels.stats.proportion import confint_proportions_2indep

    a, b = (int(each.sum()) for each in (drug, control))
    ends = confint_proportions_2indep(a, len(drug), b, len(control), compare="diff", method="newcomb")
    return Difference(float(drug.mean() - control.mean()), float(ends[0]), float(ends[1]))


@dataclass(frozen=True)
class Lasting:
    """Responders of an arm, how many of them relapsed, and the median days until then with its 95 %
    interval; infinite where fewer than half did.
    """

    responders: int
    relapsed: int
    median: float
    low: float
    high: float
    days: np.ndarray
    kept: np.ndarray  # share without relapse after `days`


def relapse(
    score: np.ndarray, baseline: np.ndarray, hours: np.ndarray, begin: int, response: float, loss: float
) -> Lasting:
    """Kaplan and Meier's course of those who respond at visit `begin` of scores (subject, visit) at `hours`:
    an event is the first later visit at which less than `loss` of the baseline is gone; who leaves is
    censored at the last visit.  Events are dated by the visit that sees them.
    """
    from lifelines import KaplanMeierFitter
    from lifelines.utils import median_survival_times

    chosen = responded(score[:, begin], baseline, response)
    later, base = score[chosen][:, begin + 1 :], baseline[chosen]
    days = (hours[begin + 1 :] - hours[begin]) / 24.0
    with np.errstate(invalid="ignore"):
        lost = later > (1.0 - loss) * base[:, None]
    event = lost.any(axis=1)
    last = np.isfinite(later).sum(axis=1)  # scores are missing from some visit on
    end = np.where(event, lost.argmax(axis=1), last - 1)
    duration = np.where(end >= 0, days[np.maximum(end, 0)], 0.0)
    if not chosen.any():
        return Lasting(0, 0, np.nan, np.nan, np.nan, np.zeros(1), np.ones(1))
    fitted = KaplanMeierFitter().fit(duration, event)
    ends = np.sort(np.ravel(median_survival_times(fitted.confidence_interval_).to_numpy()))
    curve = fitted.survival_function_
    return Lasting(
        int(chosen.sum()),
        int(event.sum()),
        float(fitted.median_survival_time_),
        float(ends[0]),
        float(ends[-1]),
        curve.index.to_numpy(float),
        curve.to_numpy()[:, 0],
    )
