"""A trial over its replications: scores by visit, differences, where they come from, and how long a response
lasts or how often a trial of some size finds it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from prelimbic.experiments.figures.style import INK, ORDERED, centre, dots, no_change, save, subplots, tidy
from prelimbic.experiments.readouts.responders import Lasting
from prelimbic.patients.trial import OUTCOMES, Trial
from prelimbic.simulation.times import in_words

if TYPE_CHECKING:
    from prelimbic.experiments.readouts.replicated import Replication

MARKERS = "osD^vPX"
PARTS = {"drug": "#0072B2", "placebo": "#E69F00", "expectancy": "#CC79A7"}
HATCHES = ("", "//", "..")
WIDTH = 0.25
ROOM = 0.35  # of the height


def draw(
    dataset: xr.Dataset,
    folder: Path,
    trial: Trial,
    name: str,
    found: dict[str, dict[int, list[Replication]]],
) -> list[Path]:
    """Draw NAME.png (and .svg), once a sheet."""
    made = []
    for sheet, by_size in found.items():
        n = max(by_size)
        cell = dataset.sel(sheet=sheet)
        cell = cell.sel(n=n) if "n" in cell.dims else cell
        last = bool(trial.power) or trial.followed
        figure, axes = subplots(1, 3 + last, figsize=(4.3 * (3 + last), 3.9), layout="constrained")
        _courses(axes[0], cell, trial)
        _differences(axes[1], by_size[n], trial)
        _parts(axes[2], by_size[n], trial)
        if trial.power:
            _power(axes[3], by_size, trial)
        elif last:
            _relapse(axes[3], by_size[n], trial)
        many = len(by_size[n])
        what = f"mean ± SD over {many} replications" if many > 1 else "one replication"
        title = trial.title or ", ".join(trial.names)
        figure.suptitle(f"{title}\nsheet {sheet}, {n} subjects, {trial.blinding}; {what}", fontsize=10)
        made.append(save(figure, folder, name if len(found) == 1 else f"{name}_{sheet}"))
    return made


def _courses(axis: Axes, cell: xr.Dataset, trial: Trial) -> None:
    """Mean score of every arm by visit."""
    places = np.arange(len(trial.visits))
    for k, arm in enumerate(trial.names):
        mine = cell["score"].where(cell["given"] == k)
        means = mine.mean(("subject", "period")).transpose("seed", "visit").values
        mean, sd = centre(means)
        axis.errorbar(
            places + 0.06 * k,
            mean,
            sd,
            fmt=f"-{MARKERS[k]}",
            color=ORDERED[k],
            markersize=4,
            capsize=2,
            linewidth=1.2,
            label=arm,
        )
    axis.set_xticks(places, [in_words(hour) for hour in trial.visits], rotation=60, fontsize=8)
    axis.axvline(trial.visits.index(trial.primary), color=INK, linewidth=0.8, linestyle=":")
    tidy(axis, "visit (dotted: the main one)", f"{OUTCOMES[trial.outcome]} score (points)")


def _differences(axis: Axes, found: list[Replication], trial: Trial) -> None:
    """The estimate of every replication against the control."""
    for k, _ in enumerate(trial.names[1:], start=1):
        values = np.array([c.estimate for r in found if (c := r.arms[k].contrast) is not None])
        dots(axis, k, values[np.isfinite(values)], ORDERED[k], MARKERS[k])
    no_change(axis)
    _arms(axis, trial.names[1:], 1)
    tidy(axis, "", f"difference from {trial.control}\nat {in_words(trial.primary)} (points)")


def _parts(axis: Axes, found: list[Replication], trial: Trial) -> None:
    """Points taken away, by what takes them."""
    for p, (part, colour) in enumerate(PARTS.items()):
        values = np.array([[arm.parts[p] for arm in r.arms] for r in found])
        mean, sd = centre(values)
        axis.bar(
            np.arange(len(trial.names)) + (p - 1) * WIDTH,
            mean,
            WIDTH,
            yerr=sd,
            color=colour,
            hatch=HATCHES[p],
            edgecolor="white",
            ecolor=INK,
            label=part,
        )
    low, high = axis.get_ylim()
    axis.set_ylim(low, high + ROOM * (high - low))  # for the legend, above what is drawn
    _arms(axis, trial.names, 0)
    tidy(axis, "", f"MADRS points taken away\nby {in_words(trial.primary)}")


def _relapse(axis: Axes, found: list[Replication], trial: Trial) -> None:
    """Share of responders without relapse, replications thin and their mean thick."""
    days = np.linspace(0.0, (trial.visits[-1] - trial.relapse_from) / 24.0, 200)
    for k, arm in enumerate(trial.names):
        curves = [_at(days, lasting) for r in found if (lasting := r.arms[k].lasting) and lasting.responders]
        for curve in curves:
            axis.step(days, curve, where="post", color=ORDERED[k], linewidth=0.5, alpha=0.3)
        if curves:
            axis.step(days, np.mean(curves, axis=0), where="post", color=ORDERED[k], linewidth=2, label=arm)
    axis.set_ylim(0.0, 1.02)
    tidy(axis, f"days after {in_words(trial.relapse_from)}", "responders without relapse (share)")


def _at(days: np.ndarray, lasting: Lasting) -> Any:
    """Share without relapse on some days."""
    return lasting.kept[np.searchsorted(lasting.days, days, side="right") - 1]


def _power(axis: Axes, by_size: dict[int, list[Replication]], trial: Trial) -> None:
    """Share of replications that find a difference, by number of subjects."""
    from prelimbic.experiments.readouts.prior import interval

    sizes = sorted(by_size)
    for k, arm in enumerate(trial.names[1:], start=1):
        share = np.array(
            [
                np.mean([(c := r.arms[k].contrast) is not None and c.p < 0.05 for r in by_size[n]])
                for n in sizes
            ]
        )
        ends = np.array([interval(s, len(by_size[n])) for s, n in zip(share, sizes, strict=True)]).T
        axis.errorbar(
            sizes,
            share,
            np.maximum(np.abs(ends - share), 0.0),
            fmt=f"-{MARKERS[k]}",
            color=ORDERED[k],
            capsize=2,
            markersize=4,
            label=arm,
        )
    axis.axhline(0.8, color=INK, linewidth=0.8, linestyle=":")
    axis.set_ylim(0.0, 1.02)
    tidy(axis, "subjects", "power (share with p < 0.05, 95 % interval)")


def _arms(axis: Axes, names: tuple[str, ...], first: int) -> None:
    axis.set_xticks(np.arange(len(names)) + first, names, rotation=25, ha="right", fontsize=8)
    axis.set_xlim(first - 0.6, first + len(names) - 0.4)
