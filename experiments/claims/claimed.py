"""The claims there are.  Adding one takes a record and a readout."""

from __future__ import annotations

from functools import partial

import numpy as np

from prelimbic.experiments.claims.bench import Bench
from prelimbic.experiments.claims.claim import (
    ANY,
    CASCADE,
    CIRCUIT,
    DRUG,
    UP,
    Claim,
    Measure,
    against_record,
    share_of,
    shown,
)
from prelimbic.experiments.readouts.columns import against, at
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
    recording,
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
        Measure("AUC of HNK over that of ketamine", "1", np.array([ratio]), 0.9, 4.5),
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
        Measure(f"IC50 at 1 mM Mg over that without, {k}", "1", shift[[SUBUNITS.index(k)]], *ends)
        for k, ends in ranges.items()
    ]


def occupancy(bench: Bench) -> list[Measure]:
    """V4b."""
    sheets = bench.config.sheets()
    rat = disposition("ketamine", "rat", sheets["species"])
    brain = _half_block(bench.config.binding()["ketamine"], bench.circuit.mixtures[0])
    plasma = brain / rat.brain_to_plasma_unbound
    name = "unbound plasma ketamine that shuts half of Pyr receptors"
    return [Measure(name, "uM", np.array([plasma]), 0.99, 2.14, recorded=1.42)]


def ten_micromolar(bench: Bench, drug: str, left: float) -> list[Measure]:
    """V4c and V4m."""
    shut = np.array([_shut(bench, drug, 10.0)[0] @ bench.circuit.mixtures[0]])
    return [against_record(f"Pyr NMDA receptors shut by 10 uM {drug}", "1", shut, left, 0.02)]


def memantine_block(bench: Bench) -> list[Measure]:
    """V17a: what the drugs shut, whatever the circuit then does."""
    mixture = bench.circuit.mixtures[0]
    memantine, ketamine = (
        np.array([_shut(bench, drug, 3.0)[0] @ mixture]) for drug in ("memantine", "ketamine")
    )
    share = share_of(memantine, ketamine)
    return [Measure("block of NMDA receptors on Pyr, memantine over ketamine", "1", share, -ANY, 1.0)]


def weak_hnk(bench: Bench) -> list[Measure]:
    """V5: the record is of recombinant receptors."""
    shut = _shut(bench.with_affinity("recombinant"), "hydroxynorketamine", 1.0).max(keepdims=True)
    return [Measure("largest block by 1 uM HNK", "1", shut.ravel(), 0.0, 0.02)]


def baseline(bench: Bench) -> list[Measure]:
    """V6: one mean over classes, for of four intervals the worst is easily outside."""
    untreated = bench.dataset.sel(given=0.0).isel(hour=0).transpose("seed", "population", ...)
    rate, cv = untreated["rate"].values, untreated["cv_isi"].values
    rows = [recording(p, "rate") for p in POPULATIONS]
    errors = np.array([(high - low) / 4.0 for low, high in (recorded(p, "rate") for p in POPULATIONS)])
    off = np.abs(rate - [row.value if row else np.nan for row in rows]) / errors
    name = (
        f"distance of {', '.join(POPULATIONS)} rates from the record in its SE, mean of {len(POPULATIONS)}"
    )
    return [
        Measure(name, "SE", off.mean(axis=1), 0.0, 2.0),
        *(shown(f"{p} rate", "Hz", rate[:, k]) for k, p in enumerate(POPULATIONS)),
        *(shown(f"{p} CV of ISI", "1", cv[:, k]) for k, p in enumerate(POPULATIONS)),
    ]


def charge_order(bench: Bench) -> list[Measure]:
    """V31: charge of a recurrent release on its class at the potential where the sheet compares charges."""
    circuit = bench.circuit
    carried = circuit.magnesium_free(circuit.receptors.charge_potential) * [
        subunit.decay for subunit in circuit.subunits
    ]
    charge = {
        name: np.array([p.nmda_to_ampa * float(carried @ p.subunit_fractions) / p.ampa_decay])
        for name, p in zip(POPULATIONS, circuit.populations, strict=True)
    }
    return [
        Measure("NMDA over AMPA charge, Pyr minus PV", "1", charge["Pyr"] - charge["PV"], *UP),
        Measure("NMDA over AMPA charge, VIP minus PV", "1", charge["VIP"] - charge["PV"], *UP),
    ]


def coupling(bench: Bench) -> list[Measure]:
    """V7."""
    pyr, pv = (bench.dataset["nmda_coupling"].sel(population=p).values for p in ("Pyr", "PV"))
    return [Measure("NMDA share of EPSP-spike coupling, Pyr minus PV", "1", pyr - pv, 0.0, ANY)]


def trapping(bench: Bench) -> list[Measure]:
    """V17b: no number of a drug too weak for a bath of ten times its IC50."""
    drugs = compounds(bench.config.sheets()["compounds"])
    can_be = np.array([10.0 * drugs[name].ic50_2A <= MOST_UM for name in TRAPPED])
    kept = np.where(can_be, trapped(*trapping_courses(bench.config, bench.circuit)), np.nan)
    published = {"ketamine": (0.86, 0.01), "memantine": (0.71, 0.04)}
    return [
        against_record(f"{drug} left after 120 s", "1", kept[[TRAPPED.index(drug)]], *found)
        for drug, found in published.items()
    ]


