"""What does chronic stress take, what comes back without a drug, and how many of the lost spines does one
dose bring back?

Rat, healthy circuit; three weeks of stress, then vehicle, 10 mg/kg intraperitoneal or that with rapamycin,
and two weeks more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.answer import Answer, table
from prelimbic.experiments.readouts.columns import against, at, names
from prelimbic.experiments.readouts.inert import at_vehicle
from prelimbic.experiments.readouts.seeds import change, spread
from prelimbic.experiments.readouts.stress import ANY_RULE, STRESS_H, is_stressed, regained_share
from prelimbic.experiments.sweep.reads import days
from prelimbic.experiments.sweep.study import Options, Run, Study, asked_in, peak_of, planned
from prelimbic.pharmacology import Dose
from prelimbic.simulation.inhibition import Inhibition
from prelimbic.simulation.protocol import given, weeks

if TYPE_CHECKING:
    import xarray as xr

SPECIES, ROUTE, DOSE = "rat", "ip", 10.0
READOUTS = ("rest", "peak", "0-2 h", "1 h", "2 h", "4 h", "24 h", "72 h", "7 d", "14 d")
RULES = ("activity", "branch")
RAPAMYCIN = (Inhibition("rapamycin_icv", -0.5),)
# name -> (stressed, dose, inhibitors)
GROUPS: dict[str, tuple[bool, float, tuple[Inhibition, ...]]] = {
    "control": (False, 0.0, ()),
    "control, ketamine": (False, DOSE, ()),
    "stress": (True, 0.0, ()),
    "stress, ketamine": (True, DOSE, ()),
    "stress, ketamine, rapamycin": (True, DOSE, RAPAMYCIN),
    "stress, rapamycin": (True, 0.0, RAPAMYCIN),
}

# group -> the same without the dose
WITHOUT = {
    name: next(n for n, g in GROUPS.items() if g == (stressed, 0.0, given))
    for name, (stressed, _, given) in GROUPS.items()
}


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x rule of regrowth x group x seed; a control has no lost site, so one
    rule does for it.
    """
    STUDY.accept(options)
    peak = peak_of(options, SPECIES, ROUTE)
    protocol = given(weeks(peak, READOUTS, also=(STRESS_H[0] - 24.0,), stress=STRESS_H), options.inhibitions)
    healthy = replace(options.hypotheses, baseline="healthy")
    points = [
        (
            {"rule": rule, "group": group},
            {
                "species": SPECIES,
                "doses": (Dose(dose, ROUTE),),
                "hypotheses": replace(healthy, spine_rule=rule),
                "protocol": replace(
                    protocol,
                    stress=STRESS_H if stressed else None,
                    inhibitions=(*protocol.inhibitions, *inhibitions),
                ),
            },
        )
        for rule in RULES
        for group, (stressed, dose, inhibitions) in GROUPS.items()
        if stressed or rule == ANY_RULE
    ]
    return planned(STUDY.name, options, points)


SPINES_AT, REGAINED_AT = ("rest", "24 h", "7 d", "14 d"), ("24 h", "7 d", "14 d")
HEADINGS = (
    "spines 0 h, % of control",
    "24 h",
    "7 d",
    "14 d",
    "protein 0 h",
    "lost sites refilled, % 24 h",
    "7 d ",
    "14 d ",
)


def answer(dataset: xr.Dataset) -> Answer:
    """Spines and lost sites in every group; and a sentence a sheet and rule."""
    tables, said = [], []
    for sheet in names(dataset, "sheet"):
        places = [(rule, group) for rule in names(dataset, "rule") for group in names(dataset, "group")]
        cells = {(r, g): dataset.sel(sheet=sheet, rule=r, group=g) for r, g in places}
        cells = {place: cell for place, cell in cells.items() if not np.isnan(cell["spines"]).all()}
        rows = []
        for (rule, group), cell in cells.items():
            spines = [spread(against(at("spines", r), cell, cells[ANY_RULE, "control"])) for r in SPINES_AT]
            regained = [spread(regained_share(cell, r)) if is_stressed(group) else None for r in REGAINED_AT]
            rows.append(((rule, group), [*spines, spread(at("protein", "rest")(cell)), *regained]))
        title = f"sheet {sheet}, rat: three weeks of stress, then 10 mg/kg i.p.; spines per Pyr cell"
        tables.append(table(title, ("rule", "group"), rows, HEADINGS))
        said += [_sentence(sheet, rule, cells) for rule in names(dataset, "rule")]
    return Answer(tuple(tables), "\n".join(said))


def _sentence(sheet: str, rule: str, cells: dict[tuple[str, str], xr.Dataset]) -> str:
    control, stressed = cells[ANY_RULE, "control"], cells[rule, "stress"]
    lost = against(at("spines", "rest"), stressed, control)
    more = {
        group: regained_share(cells[rule, group], "24 h")
        - regained_share(cells[rule, WITHOUT[group]], "24 h")
        for group in ("stress, ketamine", "stress, ketamine, rapamycin")
    }
    back = against(at("spines", "14 d"), stressed, control)
    return (
        f"Sheet {sheet}, rat, rule {rule}: stress {change(lost, 'spines')}, untreated they differ from "
        f"control by {spread(back)} % two weeks later; a day after 10 mg/kg i.p. "
        f"{spread(more['stress, ketamine'])} points more of the lost sites are filled than without, with "
        f"rapamycin {spread(more['stress, ketamine, rapamycin'])}."
    )


STUDY = Study(
    name="stress",
    question=asked_in(__doc__),
    axes={"sheet": "", "rule": "", "group": ""},
    plan=plan,
    answer=answer,
    draw=drawing("stress"),
    reads=days(sets={"spine_rule": "to each in turn", "baseline": "to healthy, which stress then depletes"}),
    inert=at_vehicle(group=WITHOUT),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
