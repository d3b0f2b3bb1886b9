"""Which runs a study's folder is about: one small file beside them."""

from __future__ import annotations

import glob
import json
import math
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

from prelimbic.experiments.storage.files import (
    AbsentError,
    DamagedError,
    StoreError,
    UnreadableError,
    content_of,
    names_in,
    next_of,
    printable,
    publish,
    reading,
    there,
)
from prelimbic.simulation.identity import IDS

MANIFEST = "study.json"
SWEEP, SUMMARY, SUMS, REPORT = "sweep.h5", "summary.csv", "SHA256SUMS", "report.html"
CAPTION = ".txt"  # ending of the file beside a figure that says what it shows
MARK = b'<meta name="generator" content="prelimbic report">'  # in the head of every report
HEAD_BYTES = 1000
MOST_BYTES = 1 << 28
MOST_SIBLINGS = 5  # that are named
LONGEST_LABEL = 180  # characters of a file's name before its id


def file_of(place: dict[str, Any], run_id: str) -> str:
    """Name of a run's file: where it stands on the study's axes, and its id."""
    label = "_".join(
        f"{axis}-{value:g}" if isinstance(value, (int, float)) else str(value)
        for axis, value in place.items()
    )
    plain = label.replace("->", "-to-").replace(" ", "-").replace("/", "-")
    return f"{plain[:LONGEST_LABEL]}_{run_id}.h5"


def publish_manifest(
    folder: Path,
    study: str,
    axes: dict[str, str],
    runs: list[dict[str, Any]],
    figures: tuple[str, ...] = (),
    more: dict[str, Any] | None = None,
) -> None:
    """Say in the folder which files belong to the study as last asked; `more` is kept with it, of a question
    of the user's own the question, `asked`, and the places that are `alike`.  Raises StoreError when it
    cannot be written, and UnreadableError where what it says now cannot be read here.

    What was made of other runs, the figures of these names among it, is removed before and after, so that
    whenever this process is killed, and whatever another one reports meanwhile, it never stands beside runs
    that it was not made of.
    """
    told = {"study": study, "ids": IDS, "axes": axes, **(more or {}), "runs": runs}
    text = json.dumps(told, indent=1).encode()
    try:
        before = read_manifest(folder)["runs"]
    except (AbsentError, DamagedError):
        before = []
    if _ids(before) == _ids(runs):
        if content_of(folder / MANIFEST, MOST_BYTES) != text:
            publish(folder / MANIFEST, text)
        return
    sheets = {str(run["place"]["sheet"]) for run in (*before, *runs) if "sheet" in run["place"]}
    remove_made(folder, figures, sheets)
    publish(folder / MANIFEST, text)
    remove_made(folder, figures, sheets)


def remove_made(folder: Path, figures: tuple[str, ...], sheets: Collection[str]) -> None:
    """Remove sweep, summary, checksums, a report, and figures, which have one file for all sheets or one for
    each.  Raises StoreError.
    """
    pages = [
        f"{name}{end}{kind}"
        for name in figures
        for end in ("", *(f"_{s}" for s in sheets))
        for kind in (".svg", ".png", CAPTION)
    ]
    try:
        report = {REPORT} if is_report(folder / REPORT) else set()
        for name in {SWEEP, SUMMARY, SUMS, *pages, *report} & set(os.listdir(folder)):
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        told = f"what {folder} holds of runs asked for earlier cannot be removed"
        raise StoreError(f"{told}: {error.strerror}") from None


