"""Digests of the numbers of a run, by which runs of two installations, or of two versions, are compared."""

from __future__ import annotations

import hashlib

import numpy as np

from experiments.variable import Groups, Variable

COUNTED = "iu"  # kinds of numbers that no library rounds: spikes of each cell, spines, states of agents
RATES, DECIMALS = ("rate", "fi_rate", "rate_before", "slice_rate"), 6  # Hz: spikes over seconds, where spikes were not kept


def of_numbers(values: np.ndarray) -> str:
    """Sixteen characters that change with type, shape and any bit of an array."""
    plain = np.ascontiguousarray(values)
    return hashlib.sha256(f"{plain.dtype.str}{plain.shape}".encode() + plain.tobytes()).hexdigest()[:16]


def model_digest(groups: Groups) -> str:
    """A digest of what the model did and no analysis touched: spikes of each cell, spines and agents; of runs that keep
    readouts alone, firing rates to six decimals."""
    kept = {group: part for group, part in groups.items() if not group.startswith("spikes/")}  # which --spikes adds
    found = {f"{group}/{name}": v for group, part in kept.items() for name, v in part.items()}
    counted = {name: v.values.astype(np.int64) for name, v in found.items() if v.values.dtype.kind in COUNTED}
    if not counted:
        rated = {name: v for name, v in found.items() if name.rpartition("/")[2] in RATES and not _is_coordinate(name, v)}
        counted = {name: np.rint(v.values * 10.0**DECIMALS).astype(np.int64) for name, v in rated.items()}
    whole = "".join(f"{name} {of_numbers(counted[name])}\n" for name in sorted(counted))
    return hashlib.sha256(whole.encode()).hexdigest() if counted else ""


def _is_coordinate(name: str, variable: Variable) -> bool:
    return variable.dimensions == (name.rpartition("/")[2],)
