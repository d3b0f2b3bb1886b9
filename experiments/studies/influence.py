"""What does the surge rest on: which numbers, at either end of their range, move the dose curve of pyramidal
firing?

One number at a time, in constant baths of ketamine; each circuit is calibrated again to its target rates, so
that all rest alike.  What ranges do together, study circuit_prior asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import numpy as np

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.readouts.answer import Answer, Cell, table
from prelimbic.experiments.readouts.answer import Row as Line
from prelimbic.experiments.readouts.columns import names
from prelimbic.experiments.readouts.inert import at_vehicle
from prelimbic.experiments.readouts.influence import (
    ENDS,
    SHEET,
    SHOWN,
    STANDS,
    Curve,
    Influence,
    influences,
    noise,
    told_curve,
    told_value,
)
from prelimbic.experiments.sweep.reads import DRUG as ACUTE
from prelimbic.experiments.sweep.reads import HEALTHY, Reads
from prelimbic.experiments.sweep.study import Options, Run, Study, StudyError, asked_in, planned
from prelimbic.parameters import POPULATIONS, SUBUNITS, Sheet, circuit_numbers, moved, near, ranged
from prelimbic.parameters.sheet import Row
from prelimbic.simulation.facts import NONE
from prelimbic.simulation.observers.influence import WORK_S, observe
from prelimbic.simulation.protocol import Protocol
from prelimbic.simulation.sheets import overridden

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

# what is varied where no other numbers are asked for
USUAL = (
    "2*.decay",
    "2*.magnesium_half",
    "*nmda_charge",
    "*nmda_to_ampa",
    "*.fraction_*",
    "*.tonic_*",
    "receptors.ambient_glutamate",
    "*->*.weight",
    "*->*.in_degree",
    "*->*.release",
    "*.adaptation_jump",
    "*.target_rate",
    "*.background_ampa",
    "receptors.background_fibre_rate",
    "compounds.*",
)
CALIBRATED = "background_rate"  # what a calibration moves
DRUG = "compounds."
RATIO_UM = 3.0


def plan(options: Options) -> list[Run]:
    """Every circuit sheet asked for, as it stands and with each number at each end of its range, x seed.
    Raises StudyError for a pattern that is the name of no number.
    """
    STUDY.accept(options)
    own = {
        "species": "rat",
        "doses": (),
        "protocol": Protocol((), 0.0, rest=WORK_S),
        "hypotheses": replace(options.hypotheses, baseline="healthy", state="awake"),
        "drugs": ("ketamine",),
        "spikes": False,
    }
    runs: list[Run] = []
    for sheet in options.sheets:
        points = [
            ({"number": number, "end": end}, own | {"overrides": (*options.overrides, *changes.items())})
            for number, end, changes in _points(sheet, options)
        ]
        runs += planned(STUDY.name, replace(options, sheets=(sheet,)), points, observe)
    runs = [replace(run, varied=run.place["number"] != SHEET) for run in runs]
    return sorted(runs, key=lambda run: run.place["seed"])


def _points(sheet: str, options: Options) -> Iterator[tuple[str, str, dict[str, float]]]:
    """Number, end, and what is set for it by full names: first the sheet as it stands, then the drug, whose
    runs share its calibration.
    """
    yield SHEET, STANDS, {}
    sheets = overridden(sheet, options.overrides)
    circuit = ranged(sheets["circuit"])
    classes = circuit_numbers(circuit).populations.values()
    idle = {k for k in SUBUNITS if not any(p.has(k) for p in classes)}
    pool = _of_drug(sheets["compounds"], options.hypotheses.affinity, idle) | _of_circuit(circuit, idle)
    for name in _matching(pool, options.numbers, sheet):
        drug = name.startswith(DRUG)
        for end, limit in zip(ENDS, pool[name].range or (), strict=True):
            if limit != pool[name].value:
                changes = {name: limit} if drug else moved(circuit, name, limit)
                yield name, end, changes if drug else {f"circuit.{k}": v for k, v in changes.items()}


def _of_drug(compounds: Sheet, affinity: str, idle: set[str]) -> dict[str, Row]:
    """The numbers with a range that say how much ketamine shuts."""
    own = {"ketamine": [f"ic50_{k}" for k in SUBUNITS if k not in idle]}
    if affinity == "tissue":
        own |= {"tissue": list(compounds.sections["tissue"])}
    else:
        own["ketamine"].append("hill")
    found = {f"{DRUG}{s}.{k}": compounds.sections[s][k] for s, rows in own.items() for k in rows}
    return {name: row for name, row in found.items() if row.range is not None}


def _of_circuit(circuit: Sheet, idle: set[str]) -> dict[str, Row]:
    """The numbers with a range that a circuit uses."""
    found: dict[str, Row] = {}
    for name, row in circuit.rows().items():
        section, _, last = name.rpartition(".")
        unread = section in idle or (last == "apical_share" and "apical" not in circuit.sections)
        alone = last.startswith("fraction_") and row.value == 1.0  # nothing could give way
        if row.range is not None and row.range[0] < row.range[1] and last != CALIBRATED:
            found |= {} if unread or alone else {name: row}
    return found


def _matching(pool: dict[str, Row], patterns: tuple[str, ...], sheet: str) -> list[str]:
    """Names in the pool that are asked for, or else those of USUAL."""
    if not patterns:
        return [name for name in pool if any(fnmatchcase(name, text) for text in USUAL)]
    chosen: set[str] = set()
    for text in patterns:
        fits = [text] if text in pool else [n for n in pool if text in n or fnmatchcase(n, text)]
        if not fits:
            raise StudyError(
                f"`number` is {text!r}{near(text, pool)} but must be the name of a number with a range that "
                f"sheet {sheet} uses, a part of such names, or a pattern such as 'PV->*.weight'"
            )
        chosen |= {*fits}
    return [name for name in pool if name in chosen]


def answer(dataset: xr.Dataset) -> Answer:
    """Every number by how far it moves the curve, what the affinities do to the block of each class, and a
    sentence a sheet.
    """
    tables, said = [], []
    for name in names(dataset, "sheet"):
        cell = dataset.sel(sheet=name)
        found = influences(cell)
        if not found:
            said.append(f"Sheet {name}: no number was varied.")
            continue
        tables += [_numbers(found, name), _ratios(cell, found, name)]
        said += [_sentence(found, name), _again(found, name, str(dataset.attrs.get("switches", NONE)))]
    return Answer(tuple(t for t in tables if len(t)), "\n".join(said))


def _numbers(found: list[Influence], sheet: str) -> pd.DataFrame:
    rows: list[Line] = []
    for one in found:
        cells: list[Cell] = [told_value(one.name, one.stands)]
        for end in ENDS:
            at = one.ends.get(end)
            cells += ["", ""] if at is None else [told_value(one.name, at.value), told_curve(at)]
        rows.append(((one.name,), [*cells, one.moves, one.peak_change, one.falls_change]))
    apart = noise(found[0].sheet)
    chance = f" (two seeds of the sheet: {apart:.0f})" if np.isfinite(apart) else ""
    title = (
        f"sheet {sheet}, as it stands {told_curve(found[0].sheet)}: peak of Pyr firing over rest, % (uM), "
        f"and where it has fallen to half, uM\nmoves: highest less lowest curve, mean, % of rest{chance}; "
        "peak: that at high less that at low, points; half: one place over the other"
    )
    heads = ("sheet", "low", "curve there", "high", "and there", "moves", "peak", "half")
    formats = {"moves": ".0f", "peak": "+.0f", "half": ".2g"}
    return table(title, ("number",), rows, heads, formats=formats)


def _ratios(cell: xr.Dataset, found: list[Influence], sheet: str) -> pd.DataFrame:
    """What an affinity alone does to the block of each class, beside the curve."""
    rows: list[Line] = [((SHEET, STANDS), _shut(cell.sel(number=SHEET, end=STANDS), found[0].sheet))]
    for one in [one for one in found if one.name.startswith(DRUG)]:
        for end, curve in one.ends.items():
            at = cell.sel(number=one.name, end=end)
            rows.append(((one.name, told_value(one.name, curve.value)), _shut(at, curve)))
    title = (
        f"sheet {sheet}: synaptic NMDA conductance of each class that {RATIO_UM:g} uM ketamine shuts, %, "
        "that of receptors outside synapses of Pyr and PV cells, PV over Pyr of both; and the curve"
    )
    heads = (*POPULATIONS, "Pyr, outside", "PV, outside", "PV / Pyr", "outside", "curve")
    formats = dict.fromkeys(heads[:6], ".0f") | dict.fromkeys(heads[6:8], ".2f")
    return table(title, ("number", "value"), rows if len(rows) > 1 else [], heads, formats=formats)


def _shut(at: xr.Dataset, curve: Curve) -> list[Cell]:
    kinds = (at[name].sel(concentration=RATIO_UM).mean("seed") for name in ("synaptic_shut", "tonic_shut"))
    synaptic, outside = ([100.0 * float(kind.sel(population=p)) for p in POPULATIONS] for kind in kinds)
    ratios = [synaptic[1] / synaptic[0], outside[1] / outside[0]]
    return [*synaptic, *outside[:2], *ratios, told_curve(curve)]


def _sentence(found: list[Influence], sheet: str) -> str:
    most = [one for one in found if np.isfinite(one.moves)][:SHOWN]
    every = [(one.name, curve) for one in found for curve in one.ends.values()]
    lost = [f"{name} {told_value(name, curve.value)}" for name, curve in every if not curve.there.any()]
    told = [f"{one.name} ({', '.join(map(_peak, one.ends.values()))})" for one in most]
    said = (
        f"Sheet {sheet}: as it stands Pyr firing is highest at {_peak(found[0].sheet)} over rest.  Of "
        f"{len(found)} numbers these move the curve most, with the peak at each end: {'; '.join(told)}."
    )
    if lost:
        said += f"  No background holds the circuit at its rates with {', '.join(lost)}."
    return said


def _again(found: list[Influence], sheet: str, switches: str) -> str:
    """The command that runs the most influential numbers with more seeds."""
    words = [f"--{word.replace('=', ' ')}" for word in switches.split() if word != NONE]
    words += [f"--number '{one.name}'" for one in found[:SHOWN]]
    return f"More seeds of these: prelimbic run {STUDY.name} --seeds 5 --sheet {sheet} {' '.join(words)}"


def _peak(curve: Curve) -> str:
    return f"{curve.peak[curve.there].mean():+.0f} %" if curve.there.any() else "no rest"


STUDY = Study(
    name="influence",
    question=asked_in(__doc__),
    axes={"sheet": "", "number": "", "end": ""},
    plan=plan,
    answer=answer,
    draw=drawing("influence"),
    sheet="native_point",
    seeds=2,
    reads=Reads(
        switches=ACUTE,
        options=("number",),
        sets=HEALTHY,
        lacks="its circuits differ in their numbers alone, and nothing slow moves in them",
        baths={"ketamine": 3.0},
        calibrates=True,
    ),
    inert=at_vehicle(concentration=0.0),
)

if __name__ == "__main__":
    from prelimbic.experiments.studies.registry import as_script

    as_script(STUDY)
