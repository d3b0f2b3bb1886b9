"""Peak: the hour at which a course after several inputs is highest.

Between two breaks (an input begins or ends) nothing enters but at a constant rate, and the course is smooth.
It is sampled at offsets that lengthen by a constant factor, as exponentials ask for, and every stretch that may
hold the maximum is looked at ever closer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

TENTHS_OF_MIN = 600  # in an hour
SOONEST_H, EACH_DOUBLING = 1e-4, 4  # of the offsets from a break
SLOWEST = 30.0  # time constants after the last break, by when all that rises has risen
NEARLY = 0.99  # of the highest: another stretch that may be higher when looked at closer
ALIKE = 1.0 - 1e-12  # of the highest: as high
CLOSER = 32  # parts of a stretch
LEAST = 1e-9  # of an hour: no closer

Course = Callable[[np.ndarray], np.ndarray]


def highest(course: Course, breaks: Sequence[float], slowest: float, until: float = math.inf) -> float:
    """First hour, until `until`, at which a course is highest, exact where an input makes it so (a bolus, the
    end of an infusion) and else to a tenth of a minute; of a plateau its end; where it is 0 the first break.

    `course` gives values at hours; `slowest` (1/h) is the rate of its slowest decline.
    """
    edges = [hour for hour in breaks if hour <= until] or [until]
    edges.append(max(min(edges[-1] + SLOWEST / slowest, until), edges[-1]))
    stretches = [_lengthening(*ends) for ends in zip(edges, edges[1:], strict=False)]
    values = [course(hours) for hours in stretches]
    most = max(each.max() for each in values)
    if not np.isfinite(most):
        raise ValueError("the course is not finite")
    if most <= 0.0:
        return float(edges[0])
    close = [
        _closer(course, hours, found)
        for hours, found in zip(stretches, values, strict=True)
        if found.max() >= NEARLY * most
    ]
    top = max(value for _, value in close)
    return next(hour for hour, value in close if value >= ALIKE * top)


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


def _closer(course: Course, hours: np.ndarray, values: np.ndarray) -> tuple[float, float]:
    """Hour and size of the maximum of a stretch, known at some hours."""
    begin, end = float(hours[0]), float(hours[-1])
    while True:
        k = _last_of_highest(values)
        low, high = float(hours[max(k - 1, 0)]), float(hours[min(k + 1, len(hours) - 1)])
        if high - low <= CLOSER / TENTHS_OF_MIN or high - low <= LEAST * abs(begin):
            break
        hours = np.linspace(low, high, CLOSER + 1)
        values = course(hours)
    ticks = np.arange(math.floor(low * TENTHS_OF_MIN), math.ceil(high * TENTHS_OF_MIN) + 1) / TENTHS_OF_MIN
    ticks = ticks[(ticks > begin) & (ticks < end)]
    tried = np.array(
        [*([begin] if low == begin else []), *ticks, *([end] if high == end or not len(ticks) else [])]
    )
    sizes = course(tried)
    k = _last_of_highest(sizes)
    at = float(tried[k])
    after = float(np.nextafter(end, np.inf))
    return (after if at == end > begin else at), float(sizes[k])


def _last_of_highest(values: np.ndarray) -> int:
    return int(np.flatnonzero(values >= ALIKE * values.max())[-1])
