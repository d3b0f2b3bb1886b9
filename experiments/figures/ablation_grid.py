"""Heat map: what an arm does to spines a day later under every inhibitor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from prelimbic.experiments.figures.style import centre, pages, save, subplots, told
from prelimbic.experiments.readouts.columns import ablated, names
from prelimbic.experiments.readouts.seeds import is_clear

COLOURS = "PuOr_r"  # diverging, told apart by colour-blind readers
DARK = 0.65  # of the range: beyond it text is white


def draw(dataset: xr.Dataset, folder: Path) -> list[Path]:
    """Draw ablation_grid.png (and .svg), once a sheet: inhibitors down, arms across."""
    made = []
    for file, heading, cell in pages("ablation_grid", dataset):
        arms, given = names(cell, "arm"), names(cell, "inhibitor")
        found = {(g, a): _there(ablated(cell, a, g)) for g in given for a in arms}
        figure, axis = subplots(
            figsize=(3.0 + 1.25 * len(arms), 2.0 + 0.62 * len(given)), layout="constrained"
        )
        _grid(axis, np.array([[_mean(found[g, a]) for a in arms] for g in given]), arms, given)
        for row, g in enumerate(given):
            for column, a in enumerate(arms):
                _tell(axis, column, row, found[g, a])
        figure.suptitle(
            "Spines per Pyr cell 24 h after 10 mg/kg i.p. against vehicle in the same arm, under the same "
            f"inhibitor, rat, {heading}\nMost of it is true by construction: an arm fails where its own "
            f"equations need what is shut\n({told(cell)}; dot: the 95 % t-interval includes 0, of one "
            "seed: exactly 0)",
            fontsize=10,
        )
        made.append(save(figure, folder, file))
    return made


def _there(values: np.ndarray) -> np.ndarray:
    return values[np.isfinite(values)]


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _grid(axis: Axes, means: np.ndarray, arms: list[str], given: list[str]) -> None:
    largest = float(np.nanmax(np.abs(means), initial=1e-9))
    image = axis.imshow(means, cmap=COLOURS, vmin=-largest, vmax=largest, aspect="auto")
    axis.set_facecolor("#D9D9D9")
    axis.set_xticks(range(len(arms)), arms)
    axis.set_yticks(range(len(given)), [g.replace("_", " ") for g in given])
    axis.tick_params(length=0)
    axis.hlines(np.arange(len(given) + 1) - 0.5, -0.5, len(arms) - 0.5, colors="white", linewidth=1.5)
    axis.vlines(np.arange(len(arms) + 1) - 0.5, -0.5, len(given) - 0.5, colors="white", linewidth=1.5)
    axis.spines[:].set_visible(False)
    axis.set_xlabel("arm")
    axis.set_ylabel("inhibitor")
    axis.figure.colorbar(image, ax=axis, label="spines per Pyr cell against vehicle (%)", shrink=0.8)


def _tell(axis: Axes, column: int, row: int, values: np.ndarray) -> None:
    """Mean and SD in a cell, and a dot where no effect is clear."""
    if not len(values):
        axis.text(column, row, "not run", ha="center", va="center", fontsize=8, color="black")
        return
    mean, sd = centre(values)
    limit = axis.images[0].get_clim()[1]
    ink = "white" if limit and abs(mean) > DARK * limit else "black"
    places = 1 if abs(mean) >= 1 else 2
    text = f"{mean:+.{places}f}" if mean else "0"
    text += f"\n± {sd:.{places}f}" if len(values) > 1 and sd else ""
    axis.text(column, row, text, ha="center", va="center", fontsize=8, color=ink)
    if not is_clear(values):
        axis.plot(column + 0.38, row - 0.3, "o", markersize=4, color=ink)
