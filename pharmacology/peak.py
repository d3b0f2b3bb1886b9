"""Peak: the hour at which a course after several inputs is highest.

Between two breaks (an input begins or ends) nothing enters but at a constant rate, and the course is smooth.
It is sampled at offsets that lengthen by a constant factor, as exponentials ask for, and every stretch that
may hold the maximum is looked at ever closer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

TENTHS_OF_MIN = 600  # in an hour
SOONEST_H, EACH_DOUBLING = 1e-4, 4  # of the offsets from a break
SLOWEST = 30.0  # time constants after the last break, by when all that rises has risen
NEARLY = 0.99  # of the highest: another stretch that may be higher when looked at closer
ALIKE = 1.0 - 1e-12  # of the highest of a stretch: as high
EQUAL = 1.0 - 1e-9  # of the highest of all: far from hour 0 hours have fewer digits
CLOSER = 32  # parts of a stretch
LEAST = 1e-9  # of an hour: no closer

Course = Callable[[np.ndarray], np.ndarray]


def highest(course: Course, breaks: Sequence[float], slowest: float, until: float = math.inf) -> float:
    """First hour, until `until`, at which a course is highest, exact where an input makes it so (a bolus,
    the end of an infusion) and else to a tenth of a minute; of a plateau its end; where it is 0 the first
    break.

    `course` gives values at hours; `slowest` (1/h) is the rate of its slowest decline.
    """
    edges = [hour for hour in breaks if hour <= until] or [until]
    edges.append(max(min(edges[-1] + SLOWEST / slowest, until), edges[-1]))
    stretches = [_lengthening(*ends) for ends in pairwise(edges)]
    values = _each(course, stretches)
    most = max(each.max() for each in values)
    if not np.isfinite(most):
        raise ValueError("the course is not finite")
    if most <= 0.0:
        return float(edges[0])
    near = [k for k, found in enumerate(values) if found.max() >= NEARLY * most]
    close = _closer(course, [stretches[k] for k in near], [values[k] for k in near])
    top = max(value for _, value in close)
    return next(hour for hour, value in close if value >= EQUAL * top)


def _each(course: Course, hours: list[np.ndarray]) -> list[np.ndarray]:
    """The course at several sets of hours, in one go."""
    return np.split(course(np.concatenate(hours)), np.cumsum([len(each) for each in hours])[:-1])


def _lengthening(begin: float, end: float) -> np.ndarray:
    """Hours from one break to just before the next, at offsets that lengthen by a constant factor."""
    length = end - begin
    if length <= SOONEST_H:
        return np.array([begin, _before(end, begin)])
    steps = np.arange(math.ceil(EACH_DOUBLING * math.log2(length / SOONEST_H)))
    offsets = SOONEST_H * 2.0 ** (steps / EACH_DOUBLING)
    return np.array([begin, *(begin + offsets), _before(end, begin)])


def _before(end: float, begin: float) -> float:
    return max(float(np.nextafter(end, -np.inf)), begin)


def _closer(
    course: Course, stretches: list[np.ndarray], values: list[np.ndarray]
) -> list[tuple[float, float]]:
    """Hour and size of the maximum of each stretch, known at some hours."""
    around = [_around(*known) for known in zip(stretches, values, strict=True)]
    while wide := [
        k
        for k, (low, high) in enumerate(around)
        if high - low > max(CLOSER / TENTHS_OF_MIN, LEAST * abs(stretches[k][0]))
    ]:
        hours = [np.linspace(*around[k], CLOSER + 1) for k in wide]
        for k, known in zip(wide, zip(hours, _each(course, hours), strict=True), strict=True):
            around[k] = _around(*known)
    ticks = [_ticks(stretch, *ends) for stretch, ends in zip(stretches, around, strict=True)]
    found = []
    for stretch, tried, sizes in zip(stretches, ticks, _each(course, ticks), strict=True):
        k = _last_of_highest(sizes)
        at, end = float(tried[k]), float(stretch[-1])
        found.append((float(np.nextafter(end, np.inf)) if at == end > stretch[0] else at, float(sizes[k])))
    return found


def _around(hours: np.ndarray, values: np.ndarray) -> tuple[float, float]:
    """The hours beside the highest value."""
    k = _last_of_highest(values)
    return float(hours[max(k - 1, 0)]), float(hours[min(k + 1, len(hours) - 1)])


def _ticks(stretch: np.ndarray, low: float, high: float) -> np.ndarray:
    """Tenths of a minute from one hour of a stretch to another, and an end of it that is one of the two."""
    begin, end = stretch[0], stretch[-1]
    ticks = np.arange(math.floor(low * TENTHS_OF_MIN), math.ceil(high * TENTHS_OF_MIN) + 1) / TENTHS_OF_MIN
    ticks = ticks[(ticks > begin) & (ticks < end)]
    return np.array(
        [*([begin] if low == begin else []), *ticks, *([end] if high == end or not len(ticks) else [])]
    )


def _last_of_highest(values: np.ndarray) -> int:
    return int(np.flatnonzero(values >= ALIKE * values.max())[-1])
