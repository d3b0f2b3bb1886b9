"""Numbers over seeds: mean and SD, changes in pairs, and whether they are clear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Spread:
    """Mean and SD of `n` values, SD NaN of one, where `of` were asked for."""

    mean: float
    sd: float
    n: int
    of: int

    def __str__(self) -> str:
        """`mean ± SD`, or the one value there is; and of how many, where not of all."""
        return self.told()

    def told(self, figures: int | None = None) -> str:
        """The same, with so many significant figures of the SD, or of the one value; or two decimals."""
        size = self.sd if self.n > 1 else self.mean
        digits = 2 if figures is None else decimals(size, figures + (self.n == 1))
        told = f"{self.mean:.{digits}f}"
        told += f" ± {self.sd:.{digits}f}" if self.n > 1 else ""
        if figures is not None and not any(digit in told for digit in "123456789"):
            told = "0"
        return f"{told} ({self.n} of {self.of})" if self.n < self.of else told


def decimals(size: float, figures: int) -> int:
    """Decimals with which a number of this size has so many significant figures, from 0 to 4."""
    if not np.isfinite(size) or size == 0:
        return 2
    return int(min(max(figures - 1 - np.floor(np.log10(abs(size))), 0), 4))


def spread(values: np.ndarray) -> Spread:
    """Mean and SD of values (seed,)."""
    sd = values.std(ddof=1) if len(values) > 1 else np.nan
    return Spread(float(values.mean()), float(sd), len(values), len(values))


def spread_of_all(values: np.ndarray) -> Spread | None:
    """Mean and SD of values (seed,); None where one is not finite."""
    return spread(values) if np.isfinite(values).all() else None


def spread_of_those(values: np.ndarray) -> Spread | None:
    """Mean and SD of those values (seed,) that are finite; None where none is."""
    there = values[np.isfinite(values)]
    if not len(there):
        return None
    found = spread(there)
    return Spread(found.mean, found.sd, found.n, len(values))


def paired(values: xr.DataArray, axis: str = "dose") -> dict[float, np.ndarray]:
    """Relative change (%) against the same seed without drug, by dose or by another axis that begins at
    none.
    """
    vehicle = values.isel({axis: 0})
    return {float(d): (100.0 * (values.sel({axis: d}) / vehicle - 1.0)).values for d in values[axis].values}


def is_clear(percent: np.ndarray) -> bool:
    """Whether the 95 % t-interval over seeds excludes 0; of one seed, whether it is not 0."""
    if len(percent) < 2:
        return bool(percent.any())
    return bool(abs(percent.mean()) > half_interval(percent))


def half_interval(values: np.ndarray) -> float:
    """Half of the 95 % t-interval of the mean of two or more values."""
    from scipy.special import stdtrit  # for start-up time

    return float(stdtrit(len(values) - 1, 0.975) * values.std(ddof=1) / np.sqrt(len(values)))


def change(percent: np.ndarray, what: str) -> str:
    """`raises Pyr firing by 40 ± 2 %`, or that nothing clear happens to `what`."""
    mean = percent.mean()
    spread_text = f" ± {percent.std(ddof=1):.1f}" if len(percent) > 1 else ""
    if not is_clear(percent):
        return f"does not clearly change {what} ({mean:+.1f}{spread_text} %)"
    return f"{'raises' if mean > 0 else 'lowers'} {what} by {abs(mean):.1f}{spread_text} %"
