"""Numbers that are set for a run: {"circuit.Pyr.leak": 9}, or `circuit.Pyr.leak=9`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from prelimbic.parameters import CIRCUITS, PRIOR, Sheet, SheetError, circuit_sheet, shipped
from prelimbic.parameters.plain import pairs, real, text
from prelimbic.simulation.sheets import SUBJECTS

Overrides = tuple[tuple[str, float], ...]


def settled(
    numbers: Mapping[str, float] | Iterable[tuple[str, float]], used: Sequence[Sheet] = ()
) -> Overrides:
    """{number: value} -> (name, value) in the order of the names; a number may be called as `prelimbic
    numbers` has it, after one of the circuit sheets in use.  Raises SheetError for a value that is no
    number, and for a number that is set twice.
    """
    found: dict[str, float] = {}
    must = "{number: value}, such as {'circuit.Pyr.leak': 9}"
    asked = list(numbers.items()) if isinstance(numbers, Mapping) else numbers
    for called, value in pairs(asked, "`overrides`", SheetError, must):
        name = number_meant(text(called, "a name in `overrides`", SheetError).strip(), used)
        number = real(value, f"the value of {name} in `overrides`", SheetError)
        if name in found:
            raise SheetError(f"`overrides` gives {name} twice, {found[name]:g} and {number:g}")
        found[name] = number
    return tuple(sorted(found.items()))


def parse_overrides(texts: Iterable[str], circuits: Sequence[str] = ()) -> Overrides:
    """`circuit.Pyr.nmda_to_ampa=0.2` -> (name, value), of numbers of the circuit sheets `circuits` and all
    others.  Raises SheetError for anything else, and for a number that is set twice.
    """
    texts = list(texts)
    return settled(map(_pair, texts), [circuit_sheet(circuit) for circuit in circuits] if texts else [])


def _pair(text: str) -> tuple[str, float]:
    name, equals, value = text.partition("=")
    try:
        if equals:
            return name, float(value)
    except ValueError:
        pass
    bare = (
        f"; write the VALUE as a number with a point and without its unit, not {value!r}"
        if value.strip()
        else ""
    )
    raise SheetError(
        f"`overrides` takes SHEET.SECTION.NUMBER=VALUE, such as circuit.Pyr.leak=9, not {text!r}{bare}"
    )


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
                f"`overrides`: {name!r} is a number of circuit sheet {named}, and sheet {own.name}, "
                f"which is used, has its own: write circuit.{number}"
            )
        return f"circuit.{number}"
    if named in (*CIRCUITS, PRIOR) or any(named in each.lineage for each in used):
        other = next(each.name for each in used if named not in each.lineage)
        raise SheetError(
            f"`overrides`: {name!r} is a number of circuit sheet {named}, but sheet {other} is used: write "
            f"circuit.{number}, or ask for "
            f"`sheet` {named} alone (other sheets are {', '.join(SUBJECTS)})"
        )
    if named in shipped():
        raise SheetError(
            f"`overrides`: {name!r} is a number of sheet {named}, which no run reads, so it cannot be set"
        )
    return name
