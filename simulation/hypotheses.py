"""Competing hypotheses as switches of a run, and what each does: a pure function on circuit, block or
cascade.
"""

from __future__ import annotations

from dataclasses import fields, make_dataclass, replace
from typing import Any

import numpy as np

from prelimbic.circuits import Activity, Circuit
from prelimbic.circuits.manipulate import ampa, lose_contacts, lose_sst, release, slice_state
from prelimbic.parameters import (
    POPULATIONS,
    SUBUNITS,
    CascadeNumbers,
    Channel,
    Compound,
    HypothesisNumbers,
    Sheet,
    SpineNumbers,
    compounds,
    in_tissue,
    near,
    unknown,
)
from prelimbic.parameters.errors import UsageError
from prelimbic.parameters.plain import refused, unboxed
from prelimbic.pharmacology import (
    Block,
    Concentrations,
    Gating,
    HillBlock,
    TrappingBlock,
    confine,
    relabelled,
)
from prelimbic.plasticity import Arms
from prelimbic.simulation.switches import ARMS, DEFAULTS, EXCLUSIVE, SWITCHES


class HypothesisError(UsageError):
    """A switch that has no such option."""


def _check(asked: Any) -> None:
    for switch, options in SWITCHES.items():
        chosen = unboxed(getattr(asked, switch))
        if not isinstance(chosen, str) or chosen not in options:
            must = f"one of {', '.join(options)}"
            raise refused(chosen, f"`{switch}`", must, HypothesisError, near(chosen, options))
        object.__setattr__(asked, switch, str(chosen))
    for (one, these), (other, those), why in EXCLUSIVE:
        a, b = getattr(asked, one), getattr(asked, other)
        if a in these and b in those:
            raise HypothesisError(f"`{one}` {a} and `{other}` {b} exclude each other: {why}")


# A frozen record with a field for every switch, at its default: SWITCHES is the one list of them.
_Switched: Any = make_dataclass(
    "_Switched",
    [(switch, str, default) for switch, default in DEFAULTS.items()],
    frozen=True,
    namespace={"__post_init__": _check},
)


class Hypotheses(_Switched):
    """One option for every switch, such as `Hypotheses(site="pv")`, and what the options do.  Raises
    HypothesisError for one that is not in SWITCHES, and for two that exclude each other.
    """

    def __new__(cls, *options: str, **asked: str) -> Hypotheses:
        """Refuse what is no switch, before the record is filled."""
        known = [each.name for each in fields(cls)]
        if strange := [name for name in asked if name not in known]:
            raise HypothesisError(unknown("switch", strange[0], known))
        if len(options) > len(known) or {*known[: len(options)]} & {*asked}:
            raise HypothesisError("a switch takes one option: give it once, by its name")
        return super().__new__(cls)

    def on_circuit(self, circuit: Circuit, numbers: HypothesisNumbers, spines: SpineNumbers) -> Circuit:
        """The circuit at this baseline and in this state."""
        if self.baseline in ("spine_loss", "both"):
            circuit = lose_contacts(circuit, spines.depressed_share)
        if self.baseline in ("sst_loss", "both"):
            circuit = lose_sst(circuit, numbers.sst_left)
        return slice_state(circuit, numbers.slice_background) if self.state == "slice" else circuit

    def binding(self, source: Sheet) -> dict[str, Compound]:
        """What every drug of a bath or a body does at the receptors that are asked for, by name; `source` is
        the sheet `compounds`.
        """
        drugs = compounds(source)
        return in_tissue(drugs, source) if self.affinity == "tissue" else drugs

    def block(
        self,
        exposure: Concentrations,
        compounds: dict[str, Compound],
        channel: Channel,
        circuit: Circuit,
        numbers: HypothesisNumbers,
        time: float,
    ) -> Block:
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

    def nmda_shut(self, block: Block, circuit: Circuit, seed: int) -> np.ndarray:
        """NMDA block where the hypotheses let it act, shape (population, subunit); shuffled labels depend on
        the seed.
        """
        if self.site == "shuffled" and self.hcn != "hcn1":
            return relabelled(block.value, circuit.mixtures, seed)
        return confine(block.value, "off" if self.hcn == "hcn1" else self.site, circuit.mixtures)

    def hcn_shut(self, ketamine_uM: float, numbers: HypothesisNumbers) -> float:
        """Share of HCN channels that ketamine shuts, Hill slope 1."""
        return 0.0 if self.hcn == "nmda" else ketamine_uM / (ketamine_uM + numbers.hcn1_ic50)

    def at_look(
        self, circuit: Circuit, hnk_uM: float, ampa_left: float, numbers: HypothesisNumbers
    ) -> Circuit:
        """The circuit under an AMPA antagonist (share left) and what HNK does to AMPA conductance or
        release.
        """
        changed = ampa(circuit, ampa_left) if ampa_left < 1.0 else circuit
        if self.hnk == "off" or hnk_uM <= 0:
            return changed
        gain = 1.0 + numbers.hnk_gain * hnk_uM / (hnk_uM + numbers.hnk_ec50)
        if self.hnk == "release":
            return release(changed, gain)
        return ampa(changed, gain, "all" if self.hnk == "ampa_all" else "Pyr->Pyr")

    def arms(self, numbers: HypothesisNumbers) -> Arms:
        """Which arms of the cascade there are; of one that is off no size is read."""
        found: dict[str, float] = {}
        for switch, options in ARMS.items():
            for arm, size in options.get(getattr(self, switch), {}).items():
                found[arm] = getattr(numbers, size) if isinstance(size, str) else size
        return Arms(**found)

    def cascade(self, cascade: CascadeNumbers, numbers: HypothesisNumbers) -> CascadeNumbers:
        """The cascade's constants; with adaptation its threshold follows fast, and with an onset by state
        what forms on sites that no stress emptied comes late.
        """
        if self.memory == "adaptation":
            cascade = replace(cascade, threshold_sliding=numbers.adaptation_time)
        if self.onset == "by_state":
            cascade = replace(cascade, maturation_delay=numbers.unstressed_delay)
        return cascade

    def deficit(self, rate: float, nmda: float) -> float:
        """What may charge a latch: how far Pyr firing or NMDA conductance, both relative to rest, are below
        it.
        """
        return 1.0 - (nmda if self.memory == "nmda_latch" else rate)

    def sensitisation(self, ketamine_uM: np.ndarray, numbers: HypothesisNumbers) -> np.ndarray:
        """How much more BDNF a TrkB sees than there is."""
        if self.trkb == "off":
            return np.ones_like(ketamine_uM)
        return 1.0 + numbers.trkb_gain * ketamine_uM / (ketamine_uM + numbers.trkb_ec50)


AS_SHEETS = Hypotheses()


def gating(activity: Activity) -> Gating:
    """What a block needs to know of a look."""
    return Gating(activity.nmda_open_probability, activity.magnesium_free, activity.open_potential)


def _flat(drug: Compound, mixture: np.ndarray) -> Compound:
    """One IC50 for all subunits: that of a mixture, so that what has this mixture is shut as before."""
    mean = float(np.exp(mixture @ np.log([getattr(drug, f"ic50_{k}") for k in SUBUNITS])))
    return replace(drug, **{f"ic50_{k}": mean for k in SUBUNITS})
