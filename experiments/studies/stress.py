"""What does chronic stress take, what comes back without a drug, and how many of the lost spines does one
dose bring back?

Rat, healthy circuit; three weeks of stress, then vehicle, 10 mg/kg intraperitoneal or that with rapamycin,
and two weeks more.
"""

from __future__ import annotations

from dataclasses import replace

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.inert import at_vehicle
from prelimbic.experiments.readouts.slow_answers import stress_answer
from prelimbic.experiments.sweep.reads import days
from prelimbic.experiments.sweep.study import Options, Run, Study, asked_in, peak_of, planned
from prelimbic.pharmacology import Dose
from prelimbic.simulation.inhibition import Inhibition
from prelimbic.simulation.protocol import given, weeks

SPECIES, ROUTE, DOSE = "rat", "ip", 10.0
STRESS_H = (-21 * 24.0, 0.0)
READOUTS = ("rest", "peak", "0-2 h", "1 h", "2 h", "4 h", "24 h", "72 h", "7 d", "14 d")
RULES = ("activity", "branch")
RAPAMYCIN = (Inhibition("rapamycin_icv", -0.5),)
# name -> (stressed, dose, inhibitors)
GROUPS: dict[str, tuple[bool, float, tuple[Inhibition, ...]]] = {
    "control": (False, 0.0, ()),
    "control, ketamine": (False, DOSE, ()),
    "stress": (True, 0.0, ()),
    "stress, ketamine": (True, DOSE, ()),
    "stress, ketamine, rapamycin": (True, DOSE, RAPAMYCIN),
    "stress, rapamycin": (True, 0.0, RAPAMYCIN),
}

# group -> the same without the dose
WITHOUT = {
    name: next(n for n, g in GROUPS.items() if g == (stressed, 0.0, given))
    for name, (stressed, _, given) in GROUPS.items()
}


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x rule of regrowth x group x seed; a control has no lost site, so one
    rule does for it.
    """
    STUDY.accept(options)
    peak = peak_of(options, SPECIES, ROUTE)
    protocol = given(weeks(peak, READOUTS, also=(STRESS_H[0] - 24.0,), stress=STRESS_H), options.inhibitions)
    healthy = replace(options.hypotheses, baseline="healthy")
    points = [
        (
            {"rule": rule, "group": group},
            {
                "species": SPECIES,
                "doses": (Dose(dose, ROUTE),),
                "hypotheses": replace(healthy, spine_rule=rule),
                "protocol": replace(
                    protocol,
                    stress=STRESS_H if stressed else None,
                    inhibitions=(*protocol.inhibitions, *inhibitions),
                ),
            },
        )
        for rule in RULES
        for group, (stressed, dose, inhibitions) in GROUPS.items()
        if stressed or rule == "activity"
    ]
    return planned(STUDY.name, options, points)


STUDY = Study(
    name="stress",
    question=asked_in(__doc__),
    axes={"sheet": "", "rule": "", "group": ""},
    plan=plan,
    answer=stress_answer,
    draw=drawing("stress"),
    reads=days(sets={"spine_rule": "to each in turn", "baseline": "to healthy, which stress then depletes"}),
    inert=at_vehicle(group=WITHOUT),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
