"""Where an export goes: whole under its final name or not at all, and never in the place of what is none."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from prelimbic.experiments.exchange.arrays import MARK
from prelimbic.experiments.storage.files import (
    StoreError,
    content_of,
    names_in,
    publish,
    reading,
    reason,
    scratch_name,
    seal_holds,
    sealed,
    there,
)
from prelimbic.parameters.errors import UsageError

LIST = "export.json"  # in a folder: what it is, and which files are its own
SEAL = "export"
MOST_BYTES = 1 << 26
HEADER_BYTES = 116  # of free text at the beginning of a .mat file
HEADER = b"MATLAB 5.0 MAT-file, written by prelimbic export as Neo lays it out"
ROOT = ".zattrs"


class ExportError(UsageError):
    """An export that cannot be."""


def check_place(out: Path, force: bool) -> None:
    """Raise ExportError where something stands that may not be replaced, StoreError where the folder around
    is not there.
    """
    if not out.absolute().parent.is_dir():
        raise StoreError(f"{out} cannot be written: there is no folder {out.absolute().parent}")
    if not there(out):
        return
    if not _ours(out):
        raise ExportError(
            f"{out} is there already and is no export of prelimbic, or was changed since: name another with "
            "`out`, or move it"
        )
    if not force:
        raise ExportError(f"{out} is there already: name another with `out`, or replace it by `force`")


def put_hdf5(out: Path, content: bytes) -> None:
    """Write an HDF5 file with a seal at its end, over which readers pass.  Raises StoreError."""
    publish(out, sealed(content, SEAL))


def put_mat(out: Path, content: bytes) -> None:
    """Write a .mat file that says in its header who wrote it.  Raises StoreError."""
    publish(out, HEADER.ljust(HEADER_BYTES) + content[HEADER_BYTES:])


@contextlib.contextmanager
def folder(out: Path, marked: str = "") -> Iterator[Path]:
    """An empty folder to fill, which takes the place `out` when all went well; `marked` is what its list
    says it is.  Raises StoreError where it cannot be written.
    """
    scratch, before = (
        out.with_name(scratch_name(out.name)),
        out.with_name(scratch_name(f"{out.name}.before")),
    )
    try:
        scratch.mkdir()
        yield scratch
        if marked:
            told = {"prelimbic": marked, "files": sorted(names_in(scratch))}
            (scratch / LIST).write_text(json.dumps(told, indent=1) + "\n")
        if there(out):
            os.replace(out, before)
        os.replace(scratch, out)
    except OSError as error:
        raise StoreError(f"{out} could not be written: {reason(error)}") from None
    finally:
        for gone in (scratch, before):
            shutil.rmtree(gone, ignore_errors=True)


def _ours(out: Path) -> bool:
    """Whether an export stands there that nobody has changed or added to."""
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        if out.is_symlink():
            return False
        if out.is_dir():
            if there(out / ROOT):
                return MARK in json.loads(content_of(out / ROOT, MOST_BYTES) or b"{}")
            told = json.loads(content_of(out / LIST, MOST_BYTES) or b"{}")
            return "prelimbic" in told and {*names_in(out)} <= {*told["files"], LIST}
        if seal_holds(out, SEAL):
            return True
        with reading(out), open(out, "rb") as handle:
            return handle.read(HEADER_BYTES) == HEADER.ljust(HEADER_BYTES)
    return False
