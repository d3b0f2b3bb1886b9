"""The cascade's arithmetic: one minute after another, cell by cell in chunks, so that a chunk's states stay
in the cache.

Every equation is that of plasticity.cascade, in its order; each state uses what stands upstream at the end
of the minute.
"""

from __future__ import annotations

import numpy as np

from prelimbic.plasticity.compiled import njit, prange
from prelimbic.plasticity.constants import TICK_H, Constants

CHUNK = 64
MOST_ELEMENTS = 2.0


@njit(parallel=True, error_model="numpy")
def integrate(
    states: np.ndarray,
    felt: np.ndarray,
    nmda: np.ndarray,
    held: np.ndarray,
    factors: np.ndarray,
    resting: float,
    deficit: float,
    c: Constants,
) -> None:
    """Advance `states`, shape (state, cell), in place by one minute for every row of `factors`."""
    cells = states.shape[1]
    for chunk in prange((cells + CHUNK - 1) // CHUNK):
        first, last = chunk * CHUNK, min((chunk + 1) * CHUNK, cells)
        upstream(
            states[:, first:last],
            felt[first:last],
            nmda[first:last],
            held[first:last],
            factors,
            resting,
            deficit,
            c,
        )


@njit(error_model="numpy")
def upstream(
    s: np.ndarray,
    felt: np.ndarray,
    nmda: np.ndarray,
    held: np.ndarray,
    factors: np.ndarray,
    resting: float,
    deficit: float,
    c: Constants,
) -> None:
    """All minutes of one chunk."""
    power = np.empty(s.shape[1])
    charge = c.latch_charging * max(deficit - c.latch_least, 0.0)
    for k in range(len(factors)):
        released(s, felt, nmda, factors[k], resting, c)
        activated(s, held, factors[k], charge, power, c)
        matured(s, c)


@njit(error_model="numpy")
def released(
    s: np.ndarray, felt: np.ndarray, nmda: np.ndarray, factor: np.ndarray, resting: float, c: Constants
) -> None:
    """One minute from drive to TrkB, its two arms, and Rheb."""
    drive, threshold, calcium, eef2, bdnf, trkb, akt, erk, no, rheb = (
        s[0],
        s[1],
        s[2],
        s[3],
        s[4],
        s[5],
        s[6],
        s[7],
        s[8],
        s[9],
    )
    ltype, seen, t, a, e = factor[0], factor[1] * factor[6], factor[2], factor[3], factor[4]
    for i in range(s.shape[1]):
        drive[i] = felt[i] + (drive[i] - felt[i]) * c.keep_drive_smoothing
        above = max(drive[i], 1.0)
        threshold[i] = above + (threshold[i] - above) * c.keep_threshold_sliding
        opened = 1.0 + c.surge * max(drive[i] / threshold[i] - c.drive_threshold, 0.0)
        calcium[i] = opened + (calcium[i] - opened) * c.keep_calcium
        eef2[i] = resting + (eef2[i] - resting) * c.keep_eef2
        made = 1.0 + c.bdnf_gain * (calcium[i] - 1.0) * ltype + c.eef2_gain * (1.0 - eef2[i])
        bdnf[i] = made + (bdnf[i] - made) * c.keep_bdnf
        bound = seen * bdnf[i]
        active = t * (1.0 + c.trkb_half) * bound / (bound + c.trkb_half)
        trkb[i] = active + (trkb[i] - active) * c.keep_trkb
        akt[i] = a * trkb[i] + (akt[i] - a * trkb[i]) * c.keep_akt
        erk[i] = e * trkb[i] + (erk[i] - e * trkb[i]) * c.keep_erk
        no[i] = nmda[i] + (no[i] - nmda[i]) * c.keep_nitrosylation
        lost = 1.0 - c.siah1_share + c.siah1_share * no[i]
        rheb[i] = (rheb[i] + c.rheb_step) / (1.0 + c.rheb_step * lost)


@njit(error_model="numpy")
def activated(
    s: np.ndarray, held: np.ndarray, factor: np.ndarray, charge: float, power: np.ndarray, c: Constants
) -> None:
    """One minute from what reaches mTORC1 to synaptic protein or elements."""
    drive, akt, erk, rheb, latch = s[0], s[6], s[7], s[9], s[10]
    mtorc1, s6k, feedback, protein, elements = s[11], s[12], s[13], s[14], s[15]
    m, making, half = factor[5], factor[7], c.mtorc1_half**c.mtorc1_hill
    for i in range(s.shape[1]):
        latch[i] = (latch[i] + TICK_H * charge) / (1.0 + TICK_H * (charge + 1.0 / c.latch_time))
        power[i] = np.sqrt(akt[i] * erk[i]) * rheb[i] * (1.0 - latch[i]) / (1.0 + feedback[i])
    for i in range(s.shape[1]):
        product = power[i]
        for _ in range(c.mtorc1_hill - 1):
            product *= power[i]
        power[i] = product
    for i in range(s.shape[1]):
        active = m * (1.0 + half) * power[i] / (power[i] + half)
        mtorc1[i] = active + (mtorc1[i] - active) * c.keep_mtorc1
        s6k[i] = mtorc1[i] + (s6k[i] - mtorc1[i]) * c.keep_s6k
        reached = c.feedback_strength * c.feedback_time * (s6k[i] - 1.0)
        feedback[i] = max(reached + (feedback[i] - reached) * c.keep_feedback, 0.0)
        gate = c.locus * mtorc1[i] + (1.0 - c.locus) * erk[i]
        synthesis = making * (
            1.0 + c.translation_rate * c.protein_time * max(gate - c.translation_gate, 0.0)
        )
        protein[i] = synthesis + (protein[i] - synthesis) * c.keep_protein
    if c.elements_rate > 0.0:
        for i in range(s.shape[1]):
            away = (drive[i] * held[i] - c.elements_centre) / c.elements_width
            grown = elements[i] + TICK_H * c.elements_rate * (2.0 * np.exp(-away * away) - 1.0)
            elements[i] = min(max(grown, 0.0), MOST_ELEMENTS)


@njit(error_model="numpy")
def matured(s: np.ndarray, c: Constants) -> None:
    """One minute of the chain of stages, whose last is added to the sum of the stride."""
    stages = s.shape[0] - 17
    for k in range(stages):
        before = s[15 if c.elements_rate > 0.0 else 14] if k == 0 else s[15 + k]
        stage = s[16 + k]
        for i in range(s.shape[1]):
            stage[i] = before[i] + (stage[i] - before[i]) * c.keep_stage
    last, total = s[15 + stages], s[16 + stages]
    for i in range(s.shape[1]):
        total[i] += last[i]
