"""Trapping block: drugs that enter a channel mostly when it is open and stay in it when it closes.

Per population and subunit, and for drugs d that compete for the channel (one drug a channel at a time):

    closed   <-- gate -->   open            gate: opens at p/T and closes at (1 - p)/T, T the gate's
      |                      |                    relaxation time, with or without a drug inside
    closed-blocked d <-->  open-blocked d   open: in at on_d C_d, out at off_d; closed: both times
                                                  escape_d/unblocking_d

    off_d = unblocking_d exp(+z_d/2)        z_d = delta_d F (V - V_ref)/(RT)  (Woodhull 1973; on_d
                                                  falls by half of it)
    on_d  = unblocking_d exp(-z_d/2) free_d/(ic50_d free_ref_d)

free_d is the share of channels that Mg leaves to the drug: 1 - competition_d (1 - magnesium_free), at V_ref
and 1 mM free_ref_d.  So at V_ref and 1 mM Mg block settles at C/(C + ic50), at any other place where the two
shifts put it.

A drug that leaves a closed channel must be able to enter it: were escape a way out only, the cycle closed ->
open -> open-blocked -> closed-blocked -> closed would turn for ever without anything to drive it.  Here both
ways through the closed gate are slower by one factor and see Mg and potential alike, so detailed balance
holds, partial trapping changes speed and not equilibrium, and silent receptors are slowly blocked by a drug
with an escape.  Hill slopes are not used: the scheme binds one molecule.

Channels that hold drugs of one kind, which differ in nothing but ic50, are counted together: such drugs
leave and meet the gate alike, so the count moves as each of them would, and ways in add.  Enantiomers are of
one kind.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from prelimbic.parameters import POPULATIONS, SUBUNITS, Channel, Compound
from prelimbic.pharmacology.block import UNIFORM, Concentrations, half_maximal
from prelimbic.pharmacology.dose import DoseError
from prelimbic.pharmacology.gating import Gating

SECONDS_PER_HOUR = 3600.0
LONGEST_STEP = 60.0  # s, over which concentrations count as constant
VOLTS_PER_KELVIN = 1.380649e-23 / 1.602176634e-19  # R/F: Boltzmann's constant over a charge, both exact
CLOSED, OPEN, FIRST_DRUG = 0, 1, 2
KINETICS = ("unblocking", "escape", "electrical_distance", "magnesium_competition")


@dataclass(frozen=True)
class TrappingBlock:
    """Share of channels in each state of the scheme, at hour `time`.

    `occupancy` has shape (population, subunit, state): closed, open, then closed-blocked and open-blocked by
    each kind of drug, as the first of each stands in `names`.  `reference_free` (subunit,) is the share of
    channels free of Mg at the reference potential and 1 mM.  `affinity` (population, subunit) multiplies
    every concentration.
    """

    names: tuple[str, ...]
    drugs: tuple[Compound, ...] = field(repr=False)
    channel: Channel = field(repr=False)
    reference_free: np.ndarray = field(repr=False)
    affinity: np.ndarray = field(repr=False)
    time: float
    occupancy: np.ndarray

    @classmethod
    def at(
        cls,
        exposure: Concentrations,
        compounds: dict[str, Compound],
        time: float,
        channel: Channel,
        reference_free: np.ndarray,
        affinity: np.ndarray = UNIFORM,
    ) -> TrappingBlock:
        """Every channel closed and free of drug at hour `time`, whatever `exposure` holds then."""
        drugs = tuple(compounds[name] for name in exposure.names)
        occupancy = np.zeros((len(POPULATIONS), len(SUBUNITS), FIRST_DRUG + 2 * len(_kinds(drugs))))
        occupancy[..., CLOSED] = 1.0
        return cls(exposure.names, drugs, channel, reference_free, affinity, time, occupancy)

    @property
    def value(self) -> np.ndarray:
        """Share of channels that hold a drug, shape (population, subunit)."""
        return self.occupancy[..., FIRST_DRUG:].sum(axis=-1)

    def advance(self, exposure: Concentrations, gating: Gating, stride: float) -> TrappingBlock:
        """The block `stride` hours later.  Raises DoseError when `exposure` is of other drugs."""
        if exposure.names != self.names:
            raise DoseError(
                f"a block of {', '.join(self.names)} cannot go on with {', '.join(exposure.names)}"
            )
        from scipy.linalg import expm  # for start-up time

        still, per_uM = self._rates(gating)
        steps, later = self.entering(exposure, stride)
        seconds = stride * SECONDS_PER_HOUR / len(steps)
        occupancy = self.occupancy[..., None]
        for unbound_uM in steps:
            occupancy = expm((still + np.tensordot(unbound_uM, per_uM, axes=1)) * seconds) @ occupancy
        # Against rounding only: in exact arithmetic every step keeps signs and sum.
        occupancy = np.maximum(occupancy[..., 0], 0.0)
        return replace(later, occupancy=occupancy / occupancy.sum(axis=-1, keepdims=True))

    def entering(self, exposure: Concentrations, stride: float) -> tuple[np.ndarray, TrappingBlock]:
        """Concentrations (uM, (step, drug)) in the middle of steps, and the block, only its time moved."""
        steps = max(math.ceil(stride * SECONDS_PER_HOUR / LONGEST_STEP), 1)
        middles = self.time + stride * (np.arange(steps) + 0.5) / steps
        return exposure.brain_unbound(middles), replace(self, time=self.time + stride)

    def _rates(self, gating: Gating) -> tuple[np.ndarray, np.ndarray]:
        """Generators, 1/s, whose columns sum to zero: without drug, (population, subunit, to, from), and per
        uM of each.

        The second has shape (drug, population, subunit, to, from).
        """
        size = self.occupancy.shape[-1]
        still = np.zeros((*UNIFORM.shape, size, size))
        per_uM = np.zeros((len(self.drugs), *UNIFORM.shape, size, size))
        opening = gating.open_probability / self.channel.gate_relaxation
        closing = (1.0 - gating.open_probability) / self.channel.gate_relaxation
        _exchange(still, CLOSED, OPEN, opening, closing)
        for n, kind in enumerate(_kinds(self.drugs)):
            closed_blocked, open_blocked = FIRST_DRUG + 2 * n, FIRST_DRUG + 2 * n + 1
            first = self.drugs[kind[0]]
            access = first.escape / first.unblocking
            _exchange(still, closed_blocked, open_blocked, opening, closing)
            for bare, blocked, ease in ((OPEN, open_blocked, 1.0), (CLOSED, closed_blocked, access)):
                _move(still, blocked, bare, self._leaving(first, gating) * ease)
                for k in kind:
                    _move(per_uM[k], bare, blocked, self._entry(self.drugs[k], gating) * ease)
        return still, per_uM

    def _half(self, drug: Compound, gating: Gating) -> np.ndarray:
        """exp(z/2), by which potential speeds a drug out of open channels, shape (population, 1)."""
        thermal = VOLTS_PER_KELVIN * 1e3 * self.channel.temperature
        shift = drug.electrical_distance * (gating.potential - self.channel.reference_potential) / thermal
        return np.exp(shift / 2.0)[:, None]

    def _leaving(self, drug: Compound, gating: Gating) -> np.ndarray:
        """Rate out of open channels, 1/s, shape (population, 1)."""
        return drug.unblocking * self._half(drug, gating)

    def _entry(self, drug: Compound, gating: Gating) -> np.ndarray:
        """Rate into open channels, 1/(uM s), shape (population, subunit)."""
        free, reference = (
            1.0 - drug.magnesium_competition * (1.0 - f)
            for f in (gating.magnesium_free, self.reference_free)
        )
        own = half_maximal(drug) * reference * self._half(drug, gating)
        return self.affinity * drug.unblocking * free / own


def _kinds(drugs: Sequence[Compound]) -> list[list[int]]:
    """Which drugs differ in nothing but how much of each it takes, in the order of the first."""
    kinds: dict[tuple[float, ...], list[int]] = {}
    for k, drug in enumerate(drugs):
        kinds.setdefault(tuple(getattr(drug, name) for name in KINETICS), []).append(k)
    return list(kinds.values())


def _exchange(rates: np.ndarray, one: int, other: int, there: np.ndarray, back: np.ndarray) -> None:
    _move(rates, one, other, there)
    _move(rates, other, one, back)


def _move(rates: np.ndarray, source: int, target: int, rate: np.ndarray) -> None:
    rates[..., source, source] -= rate
    rates[..., target, source] += rate
