"""Readouts of study influence: dose curves of Pyr firing with one number at either end of its range."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from prelimbic.experiments.readouts.columns import names
from prelimbic.parameters import (
    POPULATIONS,
    SUBUNITS,
    Apical,
    Compound,
    Population,
    Projection,
    Receptors,
    Subunit,
    Tissue,
)

if TYPE_CHECKING:
    import xarray as xr

SHEET, STANDS = "sheet", "as it stands"  # where nothing is changed
ENDS = ("low", "high")
SHOWN = 10  # numbers, the most influential
HALF = 0.5  # of the firing at rest, to which a curve falls
RECORDS = (
    {"receptors": Receptors, "apical": Apical, "compounds.tissue": Tissue}
    | dict.fromkeys(POPULATIONS, Population)
    | dict.fromkeys(SUBUNITS, Subunit)
)


@dataclass(frozen=True)
class Curve:
    """Pyr firing over rest at one end of a number's range.

    `value` is the number there; `over_rest` has shape (seed, concentration), with NaN where a circuit could
    not rest at its target rates; `uM` (concentration,) begins at 0.
    """

    value: float
    uM: np.ndarray
    over_rest: np.ndarray

    @property
    def there(self) -> np.ndarray:
        """Which seeds have a curve, (seed,)."""
        return np.isfinite(self.over_rest).all(axis=1)

    @property
    def mean(self) -> np.ndarray:
        """Over the seeds that are there, (concentration,); NaN of none."""
        return self.over_rest[self.there].mean(axis=0) if self.there.any() else np.full(len(self.uM), np.nan)

    @property
    def peak(self) -> np.ndarray:
        """Highest firing under the drug, % over rest, (seed,)."""
        return 100.0 * (self.over_rest[:, 1:].max(axis=1) - 1.0)

    @property
    def place(self) -> float:
        """Concentration at which the mean curve is highest, uM."""
        return float(self.uM[1 + int(np.argmax(self.mean[1:]))]) if self.there.any() else np.nan

    @property
    def falls(self) -> float:
        """Concentration beyond the peak at which the mean curve has fallen to half of rest, uM, read on a
        log scale; infinite where it does not, and the lowest where it is there already.
        """
        if not self.there.any():
            return np.nan
        curve, uM = self.mean[1:], self.uM[1:]
        below = np.flatnonzero((curve <= HALF) & (uM >= self.place))
        if not len(below):
            return np.inf
        k = int(below[0])
        if k == 0:
            return float(uM[0])
        inside = np.interp(HALF, [curve[k], curve[k - 1]], np.log([uM[k], uM[k - 1]]))
        return float(np.exp(inside))


@dataclass(frozen=True)
class Influence:
    """One number: the curves at the ends of its range that were run, beside the sheet's."""

    name: str
    stands: float
    sheet: Curve
    ends: dict[str, Curve]

    @property
    def both(self) -> tuple[Curve, Curve]:
        """Curves at the low and the high end: that of the sheet where it stands at an end, or where no
        circuit can rest.
        """
        low, high = (self.ends.get(end, self.sheet) for end in ENDS)
        return low if low.there.any() else self.sheet, high if high.there.any() else self.sheet

    @property
    def peak_change(self) -> float:
        """Peak at the high end less that at the low one, points of % over rest."""
        low, high = (float(c.peak[c.there].mean()) if c.there.any() else np.nan for c in self.both)
        return high - low

    @property
    def falls_change(self) -> float:
        """Where it falls at the high end over where it does at the low one; NaN where both never do."""
        low, high = (c.falls for c in self.both)
        return high / low if np.isfinite([low, high]).any() else np.nan

    @property
    def moves(self) -> float:
        """By how much the curve moves: the highest less the lowest of its mean curves, mean over the
        concentrations, % of rest.
        """
        curves = np.array([c.mean[1:] for c in (self.sheet, *self.ends.values()) if c.there.any()])
        return float(100.0 * (curves.max(axis=0) - curves.min(axis=0)).mean()) if len(curves) else np.nan


def influences(cell: xr.Dataset) -> list[Influence]:
    """Every number of one circuit sheet, the most influential first; one of which no end can rest comes
    last.
    """
    sheet = _curve(cell.sel(number=SHEET, end=STANDS))
    found = []
    for name in names(cell, "number"):
        here = {end: cell.sel(number=name, end=end) for end in ENDS if end in names(cell, "end")}
        run = {end: at for end, at in here.items() if np.isfinite(at["calibrated"]).any()}
        if name != SHEET and run:
            stands = float(next(iter(run.values()))["stands"].max())
            found.append(Influence(name, stands, sheet, {end: _curve(at) for end, at in run.items()}))
    return sorted(found, key=lambda one: -np.nan_to_num(one.moves))


def _curve(at: xr.Dataset) -> Curve:
    rate = at["rate"].sel(population="Pyr").transpose("seed", "concentration").values
    with np.errstate(divide="ignore", invalid="ignore"):
        over_rest = np.where(rate[:, :1] > 0, rate / rate[:, :1], np.nan)
    return Curve(float(at["value"].max()), at["concentration"].values, over_rest)


def noise(sheet: Curve) -> float:
    """How far the curves of two seeds of the sheet lie apart, mean over concentrations, % of rest; NaN of
    one seed.
    """
    curves = sheet.over_rest[sheet.there][:, 1:]
    if len(curves) < 2:
        return np.nan
    return float(100.0 * np.sqrt(2.0) * curves.std(axis=0, ddof=1).mean())


def told_curve(curve: Curve) -> str:
    """Peak of a curve (and where), and where it has fallen to half: `+12 ± 3 (1), 8.3`."""
    if not curve.there.any():
        return "cannot rest"
    peak, spread = curve.peak[curve.there], ""
    if len(peak) > 1:
        spread = f" ± {peak.std(ddof=1):.0f}"
    falls = f"above {curve.uM[-1]:g}" if np.isinf(curve.falls) else f"{curve.falls:.2g}"
    return f"{peak.mean():+.0f}{spread} ({curve.place:g}), {falls}"


def told_value(name: str, value: float) -> str:
    """`288 ms`."""
    return f"{value:.4g} {unit_of(name)}".strip()


def unit_of(name: str) -> str:
    """Unit of a number of a circuit sheet, or of a drug; nothing of a share or a ratio."""
    section, _, row = name.rpartition(".")
    record = RECORDS.get(section, Projection if "->" in section else Compound)
    unit = {f.name: f.metadata["unit"] for f in fields(record)}[row]
    return "" if unit == "1" else str(unit)
