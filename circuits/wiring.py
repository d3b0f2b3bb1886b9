"""Who contacts whom, drawn with numpy from one seed; nothing here depends on the simulator."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from prelimbic.circuits.describe import PLASTIC, Circuit, evenly
from prelimbic.circuits.engine import Connections

# Synapse groups of the built network, by what they do on the target: plastic and fixed AMPA+NMDA, fast and
# slow GABA.
HIGHEST_START_MV = -40.0  # a cell whose threshold is out of reach starts no higher than others
GROUPS = ("plastic", "excitatory", "fast", "slow")


@dataclass(frozen=True)
class Wiring:
    """One drawn circuit.

    sources[g], targets[g]: int32 cell indices of the contacts of synapse group g; weights[g] in nS;
    delays[g] in ms; apical[g]: 1 where the contact stands on the apical dendrite, else 0.  Group "plastic"
    lists `sites` potential contacts a Pyr cell, ordered by target.  `threshold` and `rest` (mV) and `start`
    (initial membrane potential, mV) have one value a cell.
    """

    sources: dict[str, np.ndarray]
    targets: dict[str, np.ndarray]
    weights: dict[str, np.ndarray]
    delays: dict[str, np.ndarray]
    apical: dict[str, np.ndarray]
    threshold: np.ndarray
    rest: np.ndarray
    start: np.ndarray

    def placed(self, dendrites: bool) -> dict[str, tuple[str, np.ndarray]]:
        """Which contacts of which group the built network keeps together: those on somata under the group's
        name, those on dendrites, where there are any, under that and `_apical`; as (group, indices).
        """
        found = {}
        for group, place in places(dendrites):
            chosen = self.apical[group] > 0 if place else (self.apical[group] == 0) | (not dendrites)
            found[group + place] = (group, np.flatnonzero(chosen))
        return found

    def connections(self, dendrites: bool) -> dict[str, Connections]:
        """The contacts that the built network keeps together, by name."""
        return {
            name: Connections(self.sources[g][which], self.targets[g][which], self.delays[g][which])
            for name, (g, which) in self.placed(dendrites).items()
        }


def places(dendrites: bool) -> list[tuple[str, str]]:
    """(group, "" for the soma or "_apical") of all contacts there may be; only Pyr cells have a dendrite."""
    return [
        (g, place)
        for g in GROUPS
        for place in (("", "_apical") if dendrites and g != "excitatory" else ("",))
    ]


def group_of(source: str, target: str) -> str:
    """The synapse group that carries a projection."""
    if source == "Pyr":
        return "plastic" if (source, target) == PLASTIC else "excitatory"
    return "fast" if source == "PV" else "slow"


def draw(circuit: Circuit, seed: np.random.SeedSequence) -> Wiring:
    """Draw one wiring: fixed in-degree, no self-contacts, no double contacts, uniform delays."""
    rng = np.random.default_rng(seed)
    parts: dict[str, list[tuple[np.ndarray, ...]]] = {group: [] for group in GROUPS}
    for source, target, projection in circuit.projections:
        degree = circuit.sites if (source, target) == PLASTIC else int(projection.in_degree)
        pre, post = _contacts(rng, circuit.cells(source), circuit.cells(target), degree, source == target)
        weight = np.full(len(pre), projection.weight)
        delay = rng.uniform(projection.delay_min, projection.delay_max, len(pre))
        # Evenly spread over a cell's contacts, so that any number of filled sites has the same share.
        apical = np.tile(evenly(degree, projection.apical_share).astype(float), len(pre) // degree)
        parts[group_of(source, target)].append((pre, post, weight, delay, apical))
    columns = {
        group: [np.concatenate(column) for column in zip(*parts[group], strict=True)] for group in GROUPS
    }
    reset = circuit.per_cell([p.reset for p in circuit.populations])
    jitter = rng.standard_normal((2, circuit.size))
    threshold = circuit.per_cell([p.threshold for p in circuit.populations])
    threshold += jitter[0] * circuit.per_cell([p.threshold_sd for p in circuit.populations])
    rest = circuit.per_cell([p.rest for p in circuit.populations])
    rest += jitter[1] * circuit.per_cell([p.rest_sd for p in circuit.populations])
    return Wiring(
        sources={group: columns[group][0] for group in GROUPS},
        targets={group: columns[group][1] for group in GROUPS},
        weights={group: columns[group][2] for group in GROUPS},
        delays={group: columns[group][3] for group in GROUPS},
        apical={group: columns[group][4] for group in GROUPS},
        threshold=threshold,
        rest=rest,
        start=reset + (np.minimum(threshold, HIGHEST_START_MV) - reset) * rng.uniform(size=circuit.size),
    )


def _contacts(
    rng: np.random.Generator, source: slice, target: slice, degree: int, same: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Sources and targets of a fixed in-degree projection, ordered by target."""
    pool, cells = source.stop - source.start, target.stop - target.start
    chosen = np.empty((cells, degree), dtype=np.int32)
    for cell in range(cells):
        picks = rng.choice(pool - same, degree, replace=False, shuffle=False)
        chosen[cell] = picks + (picks >= cell) if same else picks
    post = np.repeat(np.arange(cells, dtype=np.int32), degree)
    return (chosen.ravel() + source.start).astype(np.int32), (post + target.start).astype(np.int32)


def fixed_weights(circuit: Circuit) -> np.ndarray:
    """Weights (nS) of the contacts that Pyr cells make on other populations, in the order in which they are
    drawn.
    """
    mine = [(s, t, p) for s, t, p in circuit.projections if group_of(s, t) == "excitatory"]
    return np.concatenate([np.full(circuit.contacts(s, t), p.weight) for s, t, p in mine])


def with_delay_classes(circuit: Circuit, wiring: Wiring, classes: int) -> Wiring:
    """The wiring with the delays of each projection rounded to the means of so many classes of equal
    size.
    """
    delays = {group: values.copy() for group, values in wiring.delays.items()}
    for source, target, _ in circuit.projections:
        group, pre, post = group_of(source, target), circuit.cells(source), circuit.cells(target)
        s, t = wiring.sources[group], wiring.targets[group]
        mine = np.flatnonzero((s >= pre.start) & (s < pre.stop) & (t >= post.start) & (t < post.stop))
        delays[group][mine] = delay_classes(delays[group][mine], classes)
    return replace(wiring, delays=delays)


def delay_classes(delays: np.ndarray, classes: int) -> np.ndarray:
    """Every delay replaced by the mean of its class, the classes holding equally many delays of like length;
    any unit.
    """
    rank = np.empty(len(delays), dtype=np.int64)
    rank[np.argsort(delays, kind="stable")] = np.arange(len(delays))
    belongs = rank * classes // len(delays)
    mean = np.bincount(belongs, delays, minlength=classes) / np.maximum(
        np.bincount(belongs, minlength=classes), 1
    )
    return mean[belongs]
