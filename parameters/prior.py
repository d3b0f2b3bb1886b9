"""Draw a circuit from its prior: every number that has a range, from that range."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from prelimbic.parameters.records import POPULATIONS, SUBUNITS, circuit_numbers
from prelimbic.parameters.sheet import Row, Sheet, SheetError

if TYPE_CHECKING:
    import numpy as np

FIXED = ("background_rate", "target_rate")  # what a calibration moves, and what it aims at
WHOLE = ("count", "in_degree")


def drawn(sheet: Sheet, seed: int, fixed: Collection[str] = FIXED) -> Sheet:
    """The sheet with every ranged number drawn but rows called as in `fixed`: uniform on a log scale where
    the range is above 0, else uniform.

    Drawn subunit fractions are scaled so that all sum to 1, which may lead out of a range; it is then
    widened.  A drawn row keeps its range otherwise, and says that it was drawn.  Raises SheetError for a
    sheet that is no whole circuit.
    """
    import numpy as np  # which takes longer to import than all else of this room

    circuit_numbers(sheet)
    rng = np.random.default_rng(seed)
    sections = {
        section: {name: row if name in fixed else _drawn(name, row, rng, seed) for name, row in rows.items()}
        for section, rows in sheet.sections.items()
    }
    for section in [name for name in sections if "->" in name]:
        rows = sections[section]
        low, high = sorted((rows["delay_min"].value, rows["delay_max"].value))
        rows["delay_min"], rows["delay_max"] = (
            replace(rows["delay_min"], value=low),
            replace(rows["delay_max"], value=high),
        )
    for population in POPULATIONS:
        rows = sections.get(population, {})
        names = [f"fraction_{k}" for k in SUBUNITS if f"fraction_{k}" in rows]
        ranged = [name for name in names if rows[name].range is not None]
        kept = sum(rows[name].value for name in names if name not in ranged)
        total = sum(rows[name].value for name in ranged)
        if ranged and total <= 0:
            raise SheetError(
                f"{sheet.path.name} [{population}]: all fractions that were drawn are 0, so none can be "
                "scaled"
            )
        for name in ranged:
            share = rows[name].value * (1.0 - kept) / total
            low, high = rows[name].range or (share, share)
            rows[name] = replace(rows[name], value=share, range=(min(low, share), max(high, share)))
    return sheet.with_sections(sections)


def _drawn(name: str, row: Row, rng: np.random.Generator, seed: int) -> Row:
    if row.range is None:
        return row
    low, high = row.range
    value = math.exp(rng.uniform(math.log(low), math.log(high))) if low > 0 else rng.uniform(low, high)
    return replace(
        row,
        value=float(round(value)) if name in WHOLE else value,
        note=f"{row.note}; drawn with seed {seed}",
    )
