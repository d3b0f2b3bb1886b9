"""Dose -> exposure -> block of NMDA receptors."""

from pharmacology.block import Block, HillBlock
from pharmacology.dose import ROUTES, Dose, DoseError
from pharmacology.exposure import Exposure

__all__ = ["ROUTES", "Block", "Dose", "DoseError", "Exposure", "HillBlock"]
