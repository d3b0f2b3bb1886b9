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
ORDERED = (("delay_min", "delay_max"), ("reset", "threshold"))  # whose ranges may overlap


def ranged(sheet: Sheet) -> Sheet:
    """The sheet with a range for every weight that was fitted to a unitary potential and has none: as far
    around its value as the potential was recorded to lie around its own.
    """
    sections = dict(sheet.sections)
    for name, rows in sections.items():
        row, size = rows.get("weight"), recording(name, "psp") if "->" in name else None
        if row is not None and row.range is None and size is not None and size.range is not None:
            low, high = (row.value * end / size.value for end in size.range)
            sections[name] = rows | {"weight": replace(row, range=(low, high))}
    return sheet.with_sections(sections)


def at_unitary(sheet: Sheet, centre: Sheet) -> Sheet:
    """The sheet with weights at which the first release of its terminals opens what its own weights would
    with those of `centre`: a changed weight is then a changed unitary potential, a changed release none.
    """
    found, before = sheet.values(), centre.values()
    changes = {}
    for name in [section for section in sheet.sections if "->" in section]:
        was, now = first_release(before, name), first_release(found, name)
        if now not in (0.0, was):
            changes[f"{name}.weight"] = found[f"{name}.weight"] * was / now
    return sheet.replaced(changes)


def moved(centre: Sheet, name: str, value: float) -> dict[str, float]:
    """Every number of a circuit sheet that changes where one, `name`, has another value, which comes last:
    other fractions of its class give way in proportion, weights as `at_unitary` has it.

    Raises SheetError for no number, and for the fraction of a class that has nothing else.
    """
    source, before = centre.replaced({name: value}), centre.values()
    section, _, row = name.rpartition(".")
    if row.startswith("fraction_"):
        others = {k: v for k, v in before.items() if k.startswith(f"{section}.fraction_") and k != name}
        if (total := sum(others.values())) <= 0:
            raise SheetError(f"{centre.path.name} [{section}]: there is no fraction but {row} to give way")
        source = source.replaced({k: v * (1.0 - value) / total for k, v in others.items()})
    after = at_unitary(source, centre).values()
    return {k: v for k, v in after.items() if v != before[k] and k != name} | {name: value}


def first_release(numbers: dict[str, float], projection: str) -> float:
    """Share that a rested terminal releases, mean over the types of a projection."""
    others = {kind: numbers.get(f"{projection}.share{kind}", 0.0) for kind in ("_2", "_3")}
    shares = {"": 1.0 - sum(others.values())} | others
    return sum(share * numbers[f"{projection}.release{kind}"] for kind, share in shares.items() if share > 0)


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
    for rows in sections.values():
        for below, above in ORDERED:
            if {below, above} <= {*rows}:
                low, high = sorted((rows[below].value, rows[above].value))
                rows[below], rows[above] = replace(rows[below], value=low), replace(rows[above], value=high)
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
    value = min(max(value, low), high)  # the logarithm's exponential rounds
    return replace(
        row,
        value=float(round(value)) if name in WHOLE else value,
        note=f"{row.note}; drawn with seed {seed}",
    )


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
