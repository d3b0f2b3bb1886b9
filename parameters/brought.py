"""What other packages bring of their own, without a fork: an entry point of a group names it.

[project.entry-points."prelimbic.sheets"]
ourlab = "ourlab.sheets"

What cannot be used is left out, with a sentence, and raises only where it is asked for by name.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from prelimbic.parameters.errors import RunError, UsageError
from prelimbic.parameters.sheet import SheetError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

SHEETS = "prelimbic.sheets"
Given = TypeVar("Given")
Kind = tuple[str, Callable[[Any], bool]]  # what a field must be: in words, and whether it is

# The name of a study or a claim is part of the names of files.
NAME: Kind = (
    "letters, digits and _",
    lambda given: isinstance(given, str) and re.fullmatch("[A-Za-z0-9_]+", given) is not None,
)
TEXT: Kind = ("text", lambda given: isinstance(given, str))
TEXTS: Kind = (
    "a tuple of texts",
    lambda given: isinstance(given, tuple) and all(isinstance(each, str) for each in given),
)
FUNCTION: Kind = ("a function", callable)


class LeftOutWarning(UserWarning):
    """Something that another package brings cannot be used, and is left out."""


def warn_left_out(told: str) -> None:
    """The sentence on what is left out, as a warning."""
    warnings.warn(told, LeftOutWarning, stacklevel=3)


@cache
def points(group: str) -> tuple[EntryPoint, ...]:
    """The entry points of a group in the order of their names; two packages may use the same one."""
    from importlib.metadata import entry_points  # slow to import

    return tuple(sorted(entry_points(group=group), key=lambda each: (each.name, each.value)))


def origin(point: EntryPoint) -> str:
    """What an entry point names, and the package that says so."""
    return f"{point.value} of package {point.dist.name}" if point.dist else point.value


def load(point: EntryPoint, what: str, error: type[UsageError]) -> Any:
    """What an entry point names.  Raises `error` where it cannot be imported, whatever went wrong there."""
    try:
        return point.load()
    except (Exception, SystemExit) as wrong:  # of code that is not ours
        raise error(f"{what} {point.name} of {origin(point)} cannot be imported: {_why(wrong)}") from wrong


def asked(where: str, do: Callable[[], Given], error: type[UsageError]) -> Given:
    """What code of another package gives.  What it raises and is none of our errors or the machine's becomes
    an `error` that says where.
    """
    try:
        return do()
    except (UsageError, RunError, OSError, MemoryError):
        raise
    except (Exception, SystemExit) as wrong:
        raise error(f"{where} goes wrong: {_why(wrong)}") from wrong


def misfit(record: object, kinds: Mapping[str, Kind]) -> str:
    """The first field of a record that is not what it must be, in words; nothing where all are."""
    for name, (words, fits) in kinds.items():
        if not fits(given := getattr(record, name)):
            return f"its field {name} is {given!r:.60} but must be {words}"
    return ""


def _why(wrong: BaseException) -> str:
    said = " ".join(str(wrong).split())
    return f"{type(wrong).__name__}: {said}" if said else type(wrong).__name__


@cache
def brought_sheets() -> dict[str, Path]:
    """Circuit sheets of other packages, by name.  An entry point names a package that holds them, or a
    variable with the path of their folder.  Raises SheetError for one that does not, and where two bring a
    sheet of the same name.
    """
    found: dict[str, Path] = {}
    for point in points(SHEETS):
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
            f"sheets {point.name}: {origin(point)} is neither a package nor the path of a folder with sheets"
        )
    return found
