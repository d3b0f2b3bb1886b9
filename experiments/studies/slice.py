"""In a slice, what does ketamine in the bath do to the spontaneous currents of pyramidal cells?

Healthy circuit in the declared slice state (little background), 0 to 100 uM; currents of Pyr cells in voltage clamp, events of
the circuit and of the background apart.  Beside the model the nulls of site, and the same circuit awake.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from experiments.acute import CONCENTRATIONS_UM, LOOK_S, SETTLE_S, observe
from experiments.figures import drawing
from experiments.nulls import AWAKE
from experiments.protocol import Protocol
from experiments.slice_answers import answer
from experiments.study import NO_DRUG, Options, Run, Study, leave_inhibitors, leave_to, planned, variant, with_each_site


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x null x seed.  Raises StudyError for inhibitors and for switches that the study sets."""
    leave_to(STUDY.name, options, "site", "baseline", "state")
    leave_inhibitors(STUDY.name, options, NO_DRUG)
    return planned(STUDY.name, options, _points(options), observe)


def _points(options: Options) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    seconds = len(CONCENTRATIONS_UM) * (SETTLE_S + LOOK_S)
    own = {"species": "rat", "doses": (), "protocol": Protocol((), 0.0, rest=seconds), "spikes": False}
    yield from with_each_site(options, own, baseline="healthy", state="slice")
    awake = variant(options, {"baseline": "healthy"})
    if awake is not None:
        yield {"null": AWAKE}, own | {"hypotheses": awake}


STUDY = Study(
    name="slice",
    question=(__doc__ or "").strip().splitlines()[0],
    axes={"sheet": "", "null": ""},
    plan=plan,
    answer=answer,
    draw=drawing("slice"),
)

if __name__ == "__main__":
    from experiments.command import study_main

    study_main(STUDY)
