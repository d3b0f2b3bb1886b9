"""Entering: which enantiomers a dose brings, and by which ways they get in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from prelimbic.parameters import ENANTIOMERS, FAMILY, HANDS, Animal, Compound
from prelimbic.pharmacology.chain import DIRECT, SWALLOWED, Depot
from prelimbic.pharmacology.dose import Dose, DoseError

VEIN, LOST = "vein", "lost"


@dataclass(frozen=True)
class Entry:
    """`umol` of a compound of one `hand` (S, R, or "" of other drugs) that enter a depot, a vein, or nothing
    at all, from hour `start` on, over `duration` hours or at once.
    """

    hand: str
    compound: str
    where: Depot | str
    umol: Any
    start: float
    duration: float | None


def entries(
    doses: Sequence[Dose], animal: Animal, compounds: dict[str, Compound], mass: Any
) -> Iterator[Entry]:
    """All that enters after doses, which are per kg of a `mass`.  Raises DoseError for a route without
    data.
    """
    for k, dose in enumerate(doses):
        compound, hand = ENANTIOMERS.get(dose.compound, (dose.compound, ""))
        hands = (hand,) if hand or compound not in FAMILY else HANDS
        mg = dose.amount * mass
        umol = mg / compounds[compound].molar_mass * 1e3 / len(hands)
        for part, where, start, duration in _ways(doses, k, compound, animal, mass):
            for each in hands:
                yield Entry(each, compound, where, part * umol, start, duration)


def _ways(
    doses: Sequence[Dose], k: int, compound: str, animal: Animal, mass: Any
) -> Iterator[tuple[Any, Depot | str, float, float | None]]:
    """Shares of a dose with the way that each takes, its start and its length."""
    dose = doses[k]
    if dose.route == "iv":
        yield 1.0, VEIN, dose.start, dose.duration
        return
    key = route_of(dose, animal)
    route = animal.routes[key]
    directly = route.direct * _first(doses, k, key, animal, mass)
    swallowed = (1.0 - directly) * route.swallowed
    if np.any(np.asarray(directly) > 0):
        length = route.direct_duration or None
        yield directly, Depot(compound, key, DIRECT), dose.start, length
    if np.any(np.asarray(swallowed) > 0):
        length = route.swallowed_duration or None
        yield swallowed, Depot(compound, key, SWALLOWED), dose.start + route.delay, length
    if np.any(np.asarray(lost := 1.0 - directly - swallowed) > 0):
        yield lost, LOST, dose.start, None


def route_of(dose: Dose, animal: Animal) -> str:
    """The key of a dose's way in among the animal's routes.  Raises DoseError, with what there is."""
    found = animal.route_key(dose.route, dose.compound)
    if found is None:
        every = dict.fromkeys(key.partition("/")[0] for key in animal.routes)
        there = ("iv", *(name for name in every if animal.route_key(name, dose.compound)))
        raise DoseError(
            f"there are no data of {dose.compound} given {dose.route} to a {animal.name}; "
            f"there are of {', '.join(there)}"
        )
    return found


def _first(doses: Sequence[Dose], k: int, key: str, animal: Animal, mass: Any) -> Any:
    """Share of the full direct uptake that a dose has after those of the same product and sitting: less of
    what is beyond the first `full` mg.  What is given at the same hour shares alike.
    """
    route, dose = animal.routes[key], doses[k]
    if route.repeated == 1.0 or not dose.amount:
        return 1.0
    ago = [
        (dose.start - each.start, each.amount)
        for each in doses
        if each.route == dose.route and each.amount and animal.route_key(each.route, each.compound) == key
    ]
    before = sum(amount for since, amount in ago if 0.0 < since <= route.sitting) * mass
    now = sum(amount for since, amount in ago if since == 0.0) * mass
    first = np.clip(route.full - before, 0.0, now)
    return (first + route.repeated * (now - first)) / now
