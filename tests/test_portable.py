"""--portable: the same spikes whatever compiler, flags and vector width made the program; and what it leaves
as it was.
"""

from __future__ import annotations

import importlib
import os
import shutil
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest

from prelimbic.circuits import NetworkError, Numerics, cache, drawn_network, model_of, toolchain
from prelimbic.circuits.toolchain import Toolchain
from prelimbic.experiments.storage.digests import model_digest
from prelimbic.experiments.storage.provenance import machine_code, target
from prelimbic.experiments.studies.registry import find_study
from prelimbic.experiments.sweep.study import Options, whole_loop
from tests.conftest import brief, healthy_weights, small_circuit
from tests.engines import digest, everything

# the package has a function of this name
MADE: ModuleType = importlib.import_module("prelimbic.circuits.toolchain")
PORTABLE = Numerics(portable=True)
BLOCK = np.full((4, 6), 0.4)
WIDEST = ("-march=native", "-mprefer-vector-width=512")
# Other compilers are tried where they are installed, each under one of its names.
NAMES = ("g++", "g++-11", "g++-13", "g++-14", "clang++", "clang++-14", "clang++-19")
PLACES = {os.path.realpath(place): c for c in reversed(NAMES) if (place := shutil.which(c))}
COMPILERS = sorted(PLACES.values(), key=NAMES.index)


def tools(command: str, *target_flags: str) -> Toolchain:
    words = (command,)
    return MADE._described(words, MADE.COMMON, target_flags)


def made_by(monkeypatch, found: Toolchain, optimised: str = "-O3") -> None:
    """From here on this compiles all programs, in the usual cache: there they are programs of their own."""
    monkeypatch.setattr(cache, "toolchain", lambda: found)
    monkeypatch.setattr(MADE, "COMMON", tuple(optimised if flag == "-O3" else flag for flag in MADE.COMMON))


def seen(numerics: Numerics = PORTABLE, seconds: float = 3.0, name: str = "sst") -> str:
    """A digest of every spike and every state of a small circuit after some seconds under a block that
    silences cells.
    """
    net = drawn_network(small_circuit(name), 1, True, numerics)
    try:
        for block in (np.zeros((4, 6)), BLOCK, np.full((4, 6), 0.97)):
            net.observe(healthy_weights(net.circuit), block, seconds / 3)
        return digest(everything(net, net.circuit.apical is not None))
    finally:
        net.close()


# Another compiler where there is one, half as optimised, and vectors of four numbers.
OTHER = (
    tools(next((c for c in COMPILERS if c.startswith("clang")), COMPILERS[0]), "-march=x86-64-v2"),
    "-O2",
)


@pytest.fixture(scope="module")
def usual() -> str:
    return seen()


@pytest.mark.slow
def test_narrow_vectors_and_another_compiler_give_every_spike_and_state_of_the_widest(usual, monkeypatch):
    made_by(monkeypatch, *OTHER)
    assert seen() == usual


TARGETS = (WIDEST, ("-march=native",), ("-march=x86-64-v3",), ("-march=x86-64-v2",), ())


@pytest.mark.slow
@pytest.mark.parametrize("flags", TARGETS, ids=lambda flags: " ".join(flags) or "none")
@pytest.mark.parametrize("command", COMPILERS)
def test_every_compiler_and_target_gives_the_same(usual, monkeypatch, command, flags):
    # Half as optimised in turn: each pair of compiler, target and level is tried, in half of all programs.
    turn = COMPILERS.index(command) + TARGETS.index(flags)
    made_by(monkeypatch, tools(command, *flags), ("-O2", "-O3")[turn % 2])
    assert seen() == usual


@pytest.mark.slow
@pytest.mark.parametrize("numerics", [PORTABLE, Numerics(64, portable=True), Numerics(64)])
def test_a_circuit_with_dendrites_and_64_bits_too(monkeypatch, numerics):
    first = seen(numerics, name="dendritic")
    for command in COMPILERS:
        made_by(monkeypatch, tools(command, "-march=x86-64-v2"))
        assert seen(numerics, name="dendritic") == first


