"""The engine on ARM processors of 64 bits, emulated: Debian's g++-aarch64-linux-gnu and qemu-user.  Python
stays what it is; the circuit's program is compiled for ARM and runs there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from prelimbic.circuits import Numerics, toolchain
from prelimbic.circuits.toolchain import TARGETS
from tests.engines import ROOT
from tests.test_portable import seen

CROSS, EMULATOR = "aarch64-linux-gnu-g++", "qemu-aarch64"
COMPILER = ROOT / "tests" / "arm" / "compiler"
NOT_OF_ARM = "-march=x86-64-v2"


def needs(*programs: str) -> None:
    """Skip where a program is missing, unless $REQUIRE_ARM says that none may be."""
    absent = [program for program in programs if shutil.which(program) is None]
    if absent and not os.environ.get("REQUIRE_ARM"):
        pytest.skip(f"no {' and no '.join(absent)} here")
    assert not absent


@pytest.fixture
def on_arm(monkeypatch) -> Iterator[None]:
    """From here on circuits are compiled for ARM."""
    needs(CROSS, EMULATOR)
    monkeypatch.setenv("CXX", str(COMPILER))
    toolchain.cache_clear()
    yield
    toolchain.cache_clear()


def test_for_arm_the_first_target_is_taken_that_its_compiler_knows(on_arm):
    found = toolchain()
    assert found is not None and found.target in TARGETS and NOT_OF_ARM not in found.target


def test_where_clang_knows_no_native_arm_it_is_told_apple_s(on_arm, monkeypatch, tmp_path):
    needs("clang++")
    monkeypatch.setenv("ARM_CXX", "clang++ --target=aarch64-linux-gnu")
    monkeypatch.setenv("PRELIMBIC_CACHE", str(tmp_path))  # by which what was found is known
    found = toolchain()
    assert found is not None and found.target == ("-mcpu=apple-m1",)


@pytest.mark.slow
@pytest.mark.parametrize("numerics", [Numerics(64), Numerics(portable=True)], ids=["64 bits", "portable"])
def test_every_spike_and_state_on_arm_is_that_of_this_processor(request, numerics):
    here, usual = seen(numerics, 0.6, "native"), toolchain()
    request.getfixturevalue("on_arm")
    assert toolchain() != usual
    assert seen(numerics, 0.6, "native") == here
