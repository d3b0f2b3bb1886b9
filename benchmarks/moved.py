"""Every number in which two circuit sheets differ, as Markdown: `python benchmarks/moved.py [OLD NEW]`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from prelimbic.parameters import Sheet, circuit_sheet
from prelimbic.parameters.sheet import Row

HEAD = "| number | {old} | {new} | unit | status | source |\n|---|---|---|---|---|---|"


def lines(old: Sheet, new: Sheet) -> Iterator[str]:
    """Rows of a table: a number, what it was and is, unit, status and source; - where a sheet has none."""
    yield HEAD.format(old=old.name, new=new.name)
    before, now = old.rows(), new.rows()
    for name in dict.fromkeys((*now, *before)):
        was, found = before.get(name), now.get(name)
        if was is not None and found is not None and was.value == found.value:
            continue
        told: Row = found or was  # type: ignore[assignment]
        yield (
            f"| {name} | {_value(was)} | {_value(found)} | {told.unit} | "
            f"{found.status if found else 'left out'} | {found.source if found else ''} |"
        )


def _value(row: Row | None) -> str:
    return "-" if row is None else f"{row.value:g}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("old", nargs="?", default="dendritic")
    parser.add_argument("new", nargs="?", default="native")
    asked = parser.parse_args()
    print("\n".join(lines(circuit_sheet(asked.old), circuit_sheet(asked.new))))


if __name__ == "__main__":
    main()
