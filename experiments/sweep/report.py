"""Report on a study whose runs are all finished: store the sweep, say what was found, draw it."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

from rich.console import Console

from prelimbic.experiments.readouts.answer import Answer, plain
from prelimbic.experiments.storage.files import AbsentError, DamagedError
from prelimbic.experiments.storage.manifest import (
    CAPTION,
    MANIFEST,
    SUMMARY,
    SWEEP,
    read_manifest,
    remove_made,
)
from prelimbic.experiments.storage.targets import MixedTargetsWarning
from prelimbic.experiments.sweep.execute import ExecuteError
from prelimbic.experiments.sweep.notices import tell_unusual
from prelimbic.experiments.sweep.study import Run, Study, write_manifest
from prelimbic.experiments.sweep.surroundings import settle_figures
from prelimbic.experiments.sweep.tables import printed


def report(study: Study, runs: list[Run], folder: Path, screen: Console, as_json: bool = False) -> None:
    """Store the sweep, say what was found and what is unusual about it, and then draw it; `as_json` prints
    the answer when all is there.  Raises FigureError when all but the figures is there.
    """
    from prelimbic.experiments.storage.dataset import load, write_sweep
    from prelimbic.experiments.storage.made import write_sums

    write_manifest(study, runs, folder)  # another process may have asked otherwise meanwhile
    with warnings.catch_warnings(record=True, action="always", category=MixedTargetsWarning) as mixed:
        dataset = load(folder)
    write_sweep(dataset, folder)
    answer = study.answer(dataset)
    if not as_json:
        for frame in answer.tables:
            for table in printed(frame, screen.width):
                screen.print(table)
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
    if as_json:
        print_json(study, folder, len(runs), len(runs), answer, figures)


def print_json(
    study: Study,
    folder: Path,
    runs: int,
    finished: int,
    answer: Answer | None = None,
    figures: list[Path] | None = None,
) -> None:
    """How far a study is and, where all runs are finished, its tables, sentences and figures."""
    whole: dict[str, Any] = {"study": study.name, "folder": str(folder), "runs": runs, "finished": finished}
    if answer is not None:
        whole |= {"tables": [plain(frame) for frame in answer.tables], "found": answer.found.splitlines()}
        whole |= {"figures": [str(figure) for figure in figures or ()]}
    print(json.dumps(whole, indent=1))


def listed_in(study: Study, folder: Path) -> list[dict[str, Any]]:
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


def _still_asked(study: Study, runs: list[Run], folder: Path) -> None:
    """Raise ExecuteError, and take away what was made, where another process has asked for other runs
    meanwhile.
    """
    if {item["file"] for item in listed_in(study, folder)} != {run.file for run in runs}:
        remove_made(folder, study.drawn, {str(run.place["sheet"]) for run in runs if "sheet" in run.place})
        raise ExecuteError(
            f"another process asked for other runs of study {study.name} in {folder} meanwhile, so no "
            "report is left there; the same command makes it"
        )
