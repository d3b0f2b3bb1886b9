"""Do other NMDA blockers at the same free concentration do to circuit and spines what ketamine does?

A bath of two hours: ketamine and memantine alike, and the GluN2B-selective Ro 25-6981; by the surge, or by
eEF2K at rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.answer import Answer, table
from prelimbic.experiments.readouts.blockers import BATH_H, BLOCKED, DRUGS
from prelimbic.experiments.readouts.columns import against, names
from prelimbic.experiments.readouts.inert import at_vehicle
from prelimbic.experiments.readouts.seeds import change, spread
from prelimbic.experiments.sweep.reads import days
from prelimbic.experiments.sweep.study import Options, Run, Study, asked_in, planned, variant
from prelimbic.pharmacology import Bath
from prelimbic.simulation.protocol import given, one_day

if TYPE_CHECKING:
    import xarray as xr

ARMS = {"surge": {"surge": "on", "eef2k": "off"}, "eef2k": {"surge": "off", "eef2k": "on"}}


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x arm x drug x seed."""
    STUDY.accept(options)
    protocol = given(one_day(0.25), options.inhibitions)
    points = [
        (
            {"arm": arm, "drug": drug},
            {
                "species": "rat",
                "doses": (),
                "protocol": protocol,
                "hypotheses": asked,
                "bath": Bath(((drug, uM),), 0.0, BATH_H) if drug != "none" else None,
            },
        )
        for arm, switches in ARMS.items()
        if (asked := variant(options, switches)) is not None
        for drug, uM in DRUGS.items()
    ]
    return planned(STUDY.name, options, points)


def answer(dataset: xr.Dataset) -> Answer:
    """What each drug does to circuit and spines, against none, by either arm."""
    tables, said = [], []
    drugs = [drug for drug in names(dataset, "drug") if drug != "none"]
    for sheet in names(dataset, "sheet"):
        rows = []
        for arm in names(dataset, "arm"):
            here = dataset.sel(sheet=sheet, arm=arm)
            for drug in drugs:
                found = [against(c, here.sel(drug=drug), here.sel(drug="none")) for c in BLOCKED.values()]
                rows.append(((arm, f"{drug} {DRUGS[drug]:g} uM"), [spread(v) for v in found]))
                said.append(
                    f"Sheet {sheet}, rat, arm {arm}: {DRUGS[drug]:g} uM {drug} "
                    f"{change(found[1], 'inhibition of Pyr cells')} and "
                    f"{change(found[-1], 'spines per Pyr cell')} a day later."
                )
        bath = f"sheet {sheet}, rat: a bath of {BATH_H:g} h against none, %"
        title = f"{bath}; conductances and spines per Pyr cell"
        tables.append(table(title, ("arm", "drug"), rows, tuple(BLOCKED)))
    return Answer(tuple(tables), "\n".join(said))


STUDY = Study(
    name="blockers",
    question=asked_in(__doc__),
    axes={"sheet": "", "arm": "", "drug": ""},
    plan=plan,
    answer=answer,
    draw=drawing("blockers"),
    reads=days(
        "hnk", sets=dict.fromkeys(("surge", "eef2k"), "one after the other"), lacks="its baths hold no HNK"
    ),
    inert=at_vehicle(drug="none"),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