def synapses_in_man(bench: Bench) -> list[Measure]:
    """V32."""
    cell = bench.dataset.sel(memory="none")
    grown = against(at("spines", "24 h"), cell.sel(dose=DOSE), cell.sel(dose=0.0))
    return [Measure("synapses a day after 0.5 mg/kg, against vehicle", "%", grown, -10.0, 10.0)]


def _shut(bench: Bench, drug: str, concentration_uM: float) -> np.ndarray:
    return HillBlock.at(Bath(((drug, concentration_uM),)), bench.config.binding(), 0.0).value


def _half_block(drug: Compound, mixture: np.ndarray) -> float:
    tried = np.geomspace(1e-3, 1e3, 6001)
    return float(np.interp(0.5, by_subunit(tried[:, None], [drug]) @ mixture, tried))


ARRIVAL = "it is about how much of a drug arrives, whatever it does there"
SLOW_SCHEME = "not drawn: the binding scheme takes too long for a hundred models"
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
        "AUC of HNK is 1.7 +- 0.8 (S) to 3.1 +- 1.4 (R, SD) times that of ketamine, and HNK stays at or "
        "below 1 uM",
        "hasan2021",
        "CAL",
        "human, 0.5 mg/kg i.v. over 40 min",
        hnk_exposure,
        rests_on=DRUG,
        note="volume and clearance of HNK were set on it; the range is that of both means and their SD, of "
        "15 "
        "subjects",
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
        undrawn=SLOW_SCHEME,
    ),
    Claim(
        "V4b",
        "Half of NMDA receptors are occupied at 1.42 uM (0.99-2.14) unbound ketamine in plasma",
        "shaffer2014",
        "CAL",
        "rat; Pyr receptors at equilibrium; the range is the published 95 % interval",
        occupancy,
        rests_on=DRUG,
        note="the factor from recombinant to tissue IC50 was set on it and on V4c",
    ),
    Claim(
        "V4c",
        "10 uM ketamine shuts 80 +- 2 % of NMDA current of cortical neurons",
        "mealing1999",
        "CAL",
        "bath, Pyr receptors at equilibrium, 1 mM Mg (that of the record was not read); the spread is taken "
        "for an SE, which kind it is was not read",
        partial(ten_micromolar, drug="ketamine", left=0.80),
        rests_on=DRUG,
        note="the factor from recombinant to tissue IC50 was set on it and on V4b",
    ),
    Claim(
        "V4m",
        "10 uM memantine shuts 81 +- 2 % of NMDA current of cortical neurons",
        "mealing1999",
        "PRED",
        "as V4c; memantine takes ketamine's factor from recombinant to tissue IC50, unfitted",
        partial(ten_micromolar, drug="memantine", left=0.81),
        rests_on=DRUG,
        note="the factor was set on ketamine alone; IC50 of memantine are recalled",
    ),
    Claim(
        "V5",
        "HNK at 1 uM blocks less than 2 % with 1 mM Mg",
        "abbott_popescu2020",
        "STRUCT",
        "bath, every class and subunit, recombinant receptors; the IC50 comes from the same paper",
        weak_hnk,
        rests_on=DRUG,
        no_effect="it says that there is hardly any",
    ),
    Claim(
        "V6",
        "Untreated cells fire at 1.53 +- 0.13 (Pyr), 7.93 +- 0.49 (PV), 5.27 +- 1.19 (SST), 12.64 +- 3.57 "
        "Hz "
        "(VIP)",
        "v1_functional",
        "CAL",
        "healthy circuit, no drug, 20 s; the record is of awake mouse visual cortex at rest; irregularity "
        "is "
        "shown, for no range of it was read",
        baseline,
        "surge",
        lambda place: place["null"] == MODEL,
        CIRCUIT,
        note="rates were set by calibration of the background, CVs were not",
        no_effect=UNTREATED,
        undrawn="not drawn: every drawn circuit is calibrated to rates of its own",
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
        "V31",
        "PV cells get less NMDA charge than Pyr cells do, and less than VIP cells",
        "mierau2016",
        "STRUCT",
        "recurrent contacts at -60 mV, NMDA over AMPA charge; the sheet holds these charges, so that it is "
        "true by construction",
        charge_order,
        rests_on=DRUG,
        note="PV under Pyr was read in visual cortex (current ratio 0.63 +- 0.08 against 0.92 +- 0.05), VIP "
        "over PV as words about cells of their lineages in hippocampus",
        no_effect=UNTREATED,
    ),
    Claim(
        "V32",
        "A day after one dose the density of synapses, as a tracer of SV2A sees it, is as before, while "
        "behaviour recovers",
        "holmes2022",
        "PRED",
        "human, 0.5 mg/kg i.v. over 40 min, spines for synapses; sizes were not read, within 10 % counts as "
        "no measurable change, a judgement",
        synapses_in_man,
        "human_dose",
        lambda place: place["memory"] == "none" and place["dose"] in (0.0, DOSE),
        CASCADE,
        no_effect="it says that there is hardly any",
    ),
    Claim(
        "V17a",
        "At rest, in Mg, memantine blocks fewer NMDA receptors than as much ketamine",
        "gideons2014",
        "CTRL",
        "bath of 3 uM, receptors of Pyr cells at equilibrium",
        memantine_block,
        rests_on=DRUG,
        note="only the sign was read",
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
        undrawn=SLOW_SCHEME,
    ),
]
