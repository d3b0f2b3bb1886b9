"""Who contacts whom, drawn with numpy from one seed; nothing here depends on the simulator."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from prelimbic.circuits.describe import PLASTIC, Circuit, evenly

# Synapse groups of the built network, by what they do on the target: plastic and fixed AMPA+NMDA, fast and
# slow GABA.
HIGHEST_START_MV = -40.0  # a cell whose threshold is out of reach starts no higher than others
GROUPS = ("plastic", "excitatory", "fast", "slow")
BLOCK = 1 << 20  # numbers that are looked at together, where there are many


@dataclass(frozen=True)
class Delays:
    """Delays of many contacts: those of `classes` (ms) that `which`, of any shape, points to; without
    `which` each contact's own, and `classes` has that shape.
    """

    classes: np.ndarray
    which: np.ndarray | None = None

    def of(self, contacts: np.ndarray) -> Delays:
        """Those of some of each cell's contacts, in a row."""
        if self.which is None:
            return Delays(_columns(self.classes, contacts))
        return Delays(self.classes, _columns(self.which, contacts))

    def ms(self) -> np.ndarray:
        return self.classes if self.which is None else self.classes[self.which]

    def steps(self, step_ms: float) -> np.ndarray:
        """In steps, to the nearest, int32."""
        steps = np.floor(self.classes / step_ms + 0.5).astype(np.int32)
        return steps if self.which is None else steps[self.which]


@dataclass(frozen=True)
class Projected:
    """The contacts of one projection, of each target cell equally many: `picks` (cell, contact), which of
    the sending population's cells, whose first is `first_source`; `delays` of the same shape, unless they
    have been left out; `weight` in nS; `apical` (contact,), bool, those of a cell's contacts that stand on
    its dendrite.  `first` is the first target.
    """

    source: str
    target: str
    first: int
    first_source: int
    picks: np.ndarray
    delays: Delays | None
    weight: float
    apical: np.ndarray

    @property
    def group(self) -> str:
        return group_of(self.source, self.target)

    @property
    def sources(self) -> np.ndarray:
        """Index of the sending cell, (cell, contact), int32."""
        return self._index(self.picks)

    def sources_of(self, contacts: np.ndarray) -> np.ndarray:
        """Those of some of each cell's contacts, in a row."""
        return self._index(_columns(self.picks, contacts))

    def _index(self, picks: np.ndarray) -> np.ndarray:
        return picks if picks.dtype == np.int32 else picks + np.int32(self.first_source)

    def known_delays(self) -> Delays:
        """Raises ValueError where they have been left out."""
        if self.delays is None:
            raise ValueError("a built network keeps no delays beside those of its engine")
        return self.delays

    @property
    def targets(self) -> np.ndarray:
        """Cell of each contact, (contact of all,), int32."""
        cells, degree = self.picks.shape
        return np.repeat(np.arange(self.first, self.first + cells, dtype=np.int32), degree)


@dataclass(frozen=True)
class Placed:
    """Contacts that the built network keeps together, as arrays that are made when they are asked for:
    `parts` are projections and which of a cell's contacts are meant, (contact,), bool.
    """

    parts: tuple[tuple[Projected, np.ndarray], ...]

    def __len__(self) -> int:
        return sum(len(p.picks) * int(which.sum()) for p, which in self.parts)

    @property
    def sources(self) -> np.ndarray:
        return _joined([p.sources_of(which) for p, which in self.parts], np.int32)

    @property
    def targets(self) -> np.ndarray:
        chosen = [(p.first, len(p.picks), int(which.sum())) for p, which in self.parts]
        cells = [np.repeat(np.arange(first, first + n, dtype=np.int32), each) for first, n, each in chosen]
        return _joined(cells, np.int32)

    @property
    def delays(self) -> np.ndarray:
        """In ms."""
        return _joined([d.ms() for d in self._delays()], float)

    def delay_steps(self, step_ms: float) -> np.ndarray:
        """Delays in steps, to the nearest."""
        return _joined([d.steps(step_ms) for d in self._delays()], np.int32)

    def weights(self) -> np.ndarray:
        """In nS."""
        return _joined([np.full(len(p.picks) * which.sum(), p.weight) for p, which in self.parts], float)

    def of(self, values: np.ndarray) -> np.ndarray:
        """What these contacts have of the values of their whole group, in the order of the wiring."""
        found, begin = [], 0
        for p, which in self.parts:
            mine = values[begin : begin + p.picks.size].reshape(p.picks.shape)
            found.append(_columns(mine, which))
            begin += p.picks.size
        return _joined(found, values.dtype)

    def _delays(self) -> Iterator[Delays]:
        return (p.known_delays().of(which) for p, which in self.parts)


