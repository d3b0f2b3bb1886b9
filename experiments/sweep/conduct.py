"""Conduct a study: plan, skip what is done, prepare, execute, and say what was found."""

from __future__ import annotations

import os
import threading
import time
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from prelimbic import circuits
from prelimbic.experiments.storage.files import (
    AbsentError,
    DamagedError,
    StoreError,
    scratch_name,
    sweep_stale,
    there,
    unreadable,
)
from prelimbic.experiments.storage.manifest import (
    CAPTION,
    MANIFEST,
    SUMMARY,
    SWEEP,
    earlier_ids,
    read_manifest,
    remove_made,
    strangers,
)
from prelimbic.experiments.storage.store import sorted_out
from prelimbic.experiments.storage.targets import MixedTargetsWarning
from prelimbic.experiments.sweep.cluster import BACKENDS, drive
from prelimbic.experiments.sweep.execute import ExecuteError, execute
from prelimbic.experiments.sweep.folders import refuse_moved, refuse_other
from prelimbic.experiments.sweep.marks import Marks
from prelimbic.experiments.sweep.notices import tell_damaged, tell_surroundings, tell_unlike, tell_unusual
from prelimbic.experiments.sweep.queue import Jobs
from prelimbic.experiments.sweep.shelf import room
from prelimbic.experiments.sweep.study import Options, Run, Study, prepare, share_of, write_manifest
from prelimbic.experiments.sweep.surroundings import settle_figures
from prelimbic.experiments.sweep.tables import printed
from prelimbic.simulation.hypotheses import AS_SHEETS
from prelimbic.simulation.written import as_toml

Screen = Console  # where a sweep says what it does
CONSOLE_WIDTH = 160  # of tables where there is no terminal
NARROWEST = 20  # a terminal that says it has fewer columns does not know


def console() -> Console:
    """Standard output; tables keep a fixed width where it is not a terminal."""
    shown = Console(markup=False)  # a sheet may be called [red]
    return (
        shown
        if shown.is_terminal and shown.width >= NARROWEST
        else Console(width=CONSOLE_WIDTH, markup=False)
    )


def listing(study: Study, options: Options) -> None:
    """Print every run of the study and whether its file is whole, damaged, not there or not to be read
    here.  Raises UnreadableError.
    """
    runs = study.plan(options)
    refuse(study, options, runs)
    if options.out.is_file():
        raise StoreError(f"{options.out} is a file, but must be a folder")
    mine = {run.file for run in share_of(runs, options)}
    todo, causes = _unfinished(runs, options.out)
    states = dict.fromkeys(causes, "unreadable")
    states |= {run.file: "damaged" if there(options.out / run.file) else "missing" for run in todo}
    for run in runs:
        print(
            f"{states.get(run.file, 'finished'):9} {'' if run.file in mine else '(other share) '}{run.file}"
        )
    if causes:
        raise unreadable(options.out, causes)


def _errors(shown: bool) -> Console:
    """Standard error."""
    return Console(stderr=True, markup=False, quiet=not shown, width=CONSOLE_WIDTH)


def conduct_quietly(study: Study, options: Options, progress: bool) -> None:
    """Run a study, store and draw it as `conduct` does, but for its table and sentence; `progress` goes to
    standard error.  Raises what `conduct` raises.
    """
    conduct(study, options, _errors(progress), Console(quiet=True))


def conduct(
    study: Study, options: Options, screen: Console | None = None, told: Console | None = None
) -> None:
    """Run the share of the study that was asked for; when nothing is missing any more, report, to `told` if
    that is another screen.

    Raises StoreError, BuildError, ExecuteError or Stopped; what finished stays.  What cannot be read here is
    left as it is, and told when all else is computed.
    """
    screen, begun = screen or console(), time.monotonic()
    runs = study.plan(options)
    mine = share_of(runs, options)
    _begin(study, runs, options, screen)
    todo, causes = _unfinished(mine, options.out)
    if options.among is not None:
        return _job(study, runs, mine, todo, causes, options, screen)
    finished = _fulfil(study, runs, mine, todo, causes, options.out, options.workers, screen)
    missing, causes = _unfinished([run for run in runs if run.file not in finished], options.out)
    if causes:
        raise unreadable(options.out, causes)
    if missing:
        screen.print(
            f"{len(runs) - len(missing)} of {len(runs)} runs are finished; the report follows when all are",
            highlight=False,
        )
        return None
    _report(study, runs, options.out, told or screen)
    screen.print(f"done in {time.monotonic() - begun:.0f} s", highlight=False)
    return None


