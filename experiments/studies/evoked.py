"""How much calcium do trains of volleys evoke in the dendrites of pyramidal cells, untreated and at the peak
of a dose?

Mouse, healthy circuit, 10 mg/kg intraperitoneal; 1 to 64 volleys at 40 Hz to the dendrites' afferents; nulls
of site beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.answer import Answer, table
from prelimbic.experiments.readouts.columns import names
from prelimbic.experiments.readouts.evoked import by_train, of_trains
from prelimbic.experiments.readouts.inert import at_vehicle
from prelimbic.experiments.readouts.nulls import LABELS, MODEL
from prelimbic.experiments.readouts.seeds import change, spread
from prelimbic.experiments.sweep.reads import AWAKE_NULLS, Reads
from prelimbic.experiments.sweep.study import Options, Run, Study, asked_in, peak_of, planned, with_each_site
from prelimbic.pharmacology import Dose
from prelimbic.simulation.observers.course import course
from prelimbic.simulation.observers.evoked import observe

if TYPE_CHECKING:
    import xarray as xr

SPECIES, ROUTE, DOSE = "mouse", "ip", 10.0


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x null x seed.  Raises StudyError for what it sets itself or does not
    read.
    """
    STUDY.accept(options)
    peak = peak_of(options, SPECIES, ROUTE)
    own = {
        "species": SPECIES,
        "doses": (Dose(DOSE, ROUTE),),
        "protocol": course((peak,), peak, rest=130.0),
        "spikes": False,
    }
    return planned(STUDY.name, options, with_each_site(options, own, baseline="healthy"), observe)


def answer(dataset: xr.Dataset) -> Answer:
    """Change by length of train and null; and a sentence a sheet."""
    rows, said = [], []
    for sheet in names(dataset, "sheet"):
        for null in names(dataset, "null"):
            found = by_train(dataset.sel(sheet=sheet, null=null))
            rows.append(((sheet, LABELS[null]), [spread(column) for column in found.T]))
        cell = dataset.sel(sheet=sheet, null=MODEL)
        said.append(
            f"Sheet {sheet}, mouse, 10 mg/kg i.p.: it "
            f"{change(of_trains(cell, True), 'what 1 or 2 volleys evoke')} and "
            f"{change(of_trains(cell, False), 'what 4 and more evoke')}."
        )
    title = (
        "dendritic Ca per Pyr cell evoked by trains of so many volleys, change at the peak of 10 mg/kg "
        "i.p., mouse, %"
    )
    shown = table(title, ("sheet", "control model"), rows, [f"{p:g}" for p in dataset["pulses"].values])
    return Answer((shown,), "\n".join(said))


STUDY = Study(
    name="evoked",
    question=asked_in(__doc__),
    axes={"sheet": "", "null": ""},
    plan=plan,
    answer=answer,
    draw=drawing("evoked"),
    reads=Reads(("selectivity", "affinity", "hcn", "hnk"), sets=AWAKE_NULLS),
    inert=at_vehicle(given=0.0),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
