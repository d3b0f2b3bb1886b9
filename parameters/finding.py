"""Find a number: by a pattern over names, units, notes and sources, by its name, or by the field's name."""

from __future__ import annotations

import fnmatch
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from prelimbic.parameters.brought import brought_sheets
from prelimbic.parameters.citation import cited
from prelimbic.parameters.near import near
from prelimbic.parameters.plain import path, text
from prelimbic.parameters.records import CIRCUIT, CIRCUITS, PRIOR, sheet, shipped
from prelimbic.parameters.sheet import Row, Sheet, SheetError

if TYPE_CHECKING:
    from pandas import DataFrame

SHORT = 3  # characters of a word that must stand alone to be found
MOST_TOLD = 6  # numbers that an error names
# sheets that no run reads, and what they are for
UNSETTABLE = {
    "recordings": "no circuit is made of it: it is what runs are compared with",
    "patients": "no run reads it: people do, who are many (pl.people, pl.courses)",
    "trials": "no run reads it: a trial does, whose file moves it under [set] (pl.trial)",
}
RECALLED = "recalled, unchecked"
RECALLED_MEANS = (
    f'"{RECALLED}" (source "recall"): put down from memory, as a paper is remembered to say; '
    "nobody has looked it up there since."
)
NO_RANGE = (float("nan"), float("nan"))
COLUMNS = ("name", "value", "unit", "low", "high", "status", "source", "note", "sheet", "section", "row")


@dataclass(frozen=True)
class Number:
    """A number where it stands.  `subject` is what overrides call its sheet: `circuit`, or the sheet's name.
    `asked`: the sheet that it was looked for in, which is `sheet` or is based on it.
    """

    sheet: str
    subject: str
    section: str
    name: str
    row: Row
    asked: Sheet

    @property
    def listed(self) -> str:
        """Its name as `prelimbic numbers` lists it."""
        return f"{self.sheet}.{self.section}.{self.name}"

    @property
    def settable(self) -> str:
        """Its name as overrides take it."""
        return f"{self.subject}.{self.section}.{self.name}"

    @property
    def recalled(self) -> bool:
        """Whether it rests on memory alone."""
        return RECALLED in self.row.note or self.row.source == "recall"

    @property
    def history(self) -> list[tuple[str, Row]]:
        """What each sheet says of it, that in force first, then those that it replaces."""
        found: list[tuple[str, Row]] = []
        each: Sheet | None = self.asked
        while each is not None:
            if self.name in each.own_rows.get(self.section, {}):
                found.append((each.name, each.own_rows[self.section][self.name]))
            each = each.base
        return found


@dataclass(frozen=True)
class Alias:
    """How the field calls some numbers: its spellings, what it means, and patterns of names as overrides
    take them.
    """

    spelled: tuple[str, ...]
    meaning: str
    rows: tuple[str, ...]

    def means(self, number: Number) -> bool:
        return any(fnmatch.fnmatchcase(number.settable, rows) for rows in self.rows)


def numbers(pattern: str = "", sheet: str | os.PathLike[str] | None = None) -> DataFrame:
    """Numbers of the model that a pattern finds, one a row.

    `pattern`: words that must all be found, in a name, a unit, a note or a source with its authors, title
    and journal; case does not count. A word of up to three letters must stand alone. A word, or the whole
    pattern, that the field uses for some numbers (Kp,uu, fu, IC50, F, CL, tau, g_leak) stands for those.
    `sheet`: a shipped sheet or the path of one; the numbers in force in it, those of the sheets that it is
    based on among them. Without it every sheet is searched, each for the numbers that it sets itself.

    Columns: `name` (sheet.section.row, as `prelimbic numbers` lists it and overrides take it), `value` (in
    `unit`; "1" has none), `low` and `high` (the range in which to try it, NaN without one), `status`
    (measured, fitted or assumed), `source` (a key of references.bib, or a word such as judgement), `note`,
    `sheet` (which the row stands in), `section`, `row`. Nothing found is a frame without rows. Raises
    SheetError for an unknown sheet.
    """
    import pandas as pd

    words = text(pattern, "`pattern`", SheetError)
    name = (
        None if sheet is None else path(sheet, "`sheet`", SheetError, "a shipped sheet or the path of one")
    )
    rows = [
        (
            n.listed,
            r.value,
            r.unit,
            *(r.range or NO_RANGE),
            r.status,
            r.source,
            r.note,
            n.sheet,
            n.section,
            n.name,
        )
        for n in searched(words, own() if name is None else in_force(name))
        for r in [n.row]
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"value": float, "low": float, "high": float})


