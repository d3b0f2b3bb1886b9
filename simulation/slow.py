"""The slow world of a run: cascade and spines, and all that acts on them over a stride."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from prelimbic.circuits import Activity, Circuit
from prelimbic.parameters import CascadeNumbers
from prelimbic.pharmacology import Concentrations
from prelimbic.plasticity import Cascade, Spines
from prelimbic.simulation.acting import Acting
from prelimbic.simulation.config import Config
from prelimbic.simulation.protocol import Look, minutes

RULES = {"activity": "everywhere", "homeostatic": "everywhere", "branch": "lost_sites"}
SAMPLES = 12  # of the cascade in a stride


@dataclass(frozen=True)
class Slow:
    """The slow states between two looks; `order` says where a site, listed branch by branch, stands in the
    circuit.
    """

    config: Config
    circuit: Circuit
    exposure: Concentrations
    order: np.ndarray
    cascade: Cascade
    spines: Spines
    # hours of the stride that led here and the states' means over cells
    sampled: tuple[tuple[float, np.ndarray], ...] = ()

    @classmethod
    def at_rest(
        cls, config: Config, circuit: Circuit, exposure: Concentrations, seed: np.random.SeedSequence
    ) -> Slow:
        """Before anything is done; spines that a baseline lacks were lost from vulnerable branches."""
        sheets, switches, sizes = config.sheets(), config.hypotheses, config.sizes()
        numbers = switches.cascade(sheets["cascade"].fill("cascade", CascadeNumbers), sizes)
        healthy = config.grown().projection("Pyr", "Pyr").in_degree
        apical = circuit.apical_sites
        spines = Spines.at_rest(
            config.spine_numbers(),
            circuit.projection("Pyr", "Pyr").in_degree,
            circuit.sites,
            circuit.counts[0],
            seed,
            healthy=healthy,
            split=int((~apical).sum()),
            rule=RULES[switches.spine_rule],
        )
        cascade = Cascade.at_rest(numbers, circuit.counts[0], switches.arms(sizes))
        return cls(config, circuit, exposure, np.argsort(apical, kind="stable"), cascade, spines)

    @property
    def signal(self) -> np.ndarray:
        """Mean signal for spine formation over the stride that led here, (pyr,)."""
        return self.cascade.signal

    def weights(self, circuit: Circuit) -> np.ndarray:
        """Plastic weights (nS, (pyr, site)) as the circuit lists sites."""
        by_branch = self.spines.weights(circuit.projection("Pyr", "Pyr").weight)
        weights = np.empty_like(by_branch)
        weights[:, self.order] = by_branch
        return weights

    def ampa_left(self, hour: float) -> float:
        """Share of AMPA conductance that antagonists leave at an hour."""
        return self._acting.ampa_left(hour)

    def advance(
        self, look: Look, drive: np.ndarray, activity: Activity, rest: Activity, shut: np.ndarray
    ) -> Slow:
        """The slow world after the stride of a look that saw `activity` and `drive` (pyr,) under NMDA block
        `shut`.
        """
        start, end = minutes(look.time), minutes(look.time + look.stride)
        at_rest = rest.nmda_conductance
        nmda = np.divide(activity.nmda_conductance, at_rest, out=np.ones_like(at_rest), where=at_rest > 0)
        resting = 1.0 - float(shut[0] @ self.circuit.mixtures[0])
        deficit = self.config.hypotheses.deficit(
            activity.rate[0] / max(rest.rate[0], 1e-9), float(nmda.mean())
        )
        stressed = self.config.protocol.stressed(look.time)
        contacts = self.spines.mature / self.circuit.projection("Pyr", "Pyr").in_degree
        factors, cascade, spines, sampled = (
            self._acting.factors(start, end, stressed),
            self.cascade.begun(),
            self.spines,
            [],
        )
        for part in np.array_split(np.arange(start, end), max(min(SAMPLES, end - start), 1)):
            cascade = cascade.advance(drive, nmda, factors[part - start], resting, deficit, contacts)
            sampled.append((start / 60.0 + cascade.ticks / 60.0, cascade.means()))
        stress = [minutes(hour) for hour in self.config.protocol.stress or ()]
        if start in stress[::2]:
            spines = spines.stress_begins()
        spines = spines.advance(cascade.signal, (end - start) / 60.0, float(stressed), self._quick(cascade))
        if end in stress[1::2] and end > start:
            spines = spines.stress_ends()
        return replace(self, cascade=cascade, spines=spines, sampled=tuple(sampled))

    def _quick(self, later: Cascade) -> np.ndarray | None:
        """Formation (1/h, (pyr,)) that protein adds at once on sites that stress emptied, over the stride
        that ends at `later`; none without such an arm.
        """
        if not self.cascade.arms.lost_rate:
            return None
        protein = 0.5 * (self.cascade.of("protein") + later.of("protein"))
        return self.cascade.arms.lost_rate * np.maximum(protein - 1.0, 0.0)

    @property
    def _acting(self) -> Acting:
        return Acting(self.config, self.exposure)
