"""Result files that were made to harm: every reader works or refuses in one line, and shows nothing else."""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from prelimbic.experiments.storage import hdf5, reader
from prelimbic.experiments.storage.files import StoreError, sealed
from prelimbic.experiments.storage.store import check_run
from prelimbic.simulation.outputs import head
from tests.hostile import NO_ANSWER, Trap, answers, loaded, put, told
from tests.results import groups, planned, reworked, study_of, written

RUN, HONEST = planned(seed=1), planned(seed=2)
RUN_ID = RUN.config.run_id()
SECRET, SECRET_NUMBER = "the-secret-of-another-folder", 31415926.0
OUTSIDE = "../outside.h5"  # as links in a run file name it
MOST_KB = 1 << 20  # that this process may grow by


@pytest.fixture(autouse=True)
def impatient(monkeypatch) -> Iterator[None]:
    """Nobody waits a minute for a file that keeps the library busy; this process grows by no more than it
    should.
    """
    monkeypatch.setattr(reader, "PATIENCE_S", 5.0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_KB


@pytest.fixture(scope="module")
def small() -> bytes:
    """A run file without the numbers of the model, so that most of its bytes say where something stands."""
    return hdf5.image(head(RUN.config), json.dumps(RUN.config.to_dict()), groups(11.0), {"wall_s": 1.0})


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A study of two runs; the file of the first is the hostile one."""
    folder = tmp_path_factory.mktemp("hostile")
    study_of(folder, [RUN, HONEST])
    return folder


def survived(folder: Path) -> list[str]:
    """What all readers say of the first run; the second is where it was."""
    said = answers(folder / RUN.file, RUN_ID)
    dataset = loaded(folder)
    if dataset is not None:
        there = dataset.sel(dose=10.0, seed=2)
        assert there["rate"].sel(readout="peak", population="SST") == 12012.0
        assert there["rate_course"].sel(time=24.0, population="SST") == 36.0
        assert there["run_id"] == HONEST.config.run_id()
    return [*said, "" if dataset is None else str(dataset.to_dict())]


# Files that were made


def outside(folder: Path) -> None:
    """Make the file of another folder, in which a secret stands."""
    with h5py.File(folder / OUTSIDE, "w") as file:
        for name in ("summary", "traces", "row", "provenance"):
            file.create_group(name)
            file[name]["secret"] = SECRET_NUMBER
            file[name].attrs["long_name"] = SECRET
        file["config"] = json.dumps({"overrides": [], "secret": SECRET})


def instead(name: str, make):
    """Something else under a name."""

    def change(file: h5py.File) -> None:
        if name in file:
            del file[name]
        file[name] = make(file)

    return change


def linked(name: str, target: str | None = None):
    return lambda file: instead(name, lambda f: h5py.ExternalLink(OUTSIDE, target or f"/{name}"))(file)


def stored_elsewhere(file: h5py.File) -> None:
    del file["traces/rate"]
    file.create_dataset("traces/rate", (40,), "u1", external=[("/etc/passwd", 0, 40)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((1,), "f8")
    layout[:] = h5py.VirtualSource(OUTSIDE, "summary/secret", (1,))
    del file["traces/rate"]
    file.create_virtual_dataset("traces/rate", layout)


def vast(file: h5py.File) -> None:
    del file["traces/rate"]
    file.create_dataset("traces/rate", (1 << 40, 4), "f8", chunks=(1024, 4))


def many_vast(file: h5py.File) -> None:
    for k in range(300):
        file.create_dataset(f"traces/vast{k}", (file.id.get_filesize() * 100,), "f8", chunks=(1 << 16,))


def bomb(file: h5py.File) -> None:
    del file["fine/mtorc1"]
    data = file.create_dataset(
        "fine/mtorc1", (1 << 28,), "f8", chunks=(1 << 24,), compression="gzip", compression_opts=9
    )
    data[: 1 << 24] = 0.0


def names(file: h5py.File) -> None:
    for name in (
        "n" * 10_000,
        "\x1b[2J\x1b]0;owned\x07",
        "a\nb",
        "\udcff\udc80".encode(errors="surrogateescape"),
        "..",
        " ",
    ):
        file["summary"].create_dataset(name, data=1.0)
    file.attrs["\x1b[31mred"] = "\x1b[2J" + "x" * 10_000
    file["summary/rate"].attrs.modify("units", "\x1b[2J\x9b31m\u202e\r\n")
    file["provenance"].attrs["host"] = "a\nb\x00c\x07"


def recursive(file: h5py.File) -> None:
    file["summary/again"] = file["/"]
    file["traces/again"] = file["traces"]


def deep(file: h5py.File) -> None:
    group = file["summary"]
    for _ in range(400):
        group = group.create_group("d")


def references(file: h5py.File) -> None:
    file["summary"].create_dataset(
        "ref", data=np.array([file.ref, file["traces"].ref], dtype=h5py.ref_dtype)
    )
    file.attrs["ref"] = file.ref
    file["summary"].create_dataset(
        "region", data=file["traces/rate"].regionref[:1], dtype=h5py.regionref_dtype
    )


def lengths(file: h5py.File) -> None:
    file["summary"].create_dataset(
        "vlen", data=np.array([np.arange(3), np.arange(5)], dtype=object), dtype=h5py.vlen_dtype("i8")
    )
    file["traces"].create_dataset("bytes", data=[b"\xff\xfe\x00"], dtype=h5py.string_dtype("ascii"))


def compound(file: h5py.File) -> None:
    file["summary"].create_dataset("pair", data=np.zeros(3, dtype=[("a", "f8"), ("b", "S4")]))
    file.attrs["pair"] = np.zeros(2, dtype=[("a", "f8"), ("b", "S4")])
    file.attrs["empty"] = h5py.Empty("f8")
    file["named"] = np.dtype("f8")


def configured(text: str):
    return instead("config", lambda file: text)


def without(*names: str):
    return lambda file: [file.pop(name) for name in names]


def bare(item: str, attribute: str):
    return lambda file: file[item].attrs.pop(attribute)


def attribute(name: str, value: object):
    return lambda file: file.attrs.__setitem__(name, value)


MADE = {
    **{
        f"{name} in another file": linked(name)
        for name in ("summary", "traces", "row", "provenance", "config")
    },
    "a variable in another file": linked("summary/secret"),
    "numbers of the row in another file": linked("row/numbers", "/summary/secret"),
    "a soft link to nowhere": instead("summary", lambda file: h5py.SoftLink("/nowhere")),
    "a soft link to itself": instead("summary", lambda file: h5py.SoftLink("/summary")),
    "soft links in a ring": lambda file: (
        instead("summary", lambda f: h5py.SoftLink("/traces"))(file),
        instead("traces", lambda f: h5py.SoftLink("/summary"))(file),
    ),
    "numbers in a system file": stored_elsewhere,
    "numbers in another file's dataset": virtual,
    "a vast shape without data": vast,
    "many large shapes without data": many_vast,
    "a gzip bomb": bomb,
    "names": names,
    "groups in themselves": recursive,
    "groups hundreds deep": deep,
    "references": references,
    "types of any length": lengths,
    "compound types": compound,
    "a group for the configuration": instead("config", lambda file: file["summary"]),
    "a configuration that is a number": instead("config", lambda file: 3.0),
    "a configuration that is a list": configured("[1, 2]"),
    "a configuration without overrides": configured("{}"),
    "a configuration with other overrides": configured('{"overrides": [["a", "b"], 3]}'),
    "a configuration thousands deep": configured("[" * 5000 + "]" * 5000),
    "a configuration hundreds deep": configured('{"overrides":' + "[" * 300 + "]" * 300 + "}"),
    "a configuration that plays the reader's answer": configured(
        '{"overrides": {"@": "variable", "of": 3}}'
    ),
    "no configuration": without("config"),
    "no provenance": without("provenance"),
    "no run id": bare("/", "run_id"),
    "no layout version": bare("/", "schema_version"),
    "no digest": bare("provenance", "content_sha256"),
    "no layout of the row": bare("row", "layout"),
    "no row in the row": without("row/numbers"),
    "no groups": without("summary", "traces", "fine", "cells"),
    "no dimensions": lambda file: [
        data.attrs.pop("DIMENSION_LIST", None) for data in file["traces"].values()
    ],
    "a version of text": attribute("schema_version", "three\nlines"),
    "a version of lines": attribute("schema_version", "\n99\n"),
    "versions": attribute("schema_version", np.arange(3)),
    "a schema of numbers": attribute("schema", np.arange(3)),
    "a run id of lines": attribute("run_id", "\x1b[31m\na\n"),
    "a run id that is a number": attribute("run_id", 3),
    "a row that is one number": instead("row/numbers", lambda file: np.uint8(3)),
    "a row of other numbers": instead("row/numbers", lambda file: np.arange(300.0)),
    "a row that is a group": instead("row/numbers", lambda file: file["summary"]),
    "a dataset for a group": instead("summary", lambda file: np.arange(3)),
    "text for numbers": instead("summary/rate", lambda file: np.array([b"a"] * 12).reshape(3, 4)),
    "nothing for numbers": instead("summary/rate", lambda file: h5py.Empty("f8")),
}


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=pytest.mark.faults if k % 6 else ()) for k, case in enumerate(MADE)]
)
def test_a_file_made_to_harm_is_read_or_refused_in_one_line_and_shows_nothing_of_others(folder, case):
    outside(folder)
    path = written(folder, RUN)
    for digest in (True, False) if MADE[case] is not many_vast else (False,):
        try:
            reworked(path, MADE[case], digest=digest)
            break
        except (KeyError, TypeError, ValueError, OSError, RecursionError, RuntimeError, AttributeError):
            written(folder, RUN)  # it has no digest that could be computed
    said = [
        *survived(folder),
        told("verify", path),
        told("inspect", path),
        told("verify", folder),
        told("inspect", folder),
    ]
    everything = "\n".join(said)
    assert SECRET not in everything and repr(SECRET_NUMBER) not in everything and "root:" not in everything
    assert "114, 111, 111, 116, 58" not in everything  # "root:" as bytes


@pytest.mark.parametrize(
    "case",
    [
        "summary in another file",
        "a variable in another file",
        "row in another file",
        "numbers in a system file",
        "numbers in another file's dataset",
    ],
)
def test_the_file_that_a_link_names_is_not_even_opened(tmp_path, case):
    # Whoever opens a pipe to read waits until somebody writes.
    study_of(tmp_path / "study", [RUN, HONEST])
    os.mkfifo(tmp_path / "study" / OUTSIDE)
    path = reworked(tmp_path / "study" / RUN.file, MADE[case], digest=False)
    assert not any(NO_ANSWER in said for said in survived(tmp_path / "study"))
    with pytest.raises(StoreError):
        check_run(path)


def test_a_pipe_a_device_or_a_folder_under_the_name_of_a_run_is_refused_at_once(tmp_path):
    study_of(tmp_path, [RUN, HONEST])
    path = tmp_path / RUN.file
    for make in (os.mkfifo, lambda p: p.symlink_to("/dev/zero"), os.mkdir):
        path.unlink()
        make(path)
        said = survived(tmp_path)
        assert all(line.startswith("refused") for line in said[:4]) and said[4] == "False"
        assert not any(NO_ANSWER in line for line in said)
        path.rmdir() if path.is_dir() else path.unlink()
        path.touch()


def test_a_pickle_in_a_run_file_is_not_loaded(folder, tmp_path):
    trap = Trap(tmp_path / "sprung")
    opaque = np.void(trap.pickled())

    def plant(file: h5py.File) -> None:
        file.attrs["pickle"] = opaque
        file["summary"].create_dataset("pickle", data=opaque)
        file["summary/pickle"].attrs["units"] = opaque
        file["traces"].create_dataset("pickled", data=np.frombuffer(trap.pickled(), np.uint8))
        instead("config", lambda f: trap.pickled().decode("latin-1").replace("\0", " "))(file)

    path = reworked(written(folder, RUN), plant)
    survived(folder)
    put(path, sealed(trap.pickled(), RUN_ID))
    survived(folder)
    for command in ("verify", "inspect", "status"):
        told(command, folder)
    assert not trap.mark.exists()
