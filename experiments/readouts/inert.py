"""The inert drug: what a study would hold had the drug bound nothing.  It is read off what is stored, and
needs no run.

The run of a drug without effect is, on the same seed, that of vehicle to the last bit; and looks at one
circuit before and under such a drug differ by noise alone, which is left out.  So all that stands at a place
with the drug is what stands at the place without it.  Concentrations stay: an inert drug arrives as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from prelimbic.parameters import BLOCKERS, SUBUNITS

if TYPE_CHECKING:
    import xarray as xr

ARRIVES = ("unbound", "brain_unbound")  # how much drug there is, whatever it does
LARGEST_IC50 = 1e9  # uM: such a drug shuts nothing at any concentration there is
IC50 = tuple((f"compounds.{drug}.ic50_{subunit}", LARGEST_IC50) for drug in BLOCKERS for subunit in SUBUNITS)

Inert = Callable[["xr.Dataset"], "xr.Dataset"]


def unchanged(dataset: xr.Dataset) -> xr.Dataset:
    """Of a study that gives no drug."""
    return dataset


def at_vehicle(**places: Any) -> Inert:
    """Of a study that has vehicle: axis -> its place without drug, or that of each of its places."""

    def inert(dataset: xr.Dataset) -> xr.Dataset:
        for axis, without in places.items():
            there = dataset[axis].values.tolist()
            known = without if isinstance(without, Mapping) else dict.fromkeys(there, without)
            stays = {
                name: dataset[name] for name in ARRIVES if name in dataset and axis in dataset[name].dims
            }
            dataset = (
                dataset.sel({axis: [known.get(p, p) for p in there]})
                .assign_coords({axis: dataset[axis]})
                .assign(stays)
            )
        return dataset

    return inert


def at_chance(**values: float) -> Inert:
    """Of a study in which every run has the drug: what its readouts are where cells only scatter about what
    they did before.
    """
    return lambda dataset: dataset.assign(
        {name: dataset[name] * 0.0 + value for name, value in values.items() if name in dataset}
    )
