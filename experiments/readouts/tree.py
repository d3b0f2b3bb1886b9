"""A small tree of splits: which few of many numbers part those that show something from those that do
not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

DEPTH, LEAST = 2, 10  # splits one after another; fewest on a side
FOLDS = 10


@dataclass(frozen=True)
class Leaf:
    """Those inside all of some bounds: (column, bound, whether above it).

    `inside` (n,) says of each of n whether it is; `share` how many of these show it.
    """

    bounds: tuple[tuple[int, float, bool], ...]
    inside: np.ndarray
    share: float

    def holds(self, values: np.ndarray) -> np.ndarray:
        """Of other values (m, columns), which are inside, (m,)."""
        kept = np.ones(len(values), dtype=bool)
        for column, bound, above in self.bounds:
            kept &= (values[:, column] >= bound) == above
        return kept

    def words(self, names: Sequence[str]) -> str:
        """`PV.leak below 12, PV.rest from -75`."""
        told = [f"{names[c]} {'from' if above else 'below'} {b:.3g}" for c, b, above in self.bounds]
        return ", ".join(told) or "all"


def grown(values: np.ndarray, flags: np.ndarray, depth: int = DEPTH, least: int = LEAST) -> list[Leaf]:
    """Leaves of the tree whose every split parts flags (n,) best by one column of values (n, columns)."""
    return _grown(values, np.asarray(flags, dtype=float), (), np.ones(len(flags), dtype=bool), depth, least)


def _grown(
    values: np.ndarray,
    flags: np.ndarray,
    bounds: tuple[tuple[int, float, bool], ...],
    inside: np.ndarray,
    depth: int,
    least: int,
) -> list[Leaf]:
    split = _best(values[inside], flags[inside], least) if depth else None
    if split is None:
        return [Leaf(bounds, inside, float(flags[inside].mean()))]
    column, bound = split
    found = []
    for above in (True, False):
        part = inside & ((values[:, column] >= bound) == above)
        found += _grown(values, flags, (*bounds, (column, bound, above)), part, depth - 1, least)
    return found


def _best(values: np.ndarray, flags: np.ndarray, least: int) -> tuple[int, float] | None:
    """The column and bound with the largest variance between both sides; None where no bound has `least` on
    each.
    """
    n = len(flags)
    if n < 2 * least or flags.min() == flags.max():
        return None
    order = np.argsort(values, axis=0, kind="stable")
    ranked, below = np.take_along_axis(values, order, axis=0), np.arange(1, n)[:, None]
    left = np.cumsum(flags[order], axis=0)[:-1]
    gain = (left / below - (flags.sum() - left) / (n - below)) ** 2 * below * (n - below)
    gain[(ranked[1:] == ranked[:-1]) | (below < least) | (n - below < least)] = -1.0
    row, column = np.unravel_index(int(np.argmax(gain)), gain.shape)
    if gain[row, column] <= 0:
        return None
    return int(column), float((ranked[row, column] + ranked[row + 1, column]) / 2.0)


def explained(values: np.ndarray, flags: np.ndarray, depth: int = DEPTH, least: int = LEAST) -> float:
    """Share of the variance of flags (n,) that such trees explain in those that they were not grown on
    (FOLDS parts, each left out in turn); below 0 where they tell less than the mean does, NaN where all
    flags are alike.
    """
    flags = np.asarray(flags, dtype=float)
    if flags.min() == flags.max():
        return float("nan")
    part, told, mean = np.arange(len(flags)) % FOLDS, np.zeros(len(flags)), np.zeros(len(flags))
    for k in range(FOLDS):
        out = part == k
        mean[out] = flags[~out].mean()
        for leaf in grown(values[~out], flags[~out], depth, least):
            told[np.flatnonzero(out)[leaf.holds(values[out])]] = leaf.share
    return float(1.0 - ((flags - told) ** 2).sum() / ((flags - mean) ** 2).sum())
