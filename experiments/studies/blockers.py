"""Do other NMDA blockers at the same free concentration do to circuit and spines what ketamine does?

A bath of two hours: ketamine and memantine alike, and the GluN2B-selective Ro 25-6981; by the surge, or by
eEF2K at rest.
"""

from __future__ import annotations

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.inert import at_vehicle
from prelimbic.experiments.readouts.slow_answers import blockers_answer
from prelimbic.experiments.sweep.reads import days
from prelimbic.experiments.sweep.study import Options, Run, Study, asked_in, planned, variant
from prelimbic.pharmacology import Bath
from prelimbic.simulation.protocol import given, one_day

BATH_H = 2.0
DRUGS: dict[str, float] = {"none": 0.0, "ketamine": 3.0, "memantine": 3.0, "ro25_6981": 1.0}  # uM
ARMS = {"surge": {"surge": "on", "eef2k": "off"}, "eef2k": {"surge": "off", "eef2k": "on"}}


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x arm x drug x seed."""
    STUDY.accept(options)
    protocol = given(one_day(0.25), options.inhibitions)
    points = [
        (
            {"arm": arm, "drug": drug},
            {
                "species": "rat",
                "doses": (),
                "protocol": protocol,
                "hypotheses": asked,
                "bath": Bath(((drug, uM),), 0.0, BATH_H) if drug != "none" else None,
            },
        )
        for arm, switches in ARMS.items()
        if (asked := variant(options, switches)) is not None
        for drug, uM in DRUGS.items()
    ]
    return planned(STUDY.name, options, points)


STUDY = Study(
    name="blockers",
    question=asked_in(__doc__),
    axes={"sheet": "", "arm": "", "drug": ""},
    plan=plan,
    answer=blockers_answer,
    draw=drawing("blockers"),
    reads=days(
        "hnk", sets=dict.fromkeys(("surge", "eef2k"), "one after the other"), lacks="its baths hold no HNK"
    ),
    inert=at_vehicle(drug="none"),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