class ByGroup(Mapping[str, np.ndarray]):
    """One array a synapse group, over its contacts in the order in which they were drawn; made when asked
    for.
    """

    def __init__(self, drawn: tuple[Projected, ...], of: Callable[[Projected], np.ndarray]):
        self._drawn, self._of = drawn, of

    def __getitem__(self, group: str) -> np.ndarray:
        if group not in GROUPS:
            raise KeyError(group)
        found = [self._of(p).ravel() for p in self._drawn if p.group == group]
        return _joined(found, float)

    def __iter__(self) -> Iterator[str]:
        return iter(GROUPS)

    def __len__(self) -> int:
        return len(GROUPS)


@dataclass(frozen=True)
class Wiring:
    """One drawn circuit: its projections, in the order of the sheet; `threshold` and `rest` (mV) and `start`
    (initial membrane potential, mV) with one value a cell.  Delays are exact, or of so many classes.

    By synapse group, over its contacts: sources[g], targets[g], int32 cell indices; weights[g] in nS;
    delays[g] in ms; apical[g], 1 where the contact stands on the apical dendrite, else 0.  Group "plastic"
    lists `sites` potential contacts a Pyr cell, ordered by target.
    """

    drawn: tuple[Projected, ...]
    threshold: np.ndarray
    rest: np.ndarray
    start: np.ndarray
    delay_classes: int = 0

    @property
    def sources(self) -> ByGroup:
        return ByGroup(self.drawn, lambda p: p.sources)

    @property
    def targets(self) -> ByGroup:
        return ByGroup(self.drawn, lambda p: p.targets)

    @property
    def weights(self) -> ByGroup:
        return ByGroup(self.drawn, lambda p: np.full(p.picks.size, p.weight))

    @property
    def delays(self) -> ByGroup:
        return ByGroup(self.drawn, lambda p: p.known_delays().ms())

    @property
    def apical(self) -> ByGroup:
        return ByGroup(self.drawn, lambda p: np.tile(p.apical.astype(float), len(p.picks)))

    def without_delays(self) -> Wiring:
        """What there is to know of it once an engine has it."""
        return replace(self, drawn=tuple(replace(p, delays=None) for p in self.drawn))

    def onto(self, target: str, group: str) -> Iterator[Projected]:
        """The projections of a group onto a population."""
        return (p for p in self.drawn if p.target == target and p.group == group)

    def connections(self, dendrites: bool) -> dict[str, Placed]:
        """The contacts that the built network keeps together, by name: those on somata under the group's
        name, those on dendrites, where there are any, under that and `_apical`.
        """
        found = {}
        for group, place in places(dendrites):
            mine = (p for p in self.drawn if p.group == group)
            found[group + place] = Placed(
                tuple((p, (p.apical == bool(place)) | (not dendrites)) for p in mine)
            )
        return found


def _joined(parts: list[np.ndarray], dtype: type | np.dtype) -> np.ndarray:
    """Parts one after the other; a single one as it is, none as an empty array of a type."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts or [np.zeros(0, dtype)])


def _columns(values: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Chosen columns of a matrix, in a row; all of them without a copy."""
    return (values if which.all() else values[:, which]).ravel()


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


def draw(circuit: Circuit, seed: np.random.SeedSequence, classes: int = 0) -> Wiring:
    """Draw one wiring: fixed in-degree, no self-contacts, no double contacts, uniform delays, exact or
    rounded to so many classes a projection.
    """
    rng = np.random.default_rng(seed)
    drawn = []
    for source, target, projection in circuit.projections:
        degree = circuit.sites if (source, target) == PLASTIC else int(projection.in_degree)
        pre, post = circuit.cells(source), circuit.cells(target)
        picks = _contacts(rng, pre, post, degree, source == target)
        delay = rng.uniform(projection.delay_min, projection.delay_max, picks.shape)
        # Evenly spread over a cell's contacts, so that any number of filled sites has the same share.
        apical = evenly(degree, projection.apical_share)
        where = (source, target, post.start, pre.start)
        made = Projected(*where, picks, Delays(delay), projection.weight, apical)
        drawn.append(_in_classes(made, classes) if classes else made)
        del delay, made
    reset = circuit.per_cell([p.reset for p in circuit.populations])
    jitter = rng.standard_normal((2, circuit.size))
    threshold = circuit.per_cell([p.threshold for p in circuit.populations])
    threshold += jitter[0] * circuit.per_cell([p.threshold_sd for p in circuit.populations])
    rest = circuit.per_cell([p.rest for p in circuit.populations])
    rest += jitter[1] * circuit.per_cell([p.rest_sd for p in circuit.populations])
    start = reset + (np.minimum(threshold, HIGHEST_START_MV) - reset) * rng.uniform(size=circuit.size)
    return Wiring(tuple(drawn), threshold, rest, start, classes)


