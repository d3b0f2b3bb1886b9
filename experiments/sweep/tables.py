"""How a study's table is printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.table import Table

from prelimbic.experiments.readouts.seeds import Spread

if TYPE_CHECKING:
    import pandas as pd

BETWEEN = 3  # characters between two columns


@dataclass(frozen=True)
class _Column:
    """A heading, what stands under it, and the side on which it stands."""

    heading: str
    texts: list[str]
    justify: Any = "right"
    whole: bool = True  # no text is broken

    @property
    def least(self) -> int:
        """Characters that it needs: of the longest text, or of the longest word."""
        words = [word for text in self.texts for word in ([text] if self.whole else text.split())]
        return max(map(len, [*self.heading.split(), *words]), default=1)


def printed(frame: pd.DataFrame, width: int) -> list[Table]:
    """A table of readouts.answer for a screen so many characters wide: under each heading `mean ± SD`, or
    its text.  One that is too wide is folded: several, one below the other, each with the labels.
    """
    to_the_right = frame.attrs.get("right", ())
    labels = []
    for level, name in enumerate(frame.index.names):
        values = frame.index.get_level_values(level)
        texts = [v if isinstance(v, str) else f"{v:g}" for v in values]
        labels.append(_Column(str(name), texts, "right" if name in to_the_right else "left", False))
    columns = [_column(frame, heading) for heading in dict.fromkeys(frame.columns.get_level_values(0))]
    title = frame.attrs["title"]
    return [
        _made(title if k == 0 else "the same rows, further columns", [*labels, *block])
        for k, block in enumerate(_blocks(labels, columns, width))
    ]


def _blocks(labels: list[_Column], columns: list[_Column], width: int) -> list[list[_Column]]:
    """Columns that fit beside the labels, block by block."""
    room = width - 1 - sum(label.least + BETWEEN for label in labels)
    blocks: list[list[_Column]] = [[]]
    for column in columns:
        taken = sum(other.least + BETWEEN for other in blocks[-1])
        if blocks[-1] and taken + column.least + BETWEEN > room:
            blocks.append([])
        blocks[-1].append(column)
    return blocks


def _made(title: str, columns: list[_Column]) -> Table:
    made = Table(title=title, title_justify="left")
    for column in columns:
        made.add_column(column.heading, justify=column.justify, overflow="fold", min_width=column.least)
    for texts in zip(*(column.texts for column in columns), strict=True):
        made.add_row(*texts)
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


def _column(frame: pd.DataFrame, heading: str) -> _Column:
    cells = frame.xs(heading, axis="columns", level=0)
    return _Column(str(heading), _texts(cells, heading, frame.attrs), whole="mean" in cells)


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
