"""The identity of a run: what it uses, and nothing else.

A drug, an inhibitor, a species or a switch that a run does not use may be added, or its numbers may change,
and the run keeps its id.  So may a field of a record of what is asked, as long as it stands at its default.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from prelimbic.parameters import COMPOUNDS, ENANTIOMERS, FAMILY, MADE_OF, Sheet, racemate, section_of
from prelimbic.parameters.sheet import Row
from prelimbic.pharmacology import SEXES, Body
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


class Kind(NamedTuple):
    """Doses of one drug to one body by one route, with one of the sets of hydroxynorketamine (HNK_SETS)."""

    species: str
    body: Body
    drug: str
    route: str
    hnk: str

    def sections(self, sheets: Mapping[str, Sheet]) -> set[str]:
        """SHEET.SECTION of the body, of the drug and all that becomes of it, and of its way in."""
        animal, compound = self.species, racemate(self.drug)
        found = {f"species.{animal}", *(f"bodies.{animal}/{trait}" for trait in self.body.covariates)}
        acting = {compound}
        for product, source in MADE_OF.items():
            if source in acting and f"{animal}/{product}" in sheets["species"].sections:
                acting.add(product)
        found |= {f"species.{section_of(drug, animal, self.hnk)}" for drug in acting}
        ways = [f"{animal}/{self.route}/{name}" for name in (self.drug, compound)]
        ways += [f"{animal}/{self.route}"] if compound == COMPOUNDS[0] else []
        found |= {f"routes.{way}" for way in [way for way in ways if way in sheets["routes"].sections][:1]}
        return found | of_drugs(acting) | ({"compounds.enantiomers"} if compound in FAMILY else set())


def of_drugs(drugs: Collection[str]) -> set[str]:
    """SHEET.SECTION of what drugs do at receptors."""
    found = {f"compounds.{racemate(drug)}" for drug in drugs}
    found |= {"compounds.enantiomers"} if {*drugs} & {*ENANTIOMERS} else set()
    return found | ({"compounds.channel"} if drugs else set())


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
    given: Iterable[Kind],
    drugs: Collection[str],
    inhibitors: Iterable[str],
    subjects: Collection[str] = (),
) -> dict[str, float]:
    """Every number that a run uses, by its full name SHEET.SECTION.NUMBER; `drugs` are those of baths,
    `subjects` species of which subjects are drawn.
    """
    given = tuple(given)
    sections = of_drugs(drugs) | {f"population.{animal}" for animal in subjects}
    sections |= {f"bodies.{animal}/sex/{sex}" for animal in subjects for sex in SEXES}
    sections |= {f"inhibitors.{name}" for name in inhibitors}
    sections |= {section for kind in given for section in kind.sections(sheets)}
    sections |= {"compounds.tissue"} if hypotheses.affinity == "tissue" and (drugs or given) else set()
    sizes = {f"hypotheses.hypotheses.{row}" for row in sizes_used(hypotheses)}
    return {
        name: row.value
        for name, row in every_row(sheets).items()
        if name.partition(".")[0] in WHOLE or name.rpartition(".")[0] in sections or name in sizes
    }
