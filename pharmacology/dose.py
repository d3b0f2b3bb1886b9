"""A dose: how much of what, by which route, when."""

from __future__ import annotations

import math
from dataclasses import dataclass

from parameters import COMPOUNDS, SPECIES

ROUTES = {"human": ("iv",), "rat": ("iv", "ip"), "mouse": ("iv", "ip")}


class DoseError(ValueError):
    """A dose that cannot be given."""


@dataclass(frozen=True)
class Dose:
    """`amount` mg of free base per kg body mass by `route`, from `start` (h) on.

    i.v. with a `duration` (h) is an infusion, without one a bolus; i.p. has no duration.
    Raises DoseError for a negative or non-finite amount, an infusion of no length, or an unknown route or compound.
    """

    amount: float
    route: str
    start: float = 0.0
    duration: float | None = None
    compound: str = "ketamine"

    def __post_init__(self) -> None:
        if not math.isfinite(self.amount) or self.amount < 0:
            raise DoseError(f"a dose is a finite number of mg/kg, at least 0, not {self.amount:g}")
        if not math.isfinite(self.start):
            raise DoseError(f"a dose starts at a finite hour, not {self.start:g}")
        if self.compound not in COMPOUNDS:
            raise DoseError(f"unknown compound {self.compound!r}; there are {', '.join(COMPOUNDS)}")
        known = sorted({route for routes in ROUTES.values() for route in routes})
        if self.route not in known:
            raise DoseError(f"unknown route {self.route!r}; there are {', '.join(known)}")
        if self.duration is None:
            return
        if self.route != "iv":
            raise DoseError(f"only an i.v. dose has a duration, not {self.route}")
        if not math.isfinite(self.duration) or self.duration <= 0:
            raise DoseError(f"an infusion lasts longer than 0, not {self.duration:g} h; leave the duration out for a bolus")


def check_routes(doses: tuple[Dose, ...], species: str) -> None:
    """Raise DoseError when the species is unknown or a dose takes a route that it does not have."""
    if species not in SPECIES:
        raise DoseError(f"unknown species {species!r}; there are {', '.join(SPECIES)}")
    for dose in doses:
        if dose.route not in ROUTES[species]:
            raise DoseError(f"{species} has no route {dose.route!r}; it has {', '.join(ROUTES[species])}")
