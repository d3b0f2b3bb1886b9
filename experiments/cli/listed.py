"""Lists of things by name: printed as a table that folds, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Listed:
    """Rows of so many texts or numbers as there are headings; `name` is what JSON calls them."""

    name: str
    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Any]]

    def plain(self) -> list[dict[str, Any]]:
        """Every row by its headings."""
        return [dict(zip(self.headings, row, strict=True)) for row in self.rows]


def show(tables: Sequence[Listed], as_json: bool) -> None:
    """Print tables one below the other; as JSON one object, with the rows of each by its name."""
    if as_json:
        print(json.dumps({table.name: table.plain() for table in tables}, indent=1))
        return
    from rich.table import Table
    from rich.text import Text

    from prelimbic.experiments.sweep.screen import console

    for table in tables:
        made = Table(title=Text(table.title, "table.title"), title_justify="left")
        for heading in table.headings:
            made.add_column(heading, overflow="fold")
        for row in table.rows:
            made.add_row(*(f"{v:g}" if isinstance(v, float) else str(v) for v in row))
        console().print(made, markup=False)  # a note may hold brackets
