"""The identity of a run: what it uses, and nothing else.

A drug, an inhibitor, a species or a switch that a run does not use may be added, or its numbers may change,
and the run keeps its id.  So may a field of a record of what is asked, as long as it stands at its default.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from prelimbic.parameters import COMPOUNDS, Sheet
from prelimbic.parameters.sheet import Row
from prelimbic.pharmacology import Bath, Dose
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.switches import DEFAULTS, SIZES

IDS = 2  # how ids are made: 1, of every number of every sheet, until version 0.7; 2, of what a run uses
WHOLE = ("circuit", "spines", "cascade")  # of these sheets a run fills every record


def changed(asked: Any) -> Any:
    """What is asked as plain data, without the fields that stand at their default."""
    if dataclasses.is_dataclass(asked) and not isinstance(asked, type):
        fields = (f for f in dataclasses.fields(asked) if f.compare)
        given = {f.name: (getattr(asked, f.name), f.default) for f in fields}
        return {name: changed(value) for name, (value, usual) in given.items() if value != usual}
    if isinstance(asked, (tuple, list)):
        return [changed(item) for item in asked]
    return asked


def drugs_used(doses: Iterable[Dose], bath: Bath | None, others: Iterable[str] = ()) -> set[str]:
    """Drugs that act in a run: those given, with what becomes of them, those of a bath, and others."""
    given = {dose.compound for dose in doses if dose.amount}
    formed = {made for drug in given & {*COMPOUNDS} for made in COMPOUNDS[COMPOUNDS.index(drug) :]}
    return given | formed | {name for name, _ in (bath.concentrations if bath else ())} | {*others}


def sizes_used(hypotheses: Hypotheses) -> set[str]:
    """Rows of the sheet `hypotheses` that the options read which are not the default."""
    chosen = {switch: getattr(hypotheses, switch) for switch in DEFAULTS}
    away = {switch: option for switch, option in chosen.items() if option != DEFAULTS[switch]}
    return {row for switch, option in away.items() for row in SIZES.get(switch, {}).get(option, ())}


def every_row(sheets: Mapping[str, Sheet]) -> dict[str, Row]:
    """Every row of some sheets by the full name of its number, SHEET.SECTION.NUMBER."""
    return {f"{s}.{name}": row for s, sheet in sheets.items() for name, row in sheet.rows().items()}


def numbers_used(
    sheets: Mapping[str, Sheet],
    *,
    hypotheses: Hypotheses,
    drugs: Collection[str],
    species: str | None,
    inhibitors: Iterable[str],
) -> dict[str, float]:
    """Every number that a run uses, by its full name SHEET.SECTION.NUMBER; `species` where a dose is given
    to one.
    """
    sections = {f"compounds.{drug}" for drug in drugs} | {f"inhibitors.{name}" for name in inhibitors}
    sections |= (
        {f"species.{species}", *(f"species.{species}/{drug}" for drug in drugs)} if species else set()
    )
    sections |= {"compounds.channel"} if drugs else set()
    sizes = {f"hypotheses.hypotheses.{row}" for row in sizes_used(hypotheses)}
    return {
        name: row.value
        for name, row in every_row(sheets).items()
        if name.partition(".")[0] in WHOLE or name.rpartition(".")[0] in sections or name in sizes
    }
