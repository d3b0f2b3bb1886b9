"""Drawn models as studies have their runs: of the dataset of study circuit_prior, under one affinity, what a
claim's readout asks of its own study, a model in the place of every seed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from prelimbic.pharmacology import Dose, Exposure

if TYPE_CHECKING:
    import xarray as xr

SURGE_MG = (0.0, 2.5, 5.0, 10.0, 20.0, 30.0, 50.0, 100.0, 200.0)
COURSE_H = np.linspace(0.0, 100 / 60, 41)
CURVES = ("rate", "glutamate_release", "power", "apical_calcium", "apical_nmda", "cv_isi")


def course_of(dose: float) -> np.ndarray:
    """Unbound ketamine over 100 min after a dose (mg/kg) in rat, uM."""
    return Exposure.after((Dose(dose, "ip"),), "rat").of("ketamine", COURSE_H) if dose else 0.0 * COURSE_H


def between(cell: xr.DataArray, uM: np.ndarray) -> xr.DataArray:
    """A readout over `concentration` at other concentrations (moment,); a line over the logarithm."""
    import xarray as xr

    places, wanted = np.log(cell["concentration"].values + 0.1), np.log(uM + 0.1)
    where = xr.DataArray(np.interp(wanted, places, np.arange(len(places))), dims="hour")
    low = np.minimum(where.astype(int), len(places) - 2)
    share = where - low
    return (1.0 - share) * cell.isel(concentration=low) + share * cell.isel(concentration=low + 1)


def surge(models: xr.Dataset) -> xr.Dataset:
    """Courses after doses in rat, by baths."""
    import xarray as xr

    courses = {d: course_of(d) for d in SURGE_MG}
    whole = models[[n for n in CURVES if n in models]]
    found = {
        name: xr.concat(
            [between(values, uM).drop_vars("concentration", errors="ignore") for uM in courses.values()],
            "given",
        )
        for name, values in whole.data_vars.items()
    }
    unbound = xr.DataArray(list(courses.values()), dims=("given", "hour")).expand_dims(
        seed=models["seed"].values
    )
    return xr.Dataset(found | {"unbound": unbound}).assign_coords(given=list(SURGE_MG), hour=COURSE_H)


def _prefixed(models: xr.Dataset, prefix: str) -> xr.Dataset:
    """What is called so, without the prefix, dimensions too."""
    names = [str(n) for n in models.variables if str(n).startswith(prefix)]
    return models[names].rename({n: n.removeprefix(prefix) for n in names})


def slices(models: xr.Dataset) -> xr.Dataset:
    """Baths in the slice state."""
    return _prefixed(models, "slice_")


def knockouts(models: xr.Dataset) -> xr.Dataset:
    """Circuits that lack a subunit, deleted at once, untreated and at the peak of 10 mg/kg in mouse."""
    found = _prefixed(models, "knockout_").assign_coords(given=[0.0, 10.0])
    return found.expand_dims(background=["inherited"]).expand_dims(hour=[0.0])


def ex_vivo(models: xr.Dataset) -> xr.Dataset:
    """Slices an hour after 25 mg/kg in mouse."""
    return _prefixed(models, "ex_vivo_").assign_coords(given=[0.0, 25.0]).expand_dims(hour=[1.0])


def cascade(models: xr.Dataset) -> xr.Dataset:
    """Rat and mouse, vehicle and 10 mg/kg."""
    found = _prefixed(models, "cascade_")
    pairs = [str(place).split("/") for place in found["place"].values]
    return (
        found.assign_coords(
            species=("place", [a for a, _ in pairs]), dose=("place", [float(d) for _, d in pairs])
        )
        .set_index(place=["species", "dose"])
        .unstack("place")
    )


def growth_dose(models: xr.Dataset) -> xr.Dataset:
    """Rat, 0, 10 and 80 mg/kg, no memory."""
    return _by_dose(models, "growth_dose_")


def human_dose(models: xr.Dataset) -> xr.Dataset:
    """Man, 0 and 0.5 mg/kg over 40 min, no memory."""
    return _by_dose(models, "human_dose_")


def _by_dose(models: xr.Dataset, prefix: str) -> xr.Dataset:
    found = _prefixed(models, prefix)
    found = found.assign_coords(place=[float(p) for p in found["place"].values]).rename(place="dose")
    return found.expand_dims(memory=["none"])


def blockers(models: xr.Dataset) -> xr.Dataset:
    """Baths of two hours, by either arm."""
    import xarray as xr

    arms = {arm: _prefixed(models, f"blockers_{arm}_").rename(place="drug") for arm in ("surge", "eef2k")}
    return xr.concat(list(arms.values()), "arm").assign_coords(arm=list(arms))


def stress(models: xr.Dataset) -> xr.Dataset:
    """Three weeks of stress, then a dose or none."""
    return _prefixed(models, "stress_").rename(place="group").expand_dims(rule=["activity"])


# study -> how drawn models are seen as its runs
DRAWN: dict[str, Callable[[xr.Dataset], xr.Dataset]] = {
    "surge": surge,
    "slice": slices,
    "knockouts": knockouts,
    "ex_vivo": ex_vivo,
    "cascade": cascade,
    "growth_dose": growth_dose,
    "human_dose": human_dose,
    "blockers": blockers,
    "stress": stress,
}
