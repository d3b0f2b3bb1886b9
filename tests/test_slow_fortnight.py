"""A fortnight in the loop, at full size: what the length of looks does not change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student

from prelimbic.simulation.protocol import weeks
from tests.test_slow_month import density, run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
FORTNIGHT = weeks(0.26, ("rest", "14 d"))


def interval(values: list[float]) -> tuple[float, float]:
    half = student.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    return float(np.mean(values) - half), float(np.mean(values) + half)


def test_looks_of_half_the_length_grow_hardly_a_spine_in_vehicle():
    halved = replace(FORTNIGHT, look_scale=0.5)
    ends = [
        [density(run(0.0, seed, protocol))[336.0] for protocol in (FORTNIGHT, halved)]
        for seed in (1, 2, 3, 4, 5)
    ]
    low, high = interval([100.0 * (half / whole - 1.0) for whole, half in ends])
    # noise above the threshold of the surge; docs/engine.md says by how much
    assert low <= 0.0 or high < 1.5
