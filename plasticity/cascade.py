"""The cascade from AMPA drive to the signal for spine formation, per pyramidal cell: its states, and how it
moves on.  The equations stand beside their arithmetic, in plasticity.kernel.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from prelimbic.parameters import STATES, ZERO_AT_REST, Arms, CascadeNumbers
from prelimbic.parameters.errors import UsageError
from prelimbic.plasticity.constants import CHAIN, CHUNK, FACTORS, STATE_AT, TICK_H, Constants

READOUTS = (*STATES, "bp4e")  # what a cascade can be asked for by name
TIMES = (
    "drive_smoothing",
    "threshold_sliding",
    "calcium_time",
    "bdnf_time",
    "eef2_time",
    "trkb_time",
    "akt_time",
    "erk_time",
    "nitrosylation_time",
    "rheb_time",
    "mtorc1_time",
    "s6k_time",
    "feedback_time",
    "protein_time",
)
TICKS_IN_FASTEST = 2.0
AS_USUAL = Arms()


class CascadeError(UsageError):
    """A cascade that cannot be computed as asked."""


@dataclass(frozen=True)
class Cascade:
    """States of all cells, shape (state + stage + 1, cell), and the minutes since the stride began."""

    numbers: CascadeNumbers
    arms: Arms
    states: np.ndarray = field(repr=False)
    ticks: int = 0

    @classmethod
    def at_rest(cls, numbers: CascadeNumbers, cells: int, arms: Arms = AS_USUAL) -> Cascade:
        """Every state at 1, but latch, feedback and the memory of a second phase at 0.  Raises CascadeError
        for a time constant too short for the step, and for an arm of negative size.
        """
        for name, size in arms._asdict().items():
            if not size >= 0:
                raise CascadeError(f"{name} of the cascade's arms is {size:g} but must be at least 0")
        check_times(numbers, arms)
        stages = round(arms.second_stages) + round(numbers.maturation_stages)
        states = np.ones((CHAIN + stages + 1, cells))
        states[CHAIN : CHAIN + round(arms.second_stages)] = 0.0
        for name in ZERO_AT_REST:
            states[getattr(STATE_AT, name)] = 0.0
        states[-1] = 0.0
        return cls(numbers, Arms(*map(float, arms)), states)

    def advance(
        self,
        drive: np.ndarray,
        nmda: np.ndarray,
        factors: np.ndarray,
        resting: float = 1.0,
        deficit: float = 0.0,
        contacts: np.ndarray | float = 1.0,
    ) -> Cascade:
        """The cascade len(factors) minutes later, under constant drive and nmda, each (cell,), share
        `resting` of NMDA receptors open at rest, a `deficit` that may charge the latch, contacts relative to
        rest, and factors of shape (minute, 8), in the order of FACTORS.

        However a stride is parted into whole minutes, its states are the same to the last bit.  Raises
        CascadeError when a state is no longer finite.
        """
        from prelimbic.plasticity.kernel import integrate, upstream  # which takes numba

        states = self.states.copy()
        felt = self.numbers.drive_sharing * np.mean(drive) + (1.0 - self.numbers.drive_sharing) * np.asarray(
            drive, dtype=float
        )
        factors = np.ascontiguousarray(factors, dtype=float)
        held = np.broadcast_to(np.asarray(contacts, dtype=float), felt.shape).copy()
        # threads that wait for each other cost more than a chunk of cells does
        advance = upstream if states.shape[1] <= CHUNK else integrate
        advance(
            states,
            felt,
            np.asarray(nmda, dtype=float),
            held,
            factors,
            resting,
            deficit,
            _constants(self.numbers),
            self.arms,
        )
        if not np.isfinite(states).all():
            raise CascadeError("the cascade is no longer finite; its numbers are too large to compute with")
        return replace(self, states=states, ticks=self.ticks + len(factors))

    def begun(self) -> Cascade:
        """The same cascade at the beginning of a stride: the signal is summed from here."""
        states = self.states.copy()
        states[-1] = 0.0
        return replace(self, states=states, ticks=0)

    @property
    def signal(self) -> np.ndarray:
        """Mean signal for spine formation since the stride began, shape (cell,)."""
        return self.states[-1] / self.ticks if self.ticks else self.states[-2].copy()

    def of(self, name: str) -> np.ndarray:
        """One of READOUTS by name, shape (cell,): a state, or phosphorylated 4E-BP1 (`bp4e`)."""
        if name == "bp4e":
            half, mtorc1 = self.numbers.bp4e_half, self.of("mtorc1")
            return (1.0 + half) * mtorc1 / (mtorc1 + half)
        return self.states[getattr(STATE_AT, name)]

    def means(self) -> np.ndarray:
        """Mean over cells of each of READOUTS, shape (readout,)."""
        every = np.stack([self.of(name) for name in READOUTS])
        return np.asarray(np.add.reduce(every, axis=1) / every.shape[1])


def check_times(numbers: CascadeNumbers, arms: Arms = AS_USUAL) -> None:
    """Raise CascadeError for a time constant that the step of the slow world cannot follow."""
    stage = {"maturation_delay over maturation_stages": numbers.maturation_delay / numbers.maturation_stages}
    own = {time: getattr(numbers, time) for time in TIMES} | stage
    times = {f"cascade.toml [cascade] {name}": hours for name, hours in own.items()}
    if arms.second_stages:
        second = "hypotheses.toml [hypotheses] second_delay over second_stages"
        times[second] = arms.second_delay / arms.second_stages
    for name, hours in times.items():
        if hours < TICKS_IN_FASTEST * TICK_H:
            least = f"{TICKS_IN_FASTEST * TICK_H:.3g} h, two steps"
            raise CascadeError(f"{name} is {hours:g} h but must be at least {least}")


def resting_factors(ticks: int) -> np.ndarray:
    """Factors of so many minutes in which nothing is done."""
    return np.ones((ticks, len(FACTORS)))


@cache
def _constants(n: CascadeNumbers) -> Constants:
    kept = {name: float(np.exp(-TICK_H / getattr(n, name))) for name in TIMES}
    return Constants(
        **{f"keep_{name.removesuffix('_time')}": share for name, share in kept.items()},
        keep_stage=float(np.exp(-TICK_H * round(n.maturation_stages) / n.maturation_delay)),
        drive_threshold=n.drive_threshold,
        bdnf_gain=n.bdnf_gain,
        trkb_half=n.trkb_half,
        rheb_step=TICK_H / n.rheb_time,
        mtorc1_half=n.mtorc1_half,
        mtorc1_hill=round(n.mtorc1_hill),
        feedback_strength=n.feedback_strength,
        feedback_time=n.feedback_time,
        translation_gate=n.translation_gate,
        translation_rate=n.translation_rate,
        protein_time=n.protein_time,
    )
