"""The agents: every potential Pyr->Pyr contact is VACANT, holds a NASCENT spine or a MATURE one, and keeps
its identity.

Density counts NASCENT and MATURE; only MATURE spines carry weight.  A cell's sites lie on branches, one
stretch of sites each. What stress takes differs by branch, and a site whose spine it took remembers that.
Over a stride rates are constant and each agent makes one exact jump (plasticity.chain), on a draw that is a
hash of seed, stride and agent: nothing depends on threads or chunks.  An agent is one byte; weight, partner
and branch follow from where it stands.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from prelimbic.parameters import SpineNumbers
from prelimbic.parameters.errors import UsageError
from prelimbic.plasticity.constants import LOST, MATURE, NASCENT, STATE, STOOD, VACANT

RULES = ("everywhere", "lost_sites")
LONGEST_STRIDE_H = 1000.0
MOST_AGENTS = 2**32
FASTEST_FORMATION = 1e6  # 1/h
MOST_FILLED = 0.999  # of the lost sites in one stride


class SpineError(UsageError):
    """A table of spines that cannot be."""


@dataclass(frozen=True)
class Rates:
    """Transition rates, 1/h, that hold `contacts` mature spines as their fixed point with time constant
    density_time.

    `gain`: formation per unit of signal above rest; `stress`: what stress adds to the loss of mature spines,
    in units of it.
    """

    formation: float
    gain: float
    maturation: float
    nascent_loss: float
    mature_loss: float
    stress: float
    nascent: float  # nascent spines a cell at the fixed point

    def __post_init__(self) -> None:
        for name in ("formation", "gain", "maturation", "nascent_loss", "mature_loss", "stress"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0):
                raise SpineError(f"rate {name} of the spines is {value:g} but must be finite and at least 0")


def rates(numbers: SpineNumbers, contacts: float, sites: int, healthy: float | None = None) -> Rates:
    """Formation and loss rates of a cell that rests at `contacts` mature spines on `sites` potential sites.

    Raises SpineError when the sites do not hold them, or not those there were before stress, `healthy`.
    """
    loss = (1.0 - contacts / max(sites, 1)) / numbers.density_time
    nascent = loss * contacts / numbers.nascent_maturation
    vacant = sites - contacts - nascent
    if not 0 < contacts < sites or vacant <= 0:
        raise SpineError(
            f"{contacts:g} contacts a cell do not fit into {sites:g} potential sites (sites_per_contact)"
        )
    if healthy is not None and not round(contacts) <= round(healthy) <= sites - round(nascent):
        raise SpineError(
            f"{healthy:g} healthy contacts a cell do not fit between {contacts:g} and {sites} potential "
            "sites (sites_per_contact)"
        )
    formation = (numbers.nascent_maturation + numbers.nascent_loss) * nascent / vacant
    return Rates(
        formation,
        numbers.formation_gain,
        numbers.nascent_maturation,
        numbers.nascent_loss,
        loss,
        numbers.stress_loss,
        nascent,
    )


def branch_bounds(sites: int, split: int, branches: int) -> np.ndarray:
    """Where the branches of a cell begin and end among its sites, shape (branch + 1,): sites below `split`
    are on somatic branches, the others on apical ones, in the shares of the sites.  Raises SpineError for
    more branches than sites.
    """
    low = min(max(round(branches * split / sites), int(split > 0)), branches - int(split < sites))
    if branches > sites or low > split or branches - low > sites - split or low < int(split > 0):
        there = f"{split} somatic and {sites - split} apical sites"
        raise SpineError(
            f"{branches} branches a cell do not fit onto {there} (spines.branches, sites_per_contact)"
        )
    parts = [np.linspace(0, split, low + 1)] if low else [np.zeros(1)]
    parts += [np.linspace(split, sites, branches - low + 1)[1:]] if branches > low else []
    return np.rint(np.concatenate(parts)).astype(np.int64)


@dataclass(frozen=True)
class Spines:
    """States of all agents, uint8, shape (cell, site): the lowest two bits are the state.

    `vulnerability`, shape (cell, branch), is how hard stress hits a branch, 1 on average; `rule` says where
    new spines go: everywhere alike, or, of what is made above rest, where spines were lost; `stride` counts
    the jumps so far.
    """

    rates: Rates
    states: np.ndarray = field(repr=False)
    bounds: np.ndarray = field(repr=False)
    vulnerability: np.ndarray = field(repr=False)
    rule: str
    seed: int
    stride: int = 0

    @classmethod
    def at_rest(
        cls,
        numbers: SpineNumbers,
        contacts: float,
        sites: int,
        cells: int,
        seed: np.random.SeedSequence,
        *,
        healthy: float | None = None,
        split: int = 0,
        rule: str = "everywhere",
    ) -> Spines:
        """A table with exactly the resting number of mature and (rounded) nascent spines on each cell.

        `healthy`: mature spines before stress took the rest, most of them from vulnerable branches.  Raises
        SpineError.
        """
        if rule not in RULES:
            raise SpineError(f"unknown rule {rule!r} of spines; there are {', '.join(RULES)}")
        if cells * sites > MOST_AGENTS:
            raise SpineError(f"{cells} cells of {sites} sites are more than 2^32 agents")
        resting, stood = (
            rates(numbers, contacts, sites, healthy),
            round(contacts if healthy is None else healthy),
        )
        bounds = branch_bounds(sites, split, round(numbers.branches))
        placing, drawing, branching = seed.spawn(3)
        layout = np.zeros(sites, dtype=np.uint8)
        layout[:stood] = MATURE
        layout[stood : stood + round(resting.nascent)] = NASCENT
        states = np.random.default_rng(placing).permuted(np.tile(layout, (cells, 1)), axis=1)
        rng = np.random.default_rng(branching)
        vulnerability = _vulnerability(rng, (cells, len(bounds) - 1), numbers.branch_spread)
        _take(states, stood - round(contacts), np.repeat(vulnerability, np.diff(bounds), axis=1), rng)
        key = int(drawing.generate_state(1, dtype=np.uint64)[0])
        return cls(resting, states, bounds, vulnerability.astype(np.float32), rule, key)

    def advance(
        self, signal: np.ndarray, hours: float, stress: float = 0.0, on_lost: np.ndarray | None = None
    ) -> Spines:
        """The table `hours` later under a formation signal, shape (cell,), and a stress from 0 to 1;
        `on_lost` (1/h, (cell,)) is formation that is added on sites that stress emptied.  Raises SpineError.
        """
        from prelimbic.plasticity.chain import jump, thresholds  # which take numba

        if not 0 <= hours <= LONGEST_STRIDE_H:
            raise SpineError(f"a stride of {hours:g} h must lie between 0 and {LONGEST_STRIDE_H:g} h")
        if hours == 0:
            return self
        r, states = self.rates, self.states.copy()
        loss = (
            r.mature_loss * (1.0 + stress * r.stress * self.vulnerability)
            if stress
            else np.full((1, 1), r.mature_loss)
        )
        table = thresholds(
            *self._formation(np.asarray(signal, dtype=float), hours, on_lost),
            r.maturation,
            r.nascent_loss,
            loss,
            hours,
        )
        # without stress all branches of a cell are alike
        bounds = self.bounds if stress else self.bounds[[0, -1]]
        key = np.random.SeedSequence([self.seed, self.stride]).generate_state(2, dtype=np.uint32)
        jump(states, bounds, table, key[0], key[1])
        return replace(self, states=states, stride=self.stride + 1)

    def _formation(
        self, signal: np.ndarray, hours: float, added: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Formation rates (1/h) on other sites and on those where a spine was lost, each (cell,)."""
        r = self.rates
        rate = r.formation * np.maximum(1.0 + r.gain * (signal - 1.0), 0.0)
        elsewhere, here = (rate, rate) if self.rule == "everywhere" else self._moved(rate, hours)
        here = here if added is None else here + added
        for name, found in (("formation_gain", elsewhere), ("lost_site_rate", here)):
            if not (found <= FASTEST_FORMATION).all():
                fast = f"formation is faster than {FASTEST_FORMATION:g} an hour"
                raise SpineError(f"{fast}; {name} is too large for that")
        return elsewhere, here

    def _moved(self, rate: np.ndarray, hours: float) -> tuple[np.ndarray, np.ndarray]:
        """The same where what is made above rest goes to lost sites: as much in a stride; what these cannot
        hold goes to the others.
        """
        r = self.rates
        vacant = (self.states & STATE) == VACANT
        lost = (vacant & ((self.states & LOST) > 0)).sum(axis=1)
        everywhere = vacant.sum(axis=1)
        more = np.maximum(rate - r.formation, 0.0)
        made = -everywhere * np.expm1(-more * hours)
        here = np.minimum(made, MOST_FILLED * lost)
        elsewhere = np.minimum((made - here) / np.maximum(everywhere - lost, 1), MOST_FILLED)
        return rate - more - np.log1p(-elsewhere) / hours, rate - more - np.log1p(
            -here / np.maximum(lost, 1)
        ) / hours

    def stress_begins(self) -> Spines:
        """Remember where mature spines stand."""
        stood = ((self.states & STATE) == MATURE).astype(np.uint8) * np.uint8(STOOD)
        return replace(self, states=(self.states & np.uint8(STATE | LOST)) | stood)

    def stress_ends(self) -> Spines:
        """Mark as lost where one stood and none does now."""
        gone = ((self.states & STOOD) > 0) & ((self.states & STATE) == VACANT)
        return replace(
            self, states=(self.states & np.uint8(STATE | LOST)) | gone.astype(np.uint8) * np.uint8(LOST)
        )

    def weights(self, weight: float) -> np.ndarray:
        """Conductance of each contact, float32, shape (cell, site): `weight` (nS) where MATURE, else 0."""
        return ((self.states & STATE) == MATURE) * np.float32(weight)

    @property
    def density(self) -> np.ndarray:
        """Spines (NASCENT and MATURE) on each cell."""
        return ((self.states & STATE) != VACANT).sum(axis=1)

    @property
    def mature(self) -> np.ndarray:
        """Mature spines on each cell."""
        return ((self.states & STATE) == MATURE).sum(axis=1)

    @property
    def lost(self) -> np.ndarray:
        """Sites of each cell whose spine was lost to stress, whatever stands there now."""
        return ((self.states & LOST) > 0).sum(axis=1)

    @property
    def regained(self) -> np.ndarray:
        """Lost sites of each cell that hold a spine again."""
        return (((self.states & LOST) > 0) & ((self.states & STATE) != VACANT)).sum(axis=1)


def turnover(before: Spines, after: Spines) -> tuple[np.ndarray, np.ndarray]:
    """Sites of each cell that were vacant before and are not after, and the reverse: what two images would
    show.
    """
    vacant, later = (before.states & STATE) == VACANT, (after.states & STATE) == VACANT
    return (vacant & ~later).sum(axis=1), (~vacant & later).sum(axis=1)


def _vulnerability(rng: np.random.Generator, shape: tuple[int, int], spread: float) -> np.ndarray:
    """Gamma-distributed, mean 1, coefficient of variation `spread`."""
    return np.ones(shape) if spread == 0 else rng.gamma(1.0 / spread**2, spread**2, shape)


def _take(states: np.ndarray, count: int, vulnerability: np.ndarray, rng: np.random.Generator) -> None:
    """Take `count` mature spines from each cell in place, chances in proportion to vulnerability, and mark
    their sites lost.
    """
    if count == 0:
        return
    with np.errstate(divide="ignore"):
        waiting = rng.exponential(size=states.shape) / vulnerability
    waiting[states != MATURE] = np.inf
    gone = np.argpartition(waiting, count - 1, axis=1)[:, :count]
    np.put_along_axis(states, gone, np.uint8(VACANT | LOST), axis=1)