@pytest.mark.slow
def test_a_whole_run_by_other_flags_gives_the_same_spikes_spines_and_slow_states(monkeypatch):
    config = brief(numerics=PORTABLE)
    first = whole_loop(config, True, lambda seconds: None)
    made_by(monkeypatch, *OTHER)
    second = whole_loop(config, True, lambda seconds: None)
    assert model_digest(first) == model_digest(second)
    looked = ("cells/spike_count", "spines/state", "slow/protein", "slow/recurrent_ampa", "lfp/lfp")
    for group, name in (path.split("/") for path in looked):
        assert first[group][name].values.tobytes() == second[group][name].values.tobytes(), name


@pytest.mark.slow
def test_the_last_digits_that_libraries_differ_in_do_not_reach_the_circuit():
    def after(noise: float, numerics: Numerics) -> str:
        net = drawn_network(small_circuit(), 1, True, numerics)
        try:
            net.observe(
                healthy_weights(net.circuit) * (1 + noise), np.full((4, 6), 0.123456789) * (1 + noise), 1.0
            )
            return digest(everything(net, False))
        finally:
            net.close()

    wide = Numerics(64, portable=True)
    assert after(3e-16, wide) == after(0.0, wide) and after(3e-16, PORTABLE) == after(0.0, PORTABLE)
    assert after(3e-16, Numerics(64)) != after(0.0, Numerics(64))


@pytest.mark.parametrize("precision", [32, 64])
def test_a_portable_program_does_every_operation_as_it_is_written(precision):
    flags = replace(toolchain(), portable=True).flags(precision)
    assert "-ffast-math" not in flags and "-ffp-contract=off" in flags
    told = machine_code(True, Numerics(precision, portable=True))
    assert told["compiler_flags"] == " ".join(flags) and told["code_target"] == f"portable float{precision}"


@pytest.mark.slow
def test_conductances_of_silent_cells_do_not_come_to_denormals():
    net = drawn_network(small_circuit(), 1, True, PORTABLE)
    try:
        net.set_background(np.zeros(4))
        net.observe(healthy_weights(net.circuit), np.zeros((4, 6)), 0.5)
        # a little above the least normal number
        net.engine.load("cells.g_fast", np.full(net.circuit.size, 1.3e-38))
        net.engine.run(0.02)
        # what it would lose in a step is less than any
        assert set(net.engine.fetch("cells.g_fast")) == {np.float32(1.3e-38)}
    finally:
        net.close()


def test_a_portable_program_is_another_and_vectorised():
    circuit = small_circuit("dendritic")
    fast, strict = (cache.program(model_of(circuit), 32, portable) for portable in (False, True))
    assert fast != strict
    assert cache.build_record(strict)["vector_bytes"] == cache.build_record(fast)["vector_bytes"]


def test_interpreted_a_network_is_not_portable():
    circuit = small_circuit()
    with pytest.raises(NetworkError, match="needs a C\\+\\+ compiler"):
        drawn_network(circuit, 1, False, PORTABLE)


# The option


def test_a_portable_run_has_an_id_of_its_own_and_all_others_keep_theirs():
    config = brief()
    assert "portable" not in config.to_dict()["numerics"]
    assert replace(config, numerics=PORTABLE).to_dict()["numerics"]["portable"] is True
    assert replace(config, numerics=PORTABLE).run_id() != config.run_id()  # which tests.golden keeps


def test_run_takes_portable(call):
    plain, portable = (
        call("run", "acute", "--seeds", "1", "--list", *words) for words in ((), ("--portable",))
    )
    assert plain[0] == portable[0] == 0 and plain[1] != portable[1]


def test_without_a_compiler_a_portable_study_says_so(call, monkeypatch):
    monkeypatch.setattr("prelimbic.experiments.sweep.conduct.prepare", lambda todo: False)
    code, _, err = call("run", "acute", "--seeds", "1", "--scale", "0.5", "--portable")
    assert (
        code == 1 and err.startswith("prelimbic: --portable needs a C++ compiler") and err.count("\n") == 1
    )


def test_the_numerics_study_varies_portable_runs_as_portable_ones():
    runs = find_study("numerics").plan(Options(1, numerics=PORTABLE))
    assert all(run.config.numerics.portable for run in runs)


def test_what_a_portable_run_does_not_depend_on_is_not_in_its_target():
    assert (
        target(True, PORTABLE).startswith("portable,,,")
        and target(True, Numerics()).split(",")[1] == toolchain().processor
    )
