"""Records of what a body does to a drug: ketamine with its metabolites in one section an animal, every other
drug that can be given as a dose in a section `ANIMAL/DRUG` of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from prelimbic.parameters.near import unknown
from prelimbic.parameters.sheet import SHEETS, Sheet, SheetError, headings, number

COMPOUNDS = ("ketamine", "norketamine", "hydroxynorketamine")  # ketamine, and what becomes of it
SPECIES = tuple(name for name in headings("species") if "/" not in name)
# What can be given as a dose.
DOSED = tuple(
    dict.fromkeys((*COMPOUNDS, *(name.partition("/")[2] for name in headings("species") if "/" in name)))
)
SALTS = headings("salts")  # as which a dose may be written


@dataclass(frozen=True)
class Salt:
    """What is added to one mole of a base where a dose is written as a salt."""

    molar_mass: float = number("g/mol", "above 0")


@dataclass(frozen=True)
class Disposition:
    """Disposition of one drug, by two compartments, in an animal whose Species has its mass, the delay to a
    vein and that to the brain.
    """

    central: float = number("L", "above 0")
    peripheral: float = number("L", "above 0")
    exchange: float = number("L/h", "at least 0")
    clearance: float = number("L/h", "above 0")
    ip_bioavailability: float = number("1", "from 0 to 1")
    ip_absorption: float = number("1/h", "above 0")
    unbound: float = number("1", "from 0 to 1")
    brain_to_plasma_unbound: float = number("1", "above 0")


@dataclass(frozen=True)
class Species:
    """Disposition of ketamine and its two metabolites in an animal of `reference_mass`."""

    reference_mass: float = number("kg", "above 0")
    ketamine_central: float = number("L", "above 0")
    ketamine_peripheral: float = number("L", "above 0")
    ketamine_exchange: float = number("L/h", "at least 0")
    ketamine_clearance: float = number("L/h", "above 0")
    fraction_to_norketamine: float = number("1", "from 0 to 1")
    norketamine_central: float = number("L", "above 0")
    norketamine_peripheral: float = number("L", "above 0")
    norketamine_exchange: float = number("L/h", "at least 0")
    norketamine_clearance: float = number("L/h", "above 0")
    fraction_to_hydroxynorketamine: float = number("1", "from 0 to 1")
    hydroxynorketamine_central: float = number("L", "above 0")
    hydroxynorketamine_clearance: float = number("L/h", "above 0")
    ip_bioavailability: float = number("1", "from 0 to 1")
    ip_absorption: float = number("1/h", "above 0")
    venous_delay: float = number("h", "at least 0")
    brain_equilibration_half_time: float = number("h", "at least 0")
    ketamine_unbound: float = number("1", "from 0 to 1")
    norketamine_unbound: float = number("1", "from 0 to 1")
    hydroxynorketamine_unbound: float = number("1", "from 0 to 1")
    ketamine_brain_to_plasma_unbound: float = number("1", "above 0")
    norketamine_brain_to_plasma_unbound: float = number("1", "above 0")
    hydroxynorketamine_brain_to_plasma_unbound: float = number("1", "above 0")


def species(name: str, source: Sheet | None = None) -> Species:
    """Disposition constants of one species.  Raises SheetError naming the species there are."""
    if name not in SPECIES:
        raise SheetError(unknown("species", name, SPECIES))
    return (source or _shipped()).fill(name, Species)


def disposition(drug: str, animal: str, source: Sheet | None = None) -> Disposition:
    """Disposition of a drug other than COMPOUNDS in an animal.  Raises SheetError where there is none."""
    source = source or _shipped()
    if f"{animal}/{drug}" not in source.sections:
        raise SheetError(
            f'{drug} has no disposition in {animal}: {source.path.name} has no ["{animal}/{drug}"]'
        )
    return source.fill(f"{animal}/{drug}", Disposition)


def salts() -> dict[str, Salt]:
    """What makes a salt of a base, by the name of the salt."""
    source = Sheet(SHEETS / "salts.toml")
    return {name: source.fill(name, Salt) for name in SALTS}


def _shipped() -> Sheet:
    return Sheet(SHEETS / "species.toml")
