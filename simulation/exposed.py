"""How much drug there is after what is given, and how many NMDA receptors it shuts: without a network."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from numbers import Real

import numpy as np
import xarray as xr

from prelimbic.parameters import (
    POPULATIONS,
    SPECIES,
    SpineNumbers,
    circuit_sheet,
)
from prelimbic.parameters.plain import choice, listed, unboxed
from prelimbic.pharmacology import Dose, DoseError, Exposure
from prelimbic.pharmacology.block import by_population, by_subunit
from prelimbic.simulation.config import check_numbers, grown, overridden
from prelimbic.simulation.given import Give, GivenError, doses, hour_of
from prelimbic.simulation.overrides import Overrides, settled
from prelimbic.simulation.scenario import SHEET, UnusualDoseWarning, named_sheet, unusual

LONGEST_H = 1e5  # exposures are not followed for longer

Times = str | float | Sequence[str | float] | np.ndarray


def exposure(
    species: str,
    give: Give,
    at: Times,
    *,
    sheet: str | os.PathLike[str] = SHEET,
    overrides: Mapping[str, float] | Overrides = (),
) -> xr.Dataset:
    """Plasma and unbound brain concentrations after what is given, and the NMDA block they make.

    `give` and `overrides` are as in Scenario; `at` are hours of the schedule, in which a dose without a time
    is given at 0 h: texts such as "10min, 40min, 4h", or numbers of hours, at least 0.  The block is that of
    the receptors of a circuit `sheet`.

    Returns a dataset with `arterial` and `venous` (time, compound) in ng/mL of total plasma,
    `brain_unbound` (time, compound) in umol/L, and `block` (time, population), the share of NMDA peak
    conductance that is shut; `time` is in h.  The constants and their sources are those of the sheets
    species and compounds, see numbers(sheet="species").

    Raises UsageError (GivenError, DoseError, SheetError) for what cannot be.  Warns with
    UnusualDoseWarning of a dose beyond use.
    """
    animal, circuit = choice(species, SPECIES, "species", DoseError), named_sheet(sheet)
    given, changes = doses(give), settled(overrides, [circuit_sheet(circuit)])
    found = exposed(animal, given, times(at), circuit, changes)
    for told in unusual(given, animal):
        warnings.warn(told, UnusualDoseWarning, stacklevel=2)
    return found


def times(at: Times) -> np.ndarray:
    """Hours of the schedule of doses, in texts or numbers.  Raises GivenError."""
    one = unboxed(at)
    must = "texts such as '10min, 4h', or numbers of hours"
    several = [one] if isinstance(one, (str, Real)) else listed(one, "`at`", GivenError, must)
    parts = [part for each in several for part in (each.split(",") if isinstance(each, str) else [each])]
    found = np.array([hour_of(part, "`at`") for part in parts])
    if not len(found) or not np.isfinite(found).all() or (found < 0).any() or found.max() > LONGEST_H:
        raise GivenError(f"`at` takes hours of the schedule, from 0 to {LONGEST_H:g} h")
    return found


def exposed(
    species: str, given: tuple[Dose, ...], at: np.ndarray, circuit: str, overrides: Overrides
) -> xr.Dataset:
    """What `exposure` gives, of doses at hours `at`.  Raises DoseError and SheetError."""
    sheets = overridden(circuit, overrides)
    check_numbers(sheets)
    course = Exposure.after(given, species, sheets)
    arterial, venous = (course.ng_per_ml(c(at)) for c in (course.arterial, course.venous))
    brain = course.brain_unbound(at)
    if not all(np.isfinite(found).all() for found in (arterial, venous, brain)):
        amounts = ", ".join(f"{dose.amount:g}" for dose in given)
        raise DoseError(f"`give` {amounts} or `at` {at.max():g}h is too large to compute with")
    mixtures = grown(sheets["circuit"], 1.0, sheets["spines"].fill("spines", SpineNumbers)).mixtures
    shut = by_population(by_subunit(brain, [course.compounds[name] for name in course.names]), mixtures)
    drug, cell = ("time", "compound"), ("time", "population")
    return xr.Dataset(
        {
            "arterial": (drug, arterial, {"units": "ng/mL", "long_name": "total arterial plasma"}),
            "venous": (drug, venous, {"units": "ng/mL", "long_name": "total venous plasma"}),
            "brain_unbound": (
                drug,
                brain,
                {"units": "umol/L", "long_name": "unbound brain concentration"},
            ),
            "block": (cell, shut, {"units": "1", "long_name": "share of NMDA peak conductance shut"}),
        },
        {
            "time": ("time", at, {"units": "h", "long_name": "hour of the schedule"}),
            "compound": list(course.names),
            "population": list(POPULATIONS),
        },
        {"species": species, "sheet": sheets["circuit"].name},
    )
