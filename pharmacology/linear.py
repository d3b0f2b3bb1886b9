"""Linear: states that move in proportion to themselves, in closed form.

A core of states exchanges what it holds (`matrix`); leaves are fed by the core and decay at rates of their own,
without a way back.  The core's eigenvalues and the rates of the leaves are the exponents of the solution.  Where
two of them are so close that differences of exponentials lose digits, the matrix exponential gives the same
answer, more slowly.  All arrays may have leading axes, such as one of subjects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import expm

APART = 1e-5  # of the larger of two exponents: closer ones are not told apart
CONDITION = 1e6  # of eigenvectors: above, they are too alike
ROUNDED = 1e-13  # of what cancels: less is rounding
BLOCK = 100  # subjects that are computed at once


@dataclass(frozen=True)
class Input:
    """`amount`, (..., core), that enters from hour `start` on, over `duration` hours or, without one, at
    once.
    """

    start: float
    duration: float | None
    amount: np.ndarray

    @property
    def end(self) -> float:
        return self.start + (self.duration or 0.0)


@dataclass(frozen=True)
class Linear:
    """`matrix` (..., core, core), 1/h; `gains` (..., leaf, core), what feeds each leaf, and `rates` (...,
    leaf), 1/h, at which it decays.
    """

    matrix: np.ndarray
    gains: np.ndarray
    rates: np.ndarray

    @property
    def size(self) -> int:
        """States of the core, and leaves behind them."""
        return int(self.matrix.shape[-1] + self.gains.shape[-2])

    @property
    def slowest(self) -> float:
        """The rate, 1/h, at which the last of the core leaves it."""
        return float(-np.linalg.eigvals(self.matrix).real.max())

    def states(self, inputs: Sequence[Input], hours: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """What is seen at the hours, shape (..., time, row); `seen` (..., row, state) weighs the states."""
        lead = self.matrix.shape[:-2]
        if lead:
            return np.concatenate(
                [self._at(slice(k, k + BLOCK)).of(inputs, hours, seen, k) for k in range(0, lead[0], BLOCK)]
            )
        return self.of(inputs, hours, seen)

    def _at(self, these: slice) -> Linear:
        return Linear(self.matrix[these], self.gains[these], self.rates[these])

    def of(
        self, inputs: Sequence[Input], hours: np.ndarray, seen: np.ndarray, first: int = 0
    ) -> np.ndarray:
        """The same for a block of subjects, of which the inputs and what is seen begin at `first`."""
        these = slice(first, first + len(self.matrix)) if self.matrix.ndim > 2 else ...
        own = [Input(i.start, i.duration, _taken(i.amount, these)) for i in inputs]
        seen = seen[these] if seen.ndim > 2 else seen
        if self._apart:
            return self._by_modes(own, hours, seen)
        if self.matrix.ndim == 2:
            return self._by_expm(own, hours, seen)
        return np.stack([self._one(own, hours, seen, k) for k in range(len(self.matrix))])

    def _one(self, inputs: list[Input], hours: np.ndarray, seen: np.ndarray, k: int) -> np.ndarray:
        alone = Linear(self.matrix[k], self.gains[k], self.rates[k])
        own = [Input(i.start, i.duration, i.amount[k] if i.amount.ndim > 1 else i.amount) for i in inputs]
        return alone.of(own, hours, seen[k] if seen.ndim > 2 else seen)

    @cached_property
    def _modes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Eigenvalues (..., core), and the eigenvectors and their inverse (..., core, core)."""
        values, vectors = np.linalg.eig(self.matrix)
        return values, vectors, np.linalg.inv(vectors)

    @cached_property
    def _apart(self) -> bool:
        """Whether all exponents are real and far enough from each other."""
        try:
            values, vectors, inverse = self._modes
        except np.linalg.LinAlgError:
            return False
        if np.iscomplexobj(values) or not (np.isfinite(values).all() and np.isfinite(inverse).all()):
            return False
        alike = np.linalg.norm(vectors, axis=(-2, -1)) * np.linalg.norm(inverse, axis=(-2, -1))
        speeds = -values[..., None, :]
        near = np.abs(speeds - self.rates[..., None]) < APART * np.maximum(speeds, self.rates[..., None])
        return bool((alike < CONDITION).all() and not near.any())

    def _by_modes(self, inputs: list[Input], hours: np.ndarray, seen: np.ndarray) -> np.ndarray:
        values, vectors, inverse = self._modes
        core = self.matrix.shape[-1]
        used = np.flatnonzero(np.any(seen[..., core:] != 0, axis=tuple(range(seen.ndim - 1))))
        weights, rates = seen[..., core + used], self.rates[..., used]
        fed = self.gains[..., used, :] @ vectors / (values[..., None, :] + rates[..., None])
        of_core = seen[..., :core] @ vectors + weights @ fed  # (..., row, mode)
        exponents = np.concatenate([values, -rates], axis=-1)
        brought = []
        for i in inputs:
            modes = (inverse @ i.amount[..., None])[..., 0]
            brought.append(np.concatenate([modes, -(fed @ modes[..., None])[..., 0]], axis=-1))
        rows = np.swapaxes(np.concatenate([of_core, weights], axis=-1), -1, -2)  # (..., exponent, row)
        modes = _course(exponents, inputs, brought, hours)
        found = modes @ rows
        # where modes cancel, as before anything has arrived, nothing is there
        return np.where(np.abs(found) > ROUNDED * (np.abs(modes) @ np.abs(rows)), found, 0.0)

    def _by_expm(self, inputs: list[Input], hours: np.ndarray, seen: np.ndarray) -> np.ndarray:
        core, size = self.matrix.shape[-1], self.size
        whole = np.zeros((size, size))
        whole[:core, :core], whole[core:, :core] = self.matrix, self.gains
        whole[core:, core:] = -np.diag(self.rates)
        total = np.zeros((len(hours), size))
        for i in inputs:
            total += _response(whole, np.append(i.amount, np.zeros(size - core)), hours - i.start, i.duration)
        return total @ seen.T


