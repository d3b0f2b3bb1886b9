"""Site: which receptors a block is allowed to act on, so that hypotheses about the place of action can be
compared.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np

from prelimbic.parameters import POPULATIONS
from prelimbic.pharmacology.dose import DoseError

CLASSES = {
    "all": POPULATIONS,
    "gaba_any": ("PV", "SST", "VIP"),
    "pv": ("PV",),
    "sst": ("SST",),
    "vip": ("VIP",),
    "pyr_direct": ("Pyr",),
}
SITES = (*CLASSES, "uniform", "off")
STRANGE = [
    turn for turn in permutations(range(len(POPULATIONS))) if all(k != place for place, k in enumerate(turn))
]


def confine(value: np.ndarray, site: str, subunits: np.ndarray) -> np.ndarray:
    """The block `value`, shape (population, subunit), where `site` allows it and zero elsewhere; same shape.

    "uniform" gives every receptor the block of the Pyr cells' mixture, so that classes differ in nothing.
    `subunits`: shares of NMDA peak conductance, shape (population, subunit).  Raises DoseError for an
    unknown site.
    """
    if site not in SITES:
        raise DoseError(f"unknown site {site!r}; there are {', '.join(SITES)}")
    if site == "uniform":
        pyramidal = POPULATIONS.index("Pyr")
        return np.full_like(value, value[pyramidal] @ subunits[pyramidal])
    allowed = np.array([population in CLASSES.get(site, ()) for population in POPULATIONS])
    return np.where(allowed[:, None], value, 0.0)


def relabelled(value: np.ndarray, subunits: np.ndarray, seed: int) -> np.ndarray:
    """The block `value`, shape (population, subunit), of each class's mixture, given to another class: no
    class keeps its own. Same shape; which of the nine ways depends on the seed.
    """
    turn = STRANGE[seed % len(STRANGE)]
    return np.repeat((value * subunits).sum(axis=1)[list(turn)][:, None], value.shape[1], axis=1)
