"""The small table and the one sentence that a dose study ends with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr
from rich.table import Table
from scipy.stats import t as student

COLUMNS: dict[str, Callable[[xr.Dataset], xr.DataArray]] = {
    "Pyr Hz, peak": lambda d: d["rate"].sel(readout="peak", population="Pyr"),
    "recurrent AMPA nS, peak": lambda d: d["recurrent_ampa"].sel(readout="peak"),
    "BDNF, highest": lambda d: d["peak_bdnf"],
    "mTORC1, highest": lambda d: d["peak_mtorc1"],
    "spines, 24 h": lambda d: d["spines"].sel(readout="24 h"),
}
REFERENCE_DOSE = 10.0


def answer(dataset: xr.Dataset) -> tuple[Table, str]:
    """A table of dose x readout, mean and SD over seeds, and what the study found, sheet by sheet."""
    table = Table(title="mean ± SD over seeds; BDNF and mTORC1 relative to rest", title_justify="left")
    for heading in ("sheet", "mg/kg", *COLUMNS):
        table.add_column(heading, justify="left" if heading == "sheet" else "right")
    for sheet in dataset["sheet"].values:
        for dose in dataset["dose"].values:
            cell = dataset.sel(sheet=sheet, dose=dose)
            table.add_row(str(sheet), f"{dose:g}", *(spread(pick(cell).values) for pick in COLUMNS.values()))
    found = [
        f"{baseline_line(dataset.sel(sheet=s), str(s))}\n{sentence(dataset.sel(sheet=s), str(s))}"
        for s in dataset["sheet"].values
    ]
    return table, "\n".join(found)


def spread(values: np.ndarray) -> str:
    """`mean ± SD` of the runs that are there."""
    values = values[np.isfinite(values)]
    if len(values) == 0:
        return "missing"
    return f"{values.mean():.2f} ± {values.std(ddof=1):.2f}" if len(values) > 1 else f"{values[0]:.2f}"


def baseline_line(cell: xr.Dataset, sheet: str) -> str:
    """What the circuit did before any drug, and whether the NMDA shares are ordered as recorded in slices."""
    first = cell.isel(dose=0)
    parts = []
    for population in first["population"].values:
        rate = first["baseline_rate"].sel(population=population)
        cv = float(first["baseline_cv_isi"].sel(population=population).mean())
        parts.append(f"{population} {spread(rate.values)} Hz (CV {cv:.2f})")
    share = first["baseline_nmda_share"].mean("seed")
    pyr, pv = (float(share.sel(population=p)) for p in ("Pyr", "PV"))
    order = ">" if pyr > pv else "<="
    return f"Untreated, sheet {sheet}: {', '.join(parts)}; NMDA share of excitation Pyr {pyr:.2f} {order} PV {pv:.2f}."


def sentence(cell: xr.Dataset, sheet: str) -> str:
    """One sentence of answer, whatever its sign; changes are against the vehicle run of the same seed."""
    if int(cell["run_id"].isel(dose=0).str.len().astype(bool).sum()) == 0:
        return f"Sheet {sheet}: no vehicle run has finished, so there is nothing to compare with."
    doses = [float(d) for d in cell["dose"].values if d > 0]
    dose = REFERENCE_DOSE if REFERENCE_DOSE in doses else doses[0]
    pyr = paired(cell["rate"].sel(readout="peak", population="Pyr"))
    spines = paired(cell["spines"].sel(readout="24 h"))
    means = {d: float(np.nanmean(spines[d])) if np.isfinite(spines[d]).any() else -np.inf for d in doses}
    best, top = max(means, key=lambda d: means[d]), max(doses)
    seeds = int(np.isfinite(pyr[dose]).sum())
    ending = "; one seed is an anecdote" if seeds == 1 else f" (paired by seed, ± SD of {seeds} seeds)"
    return (
        f"Sheet {sheet}: at its peak, {dose:g} mg/kg {change(pyr[dose])} Pyr firing, and a day later {change(spines[dose])} "
        f"spines, against vehicle; the spine effect is largest at {best:g} mg/kg, and {top:g} mg/kg {change(pyr[top])} "
        f"Pyr firing at its peak{ending}."
    )


def paired(values: xr.DataArray) -> dict[float, np.ndarray]:
    """Relative change (%) against the vehicle run of the same seed, by dose."""
    vehicle = values.isel(dose=0)
    return {float(d): (100.0 * (values.sel(dose=d) / vehicle - 1.0)).values for d in values["dose"].values}


def change(percent: np.ndarray) -> str:
    """`raises by 40 ± 2 %`, or that nothing clear happens: the 95 % t-interval over seeds includes 0."""
    percent = percent[np.isfinite(percent)]
    if len(percent) == 0:
        return "(no finished run) changes"
    mean = percent.mean()
    verb = "raises" if mean > 0 else "lowers"
    if len(percent) == 1:
        return f"{verb} (by {abs(mean):.1f} %)"
    sd = percent.std(ddof=1)
    half = student.ppf(0.975, len(percent) - 1) * sd / np.sqrt(len(percent))
    if abs(mean) <= half:
        return f"does not clearly change ({mean:+.1f} ± {sd:.1f} %)"
    return f"{verb} (by {abs(mean):.1f} ± {sd:.1f} %)"
