"""Exposure and subjects as a notebook asks for them: in words, of one body or of many."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING

import xarray as xr

from prelimbic.parameters import SPECIES, circuit_sheet
from prelimbic.parameters.plain import choice
from prelimbic.pharmacology import DoseError
from prelimbic.simulation.exposed import Times, begin, exposed, of_doses, times
from prelimbic.simulation.given import Give, doses, parse_body
from prelimbic.simulation.overrides import Overrides, settled
from prelimbic.simulation.scenario import (
    SHEET,
    Scenario,
    ScenarioError,
    UnusualDoseWarning,
    named_sheet,
    unusual,
)
from prelimbic.simulation.subjects import exposed_subjects, planned, subjects_of
from prelimbic.simulation.summary import summary
from prelimbic.simulation.switches import DEFAULTS

if TYPE_CHECKING:
    import pandas as pd

WORDS = "`give`, `weight`, `sex`, `cyp2b6`, `age`, `subjects`, `sheet`, `overrides` and `affinity`"


def exposure(
    species: str | Scenario,
    give: Give | None = None,
    at: Times | None = None,
    *,
    weight: float | str | None = None,
    sex: str | None = None,
    cyp2b6: str | None = None,
    age: float | str | None = None,
    subjects: int | pd.DataFrame | None = None,
    seed: int = 1,
    sheet: str | os.PathLike[str] = SHEET,
    overrides: Mapping[str, float] | Overrides = (),
    affinity: str = DEFAULTS["affinity"],
) -> xr.Dataset:
    """Plasma and brain concentrations after what is given, and the NMDA block they make.

    `give`, `weight`, `sex`, `cyp2b6`, `age` and `overrides` are as in Scenario; a Scenario itself, with
    a bath or without, may stand in the place of `species` and of all these.  `at` are hours of the
    schedule, in which a dose without a time is given at 0 h: texts such as "10min, 40min, 4h", or
    numbers of hours, from 0 or an earlier first dose on.  The block is that of the receptors of a
    circuit `sheet`, with the `affinity` of that switch.  `subjects` are so many, drawn by `seed`, or a
    table of them, as `population` gives it.

    Returns a dataset with `arterial` and `venous` (time, compound) in ng/mL of total plasma,
    `brain_unbound` and `brain_total` (time, compound) in umol/L, and `block` (time, population), the
    share of NMDA peak conductance that is shut at equilibrium, wherever there are receptors; `time` is
    in h. Of several subjects every variable has the axis `subject` first.  Ketamine and what becomes of
    it are sums of their enantiomers, which follow as compounds of their own.  In man hydroxynorketamine
    stands by both sets of its constants, `hydroxynorketamine (kamp)` being that of the other option of
    `hnk_exposure`.  What only a bath holds is in no plasma: NaN.  The constants and their sources are
    those of the sheets species, routes, bodies, population and compounds, see numbers(sheet="species").

    Without `at` it is what the whole course comes to, by compound: `SITE_cmax`, `SITE_tmax` (h) and
    `SITE_auc` (to infinity, times h) of the sites arterial, venous and brain_unbound, and the last
    `half_life` (h).

    Raises UsageError (GivenError, DoseError, SheetError, HypothesisError, ScenarioError) for what cannot
    be.  Warns with UnusualDoseWarning of a dose beyond use.
    """
    if isinstance(species, Scenario):
        said = (give, weight, sex, cyp2b6, age, subjects)
        at_receptors = affinity != DEFAULTS["affinity"]
        if any(each is not None for each in said) or sheet != SHEET or overrides or at_receptors:
            raise ScenarioError(f"a scenario says itself what {WORDS} are: leave them out")
        config = species.untimed
        found = summary(config) if at is None else exposed(config, times(at, begin(config)))
    else:
        animal, circuit = choice(species, SPECIES, "species", DoseError), named_sheet(sheet)
        body = parse_body(animal, weight, sex, cyp2b6, age)
        changes = settled(overrides, [circuit_sheet(circuit)])
        if subjects is None:
            given = doses(give, body.weight)  # type: ignore[arg-type]
            config = of_doses(animal, given, circuit, changes, body, affinity)
            found = summary(config) if at is None else exposed(config, times(at, begin(config)))
        else:
            config, mass = planned(animal, give, circuit, changes, body, affinity)  # type: ignore[arg-type]
            several = subjects_of(subjects, config, body, seed)
            found = exposed_subjects(config, times(at, begin(config)), several, mass)
    for told in unusual(config.doses, config.species):
        warnings.warn(told, UnusualDoseWarning, stacklevel=2)
    return found
