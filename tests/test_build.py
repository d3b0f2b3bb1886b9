"""How a network becomes a program on disk: built once for all it depends on, or told why not."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from prelimbic.circuits import BuildError, build_record, cache, program, translate
from prelimbic.circuits import equations as eq
from prelimbic.circuits.model import Model
from prelimbic.circuits.toolchain import COMMON, Toolchain, compiler, toolchain
from tests.engines import TOY

tools = import_module("prelimbic.circuits.toolchain")  # circuits.toolchain is the function of that name
TOOLS = Toolchain(("g++",), "g++ 12", ("-march=native",), "x86_64-1")


@pytest.fixture(scope="module")
def usual() -> object:
    """Digest of a program in the cache that all tests share."""
    return build_record(program(TOY, 64))["sha256"]


@pytest.fixture
def fresh(monkeypatch, tmp_path) -> Iterator[Path]:
    """An empty cache, and no compiler known from before."""
    monkeypatch.setenv("PRELIMBIC_CACHE", str(tmp_path / "cache"))
    toolchain.cache_clear()
    yield tmp_path / "cache"
    toolchain.cache_clear()


@pytest.fixture
def pretended(fresh, monkeypatch, tmp_path) -> Callable[[str], Path]:
    """Makes a compiler of shell lines that come before the true one's work, and names it in $CXX."""
    true = shutil.which("g++") or shutil.which("clang++")

    def make(lines: str) -> Path:
        script = tmp_path / "pretended-c++"
        script.write_text(f'#!/bin/sh\n{lines}\nexec {true} "$@"\n')
        script.chmod(0o755)
        monkeypatch.setenv("CXX", str(script))
        return script

    return make


@pytest.fixture
def plain(monkeypatch) -> None:
    """All programs are the shortest, which takes no time to compile."""
    monkeypatch.setattr(cache, "_translated", lambda *asked: "int main() {}")


# Programs


def test_a_program_is_known_by_all_it_depends_on(monkeypatch, tmp_path):
    model = eq.model(False)
    known = cache._key(model, 32, TOOLS)
    assert known == cache._key(Model(**vars(model)), 32, replace(TOOLS))
    others = {
        cache._key(model, 64, TOOLS),
        cache._key(eq.model(True), 32, TOOLS),
        cache._key(replace(model, threshold="v >= v_threshold"), 32, TOOLS),
        cache._key(replace(model, alike=model.alike[1:]), 32, TOOLS),
        cache._key(model, 32, replace(TOOLS, command=("clang++",))),
        cache._key(model, 32, replace(TOOLS, version="g++ 13")),
        cache._key(model, 32, replace(TOOLS, target=())),
        cache._key(model, 32, replace(TOOLS, processor="x86_64-2")),
        cache._key(model, 32, replace(TOOLS, common=COMMON[:-1])),
    }
    kernel, translator = tmp_path / "kernel", tmp_path / "translate.py"
    shutil.copytree(cache.KERNEL, kernel)
    translator.write_text(Path(translate.__file__).read_text())
    monkeypatch.setattr(cache, "KERNEL", kernel)
    monkeypatch.setattr(translate, "__file__", str(translator))
    assert cache._key(model, 32, TOOLS) == known  # not by where the project lies
    headers = sorted(kernel.glob("*.h"))
    for text in (*headers, translator):
        before = text.read_text()
        text.write_text(before + "// another\n")
        others.add(cache._key(model, 32, TOOLS))
        text.write_text(before)
    monkeypatch.setattr(cache, "version", lambda package: "another")
    others.add(cache._key(model, 32, TOOLS))
    assert len(others) == 9 + len(headers) + 2
    assert known not in others


def test_many_threads_build_a_program_once_and_never_see_half_of_it(fresh, monkeypatch):
    built = []

    def compile_slowly(model: Model, precision: int, tools: Toolchain, place: Path) -> None:
        built.append(precision)
        threading.Event().wait(0.2)
        place.mkdir()
        (place / "main").write_text(text := f"whole {precision}")
        (place / "build.json").write_text(json.dumps({"sha256": hashlib.sha256(text.encode()).hexdigest()}))

    monkeypatch.setattr(cache, "_compile", compile_slowly)
    found: list[str] = []
    asked = [
        threading.Thread(target=lambda p=precision: found.append((program(TOY, p) / "main").read_text()))
        for precision in (32, 64) * 6
    ]
    for thread in asked:
        thread.start()
    for thread in asked:
        thread.join()
    assert sorted(found) == ["whole 32"] * 6 + ["whole 64"] * 6
    assert sorted(built) == [32, 64]


