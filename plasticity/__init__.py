"""The slow world of a pyramidal cell: AMPA drive -> BDNF, TrkB, mTORC1, synaptic protein -> spines, one
agent each.
"""

import numpy as np

from prelimbic.parameters import STATES, Arms, CascadeNumbers, SpineNumbers, sheet
from prelimbic.plasticity import kept
from prelimbic.plasticity.cascade import READOUTS, Cascade, CascadeError, resting_factors
from prelimbic.plasticity.constants import (
    CHUNK,
    FACTORS,
    LOST,
    MATURE,
    NASCENT,
    STATE,
    STOOD,
    TICK_H,
    VACANT,
)
from prelimbic.plasticity.saved import restored, saved
from prelimbic.plasticity.spines import SpineError, Spines, turnover

__all__ = [
    "FACTORS",
    "LOST",
    "MATURE",
    "NASCENT",
    "READOUTS",
    "STATE",
    "STATES",
    "STOOD",
    "TICK_H",
    "VACANT",
    "Arms",
    "Cascade",
    "CascadeError",
    "SpineError",
    "Spines",
    "resting_factors",
    "restored",
    "saved",
    "turnover",
    "warm_up",
]


def warm_up() -> None:
    """Compile the kernels into numba's cache on disk, so that later processes only load them; where all are
    there, nothing is done.
    """
    if kept.are_there():
        return
    cells = CHUNK + 1  # fewer do without threads
    cascade = Cascade.at_rest(sheet("cascade").fill("cascade", CascadeNumbers), cells)
    signal = cascade.advance(np.ones(cells), np.ones(cells), resting_factors(2)).signal
    Spines.at_rest(
        sheet("spines").fill("spines", SpineNumbers), 50.0, 107, cells, np.random.SeedSequence(0)
    ).advance(signal, 1.0)
    kept.note()
