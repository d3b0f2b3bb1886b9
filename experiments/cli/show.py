"""What the command line shows besides runs: exposures, switches, and what a file or folder holds."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
from rich.table import Table
from rich.text import Text

from prelimbic.experiments.sweep.unusual import set_numbers
from prelimbic.parameters import (
    COMPOUNDS,
    INHIBITORS,
    POPULATIONS,
    SpineNumbers,
    compounds,
    inhibitor,
    sheet,
    target_of,
)
from prelimbic.parameters import species as species_numbers
from prelimbic.parameters.errors import UsageError
from prelimbic.pharmacology import Dose, Exposure, beyond_use
from prelimbic.pharmacology.block import by_population, by_subunit
from prelimbic.simulation.config import check_numbers, grown, overridden

UNITS_H = {"s": 1 / 3600, "min": 1 / 60, "h": 1.0, "d": 24.0}
LONGEST_H = 1e5  # exposures are not followed for longer


class ShowError(UsageError):
    """Something asked for that is not there or not understood."""


def hours(text: str, what: str) -> float:
    """`40min` -> hours.  Raises ShowError for anything that is not a number with a unit."""
    match = re.fullmatch(r"\s*([0-9.eE+-]+)\s*(s|min|h|d)\s*", text)
    try:
        return float(match.group(1)) * UNITS_H[match.group(2)] if match else float("")
    except ValueError:
        bare = re.fullmatch(r"\s*([0-9.]+)\s*", text)
        unit = f"; write {bare[1]}min or {bare[1]}h" if bare else ""
        raise ShowError(
            f"{what} is {text!r} but must be a number with a unit, s, min, h or d, such as 40min{unit}"
        ) from None


def show_exposure(
    species: str,
    route: str,
    dose: float,
    at: str,
    duration: str | None,
    compound: str,
    sheet: str,
    overrides: tuple[tuple[str, float], ...],
    as_json: bool,
) -> None:
    """Print concentrations and block at the times asked for, with the numbers of a circuit's sheets but for
    `overrides`.
    """
    sheets = overridden(sheet, overrides)
    times = np.array([hours(part, "--at") for part in at.split(",")])
    if not np.isfinite(times).all() or (times < 0).any() or times.max() > LONGEST_H:
        raise ShowError(f"--at takes times at or after the dose, up to {LONGEST_H:g} h")
    given = Dose(dose, route, 0.0, None if duration is None else hours(duration, "--duration"), compound)
    check_numbers(sheets)
    disposition = species_numbers(species, sheets["species"])
    course = Exposure((given,), species, disposition, compounds(sheets["compounds"]))
    arterial, venous = (course.ng_per_ml(c(times)) for c in (course.arterial, course.venous))
    brain = course.brain_unbound(times)
    if not all(np.isfinite(found).all() for found in (arterial, venous, brain)):
        raise ShowError(f"--dose {dose:g} or --at {at} is too large to compute with")
    if warning := beyond_use(dose, species):
        print(f"prelimbic: warning: {warning}", file=sys.stderr)
    circuit = sheets["circuit"].name
    mixtures = grown(sheets["circuit"], 1.0, sheets["spines"].fill("spines", SpineNumbers)).mixtures
    shut = by_population(by_subunit(brain, [course.compounds[name] for name in course.names]), mixtures)
    if as_json:
        found: dict[str, object] = {"at_min": [_short(60 * t) for t in times]}
        for k, name in enumerate(COMPOUNDS):
            found[name] = {"arterial_ng_per_ml": [_short(v) for v in arterial[:, k]],
                           "venous_ng_per_ml": [_short(v) for v in venous[:, k]],
                           "brain_unbound_uM": [_short(v) for v in brain[:, k]]}  # fmt: skip
        found["block"] = {p: [_short(v) for v in shut[:, k]] for k, p in enumerate(POPULATIONS)}
        if overrides:
            found["overridden"] = dict(overrides)
        print(json.dumps(found))
        return
    length = "" if duration is None else f" over {duration}"
    print(f"{compound} {dose:g} mg/kg {route[0]}.{route[1]}.{length}, {species}")
    plasma = Table(title="in plasma, arterial and venous, and unbound in the brain", title_justify="left")
    for heading in ("min", "compound", "art. ng/mL", "ven. ng/mL", "brain uM"):
        plasma.add_column(heading, justify="left" if heading == "compound" else "right", no_wrap=True)
    for k, name in enumerate(COMPOUNDS):
        for i, t in enumerate(times):
            found_here = (arterial[i, k], venous[i, k], brain[i, k])
            plasma.add_row(
                f"{60 * t:g}", name, *(f"{v:.0f}" if v >= 1000 else f"{v:.3g}" for v in found_here)
            )
    _print(plasma)
    block = Table(
        title=Text(f"share of NMDA peak conductance shut, sheet {circuit}", "table.title"),
        title_justify="left",
    )
    for heading in ("min", *POPULATIONS):
        block.add_column(heading, justify="right", no_wrap=True)
    for i, t in enumerate(times):
        block.add_row(f"{60 * t:g}", *(f"{v:.3f}" for v in shut[i]))
    _print(block)
    for line in set_numbers(sheet, overrides):
        print(line)


def tell_idle(
    species: str,
    route: str,
    dose: float,
    at: str,
    duration: str | None,
    compound: str,
    circuit: str,
    overrides: tuple[tuple[str, float], ...],
) -> None:
    """Say on standard error which overridden numbers move nothing of an exposure."""
    if not overrides:
        return
    from prelimbic.experiments.claims.unused import idle_in_exposure, told
    from prelimbic.experiments.cli.ends import say

    given = Dose(dose, route, 0.0, None if duration is None else hours(duration, "--duration"), compound)
    times = np.array([hours(part, "--at") for part in at.split(",")])
    if idle := idle_in_exposure(circuit, overrides, species, given, times):
        say(told(idle, "this exposure at these times"))


def show_switches() -> None:
    """Print hypothesis switches and manipulations."""
    from prelimbic.circuits import NAMED
    from prelimbic.simulation.switches import PV_THALAMIC, SWITCHES, flag

    table = Table(title="switches of `prelimbic run`", title_justify="left")
    for heading in ("switch", "option", "meaning and source"):
        table.add_column(heading, overflow="fold")
    for switch, options in SWITCHES.items():
        for option, meaning in options.items():
            table.add_row(flag(switch), option, meaning)
    table.add_row("--sheet", *PV_THALAMIC.split(": ", 1))
    _print(table)
    named = Table(
        title="manipulations for --manipulate; SITE is a projection such as Pyr->SST, recurrent, background "
        "or all",
        title_justify="left",
    )
    for heading in ("name", "takes"):
        named.add_column(heading, overflow="fold")
    for name, (usage, _) in NAMED.items():
        named.add_row(name, usage)
    _print(named)
    drugs = Table(
        title=Text(
            "inhibitors for --inhibit NAME[=AMOUNT][@HOURh]; AMOUNT times the usual one", "table.title"
        ),
        title_justify="left",
    )
    for heading in ("name", "target", "shut at its peak (brain, blood)", "half-times (h)", "what it is"):
        drugs.add_column(heading, overflow="fold")
    source = sheet("inhibitors")
    for name in INHIBITORS:
        n, note = inhibitor(name, source), source.sections[name]["brain"].note
        drugs.add_row(name, target_of(name), f"{n.brain:g}, {n.blood:g}", f"{n.onset:g}, {n.offset:g}", note)
    _print(drugs)


def show_path(path: Path) -> None:
    """Print what a run file, or a study's folder, holds."""
    from prelimbic.experiments.storage.files import StoreError, there
    from prelimbic.experiments.storage.store import check_run, read_config, tree

    if not there(path):
        raise StoreError(f"{path} does not exist")
    if path.is_dir():
        _show_folder(path)
        return
    head = check_run(path)
    print(f"{path}: whole")
    for key in sorted(k for k in head if k not in ("provenance", "complete", "magic", "version")):
        print(f"  {key}: {head[key]}")
    for name, value in read_config(path)["overrides"]:
        print(f"  overridden: {name} = {value:g}")
    for key, value in sorted(head["provenance"].items()):
        print(f"  {key}: {value}")
    table = Table(title="variables", title_justify="left")
    for heading in ("name", "dimensions", "unit", "meaning"):
        table.add_column(heading, overflow="fold")
    for row in tree(path):
        table.add_row(*row)
    _print(table)


