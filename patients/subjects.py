"""Subjects: weight, sex, age, genotype, what their body does to the drug, their circuit, cascade, spines and
severity; reproducible by a seed.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from prelimbic.parameters import CIRCUIT
from prelimbic.parameters.errors import UsageError
from prelimbic.parameters.patients import PeopleNumbers
from prelimbic.parameters.plain import choice
from prelimbic.patients.design import CONTACTS
from prelimbic.patients.surrogate import named, patients_sheet, surrogate
from prelimbic.pharmacology.body import GENOTYPES
from prelimbic.simulation.subjects import population
from prelimbic.simulation.switches import AFFINITIES

if TYPE_CHECKING:
    import pandas as pd

GROUPS = ("depressed", "healthy")
OWN = ("age", "cyp2b6", "spines", "severity", "sensitivity", "circuit", "cascade")  # columns of a subject
MOST_POINTS = 60.0  # of the MADRS
# shares that a surrogate was trained for, with room to grow
CONTACTS_KNOWN = (CONTACTS[0], 0.5 * (1.0 + CONTACTS[-1]))
FIRST_COLUMN = 100  # of the random numbers of a subject; those below are of its body
LARGEST_CASCADE = 2**31


class PeopleError(UsageError):
    """Subjects that cannot be."""


def people(
    n: int,
    seed: int = 1,
    *,
    group: str = "depressed",
    sheet: str | os.PathLike[str] = CIRCUIT,
    affinity: str = AFFINITIES[0],
    weight: float | str | None = None,
    sex: str | None = None,
) -> pd.DataFrame:
    """`n` people, one a row, index `subject`; the same for the same seed, and the first of many are the few.

    Columns: those of `population` (weight in kg, sex, and by what their bodies differ from the sheets);
    `age` (years); `cyp2b6`; `spines`, contacts at rest as a share of the healthy number; `severity`, their
    true MADRS before treatment (unit: points); `sensitivity` to dissociation (1 is usual); `circuit`, the
    number of a drawn circuit that the surrogate of this `sheet` and `affinity` knows; `cascade`, the seed of
    a drawn slow layer.  `group` is depressed or healthy; `weight` and `sex` are as in Scenario and then the
    same for all.  Their sources are those of sheets `population`, `bodies` and `patients`.

    Raises PeopleError, DoseError, GivenError and SurrogateError.
    """
    choice(group, GROUPS, "group", PeopleError)
    known = surrogate(named(sheet), choice(affinity, AFFINITIES, "affinity", PeopleError)).circuits
    numbers = patients_sheet()
    found = population(n, "human", seed, weight=weight, sex=sex)
    who = numbers.people
    found["age"] = np.clip(who.age + who.age_sd * _normal(seed, 0, n), who.youngest, who.oldest)
    found["cyp2b6"] = _genotypes(_uniform(seed, 1, n), who)
    depressed = group == "depressed"
    mean, sd = (who.spines, who.spines_sd) if depressed else (1.0, who.healthy_sd)
    found["spines"] = np.clip(mean + sd * _normal(seed, 2, n), *CONTACTS_KNOWN)
    score, spread = (
        (who.severity, who.severity_sd) if depressed else (who.severity_healthy, who.severity_healthy_sd)
    )
    found["severity"] = np.clip(score + spread * _normal(seed, 3, n), 0.0, MOST_POINTS)
    found["sensitivity"] = np.exp(numbers.dissociation.spread * _normal(seed, 4, n))
    found["circuit"] = np.array(known)[(_uniform(seed, 5, n) * len(known)).astype(int)]
    found["cascade"] = (_uniform(seed, 6, n) * LARGEST_CASCADE).astype(np.int64)
    return found


def _genotypes(uniform: np.ndarray, who: PeopleNumbers) -> np.ndarray:
    """Genotypes of CYP2B6 by their shares."""
    wild = 1.0 - who.share_16 - who.share_66
    return np.array(GENOTYPES)[(uniform >= wild).astype(int) + (uniform >= wild + who.share_16)]


def _normal(seed: int, column: int, n: int) -> np.ndarray:
    return np.random.default_rng([seed, FIRST_COLUMN + column]).standard_normal(n)


def _uniform(seed: int, column: int, n: int) -> np.ndarray:
    return np.random.default_rng([seed, FIRST_COLUMN + column]).random(n)
