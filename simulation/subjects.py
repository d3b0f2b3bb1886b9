"""Many subjects at once: who they are, and the exposures of all of them after the same doses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from prelimbic.parameters import SPECIES, compounds, species
from prelimbic.parameters.plain import choice
from prelimbic.pharmacology import OLDEST, SEXES, WEIGHTS, Body, Dose, DoseError, Exposure
from prelimbic.simulation.config import Config
from prelimbic.simulation.exposed import arranged, of_doses, sets_of
from prelimbic.simulation.given import Give, doses, parse_body, read_given
from prelimbic.simulation.overrides import Overrides
from prelimbic.simulation.sheets import check_numbers
from prelimbic.simulation.switches import DEFAULTS
from prelimbic.simulation.times import GivenError

if TYPE_CHECKING:
    import pandas as pd

PERCENTILES = (5.0, 50.0, 95.0)
TIMES_THE_SHEET = (1e-6, 1e6)  # what a number of a subject may be


def population(
    n: int,
    species: str = "human",
    seed: int = 1,
    *,
    weight: float | str | None = None,
    sex: str | None = None,
) -> pd.DataFrame:
    """`n` subjects of a species, one a row; the same for the same seed, and the first of many are the few.

    A pandas table with the columns `weight` (kg), `sex`, and, without a unit, by what each subject
    differs from the sheets: clearances and central volumes of ketamine, norketamine and
    hydroxynorketamine, rates of absorption, the share that survives first pass, and the odds of direct
    uptake.  They are log-normal and correlated as sheet `population` says, with its sources.  `weight`
    and `sex` are as in Scenario, and then the same for all; a genotype is said to `exposure`, an age too, or
    stands in a column `age` that you add.
    Raises GivenError and DoseError.
    """
    from prelimbic.pharmacology.population import population as drawn

    animal = choice(species, SPECIES, "species", DoseError)
    return drawn(n, animal, seed, body=parse_body(animal, weight, sex))


def planned(
    animal: str,
    give: Give,
    circuit: str,
    overrides: Overrides,
    body: Body,
    affinity: str = DEFAULTS["affinity"],
) -> tuple[Config, float | None]:
    """A configuration of doses for subjects, and where they are of the whole body the weight that they were
    divided by.  Raises GivenError where some are and others a kg.
    """
    several: Sequence[str | Dose] = (give,) if isinstance(give, (str, Dose)) else tuple(give or ())
    weighed = {read_given(each).weighed for each in several if isinstance(each, str)}
    weighed |= {False for each in several if isinstance(each, Dose)}
    if len(weighed) > 1:
        raise GivenError("subjects are given amounts a kg or of the whole body, not both")
    mass = species(animal).reference_mass if weighed == {True} else None
    own = replace(body, weight=None)
    return of_doses(animal, doses(give, mass), circuit, overrides, own, affinity), mass


def subjects_of(asked: Any, config: Config, body: Body, seed: int) -> pd.DataFrame:
    """So many subjects drawn by a seed, or the table that is asked for.  Raises GivenError, DoseError and
    SheetError.
    """
    import pandas as pd

    from prelimbic.pharmacology.population import AGE
    from prelimbic.pharmacology.population import population as drawn

    if isinstance(asked, pd.DataFrame):
        if body.weight is not None or body.sex is not None:
            raise GivenError("a table of subjects says their weight and sex itself: leave them out")
        if body.age is not None and AGE in asked:
            raise GivenError("a table of subjects with a column age says it itself: leave `age` out")
        return _checked(asked, config.species)
    return drawn(asked, config.species, seed, body=body, sheets=config.sheets())


def exposed_subjects(
    config: Config, at: np.ndarray, subjects: pd.DataFrame, mass: float | None
) -> xr.Dataset:
    """What `exposed` gives of the doses of a configuration, for every subject, with the axis `subject`
    first.

    Doses are a kg of a `mass`, the same for all, or else of each subject's.  Raises DoseError and
    SheetError.
    """
    from prelimbic.pharmacology.population import animals

    sheets = config.sheets()
    check_numbers(sheets)
    drugs, found = compounds(sheets["compounds"]), {}
    for hnk in sets_of(config):
        several = animals(config.species, subjects, sheets, config.body, hnk)
        found[hnk] = Exposure(config.doses, several, drugs, mass)
    return arranged(config, at, found).assign_coords(subject=subjects.index.to_numpy())


def _checked(subjects: pd.DataFrame, animal: str) -> pd.DataFrame:
    """The table, where it is one as `population` draws it, of such an animal.  Raises GivenError."""
    import pandas as pd

    from prelimbic.pharmacology.population import AGE, COLUMNS

    must = "`subjects` takes a number, or a table as pl.population draws it"
    if not {*COLUMNS} <= {*subjects.columns} or not len(subjects):
        lacks = [column for column in COLUMNS if column not in subjects.columns]
        told = f"there is no {', '.join(lacks)} (1 is as in the sheets)" if lacks else "it has no rows"
        raise GivenError(f"{must}, with columns {', '.join(COLUMNS)}; {told}")
    if "cyp2b6" in subjects:
        raise GivenError(f"{must}; a genotype is not read from it: say `cyp2b6`, the same for all")
    if not subjects.index.is_unique:
        raise GivenError(f"{must}: every subject has a number of its own")
    limits = {"weight": WEIGHTS[animal], AGE: (0.0, OLDEST if animal == "human" else 0.0)}
    for column in (*COLUMNS, *([AGE] if AGE in subjects else [])):
        values = subjects[column]
        low, high = limits.get(column, TIMES_THE_SHEET)
        told = " or ".join(SEXES) if column == "sex" else f"from {low:g} to {high:g} in a {animal}"
        fits = values.isin(SEXES) if column == "sex" else pd.to_numeric(values, "coerce").between(low, high)
        if not fits.all():
            bad = values[~fits]
            which = f"{column} of subject {bad.index[0]}"
            raise GivenError(f"{must}: {which} is {bad.iloc[0]} but must be {told}")
    return subjects
