"""What the compiled kernels and those who call them both know; nothing here needs numba."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable
from typing import Any, NamedTuple

from prelimbic.parameters import STATES

TICK_H = 1.0 / 60.0
VACANT, NASCENT, MATURE = 0, 1, 2
# bits of a byte: the state, "a spine was lost here to stress", "one stood here when it began"
STATE, LOST, STOOD = 3, 4, 8


def _places(of: Iterable[str]) -> Any:
    """The place of each name in a list, by name: what a kernel reads as a constant."""
    names = tuple(of)
    return namedtuple("Places", names)(*range(len(names)))


# What acts on the cascade from outside, each 1 where nothing is done.
FACTORS = ("ltype", "bdnf", "trkb", "akt", "erk", "mtorc1", "sensitisation", "making")
STATE_AT, FACTOR_AT = _places(STATES), _places(FACTORS)
# After the states come the stages of a second phase, if there is one, those of maturation, and the sum of
# the signal over the stride.
CHAIN = len(STATES)
CHUNK = 64  # cells that are carried through the minutes together


class Constants(NamedTuple):
    """Plain numbers of the sheet for the kernel; `keep_*` is the share of a deviation that a minute leaves.
    The arms come beside them.
    """

    keep_drive_smoothing: float
    keep_threshold_sliding: float
    keep_calcium: float
    keep_bdnf: float
    keep_eef2: float
    keep_trkb: float
    keep_akt: float
    keep_erk: float
    keep_nitrosylation: float
    keep_rheb: float
    keep_mtorc1: float
    keep_s6k: float
    keep_feedback: float
    keep_protein: float
    keep_stage: float
    drive_threshold: float
    bdnf_gain: float
    trkb_half: float
    rheb_step: float
    mtorc1_half: float
    mtorc1_hill: int
    feedback_strength: float
    feedback_time: float
    translation_gate: float
    translation_rate: float
    protein_time: float
