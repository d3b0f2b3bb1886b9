"""What does a human infusion do to the circuit, the cascade and spines, and what sets the size of it?

0 to 1 mg/kg over 40 min, once as the model is, and once for each assumed memory.
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

DOSES, INFUSION_H = (0.0, 0.1, 0.2, 0.5, 1.0), 40.0 / 60.0


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x memory x dose x seed."""
    STUDY.accept(options)
    protocol = looks_after(options, "human", Dose(1.0, "iv", 0.0, INFUSION_H), READOUTS)
    doses = {d: Dose(d, "iv", 0.0, INFUSION_H) for d in DOSES}
    return planned(STUDY.name, options, with_each_memory(options, "human", doses, protocol))


def answer(dataset: xr.Dataset) -> Answer:
    """Dose against mTORC1 and spines, for each memory."""
    return growth(dataset, "human, i.v. over 40 min")


STUDY = Study(
    name="human_dose",
    question=asked_in(__doc__),
    axes={"sheet": "", "memory": "", "dose": "mg/kg"},
    plan=plan,
    answer=answer,
    draw=drawing("growth_dose", "draw_human"),
    reads=days(sets={"memory": "to each in turn"}, more=("hnk_exposure",)),
    inert=at_vehicle(dose=0.0),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
