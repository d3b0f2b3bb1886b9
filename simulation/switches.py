"""The competing hypotheses, as data: every switch with its options, what each means and who holds it.

The first option is the default: what the receptors of the sheets and the path from AMPA to spines do by
themselves.
"""

SWITCHES: dict[str, dict[str, str]] = {
    "site": {
        "all": "wherever there are NMDA receptors (default)",
        "gaba_any": "GABAergic cells only: disinhibition (Homayoun and Moghaddam 2007)",
        "pv": "PV cells only (Homayoun and Moghaddam 2007 saw fast-spiking cells fall first)",
        "sst": "SST cells only (Ali et al. 2020; Gerhard et al. 2020)",
        "vip": "VIP cells only: a control model, nobody's hypothesis",
        "pyr_direct": "Pyr cells only: direct action (Miller et al. 2014)",
        "uniform": "every class has the block of Pyr cells: a control model",
        "shuffled": "every class has the block of another, which by seed: a control model",
        "off": "no NMDA block: what remains is not carried by NMDA receptors",
    },
    "selectivity": {
        "subunit": "equilibrium block, one affinity a GluN2 subunit (default; Kotermanski and Johnson 2009, "
        "recalled)",
        "none": "equilibrium block, all subunits alike (IC50 of the Pyr mixture): a control model",
        "use_dependent": "four-state trapping scheme driven by the circuit's own gating (Mealing et al. "
        "1999)",
        "affinity_scaled": "subunit block, higher affinity on GABAergic cells (assumed by Susin and "
        "Destexhe 2023)",
    },
    "affinity": {
        "tissue": "as receptors of tissue have them: one factor for all channel blockers, fitted on "
        "occupancy and on shutdown, and one Hill slope (default)",
        "recombinant": "IC50 and Hill slope as they stand in the sheet, of recombinant receptors",
    },
    "hcn": {
        "nmda": "NMDA receptors only (default)",
        "nmda_hcn1": "ketamine shuts HCN1 channels too (Chen et al. 2009)",
        "hcn1": "HCN1 channels only (Bojak et al. 2013: an EEG shift without NMDA receptors)",
    },
    "baseline": {
        "spine_loss": "a quarter of Pyr->Pyr contacts lost (chronic stress, Li et al. 2011) (default)",
        "healthy": "as the sheet rests",
        "sst_loss": "SST conductances and apical tonic inhibition x 0.6 (Yao et al. 2022)",
        "both": "spine_loss and sst_loss together",
    },
    "state": {
        "awake": "the background that the sheet was calibrated with (default)",
        "slice": "a slice: low background (sheet hypotheses, slice_background); currents are those of "
        "voltage clamp in any state",
    },
    "surge": {
        "on": "AMPA drive above a threshold opens L-type channels and releases BDNF (default; Lepack et al. "
        "2014)",
        "off": "it does not: what remains is carried by the arms below",
    },
    "eef2k": {
        "off": "no such arm (default)",
        "on": "block of resting NMDA receptors lets eEF2 be dephosphorylated and BDNF be made (Autry et al. "
        "2011)",
    },
    "nitrergic": {
        "off": "no such arm (default)",
        "on": "NMDA calcium, by nNOS, GAPDH and Siah1, degrades Rheb, which drives mTORC1 (Harraz et al. "
        "2016)",
    },
    "hnk": {
        "off": "hydroxynorketamine only blocks NMDA receptors, weakly (default)",
        "release": "it raises release at all Pyr terminals (Riggs et al. 2020; presynaptic)",
        "ampa_pyr": "it raises AMPA conductance of Pyr->Pyr contacts",
        "ampa_all": "it raises AMPA conductance everywhere, background included",
    },
    "hnk_exposure": {
        "hasan": "HNK in man as a chiral assay found it: much (default; Hasan 2021)",
        "kamp": "as curves of Kamp 2020 have it: a fraction of that; man only",
    },
    "trkb": {
        "off": "no such arm (default)",
        "on": "ketamine binds TrkB and makes it more sensitive to BDNF (Casarotto et al. 2021)",
    },
    "mtor": {
        "local": "mTORC1 of the cell gates its translation; what reaches the brain of rapamycin counts "
        "(default; Li et al. 2010)",
        "systemic": "mTORC1 outside the brain does; what blood holds of rapamycin counts",
        "absent": "ERK gates translation; mTORC1 follows but carries nothing (Autry et al. 2011, recalled, "
        "unchecked)",
    },
    "feedback": {
        "on": "p70S6K turns down what reaches mTORC1 (default)",
        "off": "it does not: a control model of the time course of mTORC1",
    },
    "memory": {
        "none": "nothing outlasts the wash-out but the chain itself (default)",
        "adaptation": "the threshold follows the drive within half an hour: an assumption, made for an "
        "inverted U in spines",
        "rate_latch": "mTORC1 is shut for half a day when Pyr firing fell below its baseline: an assumption "
        "made for the same",
        "nmda_latch": "the same, when NMDA conductance fell far: an assumption made for the same, "
        "fine-tuned",
    },
    "spine_rule": {
        "activity": "new spines form on any vacant site at a rate that follows synaptic protein (default)",
        "branch": "what forms above rest forms where spines were lost to stress (Moda-Sava et al. 2019)",
        "homeostatic": "formation follows synaptic elements, which grow where activity is below rest (Butz "
        "and van Ooyen 2013)",
    },
    "second_phase": {
        "off": "mTORC1 answers once (default)",
        "on": "it answers again a day later, without BDNF (Caffino et al. 2024; size a judgement)",
    },
    "onset": {
        "alike": "spines form ten hours after protein is made, in every animal (default)",
        "by_state": "within hours where stress took one, elsewhere only after days (Moda-Sava et al. 2019; "
        "Pryazhnikov et al. 2018)",
    },
}
DEFAULTS = {switch: next(iter(options)) for switch, options in SWITCHES.items()}
AFFINITIES = tuple(SWITCHES["affinity"])  # the default first
LATCH = {"latch_charging": "latch_charging", "latch_time": "latch_time"}
# switch -> option -> the arms of the cascade (parameters.Arms) that it moves from their default, and to
# what: a number, or the row of the sheet `hypotheses` that holds it
ARMS: dict[str, dict[str, dict[str, float | str]]] = {
    "surge": {"off": {"surge": 0.0}},
    "eef2k": {"on": {"eef2_gain": "eef2_gain"}},
    "nitrergic": {"on": {"siah1_share": "siah1_share"}},
    "mtor": {"absent": {"locus": 0.0}},
    "feedback": {"off": {"feedback": 0.0}},
    "memory": {
        "rate_latch": {**LATCH, "latch_least": "latch_rate_deficit"},
        "nmda_latch": {**LATCH, "latch_least": "latch_nmda_deficit"},
    },
    "spine_rule": {"homeostatic": {"elements_rate": "growth_rate", "elements_lowest": "growth_lowest"}},
    "second_phase": {"on": {name: name for name in ("second_gain", "second_delay", "second_stages")}},
    "onset": {"by_state": {"lost_rate": "lost_site_rate"}},
}
# switch -> option -> the other rows of the sheet `hypotheses` that it reads
ROWS: dict[str, dict[str, tuple[str, ...]]] = {
    "selectivity": {"affinity_scaled": ("interneuron_affinity",)},
    "hcn": dict.fromkeys(("nmda_hcn1", "hcn1"), ("hcn1_ic50",)),
    "baseline": dict.fromkeys(("sst_loss", "both"), ("sst_left",)),
    "state": {"slice": ("slice_background",)},
    "hnk": dict.fromkeys(("ampa_pyr", "ampa_all", "release"), ("hnk_gain", "hnk_ec50")),
    "trkb": {"on": ("trkb_gain", "trkb_ec50")},
    "memory": {"adaptation": ("adaptation_time",)},
    "onset": {"by_state": ("unstressed_delay",)},
}