def is_report(path: Path) -> bool:
    """Whether a file is a report of ours, by its head."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as handle:
            return MARK in next_of(handle, HEAD_BYTES)
    except OSError:
        return False


def _ids(runs: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(run["file"], run["run_id"]) for run in runs}


def read_manifest(folder: Path) -> dict[str, Any]:
    """What the study in `folder` consists of.  Raises AbsentError when there is no such folder,
    DamagedError when it holds no study, UnreadableError when nobody can say.
    """
    try:
        with reading(folder / MANIFEST):
            if (folder / MANIFEST).stat().st_size > MOST_BYTES or not (folder / MANIFEST).is_file():
                raise ValueError
            with open(folder / MANIFEST, "rb") as handle:
                manifest = json.loads(next_of(handle).decode())
        axes = {_word(axis): _word(unit) for axis, unit in dict(manifest["axes"]).items()}
        runs = [_run(run) for run in manifest["runs"]]
        kinds = [{axis: isinstance(value, str) for axis, value in run["place"].items()} for run in runs]
        if (
            not runs
            or not kinds[0]
            or any(kind != kinds[0] for kind in kinds)
            or not kinds[0].keys() <= {*axes, "seed"}
        ):
            raise ValueError
        ids = manifest.get("ids", 1)
        own: dict[str, Any] = {"asked": dict(manifest["asked"])} if "asked" in manifest else {}
        own |= {"alike": [(dict(a), dict(b)) for a, b in manifest["alike"]]} if "alike" in manifest else {}
        return {"study": _word(manifest["study"]), "ids": ids, "axes": axes, "runs": runs} | own
    except (OSError, ValueError, KeyError, TypeError, RecursionError, OverflowError):
        if not there(folder):
            raise AbsentError(_no_study(folder)) from None
        raise DamagedError(_no_study(folder)) from None


def earlier_ids(folder: Path, manifest: dict[str, Any]) -> str:
    """One sentence where the runs of a folder have ids that were made otherwise; nothing of others."""
    if manifest["ids"] == IDS:
        return ""
    return (
        f"{folder} was stored by another version, in which ids of runs are made otherwise: what it holds "
        "can be read, and the same study run again recomputes it"
    )


def studies_in(path: Path) -> list[Path]:
    """The folder itself if it is that of a study, else those of studies in it.  Raises StoreError when there
    is none.
    """
    try:
        found = (
            [path]
            if there(path / MANIFEST)
            else [path / name for name in names_in(path) if _holds_study(path / name)]
        )
    except ValueError as error:
        raise StoreError(f"{path} cannot be read: {error}") from None
    if not found:
        raise StoreError(_no_study(path))
    return found


def _holds_study(path: Path) -> bool:
    """Whether a study is kept in a folder; one that cannot be looked into tells so when it is read."""
    try:
        return there(path / MANIFEST)
    except UnreadableError:
        return not path.name.startswith(".")


def _siblings(path: Path) -> list[Path]:
    """Folders beside a path whose names begin as it does: other questions put to the same study."""
    try:
        return sorted(path.parent.glob(f"{glob.escape(path.name)}-*"))[:MOST_SIBLINGS]
    except (OSError, ValueError):
        return []


def _no_study(path: Path) -> str:
    """Why a path is not the folder of a study."""
    if not there(path):
        beside = [near for near in _siblings(path) if _holds_study(near)]
        also = f"; beside it there is {', '.join(near.name for near in beside)}" if beside else ""
        return printable(f"{path} does not exist{also}")
    if not path.is_dir():
        return f"{path} is a file, not the folder of a study, which holds {MANIFEST}"
    if not there(path / MANIFEST):
        return f"{path} is not the folder of a study: it has no {MANIFEST}"
    return f"{path} is not the folder of a study: it has no readable {MANIFEST}"


def strangers(folder: Path, mine: Collection[str]) -> list[str]:
    """Run files in the folder that are not among the study's own.  Raises UnreadableError."""
    others = [
        name for name in names_in(folder) if name.endswith(".h5") and name not in mine and name != SWEEP
    ]
    return [name for name in others if name.isprintable()]


def _run(told: Any) -> dict[str, Any]:
    """A run as the manifest has it; its file is one in the folder itself.  Raises what bad types raise."""
    name, place = (
        _word(told["file"]),
        {_word(axis): _finite(value) for axis, value in dict(told["place"]).items()},
    )
    if Path(name).name != name or not name.endswith(".h5") or not all(axis.isidentifier() for axis in place):
        raise ValueError
    return {
        **told,
        "file": name,
        "run_id": _word(told["run_id"]),
        "place": place,
        "seconds": float(_finite(told.get("seconds", 0))),
    }


def _word(text: Any) -> str:
    """Text of one line."""
    if not isinstance(text, str) or not text.isprintable():
        raise ValueError
    return text


def _finite(value: Any) -> Any:
    """Text of one line or a number."""
    if isinstance(value, str):
        return _word(value)
    if not math.isfinite(value):
        raise ValueError
    return value
