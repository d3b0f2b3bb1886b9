"""One figure a protocol of the rig."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from prelimbic.experiments.figures import receptors
from prelimbic.experiments.figures.style import (
    COLOURS,
    INK,
    MARKERS,
    ORDERED,
    band,
    no_change,
    save,
    subplots,
    tidy,
)
from prelimbic.parameters import POPULATIONS, SheetError, recorded


def draw(dataset: xr.Dataset, folder: Path) -> list[Path]:
    """Draw every protocol, a panel a sheet; returns the paths of the PNGs."""
    pages: dict[str, Callable[[Axes, xr.Dataset], None]] = {
        "firing": _firing,
        "potentials": _potentials,
        "trains": _trains,
        "dendrite": _dendrite,
        "magnesium": _magnesium,
        "trapping": _trapping,
        "coupling": _coupling,
    }
    made = [_page(dataset, folder, name, panel) for name, panel in pages.items()]
    return [*made, _block(dataset, folder), *receptors.draw(dataset, folder)]


def _page(dataset: xr.Dataset, folder: Path, name: str, panel: Callable[[Axes, xr.Dataset], None]) -> Path:
    sheets = dataset["sheet"].values
    figure, axes = subplots(
        1, len(sheets), figsize=(5.4 * len(sheets), 4.4), squeeze=False, layout="constrained"
    )
    for axis, sheet in zip(axes[0], sheets, strict=True):
        panel(axis, dataset.sel(sheet=sheet).transpose("seed", ...))
        axis.set_title(f"sheet {sheet}", loc="left", fontsize=10)
    return save(figure, folder, name)


def _firing(axis: Axes, cell: xr.Dataset) -> None:
    for p in POPULATIONS:
        band(
            axis, cell["current"].values, cell["fi_rate"].sel(population=p).values, COLOURS[p], MARKERS[p], p
        )
    tidy(axis, "current into the soma (pA)", "firing rate (Hz)")


def _potentials(axis: Axes, cell: xr.Dataset) -> None:
    names = [str(p) for p in cell["projection"].values if np.isfinite(cell["psp"].sel(projection=p)).all()]
    for k, name in enumerate(names):
        values = np.abs(cell["psp"].sel(projection=name).values)
        source = name.split("->")[0]
        axis.plot(values, np.full(len(values), k), MARKERS[source], color=COLOURS[source], markersize=5)
        try:
            low, high = recorded(name, "psp")
            axis.plot([low, high], [k + 0.25, k + 0.25], "-", color=INK, linewidth=4, solid_capstyle="butt")
        except SheetError:
            continue
    axis.set_yticks(range(len(names)), names)
    axis.set_xscale("log")
    axis.invert_yaxis()
    tidy(axis, "unitary potential (mV); bars: recorded range", "")


def _trains(axis: Axes, cell: xr.Dataset) -> None:
    seen: dict[str, list[str]] = {}
    for name in cell["projection"].values:
        values = cell["pulse_ratio"].sel(projection=name)
        if np.isfinite(values).all():
            seen.setdefault(" ".join(f"{v:.2f}" for v in values.mean("seed").values), []).append(str(name))
    for k, names in enumerate(seen.values()):
        colour, marker = ORDERED[k % len(ORDERED)], "os^D"[k // len(ORDERED)]
        values, expected = (cell[v].sel(projection=names[0]) for v in ("pulse_ratio", "pulse_expected"))
        label = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        axis.plot(cell["pulse"].values, expected.mean("seed").values, "-", color=colour, linewidth=1)
        axis.plot(
            cell["pulse"].values, values.mean("seed").values, marker, color=colour, markersize=5, label=label
        )
    no_change(axis, 1.0)
    axis.set_yscale("log")
    axis.set_yticks([0.1, 0.2, 0.5, 1.0, 2.0], ["0.1", "0.2", "0.5", "1", "2"])
    axis.set_xticks(cell["pulse"].values)
    tidy(
        axis,
        "pulse of a 20 Hz train (dots: network, lines: recursion)",
        "conductance over that of the first pulse",
    )
    axis.legend(frameon=False, fontsize=7, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.16))


def _dendrite(axis: Axes, cell: xr.Dataset) -> None:
    for k, name in enumerate(("steady_attenuation", "input_attenuation")):
        values = cell[name].values
        axis.bar(k, values.mean(), 0.6, color=ORDERED[k + 1])
        axis.plot(np.full(len(values), k), values, ".", color="black")
        axis.text(k, values.mean() + 0.02, f"{values.mean():.2f}", ha="center")
    axis.set_xticks([0, 1], ["steady potential,\nsoma to dendrite", "EPSP, dendritic\nover somatic input"])
    axis.set_ylim(0, 1.15)
    tidy(axis, "", "ratio")


def _magnesium(axis: Axes, cell: xr.Dataset) -> None:
    for colour, subunit in zip(ORDERED, cell["subunit"].values, strict=False):
        band(
            axis,
            cell["holding"].values,
            cell["magnesium_free"].sel(subunit=subunit).values,
            colour,
            "o",
            f"GluN{subunit}",
        )
    tidy(axis, "membrane potential (mV)", "share of bound receptors free of Mg (1 mM)")


def _trapping(axis: Axes, cell: xr.Dataset) -> None:
    for colour, drug in zip(ORDERED, cell["trapped_drug"].values, strict=False):
        kept = float(cell["trapped"].sel(trapped_drug=drug).mean())
        label = f"{drug}, {100 * kept:.0f} % trapped"
        axis.plot(
            cell["seconds"].values,
            cell["trapping"].sel(trapped_drug=drug).mean("seed").values,
            color=colour,
            label=label,
        )
    for begin, end, text in ((0, 60, "drug and\nagonist"), (60, 180, "wash"), (180, 240, "agonist")):
        axis.text((begin + end) / 2, 1.06, text, ha="center", va="bottom", fontsize=8)
        axis.axvline(end, color=INK, linewidth=0.8, linestyle=":")
    axis.set_ylim(0, 1.2)
    tidy(axis, "time (s)", "2A receptors shut")


def _coupling(axis: Axes, cell: xr.Dataset) -> None:
    for p in POPULATIONS:
        for nmda, style in (("free", "-"), ("shut", "--")):
            values = cell["spike_chance"].sel(population=p, nmda=nmda).mean("seed").values
            share = float(cell["nmda_coupling"].sel(population=p).mean())
            label = f"{p}, NMDA share {share:.2f}" if nmda == "free" else ""
            axis.plot(cell["contacts"].values, values, style, color=COLOURS[p], label=label)
    axis.set_xscale("log")
    tidy(axis, "Pyr contacts that fire together (solid: NMDA free, dashed: shut)", "chance to spike")


def _block(dataset: xr.Dataset, folder: Path) -> Path:
    """Dose-block curves are those of the drugs: one page, a panel a drug."""
    drugs = dataset["drug"].values
    across, down = min(3, len(drugs)), -(-len(drugs) // 3)
    figure, axes = subplots(
        down,
        across,
        figsize=(4.0 * across, 3.2 * down),
        sharex=True,
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    cell = dataset.isel(sheet=0).transpose("seed", ...)
    for axis in axes.ravel()[len(drugs) :]:
        axis.set_visible(False)
    for axis, drug in zip(axes.ravel(), drugs, strict=False):
        for colour, subunit in zip(ORDERED, dataset["subunit"].values, strict=False):
            values = cell["block"].sel(drug=drug, subunit=subunit).values
            band(axis, cell["concentration"].values, values, colour, "o", f"GluN{subunit}")
        axis.set_xscale("log")
        axis.set_title(str(drug), loc="left", fontsize=10)
        tidy(axis, "concentration (uM)", "NMDA conductance shut")
    return save(figure, folder, "block")
