"""One array of a result file, with named dimensions, a unit and a meaning."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

# Words for units that UDUNITS does not know, in files of schema 3 and on the axes of studies -> what it
# reads.
UNITS = {"uM": "umol/L", "spikes": "1", "spines": "1", "sites": "1", "contacts": "1"}
CONVENTIONS = "CF-1.11"
CONFIGURATION = "configuration of the run, in JSON"
SPIKES = "spikes/"  # begins the names of groups in the SONATA layout
SORTED = {"none": 0, "by_id": 1, "by_time": 2}  # the order of spikes, as SONATA has it


@dataclass(frozen=True)
class Variable:
    """One array of a result file; `values` has one axis for each name in `dimensions`.

    `unit` is one that UDUNITS reads, empty for text; `more` are further attributes that CF knows (flags,
    coordinates, comment).
    """

    dimensions: tuple[str, ...]
    values: np.ndarray
    unit: str
    meaning: str
    more: dict[str, Any] = field(default_factory=dict)


Groups = dict[str, dict[str, Variable]]


def is_text(values: np.ndarray) -> bool:
    """Whether an array holds text."""
    return values.dtype.kind in "OU"


def sorting(spikes: dict[str, Variable]) -> int:
    """In which order the spikes of a group stand, one of SORTED."""
    in_order = bool((np.diff(spikes["timestamps"].values) >= 0).all())
    return SORTED["by_time" if in_order else "none"]
