"""A trial as a study: a run is one replication, which is analysed when all are there."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.sweep.reads import Reads
from prelimbic.experiments.sweep.study import Options, Run, Study, StudyError, planned
from prelimbic.experiments.trials.answered import Results, answer, results
from prelimbic.parameters.trials import trial_sheet
from prelimbic.patients.replicate import replicate
from prelimbic.patients.trial import Trial
from prelimbic.patients.trial_file import as_mapping, as_toml, trial_of
from prelimbic.pharmacology import AS_IT_IS, Dose
from prelimbic.simulation.config import Config
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.protocol import Protocol
from prelimbic.simulation.variable import Groups

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

SEEDS = 20
HNK, HNK_H = "hydroxynorketamine", 230 / 60  # and when it is measured
WORK_S = 30.0  # biological seconds in whose place a replication stands; for the progress bar
SWITCHES = ("affinity",)


def study_of(trial: Trial, name: str) -> Study:
    """The study that replicates and analyses a trial."""
    axes = {"sheet": ""} | ({"n": ""} if trial.power else {})
    title = trial.title or f"{', '.join(trial.names)} in a {trial.design} trial"
    reads = Reads(
        SWITCHES, (), {"baseline": "to that of the people"}, "no circuit runs there", doses=_amounts(trial)
    )
    analysed = _once(trial)
    study = Study(
        name=name,
        question=title,
        axes=axes,
        plan=lambda options: plan(trial, study, options),
        answer=lambda dataset: answer(dataset, trial, analysed(dataset)),
        draw=lambda dataset, folder: drawing("trial")(dataset, folder, trial, name, analysed(dataset)),
        seeds=SEEDS,
        figures=(name,),
        reads=reads,
        inert=inert,
        kept=as_toml(trial),
    )
    return study


def _once(trial: Trial) -> Callable[[xr.Dataset], Results]:
    """What analyses a dataset, and keeps the last: tables and figure are made of the same."""
    kept: list[tuple[xr.Dataset, Results]] = []

    def analysed(dataset: xr.Dataset) -> Results:
        if not kept or kept[0][0] is not dataset:
            kept[:] = [(dataset, results(dataset, trial))]
        return kept[0][1]

    return analysed


def plan(trial: Trial, study: Study, options: Options) -> list[Run]:
    """Every circuit sheet asked for x number of subjects x replication.  Raises StudyError for what a trial
    does not read.
    """
    study.accept(options)
    if options.overrides:
        raise StudyError(
            "a trial does not read --set: its own numbers stand in the file, under [set], and a surrogate "
            "is of the numbers that it was trained with"
        )
    if options.scale != 1.0:
        raise StudyError("a trial does not read --scale: no circuit runs there")
    own: dict[str, Any] = {
        "species": "human",
        "doses": (),
        "protocol": Protocol((), 0.0, rest=WORK_S),
        "hypotheses": replace(options.hypotheses, baseline=Hypotheses().baseline),
        "spikes": False,
        "drugs": _amounts(trial),
        "subjects": True,
    }
    sizes = trial.power or (trial.subjects,)
    runs = []
    for n in sizes:
        place = {"n": n} if trial.power else {}
        sized = replace(trial, subjects=n, power=())
        for run in planned(study.name, options, [(place, own)], compute):
            runs.append(replace(run, config=replace(run.config, design=_identity(sized, run.config))))
    return runs


def _identity(trial: Trial, config: Config) -> str:
    """The design as a run's identity holds it: the trial, its numbers, the link and the surrogate."""
    from prelimbic.patients.surrogate import patients_sheet, surrogate

    told = {
        "trial": as_mapping(replace(trial, title="")),
        "numbers": trial_sheet(trial.set).values(),
        "people": asdict(patients_sheet()),
        "surrogate": surrogate(config.circuit, config.hypotheses.affinity).identity,
    }
    return json.dumps(told, sort_keys=True)


def compute(config: Config, compiled: bool, tell: Callable[[float], None]) -> Groups:
    """One replication."""
    from prelimbic.patients.subjects import people

    trial = trial_of(json.loads(config.design)["trial"])
    how = {"sheet": config.circuit, "affinity": config.hypotheses.affinity}
    draw = partial(people, seed=config.seed, group=trial.group, **how)
    found = replicate(trial, config.seed, draw, partial(_treat, how))
    tell(WORK_S)
    return found


def _treat(
    how: dict[str, str],
    people: pd.DataFrame,
    give: tuple[str, ...],
    inhibit: tuple[str, ...],
    at: np.ndarray,
) -> xr.Dataset:
    from prelimbic.patients.course import courses

    found = courses(people, list(give), at, inhibit=list(inhibit), **how)
    return found.assign(hnk=("subject", _hydroxynorketamine(people, give, how)))


def _hydroxynorketamine(people: pd.DataFrame, give: tuple[str, ...], how: dict[str, str]) -> np.ndarray:
    """Hydroxynorketamine in venous plasma HNK_H after the first treatment with a drug, ng/mL, (subject,)."""
    from prelimbic.simulation.subjects import exposed_subjects
    from prelimbic.simulation.subjects import planned as planned_for

    config, mass = planned_for("human", list(give), how["sheet"], (), AS_IT_IS, how["affinity"])
    first = min(dose.start for dose in config.doses if dose.amount)
    levels = exposed_subjects(config, np.array([first + HNK_H]), people, mass)["venous"]
    names = [n for n in map(str, levels["compound"].values) if n.partition(" (")[0] == HNK]
    return levels.sel(compound=names[0]).isel(time=0).values


def _amounts(trial: Trial) -> tuple[Dose, ...]:
    """A dose of each drug by each route that any arm has: what its runs read."""
    given = [each for arm in trial.arms for each in arm.given() if not arm.placebo]
    doses = [dose for each in given for dose in each.doses(70.0)]
    return tuple(dict.fromkeys(Dose(1.0, dose.route, compound=dose.compound) for dose in doses))


def inert(dataset: xr.Dataset) -> xr.Dataset:
    """What the trial would be had the drug bound nothing: it relieves nothing and is not felt, so that
    nobody's belief differs.
    """
    parts = dataset["taken"]
    lost = parts.sel(part=["drug", "expectancy"]).sum("part")
    none = parts.where(parts["part"] == "placebo", 0.0)
    return dataset.assign(score=dataset["score"] + lost, taken=none)
