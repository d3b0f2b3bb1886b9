"""The strides of the loop are short enough: half as long ones lead to the same conclusions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from prelimbic.simulation.protocol import one_day
from tests.conftest import brief
from tests.test_loop import run


@pytest.mark.slow
def test_halving_the_strides_changes_no_conclusion():
    growth: dict[bool, list[float]] = {False: [], True: []}
    surge: dict[bool, list[float]] = {False: [], True: []}
    for halved in growth:
        protocol = one_day(0.26, halved)
        for seed in (1, 2, 3):
            vehicle, drug = (run(replace(brief(d, seed), scale=1.0, protocol=protocol)) for d in (0.0, 10.0))
            growth[halved].append(
                drug.seen[-1].spines.density.mean() / vehicle.seen[-1].spines.density.mean() - 1.0
            )
            peak = [next(s for s in o.seen if s.look.time == 0.26).activity.rate[0] for o in (vehicle, drug)]
            surge[halved].append(peak[1] / peak[0] - 1.0)
    for effect in (growth, surge):
        assert np.sign(np.mean(effect[True])) == np.sign(np.mean(effect[False]))
        distance = max(np.std(effect[False], ddof=1), np.std(effect[True], ddof=1))
        assert abs(np.mean(effect[True]) - np.mean(effect[False])) < distance
