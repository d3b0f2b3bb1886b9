"""Read every file of a study again and find what is damaged, what does not go together, and what cannot be
read here.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prelimbic.experiments.storage.files import (
    DamagedError,
    StoreError,
    UnreadableError,
    printable,
    reading,
    there,
)
from prelimbic.experiments.storage.made import changed, difference
from prelimbic.experiments.storage.manifest import (
    MANIFEST,
    SUMS,
    SWEEP,
    earlier_ids,
    file_of,
    read_manifest,
    strangers,
    studies_in,
)
from prelimbic.experiments.storage.store import SEAL_HOLDS, check_run, check_sweep
from prelimbic.experiments.sweep.watch import along
from prelimbic.simulation.variable import Variable


def verify(path: Path) -> None:
    """Say of a file, a study's folder, or a folder of such, what is damaged and what cannot be read here.
    Raises StoreError when anything is.
    """
    if _is_file(path):
        seal = check_file(path, None)
        print(printable(f"{path}: whole" + (f"; its seal is {seal}" if seal != SEAL_HOLDS else "")))
        return
    found = [_found(folder) for folder in studies_in(path)]
    damaged, unreadable = sum(len(one.damaged) for one in found), sum(len(one.unreadable) for one in found)
    if unreadable:
        cause = next(error.cause for one in found for error in one.unreadable.values())
        also = f"; and {_files(damaged, 'damaged ')}" if damaged else ""
        raise StoreError(f"{_files(unreadable)} cannot be read here: {cause}{also}")
    if damaged:
        raise StoreError(
            f"{_files(damaged, 'damaged ')}; the study's command recomputes damaged runs and makes the rest"
        )


def _files(count: int, what: str = "") -> str:
    return f"{count} {what}{'file' if count == 1 else 'files'}"


def check_file(path: Path, run_id: str | None) -> str:
    """Compute seal and digest of a file again; what has become of the seal.

    Raises DamagedError where it is not what it was, or not the run `run_id`, and UnreadableError.
    """
    if path.name == SWEEP:
        return check_sweep(path)[1]
    head = check_run(path)
    if run_id is not None and head["run_id"] != run_id:
        raise DamagedError(f"{path} is run {head['run_id']}, not {run_id}")
    return str(head["seal"])


@dataclass
class _Found:
    """What is wrong in a folder: a sentence or an error a file."""

    damaged: dict[str, str] = field(default_factory=dict)
    unreadable: dict[str, UnreadableError] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)


def _found(folder: Path) -> _Found:
    """Print what is wrong in the folder of a study, and how much is whole."""
    found = _Found()
    try:
        manifest = read_manifest(folder)
        ids = {str(run["file"]): str(run["run_id"]) for run in manifest["runs"]}
        names = [name for name in (*ids, *strangers(folder, ids)) if _is_there(folder / name, found)]
    except UnreadableError as error:
        print(error)
        return _Found(unreadable={MANIFEST: error})
    except StoreError as error:
        print(error)
        return _Found(damaged={MANIFEST: str(error)})
    for path in along([folder / name for name in names], "verifying", "files"):
        _check(path, ids.get(path.name), found)
    _check_made(folder, manifest, found)
    for line in (*found.remarks.values(), *found.damaged.values(), *map(str, found.unreadable.values())):
        print(line)
    whole = len(ids.keys() & {*names} - found.damaged.keys() - found.unreadable.keys())
    missing = len(ids.keys() - {*names} - found.unreadable.keys())
    counts = f"{len(found.damaged)} files damaged, {missing} missing"
    blind = f", {len(found.unreadable)} not to be read here" if found.unreadable else ""
    print(
        printable(
            f"study {manifest['study']} in {folder}: {whole} of {len(ids)} runs are whole, {counts}{blind}"
        )
    )
    if told := earlier_ids(folder, manifest):
        print(printable(told))
    return found


def _check(path: Path, run_id: str | None, found: _Found) -> dict[str, Variable]:
    """Check a file; the variables of a sweep."""
    variables: dict[str, Variable] = {}
    try:
        if path.name == SWEEP:
            variables, seal = check_sweep(path)
        else:
            seal = check_file(path, run_id)
        if seal != SEAL_HOLDS:
            found.remarks[path.name] = printable(f"{path}: its seal is {seal}")
    except UnreadableError as error:
        found.unreadable[path.name] = error
    except (OSError, StoreError) as error:
        found.damaged[path.name] = printable(str(error))
    return variables


def _check_made(folder: Path, manifest: dict[str, Any], found: _Found) -> None:
    """Whether names, the sweep and what was made with it belong to the runs of a folder."""
    from prelimbic.experiments.storage.dataset import load

    misplaced = [
        run["file"] for run in manifest["runs"] if file_of(run["place"], run["run_id"]) != run["file"]
    ]
    if misplaced:
        found.damaged[MANIFEST] = printable(
            f"{folder / MANIFEST} lists {misplaced[0]} with other axes than its file name has"
        )
    try:
        for name, wrong in changed(folder).items():
            found.damaged.setdefault(name, printable(f"{folder / name} {wrong}"))
    except UnreadableError as error:
        found.unreadable[Path(error.what).name] = error
    if _is_there(folder / SWEEP, found) and not _is_there(folder / SUMS, found):
        found.remarks[SUMS] = printable(
            f"{folder}: no {SUMS} (made by an earlier version), so tables and figures are not checked"
        )
    if not _is_there(folder / SWEEP, found) or not (sweep := _check(folder / SWEEP, None, found)):
        return
    try:
        with warnings.catch_warnings(action="ignore"):  # what is missing is counted above
            differs = difference(load(folder), sweep)
    except StoreError:  # nothing to compare it with, as was told above
        return
    if differs:
        found.damaged[SWEEP] = printable(f"{folder / SWEEP} was not made from the runs beside it: {differs}")


def _is_file(path: Path) -> bool:
    try:
        with reading(path):
            path.stat()
    except OSError:
        return False
    return path.is_file()


def _is_there(path: Path, found: _Found) -> bool:
    try:
        return there(path)
    except UnreadableError as error:
        found.unreadable[path.name] = error
        return False
