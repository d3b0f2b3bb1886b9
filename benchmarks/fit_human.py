"""Fits the human numbers of sheet `species` again, from the observations whose role is `fitted` and from
published models, and prints them beside those of the sheet:

    python benchmarks/fit_human.py

Stages: ketamine with the venous pools; norketamine, dehydronorketamine and set kamp of
hydroxynorketamine; set hasan.  Residuals are logarithms of ratios, with a soft loss (scipy's
least_squares).  Shares that plasma does not tell (what is formed of what) are held as in the sheet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
from scipy.optimize import least_squares

from prelimbic.parameters import Animal, animal, compounds
from prelimbic.parameters.observations import Observation, observations
from prelimbic.pharmacology import Dose
from prelimbic.pharmacology.block import summed
from prelimbic.pharmacology.exposure import Exposure
from prelimbic.simulation.given import doses

DRUGS, KG = compounds(), 70.0
EARLY_H, HNK = 0.7, "hydroxynorketamine"
# Published models of S-ketamine, 35 mg over 40 min at 70 kg, ng/mL: as coded in nlmixr2lib (Otto 2021 after
# Fanta 2015, Perez-Ruixo 2021, Simons 2022) or told second hand (Kamp 2020 pooled, Noppers 2011).
MINUTES = np.array([10, 20, 40, 50, 60, 90, 120, 180, 240, 360, 480]) / 60.0
VENOUS = {
    0.7: [56, 98, 158, 125, 104, 71, 55, 37, 25, 13, 7.7],  # Otto after Fanta
    0.35: [41, 74, 125, 104, 88, 57, 40, 25, 18, 11, 7.7],  # Perez-Ruixo
}
ARTERIAL = (
    [154, 198, 253, 120, 96, 66, 50, 34, 26, 16, 10],  # Kamp pooled
    [180, 224, 277, 116, 89, 55, 41, 29, 22, 12, 6.7],  # Noppers
)
NORKETAMINE = (
    np.array([10, 20, 40, 60, 120, 240, 360, 720]) / 60.0,
    [6, 26, 69, 76, 45, 35, 28, 13],
)  # Simons
HYDROXY = np.array([40, 60, 120, 240, 480]) / 60.0, [21, 30, 28, 28, 21]  # Simons
ONE = (Dose(0.5, "iv", 0.0, 40.0 / 60.0, "S-ketamine"),)
FIVE_MG = (Dose(5.0 / KG, "iv", 0.0, 0.5),)
# Weak priors (value, weight of its logarithm): a meta-analysis, published half-lives and ratios, sizes.
VOLUME, CLEARANCE, HALF_LIFE, RATIO, FAST = (252.0, 0.7), (79.0, 1.0), (5.4, 1.5), (1.14, 2.5), (0.02, 0.3)

Fit = Callable[[np.ndarray], list[np.ndarray]]


def seen(body: Animal, given: tuple[Dose, ...], hours: np.ndarray, site: str, compound: str) -> np.ndarray:
    """ng/mL of a compound at a site."""
    exposure = Exposure(given, body, DRUGS)
    found = summed(exposure.names, getattr(exposure, site)(hours), (compound,))[:, 0]
    return found * DRUGS[compound].molar_mass


def off(predicted: np.ndarray, observed: Sequence[float] | np.ndarray, weight: Any = 1.0) -> np.ndarray:
    """Residuals: weighted logarithms of predicted over observed."""
    return np.asarray(weight) * np.log(np.maximum(predicted, 1e-9) / np.asarray(observed, dtype=float))


def prior(value: float, told: tuple[float, float]) -> np.ndarray:
    """The residual of a weak prior."""
    return np.array([told[1] * np.log(value / told[0])])


def curves(compound: str) -> list[tuple[tuple[Dose, ...], str, str, np.ndarray, np.ndarray, np.ndarray]]:
    """Courses that were fitted, of a compound or its enantiomers: doses, site, compound, hours, ng/mL,
    weights (less within 10 min of a change of rate, and in the first 10 min).
    """
    rows = [
        row
        for row in observations("human")
        if row.role == "fitted"
        and row.quantity == "concentration"
        and row.compound.rpartition("-")[2] == compound
    ]
    found = []
    keys: dict[tuple[Any, ...], list[Observation]] = {}
    for row in rows:
        keys.setdefault((row.give, row.site, row.compound), []).append(row)
    for (give, site, name), own in keys.items():
        own = sorted((row for row in own if row.value > 0), key=lambda row: row.time_h or 0.0)
        hours = np.array([row.time_h for row in own], dtype=float)
        values = np.array([row.value * (DRUGS[name].molar_mass if row.unit == "uM" else 1.0) for row in own])
        given = doses(give, KG)
        changes = [hour for dose in given for hour in (dose.start, dose.end) if hour > 0]
        near = np.any([(hours > hour) & (hours <= hour + 1 / 6) for hour in changes], axis=0)
        weights = np.where(near, 0.4, np.where(hours < 1 / 6, 0.5, 1.0))
        if len(hours) > 3:
            found.append((given, site, name, hours, values, weights))
    return found


def with_ketamine(p: np.ndarray) -> Animal:
    """Man with these numbers of ketamine and of the venous pools."""
    man = animal("human")
    names = ("central", "peripheral", "exchange", "deep", "deep_exchange", "clearance", "clearance_s_to_r")
    drug = replace(man.dispositions["ketamine"], **dict(zip(names, p[:7], strict=True)))
    share = p[7] / (1.0 + p[7])
    body = replace(man.body, venous_fast_share=share, venous_fast=p[8], venous_slow=p[9])
    return replace(man, body=body, dispositions=man.dispositions | {"ketamine": drug})


def ketamine(p: np.ndarray) -> list[np.ndarray]:
    """Residuals of ketamine and the venous pools."""
    man = with_ketamine(p)
    found = [off(seen(man, g, h, s, c), v, w) for g, s, c, h, v, w in curves("ketamine")]
    found += [off(seen(man, ONE, MINUTES, "venous", "S-ketamine"), v, w) for w, v in VENOUS.items()]
    weight = np.where(MINUTES < EARLY_H, 1.2, 0.6)
    found += [off(seen(man, ONE, MINUTES, "arterial", "S-ketamine"), v, weight) for v in ARTERIAL]
    chain = Exposure(ONE, man, DRUGS)._chains["S"].system.matrix[:3, :3]
    half_life = np.log(2.0) / -np.linalg.eigvals(chain).real.max()
    found += [prior(p[5], CLEARANCE), prior(p[0] + p[1] + p[3], VOLUME), prior(half_life, HALF_LIFE)]
    return [*found, prior(p[6], RATIO), prior(p[8], FAST)]


def with_metabolites(man: Animal, p: np.ndarray, hnk: np.ndarray) -> Animal:
    """Man with these numbers of metabolites."""
    own = dict(man.dispositions)
    names = ("central", "peripheral", "exchange", "clearance")
    own["norketamine"] = replace(
        own["norketamine"], **dict(zip((*names, "clearance_s_to_r"), p[:5], strict=True))
    )
    own["dehydronorketamine"] = replace(
        own["dehydronorketamine"], central=p[5], clearance=p[6], clearance_s_to_r=p[7]
    )
    own[HNK] = replace(own[HNK], **dict(zip(names, hnk, strict=True)))
    return replace(man, dispositions=own)


def metabolites(man: Animal, p: np.ndarray) -> list[np.ndarray]:
    """Residuals of norketamine, dehydronorketamine and set kamp."""
    body = with_metabolites(man, p[:8], p[8:])
    found = [
        off(seen(body, g, h, s, c), v, w * size)
        for name, size in (("norketamine", 1.0), ("dehydronorketamine", 0.7), (HNK, 1.0))
        for g, s, c, h, v, w in curves(name)
    ]
    hours, values = NORKETAMINE
    found.append(off(seen(body, ONE, hours, "arterial", "S-norketamine"), values, 0.7))
    area = {c: areas(body, c) for c in ("ketamine", "norketamine", HNK)}
    found += [
        prior(area["norketamine"] / area["ketamine"], (1.5, 0.8)),
        prior(area[HNK] / area["ketamine"], (0.33, 0.8)),
    ]
    return [*found, prior(p[3], (50.0, 0.3)), prior(p[4], (1.2, 0.2)), *_sizes(p[8:])]


def hasan(man: Animal, p: np.ndarray, hnk: np.ndarray) -> list[np.ndarray]:
    """Residuals of set hasan."""
    body = with_metabolites(man, p, hnk)
    hours, values = HYDROXY
    ratios = [
        off(np.array([areas(body, f"{hand}-{HNK}") / areas(body, f"{hand}-ketamine")]), [told])
        for hand, told in (("S", 1.7), ("R", 3.1))
    ]
    return [*ratios, off(seen(body, ONE, hours, "arterial", f"S-{HNK}"), values, 0.7), *_sizes(hnk)]


def areas(man: Animal, compound: str) -> float:
    """ng h/mL over four days after 5 mg of the racemate."""
    hours = np.linspace(0.0, 96.0, 2000)
    return float(np.trapezoid(seen(man, FIVE_MG, hours, "arterial", compound), hours))


def _sizes(hnk: np.ndarray) -> list[np.ndarray]:
    """Priors of the order of size of volumes that a set of hydroxynorketamine hardly tells."""
    return [prior(value, (told, 0.1)) for value, told in zip(hnk[:3], (30.0, 100.0, 60.0), strict=True)]


def fitted(fit: Fit, start: Sequence[float]) -> np.ndarray:
    """The numbers at which the residuals are least."""
    found = least_squares(
        lambda q: np.concatenate(fit(np.exp(q))), np.log(start), loss="soft_l1", f_scale=0.2
    )
    return np.asarray(np.exp(found.x))


def refit() -> dict[str, tuple[float, float]]:
    """Every number that was fitted, by its name in the sheet: fitted again, and as it stands there."""
    man, kamp = animal("human"), animal("human", hnk="kamp")
    first = fitted(ketamine, [21.0, 123.0, 161.0, 183.0, 30.0, 86.0, 1.12, 0.43, 0.03, 0.5])
    body = with_ketamine(first)
    start = [64.0, 74.0, 49.0, 46.0, 1.2, 100.0, 60.0, 0.6, 30.0, 100.0, 60.0, 60.0]
    second = fitted(lambda p: metabolites(body, p), start)
    third = fitted(lambda p: hasan(body, second[:8], p), [30.0, 100.0, 60.0, 20.0])
    done = with_metabolites(body, second[:8], third)
    found = {}
    for drug, name in product(("ketamine", "norketamine", HNK, "dehydronorketamine"), _names(man)):
        found[f"human/{drug}.{name}"] = tuple(getattr(a.dispositions[drug], name) for a in (done, man))
    other = with_metabolites(body, second[:8], second[8:]).dispositions[HNK]
    for name in ("central", "peripheral", "exchange", "clearance"):
        found[f"human/{HNK}/kamp.{name}"] = getattr(other, name), getattr(kamp.dispositions[HNK], name)
    for name in ("venous_fast_share", "venous_fast", "venous_slow"):
        found[f"human.{name}"] = getattr(done.body, name), getattr(man.body, name)
    return found


def _names(man: Animal) -> list[str]:
    return [
        name for name in vars(man.dispositions["ketamine"]) if "unbound" not in name and "formed" not in name
    ]


if __name__ == "__main__":
    for number, (again, sheet) in refit().items():
        print(f"{number:45s} {again:9.4g}   sheet {sheet:9.4g}")
