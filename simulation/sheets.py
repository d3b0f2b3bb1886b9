"""The sheets of a run: a circuit's and those of all other subjects, with the numbers that are set."""

from __future__ import annotations

import os
from functools import cache, lru_cache

from prelimbic.parameters import (
    CIRCUITS,
    INHIBITORS,
    PRIOR,
    SPECIES,
    CascadeNumbers,
    Disposition,
    Factors,
    HypothesisNumbers,
    Route,
    Sheet,
    SheetError,
    SpineNumbers,
    channel,
    circuit_numbers,
    circuit_sheet,
    compounds,
    inhibitor,
    near,
    sheet,
    species,
    variation,
)

KEPT = 256  # sheets with overrides that are kept in memory
EXPOSURE = ("species", "routes", "bodies", "population")
SUBJECTS = ("compounds", *EXPOSURE, "cascade", "spines", "inhibitors", "hypotheses")


def overridden(circuit: str | Sheet, overrides: tuple[tuple[str, float], ...]) -> dict[str, Sheet]:
    """The sheets of a circuit by subject, with (SHEET.SECTION.NUMBER, value) overrides applied.

    Raises SheetError for an unknown circuit sheet or an override of no number.
    """
    return _overridden(read_circuit(circuit) if isinstance(circuit, str) else circuit, overrides)


def read_circuit(circuit: str) -> Sheet:
    """A circuit sheet by name or path; one that does not ship is read again when its file has changed."""
    if ships(circuit):
        return _shipped(circuit)
    stamps, found = _read.get(circuit, ((), None))
    if found is None or stamps != _stamps(found):
        found = circuit_sheet(circuit)
        _read[circuit] = _stamps(found), found
    return found


def ships(circuit: str) -> bool:
    """Whether a circuit sheet comes with the package; one that does is read once, and no part of a run."""
    return circuit in (*CIRCUITS, PRIOR)


@cache
def _shipped(circuit: str) -> Sheet:
    return circuit_sheet(circuit)


def _stamps(read: Sheet) -> tuple[tuple[int, int], ...]:
    """What changes with the file of a sheet, or of one that it is based on."""
    try:
        return tuple((stat.st_mtime_ns, stat.st_size) for stat in map(os.stat, read.files))
    except OSError:  # it will be told when it is read again
        return ()


@cache
def _subjects() -> dict[str, Sheet]:
    return {subject: sheet(subject) for subject in SUBJECTS}


# circuit -> stamps of its files, and the sheet
_read: dict[str, tuple[tuple[tuple[int, int], ...], Sheet | None]] = {}


@lru_cache(maxsize=KEPT)
def _overridden(circuit: Sheet, overrides: tuple[tuple[str, float], ...]) -> dict[str, Sheet]:
    found = {"circuit": circuit} | _subjects()
    changes: dict[str, dict[str, float]] = {}
    for key, value in overrides:
        subject, _, number = key.partition(".")
        if subject not in found:
            like = near(key, (f"{each}.{name}" for each, rows in found.items() for name in rows.values()))
            raise SheetError(
                f"`overrides` takes SHEET.SECTION.NUMBER=VALUE with a SHEET of {', '.join(found)}, not "
                f"{key!r}{like}; `prelimbic numbers` lists all numbers"
            )
        if number not in found[subject].values():
            like = near(key, (f"{subject}.{name}" for name in found[subject].values()))
            file = found[subject].path.name
            raise SheetError(
                f"{file}: there is no number {number!r}{like}; `prelimbic numbers` lists them all"
            )
        changes.setdefault(subject, {})[number] = value
    return found | {subject: found[subject].replaced(numbers) for subject, numbers in changes.items()}


def check_numbers(sheets: dict[str, Sheet]) -> None:
    """Fill every record of the sheets of a circuit, those of animals and drugs that nobody asked for too.
    Raises SheetError.
    """
    circuit_numbers(sheets["circuit"])
    for subject, record in (
        ("cascade", CascadeNumbers),
        ("spines", SpineNumbers),
        ("hypotheses", HypothesisNumbers),
    ):
        sheets[subject].fill(subject, record)
    compounds(sheets["compounds"])
    channel(sheets["compounds"])
    for name in SPECIES:
        species(name, sheets["species"])
        variation(name, sheets["population"])
    for subject, each in (("species", Disposition), ("routes", Route), ("bodies", Factors)):
        for section in sheets[subject].sections:
            if "/" in section:
                sheets[subject].fill(section, each)
    for name in INHIBITORS:
        inhibitor(name, sheets["inhibitors"])
