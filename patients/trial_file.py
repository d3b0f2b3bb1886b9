"""A trial as plain data, as a TOML file or a run file holds it: read, every key checked, and written."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from prelimbic.parameters.errors import UsageError
from prelimbic.parameters.near import near, shown
from prelimbic.parameters.trials import trial_numbers
from prelimbic.patients.trial import (
    BLINDING,
    CONTROLS,
    DESIGNS,
    GROUPS,
    OUTCOMES,
    TERMS,
    Trial,
    TrialArm,
    TrialError,
)
from prelimbic.simulation.times import hours, in_words
from prelimbic.simulation.written import table_in

KEYS = (
    "title",
    "design",
    "blinding",
    "group",
    "outcome",
    "subjects",
    "control",
    "assess",
    "primary",
    "length",
    "washout",
    "screen",
    "relapse_from",
    "without",
    "power",
    "set",
    "arm",
)
ARM = ("name", "give", "inhibit", "placebo", "share")
CHOICES = {"design": DESIGNS, "blinding": BLINDING, "group": GROUPS, "outcome": OUTCOMES}


def is_trial(path: str | os.PathLike[str]) -> bool:
    """Whether a TOML file says that it is a trial: it has `design`, which no question has."""
    try:
        with Path(path).open("rb") as file:
            return "design" in tomllib.load(file)
    except (OSError, ValueError, RecursionError):
        return False


def read_trial(path: str | os.PathLike[str]) -> Trial:
    """The trial in a TOML file.  Raises TrialError, and the UsageError of its kind for what cannot be given;
    all begin with the file.
    """
    where = Path(path)
    return trial_of(table_in(where, "a trial", TrialError), str(where))


def trial_of(asked: Mapping[str, Any], where: str = "") -> Trial:
    """The trial that plain data say.  Raises TrialError and, for what cannot be given or set, the UsageError
    of its kind.
    """
    try:
        return _trial(asked, where)
    except TrialError as error:
        told = str(error)
        raise TrialError(told if not where or told.startswith(where) else f"{where}: {told}") from None
    except UsageError as error:
        raise type(error)(f"{where}: {error}" if where else str(error)) from None


def _trial(asked: Mapping[str, Any], where: str) -> Trial:
    _known(asked, KEYS, "")
    tables = asked.get("arm")
    if not isinstance(tables, list) or not all(isinstance(each, Mapping) for each in tables):
        raise _refused("arm", tables, "tables, each begun by [[arm]]")
    arms = tuple(_arm(each, f"arm {k + 1}") for k, each in enumerate(tables))
    names = [arm.name for arm in arms]
    assess = tuple(_hour(each, "assess") for each in _texts(asked.get("assess"), "assess"))
    if not assess:
        raise _refused("assess", None, "times, such as ['24h', '7d']")
    chosen = {key: _choice(asked, key) for key in CHOICES if key in asked}
    hour = {key: _hour(asked[key], key) for key in ("primary", "length", "washout") if key in asked}
    hour = {"primary": assess[0], "length": max(assess)} | hour
    if "relapse_from" in asked:
        hour["relapse_from"] = _hour(asked["relapse_from"], "relapse_from")
    numbers = _set(asked.get("set", {}))
    without = tuple(_texts(asked.get("without", []), "without"))
    for term in without:
        if term not in TERMS:
            told = f"unknown term {shown(term)}{near(term, TERMS)}; there are {', '.join(TERMS)}"
            raise TrialError(f"without: {told}")
    screen = {"screen": _number(asked["screen"], "screen")} if "screen" in asked else {}
    own: dict[str, Any] = {**hour, **chosen, **screen}
    return Trial(
        arms=arms,
        assess=assess,
        control=_text(asked.get("control", names[-1] if names else ""), "control"),
        subjects=_whole(asked.get("subjects"), "subjects"),
        title=_text(asked.get("title", ""), "title"),
        without=tuple(dict.fromkeys(without)),
        power=tuple(_whole(each, "power") for each in _list(asked.get("power", []), "power")),
        set=numbers,
        where=where,
        **own,
    )


def _arm(asked: Mapping[str, Any], key: str) -> TrialArm:
    _known(asked, ARM, key)
    placebo = asked.get("placebo", "")
    if placebo and placebo not in CONTROLS:
        raise _refused(f"{key}: placebo", placebo, f"one of {', '.join(CONTROLS)}{near(placebo, CONTROLS)}")
    return TrialArm(
        name=_text(asked.get("name"), f"{key}: name"),
        give=tuple(_texts(asked.get("give", []), f"{key}: give")),
        inhibit=tuple(_texts(asked.get("inhibit", []), f"{key}: inhibit")),
        placebo=placebo,
        share=_whole(asked.get("share", 1), f"{key}: share"),
    )


def as_mapping(trial: Trial) -> dict[str, Any]:
    """The plain data that `trial_of` reads as this trial."""
    t = trial
    found: dict[str, Any] = {"title": t.title} if t.title else {}
    found |= {key: getattr(t, key) for key in CHOICES} | {"subjects": t.subjects, "control": t.control}
    found |= {"assess": [in_words(hour) for hour in t.assess]}
    found |= {key: in_words(getattr(t, key)) for key in ("primary", "length")}
    found |= {"washout": in_words(t.washout)} if t.washout else {}
    found |= {"screen": t.screen} if t.screens else {}
    found |= {"relapse_from": in_words(t.relapse_from)} if t.followed else {}
    found |= {key: list(getattr(t, key)) for key in ("without", "power") if getattr(t, key)}
    found |= {"set": dict(t.set)} if t.set else {}
    arms = []
    for arm in t.arms:
        own: dict[str, Any] = {"name": arm.name, "give": list(arm.give)}
        own |= {"inhibit": list(arm.inhibit)} if arm.inhibit else {}
        own |= {"placebo": arm.placebo} if arm.placebo else {}
        arms.append(own | ({"share": arm.share} if arm.share != 1 else {}))
    return found | {"arm": arms}


def as_toml(trial: Trial) -> str:
    """The text of a file that `read_trial` reads as this trial."""
    import tomli_w  # for those who write

    return tomli_w.dumps(as_mapping(trial))


def _set(asked: Any) -> tuple[tuple[str, float], ...]:
    """Numbers of sheet `trials` that are set otherwise, keyed section.row, tables in tables or not."""
    if not isinstance(asked, Mapping):
        raise _refused("set", asked, "a table of numbers of sheet trials")
    flat: dict[str, float] = {}
    for name, value in asked.items():
        inner = value.items() if isinstance(value, Mapping) else [("", value)]
        for key, each in inner:
            full = f"{name}.{key}".rstrip(".").removeprefix("trials.")
            flat[full] = _number(each, f"set.{full}")
    found = tuple(sorted(flat.items()))
    trial_numbers(found)  # which refuses what is none
    return found


def _known(asked: Mapping[str, Any], names: Collection[str], key: str) -> None:
    for name in asked:
        if name not in names:
            inside = f"{key}: " if key else ""
            raise TrialError(
                f"{inside}unknown key {name!r}{near(name, names)}; there are {', '.join(names)}"
            )


def _choice(asked: Mapping[str, Any], key: str) -> str:
    value, known = asked[key], CHOICES[key]
    if not isinstance(value, str) or value not in known:
        raise _refused(key, value, f"one of {', '.join(known)}{near(value, known)}")
    return str(value)


def _text(value: Any, key: str) -> str:
    if not isinstance(value, str) or not value.isprintable() or (key.endswith("name") and not value):
        raise _refused(key, value, "a text of one line")
    return value


def _texts(value: Any, key: str) -> list[str]:
    several = [value] if isinstance(value, str) else value
    if not isinstance(several, (list, tuple)) or not all(isinstance(each, str) for each in several):
        raise _refused(key, value, "a text or a list of texts")
    return list(several)


def _list(value: Any, key: str) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        raise _refused(key, value, "a list")
    return list(value)


def _hour(value: Any, key: str) -> float:
    if not isinstance(value, str):
        raise _refused(key, value, "a time with a unit, such as 24h or 7d")
    return hours(value, key)


def _number(value: Any, key: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _refused(key, value, "a number")
    return float(value)


def _whole(value: Any, key: str) -> int:
    if type(value) is not int:
        raise _refused(key, value, "a whole number")
    return value


def _refused(key: str, value: Any, must: str) -> TrialError:
    return TrialError(f"{key} is {'missing' if value is None else shown(value)} but must be {must}")
