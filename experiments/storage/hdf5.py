"""HDF5 files in the netCDF-4 convention: how one is written, and what its digests cover.

storage.hdf5_reading reads them, in a process of its own; no other module uses h5py.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import h5py
import numpy as np

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
        file.attrs.update(head)
        configuration = Variable((), np.array(config, dtype=object), "", CONFIGURATION)
        _create(file, "config", configuration, compressed=False)
        for name, group in groups.items():
            made = file.create_group(name)
            _write_group(made, group, compressed=not name.startswith(SPIKES))  # libsonata reads no deflate
            if name.startswith(SPIKES):
                made.attrs.create("sorting", sorting(group), dtype=SORTING)
        layout, row = packed(groups)
        numbers = Variable(
            ("byte",),
            np.frombuffer(row, dtype=np.uint8),
            "1",
            "all numbers of summary, traces and fine, once more",
        )
        _write_group(file.create_group(ROW), {"numbers": numbers}, compressed=False)
        file[ROW].attrs["layout"] = layout
        provenance = file.create_group(PROVENANCE)
        provenance.attrs.update(facts)
        provenance.attrs[DIGEST] = content_digest(file)
        provenance.attrs[PROVENANCE_DIGEST] = provenance_digest(file)
        file.flush()
        return bytes(file.id.get_file_image())


def flat_image(head: dict[str, Any], variables: dict[str, Variable]) -> bytes:
    """The bytes of a file without groups, with their digest as an attribute."""
    with h5py.File("image", "w", driver="core", backing_store=False) as file:
        file.attrs.update(head)
        _write_group(file, variables, compressed=False)
        file.attrs[DIGEST] = content_digest(file)
        file.flush()
        return bytes(file.id.get_file_image())


def content_digest(file: h5py.File) -> str:
    """SHA-256 over every group, dataset and attribute outside /provenance and /row, in name order."""
    return _digest(
        file, ["/", *(name for name in _names(file) if name.partition("/")[0] not in (PROVENANCE, ROW))]
    )


def provenance_digest(file: h5py.File) -> str:
    """SHA-256 over /provenance."""
    return _digest(file, [name for name in _names(file) if name.partition("/")[0] == PROVENANCE])


def _names(file: h5py.File) -> list[str]:
    names: list[str] = []
    file.visit(names.append)
    return sorted(names)


def _digest(file: h5py.File, names: Iterable[str]) -> str:
    total = hashlib.sha256()
    for name in names:
        item = file[name]
        total.update(f"\0{name}\0".encode())
        for key in sorted(k for k in item.attrs if k not in ("REFERENCE_LIST", "DIMENSION_LIST")):
            if (name, key) in (("/", DIGEST), (PROVENANCE, PROVENANCE_DIGEST)):
                continue  # of itself
            total.update(f"\0{key}={item.attrs[key]!r}".encode())
        if isinstance(item, h5py.Dataset):
            values = values_of(item)
            total.update(f"\0{item.dtype}{item.shape}".encode())
            total.update(
                json.dumps(values.tolist()).encode() if item.dtype.kind in "OS" else values.tobytes()
            )
    return total.hexdigest()


def _write_group(group: h5py.Group, variables: dict[str, Variable], compressed: bool = True) -> None:
    sizes = {d: n for v in variables.values() for d, n in zip(v.dimensions, v.values.shape, strict=True)}
    for name in sizes:
        if name not in variables:
            scale = group.create_dataset(name, shape=(sizes[name],), dtype="i1")
            scale.make_scale(NO_COORDINATE % sizes[name])
    for name, variable in sorted(variables.items(), key=lambda item: item[1].dimensions != (item[0],)):
        data = _create(group, name, variable, compressed)
        if variable.dimensions == (name,):
            data.make_scale(name)
            continue
        for axis, dimension in enumerate(variable.dimensions):
            data.dims[axis].attach_scale(group[dimension])


def _create(group: h5py.Group, name: str, variable: Variable, compressed: bool) -> h5py.Dataset:
    text = is_text(variable.values)
    values = _as_bytes(variable.values) if text else variable.values
    large = values.ndim > 0 and (
        values.nbytes > TEXT_COMPRESSED_ABOVE if text else values.size > COMPRESSED_ABOVE
    )
    gzip = (
        {"compression": "gzip", "compression_opts": 4, "shuffle": not text} if compressed and large else {}
    )
    data = group.create_dataset(name, data=values, **gzip)
    if text:
        data.attrs.create("_Encoding", ENCODING, dtype=h5py.opaque_dtype(ENCODING.dtype))
    if variable.unit:
        data.attrs["units"] = variable.unit
    data.attrs["long_name"] = variable.meaning
    if values.dtype.kind == "f" and variable.dimensions != (name,):
        data.attrs["_FillValue"] = np.full(1, np.nan, values.dtype)
    data.attrs.update(variable.more)
    return data


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
