"""Which arm from NMDA block to spines survives which inhibitor?

Rat, 10 mg/kg intraperitoneal, every arm on its own and all together, under every inhibitor, each against
vehicle in the same arm under the same inhibitor; spines a day later. What an arm needs follows from its own
equations: most of the grid is true by construction, and is shown as such.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.answer import Answer, table
from prelimbic.experiments.readouts.columns import ablated, names
from prelimbic.experiments.readouts.inert import at_vehicle
from prelimbic.experiments.readouts.seeds import change, is_clear, spread
from prelimbic.experiments.sweep.reads import days
from prelimbic.experiments.sweep.study import Options, Run, Study, asked_in, day_after, planned, variant
from prelimbic.parameters import INHIBITORS
from prelimbic.pharmacology import Dose
from prelimbic.simulation.inhibition import Inhibition

if TYPE_CHECKING:
    import xarray as xr

SPECIES, ROUTE, DOSES = "rat", "ip", (0.0, 10.0)
READOUTS = ("rest", "peak", "0-2 h", "1 h", "1.5 h", "2 h", "4 h", "24 h")
SILENT = {"surge": "off", "eef2k": "off", "nitrergic": "off", "hnk": "off", "trkb": "off"}
ARMS: dict[str, dict[str, str]] = {
    "surge": SILENT | {"surge": "on"},
    "eef2k": SILENT | {"eef2k": "on"},
    "nitrergic": SILENT | {"nitrergic": "on"},
    "hnk": SILENT | {"hnk": "release", "surge": "on", "site": "off"},
    "trkb": SILENT | {"trkb": "on"},
    "all": {"surge": "on", "eef2k": "on", "nitrergic": "on", "hnk": "release", "trkb": "on"},
}
# name -> what is given; each long enough before the dose to be there when the drug is
GIVEN: dict[str, tuple[Inhibition, ...]] = {
    "none": (),
    "ampa_10%": (Inhibition("ampa_antagonist", -0.25, 0.26),),
} | {
    name: (
        Inhibition(name, -2.0 if name == "rapamycin_po" else -0.5 if name != "ampa_antagonist" else -0.25),
    )
    for name in INHIBITORS
}


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x arm x inhibitor x dose x seed: every arm has a vehicle of its own."""
    STUDY.accept(options)
    protocol = replace(day_after(options, SPECIES, ROUTE), readouts=READOUTS)
    arms = {
        arm: asked for arm, switches in ARMS.items() if (asked := variant(options, switches)) is not None
    }
    points = [
        (
            {"arm": arm, "inhibitor": name, "dose": d},
            {
                "species": SPECIES,
                "doses": (Dose(d, ROUTE),),
                "hypotheses": asked,
                "protocol": replace(protocol, inhibitions=(*protocol.inhibitions, *inhibitions)),
            },
        )
        for arm, asked in arms.items()
        for name, inhibitions in GIVEN.items()
        for d in DOSES
    ]
    return planned(STUDY.name, options, points)


GROWN = "spines per Pyr cell at 24 h"


def answer(dataset: xr.Dataset) -> Answer:
    """Spines a day after the dose under every inhibitor, arm by arm."""
    arms, given, tables, said = names(dataset, "arm"), names(dataset, "inhibitor"), [], []
    for sheet in names(dataset, "sheet"):
        found = {(a, g): ablated(dataset.sel(sheet=sheet), a, g) for a in arms for g in given}
        tables.append(
            table(
                f"sheet {sheet}: {GROWN} after 10 mg/kg i.p., rat, against vehicle in the same arm, under "
                "the same inhibitor, %",
                ("inhibitor",),
                [((g,), [spread(found[a, g]) for a in arms]) for g in given],
                arms,
            )
        )
        for arm in arms:
            kept = [g for g in given if g != "none" and is_clear(found[arm, g]) and found[arm, g].mean() > 0]
            told = f"{change(found[arm, 'none'], GROWN)}; what survives: {', '.join(kept) or 'under none'}"
            said.append(f"Sheet {sheet}, arm {arm}: 10 mg/kg i.p. in rat {told}.")
    return Answer(tuple(tables), "\n".join(said))


STUDY = Study(
    name="ablation_grid",
    question=asked_in(__doc__),
    axes={"sheet": "", "arm": "", "inhibitor": "", "dose": "mg/kg"},
    plan=plan,
    answer=answer,
    draw=drawing("ablation_grid"),
    reads=days(
        sets=dict.fromkeys(("site", "surge", "eef2k", "nitrergic", "hnk", "trkb"), "to each arm in turn")
    ),
    inert=at_vehicle(dose=0.0),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
