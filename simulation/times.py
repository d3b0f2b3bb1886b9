"""The one grammar of times and lengths (`40min`, `-0.5h`, `3d`), of schedules and spells made of them, and
of what is read when.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise

import numpy as np

from prelimbic.parameters.errors import UsageError
from prelimbic.parameters.near import near
from prelimbic.parameters.plain import real

HOURS = {"s": 1 / 3600, "min": 1 / 60, "h": 1.0, "d": 24.0}  # in a unit of time
NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
TIME = re.compile(rf"\s*({NUMBER})\s*(s|min|h|d)\s*")
REPEATED = re.compile(r"(.+?)\s*[xX×*]\s*([0-9]+)")
SPELL = re.compile(r"(?P<first>.+?)\s+to\s+(?P<last>.+)|(?P<length>.+?)\s+before\s+(?P<end>.+)")
NAMED = ("rest", "peak", "0-2 h")  # readouts that are no times
MOST_TIMES = 400  # at which something is given, in one run
DIGITS = 12  # of a number that is computed from what was written
SOONEST_H = 1e-3  # after what begins or ends, at which a whole course is computed


class GivenError(UsageError):
    """A time, or what is given, that cannot be read."""


def hours(text: str, what: str) -> float:
    """`40min`, `-0.5h`, `3d`, `90s` -> hours.  Raises GivenError, which says `what`, for anything that is
    not a number with a unit, and for one that is too large.
    """
    match = TIME.fullmatch(text)
    if match:
        found = float(match.group(1)) * HOURS[match.group(2)] + 0.0  # -0h is 0h
        if math.isfinite(found):
            return found
        raise GivenError(f"{what} is {text!r}, which is too large to be a time")
    bare = re.fullmatch(rf"\s*({NUMBER})\s*", text)
    unit = f"; write {bare[1]}min or {bare[1]}h" if bare else ""
    raise GivenError(
        f"{what} is {text!r} but must be a number with a unit, s, min, h or d, such as 40min{unit}"
    )


def hour_of(value: object, what: str) -> float:
    """Hours of a text with a unit, or of a number of hours.  Raises GivenError."""
    return hours(value, what) if isinstance(value, str) else real(value, what, GivenError, "h")


def in_words(hour: float) -> str:
    """An hour as short as it can be written and read again as the same number."""
    units = [unit for unit in ("d", "h", "min", "s") if unit != "d" or (hour % 24 == 0 and abs(hour) >= 72)]
    texts = [f"{hour / HOURS[unit]:.{DIGITS}g}{unit}" for unit in units]
    exact = [text for text in texts if hours(text, "an hour") == hour]
    return min(exact, key=len, default=f"{hour!r}h")


def clauses(text: str, keywords: Collection[str]) -> tuple[list[str], dict[str, str]]:
    """The words before the first keyword, and behind every keyword what follows it.  Raises GivenError for
    one that stands twice or has nothing behind it.
    """
    head: list[str] = []
    found: dict[str, list[str]] = {}
    here = head
    for word in text.split():
        if word in keywords:
            if word in found:
                raise GivenError(f"{text!r} says {word} twice")
            here = found[word] = []
        else:
            here.append(word)
    for word, behind in found.items():
        if not behind:
            raise GivenError(f"{text!r} has nothing behind {word}")
    return head, {word: " ".join(behind) for word, behind in found.items()}


def schedule(said: Mapping[str, str], text: str) -> tuple[float, ...]:
    """Hours of the clauses `at TIME, TIME`, or `every INTERVAL x N` and `from TIME`; 0 h where there are
    none.  Raises GivenError.
    """
    if "every" in said and "at" in said:
        raise GivenError(f"{text!r} says at and every: write one of them")
    if "every" not in said:
        if "from" in said:
            raise GivenError(f"{text!r} says from without every: write at instead, or every 24h x 3")
        starts = tuple(hours(each, f"a time of {text!r}") for each in said.get("at", "0h").split(","))
    else:
        found = REPEATED.fullmatch(said["every"])
        if found is None:
            raise GivenError(f"{text!r}: behind every stand an interval and how often, such as 84h x 8")
        interval, begin = hours(found[1], f"the interval of {text!r}"), said.get("from", "0h")
        if not interval > 0:
            raise GivenError(f"{text!r}: the interval must be longer than 0, not {found[1]}")
        if not 1 <= float(found[2]) <= MOST_TIMES:
            raise GivenError(f"{text!r}: something is given 1 to {MOST_TIMES} times, not {found[2]}")
        first = hours(begin, f"the begin of {text!r}")
        starts = tuple(first + interval * k for k in range(int(found[2])))
    if len(set(starts)) < len(starts):
        raise GivenError(f"{text!r} names a time twice")
    return starts


def schedule_in_words(starts: tuple[float, ...]) -> str:
    """The clause that `schedule` reads as these hours; nothing for 0 h alone."""
    if starts in ((), (0.0,)):
        return ""
    steps = {round(b - a, 9) for a, b in pairwise(starts)}
    if len(starts) > 3 and len(steps) == 1 and (step := steps.pop()) > 0:
        begin = "" if starts[0] == 0.0 else f" from {in_words(starts[0])}"
        if tuple(starts[0] + step * k for k in range(len(starts))) == starts:
            return f" every {in_words(step)} x {len(starts)}{begin}"
    return f" at {', '.join(map(in_words, starts))}"


def spell(text: str, what: str) -> tuple[float, float]:
    """`21d before 0h`, `-21d to 0h` -> its first and last hour.  Raises GivenError."""
    found = SPELL.fullmatch(text.strip())
    if found is None:
        raise GivenError(f"{what} takes a spell such as '21d before 0h' or '-21d to 0h', not {text!r}")
    if found["first"] is not None:
        first, last = (
            hours(found["first"], f"the begin of {what}"),
            hours(found["last"], f"the end of {what}"),
        )
    else:
        last = hours(found["end"], f"the end of {what}")
        first = last - hours(found["length"], f"the length of {what}")
    if not first < last:
        raise GivenError(f"{what} {text!r} must be longer than 0")
    return first, last


def spells(ends: tuple[float, ...] | None) -> list[tuple[float, float]]:
    """First and last hours in pairs, of where they stand one after the other; of nothing, none."""
    return list(zip(ends[::2], ends[1::2], strict=True)) if ends else []


def spells_in_words(ends: tuple[float, ...]) -> list[str]:
    """First and last hours, one after the other, as `spell` reads them."""
    return [f"{in_words(first)} to {in_words(last)}" for first, last in spells(ends)]


def readout(text: str) -> str:
    """The name under which something is read: rest, peak, `0-2 h`; `24 h` of `24h`; `24 h..72 h`, a mean
    over a window, of `24h..72h`.  Raises GivenError.
    """
    plain = " ".join(text.split())
    if plain.replace("0-2h", "0-2 h") in NAMED:
        return plain.replace("0-2h", "0-2 h")
    parts = plain.split("..")
    matches = [TIME.fullmatch(part) for part in parts]
    if len(parts) > 2 or "..." in plain or not all(matches):
        raise GivenError(
            f"there is no readout {plain!r}{near(plain, NAMED)}; there are {', '.join(NAMED)}, times such "
            "as 24h or 7d, and windows such as 24h..72h"
        )
    for part in parts:
        hours(part, f"the readout {plain}")
    return "..".join(f"{float(m[1]) + 0.0:.{DIGITS}g} {m[2]}" for m in matches if m)


def read_at(name: str) -> tuple[float, float]:
    """First and last hour of a readout that is a time, which are the same, or a window.  Raises GivenError,
    also for a window of no length.
    """
    ends = [hours(part, f"the readout {name}") for part in name.split("..")]
    if len(ends) == 2 and not ends[0] < ends[1]:
        raise GivenError(f"the window {name} must end after it begins")
    return ends[0], ends[-1]


def hours_behind(edges: Iterable[float], after: float, number: int) -> np.ndarray:
    """Hours, sorted: just before each of the edges, at it, and `number` more behind it, ever wider apart,
    until `after` hours.
    """
    offsets = np.concatenate([[0.0], np.geomspace(SOONEST_H, after, number)])
    return np.unique([hour for edge in edges for hour in (np.nextafter(edge, -np.inf), *(edge + offsets))])
