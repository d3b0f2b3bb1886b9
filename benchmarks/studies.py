"""What studies and the board cost, this build against an earlier one, in turn, and whether their effects are
as sure: the same wirings and background, so seeds are paired.
"""

from __future__ import annotations

import json
import shutil

import numpy as np

from benchmarks.builds import Build, builds

BEFORE = "187e64c"  # where sharing states began
SEEDS = 10  # of the study whose errors are compared
ONE_SEED = {"growth_dose": 0.4, "stress": 0.4, "human_dose": 0.4}  # and what CPU is asked for, of before
# Effects of a dose-response study, %: paired change of Pyr firing at the peak, and of spines at 24 h.
EFFECTS = """
import json, sys
import numpy as np
from prelimbic.experiments.storage.dataset import load
data = load(sys.argv[1]).isel(sheet=0)
found = {}
for name, cell in (("Pyr firing at the peak", data["rate"].sel(readout="peak", population="Pyr")),
                   ("spines at 24 h", data["spines"].sel(readout="24 h"))):
    change = 100.0 * (cell / cell.sel(dose=0.0) - 1.0)
    found[name] = {f"{d:g}": change.sel(dose=d).values.tolist() for d in data["dose"].values if d > 0}
json.dump(found, open(sys.argv[2], "w"))
"""
# The runs that claims need, of seed 1 of every study, or so many circuits of the prior.
BOARD = """
import sys
from pathlib import Path
from rich.console import Console
from prelimbic.experiments.claims.bench import PRIOR_STUDY, Bench
from prelimbic.experiments.claims.board import ALL_CLAIMS
from prelimbic.experiments.sweep.execute import execute
from prelimbic.experiments.sweep.study import prepare
bench, out, circuits = Bench(), Path(sys.argv[1]), int(sys.argv[2])
needs = {PRIOR_STUDY: [lambda place: place["seed"] <= circuits]} if circuits else {}
for claim in () if circuits else ALL_CLAIMS:
    if claim.study:
        needs.setdefault(claim.study, []).append(lambda p, c=claim: p["seed"] == 1 and c.needs(p))
for study, wanted in needs.items():
    runs = [run for run in bench.plan(study) if any(need(run.place) for need in wanted)]
    prepare(runs)
    (out / study).mkdir(parents=True)
    execute(runs, out / study, 2, True, Console(quiet=True))
"""
CIRCUITS, ALL_CIRCUITS = 10, 450
Rows = dict[str, tuple[list[tuple[float, float]], str, str]]


def sweep() -> Rows:
    """Rows by name: (this build, the one before), goal and unit.  The errors compared are SD over seeds,
    root mean square over doses, and differences of means in standard errors of both, the largest of any
    dose.
    """
    found: Rows = {}
    with builds(BEFORE) as both:
        for build in both:  # compiles
            build.cpu_of("-m", "prelimbic", "run", "acute", "--seeds", "1", "--out", "warm")
        now_s, before_s = (study(build, "dose_response", SEEDS) for build in both)
        found[f"dose_response, 6 doses x {SEEDS} seeds"] = [(now_s, before_s)], "<= 0.33", "CPU s"
        now, before = (effects(build) for build in both)
        for name, by_dose in now.items():
            own, other = (np.array(list(x.values())) for x in (by_dose, before[name]))
            spread = [float(np.sqrt(x.var(axis=1, ddof=1).mean())) for x in (own, other)]
            error = np.sqrt((own.var(axis=1, ddof=1) + other.var(axis=1, ddof=1)) / own.shape[1])
            apart = float(np.abs((own.mean(axis=1) - other.mean(axis=1)) / error).max())
            found[f"{name}, SD over {SEEDS} seeds"] = [(spread[0], spread[1])], "<= 1.1", "points"
            found[f"{name}, means apart, largest of any dose"] = [(apart, 1.0)], "<= 2", "SE"
        for name, goal in ONE_SEED.items():
            now_s, before_s = (study(build, name, 1) for build in both)
            found[f"{name}, one seed"] = [(now_s, before_s)], f"<= {goal}", "CPU s"
    return found


def board() -> Rows:
    """CPU minutes of all runs that claims need: ten times seed 1 of every study, 45 times some
    circuits of the prior.
    """
    with builds(BEFORE) as both:
        costs = [SEEDS * board_of(b, 0) + ALL_CIRCUITS / CIRCUITS * board_of(b, CIRCUITS) for b in both]
    return {"the claims board from nothing": ([(costs[0] / 60, costs[1] / 60)], "<= 0.33", "CPU min")}


def study(build: Build, name: str, seeds: int) -> float:
    """CPU seconds of a study, that finds no state of another."""
    shutil.rmtree(build.cache / "states", ignore_errors=True)
    words = ("--seeds", str(seeds), "--workers", "2", "--out", str(build.cache / name))
    return build.cpu_of("-m", "prelimbic", "run", name, *words)


def effects(build: Build) -> dict[str, dict[str, list[float]]]:
    """Of the study computed before: effect -> dose -> change by seed, %."""
    build.cpu_of("-c", EFFECTS, str(build.cache / "dose_response"), "effects.json")
    told: dict[str, dict[str, list[float]]] = json.loads((build.cache / "effects.json").read_text())
    return told


def board_of(build: Build, circuits: int) -> float:
    """CPU seconds of the board's runs of seed 1, or of so many circuits of its prior."""
    return build.cpu_of("-c", BOARD, str(build.cache / f"board-{circuits}"), str(circuits))
