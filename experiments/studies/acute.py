"""At a constant concentration of ketamine, which cells fire more and which less, and what reaches the
pyramidal cells?

One circuit in one bath after the other, nothing slow moving.  For comparing circuits, manipulations and
hypotheses.
"""

from __future__ import annotations

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.inert import at_vehicle
from prelimbic.experiments.sweep.reads import CIRCUIT, DRUG, Reads
from prelimbic.experiments.sweep.study import Options, Run, Study, asked_in, resting_runs
from prelimbic.simulation.observers.acute import CONCENTRATIONS_UM, LOOK_S, SETTLE_S, answer, observe


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x seed."""
    STUDY.accept(options)
    return resting_runs(
        STUDY.name,
        options,
        options.hypotheses,
        len(CONCENTRATIONS_UM) * (SETTLE_S + LOOK_S),
        observe,
        drugs=("ketamine",),
    )


STUDY = Study(
    name="acute",
    question=asked_in(__doc__),
    axes={"sheet": ""},
    plan=plan,
    answer=answer,
    draw=drawing("acute"),
    reads=Reads(
        (*DRUG, *CIRCUIT),
        baths={"ketamine": 3.0},
        lacks="its baths of ketamine meet nothing slow and no HNK",
    ),
    inert=at_vehicle(concentration=0.0),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
