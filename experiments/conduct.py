"""Conduct a study: plan, skip what is done, prepare, execute, and say what was found."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from experiments.cluster import Jobs, drive
from experiments.config import overridden
from experiments.execute import ExecuteError, execute
from experiments.files import StoreError, scratch_name, sweep_stale
from experiments.manifest import read_manifest, strangers
from experiments.marks import Marks
from experiments.queue import Queue
from experiments.store import is_whole
from experiments.study import Options, Run, Study, StudyError, prepare, share_of, write_manifest

CONSOLE_WIDTH = 160  # of tables where there is no terminal


def console() -> Console:
    """Standard output; tables keep a fixed width where it is not a terminal."""
    shown = Console(markup=False)  # a sheet may be called [red]
    return shown if shown.is_terminal else Console(width=CONSOLE_WIDTH, markup=False)


def listing(study: Study, options: Options) -> None:
    """Print every run of the study and whether its file is whole, damaged or not there."""
    runs = study.plan(options)
    _check(runs)
    mine = {run.file for run in share_of(runs, options)}
    for run in runs:
        unfinished = "damaged" if (options.out / run.file).exists() else "missing"
        state = unfinished if _unfinished([run], options.out) else "finished"
        print(f"{state:9} {'' if run.file in mine else '(other share) '}{run.file}")


def conduct(study: Study, options: Options) -> None:
    """Run the share of the study that was asked for; when nothing is missing any more, report.

    Raises StoreError, BuildError, ExecuteError or Stopped; what finished stays.
    """
    screen, begun = console(), time.monotonic()
    runs = study.plan(options)
    mine = share_of(runs, options)
    _begin(study, runs, options, screen)
    todo = _unfinished(mine, options.out)
    if options.among is not None:
        return _job(mine, todo, options, screen)
    _fulfil(study, runs, mine, todo, options.out, options.workers, screen)
    skipped = {run.file for run in mine} - {run.file for run in todo}
    missing = _unfinished([run for run in runs if run.file not in skipped], options.out)
    if missing:
        screen.print(
            f"{len(runs) - len(missing)} of {len(runs)} runs are finished; the report follows when all are", highlight=False
        )
        return None
    _report(study, options.out, screen)
    screen.print(f"done in {time.monotonic() - begun:.0f} s", highlight=False)
    return None


def _job(mine: list[Run], todo: list[Run], options: Options, screen: Console) -> None:
    """Compute a share of the runs that a driver listed, and leave all else to it."""
    if todo and not prepare(todo):
        raise ExecuteError("no C++ compiler works on this node (g++ or clang++); interpreted, runs would not be the same files")
    if todo:
        execute(todo, options.out, options.workers, True, screen)
    screen.print(f"share {options.share[0]} of {options.share[1]} is finished: {len(mine)} runs", highlight=False)


def conduct_on_cluster(study: Study, options: Options, jobs: Jobs, words: list[str]) -> None:
    """Have the study run by jobs of a cluster, which are given `words` as their command line, and report.

    Raises StoreError, ClusterError or ExecuteError; what finished stays, and jobs go on without this process.
    """
    screen, begun = console(), time.monotonic()
    runs = study.plan(options)
    _begin(study, runs, options, screen)
    folder = options.out.resolve()
    write_manifest(study, runs, folder)
    whole: set[str] = set()

    def missing() -> list[Run]:
        found = _unfinished([run for run in runs if run.file not in whole], folder)
        whole.update({run.file for run in runs} - {run.file for run in found})
        return found

    _tell_damaged(missing(), folder, screen)
    try:
        drive(runs, missing, folder, jobs, words, screen)
    except KeyboardInterrupt:
        raise ExecuteError(f"stopped watching; jobs go on, and the same command attaches to them (their name in Slurm is "
                           f"{Queue(folder).name}, for scancel)") from None  # fmt: skip
    write_manifest(study, runs, folder)
    _report(study, folder, screen)
    screen.print(f"done in {time.monotonic() - begun:.0f} s", highlight=False)


def _begin(study: Study, runs: list[Run], options: Options, screen: Console) -> None:
    """Check what was asked and say what is unusual about it."""
    _check(runs)
    _other_study(study, options.out)
    _writable(options.out)
    screen.print(study.question, highlight=False, markup=False)
    _tell_overrides(runs[0], screen)
    _tell_idle(study, runs, screen)
    _tell_calibration(runs, screen)


def complete(study: Study, runs: list[Run], wanted: list[Run], folder: Path, workers: int, screen: Console) -> None:
    """Compute those of a study's runs that are wanted and not finished, and list all in its manifest; no report.

    Raises StoreError, BuildError or ExecuteError; what finished stays.
    """
    todo, listed = _unfinished(wanted, folder), _listed(study, folder)
    if not todo and {run.file for run in wanted} <= {item["file"] for item in listed}:
        return
    _check(wanted)
    _writable(folder)
    screen.print(f"study {study.name}: {len(wanted)} runs", highlight=False, markup=False)
    _tell_overrides(wanted[0], screen)
    mine = [run.place for run in runs]
    others = [item for item in listed if item["place"] not in mine]  # such as those of another sheet
    _fulfil(study, runs, wanted, todo, folder, workers, screen, others)


def _listed(study: Study, folder: Path) -> list[dict[str, Any]]:
    """The runs that the manifest of a folder names, if it is the study's."""
    try:
        manifest = read_manifest(folder)
    except StoreError:
        return []
    return list(manifest["runs"]) if (manifest["study"], set(manifest["axes"])) == (study.name, set(study.axes)) else []


