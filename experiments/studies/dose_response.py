"""Given this dose of ketamine, what does the microcircuit do, and how many synapses are there a day later?

Rat, intraperitoneal, 0 to 100 mg/kg; the same wiring, background and looks for every dose of a seed, so
doses are compared in pairs.  Nothing in the model says that the circuit is disinhibited: the drug shuts NMDA
conductance.
"""

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.inert import at_vehicle
from prelimbic.experiments.readouts.summary import answer
from prelimbic.experiments.sweep.reads import DAYS
from prelimbic.experiments.sweep.study import Options, Run, Study, asked_in, day_after, planned
from prelimbic.pharmacology import Dose

SPECIES, ROUTE = "rat", "ip"
DOSES = (0.0, 1.0, 3.0, 10.0, 30.0, 100.0)  # mg/kg


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x dose x seed."""
    STUDY.accept(options)
    protocol = day_after(options, SPECIES, ROUTE)
    points = [
        ({"dose": d}, {"species": SPECIES, "doses": (Dose(d, ROUTE),), "protocol": protocol}) for d in DOSES
    ]
    return planned(STUDY.name, options, points)


STUDY = Study(
    name="dose_response",
    question=asked_in(__doc__),
    axes={"sheet": "", "dose": "mg/kg"},
    plan=plan,
    answer=answer,
    draw=drawing("dose_response"),
    reads=DAYS,
    inert=at_vehicle(dose=0.0),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
