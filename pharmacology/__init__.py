"""Dose or bath -> concentrations -> block of NMDA receptors."""

from prelimbic.pharmacology.bath import Bath, Together
from prelimbic.pharmacology.block import Block, Concentrations, HillBlock
from prelimbic.pharmacology.body import AS_IT_IS, GENOTYPES, OLDEST, SEXES, TRAITS, WEIGHTS, Body
from prelimbic.pharmacology.dose import ALSO_CALLED, ROUTES, Dose, DoseError, beyond_use
from prelimbic.pharmacology.exposure import Exposure
from prelimbic.pharmacology.gating import Gating
from prelimbic.pharmacology.site import SITES, confine, relabelled
from prelimbic.pharmacology.trapping import TrappingBlock

__all__ = [
    "ALSO_CALLED",
    "AS_IT_IS",
    "GENOTYPES",
    "OLDEST",
    "ROUTES",
    "SEXES",
    "SITES",
    "TRAITS",
    "WEIGHTS",
    "Bath",
    "Block",
    "Body",
    "Concentrations",
    "Dose",
    "DoseError",
    "Exposure",
    "Gating",
    "HillBlock",
    "Together",
    "TrappingBlock",
    "beyond_use",
    "confine",
    "relabelled",
]
