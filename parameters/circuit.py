"""The frozen records that a circuit sheet fills.  A field's unit is part of its declaration."""

from __future__ import annotations

from dataclasses import dataclass

from prelimbic.parameters.binding import SUBUNITS
from prelimbic.parameters.near import near
from prelimbic.parameters.sheet import WHOLE, Sheet, SheetError, number

POPULATIONS = ("Pyr", "PV", "SST", "VIP")
BODY_K = 310.15
ABSENT = -1.0  # a row in whose place another stands
OUTSIDE = ("2B", "2BD")  # subunits of receptors outside synapses


def _either(record: object, one: str, other: str) -> None:
    """Raise ValueError unless just one of two rows is there."""
    if (getattr(record, one) == ABSENT) == (getattr(record, other) == ABSENT):
        raise ValueError(f"there must be one of the rows {one} and {other}, and not both")


@dataclass(frozen=True)
class Population:
    """One cell class: how many, membrane, adaptation, receptors, background input, rate aimed at.

    `leak` and `rest` hold the resting HCN conductance `hcn`, so that shutting it takes something away from
    them.  What NMDA receptors a contact has is told by their peak conductance without Mg over that of AMPA
    receptors (`nmda_to_ampa`), or by the charge that they carry over that of AMPA receptors after a release
    (`nmda_charge`, at the `charge_potential` of `Receptors`); so for background fibres, which are as those
    contacts where nothing else is said.  `fraction_*` are shares of the peak.  `tonic_*` is what receptors
    outside synapses conduct, without Mg, in a slice.
    """

    count: float = number("cells", WHOLE)
    capacitance: float = number("pF", "above 0")
    leak: float = number("nS", "above 0")
    rest: float = number("mV")
    rest_sd: float = number("mV", "at least 0")
    threshold: float = number("mV")
    threshold_sd: float = number("mV", "at least 0")
    reset: float = number("mV")
    refractory: float = number("ms", "at least 0")
    adaptation_slope: float = number("nS", "at least 0")
    adaptation_jump: float = number("pA", "at least 0")
    adaptation_decay: float = number("ms", "above 0")
    hcn: float = number("nS", "at least 0", without=0.0)
    ampa_decay: float = number("ms", "above 0")
    nmda_to_ampa: float = number("1", "at least 0", without=ABSENT)
    background_nmda_to_ampa: float = number("1", "at least 0", without=ABSENT)
    nmda_charge: float = number("1", "at least 0", without=ABSENT)
    background_nmda_charge: float = number("1", "at least 0", without=ABSENT)
    fraction_2A: float = number("1", "from 0 to 1", without=0.0)
    fraction_2AB: float = number("1", "from 0 to 1", without=0.0)
    fraction_2B: float = number("1", "from 0 to 1", without=0.0)
    fraction_2BD: float = number("1", "from 0 to 1", without=0.0)
    fraction_2C: float = number("1", "from 0 to 1", without=0.0)
    fraction_2D: float = number("1", "from 0 to 1", without=0.0)
    tonic_2B: float = number("nS", "at least 0", without=0.0)
    tonic_2BD: float = number("nS", "at least 0", without=0.0)
    background_ampa: float = number("nS", "at least 0")
    background_rate: float = number("Hz", "at least 0")
    target_rate: float = number("Hz", "above 0")

    def __post_init__(self) -> None:
        total = sum(self.subunit_fractions)
        if abs(total - 1.0) > 1e-6 or min(self.subunit_fractions) < 0:
            listed = f"{', '.join(SUBUNITS[:-1])} and {SUBUNITS[-1]}"
            raise ValueError(f"the fractions of {listed} must be at least 0 and sum to 1, not to {total:g}")
        _either(self, "nmda_to_ampa", "nmda_charge")
        if self.nmda_charge == ABSENT:
            _either(self, "background_nmda_to_ampa", "background_nmda_charge")
        if self.reset >= self.threshold:
            raise ValueError(
                f"reset is {self.reset:g} mV but must lie below the threshold of {self.threshold:g} mV"
            )

    @property
    def subunit_fractions(self) -> tuple[float, ...]:
        """Shares of the peak, shape (subunit,)."""
        own = (self.fraction_2A, self.fraction_2AB, self.fraction_2B, self.fraction_2BD)
        return (*own, self.fraction_2C, self.fraction_2D)

    @property
    def tonic(self) -> tuple[float, ...]:
        """Conductance of receptors outside synapses in a slice (nS), shape (subunit,)."""
        there = {"2B": self.tonic_2B, "2BD": self.tonic_2BD}
        return tuple(there.get(k, 0.0) for k in SUBUNITS)

    def has(self, subunit: str) -> bool:
        """Whether the class has receptors with these subunits."""
        k = SUBUNITS.index(subunit)
        return self.subunit_fractions[k] > 0 or self.tonic[k] > 0


