"""Competing hypotheses as switches of a run: each option with what it means and who holds it.

The defaults are what the receptors of the sheets do by themselves: every class, equilibrium block by subunit, NMDA alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from circuits import Activity, Circuit
from circuits.manipulate import lose_contacts, lose_sst, slice_state
from parameters import POPULATIONS, SUBUNITS, Channel, Compound, HypothesisNumbers, SpineNumbers
from pharmacology import Block, Concentrations, Gating, HillBlock, TrappingBlock, confine

SWITCHES: dict[str, dict[str, str]] = {
    "site": {
        "all": "wherever there are NMDA receptors (default)",
        "gaba_any": "GABAergic cells only: disinhibition (Homayoun and Moghaddam 2007)",
        "pv": "PV cells only (Homayoun and Moghaddam 2007 saw fast-spiking cells fall first)",
        "sst": "SST cells only (Ali et al. 2020; Gerhard et al. 2020)",
        "vip": "VIP cells only: a null, nobody's hypothesis",
        "pyr_direct": "Pyr cells only: direct action (Miller et al. 2014)",
        "uniform": "every class has the block of Pyr cells: a null against selectivity",
        "off": "no NMDA block: what remains is not carried by NMDA receptors",
    },
    "selectivity": {
        "subunit": "equilibrium block, one affinity a GluN2 subunit (default; Kotermanski and Johnson 2009, recalled)",
        "none": "equilibrium block, all subunits alike (IC50 of the Pyr mixture): a null",
        "use_dependent": "four-state trapping scheme driven by the circuit's own gating (Mealing et al. 1999)",
        "affinity_scaled": "subunit block, higher affinity on GABAergic cells (assumed by Susin and Destexhe 2023)",
    },
    "hcn": {
        "nmda": "NMDA receptors only (default)",
        "nmda_hcn1": "ketamine shuts HCN1 channels too (Chen et al. 2009)",
        "hcn1": "HCN1 channels only (Bojak et al. 2013: an EEG shift without NMDA receptors)",
    },
    "baseline": {
        "spine_loss": "a quarter of Pyr->Pyr contacts lost (chronic stress, Li et al. 2011) (default)",
        "healthy": "as the sheet rests",
        "sst_loss": "SST conductances and apical tonic inhibition x 0.6 (Yao et al. 2022)",
        "both": "spine_loss and sst_loss together",
    },
    "state": {
        "awake": "the background that the sheet was calibrated with (default)",
        "slice": "a slice: low background (sheet hypotheses, slice_background); currents are those of voltage clamp in any state",
    },
}
PV_THALAMIC = (
    "thalamic_pv: NMDA receptors of PV cells mostly at long-range input is a structure, not a switch: --sheet thalamic_pv"
)


class HypothesisError(ValueError):
    """A switch that has no such option."""


@dataclass(frozen=True)
class Hypotheses:
    """One option for every switch.  Raises HypothesisError for one that is not in SWITCHES."""

    site: str = "all"
    selectivity: str = "subunit"
    hcn: str = "nmda"
    baseline: str = "spine_loss"
    state: str = "awake"

    def __post_init__(self) -> None:
        for switch, options in SWITCHES.items():
            chosen = getattr(self, switch)
            if chosen not in options:
                raise HypothesisError(f"--{switch} is {chosen!r} but must be one of {', '.join(options)}")

    def on_circuit(self, circuit: Circuit, numbers: HypothesisNumbers, spines: SpineNumbers) -> Circuit:
        """The circuit at this baseline and in this state."""
        if self.baseline in ("spine_loss", "both"):
            circuit = lose_contacts(circuit, spines.depressed_share)
        if self.baseline in ("sst_loss", "both"):
            circuit = lose_sst(circuit, numbers.sst_left)
        return slice_state(circuit, numbers.slice_background) if self.state == "slice" else circuit

    def block(self, exposure: Concentrations, compounds: dict[str, Compound], channel: Channel, circuit: Circuit,
              numbers: HypothesisNumbers, time: float) -> Block:  # fmt: skip
        """The block that the loop advances, at hour `time`, before `site` is asked."""
        affinity = np.ones((len(POPULATIONS), len(SUBUNITS)))
        if self.selectivity == "affinity_scaled":
            affinity[1:] = numbers.interneuron_affinity
        if self.selectivity == "none":
            compounds = {name: _flat(drug, circuit.mixtures[0]) for name, drug in compounds.items()}
        if self.selectivity == "use_dependent":
            free = circuit.magnesium_free(channel.reference_potential, 1.0)  # where the IC50 hold
            return TrappingBlock.at(exposure, compounds, time, channel, free, affinity)
        return HillBlock.at(exposure, compounds, time, affinity)

    def nmda_shut(self, block: Block, circuit: Circuit) -> np.ndarray:
        """NMDA block where the hypotheses let it act, shape (population, subunit)."""
        return confine(block.value, "off" if self.hcn == "hcn1" else self.site, circuit.mixtures)

    def hcn_shut(self, ketamine_uM: float, numbers: HypothesisNumbers) -> float:
        """Share of HCN channels that ketamine shuts, Hill slope 1."""
        return 0.0 if self.hcn == "nmda" else ketamine_uM / (ketamine_uM + numbers.hcn1_ic50)


AS_SHEETS = Hypotheses()


def gating(activity: Activity) -> Gating:
    """What a block needs to know of a look."""
    return Gating(activity.nmda_open_probability, activity.magnesium_free, activity.open_potential)


def _flat(drug: Compound, mixture: np.ndarray) -> Compound:
    """One IC50 for all subunits: that of a mixture, so that what has this mixture is shut as before."""
    mean = float(np.exp(mixture @ np.log([getattr(drug, f"ic50_{k}") for k in SUBUNITS])))
    return replace(drug, **{f"ic50_{k}": mean for k in SUBUNITS})
