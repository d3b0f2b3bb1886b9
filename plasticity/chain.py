"""The three-state Markov chain of one spine site, jumped exactly over a whole stride.

VACANT --formation--> NASCENT --maturation--> MATURE --mature loss--> VACANT;  NASCENT --nascent loss-->
VACANT

With constant rates the chances after t hours are exp(Q t), and Q, whose rows sum to zero, has the eigenvalue
0 and two more, s +- sqrt(D).  So exp(Q t) = 1 + alpha Q + beta Q^2, in which alpha and beta follow from the
two; D may be negative, for the chain is a cycle.
"""

from __future__ import annotations

import math

import numpy as np

from prelimbic.plasticity.compiled import njit, prange

FULL = 2.0**32


@njit(error_model="numpy")
def coefficients(f: float, m: float, n: float, d: float, hours: float) -> tuple[float, float]:
    """alpha and beta of the chain with rates (1/h) of formation, maturation, nascent loss and mature
    loss.
    """
    s = -0.5 * (f + m + n + d)
    p = f * (m + n) + f * d + (m + n) * d - f * n  # product of the two eigenvalues
    # where the quotients below would be rounding: alpha and beta as series of sums of eigenvalue powers
    if -s * hours < 0.05:
        alpha, beta, term, before, power = 0.0, 0.0, hours, 0.0, 1.0
        for k in range(2, 12):  # power: complete symmetric polynomial of degree k - 2 of the two eigenvalues
            alpha += term * (power - 2.0 * s * before)
            term *= hours / k
            beta += term * power
            before, power = power, 2.0 * s * power - p * before
        return alpha, beta
    square = s * s - p
    root = math.sqrt(abs(square))
    if root * hours < 1e-4:
        even = math.exp(s * hours)
        odd = hours * even * (1.0 + square * hours * hours / 6.0)
    elif square > 0:
        slow, fast = math.exp((s + root) * hours), math.exp((s - root) * hours)
        even, odd = 0.5 * (slow + fast), 0.5 * (slow - fast) / root
    else:
        even, odd = (
            math.exp(s * hours) * math.cos(root * hours),
            math.exp(s * hours) * math.sin(root * hours) / root,
        )
    beta = (1.0 - even + s * odd) / p if p > 0 else 0.0
    return odd - 2.0 * s * beta, beta


@njit(error_model="numpy")
def chances(f: float, m: float, n: float, d: float, hours: float) -> np.ndarray:
    """Chance of each state (second axis) after `hours` from each state (first axis), shape (3, 3); rates as
    above, 1/h.
    """
    alpha, beta = coefficients(f, m, n, d, hours)
    q = np.array([[-f, f, 0.0], [n, -m - n, m], [d, 0.0, -d]])
    return np.eye(3) + alpha * q + beta * np.dot(q, q)


@njit(inline="always", error_model="numpy")
def threshold(chance):  # type: ignore[no-untyped-def]
    """Draws of 32 bits below this happen with that chance."""
    return np.uint32(min(max(chance, 0.0) * FULL + 0.5, FULL - 1.0))


@njit(parallel=True, error_model="numpy")
def thresholds(
    formation: np.ndarray, on_lost: np.ndarray, m: float, n: float, mature_loss: np.ndarray, hours: float
) -> np.ndarray:
    """Draws from which on a site is no longer VACANT, and then MATURE: uint32 (cell, branch, 4, 2), from
    VACANT, NASCENT, MATURE, and VACANT where a spine was lost.  formation, on_lost: (cell,); mature_loss:
    (cell, branch) or (1, branch); 1/h.
    """
    cells, (kinds, branches) = len(formation), mature_loss.shape
    table = np.empty((cells, branches, 4, 2), dtype=np.uint32)
    for cell in prange(cells):
        for b in range(branches):
            d = mature_loss[cell % kinds, b]
            for row in range(1 if on_lost[cell] == formation[cell] else 2):
                f = formation[cell] if row == 0 else on_lost[cell]
                alpha, beta = coefficients(f, m, n, d, hours)
                stay, born = 1.0 - alpha * f + beta * f * (f + n), alpha * f - beta * f * (f + m + n)
                if row == 0:
                    table[cell, b, 0, 0], table[cell, b, 0, 1] = threshold(stay), threshold(stay + born)
                    left = alpha * n + beta * (m * d - n * (f + m + n))
                    kept = 1.0 - alpha * (m + n) + beta * (n * f + (m + n) * (m + n))
                    table[cell, b, 1, 0], table[cell, b, 1, 1] = threshold(left), threshold(left + kept)
                    left, again = alpha * d - beta * d * (f + d), beta * d * f
                    table[cell, b, 2, 0], table[cell, b, 2, 1] = threshold(left), threshold(left + again)
                table[cell, b, 3, 0], table[cell, b, 3, 1] = threshold(stay), threshold(stay + born)
    return table


@njit(inline="always")
def mix(x):  # type: ignore[no-untyped-def]
    """A bijection of 32 bits that spreads every bit over all (the `lowbias32` hash of C. Wellons)."""
    x = np.uint32(x ^ np.uint32(x >> np.uint32(16)))
    x = np.uint32(x * np.uint32(0x7FEB352D))
    x = np.uint32(x ^ np.uint32(x >> np.uint32(15)))
    x = np.uint32(x * np.uint32(0x846CA68B))
    return np.uint32(x ^ np.uint32(x >> np.uint32(16)))


@njit(inline="always")
def draw(agent, key_0, key_1):  # type: ignore[no-untyped-def]
    """32 random bits of one agent in the stride that the two keys stand for."""
    return mix(np.uint32(mix(np.uint32(agent ^ key_0)) + key_1))


@njit(parallel=True)
def jump(
    states: np.ndarray, bounds: np.ndarray, table: np.ndarray, key_0: np.uint32, key_1: np.uint32
) -> None:
    """Draw one stride for every agent in place.  states: uint8 (cell, site); bounds: of the branches among
    the sites, (branch + 1,); table: uint32 (cell, branch, 4, 2), thresholds from VACANT, NASCENT, MATURE,
    and VACANT where a spine was lost.
    """
    cells, sites = states.shape
    for cell in prange(cells):
        for b in range(len(bounds) - 1):
            jump_part(
                states[cell, bounds[b] : bounds[b + 1]],
                table[cell, b],
                np.uint32(cell * sites + bounds[b]),
                key_0,
                key_1,
            )


@njit()
def jump_part(
    states: np.ndarray, t: np.ndarray, first: np.uint32, key_0: np.uint32, key_1: np.uint32
) -> None:
    """The agents of one branch: without a branch in the code, so that many are drawn at once."""
    v0, n0, m0, l0 = t[0, 0], t[1, 0], t[2, 0], t[3, 0]
    v1, n1, m1, l1 = t[0, 1], t[1, 1], t[2, 1], t[3, 1]
    for i in range(len(states)):
        u = draw(np.uint32(first + np.uint32(i)), key_0, key_1)
        old = np.uint32(states[i])
        state = np.uint32(old & np.uint32(3))
        low = l0 if (old & np.uint32(4)) != 0 else v0
        high = l1 if (old & np.uint32(4)) != 0 else v1
        low = n0 if state == 1 else low
        high = n1 if state == 1 else high
        low = m0 if state == 2 else low
        high = m1 if state == 2 else high
        new = np.uint32(np.uint32(u >= low) + np.uint32(u >= high))
        states[i] = np.uint8(np.uint32(old & np.uint32(252)) | new)
