"""From the drive to spines on a logarithmic time axis, rat and mouse; and every synapse of one cell with its
lifetime.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from prelimbic.experiments.figures.style import (
    ORDERED,
    band,
    centre,
    dots,
    pages,
    save,
    subplots,
    tidy,
    told,
)
from prelimbic.experiments.readouts.columns import against, at, names
from prelimbic.experiments.storage.manifest import read_manifest
from prelimbic.experiments.storage.store import is_whole, read_groups
from prelimbic.plasticity import MATURE, NASCENT, VACANT
from prelimbic.simulation.variable import Variable

HOURS = {
    "10 min": 1 / 6,
    "30 min": 0.5,
    "2 h": 2.0,
    "6 h": 6.0,
    "1 d": 24.0,
    "3 d": 72.0,
    "7 d": 168.0,
    "28 d": 672.0,
}
FROM_H, TO_H = 0.05, 672.0
GREY = "#7F7F7F"
# panel by panel: label, place of the legend, courses as (variable, label, colour, marker)
STAGES: tuple[tuple[str, str, tuple[tuple[str, str, str, str], ...]], ...] = (
    (
        "AMPA drive (relative to rest)",
        "upper right",
        (
            ("drive_fine", "drive felt", ORDERED[0], "o"),
            ("threshold_fine", "its threshold", ORDERED[1], "s"),
        ),
    ),
    (
        "relative to rest",
        "upper right",
        (("bdnf_fine", "BDNF", ORDERED[5], "o"), ("trkb_fine", "active TrkB", ORDERED[4], "s")),
    ),
    (
        "phosphorylated\n(relative to rest)",
        "upper right",
        (
            ("mtorc1_fine", "p-mTORC1", ORDERED[5], "o"),
            ("s6k_fine", "p-p70S6K", ORDERED[4], "s"),
            ("bp4e_fine", "p-4E-BP1", ORDERED[3], "^"),
        ),
    ),
    (
        "relative to rest",
        "upper left",
        (
            ("protein_fine", "synaptic protein", ORDERED[0], "o"),
            (
                "formation_signal_course",
                "signal for formation\n(mean of the stride before)",
                ORDERED[1],
                "s",
            ),
        ),
    ),
)
# Difference of spine density to vehicle (points) by day after 10 mg/kg, mouse: Phoumthipphavong 2016,
# recomputed
IMAGED = {1: 7.0, 3: 15.9, 5: 18.8, 10: 23.3, 15: 13.3}
SECOND_IMAGES = ("24 h", "3 d", "5 d", "10 d", "15 d")
RASTER_OF, CELL, FROM_D, TO_D = "rat", 0, -2.0, 28.0
BORN_D = 3.0  # how long after the dose births are followed
# (born after the dose, state) -> colour, label
BARS = {
    (False, NASCENT): ("#9FD4F2", "nascent, born before 0 h"),
    (False, MATURE): ("#0072B2", "mature, born before"),
    (True, NASCENT): ("#F6C28B", "nascent, born after"),
    (True, MATURE): ("#D55E00", "mature, born after"),
}
Raster = dict[str, Variable]


def draw(dataset: xr.Dataset, folder: Path) -> list[Path]:
    """Draw cascade.png and lifetimes.png (and .svg), once a sheet."""
    made = []
    for file, heading, cell in pages("cascade", dataset):
        animals = names(cell, "species")
        figure, axes = subplots(
            6,
            len(animals),
            figsize=(6.6 * len(animals), 16.5),
            squeeze=False,
            sharey="row",
            layout="constrained",
        )
        for column, animal in zip(axes.T, animals, strict=True):
            _column(column, cell.sel(species=animal), animal)
        figure.suptitle(
            f"Cascade after {float(cell['dose'].max()):g} mg/kg ketamine i.p., {heading}\n"
            f"(means of Pyr cells; lines and bands: {told(cell)}; grey: vehicle)",
            fontsize=11,
        )
        made.append(save(figure, folder, file))
    return made + [path for page in pages("lifetimes", dataset) for path in _lifetimes(*page, folder)]


def _column(axes: np.ndarray, cell: xr.Dataset, animal: str) -> None:
    drug, vehicle = cell.sel(dose=cell["dose"].max()), cell.sel(dose=0.0)
    for axis, (label, place, courses) in zip(axes, STAGES, strict=False):
        for course in courses:
            _course(axis, drug, vehicle, *course)
        _hours(axis)
        tidy(axis, "", label)
        axis.legend(frameon=False, fontsize=8, loc=place)
    _density(axes[4], drug, vehicle, animal)
    _turnover(axes[5], drug, vehicle)
    axes[0].set_title(animal, loc="left", fontsize=11)


def _course(
    axis: Axes, drug: xr.Dataset, vehicle: xr.Dataset, name: str, label: str, colour: str, marker: str
) -> None:
    clock = drug[name].dims[-1]
    after = drug[clock].values >= FROM_H
    hours = drug[clock].values[after]
    axis.plot(hours, centre(vehicle[name].values[:, after])[0], "-", color=GREY, linewidth=1)
    marked = sorted({int(np.argmin(np.abs(hours - h))) for h in np.geomspace(FROM_H, TO_H, 16)})
    band(axis, hours, drug[name].values[:, after], colour, marker, label)
    axis.lines[-1].set_markevery(marked)


def _density(axis: Axes, drug: xr.Dataset, vehicle: xr.Dataset, animal: str) -> None:
    hours, still = drug["time"].values, vehicle["spines_course"]
    after = hours >= FROM_H
    drift = 100.0 * (still / still.sel(time=0.0, method="nearest") - 1.0)
    band(axis, hours[after], drift.values[:, after], GREY, "", "vehicle, against its own 0 h")
    grown = against(lambda c: c["spines_course"].values, drug, vehicle)
    band(axis, hours[after], grown[:, after], ORDERED[5], "o", "ketamine, against vehicle of the same seed")
    if animal == "mouse":
        axis.plot(
            [24.0 * d for d in IMAGED],
            list(IMAGED.values()),
            "D",
            color="black",
            fillstyle="none",
            markersize=7,
            label="imaged, Phoumthipphavong 2016 (points)",
        )
    _hours(axis)
    tidy(axis, "time after the dose", "spines per Pyr cell (%)")
    axis.legend(frameon=False, fontsize=8, loc="upper left")


def _turnover(axis: Axes, drug: xr.Dataset, vehicle: xr.Dataset) -> None:
    pairs = (("formation", -0.2, ORDERED[5], "o"), ("elimination", 0.2, ORDERED[4], "s"))
    for k, readout in enumerate(SECOND_IMAGES):
        for what, shift, colour, marker in pairs:
            column = at(f"imaged_{what}", readout)
            dots(axis, k + shift - 0.08, column(vehicle), GREY, marker, "" if k else f"{what}, vehicle")
            dots(axis, k + shift + 0.08, column(drug), colour, marker, "" if k else f"{what}, ketamine")
    axis.set_xticks(range(len(SECOND_IMAGES)), SECOND_IMAGES)
    axis.set_ylim(bottom=0.0)
    tidy(axis, "second of two images 48 h apart", "of the spines on the first (%)")
    axis.legend(frameon=False, fontsize=8, loc="lower right")


def _hours(axis: Axes) -> None:
    axis.set_xscale("log")
    axis.set_xlim(FROM_H, TO_H * 1.05)
    axis.set_xticks(list(HOURS.values()), list(HOURS))
    axis.minorticks_off()


def _lifetimes(file: str, heading: str, cell: xr.Dataset, folder: Path) -> list[Path]:
    """A dataset has no sites, so this reads the run files; nothing is drawn where vehicle or drug has not
    run.
    """
    high = float(cell["dose"].max())
    given = {"vehicle": 0.0, f"{high:g} mg/kg": high}
    found = {label: _rasters(folder, str(cell["sheet"].values), dose) for label, dose in given.items()}
    if not all(found.values()):
        return []
    figure, axes = subplots(2, 2, figsize=(13.0, 12.5), height_ratios=(3.2, 1.0), layout="constrained")
    for axis, (label, rasters) in zip(axes[0], found.items(), strict=True):
        _raster(axis, rasters[0])
        axis.set_title(label, loc="left", fontsize=10)
    for axis, births in zip(axes[1], (False, True), strict=True):
        _survival(axis, found, births)
    bars = [Line2D([], [], color=colour, linewidth=4, label=label) for colour, label in BARS.values()]
    figure.legend(
        handles=bars,
        frameon=False,
        fontsize=9,
        ncols=4,
        loc="outside upper center",
        title_fontsize=11,
        title=f"Synapses of one Pyr cell by look, ketamine i.p., {RASTER_OF}, {heading}; below, survival",
    )
    return [save(figure, folder, file)]


def _rasters(folder: Path, sheet: str, dose: float) -> list[Raster]:
    """Of every seed that has run."""
    wanted = {"sheet": sheet, "species": RASTER_OF, "dose": dose}
    runs = [run for run in read_manifest(folder)["runs"] if wanted.items() <= run["place"].items()]
    whole = [folder / run["file"] for run in runs if is_whole(folder / run["file"], run["run_id"])]
    return [read_groups(path, ("raster",))["raster"] for path in whole]


def spines_of(states: np.ndarray) -> Iterator[tuple[int, int, int]]:
    """Site, first look and look at which it is gone, of every spine.  A nascent one where a mature one stood
    is another.
    """
    before = np.vstack([np.full_like(states[:1], VACANT), states[:-1]])
    new = ((states != VACANT) & (before == VACANT)) | ((states == NASCENT) & (before == MATURE))
    ends = new | (states == VACANT)
    for born, site in np.argwhere(new):
        later = np.flatnonzero(ends[born + 1 :, site])
        yield int(site), int(born), int(born + 1 + later[0]) if len(later) else len(states)


def _raster(axis: Axes, raster: Raster) -> None:
    days, states = raster["time"].values / 24.0, raster["state"].values[:, CELL]
    until = np.append(days, days[-1])
    for site, born, gone in spines_of(states):
        grown = min(gone, born + int(np.argmax(np.append(states[born:gone, site], MATURE) == MATURE)))
        for state, begin, end in ((NASCENT, born, grown), (MATURE, grown, gone)):
            colour = BARS[bool(days[born] > 0), state][0]
            axis.hlines(site, until[begin], until[end], colors=colour, linewidth=3.2, capstyle="butt")
    axis.hlines(raster["branches"].values - 0.5, FROM_D, TO_D, colors=GREY, linewidth=0.6)
    axis.axvline(0.0, color="black", linewidth=0.8, linestyle=":")
    axis.set_xlim(FROM_D, TO_D)
    axis.set_ylim(-0.5, states.shape[1] - 0.5)
    axis.set_yticks([])
    tidy(axis, "days after the dose", "potential contacts of the cell, branch by branch")


def _survival(axis: Axes, found: dict[str, list[Raster]], births: bool) -> None:
    age = np.arange(TO_D - BORN_D + 1.0)
    for (label, rasters), colour, marker in zip(found.items(), (GREY, ORDERED[5]), "so", strict=True):
        band(axis, age, np.array([_alive(raster, births, age) for raster in rasters]), colour, marker, label)
    axis.set_ylim(0.0, 104.0)
    cells, wirings = next(iter(found.values()))[0]["state"].values.shape[1], min(map(len, found.values()))
    tidy(
        axis,
        f"days since {'birth' if births else 'day 0'} ({cells} cells of each of {wirings} wirings; band: "
        "SD)",
        f"of spines {f'born on days 0 to {BORN_D:g}' if births else 'there at day 0'}, left (%)",
    )


def _alive(raster: Raster, births: bool, age: np.ndarray) -> np.ndarray:
    """Share (%) of the stored cells' spines that last longer than `age` (days): from birth, or from day 0 of
    those there.
    """
    days, states = raster["time"].values / 24.0, raster["state"].values
    until, lasted = np.append(days, np.inf), []
    for cell in range(states.shape[1]):
        for _, born, gone in spines_of(states[:, cell]):
            if 0 < days[born] <= BORN_D if births else days[born] <= 0 < until[gone]:
                lasted.append(until[gone] - (days[born] if births else 0.0))
    return 100.0 * (np.array(lasted)[:, None] > age).mean(axis=0) if lasted else np.full(len(age), np.nan)
