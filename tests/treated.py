"""Patients whose course is known, in the place of a surrogate's: trials of them have a known truth."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from prelimbic.patients.replicate import replicate
from prelimbic.patients.trial import Trial
from prelimbic.patients.trial_file import trial_of
from prelimbic.simulation.given import read_given

RELIEF, FELT, LASTS_D = 7.85, 14.0, 5.0  # points a day after 0.5 mg/kg, and at its end; days
INFUSION = "ketamine 0.5 mg/kg iv over 40min at 0h"
VEHICLE = "vehicle iv over 40min at 0h"


def known_people(n: int, seed: int, group: str) -> pd.DataFrame:
    """People whose severity is normal, the first of many the few."""
    draws = np.random.default_rng(seed).standard_normal(n)
    severity = np.clip(32.0 + 4.0 * draws, 12.0, 55.0) if group == "depressed" else np.abs(draws)
    return pd.DataFrame({"severity": severity}, index=pd.RangeIndex(1, n + 1, name="subject"))


def known_course(
    people: pd.DataFrame,
    give: tuple[str, ...],
    inhibit: tuple[str, ...],
    at: np.ndarray,
    relief: float = RELIEF,
) -> xr.Dataset:
    """Relief of `relief` points a day after 0.5 mg/kg, that fades; dissociation of FELT at the end."""
    taken, felt = np.zeros((2, len(people), len(at)))
    for given in map(read_given, give):
        size = 0.0 if given.compound == "vehicle" else given.amount / 0.5
        for start in given.starts:
            since = at - start
            taken += relief * size * (since > 1.0) * np.exp(-np.maximum(since - 24.0, 0.0) / (24 * LASTS_D))
            felt += FELT * size * ((since > 0) & (since <= 2.0))
    axes, levels = ("subject", "time"), 100.0 + 20.0 * np.sin(np.asarray(people.index, float))
    return xr.Dataset(
        {"relief": (axes, taken), "dissociation": (axes, felt), "hnk": ("subject", levels)},
        {"subject": people.index, "time": at},
        {"surrogate_error": "none: the course is known"},
    )


def design(**changes: Any) -> Trial:
    """A parallel trial of 40, ketamine against midazolam."""
    arms = [
        {"name": "ketamine", "give": INFUSION},
        {"name": "midazolam", "give": VEHICLE, "placebo": "midazolam"},
    ]
    asked = {"design": "parallel", "subjects": 40, "control": "midazolam", "assess": ["24h", "3d", "7d"]}
    return trial_of(asked | {"arm": arms} | changes)


def crossed(**changes: Any) -> Trial:
    """The same as a crossover of 20."""
    return design(**{"design": "crossover", "subjects": 20, "washout": "21d", "assess": ["24h"]} | changes)


def replicated(trial: Trial, seeds: int, **how: Any) -> xr.Dataset:
    """Replications as `load` gives them."""
    made = []
    for seed in range(1, seeds + 1):
        draw = partial(known_people, seed=seed, group=trial.group)
        groups = replicate(trial, seed, draw, partial(known_course, **how))["summary"]
        own = {name: (v.dimensions, v.values) for name, v in groups.items()}
        dataset = xr.Dataset(own).set_coords([n for n, v in groups.items() if v.dimensions == (n,)])
        made.append(dataset.expand_dims(seed=[seed]))
    return xr.concat(made, "seed", join="outer").expand_dims(sheet=["known"])
