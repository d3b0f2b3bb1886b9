"""What study slice found: events on pyramidal cells in voltage clamp, against the same wiring without drug."""

from __future__ import annotations

import numpy as np
import xarray as xr
from rich.console import Group

from prelimbic.experiments.readouts.nulls import MEANING, MODEL
from prelimbic.experiments.readouts.slow_answers import names, table
from prelimbic.experiments.readouts.summary import change, spread

EVENTS = {
    "sEPSC Hz": "sepsc_rate", "sEPSC pA": "sepsc_amplitude", "background EPSC Hz": "background_epsc_rate",
    "sIPSC Hz": "sipsc_rate", "sIPSC pA": "sipsc_amplitude",
}  # fmt: skip

WORDS = {"sepsc_rate": "sEPSCs", "sipsc_rate": "sIPSCs"}


def effect(cell: xr.Dataset, name: str, uM: float) -> np.ndarray:
    """Change of a readout in a bath against none, %, (seed,); NaN where there was nothing to change."""
    values = cell[name]
    rest = values.sel(concentration=0.0)
    return (100.0 * (values.sel(concentration=uM) / rest.where(rest != 0) - 1.0)).values


def told(values: np.ndarray) -> str:
    """Mean ± SD, or that there were no events."""
    return spread(values) if np.isfinite(values).all() else "none"


def answer(dataset: xr.Dataset) -> tuple[Group, str]:
    """Events by concentration, and by null; and a sentence a sheet."""
    shown, said = [], []
    for sheet in names(dataset, "sheet"):
        here = dataset.sel(sheet=sheet)
        cell, doses = here.sel(null=MODEL), [float(c) for c in here["concentration"].values if c > 0]
        rows = [((f"{c:g}",), [told(effect(cell, v, c)) for v in EVENTS.values()]) for c in doses]
        shown.append(
            table(
                f"sheet {sheet}, slice, events of a Pyr cell by free ketamine: change against no drug, %, mean ± SD over seeds",
                ("uM",),
                rows,
                tuple(EVENTS),
            )
        )
        wanted = [(v, c) for v in WORDS for c in (1.0, 10.0)]
        beside = [
            ((MEANING[n],), [told(effect(here.sel(null=n), v, c)) for v, c in wanted])
            for n in names(here, "null", MEANING)
        ]
        heads = tuple(f"{WORDS[v]} {c:g} uM" for v, c in wanted)
        shown.append(
            table(
                f"sheet {sheet}, slice, nulls beside the model: change against no drug, %",
                ("",),
                beside,
                heads,
            )
        )
        rest = spread(cell["rate"].sel(concentration=0.0, population="Pyr").values)
        found = {(v, c): effect(cell, v, c) for c in (1.0, 10.0) for v in WORDS}
        parts = [
            f"{c:g} uM free ketamine {change(found[v, c], WORDS[v])}"
            for v, c in found
            if np.isfinite(found[v, c]).all()
        ]
        said.append(f"Sheet {sheet}, slice, Pyr cells at {rest} Hz: {'; '.join(parts)}.")
    return Group(*shown), "\n".join(said)
