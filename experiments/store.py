"""Result files: written whole or not at all, read with named dimensions and units.  The only user of h5py.

A run is one HDF5 file in the netCDF-4 convention (dimension scales), so xarray opens it without this package.  It is
written under a temporary name in its folder, synced, then renamed.  `content_sha256` in /provenance is a digest of
everything outside /provenance.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
from dataclasses import asdict
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from experiments.config import MODEL_VERSION, SCHEMA_VERSION, Config, overridden
from experiments.record import Groups, Variable

SCHEMA = "prelimbic-run"
# What the netCDF-4 library writes on a dimension that has no coordinate; readers recognise it by this text.
NO_COORDINATE = "This is a netCDF dimension but not a netCDF variable.%10d"
TEXT = h5py.string_dtype()


class StoreError(RuntimeError):
    """A result file that cannot be written, or that is not a whole and undamaged run."""


def write_run(path: Path, config: Config, groups: Groups, facts: dict[str, str | float]) -> None:
    """Write one run file.  Raises StoreError (nothing is left behind) when the disk is full or not writable."""
    # The HDF5 library does not survive a full disk, so the file is made in memory and its bytes are written here.
    with h5py.File(path.name, "w", driver="core", backing_store=False) as file:
        _head(file, config)
        for name, group in groups.items():
            _write_group(file.create_group(name), group)
        _write_numbers(file.create_group("numbers"), config)
        provenance = file.create_group("provenance")
        provenance.attrs.update(facts)
        provenance.attrs["content_sha256"] = content_digest(file)
        file.flush()
        image = file.id.get_file_image()
    publish(path, image)


def publish(path: Path, content: bytes) -> None:
    """Make `path` hold `content`, by a temporary file beside it that is synced and renamed.  Raises StoreError."""
    scratch = path.with_name(f".{path.name}.{socket.gethostname()}.{os.getpid()}.tmp")
    try:
        with open(scratch, "wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(scratch, path)
        _sync(path.parent)
    except OSError as error:
        raise StoreError(f"{path} could not be written: {_reason(error)}") from None
    finally:
        with contextlib.suppress(OSError):
            scratch.unlink()


def sweep_stale(folder: Path) -> None:
    """Remove the temporary files of `publish` that processes of this machine left when they were killed."""
    for path in folder.glob(f".*.{socket.gethostname()}.*.tmp"):
        process = path.name.split(".")[-2]
        if process.isdigit() and not Path(f"/proc/{process}").exists():
            path.unlink(missing_ok=True)


def check_run(path: Path) -> dict[str, Any]:
    """Attributes of a run file after recomputing its digest.  Raises StoreError when it is no whole, undamaged run."""
    try:
        with h5py.File(path, "r") as file:
            head = dict(file.attrs)
            if head.get("schema") != SCHEMA:
                raise StoreError(f"{path} is not a prelimbic run file")
            if int(head["schema_version"]) != SCHEMA_VERSION:
                raise StoreError(f"{path} has layout {head['schema_version']}, this version reads {SCHEMA_VERSION}")
            stored = file["provenance"].attrs["content_sha256"]
            if int(head.get("complete", 0)) != 1 or stored != content_digest(file):
                raise StoreError(f"{path} is damaged: its content does not match its digest")
            return head | {"provenance": dict(file["provenance"].attrs)}
    except StoreError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise StoreError(f"{path} cannot be read as a run file ({_reason(error)})") from None


def read_groups(path: Path, names: tuple[str, ...]) -> Groups:
    """Those of some groups that a run file has.  Raises StoreError when it cannot be read."""
    try:
        with h5py.File(path, "r") as file:
            return {
                name: {key: _read(data) for key, data in file[name].items() if _is_variable(data)}
                for name in names
                if name in file
            }
    except (OSError, RuntimeError, KeyError) as error:
        raise StoreError(f"{path} cannot be read as a run file ({_reason(error)})") from None


def read_config(path: Path) -> dict[str, Any]:
    """The configuration that a checked run file holds."""
    with h5py.File(path, "r") as file:
        return dict(json.loads(file["config"].asstr()[()]))


def tree(path: Path) -> list[tuple[str, str, str, str]]:
    """(name, shape with dimensions, unit, meaning) of every variable of any netCDF-4 file we write."""
    rows: list[tuple[str, str, str, str]] = []

    def visit(name: str, data: Any) -> None:
        if isinstance(data, h5py.Dataset) and _is_variable(data):
            sizes = ", ".join(f"{d}={n}" for d, n in zip(_dimensions(data), data.shape, strict=True))
            rows.append((name, sizes, str(data.attrs.get("units", "")), str(data.attrs.get("long_name", ""))))

    with h5py.File(path, "r") as file:
        file.visititems(visit)
    return rows


def content_digest(file: h5py.File) -> str:
    """SHA-256 over every group, dataset and attribute outside /provenance, in name order."""
    total = hashlib.sha256()
    names: list[str] = []
    file.visit(names.append)
    for name in ["/", *sorted(n for n in names if n != "provenance" and not n.startswith("provenance/"))]:
        item = file[name]
        total.update(f"\0{name}\0".encode())
        for key in sorted(k for k in item.attrs if k not in ("REFERENCE_LIST", "DIMENSION_LIST")):
            total.update(f"\0{key}={item.attrs[key]!r}".encode())
        if isinstance(item, h5py.Dataset):
            values = item[()]
            total.update(f"\0{item.dtype}{item.shape}".encode())
            as_text = item.dtype.kind == "O"
            total.update(json.dumps(np.asarray(item.asstr()[()]).tolist()).encode() if as_text else np.asarray(values).tobytes())
    return total.hexdigest()


def _head(file: h5py.File, config: Config) -> None:
    file.attrs.update({
        "Conventions": "CF-1.11", "schema": SCHEMA, "schema_version": SCHEMA_VERSION, "model_version": MODEL_VERSION,
        "run_id": config.run_id(), "study": config.study, "circuit_sheet": config.sheet_name, "species": config.species,
        "calibrated": config.calibration(), "manipulations": " ".join(config.done()), **asdict(config.hypotheses),
        "scale": config.scale, "seed": config.seed, "sheet_sha256": config.sheet_hash(), "complete": np.uint8(1),
    })  # fmt: skip
    if config.spikes:
        file.attrs.update({"magic": np.uint32(0x0A7A), "version": np.array([0, 1], dtype=np.uint32)})
    file.create_dataset("config", data=json.dumps(config.to_dict(), sort_keys=True), dtype=TEXT)


def _write_group(group: h5py.Group, variables: dict[str, Variable]) -> None:
    sizes = {d: n for v in variables.values() for d, n in zip(v.dimensions, v.values.shape, strict=True)}
    for name in sizes:
        if name not in variables:
            scale = group.create_dataset(name, shape=(sizes[name],), dtype="i1")
            scale.make_scale(NO_COORDINATE % sizes[name])
    for name, variable in sorted(variables.items(), key=lambda item: item[1].dimensions != (item[0],)):
        data = _create(group, name, variable)
        if variable.dimensions == (name,):
            data.make_scale(name)
            continue
        for axis, dimension in enumerate(variable.dimensions):
            data.dims[axis].attach_scale(group[dimension])


def _create(group: h5py.Group, name: str, variable: Variable) -> h5py.Dataset:
    if variable.values.dtype.kind == "O":
        data = group.create_dataset(name, data=variable.values, dtype=TEXT)
    elif variable.values.size > 1024:
        data = group.create_dataset(name, data=variable.values, compression="gzip", compression_opts=4, shuffle=True)
    else:
        data = group.create_dataset(name, data=variable.values)
    if variable.unit:
        data.attrs["units"] = variable.unit
    data.attrs["long_name"] = variable.meaning
    return data


def _write_numbers(group: h5py.Group, config: Config) -> None:
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
    _write_group(group, columns)


def _is_variable(data: Any) -> bool:
    """True but for groups and for the placeholders of dimensions that have no coordinate."""
    if not isinstance(data, h5py.Dataset):
        return False
    label = data.attrs.get("NAME", b"")
    return not (label if isinstance(label, bytes) else str(label).encode()).startswith(NO_COORDINATE[:20].encode())


def _dimensions(data: h5py.Dataset) -> tuple[str, ...]:
    if data.is_scale:
        return (data.name.rpartition("/")[2],)
    return tuple(scales[0].name.rpartition("/")[2] if len(scales) else "" for scales in data.dims)


def _read(data: h5py.Dataset) -> Variable:
    values = data.asstr()[()] if data.dtype.kind == "O" else data[()]
    return Variable(_dimensions(data), np.asarray(values), str(data.attrs.get("units", "")), str(data.attrs.get("long_name", "")))


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _reason(error: BaseException) -> str:
    """The first line of an error, or its system message where it has one."""
    number = getattr(error, "errno", None)
    if number:
        return os.strerror(number)
    return str(error).splitlines()[0].strip("'\"") if str(error) else type(error).__name__