def _fulfil(study: Study, runs: list[Run], wanted: list[Run], todo: list[Run], folder: Path, workers: int, screen: Console,
            others: Sequence[dict[str, Any]] = ()) -> None:  # fmt: skip
    """List all runs, and others that stay, in the manifest, and compute those `todo` of the wanted ones."""
    write_manifest(study, runs, folder, others)
    sweep_stale(folder)
    Marks(folder).forget({run.file for run in wanted} - {run.file for run in todo})
    if len(todo) < len(wanted):
        screen.print(f"{len(wanted) - len(todo)} of {len(wanted)} runs are already finished and whole; skipped", highlight=False)
    for name in strangers(folder, {run.file for run in runs} | {str(listed["file"]) for listed in others}):
        screen.print(f"not of this study as asked, left alone: {name}", highlight=False, markup=False)
    _tell_damaged(todo, folder, screen)
    if todo:
        compiled = _prepare(todo, screen)
        execute(todo, folder, workers, compiled, screen)


def _unfinished(runs: list[Run], folder: Path) -> list[Run]:
    return [run for run in runs if not is_whole(folder / run.file, run.config.run_id())]


def _tell_damaged(todo: list[Run], folder: Path, screen: Console) -> None:
    """Name the files of runs to compute that are there and not whole."""
    for run in todo:
        if (folder / run.file).exists():
            screen.print(f"damaged, computed anew: {run.file}", highlight=False, markup=False, soft_wrap=True)


def _check(runs: list[Run]) -> None:
    """Tell bad numbers before anything is written, once for each set of them."""
    for config in {replace(run.config, seed=1, doses=()): run.config for run in runs}.values():
        config.check()
    for run in {(run.config.protocol, run.config.doses, run.config.bath): run for run in runs}.values():
        run.config.check_looks(looped=run.resumable, stored=run.resumable)


def _tell_calibration(runs: list[Run], screen: Console) -> None:
    """Say which circuits stand on background rates that were not found for them."""
    said = {
        "no": "its background was not calibrated for these numbers (prelimbic calibrate does that)",
        "other size": "its background was calibrated at --scale 1",
    }
    for name, state in {run.config.sheet_name: run.config.calibration() for run in runs}.items():
        if state in said:
            screen.print(f"sheet {name}: {said[state]}", highlight=False, markup=False, soft_wrap=True)


def _tell_overrides(run: Run, screen: Console) -> None:
    """Say which numbers are not those of the sheets, and which lie outside the range that a sheet gives them."""
    shipped = overridden(run.config.circuit, ())
    for name, value in run.config.overrides:
        subject, section, number = name.split(".")
        row = shipped[subject].sections[section][number]
        outside = row.range is not None and not row.range[0] <= value <= row.range[1]
        limits = f"; OUTSIDE its range {row.range[0]:g} to {row.range[1]:g}" if outside and row.range else ""
        text = f"overridden: {name} = {value:g} {row.unit} (sheet: {row.value:g}{limits})"
        screen.print(text, highlight=False, markup=False, soft_wrap=True)


def _tell_idle(study: Study, runs: list[Run], screen: Console) -> None:
    """Say which overridden numbers no run uses."""
    from experiments.idle import idle_in_runs, told

    if runs[0].config.overrides and (names := idle_in_runs(runs)):
        screen.print(told(names, f"study {study.name}"), highlight=False, markup=False, soft_wrap=True)


def _prepare(todo: list[Run], screen: Console) -> bool:
    screen.print("preparing: compiling the circuit and the slow layer, unless they are in the cache", highlight=False)
    compiled = prepare(todo)
    if not compiled:
        screen.print(
            "No C++ compiler works here (g++ or clang++, and a PRELIMBIC_CACHE where programs may run), so the circuit is "
            "interpreted, hundreds of times slower; try --seeds 1 --scale 0.5.", highlight=False,
        )  # fmt: skip
    return compiled


def _report(study: Study, folder: Path, screen: Console) -> None:
    from experiments.dataset import load, write_sweep

    dataset = load(folder)
    write_sweep(dataset, folder)
    table, found = study.answer(dataset)
    figures = study.draw(dataset, folder)
    screen.print(table)
    screen.print(found, highlight=False, markup=False)
    for figure in figures:
        screen.print(f"figure: {figure}", highlight=False, markup=False, soft_wrap=True)


def _other_study(study: Study, folder: Path) -> None:
    """Raise StudyError where another study is kept in the folder."""
    try:
        kept = read_manifest(folder)["study"]
    except StoreError:
        return
    if kept != study.name:
        raise StudyError(f"--out {folder} holds study {kept}; choose another folder for study {study.name}")


def _writable(folder: Path) -> None:
    """Raise StoreError unless files can be made in the folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / scratch_name("probe")
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}") from None
