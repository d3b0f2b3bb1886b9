"""At a constant concentration of ketamine, which cells fire more and which less, and what reaches the pyramidal cells?

One circuit in one bath after the other, nothing slow moving.  For comparing circuits, manipulations and hypotheses.
"""

from __future__ import annotations

from experiments.acute import CONCENTRATIONS_UM, LOOK_S, SETTLE_S, answer, observe
from experiments.config import Config
from experiments.figures.acute import draw
from experiments.protocol import Protocol
from experiments.study import Options, Run, Study
from parameters import circuit_sheet


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x seed."""
    seconds = len(CONCENTRATIONS_UM) * (SETTLE_S + LOOK_S)
    return [
        Run(
            {"sheet": circuit_sheet(name).name, "seed": seed},
            Config(
                study=STUDY.name, circuit=name, species="rat", doses=(), scale=options.scale, seed=seed,
                protocol=Protocol((), 0.0, rest=seconds), overrides=options.overrides, hypotheses=options.hypotheses,
                manipulations=options.manipulations,
            ),
            observe,
        )
        for seed in range(1, options.seeds + 1)
        for name in options.sheets
    ]  # fmt: skip


STUDY = Study(
    name="acute",
    question=(__doc__ or "").strip().splitlines()[0],
    axes={"sheet": ""},
    plan=plan,
    answer=answer,
    draw=draw,
)

if __name__ == "__main__":
    from experiments.command import study_main

    study_main(STUDY)
