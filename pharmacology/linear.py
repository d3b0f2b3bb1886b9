"""Linear: states that move in proportion to themselves, in closed form.

A core of states exchanges what it holds (`matrix`); leaves are fed by the core and decay at rates of their
own, without a way back.  The core's eigenvalues and the rates of the leaves are the exponents of the
solution.  Where two of them are so close that differences of exponentials lose digits, the answer is the
mean of those of a circle of systems around it, as of any function without poles.  All arrays may have
leading axes, such as one of subjects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

APART = 2e-3  # of the larger of two exponents: closer ones are not told apart
CONDITION = 300.0  # of eigenvectors: above, they are too alike
EXACT = 1e-8  # of a mode: where rounding of fast rates takes more from slow ones, there is no answer
ROUNDED = 1e-13  # of what cancels: less is rounding
AROUND, RADIUS = 24, 0.2  # systems on a circle, and how far their rates are off: RADIUS**AROUND is the error
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
        """What is seen at the hours, shape (..., time, row); `seen` (..., row, state) weighs the states.

        Raises LinAlgError where rates are not finite, or too far apart.
        """
        if self.matrix.ndim == 2:
            return self._block(inputs, hours, seen)
        blocks = [slice(k, k + BLOCK) for k in range(0, len(self.matrix), BLOCK)]
        parts = (self._part(these, inputs, seen) for these in blocks)
        return np.concatenate([part._block(own, hours, rows) for part, own, rows in parts])

    def _part(
        self, these: slice | np.ndarray, inputs: Sequence[Input], seen: np.ndarray
    ) -> tuple[Linear, list[Input], np.ndarray]:
        """Some of the subjects, with what they get and what is seen of them."""
        rows = np.broadcast_to(seen, (*self.matrix.shape[:-2], *seen.shape[-2:]))
        own = [replace(i, amount=np.broadcast_to(i.amount, self.matrix.shape[:-1])[these]) for i in inputs]
        return Linear(self.matrix[these], self.gains[these], self.rates[these]), own, rows[these]

    def _block(self, inputs: Sequence[Input], hours: np.ndarray, seen: np.ndarray) -> np.ndarray:
        if self._apart.all():
            return self._by_modes(inputs, hours, seen)
        total = np.empty((*self.matrix.shape[:-2], len(hours), seen.shape[-2]))
        for these, way in ((self._apart, Linear._by_modes), (~self._apart, Linear._by_mean)):
            part, own, rows = self._part(these, inputs, seen)
            total[these] = way(part, own, hours, rows)
        return total

    @cached_property
    def _modes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Eigenvalues (..., core), and the eigenvectors and their inverse (..., core, core)."""
        values, vectors = np.linalg.eig(self.matrix)
        off = np.linalg.norm(self.matrix @ vectors - vectors * values[..., None, :], axis=-2)
        if not (off < EXACT * np.abs(values)).all():
            raise np.linalg.LinAlgError("rates are too far apart for their sums")
        return values, vectors, np.linalg.inv(vectors)

    @cached_property
    def _apart(self) -> np.ndarray:
        """Whether all exponents are real and far enough from each other, shape (...)."""
        try:
            values, vectors, inverse = self._modes
        except np.linalg.LinAlgError:
            return np.zeros(self.matrix.shape[:-2], dtype=bool)
        alike = np.linalg.norm(vectors, axis=(-2, -1)) * np.linalg.norm(inverse, axis=(-2, -1))
        speeds = -values.real[..., None, :]
        far = np.abs(speeds - self.rates[..., None]) >= APART * np.maximum(speeds, self.rates[..., None])
        some = (values.imag == 0.0) & (values.real < 0.0)
        return (alike < CONDITION) & far.all(axis=(-2, -1)) & some.all(axis=-1)

    @cached_property
    def _reach(self) -> np.ndarray:
        """Whether something gets to a state from another, shape (state, state of the core)."""
        core, axes = self.matrix.shape[-1], tuple(range(self.matrix.ndim - 2))
        step = (self.matrix != 0).any(axis=axes) | np.eye(core, dtype=bool)
        far = np.linalg.matrix_power(step.astype(float), core) > 0
        return np.concatenate([far, (self.gains != 0).any(axis=axes) @ far])

    def _by_modes(self, inputs: Sequence[Input], hours: np.ndarray, seen: np.ndarray) -> np.ndarray:
        values, vectors, inverse = self._modes
        core = self.matrix.shape[-1]
        used = np.flatnonzero((seen[..., core:] != 0).any(axis=tuple(range(seen.ndim - 1))))
        weights, rates = seen[..., core + used], self.rates[..., used]
        fed = self.gains[..., used, :] @ vectors / (values[..., None, :] + rates[..., None])
        of_core = seen[..., :core] @ vectors + weights @ fed
        weights = np.broadcast_to(weights, (*of_core.shape[:-1], len(used)))
        rows = np.concatenate([of_core, weights], axis=-1) * self._touched(inputs, seen)[:, None]
        entering = []
        for i in inputs:
            modes = inverse @ i.amount[..., None]
            entering.append(np.concatenate([modes, -fed @ modes], axis=-2)[..., 0])
        exponents = np.concatenate([values, -rates], axis=-1)
        modes, rows = _course(exponents, inputs, entering, hours), np.swapaxes(rows, -1, -2)
        found = modes @ rows
        # where modes cancel, as before anything has arrived, nothing is there
        return np.where(np.abs(found) > ROUNDED * (np.abs(modes) @ np.abs(rows)), found, 0.0).real

    def _touched(self, inputs: Sequence[Input], seen: np.ndarray) -> np.ndarray:
        """Whether a row that is seen has to do with any input, shape (row,): rounding makes no drug."""
        core = self.matrix.shape[-1]
        full = np.zeros(core, dtype=bool)
        for i in inputs:
            full |= (i.amount.reshape(-1, core) != 0).any(axis=0)
        own = (seen.reshape(-1, *seen.shape[-2:]) != 0).any(axis=0)
        return (own @ self._reach)[:, full].any(axis=-1)

    def _by_mean(self, inputs: Sequence[Input], hours: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """The mean of systems whose rates are off in complex directions, each state's by another share."""
        core = self.matrix.shape[-1]
        total = np.zeros((*self.matrix.shape[:-2], len(hours), seen.shape[-2]))
        share = RADIUS * np.linspace(-1.0, 1.0, self.size)
        # the other half of the circle mirrors this one; nowhere on it is a real ratio, at which two may meet
        for turn in np.exp(1j * np.pi * (2.0 * np.arange(AROUND // 2) + 1.0) / AROUND):
            off = 1.0 + turn * share
            near = Linear(self.matrix * off[:core], self.gains * off[:core], self.rates * off[core:])
            total += near._by_modes(inputs, hours, seen)
        return total / (AROUND // 2)


def _course(
    exponents: np.ndarray, inputs: Sequence[Input], entering: Sequence[np.ndarray], hours: np.ndarray
) -> np.ndarray:
    """What each exponential has come to, shape (..., time, exponent), where inputs bring `entering`, each of
    shape (..., exponent), of them.
    """
    order = sorted(range(len(inputs)), key=lambda k: inputs[k].end)
    ends = np.array([inputs[k].end for k in order])
    levels = np.zeros((*exponents.shape[:-1], len(ends) + 1, exponents.shape[-1]), dtype=exponents.dtype)
    for n, k in enumerate(order):
        left = levels[..., n, :] * np.exp(exponents * (ends[n] - ends[n - 1])) if n else 0.0
        levels[..., n + 1, :] = left + entering[k] * _mean(exponents, inputs[k].duration, inputs[k].duration)
    ended = np.searchsorted(ends, hours, side="right")
    since = np.where(ended > 0, hours - np.append(ends, 0.0)[ended - 1], 0.0)
    total = np.exp(exponents[..., None, :] * since[:, None]) * levels[..., ended, :]
    for i, amount in zip(inputs, entering, strict=True):
        if i.duration is not None:
            during = np.flatnonzero((i.start < hours) & (hours < i.end))
            lasted = hours[during, None] - i.start
            total[..., during, :] += amount[..., None, :] * _mean(
                exponents[..., None, :], lasted, i.duration
            )
    return total


def _mean(exponents: np.ndarray, lasted: np.ndarray | float | None, duration: float | None) -> np.ndarray:
    """What an input of 1, at once or spread evenly over a duration, has come to after some hours of it."""
    if duration is None or lasted is None:
        return np.ones_like(exponents)
    flat = exponents == 0.0
    some = np.where(flat, -1.0, exponents)
    return np.where(flat, lasted, np.expm1(some * lasted) / some) / duration
