"""The slow layer: agents a second, against polling them with numpy and against the goal, and what 14 days of
a whole run cost.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time

import numpy as np

from prelimbic.parameters import SpineNumbers, sheet
from prelimbic.plasticity import MATURE, NASCENT, VACANT, Spines
from prelimbic.plasticity.chain import chances, jump, thresholds

AGENTS, SITES, CONTACTS, STRIDE_H = 10_000_000, 107, 80.0, 12.0
GOAL = 1.5e9  # agents a second on two threads
CPU_GOAL_S = {1.0: 30.0, 4.0: 120.0}
ONE_RUN = """
import sys
from prelimbic.simulation.protocol import weeks
from prelimbic.simulation.run import simulate
from prelimbic.experiments.sweep.study import Options, peak_of
from prelimbic.parameters import CIRCUIT
from prelimbic.pharmacology import Dose
options = Options(scale=float(sys.argv[1]))
protocol = weeks(peak_of(options, "rat", "ip"), ("rest", "peak", "0-2 h", "24 h", "14 d"))
given = {"species": "rat", "doses": (Dose(10.0, "ip"),), "protocol": protocol}
config = options.config("benchmark", CIRCUIT, 1, **given)
simulate(config, True, lambda seconds: None)
"""


class Table:
    """Ten million agents at rest."""

    def __init__(self) -> None:
        numbers = sheet("spines").fill("spines", SpineNumbers)
        cells = AGENTS // SITES
        self.spines = Spines.at_rest(numbers, CONTACTS, SITES, cells, np.random.SeedSequence(1))
        self.signal = np.ones(cells)
        self.spines.advance(self.signal, STRIDE_H)  # compiled
        r, rest = self.spines.rates, np.full(cells, self.spines.rates.formation)
        self.table = thresholds(
            rest, rest, r.maturation, r.nascent_loss, np.full((1, 1), r.mature_loss), STRIDE_H
        )
        self.bounds = np.array([0, SITES])

    @property
    def agents(self) -> int:
        return self.spines.states.size

    @property
    def bytes_an_agent(self) -> float:
        """Of all arrays that a table of spines holds."""
        s = self.spines
        return (s.states.nbytes + s.bounds.nbytes + s.vulnerability.nbytes) / self.agents

    def jumped(self) -> float:
        """Agents a second, the draws alone."""
        begun = time.perf_counter()
        jump(self.spines.states, self.bounds, self.table, np.uint32(1), np.uint32(2))
        return self.agents / (time.perf_counter() - begun)

    def advanced(self) -> float:
        """Agents a second of a whole stride: chances of every cell, a copy of the table, the draws."""
        begun = time.perf_counter()
        self.spines.advance(self.signal, STRIDE_H)
        return self.agents / (time.perf_counter() - begun)

    def polled(self) -> float:
        """Agents a second of one jump drawn with numpy."""
        r, states, rng = self.spines.rates, self.spines.states, np.random.default_rng(1)
        steps = np.cumsum(
            chances(r.formation, r.maturation, r.nascent_loss, r.mature_loss, STRIDE_H), axis=1
        )
        begun = time.perf_counter()
        draws, out = rng.random(states.shape, dtype=np.float32), np.empty_like(states)
        for state in (VACANT, NASCENT, MATURE):
            here = states == state
            drawn = draws[here]
            out[here] = (drawn >= steps[state, 0]).astype(np.uint8) + (drawn >= steps[state, 1])
        return self.agents / (time.perf_counter() - begun)


def cpu_of_14_days(scale: float) -> float:
    """CPU seconds of one run of 14 days from a compiled circuit, its engine's process included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", ONE_RUN, f"{scale:g}"], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
