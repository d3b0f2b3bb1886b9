"""Threads of a circuit, drawing in blocks, and what is kept of many contacts: nothing of it moves a bit."""

from __future__ import annotations

import numpy as np
import pytest

from prelimbic.circuits import Numerics, describe, drawn_network, engine, resting_weights, wiring
from prelimbic.circuits.network import Network
from prelimbic.parameters import SpineNumbers, circuit_numbers, granted, sheet
from prelimbic.parameters.errors import UsageError
from tests.conftest import small_circuit
from tests.engines import contacts, digest, everything, toy

SEVERAL_CHUNKS = 3.1  # scale: 2,480 Pyr cells, whose last chunk is no multiple of any vector
BLOCK = np.full((4, 6), 0.3)


@pytest.fixture(autouse=True)
def eight_cpus(monkeypatch):
    monkeypatch.setattr(granted, "available_cpus", lambda: 8)


def large():
    ratio = sheet("spines").fill("spines", SpineNumbers).sites_per_contact
    return describe(circuit_numbers(sheet("dendritic")), SEVERAL_CHUNKS, ratio)


def run_by(threads: int, numerics: Numerics, monkeypatch) -> tuple[str, bytes]:
    """All of a circuit after two stretches, and the state it would be saved in."""
    monkeypatch.setenv("PRELIMBIC_THREADS", str(threads))
    net = drawn_network(large(), 2, True, numerics)
    net.load_weights(resting_weights(net.circuit))
    net.load_block(BLOCK)
    for seconds in (0.0403, 0.06):
        net.engine.run(seconds)
    found = digest(everything(net, True)), net.engine.state().tobytes()
    assert len(net.engine.fetch("spikes.i")) > 500
    net.close()
    return found


@pytest.mark.parametrize(
    "numerics",
    [
        Numerics(),
        pytest.param(Numerics(64), marks=pytest.mark.slow),
        pytest.param(Numerics(portable=True), marks=pytest.mark.slow),
    ],
)
def test_any_number_of_threads_gives_the_same_spikes_states_and_sums(numerics, monkeypatch):
    one = run_by(1, numerics, monkeypatch)
    assert run_by(2, numerics, monkeypatch) == one
    assert run_by(3, numerics, monkeypatch) == one


def test_a_state_saved_with_one_number_of_threads_goes_on_with_another(monkeypatch):
    circuit, seen = large(), []
    for threads, after in ((1, 1), (3, 2), (2, 3)):
        monkeypatch.setenv("PRELIMBIC_THREADS", str(threads))
        net = drawn_network(circuit, 2)
        net.load_weights(resting_weights(circuit))
        net.load_block(BLOCK)
        net.engine.run(0.02)
        state = net.state()
        net.close()
        monkeypatch.setenv("PRELIMBIC_THREADS", str(after))
        net = drawn_network(circuit, 2)
        net.go_on(state)
        net.load_weights(resting_weights(circuit))
        net.engine.run(0.02)
        seen.append(digest(everything(net, True)))
        net.close()
    assert len(set(seen)) == 1


def test_contacts_in_no_order_are_delivered_in_the_order_given_by_any_number_of_threads():
    cells = 3000
    rng = np.random.default_rng(1)
    pairs, delays = rng.integers(0, cells, (20000, 2)), rng.choice([0.1, 0.5], 20000)
    listed = [(int(s), int(t), float(d)) for (s, t), d in zip(pairs, delays, strict=True)]
    seen = []
    for threads in (1, 2, 3):
        net = toy((2000, 1000), 32, contacts(*listed), contacts(*listed[::-1]), drive=60.0, threads=threads)
        net.load("near.weight", np.linspace(0.1, 0.7, len(listed)))
        net.load("cells.v", np.linspace(0.0, 0.999, cells))
        net.run(0.01)
        seen.append((net.fetch("cells.received"), net.fetch("cells.received_at"), net.fetch("spikes.value")))
        net.close()
    assert (seen[0][0] > 0).sum() > 1000 and len(seen[0][2]) > 1000
    assert all(np.array_equal(a, b) for other in seen[1:] for a, b in zip(seen[0], other, strict=True))


