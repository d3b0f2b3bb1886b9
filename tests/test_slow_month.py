"""Laws of a month in the loop, at full size: what vehicle does not do, and what goes again."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from prelimbic.pharmacology import Dose
from prelimbic.simulation.config import Config
from prelimbic.simulation.protocol import Protocol, weeks
from prelimbic.simulation.run import Outcome, simulate

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
MONTH = weeks(0.26, ("rest", "24 h", "7 d", "28 d"))


@cache
def run(dose: float, seed: int, protocol: Protocol) -> Outcome:
    config = Config("month", "dendritic", "rat", (Dose(dose, "ip"),), 1.0, seed, protocol)
    return simulate(config, True, lambda seconds: None)


def density(outcome: Outcome) -> dict[float, float]:
    return {s.look.time: float(s.spines.density.mean()) for s in outcome.seen}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_over_a_month_vehicle_keeps_its_spines_and_its_bdnf(seed):
    outcome = run(0.0, seed, MONTH)
    spines = np.array(list(density(outcome).values()))
    assert len(spines) > 40 and outcome.seen[-1].look.time == 672.0
    assert np.abs(spines / spines[0] - 1.0).max() < 0.02
    # what the noise of short looks lets over the threshold: a percent, where whole looks let a tenth of one
    assert max(s.cascade.of("bdnf").mean() for s in outcome.seen) < 1.02


def test_most_of_what_a_strong_dose_grew_is_gone_in_a_month():
    grown: dict[float, list[float]] = {24.0: [], 168.0: [], 672.0: []}
    for seed in (1, 2, 3):
        drug, vehicle = (density(run(dose, seed, MONTH)) for dose in (100.0, 0.0))
        assert drug[0.0] == vehicle[0.0]
        for hour, values in grown.items():
            values.append(drug[hour] / vehicle[hour] - 1.0)
    assert max(np.mean(grown[24.0]), np.mean(grown[168.0])) > 0.04
    assert abs(np.mean(grown[672.0])) < 0.3 * np.mean(grown[168.0])
