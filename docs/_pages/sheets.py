"""The pages of numbers: one a sheet, and one of all sources."""

from __future__ import annotations

import math
import re
from typing import Any

import pandas as pd

from prelimbic.parameters import numbers
from prelimbic.parameters.citation import citations, cited, lacking
from prelimbic.parameters.sheet import SHEETS

HEAD = """# Numbers

Every number of the model, sheet by sheet, as the sheets have it: value, unit, range, source and note.

* **measured**: read in the source. **fitted**: found by fitting, as the note says. **assumed**: neither.
* A source that is a word (judgement, recall, calibration) is no publication.
* *Recalled, unchecked* is from memory of a paper.
* [Sources](sources.md) has what was read of every publication, and nothing more.

| sheet | what it is | numbers | measured | fitted | assumed |
|---|---|---|---|---|---|
"""
COLUMNS = "| number | value | unit | range | status | source, note |\n|---|---|---|---|---|---|\n"
TAIL = """
A sheet that is based on another shows its own rows only; `prelimbic numbers --sheet native` has all that
are in force.

```{toctree}
:hidden:

"""


def pages() -> dict[str, str]:
    """Pages by name."""
    every = numbers()
    by_sheet = {str(name): rows for name, rows in every.groupby("sheet", sort=True)}
    table = "".join(_summary(name, rows) for name, rows in by_sheet.items())
    listed = "\n".join(f"sheet-{name}" for name in by_sheet)
    found = {"sheets": f"{HEAD}{table}{TAIL}sources\n{listed}\n```\n", "sources": _sources(every)}
    return found | {f"sheet-{name}": _sheet(name, rows) for name, rows in by_sheet.items()}


def _title(name: str) -> str:
    found = re.search(
        r'^title\s*=\s*"(.*)"', (SHEETS / f"{name}.toml").read_text(encoding="utf-8"), re.MULTILINE
    )
    return found[1] if found else ""


def _summary(name: str, rows: pd.DataFrame) -> str:
    counts = [int((rows["status"] == status).sum()) for status in ("measured", "fitted", "assumed")]
    cells = [f"[{name}](sheet-{name}.md)", _plain(_title(name)), len(rows), *counts]
    return f"| {' | '.join(map(str, cells))} |\n"


def _sheet(name: str, rows: pd.DataFrame) -> str:
    parts = [f"# Sheet {name}\n\n{_plain(_title(name))}\n"]
    for section, own in rows.groupby("section", sort=False):
        parts.append(f"\n## {section or name}\n\n{COLUMNS}")
        parts += [_row(row) for row in own.itertuples()]
    return "".join(parts)


def _row(row: Any) -> str:
    """One number; `row` is a row of the frame as a named tuple."""
    span = "" if math.isnan(row.low) else f"{row.low:g} to {row.high:g}"
    told = (
        f"[{row.source}](sources.md#{_anchor(row.source)})"
        if row.source in citations()
        else _plain(row.source)
    )
    note = f": {_plain(row.note)}" if row.note else ""
    cells = [f"`{row.row}`", f"{row.value:g}", _plain(row.unit), span, row.status, told + note]
    return f"| {' | '.join(cells)} |\n"


def _plain(text: str) -> str:
    """Text that a table of Markdown shows as it stands."""
    return re.sub(r"([|*_`<>\[\]$~\\])", r"\\\1", text)


def _anchor(key: str) -> str:
    return re.sub(r"[^\w\- ]", "", key.lower()).replace(" ", "-")


def _sources(every: pd.DataFrame) -> str:
    """Every publication, with what was not read of it and how many numbers name it."""
    parts = [
        "# Sources\n\nWhat `parameters/references.bib` has. Only what was read stands here; a name or year"
        " within a key is no citation.\n"
    ]
    used = every.groupby("source")["name"].size()
    for key in sorted(citations()):
        count = int(used.get(key, 0))
        missing = f" Not read, so missing here: {', '.join(lacking(key))}." if lacking(key) else ""
        note = citations()[key].get("note", "")
        told = f" Read: {_plain(note)}." if note else ""
        numbers_told = f" Named by {count} number{'' if count == 1 else 's'} of the sheets." if count else ""
        parts.append(f"\n## {key}\n\n{_plain(cited(key))}.{missing}{told}{numbers_told}\n")
    return "".join(parts)
