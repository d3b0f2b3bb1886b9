"""Population: subjects who differ in weight, sex, disposition and absorption, drawn reproducibly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from prelimbic.parameters import (
    Animal,
    Factors,
    Sheet,
    SheetError,
    Variation,
    animal,
    factors,
    traits,
    variation,
)
from prelimbic.parameters.plain import choice, whole
from prelimbic.pharmacology.body import SEXES, TRAITS, WEIGHTS, Body, in_body
from prelimbic.pharmacology.dose import DoseError

if TYPE_CHECKING:
    import pandas as pd

MOST = 100_000  # subjects
LARGEST_SEED = 2**32 - 1
NARROWEST = 3.0  # SDs of log weight within which weights are drawn
# Columns of what each subject has times that of the sheet, in the order in which they are drawn together.
TIMES = (
    "ketamine_clearance",
    "ketamine_volume",
    "norketamine_clearance",
    "norketamine_volume",
    "hydroxynorketamine_clearance",
    "hydroxynorketamine_volume",
    "direct_absorption",
    "swallowed_absorption",
    "available",
)
ODDS = "direct_odds"  # of being taken up directly rather than swallowed, times those of the sheet

COLUMNS = ("weight", "sex", *TIMES, ODDS)
AGE = "age"  # a column that a table may have too, in years
GENOTYPE = "cyp2b6"  # and another


def population(
    n: int,
    species: str = "human",
    seed: int = 1,
    *,
    body: Body | None = None,
    sheets: Mapping[str, Sheet] | None = None,
) -> pd.DataFrame:
    """`n` subjects of a species, one a row; the same for the same seed, and the first of many are the few.

    Columns: `weight` (kg), `sex`, and by what each subject differs from the sheets: clearances and central
    volumes of ketamine, norketamine and hydroxynorketamine, rates of absorption, the share that survives
    first pass, and the odds of direct uptake.  They are log-normal, correlated as sheet `population` says
    (its sources: published population models).  What `body` says (weight, sex, cyp2b6, age) is the same for
    all; other weights and sexes are drawn.  Raises DoseError and SheetError.
    """
    choice(species, WEIGHTS, "species", DoseError)
    whole(n, "`n`", DoseError, range(1, MOST + 1), f"a whole number of subjects from 1 to {MOST}")
    whole(seed, "`seed`", DoseError, range(LARGEST_SEED + 1), f"a whole number from 0 to {LARGEST_SEED}")
    found, said = {} if sheets is None else sheets, body or Body()
    spread = variation(species, found.get("population"))
    said.check(species, traits(species, found.get("bodies")))
    normal = np.stack([_drawn(seed, k, n) for k in range(len(TIMES) + 2)], axis=1)
    weight, odds, rest = normal[:, 0], normal[:, 1], normal[:, 2:]
    mass = spread.weight * np.exp(spread.weight_sd * np.clip(weight, -NARROWEST, NARROWEST))
    sexes = np.where(_uniform(seed, n) < spread.female, *SEXES)
    logs = rest @ _root(_correlations(spread), species).T
    columns: dict[str, object] = {
        "weight": np.clip(mass, *WEIGHTS[species]) if said.weight is None else np.full(n, said.weight),
        "sex": sexes if said.sex is None else np.full(n, said.sex),
    }
    for k, name in enumerate(TIMES):
        columns[name] = np.exp(getattr(spread, f"{name}_sd") * logs[:, k])
    columns[ODDS] = np.exp(spread.direct_odds_sd * odds)
    import pandas as pd  # for those who draw subjects

    return pd.DataFrame(columns, index=pd.RangeIndex(1, n + 1, name="subject"))


def animals(
    name: str,
    subjects: pd.DataFrame,
    sheets: Mapping[str, Sheet] | None = None,
    body: Body | None = None,
    hnk: str = "hasan",
) -> Animal:
    """All subjects at once: an Animal whose numbers are arrays, one value a subject.  Ages are those of the
    column AGE where there is one, or else that of `body`, and so are genotypes (GENOTYPE).  Raises
    SheetError.
    """
    found, said = {} if sheets is None else sheets, body or Body()
    own = animal(name, found.get("species"), found.get("routes"), (), hnk)
    by = [factors(name, trait, found.get("bodies")) for trait in replace(said, sex=None).covariates]
    by += _of_trait(name, "sex", subjects["sex"].to_numpy(), found.get("bodies"))
    if GENOTYPE in subjects:
        by += _of_trait(name, GENOTYPE, subjects[GENOTYPE].to_numpy(), found.get("bodies"))
    each = {column: subjects[column].to_numpy(dtype=float) for column in (*TIMES, ODDS)}
    age = subjects[AGE].to_numpy(dtype=float) if AGE in subjects else said.age
    sized = in_body(own, subjects["weight"].to_numpy(dtype=float), tuple(by), age)
    drugs = {}
    for drug, numbers in sized.dispositions.items():
        like = drug if f"{drug}_clearance" in each else "norketamine"
        drugs[drug] = replace(
            numbers,
            clearance=numbers.clearance * each[f"{like}_clearance"],
            central=numbers.central * each[f"{like}_volume"],
        )
    routes = {}
    for key, route in sized.routes.items():
        routes[key] = replace(
            route,
            direct=_by_odds(route.direct, each[ODDS]),
            available=np.minimum(route.available * each["available"], 1.0),
            direct_absorption=route.direct_absorption * each["direct_absorption"],
            swallowed_absorption=route.swallowed_absorption * each["swallowed_absorption"],
        )
    return replace(sized, dispositions=drugs, routes=routes)


def _of_trait(name: str, trait: str, values: np.ndarray, bodies: Sheet | None) -> list[Factors]:
    """Factors with one value a subject; nothing where an effect of the trait is not known in the animal."""
    sections = {value: f"{trait}/{value.replace('/', '')}" for value in TRAITS[trait]}
    if not {*sections.values()} <= {*traits(name, bodies)}:
        return []
    by = [factors(name, section, bodies) for section in sections.values()]
    place = np.array([[*sections].index(value) for value in values])
    own: dict[str, Any] = {
        f.name: np.array([getattr(each, f.name) for each in by])[place] for f in fields(Factors)
    }
    return [Factors(**own)]


def _by_odds(share: float, odds: np.ndarray) -> Any:
    """A share with odds that many times its own; 0 and 1 stay."""
    return share * odds / (1.0 - share + share * odds)


def _correlations(spread: Variation) -> np.ndarray:
    found = np.eye(len(TIMES))
    at = TIMES.index
    for one, other, r in (
        ("ketamine_clearance", "ketamine_volume", spread.ketamine_correlation),
        ("norketamine_clearance", "norketamine_volume", spread.norketamine_correlation),
        ("ketamine_clearance", "norketamine_clearance", spread.clearance_correlation),
    ):
        found[at(one), at(other)] = found[at(other), at(one)] = r
    return found


def _root(correlations: np.ndarray, species: str) -> np.ndarray:
    try:
        return np.linalg.cholesky(correlations)
    except np.linalg.LinAlgError:
        raise SheetError(f"population.toml [{species}]: these correlations cannot hold together") from None


def _drawn(seed: int, column: int, n: int) -> np.ndarray:
    """Standard normal numbers of a column; the first are the same whatever n is."""
    return np.random.default_rng([seed, column]).standard_normal(n)


def _uniform(seed: int, n: int) -> np.ndarray:
    return np.random.default_rng([seed, len(TIMES) + 2]).random(n)
