"""Bath: a constant concentration at the receptors, as in a dish."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from prelimbic.parameters import IN_A_BATH
from prelimbic.parameters.plain import Refusal, choice, pairs, real, settle
from prelimbic.pharmacology.block import Concentrations
from prelimbic.pharmacology.dose import DoseError


@dataclass(frozen=True)
class Bath(Concentrations):
    """Drugs at (name, uM), unbound, from hour `start` until hour `end`; none before and from then on.

    Raises DoseError for an unknown drug, one named twice, a concentration that is negative or not finite, or
    an end that does not follow the start.
    """

    concentrations: tuple[tuple[str, float], ...]
    start: float = -math.inf
    end: float = math.inf

    def __post_init__(self) -> None:
        hour = partial(real, unit="h")
        settle(self, DoseError, concentrations=_pairs, start=hour, end=hour)
        for name, uM in self.concentrations:
            if not math.isfinite(uM) or uM < 0:
                raise DoseError(f"a bath holds a finite number of uM {name}, at least 0, not {uM:g}")
        if len(set(self.names)) < len(self.names):
            raise DoseError(f"a bath names each drug once, not {', '.join(self.names)}")
        if not self.start < self.end:
            raise DoseError(f"a bath ends after it starts, not from {self.start:g} to {self.end:g} h")

    @property
    def names(self) -> tuple[str, ...]:
        """The drugs, in the order of the last axis of `brain_unbound`."""
        return tuple(name for name, _ in self.concentrations)

    def brain_unbound(self, hours: np.ndarray) -> np.ndarray:
        """Unbound concentration, uM, shape (time, drug)."""
        hours = np.atleast_1d(np.asarray(hours, dtype=float))
        present = (hours >= self.start) & (hours < self.end)
        return present[:, None] * np.array([uM for _, uM in self.concentrations], dtype=float)


def _pairs(value: object, what: str, error: Refusal) -> tuple[tuple[str, float], ...]:
    """Names and concentrations in plain text and floats."""
    must = 'pairs of a drug and its uM, such as (("ketamine", 3.0),)'
    return tuple(
        (choice(name, IN_A_BATH, "drug", error), real(uM, f"the concentration of {name}", error, "uM"))
        for name, uM in pairs(value, what, error, must)
    )


@dataclass(frozen=True)
class Together(Concentrations):
    """Several sources of drugs at once, such as a dose and a bath; of a drug that is in two of them there is
    the sum.
    """

    parts: tuple[Concentrations, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The drugs of all parts, in the order of the last axis of `brain_unbound`."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.names))

    def brain_unbound(self, hours: np.ndarray) -> np.ndarray:
        """Unbound concentration, uM, shape (time, drug)."""
        total = np.zeros((len(np.atleast_1d(hours)), len(self.names)))
        for part in self.parts:
            total[:, [self.names.index(name) for name in part.names]] += part.brain_unbound(hours)
        return total
