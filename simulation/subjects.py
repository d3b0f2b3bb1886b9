"""Many subjects at once: who they are, and the exposures of all of them after the same doses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from prelimbic.parameters import SPECIES, compounds
from prelimbic.parameters.plain import choice
from prelimbic.pharmacology import DoseError, Exposure
from prelimbic.pharmacology.population import COLUMNS, animals
from prelimbic.pharmacology.population import population as drawn
from prelimbic.simulation.config import Config, check_numbers
from prelimbic.simulation.exposed import arranged, sets_of
from prelimbic.simulation.given import parse_body
from prelimbic.simulation.times import GivenError

PERCENTILES = (5.0, 50.0, 95.0)


def population(
    n: int,
    species: str = "human",
    seed: int = 1,
    *,
    weight: float | str | None = None,
    sex: str | None = None,
    cyp2b6: str | None = None,
    age: float | None = None,
) -> pd.DataFrame:
    """`n` subjects of a species, one a row; the same for the same seed, and the first of many are the few.

    Columns: `weight` (kg), `sex`, and by what each subject differs from the sheets: clearances and central
    volumes of ketamine, norketamine and hydroxynorketamine, rates of absorption, the share that survives
    first pass, and the odds of direct uptake.  They are log-normal and correlated as sheet `population` says,
    with its sources.  `weight`, `sex`, `cyp2b6` and `age` are as in Scenario, and the same for all who are
    drawn.  Raises GivenError and DoseError.
    """
    animal = choice(species, SPECIES, "species", DoseError)
    return drawn(n, animal, seed, body=parse_body(animal, weight, sex, cyp2b6, age))


def exposed_subjects(config: Config, at: np.ndarray, subjects: pd.DataFrame, flat: bool) -> xr.Dataset:
    """What `exposed` gives of the doses of a configuration, for every subject, with the axis `subject` first.

    `flat`: whether doses are of the whole body of the configuration's weight, or else a kg of each subject's.
    Raises DoseError and SheetError.
    """
    sheets, drugs = config.sheets(), compounds(config.sheets()["compounds"])
    check_numbers(sheets)
    found = {}
    for hnk in sets_of(config):
        several = animals(config.species, subjects, sheets, replace(config.body, weight=None), hnk)
        found[hnk] = Exposure(config.doses, several, drugs, config.body.weight if flat else None)
    return arranged(config, at, found).assign_coords(subject=subjects.index.to_numpy())


def checked(subjects: Any, species: str) -> pd.DataFrame:
    """Subjects as `population` draws them, or an error that says what they need."""
    if not isinstance(subjects, pd.DataFrame) or not {*COLUMNS} <= {*subjects.columns} or not len(subjects):
        must = f"a number of subjects, or a table of them as pl.population(n, {species!r}) draws it"
        raise GivenError(f"`subjects` takes {must}, with columns {', '.join(COLUMNS)}")
    return subjects
