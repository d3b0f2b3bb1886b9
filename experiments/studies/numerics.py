"""How much of what a run reports comes from step, precision, delays, size and length of looks, and not from
the model?

One thing is changed at a time; wiring and noise stay those of the seed wherever the change allows it.
"""

from __future__ import annotations

from dataclasses import replace

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.inert import at_vehicle
from prelimbic.experiments.sweep.reads import NUMERICS, days
from prelimbic.experiments.sweep.study import Options, Run, Study, asked_in, day_after
from prelimbic.parameters import COMPOUNDS, circuit_sheet
from prelimbic.pharmacology import Dose
from prelimbic.simulation.observers.numerics import (
    BATH_UM,
    DOSE_MG_KG,
    LARGEST_LOOPED,
    answer,
    measure,
    possible,
    varied,
)

SPECIES = "rat"


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x variant x seed; the largest circuits first, since they take longest."""
    STUDY.accept(options)
    protocol = day_after(options, SPECIES, "ip")
    return [
        Run(
            {"sheet": circuit_sheet(sheet).name, "variant": variant, "seed": seed},
            varied(
                options.config(
                    STUDY.name, sheet, seed, species=SPECIES, doses=(), protocol=protocol, drugs=COMPOUNDS
                ),
                variant,
            ),
            measure,
        )
        for variant in reversed(possible(options.scale))
        for seed in range(1, options.seeds + 1)
        for sheet in options.sheets
    ]


STUDY = Study(
    name="numerics",
    question=asked_in(__doc__),
    axes={"sheet": "", "variant": ""},
    plan=plan,
    answer=answer,
    draw=drawing("numerics"),
    reads=replace(
        days(
            options=("inhibit", "manipulate"),
            lacks="it stores rates and spines alone",
            sets=dict.fromkeys(NUMERICS, "to each in turn"),
        ),
        slow_to=LARGEST_LOOPED,
        baths={"ketamine": BATH_UM},
        doses=(Dose(DOSE_MG_KG, "ip"),),
    ),
    inert=at_vehicle(condition="vehicle"),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
