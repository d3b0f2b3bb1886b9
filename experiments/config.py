"""All that defines a run, and the identity that follows from it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from circuits import Circuit, describe
from experiments.protocol import Protocol
from parameters import (
    CIRCUITS,
    CascadeNumbers,
    Sheet,
    SheetError,
    SpineNumbers,
    circuit_numbers,
    compounds,
    digest,
    sheet,
    species,
)
from pharmacology import Dose
from plasticity.spines import rates

SCHEMA_VERSION = 1  # of the result files
MODEL_VERSION = 1  # raised when a change alters results
BASELINES = ("depressed", "healthy")
SUBJECTS = ("compounds", "species", "cascade", "spines")


@cache
def overridden(circuit: str, overrides: tuple[tuple[str, float], ...]) -> dict[str, Sheet]:
    """The sheets of a circuit by subject, with (SUBJECT.SECTION.ROW, value) overrides applied; read once.

    Raises SheetError for an unknown circuit sheet or an override of no number.
    """
    if circuit not in CIRCUITS:
        raise SheetError(f"unknown circuit sheet {circuit!r}; there are {', '.join(CIRCUITS)}")
    found = {"circuit": sheet(circuit)} | {subject: sheet(subject) for subject in SUBJECTS}
    for key, value in overrides:
        subject, _, number = key.partition(".")
        if subject not in found:
            raise SheetError(f"an override is called SUBJECT.SECTION.NUMBER with subject {', '.join(found)}, not {key!r}")
        found[subject] = found[subject].replaced({number: value})
    return found


@dataclass(frozen=True)
class Config:
    """One run.  `overrides` are (number, value) pairs; a number is SHEET.SECTION.ROW, the circuit's sheet is `circuit`."""

    study: str
    circuit: str
    species: str
    doses: tuple[Dose, ...]
    baseline: str
    scale: float
    seed: int
    protocol: Protocol
    overrides: tuple[tuple[str, float], ...] = ()
    spikes: bool = False

    def sheets(self) -> dict[str, Sheet]:
        """Every sheet of the run by subject, overrides applied."""
        return overridden(self.circuit, self.overrides)

    def described(self) -> Circuit:
        """The circuit that this configuration is about.  Raises SheetError or CircuitError."""
        sheets = self.sheets()
        sites = round(sheets["spines"].fill("spines", SpineNumbers).potential_sites)
        return describe(circuit_numbers(sheets["circuit"]), self.scale, sites)

    def check(self) -> None:
        """Fill every record that the run will need.  Raises SheetError, CircuitError or SpineError."""
        sheets = self.sheets()
        sheets["cascade"].fill("cascade", CascadeNumbers)
        species(self.species, sheets["species"])
        compounds(sheets["compounds"])
        rates(sheets["spines"].fill("spines", SpineNumbers), self.described().projection("Pyr", "Pyr").in_degree)

    def sheet_hash(self) -> str:
        """SHA-256 of every number the run uses."""
        return digest({f"{s}.{name}": v for s, rows in self.sheets().items() for name, v in rows.values().items()})

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def run_id(self) -> str:
        """Sixteen characters that change with the configuration, any number, the schema or the model."""
        whole = [self.to_dict(), self.sheet_hash(), SCHEMA_VERSION, MODEL_VERSION]
        return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:16]
