"""Without which NMDA receptor subunit, in which class of cells, does a dose do nothing any more?

Mouse, healthy circuit, 10 and 25 mg/kg intraperitoneal at the peak; each deletion once on the background of
the whole circuit (an acute deletion) and once on a background that was calibrated after it (a developmental
one).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.answer import Answer, table
from prelimbic.experiments.readouts.columns import names
from prelimbic.experiments.readouts.inert import at_vehicle
from prelimbic.experiments.readouts.knockouts import READOUTS, WHOLE, by_itself, effect
from prelimbic.experiments.readouts.seeds import change, spread_of_those
from prelimbic.experiments.sweep.reads import DRUG, HEALTHY, Reads
from prelimbic.experiments.sweep.study import Options, Run, Study, asked_in, peak_of, planned, variant
from prelimbic.parameters import POPULATIONS
from prelimbic.pharmacology import Dose
from prelimbic.simulation.hypotheses import AS_SHEETS
from prelimbic.simulation.observers.course import course
from prelimbic.simulation.observers.knockouts import observe

if TYPE_CHECKING:
    import xarray as xr

SPECIES, ROUTE, DOSES = "mouse", "ip", (10.0, 25.0)
GABA = POPULATIONS[1:]
DELETED: dict[str, tuple[str, ...]] = {
    WHOLE: (),
    "2B_SST": ("delete-GluN2B@SST",),
    "2B_PV": ("delete-GluN2B@PV",),
    "2B_GABA": tuple(f"delete-GluN2B@{p}" for p in GABA),
    "2B_Pyr": ("delete-GluN2B@Pyr",),
    "2A_PV": ("delete-GluN2A@PV",),
    "2D_all": tuple(f"delete-GluN2D@{p}" for p in POPULATIONS),
}


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x deletion x seed.  Raises StudyError for what it sets itself or does
    not read.
    """
    STUDY.accept(options)
    asked, peak = variant(options, {"baseline": "healthy"}) or AS_SHEETS, peak_of(options, SPECIES, ROUTE)
    own = {
        "species": SPECIES,
        "doses": tuple(Dose(d, ROUTE) for d in DOSES),
        "hypotheses": asked,
        "spikes": False,
        "protocol": course((peak,), peak, longer=2.0),
    }
    return planned(
        STUDY.name,
        options,
        [({"deleted": name}, own | {"manipulations": done}) for name, done in DELETED.items()],
        observe,
    )


def answer(dataset: xr.Dataset) -> Answer:
    """Effects of the drug and of the deletion itself, by deletion and background; and a sentence a sheet."""
    tables, said = [], []
    dose = float(dataset["given"].values[1])
    deletions = names(dataset, "deleted")
    for sheet in names(dataset, "sheet"):
        here, rows = dataset.sel(sheet=sheet), []
        for background in names(here, "background"):
            for name in deletions:
                cell, whole = (here.sel(background=background, deleted=d) for d in (name, WHOLE))
                found = [by_itself(cell, whole, *READOUTS["Pyr Hz"])]
                found += [effect(cell, dose, *readout) for readout in READOUTS.values()]
                rows.append(((name, background), [spread_of_those(values) for values in found]))
        tables.append(
            table(
                f"sheet {sheet}: a deletion by itself (Pyr Hz against whole), then {dose:g} mg/kg i.p., "
                "mouse, %",
                ("deleted", "background"),
                rows,
                ("deletion alone", *READOUTS),
                missing="no such circuit",
            )
        )
        inherited = here.sel(background="inherited")
        lost = {d: effect(inherited.sel(deleted=d), dose, *READOUTS["glutamate"]) for d in deletions}
        parts = [f"without {d} it {change(v, 'glutamate')}" for d, v in lost.items() if d != WHOLE]
        said.append(f"Sheet {sheet}, mouse, {dose:g} mg/kg i.p., background inherited: {'; '.join(parts)}.")
    return Answer(tuple(tables), "\n".join(said))


STUDY = Study(
    name="knockouts",
    question=asked_in(__doc__),
    axes={"sheet": "", "deleted": ""},
    plan=plan,
    answer=answer,
    draw=drawing("knockouts"),
    reads=Reads(
        (*DRUG, "hnk"), (), sets=HEALTHY | {"manipulate": "to each deletion in turn"}, calibrates=True
    ),
    inert=at_vehicle(given=0.0),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
