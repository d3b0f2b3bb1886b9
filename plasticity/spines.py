"""The agents: every potential Pyr->Pyr contact is VACANT, holds a NASCENT spine or a MATURE one.

    VACANT --formation x signal--> NASCENT --maturation--> MATURE --loss--> VACANT;  NASCENT --loss--> VACANT

Density counts NASCENT and MATURE; only MATURE spines carry weight.  Each agent's draw at each step is a hash of
(seed, agent, step), so results do not depend on the number of threads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numba import njit, prange

from parameters import SpineNumbers

VACANT, NASCENT, MATURE = 0, 1, 2
LONGEST_STEP_H = 0.25


class SpineError(ValueError):
    """A table of spines that cannot be."""


@dataclass(frozen=True)
class Rates:
    """Transition rates, 1/h, that hold `contacts` mature spines as their fixed point with time constant density_time."""

    formation: float
    gain: float
    maturation: float
    nascent_loss: float
    mature_loss: float
    nascent: float  # nascent spines a cell at the fixed point


def rates(numbers: SpineNumbers, contacts: float, sites: int) -> Rates:
    """Formation and loss rates of a cell that rests at `contacts` mature spines on `sites` potential sites.

    Raises SpineError when the sites do not hold them.
    """
    loss = (1.0 - contacts / sites) / numbers.density_time
    nascent = loss * contacts / numbers.nascent_maturation
    vacant = sites - contacts - nascent
    if not 0 < contacts < sites or vacant <= 0:
        raise SpineError(f"{contacts:g} contacts a cell do not fit into {sites:g} potential sites")
    formation = (numbers.nascent_maturation + numbers.nascent_loss) * nascent / vacant
    return Rates(formation, numbers.formation_gain, numbers.nascent_maturation, numbers.nascent_loss, loss, nascent)


@dataclass(frozen=True)
class Spines:
    """States of all agents, uint8, shape (cell, site); `step` counts the steps drawn so far."""

    rates: Rates
    states: np.ndarray = field(repr=False)
    seed: int
    step: int = 0

    @classmethod
    def at_rest(cls, numbers: SpineNumbers, contacts: float, sites: int, cells: int, seed: np.random.SeedSequence) -> Spines:
        """A table with exactly the resting number of mature and (rounded) nascent spines on each cell."""
        resting = rates(numbers, contacts, sites)
        layout = np.zeros(sites, dtype=np.uint8)
        layout[: round(contacts)] = MATURE
        layout[round(contacts) : round(contacts) + round(resting.nascent)] = NASCENT
        placing, drawing = seed.spawn(2)
        states = np.random.default_rng(placing).permuted(np.tile(layout, (cells, 1)), axis=1)
        return cls(resting, states, int(drawing.generate_state(1, dtype=np.uint64)[0]))

    def advance(self, signal: np.ndarray, hours: float) -> tuple[Spines, np.ndarray, np.ndarray]:
        """The table `hours` later under formation signal (cell,), with spines formed and lost meanwhile, each (cell,)."""
        states = self.states.copy()
        formed, lost = np.zeros(len(states), dtype=np.int64), np.zeros(len(states), dtype=np.int64)
        steps = math.ceil(hours / LONGEST_STEP_H - 1e-9)
        if steps > 0:
            r, h = self.rates, hours / steps
            birth = -np.expm1(-r.formation * np.maximum(1.0 + r.gain * (signal - 1.0), 0.0) * h)
            leave = -math.expm1(-(r.maturation + r.nascent_loss) * h)
            mature = leave * r.maturation / (r.maturation + r.nascent_loss)
            turn_over(states, formed, lost, birth, mature, leave, -math.expm1(-r.mature_loss * h),
                      np.uint64(self.seed), np.uint64(self.step), steps)  # fmt: skip
        return replace(self, states=states, step=self.step + steps), formed, lost

    def weights(self, weight: float) -> np.ndarray:
        """Conductance of each contact, shape (cell, site): `weight` (nS) where MATURE, else 0."""
        return np.where(self.states == MATURE, weight, 0.0)

    @property
    def density(self) -> np.ndarray:
        """Spines (NASCENT and MATURE) on each cell."""
        return (self.states != VACANT).sum(axis=1)

    @property
    def mature(self) -> np.ndarray:
        """Mature spines on each cell."""
        return (self.states == MATURE).sum(axis=1)


@njit(cache=True)
def draw(seed: np.uint64, agent: np.uint64, step: np.uint64) -> float:
    """Uniform in [0, 1) from a counter: two rounds of the SplitMix64 finaliser over seed, agent and step."""
    z = seed + (np.uint64(agent) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = (z ^ (z >> np.uint64(31))) + (np.uint64(step) + np.uint64(1)) * np.uint64(0xD1B54A32D192ED03)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return float(z >> np.uint64(11)) * 1.1102230246251565e-16


@njit(cache=True, parallel=True)
def turn_over(states: np.ndarray, formed: np.ndarray, lost: np.ndarray, birth: np.ndarray, mature: float, leave: float,
              decay: float, seed: np.uint64, first: np.uint64, steps: int) -> None:  # fmt: skip
    """Draw `steps` steps for every agent in place.  Chances a step: `birth` (cell,), `leave` of a nascent spine, of
    which `mature` stay as mature, and `decay` of a mature one."""
    cells, sites = states.shape
    for cell in prange(cells):
        for site in range(sites):
            state = states[cell, site]
            for k in range(steps):
                u = draw(seed, np.uint64(cell * sites + site), first + np.uint64(k))
                if state == VACANT:
                    if u < birth[cell]:
                        state = NASCENT
                        formed[cell] += 1
                elif state == NASCENT:
                    if u < mature:
                        state = MATURE
                    elif u < leave:
                        state = VACANT
                        lost[cell] += 1
                elif u < decay:
                    state = VACANT
                    lost[cell] += 1
            states[cell, site] = state
