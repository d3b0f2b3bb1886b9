"""How a study's table is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from rich.table import Table

from prelimbic.experiments.readouts.seeds import Spread

if TYPE_CHECKING:
    import pandas as pd


def printed(frame: pd.DataFrame) -> Table:
    """A table of readouts.answer for the screen: under each heading `mean ± SD`, or its text."""
    to_the_right = frame.attrs.get("right", ())
    made = Table(title=frame.attrs["title"], title_justify="left")
    heads, rows = texts_of(frame)
    labels = frame.index.nlevels
    for k, head in enumerate(heads):
        right = k >= labels or head in to_the_right
        made.add_column(head, justify="right" if right else "left")
    for row in rows:
        made.add_row(*row)
    return made


def texts_of(frame: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Heads of the columns of such a table, labels first, and its rows, as they are written."""
    heads, columns = [str(label) for label in frame.index.names], []
    for heading in dict.fromkeys(frame.columns.get_level_values(0)):
        heads.append(str(heading))
        columns.append(_texts(frame.xs(heading, axis="columns", level=0), heading, frame.attrs))
    rows = []
    for labels, *texts in zip(frame.index, *columns, strict=True):
        there = labels if isinstance(labels, tuple) else (labels,)
        rows.append([*(v if isinstance(v, str) else f"{v:g}" for v in there), *texts])
    return heads, rows


def _texts(cells: pd.DataFrame, heading: str, how: dict[str, Any]) -> list[str]:
    """What is written under one heading."""
    if "mean" not in cells:
        return [format(cell, how.get("formats", {}).get(heading, "")) for cell in cells[""]]
    return [_text(row, how) for row in cells.to_dict("records")]


def _text(cell: dict[str, Any], how: dict[str, Any]) -> str:
    least = 0 if np.isnan(cell["mean"]) else 1 if np.isnan(cell["sd"]) else 2
    n = int(cell.get("n", least))
    if not n:
        return str(how.get("missing", ""))
    found = Spread(cell["mean"], cell["sd"], n, int(cell.get("of", n)))
    text = found.told(how.get("figures"))
    return text.replace(" ± ", how.get("between", " ± "))
