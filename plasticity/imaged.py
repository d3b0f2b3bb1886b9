"""What images of a dendrite at rest would show, by exact chances: an image sees a spine at a site or none,
and takes one that is lost and comes back between two images for the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prelimbic.plasticity.chain import chances
from prelimbic.plasticity.constants import NASCENT, VACANT
from prelimbic.plasticity.spines import Rates


def turned_over(rates: Rates, contacts: float, sites: int, hours: float) -> float:
    """Share of the spines of one image that are gone at the next, `hours` later; at rest as many are new."""
    rest = np.array([sites - contacts - rates.nascent, rates.nascent, contacts])
    gone = rest[NASCENT:] @ _chances(rates, hours, 1.0)[NASCENT:, VACANT]
    return float(gone / rest[NASCENT:].sum())


def survival(rates: Rates, since: float, hours: Sequence[float]) -> np.ndarray:
    """Share of the spines that are new `since` hours after an image which are there at all images so many
    hours later, up to each, shape (image,).
    """
    there, found, last = _chances(rates, since, 1.0)[VACANT], [], 0.0
    there[VACANT] = 0.0
    new = there.sum()
    for hour in hours:
        there = there @ _chances(rates, hour - last, 1.0)
        there[VACANT], last = 0.0, hour
        found.append(there.sum() / new)
    return np.array(found)


def formed(
    rates: Rates, contacts: float, sites: int, signal: Sequence[tuple[float, float]], hours: float
) -> float:
    """Share of the spines `hours` before the end of a course that are new at its end; `signal`: hours of
    each stride of the course and the signal in it, from rest.
    """
    share = np.array([sites - contacts - rates.nascent, rates.nascent, contacts]) / sites
    left = sum(length for length, _ in signal)
    since, before = np.eye(3), share
    for length, value in signal:
        step = _chances(rates, length, max(1.0 + rates.gain * (value - 1.0), 0.0))
        if left <= hours + 1e-9:
            since = since @ step
        else:
            before = before @ step
        left -= length
    return float(before[VACANT] * (1.0 - since[VACANT, VACANT]) / before[NASCENT:].sum())


def _chances(rates: Rates, hours: float, driven: float) -> np.ndarray:
    formation = rates.formation * driven
    return chances(formation, rates.maturation, rates.nascent_loss, rates.mature_loss, hours)
