"""Published concentrations and what was made of them, each with its source: `observations/human.csv` and
`rodent.csv`, one row a value, to hold what `prelimbic exposure` says against.

What a row asks for, at its `site`, after `give` to a body of `weight_kg`:

concentration     at `time_h`
cmax, tmax        the peak between `from_h` and `to_h`, and its hour
auc               the area between `from_h` and `to_h`
auc_ratio         the area over that of `against`: another compound, or the same after another `give`
half_life         of the decline in the later half of the hours from the last dose to `to_h`; where that is
                  not known, of the slowest one
clearance         dose over area to infinity; of the body mass
volume            of distribution at steady state; of the body mass
bioavailability   area over dose, as a share of that after the `give` of `against`
ratio             of the compound over `against`: another site, at `time_h` or by area; its peak over that
                  after another `give`; or `cmax`, its area over its own peak

An hour that is empty in the file is 0 h of `from_h` and infinity of `to_h`.  Doses are of both enantiomers
where they are of ketamine, and of the base unless the text says otherwise.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from prelimbic.parameters.disposition import ENANTIOMERS, FAMILY, HNK_SETS, SPECIES
from prelimbic.parameters.near import unknown
from prelimbic.parameters.sheet import SheetError, reference_keys

FOLDER = Path(str(files("prelimbic.parameters") / "observations"))
FILES = ("human", "rodent")
CONCENTRATIONS = ("ng/mL", "uM", "ug/g")
# What can be observed, and the units it may be in.
QUANTITIES = {
    "concentration": CONCENTRATIONS,
    "cmax": CONCENTRATIONS,
    "tmax": ("h",),
    "auc": ("ng h/mL",),
    "auc_ratio": ("1",),
    "half_life": ("h",),
    "clearance": ("L/h/kg", "mL/min/kg"),
    "volume": ("L/kg",),
    "bioavailability": ("%",),
    "ratio": ("1", "h"),
}
COMPARED = ("auc_ratio", "bioavailability", "ratio")  # those that need `against`
TIMED = ("concentration", "ratio")  # those that may be of one hour
WINDOWED = (
    "cmax",
    "tmax",
    "auc",
    "auc_ratio",
    "half_life",
)  # those that may be of hours from one to another
SITES = ("arterial", "venous", "brain_total", "brain_unbound")
KINDS = ("observed", "model-based", "derived", "second-hand")
# fitted: it chose a number.  own source: a number is from the same study's model.  Neither is a test.
ROLES = ("fitted", "own source", "held out", "not scored")


@dataclass(frozen=True)
class Observation:
    """One published value, columns as in the files.  `give` holds the texts of what was given; hours are in
    h, `value` is in `unit`.  `spread` is as printed, `n` None where it was not read, `hnk` the set of
    hydroxynorketamine that its assay belongs to, `kind` one of KINDS and `role` one of ROLES.
    """

    id: str
    study: str
    species: str
    weight_kg: float
    weight_read: bool
    give: tuple[str, ...]
    compound: str
    quantity: str
    against: str
    site: str
    time_h: float | None
    from_h: float
    to_h: float
    value: float
    unit: str
    spread: str
    n: int | None
    hnk: str
    kind: str
    role: str
    note: str
    source: str


COLUMNS = tuple(field.name for field in fields(Observation))


def observations(species: str | None = None) -> list[Observation]:
    """Every published value, or those of one species.  Raises SheetError."""
    if species not in (None, *SPECIES):
        raise SheetError(unknown("species", species, SPECIES))
    return [each for each in _shipped() if species in (None, each.species)]


def read_observations(path: Path) -> list[Observation]:
    """The rows of one file.  Raises SheetError, which names the line and the column."""
    try:
        text = path.read_text(encoding="utf-8")
        lines = csv.reader(text.splitlines(), strict=True)
        if tuple(next(lines, ())) != COLUMNS:
            raise SheetError(f"{path.name} line 1: the columns are {','.join(COLUMNS)}")
        known = reference_keys()
        found = [_Line(path.name, lines.line_num, cells).observation(known) for cells in lines]
    except (OSError, ValueError, csv.Error) as error:
        if isinstance(error, SheetError):
            raise
        raise SheetError(
            f"{path.name}: cannot be read ({getattr(error, 'strerror', None) or error})"
        ) from None
    _once(path.name, found)
    return found


class _Line:
    """One line of a file, whose cells are read by the names of their columns."""

    def __init__(self, file: str, line: int, cells: list[str]) -> None:
        self.where = f"{file} line {line}"
        if len(cells) != len(COLUMNS):
            raise SheetError(f"{self.where}: has {len(cells)} cells but must have {len(COLUMNS)}")
        self.cells = dict(zip(COLUMNS, cells, strict=True))

    def observation(self, references: Collection[str]) -> Observation:
        """The line as a record."""
        quantity, species = self.one_of("quantity", QUANTITIES), self.one_of("species", SPECIES)
        compound = self.one_of("compound", (*FAMILY, *ENANTIOMERS))
        needs_set = species == "human" and compound.endswith("hydroxynorketamine")
        from_h, to_h = self.window(quantity)
        return Observation(
            id=self.matching("id", r"[a-z0-9.-]+", "small letters, digits, . and -"),
            study=self.filled("study"),
            species=species,
            weight_kg=self.number("weight_kg", "a number above 0", lambda x: x > 0),
            weight_read=self.one_of("weight_read", ("yes", "no")) == "yes",
            give=tuple(self.filled("give").split("; ")),
            compound=compound,
            quantity=quantity,
            against=self.filled("against") if quantity in COMPARED else self.empty("against", COMPARED),
            site=self.one_of("site", SITES),
            time_h=self.time(quantity),
            from_h=from_h,
            to_h=to_h,
            value=self.number("value", "a number above 0", lambda x: x > 0),
            unit=self.one_of("unit", QUANTITIES[quantity]),
            spread=self.cells["spread"],
            n=self.count("n"),
            hnk=self.one_of("hnk", HNK_SETS if needs_set else ("",)),
            kind=self.one_of("kind", KINDS),
            role=self.one_of("role", ROLES),
            note=self.cells["note"],
            source=self.cited(references),
        )

    def refused(self, column: str, must: str) -> SheetError:
        return SheetError(f"{self.where}, {column}: is {self.cells[column]!r} but must be {must}")

    def filled(self, column: str) -> str:
        return self.matching(column, r".*\S.*", "a text that is not empty")

    def empty(self, column: str, of: Collection[str]) -> str:
        return self.matching(column, "", f"empty but of {', '.join(of)}")

    def matching(self, column: str, pattern: str, must: str) -> str:
        if re.fullmatch(pattern, self.cells[column]) is None:
            raise self.refused(column, must)
        return self.cells[column]

    def one_of(self, column: str, known: Collection[str]) -> str:
        if self.cells[column] not in known:
            if not any(known):
                raise self.refused(column, "empty here")
            raise SheetError(f"{self.where}, {column}: {unknown(column, self.cells[column], known)}")
        return self.cells[column]

    def number(self, column: str, must: str, allowed: Callable[[float], bool]) -> float:
        try:
            value = float(self.cells[column])
        except ValueError:
            raise self.refused(column, must) from None
        if not (math.isfinite(value) and allowed(value)):
            raise self.refused(column, must)
        return value

    def hour(self, column: str) -> float:
        return self.number(column, "a number of hours, at least 0", lambda x: x >= 0)

    def time(self, quantity: str) -> float | None:
        if quantity not in TIMED:
            self.empty("time_h", TIMED)
        needed = quantity == TIMED[0] or self.cells["time_h"]
        return self.hour("time_h") if needed else None

    def window(self, quantity: str) -> tuple[float, float]:
        for column in ("from_h", "to_h") if quantity not in WINDOWED else ():
            self.empty(column, WINDOWED)
        begin = self.hour("from_h") if self.cells["from_h"] else 0.0
        end = self.hour("to_h") if self.cells["to_h"] else math.inf
        if begin >= end:
            raise self.refused("to_h", f"later than from_h, which is {begin:g}")
        return begin, end

    def count(self, column: str) -> int | None:
        if not self.cells[column]:
            return None
        return int(
            self.matching(column, "[1-9][0-9]{0,5}", "a whole number, or empty where it was not read")
        )

    def cited(self, references: Collection[str]) -> str:
        key = re.match(r"\w*", self.cells["source"])
        if key is None or key[0] not in references:
            raise self.refused("source", "a text that begins with a key of references.bib")
        return self.cells["source"]


def _once(file: str, found: list[Observation]) -> None:
    ids: set[str] = set()
    for line, each in enumerate(found, start=2):
        if each.id in ids:
            raise SheetError(f"{file} line {line}, id: {each.id!r} stands there twice")
        ids.add(each.id)


@lru_cache
def _shipped() -> tuple[Observation, ...]:
    return tuple(each for name in FILES for each in read_observations(FOLDER / f"{name}.csv"))
