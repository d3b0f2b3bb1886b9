"""Fits the turnover of spines again, on images of mice that were given no drug, and the gain of formation,
on images of mice before and after ketamine, and prints both beside the sheet:

    python benchmarks/fit_spines.py            # turnover: a second
    python benchmarks/fit_spines.py SHEET      # and the gain in a circuit: a minute

The gain is what makes the formation that is imaged between days 1 and 3 as many times that of rest as in
fields which were imaged before and after the dose.  A circuit whose drive does not rise has none.
"""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
from scipy.optimize import brentq, least_squares

from prelimbic.experiments.studies.registry import find_study
from prelimbic.experiments.sweep.study import Options
from prelimbic.parameters import SpineNumbers, sheet
from prelimbic.plasticity.imaged import formed, survival, turned_over
from prelimbic.plasticity.spines import rates
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.protocol import weeks
from prelimbic.simulation.run import simulate

CONTACTS, SITES, DAY_H = 80.0, 107, 24.0
FITTED = ("nascent_maturation", "nascent_loss", "density_time")
# Saline mice, medial frontal cortex (shao2021): of 36 new spines so many stood so many days later.
NEW, STOOD = 36, {2.0: 25, 4.0: 23, 6.0: 20, 33.0: 14}
# Days between two images, share of spines gained or lost, and SE; those of two days are means of five.
TURNOVER = ((2.0, 0.0772, 0.0100), (2.0, 0.0781, 0.0093), (27.0, 0.139, 0.019), (27.0, 0.222, 0.020))
# Ketamine 10 mg/kg (phoumthipphavong2016): formation in the two days before day 3 over that of the same 24
# fields before the drug, and SE.
FOLD, FOLD_SE = 1.24, 0.16
IMAGES_H = 48.0
SPINES = sheet("spines").fill("spines", SpineNumbers)


def misses(numbers: SpineNumbers) -> np.ndarray:
    """How far survival and turnover are from the images, in standard errors."""
    resting = rates(numbers, CONTACTS, SITES)
    share = np.array(list(STOOD.values())) / NEW
    error = np.sqrt(share * (1.0 - share) / NEW)
    stood = survival(resting, IMAGES_H, [DAY_H * day for day in STOOD])
    turned = [(turned_over(resting, CONTACTS, SITES, DAY_H * d) - m) / se for d, m, se in TURNOVER]
    return np.array([*(stood - share) / error, *turned])


def turnover() -> tuple[dict[str, float], dict[str, float], float]:
    """The fitted numbers by name, their SE as shares of them, and the sum of squared misses."""

    def at(logs: np.ndarray) -> SpineNumbers:
        return replace(SPINES, **dict(zip(FITTED, np.exp(logs).tolist(), strict=True)))

    begin = np.log([0.3 / DAY_H, 0.6 / DAY_H, 8.0 * DAY_H])
    found = least_squares(lambda logs: misses(at(logs)), begin)
    errors = np.sqrt(np.diag(np.linalg.inv(found.jac.T @ found.jac)))
    values = {name: float(getattr(at(found.x), name)) for name in FITTED}
    return values, dict(zip(FITTED, errors.tolist(), strict=True)), 2.0 * float(found.cost)


def signal(circuit: str, seed: int, baseline: str = "healthy") -> list[tuple[float, float]]:
    """Strides (h) until day 3 and the signal in each, mean of cells: mouse, 10 mg/kg i.p."""
    options = Options(seeds=seed, sheets=(circuit,), hypotheses=Hypotheses(baseline=baseline))
    place = {"species": "mouse", "dose": 10.0, "seed": seed}
    run = next(r for r in find_study("cascade").plan(options) if place.items() <= r.place.items())
    short = weeks(run.config.protocol.peak, ("rest", "72 h"))
    seen = simulate(replace(run.config, protocol=short), True, lambda seconds: None).seen
    strides = [snapshot.look.stride for snapshot in seen[:-1]]
    return list(zip(strides, (float(s.slow.signal.mean()) for s in seen[1:]), strict=True))


def fold(gain: float, course: list[tuple[float, float]], contacts: float = CONTACTS) -> float:
    """Imaged formation in the last two days of a course over that of rest."""
    resting = rates(replace(SPINES, formation_gain=gain), contacts, SITES)
    born = formed(resting, contacts, SITES, course, IMAGES_H)
    return born / turned_over(resting, contacts, SITES, IMAGES_H)


def gain(wanted: float, course: list[tuple[float, float]]) -> float:
    """The least gain that makes formation so many times that of rest; NaN where none up to 20 does.  Sites
    are few: beyond some gain most are filled before the images are taken.
    """
    tried = np.linspace(0.0, 20.0, 81)
    above = [fold(each, course) >= wanted for each in tried]
    if not any(above):
        return float("nan")
    first = int(np.argmax(above))
    return float(brentq(lambda g: fold(g, course) - wanted, tried[max(first - 1, 0)], tried[first]))


def main() -> None:
    """Print what is fitted beside the sheet."""
    values, errors, squared = turnover()
    print(f"turnover: sum of squared misses {squared:.1f}, sheet {float(np.sum(misses(SPINES) ** 2)):.1f}")
    for name in FITTED:
        error = f"SE {100 * errors[name]:.0f} %"
        print(f"  {name}: {values[name]:.4g} ({error}), sheet {getattr(SPINES, name):.4g}")
    for circuit in sys.argv[1:]:
        for seed in (1, 2, 3):
            course = signal(circuit, seed)
            found = [gain(FOLD + step * FOLD_SE, course) for step in (-1.0, 0.0, 1.0)]
            told = ", ".join(f"{each:.2f}" for each in found)
            print(f"{circuit}, seed {seed}: formation_gain {told} for {FOLD} -SE, +0, +SE")
            print(f"  sheet {SPINES.formation_gain:g}: {fold(SPINES.formation_gain, course):.2f}-fold")


if __name__ == "__main__":
    main()
