"""The link: from the relative change of spines to points of a symptom score, one curve; and what the drug
does to experience while it is there.
"""

from __future__ import annotations

import numpy as np

from prelimbic.parameters.patients import DissociationNumbers, LinkNumbers


def relief(
    spines: np.ndarray, severity: np.ndarray, link: LinkNumbers, points: float | None = None
) -> np.ndarray:
    """Points of the MADRS that a relative change of `spines` (1 as before treatment) takes away; `points` is
    what a doubling would take were there no floor, of the sheet unless it is given.

    relief = S (1 - exp(-points (spines - 1) / S)) saturates at the severity S; below 1 it is a line, and
    negative.  Shapes are broadcast.
    """
    change = np.asarray(spines, dtype=float) - 1.0
    slope = link.points if points is None else points
    whole = np.maximum(np.asarray(severity, dtype=float), 1e-9)
    return np.where(change > 0, -whole * np.expm1(-slope * np.maximum(change, 0.0) / whole), slope * change)


def hamd(madrs: np.ndarray | float, link: LinkNumbers) -> np.ndarray:
    """Points of the 17-item HAM-D for points of the MADRS: in proportion, a declared conversion."""
    return np.asarray(madrs) * link.hamd


def dissociation(
    ketamine_uM: np.ndarray, sensitivity: np.ndarray, numbers: DissociationNumbers
) -> np.ndarray:
    """Points of a scale such as the CADSS while unbound ketamine (uM) is in the brain; a person of
    `sensitivity` 2 feels half as much drug alike.  Shapes are broadcast.
    """
    felt = (np.maximum(ketamine_uM, 0.0) * sensitivity / numbers.half) ** numbers.hill
    return numbers.highest * felt / (1.0 + felt)


def fitted_points(spines: np.ndarray, severity: np.ndarray, link: LinkNumbers) -> float:
    """The slope at which mean relief is the `difference` of the sheet: what benchmarks/fit_link.py asks of
    `spines` a day after 0.5 mg/kg.  NaN where spines do not grow, or cannot carry so much.
    """
    low, high = 0.0, 1e5
    if not float(relief(spines, severity, link, high).mean()) >= link.difference:
        return float("nan")
    for _ in range(80):
        middle = 0.5 * (low + high)
        enough = float(relief(spines, severity, link, middle).mean()) >= link.difference
        low, high = (low, middle) if enough else (middle, high)
    return high
