"""Given this dose of ketamine, what does the microcircuit do, and how many synapses are there a day later?

Rat, intraperitoneal, 0 to 100 mg/kg; the same wiring, background and looks for every dose of a seed, so
doses are compared in pairs.  Nothing in the model says that the circuit is disinhibited: the drug shuts NMDA
conductance.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.answer import Answer, table
from prelimbic.experiments.readouts.columns import names
from prelimbic.experiments.readouts.inert import at_vehicle
from prelimbic.experiments.readouts.seeds import change, is_clear, paired, spread
from prelimbic.experiments.sweep.reads import DAYS
from prelimbic.experiments.sweep.study import Options, Run, Study, asked_in, day_after, planned
from prelimbic.pharmacology import Dose

if TYPE_CHECKING:
    import xarray as xr

SPECIES, ROUTE = "rat", "ip"
DOSES = (0.0, 1.0, 3.0, 10.0, 30.0, 100.0)  # mg/kg


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for x dose x seed."""
    STUDY.accept(options)
    protocol = day_after(options, SPECIES, ROUTE)
    points = [
        ({"dose": d}, {"species": SPECIES, "doses": (Dose(d, ROUTE),), "protocol": protocol}) for d in DOSES
    ]
    return planned(STUDY.name, options, points)


COLUMNS: dict[str, Callable[[xr.Dataset], xr.DataArray]] = {
    "Pyr Hz, peak": lambda d: d["rate"].sel(readout="peak", population="Pyr"),
    "AMPA per Pyr cell nS, peak": lambda d: d["recurrent_ampa"].sel(readout="peak"),
    "BDNF, highest": lambda d: d["peak_bdnf"],
    "mTORC1, highest": lambda d: d["peak_mtorc1"],
    "spines per Pyr cell, 24 h": lambda d: d["spines"].sel(readout="24 h"),
}
TITLE = (
    "rat, i.p.; mean ± SD over seeds; AMPA of recurrent contacts; BDNF and mTORC1: means of Pyr cells "
    "relative to rest"
)
REFERENCE_DOSE = 10.0


def answer(dataset: xr.Dataset) -> Answer:
    """Readouts by dose; and what the study found, sheet by sheet."""
    rows, said = [], []
    for sheet in names(dataset, "sheet"):
        for dose in dataset["dose"].values:
            cell = dataset.sel(sheet=sheet, dose=dose)
            rows.append(((sheet, float(dose)), [spread(pick(cell).values) for pick in COLUMNS.values()]))
        said += [_untreated(dataset.sel(sheet=sheet), sheet), _sentence(dataset.sel(sheet=sheet), sheet)]
    return Answer(
        (table(TITLE, ("sheet", "mg/kg"), rows, tuple(COLUMNS), right=("mg/kg",)),), "\n".join(said)
    )


def _untreated(cell: xr.Dataset, sheet: str) -> str:
    """What the circuit did before any drug, and what NMDA receptors carry of its excitation."""
    first = cell.isel(dose=0)
    parts = []
    for population in first["population"].values:
        rate = first["baseline_rate"].sel(population=population)
        cv = float(first["baseline_cv_isi"].sel(population=population).mean())
        parts.append(f"{population} {spread(rate.values)} Hz (CV {cv:.2f})")
    share = first["baseline_nmda_share"].mean("seed")
    pyr, pv = (float(share.sel(population=p)) for p in ("Pyr", "PV"))
    return (
        f"Untreated, sheet {sheet}: {', '.join(parts)}; NMDA share of mean excitatory conductance Pyr "
        f"{pyr:.2f}, PV {pv:.2f}."
    )


def _sentence(cell: xr.Dataset, sheet: str) -> str:
    """One sentence of answer, whatever its sign; changes are against the vehicle run of the same seed."""
    doses = [float(d) for d in cell["dose"].values if d > 0]
    dose, top = REFERENCE_DOSE if REFERENCE_DOSE in doses else doses[0], max(doses)
    pyr = paired(cell["rate"].sel(readout="peak", population="Pyr"))
    spines = paired(cell["spines"].sel(readout="24 h"))
    seeds = len(pyr[dose])
    ending = (
        "One seed is an anecdote."
        if seeds == 1
        else f"Changes are against the vehicle run of the same seed, ± SD of {seeds} seeds."
    )
    return (
        f"Sheet {sheet}: {dose:g} mg/kg i.p. in rat {change(pyr[dose], 'Pyr firing')} at its peak and "
        f"{change(spines[dose], 'spines per Pyr cell')} a day later; {top:g} mg/kg "
        f"{change(pyr[top], 'Pyr firing')} at its peak; {_largest(spines)}. {ending}"
    )


def _largest(spines: dict[float, np.ndarray]) -> str:
    """Which doses change spines most, if any clearly does: the largest, and all not told apart from it."""
    clear = {d: v for d, v in spines.items() if d > 0 and is_clear(v)}
    if not clear:
        return "no dose clearly changes spines"
    best = max(clear, key=lambda d: abs(float(np.mean(clear[d]))))
    equal = [d for d in clear if d == best or (len(clear[d]) > 1 and not is_clear(clear[best] - clear[d]))]
    doses = " and ".join(f"{d:g}" for d in equal)
    return f"spines change most at {doses} mg/kg ({np.mean(clear[best]):+.1f} %)"


STUDY = Study(
    name="dose_response",
    question=asked_in(__doc__),
    axes={"sheet": "", "dose": "mg/kg"},
    plan=plan,
    answer=answer,
    draw=drawing("dose_response"),
    reads=DAYS,
    inert=at_vehicle(dose=0.0),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
