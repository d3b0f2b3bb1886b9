"""Claims about what laboratories read: stored runs through a measurement model, without its noise, for a
published mean is compared with a mean.
"""

from __future__ import annotations

import numpy as np

from prelimbic.experiments.claims.bench import Bench
from prelimbic.experiments.claims.claim import (
    CASCADE,
    UP,
    Claim,
    Measure,
    against_record,
    places,
    shown,
)
from prelimbic.experiments.readouts.laboratory import read

INFUSED, MOUSE = 0.5, 10.0
INFUSION_H = 40.0 / 60.0
BLOOD_H = (230.0 / 60.0, 280.0 / 60.0)  # 230 min after the infusion began to 240 min after it ended
KEPT = "not drawn: courses of drawn models are not kept"


def _change(bench: Bench, name: str, ends: tuple[float, float], dose: float, **where: str) -> np.ndarray:
    """What a dose does to a reading against vehicle, seed by seed, %."""
    cell = bench.dataset.sel(where)
    with_drug, without = (read(cell.sel(dose=d), name, ends) for d in (dose, 0.0))
    return 100.0 * (with_drug / without - 1.0)


def blood(bench: Bench) -> list[Measure]:
    """V33."""
    rise = _change(bench, "plasma_bdnf", BLOOD_H, INFUSED, memory="none")
    return [Measure("plasma BDNF at 230 to 280 min against placebo", "%", rise, *UP)]


def infusion_cycling(bench: Bench) -> list[Measure]:
    """V34."""
    during = {
        name: _change(bench, f"mrs.{name}", (0.0, INFUSION_H), INFUSED, memory="none")
        for name in ("cycling", "glutamate", "glutamine")
    }
    name = "glutamate and GABA cycling during the infusion against placebo"
    return [
        against_record(name, "%", during["cycling"], 13.0, 13.0 / 2.4, nothing=0.0),
        shown("glutamate of tissue against placebo", "%", during["glutamate"]),
        shown("glutamine of tissue against placebo", "%", during["glutamine"]),
    ]


def night(bench: Bench) -> list[Measure]:
    """V35."""
    rise = _change(bench, "mrs.glu_gln", (14.0, 14.0), MOUSE, species="mouse")
    return [Measure("glutamate over glutamine at 14 h against vehicle", "%", rise, *UP)]


def third_day(bench: Bench) -> list[Measure]:
    """V36."""
    rise = _change(bench, "mrs.gaba_glu", (72.0, 72.0), MOUSE, species="mouse")
    return [Measure("GABA over glutamate at 72 h against vehicle", "%", rise, *UP)]


LABORATORY_CLAIMS = [
    Claim(
        "V33",
        "Plasma BDNF is up some four hours after an infusion",
        "haile2014",
        "CAL",
        "human, 0.5 mg/kg i.v. over 40 min; from 230 min after its begin to 240 min after its end; in the "
        "record in those who respond",
        blood,
        "human_dose",
        places(memory="none", dose=(0.0, INFUSED)),
        (*CASCADE, "measured.plasma."),
        note="release and loss of BDNF were set on V19, which has the same record; what crosses into blood "
        "is assumed",
        undrawn=KEPT,
        courses=True,
    ),
    Claim(
        "V34",
        "During an infusion 13C enrichment of prefrontal glutamine is 13 % higher",
        "abdallah2018",
        "PRED",
        "human, 0.5 mg/kg i.v. over 40 min; the dose of the record was not read; error by t = 2.4; a rise "
        "of the whole cycle stands for that of enrichment",
        infusion_cycling,
        "human_dose",
        places(memory="none", dose=(0.0, INFUSED)),
        (*CASCADE, "measured.spectroscopy."),
        note="the record was known when earlier circuits were tried; no number was set on it",
        undrawn=KEPT,
        courses=True,
    ),
    Claim(
        "V35",
        "Glutamate over glutamine is up 14 h after a dose",
        "pmc6465744",
        "PRED",
        "mouse, 10 mg/kg i.p.; the hour is recalled, unchecked",
        night,
        "cascade",
        places(species="mouse"),
        (*CASCADE, "measured.spectroscopy."),
        note="only the sign was read; the pools of the model forget within hours",
        undrawn=KEPT,
        courses=True,
    ),
    Claim(
        "V36",
        "GABA over glutamate is up 72 h after a dose",
        "pmc6465744",
        "PRED",
        "mouse, 10 mg/kg i.p.; the hour is recalled, unchecked",
        third_day,
        "cascade",
        places(species="mouse"),
        (*CASCADE, "measured.spectroscopy."),
        note="only the sign was read; no enzyme or receptor of GABA is changed by the model's cascade",
        undrawn=KEPT,
        courses=True,
    ),
]
