"""One replication of a trial, analysed as its statistician would: estimates, shares, and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from prelimbic.experiments.readouts.crossed import fit_crossed
from prelimbic.experiments.readouts.permuted import permuted_arms, permuted_order
from prelimbic.experiments.readouts.repeated import Contrast, fit_repeated
from prelimbic.experiments.readouts.responders import (
    Difference,
    Lasting,
    compared,
    relapse,
    remitted,
    responded,
)
from prelimbic.parameters.trials import trial_numbers

if TYPE_CHECKING:
    import xarray as xr

    from prelimbic.patients.trial import Trial

SMALL_TRIAL = 50  # subjects, up to which shuffles are made too


@dataclass(frozen=True)
class Outcome:
    """One arm of one replication at the main visit: subjects seen, means of baseline and change, shares of
    responders and remitters, mean points taken by drug, placebo and expectancy, dissociation felt, and
    guesses of the drug by patients and raters; against the control, where it is another arm, the contrast,
    the p of shuffles, and the difference of responders.
    """

    seen: int
    baseline: float
    change: float
    response: float
    remission: float
    parts: tuple[float, float, float]
    felt: float
    guessed: tuple[float, float]
    contrast: Contrast | None
    shuffled: float
    responders: Difference | None
    lasting: Lasting | None


@dataclass(frozen=True)
class Replication:
    """A replication by arm, the control first, the contrast of carry-over, and what went wrong."""

    arms: tuple[Outcome, ...]
    carry_over: Contrast | None
    warnings: tuple[str, ...]


def analysed(cell: xr.Dataset, trial: Trial) -> Replication:
    """Analyse one replication, a dataset with axes subject, period and visit.  Subjects that are not there,
    as in a smaller trial of the same study, are left out.
    """
    cell = cell.dropna("subject", subset=["severity"], how="all")
    score = cell["score"].transpose("subject", "period", "visit").values
    given = cell["given"].transpose("subject", "period").values.astype(int)
    at = trial.visits.index(trial.primary)
    seed = int(cell["seed"]) if "seed" in cell.coords else 0
    arms = range(len(trial.names))
    if trial.crossed:
        crossed = fit_crossed(score[:, :, at], given)
        contrasts, carried, told = crossed.arms, crossed.carry_over, crossed.warnings
    else:
        repeated = fit_repeated(score[:, 0, 1:] - score[:, 0, :1], given[:, 0], score[:, 0, 0])
        contrasts = tuple(repeated.contrast(arm, at - 1) for arm in arms[1:])
        carried, told = None, repeated.warnings
    found = tuple(
        _outcome(cell, trial, score, given, at, arm, contrasts[arm - 1] if arm else None, seed)
        for arm in arms
    )
    return Replication(found, carried, told)


def _outcome(
    cell: xr.Dataset,
    trial: Trial,
    score: np.ndarray,
    given: np.ndarray,
    at: int,
    arm: int,
    contrast: Contrast | None,
    seed: int,
) -> Outcome:
    """What came of one arm, of all periods in which it was given."""
    criteria = trial_numbers(trial.set).criteria
    mine, control = given == arm, given == 0
    last, baseline = score[:, :, at], score[:, :, 0]
    parts = cell["taken"].transpose("subject", "period", "visit", "part").values[:, :, at][mine]
    began = np.isfinite(baseline)  # who left in an earlier period is not treated in this one
    responds = {
        k: responded(last[who & began], baseline[who & began], criteria.response)
        for k, who in enumerate((control, mine))
    }
    remits = remitted(last[mine & began], criteria.remission)
    guesses = [
        float((cell[name].transpose("subject", "period").values[mine & began]).mean())
        for name in ("guess", "rater_guess")
    ]
    shuffled = float("nan")
    if arm and len(score) <= SMALL_TRIAL:
        if not trial.crossed:
            pair = (given[:, 0] == arm) | (given[:, 0] == 0)
            change = last[pair, 0] - baseline[pair, 0]
            shuffled = permuted_arms(change, given[pair, 0] == arm, baseline[pair, 0], seed)
        elif len(trial.names) == 2:
            shuffled = permuted_order(last, given, seed)
    lasting = None
    if trial.followed:
        who, begin = mine[:, 0], trial.visits.index(trial.relapse_from)
        lasting = relapse(
            score[who, 0],
            baseline[who, 0],
            np.array(trial.visits),
            begin,
            criteria.response,
            criteria.relapse,
        )
    with np.errstate(invalid="ignore"):
        change = float(np.nanmean((last - baseline)[mine]))
    return Outcome(
        seen=int(np.isfinite(last[mine]).sum()),
        baseline=float(np.nanmean(baseline[mine])),
        change=change,
        response=float(responds[1].mean()),
        remission=float(remits.mean()),
        parts=tuple(float(v) for v in parts.mean(axis=0)),  # type: ignore[arg-type]
        felt=float(cell["felt"].transpose("subject", "period").values[mine].mean()),
        guessed=(guesses[0], guesses[1]),
        contrast=contrast,
        shuffled=shuffled,
        responders=compared(responds[1], responds[0])
        if arm and not trial.crossed
        else None,  # of two groups
        lasting=lasting,
    )
