"""The mixed model of a crossover: score at one visit of every period, by arm, period, and what was given in
the period before, with a random intercept a subject, by statsmodels.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from prelimbic.experiments.readouts.repeated import Contrast

OPTIMISERS = ("lbfgs", "powell")
GAIN = 1e-8  # of log likelihood, by which another optimiser is the better one
NO_VARIANCE = 1e-3  # of subjects over that of residuals, below which it counts as none


@dataclass(frozen=True)
class Crossed:
    """A fitted model: contrasts of arms with the control, the contrast of carry-over (of two arms that of
    sequences, which is the same there), variances between subjects and of residuals, and what went wrong.
    """

    arms: tuple[Contrast, ...]
    carry_over: Contrast | None
    between: float
    residual: float
    warnings: tuple[str, ...]


def fit_crossed(score: np.ndarray, given: np.ndarray) -> Crossed:
    """Fit scores (subject, period), NaN where missing, on arms (subject, period), 0 the control."""
    from statsmodels.regression.mixed_linear_model import MixedLM

    subjects, periods = score.shape
    arms = int(given.max()) + 1
    columns = [np.ones(score.shape)]
    columns += [(given == arm).astype(float) for arm in range(1, arms)]
    columns += [
        np.broadcast_to(np.arange(periods) == k, score.shape).astype(float) for k in range(1, periods)
    ]
    # of two arms and periods the order, which is what carry-over differs by; of more the arm before
    before = np.concatenate([np.full((subjects, 1), -1), given[:, :-1]], axis=1)
    carried = [np.broadcast_to((given[:, :1] > 0), score.shape).astype(float)] if arms == 2 else []
    carried += [(before == arm).astype(float) for arm in range(1, arms)] if arms > 2 else []
    columns += carried
    there = np.isfinite(score)
    design = np.stack([column[there] for column in columns], axis=1)
    who = np.broadcast_to(np.arange(subjects)[:, None], score.shape)[there]
    model = MixedLM(score[there], design, groups=who)
    found, told = None, list[str]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it warns of is asked below
        for optimiser in OPTIMISERS:
            try:
                fitted = model.fit(reml=True, method=[optimiser])
            except np.linalg.LinAlgError:  # one that stepped to where there is no variance
                continue
            if found is None or fitted.llf > found.llf + GAIN:
                found = fitted
            if found.converged and found.cov_re[0, 0] > NO_VARIANCE * found.scale:
                break  # the other is asked where this one is in doubt
    if found is None:
        nan = float("nan")
        nothing = Contrast(nan, nan, 0.0)
        return Crossed((nothing,) * (arms - 1), None, nan, nan, ("no optimiser could fit it",))
    between, residual = float(found.cov_re[0, 0]), float(found.scale)
    if between < NO_VARIANCE * residual:  # then it may also say that it did not converge
        told.append("singular: no variance between subjects")
    elif not found.converged:
        told.append("not converged")
    estimates = np.asarray(found.fe_params)
    errors = np.sqrt(np.diag(np.asarray(found.cov_params()))[: len(estimates)])
    within = _within(there, design, who)
    contrasts = tuple(Contrast(float(estimates[k]), float(errors[k]), within) for k in range(1, arms))
    last = len(estimates) - len(carried)
    carry = Contrast(float(estimates[last]), float(errors[last]), float(len(np.unique(who)) - 2))
    return Crossed(contrasts, carry, between, residual, tuple(told))


def _within(there: np.ndarray, design: np.ndarray, who: np.ndarray) -> float:
    """Degrees of freedom within subjects: observations less subjects less effects that vary in a subject."""
    centred = design.astype(float).copy()
    for subject in np.unique(who):
        centred[who == subject] -= centred[who == subject].mean(axis=0)
    return float(there.sum() - len(np.unique(who)) - np.linalg.matrix_rank(centred))
