"""Block: the share of NMDA receptors shut, per population and GluN2 subunit.  State of the loop.

A Block is advanced by the concentrations of drugs, the gating that the circuit reported, and the stride;
what it needs of these is its own affair.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from prelimbic.parameters import ENANTIOMERS, POPULATIONS, SUBUNITS, Compound
from prelimbic.pharmacology.gating import Gating

UNIFORM = np.ones((len(POPULATIONS), len(SUBUNITS)))


class Concentrations(Protocol):
    """Unbound drugs around the receptors over time: an Exposure, a Bath, or several of them Together."""

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The drugs, in the order of the last axis of `brain_unbound`."""

    @abstractmethod
    def brain_unbound(self, hours: np.ndarray) -> np.ndarray:
        """Unbound concentration, uM, shape (time, drug)."""

    def of(self, drug: str, hours: np.ndarray) -> np.ndarray:
        """Unbound concentration of one drug by name, uM, shape (time,), with that of its enantiomers; 0 of
        one that is not among them.
        """
        return summed(self.names, self.brain_unbound(hours), (drug,))[:, 0]

    def at(self, hour: float) -> dict[str, float]:
        """Unbound concentration of every drug at one hour, uM, by name: of a racemate too, with that of its
        enantiomers.
        """
        found, every = self.brain_unbound(np.array([hour])), (*self.names, *racemates(self.names))
        # numpy's numbers: what is multiplied by one in 32 bits is then computed in 64
        return dict(zip(every, summed(self.names, found, every)[0], strict=True))


def racemates(names: Sequence[str]) -> tuple[str, ...]:
    """Compounds of which enantiomers are among some names, and they themselves are not."""
    made = dict.fromkeys(ENANTIOMERS[name][0] for name in names if name in ENANTIOMERS)
    return tuple(name for name in made if name not in names)


def summed(names: Sequence[str], found: np.ndarray, drugs: Sequence[str]) -> np.ndarray:
    """Of what is found for some names, last axis, that for each drug: with its enantiomers, where it has
    any.
    """
    of = np.array(
        [
            [float(name == drug or ENANTIOMERS.get(name, ("", ""))[0] == drug) for drug in drugs]
            for name in names
        ]
    )
    return found @ of.reshape(len(names), len(drugs))


class Block(Protocol):
    """Share of NMDA receptors shut at hour `time`; `value` has shape (population, subunit)."""

    @property
    def time(self) -> float: ...

    @property
    def value(self) -> np.ndarray: ...

    def advance(self, exposure: Concentrations, gating: Gating, stride: float) -> Block:
        """The block `stride` hours later, the gating being the same all along."""
        ...

    def entering(self, exposure: Concentrations, stride: float) -> tuple[np.ndarray, Block]:
        """What makes the block of `stride` hours later but gating, and that block as far as it is known
        without.
        """
        ...


@dataclass(frozen=True)
class HillBlock:
    """Equilibrium block: drugs that compete, one Hill curve a subunit at physiological Mg, whatever the gate
    does.

    `affinity`, shape (population, subunit), multiplies every concentration: 2 halves the IC50 there.
    """

    compounds: dict[str, Compound] = field(repr=False)
    affinity: np.ndarray = field(repr=False)
    time: float
    value: np.ndarray

    @classmethod
    def at(
        cls,
        exposure: Concentrations,
        compounds: dict[str, Compound],
        time: float,
        affinity: np.ndarray = UNIFORM,
    ) -> HillBlock:
        """Equilibrium at hour `time`."""
        return cls(compounds, affinity, time, _equilibrium(exposure, compounds, time, affinity))

    def advance(self, exposure: Concentrations, gating: Gating, stride: float) -> HillBlock:
        return self.entering(exposure, stride)[1]

    def entering(self, exposure: Concentrations, stride: float) -> tuple[np.ndarray, HillBlock]:
        later = self.time + stride
        value = _equilibrium(exposure, self.compounds, later, self.affinity)
        return value, replace(self, time=later, value=value)


def _equilibrium(
    exposure: Concentrations, compounds: dict[str, Compound], time: float, affinity: np.ndarray
) -> np.ndarray:
    drugs = [compounds[name] for name in exposure.names]
    return by_subunit(exposure.brain_unbound(np.array([time]))[0], drugs, affinity)


def half_maximal(drug: Compound) -> np.ndarray:
    """IC50 of each subunit at 1 mM Mg and the reference potential, uM, shape (subunit,)."""
    return np.array([getattr(drug, f"ic50_{subunit}") for subunit in SUBUNITS])


def by_subunit(
    unbound_uM: np.ndarray, drugs: Sequence[Compound], affinity: np.ndarray | float = 1.0
) -> np.ndarray:
    """Equilibrium block of each subunit, shape (..., subunit), by drugs that compete for one site.

    unbound_uM: shape (..., drug).  `affinity` multiplies it and is broadcast against (..., subunit).  Each
    drug brings C/IC50 of equivalents; together u of them shut x/(1 + x), where x is the mean of u^hill over
    what brought them.  So one drug has its Hill curve, and a drug in two parts is the drug.
    """
    unbound_uM = np.asarray(unbound_uM, dtype=float)
    shape = np.broadcast_shapes((*unbound_uM.shape[:-1], len(SUBUNITS)), np.shape(affinity))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        brought = [affinity * unbound_uM[..., k, None] / half_maximal(drug) for k, drug in enumerate(drugs)]
        total = np.zeros(shape) + sum(brought)
        if all(drug.hill == 1.0 for drug in drugs):
            occupancy = total
        else:
            each = (
                np.where(b > 0.0, b * total ** (drug.hill - 1.0), 0.0)
                for b, drug in zip(brought, drugs, strict=True)
            )
            occupancy = np.zeros(shape) + sum(each)
        # too many for a number shut everything
        return np.where(np.isinf(occupancy), 1.0, occupancy / (1.0 + occupancy))


def by_population(shut: np.ndarray, subunits: np.ndarray) -> np.ndarray:
    """Block of a population's NMDA peak conductance: block of subunits (..., subunit) -> (..., population).

    `subunits` has shape (population, subunit): shares of NMDA peak conductance.
    """
    return shut @ subunits.T
