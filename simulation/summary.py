"""What a whole course comes to: peaks, their hours, and areas, as pharmacokinetic studies report them."""

from __future__ import annotations

import numpy as np
import xarray as xr

from prelimbic.simulation.config import Config
from prelimbic.simulation.exposed import arranged, begin, courses
from prelimbic.simulation.sheets import check_numbers
from prelimbic.simulation.times import hours_behind

SITES = {"arterial": "ng/mL", "venous": "ng/mL", "brain_unbound": "umol/L"}
OFFSETS = 300  # after what begins or ends, at which a course is computed
HALF_LIVES = 20.0  # of the slowest decline, after which nothing is left


def summary(config: Config) -> xr.Dataset:
    """Of the doses of a configuration: `SITE_cmax` (compound) in ng/mL or umol/L, `SITE_tmax` in h,
    `SITE_auc` to infinity in the unit times h, for the sites arterial, venous and brain_unbound, and
    `half_life` (h) of the last decline in arterial plasma.  Areas are within a tenth of a percent.  A
    bath is not counted. Raises DoseError and SheetError.
    """
    check_numbers(config.sheets())
    found = courses(config)
    slowest = min(own.system.slowest for course in found.values() for own in course._chains.values())
    hours = _hours(config, HALF_LIVES * np.log(2.0) / slowest)
    course = arranged(config, hours, found)
    whole: dict[str, tuple[str, np.ndarray, dict[str, str]]] = {}
    for site, unit in SITES.items():
        values = course[site].values
        whole[f"{site}_cmax"] = ("compound", values.max(axis=0), {"units": unit})
        whole[f"{site}_tmax"] = ("compound", hours[values.argmax(axis=0)], {"units": "h"})
        whole[f"{site}_auc"] = ("compound", np.trapezoid(values, hours, axis=0), {"units": f"{unit} h"})
    whole["half_life"] = ("compound", _half_lives(hours, course["arterial"].values), {"units": "h"})
    return xr.Dataset(whole, {"compound": course["compound"]}, course.attrs)


def _hours(config: Config, after: float) -> np.ndarray:
    """Hours close behind all that begins and ends, and on until `after` hours behind the last."""
    edges = sorted({hour for dose in config.doses for hour in (dose.start, dose.end)} or {begin(config)})
    found = hours_behind(edges, after, OFFSETS)
    return found[found <= edges[-1] + after]


def _half_lives(hours: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Of the decline over the last half of the time in which a course falls to a millionth of its peak."""
    found = np.full(values.shape[1], np.nan)
    for k, course in enumerate(values.T):
        there = np.flatnonzero(course > 1e-6 * course.max()) if course.max() > 0 else np.array([], dtype=int)
        if len(there) > 1:
            last = there[-1]
            middle = int(np.searchsorted(hours, (hours[course.argmax()] + hours[last]) / 2.0))
            if course[last] < course[middle]:
                found[k] = (
                    np.log(2.0) * (hours[last] - hours[middle]) / np.log(course[middle] / course[last])
                )
    return found
