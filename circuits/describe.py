"""The frozen description of a circuit: printable, hashable, and free of Brian2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate

import numpy as np

from prelimbic.parameters import (
    ABSENT,
    POPULATIONS,
    SUBUNITS,
    Apical,
    CircuitNumbers,
    Population,
    Projection,
    Receptors,
    Subunit,
)
from prelimbic.parameters.errors import UsageError

SCALES = (0.5, 100.0)
PLASTIC = ("Pyr", "Pyr")


class CircuitError(UsageError):
    """A circuit that cannot be described or built."""


@dataclass(frozen=True)
class Circuit:
    """What the circuit is.

    `counts` cells a population; `projections` (source, target) -> in-degree and weight, already fitted to
    the size; the plastic Pyr->Pyr projection has `sites` potential contacts on each Pyr cell, of which
    spines fill some. Without `apical` all cells are points.  `ampa` and `background_ampa` are what is left
    of the AMPA conductance of recurrent and background contacts on each population, `hcn_block` the share of
    HCN conductance shut; a manipulation changes them.
    """

    name: str
    scale: float
    sites: int
    receptors: Receptors
    subunits: tuple[Subunit, ...]
    apical: Apical | None
    populations: tuple[Population, ...]
    counts: tuple[int, ...]
    projections: tuple[tuple[str, str, Projection], ...]
    ampa: tuple[float, ...] = (1.0,) * len(POPULATIONS)
    background_ampa: tuple[float, ...] = (1.0,) * len(POPULATIONS)
    hcn_block: float = 0.0

    @property
    def size(self) -> int:
        return sum(self.counts)

    def cells(self, population: str) -> slice:
        """Where a population stands in arrays over all cells."""
        return self._cells[POPULATIONS.index(population)]

    @cached_property
    def _cells(self) -> tuple[slice, ...]:
        ends = tuple(accumulate(self.counts))
        return tuple(slice(end - count, end) for end, count in zip(ends, self.counts, strict=True))

    def per_cell(self, values: Sequence[float] | np.ndarray) -> np.ndarray:
        """One value a population -> one value a cell, shape (cells,)."""
        return np.repeat(np.asarray(values, dtype=float), self.counts)

    def by_population(self, values: np.ndarray) -> np.ndarray:
        """Means over the cells of each population, shape (population,)."""
        # as .mean() does it, whose own steps take longer than a sum over so few
        return np.array([np.add.reduce(values[own]) / (own.stop - own.start) for own in self._cells])

    def projection(self, source: str, target: str) -> Projection:
        for s, t, projection in self.projections:
            if (s, t) == (source, target):
                return projection
        names = ", ".join(f"{s}->{t}" for s, t, _ in self.projections)
        raise CircuitError(f"circuit {self.name} has no projection {source}->{target}; it has {names}")

    def contacts(self, source: str, target: str) -> int:
        """Contacts that a projection lists: for the plastic one every site, filled or not."""
        degree = (
            self.sites if (source, target) == PLASTIC else int(self.projection(source, target).in_degree)
        )
        return degree * self.counts[POPULATIONS.index(target)]

    @property
    def apical_sites(self) -> np.ndarray:
        """Which of a cell's potential Pyr->Pyr contacts stand on its dendrite, shape (site,), bool; alike
        for all cells.
        """
        share = self.projection(*PLASTIC).apical_share if self.apical is not None else 0.0
        return evenly(self.sites, share)

    @property
    def mixtures(self) -> np.ndarray:
        """Shares of NMDA peak conductance, shape (population, subunit)."""
        return np.array([p.subunit_fractions for p in self.populations])

    @property
    def tonic(self) -> np.ndarray:
        """Conductance of receptors outside synapses in a slice (nS), shape (population, subunit)."""
        return np.array([p.tonic for p in self.populations])

    def magnesium_free(self, potential_mV: float, magnesium_mM: float | None = None) -> np.ndarray:
        """Share of open receptors that Mg (of the sheet unless given) leaves free at a potential, shape
        (subunit,).

        Jahr and Stevens 1990: 1/(1 + Mg/Mg_half exp(-slope v)).
        """
        magnesium = self.receptors.magnesium if magnesium_mM is None else magnesium_mM
        return 1.0 / _by_magnesium(self.receptors, self.subunits, potential_mV, magnesium)

    def background_availability(self) -> np.ndarray:
        """Share of receptors under a background fibre that its last release left free, shape (subunit,): the
        mean of the saturation that recurrent contacts follow in full, at a Poisson rate of
        `background_fibre_rate`.
        """
        r = self.receptors
        decay_s = np.array([s.decay for s in self.subunits]) * 1e-3
        return 1.0 / (1.0 + r.background_fibre_rate * r.nmda_saturation * decay_s)


def magnesium_slope(receptors: Receptors) -> float:
    """Steepness of the Mg block (1/mV) at the circuit's temperature: the charge that Mg carries through the
    field does not change, kT does (Woodhull 1973).
    """
    return receptors.magnesium_slope * receptors.recorded_at / receptors.temperature


def _by_magnesium(
    receptors: Receptors, subunits: Sequence[Subunit], potential_mV: float, magnesium_mM: float
) -> np.ndarray:
    """By how much Mg cuts the conductance of open receptors at a potential, shape (subunit,)."""
    half = np.array([s.magnesium_half for s in subunits])
    return np.asarray(1.0 + magnesium_mM / half * np.exp(-magnesium_slope(receptors) * potential_mV))


def at_temperature(subunit: Subunit, receptors: Receptors, kelvin: float) -> Subunit:
    """The receptor at another temperature than that of its recording: its deactivation by its Q10."""
    factor = subunit.q10 ** ((receptors.recorded_at - kelvin) / 10.0)
    return replace(subunit, decay=subunit.decay * factor, q10=1.0)


def holding(subunit: Subunit, glutamate_uM: float) -> float:
    """Share of receptors that hold glutamate at a steady concentration (Hill)."""
    bound = (glutamate_uM / subunit.glutamate_ec50) ** subunit.glutamate_hill
    return float(bound / (1.0 + bound))


def _by_peak(numbers: CircuitNumbers) -> tuple[Apical | None, tuple[Population, ...], tuple[Subunit, ...]]:
    """Receptors at the circuit's temperature; dendrite and populations with NMDA:AMPA ratios of the peaks,
    where the sheet gives charges.
    """
    r = numbers.receptors
    warm = tuple(at_temperature(numbers.subunits[k], r, r.temperature) for k in SUBUNITS)
    # charge that a peak conductance of 1 carries while the potential stays where it is
    decay = np.array([s.decay for s in warm])
    carried = decay / _by_magnesium(r, warm, r.charge_potential, r.magnesium)
    found = []
    for p in (_background_told(numbers.populations[name]) for name in POPULATIONS):
        given = {
            f"{where}nmda_to_ampa": (f"{where}nmda_charge", getattr(p, f"{where}nmda_charge"))
            for where in ("", "background_")
        }
        for ratio, (row, charge) in given.items():
            if charge != ABSENT:
                p = replace(p, **{ratio: _peak_ratio(charge, p, carried), row: ABSENT})
        found.append(p)
    apical = numbers.apical
    if apical is not None and apical.nmda_charge != ABSENT:
        ratio_there = _peak_ratio(apical.nmda_charge, found[0], carried)
        apical = replace(apical, nmda_to_ampa=ratio_there, nmda_charge=ABSENT)
    return apical, tuple(found), warm


def _peak_ratio(charge: float, p: Population, carried: np.ndarray) -> float:
    """NMDA:AMPA ratio of peaks at a ratio of charges; `carried` is what a peak of 1 carries, by subunit."""
    return charge * p.ampa_decay / float(np.dot(p.subunit_fractions, carried))


def _background_told(p: Population) -> Population:
    """The class with receptors under background fibres, which are as those under recurrent contacts unless
    the sheet says otherwise.
    """
    silent = p.background_nmda_charge == p.background_nmda_to_ampa == ABSENT
    return replace(p, background_nmda_charge=p.nmda_charge) if silent else p


def evenly(count: int, share: float) -> np.ndarray:
    """A share of so many places chosen evenly, so that any stretch of them has it, shape (count,), bool."""
    return np.diff(np.floor(np.arange(count + 1) * share + 0.5)) > 0


def describe(numbers: CircuitNumbers, scale: float, sites_per_contact: float) -> Circuit:
    """Size a circuit sheet.  A Pyr cell has `sites_per_contact` potential sites for each Pyr->Pyr contact.

    In-degrees stay as they are; one that exceeds its pool is capped and its weight raised, so that the total
    conductance on a cell is kept.  Raises CircuitError for a scale outside SCALES.
    """
    if not SCALES[0] <= scale <= SCALES[1]:
        raise CircuitError(f"scale is {scale:g} but must lie between {SCALES[0]:g} and {SCALES[1]:g}")
    counts = {name: max(2, round(p.count * scale)) for name, p in numbers.populations.items()}
    sites = round(numbers.projections[PLASTIC].in_degree * sites_per_contact)
    if sites > counts["Pyr"] - 1:
        raise CircuitError(
            f"{sites} potential Pyr->Pyr contacts a cell (in_degree times sites_per_contact) do not fit "
            "into "
            f"{counts['Pyr']} Pyr cells (count times scale)"
        )
    apical, populations, subunits = _by_peak(numbers)
    return Circuit(
        name=numbers.name,
        scale=float(scale),
        sites=sites,
        receptors=numbers.receptors,
        subunits=subunits,
        apical=apical,
        populations=populations,
        counts=tuple(counts[p] for p in POPULATIONS),
        projections=tuple(
            (s, t, _capped(projection, counts[s] - (s == t)))
            for (s, t), projection in numbers.projections.items()
        ),
    )


def _capped(projection: Projection, pool: int) -> Projection:
    degree = min(round(projection.in_degree), pool)
    weight = projection.weight * projection.in_degree / degree
    return replace(projection, in_degree=float(degree), weight=weight)


def with_background(circuit: Circuit, rates_Hz: Sequence[float] | np.ndarray) -> Circuit:
    """The circuit with other background rates, one a population; what the dendrite gets stays."""
    changed = tuple(
        replace(p, background_rate=float(r)) for p, r in zip(circuit.populations, rates_Hz, strict=True)
    )
    return replace(circuit, populations=changed)


def resting_weights(circuit: Circuit) -> np.ndarray:
    """Plastic weights (nS) of a circuit that rests at its in-degree, shape (pyr, site): always the same
    sites, chosen at random (a cell's sites are not listed in random order).
    """
    projection = circuit.projection(*PLASTIC)
    weights = np.zeros((circuit.counts[0], circuit.sites))
    weights[:, : int(projection.in_degree)] = projection.weight
    return np.random.default_rng(0).permuted(weights, axis=1)
