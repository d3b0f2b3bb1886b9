"""What is given, in words: `ketamine 10 mg/kg ip at 0h, 24h`; and the one grammar of times and lengths."""

from __future__ import annotations

import re
from collections.abc import Sequence

from prelimbic.parameters import COMPOUNDS, DOSED, near, unknown
from prelimbic.parameters.errors import UsageError
from prelimbic.parameters.near import shown
from prelimbic.parameters.plain import real
from prelimbic.pharmacology import ROUTES, Dose, DoseError

HOURS = {"s": 1 / 3600, "min": 1 / 60, "h": 1.0, "d": 24.0}  # in a unit of time
TIME = re.compile(r"\s*([0-9.eE+-]+)\s*(s|min|h|d)\s*")
WORDS = re.compile(r"(?P<what>.*?)(?:\s+over\s+(?P<over>.*?))?(?:\s+at\s+(?P<at>.*))?", re.DOTALL)
NUMBER = re.compile(r"([0-9.+-][0-9.eE+-]*)(.*)", re.DOTALL)
NEXT = ("over", "at")
VEHICLE, UNIT = "vehicle", "mg/kg"
USAGE = "`give` takes [COMPOUND] AMOUNT mg/kg ROUTE [over DURATION] [at TIME, ...]"

Give = str | Dose | Sequence[str | Dose]


class GivenError(UsageError):
    """A time, or what is given, that cannot be read."""


def hours(text: str, what: str) -> float:
    """`40min`, `-0.5h`, `3d`, `90s` -> hours.  Raises GivenError, which says `what`, for anything that is
    not a number with a unit.
    """
    match = TIME.fullmatch(text)
    try:
        return float(match.group(1)) * HOURS[match.group(2)] if match else float("")
    except ValueError:
        bare = re.fullmatch(r"\s*([0-9.]+)\s*", text)
        unit = f"; write {bare[1]}min or {bare[1]}h" if bare else ""
        raise GivenError(
            f"{what} is {text!r} but must be a number with a unit, s, min, h or d, such as 40min{unit}"
        ) from None


def hour_of(value: object, what: str) -> float:
    """Hours of a text with a unit, or of a number of hours.  Raises GivenError."""
    return hours(value, what) if isinstance(value, str) else real(value, what, GivenError, "h")


def doses(give: Give) -> tuple[Dose, ...]:
    """The doses of a text, of several, or doses as they are; in the order in which they stand.

    A text is `[COMPOUND] AMOUNT mg/kg ROUTE [over DURATION] [at TIME, ...]`, or `vehicle ROUTE [at TIME]`, a
    dose of nothing; the compound is ketamine and the time 0 h unless it says otherwise.  Raises GivenError
    for a text that is none, and DoseError for a dose that cannot be given.
    """
    if not isinstance(give, (str, Dose, Sequence)):
        raise GivenError(f"{USAGE}, or a Dose, not {shown(give)}")
    several: Sequence[str | Dose] = (give,) if isinstance(give, (str, Dose)) else give
    return tuple(dose for each in several for dose in ([each] if isinstance(each, Dose) else _read(each)))


def _read(text: str) -> list[Dose]:
    if not isinstance(text, str):
        raise GivenError(f"{USAGE}, or a Dose, not {shown(text)}")
    parts = WORDS.fullmatch(text.strip())
    what, over, at = parts.group("what", "over", "at") if parts else (text, None, None)
    compound, amount, route = _what(what.split(), text)
    length = None if over is None else hours(over, f"the length of {text!r}")
    starts = [hours(each, f"a time of {text!r}") for each in ("0h" if at is None else at).split(",")]
    if len(set(starts)) < len(starts):
        raise GivenError(f"{text!r} names a time twice")
    try:
        return [Dose(amount, route, start, length, compound) for start in starts]
    except DoseError as error:
        raise DoseError(f"{text!r}: {error}") from None


def _what(words: list[str], text: str) -> tuple[str, float, str]:
    """Compound, amount (mg/kg) and route of the words before `over` and `at`."""
    compound = words.pop(0) if words and not NUMBER.fullmatch(words[0]) else COMPOUNDS[0]
    if compound not in (*DOSED, VEHICLE):
        raise GivenError(_unread(text, unknown("compound", compound, (*DOSED, VEHICLE))))
    amount = 0.0 if compound == VEHICLE else _amount(words, text)
    routes = sorted({route for known in ROUTES.values() for route in known})
    if not words:
        raise GivenError(_unread(text, f"its route is missing, {' or '.join(routes)}"))
    route, *more = words
    if route not in routes:
        raise GivenError(_unread(text, unknown("route", route, routes)))
    if more:
        told = "" if more[0] in NEXT else near(more[0], NEXT)
        why = f"{' '.join(more)!r} is neither a length, over 40min, nor times, at 0h{told}"
        raise GivenError(_unread(text, why))
    return COMPOUNDS[0] if compound == VEHICLE else compound, amount, route


def _amount(words: list[str], text: str) -> float:
    """The amount (mg/kg), taken from the words with its unit."""
    found = NUMBER.fullmatch(words.pop(0)) if words else None
    if found is None:
        raise GivenError(_unread(text, "its amount is missing, such as 10 mg/kg"))
    number, unit = found.groups()
    unit = unit or (words.pop(0) if words and ("/" in words[0] or words[0].endswith("g")) else "")
    try:
        amount = float(number)
    except ValueError:
        raise GivenError(_unread(text, f"{number!r} is no number")) from None
    if unit != UNIT:
        named = f"{unit!r} is none" if unit else f"write {number} {UNIT}"
        raise GivenError(_unread(text, f"an amount has the unit {UNIT}, of body mass; {named}"))
    return amount


def _unread(text: str, why: str) -> str:
    return f"{USAGE}, such as 'ketamine 10 mg/kg ip at 0h', not {text!r}: {why}"
