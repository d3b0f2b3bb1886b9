"""The slow loop without spikes: what growth does to itself, in one cell whose spines are counted by their
exact chances.

More contacts drive cells harder: drive is in proportion to contacts to the power of an elasticity, which the
spiking circuit is asked for.  What that feeds back through threshold, cascade and spines is the loop's gain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prelimbic.parameters import CascadeNumbers, SpineNumbers
from prelimbic.plasticity.cascade import Cascade, resting_factors
from prelimbic.plasticity.chain import chances
from prelimbic.plasticity.spines import rates

STRIDE_MIN = 120


@dataclass(frozen=True)
class Course:
    """Hours and mature contacts of a cell, each (time,)."""

    hours: np.ndarray
    contacts: np.ndarray


def course(
    cascade_numbers: CascadeNumbers,
    spine_numbers: SpineNumbers,
    contacts: float,
    sites: int,
    drive: np.ndarray,
    elasticity: float,
    start: float = 1.0,
) -> Course:
    """Contacts of a cell that rests at `contacts`, begins with `start` times as many, and is driven by
    `drive`, one value for every two hours, times (contacts over those at rest) ** elasticity.  Raises
    SpineError for what does not fit.
    """
    r = rates(spine_numbers, contacts, sites)
    cascade, nothing = Cascade.at_rest(cascade_numbers, 1), resting_factors(STRIDE_MIN)
    share = np.array([sites - contacts * start - r.nascent, r.nascent, contacts * start]) / sites
    found = []
    for pushed in drive:
        felt = np.array([pushed * (share[2] * sites / contacts) ** elasticity])
        cascade = cascade.begun().advance(felt, np.ones(1), nothing)
        formation = r.formation * max(1.0 + r.gain * (float(cascade.signal[0]) - 1.0), 0.0)
        share = share @ chances(formation, r.maturation, r.nascent_loss, r.mature_loss, STRIDE_MIN / 60.0)
        found.append(share[2] * sites)
    return Course((np.arange(len(drive)) + 1) * STRIDE_MIN / 60.0, np.array(found))


def loop_gain(
    cascade_numbers: CascadeNumbers,
    spine_numbers: SpineNumbers,
    contacts: float,
    sites: int,
    drive: np.ndarray,
    elasticity: float,
) -> float:
    """Share of the growth after `drive` that growth itself has made: 1 - open/closed at the highest; 1 would
    sustain itself.
    """
    grown = [
        course(cascade_numbers, spine_numbers, contacts, sites, drive, e).contacts.max() - contacts
        for e in (0.0, elasticity)
    ]
    return float(1.0 - grown[0] / grown[1])
