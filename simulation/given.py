"""What is given, in words: `ketamine 10 mg/kg ip at 0h, 24h`, `35 mg iv over 40min every 84h x 8`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from prelimbic.parameters import BLOCKERS, COMPOUNDS, DOSED, SALTS, compounds, near, salts, traits, unknown
from prelimbic.parameters.near import shown
from prelimbic.pharmacology import ALSO_CALLED, ROUTES, Bath, Body, Dose, DoseError
from prelimbic.simulation.times import (
    DIGITS,
    MOST_TIMES,
    NUMBER,
    GivenError,
    clauses,
    hours,
    in_words,
    schedule,
    schedule_in_words,
)

KEYWORDS = ("over", "at", "every", "from")
AMOUNT = re.compile(r"([0-9.+-][0-9.eE+-]*)(.*)", re.DOTALL)
MG = {"g": 1e3, "mg": 1.0, "ug": 1e-3, "mcg": 1e-3, "µg": 1e-3, "μg": 1e-3}  # in a unit of mass
MMOL = {"mmol": 1.0, "umol": 1e-3, "µmol": 1e-3, "μmol": 1e-3, "nmol": 1e-6}  # in a unit of amount
PER = {"h": 1.0, "min": 60.0}  # per hour in a unit of rate
UNITS = "mg/kg, ug/kg, umol/kg, or of the whole body mg, ug, umol; a rate ends with /h or /min"
VEHICLE, UNIT, BASE = "vehicle", "mg/kg", "base"
CALLED = (*DOSED, *ALSO_CALLED, VEHICLE)  # all that can be given
WHEN = "[at TIME, ... | every INTERVAL x N [from TIME]]"
GRAMMAR = f"[COMPOUND] AMOUNT UNIT ROUTE [over DURATION] {WHEN}, such as 'ketamine 10 mg/kg ip at 0h'"
USAGE = f"`give` takes {GRAMMAR}"

Give = str | Dose | Sequence[str | Dose]


@dataclass(frozen=True)
class Given:
    """One text of what is given.  `amount` is in `unit`, of the base or of a `salt`; `over` the length of an
    infusion and `starts` are in h.
    """

    compound: str
    amount: float
    unit: str
    salt: str
    route: str
    over: float | None
    starts: tuple[float, ...]
    text: str = field(default="", compare=False)

    @property
    def weighed(self) -> bool:
        """Whether the amount is of the whole body, so that a weight is needed."""
        return self.compound != VEHICLE and "kg" not in self.unit.split("/")

    def doses(self, weight: float | None = None) -> list[Dose]:
        """The doses, in mg of base per kg body mass; `weight` (kg) is needed where the amount is not of body
        mass.  Raises GivenError or DoseError.
        """
        nothing = self.compound == VEHICLE
        compound = COMPOUNDS[0] if nothing else self.compound
        amount = 0.0 if nothing else self._mg_per_kg(weight)
        try:
            return [Dose(amount, self.route, start, self.over, compound) for start in self.starts]
        except DoseError as error:
            raise DoseError(f"{self.text!r}: {error}") from None

    def _mg_per_kg(self, weight: float | None) -> float:
        if self.unit == UNIT and self.salt == BASE:
            return self.amount
        unit, *per = self.unit.split("/")
        amount = self.amount * (MG[unit] if unit in MG else MMOL[unit] * self._molar_mass(BASE))
        if self.salt != BASE and unit in MG:
            amount *= self._molar_mass(BASE) / self._molar_mass(self.salt)
        if per and per[-1] in PER:
            if self.over is None:
                raise GivenError(f"{self.text!r}: a rate needs a length, such as over 40min")
            amount *= self.over * PER[per[-1]]
        if "kg" not in per:
            if weight is None:
                raise GivenError(
                    f"{self.text!r}: {self.unit} needs a body weight: give `weight`, in kg, or write mg/kg"
                )
            amount /= weight
        return float(f"{amount:.{DIGITS}g}")

    def _molar_mass(self, salt: str) -> float:
        base = compounds()[ALSO_CALLED.get(self.compound, self.compound)].molar_mass
        return base if salt == BASE else base + salts()[salt].molar_mass

    def __str__(self) -> str:
        salt = "" if self.salt == BASE else f" as {self.salt}"
        over = "" if self.over is None else f" over {in_words(self.over)}"
        amount = "" if self.compound == VEHICLE else f" {self.amount!r}".removesuffix(".0") + f" {self.unit}"
        return f"{self.compound}{amount}{salt} {self.route}{over}{schedule_in_words(self.starts)}"


def doses(give: Give, weight: float | None = None) -> tuple[Dose, ...]:
    """The doses of a text, of several, or doses as they are; in the order in which they stand.

    A text is `[COMPOUND] AMOUNT UNIT [as SALT] ROUTE [over DURATION]` and `at TIME, ...` or `every INTERVAL
    x N [from TIME]`; or `vehicle ROUTE`, a dose of nothing.  The compound is ketamine, the amount that of
    the base, and the time 0 h unless it says otherwise; `weight` is in kg.  Raises GivenError for a text
    that is none, and DoseError for a dose that cannot be given.
    """
    if not isinstance(give, (str, Dose, Sequence)):
        raise GivenError(f"{USAGE}, or a Dose, not {shown(give)}")
    several: Sequence[str | Dose] = (give,) if isinstance(give, (str, Dose)) else give
    found = tuple(
        dose
        for each in several
        for dose in ([each] if isinstance(each, Dose) else read_given(each).doses(weight))
    )
    if len(found) > MOST_TIMES:
        raise GivenError(f"`give` holds {len(found)} doses, but a run has at most {MOST_TIMES}")
    return found


def as_given(given: Sequence[Dose]) -> list[Given]:
    """Doses as texts say them, in their order; alike ones that follow each other, at other hours, in one
    text.
    """
    found: list[tuple[Dose, list[float]]] = []
    for dose in given:
        at_0 = replace(dose, start=0.0)
        if not found or found[-1][0] != at_0 or dose.start in found[-1][1]:
            found.append((at_0, []))
        found[-1][1].append(dose.start)
    return [
        Given(d.compound, d.amount, UNIT, BASE, d.route, d.duration, tuple(starts)) for d, starts in found
    ]


def read_given(text: str) -> Given:
    """What a text says.  Raises GivenError."""
    if not isinstance(text, str):
        raise GivenError(f"{USAGE}, or a Dose, not {shown(text)}")
    plain, salt = _salt(text)
    head, said = clauses(plain, KEYWORDS)
    compound, amount, unit, route = _what(head, text)
    if compound == VEHICLE:
        amount, unit, salt = 0.0, UNIT, BASE  # whatever it is the vehicle of
    length = None if "over" not in said else hours(said["over"], f"the length of {text!r}")
    return Given(compound, amount, unit, salt, route, length, schedule(said, text), text)


def parse_body(
    species: str, weight: object = None, sex: Any = None, cyp2b6: Any = None, age: Any = None
) -> Body:
    """Who is given something: `weight` is a number of kg, or a text such as `25 g` or `70 kg`, `age` one of
    years.  Raises GivenError, and DoseError for a body that such an animal cannot have.
    """
    kg, years = None if weight is None else _kg(weight), None if age is None else _years(age)
    body = Body(kg, sex, cyp2b6, years)
    body.check(species, traits(species))
    return body


def _kg(value: Any) -> float:
    if isinstance(value, str):
        found = re.fullmatch(rf"\s*({NUMBER})\s*(kg|g)?\s*", value)
        if found is None:
            raise GivenError(f"`weight` takes kg, such as 70, '70 kg' or '25 g', not {value!r}")
        return float(f"{float(found[1]) / (1000.0 if found[2] == 'g' else 1.0):.{DIGITS}g}")
    return value


def _years(value: Any) -> Any:
    if isinstance(value, str):
        found = re.fullmatch(rf"\s*({NUMBER})\s*(y|years)?\s*", value)
        if found is None:
            raise GivenError(f"`age` takes years, such as 65 or '65 y', not {value!r}")
        return float(found[1])
    return value


def parse_bath(texts: str | Sequence[str]) -> Bath:
    """`ketamine 3 uM [from TIME] [to TIME | over DURATION]`, one or several over the same hours, as a Bath.
    Raises GivenError, or DoseError where there can be none.
    """
    usage = "`bath` takes DRUG AMOUNT uM [from TIME] [to TIME | over DURATION]"
    found: dict[str, float] = {}
    spans = set()
    for text in [texts] if isinstance(texts, str) else texts:
        head, said = clauses(text, ("from", "to", "over"))
        match head:
            case [name, amount, "uM"] if re.fullmatch(NUMBER, amount):
                pass
            case _:
                raise GivenError(f"{usage}, such as 'ketamine 3 uM from 0h to 2h', not {text!r}")
        if {"to", "over"} <= {*said}:
            raise GivenError(f"{text!r} says to and over: write one of them")
        if name in found:
            raise GivenError(f"`bath` names {name} twice")
        found[name] = float(amount)
        begin = hours(said.get("from", "0h"), f"the begin of {text!r}")
        end = float("inf") if "to" not in said else hours(said["to"], f"the end of {text!r}")
        spans.add((begin, begin + hours(said["over"], f"the length of {text!r}") if "over" in said else end))
    if len(spans) != 1:
        raise GivenError(f"{usage}; all drugs of a bath come and go together")
    return Bath(tuple(found.items()), *spans.pop())


def bath_in_words(bath: Bath) -> list[str]:
    """Texts that `parse_bath` reads as this bath."""
    begin = "" if bath.start == 0.0 else f" from {in_words(bath.start)}"
    end = "" if bath.end == float("inf") else f" to {in_words(bath.end)}"
    amounts = [(name, f"{uM!r}".removesuffix(".0")) for name, uM in bath.concentrations]
    return [f"{name} {uM} uM{begin}{end}" for name, uM in amounts]


def _what(words: list[str], text: str) -> tuple[str, float, str, str]:
    """Compound, amount, unit and route of the words before the first keyword."""
    compound = words.pop(0) if words and not AMOUNT.fullmatch(words[0]) else COMPOUNDS[0]
    if compound in BLOCKERS and compound not in DOSED:
        why = f"{compound} has no disposition here: give it as a bath of a constant concentration"
        raise GivenError(_unread(text, why))
    if compound not in CALLED:
        like = unknown("compound", compound, CALLED)
        if any(known in compound.lower() for known in DOSED):  # another drug, no slip of the pen
            like = f"there is no {compound} here; there are {', '.join(CALLED)}"
        raise GivenError(_unread(text, like))
    amount, unit = (0.0, UNIT) if compound == VEHICLE and _no_amount(words) else _amount(words, text)
    routes = sorted({route for known in ROUTES.values() for route in known})
    if not words:
        raise GivenError(_unread(text, f"its route is missing, {' or '.join(routes)}"))
    route, *more = words
    if route not in routes:
        raise GivenError(_unread(text, unknown("route", route, routes)))
    if more:
        told = near(more[0], KEYWORDS)
        why = f"{' '.join(more)!r} is neither a length, over 40min, nor times, at 0h{told}"
        raise GivenError(_unread(text, why))
    return compound, amount, unit, route


def _salt(text: str) -> tuple[str, str]:
    """The text without `as SALT`, and the salt.  Raises GivenError."""
    before, found, after = f" {' '.join(text.split())} ".partition(" as ")
    if not found:
        return text, BASE
    salt, _, rest = after.strip().partition(" ")
    if salt not in (BASE, *SALTS):
        raise GivenError(_unread(text, unknown("salt", salt, (BASE, *SALTS))))
    return f"{before} {rest}", salt


def _no_amount(words: list[str]) -> bool:
    return not (words and AMOUNT.fullmatch(words[0]))


def _amount(words: list[str], text: str) -> tuple[float, str]:
    """The amount and its unit, taken from the words."""
    found = AMOUNT.fullmatch(words.pop(0)) if words else None
    if found is None:
        raise GivenError(_unread(text, "its amount is missing, such as 10 mg/kg"))
    number, unit = found.groups()
    unit = unit or (words.pop(0) if words and (words[0] in _units() or "/" in words[0]) else "")
    try:
        amount = float(number)
    except ValueError:
        raise GivenError(_unread(text, f"{number!r} is no number")) from None
    if unit not in _units():
        near_by = f"such as {number} mg of the whole body, or {number} mg/kg"
        named = f"{unit!r} is none" if unit else near_by
        raise GivenError(_unread(text, f"an amount has a unit, {UNITS}; {named}"))
    return amount, unit


def _units() -> set[str]:
    bodies = {f"{unit}{per}" for unit in (*MG, *MMOL) for per in ("", "/kg")}
    return bodies | {f"{unit}/{per}" for unit in bodies for per in PER}


def _unread(text: str, why: str) -> str:
    return f"`give` {text!r}: {why}; it takes {GRAMMAR}"
