"""Power spectrum of a look's field proxy: bands, the aperiodic part, and the rhythms that stand above it.

specparam (Donoghue et al. 2020) tells the aperiodic part from the peaks.  Its aperiodic model has a knee
where one is seen: currents of decaying synapses are low-pass filtered noise, flat below a corner, and a bare
1/f would call that corner a peak.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
from scipy.signal import welch
from scipy.special import digamma

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


@dataclass(frozen=True)
class _Fit:
    offset: float = np.nan
    exponent: float = np.nan
    knee: float = np.nan  # Hz^exponent
    # (peak, 3): centre Hz, height log10, width Hz
    peaks: np.ndarray = field(default_factory=lambda: np.empty((0, 3)))

    def density(self, frequency: np.ndarray) -> np.ndarray:
        """Aperiodic density (T^2/Hz) at frequencies above 0 Hz."""
        return 10.0**self.offset / (self.knee + frequency**self.exponent)

    def corner(self) -> float:
        """Frequency (Hz) at which the aperiodic part bends, 0 where it does not."""
        if self.knee == 0:
            return 0.0
        # A spectrum that is flat throughout bends nowhere, or anywhere.
        with np.errstate(over="ignore"):
            return float(np.float64(self.knee) ** (1.0 / self.exponent))

    def gamma_peak(self) -> float:
        centre, height, _ = self.peaks[_inside(self.peaks[:, 0], BANDS["gamma"])].T
        return float(centre[height.argmax()]) if len(height) else float("nan")


def spectrum(trace: np.ndarray) -> Spectrum:
    """Spectrum of a trace (sample,) at 1 kHz; the fit asks for 2.75 s or more, slow delta for 4 s."""
    known = cache(lambda segment_s: power_density(trace, segment_s))  # most bands ask for the same
    frequency, density = known(SEGMENT_S)
    fit = _fit(frequency, density, len(trace) / SAMPLING_HZ)
    return Spectrum(
        frequency=frequency,
        density=density,
        power=np.array([_band_power(known, len(trace), band, np.zeros_like) for band in BANDS.values()]),
        periodic=np.array([_band_power(known, len(trace), band, fit.density) for band in BANDS.values()]),
        aperiodic_offset=fit.offset,
        aperiodic_knee=fit.corner(),
        aperiodic_exponent=fit.exponent,
        gamma_peak=fit.gamma_peak(),
    )


def power_density(trace: np.ndarray, segment_s: float = SEGMENT_S) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies (Hz) and one-sided densities (T^2/Hz) of a trace (sample,), Welch, segments no longer than
    the trace.
    """
    samples = min(len(trace), round(segment_s * SAMPLING_HZ))
    # Counted from its first value, a constant trace is exactly zero.
    return welch(trace - trace[0], SAMPLING_HZ, nperseg=samples, noverlap=int(samples * OVERLAP))


def _band_power(
    density_in: Callable[[float], tuple[np.ndarray, np.ndarray]],
    samples: int,
    band: tuple[float, float],
    above: Callable[[np.ndarray], np.ndarray],
) -> float:
    """Power (T^2) of a trace of so many samples in a band (Hz, upper edge left out), above a density
    (T^2/Hz) by frequency; the trace's density in segments of some length (s) is given.

    NaN when the trace holds fewer than two cycles of the lower edge.
    """
    cycles_s = FEWEST_CYCLES / band[0]
    if samples < cycles_s * SAMPLING_HZ:
        return float("nan")
    frequency, density = density_in(max(SEGMENT_S, cycles_s))
    inside = _inside(frequency, band)
    return float((density[inside] - above(frequency[inside])).sum() * frequency[1])


def _inside(frequency: np.ndarray, band: tuple[float, float]) -> np.ndarray:
    return (frequency >= band[0]) & (frequency < band[1])


def _fit(frequency: np.ndarray, density: np.ndarray, seconds: float) -> _Fit:
    """Aperiodic part and peaks of a density of `seconds` of trace; all NaN and no peaks where they cannot be
    told.
    """
    segments = int((seconds - SEGMENT_S) / (SEGMENT_S * (1 - OVERLAP))) + 1
    if segments < FEWEST_SEGMENTS or not (density[_inside(frequency, FIT_HZ)] > 0).all():
        return _Fit()
    height = PEAK_HEIGHT / np.sqrt(seconds)
    fit = _parameterize(frequency, density, height, "knee")
    if fit.knee <= 0:
        fit = _parameterize(frequency, density, height, "fixed")
    # The fit is to logarithms, whose mean lies below the logarithm of the mean by what so many windows leave
    # of noise.
    windows = segments / SEGMENTS_PER_WINDOW
    return replace(fit, offset=fit.offset + (np.log(windows) - digamma(windows)) / np.log(10.0))


def _parameterize(frequency: np.ndarray, density: np.ndarray, height: float, mode: str) -> _Fit:
    from specparam import SpectralModel  # half a second, matplotlib with it
    from specparam.modutils.errors import FitError

    settings = {"peak_width_limits": PEAK_WIDTH_HZ, "min_peak_height": height, "peak_threshold": 0.0}
    model = SpectralModel(aperiodic_mode=mode, algorithm_settings=settings, debug=True, verbose=False)
    try:
        # A knee it tries on its way may be so negative that the logarithm has no value.
        with np.errstate(invalid="ignore"):
            model.fit(frequency, density, list(FIT_HZ))
    except (FitError, ValueError):  # no convergence; such a knee as the start of its second round
        return _Fit()
    offset, *knee, exponent = model.get_params("aperiodic")
    peaks = model.get_params("periodic").reshape(-1, 3)
    return _Fit(float(offset), float(exponent), float(knee[0]) if knee else 0.0, peaks)
