"""Plain values of what a caller hands over: a number of numpy's becomes a float, an int or a bool, so that a
run has one identity; whatever is of another kind is refused in one sentence, by the error of the record.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from numbers import Integral, Real
from typing import Any

from prelimbic.parameters.errors import RunError, UsageError
from prelimbic.parameters.near import shown, unknown

Refusal = type[UsageError] | type[RunError]
Check = Callable[[Any, str, Refusal], Any]


def refused(value: object, what: str, must: str, error: Refusal, like: str = "") -> UsageError | RunError:
    """`` `start` is '0h' but must be a number ``, as an error to raise; `like`: what may be meant."""
    return error(f"{what} is {shown(value)}{like} but must be {must}")


def real(value: object, what: str, error: Refusal, unit: str = "") -> float:
    """A number as a float, infinite ones and NaN among them; a truth value is none."""
    number = unboxed(value)
    if isinstance(number, Real) and not isinstance(number, bool):
        try:
            return float(number)
        except OverflowError:
            pass
    raise refused(value, what, f"a number{unit and ' of '}{unit}", error)


def whole(value: object, what: str, error: Refusal, allowed: Collection[int], must: str) -> int:
    """A whole number, of those that are allowed, as an int."""
    number = unboxed(value)
    if isinstance(number, Integral) and not isinstance(number, bool) and int(number) in allowed:
        return int(number)
    raise refused(value, what, must, error)


def truth(value: object, what: str, error: Refusal) -> bool:
    """True or False, numpy's too; nothing else stands for them."""
    found = unboxed(value)
    if isinstance(found, bool):
        return found
    raise refused(value, what, "True or False", error)


def text(value: object, what: str, error: Refusal, must: str = "a text") -> str:
    """A text as a str."""
    found = unboxed(value)
    if isinstance(found, str):
        return str(found)
    raise refused(value, what, must, error)


def path(value: object, what: str, error: Refusal, must: str = "the path of a folder") -> str:
    """A name or path as a str."""
    found = os.fspath(value) if isinstance(value, os.PathLike) else value
    if isinstance(found, str) and "\0" not in found:
        return str(found)
    raise refused(value, what, must, error)


def choice(value: object, known: Collection[str], what: str, error: Refusal) -> str:
    """One of the names that are known, or what may have been meant."""
    found = unboxed(value)
    if isinstance(found, str) and found in known:
        return str(found)
    raise error(unknown(what, found, known))


def listed(value: object, what: str, error: Refusal, must: str = "a list") -> tuple[Any, ...]:
    """The items of a list, a tuple, an array and the like; a text or a mapping is none."""
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping)):
        try:
            return tuple(value)
        except TypeError:  # an array without dimensions
            pass
    raise refused(value, what, must, error)


def several(kind: Check, must: str) -> Check:
    """A check of a list whose items are of a kind."""

    def check(value: object, what: str, error: Refusal) -> tuple[Any, ...]:
        return tuple(kind(each, f"an item of {what}", error) for each in listed(value, what, error, must))

    return check


def pair(value: object, what: str, error: Refusal, must: str) -> tuple[Any, Any]:
    """Two items of a list."""
    match listed(value, what, error, must):
        case (first, second):
            return first, second
    raise refused(value, what, must, error)


def pairs(value: object, what: str, error: Refusal, must: str) -> list[tuple[Any, Any]]:
    """The pairs of a list of pairs."""
    return [pair(each, f"an item of {what}", error, must) for each in listed(value, what, error, must)]


def maybe(kind: Check) -> Check:
    """A check that lets None be."""
    return lambda value, what, error: None if value is None else kind(value, what, error)


def of_type(kind: type) -> Check:
    """A check that a value is of one of the library's own types."""

    def check(value: object, what: str, error: Refusal) -> object:
        if isinstance(value, kind):
            return value
        raise refused(value, what, f"of type {kind.__name__}", error)

    return check


def settle(record: object, error: Refusal, **kinds: Check) -> None:
    """Make fields of a frozen record plain, as it begins to be.  Raises `error`."""
    for name, kind in kinds.items():
        object.__setattr__(record, name, kind(getattr(record, name), f"`{name}`", error))


def unboxed(value: object) -> object:
    """What numpy, or xarray, holds as a single value."""
    return value.item() if getattr(value, "shape", None) == () and hasattr(value, "item") else value
