"""The mixed model for repeated measures of a parallel trial: change from baseline at every visit, by arm and
baseline, with an unstructured covariance of visits, by restricted maximum likelihood.

statsmodels has no unstructured covariance of residuals, so the model is fitted here, by expectation and
maximisation.  With nothing missing it is least squares at every visit, and the degrees of freedom are exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MOST_STEPS, SMALL = 500, 1e-6
SINGULAR = 1e-8  # least over largest eigenvalue of a covariance


@dataclass(frozen=True)
class Contrast:
    """A difference with its standard error, degrees of freedom, 95 % interval and two-sided p."""

    estimate: float
    error: float
    df: float

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval."""
        from scipy.special import stdtrit  # for start-up time

        half = float(stdtrit(self.df, 0.975)) * self.error if self.df > 0 else np.inf
        return self.estimate - half, self.estimate + half

    @property
    def p(self) -> float:
        """Two-sided p against no difference."""
        from scipy.special import stdtr

        if self.df <= 0 or not self.error > 0:
            return float("nan")
        return float(2.0 * stdtr(self.df, -abs(self.estimate / self.error)))


@dataclass(frozen=True)
class Repeated:
    """A fitted model: coefficients (visit, 1 + arms - 1 + baseline), their covariance with visits outermost,
    the covariance of visits, subjects seen at each visit, arms of which nobody is seen, and what went wrong,
    if anything.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    visits: np.ndarray
    seen: np.ndarray
    steps: int
    unseen: frozenset[int]
    warnings: tuple[str, ...]

    def contrast(self, arm: int, visit: int) -> Contrast:
        """Arm (from 1) less control at a visit, NaN where nobody of either is seen; degrees of freedom are
        subjects seen then less columns.
        """
        columns = self.coefficients.shape[1]
        at = visit * columns + arm
        error = float(np.sqrt(self.covariance[at, at]))
        if not error > 0 or self.unseen & {0, arm}:
            return Contrast(float("nan"), float("nan"), 0.0)
        return Contrast(float(self.coefficients[visit, arm]), error, float(self.seen[visit] - columns))


def fit_repeated(change: np.ndarray, arm: np.ndarray, baseline: np.ndarray) -> Repeated:
    """Fit changes (subject, visit), NaN where missing, on arm (subject,), 0 the control, and baseline
    (subject,).  Subjects without any visit have no part; where a visit has no subject nothing can be fitted.
    """
    seen, most = np.isfinite(change), int(arm.max(initial=0))
    there = seen.any(axis=1)
    change, seen, arm, baseline = change[there], seen[there], arm[there].astype(int), baseline[there]
    unseen = frozenset({*range(most + 1)} - {*arm.tolist()})
    if not seen.any(axis=0).all():
        return _nothing(seen, most + 2, unseen, "could not be made: at a visit nobody is seen")
    dummies = (arm[:, None] == np.arange(1, most + 1)).astype(float)
    design = np.column_stack([np.ones(len(arm)), dummies, baseline - baseline.mean()])
    groups = [
        (pattern, np.flatnonzero((seen == pattern).all(axis=1))) for pattern in np.unique(seen, axis=0)
    ]
    visits, steps = np.diag(np.nanvar(change, axis=0) + SMALL), 0
    gap = np.inf
    try:
        while steps < MOST_STEPS and gap > SMALL:
            steps += 1
            coefficients, covariance = _effects(change, design, groups, visits)
            moved = _maximised(change, design, groups, visits, coefficients, covariance)
            gap = np.abs(moved - visits).max() / np.abs(visits).max()
            visits = moved
        coefficients, covariance = _effects(change, design, groups, visits)
        eigen = np.linalg.eigvalsh(visits)
    except np.linalg.LinAlgError:
        return _nothing(seen, most + 2, unseen, "could not be made: its covariance has no inverse")
    told = [] if gap <= SMALL else [f"not converged after {MOST_STEPS} steps"]
    told += ["nobody of an arm is seen"] if unseen else []
    told += ["singular: visits are not told apart"] if eigen[0] < SINGULAR * eigen[-1] else []
    return Repeated(coefficients, covariance, visits, seen.sum(axis=0), steps, unseen, tuple(told))


def _nothing(seen: np.ndarray, columns: int, unseen: frozenset[int], why: str) -> Repeated:
    """A model that could not be fitted."""
    count = seen.shape[1]
    coefficients, covariance = np.full((count, columns), np.nan), np.full((count * columns,) * 2, np.nan)
    visits = np.full((count, count), np.nan)
    return Repeated(coefficients, covariance, visits, seen.sum(axis=0), 0, unseen, (why,))


Groups = list[tuple[np.ndarray, np.ndarray]]


def _effects(
    change: np.ndarray, design: np.ndarray, groups: Groups, visits: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Generalised least squares: coefficients (visit, column), and their covariance."""
    count, columns = len(visits), design.shape[1]
    information, score = np.zeros((count * columns,) * 2), np.zeros((count, columns))
    for pattern, who in groups:
        weight = np.zeros((count, count))
        weight[np.ix_(pattern, pattern)] = np.linalg.inv(visits[np.ix_(pattern, pattern)])
        x = design[who]
        information += np.kron(weight, x.T @ x)
        score += weight @ np.where(pattern, change[who], 0.0).T @ x
    covariance = np.linalg.pinv(information, hermitian=True)
    return (covariance @ score.ravel()).reshape(count, columns), covariance


def _maximised(
    change: np.ndarray,
    design: np.ndarray,
    groups: Groups,
    visits: np.ndarray,
    coefficients: np.ndarray,
    covariance: np.ndarray,
) -> np.ndarray:
    """The covariance of visits that what is expected of residuals has: of those seen, of those missing given
    them, and of the coefficients' own error.
    """
    count, columns = len(visits), design.shape[1]
    total, blocks = np.zeros((count, count)), covariance.reshape(count, columns, count, columns)
    for pattern, who in groups:
        gain = np.zeros((count, int(pattern.sum())))
        gain[pattern] = np.eye(gain.shape[1])
        own = visits[np.ix_(pattern, pattern)]
        gain[~pattern] = np.linalg.solve(own, visits[np.ix_(pattern, ~pattern)]).T
        x = design[who]
        residual = (change[who] - x @ coefficients.T)[:, pattern] @ gain.T
        spread = np.einsum("ni,aibj,nj->ab", x, blocks, x)[np.ix_(pattern, pattern)]
        total += residual.T @ residual + gain @ spread @ gain.T
        rest = visits - gain @ visits[pattern]
        total += len(who) * np.where(np.outer(~pattern, ~pattern), rest, 0.0)
    return total / sum(len(who) for _, who in groups)
