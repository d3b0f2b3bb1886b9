"""What step, precision, delays, size and length of looks do to what a run reports, and what shared noise
saves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from rich.console import Group
from rich.table import Table

from prelimbic.circuits import SCALES, Activity
from prelimbic.experiments.readouts.summary import is_clear, spread
from prelimbic.parameters import POPULATIONS
from prelimbic.pharmacology import Bath, Dose
from prelimbic.simulation.config import Config
from prelimbic.simulation.drugged import running
from prelimbic.simulation.record import coordinate
from prelimbic.simulation.run import simulate
from prelimbic.simulation.variable import Groups, Variable

DOSE_MG_KG, BATH_UM = 10.0, 3.0
CONDITIONS = ("vehicle", "ketamine")
SETTLE_S, WINDOW_S, WINDOWS = 2.0, 0.5, 40
LARGEST_LOOPED = 5.0  # scale; a day of a larger circuit is left out
STANDARD = "standard"
# name -> what is changed: numerics, scale times so much, or length of looks times so much
VARIANTS: dict[str, dict[str, Any]] = {
    STANDARD: {},
    "64 bits": {"precision": 64},
    "step 0.05 ms": {"step": 0.05},
    "step 0.02 ms": {"step": 0.02},
    "exact delays": {"delay_classes": 0},
    "1 delay class": {"delay_classes": 1},
    "looks x 0.25": {"looks": 0.25},
    "looks x 0.5": {"looks": 0.5},
    "looks x 2": {"looks": 2.0},
    "size x 0.5": {"size": 0.5},
    "size x 2": {"size": 2.0},
    "size x 4": {"size": 4.0},
    "size x 20": {"size": 20.0},
}


def varied(config: Config, variant: str) -> Config:
    """The configuration of a variant."""
    changes = dict(VARIANTS[variant])
    size, looks = changes.pop("size", 1.0), changes.pop("looks", 1.0)
    return replace(
        config,
        scale=config.scale * size,
        numerics=replace(config.numerics, **changes),
        protocol=replace(config.protocol, look_scale=config.protocol.look_scale * looks),
    )


def possible(scale: float) -> list[str]:
    """The variants whose circuit has a size that can be built."""
    low, high = SCALES
    return [name for name, changes in VARIANTS.items() if low <= scale * changes.get("size", 1.0) <= high]


def measure(config: Config, compiled: bool, tell: Callable[[float], None]) -> Groups:
    """Windows of vehicle and of a constant concentration under the same noise, then a day after vehicle and
    after a dose (but for circuits larger than LARGEST_LOOPED).
    """
    seen = {condition: _windows(config, compiled, condition) for condition in CONDITIONS}
    tell(config.protocol.seconds / 4)
    rates = np.array([[a.rate for a in seen[c]] for c in CONDITIONS])
    ampa = np.array([[a.recurrent_ampa.mean() for a in seen[c]] for c in CONDITIONS])
    found = coordinate("population", POPULATIONS) | coordinate("condition", CONDITIONS)
    found["rate"] = Variable(
        ("condition", "window", "population"), rates, "Hz", f"firing rate in a window of {WINDOW_S:g} s"
    )
    found["recurrent_ampa"] = Variable(
        ("condition", "window"), ampa, "nS", "AMPA conductance from recurrent contacts"
    )
    found["window_seconds"] = Variable(
        (), np.array(WINDOW_S), "s", "spiking time of each window, end to end"
    )
    found["settle_seconds"] = Variable(
        (), np.array(SETTLE_S), "s", "spiking time before the first window, not counted"
    )
    grown = _growth(config, compiled, tell) if config.scale <= LARGEST_LOOPED else float("nan")
    found["spines_change"] = Variable(
        (), np.array(grown), "%", f"spines 24 h after {DOSE_MG_KG:g} mg/kg against vehicle"
    )
    return {"summary": found}


def _windows(config: Config, compiled: bool, condition: str) -> list[Activity]:
    """One window after the other; the network's noise is that of the same moment in the other condition."""
    bath = Bath((("ketamine", BATH_UM if condition == "ketamine" else 0.0),))
    with running(config, config.described(), compiled) as untreated:
        now = untreated.given(bath).at(0.0)
        return [now.observe(WINDOW_S, 0.0 if k else SETTLE_S) for k in range(WINDOWS)]


def _growth(config: Config, compiled: bool, tell: Callable[[float], None]) -> float:
    """Spines a day after a dose against a day after vehicle, %."""
    spines = []
    for doses in ((), (Dose(DOSE_MG_KG, "ip"),)):
        outcome = simulate(replace(config, doses=doses), compiled, lambda s: tell(s * 3 / 8))
        spines.append(outcome.seen[-1].spines.density.mean())
    return float(100.0 * (spines[1] / spines[0] - 1.0))


def answer(dataset: xr.Dataset) -> tuple[Group, str]:
    """What each variant moves, how a look's error falls with its length and what shared noise saves; and a
    sentence a sheet.
    """
    sheets = [str(s) for s in dataset["sheet"].values]
    shown = [
        t for s in sheets for t in (_variants(dataset.sel(sheet=s), s), _looks(dataset.sel(sheet=s), s))
    ]
    return Group(*shown), "\n".join(_sentence(dataset.sel(sheet=s), s) for s in sheets)


def variants_of(dataset: xr.Dataset) -> list[str]:
    """The variants that there are, in the order of VARIANTS."""
    present = {str(v) for v in dataset["variant"].values}
    return [name for name in VARIANTS if name in present]