@dataclass(frozen=True)
class Projection:
    """Connections from one class to another; `in_degree` contacts on each target cell.

    `weight` is the conductance of a contact that releases everything.  `release`, `recovery` and
    `facilitation` are U, tau_rec and tau_fac of Tsodyks, Pawelzik and Markram (1998); 1, 0 and 0 make a
    static synapse.  `apical_share` of the contacts stand on the apical dendrite where the target has one.
    Of the sending cells, `share_2` and `share_3` have terminals with constants of their own: recorded
    projections are mixtures of types.
    """

    in_degree: float = number("contacts", WHOLE)
    weight: float = number("nS", "at least 0")
    apical_share: float = number("1", "from 0 to 1")
    release: float = number("1", "from 0 to 1")
    recovery: float = number("ms", "at least 0")
    facilitation: float = number("ms", "at least 0")
    delay_min: float = number("ms", "at least 0")
    delay_max: float = number("ms", "at least 0")
    share_2: float = number("1", "from 0 to 1", without=0.0)
    release_2: float = number("1", "from 0 to 1", without=1.0)
    recovery_2: float = number("ms", "at least 0", without=0.0)
    facilitation_2: float = number("ms", "at least 0", without=0.0)
    share_3: float = number("1", "from 0 to 1", without=0.0)
    release_3: float = number("1", "from 0 to 1", without=1.0)
    recovery_3: float = number("ms", "at least 0", without=0.0)
    facilitation_3: float = number("ms", "at least 0", without=0.0)

    def __post_init__(self) -> None:
        if self.delay_min > self.delay_max:
            raise ValueError("delay_min must not exceed delay_max")
        if self.share_2 + self.share_3 > 1:
            raise ValueError("share_2 and share_3 must not exceed 1 together")

    @property
    def types(self) -> tuple[tuple[float, float, float, float], ...]:
        """Share of sending cells, release, recovery (ms) and facilitation (ms) of each type that there
        is.
        """
        every = (
            (1.0 - self.share_2 - self.share_3, self.release, self.recovery, self.facilitation),
            (self.share_2, self.release_2, self.recovery_2, self.facilitation_2),
            (self.share_3, self.release_3, self.recovery_3, self.facilitation_3),
        )
        return tuple(one for one in every if one[0] > 0)


@dataclass(frozen=True)
class Receptors:
    """Constants that all cells share.

    Receptors outside synapses see `ambient_glutamate`; what they conduct was recorded at `slice_glutamate`.
    Deactivation and the slope of the Mg block were `recorded_at` another temperature than the circuit's; the
    slope there is as Woodhull's law has it.
    """

    excitatory_reversal: float = number("mV")
    inhibitory_reversal: float = number("mV")
    magnesium: float = number("mM", "at least 0")
    magnesium_slope: float = number("1/mV", "above 0")
    nmda_saturation: float = number("1", "from 0 to 1")
    background_fibre_rate: float = number("Hz", "above 0")
    hcn_reversal: float = number("mV")
    gaba_decay_PV: float = number("ms", "above 0")
    gaba_decay_SST_VIP: float = number("ms", "above 0")
    temperature: float = number("K", "above 0", without=BODY_K)
    recorded_at: float = number("K", "above 0", without=BODY_K)
    charge_potential: float = number("mV", without=-60.0)
    ambient_glutamate: float = number("uM", "at least 0", without=0.0)
    slice_glutamate: float = number("uM", "above 0", without=1.0)


