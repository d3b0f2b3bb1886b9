"""Site: which receptors a block is allowed to act on, so that hypotheses about the place of action can be compared."""

from __future__ import annotations

import numpy as np

from parameters import POPULATIONS
from pharmacology.dose import DoseError

CLASSES = {
    "all": POPULATIONS,
    "gaba_any": ("PV", "SST", "VIP"),
    "pv": ("PV",),
    "sst": ("SST",),
    "vip": ("VIP",),
    "pyr_direct": ("Pyr",),
}
SITES = (*CLASSES, "uniform", "off")


def confine(value: np.ndarray, site: str, subunits: np.ndarray) -> np.ndarray:
    """The block `value`, shape (population, subunit), where `site` allows it and zero elsewhere; same shape.

    "uniform" gives every receptor the block of the Pyr cells' mixture, so that classes differ in nothing.
    `subunits`: shares of NMDA peak conductance, shape (population, subunit).  Raises DoseError for an unknown site.
    """
    if site not in SITES:
        raise DoseError(f"unknown site {site!r}; there are {', '.join(SITES)}")
    if site == "uniform":
        pyramidal = POPULATIONS.index("Pyr")
        return np.full_like(value, value[pyramidal] @ subunits[pyramidal])
    allowed = np.array([population in CLASSES.get(site, ()) for population in POPULATIONS])
    return np.where(allowed[:, None], value, 0.0)
