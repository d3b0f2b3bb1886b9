"""The slow world of a pyramidal cell: AMPA drive -> BDNF, TrkB, mTORC1, synaptic protein -> spines, one
agent each.
"""

import numpy as np

from prelimbic.parameters import STATES, Arms, CascadeNumbers, SpineNumbers, sheet
from prelimbic.plasticity import kept
from prelimbic.plasticity.cascade import READOUTS, Cascade, CascadeError, resting_factors
from prelimbic.plasticity.constants import FACTORS, LOST, MATURE, NASCENT, STATE, STOOD, TICK_H, VACANT
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
    cascade = Cascade.at_rest(sheet("cascade").fill("cascade", CascadeNumbers), 2)
    signal = cascade.advance(np.ones(2), np.ones(2), resting_factors(2)).signal
    Spines.at_rest(
        sheet("spines").fill("spines", SpineNumbers), 50.0, 107, 2, np.random.SeedSequence(0)
    ).advance(signal, 1.0)
    kept.note()
