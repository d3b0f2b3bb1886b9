"""Exposure: plasma and unbound brain concentration of drugs that are given over time.

Linear compartments, so every dose adds and the matrix exponential is the solution, not an approximation:
  depot -> ketamine (central <-> peripheral) -> norketamine (central <-> peripheral)
        -> hydroxynorketamine -> out;  any other drug (central <-> peripheral) -> out
Amounts are umol; what leaves is kept in sinks, so given = present + eliminated at all times.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
from scipy.linalg import expm

from prelimbic.parameters import (
    COMPOUNDS,
    Compound,
    Disposition,
    Sheet,
    Species,
    compounds,
    disposition,
    species,
)
from prelimbic.pharmacology.block import Concentrations
from prelimbic.pharmacology.dose import Dose, DoseError, check_routes
from prelimbic.pharmacology.peak import Input, highest

# What becomes of a compound besides being eliminated -> the share of it, in Species.
FORMED = {
    "ketamine": ("norketamine", "fraction_to_norketamine"),
    "norketamine": ("hydroxynorketamine", "fraction_to_hydroxynorketamine"),
}
# Of a Disposition, what a Species has for each of COMPOUNDS, and what stands for a volume that it has not.
NAMED = ("central", "peripheral", "exchange", "clearance", "unbound", "brain_to_plasma_unbound")
NO_PERIPHERY = {"peripheral": 1.0, "exchange": 0.0}
PARTS = ("depot", "central", "peripheral", "eliminated")  # of the i.p. route, volumes, and gone for good


def places(compounds: Iterable[str]) -> tuple[str, ...]:
    """Where amounts of compounds can be."""
    return tuple(
        f"{compound}.{part}"
        for compound in compounds
        for part in PARTS
        if (compound, part) != ("hydroxynorketamine", "peripheral")
    )


@cache
def states(compounds: tuple[str, ...]) -> dict[str, int]:
    """Every state of compounds and where it stands: amounts in places, then venous and brain concentrations,
    which hold no mass.
    """
    venous = (f"venous.{compound}.{stage}" for compound in compounds for stage in (1, 2))
    brain = (f"brain.{compound}" for compound in compounds)
    return {name: k for k, name in enumerate((*places(compounds), *venous, *brain))}


PLACES, AT = places(COMPOUNDS), states(COMPOUNDS)  # where nothing but ketamine and its metabolites is given


@dataclass(frozen=True)
class Exposure(Concentrations):
    """What `doses` do to the concentrations in one species.  Raises DoseError for a route it does not have,
    and where numbers of the species are so far apart that nothing finite comes out.

    Venous samples lag the arterial ones by two transit stages; unbound brain follows the unbound arterial
    concentration.  Neither holds mass.
    """

    doses: tuple[Dose, ...]
    species: str
    numbers: Species
    compounds: dict[str, Compound] = field(hash=False)
    others: dict[str, Disposition] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        check_routes(self.doses, self.species)
        if strange := [dose.compound for dose in self.doses if dose.compound not in self.names]:
            raise DoseError(f"an exposure to {strange[0]} needs its disposition in {self.species}")

    @classmethod
    def after(
        cls, doses: tuple[Dose, ...], animal: str, sheets: Mapping[str, Sheet] | None = None
    ) -> Exposure:
        """The exposure after doses in an animal, with the numbers of the sheets `species` and `compounds`:
        those given, by subject, or else those shipped.  Raises DoseError and SheetError.
        """
        found = {} if sheets is None else sheets
        bodies, drugs = found.get("species"), compounds(found.get("compounds"))
        given = dict.fromkeys(dose.compound for dose in doses if dose.compound not in COMPOUNDS)
        check_routes(doses, animal)
        others = {drug: disposition(drug, animal, bodies) for drug in given}
        return cls(doses, animal, species(animal, bodies), drugs, others)

    @property
    def names(self) -> tuple[str, ...]:
        """The compounds, in the order of the last axis of every concentration: ketamine and its metabolites,
        given or not, and then every other drug that is given.
        """
        return (*COMPOUNDS, *self.others)

    @property
    def _at(self) -> dict[str, int]:
        return states(self.names)

    def _disposition(self, compound: str) -> Disposition:
        if compound in self.others:
            return self.others[compound]
        n, own = self.numbers, {} if f"{compound}.peripheral" in AT else NO_PERIPHERY
        named = {name: getattr(n, f"{compound}_{name}") for name in NAMED if name not in own}
        absorbed = {"ip_bioavailability": n.ip_bioavailability, "ip_absorption": n.ip_absorption}
        return Disposition(**named, **own, **absorbed)

    def amounts(self, hours: np.ndarray) -> np.ndarray:
        """Every state at the given times, shape (time, state): umol in places, umol/L of the others."""
        hours = np.atleast_1d(np.asarray(hours, dtype=float))
        matrix = self._rates()
        total = np.zeros((len(hours), len(self._at)))
        with np.errstate(over="ignore", invalid="ignore"):
            for dose in self.doses:
                total += _response(matrix, self._entry(dose), hours - dose.start, dose.duration)
        if not np.isfinite(total).all():
            raise DoseError(
                f"the concentrations in {self.species} are not finite; doses, times or numbers are too large"
            )
        return np.maximum(total, 0.0)

    def given(self, hours: np.ndarray) -> np.ndarray:
        """umol administered up to each time, all compounds together, shape (time,)."""
        hours = np.atleast_1d(np.asarray(hours, dtype=float))
        total = np.zeros(len(hours))
        for dose in self.doses:
            since = hours - dose.start
            share = (
                (since >= 0.0).astype(float)
                if dose.duration is None
                else np.clip(since / dose.duration, 0.0, 1.0)
            )
            total += share * self._umol(dose)
        return total

    def arterial(self, hours: np.ndarray) -> np.ndarray:
        """Total arterial plasma concentration, uM, shape (time, compound)."""
        amounts = self.amounts(hours)
        return np.stack(
            [amounts[:, self._at[f"{c}.central"]] / self._disposition(c).central for c in self.names],
            axis=1,
        )

    def venous(self, hours: np.ndarray) -> np.ndarray:
        """Total venous plasma concentration, uM, shape (time, compound)."""
        if self.numbers.venous_delay == 0:
            return self.arterial(hours)
        return self.amounts(hours)[:, [self._at[f"venous.{c}.2"] for c in self.names]]

    def brain_unbound(self, hours: np.ndarray) -> np.ndarray:
        """Unbound brain concentration, uM, shape (time, compound)."""
        if self.numbers.brain_equilibration_half_time == 0:
            return self.arterial(hours) * self._unbound_ratios()
        return self.amounts(hours)[:, [self._at[f"brain.{c}"] for c in self.names]]

    def ng_per_ml(self, concentration_uM: np.ndarray) -> np.ndarray:
        """uM -> ng/mL, compound by compound; last axis is compound."""
        return concentration_uM * np.array([self.compounds[c].molar_mass for c in self.names])

    def peak_time(self, until: float = math.inf, compound: str | None = None) -> float:
        """First hour, until `until`, at which an unbound brain concentration is highest, exact where a dose
        makes it so and else to a tenth of a minute: that of `compound`, or of ketamine, or where none is
        given of the compound that is.

        Disposition is linear, so amounts matter only against each other; where all are 0 they count as
        alike.  0 without doses.
        """
        if not self.doses:
            return 0.0
        order = self.names.index
        of = order(compound or min((dose.compound for dose in self.doses), key=order))
        seen = self._unbound()[of]
        alike = not any(dose.amount > 0 for dose in self.doses)
        doses = tuple(replace(dose, amount=1.0) for dose in self.doses) if alike else self.doses
        inputs = tuple(Input(dose.start, dose.duration, self._entry(dose)) for dose in doses)
        if not seen.any():  # nothing of it gets into the brain
            return min(min(dose.start for dose in doses), until)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            try:
                return highest(self._rates(), inputs, seen, until)
            except (ValueError, np.linalg.LinAlgError, OverflowError, ZeroDivisionError):
                raise DoseError(
                    f"no peak was found in {self.species}; doses, times or numbers are too large"
                ) from None

    def _unbound(self) -> np.ndarray:
        """Unbound brain concentration (uM) per umol or uM of every state, shape (compound, state)."""
        seen = np.zeros((len(self.names), len(self._at)))
        for k, (compound, ratio) in enumerate(zip(self.names, self._unbound_ratios(), strict=True)):
            if self.numbers.brain_equilibration_half_time == 0:
                seen[k, self._at[f"{compound}.central"]] = ratio / self._disposition(compound).central
            else:
                seen[k, self._at[f"brain.{compound}"]] = 1.0
        return seen

    def _umol(self, dose: Dose) -> float:
        mg = dose.amount * self.numbers.reference_mass
        return mg / self.compounds[dose.compound].molar_mass * 1e3

    def _entry(self, dose: Dose) -> np.ndarray:
        """umol entering each state when the whole dose has been given."""
        at, umol = self._at, self._umol(dose)
        entry = np.zeros(len(at))
        if dose.route == "iv":
            entry[at[f"{dose.compound}.central"]] = umol
        else:
            arrives = self._disposition(dose.compound).ip_bioavailability
            entry[at[f"{dose.compound}.depot"]] = umol * arrives
            entry[at[f"{dose.compound}.eliminated"]] = umol * (1.0 - arrives)
        return entry

    def _rates(self) -> np.ndarray:
        """Matrix of the linear system, 1/h; the columns of places sum to zero over places: mass is kept."""
        n, at = self.numbers, self._at
        matrix = np.zeros((len(at), len(at)))

        def move(source: str, target: str, rate: float) -> None:
            matrix[at[source], at[source]] -= rate
            matrix[at[target], at[source]] += rate

        def follow(leader: str, follower: str, speed: float, gain: float) -> None:
            matrix[at[follower], at[follower]] -= speed
            matrix[at[follower], at[leader]] += speed * gain

        for compound in self.names:
            own = self._disposition(compound)
            volume, clearance, central = own.central, own.clearance, f"{compound}.central"
            move(f"{compound}.depot", central, own.ip_absorption)
            product, name = FORMED.get(compound, ("", ""))
            share = getattr(n, name) if product else 0.0
            if product:
                move(central, f"{product}.central", share * clearance / volume)
            if f"{compound}.peripheral" in at:
                move(central, f"{compound}.peripheral", own.exchange / volume)
                move(f"{compound}.peripheral", central, own.exchange / own.peripheral)
            move(central, f"{compound}.eliminated", (1.0 - share) * clearance / volume)
            if n.venous_delay > 0:
                follow(central, f"venous.{compound}.1", 2.0 / n.venous_delay, 1.0 / volume)
                follow(f"venous.{compound}.1", f"venous.{compound}.2", 2.0 / n.venous_delay, 1.0)
        if n.brain_equilibration_half_time > 0:
            speed = np.log(2.0) / n.brain_equilibration_half_time
            for compound, ratio in zip(self.names, self._unbound_ratios(), strict=True):
                gain = ratio / self._disposition(compound).central
                follow(f"{compound}.central", f"brain.{compound}", speed, gain)
        return matrix

    def _unbound_ratios(self) -> np.ndarray:
        """Unbound brain over total plasma, per compound."""
        every = (self._disposition(compound) for compound in self.names)
        return np.array([own.unbound * own.brain_to_plasma_unbound for own in every])


def _response(
    matrix: np.ndarray, entry: np.ndarray, since: np.ndarray, duration: float | None
) -> np.ndarray:
    """States at times since the start of one dose: a bolus, or a constant input over `duration` hours."""
    states = np.zeros((len(since), len(entry)))
    given = since >= 0 if duration is None else since > 0
    hours = since[given][:, None, None]
    if duration is None:
        states[given] = expm(matrix * hours) @ entry
        return states
    size = len(entry)
    driven = np.zeros((size + 1, size + 1))
    driven[:size, :size], driven[:size, size] = matrix, entry / duration
    within = np.minimum(hours, duration)
    states[given] = (expm(matrix * (hours - within)) @ expm(driven * within)[:, :size, size:])[..., 0]
    return states
