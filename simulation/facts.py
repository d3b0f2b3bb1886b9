"""What was done to whom in a run, in words that stand in its file and in every dataset it is part of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from prelimbic.pharmacology import TRAITS
from prelimbic.simulation.switches import DEFAULTS

DOSE_UNITS = "mg/kg"
NONE = "none"


def facts(config: dict[str, Any]) -> dict[str, Any]:
    """Of a configuration as a file holds it: species, body, route, doses and their units, bath, scale,
    sheet, baseline, switches that are not as usual, overrides, manipulations and inhibitors.  Raises
    what bad types raise.
    """
    switches = {name: str(value) for name, value in dict(config["hypotheses"]).items()}
    moved = [
        f"{name}={value}"
        for name, value in switches.items()
        if name != "baseline" and value != DEFAULTS.get(name)
    ]
    grown_with = str(config.get("grown_with") or "").split()
    return {
        "species": str(config["species"]),
        "body": _body(config.get("body") or {}),
        "route": _words((str(dose["route"]) for dose in config["doses"]), ", "),
        "doses": _words(map(_dose, config["doses"]), "; "),
        "dose_units": DOSE_UNITS,
        "bath": _bath(config.get("bath")),
        "scale": float(config["scale"]),
        "sheet": str(config["circuit"]),
        "baseline": switches["baseline"],
        "switches": _words(moved),
        "overrides": _words(f"{name}={float(value):.12g}" for name, value in config["overrides"]),
        "manipulations": _words((*grown_with, *map(str, config["manipulations"]))),
        "inhibitors": _words(map(_inhibition, config["protocol"]["inhibitions"])),
    }


def together(runs: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """What several runs have in common; where they differ, all that there is, in the order of the runs."""
    every: dict[str, dict[Any, None]] = {}
    for run in runs:
        for name, value in run.items():
            every.setdefault(name, {})[value] = None
    return {
        name: next(iter(values)) if len(values) == 1 else ", ".join(map(_short, values))
        for name, values in every.items()
    }


def _words(texts: Iterable[str], between: str = " ") -> str:
    return between.join(dict.fromkeys(texts)) or NONE


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _dose(dose: dict[str, Any]) -> str:
    length = dose.get("duration")
    over = "" if length is None else f" over {float(length):g} h"
    amount = f"{float(dose['amount']):g} {DOSE_UNITS}"
    return f"{dose['compound']} {amount} {dose['route']} at {float(dose['start']):g} h{over}"


def _body(body: dict[str, Any]) -> str:
    kg = f"{float(body['weight']):g} kg" if body.get("weight") is not None else ""
    traits = (f"{word} {body[word]}" for word in TRAITS if body.get(word) is not None)
    years = f"{float(body['age']):g} years" if body.get("age") is not None else ""
    return _words((text for text in (kg, *traits, years) if text), ", ")


def _bath(bath: dict[str, Any] | None) -> str:
    return (
        NONE
        if bath is None
        else _words((f"{name} {float(amount):g} umol/L" for name, amount in bath["concentrations"]), ", ")
    )


def _inhibition(given: dict[str, Any]) -> str:
    """As `inhibit` takes it."""
    amount = float(given["amount"])
    return f"{given['name']}{'' if amount == 1 else f'={amount:g}'}@{float(given['start']):g}h"
