"""An answer's tables: numbers to compute with, and the text that the command prints of them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

from prelimbic.experiments.readouts.answer import table
from prelimbic.experiments.readouts.seeds import spread, spread_of_all, spread_of_those
from prelimbic.experiments.sweep.tables import printed

MANY, ONE = np.array([1.0, 2.0, 4.5]), np.array([-3.14159])
GAPS = np.array([1.0, np.nan, 2.0])


def cells(*args: object, **how: object) -> list[list[str]]:
    """The rows of a printed table, cell by cell."""
    screen = Console(width=120, file=io.StringIO())
    (whole,) = printed(table("of what", *args, **how), 120)  # type: ignore[arg-type]
    screen.print(whole)
    lines = screen.file.getvalue().splitlines()  # type: ignore[attr-defined]
    return [[c.strip() for c in line.strip("│┃").split("│")] for line in lines if line.startswith("│")]


def test_values_are_told_by_mean_and_sd_one_value_by_itself_and_of_how_many_where_some_are_missing():
    assert str(spread(MANY)) == "2.50 ± 1.80" and f"{spread(ONE)} %" == "-3.14 %"
    assert (
        str(spread_of_those(GAPS)) == "1.50 ± 0.71 (2 of 3)" and str(spread_of_those(MANY)) == "2.50 ± 1.80"
    )
    assert spread_of_all(GAPS) is None and spread_of_those(np.full(2, np.nan)) is None


def test_a_table_has_mean_and_sd_as_numbers_and_labels_as_its_index():
    made = table("of what", ("sheet", "mg/kg"), [(("a", 0.0), [spread(MANY), None])] * 2, ("x", "y"))
    assert made.attrs["title"] == "of what" and made.index.names == ["sheet", "mg/kg"]
    assert made.columns.tolist() == [("x", "mean"), ("x", "sd"), ("y", "mean"), ("y", "sd")]
    assert made["x", "mean"].iloc[0] == 2.5 and made["x", "sd"].iloc[0] == pytest.approx(1.8027756)
    assert made["y"].isna().all(axis=None) and made.dtypes.eq("float64").all()


def test_what_is_printed_of_a_table_is_what_is_told_of_its_values():
    rows = [(("a", 10.0), [spread(MANY), "text"]), (("b", 0.5), [None, 7])]
    assert cells(("sheet", "uM"), rows, ("x", "y")) == [
        ["a", "10", "2.50 ± 1.80", "text"],
        ["b", "0.5", "", "7"],
    ]
    assert cells(("sheet", "uM"), rows, ("x", "y"), missing="none", between="±")[1][2] == "none"
    assert cells(("sheet", "uM"), rows, ("x", "y"), between="±")[0][2] == "2.50±1.80"
    few = [(("a",), [spread_of_those(GAPS), 0.5]), (("b",), [spread_of_those(MANY), 1.5])]
    assert cells(("",), few, ("x", "r"), formats={"r": "+.2f"}) == [
        ["a", "1.50 ± 0.71 (2 of 3)", "+0.50"],
        ["b", "2.50 ± 1.80", "+1.50"],
    ]
    assert cells(("",), [(("a",), [spread(ONE)])], ("x",)) == [["a", "-3.14"]]
    broken = [(("a",), [spread(GAPS)]), (("b",), [None])]
    assert cells(("",), broken, ("x",)) == [
        ["a", "nan ± nan"],
        ["b", ""],
    ]  # no number is not nothing to tell
