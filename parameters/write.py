"""Write a sheet as TOML, so that it reads back as it was."""

from __future__ import annotations

import json
import re

from prelimbic.parameters.sheet import Row, Sheet

BARE = re.compile(r"[A-Za-z0-9_-]+")  # what TOML takes as a key without quotes


def sheet_text(sheet: Sheet, title: str, calibrated: str = "", manipulations: str = "") -> str:
    """The whole sheet, what it is based on included, as one TOML text that needs no other."""
    head = {"title": title, "calibrated": calibrated, "manipulations": manipulations}
    lines = ["[sheet]", *(f"{key} = {_quoted(value)}" for key, value in head.items() if value)]
    for section, rows in sheet.sections.items():
        lines += ["", f"[{section if BARE.fullmatch(section) else _quoted(section)}]"]
        lines += [f"{name} = {_row_text(row)}" for name, row in rows.items()]
    return "\n".join(lines) + "\n"


def _row_text(row: Row) -> str:
    parts = [f"value = {row.value!r}"]
    texts = ("unit", "status", "source", "note", "fixed")
    parts += [f"{key} = {_quoted(getattr(row, key))}" for key in texts if getattr(row, key)]
    if row.range is not None:
        parts.append(f"range = [{row.range[0]!r}, {row.range[1]!r}]")
    return "{ " + ", ".join(parts) + " }"


def _quoted(text: str) -> str:
    # DEL is no character of a TOML text
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