def _contacts(rng: np.random.Generator, source: slice, target: slice, degree: int, same: bool) -> np.ndarray:
    """Sources of a fixed in-degree projection, (target cell, contact): int32 where they begin at the first
    cell of all, and then need no change to be indices, else no wider than they need be.
    """
    pool, cells = source.stop - source.start, target.stop - target.start
    chosen = np.empty((cells, degree), np.min_scalar_type(pool) if source.start else np.int32)
    for cell in range(cells):
        picks = rng.choice(pool - same, degree, replace=False, shuffle=False)
        chosen[cell] = picks + (picks >= cell) if same else picks
    return chosen


def fixed_weights(circuit: Circuit) -> np.ndarray:
    """Weights (nS) of the contacts that Pyr cells make on other populations, in the order in which they are
    drawn.
    """
    mine = [(s, t, p) for s, t, p in circuit.projections if group_of(s, t) == "excitatory"]
    return np.concatenate([np.full(circuit.contacts(s, t), p.weight) for s, t, p in mine])


def with_delay_classes(wiring: Wiring, classes: int) -> Wiring:
    """The wiring with the delays of each projection rounded to the means of so many classes of equal
    size.  Raises ValueError where they have been rounded to others.
    """
    if wiring.delay_classes == classes:
        return wiring
    if wiring.delay_classes:
        raise ValueError(f"delays of {wiring.delay_classes} classes cannot be put into {classes}")
    drawn = tuple(_in_classes(p, classes) for p in wiring.drawn)
    return replace(wiring, drawn=drawn, delay_classes=classes)


def _in_classes(drawn: Projected, classes: int) -> Projected:
    which, mean = _classed(drawn.known_delays().classes.ravel(), classes)
    return replace(drawn, delays=Delays(mean, which.reshape(drawn.picks.shape)))


def delay_classes(delays: np.ndarray, classes: int) -> np.ndarray:
    """Every delay replaced by the mean of its class, the classes holding equally many delays of like length;
    any unit.
    """
    which, mean = _classed(delays, classes)
    return mean[which]


def _classed(delays: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """The class of every delay, (contact,), and the mean of each class, (class,)."""
    begins = -(-np.arange(1, classes) * len(delays) // classes)  # ranks at which the next class begins
    inside = begins[begins < len(delays)]
    edges = np.full(classes - 1, np.inf)
    edges[: len(inside)] = np.partition(delays, inside)[inside] if len(inside) else []
    which = np.empty(len(delays), dtype=np.uint8 if classes <= 1 << 8 else np.uint16)
    for block in _blocks(len(delays)):
        which[block] = np.searchsorted(edges, delays[block], side="right")
    begin = np.array([0, *begins, len(delays)])
    if (_counted(which, classes) != np.diff(begin)).any():  # equal delays on both sides of an edge
        rank = np.empty(len(delays), dtype=np.int64)
        rank[np.argsort(delays, kind="stable")] = np.arange(len(delays))
        which[:] = rank * classes // len(delays)
    total, each = np.zeros(classes), np.arange(classes, dtype=which.dtype)
    for block in _blocks(len(delays)):  # sums go on from block to block as if there were one
        belongs, values = np.concatenate([each, which[block]]), np.concatenate([total, delays[block]])
        total = np.bincount(belongs, values, minlength=classes).astype(float)
    return which, total / np.maximum(_counted(which, classes), 1)


def _counted(which: np.ndarray, classes: int) -> np.ndarray:
    """How many belong to each class, (class,)."""
    count = np.zeros(classes, dtype=np.int64)
    for block in _blocks(len(which)):
        count += np.bincount(which[block], minlength=classes)
    return count


def _blocks(count: int) -> Iterator[slice]:
    return (slice(begin, begin + BLOCK) for begin in range(0, count, BLOCK))
