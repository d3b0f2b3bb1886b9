"""A trial asked in Python or on the command line: replicated by the sweep engine, and handed back."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from prelimbic.experiments.readouts.replicated import Outcome, Replication
from prelimbic.experiments.storage.dataset import load
from prelimbic.experiments.sweep.conduct import conduct_quietly
from prelimbic.experiments.sweep.execute import Stopped
from prelimbic.experiments.sweep.folders import own_name
from prelimbic.experiments.sweep.study import MOST_SEEDS, Options, Study
from prelimbic.experiments.trials.answered import (
    Results,
    answer,
    estimand,
    model,
    need_extra,
    results,
    warned,
)
from prelimbic.experiments.trials.shipped import BEGINS, find_trial
from prelimbic.experiments.trials.study import SEEDS, study_of
from prelimbic.parameters import CIRCUIT, near
from prelimbic.parameters.granted import workers_by_default
from prelimbic.parameters.near import shown
from prelimbic.parameters.plain import choice, listed, path, text, truth, whole
from prelimbic.patients.replicate import PARTS
from prelimbic.patients.trial import TERMS, Trial, TrialError
from prelimbic.patients.trial_file import as_mapping, trial_of
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.switches import AFFINITIES, DEFAULTS

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

MOST_WORKERS = 1024
FACTS = ("study", "model_version", "affinity", "runs_there", "runs_planned")  # of a dataset that are told


@dataclass(frozen=True)
class TrialResult:
    """What a trial gives.  `visits` is the dataset of all replications: `score` (points) of every subject,
    period and visit (h), `taken` by drug, placebo and expectancy (points), who was `given` what, `felt` and
    guessed.  `comparisons` is a table of every contrast with the control: `estimate`, `error`, `low` and
    `high` of the 95 % interval (points), `df`, `p`.  `tables` and `found` are what the command prints.
    """

    design: Trial
    visits: xr.Dataset
    comparisons: pd.DataFrame
    tables: tuple[pd.DataFrame, ...]
    found: str


def trial(
    design: str | os.PathLike[str] | Mapping[str, Any],
    *,
    seeds: int = SEEDS,
    sheet: str = CIRCUIT,
    affinity: str | None = None,
    power: Iterable[int] | None = None,
    without: str | Iterable[str] | None = None,
    out: str | os.PathLike[str] | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> TrialResult:
    """Replicate a trial with virtual patients, and analyse every replication as its statistician would.

    `design` is the name of a trial that ships (see `trials`), the path of a TOML file, or the same as plain
    data.  `seeds` counts replications (20); `sheet` and `affinity` say whose circuit the surrogate is of;
    `power` lists numbers of subjects of which each is replicated; `without` names terms that are left out
    (placebo, expectancy, unblinding, regression, noise, dropout).  `out` is the folder in which replications
    are kept and never computed twice (results/trial_... if not named), `workers` are processes, one a core
    unless named; `progress` tells it on standard error.  What was stopped goes on when it is called again.

    Returns a TrialResult; scores are points of the MADRS, times are in h.  Raises UsageError for what cannot
    be, RunError where replications fail, and KeyboardInterrupt when it is stopped.
    """
    need_extra()
    name, asked = _read(design)
    asked = changed(asked, power, without)
    study = study_of(asked, name)
    chosen = choice(affinity or DEFAULTS["affinity"], AFFINITIES, "affinity", TrialError)
    options = Options(
        seeds=whole(seeds, "`seeds`", TrialError, range(1, MOST_SEEDS + 1), "a whole number from 1"),
        workers=workers_by_default()
        if workers is None
        else whole(workers, "`workers`", TrialError, range(1, MOST_WORKERS + 1), "a whole number from 1"),
        sheets=(text(sheet, "`sheet`", TrialError),),
        hypotheses=Hypotheses(affinity=chosen),
    )
    folder = folder_of(study, asked, options) if out is None else Path(path(out, "`out`", TrialError))
    try:
        conduct_quietly(study, replace(options, out=folder), truth(progress, "`progress`", TrialError))
    except Stopped as stopped:
        raise KeyboardInterrupt(str(stopped)) from None
    return result_of(asked, load(folder))


def result_of(asked: Trial, visits: xr.Dataset) -> TrialResult:
    """The result of replications that are there."""
    found = results(visits, asked)
    told = answer(visits, asked, found)
    return TrialResult(asked, visits, comparisons(found, asked), told.tables, told.found)


def _read(design: str | os.PathLike[str] | Mapping[str, Any]) -> tuple[str, Trial]:
    if isinstance(design, Mapping):
        return f"{BEGINS}asked", trial_of(design)
    must = "the name of a trial, the path of a .toml file, or plain data"
    return find_trial(path(design, "a trial", TrialError, must))


def changed(
    asked: Trial, power: Iterable[int] | None = None, without: str | Iterable[str] | None = None
) -> Trial:
    """The trial with numbers of subjects to find its power at, and without terms.  Raises TrialError."""
    if power is not None:
        must = "a list of numbers of subjects, such as [20, 40, 80]"
        sizes = listed(power, "`power`", TrialError, must)
        found = [whole(n, "`power`", TrialError, range(1, 10**6), "a whole number") for n in sizes]
        if not found or len({*found}) < len(found):
            raise TrialError(f"`power` takes {must}, each once")
        asked = replace(asked, power=tuple(sorted(found)))
    if without is not None:
        terms = [without] if isinstance(without, str) else listed(without, "`without`", TrialError)
        for term in terms:
            if term not in TERMS:
                like = near(term, TERMS)
                raise TrialError(f"`without` takes {', '.join(TERMS)}, not {shown(term)}{like}")
        asked = replace(asked, without=tuple(t for t in TERMS if t in {*asked.without, *terms}))
    return asked


def folder_of(study: Study, asked: Trial, options: Options) -> Path:
    """The folder of a trial that names none."""
    parts = [own_name(study, options)]
    parts += [f"without-{'+'.join(asked.without)}"] if asked.without else []
    parts += [f"n-{'+'.join(map(str, asked.power))}"] if asked.power else []
    return Path("results") / "-".join(parts)


def comparisons(found: Results, asked: Trial) -> pd.DataFrame:
    """Every contrast with the control, one a row."""
    import pandas as pd

    rows = []
    for sheet, by_size in found.items():
        for n, each in by_size.items():
            for k, replication in enumerate(each):
                for name, arm in zip(asked.names, replication.arms, strict=True):
                    if arm.contrast is not None:
                        c = arm.contrast
                        rows.append((sheet, n, k + 1, name, c.estimate, c.error, c.df, *c.interval, c.p))
    columns = ["sheet", "subjects", "replication", "arm", "estimate", "error", "df", "low", "high", "p"]
    return pd.DataFrame(rows, columns=columns)


def as_json(asked: Trial, visits: xr.Dataset, found: Results) -> dict[str, Any]:
    """The design, the model and the surrogate, how it was analysed, and every estimate."""
    surrogate = [str(v) for v in np.ravel(visits["surrogate"].values) if str(v)]
    facts = {k: visits.attrs[k] for k in FACTS if k in visits.attrs}
    return {
        "trial": as_mapping(asked),
        "model": {k: v.item() if hasattr(v, "item") else v for k, v in facts.items()},
        "surrogate": list(dict.fromkeys(surrogate)),
        "estimand": estimand(asked),
        "analysis": model(asked),
        "warnings": [told for by_size in found.values() for told in warned(by_size)],
        "sheets": {
            sheet: {
                str(n): [_arm(name, k, each) for k, name in enumerate(asked.names)]
                for n, each in by_size.items()
            }
            for sheet, by_size in found.items()
        },
    }


def _arm(name: str, k: int, found: list[Replication]) -> dict[str, Any]:
    """One arm over replications: means, and every contrast."""
    arms = [r.arms[k] for r in found]

    def mean(value: Any) -> float | None:
        return _number(float(np.nanmean([value(arm) for arm in arms])))

    told: dict[str, Any] = {
        "arm": name,
        "seen": mean(lambda a: a.seen),
        "baseline": mean(lambda a: a.baseline),
        "change": mean(lambda a: a.change),
        "response": mean(lambda a: a.response),
        "remission": mean(lambda a: a.remission),
        "taken": {part: mean(lambda a, i=i: a.parts[i]) for i, part in enumerate(PARTS)},
        "guessed": {w: mean(lambda a, i=i: a.guessed[i]) for i, w in enumerate(("patients", "raters"))},
    }
    if k:
        told["contrasts"] = [_contrast(arm) for arm in arms]
        if all(a.responders is not None for a in arms):
            told["more_responders"] = mean(lambda a: a.responders.difference)
    if arms[0].lasting is not None:
        told["median_days_to_relapse"] = [_number(a.lasting.median) for a in arms if a.lasting is not None]
    return told


def _contrast(arm: Outcome) -> dict[str, Any]:
    c = arm.contrast
    if c is None:
        return {}
    named = {"estimate": c.estimate, "error": c.error, "df": c.df, "p": c.p, "shuffled_p": arm.shuffled}
    low, high = c.interval
    return {key: _number(v) for key, v in (named | {"low": low, "high": high}).items()}


def _number(value: float) -> float | None:
    return float(f"{value:.6g}") if np.isfinite(value) else None
