"""Does each piece of the circuit do what its numbers say, and how near is it to what was recorded?

Every cell class, projection, receptor and drug in the rig, one at a time, with the background off: no drug
effect on a running circuit is asked here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.answer import Answer, Row, table
from prelimbic.experiments.readouts.columns import names
from prelimbic.experiments.readouts.seeds import spread
from prelimbic.experiments.sweep.reads import Reads
from prelimbic.experiments.sweep.study import Options, Run, Study, StudyError, asked_in, resting_runs
from prelimbic.parameters import SheetError, recorded, recording
from prelimbic.simulation.config import Config
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.observers.physiology import DRUGS, examine
from prelimbic.simulation.variable import Groups

if TYPE_CHECKING:
    import xarray as xr

WORK_S = 120.0  # biological seconds that an examination takes, roughly; for the progress bar


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x seed, as the sheet rests: baselines are conditions of a running
    circuit.

    Raises StudyError for what the rig cannot show.
    """
    STUDY.accept(options)
    if any(text.startswith("silence") for text in options.manipulations):
        raise StudyError("physiology cannot silence a population: its protocols make single cells spike")
    return resting_runs(STUDY.name, options, Hypotheses(baseline="healthy"), WORK_S, compute, drugs=DRUGS)


def compute(config: Config, compiled: bool, tell: Callable[[float], None]) -> Groups:
    """Examine one wiring."""
    found = examine(config, int(np.random.SeedSequence(config.seed).generate_state(1)[0]), compiled)
    tell(WORK_S)
    return {"summary": found}


HEADINGS = ("PSP mV", "recorded mV", "20 Hz, 2nd / 1st", "50 Hz, late change", "recorded (sign)")
TITLE = "unitary potentials (PSP) and trains, mean ± SD over seeds; (outside) of the recorded range or sign"


def answer(dataset: xr.Dataset) -> Answer:
    """Per projection: unitary potential and paired-pulse ratio against what was recorded; and a sentence a
    sheet.
    """
    rows: list[Row] = []
    for sheet in names(dataset, "sheet"):
        for projection in names(dataset, "projection"):
            cell = dataset.sel(sheet=sheet, projection=projection)
            size, late = abs(cell["psp"]), cell["late_change"]
            if np.isfinite(size.values).all():
                psp = spread(size.values), _beside(projection, float(size.mean()))
                ratio = spread(cell["pulse_ratio"].sel(pulse=2).values)
                change = spread(late.values), _sign(projection, float(late.mean()))
                rows.append(((sheet, projection), (*psp, ratio, *change)))
    found = "\n".join(_sentence(dataset.sel(sheet=s), s) for s in names(dataset, "sheet"))
    return Answer((table(TITLE, ("sheet", "projection"), rows, HEADINGS),), found)


def _beside(projection: str, size: float) -> str:
    try:
        low, high = recorded(projection, "psp")
    except SheetError:
        return "not found"
    return f"{low:g}-{high:g}" + ("" if low <= size <= high else " (outside)")


def _sign(projection: str, late: float) -> str:
    row = recording(projection, "plasticity")
    if row is None:
        return "not found"
    return f"{row.value:+.2f}" + ("" if (late > 0) == (row.value > 0) else " (outside)")


def _sentence(cell: xr.Dataset, name: str) -> str:
    share = cell["nmda_coupling"]
    pyr, pv = (share.sel(population=p).values for p in ("Pyr", "PV"))
    kept = cell["trapped"].mean("seed")
    worst = float(np.nanmax(np.abs(cell["pulse_ratio"] / cell["pulse_expected"] - 1.0)))
    return (
        f"Sheet {name}: NMDA share of EPSP-spike coupling Pyr {spread(pyr)}, PV {spread(pv)}; dendritic "
        f"inputs reach the soma at {float(cell['input_attenuation'].mean()):.2f} of somatic ones; trains "
        f"follow Tsodyks and Markram within {100 * worst:.1f} %; trapped after 120 s: ketamine "
        f"{float(kept.sel(trapped_drug='ketamine')):.2f}, memantine "
        f"{float(kept.sel(trapped_drug='memantine')):.2f}."
    )


STUDY = Study(
    name="physiology",
    question=asked_in(__doc__),
    axes={"sheet": ""},
    plan=plan,
    answer=answer,
    draw=drawing("physiology"),
    figures=(
        "firing",
        "potentials",
        "trains",
        "dendrite",
        "magnesium",
        "trapping",
        "coupling",
        "block",
        "receptors",
    ),
    reads=Reads(
        sets={"baseline": "to healthy"},
        baths=dict.fromkeys(DRUGS, 1.0),
        lacks="no circuit runs there, so no drug acts on one",
        quiet=True,
    ),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
