"""After a dose in rat, what do glutamate release, SST cells, dendrites and field rhythms do in the first 100
minutes, and which class of cells must the drug reach?

Healthy circuit, 2.5 to 200 mg/kg intraperitoneal; beside the model the nulls: block on one class only, the
same block in every class, shuffled labels, and the peak concentration held instead of a course.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.answer import Answer, table
from prelimbic.experiments.readouts.columns import names
from prelimbic.experiments.readouts.inert import at_vehicle
from prelimbic.experiments.readouts.nulls import CONSTANT, MEANING, MODEL
from prelimbic.experiments.readouts.seeds import change, spread, spread_of_all
from prelimbic.experiments.readouts.surge import READOUTS, at_peak, doses_of, over_course
from prelimbic.experiments.sweep.reads import AWAKE_NULLS, Reads
from prelimbic.experiments.sweep.study import Options, Run, Study, peak_of, planned, variant, with_each_site
from prelimbic.pharmacology import Dose
from prelimbic.simulation.observers.course import course, observe

if TYPE_CHECKING:
    import xarray as xr

SPECIES, ROUTE = "rat", "ip"
DOSES = (2.5, 5.0, 10.0, 20.0, 30.0, 50.0, 100.0, 200.0)  # mg/kg
HOURS = (5 / 60, 0.5, 0.75, 1.0, 80 / 60, 100 / 60)  # and the peak
HELD_LONGER = 4.0  # a look at a held concentration stands for the whole course


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x null x seed.  Raises StudyError for what it sets itself or does not
    read.
    """
    STUDY.accept(options)
    return planned(STUDY.name, options, _points(options), observe)


def _points(options: Options) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    peak = peak_of(options, SPECIES, ROUTE)
    own = {"species": SPECIES, "doses": tuple(Dose(d, ROUTE) for d in DOSES), "spikes": False}
    hours = tuple(sorted((*HOURS, peak)))
    yield from with_each_site(options, own | {"protocol": course(hours, peak)}, baseline="healthy")
    held = variant(options, {"baseline": "healthy"})
    if held is not None:
        yield (
            {"null": CONSTANT},
            own | {"hypotheses": held, "protocol": course(hours, peak, longer=HELD_LONGER, held=True)},
        )


def answer(dataset: xr.Dataset) -> Answer:
    """A table of readouts by dose, one of glutamate under every null, and a sentence a sheet."""
    tables, said = [], []
    doses = doses_of(dataset)
    for sheet in names(dataset, "sheet"):
        here = dataset.sel(sheet=sheet)
        cell = here.sel(null=MODEL)
        peaks = {d: [spread_of_all(at_peak(cell, d, r)) for r in READOUTS.values()] for d in doses}
        tables.append(
            table(
                f"sheet {sheet}, rat i.p.: change against the same wiring untreated, %, mean ± SD over "
                "seeds; glutamate over 100 min, all else at the peak",
                ("mg/kg",),
                [((d,), [spread(over_course(cell, d)), *peaks[d]]) for d in doses],
                ("glutamate", *READOUTS),
            )
        )
        beside = {n: [spread(over_course(here.sel(null=n), d)) for d in doses] for n in names(here, "null")}
        tables.append(
            table(
                f"sheet {sheet}, rat i.p., control models, by mg/kg: glutamate over 100 min, %",
                ("control model",),
                [((MEANING[n],), cells) for n, cells in beside.items() if n != MODEL],
                [f"{d:g}" for d in doses],
            )
        )
        told = [
            f"{d:g} mg/kg {change(over_course(cell, d), 'glutamate')}" for d in (10.0, 30.0, 50.0, 200.0)
        ]
        said.append(f"Sheet {sheet}, rat i.p., over 100 min: {'; '.join(told)}.")
    return Answer(tuple(tables), "\n".join(said))


STUDY = Study(
    name="surge",
    question=" ".join((__doc__ or "").split("\n\n")[0].split()),
    axes={"sheet": "", "null": ""},
    plan=plan,
    answer=answer,
    draw=drawing("surge"),
    reads=Reads(("selectivity", "affinity", "hcn", "hnk"), sets=AWAKE_NULLS),
    inert=at_vehicle(given=0.0),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
