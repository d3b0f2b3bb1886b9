"""Readouts of study circuit_prior: which circuits show what, what separates them, which number moves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

# Pyr firing over rest: a surge, where it is looked for, and turned round
SURGE, EXCITING_UM, TURNED = 1.2, (1.0, 3.0), 1.1
SILENT_HZ = 0.01  # least rate that a logarithm is taken of
SHARES = (-1.0, -0.1, 0.0, 0.1, 0.2, 1.0)  # bins of what separates circuits


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


def felt(cell: xr.Dataset) -> xr.Dataset:
    """The same with those drawn numbers alone that a circuit in a bath of ketamine can feel."""
    beside, there = ("compounds.", "cascade.", "spines."), ("compounds.ketamine.", "compounds.tissue.")
    names = [str(name) for name in cell["knob"].values]
    return cell.isel(
        knob=[k for k, n in enumerate(names) if not n.startswith(beside) or n.startswith(there)]
    )


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
