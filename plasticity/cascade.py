"""From AMPA drive to the signal for spine formation, per pyramidal cell.

`drive` is the AMPA conductance that a cell's active contacts deliver, `nmda` its NMDA conductance, both
relative to rest; `resting` is the share of resting NMDA receptors that the drug leaves open, k a cell's
contacts relative to rest.  Every state is relative to rest, x+ means max(x, 0), and the factors l, b, t, a,
e, m are what inhibitors leave of L-type channels, BDNF, TrkB, Akt, ERK and mTORC1:

    x'     = (sharing mean(drive) + (1 - sharing) drive - x)/smoothing low-passed before the threshold
    theta' = (max(x, 1) - theta)/sliding                         sliding threshold, never below rest
    c'     = (1 + surge (x/theta - threshold)+ - c)/time         L-type calcium
    p'     = (resting - p)/time                                  phosphorylated eEF2
    B'     = (1 + gain (c - 1) l + eef2_gain (1 - p) - B)/time   BDNF
    T'     = (t (1 + K) s b B/(s b B + K) - T)/time              TrkB, which the drug may sensitise: s
    A', E' = (a T - A)/time, (e T - E)/time                      PI3K-Akt and MEK-ERK
    N'     = (nmda - N)/time                                     nitrosylated GAPDH with Siah1
    R'     = (1 - R (1 - share + share N))/time                  Rheb
    L'     = charging (deficit - least)+ (1 - L) - L/time        a latch on mTORC1 (a hypothesis)
    u      = sqrt(A E) R (1 - L)/(1 + F)
    M'     = (m (1 + h^n) u^n/(u^n + h^n) - M)/time              mTORC1
    K'     = (M - K)/time                                        p70S6K
    F'     = strength (K - 1) - F/time, F >= 0                   feedback of p70S6K on its own input
    G      = M, or E where mTORC1 plays no part
    S'     = making (1/time + rate (G - gate)+) - S/time         synaptic protein; stress lowers `making`
    H'     = rate (2 exp(-((x k - xi)/zeta)^2) - 1), 0 <= H <= 2 synaptic elements (the homeostatic rule)
    z_1'   = (S or H - z_1) stages/delay,  z_k' = (z_{k-1} - z_k) stages/delay       the last is the signal

On the default path no time constant differs between rise and fall, so noise is not rectified; threshold and
gate keep it from adding up.  The homeostatic rule sees the whole input, x k, so that a cell's own new
contacts turn its growth down.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from functools import cache

import numpy as np

from prelimbic.parameters import CascadeNumbers
from prelimbic.parameters.errors import UsageError
from prelimbic.plasticity.constants import TICK_H, Constants

STATES = (
    "drive",
    "threshold",
    "calcium",
    "eef2",
    "bdnf",
    "trkb",
    "akt",
    "erk",
    "nitrosylation",
    "rheb",
    "latch",
    "mtorc1",
    "s6k",
    "feedback",
    "protein",
    "elements",
)
READOUTS = (*STATES, "bp4e")  # what a cascade can be asked for by name
AT_REST_ZERO = ("latch", "feedback")
CHAIN = len(STATES)  # the stages of maturation follow, and after them the sum of the signal over the stride
# each 1 where nothing is done
FACTORS = ("ltype", "bdnf", "trkb", "akt", "erk", "mtorc1", "sensitisation", "making")
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


class CascadeError(UsageError):
    """A cascade that cannot be computed as asked."""


@dataclass(frozen=True)
class Arms:
    """Which arms of the cascade there are, and their sizes; 0 switches one off.

    surge: the AMPA drive; eef2_gain: BDNF made when eEF2 is not phosphorylated; siah1_share: of the loss of
    Rheb; feedback: of p70S6K; locus: mTORC1 gates translation (1) or ERK does (0); latch_*: charging (1/h),
    decay (h) and least deficit; elements_rate (1/h) and elements_lowest: the homeostatic growth rule in
    place of protein.
    """

    surge: float = 1.0
    eef2_gain: float = 0.0
    siah1_share: float = 0.0
    feedback: float = 1.0
    locus: float = 1.0
    latch_charging: float = 0.0
    latch_time: float = 12.0
    latch_least: float = 0.0
    elements_rate: float = 0.0
    elements_lowest: float = 0.0

    def __post_init__(self) -> None:
        for arm in fields(self):
            if not getattr(self, arm.name) >= 0:
                raise CascadeError(
                    f"{arm.name} of the cascade's arms is {getattr(self, arm.name):g} but must be at least 0"
                )


@dataclass(frozen=True)
class Cascade:
    """States of all cells, shape (16 + stages + 1, cell), and the minutes since the stride began."""

    numbers: CascadeNumbers
    arms: Arms
    states: np.ndarray = field(repr=False)
    ticks: int = 0

    @classmethod
    def at_rest(cls, numbers: CascadeNumbers, cells: int, arms: Arms = Arms()) -> Cascade:
        """Every state at 1, but latch and feedback at 0.  Raises CascadeError for a time constant too short
        for the step.
        """
        states = np.ones((CHAIN + round(numbers.maturation_stages) + 1, cells))
        for name in AT_REST_ZERO:
            states[STATES.index(name)] = 0.0
        states[-1] = 0.0
        check_times(numbers)
        return cls(numbers, arms, states)

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
        from prelimbic.plasticity.kernel import integrate  # which takes numba

        states = self.states.copy()
        felt = self.numbers.drive_sharing * np.mean(drive) + (1.0 - self.numbers.drive_sharing) * np.asarray(
            drive, dtype=float
        )
        factors = np.ascontiguousarray(factors, dtype=float)
        held = np.broadcast_to(np.asarray(contacts, dtype=float), felt.shape).copy()
        integrate(
            states,
            felt,
            np.asarray(nmda, dtype=float),
            held,
            factors,
            resting,
            deficit,
            _constants(self.numbers, self.arms),
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
        return self.states[STATES.index(name)]


def check_times(numbers: CascadeNumbers) -> None:
    """Raise CascadeError for a time constant that the step of the slow world cannot follow."""
    stage = {"maturation_delay over maturation_stages": numbers.maturation_delay / numbers.maturation_stages}
    for name, hours in ({time: getattr(numbers, time) for time in TIMES} | stage).items():
        if hours < TICKS_IN_FASTEST * TICK_H:
            raise CascadeError(
                f"cascade.toml [cascade] {name} is {hours:g} h but must be at least "
                f"{TICKS_IN_FASTEST * TICK_H:.3g} h, two steps"
            )


def resting_factors(ticks: int) -> np.ndarray:
    """Factors of so many minutes in which nothing is done."""
    return np.ones((ticks, len(FACTORS)))


@cache
def _constants(n: CascadeNumbers, arms: Arms) -> Constants:
    kept = {name: float(np.exp(-TICK_H / getattr(n, name))) for name in TIMES}
    xi = 0.5 * (1.0 + arms.elements_lowest)
    return Constants(
        **{f"keep_{name.removesuffix('_time')}": share for name, share in kept.items()},
        keep_stage=float(np.exp(-TICK_H * round(n.maturation_stages) / n.maturation_delay)),
        drive_threshold=n.drive_threshold,
        surge=arms.surge,
        bdnf_gain=n.bdnf_gain,
        eef2_gain=arms.eef2_gain,
        trkb_half=n.trkb_half,
        siah1_share=arms.siah1_share,
        rheb_step=TICK_H / n.rheb_time,
        latch_charging=arms.latch_charging,
        latch_least=arms.latch_least,
        latch_time=arms.latch_time,
        mtorc1_half=n.mtorc1_half,
        mtorc1_hill=round(n.mtorc1_hill),
        feedback_strength=n.feedback_strength * arms.feedback,
        feedback_time=n.feedback_time,
        locus=arms.locus,
        translation_gate=n.translation_gate,
        translation_rate=n.translation_rate,
        protein_time=n.protein_time,
        elements_rate=arms.elements_rate,
        elements_centre=xi,
        elements_width=(1.0 - arms.elements_lowest) / (2.0 * np.sqrt(np.log(2.0))),
    )
