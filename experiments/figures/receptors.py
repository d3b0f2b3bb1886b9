"""NMDA receptors by assembly and the share of each class that they are: decay, Mg block and ketamine's, at
room and body temperature and under both sets of affinities.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from prelimbic.experiments.figures.style import INK, ORDERED, no_change, pages, save, subplots, tidy
from prelimbic.parameters import POPULATIONS, SUBUNITS

WORDS = dict(zip(SUBUNITS, ("2A", "2A/2B", "2B", "2B/2D", "2C", "2D"), strict=True))
COLOUR = dict(zip(SUBUNITS, ORDERED, strict=False))
WARM, COLD = 37.0, 22.0
TISSUE, RECOMBINANT = "tissue", "recombinant"


def draw(dataset: xr.Dataset, folder: Path) -> list[Path]:
    """Draw receptors.png (and .svg), once a sheet; returns the paths of the PNGs."""
    made = []
    for file, heading, cell in pages("receptors", dataset):
        here = cell.isel(seed=0)
        known = [k for k in SUBUNITS if np.isfinite(here["receptor_decay"].sel(subunit=k)).all()]
        figure, axes = subplots(1, 3, figsize=(15.0, 4.6), layout="constrained")
        _decay(axes[0], here, known)
        _magnesium(axes[1], here, known)
        _block(axes[2], here, known)
        figure.suptitle(f"{heading}: NMDA receptors by their GluN2 subunits", fontsize=11)
        made.append(save(figure, folder, file))
    return made


def _decay(axis: Axes, here: xr.Dataset, known: list[str]) -> None:
    for k, name in enumerate(known):
        ms = here["receptor_decay"].sel(subunit=name)
        cold, warm = (float(ms.sel(celsius=c)) for c in (COLD, WARM))
        axis.plot([warm, cold], [k, k], "-", color=COLOUR[name], linewidth=1.5)
        axis.plot(cold, k, "o", color=COLOUR[name], markerfacecolor="white", markersize=7)
        axis.plot(warm, k, "o", color=COLOUR[name], markersize=7)
        axis.text(warm, k - 0.22, f"{warm:.0f}", ha="center", fontsize=8)
        if cold != warm:
            axis.text(cold, k - 0.22, f"{cold:.0f}", ha="center", fontsize=8)
    labels = [f"{WORDS[name]}\n{_classes(here, name)}" for name in known]
    axis.set_yticks(range(len(known)), labels, fontsize=8)
    axis.set_ylim(len(known) - 0.5, -0.6)
    axis.set_xscale("log")
    axis.margins(x=0.12)
    tidy(axis, f"decay (ms); filled {WARM:g} °C, open {COLD:g} °C", "")


def _classes(here: xr.Dataset, name: str) -> str:
    """Which classes have an assembly in synapses, and which outside."""
    share, tonic = (here[v].sel(subunit=name) for v in ("receptor_share", "receptor_tonic"))
    of = {p: float(share.sel(population=p)) for p in POPULATIONS}
    inside = [f"{p} {value:.2g}" for p, value in of.items() if value > 0]
    outside = [p for p in POPULATIONS if tonic.sel(population=p) > 0]
    told = [", ".join(inside)] if inside else []
    told += [f"outside synapses: {', '.join(outside)}"] if outside else []
    return "\n".join(told) or "in no class"


def _magnesium(axis: Axes, here: xr.Dataset, known: list[str]) -> None:
    _curves(axis, here["receptor_free"], known, "membrane", {"celsius": (WARM, COLD)})
    axis.axvline(-60.0, color=INK, linewidth=0.8, linestyle=":")
    axis.set_ylim(0, 1)
    tidy(axis, f"membrane potential (mV); solid {WARM:g} °C, dashed {COLD:g} °C", "share free of Mg")


def _block(axis: Axes, here: xr.Dataset, known: list[str]) -> None:
    _curves(axis, here["receptor_block"], known, "ketamine", {"affinity": (TISSUE, RECOMBINANT)})
    no_change(axis, 0.5)
    axis.set_xscale("log")
    axis.set_ylim(0, 1)
    axis.set_title(f"alike at {COLD:g} and {WARM:g} °C: no sheet has affinities by temperature", fontsize=9)
    tidy(axis, "free ketamine (uM); solid tissue, dashed recombinant", "share of receptors shut")


def _curves(
    axis: Axes, values: xr.DataArray, known: list[str], along: str, styles: dict[str, tuple[object, object]]
) -> None:
    """Curves of assemblies, equal ones once: solid at the first, dashed at the second place of another
    dimension.
    """
    ((dimension, places),) = styles.items()
    for names in _alike(values, known):
        one, label = values.sel(subunit=names[0]), ", ".join(WORDS[n] for n in names)
        for place, style, told in zip(places, ("-", "--"), (label, ""), strict=True):
            curve = one.sel({dimension: place})
            axis.plot(curve[along].values, curve.values, style, color=COLOUR[names[0]], label=told)


def _alike(values: xr.DataArray, known: list[str]) -> list[list[str]]:
    """Assemblies by equal curves."""
    groups: dict[bytes, list[str]] = {}
    for name in known:
        groups.setdefault(np.round(values.sel(subunit=name).values, 6).tobytes(), []).append(name)
    return list(groups.values())
