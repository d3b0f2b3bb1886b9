"""Dose or bath -> concentrations -> block of NMDA receptors."""

from pharmacology.bath import Bath, Together
from pharmacology.block import Block, Concentrations, HillBlock
from pharmacology.dose import ROUTES, Dose, DoseError, beyond_use
from pharmacology.exposure import Exposure
from pharmacology.gating import Gating
from pharmacology.site import SITES, confine, relabelled
from pharmacology.trapping import TrappingBlock

__all__ = [
    "ROUTES", "SITES", "Bath", "Block", "Concentrations", "Dose", "DoseError", "Exposure", "Gating", "HillBlock",
    "Together", "TrappingBlock", "beyond_use", "confine", "relabelled",
]  # fmt: skip
