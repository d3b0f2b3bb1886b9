"""In a slice, what does ketamine in the bath do to the spontaneous currents of pyramidal cells?

Healthy circuit in the declared slice state (little background), 0 to 100 uM; currents of Pyr cells in
voltage clamp, events of the circuit and of the background apart.  Beside the model the nulls of site, and
the same circuit awake.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.answer import Answer, table
from prelimbic.experiments.readouts.columns import names
from prelimbic.experiments.readouts.inert import at_vehicle
from prelimbic.experiments.readouts.nulls import AWAKE, MEANING, MODEL
from prelimbic.experiments.readouts.seeds import change, spread, spread_of_all
from prelimbic.experiments.readouts.slice import EVENTS, effect
from prelimbic.experiments.sweep.reads import HEALTHY, NULLS, Reads
from prelimbic.experiments.sweep.study import Options, Run, Study, asked_in, planned, variant, with_each_site
from prelimbic.simulation.observers.acute import CONCENTRATIONS_UM, LOOK_S, SETTLE_S, observe
from prelimbic.simulation.protocol import Protocol

if TYPE_CHECKING:
    import xarray as xr


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x null x seed.  Raises StudyError for what it sets itself or does not
    read.
    """
    STUDY.accept(options)
    return planned(STUDY.name, options, _points(options), observe)


def _points(options: Options) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    seconds = len(CONCENTRATIONS_UM) * (SETTLE_S + LOOK_S)
    own = {
        "species": "rat",
        "doses": (),
        "protocol": Protocol((), 0.0, rest=seconds),
        "spikes": False,
        "drugs": ("ketamine",),
    }
    yield from with_each_site(options, own, baseline="healthy", state="slice")
    awake = variant(options, {"baseline": "healthy"})
    if awake is not None:
        yield {"null": AWAKE}, own | {"hypotheses": awake}


WORDS = {"sepsc_rate": "sEPSCs", "sipsc_rate": "sIPSCs"}


def answer(dataset: xr.Dataset) -> Answer:
    """Events by concentration, and by null; and a sentence a sheet."""
    tables, said = [], []
    wanted = [(v, c) for v in WORDS for c in (1.0, 10.0)]
    for sheet in names(dataset, "sheet"):
        here = dataset.sel(sheet=sheet)
        cell, baths = here.sel(null=MODEL), [float(c) for c in here["concentration"].values if c > 0]
        tables.append(
            table(
                f"sheet {sheet}, slice, events of a Pyr cell by free ketamine: change against no drug, %, "
                "mean ± SD over seeds",
                ("uM",),
                [((c,), [spread_of_all(effect(cell, v, c)) for v in EVENTS.values()]) for c in baths],
                tuple(EVENTS),
                missing="none",
            )
        )
        beside = [n for n in names(here, "null") if n != MODEL]
        tables.append(
            table(
                f"sheet {sheet}, slice, control models beside the model: change against no drug, %",
                ("",),
                [
                    ((MEANING[n],), [spread_of_all(effect(here.sel(null=n), v, c)) for v, c in wanted])
                    for n in beside
                ],
                [f"{WORDS[v]} {c:g} uM" for v, c in wanted],
                missing="none",
            )
        )
        said.append(_sentence(cell, sheet))
    return Answer(tuple(tables), "\n".join(said))


def _sentence(cell: xr.Dataset, sheet: str) -> str:
    rest = spread(cell["rate"].sel(concentration=0.0, population="Pyr").values)
    found = {(v, c): effect(cell, v, c) for c in (1.0, 10.0) for v in WORDS}
    parts = [
        f"{c:g} uM free ketamine {change(values, WORDS[v])}"
        for (v, c), values in found.items()
        if np.isfinite(values).all()
    ]
    return f"Sheet {sheet}, slice, Pyr cells at {rest} Hz: {'; '.join(parts)}."


STUDY = Study(
    name="slice",
    question=asked_in(__doc__),
    axes={"sheet": "", "null": ""},
    plan=plan,
    answer=answer,
    draw=drawing("slice"),
    reads=Reads(
        ("selectivity", "affinity", "hcn"),
        sets=NULLS | HEALTHY | {"state": "to slice, and to awake beside it"},
        lacks="its baths of ketamine meet nothing slow and no HNK",
        baths={"ketamine": 3.0},
    ),
    inert=at_vehicle(concentration=0.0),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
