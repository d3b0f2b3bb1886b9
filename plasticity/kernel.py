"""From AMPA drive to the signal for spine formation, per pyramidal cell: the equations and their arithmetic.

`drive` is the AMPA conductance that a cell's active contacts deliver, `nmda` its NMDA conductance, both
relative to rest; `resting` is the share of resting NMDA receptors that the drug leaves open, k a cell's
contacts relative to rest.  Every state is relative to rest, x+ means max(x, 0), and the factors l, b, t, a,
e, m are what inhibitors leave of L-type channels, BDNF, TrkB, Akt, ERK and mTORC1:

    x'     = (sharing mean(drive) + (1 - sharing) drive - x)/smoothing low-passed before the threshold
    theta' = (max(x, 1) - theta)/sliding                         sliding threshold, never below rest
    c'     = (1 + surge (x/theta - threshold)+ - c)/time         L-type calcium
    p'     = (resting - p)/time                                  phosphorylated eEF2
    B'     = (1 + gain (c - 1) l + eef2_gain (1 - p) - B)/time   BDNF
    T'     = (t (1 + K) s b B/(s b B + K) - T)/time              TrkB, which the drug may sensitise: s
    A', E' = (a T - A)/time, (e T - E)/time                      PI3K-Akt and MEK-ERK
    N'     = (nmda - N)/time                                     nitrosylated GAPDH with Siah1
    R'     = (1 - R (1 - share + share N))/time                  Rheb
    L'     = charging (deficit - least)+ (1 - L) - L/time        a latch on mTORC1 (a hypothesis)
    u      = sqrt(A E) R (1 - L)/(1 + F)
    D      = m (1 + h^n) u^n/(u^n + h^n)                         what TrkB makes of mTORC1
    y_1'   = (rate (D - gate)+ - y_1) stages/delay               what this makes of protein, remembered
    y_k'   = (y_{k-1} - y_k) stages/delay                        for a day (a hypothesis)
    M'     = (D + second m y_last - M)/time                      mTORC1
    K'     = (M - K)/time                                        p70S6K
    F'     = strength (K - 1) - F/time, F >= 0                   feedback of p70S6K on its own input
    G      = M, or E where mTORC1 plays no part
    S'     = making (1/time + rate (G - gate)+) - S/time         synaptic protein; stress lowers `making`
    H'     = rate (2 exp(-((x k - xi)/zeta)^2) - 1), 0 <= H <= 2 synaptic elements (the homeostatic rule)
    z_1'   = (S or H - z_1) stages/delay,  z_k' = (z_{k-1} - z_k) stages/delay       the last is the signal

On the default path no time constant differs between rise and fall, so noise is not rectified; threshold and
gate keep it from adding up.  The homeostatic rule sees the whole input, x k, so that a cell's own new
contacts turn its growth down.

One minute goes after another, cell by cell in chunks, so that a chunk's states stay in the cache, in the
order of the equations; each state uses what stands upstream at the end of the minute.
"""

from __future__ import annotations

import math

import numpy as np

from prelimbic.parameters import Arms
from prelimbic.plasticity.compiled import njit, prange
from prelimbic.plasticity.constants import CHAIN, CHUNK, FACTOR_AT, STATE_AT, TICK_H, Constants

MOST_ELEMENTS = 2.0
WIDTHS = 2.0 * math.sqrt(math.log(2.0))  # from a bell's centre to half of its height, twice over


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
    arms: Arms,
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
            arms,
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
    arms: Arms,
) -> None:
    """All minutes of one chunk."""
    power = np.empty(s.shape[1])
    charge = arms.latch_charging * max(deficit - arms.latch_least, 0.0)
    for k in range(len(factors)):
        released(s, felt, nmda, factors[k], resting, c, arms)
        activated(s, held, factors[k], charge, power, c, arms)
        matured(s, c, arms)


@njit(error_model="numpy")
def released(
    s: np.ndarray,
    felt: np.ndarray,
    nmda: np.ndarray,
    factor: np.ndarray,
    resting: float,
    c: Constants,
    arms: Arms,
) -> None:
    """One minute from drive to TrkB, its two arms, and Rheb."""
    drive, threshold, calcium = s[STATE_AT.drive], s[STATE_AT.threshold], s[STATE_AT.calcium]
    eef2, bdnf, trkb = s[STATE_AT.eef2], s[STATE_AT.bdnf], s[STATE_AT.trkb]
    akt, erk = s[STATE_AT.akt], s[STATE_AT.erk]
    no, rheb = s[STATE_AT.nitrosylation], s[STATE_AT.rheb]
    ltype, seen = factor[FACTOR_AT.ltype], factor[FACTOR_AT.bdnf] * factor[FACTOR_AT.sensitisation]
    t, a, e = factor[FACTOR_AT.trkb], factor[FACTOR_AT.akt], factor[FACTOR_AT.erk]
    for i in range(s.shape[1]):
        drive[i] = felt[i] + (drive[i] - felt[i]) * c.keep_drive_smoothing
        above = max(drive[i], 1.0)
        threshold[i] = above + (threshold[i] - above) * c.keep_threshold_sliding
        opened = 1.0 + arms.surge * max(drive[i] / threshold[i] - c.drive_threshold, 0.0)
        calcium[i] = opened + (calcium[i] - opened) * c.keep_calcium
        eef2[i] = resting + (eef2[i] - resting) * c.keep_eef2
        made = 1.0 + c.bdnf_gain * (calcium[i] - 1.0) * ltype + arms.eef2_gain * (1.0 - eef2[i])
        bdnf[i] = made + (bdnf[i] - made) * c.keep_bdnf
        bound = seen * bdnf[i]
        active = t * (1.0 + c.trkb_half) * bound / (bound + c.trkb_half)
        trkb[i] = active + (trkb[i] - active) * c.keep_trkb
        akt[i] = a * trkb[i] + (akt[i] - a * trkb[i]) * c.keep_akt
        erk[i] = e * trkb[i] + (erk[i] - e * trkb[i]) * c.keep_erk
        no[i] = nmda[i] + (no[i] - nmda[i]) * c.keep_nitrosylation
        lost = 1.0 - arms.siah1_share + arms.siah1_share * no[i]
        rheb[i] = (rheb[i] + c.rheb_step) / (1.0 + c.rheb_step * lost)


