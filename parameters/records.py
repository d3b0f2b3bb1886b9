"""The frozen records that sheets fill.  A field's unit is part of its declaration and is checked at load."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from prelimbic.parameters.binding import (
    BLOCKERS,
    IN_A_BATH,
    SUBUNITS,
    Channel,
    Compound,
    Ratios,
    Tissue,
    channel,
    compounds,
    in_tissue,
)
from prelimbic.parameters.brought import brought_sheets
from prelimbic.parameters.circuit import (
    ABSENT,
    OUTSIDE,
    POPULATIONS,
    Apical,
    CircuitNumbers,
    Population,
    Projection,
    Receptors,
    Subunit,
    circuit_numbers,
)
from prelimbic.parameters.disposition import (
    COMPOUNDS,
    DOSED,
    ENANTIOMERS,
    FAMILY,
    HANDS,
    HNK_SETS,
    MADE_OF,
    OLD,
    OTHERS,
    SALTS,
    SPECIES,
    Animal,
    Disposition,
    Factors,
    Route,
    Salt,
    Species,
    Variation,
    animal,
    disposition,
    factors,
    racemate,
    routes_of,
    salts,
    section_of,
    species,
    traits,
    variation,
)
from prelimbic.parameters.laboratory import (
    Behaviour,
    Blot,
    Dialysis,
    Dissociation,
    Electrode,
    Imaging,
    Laboratory,
    Plasma,
    Spectroscopy,
    laboratory,
)
from prelimbic.parameters.near import unknown
from prelimbic.parameters.patients import (
    DissociationNumbers,
    LinkNumbers,
    PatientNumbers,
    PeopleNumbers,
    patient_numbers,
)
from prelimbic.parameters.sheet import SHEETS, Row, Sheet, SheetError, digest
from prelimbic.parameters.slow import (
    INHIBITORS,
    STATES,
    TARGETS,
    ZERO_AT_REST,
    Arms,
    CascadeNumbers,
    HypothesisNumbers,
    Inhibitor,
    SpineNumbers,
    inhibitor,
    target_of,
)

PRIOR = "prior"  # the circuit sheet that circuits are drawn from
CIRCUITS = (
    "native",
    "native_point",
    "dendritic",
    "point",
    "static_release",
    "sst_on_soma",
    "thalamic_pv",
    "human_l23",
    "literature",
    "pv_sst",
    "sst",
)
CIRCUIT = CIRCUITS[0]  # the circuit sheet of runs that name none: the one nearest to the drug-free record


def sheet(name: str) -> Sheet:
    """A shipped sheet by name.  Raises SheetError naming the sheets there are."""
    if name not in shipped():
        raise SheetError(unknown("sheet", name, shipped()))
    return Sheet(SHEETS / f"{name}.toml")


def shipped() -> list[str]:
    """Names of all sheets that come with the package."""
    return sorted(path.stem for path in SHEETS.glob("*.toml"))


def circuit_sheet(name: str) -> Sheet:
    """A circuit sheet by name, one that ships or that another package brings, or one of the user's by its
    path, which ends in .toml.

    Raises SheetError naming what there is.
    """
    if name in (*CIRCUITS, PRIOR):
        return sheet(name)
    if name.endswith(".toml"):
        return Sheet(Path(name))
    known = (*CIRCUITS, *(each for each in brought_sheets() if each not in shipped()))
    if name not in known:
        raise SheetError(f"{unknown('circuit sheet', name, known)}, or the path of a .toml file")
    return Sheet(brought_sheets()[name])


@cache
def _recordings() -> Sheet:
    return sheet("recordings")


def recording(section: str, name: str) -> Row | None:
    """A recorded quantity, from the sheet that no run reads; None when there is none."""
    return _recordings().sections.get(section, {}).get(name)


def recorded(section: str, name: str) -> tuple[float, float]:
    """Range of a recorded quantity, from the sheet that no run reads.  Raises SheetError where there is
    none.
    """
    row = recording(section, name)
    if row is None or row.range is None:
        raise SheetError(f"recordings.toml has no range of {section}.{name}")
    return row.range


def structure_digest(source: Sheet) -> str:
    """What a calibration holds for: every number of a circuit sheet but the background rates that a
    calibration moves.
    """
    moved = {f"{p}.background_rate" for p in POPULATIONS}
    return digest(
        {k: v for k, v in source.values().items() if k not in moved} | {source.manipulations: 0.0}
    )[:16]


__all__ = [
    "ABSENT",
    "BLOCKERS",
    "CIRCUIT",
    "CIRCUITS",
    "COMPOUNDS",
    "DOSED",
    "ENANTIOMERS",
    "FAMILY",
    "HANDS",
    "HNK_SETS",
    "INHIBITORS",
    "IN_A_BATH",
    "MADE_OF",
    "OLD",
    "OTHERS",
    "OUTSIDE",
    "POPULATIONS",
    "PRIOR",
    "SALTS",
    "SPECIES",
    "STATES",
    "SUBUNITS",
    "TARGETS",
    "ZERO_AT_REST",
    "Animal",
    "Apical",
    "Arms",
    "Behaviour",
    "Blot",
    "CascadeNumbers",
    "Channel",
    "CircuitNumbers",
    "Compound",
    "Dialysis",
    "Disposition",
    "Dissociation",
    "DissociationNumbers",
    "Electrode",
    "Factors",
    "HypothesisNumbers",
    "Imaging",
    "Inhibitor",
    "Laboratory",
    "LinkNumbers",
    "PatientNumbers",
    "PeopleNumbers",
    "Plasma",
    "Population",
    "Projection",
    "Ratios",
    "Receptors",
    "Route",
    "Salt",
    "Sheet",
    "SheetError",
    "Species",
    "Spectroscopy",
    "SpineNumbers",
    "Subunit",
    "Tissue",
    "Variation",
    "animal",
    "channel",
    "circuit_numbers",
    "circuit_sheet",
    "compounds",
    "digest",
    "disposition",
    "factors",
    "in_tissue",
    "inhibitor",
    "laboratory",
    "patient_numbers",
    "racemate",
    "recorded",
    "recording",
    "routes_of",
    "salts",
    "section_of",
    "sheet",
    "shipped",
    "species",
    "structure_digest",
    "target_of",
    "traits",
    "variation",
]
