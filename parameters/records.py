"""The frozen records that sheets fill.  A field's unit is part of its declaration and is checked at load."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from prelimbic.parameters.binding import (
    BLOCKERS,
    IN_A_BATH,
    SUBUNITS,
    Channel,
    Compound,
    Ratios,
    Tissue,
    channel,
    compounds,
    in_tissue,
)
from prelimbic.parameters.brought import brought_sheets
from prelimbic.parameters.disposition import (
    COMPOUNDS,
    DOSED,
    ENANTIOMERS,
    FAMILY,
    HANDS,
    HNK_SETS,
    MADE_OF,
    OLD,
    OTHERS,
    SALTS,
    SPECIES,
    Animal,
    Disposition,
    Factors,
    Route,
    Salt,
    Species,
    Variation,
    animal,
    disposition,
    factors,
    racemate,
    routes_of,
    salts,
    section_of,
    species,
    traits,
    variation,
)
from prelimbic.parameters.near import near, unknown
from prelimbic.parameters.sheet import SHEETS, WHOLE, Row, Sheet, SheetError, digest, number
from prelimbic.parameters.slow import (
    INHIBITORS,
    STATES,
    TARGETS,
    ZERO_AT_REST,
    Arms,
    CascadeNumbers,
    HypothesisNumbers,
    Inhibitor,
    SpineNumbers,
    inhibitor,
    target_of,
)

POPULATIONS = ("Pyr", "PV", "SST", "VIP")
BODY_K = 310.15
OUTSIDE = ("2B", "2BD")  # subunits of receptors outside synapses
PRIOR = "prior"  # the circuit sheet that circuits are drawn from
CIRCUITS = (
    "native",
    "native_point",
    "dendritic",
    "point",
    "static_release",
    "sst_on_soma",
    "thalamic_pv",
    "human_l23",
    "literature",
    "pv_sst",
    "sst",
)


def _either(record: object, one: str, other: str) -> None:
    """Raise ValueError unless just one of two rows is there."""
    if math.isnan(getattr(record, one)) == math.isnan(getattr(record, other)):
        raise ValueError(f"there must be one of the rows {one} and {other}, and not both")


@dataclass(frozen=True)
class Population:
    """One cell class: how many, membrane, adaptation, receptors, background input, rate aimed at.

    `leak` and `rest` hold the resting HCN conductance `hcn`, so that shutting it takes something away from
    them.  What NMDA receptors a contact has is told by their peak conductance without Mg over that of AMPA
    receptors (`nmda_to_ampa`), or by the charge that they carry over that of AMPA receptors after a release
    (`nmda_charge`, at the `charge_potential` of `Receptors`); so for background fibres.  `fraction_*` are
    shares of the peak.  `tonic_*` is what receptors outside synapses conduct, without Mg, in a slice.
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
    hcn: float = number("nS", "at least 0")
    ampa_decay: float = number("ms", "above 0")
    nmda_to_ampa: float = number("1", "at least 0", without=math.nan)
    background_nmda_to_ampa: float = number("1", "at least 0", without=math.nan)
    nmda_charge: float = number("1", "at least 0", without=math.nan)
    background_nmda_charge: float = number("1", "at least 0", without=math.nan)
    fraction_2A: float = number("1", "from 0 to 1")
    fraction_2AB: float = number("1", "from 0 to 1", without=0.0)
    fraction_2B: float = number("1", "from 0 to 1")
    fraction_2BD: float = number("1", "from 0 to 1", without=0.0)
    fraction_2C: float = number("1", "from 0 to 1")
    fraction_2D: float = number("1", "from 0 to 1")
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
        for background in ("", "background_"):
            _either(self, f"{background}nmda_to_ampa", f"{background}nmda_charge")
        if self.reset >= self.threshold:
            raise ValueError(
                f"reset is {self.reset:g} mV but must lie below the threshold of {self.threshold:g} mV"
            )

    @property
    def subunit_fractions(self) -> tuple[float, ...]:
        return tuple(getattr(self, f"fraction_{k}") for k in SUBUNITS)

    @property
    def tonic(self) -> tuple[float, ...]:
        """Conductance of receptors outside synapses in a slice (nS), shape (subunit,)."""
        return tuple(getattr(self, f"tonic_{k}") if k in OUTSIDE else 0.0 for k in SUBUNITS)

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
    The slope of the Mg block was recorded at `magnesium_temperature`; at `temperature` it is as Woodhull's
    law has it.
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
    magnesium_temperature: float = number("K", "above 0", without=BODY_K)
    charge_potential: float = number("mV", without=-60.0)
    ambient_glutamate: float = number("uM", "at least 0", without=0.0)
    slice_glutamate: float = number("uM", "above 0", without=1.0)


