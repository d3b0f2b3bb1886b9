"""A small tree of splits: which few of many numbers part those with a high readout from those with a low
one.
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

    `inside` (n,) says of each of n whether it is; `mean` is that of the readout of these.
    """

    bounds: tuple[tuple[int, float, bool], ...]
    inside: np.ndarray
    mean: float

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


def grown(values: np.ndarray, readout: np.ndarray, depth: int = DEPTH, least: int = LEAST) -> list[Leaf]:
    """Leaves of the tree whose every split parts a readout (n,) best by a column of values (n, columns)."""
    return _grown(
        values, np.asarray(readout, dtype=float), (), np.ones(len(readout), dtype=bool), depth, least
    )


def _grown(
    values: np.ndarray,
    readout: np.ndarray,
    bounds: tuple[tuple[int, float, bool], ...],
    inside: np.ndarray,
    depth: int,
    least: int,
) -> list[Leaf]:
    split = _best(values[inside], readout[inside], least) if depth else None
    if split is None:
        return [Leaf(bounds, inside, float(readout[inside].mean()))]
    column, bound = split
    found = []
    for above in (True, False):
        part = inside & ((values[:, column] >= bound) == above)
        found += _grown(values, readout, (*bounds, (column, bound, above)), part, depth - 1, least)
    return found


def _best(values: np.ndarray, readout: np.ndarray, least: int) -> tuple[int, float] | None:
    """The column and bound with the largest variance between both sides; None where no bound has `least` on
    each.
    """
    n = len(readout)
    if n < 2 * least or readout.min() == readout.max():
        return None
    order = np.argsort(values, axis=0, kind="stable")
    ranked, below = np.take_along_axis(values, order, axis=0), np.arange(1, n)[:, None]
    left = np.cumsum(readout[order], axis=0)[:-1]
    gain = (left / below - (readout.sum() - left) / (n - below)) ** 2 * below * (n - below)
    gain[(ranked[1:] == ranked[:-1]) | (below < least) | (n - below < least)] = -1.0
    row, column = np.unravel_index(int(np.argmax(gain)), gain.shape)
    if gain[row, column] <= 0:
        return None
    return int(column), float((ranked[row, column] + ranked[row + 1, column]) / 2.0)


def explained(values: np.ndarray, readout: np.ndarray, depth: int = DEPTH, least: int = LEAST) -> float:
    """Share of the variance of a readout (n,) that such trees explain in those that they were not grown on
    (FOLDS parts, each left out in turn); below 0 where they tell less than the mean does, NaN where all
    values of it are alike.
    """
    readout = np.asarray(readout, dtype=float)
    if readout.min() == readout.max():
        return float("nan")
    part, told, mean = np.arange(len(readout)) % FOLDS, np.zeros(len(readout)), np.zeros(len(readout))
    for k in range(FOLDS):
        out = part == k
        mean[out] = readout[~out].mean()
        for leaf in grown(values[~out], readout[~out], depth, least):
            told[np.flatnonzero(out)[leaf.holds(values[out])]] = leaf.mean
    return float(1.0 - ((readout - told) ** 2).sum() / ((readout - mean) ** 2).sum())
