"""Records of the sheet `patients`: who subjects are, what synapses do to their score, what they feel."""

from __future__ import annotations

from dataclasses import dataclass

from prelimbic.parameters.sheet import Sheet, number


@dataclass(frozen=True)
class PeopleNumbers:
    """Who subjects are: severity in points of the MADRS, age, contacts that are left as a share of the
    healthy number, genotypes of CYP2B6, and how far circuits and cascades lie from the sheet's numbers.
    """

    severity: float = number("points", "above 0")
    severity_sd: float = number("points", "at least 0")
    severity_healthy: float = number("points", "at least 0")
    severity_healthy_sd: float = number("points", "at least 0")
    age: float = number("years", "above 0")
    age_sd: float = number("years", "at least 0")
    youngest: float = number("years", "at least 0")
    oldest: float = number("years", "above 0")
    spines: float = number("1", "from 0 to 1")
    spines_sd: float = number("1", "at least 0")
    healthy_sd: float = number("1", "at least 0")
    share_16: float = number("1", "from 0 to 1")
    share_66: float = number("1", "from 0 to 1")
    draw: float = number("1", "from 0 to 1")


@dataclass(frozen=True)
class LinkNumbers:
    """The one curve from synapses to a score: points of the MADRS a unit of relative change of spines, the
    difference that it is calibrated on, and points of the HAM-D a point of it.
    """

    points: float = number("points", "at least 0")
    difference: float = number("points", "above 0")
    hamd: float = number("1", "above 0")


@dataclass(frozen=True)
class DissociationNumbers:
    """A Hill curve of unbound ketamine, and how much people differ in its half."""

    highest: float = number("points", "above 0")
    half: float = number("uM", "above 0")
    hill: float = number("1", "above 0")
    spread: float = number("1", "at least 0")


@dataclass(frozen=True)
class PatientNumbers:
    """All sections of the sheet `patients`."""

    people: PeopleNumbers
    link: LinkNumbers
    dissociation: DissociationNumbers


def patient_numbers(source: Sheet) -> PatientNumbers:
    """The records of a sheet as `patients` is.  Raises SheetError."""
    return PatientNumbers(
        source.fill("people", PeopleNumbers),
        source.fill("link", LinkNumbers),
        source.fill("dissociation", DissociationNumbers),
    )