@dataclass(frozen=True)
class Subunit:
    """An NMDA receptor by its GluN2 subunits: deactivation at the temperature of its recording and how much
    faster it is ten degrees up (`q10`), the Mg that halves its current at 0 mV, and the glutamate that half
    of such receptors hold, with its Hill slope.
    """

    decay: float = number("ms", "above 0")
    magnesium_half: float = number("mM", "above 0")
    q10: float = number("1", "above 0", without=1.0)
    recorded_at: float = number("K", "above 0", without=BODY_K)
    glutamate_ec50: float = number("uM", "above 0", without=2.0)
    glutamate_hill: float = number("1", "above 0", without=1.5)

    def holding(self, glutamate_uM: float) -> float:
        """Share of receptors that hold glutamate at a steady concentration."""
        bound = (glutamate_uM / self.glutamate_ec50) ** self.glutamate_hill
        return bound / (1.0 + bound)

    def at(self, kelvin: float) -> Subunit:
        """The same at another temperature."""
        factor = self.q10 ** ((self.recorded_at - kelvin) / 10.0)
        return replace(self, decay=self.decay * factor, recorded_at=kelvin)


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
    nmda_to_ampa: float = number("1", "at least 0", without=math.nan)
    nmda_charge: float = number("1", "at least 0", without=math.nan)
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


def sheet(name: str) -> Sheet:
    """A shipped sheet by name.  Raises SheetError naming the sheets there are."""
    if name not in shipped():
        raise SheetError(unknown("sheet", name, shipped()))
    return Sheet(SHEETS / f"{name}.toml")


def shipped() -> list[str]:
    """Names of all sheets that come with the package."""
    return sorted(path.stem for path in SHEETS.glob("*.toml"))


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
    used = [any(p.has(k) for p in populations.values()) for k in SUBUNITS]
    return CircuitNumbers(
        name=source.name,
        receptors=source.fill("receptors", Receptors),
        subunits={
            k: source.fill(k, Subunit) if have or k in source.sections else Subunit(1.0, 1.0)
            for k, have in zip(SUBUNITS, used, strict=True)
        },
        apical=source.fill("apical", Apical) if "apical" in source.sections else None,
        populations=populations,
        projections={(s.split("->")[0], s.split("->")[1]): source.fill(s, Projection) for s in pairs},
    )


def circuit_sheet(name: str) -> Sheet:
    """A circuit sheet by name, one that ships or that another package brings, or one of the user's by its
    path, which ends in .toml.

    Raises SheetError naming what there is.
    """
    if name in (*CIRCUITS, PRIOR):
        return sheet(name)
    if name.endswith(".toml"):
        return Sheet(Path(name))
    known = (*CIRCUITS, *(each for each in brought_sheets() if each not in shipped()))
    if name not in known:
        raise SheetError(f"{unknown('circuit sheet', name, known)}, or the path of a .toml file")
    return Sheet(brought_sheets()[name])


@cache
def _recordings() -> Sheet:
    return sheet("recordings")


def recording(section: str, name: str) -> Row | None:
    """A recorded quantity, from the sheet that no run reads; None when there is none."""
    return _recordings().sections.get(section, {}).get(name)


def recorded(section: str, name: str) -> tuple[float, float]:
    """Range of a recorded quantity, from the sheet that no run reads.  Raises SheetError where there is
    none.
    """
    row = recording(section, name)
    if row is None or row.range is None:
        raise SheetError(f"recordings.toml has no range of {section}.{name}")
    return row.range


def structure_digest(source: Sheet) -> str:
    """What a calibration holds for: every number of a circuit sheet but the background rates that a
    calibration moves.
    """
    moved = {f"{p}.background_rate" for p in POPULATIONS}
    return digest(
        {k: v for k, v in source.values().items() if k not in moved} | {source.manipulations: 0.0}
    )[:16]


__all__ = [
    "BLOCKERS",
    "CIRCUITS",
    "COMPOUNDS",
    "DOSED",
    "ENANTIOMERS",
    "FAMILY",
    "HANDS",
    "HNK_SETS",
    "INHIBITORS",
    "IN_A_BATH",
    "MADE_OF",
    "OLD",
    "OTHERS",
    "OUTSIDE",
    "POPULATIONS",
    "PRIOR",
    "SALTS",
    "SPECIES",
    "STATES",
    "SUBUNITS",
    "TARGETS",
    "ZERO_AT_REST",
    "Animal",
    "Apical",
    "Arms",
    "CascadeNumbers",
    "Channel",
    "CircuitNumbers",
    "Compound",
    "Disposition",
    "Factors",
    "HypothesisNumbers",
    "Inhibitor",
    "Population",
    "Projection",
    "Ratios",
    "Receptors",
    "Route",
    "Salt",
    "Sheet",
    "SheetError",
    "Species",
    "SpineNumbers",
    "Subunit",
    "Tissue",
    "Variation",
    "animal",
    "channel",
    "circuit_numbers",
    "circuit_sheet",
    "compounds",
    "digest",
    "disposition",
    "factors",
    "in_tissue",
    "inhibitor",
    "racemate",
    "recorded",
    "recording",
    "routes_of",
    "salts",
    "section_of",
    "sheet",
    "shipped",
    "species",
    "structure_digest",
    "target_of",
    "traits",
    "variation",
]
