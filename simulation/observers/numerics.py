"""A circuit with step, precision, delays, size or length of looks changed, each in turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from prelimbic.circuits import SCALES, Activity
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
LARGEST = 20.0  # scale of a variant; a larger one would take as long as all others
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
    low, high = SCALES[0], LARGEST
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
