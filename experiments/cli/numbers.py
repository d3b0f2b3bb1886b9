"""`prelimbic numbers` and `prelimbic number`: the numbers of the sheets, found and told."""

from __future__ import annotations

import dataclasses
import json
import textwrap
from collections.abc import Iterator
from typing import Any

from prelimbic import parameters
from prelimbic.parameters import SheetError, near
from prelimbic.parameters import number as number_called
from prelimbic.parameters.citation import citations, cited, lacking
from prelimbic.parameters.finding import (
    RECALLED_MEANS,
    UNSETTABLE,
    Number,
    aliases,
    aliases_in,
    in_force,
    like,
    opened,
    own,
    own_of,
    searched,
)
from prelimbic.parameters.sheet import STATUSES, needed

WIDTH = 100  # of what is told of one number, where there is room
NARROW = 120  # columns of a window below which a table has no sources and notes
BRIEF = ("number", "value", "unit", "range", "status")


def show_numbers(pattern: str, status: str | None, only: str | None, as_json: bool) -> None:
    """Print the numbers that a pattern finds: in one sheet those in force, else those that each sheet sets
    itself, as without a pattern.  Raises SheetError for an unknown status or sheet, and where a pattern
    finds nothing.
    """
    if status is not None and status not in STATUSES:
        raise SheetError(
            f"--status is {status!r}{near(status, STATUSES)} but must be one of {', '.join(STATUSES)}"
        )
    pattern = pattern.strip()
    among = list(own() if only is None else in_force(only) if pattern else own_of(opened(only)))
    among = [n for n in among if status is None or n.row.status == status]
    found = searched(pattern, among)
    if pattern and not found:
        kind = "" if status is None else f" that is {status}"
        where = "" if only is None else f" in sheet {opened(only).name}"
        raise SheetError(f"no number{kind}{where} has {pattern!r} in it{like(pattern, among)}")
    if as_json:
        print(json.dumps([_row_dict(n) for n in found], indent=1))
        return
    _table(found)
    for word, alias in aliases_in(pattern).items():
        print(f"{word}: {alias.meaning}")
    if any(n.recalled for n in found):
        print(_filled(RECALLED_MEANS))


def _table(found: list[Number]) -> None:
    """A window that is too narrow for sources and notes has the numbers alone."""
    from rich.table import Table

    from prelimbic.experiments.sweep.screen import console

    shown = console()
    wide = shown.width >= NARROW
    kept = (*BRIEF, "source", "note") if wide else BRIEF
    table = Table(title=f"{len(found)} number{'s' * (len(found) != 1)}", title_justify="left")
    for heading in kept:
        table.add_column(
            heading,
            overflow="fold",
            no_wrap=heading in ("value", "status") or (wide and heading == "number"),
        )
    for n in found:
        row = n.row
        told = (n.listed, f"{row.value:g}", row.unit, _range(n), row.status, row.source, row.note)
        table.add_row(*told[: len(kept)])
    shown.print(table, markup=False)  # a note may hold brackets
    if not wide:
        print("a wider window shows sources and notes too; prelimbic number NAME tells all of one")


def show_number(name: str, sheet: str | None, as_json: bool) -> None:
    """Print all that is known of one number.  Raises SheetError for a name that is unknown or ambiguous."""
    found = number_called(name, sheet)
    if as_json:
        print(json.dumps(_as_json(found), indent=1))
        return
    unit = "" if found.row.unit == "1" else f" {found.row.unit}"
    print(f"{found.settable} = {found.row.value:g}{unit}")
    for heading, text in _told(found):
        print(_filled(text, f"  {heading:11}", " " * 13))
    if found.recalled:
        print(_filled(RECALLED_MEANS))


def _filled(text: str, first: str = "", then: str = "") -> str:
    """Text in lines that fit the window."""
    from prelimbic.experiments.sweep.screen import console

    width = min(WIDTH, console().width)
    return textwrap.fill(text, width, initial_indent=first, subsequent_indent=then, break_on_hyphens=False)


