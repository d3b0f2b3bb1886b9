"""Courses over the whole protocol, and dose against readouts: mean ± SD over seeds of a sweep, whatever its
study.
"""

from __future__ import annotations

from itertools import islice, product
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from prelimbic.experiments.figures.style import (
    COLOURS,
    MARKERS,
    ORDERED,
    band,
    centre,
    dose_axis,
    dose_places,
    pages,
    save,
    subplots,
    tidy,
    told,
)

LONG_H = 72.0  # from here on the axis is in days
BEFORE = 0.15  # of the hours after the first dose are shown before it
WIDTH_IN, ROW_IN = 7.0, 1.75
DASHES = ("-", "--", "-.", ":")
# variable, where in it, label
COURSES: tuple[tuple[str, dict[str, str], str], ...] = (
    ("brain_unbound_course", {"compound": "ketamine"}, "unbound ketamine\nin brain (uM)"),
    ("rate_course", {"population": "Pyr"}, "Pyr rate (Hz)"),
    ("rate_course", {"population": "PV"}, "PV rate (Hz)"),
    ("rate_course", {"population": "SST"}, "SST rate (Hz)"),
    ("recurrent_ampa_course", {}, "recurrent AMPA\nper Pyr cell (nS)"),
    ("bdnf_fine", {}, "BDNF\n(over rest)"),
    ("mtorc1_fine", {}, "p-mTORC1\n(over rest)"),
    ("protein_fine", {}, "synaptic protein\n(over rest)"),
    ("spines_course", {}, "spines per Pyr cell"),
)
AT_DOSE: tuple[tuple[str, dict[str, str], str, str], ...] = (
    ("rate", {"population": "Pyr"}, "peak", "Pyr rate, peak (Hz)"),
    ("recurrent_ampa", {}, "peak", "recurrent AMPA per\nPyr cell, peak (nS)"),
    ("peak_mtorc1", {}, "", "highest p-mTORC1\n(over rest)"),
    ("spines", {}, "last", "spines per Pyr cell"),
)


def over_time(dataset: xr.Dataset, folder: Path) -> list[Path]:
    """Courses of every place of a sweep, once a sheet; nothing where no courses are stored."""
    made = []
    for file, heading, cell in _sheets("courses", dataset):
        rows = [row for row in COURSES if _has(cell, row[0], row[1])]
        lines = list(islice(_places(cell), len(ORDERED) * len(DASHES)))
        if not rows:
            continue
        figure, axes = subplots(
            len(rows), 1, figsize=(WIDTH_IN, ROW_IN * len(rows) + 0.8), squeeze=False, sharex=True,
            layout="constrained",
        )  # fmt: skip
        for axis, (name, where, label) in zip(axes[:, 0], rows, strict=True):
            long = _course_of(cell, name, where, lines, axis)
            tidy(axis, "", label)
            if axis.get_legend() is not None:
                axis.get_legend().remove()
        axes[-1, 0].set_xlabel(f"time since the first dose ({'d' if long else 'h'})")
        if len(lines) > 1:
            handles, labels = axes[0, 0].get_legend_handles_labels()
            figure.legend(handles, labels, frameon=False, fontsize=9, ncols=3, loc="outside lower center")
        figure.suptitle(f"Time courses, {heading}: {told(cell)}", fontsize=11)
        made.append(save(figure, folder, file))
    return made