def _taken(amount: np.ndarray, these: slice | object) -> np.ndarray:
    return amount[these] if amount.ndim > 1 else amount  # type: ignore[index]


def _course(
    exponents: np.ndarray, inputs: Sequence[Input], brought: Sequence[np.ndarray], hours: np.ndarray
) -> np.ndarray:
    """Modes, each of which decays by itself, at the hours, shape (..., time, mode): from one hour at which an
    input begins or ends to the next, so that many inputs take no longer than many hours.  `brought` is what
    each input brings, shape (..., mode).
    """
    begin: dict[float, list[int]] = {}
    for k, i in enumerate(inputs):
        begin.setdefault(i.start, []).append(k)
    breaks = sorted({hour for i in inputs for hour in (i.start, i.end)})
    total = np.zeros((*exponents.shape[:-1], len(hours), exponents.shape[-1]))
    there = driven = np.zeros(exponents.shape)
    running: list[int] = []
    for before, hour, until in zip([*breaks[:1], *breaks], breaks, [*breaks[1:], np.inf], strict=False):
        there = _later(exponents, there, driven, hour - before)
        running = [k for k in (*running, *begin.get(hour, ())) if inputs[k].end > hour]
        there = there + sum(brought[k] for k in begin.get(hour, ()) if inputs[k].duration is None)
        driven = sum((brought[k] / (inputs[k].end - inputs[k].start) for k in running), np.zeros(exponents.shape))
        here = (hours >= hour) & (hours < until)
        since = (hours[here] - hour)[:, None]
        total[..., here, :] = _later(
            exponents[..., None, :], there[..., None, :], driven[..., None, :], since
        )
    return total


def _later(
    exponents: np.ndarray, there: np.ndarray, driven: np.ndarray, since: np.ndarray | float
) -> np.ndarray:
    """Modes after some hours in which they are driven evenly."""
    flat = exponents == 0.0
    some = np.where(flat, -1.0, exponents)
    spread = np.where(flat, since, np.expm1(some * since) / some)
    return there * np.exp(exponents * since) + driven * spread


def _response(
    matrix: np.ndarray, entry: np.ndarray, since: np.ndarray, duration: float | None
) -> np.ndarray:
    """States at times since the start of one input, by the matrix exponential."""
    states = np.zeros((len(since), len(entry)))
    given = since >= 0 if duration is None else since > 0
    hours = since[given][:, None, None]
    if duration is None:
        states[given] = expm(matrix * hours) @ entry
        return states
    size = len(entry)
    driven = np.zeros((size + 1, size + 1))
    driven[:size, :size], driven[:size, size] = matrix, entry / duration
    within = np.minimum(hours, duration)
    states[given] = (expm(matrix * (hours - within)) @ expm(driven * within)[:, :size, size:])[..., 0]
    return states
