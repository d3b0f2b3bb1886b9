"""What the compiled kernels and those who call them both know; nothing here needs numba."""

from __future__ import annotations

from typing import NamedTuple

TICK_H = 1.0 / 60.0
VACANT, NASCENT, MATURE = 0, 1, 2
# bits of a byte: the state, "a spine was lost here to stress", "one stood here when it began"
STATE, LOST, STOOD = 3, 4, 8


class Constants(NamedTuple):
    """Plain numbers for the kernel; `keep_*` is the share of a deviation that a minute leaves."""

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
    surge: float
    bdnf_gain: float
    eef2_gain: float
    trkb_half: float
    siah1_share: float
    rheb_step: float
    latch_charging: float
    latch_least: float
    latch_time: float
    mtorc1_half: float
    mtorc1_hill: int
    feedback_strength: float
    feedback_time: float
    locus: float
    translation_gate: float
    translation_rate: float
    protein_time: float
    elements_rate: float
    elements_centre: float
    elements_width: float
