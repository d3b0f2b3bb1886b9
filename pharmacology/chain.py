"""Chain: a drug and what becomes of it, as compartments of one body.

  depots -> ketamine (central <-> peripheral, <-> deep) -> norketamine -> hydroxynorketamine -> out
Amounts are umol.  What leaves is kept in `eliminated`, so given = present + eliminated at all times; venous
and brain concentrations follow and hold no mass.  Numbers may be floats, or arrays with one value a subject.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from prelimbic.parameters import MADE_OF, Disposition, Route, Species
from prelimbic.pharmacology.linear import Linear

DIRECT, SWALLOWED = "direct", "swallowed"
VENOUS = ("venous_fast", "venous_slow")


@dataclass(frozen=True)
class Depot:
    """Where what is given by a route waits to be absorbed: which compound, directly or through the gut."""

    compound: str
    route: str
    way: str

    def __str__(self) -> str:
        return f"{self.compound}.{self.route}.{self.way}"


@dataclass(frozen=True)
class Chain:
    """States of a chain by name: the `core` and its leaves; the linear system that moves them; and what is
    seen of it, by quantity, shape (..., compound, state).
    """

    core: dict[str, int]
    leaves: dict[str, int]
    system: Linear
    arterial: np.ndarray
    venous: np.ndarray
    brain: np.ndarray
    present: np.ndarray
    eliminated: np.ndarray


def chain(body: Species, drugs: Mapping[str, Disposition], depots: Sequence[tuple[Depot, Route]]) -> Chain:
    """The chain of compounds in their order, with a depot for each way in."""
    core = {str(depot): k for k, (depot, _) in enumerate(depots)}
    for name, drug in drugs.items():
        for part in ("central", *(part for part, flow in _parts(drug) if np.any(flow > 0))):
            core[f"{name}.{part}"] = len(core)
    lags = {**_venous_lags(body), "brain": _brain_lag(body)}
    following = [lag for lag, hours in lags.items() if np.any(np.asarray(hours) > 0)]
    leaves = {
        f"{name}.{leaf}": len(core) + k
        for k, (leaf, name) in enumerate(
            (leaf, name) for leaf in ("eliminated", *following) for name in drugs
        )
    }
    lead = _lead(body, drugs, [route for _, route in depots])
    built = _Built(core, leaves, lead)
    built.move_drugs(drugs)
    built.move_depots(depots, drugs)
    for lag in following:
        built.follow(lag, lags[lag], drugs)
    return built.chain(body, drugs, set(following))


def _parts(drug: Disposition) -> tuple[tuple[str, float], ...]:
    return ("peripheral", drug.exchange), ("deep", drug.deep_exchange)


def _products(name: str, drugs: Mapping[str, Disposition]) -> dict[str, Disposition]:
    return {each: drugs[each] for each, of in MADE_OF.items() if of == name and each in drugs}


def _venous_lags(body: Species) -> dict[str, float]:
    return {"venous_fast": body.venous_fast, "venous_slow": body.venous_slow}


def _brain_lag(body: Species) -> float:
    return body.brain_equilibration_half_time / np.log(2.0)


def _lead(*records: object) -> tuple[int, ...]:
    """Leading axes of the numbers of some records."""
    flat: list[object] = []
    for each in records:
        flat += each.values() if isinstance(each, Mapping) else each if isinstance(each, list) else [each]
    return np.broadcast_shapes(
        *{getattr(value, "shape", ()) for record in flat for value in vars(record).values()}
    )


class _Built:
    """A system while it is being put together."""

    def __init__(self, core: dict[str, int], leaves: dict[str, int], lead: tuple[int, ...]) -> None:
        self.core, self.leaves, self.lead = core, leaves, lead
        self.matrix = np.zeros((*lead, len(core), len(core)))
        self.gains = np.zeros((*lead, len(leaves), len(core)))
        self.rates = np.zeros((*lead, len(leaves)))

    def move(self, source: str, target: str, rate: np.ndarray | float) -> None:
        k = self.core[source]
        self.matrix[..., k, k] -= rate
        if target in self.core:
            self.matrix[..., self.core[target], k] += rate
        else:
            self.gains[..., self.leaves[target] - len(self.core), k] += rate

    def move_drugs(self, drugs: Mapping[str, Disposition]) -> None:
        for name, drug in drugs.items():
            central, out = f"{name}.central", drug.clearance / drug.central
            made = {each: share.formed for each, share in _products(name, drugs).items()}
            for product, share in made.items():
                self.move(central, f"{product}.central", share * out)
            self.move(central, f"{name}.eliminated", (1.0 - sum(made.values())) * out)
            for part, flow in _parts(drug):
                if f"{name}.{part}" in self.core:
                    self.move(central, f"{name}.{part}", flow / drug.central)
                    self.move(f"{name}.{part}", central, flow / getattr(drug, part))

    def move_depots(self, depots: Sequence[tuple[Depot, Route]], drugs: Mapping[str, Disposition]) -> None:
        for depot, route in depots:
            place, name = str(depot), depot.compound
            if depot.way == DIRECT:
                self.move(place, f"{name}.central", route.direct_absorption)
                continue
            lost = (1.0 - route.available) * route.swallowed_absorption
            made = {each: share.first_pass_formed for each, share in _products(name, drugs).items()}
            self.move(place, f"{name}.central", route.available * route.swallowed_absorption)
            for product, share in made.items():
                self.move(place, f"{product}.central", share * lost)
            self.move(place, f"{name}.eliminated", (1.0 - sum(made.values())) * lost)

    def follow(self, lag: str, hours: np.ndarray | float, drugs: Mapping[str, Disposition]) -> None:
        """What fills from the arteries within some hours, at their concentration."""
        speed = 1.0 / np.asarray(hours)
        for name, drug in drugs.items():
            k = self.leaves[f"{name}.{lag}"] - len(self.core)
            self.rates[..., k] = speed
            self.gains[..., k, self.core[f"{name}.central"]] = speed / drug.central

    def chain(self, body: Species, drugs: Mapping[str, Disposition], following: set[str]) -> Chain:
        size, names = len(self.core) + len(self.leaves), list(drugs)
        arterial, venous, brain, present, gone = (np.zeros((*self.lead, len(names), size)) for _ in range(5))
        shares = dict(zip(VENOUS, (body.venous_fast_share, 1.0 - body.venous_fast_share), strict=True))
        for k, (name, drug) in enumerate(drugs.items()):
            central = self.core[f"{name}.central"]
            arterial[..., k, central] = 1.0 / drug.central
            for pool, share in shares.items():
                if pool in following:
                    venous[..., k, self.leaves[f"{name}.{pool}"]] = share
                else:
                    venous[..., k, central] += share / drug.central
            ratio = drug.unbound * drug.brain_to_plasma_unbound
            if "brain" in following:
                brain[..., k, self.leaves[f"{name}.brain"]] = ratio
            else:
                brain[..., k, central] = ratio / drug.central
            gone[..., k, self.leaves[f"{name}.eliminated"]] = 1.0
            for state, place in self.core.items():
                present[..., k, place] = state.startswith(f"{name}.")
        system = Linear(self.matrix, self.gains, self.rates)
        return Chain(self.core, self.leaves, system, arterial, venous, brain, present, gone)
