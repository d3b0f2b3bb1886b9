"""Read a sheet: a TOML file of numbers, each with value, unit, status, source, note and range.

A row is refused unless it is complete; the error names the file and the row.  The loader never converts
units.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import os
import re
import stat
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from prelimbic.parameters.errors import UsageError
from prelimbic.parameters.near import near

STATUSES = ("measured", "fitted", "assumed")
HEAD = ("based_on", "calibrated", "manipulations")
KEYS = {"value", "unit", "status", "source", "note", "range", "fixed"}
SHEETS = Path(str(files("prelimbic.parameters") / "sheets"))
REFERENCES = Path(str(files("prelimbic.parameters") / "references.bib"))
MOST = 100_000  # of anything that is counted: more neurons, contacts or stages do not fit into a machine
DEEPEST = 50  # sheets that are based on each other
# size of a number in its unit; beyond, what is computed from it is no longer finite
SMALLEST, LARGEST = 1e-9, 1e9

Record = TypeVar("Record")


class SheetError(UsageError):
    """A sheet, or a row of one, that cannot be used."""


@dataclass(frozen=True)
class Row:
    """One number: what it is, in which unit, how far to trust it and where it comes from.  `fixed` says why
    a number cannot be overridden, a convention that others rest on; mostly it is empty.
    """

    value: float
    unit: str
    status: str
    source: str
    note: str
    range: tuple[float, float] | None
    fixed: str = ""


WHOLE = f"a whole number from 1 to {MOST}"
# What a number may be, by the name of its domain.
DOMAINS: dict[str, Callable[[float], bool]] = {
    "any finite number": math.isfinite,
    "above 0": lambda x: x > 0,
    "at least 0": lambda x: x >= 0,
    "from 0 to 1": lambda x: 0 <= x <= 1,
    "from -0.9 to 0.9": lambda x: -0.9 <= x <= 0.9,
    WHOLE: lambda x: 1 <= x <= MOST and x == round(x),
}


def number(unit: str, domain: str = "any finite number", without: float | None = None) -> Any:
    """Declare a dataclass field that a sheet row of this unit fills, with a value from this domain; a row
    that may be left out is then `without`.
    """
    about = {"unit": unit, "domain": domain}
    if without is None:
        return dataclasses.field(metadata=about)
    return dataclasses.field(default=without, kw_only=True, metadata=about)


def needed(record: type) -> set[str]:
    """Rows that no section of a record can be without."""
    return {f.name for f in dataclasses.fields(record) if f.default is dataclasses.MISSING}


def headings(subject: str) -> tuple[str, ...]:
    """Names of the sections of a shipped sheet in its order, without a look at its rows."""
    text = (SHEETS / f"{subject}.toml").read_text(encoding="utf-8")
    found = re.findall(r'^\["?([^\]"]+)"?\]', text, flags=re.MULTILINE)
    return tuple(name for name in found if name != "sheet")


def reference_keys(path: Path = REFERENCES) -> frozenset[str]:
    """Keys of every entry of a BibTeX file."""
    return frozenset(re.findall(r"^@\w+\{([^,\s]+),", path.read_text(encoding="utf-8"), flags=re.MULTILINE))


class Sheet:
    """The rows of one TOML file, by section; `based_on` names the sheet it changes, beside it or among the
    shipped ones.

    `lineage` names it and all that it rests on, `files` are theirs; `base` is what it changes, if anything.
    Of a circuit sheet, `calibrated` is the digest of the structure that its background rates were found for,
    and `manipulations` what had been done to the circuit by then (a developmental knock-out); both may be
    empty. Raises SheetError when the file is unreadable or any row is incomplete.
    """

    def __init__(self, path: Path, references: frozenset[str] | None = None, above: tuple[Path, ...] = ()):
        self.path = Path(path)
        self.name = self.path.stem
        if not self.path.name.isprintable():
            raise SheetError(
                f"the name of a sheet's file must be printable text, not {_told(self.path.name)}"
            )
        text = _read_toml(self.path)
        head = text.pop("sheet", {})
        texts = isinstance(head, dict) and all(isinstance(v, str) for v in head.values())
        if not texts or not {"title"} <= set(head) <= {"title", *HEAD}:
            wanted = f"takes a title and optionally {', '.join(HEAD)}, all text"
            raise SheetError(f"{self.path.name}: [sheet] {wanted}, not {_told(head)}")
        self.title: str = head["title"]
        self.based_on: str | None = head.get("based_on")
        self.manipulations: str = head.get("manipulations", "")
        known = reference_keys() if references is None else references
        own = {section: _rows(self.path.name, section, table, known) for section, table in text.items()}
        self.own_rows = own
        self.base = base = self._base(known, (*above, _real(self.path)))
        # that of the base holds as long as the structure is the same
        self.calibrated: str = head.get("calibrated", base.calibrated if base else "")
        self.lineage: tuple[str, ...] = (self.name, *(base.lineage if base else ()))
        self.files: tuple[Path, ...] = (self.path, *(base.files if base else ()))
        self.sections: dict[str, dict[str, Row]] = _merged(
            base.sections if base else {}, own, self.path.name
        )

    def _base(self, known: frozenset[str], above: tuple[Path, ...]) -> Sheet | None:
        if self.based_on is None:
            return None
        if len(above) > DEEPEST:
            raise SheetError(f"{self.path.name}: based_on leads through more than {DEEPEST} sheets")
        beside = {path.stem: path for folder in (SHEETS, self.path.parent) for path in folder.glob("*.toml")}
        if self.based_on not in beside or _real(beside[self.based_on]) in above:
            like = near(self.based_on, beside.keys() - {self.name})
            raise SheetError(
                f"{self.path.name}: based_on names {self.based_on!r}{like}, which is not another sheet "
                "beside it"
            )
        return Sheet(beside[self.based_on], known, above)

    def fill(self, section: str, record: type[Record]) -> Record:
        """Build the frozen dataclass `record` from one section; names and units must match exactly, and no
        row may be missing but those that the record can do without.
        """
        rows = self.sections.get(section)
        where = f"{self.path.name} [{section}]"
        if rows is None:
            raise SheetError(
                f"{self.path.name}: section [{section}] is missing; it has {_listed(sorted(self.sections))}"
            )
        fields = {f.name: f for f in dataclasses.fields(record)}  # type: ignore[arg-type]
        missing, unknown = needed(record) - set(rows), set(rows) - set(fields)
        if missing or unknown:
            strange = [f"{name}{near(name, set(fields) - set(rows))}" for name in sorted(unknown)]
            raise SheetError(
                f"{where}: missing rows: {_listed(sorted(missing))}; unknown rows: {_listed(strange)}"
            )
        for name, row in rows.items():
            unit = fields[name].metadata["unit"]
            if row.unit != unit:
                raise SheetError(f"{where} {name}: unit is {_told(row.unit)} but must be {unit!r}")
            domain = fields[name].metadata["domain"]
            if not DOMAINS[domain](row.value):
                raise SheetError(f"{where} {name}: value is {row.value:g} but must be {domain}")
            _sized(f"{where} {name}", "value", row.value)
        try:
            return record(**{name: row.value for name, row in rows.items()})
        except ValueError as error:
            raise SheetError(f"{where}: {error}") from None

    def values(self) -> dict[str, float]:
        """Every number by its full name, `section.row`."""
        return {f"{s}.{name}": row.value for s, rows in self.sections.items() for name, row in rows.items()}

    def rows(self) -> dict[str, Row]:
        """Every row by the full name of its number, `section.row`."""
        return {f"{s}.{name}": row for s, rows in self.sections.items() for name, row in rows.items()}

    def replaced(self, changes: dict[str, float]) -> Sheet:
        """The same sheet with some numbers overridden, keyed `section.row`; units stay as they are.  Raises
        SheetError for no number, and for one that is fixed.
        """
        other = self.with_sections({section: dict(rows) for section, rows in self.sections.items()})
        for key, value in changes.items():
            section, _, name = key.rpartition(".")
            row = other.sections.get(section, {}).get(name)
            if row is None:
                like = near(key, self.values())
                raise SheetError(
                    f"{self.path.name}: there is no number {key!r}{like}; `prelimbic numbers` lists them all"
                )
            if row.fixed:
                raise SheetError(
                    f"{self.path.name} [{section}] {name}: cannot be overridden, for {row.fixed}"
                )
            if not math.isfinite(value):
                raise SheetError(f"{self.path.name} [{section}] {name}: an override must be a finite number")
            other.sections[section][name] = dataclasses.replace(row, value=float(value), range=None)
        return other

    def with_sections(self, sections: dict[str, dict[str, Row]]) -> Sheet:
        """The same sheet with other rows."""
        other = object.__new__(Sheet)
        other.__dict__.update(self.__dict__)
        other.sections = sections
        return other


def digest(values: dict[str, float]) -> str:
    """SHA-256 of named numbers, independent of their order."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            # a pipe would be waited for
            raise OSError("it is a folder" if path.is_dir() else "it is no file")
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        like = (
            f"; the sheet that comes with prelimbic is called {path.stem}"
            if (SHEETS / path.name).exists()
            else ""
        )
        raise SheetError(f"{path} does not exist{like}") from None
    except (OSError, ValueError) as error:
        raise SheetError(
            f"{path.name}: cannot be read ({getattr(error, 'strerror', None) or error})"
        ) from None
    try:
        return dict(_parsed(text))
    except (ValueError, RecursionError) as error:
        raise SheetError(f"{path.name}: is not valid TOML ({error})") from None


