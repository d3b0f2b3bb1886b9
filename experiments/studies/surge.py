"""After a dose in rat, what do glutamate release, SST cells, dendrites and field rhythms do in the first 100
minutes, and which class of cells must the drug reach?

Healthy circuit, 2.5 to 200 mg/kg intraperitoneal; beside the model the nulls: block on one class only, the
same block in every class, shuffled labels, and the peak concentration held instead of a course.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.inert import at_vehicle
from prelimbic.experiments.readouts.nulls import CONSTANT
from prelimbic.experiments.readouts.surge_answers import answer
from prelimbic.experiments.sweep.reads import AWAKE_NULLS, Reads
from prelimbic.experiments.sweep.study import Options, Run, Study, peak_of, planned, variant, with_each_site
from prelimbic.pharmacology import Dose
from prelimbic.simulation.observers.course import course, observe

SPECIES, ROUTE = "rat", "ip"
DOSES = (2.5, 5.0, 10.0, 20.0, 30.0, 50.0, 100.0, 200.0)  # mg/kg
HOURS = (5 / 60, 0.5, 0.75, 1.0, 80 / 60, 100 / 60)  # and the peak
HELD_LONGER = 4.0  # a look at a held concentration stands for the whole course


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x null x seed.  Raises StudyError for what it sets itself or does not
    read.
    """
    STUDY.accept(options)
    return planned(STUDY.name, options, _points(options), observe)


def _points(options: Options) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    peak = peak_of(options, SPECIES, ROUTE)
    own = {"species": SPECIES, "doses": tuple(Dose(d, ROUTE) for d in DOSES), "spikes": False}
    hours = tuple(sorted((*HOURS, peak)))
    yield from with_each_site(options, own | {"protocol": course(hours, peak)}, baseline="healthy")
    held = variant(options, {"baseline": "healthy"})
    if held is not None:
        yield (
            {"null": CONSTANT},
            own | {"hypotheses": held, "protocol": course(hours, peak, longer=HELD_LONGER, held=True)},
        )


STUDY = Study(
    name="surge",
    question=" ".join((__doc__ or "").split("\n\n")[0].split()),
    axes={"sheet": "", "null": ""},
    plan=plan,
    answer=answer,
    draw=drawing("surge"),
    reads=Reads(("selectivity", "hcn", "hnk"), sets=AWAKE_NULLS),
    inert=at_vehicle(given=0.0),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
