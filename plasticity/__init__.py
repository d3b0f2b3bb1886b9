"""The slow world of a pyramidal cell: AMPA drive -> BDNF, TrkB, mTORC1, synaptic protein -> spines, one agent each."""

from plasticity.cascade import Cascade
from plasticity.spines import MATURE, NASCENT, VACANT, SpineError, Spines

__all__ = ["MATURE", "NASCENT", "VACANT", "Cascade", "SpineError", "Spines"]
