"""The frozen description of a circuit: printable, hashable, and free of Brian2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from parameters import POPULATIONS, CircuitNumbers, Population, Projection, Receptors

SCALES = (0.5, 20.0)
PLASTIC = ("Pyr", "Pyr")


class CircuitError(ValueError):
    """A circuit that cannot be described or built."""


@dataclass(frozen=True)
class Circuit:
    """What the circuit is.

    `counts` cells a population; `projections` (source, target) -> in-degree and weight, already fitted to the size;
    the plastic Pyr->Pyr projection has `sites` potential contacts on each Pyr cell, of which spines fill some.
    """

    name: str
    scale: float
    sites: int
    receptors: Receptors
    populations: tuple[Population, ...]
    counts: tuple[int, ...]
    projections: tuple[tuple[str, str, Projection], ...]

    @property
    def size(self) -> int:
        return sum(self.counts)

    def cells(self, population: str) -> slice:
        """Where a population stands in arrays over all cells."""
        k = POPULATIONS.index(population)
        return slice(sum(self.counts[:k]), sum(self.counts[: k + 1]))

    def per_cell(self, values: Sequence[float] | np.ndarray) -> np.ndarray:
        """One value a population -> one value a cell, shape (cells,)."""
        return np.repeat(np.asarray(values, dtype=float), self.counts)

    def projection(self, source: str, target: str) -> Projection:
        for s, t, projection in self.projections:
            if (s, t) == (source, target):
                return projection
        names = ", ".join(f"{s}->{t}" for s, t, _ in self.projections)
        raise CircuitError(f"circuit {self.name} has no projection {source}->{target}; it has {names}")

    def contacts(self, source: str, target: str) -> int:
        """Contacts that a projection lists: for the plastic one every site, filled or not."""
        degree = self.sites if (source, target) == PLASTIC else int(self.projection(source, target).in_degree)
        return degree * self.counts[POPULATIONS.index(target)]

    @property
    def subunits(self) -> np.ndarray:
        """Shares of NMDA peak conductance, shape (population, subunit)."""
        return np.array([p.subunit_fractions for p in self.populations])

    @property
    def term_shares(self) -> np.ndarray:
        """Shares of the two receptor terms, 2A/2B and 2C/2D, shape (population, term)."""
        return np.stack([self.subunits[:, :2].sum(axis=1), self.subunits[:, 2:].sum(axis=1)], axis=1)


def describe(numbers: CircuitNumbers, scale: float, sites: int) -> Circuit:
    """Size a circuit sheet.  In-degrees stay as they are; one that exceeds its pool is capped and its weight raised,
    so that the total conductance on a cell is kept.  Raises CircuitError for a scale outside 0.5-20."""
    if not SCALES[0] <= scale <= SCALES[1]:
        raise CircuitError(f"scale is {scale:g} but must lie between {SCALES[0]:g} and {SCALES[1]:g}")
    counts = {name: max(2, round(p.count * scale)) for name, p in numbers.populations.items()}
    if sites > counts["Pyr"] - 1:
        raise CircuitError(f"{sites} potential Pyr->Pyr contacts a cell do not fit into {counts['Pyr']} Pyr cells")
    return Circuit(
        name=numbers.name,
        scale=float(scale),
        sites=int(sites),
        receptors=numbers.receptors,
        populations=tuple(numbers.populations[p] for p in POPULATIONS),
        counts=tuple(counts[p] for p in POPULATIONS),
        projections=tuple(
            (s, t, _capped(projection, counts[s] - (s == t))) for (s, t), projection in numbers.projections.items()
        ),
    )


def _capped(projection: Projection, pool: int) -> Projection:
    degree = min(round(projection.in_degree), pool)
    weight = projection.weight * projection.in_degree / degree
    return Projection(float(degree), weight, projection.delay_min, projection.delay_max)