@dataclass(frozen=True)
class Subunit:
    """An NMDA receptor by its GluN2 subunits: deactivation where it was recorded and how much faster it is
    ten degrees up (`q10`), the Mg that halves its current at 0 mV, and, where there are such receptors
    outside synapses, the glutamate that half of them hold, with its Hill slope.
    """

    decay: float = number("ms", "above 0")
    magnesium_half: float = number("mM", "above 0")
    q10: float = number("1", "above 0", without=1.0)
    glutamate_ec50: float = number("uM", "above 0", without=ABSENT)
    glutamate_hill: float = number("1", "above 0", without=ABSENT)


@dataclass(frozen=True)
class Apical:
    """The apical dendrite of a pyramidal cell, one compartment coupled to the soma."""

    capacitance: float = number("pF", "above 0")
    leak: float = number("nS", "above 0")
    rest: float = number("mV")
    coupling: float = number("nS", "at least 0")
    hcn: float = number("nS", "at least 0")
    tonic: float = number("nS", "at least 0")
    backpropagation: float = number("mV", "at least 0")
    nmda_to_ampa: float = number("1", "at least 0", without=ABSENT)
    nmda_charge: float = number("1", "at least 0", without=ABSENT)
    background_ampa: float = number("nS", "at least 0")
    background_rate: float = number("Hz", "at least 0")
    calcium_half: float = number("mV")
    calcium_slope: float = number("mV", "above 0")

    def __post_init__(self) -> None:
        _either(self, "nmda_to_ampa", "nmda_charge")


@dataclass(frozen=True)
class CircuitNumbers:
    """A whole circuit sheet; without `apical` every cell is a point."""

    name: str
    receptors: Receptors
    subunits: dict[str, Subunit]
    apical: Apical | None
    populations: dict[str, Population]
    projections: dict[tuple[str, str], Projection]


# Kinds of projection that every circuit has: senders, targets and how to call them.
NEEDED = (
    ((("Pyr",), ("Pyr",)), "Pyr->Pyr"),
    ((("Pyr",), POPULATIONS[1:]), "from Pyr to PV, SST or VIP"),
    ((("PV",), POPULATIONS), "from PV"),
    ((("SST", "VIP"), POPULATIONS), "from SST or VIP"),
)


def circuit_numbers(source: Sheet) -> CircuitNumbers:
    """The records of a circuit sheet."""
    pairs = [s for s in source.sections if "->" in s]
    strange = sorted(set(source.sections) - {*pairs, *POPULATIONS, *SUBUNITS, "receptors", "apical"})
    if strange:
        like = near(strange[0], (*POPULATIONS, *SUBUNITS, "receptors", "apical"))
        raise SheetError(f"{source.path.name}: [{strange[0]}]{like} is no section of a circuit sheet")
    bad = [s for s in pairs if len(s.split("->")) != 2 or not set(s.split("->")) <= set(POPULATIONS)]
    if bad:
        raise SheetError(
            f"{source.path.name}: projection {bad[0]!r} names a population that is none of "
            f"{', '.join(POPULATIONS)}"
        )
    for needed, kind in NEEDED:
        if not any(s.split("->")[0] in needed[0] and s.split("->")[1] in needed[1] for s in pairs):
            raise SheetError(
                f"{source.path.name}: there is no projection {kind}; a circuit needs at least one"
            )
    populations = {p: source.fill(p, Population) for p in POPULATIONS}
    # of receptors that no class has, a sheet may be silent
    used = {k for k in SUBUNITS if any(p.has(k) for p in populations.values())} | {*source.sections}
    subunits = {k: source.fill(k, Subunit) if k in used else Subunit(1.0, 1.0) for k in SUBUNITS}
    for k in OUTSIDE:
        silent = ABSENT in (subunits[k].glutamate_ec50, subunits[k].glutamate_hill)
        if silent and any(p.tonic[SUBUNITS.index(k)] > 0 for p in populations.values()):
            raise SheetError(
                f"{source.path.name} [{k}]: tonic_{k} needs the rows glutamate_ec50 and glutamate_hill there"
            )
    return CircuitNumbers(
        name=source.name,
        receptors=source.fill("receptors", Receptors),
        subunits=subunits,
        apical=source.fill("apical", Apical) if "apical" in source.sections else None,
        populations=populations,
        projections={(s.split("->")[0], s.split("->")[1]): source.fill(s, Projection) for s in pairs},
    )
