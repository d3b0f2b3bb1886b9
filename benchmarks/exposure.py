"""Exposure: both enantiomers in closed form against one of them by the matrix exponential, which is how
exposures were computed before there were two; a peak; and a thousand subjects.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.linalg import expm

from prelimbic.parameters import animal, compounds
from prelimbic.pharmacology import Dose, Exposure
from prelimbic.pharmacology.body import in_body

CASES = {
    "human, 0.5 mg/kg i.v., 401 hours": ("human", Dose(0.5, "iv", 0.0, 2 / 3), np.linspace(0.0, 400.0, 401)),
    "rat, 10 mg/kg i.p., 100 hours": ("rat", Dose(10.0, "ip"), np.linspace(-2.0, 24.0, 100)),
}
PEAK_GOAL_S, SUBJECTS, SUBJECTS_GOAL_S = 0.005, 1000, 2.0


def exposures(rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Seconds of every case, of the closed form and of the matrix exponential in turn."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in CASES}
    for _ in range(rounds):
        for name, (species, dose, hours) in CASES.items():
            exposure = Exposure.after((dose,), species)
            own = took(lambda exposure=exposure, hours=hours: replace(exposure).brain_unbound(hours))
            found[name].append((own, took(lambda e=exposure, h=hours: by_expm(e, h))))
    return found


def by_expm(exposure: Exposure, hours: np.ndarray) -> np.ndarray:
    """Unbound S enantiomers in the brain by a matrix exponential an hour."""
    system, seen = exposure._chains["S"].system, exposure._chains["S"].brain
    core, size = system.matrix.shape[-1], system.size
    whole = np.zeros((size + 1, size + 1))
    whole[:core, :core], whole[core:size, :core] = system.matrix, system.gains
    whole[core:size, core:size] = -np.diag(system.rates)
    states = np.zeros((len(hours), size + 1))
    for i in exposure._inputs("S"):
        since = np.maximum(hours - i.start, 0.0)[:, None, None]
        within, driven = np.minimum(since, i.duration or 0.0), whole.copy()
        first = np.append(i.amount, np.zeros(size + 1 - core))
        if i.duration is not None:
            driven[:core, size] = i.amount / i.duration
            first = expm(driven * within)[..., size] * np.append(np.ones(size), 0.0)
        after = expm(whole * (since - within)) @ np.broadcast_to(first, states.shape)[..., None]
        states += after[..., 0] * (hours >= i.start)[:, None]
    return states[:, :size] @ seen.T


def peaks(rounds: int) -> list[tuple[float, float]]:
    """Seconds of the peak of ten doses in a rat, and what they may be."""
    exposure = Exposure.after(tuple(Dose(10.0, "ip", 24.0 * k) for k in range(10)), "rat")
    return [(took(lambda: replace(exposure).peak_time()), PEAK_GOAL_S) for _ in range(rounds)]


def subjects(rounds: int) -> list[tuple[float, float]]:
    """Seconds of a thousand bodies over fourteen days, hour by hour, and what they may be."""
    weights = np.random.default_rng(1).uniform(50.0, 110.0, SUBJECTS)
    many = in_body(animal("human"), weights)
    exposure = Exposure((Dose(0.5, "iv", 0.0, 2 / 3), Dose(0.5, "nasal", 168.0)), many, compounds())
    hours = np.arange(0.0, 336.0)
    return [
        (took(lambda: replace(exposure).brain_unbound(hours)), SUBJECTS_GOAL_S)
        for _ in range(min(rounds, 3))
    ]


def took(compute: Callable[[], object]) -> float:
    """Seconds of a computation that has been done once."""
    compute()
    begun = time.perf_counter()
    compute()
    return time.perf_counter() - begun
