"""What acts on the slow world from outside over a stride: inhibitors, drugs at TrkB, stress."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prelimbic.pharmacology import Concentrations
from prelimbic.plasticity import FACTORS, resting_factors
from prelimbic.simulation.config import Config
from prelimbic.simulation.inhibition import left
from prelimbic.simulation.looks import ends, starts

# hours of a stride at which a concentration is computed, further to where it jumps; between them it is a
# line
KNOTS = 33


@dataclass(frozen=True)
class Acting:
    """All that a configuration has act on the slow world; `exposure` holds its drugs."""

    config: Config
    exposure: Concentrations

    def ampa_left(self, hour: float) -> float:
        """Share of AMPA conductance that antagonists leave at an hour."""
        return float(self._left(np.array([hour])).get("ampa", np.ones(1))[0])

    def factors(self, start: int, end: int, stressed: bool) -> np.ndarray:
        """What acts on the cascade in each minute, shape (minute, factor)."""
        hours = (np.arange(start, end) + 0.5) / 60.0
        factors = resting_factors(len(hours))
        for target, share in self._left(hours).items():
            if target in FACTORS:
                factors[:, FACTORS.index(target)] = share
        if self.config.hypotheses.trkb == "on" and len(hours):
            knots = self._knots(hours)
            ketamine = np.interp(hours, knots, self.exposure.of("ketamine", knots))
            factors[:, FACTORS.index("sensitisation")] = self.config.hypotheses.sensitisation(
                ketamine, self.config.sizes()
            )
        if stressed:
            factors[:, FACTORS.index("making")] = 1.0 - self.config.spine_numbers().stress_protein
        return factors

    def _left(self, hours: np.ndarray) -> dict[str, np.ndarray]:
        systemic = self.config.hypotheses.mtor == "systemic"
        return left(self.config.protocol.inhibitions, self.config.sheets()["inhibitors"], hours, systemic)

    def _knots(self, hours: np.ndarray) -> np.ndarray:
        """Evenly over a stride of these hours, and on both sides of what comes or goes within it."""
        even, config = np.linspace(hours[0], hours[-1], KNOTS), self.config
        jumps = [
            event.hour
            for event in (*starts(config.doses, (), config.bath), *ends(config.doses, config.bath))
        ]
        after = np.searchsorted(hours, [hour for hour in jumps if hours[0] < hour < hours[-1]])
        return np.unique([*even, *hours[after - 1], *hours[after]]) if len(after) else even
