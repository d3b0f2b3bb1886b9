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
        total = np.zeros((*self.matrix.shape[:-2], len(hours), seen.shape[-2]))
        for i in inputs:
            modes = inverse @ i.amount[..., None]
            of_leaves = -weights * np.swapaxes(fed @ modes, -1, -2)
            both = np.concatenate([of_core * np.swapaxes(modes, -1, -2), of_leaves], axis=-1)
            total += _exponentials(exponents, hours - i.start, i.duration) @ np.swapaxes(both, -1, -2)
        return total

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


def _exponentials(exponents: np.ndarray, since: np.ndarray, duration: float | None) -> np.ndarray:
    """Exponentials at times since the start of an input of 1, shape (..., time, mode): at once, or spread
    evenly over `duration` hours.
    """
    rates, since = exponents[..., None, :], since[:, None]
    if duration is None:
        return np.where(since >= 0.0, np.exp(rates * np.maximum(since, 0.0)), 0.0)
    within = np.clip(since, 0.0, duration)
    flat = rates == 0.0
    some = np.where(flat, -1.0, rates)
    spread = np.where(flat, within, np.expm1(some * within) / some)
    return np.exp(rates * np.maximum(since - duration, 0.0)) * spread / duration


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
