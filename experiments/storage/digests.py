"""Digests of the numbers of a run, by which runs of two installations, or of two versions, are compared."""

from __future__ import annotations

import hashlib

import numpy as np

from prelimbic.simulation.variable import Groups

COUNTED = "iu"  # kinds of numbers that no library rounds: spikes of each cell, spines, states of agents
# Hz: spikes over seconds, where spikes were not kept
RATES, DECIMALS = ("rate", "fi_rate", "rate_before", "slice_rate"), 6


def of_numbers(values: np.ndarray) -> str:
    """Sixteen characters that change with type, shape and any bit of an array."""
    plain = np.ascontiguousarray(values)
    return hashlib.sha256(f"{plain.dtype.str}{plain.shape}".encode() + plain.tobytes()).hexdigest()[:16]


def counted(name: str, values: np.ndarray) -> np.ndarray | None:
    """Values of GROUP/NAME as whole numbers that are the same wherever spikes are: counts, and rates to six
    decimals; of any other nothing.
    """
    if values.dtype.kind in COUNTED:
        return values.astype(np.int64)
    if name.rpartition("/")[2] in RATES and values.dtype.kind == "f":
        return np.rint(np.nan_to_num(values.astype(float), nan=-1.0) * 10.0**DECIMALS).astype(np.int64)
    return None


def model_digest(groups: Groups) -> str:
    """A digest of what the model did and no analysis touched: spikes of each cell, spines and agents; of
    runs that keep readouts alone, firing rates.  Empty where there are none.
    """
    # which --spikes adds
    kept = {group: part for group, part in groups.items() if not group.startswith("spikes/")}
    named = {f"{group}/{name}": v.values for group, part in kept.items() for name, v in part.items()}
    found = {name: whole for name, values in named.items() if (whole := counted(name, values)) is not None}
    listed = "".join(f"{name} {of_numbers(found[name])}\n" for name in sorted(found))
    return hashlib.sha256(listed.encode()).hexdigest() if found else ""
