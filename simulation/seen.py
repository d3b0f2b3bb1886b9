"""What an instrument sees of stored runs, and the noise that it adds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

SUBJECTS = 3  # the fourth of the streams that a run's seed is split into; no run draws from it


@dataclass(frozen=True)
class Seen:
    """Several runs that differ by seed, at one readout: courses (seed, time) along `hours` and single values
    (seed,), by the names of quantities; the first and last hour of the readout, which are the same unless it
    is a window, and the hour from which something is given.  A look without a value is NaN.
    """

    hours: np.ndarray
    courses: Mapping[str, np.ndarray]
    values: Mapping[str, np.ndarray]
    first: float
    last: float
    begun: float

    def at(self, name: str, hours: np.ndarray) -> np.ndarray:
        """A course (seed, hour) at other hours: a line between looks, what the first and last had beyond;
        NaN of a run that has none.
        """
        return np.array([_line(self.hours, course, hours) for course in self.courses[name]])

    def rest(self, name: str) -> np.ndarray:
        """Mean over looks before anything is given (seed,)."""
        before = self.hours <= self.begun + 1e-9
        untreated = self.courses[name][:, before if before.any() else slice(0, 1)]
        known = np.isfinite(untreated)
        with np.errstate(invalid="ignore"):  # a run that is missing has none
            return np.where(known, untreated, 0.0).sum(axis=1) / known.sum(axis=1)

    def relative(self, name: str, hours: np.ndarray) -> np.ndarray:
        """A course over what it was before anything was given (seed, hour)."""
        return self.at(name, hours) / self.rest(name)[:, None]

    def span(self, minutes: float) -> np.ndarray:
        """Hours over which an instrument that needs so many minutes collects for this readout: all of a
        window, or those before a moment; all looks among them, so that a mean over lines between looks is
        exact.
        """
        length = self.last - self.first if self.last > self.first else minutes / 60.0
        begin = self.last - length
        looks = self.hours[(self.hours > begin) & (self.hours < self.last)]
        return np.concatenate([[begin], looks, [self.last]])


def _line(hours: np.ndarray, course: np.ndarray, at: np.ndarray) -> np.ndarray:
    known = np.isfinite(course)
    return np.interp(at, hours[known], course[known]) if known.any() else np.full(len(at), np.nan)


def mean_over(hours: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Mean over hours of values (seed, hour)."""
    return np.trapezoid(values, hours, axis=1) / (hours[-1] - hours[0])


@dataclass(frozen=True)
class Noise:
    """The noise of one reading of several runs: a generator for each, and one for its subject, which is the
    same whenever that subject is read; without generators there is none.
    """

    own: tuple[np.random.Generator, ...] = ()
    subject: tuple[np.random.Generator, ...] = ()

    @classmethod
    def of(cls, name: str, seeds: Sequence[int], runs: Sequence[str], readout: str) -> Noise:
        """That of a reading of runs with these seeds and ids."""
        own = (_stream(seed, f"{name}|{run}|{readout}") for seed, run in zip(seeds, runs, strict=True))
        return cls(tuple(own), tuple(_stream(seed, name) for seed in seeds))

    def scaled(self, values: np.ndarray, variation: float) -> np.ndarray:
        """Values (seed,) times factors that are log-normal, with a mean of 1 and this coefficient of
        variation.
        """
        return values * _factors(self.own, variation)

    def between(self, values: np.ndarray, variation: float) -> np.ndarray:
        """The same, the factor being one of the subject."""
        return values * _factors(self.subject, variation)

    def shifted(self, values: np.ndarray, sd: float) -> np.ndarray:
        """Values (seed,) with a normal error of this SD."""
        return values + sd * np.array([g.normal() for g in self.own]) if self.own else values

    def counted(self, values: np.ndarray) -> np.ndarray:
        """Expected counts (seed,) as counts (Poisson)."""
        if not self.own:
            return values
        known = np.nan_to_num(values)
        drawn = np.array([g.poisson(v) for g, v in zip(self.own, known, strict=True)], dtype=float)
        return np.where(np.isfinite(values), drawn, np.nan)


def _factors(generators: tuple[np.random.Generator, ...], variation: float) -> np.ndarray | float:
    if not generators:
        return 1.0
    size = np.sqrt(np.log1p(variation**2))
    return np.exp(size * np.array([g.normal() for g in generators]) - size**2 / 2.0)


def _stream(seed: int, name: str) -> np.random.Generator:
    """A stream of its own for a name, below the one for subjects."""
    words = np.frombuffer(hashlib.sha256(name.encode()).digest(), dtype="<u4")
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(SUBJECTS, *map(int, words))))