def _job(
    study: Study,
    runs: list[Run],
    mine: list[Run],
    todo: list[Run],
    causes: dict[str, str],
    options: Options,
    screen: Console,
) -> None:
    """Compute a share of the runs that a driver listed, and leave all else to it, study.json too where it
    names them.
    """
    if not {run.file for run in mine} <= {item["file"] for item in _listed(study, options.out)}:
        write_manifest(study, runs, options.out)
    if todo:
        settle_figures()
        tell_surroundings(options.workers, todo, screen)
        if not prepare(todo):
            raise ExecuteError(
                f"no C++ compiler works on this node: {circuits.why_no_compiler()}; interpreted, runs would "
                "not "
                "be the same files"
            )
        execute(todo, options.out, options.workers, True, screen, runs)
    if causes:
        raise unreadable(options.out, causes)
    screen.print(
        f"share {options.share[0]} of {options.share[1]} is finished: {len(mine)} runs", highlight=False
    )


def conduct_on_cluster(study: Study, options: Options, jobs: Jobs, words: list[str]) -> None:
    """Have the study run by jobs of a cluster, which are given `words` as their command line, and report.

    Raises StoreError, ClusterError or ExecuteError; what finished stays, and jobs go on without this
    process.
    """
    screen, begun = console(), time.monotonic()
    runs = study.plan(options)
    _begin(study, runs, options, screen)
    folder = options.out.resolve()
    write_manifest(study, runs, folder)
    whole, causes = set[str](), dict[str, str]()

    def missing() -> list[Run]:
        found, now = _unfinished([run for run in runs if run.file not in whole], folder)
        causes.clear()
        causes.update(now)
        whole.update({run.file for run in runs} - {run.file for run in found} - causes.keys())
        return found

    tell_damaged(missing(), causes, folder, screen)
    asked = None if study.asked is None else (study.name, as_toml(replace(study.asked, sheets=())))
    try:
        drive(runs, missing, causes, folder, jobs, words, screen, asked)
    except KeyboardInterrupt:
        queue = BACKENDS[jobs.cluster](folder)
        raise ExecuteError(
            f"stopped watching; jobs go on, and the same command attaches to them (their name in "
            f"{queue.title} is {queue.name}, for {queue.cancel})"
        ) from None
    if causes:
        raise unreadable(folder, causes)
    _report(study, runs, folder, screen)
    screen.print(f"done in {time.monotonic() - begun:.0f} s", highlight=False)


def _begin(study: Study, runs: list[Run], options: Options, screen: Console) -> None:
    """Check what was asked and say what is unusual about it."""
    refuse(study, options, runs)
    try:
        manifest = read_manifest(options.out)
    except (AbsentError, DamagedError):
        pass  # nothing was asked there before
    else:
        refuse_other(study, runs, options, manifest)
        if told := earlier_ids(options.out, manifest):
            screen.print(told, highlight=False, markup=False, soft_wrap=True)
    _writable(options.out)
    screen.print(study.question, highlight=False, markup=False)
    if options.out.name != study.name:
        screen.print(f"results in {options.out}", highlight=False, markup=False, soft_wrap=True)
    tell_unusual(runs, screen)


def complete(
    study: Study, runs: list[Run], wanted: list[Run], folder: Path, workers: int, screen: Console
) -> None:
    """Compute those of a study's runs that are wanted and not finished, and list all in its manifest; no
    report.

    Raises StoreError, BuildError or ExecuteError; what finished stays.
    """
    (todo, causes), listed = _unfinished(wanted, folder), _listed(study, folder)
    if causes:
        raise unreadable(folder, causes)
    if not todo and {run.file for run in wanted} <= {item["file"] for item in listed}:
        return
    _check(wanted)
    refuse_moved(study, folder, listed, runs)
    _writable(folder)
    screen.print(f"study {study.name}: {len(wanted)} runs", highlight=False, markup=False)
    tell_unusual(wanted, screen)
    mine = [run.place for run in runs]
    others = [item for item in listed if item["place"] not in mine]  # such as those of another sheet
    _fulfil(study, runs, wanted, todo, causes, folder, workers, screen, others)


def _listed(study: Study, folder: Path) -> list[dict[str, Any]]:
    """The runs that the manifest of a folder names, if it is the study's."""
    try:
        manifest = read_manifest(folder)
    except (AbsentError, DamagedError):
        return []
    return (
        list(manifest["runs"])
        if (manifest["study"], set(manifest["axes"])) == (study.name, set(study.axes))
        else []
    )


def _fulfil(
    study: Study,
    runs: list[Run],
    wanted: list[Run],
    todo: list[Run],
    causes: dict[str, str],
    folder: Path,
    workers: int,
    screen: Console,
    others: Sequence[dict[str, Any]] = (),
) -> set[str]:
    """List all runs, and others that stay, in the manifest, and compute those `todo` of the wanted ones, but
    for those that cannot be read; the files that were finished before.
    """
    write_manifest(study, runs, folder, others)
    sweep_stale(folder)
    finished = {run.file for run in wanted} - {run.file for run in todo} - causes.keys()
    Marks(folder).forget(finished)
    if finished:
        screen.print(
            f"{len(finished)} of {len(wanted)} runs are already finished and whole; skipped", highlight=False
        )
    for name in strangers(folder, {run.file for run in runs} | {str(listed["file"]) for listed in others}):
        screen.print(f"ignored: not part of this study as asked: {name}", highlight=False, markup=False)
    tell_damaged(todo, causes, folder, screen)
    if todo:
        settle_figures()
        tell_surroundings(workers, todo, screen)
        compiled = _prepare(todo, screen)
        tell_unlike(runs, todo, folder, compiled, screen)
        threading.Thread(target=_load_tables).start()  # while this process only waits
        execute(todo, folder, workers, compiled, screen, runs)
    return finished