@pytest.mark.parametrize("asked", ["0", "9", "two", "-1", "1.5"])
def test_threads_that_cannot_be_are_refused_in_one_sentence(asked, monkeypatch):
    monkeypatch.setenv("PRELIMBIC_THREADS", asked)
    with pytest.raises(UsageError, match=rf"PRELIMBIC_THREADS is {asked} but must be .* 1 to 8, the CPUs"):
        granted.threads_asked()


def test_workers_leave_their_circuits_the_threads_asked_for(monkeypatch):
    for asked, workers in (("", 8), ("3", 2), ("8", 1)):
        monkeypatch.setenv("PRELIMBIC_THREADS", asked)
        assert granted.workers_by_default() == workers


def test_delays_of_equal_length_and_blocks_of_any_size_fall_into_the_classes_of_their_ranks(monkeypatch):
    rng = np.random.default_rng(3)
    for delays in (rng.uniform(0.5, 2.0, 997), rng.integers(0, 6, 500) / 4.0, np.ones(3), np.arange(2.0)):
        rank = np.empty(len(delays), dtype=int)
        rank[np.argsort(delays, kind="stable")] = np.arange(len(delays))
        belongs = rank * 5 // len(delays)
        sums = np.bincount(belongs, delays, minlength=5) / np.maximum(np.bincount(belongs, minlength=5), 1)
        for block in (1 << 20, 100, 7):
            monkeypatch.setattr(wiring, "BLOCK", block)
            assert np.array_equal(wiring.delay_classes(delays, 5), sums[belongs])


def test_a_wiring_drawn_in_classes_is_the_one_that_was_put_into_them():
    circuit, seed = small_circuit("human_l23"), np.random.SeedSequence(4)
    exact, classed = wiring.draw(circuit, seed), wiring.draw(circuit, seed, 5)
    again = wiring.with_delay_classes(exact, 5)
    for name in ("sources", "targets", "weights", "delays", "apical"):
        for group in wiring.GROUPS:
            assert np.array_equal(getattr(classed, name)[group], getattr(again, name)[group])
    assert np.array_equal(classed.start, again.start)
    with pytest.raises(ValueError, match="5 classes cannot be put into 3"):
        wiring.with_delay_classes(classed, 3)


def test_weights_come_back_as_given_whether_those_of_a_row_are_one_or_not():
    circuit = small_circuit("dendritic")
    net = drawn_network(circuit, 1)
    rng = np.random.default_rng(2)
    some = np.where(rng.random(net.partners.shape) < 0.5, 0.0, 0.25).astype(np.float32)
    for weights in (some, some * rng.random(some.shape).astype(np.float32), some, np.zeros_like(some)):
        net.load_weights(weights)
        for name, placed in net.wiring.connections(True).items():
            if name.startswith("plastic"):
                expected = (placed.of(weights.ravel()) * 1e-9).astype(np.float32)
                assert np.array_equal(net.engine.fetch(f"{name}.weight"), expected)
    net.close()


def test_a_payload_that_is_given_back_leaves_room_for_the_next(monkeypatch):
    monkeypatch.setattr(engine, "KEPT_BYTES", 1 << 16)
    net = toy((40000, 20000), 32)
    for size in (1.0, 2.0, 3.0):
        net.load("cells.v", np.full(60000, size))
        net.load("near.weight", np.ones(1))
        assert (net.fetch("cells.v") == size).all()
    net.close()


def test_a_network_is_told_of_too_many_threads_before_anything_runs(monkeypatch):
    monkeypatch.setenv("PRELIMBIC_THREADS", "9")
    circuit = small_circuit()
    with pytest.raises(UsageError, match="from 1 to 8, the CPUs granted here"):
        Network(circuit, wiring.draw(circuit, np.random.SeedSequence(1)), np.random.SeedSequence(2))
