"""Readouts of trials for claims: one value a replication, from a dataset of visits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prelimbic.experiments.readouts.responders import relapse, responded
from prelimbic.parameters.trials import trial_numbers

if TYPE_CHECKING:
    import xarray as xr


def _arm(dataset: xr.Dataset, name: str) -> xr.DataArray:
    """Where an arm was given, (seed, subject, period)."""
    return dataset["given"] == list(map(str, dataset["arm"].values)).index(name)


def change(dataset: xr.Dataset, arm: str, hour: float) -> np.ndarray:
    """Mean change of the score of an arm from its begin to an hour, points, (seed,)."""
    score = dataset["score"].where(_arm(dataset, arm))
    moved = score.sel(visit=hour, method="nearest") - score.sel(visit=0.0)
    return moved.mean(("subject", "period")).values


def difference(dataset: xr.Dataset, arm: str, control: str, hour: float) -> np.ndarray:
    """Change in an arm less that in another, points, (seed,)."""
    return change(dataset, arm, hour) - change(dataset, control, hour)


def drug_part(dataset: xr.Dataset, arm: str, hour: float) -> np.ndarray:
    """Points that the drug itself has taken away in an arm by an hour, (seed,)."""
    own = dataset["taken"].sel(part="drug").sel(visit=hour, method="nearest")
    return own.where(_arm(dataset, arm)).mean(("subject", "period")).values


def response(dataset: xr.Dataset, arm: str, hour: float) -> np.ndarray:
    """Responders of an arm at an hour, %, (seed,)."""
    criteria, mine = trial_numbers().criteria, _arm(dataset, arm)
    score = dataset["score"].sel(visit=hour, method="nearest").where(mine)
    baseline = dataset["score"].sel(visit=0.0).where(mine)
    return np.array(
        [
            100.0 * responded(s[np.isfinite(b)], b[np.isfinite(b)], criteria.response).mean()
            for s, b in _by_seed(score, baseline)
        ]
    )


def rank_with(dataset: xr.Dataset, arm: str, name: str, hour: float) -> np.ndarray:
    """Rank correlation within an arm of improvement by an hour with a quantity of subjects, (seed,)."""
    from scipy.stats import spearmanr

    score = dataset["score"].where(_arm(dataset, arm)).isel(period=0)
    better = score.sel(visit=0.0) - score.sel(visit=hour, method="nearest")
    found = []
    for improved, values in _by_seed(better, dataset[name]):
        there = np.isfinite(improved) & np.isfinite(values)
        same = not there.any() or np.ptp(values[there]) == 0
        found.append(float("nan") if same else float(spearmanr(improved[there], values[there]).statistic))
    return np.array(found)


def median_days(dataset: xr.Dataset, arm: str, begin: float) -> np.ndarray:
    """Median days until relapse of those who respond at an hour, (seed,); the last day of follow-up where
    fewer than half relapse, NaN where nobody responds.
    """
    criteria, hours = trial_numbers().criteria, dataset["visit"].values
    at = int(np.argmin(np.abs(hours - begin)))
    score = dataset["score"].isel(period=0).transpose("seed", "subject", "visit").values
    mine = _arm(dataset, arm).isel(period=0).transpose("seed", "subject").values
    found = []
    for scores, who in zip(score, mine, strict=True):
        own = scores[who]
        lasting = relapse(own, own[:, 0], hours, at, criteria.response, criteria.relapse)
        longest = (hours[-1] - hours[at]) / 24.0
        found.append(lasting.median if np.isfinite(lasting.median) or not lasting.responders else longest)
    return np.array(found, float)


def _by_seed(first: xr.DataArray, second: xr.DataArray) -> Any:
    """Values of two quantities of subjects, replication by replication, flat."""
    a, b = (each.transpose("seed", ...).values for each in (first, second))
    return [(x.ravel(), y.ravel()) for x, y in zip(a, b, strict=True)]