def test_a_program_is_built_whole_and_tells_how_and_is_not_built_again(usual, fresh, tmp_path, monkeypatch):
    place = program(TOY, 64)
    assert {path.name for path in place.iterdir()} == {"main", "build.json"}
    assert os.access(place / "main", os.X_OK)
    told = build_record(place)
    assert told["sha256"] == usual and told["compiler"] == compiler()
    assert set(toolchain().target) <= set(told["flags"])
    assert "-ffast-math" not in told["flags"]
    built = (place / "main").stat().st_mtime_ns
    assert program(TOY, 64) == place and (place / "main").stat().st_mtime_ns == built
    assert {path.suffix for path in fresh.iterdir()} == {"", ".lock", ".cpp"}
    (kept,) = fresh.glob("*.cpp")
    text = cache._translated(TOY, 64, place, tmp_path)
    monkeypatch.setattr(cache, "_by_brian2", lambda *asked: "by Brian2")
    assert cache._translated(TOY, 64, place, tmp_path) == text and "update_0" in text
    for damaged in (b"", kept.read_bytes()[:-9], b"// 0\n" + text.encode(), b"\xff"):
        kept.write_bytes(damaged)
        assert cache._translated(TOY, 64, place, tmp_path) == "by Brian2"


HALF = {
    "cut": lambda place: (place / "main").write_bytes((place / "main").read_bytes()[:-100]),
    "changed": lambda place: (place / "main").write_bytes((place / "main").read_bytes()[:-1] + b"x"),
    "without program": lambda place: (place / "main").unlink(),
    "without record": lambda place: (place / "build.json").unlink(),
    "with a record that is cut": lambda place: (place / "build.json").write_text(
        (place / "build.json").read_text()[:-5]
    ),
}


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("case", HALF)
def test_a_program_that_is_not_as_it_was_built_is_built_anew(fresh, case):
    place = program(TOY)
    whole = build_record(place)
    HALF[case](place)
    assert program(TOY) == place
    assert (
        build_record(place)["sha256"]
        == whole["sha256"]
        == hashlib.sha256((place / "main").read_bytes()).hexdigest()
    )
    assert {path.name for path in fresh.iterdir()} == {place.name, f"{place.name}.lock"}


@pytest.mark.usefixtures("plain")
def test_a_folder_that_knows_no_locks_will_do(fresh, monkeypatch):
    def refuse(handle, how):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(cache.fcntl, "flock", refuse)
    assert (program(TOY) / "main").exists()


@pytest.mark.usefixtures("plain")
def test_a_compiler_that_fails_leaves_its_words_and_no_half_program(pretended, fresh):
    pretended('case "$*" in *main.cpp*) echo "this is beyond me" >&2; exit 1;; esac')
    for _ in range(2):
        with pytest.raises(
            BuildError, match=r"says 'this is beyond me': the circuit did not compile; .* is in (\S+)"
        ) as caught:
            program(TOY, 64)
        log = Path(str(caught.value).rpartition(" ")[2])
        assert "this is beyond me" in log.read_text()
        assert [path for path in fresh.iterdir() if path.is_dir()] == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"cells": TOY.cells.replace("= drive", "= drive*nonsense")}, "nonsense"),
        ({"cells": TOY.cells.replace("= drive", "= drive*t_refractory")}, "unit"),
        pytest.param({"background": "power = exp(drive)\n"}, "unit", marks=pytest.mark.slow),
        pytest.param({"reset": "v = nonsense\n"}, "nonsense", marks=pytest.mark.slow),
        pytest.param(
            {"contacts": (replace(TOY.contacts[0], on_pre="received_post += t\n"),)},
            "unit",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_equations_that_make_no_sense_are_told_in_a_log(fresh, wrong, words):
    with pytest.raises(
        BuildError, match=r"could not be translated; what Brian2 says of them is in (\S+)"
    ) as caught:
        program(replace(TOY, **wrong), 64)
    assert words in Path(str(caught.value).rpartition(" ")[2]).read_text()
    assert [path for path in fresh.iterdir() if path.is_dir()] == []


def test_a_cache_that_cannot_be_written_is_told(fresh, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PRELIMBIC_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(BuildError, match=r"the build cache \S+ cannot be written .*; set PRELIMBIC_CACHE"):
        program(TOY, 64)
