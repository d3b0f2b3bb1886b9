"""In a slice, what does ketamine in the bath do to the spontaneous currents of pyramidal cells?

Healthy circuit in the declared slice state (little background), 0 to 100 uM; currents of Pyr cells in
voltage clamp, events of the circuit and of the background apart.  Beside the model the nulls of site, and
the same circuit awake.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.inert import at_vehicle
from prelimbic.experiments.readouts.nulls import AWAKE
from prelimbic.experiments.readouts.slice_answers import answer
from prelimbic.experiments.sweep.reads import HEALTHY, NULLS, Reads
from prelimbic.experiments.sweep.study import Options, Run, Study, asked_in, planned, variant, with_each_site
from prelimbic.simulation.observers.acute import CONCENTRATIONS_UM, LOOK_S, SETTLE_S, observe
from prelimbic.simulation.protocol import Protocol


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x null x seed.  Raises StudyError for what it sets itself or does not
    read.
    """
    STUDY.accept(options)
    return planned(STUDY.name, options, _points(options), observe)


def _points(options: Options) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    seconds = len(CONCENTRATIONS_UM) * (SETTLE_S + LOOK_S)
    own = {
        "species": "rat",
        "doses": (),
        "protocol": Protocol((), 0.0, rest=seconds),
        "spikes": False,
        "drugs": ("ketamine",),
    }
    yield from with_each_site(options, own, baseline="healthy", state="slice")
    awake = variant(options, {"baseline": "healthy"})
    if awake is not None:
        yield {"null": AWAKE}, own | {"hypotheses": awake}


STUDY = Study(
    name="slice",
    question=asked_in(__doc__),
    axes={"sheet": "", "null": ""},
    plan=plan,
    answer=answer,
    draw=drawing("slice"),
    reads=Reads(
        ("selectivity", "hcn"),
        sets=NULLS | HEALTHY | {"state": "to slice, and to awake beside it"},
        lacks="its baths of ketamine meet nothing slow and no HNK",
        baths={"ketamine": 3.0},
    ),
    inert=at_vehicle(concentration=0.0),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
