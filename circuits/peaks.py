"""The aperiodic part of a spectrum and the peaks above it, as specparam tells them (Donoghue et al. 2020;
read in the code of its 2.0.0rc7), number for number.

A first aperiodic part is fitted; peaks are taken off what stands above it one by one, the highest first, and
then fitted together; the last aperiodic part is that of what they leave.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np

TOLERANCE, MOST_CALLS = 1e-5, 5000
LOWEST_SHARE = 0.025  # percent of the bins, the lowest, that the second fit of the aperiodic part follows
CENTRE_MOVES = 1.5  # widths to both sides, as FWHM is two of them
OVERLAP = 0.75  # of widths, at which the lower of two peaks is none
FWHM_OF_SD = 2 * np.sqrt(2 * np.log(2))


@dataclass(frozen=True)
class Parts:
    """What a spectrum consists of: the aperiodic density is 10^offset / (knee + f^exponent), NaN where it
    cannot be told; `peaks`: centre (Hz), height (log10) and width (Hz), each (peak,).
    """

    offset: float = np.nan
    exponent: float = np.nan
    knee: float = np.nan  # Hz^exponent
    peaks: np.ndarray = field(default_factory=lambda: np.empty((0, 3)))

    def density(self, frequency: np.ndarray) -> np.ndarray:
        """Aperiodic density at frequencies above 0 Hz."""
        return 10.0**self.offset / (self.knee + frequency**self.exponent)

    def corner(self) -> float:
        """Frequency (Hz) at which the aperiodic part bends, 0 where it does not."""
        if self.knee == 0:
            return 0.0
        # A spectrum that is flat throughout bends nowhere, or anywhere.
        with np.errstate(over="ignore"):
            return float(np.float64(self.knee) ** (1.0 / self.exponent))


class NoFitError(Exception):
    """The fit found no end, or no place to begin."""


def parts(
    frequency: np.ndarray, power: np.ndarray, widths: tuple[float, float], lowest: float, knee: bool
) -> Parts:
    """The parts of a density (log10) at evenly spaced frequencies (Hz), of peaks of these widths (Hz) and at
    least that height (log10); with a knee, or without one.
    """
    try:
        with np.errstate(invalid="ignore"):  # where a knee is tried on the way that has no logarithm
            return _parts(frequency, power, widths, lowest, knee)
    except (NoFitError, ValueError, TypeError, np.linalg.LinAlgError):
        return Parts()


def _parts(
    frequency: np.ndarray, power: np.ndarray, widths: tuple[float, float], lowest: float, knee: bool
) -> Parts:
    narrow, wide = (width / 2 for width in widths)
    first = _robust(frequency, power, knee)
    flat = power - _Aperiodic(frequency, knee)(first)
    found = _apart(_candidates(frequency, flat, (narrow, wide), lowest), frequency)
    fitted = _fitted(frequency, flat, found, (narrow, wide)) if len(found) else found
    above = _Gaussians(frequency)(fitted.ravel())
    last = _aperiodic(frequency, power - above, knee)
    below = _Aperiodic(frequency, knee)(last)
    nearest = [int(np.abs(frequency - centre).argmin()) for centre in fitted[:, 0]]
    height = (above + below)[nearest] - below[nearest]
    peaks = np.stack([fitted[:, 0], height, 2 * fitted[:, 2]], axis=1)
    return Parts(float(last[0]), float(last[-1]), float(last[1]) if knee else 0.0, peaks)


class _Aperiodic:
    """offset - log10(knee + f^exponent); of what one set of numbers has in common with the one before,
    nothing is computed again.
    """

    def __init__(self, frequency: np.ndarray, knee: bool):
        self._frequency, self._knee = frequency, knee
        self._exponent, self._at = np.nan, (np.nan, np.nan)
        self._raised = self._log = frequency

    def __call__(self, numbers: np.ndarray) -> np.ndarray:
        offset, *knee, exponent = numbers
        at = (knee[0] if self._knee else 0.0, exponent)
        if exponent != self._exponent:
            self._exponent, self._raised = exponent, self._frequency**exponent
        if at != self._at:
            self._at = at
            self._log = np.log10(at[0] + self._raised if self._knee else self._raised)
        return offset - self._log


def _aperiodic(
    frequency: np.ndarray, power: np.ndarray, knee: bool, begin: np.ndarray | None = None
) -> np.ndarray:
    """Offset, knee if there is one, and exponent that fit best; from a guess, or from `begin`."""
    if begin is None:
        slope = np.abs((power[-1] - power[0]) / (np.log10(frequency[-1]) - np.log10(frequency[0])))
        begin = np.array([power[0], 0.0, slope] if knee else [power[0], slope])
    from scipy.optimize import leastsq  # which takes a tenth of a second to import

    of = _Aperiodic(frequency, knee)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found, end = leastsq(
            lambda numbers: of(numbers) - power,
            begin,
            ftol=TOLERANCE,
            xtol=TOLERANCE,
            gtol=TOLERANCE,
            maxfev=MOST_CALLS,
        )
    if end not in (1, 2, 3, 4):
        raise NoFitError
    return np.asarray(found)


def _robust(frequency: np.ndarray, power: np.ndarray, knee: bool) -> np.ndarray:
    """The same, of the lowest bins alone as the fit to all of them has it."""
    first = _aperiodic(frequency, power, knee)
    flat = power - _Aperiodic(frequency, knee)(first)
    flat[flat < 0] = 0
    low = flat <= np.percentile(flat, LOWEST_SHARE)
    if not low.any():
        raise NoFitError
    return _aperiodic(frequency[low], power[low], knee, first)


def _candidates(
    frequency: np.ndarray, flat: np.ndarray, widths: tuple[float, float], lowest: float
) -> np.ndarray:
    """Centre, height and SD (Hz) of peaks, the highest first, each taken off before the next is sought; and
    none that stand on an edge.
    """
    left, found = flat.copy(), []
    while True:
        at = int(np.argmax(left))
        height = left[at]
        if height <= 0.0 or not height > lowest:
            break
        half = np.flatnonzero(left <= 0.5 * height)
        below, above = half[(half < at) & (half > 0)], half[half > at]
        sides = [*(at - below[-1:]), *(above[:1] - at)]
        sd = int(min(sides)) * 2 * (frequency[1] - frequency[0]) / FWHM_OF_SD if sides else np.inf
        sd = sd if widths[0] <= sd <= widths[1] else widths[0]
        found.append([frequency[at], height, sd])
        left = left - (0.0 + height * np.exp(-((frequency - frequency[at]) ** 2) / (2 * sd**2)))
    return np.array(found).reshape(-1, 3)


def _apart(found: np.ndarray, frequency: np.ndarray) -> np.ndarray:
    """Peaks that do not stand on an edge, ordered by their centres; of two that overlap, the higher."""
    centre, _, sd = found.T
    inside = (np.abs(centre - frequency[0]) > sd) & (np.abs(centre - frequency[-1]) > sd)
    found = np.array(sorted(found[inside], key=lambda peak: float(peak[0]))).reshape(-1, 3)
    centre, height, sd = found.T
    meet = np.flatnonzero((centre + sd * OVERLAP)[:-1] > (centre - sd * OVERLAP)[1:])
    lower = {int(k) + int(np.argmin(height[k : k + 2])) for k in meet}
    return found[[k for k in range(len(found)) if k not in lower]]


class _Gaussians:
    """Sum of Gaussians by centre, height and SD of each in a row, and its derivatives by these."""

    def __init__(self, frequency: np.ndarray):
        self._frequency = frequency
        self._known: bytes = b""

    def _at(self, numbers: np.ndarray) -> None:
        known = numbers.tobytes()
        if known != self._known:
            self._known = known
            self._off = self._frequency - numbers[0::3, None]
            self._square = self._off**2
            # powers of single numbers, which round otherwise than those of arrays
            twice = np.array([2 * sd**2 for sd in numbers[2::3]])
            self._bell = np.exp(-self._square / twice[:, None])

    def __call__(self, numbers: np.ndarray) -> np.ndarray:
        if not len(numbers):
            return np.zeros_like(self._frequency)
        self._at(numbers)
        return np.add.reduce(numbers[1::3, None] * self._bell, axis=0)

    def derivatives(self, numbers: np.ndarray) -> np.ndarray:
        """Shape (bin, number)."""
        self._at(numbers)
        square = np.array([sd**2 for sd in numbers[2::3]])[:, None]
        cube = np.array([sd**3 for sd in numbers[2::3]])[:, None]
        high = self._bell * numbers[1::3, None]
        found = np.empty((len(self._frequency), len(numbers)))
        found[:, 0::3] = (high * self._off / square).T
        found[:, 1::3] = self._bell.T
        found[:, 2::3] = (high * self._square / cube).T
        return found


def _fitted(
    frequency: np.ndarray, flat: np.ndarray, found: np.ndarray, widths: tuple[float, float]
) -> np.ndarray:
    """Peaks fitted together, ordered by their centres."""
    from scipy.optimize import least_squares

    centre, _, sd = found.T
    reach = 2 * CENTRE_MOVES * sd
    low, high = np.empty_like(found), np.empty_like(found)
    low[:, 0] = np.maximum(centre - reach, frequency[0])
    high[:, 0] = np.minimum(centre + reach, frequency[-1])
    low[:, 1], high[:, 1] = 0.0, np.inf
    low[:, 2], high[:, 2] = widths
    bells = _Gaussians(frequency)
    end = least_squares(
        lambda numbers: bells(numbers) - flat,
        found.ravel(),
        bells.derivatives,
        (low.ravel(), high.ravel()),
        "trf",
        TOLERANCE,
        TOLERANCE,
        TOLERANCE,
        max_nfev=MOST_CALLS,
    )
    if not end.success:
        raise NoFitError
    peaks = np.asarray(end.x).reshape(-1, 3)
    return peaks[peaks[:, 0].argsort()]
