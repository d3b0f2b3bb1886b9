"""A dose: how much of what, by which route, when."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from prelimbic.parameters import DOSED, SPECIES, routes_of
from prelimbic.parameters.errors import UsageError
from prelimbic.parameters.plain import choice, maybe, real, settle

ROUTES = {animal: routes_of(animal) for animal in SPECIES}
# Other names of what can be given.
ALSO_CALLED = {
    "esketamine": "S-ketamine",
    "arketamine": "R-ketamine",
    "(2S,6S)-HNK": "S-hydroxynorketamine",
    "(2R,6R)-HNK": "R-hydroxynorketamine",
    "(2S,6S)-hydroxynorketamine": "S-hydroxynorketamine",
    "(2R,6R)-hydroxynorketamine": "R-hydroxynorketamine",
}


LARGEST = 1e6  # mg/kg: a kilogram a kilogram
SHORTEST_H, LATEST_H = 1e-6, 1e5  # of an infusion, and of any hour


# For a warning only, and assumed: body mass (kg), the largest dose that is given (mg/kg), and what is in
# use.
USUAL = {
    "human": (70.0, 13.0, "0.1 to 2 mg/kg i.v., up to 13 mg/kg i.m. in anaesthesia"),
    "rat": (0.3, 200.0, "1 to 30 mg/kg, up to 200 mg/kg in anaesthesia"),
    "mouse": (0.025, 200.0, "1 to 30 mg/kg, up to 200 mg/kg in anaesthesia"),
}


class DoseError(UsageError):
    """A dose that cannot be given."""


@dataclass(frozen=True)
class Dose:
    """`amount` mg of free base per kg body mass by `route`, from `start` (h) on.

    i.v. with a `duration` (h) is an infusion, without one a bolus; other routes have no duration.  Ketamine
    is the racemate; of esketamine (S-ketamine) or arketamine (R-ketamine) it is the enantiomer alone.
    Raises DoseError for an amount, an hour or a length that cannot be, or an unknown route or compound.
    """

    amount: float
    route: str
    start: float = 0.0
    duration: float | None = None
    compound: str = "ketamine"

    def __post_init__(self) -> None:
        hour = partial(real, unit="h")
        settle(self, DoseError, amount=partial(real, unit="mg/kg"), start=hour, duration=maybe(hour))
        if not 0 <= self.amount <= LARGEST:
            raise DoseError(f"a dose is a number of mg/kg from 0 to {LARGEST:g}, not {self.amount:g}")
        if not abs(self.start) <= LATEST_H:
            raise DoseError(
                f"a dose starts at a finite hour, within {LATEST_H:g} h of hour 0, not at {self.start:g}"
            )
        known = sorted({route for routes in ROUTES.values() for route in routes})
        called = choice(self.compound, (*DOSED, *ALSO_CALLED), "compound", DoseError)
        object.__setattr__(self, "compound", ALSO_CALLED.get(called, called))
        object.__setattr__(self, "route", choice(self.route, known, "route", DoseError))
        if self.duration is None:
            return
        if self.route != "iv":
            raise DoseError(f"only an i.v. dose has a duration, not {self.route}")
        if not SHORTEST_H <= self.duration <= LATEST_H:
            limits = f"longer than 0, from {SHORTEST_H:g} to {LATEST_H:g} h"
            raise DoseError(
                f"an infusion lasts {limits}, not {self.duration:g} h; leave the duration out for a bolus"
            )

    @property
    def end(self) -> float:
        """Hour at which all of it has been given."""
        return self.start + (self.duration or 0.0)


def beyond_use(amount: float, species: str) -> str:
    """What to tell of a dose (mg/kg) that is larger than any that is given to a species; nothing of
    others.
    """
    mass, largest, use = USUAL.get(species, (1.0, LARGEST, ""))
    if amount <= largest:
        return ""
    meant = (
        f"; `give` takes mg per kg, and {amount:g} mg would be {amount / mass:.3g} mg/kg"
        if species == "human"
        else ""
    )
    return (
        f"{amount:g} mg/kg is {amount * mass:g} mg in a {species} of {mass:g} kg, more than is ever given; "
        f"in use are {use} "
        f"(assumed limits){meant}"
    )