def _told(n: Number) -> Iterator[tuple[str, str]]:
    """What there is to say, by heading."""
    row, (_, *replaced) = n.row, n.history
    based = "" if n.sheet == n.asked.name else f", on which {n.asked.name} is based"
    yield "sheet", f"{n.sheet}{based}"
    for name, other in replaced:
        yield "instead of", f"{other.value:g} in sheet {name} ({other.status}, {other.source})"
    yield "range", _range(n) or "none"
    yield "unit", "none: a share, a ratio or an exponent" if row.unit == "1" else row.unit
    yield "status", row.status
    yield "source", _source(row.source)
    if note := citations().get(row.source, {}).get("note"):
        yield "read", note
    if row.note:
        yield "note", row.note
    if called := [" or ".join(a.spelled) for a in _aliases(n)]:
        yield "called", "; ".join(called)
    if record := _record(n):
        yield "fills", f"{record.__name__}.{n.name}"
    by_file = _acts(n)
    for k, (file, functions) in enumerate(by_file.items()):
        yield "" if k else "read by", f"{file}: {', '.join(functions)}"
    ids = _claims(n)
    how = "are held against it" if n.subject in UNSETTABLE else "count it among what they rest on"
    yield "claims", f"{len(ids)} {how}{': ' if ids else ''}{', '.join(ids)}"
    if n.subject in UNSETTABLE:
        yield "set", UNSETTABLE[n.subject]
    else:
        yield "set", f"cannot be set, for {row.fixed}" if row.fixed else f"--set {n.settable}=VALUE"


def _as_json(n: Number) -> dict[str, Any]:
    return _row_dict(n) | {
        "set": None if n.row.fixed or n.subject in UNSETTABLE else n.settable,
        "asked": n.asked.name,
        "history": [{"sheet": name, "value": row.value} for name, row in n.history],
        "citation": citations().get(n.row.source),
        "called": [spelled for alias in _aliases(n) for spelled in alias.spelled],
        "fills": record.__name__ if (record := _record(n)) else None,
        "read_by": _acts(n),
        "claims": _claims(n),
    }


def _row_dict(n: Number) -> dict[str, Any]:
    """A number as `prelimbic numbers --json` has it."""
    row = n.row
    kept = {key: getattr(row, key) for key in ("value", "unit", "status", "source", "note", "range")}
    return {"sheet": n.sheet, "section": n.section, "name": n.name} | kept


def _range(n: Number) -> str:
    return "" if n.row.range is None else f"{n.row.range[0]:g} to {n.row.range[1]:g}"


def _source(key: str) -> str:
    if key not in citations():
        return f"{key}, which is no publication"
    absent = lacking(key)
    unread = f" (not read, so missing here: {', '.join(absent)})" if absent else ""
    return f"{key}: {cited(key)}".rstrip(": ") + unread


def _aliases(n: Number) -> list[Any]:
    return [alias for alias in dict.fromkeys(aliases().values()) if alias.means(n)]


def _record(n: Number) -> type | None:
    """The record that a number's section fills: a section has just the rows that its record has fields, but
    for those that may be left out.
    """
    rows = {*n.asked.sections[n.section]}
    every = (getattr(parameters, name) for name in parameters.__all__)
    filled = (r for r in every if isinstance(r, type) and dataclasses.is_dataclass(r))
    return next((r for r in filled if needed(r) <= rows <= {f.name for f in dataclasses.fields(r)}), None)


def _acts(n: Number) -> dict[str, list[str]]:
    """Functions that read it, by file."""
    from prelimbic.experiments.cli.readers import askers, readers

    record, by_file = _record(n), dict[str, list[str]]()
    for reader in readers(record.__name__, n.name) if record else askers(n.name):
        by_file.setdefault(reader.file, []).append(reader.function)
    return by_file


def _claims(n: Number) -> list[str]:
    """Claims that say they rest on it; of what was recorded, those whose readout asks for it."""
    from prelimbic.experiments.claims.board import all_claims
    from prelimbic.experiments.cli.ends import say
    from prelimbic.experiments.cli.readers import askers

    claims = all_claims(say)
    if n.subject in UNSETTABLE:
        asking = {reader.function for reader in askers(n.name)}
        return [claim.id for claim in claims if getattr(claim.readout, "__name__", "") in asking]
    return [claim.id for claim in claims if n.settable.startswith(claim.rests_on)]
