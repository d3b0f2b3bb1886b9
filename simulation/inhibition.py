"""Inhibitors as items of a protocol: what each leaves of its target, hour by hour."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial

import numpy as np

from prelimbic.parameters import INHIBITORS, Inhibitor, Sheet, inhibitor, target_of
from prelimbic.parameters.errors import UsageError
from prelimbic.parameters.plain import choice, real, settle
from prelimbic.simulation.times import NUMBER, GivenError, clauses, schedule, schedule_in_words

LARGEST_AMOUNT = 1000.0
LATEST_H = 1e4
USAGE = "`inhibit` takes NAME[=AMOUNT] [at TIME, ... | every INTERVAL x N [from TIME]]"


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


def parse_inhibitions(text: str) -> tuple[Inhibition, ...]:
    """`rapamycin_icv at -30min`, `ampa_antagonist=0.5 every 24h x 3`, or short `rapamycin_icv@-0.5h`, as
    what is given each time.  Raises InhibitionError for anything else.
    """
    try:
        head, said = clauses(text.replace("@", " at ", 1), ("at", "every", "from"))
        named, equals, amount = " ".join(head).partition("=")
        starts = schedule(said, text)
    except GivenError as error:
        raise InhibitionError(f"{USAGE}: {error}") from None
    if " " in named or (equals and not re.fullmatch(NUMBER, amount)):
        raise InhibitionError(f"{USAGE}, such as 'rapamycin_icv at -0.5h', not {text!r}")
    return tuple(Inhibition(named, start, float(amount or 1.0)) for start in starts)


def inhibition_in_words(item: Inhibition) -> str:
    """A text that `parse_inhibitions` reads as this item."""
    amount = "" if item.amount == 1.0 else f"={item.amount!r}"
    return f"{item.name}{amount}{schedule_in_words((item.start,))}"


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
