"""What a study answers: tables to compute with, and sentences to read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from prelimbic.experiments.readouts.seeds import Spread

if TYPE_CHECKING:
    import pandas as pd

Cell = Spread | float | str | None
Row = tuple[tuple[str | float, ...], Sequence[Cell]]


@dataclass(frozen=True)
class Answer:
    """Tables (see `table`), and what was found in sentences, one a line."""

    tables: tuple[pd.DataFrame, ...]
    found: str


def table(
    title: str, labels: Sequence[str], rows: Iterable[Row], headings: Sequence[str], **printed: Any
) -> pd.DataFrame:
    """Rows of labels and cells, as many cells as headings, as a DataFrame with the labels as index.

    Columns have two levels, the heading and what it tells: "mean" and "sd" over seeds, SD NaN of one seed,
    both NaN where the cell is None (and "n" of "of" seeds, where a mean is no number or not of all); or "",
    a number or text.  `attrs` hold the title and how to print the table: `right`, labels that stand to the
    right; `missing`, what is written for None; `between` mean and SD; `formats` of numbers, by heading.
    """
    import pandas as pd  # half a second, which a plan need not wait for

    rows = list(rows)
    found: dict[tuple[str, str], list[Any]] = {}
    for k, heading in enumerate(headings):
        found |= {(heading, told): values for told, values in _told([cells[k] for _, cells in rows])}
    index = (
        pd.MultiIndex.from_tuples([left for left, _ in rows], names=labels)
        if len(labels) > 1
        else pd.Index([left[0] for left, _ in rows], name=labels[0])
    )
    made = pd.DataFrame(found, index=index)
    made.attrs = {"title": title} | printed
    return made


def _told(cells: list[Cell]) -> Iterable[tuple[str, list[Any]]]:
    """The columns that cells under one heading make."""
    if any(isinstance(cell, str | float | int) for cell in cells):
        yield "", cells
        return
    there = [cell if isinstance(cell, Spread) else Spread(np.nan, np.nan, 0, 0) for cell in cells]
    yield "mean", [cell.mean for cell in there]
    yield "sd", [cell.sd for cell in there]
    if any(cell.n < cell.of or (cell.n and not np.isfinite(cell.mean)) for cell in there):
        yield "n", [cell.n for cell in there]
        yield "of", [cell.of for cell in there]


def plain(made: pd.DataFrame) -> dict[str, Any]:
    """A table as JSON has it: its title and its rows, each with labels and headings.  Under a heading stand
    "mean" and "sd" over seeds (and "n" "of" how many, as in `table`), or a number or text; None is what is
    no number.
    """
    rows = []
    for labels, values in zip(made.index, made.to_numpy(dtype=object), strict=True):
        there = labels if isinstance(labels, tuple) else (labels,)
        row: dict[str, Any] = dict(zip(map(str, made.index.names), map(_bare, there), strict=True))
        for (heading, told), value in zip(made.columns, values, strict=True):
            if told:
                row.setdefault(str(heading), {})[told] = _bare(value)
            else:
                row[str(heading)] = _bare(value)
        rows.append(row)
    return {"title": made.attrs["title"], "rows": rows}


def _bare(value: Any) -> str | float | int | None:
    if value is None or isinstance(value, str):
        return value
    number = float(value)
    return None if not np.isfinite(number) else int(value) if isinstance(value, int | np.integer) else number
