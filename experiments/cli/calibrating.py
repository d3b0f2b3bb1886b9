"""`prelimbic calibrate`: find the background rates of a structural variant and write it as a sheet."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console

from prelimbic import circuits
from prelimbic.circuits import (
    Calibration,
    Circuit,
    CircuitError,
    as_recorded,
    calibrate,
    check_background,
    manipulated,
)
from prelimbic.circuits.calibrate import FIRST_SEED, LOOK_S, longest_stages
from prelimbic.experiments.readouts.answer import Cell, plain, table
from prelimbic.experiments.readouts.seeds import spread
from prelimbic.experiments.storage.files import StoreError, publish
from prelimbic.experiments.sweep.screen import console
from prelimbic.experiments.sweep.study import StudyError
from prelimbic.experiments.sweep.surroundings import settle_figures
from prelimbic.experiments.sweep.tables import printed
from prelimbic.experiments.sweep.watch import progress_bar
from prelimbic.parameters import (
    POPULATIONS,
    Sheet,
    SpineNumbers,
    circuit_sheet,
    drawn,
    near,
    recorded,
    recording,
    sheet,
    sheet_text,
    structure_digest,
)
from prelimbic.parameters.sheet import Row
from prelimbic.simulation.config import grown

# of the table of a calibration, with the format of its numbers
HEADINGS = {
    "target Hz": "g",
    "rate Hz": "",
    "residual %": "+.1f",
    "recorded Hz": "",
    "CV of ISI": ".2f",
    "recorded CV": "",
    "background Hz": ".0f",
}


def calibrate_sheet(
    name: str,
    out: Path,
    free: tuple[str, ...],
    scale: float,
    wirings: int,
    seed: int | None,
    manipulations: tuple[str, ...],
    overrides: tuple[tuple[str, float], ...],
    potentials: bool = False,
    as_json: bool = False,
) -> None:
    """Calibrate and write `out`; nothing is written when it does not succeed.

    Raises SheetError, CircuitError, StudyError or CalibrationError for what cannot be done.
    """
    unknown = [p for p in free if p not in POPULATIONS]
    if unknown or not free:
        told = f"{unknown[0]!r}{near(unknown[0], POPULATIONS)}" if unknown else "nothing"
        raise CircuitError(f"--free names {told}; there are {', '.join(POPULATIONS)}")
    if len(set(free)) < len(free):
        raise CircuitError(f"--free names {max(free, key=free.count)} twice")
    if wirings < 1:
        raise StudyError(f"--wirings is {wirings} but must be at least 1")
    if out.suffix != ".toml":
        raise StudyError(f"--out is {out} but must end in .toml")
    if not out.name.isprintable():
        raise StudyError(f"--out is {str(out)!r} but a sheet's file has a name of printable text")
    if any(text.startswith("slice") for text in manipulations):
        raise StudyError(
            "slice is a state of a grown circuit, not its development; calibrate first and use --state "
            "slice in run"
        )
    if seed is not None and seed < 0:
        raise StudyError(f"--draw is {seed} but must be at least 0")
    if not out.parent.is_dir():
        raise StoreError(f"{out} cannot be written: there is no folder {out.parent}")
    if out.is_dir():
        raise StoreError(f"{out} cannot be written: it is a folder")
    source = _variant(circuit_sheet(name), seed, overrides)
    developmental = " ".join([*source.manipulations.split(), *manipulations])
    circuit = manipulated(grown(source, scale, sheet("spines").fill("spines", SpineNumbers)), manipulations)
    check_background(circuit)
    screen = console(as_json)
    if circuits.compiler() is None:
        raise StudyError(f"calibrate needs a C++ compiler, and none works: {circuits.why_no_compiler()}")
    settle_figures()
    if potentials:
        circuit, source = _strengths(circuit, source, screen)
    with _told(screen, len(free)) as tell:
        found = calibrate(circuit, wirings, free, tell)
    title = f"{source.title}; background calibrated" + (f" after {developmental}" if developmental else "")
    placed = source.with_sections(_placed(source, found, free, wirings, scale))
    placed.manipulations = developmental
    publish(
        out,
        sheet_text(placed, title, structure_digest(placed) if scale == 1.0 else "", developmental).encode(),
    )
    _report(found, screen, out, as_json)
    screen.print(f"written: {out}", highlight=False, markup=False, soft_wrap=True)


def _strengths(circuit: Circuit, source: Sheet, screen: Console) -> tuple[Circuit, Sheet]:
    """Circuit and sheet with the weights at which unitary potentials are those of sheet `recordings`."""
    rows = {(s, t): recording(f"{s}->{t}", "psp") for s, t, _ in circuit.projections}
    wanted = {pair: row.value for pair, row in rows.items() if row is not None}
    screen.print("weights: until unitary potentials are as recorded", highlight=False)
    circuit, found = as_recorded(circuit, wanted, FIRST_SEED)
    sections = {section: dict(own) for section, own in source.sections.items()}
    for s, t in wanted:
        weight = sections[f"{s}->{t}"]["weight"]
        note = (
            f"makes the unitary potential {found[s, t]:.2f} mV in the rig, as recorded (sheet recordings: "
            f"{rows[s, t].source})"  # type: ignore[union-attr]
        )
        value = float(f"{circuit.projection(s, t).weight:.4g}")
        sections[f"{s}->{t}"]["weight"] = _fitted(weight, value, note)
    return circuit, source.with_sections(sections)


def _fitted(row: Row, value: float, note: str) -> Row:
    """A row with what a calibration found."""
    return replace(row, value=value, status="fitted", source="calibration", note=note, range=None)


def _variant(source: Sheet, seed: int | None, overrides: tuple[tuple[str, float], ...]) -> Sheet:
    if seed is not None:
        source = drawn(source, seed)
    changes = {}
    for key, value in overrides:
        subject, _, number = key.partition(".")
        if subject != "circuit":
            raise CircuitError(
                f"calibrate takes overrides of the circuit only, circuit.SECTION.NUMBER, not {key!r}"
            )
        changes[number] = value
    if not changes:
        return source
    source = source.replaced(changes)
    sections = {
        section: {
            name: replace(
                row, status="assumed", source="override", note="set with --set", range=(row.value, row.value)
            )
            if f"{section}.{name}" in changes
            else row
            for name, row in rows.items()
        }
        for section, rows in source.sections.items()
    }
    return source.with_sections(sections)


def _placed(
    source: Sheet, found: Calibration, free: tuple[str, ...], wirings: int, scale: float
) -> dict[str, dict[str, Row]]:
    """The sheet's rows with the rates found, each with the residual it leaves."""
    sections = {section: dict(rows) for section, rows in source.sections.items()}
    for k, name in enumerate(POPULATIONS):
        if name not in free:
            continue
        note = (
            f"makes the untreated circuit rest at target_rate: {found.rate.mean(axis=0)[k]:.2f} Hz over "
            f"{wirings} wirings "
            f"(SD {found.rate.std(axis=0)[k]:.2f}) at scale {scale:g}"
        )
        row = sections[name]["background_rate"]
        rate = round(found.circuit.populations[k].background_rate, 1)
        sections[name]["background_rate"] = _fitted(row, rate, note)
    return sections


