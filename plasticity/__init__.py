"""The slow world of a pyramidal cell: AMPA drive -> BDNF, TrkB, mTORC1, synaptic protein -> spines, one agent each."""

import numpy as np

from parameters import CascadeNumbers, SpineNumbers, sheet
from plasticity.cascade import Cascade
from plasticity.spines import MATURE, NASCENT, VACANT, SpineError, Spines

__all__ = ["MATURE", "NASCENT", "VACANT", "Cascade", "SpineError", "Spines", "warm_up"]


def warm_up() -> None:
    """Compile the kernels into numba's cache on disk, so that later processes only load them."""
    cascade = Cascade.at_rest(sheet("cascade").fill("cascade", CascadeNumbers), 2)
    _, signal = cascade.advance(np.ones(2), 1.0)
    Spines.at_rest(sheet("spines").fill("spines", SpineNumbers), 50.0, 107, 2, np.random.SeedSequence(0)).advance(signal, 1.0)
