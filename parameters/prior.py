"""Draw numbers from their priors: every number that has a range, from that range."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from prelimbic.parameters.binding import SUBUNITS
from prelimbic.parameters.disposition import MADE_OF
from prelimbic.parameters.records import POPULATIONS, circuit_numbers, recording
from prelimbic.parameters.sheet import Row, Sheet, SheetError

if TYPE_CHECKING:
    import numpy as np

FIXED = ("background_rate", "target_rate")  # what a calibration moves, and what it aims at
WHOLE = ("count", "in_degree")
DRUGS, SLOW = ("compounds", "species", "routes"), ("cascade", "spines")  # subjects that are drawn
NORMAL = 1.96  # standard deviations in half of 95 %
# assemblies of two subunits bind as the geometric mean of the pure ones, as in the sheet
MIXED = {"2AB": ("2A", "2B"), "2BD": ("2B", "2D")}


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


def with_weights_ranged(sheet: Sheet) -> Sheet:
    """The sheet with a range for every weight that has none: that of the unitary potential which it was
    fitted to, as recorded.
    """
    sections = {section: dict(rows) for section, rows in sheet.sections.items()}
    for section, rows in sections.items():
        weight, unitary = rows.get("weight"), recording(section, "psp")
        if weight is not None and weight.range is None and unitary is not None and unitary.range is not None:
            low, high = (weight.value * end / unitary.value for end in unitary.range)
            rows["weight"] = replace(weight, range=(low, high))
    return sheet.with_sections(sections)


def drawn_numbers(
    sheets: Mapping[str, Sheet], seed: int, subjects: Collection[str] = (*DRUGS, "circuit")
) -> tuple[tuple[str, float], ...]:
    """(SHEET.SECTION.NUMBER, value) of the ranged numbers of some subjects, of a circuit those of its
    receptors: IC50 and the factor of tissue log-normal about their value, all else as `drawn` has it.

    What a sheet makes of another number follows it: IC50 of mixed assemblies, and of what ketamine becomes.
    """
    import numpy as np

    found: dict[str, float] = {}
    for subject in subjects:
        rng = np.random.default_rng([seed, sorted((*DRUGS, *SLOW, "circuit")).index(subject)])
        source = sheets[subject]
        if subject == "circuit":
            values = drawn(source, seed).values()
            names = [n for n in values if n.split(".")[0] in SUBUNITS or ".fraction_" in n]
            found |= {f"circuit.{n}": values[n] for n in names if source.rows()[n].range is not None}
            continue
        for name, row in source.rows().items():
            if row.range is not None and not row.fixed and row.range[0] < row.range[1]:
                log_normal = "ic50_" in name or name == "tissue.factor"
                value = _log_normal(row, rng) if log_normal else _drawn(name, row, rng, seed).value
                found[f"{subject}.{name}"] = float(round(value)) if row.unit in COUNTED else value
        if subject == "compounds":
            found |= _following(source, found)
    return tuple(sorted(found.items()))


COUNTED = ("stages", "branches", "contacts", "neurons")


def _log_normal(row: Row, rng: np.random.Generator) -> float:
    """Log-normal about the value, 95 % of it within a factor that the range allows on either side."""
    low, high = row.range or (row.value, row.value)
    spread = math.log(min(high / row.value, row.value / low)) / NORMAL
    return min(max(row.value * math.exp(rng.normal(0.0, spread)), low), high)


def _following(source: Sheet, found: dict[str, float]) -> dict[str, float]:
    """IC50 that follow others of the sheet `compounds`, some of which were drawn."""
    values = source.values() | {name.partition(".")[2]: value for name, value in found.items()}
    more: dict[str, float] = {}
    for drug in (name for name, rows in source.sections.items() if "ic50_2A" in rows):
        parent = MADE_OF.get(drug, "")
        for pure in ("2A", "2B", "2C", "2D"):
            row = source.sections[drug][f"ic50_{pure}"]
            if row.range is None and f"{parent}.ic50_{pure}" in values:
                moved = values[f"{parent}.ic50_{pure}"] / source.values()[f"{parent}.ic50_{pure}"]
                more[f"compounds.{drug}.ic50_{pure}"] = values[f"{drug}.ic50_{pure}"] = row.value * moved
        for mixed, (one, other) in MIXED.items():
            mean = math.sqrt(values[f"{drug}.ic50_{one}"] * values[f"{drug}.ic50_{other}"])
            more[f"compounds.{drug}.ic50_{mixed}"] = mean
    return more
