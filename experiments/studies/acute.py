"""At a constant concentration of ketamine, which cells fire more and which less, and what reaches the
pyramidal cells?

One circuit in one bath after the other, nothing slow moving.  For comparing circuits, manipulations and
hypotheses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.acute import relative
from prelimbic.experiments.readouts.answer import Answer, table
from prelimbic.experiments.readouts.columns import names
from prelimbic.experiments.readouts.inert import at_vehicle
from prelimbic.experiments.readouts.seeds import change, paired, spread_of_all
from prelimbic.experiments.sweep.reads import CIRCUIT, DRUG, Reads
from prelimbic.experiments.sweep.study import Options, Run, Study, asked_in, resting_runs
from prelimbic.parameters import POPULATIONS
from prelimbic.simulation.observers.acute import CONCENTRATIONS_UM, LOOK_S, SETTLE_S, observe

if TYPE_CHECKING:
    import xarray as xr


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x seed."""
    STUDY.accept(options)
    return resting_runs(
        STUDY.name,
        options,
        options.hypotheses,
        len(CONCENTRATIONS_UM) * (SETTLE_S + LOOK_S),
        observe,
        drugs=("ketamine",),
    )


def _rate(population: str) -> Callable[[xr.Dataset], xr.DataArray]:
    return lambda cell: cell["rate"].sel(population=population)


COLUMNS: dict[str, Callable[[xr.Dataset], xr.DataArray]] = {p: _rate(p) for p in POPULATIONS} | {
    "glutamate": lambda d: d["glutamate_release"],
    "sEPSC Hz": lambda d: d["sepsc_rate"],
    "sIPSC Hz": lambda d: d["sipsc_rate"],
    "apical NMDA": lambda d: d["apical_nmda"],
    "apical Ca": lambda d: d["apical_calcium"],
    "gamma": lambda d: d["power"].sel(band="gamma"),
}
TITLE = (
    "by free ketamine in the bath: firing of each class, glutamate, currents and dendrite per Pyr cell, "
    "gamma of the field; relative to the same wiring without drug, mean ± SD over seeds"
)


def answer(dataset: xr.Dataset) -> Answer:
    """Everything relative to the same seed without drug; and a sentence a sheet."""
    rows = []
    for sheet in names(dataset, "sheet"):
        shown = [relative(pick(dataset.sel(sheet=sheet))) for pick in COLUMNS.values()]
        for uM in dataset["concentration"].values[1:]:
            cells = [spread_of_all(values.sel(concentration=uM).values) for values in shown]
            rows.append(((sheet, float(uM)), cells))
    shown = table(TITLE, ("sheet", "uM"), rows, tuple(COLUMNS), right=("uM",), between="±")
    return Answer((shown,), "\n".join(_sentence(dataset.sel(sheet=s), s) for s in names(dataset, "sheet")))


def _sentence(cell: xr.Dataset, sheet: str) -> str:
    if not (cell["rate"].sel(population="Pyr", concentration=0.0) > 0).all():
        return f"Sheet {sheet}: without drug Pyr cells are silent, so there is nothing to compare with."
    pyr = paired(cell["rate"].sel(population="Pyr"), "concentration")
    best = max(pyr, key=lambda c: float(np.mean(pyr[c])))
    parts = [f"{c:g} uM free ketamine {change(pyr[c], 'Pyr firing')}" for c in (1.0, 10.0, 100.0)]
    return f"Sheet {sheet}: {'; '.join(parts)}; it is highest at {best:g} uM."


STUDY = Study(
    name="acute",
    question=asked_in(__doc__),
    axes={"sheet": ""},
    plan=plan,
    answer=answer,
    draw=drawing("acute"),
    reads=Reads(
        (*DRUG, *CIRCUIT),
        baths={"ketamine": 3.0},
        lacks="its baths of ketamine meet nothing slow and no HNK",
    ),
    inert=at_vehicle(concentration=0.0),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