def shift(cell: xr.Dataset, variant: str, population: str) -> np.ndarray:
    """Vehicle firing rate against that of the standard on the same seed, %, (seed,)."""
    rate = cell["rate"].sel(condition="vehicle", population=population).mean("window")
    return (100.0 * (rate.sel(variant=variant) / rate.sel(variant=STANDARD) - 1.0)).values


def effect(cell: xr.Dataset, variant: str) -> np.ndarray:
    """Pyr firing under ketamine against vehicle, %, (seed,)."""
    rate = cell["rate"].sel(population="Pyr", variant=variant).mean("window")
    return (100.0 * (rate.sel(condition="ketamine") / rate.sel(condition="vehicle") - 1.0)).values


def look_error(cell: xr.Dataset, windows: int) -> dict[str, np.ndarray]:
    """SD between looks of so many windows, in % of the mean, (seed,): of class rates and of recurrent AMPA."""
    standard = cell.sel(variant=STANDARD, condition="vehicle")
    found = {p: standard["rate"].sel(population=p) for p in POPULATIONS} | {
        "recurrent AMPA": standard["recurrent_ampa"]
    }
    return {
        name: _sd_percent(values.transpose("seed", "window").values, windows)
        for name, values in found.items()
    }


def _sd_percent(values: np.ndarray, windows: int) -> np.ndarray:
    looks = _looks_of(values, windows)
    return 100.0 * looks.std(axis=1, ddof=1) / looks.mean(axis=1)


def _looks_of(values: np.ndarray, windows: int) -> np.ndarray:
    whole = values.shape[1] // windows
    return values[:, : whole * windows].reshape(len(values), whole, windows).mean(axis=2)


def shared_noise(cell: xr.Dataset, windows: int, population: str) -> float:
    """Variance of ketamine minus vehicle between looks under the same noise over that under noise of its
    own, all seeds pooled: 1 - 2 cov/(var + var).
    """
    rate = (
        cell["rate"]
        .sel(variant=STANDARD, population=population)
        .transpose("condition", "seed", "window")
        .values
    )
    vehicle, ketamine = (
        looks - looks.mean(axis=1, keepdims=True) for looks in (_looks_of(r, windows) for r in rate)
    )
    return float(1.0 - 2.0 * (vehicle * ketamine).sum() / ((vehicle**2).sum() + (ketamine**2).sum()))


LOOK_WINDOWS = (1, 2, 4, 6)  # of 0.5 s; of longer looks there are too few


def _variants(cell: xr.Dataset, sheet: str) -> Table:
    table = Table(
        title=f"sheet {sheet}: rates against the standard, effects of ketamine (bath, i.p. in rat), %;"
        " mean ± SD over seeds",
        title_justify="left",
    )
    for heading in (
        "variant",
        *POPULATIONS,
        f"Pyr under {BATH_UM:g} uM",
        f"spines per Pyr cell 24 h after {DOSE_MG_KG:g} mg/kg",
    ):
        table.add_column(heading, justify="left" if heading == "variant" else "right")
    for name in variants_of(cell):
        grown = cell["spines_change"].sel(variant=name).values
        shifts = ["" if name == STANDARD else spread(shift(cell, name, p)) for p in POPULATIONS]
        table.add_row(
            name, *shifts, spread(effect(cell, name)), "" if np.isnan(grown).all() else spread(grown)
        )
    return table


def _looks(cell: xr.Dataset, sheet: str) -> Table:
    table = Table(
        title=f"sheet {sheet}: SD between looks, % of the mean; variance of a difference under shared noise over that "
        "under separate noise",
        title_justify="left",
    )
    names = (*POPULATIONS, "recurrent AMPA")
    for heading in ("look, s", *names, *(f"shared, {p}" for p in POPULATIONS)):
        table.add_column(heading, justify="right")
    for windows in LOOK_WINDOWS:
        errors = look_error(cell, windows)
        saved = [shared_noise(cell, windows, p) for p in POPULATIONS]
        table.add_row(
            f"{windows * WINDOW_S:g}",
            *(f"{errors[n].mean():.1f}" for n in names),
            *(f"{s:.2f}" for s in saved),
        )
    return table


def _sentence(cell: xr.Dataset, sheet: str) -> str:
    told = [
        name for name in variants_of(cell) if {"precision", "step", "delay_classes"} & VARIANTS[name].keys()
    ]
    error = look_error(cell, round(3.0 / WINDOW_S))["recurrent AMPA"].mean()
    return f"Sheet {sheet}: {'; '.join(_moved(cell, name) for name in told)}; a look of 3 s knows recurrent AMPA to {error:.1f} %."


def _moved(cell: xr.Dataset, name: str) -> str:
    """Which classes a variant clearly moves, or how small a shift would have been seen."""
    shifts = {p: shift(cell, name, p) for p in POPULATIONS}
    clear = [f"{p} by {v.mean():+.1f} %" for p, v in shifts.items() if len(v) > 1 and is_clear(v)]
    if clear:
        return f"{name} moves {', '.join(clear)}"
    largest = max(
        float(np.abs(v.mean()) + 2 * v.std(ddof=1) / np.sqrt(len(v))) if len(v) > 1 else np.inf
        for v in shifts.values()
    )
    return f"{name} moves no class clearly" + (
        f" (none by more than {largest:.1f} %)" if np.isfinite(largest) else ""
    )
