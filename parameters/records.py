"""The frozen records that sheets fill.  A field's unit is part of its declaration and is checked at load."""

from __future__ import annotations

from dataclasses import dataclass

from parameters.sheet import SHEETS, Sheet, SheetError, digest, number

POPULATIONS = ("Pyr", "PV", "SST", "VIP")
SUBUNITS = ("2A", "2B", "2C", "2D")
CIRCUITS = ("literature", "pv_sst", "sst")
SPECIES = ("human", "rat", "mouse")
COMPOUNDS = ("ketamine", "norketamine", "hydroxynorketamine")


@dataclass(frozen=True)
class Compound:
    """A drug's constants: molar mass and half-maximal block of each NMDA receptor subunit at 1 mM Mg."""

    molar_mass: float = number("g/mol")
    ic50_2A: float = number("uM")
    ic50_2B: float = number("uM")
    ic50_2C: float = number("uM")
    ic50_2D: float = number("uM")
    hill: float = number("1")


@dataclass(frozen=True)
class Species:
    """Disposition of ketamine and its two metabolites in an animal of `reference_mass`."""

    reference_mass: float = number("kg")
    ketamine_central: float = number("L")
    ketamine_peripheral: float = number("L")
    ketamine_exchange: float = number("L/h")
    ketamine_clearance: float = number("L/h")
    fraction_to_norketamine: float = number("1")
    norketamine_central: float = number("L")
    norketamine_peripheral: float = number("L")
    norketamine_exchange: float = number("L/h")
    norketamine_clearance: float = number("L/h")
    fraction_to_hydroxynorketamine: float = number("1")
    hydroxynorketamine_central: float = number("L")
    hydroxynorketamine_clearance: float = number("L/h")
    ip_bioavailability: float = number("1")
    ip_absorption: float = number("1/h")
    venous_delay: float = number("h")
    brain_equilibration_half_time: float = number("h")
    ketamine_unbound: float = number("1")
    norketamine_unbound: float = number("1")
    hydroxynorketamine_unbound: float = number("1")
    ketamine_brain_to_plasma_unbound: float = number("1")
    norketamine_brain_to_plasma_unbound: float = number("1")
    hydroxynorketamine_brain_to_plasma_unbound: float = number("1")


@dataclass(frozen=True)
class Population:
    """One cell class: how many, membrane, adaptation, receptors, background input, rate aimed at."""

    count: float = number("cells")
    capacitance: float = number("pF")
    leak: float = number("nS")
    rest: float = number("mV")
    rest_sd: float = number("mV")
    threshold: float = number("mV")
    threshold_sd: float = number("mV")
    reset: float = number("mV")
    refractory: float = number("ms")
    adaptation_slope: float = number("nS")
    adaptation_jump: float = number("pA")
    adaptation_decay: float = number("ms")
    ampa_decay: float = number("ms")
    nmda_to_ampa: float = number("1")
    fraction_2A: float = number("1")
    fraction_2B: float = number("1")
    fraction_2C: float = number("1")
    fraction_2D: float = number("1")
    background_ampa: float = number("nS")
    background_rate: float = number("Hz")
    target_rate: float = number("Hz")

    def __post_init__(self) -> None:
        if abs(sum(self.subunit_fractions) - 1.0) > 1e-6 or min(self.subunit_fractions) < 0:
            raise ValueError("the fractions of 2A, 2B, 2C and 2D must be at least 0 and sum to 1")

    @property
    def subunit_fractions(self) -> tuple[float, float, float, float]:
        return (self.fraction_2A, self.fraction_2B, self.fraction_2C, self.fraction_2D)


@dataclass(frozen=True)
class Projection:
    """Connections from one class to another; `in_degree` contacts on each target cell."""

    in_degree: float = number("contacts")
    weight: float = number("nS")
    delay_min: float = number("ms")
    delay_max: float = number("ms")


