"""The numbers that a run used, those first that rest on least, and what is to be cited for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from prelimbic.parameters import CIRCUIT
from prelimbic.parameters.citation import bibtex, cited
from prelimbic.parameters.errors import UsageError
from prelimbic.pharmacology import Bath, Body, Dose
from prelimbic.simulation.config import Config
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.identity import WHOLE
from prelimbic.simulation.inhibition import Inhibition
from prelimbic.simulation.protocol import Protocol
from prelimbic.simulation.variable import Variable

ORDER = ("overridden", "assumed", "fitted", "measured")  # those first that rest on least


@dataclass(frozen=True)
class Used:
    """A number as a run used it, with its source as a list of references has it."""

    name: str
    value: float
    unit: str
    status: str
    source: str
    citation: str
    note: str
    sheet_value: float


def used(numbers: dict[str, Variable], config: dict[str, Any], drugs: Iterable[Any] = ()) -> list[Used]:
    """Numbers of a run file's group `numbers` that the run of a stored configuration read: of the circuit
    and the slow layer all, of drugs, bodies, routes and inhibitors those that were given.  `drugs` are those
    that its study gives in its own way.
    """
    if not numbers:
        return []
    others = _others(config, tuple(drugs))
    names = [str(name) for name in numbers["name"].values]
    columns = {key: [str(v) for v in numbers[key].values] for key in ("unit", "status", "source", "note")}
    found = [
        Used(
            name,
            float(numbers["value"].values[k]),
            columns["unit"][k],
            columns["status"][k],
            columns["source"][k],
            cited(columns["source"][k]),
            columns["note"][k],
            float(numbers["sheet_value"].values[k]),
        )
        for k, name in enumerate(names)
        if name.partition(".")[0] in WHOLE or others is None or name in others
    ]
    rank = {status: k for k, status in enumerate(ORDER)}
    return sorted(found, key=lambda n: (rank.get(n.status, len(ORDER)), n.name))


def references(found: Iterable[Used]) -> dict[str, str]:
    """BibTeX entries of all sources of numbers, by key, as references.bib has them."""
    keys = sorted({number.source for number in found})
    return {key: entry for key in keys if (entry := bibtex(key))}


def _others(config: dict[str, Any], drugs: tuple[Any, ...]) -> set[str] | None:
    """Names of the numbers beside those of the circuit and the slow layer; None where that cannot be
    told, as of a switch that is no more.
    """
    try:
        bath = config.get("bath")
        protocol = dict(config["protocol"])
        made = Config(
            study=str(config["study"]),
            circuit=CIRCUIT,
            species=str(config["species"]),
            doses=tuple(Dose(**dose) for dose in config["doses"]),
            scale=1.0,
            seed=1,
            protocol=Protocol(
                (), 0.0, inhibitions=tuple(Inhibition(**each) for each in protocol["inhibitions"])
            ),
            hypotheses=Hypotheses(**config["hypotheses"]),
            bath=None if bath is None else Bath(tuple((n, float(v)) for n, v in bath["concentrations"])),
            drugs=drugs,
            body=Body(**(config.get("body") or {})),
        )
        return {*made.numbers()}
    except (UsageError, TypeError, ValueError, KeyError):
        return None
