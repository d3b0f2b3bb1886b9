"""While MK-801 is taken up, which cells fall and which rise, and who is first?

Healthy circuit, an hour, binding scheme with trapping (a drug this slow has no equilibrium to speak of);
every cell against its own rate before.  0.1 mg/kg i.p. makes 0.21 uM in all of a mouse brain (PMC6806415);
what of it is free is not known: a third is assumed, a tenth and all of it are shown, and the nulls of site
run at a third.  It comes as fast as ketamine does after an injection, for no disposition of MK-801 was read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.answer import Answer, table
from prelimbic.experiments.readouts.cells import FREE_UM, crossing
from prelimbic.experiments.readouts.columns import names
from prelimbic.experiments.readouts.inert import at_chance
from prelimbic.experiments.readouts.nulls import LABELS, MODEL
from prelimbic.experiments.readouts.seeds import Spread, spread, spread_of_those
from prelimbic.experiments.sweep.reads import AWAKE_NULLS, Reads
from prelimbic.experiments.sweep.study import Options, Run, Study, asked_in, planned, with_each_site
from prelimbic.parameters import POPULATIONS
from prelimbic.pharmacology import Bath
from prelimbic.simulation.observers.cells import ABSORBED, CHANCE, observe
from prelimbic.simulation.protocol import Protocol

if TYPE_CHECKING:
    import xarray as xr

DRUG, SHOWN_UM = "mk801", (0.02, 0.2)  # beside FREE_UM
MINUTES = (1.0, 2.5, *(float(m) for m in range(5, 65, 5)))


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x null x seed.  Raises StudyError for what it sets itself or does not
    read.
    """
    STUDY.accept(options)
    hours = tuple(m / 60.0 for m in MINUTES)
    own = {
        "species": "rat",
        "doses": (),
        "drugs": (ABSORBED,),
        "protocol": Protocol((0.0, *hours), 1.0),
        "spikes": False,
    }
    points = [
        (place | {"free": uM}, asked | {"bath": Bath(((DRUG, uM),), 0.0)})
        for place, asked in with_each_site(options, own, baseline="healthy", selectivity="use_dependent")
        for uM in (FREE_UM, *(SHOWN_UM if place["null"] == MODEL else ()))
    ]
    return planned(STUDY.name, options, points, observe)


def answer(dataset: xr.Dataset) -> Answer:
    """Shares of cells that rise and fall, by class and null; and a sentence a sheet."""
    rows, said = [], []
    ways = [(p, way) for p in POPULATIONS for way in ("down", "up")]
    for sheet in names(dataset, "sheet"):
        for null in names(dataset, "null"):
            for free in dataset["free"].values:
                cell = dataset.sel(sheet=sheet, null=null, free=free)
                if np.isfinite(cell["share_up"]).all():
                    shares = [_share(cell, way, p) for p, way in ways]
                    rows.append(((sheet, LABELS[null], float(free)), shares))
        said.append(_sentence(dataset.sel(sheet=sheet, null=MODEL, free=FREE_UM), sheet))
    title = (
        "cells that fire less or more after an hour in so much free MK-801, % of their class, mean ± SD "
        "over seeds"
    )
    shown = table(title, ("sheet", "control model", "uM"), rows, [f"{p} {way}" for p, way in ways])
    return Answer((shown,), "\n".join(said))


def _sentence(cell: xr.Dataset, sheet: str) -> str:
    begun = {p: spread_of_those(crossing(cell, p)) for p in ("PV", "Pyr")}
    words = {p: f"after {found} min" if found else "never" for p, found in begun.items()}
    return (
        f"Sheet {sheet}: after an hour in {FREE_UM:g} uM free MK-801 {_share(cell, 'down', 'PV')} % of PV "
        f"cells fire less and {_share(cell, 'up', 'Pyr')} % of Pyr cells more (p < 0.05); PV cells begin to "
        f"fall {words['PV']}, Pyr cells to rise {words['Pyr']}."
    )


def _share(cell: xr.Dataset, way: str, population: str) -> Spread:
    return spread(100.0 * cell[f"share_{way}"].sel(population=population).values)


STUDY = Study(
    name="mk801",
    question=asked_in(__doc__),
    axes={"sheet": "", "null": "", "free": "uM"},
    plan=plan,
    answer=answer,
    draw=drawing("mk801"),
    reads=Reads(
        sets=AWAKE_NULLS | {"selectivity": "to use_dependent, for a drug this slow has no equilibrium"},
        lacks="MK-801 acts on NMDA receptors alone, and nothing slow moves in an hour",
    ),
    inert=at_chance(share_up=CHANCE, share_down=CHANCE, z=0.0, mean_z=0.0),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