def _report(found: Calibration, screen: Console, out: Path, as_json: bool) -> None:
    """What the calibrated circuit does, beside what was recorded, class by class."""
    rows: list[tuple[tuple[str | float, ...], tuple[Cell, ...]]] = []
    for k, name in enumerate(POPULATIONS):
        rate, cv = found.rate[:, k], float(np.nanmean(found.cv_isi[:, k]))
        (low, high), (regular, irregular) = recorded(name, "rate"), recorded(name, "cv_isi")
        inside = "" if low <= rate.mean() <= high else " (outside)"
        within = "" if regular <= cv <= irregular else " (outside)"
        cells = (
            float(found.targets[k]),
            spread(rate),
            100 * float(found.residuals[k]),
            f"{low:g}-{high:g}{inside}",
            cv,
            f"{regular:g}-{irregular:g}{within}",
            float(found.circuit.populations[k].background_rate),
        )
        rows.append(((name,), cells))
    made = table(
        f"untreated circuit, mean ± SD over {len(found.seeds)} wirings",
        ("class",),
        rows,
        tuple(HEADINGS),
        formats=HEADINGS,
    )
    if as_json:
        print(json.dumps({"sheet": str(out), **plain(made)}, indent=1))
        return
    for part in printed(made, screen.width):
        screen.print(part)


@contextmanager
def _told(screen: Console, free: int) -> Iterator[Callable[[str, np.ndarray], None]]:
    """A bar with the longest that is left in a terminal; in a log one line a stage."""
    longest = longest_stages(free)
    looked: dict[str, float] = {}
    with progress_bar(screen, "biological s at most") as bar:
        task = bar.add_task("calibrating", total=round(sum(longest.values())))

        def tell(stage: str, rate: np.ndarray) -> None:
            if stage not in looked and not screen.is_terminal:
                screen.print(f"{stage}: {_rates(rate)}", highlight=False)
            looked[stage] = min(looked.get(stage, 0.0) + LOOK_S[stage], longest[stage])
            names = [*longest]
            over = sum(longest[name] for name in names[: names.index(stage)])
            bar.update(task, completed=round(over + looked[stage]), description=f"{stage}: {_rates(rate)}")

        yield tell


def _rates(rate: np.ndarray) -> str:
    return ", ".join(f"{name} {value:.1f} Hz" for name, value in zip(POPULATIONS, rate, strict=True))
