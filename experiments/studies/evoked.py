"""How much calcium do trains of volleys evoke in the dendrites of pyramidal cells, untreated and at the peak
of a dose?

Mouse, healthy circuit, 10 mg/kg intraperitoneal; 1 to 64 volleys at 40 Hz to the dendrites' afferents; nulls
of site beside it.
"""

from __future__ import annotations

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.evoked_answers import answer
from prelimbic.experiments.readouts.inert import at_vehicle
from prelimbic.experiments.sweep.reads import AWAKE_NULLS, Reads
from prelimbic.experiments.sweep.study import Options, Run, Study, asked_in, peak_of, planned, with_each_site
from prelimbic.pharmacology import Dose
from prelimbic.simulation.observers.course import course
from prelimbic.simulation.observers.evoked import observe

SPECIES, ROUTE, DOSE = "mouse", "ip", 10.0


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x null x seed.  Raises StudyError for what it sets itself or does not
    read.
    """
    STUDY.accept(options)
    peak = peak_of(options, SPECIES, ROUTE)
    own = {
        "species": SPECIES,
        "doses": (Dose(DOSE, ROUTE),),
        "protocol": course((peak,), peak, rest=130.0),
        "spikes": False,
    }
    return planned(STUDY.name, options, with_each_site(options, own, baseline="healthy"), observe)


STUDY = Study(
    name="evoked",
    question=asked_in(__doc__),
    axes={"sheet": "", "null": ""},
    plan=plan,
    answer=answer,
    draw=drawing("evoked"),
    reads=Reads(("selectivity", "hcn", "hnk"), sets=AWAKE_NULLS),
    inert=at_vehicle(given=0.0),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
