"""Inhibitors as items of a protocol: what each leaves of its target, hour by hour."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from prelimbic.parameters import INHIBITORS, Inhibitor, Sheet, inhibitor, target_of
from prelimbic.parameters.errors import UsageError
from prelimbic.parameters.plain import choice, real, settle

LARGEST_AMOUNT = 1000.0
LATEST_H = 1e4


class InhibitionError(UsageError):
    """An inhibitor that does not exist or cannot be given so."""


@dataclass(frozen=True)
class Inhibition:
    """`amount` times the usual amount of an inhibitor, given at hour `start`.  Raises InhibitionError."""

    name: str
    start: float = 0.0
    amount: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", choice(self.name, INHIBITORS, "inhibitor", InhibitionError))
        settle(self, InhibitionError, start=partial(real, unit="h"), amount=real)
        if not abs(self.start) <= LATEST_H:
            raise InhibitionError(
                f"{self.name} is given at {self.start:g} h but must be within {LATEST_H:g} h of the dose"
            )
        if not 0 <= self.amount <= LARGEST_AMOUNT:
            raise InhibitionError(
                f"the amount of {self.name} is {self.amount:g} but must lie between 0 and {LARGEST_AMOUNT:g}"
            )


def parse_inhibition(text: str) -> Inhibition:
    """`rapamycin_icv@-0.5h`, `ampa_antagonist=0.5@0h` -> Inhibition.  Raises InhibitionError for anything
    else.
    """
    head, at, hour = text.partition("@")
    name, equals, amount = head.partition("=")
    unit = ""
    try:
        if at and not hour.endswith("h"):
            in_min = hour.endswith("min")
            number = float(hour.removesuffix("min"))
            told = f"{head}@{number / 60.0:g}h" if in_min else f"{text}h"
            unit = "" if math.isnan(number) else f"; an hour has a unit, h: {told}"
            raise ValueError
        start, times = float(hour[:-1]) if at else 0.0, float(amount) if equals else 1.0
    except ValueError:
        usage = "`inhibit` takes NAME[=AMOUNT][@HOURh], such as rapamycin_icv@-0.5h"
        raise InhibitionError(f"{usage}, not {text!r}{unit}") from None
    return Inhibition(name, start, times)


def left(
    inhibitions: tuple[Inhibition, ...], source: Sheet, hours: np.ndarray, systemic: bool
) -> dict[str, np.ndarray]:
    """Share of each target that is left at the given hours, by target, each (time,).

    Brain exposure counts, but for mTORC1 that of blood where it is `systemic`.  Amounts add as doses of a
    competitive inhibitor do: the odds of being shut are in proportion to them.
    """
    found: dict[str, np.ndarray] = {}
    for item in inhibitions:
        numbers, target = inhibitor(item.name, source), target_of(item.name)
        shut = numbers.blood if systemic and target == "mtorc1" else numbers.brain
        odds = item.amount * shut / (1.0 - shut) * course(numbers, np.asarray(hours) - item.start)
        found[target] = found.get(target, np.ones(len(hours))) / (1.0 + odds)
    return found


def course(numbers: Inhibitor, since: np.ndarray) -> np.ndarray:
    """Exposure relative to its peak (Bateman) at hours since the inhibitor was given."""
    arrive, leave = np.log(2.0) / numbers.onset, np.log(2.0) / numbers.offset
    peak = np.log(arrive / leave) / (arrive - leave)
    after = np.maximum(since, 0.0)
    return (np.exp(-leave * after) - np.exp(-arrive * after)) / (
        np.exp(-leave * peak) - np.exp(-arrive * peak)
    )
