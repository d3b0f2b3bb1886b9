"""How a study's table is printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.table import Table

from prelimbic.experiments.readouts.seeds import Spread

if TYPE_CHECKING:
    import pandas as pd

BETWEEN = 3  # characters between two columns
PROSE = 24  # characters in which sentences can be read


@dataclass(frozen=True)
class Column:
    """A heading, what stands under it, and on which side; `prose` may be broken between words."""

    heading: str
    texts: Sequence[str]
    justify: Any = "left"
    prose: bool = True

    @property
    def least(self) -> int:
        """Characters that it needs."""
        lines = [line for text in self.texts for line in text.split("\n")]
        longest, words = max(map(len, lines), default=0), [word for line in lines for word in line.split()]
        whole = max(min(longest, PROSE), *map(len, words), 0) if self.prose else longest
        return max([whole, *map(len, self.heading.split())], default=1)


def folded(title: str, labels: list[Column], columns: list[Column], width: int) -> list[Table]:
    """A table for a screen so many characters wide.  One that is too wide is folded: several, one below the
    other, each with the labels.
    """
    return [
        _made(title if k == 0 else "the same rows, further columns", [*labels, *block])
        for k, block in enumerate(_blocks(labels, columns, width))
    ]


def printed(frame: pd.DataFrame, width: int) -> list[Table]:
    """A table of readouts.answer, folded where it is too wide: under each heading `mean ± SD`, or its
    text.
    """
    labels, columns = _columns(frame)
    return folded(frame.attrs["title"], labels, columns, width)


def texts_of(frame: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Heads of the columns of such a table, labels first, and its rows, as they are written."""
    labels, columns = _columns(frame)
    whole = [*labels, *columns]
    rows = zip(*(column.texts for column in whole), strict=True)
    return [column.heading for column in whole], [list(row) for row in rows]


def _columns(frame: pd.DataFrame) -> tuple[list[Column], list[Column]]:
    """Labels, and what stands under each heading."""
    to_the_right = frame.attrs.get("right", ())
    labels = []
    for level, name in enumerate(frame.index.names):
        texts = [v if isinstance(v, str) else f"{v:g}" for v in frame.index.get_level_values(level)]
        labels.append(Column(str(name), texts, "right" if name in to_the_right else "left"))
    return labels, [_column(frame, heading) for heading in dict.fromkeys(frame.columns.get_level_values(0))]


def _blocks(labels: list[Column], columns: list[Column], width: int) -> list[list[Column]]:
    """Columns that fit beside the labels, block by block."""
    room = width - 1 - sum(label.least + BETWEEN for label in labels)
    blocks: list[list[Column]] = [[]]
    for column in columns:
        taken = sum(other.least + BETWEEN for other in blocks[-1])
        if blocks[-1] and taken + column.least + BETWEEN > room:
            blocks.append([])
        blocks[-1].append(column)
    return blocks


def _made(title: str, columns: list[Column]) -> Table:
    made = Table(title=title, title_justify="left")
    for column in columns:
        made.add_column(column.heading, justify=column.justify, overflow="fold", min_width=column.least)
    for texts in zip(*(column.texts for column in columns), strict=True):
        made.add_row(*texts)
    return made


def _column(frame: pd.DataFrame, heading: str) -> Column:
    cells = frame.xs(heading, axis="columns", level=0)
    texts = _texts(cells, heading, frame.attrs)
    return Column(str(heading), texts, "right", prose="mean" not in cells)


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
