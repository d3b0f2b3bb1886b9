"""What a dose does in circuits that lack an NMDA receptor subunit, lost at once or while the circuit grew
up.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from prelimbic.experiments.figures.style import ORDERED, dots, no_change, pages, save, subplots, tidy, told
from prelimbic.experiments.readouts.columns import names
from prelimbic.experiments.readouts.knockouts import READOUTS, WHOLE, by_itself, effect

LOOKS = {"inherited": (ORDERED[5], "o"), "developmental": (ORDERED[4], "s")}
WORDS = {"inherited": "deleted at once", "developmental": "deleted while it grew up"}


def draw(dataset: xr.Dataset, folder: Path) -> list[Path]:
    """Draw knockouts.png (and .svg), once a sheet."""
    made = []
    dose = float(dataset["given"].values[1])
    panels = {"Pyr firing, no drug, against whole (%)": None} | {
        f"{n} at {dose:g} mg/kg (%)": r for n, r in READOUTS.items()
    }
    for file, heading, here in pages("knockouts", dataset):
        figure, axes = subplots(1, len(panels), figsize=(3.9 * len(panels), 4.4), layout="constrained")
        shown = names(here, "deleted")
        for axis, (title, readout) in zip(axes, panels.items(), strict=True):
            for shift, background in zip((-0.16, 0.16), LOOKS, strict=True):
                for k, deleted in enumerate(shown):
                    cell, whole = (here.sel(background=background, deleted=d) for d in (deleted, WHOLE))
                    found = (
                        by_itself(cell, whole, *READOUTS["Pyr Hz"])
                        if readout is None
                        else effect(cell, dose, *readout)
                    )
                    values = found[np.isfinite(found)]
                    if len(values):
                        dots(
                            axis, k + shift, values, *LOOKS[background], label="" if k else WORDS[background]
                        )
            no_change(axis)
            labels = ["whole" if d == WHOLE else f"no {d.replace('_', ' in ')}" for d in shown]
            axis.set_xticks(range(len(shown)), labels, rotation=35, ha="right", fontsize=8)
            axis.set_yscale("symlog", linthresh=100)
            ticks = [
                t
                for t in (-100, -50, 0, 50, 100, 300, 1000)
                if axis.get_ylim()[0] <= t <= axis.get_ylim()[1]
            ]
            axis.set_yticks(ticks, [str(t) for t in ticks])
            tidy(axis, "", title)
        figure.suptitle(
            f"Ketamine i.p., mouse, at the peak, {heading} (dots: seeds; {told(here)})", fontsize=11
        )
        made.append(save(figure, folder, file))
    return made
