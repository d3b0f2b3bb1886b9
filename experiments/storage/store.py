"""Run files: written whole or not at all, checked, and read with named dimensions and units.

A run is one HDF5 file in the netCDF-4 convention (dimension scales), so xarray opens it without this
package.  It is written under a temporary name in its folder, synced, then renamed.  `content_sha256` in
/provenance is a digest of everything outside /provenance; a seal at the file's end is one of all its bytes.
/row repeats what a sweep is made of.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from prelimbic.experiments.storage import hdf5
from prelimbic.experiments.storage.files import (
    DamagedError,
    UnreadableError,
    publish,
    reading,
    seal_holds,
    sealed,
)
from prelimbic.experiments.storage.reader import ask
from prelimbic.experiments.storage.rows import IN_ROW, packed, row_type
from prelimbic.simulation.config import READABLE, Config
from prelimbic.simulation.facts import facts
from prelimbic.simulation.outputs import SCHEMA, configuration, every_number, head
from prelimbic.simulation.variable import Groups, Variable

AT_ONCE = 100  # files that are read in one go
SEAL_HOLDS, SEAL_GONE = (
    "holds",
    "gone (a program opened the file for writing), but the content matches its digest",
)
NO_SEAL = "none (made by an earlier version)"
NO_CHECKSUM = "none, and no other checksum (made by an earlier version, or opened for writing since)"
# (file, run id) -> inode, size and times when it was found whole
_held: dict[tuple[str, str], tuple[int, ...]] = {}


def write_run(path: Path, config: Config, groups: Groups, facts: dict[str, str | float]) -> None:
    """Write one run file.  Raises StoreError (nothing is left behind) when the disk is full or not
    writable.
    """
    content = hdf5.image(
        head(config), configuration(config), groups | {"numbers": every_number(config)}, facts
    )
    publish(path, sealed(content, config.run_id(), str(facts.get("target", ""))), finished=True)


def check_run(path: Path) -> dict[str, Any]:
    """Attributes of a run file after recomputing digest and seal; `seal` says what has become of that.

    Raises DamagedError when it is no whole, undamaged run, and UnreadableError when that cannot be said
    here.
    """
    try:
        told = dict(ask("check", path, SCHEMA, READABLE, of=path, size=_size(path)))
    except UnreadableError:
        # memory may be short because a damaged file claims too much of it
        if seal_holds(path, None) is False:
            raise DamagedError(f"{path} is damaged: its content does not match its seal") from None
        raise
    holds, has_row, beyond = (
        seal_holds(path, str(told.get("run_id"))),
        told.pop(hdf5.ROW),
        told.pop(hdf5.BEYOND),
    )
    if holds is False or (holds is None and beyond):
        raise DamagedError(f"{path} is damaged: its content does not match its seal")
    # what has a row was sealed
    return told | {"seal": SEAL_HOLDS if holds else SEAL_GONE if has_row else NO_SEAL}


def is_whole(path: Path, run_id: str) -> bool:
    """True when the file is there, undamaged and of this very run; its seal may be gone.

    Raises UnreadableError when it is there, or may be, and cannot be read here: then nobody may take its
    place.
    """
    try:
        with reading(path):
            now = path.stat()
        stamp = (now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)
        if _held.get((str(path), run_id)) == stamp:
            return True
        holds = seal_holds(path, run_id)
        if holds is None:  # a file of an earlier version, or one that was opened for writing
            holds = str(check_run(path)["run_id"]) == run_id
    except UnreadableError:
        raise
    except (OSError, DamagedError):
        return False
    if holds:
        _held[(str(path), run_id)] = stamp
    return holds


def sorted_out(folder: Path, ids: dict[str, str]) -> tuple[set[str], dict[str, str]]:
    """Of files, given with the ids of their runs, those that are whole, and why others cannot be read here;
    all else is missing or damaged.
    """
    whole, causes = set[str](), dict[str, str]()
    for name, run_id in ids.items():
        try:
            if is_whole(folder / name, run_id):
                whole.add(name)
        except UnreadableError as error:
            causes[name] = error.cause
    return whole, causes


def read_groups(path: Path, names: tuple[str, ...]) -> Groups:
    """Those of some groups that a run file has.  Raises DamagedError and UnreadableError."""
    return dict(ask("groups", path, names, of=path, size=_size(path)))


def read_rows(paths: list[Path]) -> Iterator[tuple[list[int], Groups, np.ndarray]]:
    """What a sweep is made of: for all files that are laid out alike, which of `paths` they are, the groups
    of the first, and the numbers of all, shape (file,), a field GROUP/NAME each.  What is damaged is left
    out.  Raises UnreadableError.
    """
    layouts, found = list[str](), list[np.ndarray]()
    for first in range(0, len(paths), AT_ONCE):
        part = paths[first : first + AT_ONCE]
        for layout, row in _rows(part):
            layouts.append(layout)
            found.append(row)
    for layout in dict.fromkeys(name for name in layouts if name):
        which = [k for k, name in enumerate(layouts) if name == layout]
        groups = next((groups for k in which if (groups := _laid_out(paths[k], layout)) is not None), None)
        if groups is None:
            continue
        kind = row_type(groups)
        which = [k for k in which if found[k].nbytes == kind.itemsize]
        yield which, groups, np.frombuffer(b"".join(found[k].tobytes() for k in which), kind, len(which))


def _laid_out(path: Path, layout: str) -> Groups | None:
    """The groups of a file, if its row is laid out as it says."""
    try:
        groups = read_groups(path, IN_ROW)
    except DamagedError:
        return None
    return groups if packed(groups)[0] == layout else None


def _rows(paths: list[Path]) -> Iterator[tuple[str, np.ndarray]]:
    """Layout and bytes of the row of each file; of one that cannot be read, no layout."""
    try:
        answers = zip(*ask("rows", paths, of=paths[0].parent, size=sum(map(_size, paths))), strict=True)
    except DamagedError:
        if len(paths) == 1:
            yield "", np.zeros(0, np.uint8)
            return
        for path in paths:  # one of them crashes the reader
            yield from _rows([path])
        return
    for path, (layout, row, wrong) in zip(paths, answers, strict=True):
        if not layout and not wrong:  # a file of an earlier version has no row
            with contextlib.suppress(DamagedError):
                layout, bytes_ = packed(read_groups(path, IN_ROW))
                row = np.frombuffer(bytes_, dtype=np.uint8)
        yield layout, row


def read_config(path: Path) -> dict[str, Any]:
    """The configuration that a checked run file holds.  Raises DamagedError and UnreadableError."""
    text = ask("config", path, of=path, size=_size(path))
    try:
        found = dict(json.loads(text))
        {str(name): float(value) for name, value in found["overrides"]}
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        raise DamagedError(f"{path} cannot be read as a run file (its configuration is none)") from None
    return found


def read_facts(paths: list[Path]) -> list[dict[str, Any]]:
    """What each run file says of its run: species, route, scale and so on, see simulation.facts; of one that
    cannot be read, or whose configuration is none, nothing.  Raises UnreadableError.
    """
    found: list[dict[str, Any]] = []
    for first in range(0, len(paths), AT_ONCE):
        part = paths[first : first + AT_ONCE]
        try:
            told = ask("asked", part, of=part[0].parent, size=sum(map(_size, part)))
        except DamagedError:
            told = [["", 0, ""]] * len(part)
        found += [_facts(text, version) | {"target": target} for text, version, target in told]
    return found


def _facts(config: str, model_version: int) -> dict[str, Any]:
    try:
        return facts(json.loads(config)) | {"model_version": model_version}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return {}


def check_sweep(path: Path) -> tuple[dict[str, Variable], str]:
    """Variables of a sweep.h5 after recomputing its digest and seal, and what has become of the seal.
    Raises DamagedError and UnreadableError.
    """
    holds = seal_holds(path, "sweep")
    matches, beyond, variables = ask("flat", path, of=path, size=_size(path))
    if holds is False or (holds is None and beyond):
        raise DamagedError(f"{path} is damaged: its content does not match its seal")
    if matches is False:
        raise DamagedError(f"{path} is damaged: its content does not match its digest")
    return variables, SEAL_HOLDS if holds else SEAL_GONE if matches else NO_CHECKSUM


def tree(path: Path) -> list[list[str]]:
    """(name, shape with dimensions, unit, meaning) of every variable of any netCDF-4 file we write.  Raises
    DamagedError and UnreadableError.
    """
    return list(ask("tree", path, of=path, size=_size(path)))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
