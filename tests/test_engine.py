"""What the compiled program computes: every spike is that of Brian2's own Euler; delays and refractoriness
are exact to the step; state goes on from one run to the next.  tests/test_process.py has the life of the
process.
"""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import brian, w1, w1_engine
from prelimbic.circuits import EngineError, Network, Numerics, cache
from prelimbic.circuits import equations as eq
from prelimbic.circuits.engine import CompiledEngine, Connections, Layout
from prelimbic.circuits.model import Model
from prelimbic.circuits.network import drawn_wiring
from prelimbic.parameters import SUBUNITS
from tests.conftest import healthy_weights, network
from tests.engines import NOBODY, STEP_S, contacts, everything, names, toy

BLOCK = np.full((4, len(SUBUNITS)), 0.3)
MODELS = {"point": eq.model(False), "dendritic": eq.model(True), "W1": w1_engine.model()}


def steps(time_s: np.ndarray) -> np.ndarray:
    return np.rint(np.asarray(time_s) / STEP_S).astype(int)


def begun(precision: int = 32, name: str = "dendritic", block: np.ndarray = BLOCK) -> Network:
    net = network(name=name, numerics=Numerics(precision))
    net.load_weights(healthy_weights(net.circuit))
    net.load_block(block)
    return net


def are_those_of_brian2(
    net: CompiledEngine, model: Model, layout: Layout, connections: dict[str, Connections]
) -> None:
    """One second of a network that was just begun in 64 bits, against Brian2's own C++ of the same texts and
    first state.
    """
    first = {f"cells.{name}": net.fetch(f"cells.{name}") for name in (*names(model), "key_0", "key_1")}
    first |= {f"{group}.weight": net.fetch(f"{group}.weight") for group in model.groups}
    net.run(1.0)
    cell, when = net.fetch("spikes.i"), net.fetch("spikes.t")
    net.close()
    theirs = brian.standalone(model, layout, 64, connections, first, 1.0)
    assert len(cell) > 1000
    assert np.array_equal(cell, theirs.cell)
    assert np.array_equal(steps(when), steps(theirs.time_s))


@pytest.mark.slow
def test_every_spike_of_the_circuit_is_that_of_brian2():
    net = begun(64)
    connections = drawn_wiring(net.circuit, 1).connections(True)
    are_those_of_brian2(net.engine, MODELS["dendritic"], Layout(net.circuit.counts), connections)


@pytest.mark.slow
def test_every_spike_of_w1_with_any_delays_is_that_of_brian2():
    drawn = w1.draw(1000, 1, heterogeneous=True)
    connections, layout = w1_engine.connections(drawn), Layout(tuple(int(n) for n in np.diff(drawn.bounds)))
    assert len(np.unique(np.concatenate([c.delay_steps(0.1) for c in connections.values()]))) > 20
    are_those_of_brian2(w1_engine.engine(drawn, 1, 64), MODELS["W1"], layout, connections)


@pytest.mark.slow
def test_rates_in_32_bits_are_those_in_64_within_what_seeds_differ_by():
    seeds = (1, 2, 3, 4, 5, 6)
    rates = {32: [], 64: []}
    for precision in rates:
        for seed in seeds:
            net = network(seed, "dendritic", numerics=Numerics(precision))
            rates[precision].append(net.observe(healthy_weights(net.circuit), BLOCK, 2.0).rate)
            net.close()
    spread = np.std(rates[64], axis=0, ddof=1)
    difference = np.mean(np.subtract(rates[32], rates[64]), axis=0)
    assert (spread > 0).all()
    assert (np.abs(difference) < 4 * spread / np.sqrt(len(seeds))).all()


