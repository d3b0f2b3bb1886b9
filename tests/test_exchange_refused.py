"""What cannot be exported is refused in one sentence, and an export takes nobody's place."""

from __future__ import annotations

import builtins
import json
import shutil
import tarfile

import h5py
import numpy as np
import pandas as pd
import pytest

import prelimbic as pl
from prelimbic.experiments.exchange.export import FORMATS
from tests import exported
from tests.exported import needs
from tests.results import planned, written
from tests.said import FAILURE, USAGE, is_one_sentence
from tests.test_exchange import NEAR_MS, READ, stored
from tests.test_layout import SCHEMA_3

# fixtures: they act in every file that has their name
run, made = exported.run, exported.made


# What cannot be


def refused(call, *words: object) -> str:
    code, out, err = call("export", *words)
    is_one_sentence(err)
    assert (code, out) in ((USAGE, ""), (FAILURE, ""))
    return err


def test_a_format_or_path_that_is_none_is_refused_in_one_sentence(call, run, tmp_path):
    assert "did you mean nwb?" in refused(call, run, "--to", "nbw")
    assert "nowhere does not exist" in refused(call, "nowhere", "--to", "csv")
    (tmp_path / "note.txt").write_text("hello")
    assert "note.txt is not an HDF5 file" in refused(call, "note.txt", "--to", "csv")
    (tmp_path / "empty").mkdir()
    assert "has no study.json" in refused(call, "empty", "--to", "nwb")
    assert "there is no folder" in refused(call, run, "--to", "csv", "--out", "absent/x")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["empty", "note.txt"]


def test_a_run_without_spikes_is_refused_with_what_to_do(call, tmp_path):
    path = written(tmp_path, planned())
    for to in ("sonata", "nwb", "neo"):
        needs(to)
        assert "run it with --spikes, or take csv" in refused(call, path, "--to", to)
    with pytest.raises(pl.RunError, match="run it with `spikes`"):
        pl.export(path, "sonata")


def test_a_layout_that_is_not_read_any_more_is_refused(call, run, tmp_path):
    shutil.copy(run, tmp_path / "old.h5")
    (tmp_path / "old.h5").chmod(0o644)
    with h5py.File(tmp_path / "old.h5", "r+") as file:
        file.attrs["schema_version"] = 2
    assert "has layout 2, this version reads 3 and 4" in refused(call, "old.h5", "--to", "csv")


@pytest.mark.parametrize("to", ["csv", "nwb", "neo"])
def test_the_layout_before_is_exported_like_this_one(tmp_path, to):
    needs(to)
    with tarfile.open(SCHEMA_3) as archive:
        archive.extractall(tmp_path, filter="data")
    kept = stored(tmp_path / "run.h5")
    pl.export(tmp_path / "run.h5", to, tmp_path / f"run{FORMATS[to].end}")
    found = READ[to](tmp_path, tmp_path / "run.h5")
    assert found.keys() == kept.keys()
    assert all(np.abs(found[key] - ms).max(initial=0.0) < NEAR_MS for key, ms in kept.items())


@pytest.mark.parametrize("to", [to for to, kind in FORMATS.items() if kind.package])
def test_a_package_that_is_not_installed_is_named_with_what_brings_it(call, run, monkeypatch, to):
    package = FORMATS[to].package
    monkeypatch.setattr("prelimbic.experiments.exchange.export.find_spec", lambda name: None)
    err = refused(call, run, "--to", to)
    assert f"needs the package {package}" in err and f"pip install 'prelimbic[{to}]'" in err


def test_a_package_that_is_there_and_cannot_be_imported_is_told_too(call, run, monkeypatch, tmp_path):
    real = builtins.__import__

    def broken(name, *more):
        if name.partition(".")[0] == "zarr":
            raise ImportError("libz is missing")
        return real(name, *more)

    monkeypatch.setattr("prelimbic.experiments.exchange.export.find_spec", lambda name: object())
    monkeypatch.setattr("prelimbic.experiments.exchange.arrays.write_run", lambda *_: broken("zarr.storage"))
    assert "libz is missing" in refused(call, run, "--to", "zarr")
    assert list(tmp_path.iterdir()) == []


# Its place


@pytest.mark.parametrize("to", FORMATS)
def test_an_export_is_replaced_only_if_asked_and_only_if_nobody_changed_it(run, made, tmp_path, call, to):
    needs(to)
    out = tmp_path / f"run{FORMATS[to].end}"
    source = made / out.name
    (shutil.copytree if source.is_dir() else shutil.copy)(source, out)
    assert "or replace it by --force" in refused(call, run, "--to", to, "--out", out)
    if to in ("csv", "neo"):
        assert call("export", run, "--to", to, "--out", out, "--force")[0] == 0
    if out.is_dir():
        inside = out / ("mine.txt" if to != "zarr" else ".zattrs")
        inside.write_text("{}")
    else:
        out.write_bytes(b"mine" + out.read_bytes()[4:-1])
    before = out.stat()
    assert "is no export of prelimbic" in refused(call, run, "--to", to, "--out", out, "--force")
    assert (out.stat().st_mtime_ns, out.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_a_foreign_file_is_left_alone(call, run, tmp_path):
    (tmp_path / "mine.nwb").write_bytes(b"mine")
    (tmp_path / "folder").mkdir()
    for to, place in (("csv", "folder"), ("csv", "mine.nwb")):
        assert "is no export of prelimbic" in refused(call, run, "--to", to, "--out", place, "--force")
    assert (tmp_path / "mine.nwb").read_bytes() == b"mine"


def test_what_fails_half_way_leaves_nothing_and_the_export_before_stands(
    call, run, made, tmp_path, monkeypatch
):
    shutil.copytree(made / "run-csv", tmp_path / "out")
    before = json.loads((tmp_path / "out" / "export.json").read_text())

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    assert "No space left" in refused(call, run, "--to", "csv", "--out", "out", "--force")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert json.loads((tmp_path / "out" / "export.json").read_text()) == before
