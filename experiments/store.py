"""Run files: written whole or not at all, checked, and read with named dimensions and units.

A run is one HDF5 file in the netCDF-4 convention (dimension scales), so xarray opens it without this package.  It is
written under a temporary name in its folder, synced, then renamed.  `content_sha256` in /provenance is a digest of
everything outside /provenance; a seal at the file's end is one of all its bytes.  /row repeats what a sweep is made of.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from experiments import hdf5
from experiments.config import MODEL_VERSION, SCHEMA_VERSION, Config, overridden
from experiments.files import StoreError, publish, seal_holds, sealed
from experiments.reader import ask
from experiments.variable import Groups, Variable

SCHEMA = "prelimbic-run"
AT_ONCE = 100  # files that are read in one go
_held: dict[tuple[str, str], tuple[int, int, int]] = {}  # (file, run id) -> inode, size and time when its seal held


def write_run(path: Path, config: Config, groups: Groups, facts: dict[str, str | float]) -> None:
    """Write one run file.  Raises StoreError (nothing is left behind) when the disk is full or not writable."""
    configuration = json.dumps(config.to_dict(), sort_keys=True)
    content = hdf5.image(_head(config), configuration, groups | {"numbers": _numbers(config)}, facts)
    publish(path, sealed(content, config.run_id(), str(facts.get("target", ""))))


def check_run(path: Path) -> dict[str, Any]:
    """Attributes of a run file after recomputing digest and seal.  Raises StoreError when it is no whole, undamaged run."""
    head = dict(ask("check", path, SCHEMA, SCHEMA_VERSION, of=path, size=_size(path)))
    holds, has_row = seal_holds(path, str(head.get("run_id"))), head.pop(hdf5.ROW)
    if holds is False or (holds is None and has_row):  # what has a row was sealed
        raise StoreError(f"{path} is damaged: its content does not match its seal")
    return head


def is_whole(path: Path, run_id: str) -> bool:
    """True when the file is there, undamaged and of this very run."""
    try:
        now = path.stat()
        stamp = (now.st_ino, now.st_size, now.st_mtime_ns)
        if _held.get((str(path), run_id)) == stamp:
            return True
        holds = seal_holds(path, run_id)
        if holds is None:  # a file of an earlier version
            holds = str(check_run(path)["run_id"]) == run_id
    except (OSError, StoreError):
        return False
    if holds:
        _held[(str(path), run_id)] = stamp
    return holds


def read_groups(path: Path, names: tuple[str, ...]) -> Groups:
    """Those of some groups that a run file has.  Raises StoreError when it cannot be read."""
    return dict(ask("groups", path, names, of=path, size=_size(path)))


def read_rows(paths: list[Path]) -> Iterator[tuple[list[int], Groups, np.ndarray]]:
    """What a sweep is made of: for all files that are laid out alike, which of `paths` they are, the groups of the first, and the
    numbers of all, shape (file,), a field GROUP/NAME each.  What cannot be read is left out."""
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
        kind = hdf5.row_type(groups)
        which = [k for k in which if found[k].nbytes == kind.itemsize]
        yield which, groups, np.frombuffer(b"".join(found[k].tobytes() for k in which), kind, len(which))


def _laid_out(path: Path, layout: str) -> Groups | None:
    """The groups of a file, if its row is laid out as it says."""
    try:
        groups = read_groups(path, hdf5.IN_ROW)
    except StoreError:
        return None
    return groups if hdf5.packed(groups)[0] == layout else None


def _rows(paths: list[Path]) -> Iterator[tuple[str, np.ndarray]]:
    """Layout and bytes of the row of each file; of one that cannot be read, no layout."""
    try:
        answers = zip(*ask("rows", paths, of=paths[0].parent, size=sum(map(_size, paths))), strict=True)
    except StoreError:
        if len(paths) == 1:
            yield "", np.zeros(0, np.uint8)
            return
        for path in paths:  # one of them crashes the reader
            yield from _rows([path])
        return
    for path, (layout, row, wrong) in zip(paths, answers, strict=True):
        if not layout and not wrong:  # a file of an earlier version has no row
            with contextlib.suppress(StoreError):
                layout, bytes_ = hdf5.packed(read_groups(path, hdf5.IN_ROW))
                row = np.frombuffer(bytes_, dtype=np.uint8)
        yield layout, row


def read_config(path: Path) -> dict[str, Any]:
    """The configuration that a checked run file holds.  Raises StoreError."""
    text = ask("config", path, of=path, size=_size(path))
    try:
        found = dict(json.loads(text))
        {str(name): float(value) for name, value in found["overrides"]}
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        raise StoreError(f"{path} cannot be read as a run file (its configuration is none)") from None
    return found


def tree(path: Path) -> list[list[str]]:
    """(name, shape with dimensions, unit, meaning) of every variable of any netCDF-4 file we write.  Raises StoreError."""
    return list(ask("tree", path, of=path, size=_size(path)))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _head(config: Config) -> dict[str, Any]:
    head = {
        "Conventions": "CF-1.11", "schema": SCHEMA, "schema_version": SCHEMA_VERSION, "model_version": MODEL_VERSION,
        "run_id": config.run_id(), "study": config.study, "circuit_sheet": config.sheet_name, "species": config.species,
        "calibrated": config.calibration(), "manipulations": " ".join(config.done()), **asdict(config.hypotheses),
        "scale": config.scale, "seed": config.seed, "sheet_sha256": config.sheet_hash(), "complete": np.uint8(1),
    }  # fmt: skip
    if config.spikes:
        head |= {"magic": np.uint32(0x0A7A), "version": np.array([0, 1], dtype=np.uint32)}
    return head


def _numbers(config: Config) -> dict[str, Variable]:
    """Every number the run used; an overridden one has that status, and its sheet's value beside it."""
    shipped = {f"{s}.{name}": v for s, part in overridden(config.circuit, ()).items() for name, v in part.values().items()}
    used = [(f"{s}.{section}.{name}", row) for s, part in config.sheets().items()
            for section, rows in part.sections.items() for name, row in rows.items()]  # fmt: skip
    changed = {name for name, _ in config.overrides}
    text = {
        "name": [name for name, _ in used],
        "unit": [row.unit for _, row in used],
        "status": ["overridden" if name in changed else row.status for name, row in used],
        "source": ["" if name in changed else row.source for name, row in used],
        "note": ["" if name in changed else row.note for name, row in used],
    }
    columns = {key: Variable(("number",), np.array(values, dtype=object), "", key) for key, values in text.items()}
    columns["value"] = Variable(("number",), np.array([row.value for _, row in used]), "", "value in its unit")
    columns["sheet_value"] = Variable(("number",), np.array([shipped[name] for name, _ in used]), "", "value in the sheet")
    return columns