@pytest.mark.parametrize("precision", [32, pytest.param(64, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", MODELS)
def test_every_loop_over_cells_is_done_in_vectors(name, precision):
    model = MODELS[name]
    width = cache.build_record(cache.program(model, precision))["vector_bytes"]
    loops = {"update_0"} | ({"update_1"} if model.motion_elsewhere else set())
    loops |= {"sample_cells"} if model.sample else set()
    without = {f"{loop}_without_{k + 1}" for loop in loops for k in range(len(model.spare))}
    assert set(width) == loops | without
    assert min(width.values()) >= 16, width


# Toys


def test_a_spike_arrives_after_its_delay_to_the_step_and_once_at_each_contact():
    # Cell 0 is kicked in the first step; its contacts have delays of 1 to 15 steps, two of them on one cell.
    near = contacts((0, 1, 0.1), (0, 2, 0.7), (0, 3, 1.5), (0, 4, 0.2), (0, 4, 0.9), (5, 6, 0.3))
    far = contacts((0, 1, 1.0), (0, 6, 0.4), (0, 0, 0.8))
    due = {1: [1, 10], 2: [7], 3: [15], 4: [2, 9], 6: [4], 0: [8]}
    net = toy((5, 2), near=near, far=far, v=[2.0, 0, 0, 0, 0, 0, 0], t_refractory=1.0)
    for step in range(25):
        net.run(STEP_S)
        count, when = net.fetch("cells.received"), steps(net.fetch("cells.received_at"))
        for cell in range(7):
            arrived = [d for d in due.get(cell, []) if d <= step]
            assert count[cell] == len(arrived), f"cell {cell}, step {step}"
            assert when[cell] == max(arrived, default=0)
    assert list(net.fetch("spikes.i")) == [0] and steps(net.fetch("spikes.t"))[0] == 0
    net.close()


def test_spikes_of_many_steps_on_their_way_at_once_all_arrive():
    # A cell that fires at every step, over a delay of 33 steps: so many are under way.
    net = toy(
        (2, 2), near=contacts((0, 1, 3.3), (0, 3, 0.1)), far=contacts((0, 2, 3.2)), drive=[2e4, 0, 0, 0]
    )
    net.run(100 * STEP_S)
    assert len(net.fetch("spikes.i")) == 100
    assert list(net.fetch("cells.received")) == [0, 67, 68, 99]
    net.close()


@pytest.mark.parametrize("counts", [(3, 2, 4), (3, 0, 6), (9,), (5, 4, 0)])
def test_every_contact_has_its_own_weight_and_every_population_its_own_constant(counts):
    # In an order of their own, by neither source, target nor delay.
    wired_as = [(s, t, 0.1 * (1 + (s + t) % 3)) for s in (0, 8, 2) for t in (7, 1, 4, 0, 8, 3, 2, 6, 5)]
    weight, gain = 2.0 ** np.arange(27), np.repeat([2.0, 3.0, 5.0][: len(counts)], counts)
    net = toy(
        counts, near=contacts(*wired_as), v=[2.0, 0, 0, 0, 0, 0, 0, 0, 2.0], t_refractory=1.0, gain=gain
    )
    net.load("near.weight", weight)
    assert np.array_equal(net.fetch("near.weight"), weight)
    net.run(5 * STEP_S)
    expected = np.zeros(9)
    for (source, target, _), w in zip(wired_as, weight, strict=True):
        expected[target] += gain[target] * w * (source in (0, 8))
    assert np.array_equal(net.fetch("cells.received"), expected)
    net.close()


@pytest.mark.parametrize("precision", [32, 64])
def test_arrays_of_any_size_arrive_and_come_back_as_they_were_given(precision):
    # Payloads on both sides of the size beyond which they take another way, growing and shrinking in one
    # process.
    for cells in (16385, 3, 8192, 8193, 16384, 300000, 70000, 1):
        net = toy((cells,), precision, near=contacts(*[(0, 0, 0.1)] * cells))
        for name in ("cells.v", "near.weight", "cells.drive"):
            given = np.random.default_rng(cells).random(cells).astype(np.float32)
            net.load(name, given)
            assert np.array_equal(net.fetch(name), given)
            spoilt = given.copy()
            spoilt[-1] = np.inf
            with pytest.raises(EngineError, match=f"{name} is not finite at {cells - 1}"):
                net.load(name, spoilt)
            assert np.array_equal(net.fetch(name), given)
        net.close()


@pytest.mark.parametrize("compiled", [True, False])
def test_a_synapse_group_may_have_no_contact(compiled):
    net = toy(near=NOBODY, far=contacts((0, 1, 0.1)), v=[2.0, 0, 0, 0, 0], compiled=compiled)
    net.run(3 * STEP_S)
    assert list(net.fetch("cells.received")) == [0, 1, 0, 0, 0]
    assert len(net.fetch("near.weight")) == 0
    net.close()


@pytest.mark.parametrize("precision", [32, 64])
def test_the_refractory_period_is_that_of_brian2(precision):
    # Each cell would fire at every step; just above, just below and at whole numbers of steps.
    period = (
        np.array(
            [
                0.0,
                0.04,
                0.1,
                0.1001,
                0.1499,
                0.1999,
                0.2,
                0.3,
                0.55,
                0.7,
                1.0,
                1.2,
                1.9,
                2.0,
                2.0001,
                3.3,
                5.0,
            ]
        )
        * 1e-3
    )
    seen = []
    for compiled in (True, False):
        net = toy((10, 7), precision if compiled else 64, drive=2e4, t_refractory=period, compiled=compiled)
        net.run(0.02)
        seen.append((net.fetch("spikes.i"), steps(net.fetch("spikes.t"))))
        net.close()
    assert np.array_equal(seen[0][0], seen[1][0])
    assert np.array_equal(seen[0][1], seen[1][1])
    assert len(set(np.bincount(seen[0][0]))) > 6


def test_a_toy_of_random_contacts_is_that_of_brian2_at_every_look():
    # Sizes that fill no vector, delays down to none at all, and several contacts of one pair.
    rng = np.random.default_rng(3)
    near, far = (
        contacts(*zip(*rng.integers(0, 129, (2, n)), 0.1 * rng.integers(0, 30, n) + 0.02, strict=True))
        for n in (900, 400)
    )
    given = dict(
        drive=rng.uniform(0, 3000, 129), t_refractory=rng.uniform(0, 3e-3, 129), v=rng.uniform(0, 1, 129)
    )
    gain = np.repeat([1.0, 2.0, 4.0], (67, 5, 57))
    both = [
        toy((67, 5, 57), near=near, far=far, compiled=compiled, gain=gain, **given)
        for compiled in (True, False)
    ]
    for seconds in (0.0017, 0.0203, 0.0001, 0.03):
        for net in both:
            net.run(seconds)
        ours, theirs = (
            {n: net.fetch(f"cells.{n}") for n in ("v", "received", "received_at", "draw")} for net in both
        )
        assert all(np.array_equal(ours[n], theirs[n]) for n in ours)
    spikes = [(net.fetch("spikes.i"), steps(net.fetch("spikes.t"))) for net in both]
    assert len(spikes[0][0]) > 1000
    assert np.array_equal(spikes[0], spikes[1])
    for net in both:
        net.close()


# State


@pytest.mark.parametrize(
    ("name", "precision"),
    [
        ("dendritic", 32),
        ("sst", 64),
        pytest.param("dendritic", 64, marks=pytest.mark.slow),
        pytest.param("sst", 32, marks=pytest.mark.slow),
    ],
)
def test_two_runs_are_one_bit_for_bit_with_the_same_weights_loaded_between(name, precision):
    whole, parts = begun(precision, name), begun(precision, name)
    whole.engine.run(0.5)
    parts.engine.run(0.25)
    parts.load_weights(healthy_weights(parts.circuit))
    parts.load_block(BLOCK)
    parts.engine.fetch("cells.v")
    parts.engine.run(0.25)
    ours, theirs = (everything(net, name == "dendritic") for net in (whole, parts))
    whole.close(), parts.close()
    assert len(ours["spikes.i"]) > 300
    assert len(ours["traces.seen_AMPA"]) == 500
    for array, values in ours.items():
        assert np.array_equal(values, theirs[array]), array


def test_looks_of_any_length_are_one_look():
    whole, parts = begun(), begun()
    weights = healthy_weights(whole.circuit)
    once = whole.observe(weights, BLOCK, 0.6, settle=0.0).spike_count
    looks = [parts.observe(weights, BLOCK, seconds, settle=0.0) for seconds in (0.1, 0.2, 0.3)]
    whole.close(), parts.close()
    assert np.array_equal(once, sum(look.spike_count for look in looks))


def test_a_block_changed_between_looks_acts_from_then_on():
    kept, changed, early = begun(), begun(), begun(block=np.ones_like(BLOCK))
    spikes = []
    for net, block in ((kept, BLOCK), (changed, np.ones_like(BLOCK)), (early, np.ones_like(BLOCK))):
        net.engine.run(0.2)
        before = everything(net, True)
        net.load_block(block)
        net.engine.run(0.2)
        spikes.append((before, everything(net, True)))
        net.close()
    assert all(
        np.array_equal(spikes[0][0][n], spikes[1][0][n])
        for n in spikes[0][0]
        if not n.startswith("cells.block")
    )
    assert spikes[0][1]["cells.sum_NMDA"].sum() > 0
    first, then = (spikes[1][k]["cells.sum_NMDA"] for k in (0, 1))
    assert np.array_equal(first, then)  # wholly shut, nothing was added
    assert not np.array_equal(spikes[1][1]["cells.v"], spikes[0][1]["cells.v"])
    assert not np.array_equal(spikes[1][1]["cells.v"], spikes[2][1]["cells.v"])


def test_each_precision_is_a_program_of_its_own_and_can_follow_the_other():
    seen = []
    for precision in (32, 64, 32, 64):
        net = begun(precision)
        net.engine.run(0.1)
        seen.append((net.engine.process_id, net.engine.fetch("cells.v")))
        net.close()
    assert [values.dtype for _, values in seen] == [np.float32, np.float64] * 2
    assert seen[0][0] == seen[2][0] != seen[1][0] == seen[3][0]
    assert np.array_equal(seen[0][1], seen[2][1]) and np.array_equal(seen[1][1], seen[3][1])
    assert not np.array_equal(seen[0][1], seen[1][1])


def test_a_shorter_step_moves_neither_samples_nor_rates():
    nets = [network(numerics=Numerics(step=step)) for step in (0.1, 0.05)]
    coarse, fine = (net.observe(healthy_weights(net.circuit), BLOCK, 1.0) for net in nets)
    for net in nets:
        net.close()
    assert len(fine.lfp) == len(coarse.lfp)
    odd = np.rint(fine.spike_time / 0.05).astype(int) % 2
    assert 0.4 < odd.mean() < 0.6
    assert fine.rate == pytest.approx(coarse.rate, rel=0.35)
