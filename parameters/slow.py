"""Records of the slow layer: the cascade, the spine agents, the inhibitors, and the sizes of hypotheses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from prelimbic.parameters.near import unknown
from prelimbic.parameters.sheet import WHOLE, Sheet, SheetError, headings, number

INHIBITORS = headings("inhibitors")
# States of the cascade in a pyramidal cell, as they follow each other, and what they mean.  All are 1 at
# rest but for those that are 0.
STATES = {
    "drive": "AMPA drive that a cell senses, low-passed",
    "threshold": "sliding threshold of the drive",
    "calcium": "L-type calcium",
    "eef2": "phosphorylated eEF2",
    "bdnf": "BDNF",
    "trkb": "active TrkB",
    "akt": "active PI3K-Akt",
    "erk": "active MEK-ERK",
    "nitrosylation": "S-nitrosylated GAPDH with Siah1",
    "rheb": "Rheb",
    "latch": "latch on mTORC1 (a hypothesis), share shut",
    "mtorc1": "phosphorylated mTORC1",
    "s6k": "phosphorylated p70S6K",
    "feedback": "feedback of p70S6K, 0 at rest",
    "protein": "synaptic protein: synapsin I, PSD-95, GluA1 alike",
    "elements": "synaptic elements of the homeostatic rule",
}
ZERO_AT_REST = ("latch", "feedback")
LONGEST_ONSET = 0.999  # of an inhibitor, in units of its offset: were both alike, its course would be 0/0
TARGETS = ("ampa", "ltype", "bdnf", "trkb", "akt", "erk", "mtorc1")  # what an inhibitor shuts


@dataclass(frozen=True)
class CascadeNumbers:
    """From AMPA drive to synaptic protein, per pyramidal cell; every state is relative to rest."""

    drive_smoothing: float = number("h", "above 0")
    drive_sharing: float = number("1", "from 0 to 1")
    drive_threshold: float = number("1", "above 0")
    threshold_sliding: float = number("h", "above 0")
    calcium_time: float = number("h", "above 0")
    bdnf_gain: float = number("1", "at least 0")
    bdnf_time: float = number("h", "above 0")
    eef2_time: float = number("h", "above 0")
    trkb_half: float = number("1", "above 0")
    trkb_time: float = number("h", "above 0")
    akt_time: float = number("h", "above 0")
    erk_time: float = number("h", "above 0")
    nitrosylation_time: float = number("h", "above 0")
    rheb_time: float = number("h", "above 0")
    mtorc1_half: float = number("1", "above 0")
    mtorc1_hill: float = number("1", WHOLE)
    mtorc1_time: float = number("h", "above 0")
    s6k_time: float = number("h", "above 0")
    bp4e_half: float = number("1", "above 0")
    feedback_strength: float = number("1/h", "at least 0")
    feedback_time: float = number("h", "above 0")
    translation_gate: float = number("1", "above 0")
    translation_rate: float = number("1/h", "at least 0")
    protein_time: float = number("h", "above 0")
    maturation_delay: float = number("h", "above 0")
    maturation_stages: float = number("stages", WHOLE)

    def __post_init__(self) -> None:
        if self.drive_threshold < 1:
            raise ValueError("drive_threshold must be at least 1, what a cell has at rest")
        if self.translation_gate < 1:
            raise ValueError("translation_gate must be at least 1, what a cell has at rest")
        if self.mtorc1_hill > 20:
            raise ValueError("mtorc1_hill must be at most 20")


@dataclass(frozen=True)
class SpineNumbers:
    """The agents: how many sites a cell has, on how many branches, and how fast a spine is born, matures and
    is lost.
    """

    sites_per_contact: float = number("1", "above 0")
    branches: float = number("branches", WHOLE)
    branch_spread: float = number("1", "at least 0")
    depressed_share: float = number("1", "from 0 to 1")
    formation_gain: float = number("1", "at least 0")
    nascent_maturation: float = number("1/h", "above 0")
    nascent_loss: float = number("1/h", "at least 0")
    density_time: float = number("h", "above 0")
    stress_loss: float = number("1", "at least 0")
    stress_protein: float = number("1", "from 0 to 1")

    def __post_init__(self) -> None:
        if not 0 < self.depressed_share <= 1:
            raise ValueError("depressed_share must be above 0 and at most 1")
        if not (self.branch_spread == 0 or 0.01 <= self.branch_spread <= 10):
            raise ValueError("branch_spread must be 0 or from 0.01 to 10")


@dataclass(frozen=True)
class Inhibitor:
    """A drug of the protocol: the shares of its target that its usual amount shuts at its peak, in the brain
    and in blood, and how fast it comes and goes.
    """

    brain: float = number("1", "from 0 to 1")
    blood: float = number("1", "from 0 to 1")
    onset: float = number("h", "above 0")
    offset: float = number("h", "above 0")

    def __post_init__(self) -> None:
        if not self.onset <= LONGEST_ONSET * self.offset:
            raise ValueError(
                f"onset must be shorter than offset, at most {LONGEST_ONSET} of it; both are half-times"
            )
        if max(self.brain, self.blood) >= 1:
            raise ValueError("brain and blood are shares below 1")


@dataclass(frozen=True)
class HypothesisNumbers:
    """Sizes of hypotheses and conditions: what they mean is said in their rows."""

    interneuron_affinity: float = number("1", "above 0")
    hcn1_ic50: float = number("uM", "above 0")
    sst_left: float = number("1", "from 0 to 1")
    slice_background: float = number("1", "from 0 to 1")
    eef2_gain: float = number("1", "at least 0")
    siah1_share: float = number("1", "from 0 to 1")
    trkb_gain: float = number("1", "at least 0")
    trkb_ec50: float = number("uM", "above 0")
    hnk_gain: float = number("1", "at least 0")
    hnk_ec50: float = number("uM", "above 0")
    adaptation_time: float = number("h", "above 0")
    latch_charging: float = number("1/h", "at least 0")
    latch_time: float = number("h", "above 0")
    latch_rate_deficit: float = number("1", "from 0 to 1")
    latch_nmda_deficit: float = number("1", "from 0 to 1")
    growth_rate: float = number("1/h", "at least 0")
    growth_lowest: float = number("1", "from 0 to 1")
    second_gain: float = number("h", "at least 0")
    second_delay: float = number("h", "above 0")
    second_stages: float = number("stages", WHOLE)
    lost_site_rate: float = number("1/h", "at least 0")
    unstressed_delay: float = number("h", "above 0")

    def __post_init__(self) -> None:
        if self.growth_lowest >= 1:
            raise ValueError("growth_lowest must be below 1, what a cell has at rest")


class Arms(NamedTuple):
    """Which arms of the cascade there are, and their sizes; an arm at its default is off, but for the surge,
    the feedback and mTORC1, which are on.

    surge: the AMPA drive; eef2_gain: BDNF made when eEF2 is not phosphorylated; siah1_share: of the loss of
    Rheb; feedback: of p70S6K; locus: mTORC1 gates translation (1) or ERK does (0); latch_*: charging (1/h),
    decay (h) and least deficit; elements_rate (1/h) and elements_lowest: the homeostatic growth rule in
    place of protein; second_*: mTORC1 over the protein that was made an hour (h), delay (h) and stages of
    a second phase; lost_rate (1/h): formation on sites that stress emptied, by protein above rest.
    """

    surge: float = 1.0
    eef2_gain: float = 0.0
    siah1_share: float = 0.0
    feedback: float = 1.0
    locus: float = 1.0
    latch_charging: float = 0.0
    latch_time: float = 1.0
    latch_least: float = 0.0
    elements_rate: float = 0.0
    elements_lowest: float = 0.0
    second_gain: float = 0.0
    second_delay: float = 1.0
    second_stages: float = 0.0
    lost_rate: float = 0.0


def target_of(inhibitor: str) -> str:
    """What an inhibitor shuts, one of TARGETS."""
    return {
        "anti_bdnf": "bdnf",
        "mek_inhibitor": "erk",
        "rapamycin_icv": "mtorc1",
        "rapamycin_po": "mtorc1",
    }.get(inhibitor, inhibitor.split("_")[0])


def inhibitor(name: str, source: Sheet) -> Inhibitor:
    """One inhibitor.  Raises SheetError naming those there are."""
    if name not in INHIBITORS:
        raise SheetError(unknown("inhibitor", name, INHIBITORS))
    return source.fill(name, Inhibitor)
