"""The row of a run file: all the numbers that a sweep is made of, in one piece, and how they are laid out in
it.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np

from prelimbic.simulation.variable import Groups, Variable, is_text

IN_ROW = ("summary", "traces", "fine")  # groups that a sweep is made of


def described(groups: Groups) -> list[Any]:
    """Where each number stands in a row, and what must be alike in files whose rows go together: all but the
    numbers.
    """
    return [
        [
            group,
            name,
            variable.values.dtype.str,
            list(variable.values.shape),
            list(variable.dimensions),
            variable.unit,
            variable.meaning,
            None if varies(name, variable) else variable.values.tolist(),
        ]
        for group in IN_ROW
        if group in groups
        for name, variable in sorted(groups[group].items())
    ]


def row_type(groups: Groups) -> np.dtype:
    """The numbers of a row, each called GROUP/NAME."""
    return np.dtype(
        [
            (f"{group}/{name}", variable.values.dtype, variable.values.shape)
            for group in IN_ROW
            if group in groups
            for name, variable in sorted(groups[group].items())
            if varies(name, variable)
        ]
    )


def packed(groups: Groups) -> tuple[str, bytes]:
    """The layout of a file's row, by a name, and its bytes."""
    layout = hashlib.sha256(json.dumps(described(groups)).encode()).hexdigest()[:16]
    numbers = [
        v.values.tobytes()
        for group in IN_ROW
        if group in groups
        for name, v in sorted(groups[group].items())
        if varies(name, v)
    ]
    return layout, b"".join(numbers)


def varies(name: str, variable: Variable) -> bool:
    """Whether a variable holds numbers, and is no coordinate."""
    return variable.dimensions != (name,) and not is_text(variable.values)