def number(name: str, sheet: str | None = None) -> Number:
    """One number, in force in a sheet: a circuit sheet, `native` unless asked, with those of animals,
    drugs and the slow layer beside it; or one of these alone.

    `name` is as `prelimbic numbers` lists it, as overrides take it, or the end of that; the field's names
    count.  Raises SheetError for an unknown or an ambiguous name, with what may have been meant.
    """
    first, _, rest = name.partition(".")
    circuit = first in (*CIRCUITS, PRIOR) and "." in rest
    source = opened(sheet if sheet is not None else first if circuit else CIRCUIT)
    known = [*_of(source)]
    if subject_of(source) == "circuit":
        known += [n for each in shipped() if each not in (*CIRCUITS, PRIOR) for n in in_force(each)]
        if first in source.lineage and "." in rest:
            name = f"circuit.{rest}"
        elif circuit:
            raise SheetError(
                f"{name!r} is a number of circuit sheet {first}, on which sheet {source.name} is not based; "
                f"write circuit.{rest}, or ask for `sheet` {first}"
            )
    found = _called(name, known)
    if len(found) == 1:
        return found[0]
    if found:
        more = f"; `prelimbic numbers {name.replace('.', ' ')}` lists them" if len(found) > MOST_TOLD else ""
        raise SheetError(f"{name!r} may be {_listed(found)}: write one of these{more}")
    raise SheetError(
        f"there is no number {name!r}{_meant(name, known)}; `prelimbic numbers PATTERN` searches"
    )


def searched(pattern: str, among: Iterable[Number]) -> list[Number]:
    """Those that a pattern finds; see `numbers`."""
    tests = _tests(pattern)
    return [n for n in among if all(test(n) for test in tests)]


def own() -> Iterator[Number]:
    """Every number of every shipped sheet, where it is set."""
    for name in shipped():
        yield from own_of(sheet(name))


def own_of(source: Sheet) -> Iterator[Number]:
    """The numbers that a sheet sets itself."""
    return (n for n in _of(source) if n.name in source.own_rows.get(n.section, {}))


def in_force(name: str) -> Iterator[Number]:
    """The numbers in force in a sheet, each with the sheet that sets it.  Raises SheetError."""
    return _of(opened(name))


def opened(name: str) -> Sheet:
    """A sheet by name, a shipped one or a circuit of another package, or any by its path, which ends in
    .toml.  Raises SheetError.
    """
    if name.endswith(".toml"):
        return Sheet(Path(name))
    if name not in shipped() and name in brought_sheets():
        return Sheet(brought_sheets()[name])
    return sheet(name)


def subject_of(source: Sheet) -> str:
    """What overrides call a sheet; one of a user's is a circuit."""
    mine = source.name in shipped() and source.name not in (*CIRCUITS, PRIOR)
    return source.name if mine else "circuit"


@cache
def aliases() -> dict[str, Alias]:
    """How the field calls numbers, by every spelling without case and marks."""
    text = (files("prelimbic.parameters") / "aliases.toml").read_text(encoding="utf-8")
    known = [
        Alias(tuple(a["spelled"]), a["meaning"], tuple(a["rows"])) for a in tomllib.loads(text)["alias"]
    ]
    return {_bare(spelling): alias for alias in known for spelling in alias.spelled}


