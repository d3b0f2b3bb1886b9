"""From AMPA drive to synaptic protein, per pyramidal cell.

`drive` is the AMPA conductance that a cell's active contacts deliver, relative to what the same contacts delivered at
rest.  All states are relative to rest.  Equations, x+ meaning max(x, 0):

    x'      = (drive - x)/smoothing                     low-passed before the threshold: noise must not be rectified
    theta'  = (max(x, 1) - theta)/sliding               sliding threshold, never below rest
    B'      = (1 + gain (x/theta - threshold)+ - B)/(rise or fall)       BDNF
    T'      = ((1 + K) B/(B + K) - T)/time                               TrkB
    M'      = ((1 + K^n) T^n/(T^n + K^n) - M)/(rise or fall)             mTORC1
    S'      = (1 + gain (M - 1) - S)/(rise or fall)                      synaptic protein
    z_1'    = (S - z_1) stages/delay,  z_k' = (z_{k-1} - z_k) stages/delay     maturation; the last is the signal
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numba import njit, prange

from parameters import CascadeNumbers

LONGEST_STEP_H = 1.0 / 60.0
STATES = ("drive", "threshold", "bdnf", "trkb", "mtorc1", "protein")
CHAIN = len(STATES)  # the stages of maturation follow


@dataclass(frozen=True)
class Cascade:
    """States of all cells, shape (cell, 6 + stages), at rest 1 throughout."""

    numbers: CascadeNumbers
    states: np.ndarray = field(repr=False)

    @classmethod
    def at_rest(cls, numbers: CascadeNumbers, cells: int) -> Cascade:
        return cls(numbers, np.ones((cells, CHAIN + round(numbers.maturation_stages))))

    def advance(self, drive: np.ndarray, hours: float) -> tuple[Cascade, np.ndarray]:
        """The cascade `hours` later under a constant drive (cell,), and the formation signal meanwhile: the mean of
        the last stage over the stride, shape (cell,)."""
        states = self.states.copy()
        signal = np.zeros(len(states))
        steps = math.ceil(hours / LONGEST_STEP_H - 1e-9)
        if steps > 0:
            constants = _constants(self.numbers)
            with np.errstate(under="ignore", divide="ignore"):
                kept = np.exp(-hours / steps / constants)
            integrate(states, signal, np.asarray(drive, dtype=float), steps, constants, kept)
        return replace(self, states=states), signal

    def of(self, name: str) -> np.ndarray:
        """One state by its name in STATES, shape (cell,)."""
        return self.states[:, STATES.index(name)]


def _constants(n: CascadeNumbers) -> np.ndarray:
    return np.array([
        n.drive_smoothing, n.drive_threshold, n.threshold_sliding, n.bdnf_gain, n.bdnf_rise, n.bdnf_fall, n.trkb_time,
        n.trkb_half, n.mtorc1_half, n.mtorc1_hill, n.mtorc1_rise, n.mtorc1_fall, n.protein_gain, n.protein_rise,
        n.protein_fall, n.maturation_delay / round(n.maturation_stages),
    ])  # fmt: skip


@njit(cache=True)
def _relax(value: float, target: float, rise: float, fall: float) -> float:
    """Exact step towards a target held meanwhile, of which the share of its direction is kept from before."""
    return target + (value - target) * (rise if target > value else fall)


@njit(cache=True)
def _power(base: float, exponent: float) -> float:
    """base ** exponent; a whole exponent, as sheets have it, takes a few products instead of a call."""
    if exponent != math.floor(exponent) or exponent < 0:
        return base**exponent
    product = 1.0
    for _ in range(int(exponent)):
        product *= base
    return product


@njit(cache=True, parallel=True)
def integrate(states: np.ndarray, signal: np.ndarray, drive: np.ndarray, steps: int, c: np.ndarray, e: np.ndarray) -> None:
    """Advance `states` in place by `steps` steps; add the mean of the last stage to `signal`.  Where `c` is a time constant, `e`
    is the share of a deviation that a step leaves."""
    last = states.shape[1] - 1
    half = _power(c[8], c[9])
    for cell in prange(states.shape[0]):
        total = 0.0
        for _ in range(steps):
            x = _relax(states[cell, 0], drive[cell], e[0], e[0])
            theta = _relax(states[cell, 1], max(x, 1.0), e[2], e[2])
            bdnf = _relax(states[cell, 2], 1.0 + c[3] * max(x / theta - c[1], 0.0), e[4], e[5])
            trkb = _relax(states[cell, 3], (1.0 + c[7]) * bdnf / (bdnf + c[7]), e[6], e[6])
            power = _power(trkb, c[9])
            mtorc1 = _relax(states[cell, 4], (1.0 + half) * power / (power + half), e[10], e[11])
            protein = _relax(states[cell, 5], max(1.0 + c[12] * (mtorc1 - 1.0), 0.0), e[13], e[14])
            states[cell, 0], states[cell, 1], states[cell, 2] = x, theta, bdnf
            states[cell, 3], states[cell, 4], states[cell, 5] = trkb, mtorc1, protein
            upstream = protein
            for k in range(6, last + 1):
                states[cell, k] = _relax(states[cell, k], upstream, e[15], e[15])
                upstream = states[cell, k]
            total += upstream
        signal[cell] += total / steps
