"""Given this dose of ketamine, what does the microcircuit do, and how many synapses are there a day later?

Rat, intraperitoneal, 0 to 100 mg/kg; the same wiring, background and looks for every dose of a seed, so doses are
compared in pairs.  Nothing in the model says that the circuit is disinhibited: the drug shuts NMDA conductance.
"""

from experiments.figures.dose_response import draw
from experiments.study import Options, Run, Study, day_after
from experiments.summary import answer
from parameters import circuit_sheet
from pharmacology import Dose

SPECIES, ROUTE = "rat", "ip"
DOSES = (0.0, 1.0, 3.0, 10.0, 30.0, 100.0)  # mg/kg


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x dose x seed."""
    protocol = day_after(options, SPECIES, ROUTE)
    return [
        Run(
            {"sheet": circuit_sheet(sheet).name, "dose": dose, "seed": seed},
            options.config(
                STUDY.name, sheet, seed, species=SPECIES, doses=(Dose(dose, ROUTE),), protocol=protocol, spikes=options.spikes
            ),
        )
        for seed in range(1, options.seeds + 1)
        for sheet in options.sheets
        for dose in DOSES
    ]  # fmt: skip


STUDY = Study(
    name="dose_response",
    question=(__doc__ or "").strip().splitlines()[0],
    axes={"sheet": "", "dose": "mg/kg"},
    plan=plan,
    answer=answer,
    draw=draw,
)

if __name__ == "__main__":
    from experiments.command import study_main

    study_main(STUDY)
