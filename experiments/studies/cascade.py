"""In what order, and for how long, do BDNF, mTORC1, synaptic protein, spine formation and spine density
change after a dose?

Rat and mouse, 10 mg/kg intraperitoneal against vehicle, from minutes to 28 days; formation and elimination
as two images of the same dendrites, 48 h apart, would show them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.answer import Answer, table
from prelimbic.experiments.readouts.columns import Column, against, at, names, value
from prelimbic.experiments.readouts.inert import at_vehicle
from prelimbic.experiments.readouts.seeds import change, is_clear, spread
from prelimbic.experiments.sweep.reads import DAYS
from prelimbic.experiments.sweep.study import Options, Run, Study, asked_in, peak_of, planned
from prelimbic.pharmacology import Dose
from prelimbic.simulation.protocol import given, weeks

if TYPE_CHECKING:
    import xarray as xr

SPECIES, ROUTE, DOSES = ("rat", "mouse"), "ip", (0.0, 10.0)
READOUTS = (
    "rest",
    "peak",
    "0-2 h",
    "0.5 h",
    "1 h",
    "2 h",
    "4 h",
    "6 h",
    "12 h",
    "24 h",
    "72 h",
    "3 d",
    "5 d",
    "7 d",
    "10 d",
    "14 d",
    "15 d",
    "28 d",
)
FIRST_IMAGES_H = (8 * 24.0, 13 * 24.0, 12 * 24.0)  # two days before images that are readouts


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x species x dose x seed; looks at the same times in both species."""
    STUDY.accept(options)
    peaks = {animal: peak_of(options, animal, ROUTE) for animal in SPECIES}
    times = tuple(p / k for p in peaks.values() for k in (1, 2))
    common = weeks(peaks["rat"], READOUTS, also=(*FIRST_IMAGES_H, *times))
    protocols = {
        animal: given(replace(common, peak=peak), options.inhibitions) for animal, peak in peaks.items()
    }
    points = [
        (
            {"species": animal, "dose": d},
            {"species": animal, "doses": (Dose(d, ROUTE),), "protocol": protocol},
        )
        for animal, protocol in protocols.items()
        for d in DOSES
    ]
    return planned(STUDY.name, options, points)


STAGES: dict[str, Column] = {
    "BDNF, highest": value("peak_bdnf"),
    "at h": value("peak_bdnf_time"),
    "BDNF 24 h": at("bdnf", "24 h"),
    "mTORC1, highest": value("peak_mtorc1"),
    "at h ": value("peak_mtorc1_time"),
    "mTORC1 2 h": at("mtorc1", "2 h"),
    "protein 2 h": at("protein", "2 h"),
    "72 h": at("protein", "72 h"),
    "formation %/48 h, 3 d": at("imaged_formation", "3 d"),
    "elimination": at("imaged_elimination", "3 d"),
}
DENSITY = ("6 h", "24 h", "3 d", "7 d", "14 d", "28 d")


def answer(dataset: xr.Dataset) -> Answer:
    """When each stage moves, and what becomes of spine density; and a sentence a sheet and species."""
    stages, density, said = [], [], []
    doses = [float(d) for d in dataset["dose"].values]
    for sheet in names(dataset, "sheet"):
        for animal in names(dataset, "species"):
            cells = {d: dataset.sel(sheet=sheet, species=animal, dose=d) for d in doses}
            for dose, cell in cells.items():
                told = [
                    spread(column(cell)) if dose or not heading.startswith("at h") else None
                    for heading, column in STAGES.items()
                ]
                stages.append(((sheet, animal, dose), told))
            high, low = cells[max(cells)], cells[0.0]
            grown = {r: against(at("spines", r), high, low) for r in DENSITY}
            density.append(((sheet, animal), [spread(v) for v in grown.values()]))
            said.append(_sentence(sheet, animal, high, grown))
    tables = (
        table(
            "ketamine i.p.; mean ± SD over seeds; BDNF, mTORC1 and protein: means of Pyr cells relative "
            "to rest",
            ("sheet", "species", "mg/kg"),
            stages,
            tuple(STAGES),
        ),
        table(
            "spines per Pyr cell after 10 mg/kg i.p. against vehicle, %",
            ("sheet", "species"),
            density,
            DENSITY,
        ),
    )
    return Answer(tables, "\n".join(said))


def _sentence(sheet: str, animal: str, cell: xr.Dataset, grown: dict[str, np.ndarray]) -> str:
    last = [r for r, v in grown.items() if is_clear(v)]
    kept = (
        f"still {change(grown[last[-1]], 'spines')} at {last[-1]}"
        if last
        else "no clear change of spines at any time"
    )
    return (
        f"Sheet {sheet}, {animal}, 10 mg/kg i.p.: BDNF is highest ({spread(cell['peak_bdnf'].values)}) "
        f"after {spread(cell['peak_bdnf_time'].values)} h, mTORC1 ({spread(cell['peak_mtorc1'].values)}) "
        f"after {spread(cell['peak_mtorc1_time'].values)} h; at 6 h it {change(grown['6 h'], 'spines')}, "
        f"at 24 h it {change(grown['24 h'], 'spines')}; {kept}."
    )


STUDY = Study(
    name="cascade",
    question=asked_in(__doc__),
    axes={"sheet": "", "species": "", "dose": "mg/kg"},
    plan=plan,
    answer=answer,
    draw=drawing("cascade"),
    figures=("cascade", "lifetimes"),
    reads=DAYS,
    inert=at_vehicle(dose=0.0),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
