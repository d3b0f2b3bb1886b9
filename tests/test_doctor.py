"""The doctor says what a machine lacks and what to do, and falls ill of nothing itself."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from prelimbic.circuits import toolchain
from prelimbic.experiments.cli import doctor
from tests.said import FAILURE, is_one_sentence

WHAT = [
    "versions",
    "extras",
    "compiler",
    "vectors",
    "cache",
    "shared states",
    "cores",
    "memory",
    "disk",
    "batch system",
]


def looked(call) -> dict[str, dict[str, str]]:
    _, out, _ = call("doctor", "--json")
    return {each["what"]: each for each in json.loads(out)}


def test_everything_is_looked_at_and_nothing_is_wrong_where_tests_run(call):
    code, out, err = call("doctor")
    assert (code, err) == (0, "") and all(what in out for what in WHAT)
    assert max(map(len, out.splitlines())) <= 100
    assert [*looked(call)] == WHAT


def test_an_extra_that_is_not_there_is_named_with_what_needs_it_and_what_to_install(call, monkeypatch):
    there = doctor._version
    monkeypatch.setattr(
        doctor, "_version", lambda name: "" if name in ("pynwb", "lifelines") else there(name)
    )
    found = looked(call)
    assert found["versions"]["state"] == "ok" and found["extras"]["state"] == "none"
    assert "nwb (export --to nwb)" in found["extras"]["found"] and "zarr" in found["extras"]["found"]
    assert found["extras"]["do"].startswith("pip install 'prelimbic[trials,nwb")


@pytest.fixture
def other_compiler() -> Iterator[None]:
    """Which compiler works is found anew."""
    toolchain.cache_clear()
    yield
    toolchain.cache_clear()


def test_without_a_compiler_it_says_so_and_what_to_install(call, monkeypatch, other_compiler):
    monkeypatch.setenv("CXX", "no-such-compiler")
    found = looked(call)["compiler"]
    assert found["state"] == "slow" and "no-such-compiler" in found["found"] and "apt install" in found["do"]


def test_a_cache_that_cannot_be_used_stops_every_run_and_is_an_error(call, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PRELIMBIC_CACHE", str(tmp_path / "file" / "cache"))
    code, out, err = call("doctor")
    is_one_sentence(err, "cache")
    assert code == FAILURE and "PRELIMBIC_CACHE" in "".join(out.split()) and "broken" in out


def test_what_is_set_wrongly_is_told_and_the_rest_is_looked_at_all_the_same(call, monkeypatch):
    monkeypatch.setenv("PRELIMBIC_STATES", "many")
    monkeypatch.setenv("PRELIMBIC_THREADS", "0")
    found = looked(call)
    assert [*found] == WHAT
    assert "PRELIMBIC_STATES" in found["shared states"]["found"]
    assert "PRELIMBIC_THREADS" in found["cores"]["found"]


@pytest.mark.parametrize(
    ("flags", "size"),
    [
        ("flags : fpu sse2 avx avx2 avx512f", 64),
        ("flags : sse2 avx2", 32),
        ("Features : fp asimd", 16),
        ("", 0),
    ],
)
def test_the_width_of_vectors_is_that_of_the_processors_own_words(monkeypatch, flags, size):
    monkeypatch.setattr(doctor.Path, "read_text", lambda *_, **__: f"model name : x\n{flags}\n")
    assert doctor._offered() == size
