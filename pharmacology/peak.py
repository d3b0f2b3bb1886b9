"""When something that follows linear compartments is highest, whatever is put into them and when.

Between two breaks (an input begins or ends) every state is a sum of exponentials.  They are followed on
offsets that lengthen by a constant factor, as exponentials ask for, and every stretch that may hold the
maximum is looked at ever closer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import expm

TENTHS_OF_MIN = 600  # in an hour
SOONEST_H, EACH_DOUBLING = 1e-4, 4  # of the offsets from a break
SLOWEST = 30.0  # time constants after the last break, by when all that rises has risen
NEARLY = 0.99  # of the highest: another stretch that may be higher when looked at closer
ALIKE = 1.0 - 1e-12  # of the highest: as high
CLOSER = 32  # parts of a stretch
LEAST = 1e-9  # of an hour: no closer


@dataclass(frozen=True)
class Input:
    """`amount`, (state,), that enters from hour `start` on, over `duration` hours or, without one, at
    once.
    """

    start: float
    duration: float | None
    amount: np.ndarray

    @property
    def end(self) -> float:
        return self.start + (self.duration or 0.0)


@dataclass(frozen=True)
class _Stretch:
    """From hour `begin`, for `length` hours: the states there, with a 1 behind them, and what drives these
    (1/h).
    """

    begin: float
    length: float
    states: np.ndarray
    driven: np.ndarray

    def evenly(self, first: float, step: float, count: int) -> np.ndarray:
        """States at so many equal steps from an offset on, shape (offset, state + 1)."""
        states, onward = [expm(self.driven * first) @ self.states], expm(self.driven * step)
        for _ in range(count - 1):
            states.append(onward @ states[-1])
        return np.array(states)

    def lengthening(self) -> tuple[np.ndarray, np.ndarray]:
        """Offsets that lengthen by a constant factor, and the states there."""
        found = {0.0: self.states, self.length: expm(self.driven * self.length) @ self.states}
        for k in range(EACH_DOUBLING):
            offset = SOONEST_H * 2.0 ** (k / EACH_DOUBLING)
            onward = expm(self.driven * min(offset, self.length))
            while offset < self.length:
                found[offset] = onward @ self.states
                offset, onward = 2.0 * offset, onward @ onward
        offsets = sorted(found)
        return np.array(offsets), np.array([found[offset] for offset in offsets])


def highest(
    matrix: np.ndarray, inputs: tuple[Input, ...], seen: np.ndarray, until: float = math.inf
) -> float:
    """First hour, until `until`, at which `seen` @ states is highest, exact where an input makes it so (a
    bolus, the end of an infusion) and else to a tenth of a minute; of a plateau its end.  `matrix` (1/h) is
    what the states do by themselves; what is seen decays.
    """
    reach = seen != 0
    while (wider := reach | (matrix[reach] != 0).any(axis=0)).sum() > reach.sum():
        reach = wider  # only states that lead to what is seen
    inputs, weights = tuple(replace(i, amount=i.amount[reach]) for i in inputs), np.append(seen[reach], 0.0)
    found = []
    for stretch in _stretches(matrix[np.ix_(reach, reach)], inputs, until):
        offsets, states = stretch.lengthening()
        found.append((stretch, offsets, states @ weights))
    most = max(values.max() for *_, values in found)
    close = [_closer(weights, *it) for it in found if it[-1].max() >= NEARLY * most]
    top = max(value for _, value in close)
    return next(hour for hour, value in close if value >= ALIKE * top)


def _closer(
    weights: np.ndarray, stretch: _Stretch, offsets: np.ndarray, values: np.ndarray
) -> tuple[float, float]:
    """Hour and size of the maximum of a stretch, known at some offsets."""
    while True:
        k = _last_of_highest(values)
        low, high = offsets[max(k - 1, 0)], offsets[min(k + 1, len(offsets) - 1)]
        if high - low <= CLOSER / TENTHS_OF_MIN or high - low <= LEAST * abs(stretch.begin):
            break
        offsets = np.linspace(low, high, CLOSER + 1)
        values = stretch.evenly(low, (high - low) / CLOSER, CLOSER + 1) @ weights
    first = math.floor((stretch.begin + low) * TENTHS_OF_MIN)
    ticks = np.arange(first, math.ceil((stretch.begin + high) * TENTHS_OF_MIN) + 1) / TENTHS_OF_MIN
    inside = ticks[(ticks > stretch.begin) & (ticks < stretch.begin + stretch.length)]
    edges = [(stretch.begin, stretch.states @ weights)] if low == 0.0 else []
    if len(inside):
        states = stretch.evenly(inside[0] - stretch.begin, 1.0 / TENTHS_OF_MIN, len(inside))
        edges += list(zip(inside, states @ weights, strict=True))
    if high == stretch.length or not edges:
        edges.append((stretch.begin + high, stretch.evenly(high, 0.0, 1)[0] @ weights))
    hours, sizes = np.array(edges).T
    k = _last_of_highest(sizes)
    return float(hours[k]), float(sizes[k])


def _last_of_highest(values: np.ndarray) -> int:
    return int(np.flatnonzero(values >= ALIKE * values.max())[-1])


def _stretches(matrix: np.ndarray, inputs: tuple[Input, ...], until: float) -> list[_Stretch]:
    """From every break to the next, and from the last until all has risen that will."""
    slowest = -np.linalg.eigvals(matrix).real.max()
    breaks = sorted({hour for i in inputs for hour in (i.start, i.end)})
    breaks = [hour for hour in breaks if hour <= until] or [until]
    ends = [*breaks[1:], max(min(breaks[-1] + SLOWEST / slowest, until), breaks[-1])]
    size = len(matrix)
    states, found = np.append(np.zeros(size), 1.0), []
    for begin, end in zip(breaks, ends, strict=True):
        driven = np.zeros((size + 1, size + 1))
        driven[:size, :size] = matrix
        for i in inputs:
            if i.duration is None and i.start == begin:
                states[:size] += i.amount
            elif i.duration is not None and i.start <= begin < i.end:
                driven[:size, size] += i.amount / i.duration
        found.append(_Stretch(begin, end - begin, states, driven))
        states = expm(driven * (end - begin)) @ states
    return found
