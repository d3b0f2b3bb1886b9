"""Exposure: plasma and unbound brain concentration of ketamine and its metabolites over time.

Linear compartments, so every dose adds and the matrix exponential is the solution, not an approximation:
  depot -> ketamine (central <-> peripheral) -> norketamine (central <-> peripheral)
        -> hydroxynorketamine -> out
Amounts are umol; what leaves is kept in sinks, so given = present + eliminated at all times.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.linalg import expm

from prelimbic.parameters import COMPOUNDS, Compound, Sheet, Species, compounds, species
from prelimbic.pharmacology.block import Concentrations
from prelimbic.pharmacology.dose import Dose, DoseError, check_routes
from prelimbic.pharmacology.peak import Input, highest

# Places of a compound's amount: depot of the i.p. route, central and peripheral volume, and what is gone for
# good.
PLACES = tuple(
    f"{compound}.{part}"
    for compound in COMPOUNDS
    for part in (
        ("depot", "central", "peripheral", "eliminated")
        if compound != "hydroxynorketamine"
        else ("depot", "central", "eliminated")
    )
)
VENOUS = tuple(f"venous.{compound}.{stage}" for compound in COMPOUNDS for stage in (1, 2))
BRAIN = tuple(f"brain.{compound}" for compound in COMPOUNDS)
STATES = PLACES + VENOUS + BRAIN
AT = {name: k for k, name in enumerate(STATES)}


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

    def __post_init__(self) -> None:
        check_routes(self.doses, self.species)

    @classmethod
    def after(
        cls, doses: tuple[Dose, ...], animal: str, sheets: Mapping[str, Sheet] | None = None
    ) -> Exposure:
        """The exposure after doses in an animal, with the numbers of the sheets `species` and `compounds`:
        those given, by subject, or else those shipped.  Raises DoseError and SheetError.
        """
        found = {} if sheets is None else sheets
        return cls(doses, animal, species(animal, found.get("species")), compounds(found.get("compounds")))

    @property
    def names(self) -> tuple[str, ...]:
        """The compounds, in the order of the last axis of every concentration."""
        return COMPOUNDS

    def amounts(self, hours: np.ndarray) -> np.ndarray:
        """Every state at the given times, shape (time, state): umol for PLACES, umol/L for VENOUS and
        BRAIN.
        """
        hours = np.atleast_1d(np.asarray(hours, dtype=float))
        matrix = _rates(self.numbers)
        total = np.zeros((len(hours), len(STATES)))
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
            [amounts[:, AT[f"{c}.central"]] / getattr(self.numbers, f"{c}_central") for c in COMPOUNDS],
            axis=1,
        )

    def venous(self, hours: np.ndarray) -> np.ndarray:
        """Total venous plasma concentration, uM, shape (time, compound)."""
        if self.numbers.venous_delay == 0:
            return self.arterial(hours)
        return self.amounts(hours)[:, [AT[f"venous.{c}.2"] for c in COMPOUNDS]]

    def brain_unbound(self, hours: np.ndarray) -> np.ndarray:
        """Unbound brain concentration, uM, shape (time, compound)."""
        if self.numbers.brain_equilibration_half_time == 0:
            return self.arterial(hours) * _unbound_ratios(self.numbers)
        return self.amounts(hours)[:, [AT[b] for b in BRAIN]]

    def ng_per_ml(self, concentration_uM: np.ndarray) -> np.ndarray:
        """uM -> ng/mL, compound by compound; last axis is compound."""
        return concentration_uM * np.array([self.compounds[c].molar_mass for c in COMPOUNDS])

    def peak_time(self, until: float = math.inf, compound: str | None = None) -> float:
        """First hour, until `until`, at which an unbound brain concentration is highest, exact where a dose
        makes it so and else to a tenth of a minute: that of `compound`, or of ketamine, or where none is
        given of the compound that is.

        Disposition is linear, so amounts matter only against each other; where all are 0 they count as
        alike.  0 without doses.
        """
        if not self.doses:
            return 0.0
        of = COMPOUNDS.index(compound or min((dose.compound for dose in self.doses), key=COMPOUNDS.index))
        seen = self._unbound()[of]
        alike = not any(dose.amount > 0 for dose in self.doses)
        doses = tuple(replace(dose, amount=1.0) for dose in self.doses) if alike else self.doses
        inputs = tuple(Input(dose.start, dose.duration, self._entry(dose)) for dose in doses)
        if not seen.any():  # nothing of it gets into the brain
            return min(min(dose.start for dose in doses), until)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            try:
                return highest(_rates(self.numbers), inputs, seen, until)
            except (ValueError, np.linalg.LinAlgError, OverflowError, ZeroDivisionError):
                raise DoseError(
                    f"no peak was found in {self.species}; doses, times or numbers are too large"
                ) from None

    def _unbound(self) -> np.ndarray:
        """Unbound brain concentration (uM) per umol or uM of every state, shape (compound, state)."""
        seen = np.zeros((len(COMPOUNDS), len(STATES)))
        for k, (compound, ratio) in enumerate(zip(COMPOUNDS, _unbound_ratios(self.numbers), strict=True)):
            if self.numbers.brain_equilibration_half_time == 0:
                seen[k, AT[f"{compound}.central"]] = ratio / getattr(self.numbers, f"{compound}_central")
            else:
                seen[k, AT[f"brain.{compound}"]] = 1.0
        return seen

    def _umol(self, dose: Dose) -> float:
        mg = dose.amount * self.numbers.reference_mass
        return mg / self.compounds[dose.compound].molar_mass * 1e3

    def _entry(self, dose: Dose) -> np.ndarray:
        """umol entering each state when the whole dose has been given."""
        entry = np.zeros(len(STATES))
        umol = self._umol(dose)
        if dose.route == "iv":
            entry[AT[f"{dose.compound}.central"]] = umol
        else:
            entry[AT[f"{dose.compound}.depot"]] = umol * self.numbers.ip_bioavailability
            entry[AT[f"{dose.compound}.eliminated"]] = umol * (1.0 - self.numbers.ip_bioavailability)
        return entry


def _rates(n: Species) -> np.ndarray:
    """Matrix of the linear system, 1/h; the columns of PLACES sum to zero over PLACES: mass is kept."""
    matrix = np.zeros((len(STATES), len(STATES)))

    def move(source: str, target: str, rate: float) -> None:
        matrix[AT[source], AT[source]] -= rate
        matrix[AT[target], AT[source]] += rate

    formed = {"ketamine": ("norketamine", n.fraction_to_norketamine),
              "norketamine": ("hydroxynorketamine", n.fraction_to_hydroxynorketamine)}  # fmt: skip
    for compound in COMPOUNDS:
        volume, clearance = getattr(n, f"{compound}_central"), getattr(n, f"{compound}_clearance")
        move(f"{compound}.depot", f"{compound}.central", n.ip_absorption)
        product, share = formed.get(compound, ("", 0.0))
        if product:
            move(f"{compound}.central", f"{product}.central", share * clearance / volume)
            exchange = getattr(n, f"{compound}_exchange")
            move(f"{compound}.central", f"{compound}.peripheral", exchange / volume)
            move(
                f"{compound}.peripheral",
                f"{compound}.central",
                exchange / getattr(n, f"{compound}_peripheral"),
            )
        move(f"{compound}.central", f"{compound}.eliminated", (1.0 - share) * clearance / volume)
        if n.venous_delay > 0:
            _follow(
                matrix, f"{compound}.central", f"venous.{compound}.1", 2.0 / n.venous_delay, 1.0 / volume
            )
            _follow(matrix, f"venous.{compound}.1", f"venous.{compound}.2", 2.0 / n.venous_delay, 1.0)
    if n.brain_equilibration_half_time > 0:
        speed = np.log(2.0) / n.brain_equilibration_half_time
        for compound, ratio in zip(COMPOUNDS, _unbound_ratios(n), strict=True):
            _follow(
                matrix,
                f"{compound}.central",
                f"brain.{compound}",
                speed,
                ratio / getattr(n, f"{compound}_central"),
            )
    return matrix


def _follow(matrix: np.ndarray, leader: str, follower: str, speed: float, gain: float) -> None:
    matrix[AT[follower], AT[follower]] -= speed
    matrix[AT[follower], AT[leader]] += speed * gain


def _unbound_ratios(n: Species) -> np.ndarray:
    """Unbound brain over total plasma, per compound."""
    return np.array(
        [getattr(n, f"{c}_unbound") * getattr(n, f"{c}_brain_to_plasma_unbound") for c in COMPOUNDS]
    )


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