@njit(error_model="numpy")
def activated(
    s: np.ndarray,
    held: np.ndarray,
    factor: np.ndarray,
    charge: float,
    power: np.ndarray,
    c: Constants,
    arms: Arms,
) -> None:
    """One minute from what reaches mTORC1 to synaptic protein or elements."""
    drive, akt, erk = s[STATE_AT.drive], s[STATE_AT.akt], s[STATE_AT.erk]
    rheb, latch = s[STATE_AT.rheb], s[STATE_AT.latch]
    mtorc1, s6k, feedback = s[STATE_AT.mtorc1], s[STATE_AT.s6k], s[STATE_AT.feedback]
    protein, elements = s[STATE_AT.protein], s[STATE_AT.elements]
    m, making, half = factor[FACTOR_AT.mtorc1], factor[FACTOR_AT.making], c.mtorc1_half**c.mtorc1_hill
    for i in range(s.shape[1]):
        latch[i] = (latch[i] + TICK_H * charge) / (1.0 + TICK_H * (charge + 1.0 / arms.latch_time))
        power[i] = np.sqrt(akt[i] * erk[i]) * rheb[i] * (1.0 - latch[i]) / (1.0 + feedback[i])
    for i in range(s.shape[1]):
        product = power[i]
        for _ in range(c.mtorc1_hill - 1):
            product *= power[i]
        power[i] = product
    for i in range(s.shape[1]):
        power[i] = m * (1.0 + half) * power[i] / (power[i] + half)
    if arms.second_stages > 0.0:
        repeated(s, power, m, c, arms)
    for i in range(s.shape[1]):
        mtorc1[i] = power[i] + (mtorc1[i] - power[i]) * c.keep_mtorc1
        s6k[i] = mtorc1[i] + (s6k[i] - mtorc1[i]) * c.keep_s6k
        reached = arms.feedback * c.feedback_strength * c.feedback_time * (s6k[i] - 1.0)
        feedback[i] = max(reached + (feedback[i] - reached) * c.keep_feedback, 0.0)
        gate = arms.locus * mtorc1[i] + (1.0 - arms.locus) * erk[i]
        synthesis = making * (
            1.0 + c.translation_rate * c.protein_time * max(gate - c.translation_gate, 0.0)
        )
        protein[i] = synthesis + (protein[i] - synthesis) * c.keep_protein
    if arms.elements_rate > 0.0:
        centre, width = 0.5 * (1.0 + arms.elements_lowest), (1.0 - arms.elements_lowest) / WIDTHS
        for i in range(s.shape[1]):
            away = (drive[i] * held[i] - centre) / width
            grown = elements[i] + TICK_H * arms.elements_rate * (2.0 * np.exp(-away * away) - 1.0)
            elements[i] = min(max(grown, 0.0), MOST_ELEMENTS)


@njit(error_model="numpy")
def repeated(s: np.ndarray, active: np.ndarray, m: float, c: Constants, arms: Arms) -> None:
    """One minute of the memory of protein that was made; what it brings back is added to `active`."""
    end = CHAIN + int(arms.second_stages)
    keep = math.exp(-TICK_H * arms.second_stages / arms.second_delay)
    first, last = s[CHAIN], s[end - 1]
    for i in range(s.shape[1]):
        made = c.translation_rate * max(active[i] - c.translation_gate, 0.0)
        first[i] = made + (first[i] - made) * keep
    for k in range(CHAIN + 1, end):
        before, stage = s[k - 1], s[k]
        for i in range(s.shape[1]):
            stage[i] = before[i] + (stage[i] - before[i]) * keep
    for i in range(s.shape[1]):
        active[i] += m * arms.second_gain * last[i]


@njit(error_model="numpy")
def matured(s: np.ndarray, c: Constants, arms: Arms) -> None:
    """One minute of the chain of stages, whose last is added to the sum of the stride."""
    first = CHAIN + int(arms.second_stages)
    for k in range(first, s.shape[0] - 1):
        made = STATE_AT.elements if arms.elements_rate > 0.0 else STATE_AT.protein
        before, stage = s[made if k == first else k - 1], s[k]
        for i in range(s.shape[1]):
            stage[i] = before[i] + (stage[i] - before[i]) * c.keep_stage
    last, total = s[s.shape[0] - 2], s[s.shape[0] - 1]
    for i in range(s.shape[1]):
        total[i] += last[i]
