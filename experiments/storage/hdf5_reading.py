"""HDF5 files of runs and sweeps, read; with storage.hdf5, which writes them, the only user of h5py.

This is done in a process of its own (storage.reader): a file that was made to harm can crash the HDF5
library.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from prelimbic.experiments.storage.files import (
    StoreError,
    UnreadableError,
    printable,
    reading,
    reason,
    trouble,
)
from prelimbic.experiments.storage.hdf5 import (
    BEYOND,
    DIGEST,
    NO_COORDINATE,
    PROVENANCE,
    PROVENANCE_DIGEST,
    ROW,
    SIGNATURE,
    SWEEP_SCHEMA,
    content_digest,
    provenance_digest,
    room_of,
    values_of,
)
from prelimbic.experiments.storage.rows import IN_ROW, packed
from prelimbic.simulation.variable import Groups, Variable

DIGESTED_SINCE = 4  # schema of a sweep


def check(path: Path, schema: str, versions: list[int]) -> dict[str, Any]:
    """Attributes of a file after its digest was computed again, those of provenance under that name; whether
    it has a row; how many bytes stand behind its content.
    """
    with _open(path) as file:
        head = _attributes(file)
        if head.get("schema") == SWEEP_SCHEMA != schema:
            raise StoreError(
                f"{path} is a sweep of run files, not one of them; prelimbic inspect takes its folder, load "
                "too"
            )
        if head.get("schema") != schema:
            raise StoreError(f"{path} is not a {schema.replace('-', ' ')} file")
        if int(head["schema_version"]) not in versions:
            known = " and ".join(map(str, versions))
            raise StoreError(f"{path} has layout {int(head['schema_version'])}, this version reads {known}")
        facts = _attributes(_own(file, PROVENANCE))
        file.visititems(partial(_claim, [room_of(file)]))
        if DIGEST not in facts:
            raise StoreError(f"{path} is damaged: its checksum ({DIGEST}) is gone")
        if int(head.get("complete", 0)) != 1 or facts[DIGEST] != content_digest(file):
            raise StoreError(f"{path} is damaged: its content does not match its digest")
        # files of earlier versions have none
        if facts.get(PROVENANCE_DIGEST) not in (None, provenance_digest(file)):
            raise StoreError(f"{path} is damaged: its provenance does not match its digest")
        if (there := _row(file)) is not None:
            layout, row = packed(_groups(file, IN_ROW))
            if (layout, row) != (there[0], there[1].tobytes()):
                raise StoreError(f"{path} is damaged: its row does not match its content")
        return head | {PROVENANCE: facts, ROW: there is not None, BEYOND: _beyond(path)}


def groups(path: Path, names: tuple[str, ...]) -> Groups:
    """Those of some groups that a file has."""
    with _open(path) as file:
        return _groups(file, names)


def flat(path: Path) -> tuple[bool | None, int, dict[str, Variable]]:
    """Whether the content of a file without groups matches its digest, None where it has none; how many
    bytes stand behind it; and its variables.
    """
    with _open(path) as file:
        file.visititems(partial(_claim, [room_of(file)]))
        told = _told(file, DIGEST, None)
        if told is None and int(_told(file, "schema_version", 0)) >= DIGESTED_SINCE:
            told = ""  # it had one
        found = {name: _own(file, name) for name in file}
        variables = {name: _read(data) for name, data in found.items() if _is_variable(data)}
        return None if told is None else _plain(told) == content_digest(file), _beyond(path), variables


def config(path: Path) -> str:
    """The configuration that a file holds, in JSON."""
    with _open(path) as file:
        return str(values_of(_own(file, "config"))[()])


def asked(paths: list[Path]) -> list[tuple[str, int, str]]:
    """Configuration (JSON) and model version of each file, and by what it was computed; of one that cannot
    be read, an empty text.
    """
    found = []
    for path in paths:
        try:
            with _open(path) as file:
                target = printable(str(_plain(_told(_own(file, PROVENANCE), "target", ""))))
                found.append(
                    (str(values_of(_own(file, "config"))[()]), int(file.attrs["model_version"]), target)
                )
        except UnreadableError:
            raise
        except StoreError:
            found.append(("", 0, ""))
    return found


def rows(paths: list[Path]) -> tuple[list[str], list[np.ndarray], list[str]]:
    """Of each file the layout and the bytes of its row, and what is wrong with it; a file without one has an
    empty layout.
    """
    layouts, found, wrong = [], [], []
    for path in paths:
        layout, row, error = "", np.zeros(0, np.uint8), ""
        try:
            with _open(path) as file:
                layout, row = _row(file) or (layout, row)
        except UnreadableError:
            raise
        except StoreError as problem:
            error = str(problem)
        layouts.append(layout)
        found.append(row)
        wrong.append(error)
    return layouts, found, wrong


def tree(path: Path) -> list[tuple[str, str, str, str]]:
    """(name, shape with dimensions, unit, meaning) of every variable of any netCDF-4 file we write."""
    listed: list[tuple[str, str, str, str]] = []

    def visit(name: str, data: Any) -> None:
        if isinstance(data, h5py.Dataset) and _is_variable(data):
            sizes = ", ".join(f"{d}={n}" for d, n in zip(_dimensions(data), data.shape, strict=True))
            told = (name, sizes, str(_told(data, "units")), str(_told(data, "long_name")))
            listed.append(tuple(printable(text) for text in told))  # type: ignore[arg-type]

    with _open(path) as file:
        file.visititems(visit)
    return listed


class _AbsentError(KeyError):
    """Nothing stands under a name; a KeyError of the library may mean that it could not look."""


@contextmanager
def _open(path: Path) -> Iterator[h5py.File]:
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            raise StoreError(f"{path} is not a file")
        with h5py.File(path, "r", locking=False) as file:  # many shared folders know no locks
            yield file
    except StoreError:
        raise
    except (
        OSError,
        RuntimeError,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        MemoryError,
        ArithmeticError,
        LookupError,
        NotImplementedError,
    ) as error:
        if cause := trouble(error):
            raise UnreadableError(path, cause) from None
        raise StoreError(_no_run(path, error)) from None


def _no_run(path: Path, error: BaseException) -> str:
    """What is wrong with a file: it is not there, of another format, or what the library says."""
    if not os.path.lexists(path):
        return f"{path} does not exist"
    with reading(Path(path)), open(path, "rb") as file:  # the reading process has its paths as text
        if file.read(len(SIGNATURE)) != SIGNATURE and not h5py.is_hdf5(path):
            return f"{path} is not an HDF5 file"
    return f"{path} cannot be read as a run file ({reason(error)})"


def _own(group: h5py.Group, name: str) -> Any:
    """What stands under a name in a group.  Raises KeyError where nothing does, StoreError where a link
    leads elsewhere.
    """
    for part in name.split("/"):
        links = group.id.links
        if not links.exists(part.encode(errors="surrogateescape")):
            raise _AbsentError(f"it has no {name}")
        if links.get_info(part.encode(errors="surrogateescape")).type != h5py.h5l.TYPE_HARD:
            raise StoreError(f"{group.file.filename} cannot be read as a run file ({name} is a link)")
        group = group[part]
    return group


def _groups(file: h5py.File, names: Iterable[str]) -> Groups:
    """Those of some groups that a file has, all together no larger than it could hold."""
    found, room = Groups(), room_of(file)
    for name in names:
        try:
            group = _own(file, name)
        except _AbsentError:
            continue
        found[name] = {}
        for key in group:
            data = _own(group, key)
            if _is_variable(data):
                found[name][key] = _read(data)
                room -= data.nbytes
            if room < 0:
                raise StoreError(
                    f"{file.filename} cannot be read as a run file (it claims more than it holds)"
                )
    return found


def _claim(room: list[int], name: str, item: Any) -> None:
    """Take the size of a dataset from the room that is left for all of a file."""
    room[0] -= item.nbytes if isinstance(item, h5py.Dataset) else 0
    if room[0] < 0:
        raise StoreError(f"{item.file.filename} cannot be read as a run file (it claims more than it holds)")


def _beyond(path: Path) -> int:
    """How many bytes of a file stand behind what the library has written, whose end its superblock tells."""
    with open(path, "rb") as handle:
        head, size = handle.read(48), handle.seek(0, os.SEEK_END)
    return size - int.from_bytes(head[40:48] if head[8] < 2 else head[28:36], "little")


def _row(file: h5py.File) -> tuple[str, np.ndarray] | None:
    """Layout and bytes of the row of a file; nothing where it has none."""
    try:
        group = _own(file, ROW)
    except _AbsentError:
        return None
    row = values_of(_own(group, "numbers"))
    if row.dtype != np.uint8 or row.ndim != 1:
        raise ValueError("its row is not one of bytes")
    return str(_plain(group.attrs["layout"])), row


def _told(item: Any, name: str, without: Any = "") -> Any:
    """An attribute, or what stands for one that is not there; `get` of h5py takes a failing disk for that
    too.
    """
    return item.attrs[name] if name in item.attrs else without  # noqa: SIM401


def _attributes(item: Any) -> dict[str, Any]:
    return {printable(name): _plain(value) for name, value in item.attrs.items()}


def _is_variable(data: Any) -> bool:
    """True but for groups and for the placeholders of dimensions that have no coordinate."""
    if not isinstance(data, h5py.Dataset):
        return False
    label = _told(data, "NAME", b"")
    return not (label if isinstance(label, bytes) else str(label).encode()).startswith(
        NO_COORDINATE[:20].encode()
    )


def _dimensions(data: h5py.Dataset) -> tuple[str, ...]:
    if data.is_scale:
        return (data.name.rpartition("/")[2],)
    return tuple(scales[0].name.rpartition("/")[2] if len(scales) else "" for scales in data.dims)


def _read(data: h5py.Dataset) -> Variable:
    units, meaning = (str(_told(data, name)) for name in ("units", "long_name"))
    return Variable(_dimensions(data), values_of(data), units, meaning)


def _plain(value: Any) -> Any:
    """An attribute as JSON has it."""
    if isinstance(value, bytes):
        value = value.decode()
    return (
        value.tolist()
        if isinstance(value, (np.generic, np.ndarray))
        else printable(value)
        if isinstance(value, str)
        else value
    )