def over_dose(dataset: xr.Dataset, folder: Path) -> list[Path]:
    """Readouts against dose, once a sheet and place of other axes; nothing where no dose is varied."""
    if "dose" not in dataset.dims or dataset.sizes["dose"] < 3 or not (dataset["dose"] > 0).any():
        return []
    made = []
    for file, heading, cell in _sheets("doses", dataset):
        rows = [row for row in AT_DOSE if _has(cell, row[0], row[1]) and _readout(cell, row[2]) is not None]
        if not rows:
            continue
        figure, axes = subplots(
            len(rows), 1, figsize=(WIDTH_IN, (ROW_IN + 0.35) * len(rows) + 0.6), squeeze=False,
            layout="constrained",
        )  # fmt: skip
        others = list(islice(_places(cell, ("dose",)), len(ORDERED)))
        for axis, (name, where, readout, label) in zip(axes[:, 0], rows, strict=True):
            at = _readout(cell, readout) or {}
            for k, (place, words) in enumerate(others):
                values = cell[name].sel(where | at | place).transpose("seed", "dose").values
                key = "Pyr" if len(others) == 1 else None
                colour = COLOURS["Pyr"] if key else ORDERED[k]
                band(axis, dose_places(cell["dose"].values), values, colour, MARKERS["Pyr"], words)
            dose_axis(axis, cell["dose"].values)
            tidy(axis, "", f"{label}{f', {readout_said}' if (readout_said := _said(at, readout)) else ''}")
        axes[-1, 0].set_xlabel(f"dose ({cell['dose'].attrs.get('units', 'mg/kg')})")
        figure.suptitle(f"Dose against readouts, {heading}: {told(cell)}", fontsize=11)
        made.append(save(figure, folder, file))
    return made


def _sheets(name: str, dataset: xr.Dataset) -> Any:
    return pages(name, dataset if "sheet" in dataset.dims else dataset.expand_dims("sheet"))


def _has(cell: xr.Dataset, name: str, where: dict[str, str]) -> bool:
    if name not in cell or any(d not in cell[name].dims for d in where):
        return False
    values = cell[name].sel(where)
    return bool(np.isfinite(values).any()) and (name != "brain_unbound_course" or bool((values > 0).any()))


def _places(cell: xr.Dataset, but: tuple[str, ...] = ()) -> Any:
    """Every place of a sweep without its seed, and in words; vehicle first as the axes have it."""
    axes = [str(d) for d in cell["run_id"].dims if d not in ("seed", "sheet", *but)]
    for values in product(*(cell[axis].values for axis in axes)):
        place = dict(zip(axes, values, strict=True))
        if (cell["run_id"].sel(place) != "").any():
            yield place, ", ".join(_worded(cell, axis, value) for axis, value in place.items())


def _worded(cell: xr.Dataset, axis: str, value: Any) -> str:
    units = str(cell[axis].attrs.get("units", ""))
    text = str(value) if isinstance(value, str) else f"{value:g}"
    return (
        f"{text} {units}" if units not in ("", "1") else text if isinstance(value, str) else f"{axis} {text}"
    )


def _course_of(
    cell: xr.Dataset, name: str, where: dict[str, str], lines: list[tuple[Any, str]], axis: Any
) -> bool:
    """Draw one variable of every place; whether its hours are shown as days."""
    clock = str(next(d for d in cell[name].dims if d in ("time", "moment")))
    hours = cell[clock].values
    long = float(np.ptp(hours)) > LONG_H
    for k, (place, words) in enumerate(lines):
        values = cell[name].sel(where | place).transpose("seed", clock).values
        mean, sd = centre(values)
        there = np.isfinite(mean)
        x = hours[there] / (24.0 if long else 1.0)
        colour, dash = ORDERED[k % len(ORDERED)], DASHES[k // len(ORDERED)]
        axis.fill_between(x, (mean - sd)[there], (mean + sd)[there], color=colour, alpha=0.2, linewidth=0)
        axis.plot(x, mean[there], dash, color=colour, linewidth=1.5, label=words)
    after = hours[-1] / (24.0 if long else 1.0)
    if hours[0] < 0 < after:
        axis.set_xlim(max(hours[0] / (24.0 if long else 1.0), -BEFORE * after), 1.02 * after)
    return long


def _readout(cell: xr.Dataset, name: str) -> dict[str, Any] | None:
    """Where on the axis of readouts to read; nothing where there is no such readout."""
    if not name:
        return {}
    if "readout" not in cell.dims:
        return None
    there = [str(r) for r in cell["readout"].values]
    if name == "last":
        hours = [r for r in there if r.endswith((" h", " d"))]
        return {"readout": hours[-1]} if hours else None
    return {"readout": name} if name in there else None


def _said(at: dict[str, Any], readout: str) -> str:
    return str(at["readout"]) if readout == "last" and at else ""
