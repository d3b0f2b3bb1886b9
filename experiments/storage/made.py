"""What is made from the runs of a folder, and whether it still belongs to them: sweep.h5, summary.csv and
figures.

SHA256SUMS lists them and study.json as `sha256sum -c` reads it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

import xarray as xr

from prelimbic.experiments.storage.files import StoreError, next_of, publish, reading
from prelimbic.experiments.storage.manifest import MANIFEST, SUMS, SWEEP
from prelimbic.simulation.variable import Variable

LINE = re.compile(r"[0-9a-f]{64}  [^/\0]+")


def write_sums(folder: Path, names: Iterable[str]) -> None:
    """Write down the digests of files in a folder.  Raises StoreError."""
    lines = [f"{digest}  {name}\n" for name in names if (digest := _digest(folder / name))]
    publish(folder / SUMS, "".join(lines).encode(errors="surrogateescape"))


def changed(folder: Path) -> dict[str, str]:
    """Of files that were made from the runs of a folder, what is wrong with them, by name.  Raises
    UnreadableError.
    """
    try:
        with reading(folder / SUMS), open(folder / SUMS, "rb") as handle:
            lines = next_of(handle).decode(errors="surrogateescape").splitlines()
    except OSError:
        return {}
    if any(LINE.fullmatch(line) is None for line in lines):
        return {SUMS: "is damaged: its lines are no checksums"}
    if not any(line.endswith(f"  {MANIFEST}") for line in lines):
        return {SUMS: f"is damaged: it does not list {MANIFEST}"}
    told = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    wrong = {
        name for name, digest in told.items() if name != SWEEP and _digest(folder / name) not in ("", digest)
    }
    found = (
        {SUMS: f"is damaged: it does not list {SWEEP}"}
        if SWEEP not in told and _digest(folder / SWEEP)
        else {}
    )
    found |= {name: f"is not as it was made (its checksum in {SUMS})" for name in sorted(wrong - {MANIFEST})}
    if MANIFEST in wrong and _digest(folder / SWEEP):
        found[MANIFEST] = f"has changed since {SWEEP}, tables and figures were made"
    return found


def difference(dataset: xr.Dataset, sweep: dict[str, Variable]) -> str:
    """What a sweep tells otherwise than the runs of its folder, which `dataset` has; empty where they agree.

    Runs that are missing or damaged are compared with nothing.
    """
    there = dataset["run_id"] != ""
    try:
        stored = xr.Dataset(
            {name: (variable.dimensions, variable.values) for name, variable in sweep.items()}
        )
        stored = stored.sel({axis: values for axis, values in dataset.indexes.items()})
        strange = dataset["run_id"].where(there & (dataset["run_id"] != stored["run_id"]), "").values.ravel()
        if any(strange):
            return f"run {next(filter(None, strange))} is not in it"
        for name in sorted({*map(str, dataset.data_vars)} & {*map(str, stored.data_vars)}):
            mine, its = dataset[name], stored[name]
            if mine.dims != its.dims or not ((mine == its) | (mine.isnull() & its.isnull()) | ~there).all():
                return f"{name} is another"
    except (KeyError, ValueError, TypeError, IndexError):
        return "its axes are others"
    return ""


def _digest(path: Path) -> str:
    """SHA-256 of a file; empty where it is not there.  Raises UnreadableError."""
    try:
        with reading(path), open(path, "rb") as handle:
            return hashlib.sha256(next_of(handle)).hexdigest()
    except (OSError, StoreError) as error:
        if isinstance(error, StoreError):
            raise
        return ""
