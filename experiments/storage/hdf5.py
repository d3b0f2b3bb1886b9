"""HDF5 files in the netCDF-4 convention: how one is written, and what its digests cover.

storage.hdf5_reading reads them, in a process of its own; no other module uses h5py.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5ds, h5p, h5s, h5t

from prelimbic.experiments.storage.files import StoreError
from prelimbic.experiments.storage.rows import packed
from prelimbic.simulation.variable import (
    CONFIGURATION,
    SORTED,
    SPIKES,
    Groups,
    Variable,
    is_text,
    sorting,
)

# What the netCDF-4 library writes on a dimension that has no coordinate; readers recognise it by this text.
NO_COORDINATE = "This is a netCDF dimension but not a netCDF variable.%10d"
# Tells xarray by h5netcdf that text is text.  Of a type that the netCDF-4 library passes over: by netCDF4
# text comes as such, and
# xarray fails where it is told so twice.
ENCODING = np.array("utf-8", dtype="U5")
TEXT = h5py.string_dtype()
# SONATA has the order of spikes as an enumeration.
SORTING = h5py.enum_dtype(SORTED, basetype="u1")
SIGNATURE = b"\x89HDF\r\n\x1a\n"
SWEEP_SCHEMA = "prelimbic-sweep"
DIGEST, PROVENANCE_DIGEST = "content_sha256", "provenance_sha256"
BEYOND = "beyond"
# what no digest of the content covers: how it came to be, and a copy of parts of it
PROVENANCE, ROW = "provenance", "row"
COMPRESSED_ABOVE, TEXT_COMPRESSED_ABOVE = 1024, 8192  # numbers; bytes
# Gzip makes nothing a thousand times smaller; a dataset that claims more than this is none of ours.
MOST_BYTES, MOST_TIMES = 1 << 34, 1100


def image(head: dict[str, Any], config: str, groups: Groups, facts: dict[str, Any]) -> bytes:
    """The bytes of a file: attributes, configuration and groups, their digest, and facts of provenance."""
    # The HDF5 library does not survive a full disk, so the file is made in memory.
    with h5py.File("image", "w", driver="core", backing_store=False) as file:
        content = _Writer(file, head)
        content.put("", "config", Variable((), np.array(config, dtype=object), "", CONFIGURATION), False)
        for name, group in groups.items():
            content.add(name, group, compressed=not name.startswith(SPIKES))  # libsonata reads no deflate
            if name.startswith(SPIKES):
                content.note(name, "sorting", np.array(sorting(group), np.uint8), SORTING)
        beside = _Writer(file)
        layout, row = packed(groups)
        numbers = np.frombuffer(row, dtype=np.uint8)
        meaning = "all numbers of summary, traces and fine, once more"
        beside.add(ROW, {"numbers": Variable(("byte",), numbers, "1", meaning)}, compressed=False)
        beside.note(ROW, "layout", layout)
        provenance = _Writer(file)
        provenance.add(PROVENANCE, {})
        for key, value in (facts | {DIGEST: content.digest()}).items():
            provenance.note(PROVENANCE, key, value)
        provenance.note(PROVENANCE, PROVENANCE_DIGEST, provenance.digest())
        file.flush()
        return bytes(file.id.get_file_image())


def flat_image(head: dict[str, Any], variables: dict[str, Variable]) -> bytes:
    """The bytes of a file without groups, with their digest as an attribute."""
    with h5py.File("image", "w", driver="core", backing_store=False) as file:
        content = _Writer(file, head)
        content.add("", variables, compressed=False)
        content.note("", DIGEST, content.digest())
        file.flush()
        return bytes(file.id.get_file_image())


def image_of(fill: Callable[[h5py.File], None]) -> bytes:
    """The bytes of a file that a function fills, for the layouts of other programs."""
    with h5py.File("image", "w", driver="core", backing_store=False) as file:
        fill(file)
        file.flush()
        return bytes(file.id.get_file_image())


def note_order(group: h5py.Group, ascending: bool) -> None:
    """Say in which order the spikes of a SONATA population stand: as an enumeration, not as text."""
    group.attrs.create("sorting", SORTED["by_time" if ascending else "none"], dtype=SORTING)


def content_digest(file: h5py.File) -> str:
    """SHA-256 over every group, dataset and attribute outside /provenance and /row, in name order."""
    return _digest(
        file, ["", *(name for name in _names(file) if name.partition("/")[0] not in (PROVENANCE, ROW))]
    )


def provenance_digest(file: h5py.File) -> str:
    """SHA-256 over /provenance."""
    return _digest(file, [name for name in _names(file) if name.partition("/")[0] == PROVENANCE])


def _names(file: h5py.File) -> list[str]:
    names: list[str] = []
    file.visit(names.append)
    return sorted(names)


def _digest(file: h5py.File, names: Iterable[str]) -> str:
    return _hashed((name, *_read(file[name or "/"], name)) for name in names)


def _read(item: Any, name: str) -> tuple[dict[str, str], tuple[str, np.ndarray] | None]:
    own = {"": DIGEST, PROVENANCE: PROVENANCE_DIGEST}.get(name)  # no digest covers itself
    keys = [key for key in item.attrs if key not in ("REFERENCE_LIST", "DIMENSION_LIST", own)]
    told = {key: repr(item.attrs[key]) for key in keys}
    return told, (f"{item.dtype}{item.shape}", values_of(item)) if isinstance(item, h5py.Dataset) else None


def _hashed(items: Iterable[tuple[str, dict[str, str], tuple[str, np.ndarray] | None]]) -> str:
    """SHA-256 over items: name, attributes, and of datasets type with shape, and values."""
    total = hashlib.sha256()
    for name, attributes, data in items:
        total.update(f"\0{name or '/'}\0".encode())
        total.update("".join(f"\0{key}={attributes[key]}" for key in sorted(attributes)).encode())
        if data is not None:
            kind, values = data
            total.update(f"\0{kind}".encode())
            total.update(json.dumps(values.tolist()).encode() if is_text(values) else values.tobytes())
    return total.hexdigest()


class _Writer:
    """Writes into a file, and notes what a digest will cover as a reader of the file finds it.

    The library's lower level is asked: a run has hundreds of small datasets and attributes.
    """

    def __init__(self, file: h5py.File, head: dict[str, Any] | None = None):
        self._ids: dict[str, Any] = {"": file.id}
        self._file, self._told = file, dict[str, dict[str, str]]()
        self._data = dict[str, tuple[str, np.ndarray]]()
        if head is not None:
            self._told[""] = {}
            for key, value in head.items():
                self.note("", key, value)

    def digest(self) -> str:
        """Of all that was written so far."""
        return _hashed((name, self._told[name], self._data.get(name)) for name in sorted(self._told))

    def note(self, name: str, key: str, value: Any, kind: np.dtype | None = None) -> None:
        """Write an attribute of an item."""
        values = np.asarray(value)
        values = values.astype(TEXT) if values.dtype.kind == "U" and kind is None else values
        written, held = _kinds(values.dtype if kind is None else kind)
        attribute = h5a.create(self._ids[name], key.encode(), written, _space(values.shape))
        attribute.write(values, mtype=held)
        self._told[name][key] = repr(values[()] if values.ndim == 0 else values)

    def add(self, name: str, variables: dict[str, Variable], compressed: bool = True) -> None:
        """Write a group, and its variables with the scales of their dimensions."""
        if name:
            for part in (name.partition("/")[0], name):
                self._told.setdefault(part, {})
            self._ids[name] = self._file.create_group(name).id
        sizes = {d: n for v in variables.values() for d, n in zip(v.dimensions, v.values.shape, strict=True)}
        scales = {d: self._placeholder(name, d, n) for d, n in sizes.items() if d not in variables}
        for key, variable in sorted(variables.items(), key=lambda item: item[1].dimensions != (item[0],)):
            data = self.put(name, key, variable, compressed)
            if variable.dimensions == (key,):
                scales[key] = self._scale(name, key, data, key)
                continue
            for axis, dimension in enumerate(variable.dimensions):
                h5ds.attach_scale(data, scales[dimension], axis)

    def put(self, group: str, name: str, variable: Variable, compressed: bool) -> Any:
        """Write a variable, without its scales."""
        text = is_text(variable.values)
        values = _as_bytes(variable.values) if text else np.asarray(variable.values, order="C")
        large = values.ndim > 0 and (
            values.nbytes > TEXT_COMPRESSED_ABOVE if text else values.size > COMPRESSED_ABOVE
        )
        if compressed and large:
            made = h5py.Group(self._ids[group]).create_dataset(
                name, data=values, compression="gzip", compression_opts=4, shuffle=not text
            )
            data = made.id
        else:
            data = self._plain(group, name, values.dtype, values.shape)
            data.write(h5s.ALL, h5s.ALL, values)
        path = self._enter(group, name, data, values)
        if text:
            self.note(path, "_Encoding", ENCODING, h5py.opaque_dtype(ENCODING.dtype))
        if variable.unit:
            self.note(path, "units", variable.unit)
        self.note(path, "long_name", variable.meaning)
        if values.dtype.kind == "f" and variable.dimensions != (name,):
            self.note(path, "_FillValue", np.full(1, np.nan, values.dtype))
        for key, value in variable.more.items():
            self.note(path, key, value)
        return data

    def _placeholder(self, group: str, name: str, size: int) -> Any:
        """The scale of a dimension that has no coordinate."""
        data = self._plain(group, name, np.dtype("i1"), (size,))
        self._enter(group, name, data, np.zeros(size, "i1"))
        return self._scale(group, name, data, NO_COORDINATE % size)

    def _plain(self, group: str, name: str, kind: np.dtype, shape: tuple[int, ...]) -> Any:
        return h5d.create(self._ids[group], name.encode(), _kinds(kind)[0], _space(shape), dcpl=_TIMELESS)

    def _enter(self, group: str, name: str, data: Any, values: np.ndarray) -> str:
        """Note a dataset under its path."""
        path = f"{group}/{name}" if group else name
        kind = f"{values.dtype}{values.shape}"
        values = np.strings.decode(values).astype(object) if values.dtype.kind == "S" else values
        self._ids[path], self._told[path], self._data[path] = data, {}, (kind, values)
        return path

    def _scale(self, group: str, name: str, data: Any, label: str) -> Any:
        h5ds.set_scale(data, label.encode())
        self._told[f"{group}/{name}" if group else name] |= {
            "CLASS": repr(np.bytes_(b"DIMENSION_SCALE")),
            "NAME": repr(np.bytes_(label.encode())),
        }
        return data


def _kinds(kind: np.dtype) -> tuple[Any, Any]:
    """A type as it stands in files, and as it lies in memory."""
    return _created(kind, str(kind.metadata))  # of which types that are equal may have different ones


@cache
def _created(kind: np.dtype, _metadata: str) -> tuple[Any, Any]:
    return h5t.py_create(kind, logical=True), h5t.py_create(kind)


@cache
def _space(shape: tuple[int, ...]) -> Any:
    return h5s.create_simple(shape)


def _timeless() -> Any:
    """Of datasets that do not say when they were made."""
    made = h5p.create(h5p.DATASET_CREATE)
    made.set_obj_track_times(False)
    return made


_TIMELESS = _timeless()


def _as_bytes(values: np.ndarray) -> np.ndarray:
    """Text as bytes of fixed length, two at least: netCDF takes single ones for characters of a longer
    text.
    """
    found = np.array([str(text).encode() for text in values.ravel()], dtype=bytes).reshape(values.shape)
    return found.astype(f"S{max(2, found.dtype.itemsize)}")


def values_of(data: h5py.Dataset) -> np.ndarray:
    """The values of a dataset that is stored in its own file, and no larger than that could hold."""
    if data.is_virtual or data.external or data.nbytes > room_of(data.file):
        raise StoreError(
            f"{data.file.filename} cannot be read as a run file ({data.name} is not stored in it)"
        )
    if data.dtype.kind == "S":
        return np.asarray(np.strings.decode(np.asarray(data[()])), dtype=object)
    return np.asarray(data.asstr()[()] if data.dtype.kind == "O" else data[()])


def room_of(file: h5py.File) -> int:
    """How many bytes a file of this size may claim to hold."""
    return int(min(MOST_BYTES, MOST_TIMES * file.id.get_filesize()))
