"""Records of what a body does to a drug: sheet `species` has the body in a section ANIMAL and each drug in a
section ANIMAL/DRUG; sheet `routes` how a dose gets in, in ANIMAL/ROUTE and, for one drug, ANIMAL/ROUTE/DRUG.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from prelimbic.parameters.near import unknown
from prelimbic.parameters.sheet import SHEETS, Sheet, SheetError, headings, number

COMPOUNDS = ("ketamine", "norketamine", "hydroxynorketamine")  # ketamine, and what every animal makes of it
# What becomes of ketamine, in order, and of what each is made.
MADE_OF = {
    "norketamine": "ketamine",
    "hydroxynorketamine": "norketamine",
    "dehydronorketamine": "norketamine",
}
FAMILY = ("ketamine", *MADE_OF)
HANDS = ("S", "R")  # enantiomers; of hydroxynorketamine (2S,6S) and (2R,6R)
# Each enantiomer of each compound, and the compound and the hand that it is.
ENANTIOMERS = {f"{hand}-{compound}": (compound, hand) for compound in FAMILY for hand in HANDS}
SPECIES = tuple(name for name in headings("species") if "/" not in name)
# Drugs beside ketamine and what becomes of it that can be given as a dose.
OTHERS = tuple(
    dict.fromkeys(
        name.split("/")[1]
        for name in headings("species")
        if "/" in name and name.split("/")[1] not in FAMILY
    )
)
DOSED = (*FAMILY, *ENANTIOMERS, *OTHERS)
SALTS = headings("salts")  # as which a dose may be written
OLD = 60.0  # years
WHOLE_SHARE = 1e-9  # by which shares may sum to more than 1
HNK_SETS = ("hasan", "kamp")  # parameter sets of hydroxynorketamine in man


def routes_of(animal: str) -> tuple[str, ...]:
    """Words for how a dose can be given to an animal: i.v., and those with a section in sheet `routes`."""
    named = (name.split("/") for name in headings("routes"))
    return ("iv", *dict.fromkeys(route for whose, route, *_ in named if whose == animal))


@dataclass(frozen=True)
class Salt:
    """What is added to one mole of a base where a dose is written as a salt."""

    molar_mass: float = number("g/mol", "above 0")


@dataclass(frozen=True)
class Species:
    """A body: its mass, how volumes and flows grow with it, where a vein is sampled, how fast the brain
    fills.

    Venous plasma is `venous_fast_share` of a pool that fills from the arteries within `venous_fast`, and for
    the rest of one that takes `venous_slow`.  Clearances fall by exp(-`ageing`) with
    each year over OLD.
    """

    reference_mass: float = number("kg", "above 0")
    volume_exponent: float = number("1", "at least 0")
    flow_exponent: float = number("1", "at least 0")
    venous_fast_share: float = number("1", "from 0 to 1")
    venous_fast: float = number("h", "at least 0")
    venous_slow: float = number("h", "at least 0")
    brain_equilibration_half_time: float = number("h", "at least 0")
    ageing: float = number("1/y", "from 0 to 1")


@dataclass(frozen=True)
class Disposition:
    """Disposition of one drug in a body of its `reference_mass`, by three compartments.

    `formed` is the share of the clearance of what it is made of (MADE_OF) that makes it,
    `first_pass_formed` that of what gut and liver take of this before it arrives.  `clearance` and
    `unbound` are those of the racemate: the enantiomers have the same volumes, and differ by the ratios
    S to R.  `brain_to_plasma_unbound` is unbound brain over unbound plasma, `brain_unbound` the unbound
    share of what is in the brain.
    """

    central: float = number("L", "above 0")
    peripheral: float = number("L", "above 0")
    exchange: float = number("L/h", "at least 0")
    deep: float = number("L", "above 0")
    deep_exchange: float = number("L/h", "at least 0")
    clearance: float = number("L/h", "above 0")
    clearance_s_to_r: float = number("1", "above 0")
    formed: float = number("1", "from 0 to 1")
    first_pass_formed: float = number("1", "from 0 to 1")
    unbound: float = number("1", "from 0 to 1")
    unbound_s_to_r: float = number("1", "above 0")
    brain_to_plasma_unbound: float = number("1", "above 0")
    brain_unbound: float = number("1", "above 0")


@dataclass(frozen=True)
class Route:
    """How a dose gets in.

    A share `direct` enters the blood where it was put, at `direct_absorption` after an input that lasts
    `direct_duration`; of the rest a share `swallowed` goes through gut and liver, after `delay`, and
    `available` of that arrives as it was.  What is beyond the first `full` mg within `sitting` hours is
    taken up directly by `repeated` times as much.  What is neither direct nor swallowed is lost.
    """

    direct: float = number("1", "from 0 to 1")
    direct_absorption: float = number("1/h", "above 0")
    direct_duration: float = number("h", "at least 0")
    swallowed: float = number("1", "from 0 to 1")
    swallowed_absorption: float = number("1/h", "above 0")
    swallowed_duration: float = number("h", "at least 0")
    delay: float = number("h", "at least 0")
    available: float = number("1", "from 0 to 1")
    repeated: float = number("1", "from 0 to 1")
    full: float = number("mg", "above 0")
    sitting: float = number("h", "at least 0")


@dataclass(frozen=True)
class Factors:
    """By what the clearances of a body with some trait differ from those of sheet `species`."""

    ketamine_clearance: float = number("1", "above 0")
    norketamine_clearance: float = number("1", "above 0")
    hydroxynorketamine_clearance: float = number("1", "above 0")


@dataclass(frozen=True)
class Variation:
    """How subjects differ: body weight, share of females, SDs of logarithms, and correlations of those."""

    weight: float = number("kg", "above 0")
    weight_sd: float = number("1", "at least 0")
    female: float = number("1", "from 0 to 1")
    ketamine_clearance_sd: float = number("1", "at least 0")
    ketamine_volume_sd: float = number("1", "at least 0")
    ketamine_correlation: float = number("1", "from -0.9 to 0.9")
    norketamine_clearance_sd: float = number("1", "at least 0")
    norketamine_volume_sd: float = number("1", "at least 0")
    norketamine_correlation: float = number("1", "from -0.9 to 0.9")
    clearance_correlation: float = number("1", "from -0.9 to 0.9")
    hydroxynorketamine_clearance_sd: float = number("1", "at least 0")
    hydroxynorketamine_volume_sd: float = number("1", "at least 0")
    direct_absorption_sd: float = number("1", "at least 0")
    swallowed_absorption_sd: float = number("1", "at least 0")
    available_sd: float = number("1", "at least 0")
    direct_odds_sd: float = number("1", "at least 0")


@dataclass(frozen=True)
class Animal:
    """All that an exposure needs to know of who is given a dose; `routes` are by ROUTE or ROUTE/DRUG."""

    name: str
    body: Species
    dispositions: dict[str, Disposition] = field(hash=False)
    routes: dict[str, Route] = field(hash=False)

    @property
    def family(self) -> tuple[str, ...]:
        """Ketamine, and what the animal makes of it."""
        return tuple(name for name in FAMILY if name in self.dispositions)

    @property
    def others(self) -> tuple[str, ...]:
        """Drugs that have nothing to do with ketamine."""
        return tuple(name for name in self.dispositions if name not in FAMILY)

    def route_key(self, name: str, drug: str) -> str | None:
        """Which of `routes` a drug takes by a route: its own, or that of its racemate; None where there
        are no data.
        """
        compound = racemate(drug)
        keys = [f"{name}/{drug}", f"{name}/{compound}", *([name] if compound == COMPOUNDS[0] else [])]
        return next((key for key in keys if key in self.routes), None)


def racemate(drug: str) -> str:
    """The compound that a drug is, or is an enantiomer of."""
    return ENANTIOMERS[drug][0] if drug in ENANTIOMERS else drug


def species(name: str, source: Sheet | None = None) -> Species:
    """The body of one species.  Raises SheetError naming the species there are."""
    if name not in SPECIES:
        raise SheetError(unknown("species", name, SPECIES))
    return (source or _shipped("species")).fill(name, Species)


def section_of(drug: str, animal: str, hnk: str = HNK_SETS[0]) -> str:
    """The section of sheet `species` that has a drug in an animal; `hnk` is one of HNK_SETS, in man."""
    other = drug == "hydroxynorketamine" and hnk != HNK_SETS[0]
    return f"{animal}/{drug}/{hnk}" if other else f"{animal}/{drug}"


def disposition(drug: str, animal: str, source: Sheet | None = None, hnk: str = HNK_SETS[0]) -> Disposition:
    """Disposition of a drug in an animal.  Raises SheetError where there is none."""
    source, section = source or _shipped("species"), section_of(drug, animal, hnk)
    if section not in source.sections:
        raise SheetError(f'{drug} has no disposition in {animal}: {source.path.name} has no ["{section}"]')
    return source.fill(section, Disposition)


def animal(
    name: str,
    bodies: Sheet | None = None,
    routes: Sheet | None = None,
    others: tuple[str, ...] = (),
    hnk: str = HNK_SETS[0],
) -> Animal:
    """A species with its disposition of COMPOUNDS and of `others`, and its routes.  Raises SheetError."""
    return _animal(name, bodies or _shipped("species"), routes or _shipped("routes"), others, hnk)


@lru_cache(maxsize=64)
def _animal(name: str, bodies: Sheet, routes: Sheet, others: tuple[str, ...], hnk: str) -> Animal:
    body = species(name, bodies)
    made = (drug for drug in FAMILY if drug in COMPOUNDS or f"{name}/{drug}" in bodies.sections)
    drugs = {drug: disposition(drug, name, bodies, hnk) for drug in (*made, *others)}
    _check_shares(name, drugs)
    own = {
        s.partition("/")[2]: routes.fill(s, Route) for s in routes.sections if s.partition("/")[0] == name
    }
    return Animal(name, body, drugs, own)


def _check_shares(name: str, drugs: dict[str, Disposition]) -> None:
    """Raise SheetError where more of a drug would become something else than there is."""
    for source in FAMILY:
        made = [drug for drug, of in MADE_OF.items() if of == source and drug in drugs]
        for share in ("formed", "first_pass_formed"):
            if sum(getattr(drugs[drug], share) for drug in made) > 1.0 + WHOLE_SHARE:
                what = f"{share} of {' and '.join(made)} in {name}"
                raise SheetError(f"species.toml: {what} are shares of {source}: at most 1 together")


def traits(name: str, source: Sheet | None = None) -> tuple[str, ...]:
    """Traits of an animal with a known effect on its clearances, such as `sex/female`."""
    sections = (source or _shipped("bodies")).sections
    return tuple(s.partition("/")[2] for s in sections if s.partition("/")[0] == name)


def factors(name: str, trait: str, source: Sheet | None = None) -> Factors:
    """By what a trait changes the clearances of an animal.  Raises SheetError."""
    return (source or _shipped("bodies")).fill(f"{name}/{trait}", Factors)


def variation(name: str, source: Sheet | None = None) -> Variation:
    """How subjects of a species differ.  Raises SheetError."""
    return (source or _shipped("population")).fill(name, Variation)


def salts() -> dict[str, Salt]:
    """What makes a salt of a base, by the name of the salt."""
    source = Sheet(SHEETS / "salts.toml")
    return {name: source.fill(name, Salt) for name in SALTS}


@lru_cache(maxsize=8)
def _shipped(subject: str) -> Sheet:
    return Sheet(SHEETS / f"{subject}.toml")
