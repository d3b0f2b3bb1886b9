"""Arms of a question in plain words, and what an axis makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from prelimbic.parameters.errors import UsageError
from prelimbic.pharmacology import TRAITS
from prelimbic.simulation.given import VEHICLE, read_given
from prelimbic.simulation.switches import SWITCHES

Plain = dict[str, Any]  # words of a Scenario and their values, as a file holds them
TEXTS = ("give", "inhibit", "manipulate", "stress", "bath")  # one text or several
DOSE, ARM, WEIGHT, AGE = "dose", "arm", "weight", "age"
BODY = (WEIGHT, *TRAITS, AGE)  # who is given a dose
VARIED = (DOSE, "species", *BODY, *TEXTS, *SWITCHES)  # by an axis; and any number


class QuestionError(UsageError):
    """A question that cannot be asked."""


@dataclass(frozen=True)
class Arm:
    """What is done, under a name; compared with arm `against`, or else with its own vehicle."""

    name: str
    does: Plain = field(hash=False)
    against: str = ""

    @property
    def given(self) -> list[str]:
        """Texts of what is given, vehicle aside."""
        return [text for text in as_list(self.does.get("give")) if read_given(text).compound != VEHICLE]

    def at(self, place: Plain) -> Plain:
        """What is done at a place of the axes."""
        plain = dict(self.does)
        for name, value in place.items():
            if name == DOSE:
                plain["give"] = [_dosed(text, value) for text in as_list(plain.get("give"))]
            elif "." in name:
                plain["set"] = plain.get("set", {}) | {name: value}
            else:
                plain[name] = value
        return plain


@contextmanager
def naming(where: str, arm: str = "") -> Iterator[None]:
    """Errors within begin with the file, in whose words no backticks stand, and the arm; once."""
    try:
        yield
    except UsageError as error:
        before = f"{where}: {arm}" if where else arm
        told = str(error).replace("`", "") if where else str(error)
        raise type(error)(told if told.startswith(before) else before + told) from None


def axis_of(name: str) -> str:
    """What an axis is called in a dataset: circuit.PV.leak becomes circuit_PV_leak."""
    return name.replace(".", "_").replace("/", "_").replace("-", "_")


def is_number(value: Any) -> bool:
    """Whether a value is a number, which truth values are not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def as_plain(value: Any) -> Any:
    """A number as a float, and all else as it is."""
    return float(value) if is_number(value) else value


def label(value: Any) -> Any:
    """A value as it stands on an axis: a float or one text."""
    if is_number(value):
        return float(value)
    return " + ".join(map(str, value)) or "none" if isinstance(value, (list, tuple)) else str(value)


def as_list(value: Any) -> list[str]:
    """One text or several, as several; of nothing, none."""
    return [] if value in (None, "", "none") else [value] if isinstance(value, str) else list(value)


def as_words(plain: Plain) -> Plain:
    """Plain words as Scenario takes them."""
    words = {key: value for key, value in plain.items() if key != "set"}
    words |= {key: as_list(words[key]) for key in TEXTS if key in words}
    words = {key: value for key, value in words.items() if value not in ([], None)}
    return words | ({"overrides": plain["set"]} if plain.get("set") else {})


def worded(axis: str, value: Any, unit: str) -> str:
    """A place on an axis in words."""
    if axis == ARM:
        return str(value)
    return f"{axis} {value:g} {unit}".strip() if isinstance(value, float) else f"{axis} {value}"


def _dosed(text: str, amount: float) -> str:
    """What is given, with another amount."""
    given = read_given(text)
    return text if given.compound == VEHICLE else str(replace(given, amount=amount))
