"""Numbers that are set for a run: `circuit.Pyr.leak=9`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prelimbic.parameters import CIRCUITS, PRIOR, Sheet, SheetError, circuit_sheet, shipped
from prelimbic.simulation.config import SUBJECTS


def parse_overrides(texts: Iterable[str], circuits: Sequence[str] = ()) -> tuple[tuple[str, float], ...]:
    """`circuit.Pyr.nmda_to_ampa=0.2` -> (name, value); the number may be called as `prelimbic numbers` has
    it, after one of the circuit sheets `circuits` in use.  Raises SheetError for anything else, and for a
    number that is set twice.
    """
    found: dict[str, float] = {}
    texts = list(texts)
    used = [circuit_sheet(circuit) for circuit in circuits] if texts else []
    for text in texts:
        name, equals, value = text.partition("=")
        try:
            number = float(value)
        except ValueError:
            equals = ""
        if not equals:
            bare = (
                f"; write the VALUE as a number with a point and without its unit, not {value!r}"
                if value.strip()
                else ""
            )
            raise SheetError(
                f"--set takes SHEET.SECTION.NUMBER=VALUE, such as circuit.Pyr.leak=9, not {text!r}{bare}"
            )
        name = number_meant(name.strip(), used)
        if name in found:
            raise SheetError(f"--set gives {name} twice, {found[name]:g} and {number:g}")
        found[name] = number
    return tuple(sorted(found.items()))


def number_meant(name: str, used: Sequence[Sheet]) -> str:
    """`dendritic.Pyr.leak` -> `circuit.Pyr.leak`, where that sheet, or one that is based on it, is the
    circuit sheet in use.

    Raises SheetError where the name begins with a sheet that is not in use.
    """
    named, _, number = name.partition(".")
    if named in ("circuit", *SUBJECTS) or not number or not used:
        return name
    if all(named in each.lineage for each in used):
        section, _, row = number.rpartition(".")
        own = next(
            (each for each in used if each.name != named and row in each.own_rows.get(section, {})), None
        )
        if own is not None:
            raise SheetError(
                f"--set {name!r} is a number of circuit sheet {named}, and sheet {own.name}, which is used, "
                "has its own: write "
                f"circuit.{number}"
            )
        return f"circuit.{number}"
    if named in (*CIRCUITS, PRIOR) or any(named in each.lineage for each in used):
        other = next(each.name for each in used if named not in each.lineage)
        raise SheetError(
            f"--set {name!r} is a number of circuit sheet {named}, but sheet {other} is used: write "
            f"circuit.{number}, or ask for "
            f"--sheet {named} alone (other sheets are {', '.join(SUBJECTS)})"
        )
    if named in shipped():
        raise SheetError(
            f"--set {name!r} is a number of sheet {named}, which no run reads, so it cannot be set"
        )
    return name
