"""The small table and the one sentence that a dose study ends with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr
from rich.table import Table
from scipy.stats import t as student

COLUMNS: dict[str, Callable[[xr.Dataset], xr.DataArray]] = {
    "Pyr Hz, peak": lambda d: d["rate"].sel(readout="peak", population="Pyr"),
    "AMPA per Pyr cell nS, peak": lambda d: d["recurrent_ampa"].sel(readout="peak"),
    "BDNF, highest": lambda d: d["peak_bdnf"],
    "mTORC1, highest": lambda d: d["peak_mtorc1"],
    "spines per Pyr cell, 24 h": lambda d: d["spines"].sel(readout="24 h"),
}
TITLE = "rat, i.p.; mean ± SD over seeds; AMPA of recurrent contacts; BDNF and mTORC1: means of Pyr cells relative to rest"
REFERENCE_DOSE = 10.0


def answer(dataset: xr.Dataset) -> tuple[Table, str]:
    """A table of dose x readout, mean and SD over seeds, and what the study found, sheet by sheet."""
    table = Table(title=TITLE, title_justify="left")
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
    """`mean ± SD`, or the one value there is."""
    return f"{values.mean():.2f} ± {values.std(ddof=1):.2f}" if len(values) > 1 else f"{values[0]:.2f}"


def baseline_line(cell: xr.Dataset, sheet: str) -> str:
    """What the circuit did before any drug, and what NMDA receptors carry of its excitation."""
    first = cell.isel(dose=0)
    parts = []
    for population in first["population"].values:
        rate = first["baseline_rate"].sel(population=population)
        cv = float(first["baseline_cv_isi"].sel(population=population).mean())
        parts.append(f"{population} {spread(rate.values)} Hz (CV {cv:.2f})")
    share = first["baseline_nmda_share"].mean("seed")
    pyr, pv = (float(share.sel(population=p)) for p in ("Pyr", "PV"))
    return f"Untreated, sheet {sheet}: {', '.join(parts)}; NMDA share of mean excitatory conductance Pyr {pyr:.2f}, PV {pv:.2f}."


def sentence(cell: xr.Dataset, sheet: str) -> str:
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
        f"{change(spines[dose], 'spines per Pyr cell')} a day later; {top:g} mg/kg {change(pyr[top], 'Pyr firing')} "
        f"at its peak; {_largest(spines)}. {ending}"
    )


def _largest(spines: dict[float, np.ndarray]) -> str:
    """Which doses change spines most, if any clearly does: the largest, and all not told apart from it."""
    clear = {d: v for d, v in spines.items() if d > 0 and is_clear(v)}
    if not clear:
        return "no dose clearly changes spines"
    best = max(clear, key=lambda d: abs(float(np.mean(clear[d]))))
    equal = [d for d in clear if d == best or (len(clear[d]) > 1 and not is_clear(clear[best] - clear[d]))]
    return f"spines change most at {' and '.join(f'{d:g}' for d in equal)} mg/kg ({np.mean(clear[best]):+.1f} %)"


def paired(values: xr.DataArray, axis: str = "dose") -> dict[float, np.ndarray]:
    """Relative change (%) against the same seed without drug, by dose or by another axis that begins at
    none.
    """
    vehicle = values.isel({axis: 0})
    return {float(d): (100.0 * (values.sel({axis: d}) / vehicle - 1.0)).values for d in values[axis].values}


def is_clear(percent: np.ndarray) -> bool:
    """Whether the 95 % t-interval over seeds excludes 0; of one seed, whether it is not 0."""
    if len(percent) < 2:
        return bool(percent.any())
    return bool(abs(percent.mean()) > half_interval(percent))


def half_interval(values: np.ndarray) -> float:
    """Half of the 95 % t-interval of the mean of two or more values."""
    return float(student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))


def change(percent: np.ndarray, what: str) -> str:
    """`raises Pyr firing by 40 ± 2 %`, or that nothing clear happens to `what`."""
    mean = percent.mean()
    spread_text = f" ± {percent.std(ddof=1):.1f}" if len(percent) > 1 else ""
    if not is_clear(percent):
        return f"does not clearly change {what} ({mean:+.1f}{spread_text} %)"
    return f"{'raises' if mean > 0 else 'lowers'} {what} by {abs(mean):.1f}{spread_text} %"