def _show_folder(folder: Path) -> None:
    from prelimbic.experiments.storage.files import (
        StoreError,
        UnreadableError,
        printable,
        there,
        unreadable,
    )
    from prelimbic.experiments.storage.manifest import earlier_ids, read_manifest, strangers
    from prelimbic.experiments.storage.store import check_run

    manifest = read_manifest(folder)
    if told := earlier_ids(folder, manifest):
        print(printable(told))
    mine = [run["file"] for run in manifest["runs"]]
    whole, damaged, causes = 0, 0, dict[str, str]()
    for name in mine:
        try:
            if not there(folder / name):
                print(f"missing: {name}")
                continue
            check_run(folder / name)
            whole += 1
        except UnreadableError as error:
            causes[name] = error.cause
            print(error)
        except StoreError as error:
            damaged += 1
            print(error)
    beside = (f", {damaged} damaged" if damaged else "") + (
        f", {len(causes)} not to be read here" if causes else ""
    )
    print(f"study {manifest['study']}: {whole} of {len(mine)} runs are finished and whole{beside}")
    for other in strangers(folder, mine):
        print(f"not of this study as last asked: {other}")
    if causes:
        raise unreadable(folder, causes)
    if damaged:
        them = "it" if damaged == 1 else "them"
        raise StoreError(f"{folder}: {damaged} damaged; the study's command computes {them} anew")


def _short(value: float) -> float:
    """Six significant digits: more than the model can mean."""
    return float(f"{value:.6g}")


def _print(table: Table) -> None:
    from prelimbic.experiments.sweep.conduct import console

    console().print(table, markup=False)  # a note may hold brackets
