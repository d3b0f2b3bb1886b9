"""What a user may have meant by a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches

LONGEST = 100  # characters of a name that are compared, and of another value that are told
AS_LIKE = 0.02  # by so much less like is a second name that is told too


def near(name: object, known: Iterable[str]) -> str:
    """` (did you mean rat?)`, to stand behind a wrong name, or nothing where no known name is like it; case
    does not count.
    """
    if not isinstance(name, str):
        return ""
    by_small = {each.lower(): each for each in known}
    small = name.lower()[:LONGEST]
    # a number whose sheet was left out
    ends = [each for each in by_small if small and each.endswith(f".{small}")]
    found = ends[:1] or get_close_matches(small, by_small, n=2)
    best, *rest = [SequenceMatcher(None, each, small).ratio() for each in found] or [0.0]
    found = found[: 1 + sum(likeness > best - AS_LIKE for likeness in rest)]
    return f" (did you mean {' or '.join(by_small[each] for each in found)}?)" if found else ""


def unknown(what: str, name: object, known: Iterable[str]) -> str:
    """`unknown species 'rrat' (did you mean rat?); there are human, rat, mouse`."""
    names = list(known)
    return f"unknown {what} {shown(name)}{near(name, names)}; there are {', '.join(names)}"


def shown(value: object) -> str:
    """A value as it is told: a text whole, another on one line and not too long."""
    if isinstance(value, str):
        return repr(value)
    try:
        told = " ".join(repr(value).split())
    except Exception:  # of a whole number with thousands of digits, and of code that is not ours
        return f"of type {type(value).__name__}"
    return told if len(told) <= LONGEST else f"{told[:LONGEST]}..."
