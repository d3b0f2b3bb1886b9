"""Differences of arms against those of other randomisations: for trials too small for a t distribution."""

from __future__ import annotations

import numpy as np

SHUFFLES = 2000


def permuted_arms(change: np.ndarray, arm: np.ndarray, baseline: np.ndarray, seed: int) -> float:
    """Two-sided p of a parallel comparison: change (subject,) of those seen, less what baseline explains
    within arms, between arm 1 and arm 0 (subject,), over shuffled arms.
    """
    there = np.isfinite(change)
    change, arm, baseline = change[there], arm[there].astype(bool), baseline[there]
    if arm.all() or not arm.any():
        return float("nan")
    centred = baseline - np.where(arm, baseline[arm].mean(), baseline[~arm].mean())
    slope = centred @ change / (centred @ centred) if centred.any() else 0.0
    rest = change - slope * (baseline - baseline.mean())
    return _share(rest, arm.astype(float), seed)


def permuted_order(score: np.ndarray, given: np.ndarray, seed: int) -> float:
    """Two-sided p of a crossover of two arms: the difference of periods (subject,), from scores (subject, 2)
    between orders of arms, over shuffled orders.
    """
    there = np.isfinite(score).all(axis=1)
    order = given[there, 0].astype(float)
    if not len(order) or order.min() == order.max():
        return float("nan")
    return _share(score[there, 0] - score[there, 1], order, seed)


def _share(values: np.ndarray, group: np.ndarray, seed: int) -> float:
    """Share of shuffles with a difference of means at least as large, that which was seen among them."""
    rng = np.random.default_rng(seed)
    shuffled = np.array([rng.permutation(group) for _ in range(SHUFFLES)])
    total, ones = values.sum(), group.sum()
    inside = np.concatenate([[group @ values], shuffled @ values])
    differences = np.abs(inside / ones - (total - inside) / (len(group) - ones))
    return float((differences >= differences[0] - 1e-12).mean())
