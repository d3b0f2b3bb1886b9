"""Glutamate, glutamine and GABA of cortex, and the cycle between them.

Released glutamate and GABA become glutamine in glia; neurons make both of it again:

    d glutamate / dt = V (1 - f) (q - r g)
    d GABA / dt      = V f (q - s a)
    d glutamine / dt = V (1 - f) (r g - q) + V f (s a - q)

g, a, q: pools relative to rest; r, s: release of glutamate and GABA relative to rest; V: the cycle at rest;
f: the share of it that goes through GABA.  What is released comes back, so that the sum of the pools stays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prelimbic.parameters import Spectroscopy

STEP_MIN = 2.0  # the fastest pool turns over in nine
FORGOTTEN_MIN = 8 * 60.0  # the slowest turns over in forty
LEAST = 1e-3  # of release at rest: less would take days to show


@dataclass(frozen=True)
class Pools:
    """Pools in umol/g along some minutes, (seed, minute), and the whole cycle in umol/g/min."""

    minutes: np.ndarray
    glutamate: np.ndarray
    glutamine: np.ndarray
    gaba: np.ndarray
    cycle: np.ndarray


def steady(n: Spectroscopy, glutamate: np.ndarray, gaba: np.ndarray) -> np.ndarray:
    """Pools relative to rest (3, seed), glutamate, glutamine and GABA, that do not move under some release
    (seed,) relative to rest, and hold as much as those at rest.
    """
    r, s = np.maximum(glutamate, LEAST), np.maximum(gaba, LEAST)
    turned = (n.glutamate + n.glutamine + n.gaba) / (n.glutamate / r + n.glutamine + n.gaba / s)
    return np.array([turned / r, turned, turned / s])


def pools(n: Spectroscopy, minutes: np.ndarray, glutamate: np.ndarray, gaba: np.ndarray) -> Pools:
    """Pools under release (seed, minute) of glutamate and of GABA relative to rest, from the steady state of
    the first minute on; the implicit midpoint rule, which keeps their sum.
    """
    r, s = np.maximum(glutamate, LEAST), np.maximum(gaba, LEAST)
    found = [steady(n, r[:, 0], s[:, 0])]
    for k, step in enumerate(np.diff(minutes)):
        rates = _rates(n, (r[:, k] + r[:, k + 1]) / 2.0, (s[:, k] + s[:, k + 1]) / 2.0)
        half = 0.5 * step * rates
        now = found[-1].T[..., None]
        found.append(np.linalg.solve(np.eye(3) - half, now + half @ now)[..., 0].T)
    g, q, a = np.moveaxis(np.array(found), 0, -1)
    released = (1.0 - n.gaba_share) * r * g + n.gaba_share * s * a
    return Pools(minutes, n.glutamate * g, n.glutamine * q, n.gaba * a, n.cycle * released)


def _rates(n: Spectroscopy, r: np.ndarray, s: np.ndarray) -> np.ndarray:
    """The matrix (seed, 3, 3) of d(g, q, a) / dt, in 1/min."""
    mine, other = n.cycle * (1.0 - n.gaba_share), n.cycle * n.gaba_share
    found = np.zeros((len(r), 3, 3))
    found[:, 0, 0], found[:, 0, 1] = -mine * r / n.glutamate, mine / n.glutamate
    found[:, 1, 0], found[:, 1, 1], found[:, 1, 2] = (
        mine * r / n.glutamine,
        -n.cycle / n.glutamine,
        other * s / n.glutamine,
    )
    found[:, 2, 1], found[:, 2, 2] = other / n.gaba, -other * s / n.gaba
    return found
