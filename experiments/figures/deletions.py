"""What a dose does in whole circuits and in those that lack a subunit: of studies ex_vivo and occlusion."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from prelimbic.experiments.figures.style import ORDERED, dots, no_change, pages, save, subplots, tidy, told
from prelimbic.experiments.readouts.columns import against, at, names
from prelimbic.experiments.readouts.knockouts import READOUTS, WHOLE, effect


def draw(dataset: xr.Dataset, folder: Path) -> list[Path]:
    """Draw ex_vivo.png (and .svg), once a sheet."""
    made = []
    dose = float(dataset["given"].values[1])
    for file, heading, here in pages("ex_vivo", dataset.isel(hour=[-1])):
        panels = {
            f"{name}, change (%)": {d: effect(here.sel(deleted=d), dose, *READOUTS[name]) for d in deleted}
            for deleted in [names(here, "deleted")]
            for name in ("Pyr Hz", "sEPSC Hz")
        }
        title = f"Slice an hour after {dose:g} mg/kg i.p., mouse, {heading} (dots: seeds; {told(here)})"
        made.append(_draw(panels, title, folder, file))
    return made


def draw_growth(dataset: xr.Dataset, folder: Path) -> list[Path]:
    """Draw occlusion.png (and .svg), once a sheet."""
    made = []
    none, dose = (float(d) for d in dataset["dose"].values)
    for file, heading, here in pages("occlusion", dataset):
        cells = {d: here.sel(deleted=d) for d in names(here, "deleted")}
        panels = {
            label: {d: against(column, c.sel(dose=dose), c.sel(dose=none)) for d, c in cells.items()}
            for label, column in {
                "glutamate, 0-2 h (%)": at("glutamate_release", "0-2 h"),
                "spines at 24 h (%)": at("spines", "24 h"),
            }.items()
        }
        title = f"{dose:g} mg/kg i.p., mouse, against vehicle, {heading} (dots: seeds; {told(here)})"
        made.append(_draw(panels, title, folder, file))
    return made


def _draw(panels: dict[str, dict[str, np.ndarray]], title: str, folder: Path, file: str) -> Path:
    figure, axes = subplots(1, len(panels), figsize=(3.9 * len(panels), 4.4), layout="constrained")
    for axis, (label, found) in zip(axes, panels.items(), strict=True):
        for k, values in enumerate(found.values()):
            there = values[np.isfinite(values)]
            if len(there):
                dots(axis, k, there, ORDERED[5])
        no_change(axis)
        words = ["whole" if d == WHOLE else f"no {d.replace('_', ' in ')}" for d in found]
        axis.set_xticks(range(len(found)), words)
        tidy(axis, "", label)
    figure.suptitle(title, fontsize=11)
    return save(figure, folder, file)
