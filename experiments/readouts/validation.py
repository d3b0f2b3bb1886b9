"""How far the model is from published observations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from prelimbic.parameters import HNK_SETS, racemate
from prelimbic.parameters.observations import Observation, observations

if TYPE_CHECKING:
    import xarray as xr

HNK = "hydroxynorketamine"
TEST = "held out"  # the role that counts: a number that was fitted on, or taken from the study, is no test
TIMES = ("tmax", "half_life")  # quantities in hours, which sampling rounds; told by themselves
TWICE = 2.0


@dataclass(frozen=True)
class Compared:
    """An observation with the prediction for it; `hnk` is the set that was used where it matters."""

    row: Observation
    predicted: float
    hnk: str

    @property
    def fold(self) -> float:
        """Predicted over observed."""
        return self.predicted / self.row.value

    @property
    def compound(self) -> str:
        """The compound, whichever hand."""
        return racemate(self.row.compound)

    @property
    def route(self) -> str:
        """Of the last that was given before it was looked at."""
        words = self.row.give[-1].split()
        return next(word for word in words if word in ROUTE_WORDS)

    @property
    def child(self) -> bool:
        return "child" in self.row.note

    @property
    def tests(self) -> bool:
        """Whether nothing of the model was chosen on it."""
        return self.row.role == TEST


ROUTE_WORDS = ("iv", "im", "sc", "nasal", "oral", "tablet", "oral_pr", "film", "rectal", "inhaled", "ip")


def compared(dataset: xr.Dataset) -> list[Compared]:
    """Every row that was predicted: those about hydroxynorketamine by the set of their own assay, or by both
    where they belong to none.
    """
    by_id = {row.id: row for row in observations()}
    cell = dataset.isel(seed=0)
    found = []
    for name in dataset["row"].values:
        row = by_id.get(str(name))
        if row is None:
            continue  # of another version's list
        here = cell["predicted"].sel(row=name)
        here = here.max("species") if "species" in here.dims else here  # NaN but for its own
        about = HNK in (row.compound.rpartition("-")[2], row.against.rpartition("-")[2])
        sets = ((row.hnk,) if row.hnk else HNK_SETS) if about and row.species == "human" else HNK_SETS[:1]
        found += [
            Compared(row, value, hnk if about else "")
            for hnk in sets
            if np.isfinite(value := float(here.sel(set=hnk)))
        ]
    return found


@dataclass(frozen=True)
class Errors:
    """Fold errors of some rows: how many, geometric mean of their size, of the fold itself, share within
    twofold.
    """

    n: int
    gmfe: float
    bias: float
    within: float


def errors(rows: Iterable[Compared]) -> Errors | None:
    """Fold errors of rows with a positive value; None of none."""
    folds = np.array([each.fold for each in rows if each.row.value > 0 and each.predicted > 0])
    if not len(folds):
        return None
    size = np.abs(np.log(folds))
    return Errors(
        len(folds),
        float(np.exp(size.mean())),
        float(np.exp(np.log(folds).mean())),
        float((size <= np.log(TWICE)).mean()),
    )


def grouped(
    rows: Iterable[Compared], key: Callable[[Compared], tuple[str, ...]]
) -> dict[tuple[str, ...], list[Compared]]:
    """Rows by some key, in the order of their first."""
    found: dict[tuple[str, ...], list[Compared]] = {}
    for each in rows:
        found.setdefault(key(each), []).append(each)
    return found
