"""`prelimbic export` and `pl.export`: a run, or a study, for other programs."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import xarray as xr

from prelimbic.experiments.exchange import arrays, nwb, placed, segments, sonata, tables
from prelimbic.experiments.exchange.placed import ExportError
from prelimbic.experiments.exchange.recorded import Recorded, recorded
from prelimbic.experiments.storage.dataset import MissingRunsWarning, load
from prelimbic.experiments.storage.files import StoreError, there, unreadable
from prelimbic.experiments.storage.manifest import read_manifest
from prelimbic.experiments.storage.store import sorted_out
from prelimbic.parameters.plain import choice, truth
from prelimbic.parameters.plain import path as as_path

RUN_END = ".h5"
MOST_NAMED = 10  # of the runs that are not there
Tell = Callable[[int, int], None]


class PartialExportWarning(UserWarning):
    """An export of a study of which some runs are not there."""


@dataclass(frozen=True)
class Format:
    """How a name in a format ends, which package writes it, and how a run and a study are written; without
    `of_study` a study is written run by run.
    """

    end: str
    package: str
    of_run: Callable[[Recorded, Path], None]
    of_study: Callable[[xr.Dataset, Path], None] | None = None


def _nwb(run: Recorded, out: Path) -> None:
    placed.put_hdf5(out, nwb.image(run))


def _neo(run: Recorded, out: Path) -> None:
    with tempfile.TemporaryDirectory() as place:
        segments.write(run, Path(place) / "run.mat")
        placed.put_mat(out, (Path(place) / "run.mat").read_bytes())


def _sonata(run: Recorded, out: Path) -> None:
    with placed.folder(out, "sonata") as scratch:
        sonata.write(run, scratch)


def _written(kind: str, found: list[tables.Table], out: Path) -> None:
    write = tables.write_csv if kind == "csv" else tables.write_parquet
    with placed.folder(out, kind) as scratch:
        write([*found, tables.columns(found)], scratch)


def _zarr(write: Callable[[Path], None], out: Path) -> None:
    with placed.folder(out) as scratch:
        write(scratch)


FORMATS = {
    "nwb": Format(".nwb", "pynwb", _nwb),
    "sonata": Format("-sonata", "", _sonata),
    "neo": Format(".mat", "neo", _neo),
    "csv": Format(
        "-csv",
        "",
        lambda run, out: _written("csv", [*tables.of_run(run)], out),
        lambda study, out: _written("csv", [*tables.of_study(study)], out),
    ),
    "parquet": Format(
        "-parquet",
        "pyarrow",
        lambda run, out: _written("parquet", [*tables.of_run(run)], out),
        lambda study, out: _written("parquet", [*tables.of_study(study)], out),
    ),
    "zarr": Format(
        ".zarr",
        "zarr",
        lambda run, out: _zarr(lambda place: arrays.write_run(run, place), out),
        lambda study, out: _zarr(lambda place: arrays.write_study(study, place), out),
    ),
}


def export(
    path: str | os.PathLike[str], to: str, out: str | os.PathLike[str] | None = None, force: bool = False
) -> Path:
    """Write a run or a study for other programs, and return where: `out`, or a name made of that of `path`
    in the current folder.

    `path` is a run file or the folder of a study.  `to` is a format: nwb (NWB 2), sonata (network and
    spikes) and neo (a block in a .mat file) hold the spikes of a run, of a study one file or folder a run;
    csv, parquet and zarr hold all numbers, of a study its dataset.  Spikes are in ms of spiking time, looks
    end to end (NWB: s); looks have their hour (h).  Units of all else are those of the file.  With `force`
    an earlier export that nobody has changed is replaced; whatever else is there is left as it is.

    Warns PartialExportWarning where runs of the study are not there.  Raises UsageError (ExportError) for
    an unknown format, a place that is taken, or a package that is not installed, and RunError (StoreError)
    for a file that cannot be read or written, or holds no spikes.
    """
    return exported(path, to, out, force, lambda done, of: None)


def exported(
    path: str | os.PathLike[str], to: str, out: str | os.PathLike[str] | None, force: bool, tell: Tell
) -> Path:
    """The same; `tell` hears how many of how many runs are done."""
    source = Path(as_path(path, "`path`", ExportError, "the path of a run file or of a study's folder"))
    kind = FORMATS[choice(to, FORMATS, "format", ExportError)]
    replace = truth(force, "`force`", ExportError)
    _installed(to, kind)
    if not there(source):
        raise StoreError(f"{source} does not exist")
    end = f"-{to}" if source.is_dir() and kind.of_study is None else kind.end
    name = source.resolve().name.removesuffix("" if source.is_dir() else RUN_END)
    place = Path(as_path(out, "`out`", ExportError, "a path") if out is not None else name + end)
    placed.check_place(place, replace)
    try:
        if not source.is_dir():
            kind.of_run(recorded(source), place)
        elif kind.of_study is not None:
            kind.of_study(_dataset(source), place)
        else:
            _each(source, to, kind, place, tell)
    except ImportError as error:
        raise ExportError(f"{to} cannot be written: {error}; {_install(to)}") from None
    return place


def _installed(to: str, kind: Format) -> None:
    if kind.package and find_spec(kind.package) is None:
        raise ExportError(f"{to} needs the package {kind.package}, which is not installed; {_install(to)}")


def _install(to: str) -> str:
    return f"pip install 'prelimbic[{to}]' brings it"


def _dataset(folder: Path) -> xr.Dataset:
    """The dataset of a study; what is missing is told as a partial export."""
    with warnings.catch_warnings(record=True, action="always", category=MissingRunsWarning) as missing:
        found = load(folder)
    for told in missing:
        kind = PartialExportWarning if told.category is MissingRunsWarning else told.category
        warnings.warn(str(told.message), kind, stacklevel=4)
    return found


def _each(folder: Path, to: str, kind: Format, out: Path, tell: Tell) -> None:
    """Every finished run of a study, in a folder."""
    manifest = read_manifest(folder)
    planned = {run["file"]: run["run_id"] for run in manifest["runs"]}
    whole, causes = sorted_out(folder, planned)
    if causes:
        raise unreadable(folder, causes)
    files = [name for name in planned if name in whole]
    if not files:
        raise StoreError(f"{folder} holds no finished run of study {manifest['study']}; run it first")
    with placed.folder(out, to) as scratch:
        for done, name in enumerate(files):
            tell(done, len(files))
            kind.of_run(recorded(folder / name), scratch / (name.removesuffix(RUN_END) + kind.end))
    tell(len(files), len(files))
    if missing := [name for name in planned if name not in whole]:
        more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
        warnings.warn(
            f"{folder}: {len(files)} of {len(planned)} runs are there, and {out} holds no others; missing: "
            + ", ".join(missing[:MOST_NAMED])
            + more,
            PartialExportWarning,
            stacklevel=4,
        )
