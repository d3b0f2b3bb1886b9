"""Readouts of study circuit_prior: which circuits show what, what separates them, which number moves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from prelimbic.pharmacology import Dose, Exposure

if TYPE_CHECKING:
    import xarray as xr

# Pyr firing over rest: a surge, where it is looked for, and turned round
SURGE, EXCITING_UM, TURNED = 1.2, (1.0, 3.0), 1.1
CLEAR = 2.0  # %: one look of one circuit does not tell less
# The dose curve of claim V11 in its three parts, mg/kg: glutamate, %
RISE, HIGH, FALL = (
    {10.0: (0.0, np.inf), 20.0: (0.0, np.inf)},
    {30.0: (0.0, np.inf)},
    {50.0: (-15.0, 15.0), 200.0: (-np.inf, 0.0)},
)
DOSE_CURVE = RISE | HIGH | FALL
SILENT_HZ = 0.01  # least rate that a logarithm is taken of
SHARES = (-1.0, -0.1, 0.0, 0.1, 0.2, 1.0)  # bins of what separates circuits
COURSE_H = np.linspace(0.0, 100 / 60, 41)


def firing(cell: xr.Dataset) -> np.ndarray:
    """Pyr firing over rest, (circuit, concentration)."""
    rate = cell["rate"].sel(population="Pyr").transpose("seed", "concentration").values
    return rate / rate[:, :1]


def surges(cell: xr.Dataset) -> np.ndarray:
    """The highest Pyr firing over rest at 1 to 3 uM, (circuit,)."""
    inside = (cell["concentration"].values >= EXCITING_UM[0]) & (
        cell["concentration"].values <= EXCITING_UM[1]
    )
    return firing(cell)[:, inside].max(axis=1)


def ends(cell: xr.Dataset) -> np.ndarray:
    """Pyr firing over rest at the highest concentration, (circuit,)."""
    return firing(cell)[:, -1]


def turns(cell: xr.Dataset) -> np.ndarray:
    """Which circuits show the whole inverted U: a surge, and no more firing than at rest at the highest
    concentration.
    """
    return (surges(cell) >= SURGE) & (ends(cell) <= TURNED)


def separation(cell: xr.Dataset) -> np.ndarray:
    """NMDA share of excitatory conductance at rest, mean of PV and SST less Pyr, (circuit,)."""
    share = cell["nmda_share"].isel(concentration=0).transpose("seed", "population")
    return (share.sel(population=["PV", "SST"]).mean("population") - share.sel(population="Pyr")).values


def _in_slice(cell: xr.Dataset, name: str) -> np.ndarray:
    """Change of a readout in a slice at 1 and 10 uM, %, (circuit, concentration); NaN where the untreated
    slice is silent.
    """
    found = cell[f"slice_{name}"].transpose("seed", "slice_concentration").values
    rest = np.where(found[:, :1] > 0, found[:, :1], np.nan)
    return 100.0 * (found[:, 1:] / rest - 1.0)


def shows_slice(cell: xr.Dataset) -> np.ndarray:
    """Whether each circuit shows what claim V10 says, by signs clear of the noise; NaN where its slice is
    silent.
    """
    excitation, inhibition = _in_slice(cell, "sepsc_rate"), _in_slice(cell, "sipsc_rate")
    shown = (excitation[:, 0] > CLEAR) & (excitation[:, 1] < -CLEAR) & (inhibition < -CLEAR).all(axis=1)
    return np.where(np.isfinite(excitation + inhibition).all(axis=1), shown, np.nan)


def shows_amplitude(cell: xr.Dataset) -> np.ndarray:
    """Whether each circuit shows what claim V10a says; NaN where there are no events to measure."""
    larger = _in_slice(cell, "sepsc_amplitude")[:, 0]
    return np.where(np.isfinite(larger), larger > 0, np.nan)


def shows_glutamate(cell: xr.Dataset, ranges: dict[float, tuple[float, float]]) -> np.ndarray:
    """Whether glutamate of each circuit lies in the range (%) of each dose (mg/kg), an open range by more
    than the noise: from its curve by concentration, over the rat's course.
    """
    glutamate = cell["glutamate_release"].transpose("seed", "concentration").values
    curve, shown = 100.0 * (glutamate / glutamate[:, :1] - 1.0), np.ones(len(glutamate), dtype=bool)
    for dose, (low, high) in ranges.items():
        mean = _over_course(curve, cell["concentration"].values, dose)
        margin = CLEAR if np.isinf([low, high]).any() else 0.0
        shown &= (mean > low + margin) & (mean < high - margin)
    return shown


def shows_gamma(cell: xr.Dataset) -> np.ndarray:
    """Whether gamma of each circuit rises with the dose: by the slope over 0, 2.5, 5 and 10 mg/kg at the
    concentrations of their peaks, since single looks do not order neighbours, and clearly at 10.
    """
    power = cell["power"].sel(band="gamma").transpose("seed", "concentration").values
    doses = np.array([0.0, 2.5, 5.0, 10.0])
    peaks = np.array([_course(d).max() for d in doses])
    seen = np.array([np.interp(peaks, cell["concentration"].values, row / row[0]) for row in power])
    return (seen @ (doses - doses.mean()) > 0) & (seen[:, -1] > 1.0 + CLEAR / 100)


def _course(dose: float) -> np.ndarray:
    """Unbound ketamine over 100 min after a dose in rat, uM."""
    return Exposure.after((Dose(dose, "ip"),), "rat").of("ketamine", COURSE_H)


def _over_course(curve: np.ndarray, concentrations: np.ndarray, dose: float) -> np.ndarray:
    """Mean over 100 min of what a curve (circuit, concentration) gives at each moment; log-linear between
    concentrations.
    """
    places, moments = np.log(concentrations + 0.1), np.log(_course(dose) + 0.1)
    return np.array(
        [np.trapezoid(np.interp(moments, places, row), COURSE_H) / COURSE_H[-1] for row in curve]
    )


@dataclass(frozen=True)
class Knob:
    """A drawn number, its rank correlation with a readout over circuits, and whether that is clear of 0
    (Bonferroni).
    """

    name: str
    rho: float
    clear: bool


def knobs(cell: xr.Dataset, readout: np.ndarray) -> list[Knob]:
    """Every drawn number, by the size of its rank correlation with a readout (circuit,)."""
    from scipy.stats import norm, spearmanr  # half a second, which a plan does not wait for

    drawn = cell["drawn"].transpose("seed", "knob").values
    bound = norm.ppf(1.0 - 0.025 / drawn.shape[1]) / np.sqrt(len(drawn) - 1)
    rho = [float(spearmanr(column, readout)[0]) for column in drawn.T]
    found = [Knob(str(n), r, abs(r) > bound) for n, r in zip(cell["knob"].values, rho, strict=True)]
    return sorted(found, key=lambda k: -abs(k.rho))


def logs(values: np.ndarray) -> np.ndarray:
    """Natural logarithms, of silence that of SILENT_HZ."""
    return np.log(np.maximum(values, SILENT_HZ))


def valid_circuits(dataset: xr.Dataset) -> xr.Dataset:
    """Those that rest as recorded."""
    return dataset.isel(seed=np.flatnonzero(dataset["valid"].values == 1.0))


def interval(share: float, n: int) -> tuple[float, float]:
    """95 % interval of a share of n (Wilson 1927)."""
    from scipy.stats import binomtest

    found = binomtest(round(share * n), n).proportion_ci(0.95, method="wilson")
    return float(found.low), float(found.high)


def told_share(flags: np.ndarray) -> str:
    """`48 % (41 to 55)`."""
    share = float(np.mean(flags))
    low, high = interval(share, len(flags))
    return f"{100 * share:.0f} % ({100 * low:.0f} to {100 * high:.0f})"
