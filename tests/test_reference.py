"""Plain C++ simulators, written from the equations by hand, as an independent check of the engine; and the
benchmark table.
"""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest

from benchmarks import reference, table, w1, w1_engine
from prelimbic.circuits import Numerics, describe, drawn_network, resting_weights
from prelimbic.circuits.network import drawn_wiring
from prelimbic.parameters import circuit_numbers, circuit_sheet

SEEDS = (1, 2, 3, 4, 5, 6)
SECONDS = 6.0


def agree(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Rates of the same wirings, (wiring, class), differ by no more than their noise lets them: the mean
    difference lies within five standard errors, and these are small enough for a difference of a tenth to
    show.
    """
    difference = ours / theirs - 1.0
    error = difference.std(axis=0, ddof=1) / np.sqrt(len(ours))
    assert (np.abs(difference.mean(axis=0)) < 5 * error + 0.005).all(), difference
    assert (5 * error < 0.1).all(), error


@pytest.mark.slow
def test_w1_fires_as_plain_cpp_says(tmp_path):
    network = w1.draw(4000, 1)
    reference.export_w1(network, tmp_path)
    program = reference.compile_reference("w1")
    theirs = np.array([reference.run(program, tmp_path, SECONDS, seed).rates for seed in SEEDS])
    ours = []
    for seed in SEEDS:
        engine = w1_engine.engine(network, seed)
        engine.run(0.5)
        engine.clear()
        engine.run(SECONDS)
        count = np.bincount(engine.fetch("spikes.i"), minlength=4000) / SECONDS
        ours.append(
            [count[a:b].mean() for a, b in zip(network.bounds[:-1], network.bounds[1:], strict=True)]
        )
        engine.close()
    agree(np.array(ours), theirs)


@pytest.mark.slow
@pytest.mark.parametrize("block", [0.0, 0.3])
def test_the_shipped_circuit_fires_as_plain_cpp_says(block, tmp_path):
    circuit = describe(circuit_numbers(circuit_sheet("dendritic")), 1.0, 1.3375)
    weights, shut = resting_weights(circuit), np.full((4, 6), block)
    program = reference.compile_reference("w2")
    ours, theirs = [], []
    for seed in SEEDS:
        exact = Numerics(delay_classes=0)
        network = drawn_network(circuit, seed, numerics=exact)
        ours.append(network.observe(weights, shut, SECONDS, settle=0.5).rate)
        reference.export_w2(circuit, drawn_wiring(circuit, seed, exact), weights, shut, tmp_path / str(seed))
        theirs.append(reference.run(program, tmp_path / str(seed), SECONDS, seed).rates)
        network.close()
    agree(np.array(ours), np.array(theirs))


def test_a_row_compares_round_by_round_and_says_what_was_missed():
    slower = table.row("a", [(2.0, 1.0), (3.0, 1.0), (4.0, 2.0)], "<= 1.2", "s")
    assert (slower.value, slower.limit, slower.ratio, slower.repeats) == (3.0, 1.0, 2.0, [2.0, 3.0, 2.0])
    assert not slower.met
    faster = table.row("b", [(1.0, 20.0)], ">= 12", "s", faster=True)
    assert faster.ratio == 20.0 and faster.met
    assert set(json.loads(json.dumps(asdict(faster)))) == {
        "name",
        "value",
        "limit",
        "ratio",
        "goal",
        "unit",
        "repeats",
    }


def test_an_unknown_reference_is_told():
    with pytest.raises(reference.ProgramError, match="no reference simulator 'w3'; there are w1, w2"):
        reference.compile_reference("w3")