def _rows(switch: str, option: str) -> tuple[str, ...]:
    arms = ARMS.get(switch, {}).get(option, {}).values()
    return (*ROWS.get(switch, {}).get(option, ()), *(size for size in arms if isinstance(size, str)))


# switch -> option -> the rows of the sheet `hypotheses` that it reads; an option at its default reads none
SIZES = {s: {o: rows for o in options if (rows := _rows(s, o))} for s, options in SWITCHES.items()}
PV_THALAMIC = (
    "thalamic_pv: NMDA receptors of PV cells mostly at long-range input is a structure, not a switch: "
    "`sheet` thalamic_pv"
)
LATCHES = ("rate_latch", "nmda_latch")
# Pairs of options that exclude each other, and why.
EXCLUSIVE = (
    (("mtor", ("absent",)), ("nitrergic", ("on",)), "Rheb acts through mTORC1, which then carries nothing"),
    (("mtor", ("absent",)), ("memory", LATCHES), "the latch acts on mTORC1, which then carries nothing"),
    (("mtor", ("absent",)), ("second_phase", ("on",)), "it is one of mTORC1, which then carries nothing"),
    (("surge", ("off",)), ("memory", ("adaptation",)), "there is no drive left that could adapt"),
    (("spine_rule", ("homeostatic",)), ("memory", LATCHES), "synaptic elements do not follow mTORC1"),
    (
        ("spine_rule", ("homeostatic",)),
        ("memory", ("adaptation",)),
        "synaptic elements do not follow the threshold",
    ),
    (("spine_rule", ("homeostatic",)), ("second_phase", ("on",)), "synaptic elements do not follow mTORC1"),
    (("spine_rule", ("homeostatic",)), ("onset", ("by_state",)), "synaptic elements do not follow protein"),
    (
        ("eef2k", ("on",)),
        ("site", ("gaba_any", "pv", "sst", "vip", "off")),
        "no resting receptor of a Pyr cell is blocked",
    ),
    (("hcn", ("hcn1",)), ("eef2k", ("on",)), "no NMDA receptor is blocked"),
)
