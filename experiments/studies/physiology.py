"""Does each piece of the circuit do what its numbers say, and how near is it to what was recorded?

Every cell class, projection, receptor and drug in the rig, one at a time, with the background off: no drug
effect on a running circuit is asked here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.sweep.reads import Reads
from prelimbic.experiments.sweep.study import Options, Run, Study, StudyError, asked_in, resting_runs
from prelimbic.parameters import BLOCKERS
from prelimbic.simulation.config import Config
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.observers.physiology import answer, examine
from prelimbic.simulation.variable import Groups

WORK_S = 120.0  # biological seconds that an examination takes, roughly; for the progress bar


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x seed, as the sheet rests: baselines are conditions of a running
    circuit.

    Raises StudyError for what the rig cannot show.
    """
    STUDY.accept(options)
    if any(text.startswith("silence") for text in options.manipulations):
        raise StudyError("physiology cannot silence a population: its protocols make single cells spike")
    return resting_runs(STUDY.name, options, Hypotheses(baseline="healthy"), WORK_S, compute, drugs=BLOCKERS)


def compute(config: Config, compiled: bool, tell: Callable[[float], None]) -> Groups:
    """Examine one wiring."""
    found = examine(config, int(np.random.SeedSequence(config.seed).generate_state(1)[0]), compiled)
    tell(WORK_S)
    return {"summary": found}


STUDY = Study(
    name="physiology",
    question=asked_in(__doc__),
    axes={"sheet": ""},
    plan=plan,
    answer=answer,
    draw=drawing("physiology"),
    figures=("firing", "potentials", "trains", "dendrite", "magnesium", "trapping", "coupling", "block"),
    reads=Reads(
        sets={"baseline": "to healthy"},
        baths=dict.fromkeys(BLOCKERS, 1.0),
        lacks="no circuit runs there, so no drug acts on one",
        quiet=True,
    ),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
