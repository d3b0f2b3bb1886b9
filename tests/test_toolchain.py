"""Which compiler builds, with which flags, and what is said of one that does not work."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from prelimbic.circuits import BuildError, build_record, cache, program
from prelimbic.circuits import equations as eq
from prelimbic.circuits.toolchain import (
    COMMON,
    OPTIONAL,
    TARGETS,
    compiler,
    toolchain,
    vector_bytes,
    why_no_compiler,
)
from prelimbic.experiments.studies.registry import find_study
from prelimbic.experiments.sweep import conduct
from prelimbic.experiments.sweep.execute import ExecuteError
from prelimbic.experiments.sweep.study import Options
from tests import test_build
from tests.engines import TOY
from tests.test_build import tools

# fixtures: they act in every file that has their name
fresh, pretended = test_build.fresh, test_build.pretended


# Compilers


@pytest.mark.parametrize("asked", ["/nonexistent", "no-such-compiler"])
def test_without_a_compiler_there_is_no_program_and_one_sentence(fresh, monkeypatch, asked):
    monkeypatch.setenv("CXX", asked)
    assert toolchain() is None and compiler() is None
    with pytest.raises(
        BuildError,
        match=rf"^no C\+\+ compiler works: CXX is '{asked}', which is (not on the PATH|no program); ",
    ):
        program(TOY, 64)
    assert not fresh.exists()


def test_the_compiler_asked_for_is_the_only_one_used(pretended):
    script = pretended('if [ "$1" = --version ]; then echo "pretended 1.0"; exit 0; fi')
    found = toolchain()
    assert (found.command, found.version, compiler()) == ((str(script),), "pretended 1.0", "pretended 1.0")


def test_the_compiler_asked_for_may_have_words_of_its_own(pretended, monkeypatch):
    script = pretended('case " $* " in *" -DWORD "*) ;; *) exit 1;; esac')
    monkeypatch.setenv("CXX", f"{script} -DWORD")
    assert toolchain().command == (str(script), "-DWORD")


def test_a_compiler_asked_for_that_compiles_nothing_is_not_replaced_by_another(pretended):
    pretended("exit 1")
    assert toolchain() is None


@pytest.mark.parametrize("known", range(1, len(TARGETS)))
def test_a_target_that_the_compiler_refuses_is_passed_over_for_the_next(pretended, known):
    refused = {flag for target in TARGETS[:known] for flag in target} - {
        flag for target in TARGETS[known:] for flag in target
    }
    checks = "\n".join(f'case " $* " in *" {flag} "*) exit 1;; esac' for flag in sorted(refused))
    pretended(checks)
    found = toolchain()
    assert found.target in TARGETS[known:]
    assert not refused & set(found.flags(32))
    assert not refused & set(found.flags(64))


def test_a_target_whose_programs_do_not_run_here_is_passed_over(pretended):
    # What a compiler makes for another processor: it compiles, and ends on its first instruction.
    pretended(
        'case "$*" in *-m*=native*)\n'
        "while [ $# -gt 1 ]; do shift; done\n"
        'printf \'#!/bin/sh\\nkill -ILL $$\\n\' > "$1"; chmod +x "$1"; exit 0;; esac'
    )
    found = toolchain()
    assert not any("native" in flag for flag in found.target)


def test_a_compiler_whose_programs_may_not_be_executed_here_is_no_compiler(pretended):
    pretended('while [ $# -gt 1 ]; do shift; done\nprintf "no program" > "$1"; exit 0')
    assert toolchain() is None


def test_with_all_flags_a_command_line_is_what_it_always_was(fresh):
    found = toolchain()
    assert found.common == COMMON == ("-std=c++17", "-O3", "-w", "-static-libstdc++", "-static-libgcc")
    assert found.flags(32) == (*COMMON, *found.target, "-ffast-math")
    assert why_no_compiler() == ""


# What ld and g++ print on Rocky, Alma and Fedora without the package libstdc++-static.
NO_STATIC = (
    "/usr/bin/ld: cannot find -lstdc++: No such file or directory\n"
    "collect2: error: ld returned 1 exit status\n"
)


@pytest.mark.parametrize("flag", OPTIONAL)
def test_a_flag_that_alone_does_not_work_is_left_out_alone(pretended, flag):
    pretended(f'case " $* " in *" {flag} "*) printf "{NO_STATIC}" >&2; exit 1;; esac')
    found = toolchain()
    assert found.common == tuple(f for f in COMMON if f != flag)
    assert found.target in TARGETS[:3]
    assert why_no_compiler() == ""


def test_without_a_static_library_the_circuit_is_compiled_all_the_same(pretended, fresh, monkeypatch):
    monkeypatch.setattr(cache, "_translated", lambda *asked: "int main() {}")
    pretended(f'case " $* " in *" -static-libstdc++ "*) printf "{NO_STATIC}" >&2; exit 1;; esac')
    told = build_record(program(TOY, 64))
    assert tuple(told["flags"]) == toolchain().flags(64)
    assert "-static-libstdc++" not in told["flags"] and "-static-libgcc" in told["flags"]


def test_a_compiler_that_does_not_tell_of_its_loops_compiles_all_the_same(pretended, fresh, monkeypatch):
    monkeypatch.setattr(cache, "_translated", lambda *asked: "int main() {}")
    pretended('case " $* " in *" -fopt-info"*|*" -Rpass"*) echo "unknown option" >&2; exit 1;; esac')
    assert build_record(program(TOY, 64))["vector_bytes"] == {}


LINES = {
    "too old": (
        """case " $* " in *" -std=c++17 "*)
                echo "g++: error: unrecognized command line option '-std=c++17'" >&2; exit 1;; esac""",
        "fails: g++: error: unrecognized command line option '-std=c++17'",
    ),
    "in part": (
        "echo \"g++: fatal error: cannot execute 'cc1plus': execvp: No such file or directory\" >&2; exit 1",
        "fails: g++: fatal error: cannot execute 'cc1plus'",
    ),
    "no linker": (
        "printf \"In file included from x\\ncollect2: fatal error: cannot find 'ld'\\n\" >&2; exit 1",
        "fails: collect2: fatal error: cannot find 'ld'",
    ),
    "no library": (
        f'printf "{NO_STATIC}" >&2; exit 1',
        "fails: /usr/bin/ld: cannot find -lstdc++: No such file or directory",
    ),
    "no headers": ('exec g++ -nostdinc++ "$@"', "the headers of the C++ library are not installed"),
    "a word that is no text": ("printf 'error: caf\\351\\n' >&2; exit 1", "fails: error: caf"),
    "mute": ("exit 3", "fails: it ended with code 3 and no word"),
    "hanging": ("sleep 60", "gave no answer in"),
    "its programs do not load": (
        "while [ $# -gt 1 ]; do shift; done\n"
        'printf "#!/bin/sh\necho x: error while loading shared libraries: libstdc++.so.6: cannot open >&2; '
        'exit 127" > "$1"\n'
        'chmod +x "$1"; exit 0',
        "makes programs that do not run here: x: error while loading shared libraries: libstdc++.so.6",
    ),
    "its programs are none": (
        'while [ $# -gt 1 ]; do shift; done\nprintf "no program" > "$1"; exit 0',
        "programs may not run in",
    ),
}


@pytest.mark.parametrize("case", LINES)
def test_why_a_compiler_does_not_work_is_said_with_its_first_line_of_error(pretended, monkeypatch, case):
    monkeypatch.setattr(tools, "PATIENCE_S", 1.0 if case == "hanging" else 60.0)
    lines, words = LINES[case]
    script = pretended(lines)
    assert toolchain() is None
    assert why_no_compiler().startswith(f"CXX is '{script}', which ")
    assert words in why_no_compiler() and "\n" not in why_no_compiler()


@pytest.mark.parametrize(
    ("asked", "path", "words"),
    [
        ("icpc", None, "CXX is 'icpc', which is not on the PATH"),
        ("ccache-not-here g++", None, "CXX is 'ccache-not-here g++', which is not on the PATH"),
        ("g++ 'half", None, "which has an open quotation mark"),
        ("''", None, "CXX is \"''\", which names no program"),
        ("", "/nonexistent", "g++ is not on the PATH; clang++ is not on the PATH"),
    ],
)
def test_what_was_tried_is_said(fresh, monkeypatch, asked, path, words):
    monkeypatch.setenv("CXX", asked)
    if path:
        monkeypatch.setenv("PATH", path)
    assert toolchain() is None
    assert words in why_no_compiler()


def test_a_study_and_a_job_say_why_there_is_no_compiler(fresh, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("CXX", "icpc")
    monkeypatch.setattr(conduct, "prepare", lambda runs: False)
    assert conduct._prepare([], conduct.console()) is False
    assert (
        "No C++ compiler works here (CXX is 'icpc', which is not on the PATH), so the circuit is"
        in capsys.readouterr().out
    )
    with pytest.raises(
        ExecuteError, match="on this node: CXX is 'icpc', which is not on the PATH; interpreted"
    ):
        conduct._job(find_study("acute"), [], [], [None], {}, Options(out=tmp_path), conduct.console())


def test_a_compiler_that_hangs_is_ended_with_what_it_started(pretended, monkeypatch, tmp_path):
    monkeypatch.setattr(tools, "PATIENCE_S", 0.5)
    pretended(f"sleep 60 & echo $! > {tmp_path}/pid; wait")
    assert toolchain() is None
    child = Path("/proc") / (tmp_path / "pid").read_text().strip() / "stat"
    threading.Event().wait(0.2)
    assert not child.exists() or child.read_text().split()[2] == "Z"


GCC = """main.cpp:120:26: optimized: loop vectorized using 64 byte vectors
main.cpp:120:26: optimized: loop vectorized using 32 byte vectors
main.cpp:300:26: optimized: loop vectorized using 16 byte vectors
/x/kernel/draws.h:44:27: optimized: loop vectorized using 64 byte vectors
main.cpp:55:9: optimized: basic block part vectorized using 32 byte vectors
main.cpp:1200:1: optimized: loop versioned for vectorization because of possible aliasing
"""
CLANG = "".join(
    f"{place}: remark: vectorized loop (vectorization width: {width}, interleaved count: {count})"
    " [-Rpass=loop-vectorize]\n"
    for place, width, count in (("main.cpp:120:1", 16, 1), ("main.cpp:300:5", 2, 4), ("draws.h:44:9", 8, 1))
)


@pytest.mark.parametrize(
    ("report", "precision", "expected"),
    [
        (GCC, 32, {"cells": 64, "others": 16, "block": 0, "none": 0}),
        (GCC, 64, {"cells": 64, "others": 16, "block": 0, "none": 0}),
        (CLANG, 32, {"cells": 64, "others": 8, "block": 0, "none": 0}),
        (CLANG, 64, {"cells": 128, "others": 16, "block": 0, "none": 0}),
        ("", 32, {"cells": 0, "others": 0, "block": 0, "none": 0}),
    ],
)
def test_the_width_of_a_loops_vectors_is_read_from_what_gcc_and_clang_tell(report, precision, expected):
    assert (
        vector_bytes(report, {"cells": 120, "others": 300, "block": 55, "none": 12}, precision) == expected
    )


@pytest.fixture
def forgotten() -> Iterator[None]:
    """No compiler is known from before; programs are those of the cache that all tests share."""
    toolchain.cache_clear()
    yield
    toolchain.cache_clear()


@pytest.mark.slow
@pytest.mark.parametrize("precision", [32, 64])
@pytest.mark.parametrize("command", ["g++", "clang++"])
def test_each_compiler_that_is_here_makes_vectors_of_every_loop(forgotten, monkeypatch, command, precision):
    if shutil.which(command) is None:
        pytest.skip(f"{command} is not installed")
    monkeypatch.setenv("CXX", command)
    for model in (eq.model(False), eq.model(True)):
        assert min(build_record(program(model, precision))["vector_bytes"].values()) >= 16
