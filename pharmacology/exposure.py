"""Exposure: plasma and brain concentrations of drugs that are given over time.

Each enantiomer has a chain of linear compartments of its own, so doses add and every course is a sum of
exponentials, exact at any hour.  Ketamine, norketamine and hydroxynorketamine are the sums of their
enantiomers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import numpy as np

from prelimbic.parameters import (
    ENANTIOMERS,
    FAMILY,
    HANDS,
    HNK_SETS,
    SPECIES,
    Animal,
    Compound,
    Disposition,
    Sheet,
    animal,
    compounds,
    factors,
    racemate,
    traits,
)
from prelimbic.parameters.plain import choice
from prelimbic.pharmacology.block import Concentrations
from prelimbic.pharmacology.body import AS_IT_IS, Body, in_body
from prelimbic.pharmacology.chain import Chain, Depot, chain
from prelimbic.pharmacology.dose import Dose, DoseError
from prelimbic.pharmacology.entering import LOST, VEIN, Entry, entries, route_of
from prelimbic.pharmacology.linear import Input
from prelimbic.pharmacology.peak import highest


@dataclass(frozen=True)
class Exposure(Concentrations):
    """What `doses` do to the concentrations in one animal.  Raises DoseError for a route without data.

    Unbound brain follows the unbound arterial concentration; venous samples come from two pools.  Neither
    holds mass.
    """

    doses: tuple[Dose, ...]
    animal: Animal
    compounds: dict[str, Compound] = field(hash=False)
    mass: float | None = None  # kg, of which doses are a kg; without it that of each body

    def __post_init__(self) -> None:
        for dose in self.doses:
            if dose.compound not in (*self.animal.family, *self.names):
                raise DoseError(
                    f"an exposure to {dose.compound} needs its disposition in {self.animal.name}"
                )
            if dose.route != "iv":
                route_of(dose, self.animal)

    @classmethod
    def after(
        cls,
        doses: tuple[Dose, ...],
        name: str,
        sheets: Mapping[str, Sheet] | None = None,
        body: Body = AS_IT_IS,
        hnk: str = HNK_SETS[0],
    ) -> Exposure:
        """The exposure after doses in an animal, with the numbers of the sheets `species`, `routes`,
        `bodies` and `compounds`: those given, by subject, or else those shipped.  Raises DoseError and
        SheetError.
        """
        found = {} if sheets is None else sheets
        choice(name, SPECIES, "species", DoseError)
        of_ketamine = {*FAMILY, *ENANTIOMERS}
        others = tuple(dict.fromkeys(d.compound for d in doses if d.compound not in of_ketamine))
        own = animal(name, found.get("species"), found.get("routes"), others, hnk)
        bodies = found.get("bodies")
        body.check(name, traits(name, bodies))
        by = tuple(factors(name, trait, bodies) for trait in body.covariates)
        return cls(doses, in_body(own, body.weight, by, body.age), compounds(found.get("compounds")))

    @property
    def others(self) -> tuple[str, ...]:
        """Drugs that have nothing to do with ketamine."""
        return self.animal.others

    @property
    def names(self) -> tuple[str, ...]:
        """The order of the last axis of every concentration: the enantiomers of ketamine and of its
        metabolites, given or not, and then every other drug that is given.
        """
        of = self.animal.family
        return (*(name for name, (compound, _) in ENANTIOMERS.items() if compound in of), *self.others)

    def arterial(self, hours: np.ndarray) -> np.ndarray:
        """Total arterial plasma concentration, uM, shape (time, name)."""
        return self._seen("arterial", hours)

    def venous(self, hours: np.ndarray) -> np.ndarray:
        """Total venous plasma concentration, uM, shape (time, name)."""
        return self._seen("venous", hours)

    def brain_unbound(self, hours: np.ndarray) -> np.ndarray:
        """Unbound brain concentration, uM, shape (time, name)."""
        return self._seen("brain", hours)

    def brain_total(self, hours: np.ndarray) -> np.ndarray:
        """Concentration in brain tissue, bound and unbound, uM, shape (time, name)."""
        drugs = self.animal.dispositions
        bound = [drugs[racemate(name)].brain_unbound for name in self.names]
        return self.brain_unbound(hours) / np.array(bound)

    def present(self, hours: np.ndarray) -> np.ndarray:
        """umol in the body or at the site of a dose, shape (time, name)."""
        return self._seen("present", hours)

    def eliminated(self, hours: np.ndarray) -> np.ndarray:
        """umol that have left, or never got in, shape (time, name)."""
        gone = self._seen("eliminated", hours)
        for entry in self._entries:
            if entry.where == LOST:
                gone[..., self._column(entry)] += _entered(entry, hours)
        return gone

    def given(self, hours: np.ndarray) -> np.ndarray:
        """umol administered up to each time, all compounds together, shape (time,)."""
        return sum((_entered(entry, hours) for entry in self._entries), np.zeros(np.size(hours)))

    def ng_per_ml(self, concentration_uM: np.ndarray) -> np.ndarray:
        """uM -> ng/mL, name by name; last axis is name."""
        return concentration_uM * np.array([self.compounds[name].molar_mass for name in self.names])

    def peak_time(self, until: float = math.inf, compound: str | None = None) -> float:
        """First hour, until `until`, at which an unbound brain concentration is highest, exact where a dose
        makes it so and else to a tenth of a minute: that of `compound`, or of ketamine, or where none is
        given of the compound that is.

        Where all amounts are 0 they count as alike.  0 without doses.
        """
        if not self.doses:
            return 0.0
        if not any(dose.amount > 0 for dose in self.doses):
            alike = tuple(replace(dose, amount=1.0) for dose in self.doses)
            return replace(self, doses=alike).peak_time(until, compound)
        order = (*FAMILY, *self.others).index
        given = [racemate(dose.compound) for dose in self.doses]
        of = compound or min(given, key=order)
        breaks = sorted({hour for _, i in self._all_inputs for hour in (i.start, i.end)})
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            try:
                slowest = min(own.system.slowest for own in self._chains.values())
                return highest(partial(self.of, of), breaks, slowest, until)
            except (ValueError, np.linalg.LinAlgError, OverflowError, ZeroDivisionError):
                raise DoseError(
                    f"no peak was found in {self.animal.name}; doses, times or numbers are too large"
                ) from None

    @cached_property
    def _entries(self) -> tuple[Entry, ...]:
        mass = self.animal.body.reference_mass if self.mass is None else self.mass
        return tuple(entries(self.doses, self.animal, self.compounds, mass))

    @cached_property
    def _chains(self) -> dict[str, Chain]:
        """By hand, or by the name of another drug."""
        return {key: self._chain(key) for key in (*HANDS, *self.others)}

    def _chain(self, key: str) -> Chain:
        drugs = handed(self.animal, key) if key in HANDS else {key: self.animal.dispositions[key]}
        depots = dict.fromkeys(
            e.where for e in self._entries if isinstance(e.where, Depot) and _key(e) == key
        )
        ways = [(depot, self.animal.routes[depot.route]) for depot in depots]
        return chain(self.animal.body, drugs, ways)

    @cached_property
    def _all_inputs(self) -> tuple[tuple[str, Input], ...]:
        """What enters each chain."""
        found = []
        for entry in self._entries:
            if entry.where == LOST:
                continue
            own = self._chains[_key(entry)]
            amount = np.zeros(own.system.matrix.shape[:-1])
            place = f"{entry.compound}.central" if entry.where == VEIN else str(entry.where)
            amount[..., own.core[place]] = entry.umol
            found.append((_key(entry), Input(entry.start, entry.duration, amount)))
        return tuple(found)

    def _seen(self, quantity: str, hours: np.ndarray) -> np.ndarray:
        hours = np.atleast_1d(np.asarray(hours, dtype=float))
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                found = [
                    own.system.states(self._inputs(key), hours, getattr(own, quantity))
                    for key, own in self._chains.items()
                ]
        except np.linalg.LinAlgError:
            found = [np.array(np.inf)]
        if not all(np.isfinite(each).all() for each in found):
            raise DoseError(
                f"the concentrations in {self.animal.name} cannot be told; doses, times or numbers are too "
                "large, or rates too far apart"
            )
        return np.maximum(_in_order(found), 0.0)

    def _inputs(self, key: str) -> list[Input]:
        return [each for whose, each in self._all_inputs if whose == key]

    def _column(self, entry: Entry) -> int:
        name = f"{entry.hand}-{entry.compound}" if entry.hand else entry.compound
        return self.names.index(name)


def _in_order(found: list[np.ndarray]) -> np.ndarray:
    """Both hands of every compound side by side, and then other drugs; last axis is name."""
    hands = np.stack(found[: len(HANDS)], axis=-1)
    return np.concatenate([hands.reshape(*hands.shape[:-2], -1), *found[len(HANDS) :]], axis=-1)


def _key(entry: Entry) -> str:
    return entry.hand or entry.compound


def _entered(entry: Entry, hours: np.ndarray) -> np.ndarray:
    """umol that have entered, shape (..., time)."""
    since = np.atleast_1d(hours) - entry.start
    share = since >= 0.0 if entry.duration is None else np.clip(since / entry.duration, 0.0, 1.0)
    return np.asarray(entry.umol)[..., None] * share


def handed(animal: Animal, hand: str) -> dict[str, Disposition]:
    """The disposition of one enantiomer of each compound: the racemate's clearance is the harmonic mean of
    theirs, so that areas of a racemate are what the sheet says, its binding the mean.
    """
    found = {}
    for name in animal.family:
        drug = animal.dispositions[name]
        r, u = drug.clearance_s_to_r, drug.unbound_s_to_r
        clearance = drug.clearance * (1.0 + r) / 2.0
        unbound = drug.unbound * 2.0 / (1.0 + u)
        found[name] = replace(
            drug,
            clearance=clearance if hand == "S" else clearance / r,
            unbound=unbound * u if hand == "S" else unbound,
        )
    return found
