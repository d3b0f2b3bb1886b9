"""One array of a result file, with named dimensions, a unit and a meaning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Variable:
    """One array of a result file; `values` has one axis for each name in `dimensions`."""

    dimensions: tuple[str, ...]
    values: np.ndarray
    unit: str
    meaning: str


Groups = dict[str, dict[str, Variable]]
