"""In slices cut an hour after a dose, are there more spontaneous currents, and does that need GluN2D?

Mouse, healthy circuit in the declared slice state under what is left of 25 mg/kg intraperitoneal after an
hour, whole and without GluN2D in every class; currents of Pyr cells in voltage clamp, events of the circuit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.answer import Answer, table
from prelimbic.experiments.readouts.columns import names
from prelimbic.experiments.readouts.inert import at_vehicle
from prelimbic.experiments.readouts.knockouts import READOUTS, WHOLE, effect
from prelimbic.experiments.readouts.seeds import change, spread_of_all
from prelimbic.experiments.sweep.reads import DRUG, HEALTHY, Reads
from prelimbic.experiments.sweep.study import Options, Run, Study, asked_in, peak_of, planned, variant
from prelimbic.parameters import POPULATIONS
from prelimbic.pharmacology import Dose
from prelimbic.simulation.hypotheses import AS_SHEETS
from prelimbic.simulation.observers.course import course, observe

if TYPE_CHECKING:
    import xarray as xr

SPECIES, DOSE, HOUR = "mouse", Dose(25.0, "ip"), 1.0
DELETED: dict[str, tuple[str, ...]] = {
    WHOLE: (),
    "2D_all": tuple(f"delete-GluN2D@{p}" for p in POPULATIONS),
}


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x deletion x seed.  Raises StudyError for what it sets itself or does
    not read.
    """
    STUDY.accept(options)
    peak = peak_of(options, SPECIES, DOSE.route)
    own = {
        "species": SPECIES,
        "doses": (DOSE,),
        "hypotheses": variant(options, {"baseline": "healthy", "state": "slice"}) or AS_SHEETS,
        "spikes": False,
        "protocol": course((peak, HOUR), peak, longer=4.0),
    }
    points = [({"deleted": name}, own | {"manipulations": done}) for name, done in DELETED.items()]
    return planned(STUDY.name, options, points, observe)


def answer(dataset: xr.Dataset) -> Answer:
    """What the dose does to firing and currents by deletion; and a sentence a sheet."""
    rows, said = [], []
    shown = {name: READOUTS[name] for name in ("Pyr Hz", "sEPSC Hz")}
    for sheet in names(dataset, "sheet"):
        here, parts = dataset.sel(sheet=sheet).isel(hour=[-1]), []
        for name in names(here, "deleted"):
            found = [effect(here.sel(deleted=name), DOSE.amount, *readout) for readout in shown.values()]
            rows.append(((sheet, name), [spread_of_all(values) for values in found]))
            told = "the whole circuit" if name == WHOLE else f"one without {name}"
            parts.append(f"in {told} it {change(found[-1], 'the rate of sEPSCs')}")
        said.append(
            f"Sheet {sheet}, mouse, slice an hour after {DOSE.amount:g} mg/kg i.p.: {'; '.join(parts)}."
        )
    given = f"slice an hour after {DOSE.amount:g} mg/kg i.p., mouse"
    title = f"{given}: change against no drug, %, mean ± SD over seeds"
    return Answer((table(title, ("sheet", "deleted"), rows, tuple(shown), missing="none"),), "\n".join(said))


STUDY = Study(
    name="ex_vivo",
    question=asked_in(__doc__),
    axes={"sheet": "", "deleted": ""},
    plan=plan,
    answer=answer,
    draw=drawing("deletions"),
    reads=Reads(
        (*DRUG, "hnk"),
        (),
        sets=HEALTHY | {"state": "to slice", "manipulate": "to whole and to a deletion"},
    ),
    inert=at_vehicle(given=0.0),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
