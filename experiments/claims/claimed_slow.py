"""Claims about the slow layer: each reads the stored runs of one study.

Where a link is the cascade's only way, that blocking it abolishes the effect is true by construction
(STRUCT).
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from prelimbic.experiments.claims.bench import Bench, Needs
from prelimbic.experiments.claims.claim import (
    ABOLISHED,
    ANY,
    CASCADE,
    DOWN,
    UP,
    Claim,
    Measure,
    against_record,
    places,
    ratio,
    share_of,
    shown,
)
from prelimbic.experiments.readouts.columns import ablated, against, at, value

HYPOTHESIS = "hypotheses.hypotheses."
SIGNS = "only signs were read"
VISIBLE = (
    "meant to be held out, and nothing was set by it; but it could be seen while other numbers of the "
    "cascade were set"
)


def ablations(arm: str, *inhibitors: str) -> Needs:
    """The drug and vehicle in one arm under inhibitors and none."""
    return places(arm=arm, inhibitor=("none", *inhibitors))


def stressed(*groups: str) -> Needs:
    """Groups of study stress beside control and stress, by the rule that is not branch-specific."""
    return places(rule="activity", group=("control", "stress", *groups))


def _drug(bench: Bench, animal: str) -> tuple[xr.Dataset, xr.Dataset]:
    """10 mg/kg and vehicle in study cascade."""
    cell = bench.dataset.sel(species=animal)
    return cell.sel(dose=10.0), cell.sel(dose=0.0)


def inhibition_and_growth(bench: Bench) -> list[Measure]:
    """V15."""
    cell = bench.dataset.sel(arm="surge")
    drug, none = cell.sel(drug="ro25_6981"), cell.sel(drug="none")
    gaba, rate = (against(at(name, "peak"), drug, none) for name in ("gaba_conductance", "sipsc_rate"))
    grown = against(at("spines", "24 h"), drug, none)
    return [
        Measure("GABA conductance on Pyr against none", "%", gaba, *UP),
        Measure("spines at 24 h against none", "%", grown, *UP),
        shown("sIPSC rate against none", "%", rate),
    ]


def memantine_share(bench: Bench) -> list[Measure]:
    """V17: BDNF that memantine makes by eEF2K over that of as much ketamine."""
    cell = bench.dataset.sel(arm="eef2k")
    rise = {
        drug: against(value("peak_bdnf"), cell.sel(drug=drug), cell.sel(drug="none"))
        for drug in ("ketamine", "memantine")
    }
    share = share_of(rise["memantine"], rise["ketamine"])
    return [Measure("rise of BDNF, memantine over ketamine", "1", share, -ANY, 1.0)]


LEFT = {
    "bdnf": ("BDNF at 1.5 h", "1.5 h"),
    "mtorc1": ("mTORC1 at 1 h", "1 h"),
    "spines": ("spines at 24 h", "24 h"),
}


def _left(bench: Bench, inhibitors: tuple[str, ...], *names: str) -> list[Measure]:
    """What inhibitors leave of effects of the surge arm, and these effects: nothing is left of none."""
    cell, found = bench.dataset, []
    for name in names:
        label, readout = LEFT[name]
        without = ablated(cell, "surge", "none", name, readout)
        for inhibitor in inhibitors:
            left = ratio(bench, ablated(cell, "surge", inhibitor, name, readout), without)
            found.append(Measure(f"effect on {label} left under {inhibitor}", "1", left, *ABOLISHED))
        found.append(Measure(f"{label} against vehicle, nothing inhibited", "%", without, *UP))
    return found


def ampa_needed(bench: Bench) -> list[Measure]:
    """V18."""
    return _left(bench, ("ampa_antagonist",), *LEFT)


def abolished(bench: Bench) -> list[Measure]:
    """V24: by which inhibitors spines do not grow."""
    return _left(bench, ("anti_bdnf", "trkb_inhibitor", "rapamycin_icv"), "spines")


def rheb_alone(bench: Bench) -> list[Measure]:
    """V24r."""
    cell = bench.dataset
    grown = [
        ablated(cell, "nitrergic", "none", name, readout)
        for name, readout in (("mtorc1", "1 h"), ("spines", "24 h"))
    ]
    return [
        Measure("mTORC1 at 1 h against vehicle, by Rheb alone", "%", grown[0], 0.0, ANY),
        Measure("spines at 24 h against vehicle, by Rheb alone", "%", grown[1], 0.0, ANY),
    ]


def bdnf_course(bench: Bench) -> list[Measure]:
    """V19."""
    drug, vehicle = _drug(bench, "rat")
    early = [Measure(f"BDNF at {r} over rest", "1", at("bdnf", r)(drug), 1.0, ANY) for r in ("0.5 h", "4 h")]
    grown = against(at("spines", "24 h"), drug, vehicle)
    return [
        *early,
        Measure("BDNF at 24 h over rest", "1", at("bdnf", "24 h")(drug), 0.95, 1.05),
        Measure("spines at 24 h against vehicle", "%", grown, *UP),
        shown("its highest value over rest", "1", value("peak_bdnf")(drug)),
    ]


def mtorc1_course(bench: Bench) -> list[Measure]:
    """V20."""
    drug, _ = _drug(bench, "rat")
    return [
        Measure("mTORC1 is highest at", "h", value("peak_mtorc1_time")(drug), 0.25, 1.0),
        Measure("mTORC1 at 1 h over rest", "1", at("mtorc1", "1 h")(drug), 1.0, ANY),
        Measure("mTORC1 at 2 h over rest", "1", at("mtorc1", "2 h")(drug), 0.85, 1.15),
        shown("its highest value over rest", "1", value("peak_mtorc1")(drug)),
    ]


def mtorc1_dose(bench: Bench) -> list[Measure]:
    """V20d."""
    cell = bench.dataset.sel(memory="none")
    rise = {d: against(at("mtorc1", "1 h"), cell.sel(dose=d), cell.sel(dose=0.0)) for d in (10.0, 80.0)}
    return [
        Measure("mTORC1 at 1 h after 10 mg/kg against vehicle", "%", rise[10.0], *UP),
        Measure("that after 10 less that after 80 mg/kg", "points", rise[10.0] - rise[80.0], *UP),
        shown("mTORC1 at 1 h after 80 mg/kg against vehicle", "%", rise[80.0]),
    ]


def protein_course(bench: Bench) -> list[Measure]:
    """V21."""
    drug, _ = _drug(bench, "rat")
    return [
        Measure(f"synaptic protein at {r} over rest", "1", at("protein", r)(drug), 1.0, ANY)
        for r in ("2 h", "72 h")
    ]


def formation_onset(bench: Bench) -> list[Measure]:
    """V22: published differences of ketamine and control, each field against itself before."""
    drug, vehicle = _drug(bench, "mouse")
    born = at("imaged_formation", "3 d")
    grown = {r: against(at("spines", r), drug, vehicle) for r in ("6 h", "24 h", "3 d")}
    return [
        Measure("spines at 6 h against vehicle", "%", grown["6 h"], -1.0, 1.0),
        against_record("spines at 24 h against vehicle", "%", grown["24 h"], 4.8, 3.3, nothing=0.0),
        against_record(
            "formation before day 3, ketamine over vehicle", "1", born(drug) / born(vehicle), 1.24, 0.16
        ),
        against_record("spines at 3 d against vehicle", "%", grown["3 d"], 10.2, 5.8),
    ]


def elimination_and_duration(bench: Bench) -> list[Measure]:
    """V22e: published differences, as above."""
    drug, vehicle = _drug(bench, "mouse")
    gone = {
        r: at("imaged_elimination", r)(drug) - at("imaged_elimination", r)(vehicle) for r in ("24 h", "3 d")
    }
    grown = {r: against(at("spines", r), drug, vehicle) for r in ("10 d", "15 d")}
    name = "elimination by {}, ketamine minus vehicle"
    return [
        against_record(name.format("day 1"), "% of spines", gone["24 h"], 2.4, 2.6),
        against_record(name.format("day 3"), "% of spines", gone["3 d"], 11.1, 3.6),
        against_record("spines at 10 d against vehicle", "%", grown["10 d"], 20.9, 8.6),
        against_record("spines at 15 d against vehicle", "%", grown["15 d"], 1.9, 8.2),
    ]


def _stressed(bench: Bench, group: str, readout: str) -> np.ndarray:
    return at("spines", readout)(bench.dataset.sel(rule="activity", group=group))


def stress_deficit(bench: Bench) -> list[Measure]:
    """V23."""
    lost = 100.0 * (_stressed(bench, "stress", "rest") / _stressed(bench, "control", "rest") - 1.0)
    return [Measure("spines after three weeks of stress against control", "%", lost, *DOWN)]


def rescue(bench: Bench) -> list[Measure]:
    """V23r: what of the deficit a dose takes away, against no dose."""
    return [
        Measure("share of the deficit that one dose takes away in 24 h", "1", _regained(bench, ""), 0.5, ANY)
    ]


def prevented(bench: Bench) -> list[Measure]:
    """V23s: there must be a rescue that could be prevented."""
    under, without = (_regained(bench, given) for given in (", rapamycin", ""))
    return [
        Measure("share of the deficit that the dose takes away under rapamycin", "1", under, -0.1, 0.1),
        Measure("share of the deficit that the dose takes away without", "1", without, *UP),
    ]


def _regained(bench: Bench, given: str) -> np.ndarray:
    without = _stressed(bench, f"stress{given}", "24 h")
    return (_stressed(bench, f"stress, ketamine{given}", "24 h") - without) / (
        _stressed(bench, "control", "24 h") - without
    )


SLOW_CLAIMS = [
    Claim(
        "V15",
        "GluN2B-selective block (Ro 25-6981) raises inhibition of Pyr cells, and makes synapses",
        "recalled, unchecked: Widman and McMahon 2018; Li et al. 2011",
        "CTRL",
        "bath of 1 uM for 2 h, circuit after spine loss, then a day; surge arm",
        inhibition_and_growth,
        "blockers",
        places(arm="surge"),
        note=SIGNS,
    ),
    Claim(
        "V17",
        "At rest, in Mg, memantine does less by eEF2K than as much ketamine",
        "gideons2014",
        "CTRL",
        "bath of 3 uM for 2 h, eEF2K arm alone; what Emnett 2013 found, that they cannot be told apart, is "
        "the other side: both at once cannot hold",
        memantine_share,
        "blockers",
        places(arm="eef2k"),
        (*CASCADE, f"{HYPOTHESIS}eef2_gain"),
        note=SIGNS,
    ),
    Claim(
        "V18",
        "An AMPA antagonist abolishes what ketamine does to BDNF, mTORC1 and spines",
        "li2010",
        "STRUCT",
        "rat, 10 mg/kg i.p., surge arm; by construction AMPA drive is its only input; that a block of 30 "
        "% is enough is not",
        ampa_needed,
        "ablation_grid",
        ablations("surge", "ampa_antagonist"),
    ),
    Claim(
        "V19",
        "BDNF is up from 30 to 240 min and normal at 24 h, when the outcome is still there",
        "recalled, unchecked: Autry et al. 2011; Haile et al. 2014",
        "CAL",
        "rat, 10 mg/kg i.p.",
        bdnf_course,
        "cascade",
        places(species="rat"),
        note="release and loss of BDNF were set on it; the size, recalled as 1.3-1.6 fold, could be read "
        "nowhere "
        "and is shown",
    ),
    Claim(
        "V20",
        "mTORC1 is up at an hour, highest at 15-60 min, and back by 2 h",
        "recalled, unchecked: Li et al. 2010",
        "CAL",
        "rat, 10 mg/kg i.p.",
        mtorc1_course,
        "cascade",
        places(species="rat"),
        note="time constants of TrkB and mTORC1 and the strength of the feedback were set on it; the size, "
        "recalled as 1.5-2.5 fold, could not be read and is shown; after a slow infusion another record has "
        "it on at 2 and 6 h",
    ),
    Claim(
        "V20d",
        "mTORC1 at 1 h rises after 10 mg/kg, and less after 80",
        "recalled, unchecked: Li et al. 2010",
        "CAL",
        "rat i.p., no memory; the hour of the record was not read",
        mtorc1_dose,
        "growth_dose",
        places(memory="none", dose=(0.0, 10.0, 80.0)),
        note=VISIBLE,
    ),
    Claim(
        "V21",
        "Synaptic protein is up from 2 to 72 h",
        "recalled, unchecked: Li et al. 2010",
        "CAL",
        "rat, 10 mg/kg i.p.",
        protein_course,
        "cascade",
        places(species="rat"),
        note="making and loss of synaptic protein were set on it; the size, recalled as 1.5-2 fold, could "
        "not be "
        "read",
    ),
    Claim(
        "V22",
        "Spines do not change in the first 6 h; on day 1 there are 4.8 +- 3.3 % more and on day 3 10.2 +- "
        "5.8 %, "
        "formation being 1.24 +- 0.16 fold",
        "phoumthipphavong2016",
        "CAL",
        "mouse, 10 mg/kg i.p.; differences of ketamine and control, every field against itself before; "
        "onset "
        "after Moda-Sava et al. 2019",
        formation_onset,
        "cascade",
        places(species="mouse"),
        note="the gain of formation was set on it, when its formation was read across groups as a doubling",
    ),
    Claim(
        "V22e",
        "Elimination is as before on day 1 and 11.1 +- 3.6 % higher on day 3; spines are 20.9 +- 8.6 % "
        "more on "
        "day 10 and as control (1.9 +- 8.2) on day 15",
        "phoumthipphavong2016",
        "CAL",
        "mouse, 10 mg/kg i.p.; differences of ketamine and control, every field against itself before",
        elimination_and_duration,
        "cascade",
        places(species="mouse"),
        note=VISIBLE,
    ),
    Claim(
        "V23",
        "Three weeks of stress take spines",
        "recalled, unchecked: Li et al. 2011",
        "CAL",
        "rat, healthy circuit",
        stress_deficit,
        "stress",
        stressed(),
        note="what stress adds to loss and takes from protein was set on it; the size, recalled as 20-40 "
        "%, could "
        "not be read",
        no_effect="it is about stress, and no drug is given",
    ),
    Claim(
        "V23r",
        "One dose takes the deficit away within a day",
        "li2011",
        "CAL",
        "rat, 10 mg/kg i.p.; at least half counts as away, a judgement",
        rescue,
        "stress",
        stressed("stress, ketamine"),
        note=VISIBLE,
    ),
    Claim(
        "V23s",
        "Rapamycin prevents the rescue by one dose",
        "li2011",
        "STRUCT",
        "rat, 10 mg/kg i.p., rapamycin into the ventricle",
        prevented,
        "stress",
        stressed("stress, ketamine", "stress, rapamycin", "stress, ketamine, rapamycin"),
    ),
    Claim(
        "V24",
        "Anti-BDNF, TrkB block and rapamycin each abolish the growth of spines",
        "lepack2014",
        "STRUCT",
        "rat, 10 mg/kg i.p., surge arm",
        abolished,
        "ablation_grid",
        ablations("surge", "anti_bdnf", "trkb_inhibitor", "rapamycin_icv"),
    ),
    Claim(
        "V24r",
        "Rheb that is no longer degraded raises mTORC1 and makes synapses without any surge",
        "harraz2016",
        "STRUCT",
        "rat, 10 mg/kg i.p., nitrergic arm alone; the sign is by construction, its size is not",
        rheb_alone,
        "ablation_grid",
        ablations("nitrergic"),
        (*CASCADE, f"{HYPOTHESIS}siah1_share"),
    ),
]
