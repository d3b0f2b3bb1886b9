"""A day after a dose, does a mouse without GluN2B in its pyramidal cells have more spines, as others have?

Mouse, 10 mg/kg intraperitoneal against vehicle in the same circuit; GluN2B deleted at once, so that the
circuit begins at the rest of one that lacks it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.answer import Answer, table
from prelimbic.experiments.readouts.columns import against, at, names
from prelimbic.experiments.readouts.inert import at_vehicle
from prelimbic.experiments.readouts.knockouts import WHOLE
from prelimbic.experiments.readouts.seeds import change, spread
from prelimbic.experiments.sweep.reads import days
from prelimbic.experiments.sweep.study import (
    Options,
    Run,
    Study,
    asked_in,
    day_after,
    planned,
    readouts_only,
    variant,
)
from prelimbic.pharmacology import Dose
from prelimbic.simulation.hypotheses import AS_SHEETS

if TYPE_CHECKING:
    import xarray as xr

SPECIES, ROUTE, DOSES = "mouse", "ip", (0.0, 10.0)
READOUTS = ("rest", "peak", "0-2 h", "2 h", "4 h", "24 h")
DELETED: dict[str, tuple[str, ...]] = {WHOLE: (), "2B_Pyr": ("delete-GluN2B@Pyr",)}


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x deletion x dose x seed."""
    STUDY.accept(options)
    own = {
        "species": SPECIES,
        "hypotheses": variant(options, {"baseline": "healthy"}) or AS_SHEETS,
        "protocol": replace(day_after(options, SPECIES, ROUTE), readouts=READOUTS),
    }
    points = [
        ({"deleted": name, "dose": d}, own | {"manipulations": done, "doses": (Dose(d, ROUTE),)})
        for name, done in DELETED.items()
        for d in DOSES
    ]
    return planned(STUDY.name, options, points, readouts_only)


def answer(dataset: xr.Dataset) -> Answer:
    """Spines a day later by deletion; and a sentence a sheet."""
    rows, said = [], []
    for sheet in names(dataset, "sheet"):
        parts = []
        for name in names(dataset, "deleted"):
            cell = dataset.sel(sheet=sheet, deleted=name)
            dose, vehicle = cell.sel(dose=DOSES[1]), cell.sel(dose=DOSES[0])
            glutamate, grown = (
                against(at(v, r), dose, vehicle)
                for v, r in (("glutamate_release", "0-2 h"), ("spines", "24 h"))
            )
            rows.append(((sheet, name), [spread(glutamate), spread(grown)]))
            told = "the whole circuit" if name == WHOLE else f"one without {name}"
            parts.append(f"in {told} it {change(grown, 'spines')}")
        said.append(f"Sheet {sheet}, mouse, a day after {DOSES[1]:g} mg/kg i.p.: {'; '.join(parts)}.")
    title = f"{DOSES[1]:g} mg/kg i.p., mouse, against vehicle in the same circuit, %, mean ± SD over seeds"
    heads = ("glutamate, 0-2 h", "spines 24 h")
    return Answer((table(title, ("sheet", "deleted"), rows, heads),), "\n".join(said))


STUDY = Study(
    name="occlusion",
    question=asked_in(__doc__),
    axes={"sheet": "", "deleted": "", "dose": "mg/kg"},
    plan=plan,
    answer=answer,
    draw=drawing("deletions", "draw_growth"),
    reads=days(
        sets={"baseline": "to healthy", "manipulate": "to whole and to a deletion"},
        options=("inhibit",),
    ),
    inert=at_vehicle(dose=0.0),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
