"""While MK-801 is taken up, which cells fall and which rise, and who is first?

Healthy circuit, an hour in a bath, binding scheme with trapping (a drug this slow has no equilibrium to speak of); every cell
against its own rate before.  0.1 mg/kg i.p. makes 0.21 uM in all of a mouse brain (PMC6806415); what of it is free is not
known: a third is assumed, a tenth and all of it are shown, and the nulls of site run at a third.
"""

from __future__ import annotations

from experiments.cells import observe
from experiments.cells_answers import answer
from experiments.figures import drawing
from experiments.nulls import MODEL
from experiments.protocol import Protocol
from experiments.study import Options, Run, Study, leave_inhibitors, leave_to, planned, with_each_site
from pharmacology import Bath

DRUG, FREE_UM, SHOWN_UM = "mk801", 0.06, (0.02, 0.2)
MINUTES = (1.0, 2.5, *(float(m) for m in range(5, 65, 5)))


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x null x seed.  Raises StudyError for inhibitors and for switches that the study sets."""
    leave_to(STUDY.name, options, "site", "baseline", "state", "selectivity")
    leave_inhibitors(STUDY.name, options, "lasts an hour and takes no --inhibit")
    hours = tuple(m / 60.0 for m in MINUTES)
    own = {"species": "rat", "doses": (), "protocol": Protocol((0.0, *hours), 1.0), "spikes": False}
    points = [
        (place | {"free": uM}, asked | {"bath": Bath(((DRUG, uM),), 0.0)})
        for place, asked in with_each_site(options, own, baseline="healthy", selectivity="use_dependent")
        for uM in (FREE_UM, *(SHOWN_UM if place["null"] == MODEL else ()))
    ]
    return planned(STUDY.name, options, points, observe)


STUDY = Study(
    name="mk801",
    question=(__doc__ or "").strip().splitlines()[0],
    axes={"sheet": "", "null": "", "free": "uM"},
    plan=plan,
    answer=answer,
    draw=drawing("mk801"),
)

if __name__ == "__main__":
    from experiments.command import study_main

    study_main(STUDY)
