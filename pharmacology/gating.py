"""Gating: what the receptors of a circuit do while it runs, as far as a drug is concerned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Gating:
    """Means over a stretch of network time, drug aside.

    `open_probability` (population, subunit): share of time that a receptor's gate is open, Mg aside.
    `magnesium_free` (population, subunit): share of the open receptors' time that is free of Mg.
    `potential` (population,): mean membrane potential at open receptors, mV.

    Open means held by glutamate: the rates of drugs are those seen under saturating agonist, so a receptor
    that is held all the time has an open probability of 1.
    """

    open_probability: np.ndarray
    magnesium_free: np.ndarray
    potential: np.ndarray
