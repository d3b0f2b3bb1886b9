"""Without which NMDA receptor subunit, in which class of cells, does a dose do nothing any more?

Mouse, healthy circuit, 10 and 25 mg/kg intraperitoneal at the peak; each deletion once on the background of
the whole circuit (an acute deletion) and once on a background that was calibrated after it (a developmental
one).
"""

from __future__ import annotations

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.inert import at_vehicle
from prelimbic.experiments.readouts.knockout_answers import answer
from prelimbic.experiments.sweep.reads import DRUG, HEALTHY, Reads
from prelimbic.experiments.sweep.study import Options, Run, Study, asked_in, peak_of, planned, variant
from prelimbic.parameters import POPULATIONS
from prelimbic.pharmacology import Dose
from prelimbic.simulation.hypotheses import AS_SHEETS
from prelimbic.simulation.observers.course import course
from prelimbic.simulation.observers.knockouts import observe

SPECIES, ROUTE, DOSES = "mouse", "ip", (10.0, 25.0)
WHOLE = "none"
GABA = POPULATIONS[1:]
DELETED: dict[str, tuple[str, ...]] = {
    WHOLE: (),
    "2B_SST": ("delete-GluN2B@SST",),
    "2B_PV": ("delete-GluN2B@PV",),
    "2B_GABA": tuple(f"delete-GluN2B@{p}" for p in GABA),
    "2B_Pyr": ("delete-GluN2B@Pyr",),
    "2A_PV": ("delete-GluN2A@PV",),
    "2D_all": tuple(f"delete-GluN2D@{p}" for p in POPULATIONS),
}


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x deletion x seed.  Raises StudyError for what it sets itself or does
    not read.
    """
    STUDY.accept(options)
    asked, peak = variant(options, {"baseline": "healthy"}) or AS_SHEETS, peak_of(options, SPECIES, ROUTE)
    own = {
        "species": SPECIES,
        "doses": tuple(Dose(d, ROUTE) for d in DOSES),
        "hypotheses": asked,
        "spikes": False,
        "protocol": course((peak,), peak, longer=2.0),
    }
    return planned(
        STUDY.name,
        options,
        [({"deleted": name}, own | {"manipulations": done}) for name, done in DELETED.items()],
        observe,
    )


STUDY = Study(
    name="knockouts",
    question=asked_in(__doc__),
    axes={"sheet": "", "deleted": ""},
    plan=plan,
    answer=answer,
    draw=drawing("knockouts"),
    reads=Reads(
        (*DRUG, "hnk"), (), sets=HEALTHY | {"manipulate": "to each deletion in turn"}, calibrates=True
    ),
    inert=at_vehicle(given=0.0),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
