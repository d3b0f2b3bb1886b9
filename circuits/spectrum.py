"""Power spectrum of a look's field proxy: bands, the aperiodic part, and the rhythms that stand above it.

The aperiodic model has a knee where one is seen: currents of decaying synapses are low-pass filtered noise,
flat below a corner, and a bare 1/f would call that corner a peak.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, lru_cache

import numpy as np

from prelimbic.circuits.peaks import Parts, parts

SAMPLING_HZ = 1000.0
BANDS = {
    "slow_delta": (0.5, 4.0),
    "theta": (4.0, 8.0),
    "alpha": (8.0, 13.0),
    "beta": (13.0, 30.0),
    "gamma": (30.0, 80.0),
    "hfo": (120.0, 180.0),
}
# 1 s holds four cycles of theta and still leaves eight segments to average in a look of 3 s without the
# proxy's lag.
SEGMENT_S = 1.0
OVERLAP = 0.75
# So many Hann segments, three quarters of each shared, average as much noise away as one segment on its own.
SEGMENTS_PER_WINDOW = 1.9
FEWEST_CYCLES = 2
# Fewer segments are so noisy that one look in five at pure noise shows a peak.
FEWEST_SEGMENTS = 8
# From the second bin, where the removed mean no longer tells, to where currents sampled each millisecond
# fold back.
FIT_HZ = (2.0, 300.0)
PEAK_WIDTH_HZ = (4.0, 20.0)
# Lowest peak (log10) in 1 s of trace, falling with the root of time as noise does.  Of 30 looks of 3 s at
# pure noise, one
# or two still show a peak in gamma.
PEAK_HEIGHT = 1.26


@dataclass(frozen=True)
class Spectrum:
    """A trace in frequency.  Axes: bin (1 Hz apart), band (BANDS).  T is the unit of the trace, pA for the
    field proxy.

    The aperiodic density is 10^offset / (knee^exponent + f^exponent).  What the fit gives is NaN when it
    fails.
    """

    frequency: np.ndarray  # (bin,) Hz
    density: np.ndarray  # (bin,) T^2/Hz
    power: np.ndarray  # (band,) T^2; NaN where the trace is shorter than two cycles of the band's lower edge
    # (band,) T^2 above the aperiodic part; scatters about 0, also below, where there is no rhythm
    periodic: np.ndarray
    aperiodic_offset: float  # log10
    aperiodic_knee: float  # Hz; 0 where no corner is seen
    aperiodic_exponent: float
    gamma_peak: float  # Hz, centre of the highest peak in the gamma band; NaN where there is none


def spectrum(trace: np.ndarray) -> Spectrum:
    """Spectrum of a trace (sample,) at 1 kHz; the fit asks for 2.75 s or more, slow delta for 4 s."""
    known = cache(lambda segment_s: power_density(trace, segment_s))  # most bands ask for the same
    frequency, density = known(SEGMENT_S)
    fit = _fit(frequency, density, len(trace) / SAMPLING_HZ)
    return Spectrum(
        frequency=frequency,
        density=density,
        power=np.array([_band_power(known, len(trace), band) for band in BANDS.values()]),
        periodic=np.array([_band_power(known, len(trace), band, fit.density) for band in BANDS.values()]),
        aperiodic_offset=fit.offset,
        aperiodic_knee=fit.corner(),
        aperiodic_exponent=fit.exponent,
        gamma_peak=_highest(fit.peaks, BANDS["gamma"]),
    )


def power_density(trace: np.ndarray, segment_s: float = SEGMENT_S) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies (Hz) and one-sided densities (T^2/Hz) of a trace (sample,), Welch, segments no longer than
    the trace; to the last bit those of scipy.signal.welch.
    """
    from scipy.fft import rfft  # which takes as long to import as the rest of the circuits

    samples = min(len(trace), round(segment_s * SAMPLING_HZ))
    shared = int(samples * OVERLAP)
    frequency, window = _window(samples)
    # Counted from its first value, a constant trace is exactly zero.
    every = np.lib.stride_tricks.sliding_window_view(trace - trace[0], samples)
    segments = every[:: samples - shared][: (len(trace) - shared) // (samples - shared)]
    found = rfft((segments - segments.mean(axis=1, keepdims=True)) * window).T.copy()
    density = found.real**2 + found.imag**2
    density[1 : -1 if samples % 2 == 0 else None] *= 2  # both signs of a frequency
    return frequency, density.mean(axis=1)


@lru_cache(maxsize=16)
def _window(samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies of so many samples, and a Hann window that makes of them a density."""
    from scipy.fft import rfftfreq

    turn = np.linspace(-np.pi, np.pi, samples + 1)
    window = (0.5 * np.cos(0 * turn) + 0.5 * np.cos(turn))[:-1]
    window = window * (1 / np.sqrt(sum(window**2) / (1 / SAMPLING_HZ)))
    frequency = rfftfreq(samples, 1 / SAMPLING_HZ)
    frequency.flags.writeable = window.flags.writeable = False
    return frequency, window


def _band_power(
    density_in: Callable[[float], tuple[np.ndarray, np.ndarray]],
    samples: int,
    band: tuple[float, float],
    above: Callable[[np.ndarray], np.ndarray] | None = None,
) -> float:
    """Power (T^2) of a trace of so many samples in a band (Hz, upper edge left out), above a density
    (T^2/Hz) by frequency; the trace's density in segments of some length (s) is given.

    NaN when the trace holds fewer than two cycles of the lower edge.
    """
    cycles_s = FEWEST_CYCLES / band[0]
    if samples < cycles_s * SAMPLING_HZ:
        return float("nan")
    frequency, density = density_in(max(SEGMENT_S, cycles_s))
    inside = slice(*np.searchsorted(frequency, band))
    there = density[inside] if above is None else density[inside] - above(frequency[inside])
    return float(there.sum() * frequency[1])


def _highest(peaks: np.ndarray, band: tuple[float, float]) -> float:
    """Centre (Hz) of the highest peak in a band; NaN where there is none."""
    centre, height, _ = peaks[(peaks[:, 0] >= band[0]) & (peaks[:, 0] < band[1])].T
    return float(centre[height.argmax()]) if len(height) else float("nan")


def _fit(frequency: np.ndarray, density: np.ndarray, seconds: float) -> Parts:
    """Aperiodic part and peaks of a density of `seconds` of trace; all NaN and no peaks where they cannot be
    told.
    """
    from scipy.special import digamma

    segments = int((seconds - SEGMENT_S) / (SEGMENT_S * (1 - OVERLAP))) + 1
    there = slice(*np.searchsorted(frequency, FIT_HZ))
    if segments < FEWEST_SEGMENTS or not (density[there] > 0).all():
        return Parts()
    own = slice(there.start, np.searchsorted(frequency, FIT_HZ[1], side="right"))
    seen = frequency[own], np.log10(density[own]), PEAK_WIDTH_HZ, PEAK_HEIGHT / np.sqrt(seconds)
    fit = parts(*seen, knee=True)
    if fit.knee <= 0:
        fit = parts(*seen, knee=False)
    # The fit is to logarithms, whose mean lies below the logarithm of the mean by what so many windows leave
    # of noise.
    windows = segments / SEGMENTS_PER_WINDOW
    return replace(fit, offset=fit.offset + (np.log(windows) - digamma(windows)) / np.log(10.0))
