"""How much of what a run reports comes from step, precision, delays, size and length of looks, and not from
the model?

One thing is changed at a time; wiring and noise stay those of the seed wherever the change allows it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.answer import Answer, table
from prelimbic.experiments.readouts.columns import names
from prelimbic.experiments.readouts.inert import at_vehicle
from prelimbic.experiments.readouts.numerics import (
    LOOK_WINDOWS,
    effect,
    look_error,
    shared_noise,
    shift,
    variants_of,
)
from prelimbic.experiments.readouts.seeds import is_clear, spread, spread_of_all
from prelimbic.experiments.sweep.reads import NUMERICS, days
from prelimbic.experiments.sweep.study import Options, Run, Study, asked_in, day_after
from prelimbic.parameters import POPULATIONS, circuit_sheet
from prelimbic.pharmacology import Dose
from prelimbic.simulation.observers.numerics import (
    BATH_UM,
    DOSE_MG_KG,
    LARGEST_LOOPED,
    STANDARD,
    VARIANTS,
    WINDOW_S,
    measure,
    possible,
    varied,
)

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

SPECIES = "rat"
OWN = ("ketamine", Dose(DOSE_MG_KG, "ip"))  # in a bath, and as a dose


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x variant x seed; the largest circuits first, as they take longest."""
    STUDY.accept(options)
    protocol = day_after(options, SPECIES, "ip")
    return [
        Run(
            {"sheet": circuit_sheet(sheet).name, "variant": variant, "seed": seed},
            varied(
                options.config(
                    STUDY.name, sheet, seed, species=SPECIES, doses=(), protocol=protocol, drugs=OWN
                ),
                variant,
            ),
            measure,
        )
        for variant in reversed(possible(options.scale))
        for seed in range(1, options.seeds + 1)
        for sheet in options.sheets
    ]


def answer(dataset: xr.Dataset) -> Answer:
    """What each variant moves, how a look's error falls with its length and what shared noise saves; and a
    sentence a sheet.
    """
    cells = {sheet: dataset.sel(sheet=sheet) for sheet in names(dataset, "sheet")}
    tables = [made(cell, sheet) for sheet, cell in cells.items() for made in (_variants, _looks)]
    return Answer(tuple(tables), "\n".join(_sentence(cell, sheet) for sheet, cell in cells.items()))


def _variants(cell: xr.Dataset, sheet: str) -> pd.DataFrame:
    rows = []
    for name in variants_of(cell):
        shifts = [None if name == STANDARD else spread(shift(cell, name, p)) for p in POPULATIONS]
        grown = spread_of_all(cell["spines_change"].sel(variant=name).values)
        rows.append(((name,), [*shifts, spread(effect(cell, name)), grown]))
    return table(
        f"sheet {sheet}: rates against the standard, effects of ketamine (bath, i.p. in rat), %;"
        " mean ± SD over seeds",
        ("variant",),
        rows,
        (
            *POPULATIONS,
            f"Pyr under {BATH_UM:g} uM",
            f"spines per Pyr cell 24 h after {DOSE_MG_KG:g} mg/kg",
        ),
    )


def _looks(cell: xr.Dataset, sheet: str) -> pd.DataFrame:
    formats = dict.fromkeys((*POPULATIONS, "recurrent AMPA"), ".1f")
    formats |= dict.fromkeys((f"shared, {p}" for p in POPULATIONS), ".2f")
    rows = []
    for windows in LOOK_WINDOWS:
        errors = [float(values.mean()) for values in look_error(cell, windows).values()]
        saved = [shared_noise(cell, windows, p) for p in POPULATIONS]
        rows.append(((windows * WINDOW_S,), [*errors, *saved]))
    return table(
        f"sheet {sheet}: SD between looks, % of the mean; variance of a difference under shared noise over "
        "that under separate noise",
        ("look, s",),
        rows,
        tuple(formats),
        right=("look, s",),
        formats=formats,
    )


def _sentence(cell: xr.Dataset, sheet: str) -> str:
    told = [n for n in variants_of(cell) if {"precision", "step", "delay_classes"} & VARIANTS[n].keys()]
    error = look_error(cell, round(3.0 / WINDOW_S))["recurrent AMPA"].mean()
    return (
        f"Sheet {sheet}: {'; '.join(_moved(cell, name) for name in told)}; a look of 3 s knows recurrent "
        f"AMPA to {error:.1f} %."
    )


def _moved(cell: xr.Dataset, name: str) -> str:
    """Which classes a variant clearly moves, or how small a shift would have been seen."""
    shifts = {p: shift(cell, name, p) for p in POPULATIONS}
    clear = [f"{p} by {v.mean():+.1f} %" for p, v in shifts.items() if len(v) > 1 and is_clear(v)]
    if clear:
        return f"{name} moves {', '.join(clear)}"
    largest = max(
        float(np.abs(v.mean()) + 2 * v.std(ddof=1) / np.sqrt(len(v))) if len(v) > 1 else np.inf
        for v in shifts.values()
    )
    return f"{name} moves no class clearly" + (
        f" (none by more than {largest:.1f} %)" if np.isfinite(largest) else ""
    )


STUDY = Study(
    name="numerics",
    question=asked_in(__doc__),
    axes={"sheet": "", "variant": ""},
    plan=plan,
    answer=answer,
    draw=drawing("numerics"),
    reads=replace(
        days(
            options=("inhibit", "manipulate"),
            lacks="it stores rates and spines alone",
            sets=dict.fromkeys(NUMERICS, "to each in turn"),
        ),
        slow_to=LARGEST_LOOPED,
        baths={"ketamine": BATH_UM},
        doses=(Dose(DOSE_MG_KG, "ip"),),
    ),
    inert=at_vehicle(condition="vehicle"),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
