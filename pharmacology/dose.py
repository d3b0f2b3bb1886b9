"""A dose: how much of what, by which route, when."""

from __future__ import annotations

from dataclasses import dataclass

from parameters import COMPOUNDS, SPECIES

ROUTES = {"human": ("iv",), "rat": ("iv", "ip"), "mouse": ("iv", "ip")}


LARGEST = 1e6  # mg/kg: a kilogram a kilogram
SHORTEST_H, LATEST_H = 1e-6, 1e5  # of an infusion, and of any hour


class DoseError(ValueError):
    """A dose that cannot be given."""


@dataclass(frozen=True)
class Dose:
    """`amount` mg of free base per kg body mass by `route`, from `start` (h) on.

    i.v. with a `duration` (h) is an infusion, without one a bolus; i.p. has no duration.
    Raises DoseError for an amount, an hour or a length that cannot be, or an unknown route or compound.
    """

    amount: float
    route: str
    start: float = 0.0
    duration: float | None = None
    compound: str = "ketamine"

    def __post_init__(self) -> None:
        if not 0 <= self.amount <= LARGEST:
            raise DoseError(f"a dose is a number of mg/kg from 0 to {LARGEST:g}, not {self.amount:g}")
        if not abs(self.start) <= LATEST_H:
            raise DoseError(f"a dose starts at a finite hour, within {LATEST_H:g} h of hour 0, not at {self.start:g}")
        if self.compound not in COMPOUNDS:
            raise DoseError(f"unknown compound {self.compound!r}; there are {', '.join(COMPOUNDS)}")
        known = sorted({route for routes in ROUTES.values() for route in routes})
        if self.route not in known:
            raise DoseError(f"unknown route {self.route!r}; there are {', '.join(known)}")
        if self.duration is None:
            return
        if self.route != "iv":
            raise DoseError(f"only an i.v. dose has a duration, not {self.route}")
        if not SHORTEST_H <= self.duration <= LATEST_H:
            limits = f"longer than 0, from {SHORTEST_H:g} to {LATEST_H:g} h"
            raise DoseError(f"an infusion lasts {limits}, not {self.duration:g} h; leave the duration out for a bolus")

    @property
    def end(self) -> float:
        """Hour at which all of it has been given."""
        return self.start + (self.duration or 0.0)


def check_routes(doses: tuple[Dose, ...], species: str) -> None:
    """Raise DoseError when the species is unknown or a dose takes a route that it does not have."""
    if species not in SPECIES:
        raise DoseError(f"unknown species {species!r}; there are {', '.join(SPECIES)}")
    for dose in doses:
        if dose.route not in ROUTES[species]:
            raise DoseError(f"{species} has no route {dose.route!r}; it has {', '.join(ROUTES[species])}")
