"""The claims there are.  Adding one takes a record and a readout."""

from __future__ import annotations

import numpy as np

from prelimbic.experiments.claims.bench import Bench
from prelimbic.experiments.claims.claim import ANY, CIRCUIT, DRUG, Claim, Measure
from prelimbic.experiments.readouts.nulls import MODEL
from prelimbic.parameters import (
    COMPOUNDS,
    POPULATIONS,
    SUBUNITS,
    Compound,
    channel,
    compounds,
    disposition,
    recorded,
)
from prelimbic.pharmacology import Bath, Dose, Exposure, Gating, HillBlock, TrappingBlock
from prelimbic.pharmacology.block import by_subunit, summed
from prelimbic.simulation.observers.physiology import TRAPPED, trapped, trapping_courses

INFUSION_H, DOSE = 40 / 60, 0.5
LEAST_SHUT = 1e-3  # odds: below, nothing is shut that Mg could shift
MOST_UM = 1e6  # a mole a litre: no bath holds more of a drug


def infusion(bench: Bench) -> Exposure:
    """0.5 mg/kg over 40 min in man."""
    return Exposure.after((Dose(DOSE, "iv", 0.0, INFUSION_H),), "human", bench.config.sheets())


def venous_peak(bench: Bench) -> list[Measure]:
    """V1."""
    hours = np.arange(0.0, 6.0, 1 / 60)
    given = infusion(bench)
    ketamine, norketamine = summed(given.names, given.venous(hours), COMPOUNDS[:2]).T
    peak_min, later = 60 * hours[[ketamine.argmax()]], 60 * hours[[norketamine.argmax()]]
    return [
        Measure("venous ketamine at its peak", "uM", ketamine.max(keepdims=True), 0.5, 1.1),
        Measure("time of that peak", "min", peak_min, 35.0, 60.0),
        Measure("norketamine peaks later by", "min", later - peak_min, 1.0, ANY),
    ]


def hnk_exposure(bench: Bench) -> list[Measure]:
    """V3."""
    hours = np.concatenate([np.arange(0.0, 12.0, 0.05), np.arange(12.0, 400.0, 1.0)])
    given = infusion(bench)
    ketamine, _, hnk = summed(given.names, given.arterial(hours), COMPOUNDS).T
    ratio = np.trapezoid(hnk, hours) / np.trapezoid(ketamine, hours)
    return [
        Measure("AUC of HNK over that of ketamine", "1", np.array([ratio]), 1.7, 3.1),
        Measure("HNK at its peak", "uM", hnk.max(keepdims=True), 0.0, 1.0),
    ]


def magnesium_shift(bench: Bench) -> list[Measure]:
    """V4: by the binding scheme, in which the drug competes with the Mg block of the circuit itself."""
    numbers, drugs = (
        channel(bench.config.sheets()["compounds"]),
        compounds(bench.config.sheets()["compounds"]),
    )
    reference = bench.circuit.magnesium_free(numbers.reference_potential, 1.0)
    shape, potential = (
        (len(POPULATIONS), len(SUBUNITS)),
        np.full(len(POPULATIONS), numbers.reference_potential),
    )
    bath, odds = Bath((("ketamine", 1.0),)), []
    for free in (np.ones(shape), np.broadcast_to(reference, shape)):
        block = TrappingBlock.at(bath, drugs, 0.0, numbers, reference)
        shut = block.advance(bath, Gating(np.full(shape, 0.4), free, potential), 1.0).value[0]
        odds.append(shut / (1.0 - shut))
    shift = np.where(odds[0] > LEAST_SHUT, odds[0] / odds[1], np.nan)
    ranges = {"2A": (8.0, 24.0), "2B": (8.0, 24.0), "2C": (1.15, 3.5), "2D": (1.8, 5.3)}
    return [
        Measure(f"IC50 at 1 mM Mg over that without, {k}", "1", shift[[SUBUNITS.index(k)]], *between)
        for k, between in ranges.items()
    ]


def occupancy(bench: Bench) -> list[Measure]:
    """V4b."""
    sheets = bench.config.sheets()
    rat = disposition("ketamine", "rat", sheets["species"])
    brain = _half_block(bench.config.binding()["ketamine"], bench.circuit.mixtures[0])
    plasma = brain / rat.brain_to_plasma_unbound
    return [
        Measure(
            "unbound plasma ketamine that shuts half of Pyr receptors", "uM", np.array([plasma]), 0.99, 2.14
        )
    ]


def ten_micromolar(bench: Bench) -> list[Measure]:
    """V4c."""
    shut = _shut(bench, "ketamine", 10.0)[0] @ bench.circuit.mixtures[0]
    return [Measure("Pyr NMDA receptors shut by 10 uM", "1", np.array([shut]), 0.78, 0.82)]


def weak_hnk(bench: Bench) -> list[Measure]:
    """V5."""
    return [
        Measure(
            "largest block by 1 uM HNK",
            "1",
            np.array([_shut(bench, "hydroxynorketamine", 1.0).max()]),
            0.0,
            0.02,
        )
    ]


def baseline(bench: Bench) -> list[Measure]:
    """V6."""
    untreated = bench.dataset.sel(given=0.0).isel(hour=0).transpose("seed", "population", ...)
    rate, cv = untreated["rate"].values, untreated["cv_isi"].values
    rates = [Measure(f"{p} rate", "Hz", rate[:, k], *recorded(p, "rate")) for k, p in enumerate(POPULATIONS)]
    return rates + [
        Measure(f"{p} CV of ISI", "1", cv[:, k], *recorded(p, "cv_isi")) for k, p in enumerate(POPULATIONS)
    ]