@dataclass(frozen=True)
class Receptors:
    """Constants that all cells share."""

    excitatory_reversal: float = number("mV")
    inhibitory_reversal: float = number("mV")
    magnesium: float = number("mM")
    magnesium_half: float = number("mM")
    magnesium_slope: float = number("1/mV")
    magnesium_relief_2CD: float = number("1")
    nmda_decay: float = number("ms")
    nmda_saturation: float = number("1")
    gaba_decay_PV: float = number("ms")
    gaba_decay_SST_VIP: float = number("ms")


@dataclass(frozen=True)
class CircuitNumbers:
    """A whole circuit sheet."""

    name: str
    receptors: Receptors
    populations: dict[str, Population]
    projections: dict[tuple[str, str], Projection]


@dataclass(frozen=True)
class CascadeNumbers:
    """From AMPA drive to synaptic protein, per pyramidal cell; every state is 1 (drive signal: 0) at rest."""

    drive_smoothing: float = number("h")
    drive_threshold: float = number("1")
    threshold_sliding: float = number("h")
    bdnf_gain: float = number("1")
    bdnf_rise: float = number("h")
    bdnf_fall: float = number("h")
    trkb_time: float = number("h")
    trkb_half: float = number("1")
    mtorc1_half: float = number("1")
    mtorc1_hill: float = number("1")
    mtorc1_rise: float = number("h")
    mtorc1_fall: float = number("h")
    protein_gain: float = number("1")
    protein_rise: float = number("h")
    protein_fall: float = number("h")
    maturation_delay: float = number("h")
    maturation_stages: float = number("stages")


@dataclass(frozen=True)
class SpineNumbers:
    """The agents: how many sites a cell has, and the rates at which a spine is born, matures and is lost."""

    potential_sites: float = number("sites")
    depressed_share: float = number("1")
    formation_gain: float = number("1")
    nascent_maturation: float = number("1/h")
    nascent_loss: float = number("1/h")
    density_time: float = number("h")

    def __post_init__(self) -> None:
        if not 0 < self.depressed_share <= 1:
            raise ValueError("depressed_share must be above 0 and at most 1")


def sheet(name: str) -> Sheet:
    """A shipped sheet by name.  Raises SheetError naming the sheets there are."""
    path = SHEETS / f"{name}.toml"
    if not path.exists():
        raise SheetError(f"unknown sheet {name!r}; there are {', '.join(shipped())}")
    return Sheet(path)


def shipped() -> list[str]:
    """Names of all sheets that come with the package."""
    return sorted(path.stem for path in SHEETS.glob("*.toml"))


def circuit_numbers(source: Sheet) -> CircuitNumbers:
    """The records of a circuit sheet."""
    pairs = [s for s in source.sections if "->" in s]
    bad = [s for s in pairs if not set(s.split("->")) <= set(POPULATIONS)]
    if bad:
        raise SheetError(f"{source.path.name}: projection {bad[0]!r} names a population that is none of {POPULATIONS}")
    return CircuitNumbers(
        name=source.name,
        receptors=source.fill("receptors", Receptors),
        populations={p: source.fill(p, Population) for p in POPULATIONS},
        projections={(s.split("->")[0], s.split("->")[1]): source.fill(s, Projection) for s in pairs},
    )


def compounds(source: Sheet | None = None) -> dict[str, Compound]:
    """Constants of every compound, by name."""
    source = source or sheet("compounds")
    return {name: source.fill(name, Compound) for name in COMPOUNDS}


def species(name: str, source: Sheet | None = None) -> Species:
    """Disposition constants of one species.  Raises SheetError naming the species there are."""
    if name not in SPECIES:
        raise SheetError(f"unknown species {name!r}; there are {', '.join(SPECIES)}")
    return (source or sheet("species")).fill(name, Species)


__all__ = [
    "CIRCUITS", "COMPOUNDS", "POPULATIONS", "SPECIES", "SUBUNITS", "CascadeNumbers", "CircuitNumbers", "Compound",
    "Population", "Projection", "Receptors", "Sheet", "SheetError", "Species", "SpineNumbers",
    "circuit_numbers", "compounds", "digest", "sheet", "shipped", "species",
]  # fmt: skip