def _load_tables() -> None:
    """Import what a report takes, which is half a second."""
    from prelimbic.experiments.storage import dataset  # noqa: F401


def _unfinished(runs: list[Run], folder: Path) -> tuple[list[Run], dict[str, str]]:
    """Runs to compute, and why the files of others cannot be read here."""
    whole, causes = sorted_out(folder, {run.file: run.config.run_id() for run in runs})
    return [run for run in runs if run.file not in whole and run.file not in causes], causes


def refuse(study: Study, options: Options, runs: list[Run]) -> None:
    """Raise the UsageError of its kind for runs that cannot be, and for what was asked and moves nothing."""
    _check(runs)
    _refuse_idle(study, options, runs)


def _check(runs: list[Run]) -> None:
    """Tell bad numbers before anything is written, once for each set of them, and a size that is none."""
    room()
    for config in {replace(run.config, seed=1, doses=()): run.config for run in runs}.values():
        config.check()
    for run in {(run.config.protocol, run.config.doses, run.config.bath): run for run in runs}.values():
        run.config.check_looks(looped=run.resumable, stored=run.resumable)


def _refuse_idle(study: Study, options: Options, runs: list[Run]) -> None:
    """Raise StudyError for what was asked and moves nothing."""
    o = options
    if study.less or o.hypotheses != AS_SHEETS or o.inhibitions or o.manipulations or o.overrides:
        from prelimbic.experiments.sweep.idle import refuse_idle

        refuse_idle(study, options, runs)


def _prepare(todo: list[Run], screen: Console) -> bool:
    screen.print(
        "preparing: compiling the circuit and the slow layer, unless they are in the cache", highlight=False
    )
    compiled = prepare(todo)
    if not compiled and any(run.config.numerics.portable for run in todo):
        raise ExecuteError(
            f"--portable needs a C++ compiler, and none works here ({circuits.why_no_compiler()}); "
            "interpreted, "
            "spikes would be others"
        )
    if not compiled:
        screen.print(
            f"No C++ compiler works here ({circuits.why_no_compiler()}), so the circuit is interpreted, "
            "hundreds of times "
            "slower; try --seeds 1 --scale 0.5.",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
    return compiled


def _report(study: Study, runs: list[Run], folder: Path, screen: Console) -> None:
    """Store the sweep, say what was found and what is unusual about it, and then draw it.  Raises
    FigureError when all but the figures is there.
    """
    from prelimbic.experiments.storage.dataset import load, write_sweep
    from prelimbic.experiments.storage.made import write_sums

    write_manifest(study, runs, folder)  # another process may have asked otherwise meanwhile
    with warnings.catch_warnings(record=True, action="always", category=MixedTargetsWarning) as mixed:
        dataset = load(folder)
    write_sweep(dataset, folder)
    answer = study.answer(dataset)
    for table in answer.tables:
        screen.print(printed(table))
    screen.print(answer.found, highlight=False, markup=False)
    for warned in mixed:
        screen.print(str(warned.message), highlight=False, markup=False, soft_wrap=True)
    tell_unusual(runs, screen)
    settle_figures()
    figures: list[Path] = []
    try:
        figures = study.draw(dataset, folder)
    finally:
        drawn = [
            figure.with_suffix(kind).name for figure in figures for kind in (figure.suffix, ".svg", CAPTION)
        ]
        write_sums(folder, dict.fromkeys([MANIFEST, SWEEP, SUMMARY, *drawn]))
    _still_asked(study, runs, folder)
    for figure in figures:
        screen.print(f"figure: {figure}", highlight=False, markup=False, soft_wrap=True)


def _still_asked(study: Study, runs: list[Run], folder: Path) -> None:
    """Raise ExecuteError, and take away what was made, where another process has asked for other runs
    meanwhile.
    """
    if {item["file"] for item in _listed(study, folder)} != {run.file for run in runs}:
        remove_made(folder, study.drawn, {str(run.place["sheet"]) for run in runs if "sheet" in run.place})
        raise ExecuteError(
            f"another process asked for other runs of study {study.name} in {folder} meanwhile, so no "
            "report is "
            "left there; the same command makes it"
        )


def _writable(folder: Path) -> None:
    """Raise StoreError unless files can be made in the folder."""
    try:
        if os.path.isfile(folder):
            raise StoreError(f"{folder} cannot be written: it is a file, and results go into a folder")
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / scratch_name("probe")
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}") from None
