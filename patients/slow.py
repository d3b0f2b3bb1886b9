"""The slow layer of one subject: the cascade minute by minute, and spines by their exact chances, driven by
what a surrogate has in place of spikes.
"""

from __future__ import annotations

import math
from bisect import bisect
from dataclasses import dataclass

import numpy as np

from prelimbic.parameters import Arms, CascadeNumbers, SpineNumbers
from prelimbic.patients.design import CONTACTS
from prelimbic.patients.surrogate import TABLES, Emulated
from prelimbic.plasticity import Cascade
from prelimbic.plasticity.spines import rates
from prelimbic.simulation.hypotheses import Hypotheses

STATES = ("spines", "contacts", "bdnf", "mtorc1", "glutamate")
# cells of a subject: means of the four equal parts of a normal distribution
CELLS = (-1.271, -0.325, 0.325, 1.271)
LOG_CONTACTS = [math.log(share) for share in CONTACTS]


@dataclass(frozen=True)
class Subject:
    """One subject: its circuit, its share of healthy contacts at rest, and the numbers of its slow layer;
    `sites` are potential sites over healthy contacts.
    """

    circuit: Emulated
    contacts: float
    cascade: CascadeNumbers
    spines: SpineNumbers
    sites: float


def followed(
    subject: Subject,
    minutes: np.ndarray,
    uM: np.ndarray,
    factors: np.ndarray,
    arms: Arms,
    switches: Hypotheses,
) -> dict[str, np.ndarray]:
    """States at every one of the `minutes` (time,), whole ones; between two of them the drug is `uM`
    (stride,) of ketamine and the cascade is acted on by `factors` (minute, factor).

    `spines` is density and `contacts` are mature ones, over those at rest, `bdnf` and `mtorc1` are means
    over cells relative to rest, `glutamate` is relative release over the stride that ended.  Raises
    CascadeError and SpineError.
    """
    from prelimbic.plasticity.chain import chances  # which takes numba

    cells = len(CELLS)
    healthy = 1000.0  # contacts and sites only ever stand to each other
    at_rest, sites = subject.contacts * healthy, round(subject.sites * healthy)
    r = rates(subject.spines, at_rest, sites)
    state = np.tile(np.array([sites - at_rest - r.nascent, r.nascent, at_rest]) / sites, (cells, 1))
    cascade = Cascade.at_rest(subject.cascade, cells, arms)
    tables, open_ = subject.circuit.along(uM)
    none = subject.circuit.along(np.zeros(1))[0][..., 0]
    rest = dict(zip(TABLES, _at(none, subject.contacts), strict=True))
    found = {name: np.ones(len(minutes)) for name in STATES}
    before = state[0, 1] + state[0, 2]
    z, nothing = np.array(CELLS), np.ones(cells)
    for k in range(len(minutes) - 1):
        first, last = int(minutes[k]), int(minutes[k + 1])
        contacts = float(state[:, 2].sum()) / cells * sites / healthy
        now = dict(zip(TABLES, _at(tables[..., k], contacts), strict=True))
        spread = max(now["spread"] ** 2 - rest["spread"] ** 2, 0.0) ** 0.5
        drive = np.maximum(now["ampa"] / rest["ampa"] * (1.0 + spread * z), 0.0)
        nmda, rate = now["nmda"] / rest["nmda"], now["rate"] / max(rest["rate"], 1e-9)
        own = state[:, 2] * sites / at_rest
        cascade = cascade.begun().advance(
            drive,
            nmda * nothing,
            factors[first - int(minutes[0]) : last - int(minutes[0])],
            float(open_[k]),
            switches.deficit(rate, nmda),
            own,
        )
        formation = r.formation * np.maximum(1.0 + r.gain * (cascade.signal - 1.0), 0.0)
        hours = (last - first) / 60.0
        for cell in range(cells):
            moved = chances(formation[cell], r.maturation, r.nascent_loss, r.mature_loss, hours)
            state[cell] = state[cell] @ moved
        found["spines"][k + 1] = float((state[:, 1] + state[:, 2]).mean()) / before
        found["contacts"][k + 1] = float(state[:, 2].sum()) / cells * sites / at_rest
        found["bdnf"][k + 1] = float(cascade.of("bdnf").mean())
        found["mtorc1"][k + 1] = float(cascade.of("mtorc1").mean())
        found["glutamate"][k + 1] = now["release"] / max(rest["release"], 1e-9)
    return found


def _at(tables: np.ndarray, contacts: float) -> list[float]:
    """Tables (table, contacts) at a share of contacts: a line over its logarithm."""
    where = math.log(contacts)
    low = min(max(bisect(LOG_CONTACTS, where) - 1, 0), len(LOG_CONTACTS) - 2)
    share = (where - LOG_CONTACTS[low]) / (LOG_CONTACTS[low + 1] - LOG_CONTACTS[low])
    share = min(max(share, 0.0), 1.0)
    found: list[float] = ((1.0 - share) * tables[:, low] + share * tables[:, low + 1]).tolist()
    return found
