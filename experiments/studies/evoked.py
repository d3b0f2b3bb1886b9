"""How much calcium do trains of volleys evoke in the dendrites of pyramidal cells, untreated and at the peak of a dose?

Mouse, healthy circuit, 10 mg/kg intraperitoneal; 1 to 64 volleys at 40 Hz to the dendrites' afferents; nulls of site beside it.
"""

from __future__ import annotations

from experiments.course import course
from experiments.evoked import observe
from experiments.evoked_answers import answer
from experiments.figures import drawing
from experiments.inert import at_vehicle
from experiments.reads import AWAKE_NULLS, Reads
from experiments.study import Options, Run, Study, peak_of, planned, with_each_site
from pharmacology import Dose

SPECIES, ROUTE, DOSE = "mouse", "ip", 10.0


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x null x seed.  Raises StudyError for what it sets itself or does not read."""
    STUDY.accept(options)
    peak = peak_of(options, SPECIES, ROUTE)
    own = {"species": SPECIES, "doses": (Dose(DOSE, ROUTE),), "protocol": course((peak,), peak, rest=130.0), "spikes": False}
    return planned(STUDY.name, options, with_each_site(options, own, baseline="healthy"), observe)


STUDY = Study(
    name="evoked",
    question=(__doc__ or "").strip().splitlines()[0],
    axes={"sheet": "", "null": ""},
    plan=plan,
    answer=answer,
    draw=drawing("evoked"),
    reads=Reads(("selectivity", "hcn", "hnk"), sets=AWAKE_NULLS),
    inert=at_vehicle(given=0.0),
)

if __name__ == "__main__":
    from experiments.command import study_main

    study_main(STUDY)
