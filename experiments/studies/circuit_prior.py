"""How general is the answer: of all circuits that the numbers allow, how many show the surge, and how many
the inverted U?

Point neurons; circuit k has every uncertain number drawn from its range with seed k, background rates of its
own, and wiring k.  In baths of ketamine, awake and as a slice.
"""

from __future__ import annotations

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.inert import at_vehicle
from prelimbic.experiments.readouts.prior_answers import answer
from prelimbic.experiments.sweep.reads import Reads
from prelimbic.experiments.sweep.study import Options, Run, Study, asked_in, resting_runs
from prelimbic.parameters import PRIOR
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.observers.prior import WORK_S, examine


def plan(options: Options) -> list[Run]:
    """Every prior asked for x circuit.  Raises StudyError for switches and manipulations: the circuits vary
    by their numbers.
    """
    STUDY.accept(options)
    return resting_runs(
        STUDY.name,
        options,
        Hypotheses(baseline="healthy"),
        WORK_S,
        examine,
        drugs=("ketamine",),
        ranges=True,
    )


STUDY = Study(
    name="circuit_prior",
    question=asked_in(__doc__),
    axes={"sheet": ""},
    plan=plan,
    answer=answer,
    draw=drawing("circuit_prior"),
    sheet=PRIOR,
    seeds=320,
    reads=Reads(
        options=(),
        sets={"baseline": "to healthy"},
        lacks="its circuits differ in their numbers alone",
        baths={"ketamine": 3.0},
        calibrates=True,
        drawn=True,
    ),
    inert=at_vehicle(concentration=0.0, slice_concentration=0.0),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
