"""What subjects are given, and the exposures and hours that follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from prelimbic.parameters import FAMILY, compounds, racemate
from prelimbic.parameters.errors import UsageError
from prelimbic.patients.design import CONCENTRATIONS_UM
from prelimbic.pharmacology import AS_IT_IS, Dose, Exposure
from prelimbic.pharmacology.block import summed
from prelimbic.pharmacology.population import animals
from prelimbic.simulation.config import Config
from prelimbic.simulation.given import Give
from prelimbic.simulation.inhibition import Inhibition
from prelimbic.simulation.protocol import minutes
from prelimbic.simulation.subjects import planned

if TYPE_CHECKING:
    import pandas as pd

SPECIES = "human"
# hours after a dose begins, and after an infusion ends, at which its circuit is asked; then once a day
ASKED_H = (0, 1 / 6, 1 / 3, 0.5, 2 / 3, 1, 4 / 3, 5 / 3, 2, 2.5, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24)
LONGEST_STRIDE_H = 24.0
MOST_UM = CONCENTRATIONS_UM[-1]


class CoursesError(UsageError):
    """Courses that cannot be computed as asked."""


@dataclass(frozen=True)
class Levels:
    """Of subjects, each (subject, time): unbound ketamine (uM), ketamine in venous plasma (ng/mL), and
    between two hours, (subject, stride), unbound ketamine and the `equivalents` of all that blocks.
    """

    ketamine: np.ndarray
    plasma: np.ndarray
    between: np.ndarray
    equivalents: np.ndarray


def grouped(give: Any, n: int) -> list[tuple[Give, np.ndarray]]:
    """What is given with the places of those who are given it: one schedule for all, or a list with a list
    for each of `n` subjects.  Raises CoursesError.
    """
    own = (
        not isinstance(give, (str, Dose))
        and len(give) > 0
        and all(isinstance(g, (list, tuple)) for g in give)
    )
    if not own:
        return [(give, np.arange(n))]
    if len(give) != n:
        raise CoursesError(f"`give` holds {len(give)} lists, but there are {n} subjects")
    places: dict[str, list[int]] = {}
    for k, each in enumerate(give):
        places.setdefault(repr(tuple(each)), []).append(k)
    return [(list(give[rows[0]]), np.array(rows)) for rows in places.values()]


def planned_for(give: Give, circuit: str, affinity: str) -> tuple[Config, float | None]:
    """The configuration of what is given to people, and the weight by which amounts of the whole body were
    divided.  Raises CoursesError for another drug, GivenError and DoseError.
    """
    config, mass = planned(SPECIES, give, circuit, (), AS_IT_IS, affinity)
    strange = [d.compound for d in config.doses if racemate(d.compound) not in FAMILY and d.amount]
    if strange:
        raise CoursesError(f"people are given ketamine, an enantiomer or a metabolite, not {strange[0]}")
    return config, mass


def asked_minutes(doses: Sequence[Dose], inhibitions: Sequence[Inhibition], at: np.ndarray) -> np.ndarray:
    """Minutes, whole and in order, at which the circuit is asked or somebody reads: dense after all that is
    given, and each day until the last of `at` (h).
    """
    edges = [hour for dose in doses for hour in (dose.start, dose.end)]
    given = [*(dose.start for dose in doses), *(item.start for item in inhibitions), float(at.min())]
    first, last = min(given), float(at.max())
    hours = [first, *at, *(edge + after for edge in edges for after in ASKED_H)]
    hours += [*np.arange(first, last, LONGEST_STRIDE_H)]
    return np.unique([minutes(hour) for hour in hours if first <= hour <= last])


def exposures(
    config: Config, mass: float | None, subjects: pd.DataFrame, at: np.ndarray, hnk: str
) -> Levels:
    """Levels of every subject at the minutes `at`, and halfway between them.  Raises DoseError and
    CoursesError for more drug than a surrogate was trained for.
    """
    hours, n = at / 60.0, len(subjects)
    if not any(dose.amount for dose in config.doses):
        none = np.zeros((n, len(at)))
        return Levels(none, none, none[:, 1:], none[:, 1:])
    sheets = config.sheets()
    several = animals(SPECIES, subjects, sheets, AS_IT_IS, hnk)
    course = Exposure(config.doses, several, compounds(sheets["compounds"]), mass)
    middle = 0.5 * (hours[1:] + hours[:-1])
    unbound, later = course.brain_unbound(hours), course.brain_unbound(middle)
    drugs = config.binding()
    own = drugs["ketamine"].ic50_2B
    share = np.array([own / drugs[name].ic50_2B for name in course.names])
    equivalent = later @ share
    peak = equivalent.max(axis=1, initial=0.0)
    if (peak > MOST_UM).any():
        k = int(np.argmax(peak))
        raise CoursesError(
            f"subject {subjects.index[k]} would have {peak[k]:.2g} uM of unbound ketamine, and surrogates "
            f"are trained up to {MOST_UM:g} uM: give less"
        )
    plasma = summed(course.names, course.ng_per_ml(course.venous(hours)), ("ketamine",))[..., 0]
    return Levels(
        summed(course.names, unbound, ("ketamine",))[..., 0],
        plasma,
        summed(course.names, later, ("ketamine",))[..., 0],
        equivalent,
    )
