"""Whether two sets of values over seeds differ: in pairs where seeds are shared, and counted together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEVEL = 0.05


@dataclass(frozen=True)
class Difference:
    """Mean difference with its 95 % interval and P, of `n` pairs, or of two means where `paired` is not;
    interval and P are NaN where there is no spread to hold the difference against.
    """

    mean: float
    low: float
    high: float
    p: float
    n: int
    paired: bool

    @property
    def told(self) -> bool:
        """Whether there is a spread to hold it against."""
        return bool(np.isfinite(self.p))


def difference(a: dict[int, float], b: dict[int, float]) -> Difference:
    """What b has more than a, both by seed: by the t-test of pairs where two seeds or more are shared, else
    by that of Welch.  Values that are not finite are left out first.
    """
    a, b = ({seed: v for seed, v in each.items() if np.isfinite(v)} for each in (a, b))
    shared = sorted({*a} & {*b})
    if len(shared) > 1:
        return _paired(np.array([b[s] - a[s] for s in shared]))
    return _welch(np.array([*a.values()]), np.array([*b.values()]))


def holm(p: Sequence[float]) -> np.ndarray:
    """P, shape (n,), for so many looked at together (Holm 1979); NaN, which is no test, counts as none and
    stays.
    """
    values = np.asarray(p, dtype=float)
    found, there = np.full(len(values), np.nan), np.flatnonzero(np.isfinite(values))
    order = there[np.argsort(values[there], kind="stable")]
    steps = values[order] * np.arange(len(order), 0, -1)
    found[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(order) else []
    return found


def _paired(changes: np.ndarray) -> Difference:
    n, mean = len(changes), float(changes.mean())
    error = float(changes.std(ddof=1)) / np.sqrt(n)
    return _of(mean, error, n - 1.0, n, True)


def _welch(a: np.ndarray, b: np.ndarray) -> Difference:
    if not len(a) or not len(b):
        return Difference(np.nan, np.nan, np.nan, np.nan, 0, False)
    mean, n = float(b.mean() - a.mean()), min(len(a), len(b))
    if n < 2:
        return Difference(mean, np.nan, np.nan, np.nan, n, False)
    parts = [float(each.var(ddof=1)) / len(each) for each in (a, b)]
    squares = sum(part**2 / (len(each) - 1) for part, each in zip(parts, (a, b), strict=True))
    freedom = sum(parts) ** 2 / squares if squares else len(a) + len(b) - 2.0
    return _of(mean, float(np.sqrt(sum(parts))), freedom, n, False)


def _of(mean: float, error: float, freedom: float, n: int, paired: bool) -> Difference:
    from scipy.special import stdtr, stdtrit  # for start-up time

    if error == 0.0:  # the same in every seed
        return Difference(mean, mean, mean, 0.0 if mean else 1.0, n, paired)
    half = float(stdtrit(freedom, 1.0 - LEVEL / 2.0)) * error
    p = 2.0 * float(stdtr(freedom, -abs(mean) / error))
    return Difference(mean, mean - half, mean + half, p, n, paired)