@lru_cache(64)
def _parsed(text: str) -> dict[str, Any]:
    """The tables of a text, which nobody changes: a run reads the same sheets many times."""
    return tomllib.loads(text)


def _merged(
    base: dict[str, dict[str, Row]], own: dict[str, dict[str, Row]], name: str
) -> dict[str, dict[str, Row]]:
    """The base sheet with some rows changed and whole sections added; rows of a section it has are not added
    to.
    """
    if not base:
        return own
    merged = {section: dict(rows) for section, rows in base.items()}
    for section, rows in own.items():
        stray = set(rows) - set(merged.get(section, rows))
        if stray:
            strange = [f"{row}{near(row, merged[section])}" for row in sorted(stray)]
            raise SheetError(f"{name} [{section}]: {_listed(strange)} not in the sheet it is based on")
        merged.setdefault(section, {}).update(rows)
    return merged


def _rows(file: str, section: str, table: Any, known: frozenset[str]) -> dict[str, Row]:
    for name in (section, *(table if isinstance(table, dict) else ())):
        if not name.isprintable():
            raise SheetError(f"{file}: sections and rows have names of printable text, not {_told(name)}")
    if not isinstance(table, dict):
        raise SheetError(f"{file}: {section} stands outside a section")
    return {name: _row(f"{file} [{section}] {name}", row, known) for name, row in table.items()}


