"""What is done to the model: when the circuit is looked at, for how long, and which looks are the readouts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

RELAX_H = (-48.0, -36.0, -24.0, -12.0)  # untreated looks before t = 0
DRUG_H = (0.0, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0)
LATE_H = (6.0, 9.0, 12.0, 16.0, 20.0, 24.0)
NEARBY_H = 0.05  # grid times this close to the peak give way to it
SHORT_S, LONG_S = 3.0, 6.0
LONG_STRIDE_H = 2.0  # a look that stands for this long is a long one
WINDOW_H = 2.0  # the mean over 0-2 h
READOUTS = ("rest", "peak", "0-2 h", "2 h", "4 h", "24 h")


@dataclass(frozen=True)
class Look:
    """`seconds` of spiking at hour `time`; the slow world then moves `stride` hours on what was seen."""

    time: float
    stride: float
    seconds: float


@dataclass(frozen=True)
class Protocol:
    """The times (h) of all looks and the time of peak unbound concentration; the same for every dose and seed.

    The run begins with `rest` seconds untreated, which are its own reference; `look_scale` stretches every look.
    """

    times: tuple[float, ...]
    peak: float
    look_scale: float = 1.0
    rest: float = 20.0

    def looks(self) -> Iterator[Look]:
        for k, time in enumerate(self.times):
            stride = self.times[k + 1] - time if k + 1 < len(self.times) else 0.0
            seconds = LONG_S if stride >= LONG_STRIDE_H or time < 0 or stride == 0 else SHORT_S
            yield Look(time, stride, seconds * self.look_scale)

    @property
    def seconds(self) -> float:
        """Biological seconds that a run simulates, the resting observation included."""
        return self.rest + sum(look.seconds for look in self.looks())

    def moments(self) -> dict[str, float]:
        """Readouts that are one look, by name, with their hour."""
        return {"rest": 0.0, "peak": self.peak, "2 h": 2.0, "4 h": 4.0, "24 h": 24.0}

    def window(self) -> tuple[float, float]:
        """The hours over which the 0-2 h readout is a mean."""
        return 0.0, WINDOW_H


def one_day(peak: float, halved: bool = False) -> Protocol:
    """Two days untreated, a dose at 0 h, looks until 24 h: dense while the drug is there, sparse after.

    peak: hour of peak unbound concentration, which becomes a look.  `halved` puts a look in the middle of every stride.
    """
    grid = [t for t in (*DRUG_H, *LATE_H) if t == 0.0 or abs(t - peak) > NEARBY_H or t in (2.0, 4.0, 24.0)]
    early = [peak / 2] if peak / 2 > NEARBY_H and all(abs(peak / 2 - t) > NEARBY_H for t in grid) else []
    times = sorted({*RELAX_H, *grid, *early, peak})
    if halved:
        times = sorted({*times, *((a + b) / 2 for a, b in pairwise(times))})
    return Protocol(tuple(times), peak)
