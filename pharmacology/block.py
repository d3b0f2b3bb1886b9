"""Block: the fraction of NMDA conductance shut, per population and receptor term.  State of the loop.

Terms are 2A/2B and 2C/2D, which differ in how strongly Mg holds them.  A Block is advanced by exposure, the open
probability that the circuit reported, and the stride; what it needs of these is its own affair.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace

import numpy as np

from parameters import COMPOUNDS, SUBUNITS, Compound
from pharmacology.exposure import Exposure


class Block(ABC):
    """Fraction of NMDA conductance shut, shape (population, term), at hour `time`."""

    time: float
    value: np.ndarray

    @abstractmethod
    def advance(self, exposure: Exposure, open_probability: np.ndarray, stride: float) -> Block:
        """The block `stride` hours later.  `open_probability` has shape (population, term)."""


@dataclass(frozen=True)
class HillBlock(Block):
    """Equilibrium block: competing blockers, one Hill curve a subunit at physiological Mg.

    `subunits` has shape (population, subunit): shares of NMDA peak conductance.
    """

    subunits: np.ndarray = field(repr=False)
    compounds: dict[str, Compound] = field(repr=False)
    time: float = 0.0
    value: np.ndarray = field(default_factory=lambda: np.zeros((0, 2)))

    @classmethod
    def at(cls, exposure: Exposure, subunits: np.ndarray, time: float) -> HillBlock:
        """Equilibrium at hour `time`."""
        value = by_term(by_subunit(exposure.brain_unbound(np.array([time]))[0], exposure.compounds), subunits)
        return cls(subunits, exposure.compounds, time, value)

    def advance(self, exposure: Exposure, open_probability: np.ndarray, stride: float) -> HillBlock:
        later = self.time + stride
        shut = by_subunit(exposure.brain_unbound(np.array([later]))[0], self.compounds)
        return replace(self, time=later, value=by_term(shut, self.subunits))


def by_subunit(unbound_uM: np.ndarray, compounds: dict[str, Compound]) -> np.ndarray:
    """Equilibrium block of each subunit, shape (..., subunit), by compounds that compete for one site.

    unbound_uM: shape (..., compound).  With occupancy x = sum (C/IC50)^hill, block = x/(1 + x).
    """
    unbound_uM = np.asarray(unbound_uM, dtype=float)
    occupancy = np.zeros((*unbound_uM.shape[:-1], len(SUBUNITS)))
    for k, name in enumerate(COMPOUNDS):
        half = np.array([getattr(compounds[name], f"ic50_{s}") for s in SUBUNITS])
        occupancy += (unbound_uM[..., k, None] / half) ** compounds[name].hill
    return occupancy / (1.0 + occupancy)


def by_term(shut: np.ndarray, subunits: np.ndarray) -> np.ndarray:
    """Mix block of subunits, shape (subunit,), into block per population and term, shape (population, term)."""
    terms = []
    for pair in (slice(0, 2), slice(2, 4)):
        share = subunits[:, pair].sum(axis=1)
        terms.append((subunits[:, pair] * shut[pair]).sum(axis=1) / np.where(share > 0, share, 1.0))
    return np.stack(terms, axis=1)


def by_population(shut: np.ndarray, subunits: np.ndarray) -> np.ndarray:
    """Block of a population's NMDA peak conductance: block of subunits (..., subunit) -> (..., population)."""
    return shut @ subunits.T