def _row(where: str, row: Any, known: frozenset[str]) -> Row:
    if not isinstance(row, dict) or set(row) - KEYS:
        strange = min(set(row) - KEYS) if isinstance(row, dict) else ""
        told = f", not {_told(strange)}{near(strange, KEYS)}" if strange else ""
        raise SheetError(f"{where}: a row is {{ {', '.join(sorted(KEYS))} }} and nothing else{told}")
    absent = {"value", "unit", "status", "source"} - set(row)
    if absent:
        raise SheetError(f"{where}: {_listed(sorted(absent))} missing")
    if isinstance(row["source"], str) and not row["source"].strip():
        raise SheetError(f"{where}: source is empty")
    if not all(isinstance(row.get(key, ""), str) for key in ("unit", "status", "source", "note", "fixed")):
        raise SheetError(f"{where}: unit, status, source, note and fixed are text")
    if row["status"] not in STATUSES:
        told = f"{_told(row['status'])}{near(row['status'], STATUSES)}"
        raise SheetError(f"{where}: status is {told} but must be one of {', '.join(STATUSES)}")
    if row["status"] == "measured" and row["source"] not in known:
        told = f"{_told(row['source'])}{near(row['source'], known)}"
        raise SheetError(f"{where}: a measured value needs a source that is in references.bib, not {told}")
    if row["status"] != "measured" and not row.get("note", "").strip():
        raise SheetError(f"{where}: a value that is {row['status']} needs a note that says on what grounds")
    if row["status"] == "assumed" and "range" not in row:
        raise SheetError(f"{where}: an assumed value needs the range in which it should be tried")
    value = _number(where, "value", row["value"])
    limits = _range(where, row, value)
    return Row(
        value, row["unit"], row["status"], row["source"], row.get("note", ""), limits, row.get("fixed", "")
    )


def _number(where: str, key: str, value: Any) -> float:
    try:
        finite = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        finite = False
    if not finite:
        raise SheetError(f"{where}: {key} must be a finite number, not {_told(value)}")
    return float(value)


def _range(where: str, row: dict[str, Any], value: float) -> tuple[float, float] | None:
    if "range" not in row:
        return None
    limits = row["range"]
    if not isinstance(limits, list) or len(limits) != 2:
        raise SheetError(f"{where}: range is [low, high]")
    low, high = (_number(where, "range", limit) for limit in limits)
    for limit in (low, high):
        _sized(where, "range", limit)
    if not low <= value <= high:
        raise SheetError(f"{where}: value {value:g} lies outside its range [{low:g}, {high:g}]")
    return low, high


def _sized(where: str, key: str, value: float) -> None:
    """Refuse a number that is finite but beyond any size that the model can be computed with."""
    if value and not SMALLEST <= abs(value) <= LARGEST:
        raise SheetError(
            f"{where}: {key} is {value:g} but must be 0 or of a size from {SMALLEST:g} to {LARGEST:g}"
        )


def _listed(names: list[str]) -> str:
    """Names as a sentence has them."""
    return ", ".join(names) or "none"


def _told(value: Any) -> str:
    """A value of any type, as an error says it."""
    try:
        return repr(value)[:80]
    except (ValueError, RecursionError):  # an integer of too many digits, tables nested too deep
        return f"this {type(value).__name__}"


def _real(path: Path) -> Path:
    """Where a path leads; unlike Path.resolve it does not stumble over a link to itself."""
    return Path(os.path.realpath(path))
