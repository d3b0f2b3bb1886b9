"""What other packages bring of their own, without a fork: an entry point of a group names it.

[project.entry-points."prelimbic.sheets"]
ourlab = "ourlab.sheets"
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from prelimbic.parameters.errors import UsageError
from prelimbic.parameters.sheet import SheetError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

SHEETS = "prelimbic.sheets"


@cache
def points(group: str) -> dict[str, EntryPoint]:
    """The entry points of a group by name, in alphabetical order."""
    from importlib.metadata import entry_points  # slow to import

    return {point.name: point for point in sorted(entry_points(group=group), key=lambda each: each.name)}


def load(point: EntryPoint, what: str, error: type[UsageError]) -> Any:
    """What an entry point names.  Raises `error` where it cannot be imported, whatever went wrong there."""
    try:
        return point.load()
    except Exception as wrong:  # of code that is not ours
        reason = " ".join(str(wrong).split()) or type(wrong).__name__
        raise error(f"{what} {point.name} of {point.value} cannot be imported: {reason}") from wrong


@cache
def brought_sheets() -> dict[str, Path]:
    """Circuit sheets of other packages, by name.  An entry point names a package that holds them, or a
    variable with the path of their folder.  Raises SheetError for one that does not, and where two bring a
    sheet of the same name.
    """
    found: dict[str, Path] = {}
    for point in points(SHEETS).values():
        for path in sorted(path for folder in _folders(point) for path in folder.glob("*.toml")):
            if found.setdefault(path.stem, path) != path:
                both = f"{found[path.stem]} and {path}"
                raise SheetError(f"sheet {path.stem} is brought twice, as {both}: rename one file")
    return found


def _folders(point: EntryPoint) -> list[Path]:
    named = load(point, "sheets", SheetError)
    try:
        # a folder without __init__.py is a package too, and may be several folders
        whole = [*named.__path__] if isinstance(named, ModuleType) else [os.fspath(named)]
    except (AttributeError, TypeError):
        whole = []
    found = [Path(folder) for folder in whole if os.path.isdir(folder)]
    if not found:
        raise SheetError(
            f"sheets {point.name}: {point.value} is neither a package nor the path of a folder with sheets"
        )
    return found