def aliases_in(pattern: str) -> dict[str, Alias]:
    """Those that a pattern uses, by the word as it was written."""
    words = [pattern] if _bare(pattern) in aliases() else pattern.split()
    return {word: aliases()[_bare(word)] for word in words if _bare(word) in aliases()}


def like(pattern: str, among: Iterable[Number]) -> str:
    """What may have been meant by a pattern that finds nothing."""
    words = {part for n in among for part in (n.name, n.section, *n.name.split("_"))}
    words |= {spelling for alias in aliases().values() for spelling in alias.spelled}
    return next((told for word in pattern.split() if (told := near(word, words))), "")


def _of(source: Sheet) -> Iterator[Number]:
    subject = subject_of(source)
    for section, rows in source.sections.items():
        for name, row in rows.items():
            yield Number(_setter(source, section, name), subject, section, name, row, source)


def _setter(source: Sheet, section: str, name: str) -> str:
    """Name of the sheet that sets a number which is in force in another."""
    each: Sheet | None = source
    while each is not None and name not in each.own_rows.get(section, {}):
        each = each.base
    return (each or source).name


def _bare(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", word.lower())


def _tests(pattern: str) -> list[Callable[[Number], bool]]:
    found = aliases_in(pattern)
    words = [] if pattern in found else [w.lower() for w in pattern.split() if w not in found]
    return [*(alias.means for alias in found.values()), *(_test(word) for word in words)]


def _test(word: str) -> Callable[[Number], bool]:
    alone = re.compile(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])")

    def test(n: Number) -> bool:
        if word in (n.sheet.lower(), n.row.source.lower()) or ("." in word and word in n.listed.lower()):
            return True
        text = f"{n.settable} {n.row.unit} {n.row.note} {cited(n.row.source)}".lower()
        return bool(alone.search(text)) if len(word) <= SHORT else word in f"{text} {n.row.source.lower()}"

    return test


def _called(name: str, known: list[Number]) -> list[Number]:
    """Numbers that a name may stand for: those of just that name; else those that differ in case, and those
    that the field calls so, where what stands before the last dot is found in the name.
    """
    *before, last = name.split(".")
    exact = [n for n in known if n.name == last and _placed(before, (n.subject, n.section))]
    if exact:
        return exact
    *before, last = name.lower().split(".")
    alias = aliases().get(_bare(last))
    return [
        n
        for n in known
        if (n.name.lower() == last and _placed(before, (n.subject.lower(), n.section.lower())))
        or (alias and alias.means(n) and {*before} <= {*re.split("[._/]", n.settable.lower())})
    ]


def _placed(before: list[str], places: tuple[str, str]) -> bool:
    """Whether what stands before a name are its sheet and section, one of them, or nothing."""
    return not before or tuple(before) == places or (len(before) == 1 and before[0] in places)


def _meant(name: str, known: list[Number]) -> str:
    """What may have been meant by a name that no number has."""
    if told := near(name, [n.settable for n in known] + [f"{n.section}.{n.name}" for n in known]):
        return told
    words = name.replace(".", " ")
    found = searched(words, known) if words.strip() else []
    asked = {*words.lower().split()}
    called = [n for n in found if asked & {n.section.lower(), *n.name.lower().split("_")}]
    # a section that is called so, then a name, then a note or a source
    found = sorted(called, key=lambda n: n.section.lower() not in asked) or found
    return f" (did you mean {_listed(found)}?)" if found else like(words, known)


def _listed(found: list[Number]) -> str:
    told = [n.settable for n in found[:MOST_TOLD]]
    more = len(found) - len(told)
    if more:
        return f"{', '.join(told)} and {more} more"
    return f"{', '.join(told[:-1])} or {told[-1]}" if len(told) > 1 else told[0]
