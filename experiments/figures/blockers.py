"""What each NMDA blocker does to firing, inhibition, BDNF and spines against none, by either arm."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from prelimbic.experiments.figures.style import ORDERED, dots, no_change, pages, save, subplots, tidy, told
from prelimbic.experiments.readouts.blockers import BATH_H, BLOCKED, DRUGS
from prelimbic.experiments.readouts.columns import against, names

LOOKS = {"surge": (ORDERED[5], "o"), "eef2k": (ORDERED[4], "s")}
PANELS = {
    "Pyr Hz": "Pyr rate at the peak",
    "GABA on Pyr": "GABA per Pyr cell at the peak",
    "BDNF, highest": "highest BDNF",
    "spines 24 h": "spines per Pyr cell at 24 h",
}


def draw(dataset: xr.Dataset, folder: Path) -> list[Path]:
    """Draw blockers.png (and .svg), once a sheet."""
    made = []
    for file, heading, cell in pages("blockers", dataset):
        drugs = [d for d in names(cell, "drug") if d != "none"]
        figure, axes = subplots(1, len(PANELS), figsize=(3.8 * len(PANELS), 4.4), layout="constrained")
        for axis, (name, what) in zip(axes, PANELS.items(), strict=True):
            for shift, arm in zip((-0.17, 0.17), names(cell, "arm"), strict=False):
                here = cell.sel(arm=arm)
                for k, drug in enumerate(drugs):
                    found = against(BLOCKED[name], here.sel(drug=drug), here.sel(drug="none"))
                    dots(axis, k + shift, found, *LOOKS[arm], label="" if k else f"arm {arm}")
            no_change(axis)
            axis.set_xticks(range(len(drugs)), [f"{d.replace('_', ' ')}\n{DRUGS[d]:g} uM" for d in drugs])
            axis.set_xlim(-0.5, len(drugs) - 0.5)
            tidy(axis, "", f"{what} (% against none)")
        figure.suptitle(f"A bath of {BATH_H:g} h, rat, {heading} (dots: seeds; {told(cell)})", fontsize=11)
        made.append(save(figure, folder, file))
    return made