def coupling(bench: Bench) -> list[Measure]:
    """V7."""
    pyr, pv = (bench.dataset["nmda_coupling"].sel(population=p).values for p in ("Pyr", "PV"))
    return [Measure("NMDA share of EPSP-spike coupling, Pyr minus PV", "1", pyr - pv, 0.0, ANY)]


def trapping(bench: Bench) -> list[Measure]:
    """V17b: means with twice their standard error; no number of a drug too weak for a bath of ten times its
    IC50.
    """
    drugs = compounds(bench.config.sheets()["compounds"])
    can_be = np.array([10.0 * drugs[name].ic50_2A <= MOST_UM for name in TRAPPED])
    kept = np.where(can_be, trapped(*trapping_courses(bench.config, bench.circuit)), np.nan)
    ranges = {"ketamine": (0.84, 0.88), "memantine": (0.63, 0.79)}
    return [
        Measure(f"{drug} left after 120 s", "1", kept[[TRAPPED.index(drug)]], *ranges[drug])
        for drug in ranges
    ]


def _shut(bench: Bench, drug: str, concentration_uM: float) -> np.ndarray:
    return HillBlock.at(Bath(((drug, concentration_uM),)), bench.config.binding(), 0.0).value


def _half_block(drug: Compound, mixture: np.ndarray) -> float:
    tried = np.geomspace(1e-3, 1e3, 6001)
    shut = np.array([by_subunit(np.array([c]), [drug]) @ mixture for c in tried])
    return float(np.interp(0.5, shut, tried))


ARRIVAL = "it is about how much of a drug arrives, whatever it does there"
UNTREATED = "no drug is given"

CLAIMS = [
    Claim(
        "V1",
        "After 0.5 mg/kg over 40 min venous ketamine peaks at 0.78 uM (0.5-1.1), norketamine later",
        "zanos2018",
        "CAL",
        "human, 0.5 mg/kg i.v. over 40 min",
        venous_peak,
        rests_on=DRUG,
        note="disposition in man was fitted to arterial curves of another study, not to this peak",
        no_effect=ARRIVAL,
    ),
    Claim(
        "V3",
        "AUC of HNK is 1.7 (S) to 3.1 (R) times that of ketamine, and HNK stays at or below 1 uM",
        "hasan2021",
        "CAL",
        "human, 0.5 mg/kg i.v. over 40 min",
        hnk_exposure,
        rests_on=DRUG,
        note="volume and clearance of HNK were set on it",
        no_effect=ARRIVAL,
    ),
    Claim(
        "V4",
        "Mg (1 mM) raises the IC50 of ketamine 16-fold at 2A and 2B, 2.3-fold at 2C and 3.6-fold at 2D",
        "recalled, unchecked: Kotermanski and Johnson 2009",
        "CAL",
        "receptors at -66 mV, binding scheme; the range is half to one and a half of the record, a "
        "judgement",
        magnesium_shift,
        rests_on=DRUG,
        note="the IC50 in Mg are recalled from the same table; the shift follows from competition with Mg",
    ),
    Claim(
        "V4b",
        "Half of NMDA receptors are occupied at 1.42 uM (0.99-2.14) unbound ketamine in plasma",
        "shaffer2014",
        "CAL",
        "rat; Pyr receptors at equilibrium",
        occupancy,
        rests_on=DRUG,
        note="nothing was set on it: the IC50 stay as recalled",
    ),
    Claim(
        "V4c",
        "10 uM ketamine shuts 80 +- 2 % of NMDA current of cortical neurons",
        "mealing1999",
        "PRED",
        "bath, Pyr receptors at equilibrium, 1 mM Mg (that of the record was not read)",
        ten_micromolar,
        rests_on=DRUG,
    ),
    Claim(
        "V5",
        "HNK at 1 uM blocks less than 2 % with 1 mM Mg",
        "abbott_popescu2020",
        "STRUCT",
        "bath, every class and subunit; the IC50 comes from the same paper",
        weak_hnk,
        rests_on=DRUG,
        no_effect="it says that there is hardly any",
    ),
    Claim(
        "V6",
        "Untreated cells fire at 1-3 (Pyr), 8-20 (PV), 3-8 (SST), 3-10 Hz (VIP), with CV 0.8-1.3",
        "recalled, unchecked: awake rodent prefrontal cortex",
        "CAL",
        "healthy circuit, no drug, 20 s",
        baseline,
        "surge",
        lambda place: place["null"] == MODEL,
        CIRCUIT,
        note="rates were set by calibration of the background, CVs were not",
        no_effect=UNTREATED,
    ),
    Claim(
        "V7",
        "NMDA receptors carry more of EPSP-spike coupling in Pyr than in PV cells",
        "rotaru2011",
        "CAL",
        "single pathway, five volleys at 50 Hz, all NMDA receptors shut",
        coupling,
        "physiology",
        rests_on=CIRCUIT,
        note="nothing was set on it",
        no_effect=UNTREATED,
    ),
    Claim(
        "V17b",
        "After 120 s without agonist 86 % of ketamine block and 71 % of memantine block are left",
        "mealing1999",
        "CAL",
        "receptors, drug and agonist, wash, agonist",
        trapping,
        rests_on=DRUG,
        note="the rates of escape from closed channels were set on it",
    ),
]
