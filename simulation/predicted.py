"""What the model says of a published observation: one number, in the unit of the row."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from prelimbic.parameters import DOSED, HNK_SETS, Sheet
from prelimbic.parameters.observations import SITES, Observation
from prelimbic.pharmacology import Body, Dose
from prelimbic.pharmacology.block import summed
from prelimbic.pharmacology.exposure import Exposure
from prelimbic.simulation.given import doses
from prelimbic.simulation.times import hours_behind

LATEST_H, OFFSETS = 500.0, 400  # after what begins or ends, at which a course is computed
LATE_H = 24.0  # until when blood is taken for a half-life where it was not read


def predicted(row: Observation, sheets: Mapping[str, Sheet] | None = None, hnk: str = HNK_SETS[0]) -> float:
    """The value that the model gives for an observation, in its unit.  `hnk` is one of HNK_SETS.  Raises
    UsageError for a dose that cannot be given.
    """
    return float(_OF[row.quantity](_Course(row, row.give, row.compound, sheets, hnk)))


def given_in(row: Observation) -> tuple[Dose, ...]:
    """All that is given in an observation, and in what it is compared with."""
    other = row.against and row.against not in (*DOSED, *SITES, "cmax")
    return doses((*row.give, *(row.against.split("; ") if other else ())), row.weight_kg)


class _Course:
    """What is observed, over time, after what is given in a row."""

    def __init__(
        self,
        row: Observation,
        give: tuple[str, ...],
        compound: str,
        sheets: Mapping[str, Sheet] | None,
        hnk: str,
        site: str | None = None,
    ) -> None:
        self.row, self.compound, self.site = row, compound, site or row.site
        self.sheets, self.hnk = sheets, hnk
        self.doses: tuple[Dose, ...] = doses(give, row.weight_kg)
        body = Body(weight=row.weight_kg)
        self.exposure = Exposure.after(self.doses, row.species, sheets, body, hnk)
        self.mass = self.exposure.compounds[compound].molar_mass

    def at(self, hours: np.ndarray) -> np.ndarray:
        """ng/mL at some hours."""
        found = getattr(self.exposure, self.site)(hours)
        return summed(self.exposure.names, found, (self.compound,))[:, 0] * self.mass

    def hours(self, until: float = LATEST_H) -> np.ndarray:
        """Hours from `from_h` to `to_h`, close behind all that begins and ends."""
        low, high = self.row.from_h, min(self.row.to_h, until)
        edges = {hour for dose in self.doses for hour in (dose.start, dose.end)} | {low, high}
        found = hours_behind(edges, LATEST_H, OFFSETS)
        return found[(found >= low) & (found <= high)]

    def area(self) -> float:
        """ng h/mL between `from_h` and `to_h`."""
        hours = self.hours()
        return float(np.trapezoid(self.at(hours), hours))

    def over(self, against: str) -> _Course:
        """The same of what it is compared with: another compound, another site, or after another dose."""
        row = self.row
        if against in self.exposure.compounds:
            return _Course(row, row.give, against, self.sheets, self.hnk)
        if against in SITES:
            return _Course(row, row.give, self.compound, self.sheets, self.hnk, against)
        return _Course(row, tuple(against.split("; ")), self.compound, self.sheets, self.hnk)

    def ng_per_kg(self) -> float:
        """All of a kind that is given."""
        return 1e6 * sum(dose.amount for dose in self.doses)

    def in_unit(self, ng_per_ml: float) -> float:
        by = {"ng/mL": 1.0, "uM": 1.0 / self.mass, "ug/g": 1e-3}
        return ng_per_ml * by[self.row.unit]


def _concentration(course: _Course) -> float:
    assert course.row.time_h is not None
    return course.in_unit(course.at(np.array([course.row.time_h]))[0])


def _cmax(course: _Course) -> float:
    return course.in_unit(course.at(course.hours()).max())


def _tmax(course: _Course) -> float:
    hours = course.hours()
    return float(hours[course.at(hours).argmax()])


def _half_life(course: _Course) -> float:
    last = course.row.to_h if np.isfinite(course.row.to_h) else LATE_H
    first, second = course.at(np.array([last / 2.0, last]))
    return float(np.log(2.0) * (last / 2.0) / np.log(first / second))


def _clearance(course: _Course) -> float:
    """ng/kg over ng h/mL is mL/h/kg; of an enantiomer of a racemate half is given."""
    ml_per_h = _own_share(course) * course.ng_per_kg() / course.area()
    return ml_per_h / {"L/h/kg": 1000.0, "mL/min/kg": 60.0}[course.row.unit]


def _volume(course: _Course) -> float:
    """Of distribution at steady state, by moments: less half of an infusion."""
    hours = course.hours()
    area, moment = course.area(), float(np.trapezoid(hours * course.at(hours), hours))
    stay = moment / area - sum(dose.duration or 0.0 for dose in course.doses) / 2.0
    return _own_share(course) * course.ng_per_kg() / area * stay / 1000.0


def _own_share(course: _Course) -> float:
    """Of what is given, that of the compound: half where it is one enantiomer of a racemate."""
    given = course.doses[0].compound
    return 0.5 if course.compound[1:2] == "-" and given[1:2] != "-" else 1.0


def _auc_ratio(course: _Course) -> float:
    return course.area() / course.over(course.row.against).area()


def _bioavailability(course: _Course) -> float:
    other = course.over(course.row.against)
    return 100.0 * course.area() / other.area() * other.ng_per_kg() / course.ng_per_kg()


def _ratio(course: _Course) -> float:
    row = course.row
    if row.against == "cmax":
        return course.area() / float(course.at(course.hours()).max())
    other = course.over(row.against)
    if row.against in SITES:
        if row.time_h is None:
            return course.area() / other.area()
        at = np.array([row.time_h])
        return float(course.at(at)[0] / other.at(at)[0])
    return float(course.at(course.hours()).max() / other.at(other.hours()).max())


_OF = {
    "concentration": _concentration,
    "cmax": _cmax,
    "tmax": _tmax,
    "auc": _Course.area,
    "auc_ratio": _auc_ratio,
    "half_life": _half_life,
    "clearance": _clearance,
    "volume": _volume,
    "bioavailability": _bioavailability,
    "ratio": _ratio,
}
