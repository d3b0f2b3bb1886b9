"""At which doses do mTORC1 and spines rise, and does either turn round at a high dose?

Rat, intraperitoneal, 0 to 100 mg/kg, looked at after 1 h, 2 h, 24 h and 7 d; once as the model is, and once
for each assumed memory that might make the inverted U reach the spines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.answer import Answer
from prelimbic.experiments.readouts.growth import READOUTS, growth
from prelimbic.experiments.readouts.inert import at_vehicle
from prelimbic.experiments.sweep.reads import days
from prelimbic.experiments.sweep.study import (
    Options,
    Run,
    Study,
    asked_in,
    looks_after,
    planned,
    with_each_memory,
)
from prelimbic.pharmacology import Dose

if TYPE_CHECKING:
    import xarray as xr

SPECIES, ROUTE = "rat", "ip"
DOSES = (0.0, 1.0, 3.0, 10.0, 20.0, 30.0, 50.0, 80.0, 100.0)


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x memory x dose x seed."""
    STUDY.accept(options)
    protocol = looks_after(options, SPECIES, Dose(1.0, ROUTE), READOUTS)
    doses = {d: Dose(d, ROUTE) for d in DOSES}
    return planned(STUDY.name, options, with_each_memory(options, SPECIES, doses, protocol))


def answer(dataset: xr.Dataset) -> Answer:
    """Dose against mTORC1 and spines, for each memory."""
    return growth(dataset, "rat, i.p.")


STUDY = Study(
    name="growth_dose",
    question=asked_in(__doc__),
    axes={"sheet": "", "memory": "", "dose": "mg/kg"},
    plan=plan,
    answer=answer,
    draw=drawing("growth_dose"),
    reads=days(sets={"memory": "to each in turn"}),
    inert=at_vehicle(dose=0.0),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
