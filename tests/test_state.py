"""A compiled network that goes on from a saved state does what it would have done, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from prelimbic.circuits import EngineError, Network, describe, draw
from prelimbic.circuits.manipulate import ampa
from prelimbic.parameters import SpineNumbers, circuit_numbers, sheet
from tests.conftest import healthy_weights, network, wired
from tests.engines import NOBODY, STEP_S, contacts, digest, everything, toy

SHUT = np.full((4, 6), 0.3)


def circuit_of(name: str):
    ratio = sheet("spines").fill("spines", SpineNumbers).sites_per_contact
    return describe(circuit_numbers(sheet(name)), 0.5, ratio)


@pytest.mark.parametrize(("name", "dendrites"), [("sst", False), ("dendritic", True)])
@pytest.mark.parametrize("antagonist", [False, True])
def test_a_network_goes_on_in_another_process_as_if_nothing_had_been(name, dendrites, antagonist):
    circuit = circuit_of(name)
    wiring, seed = wired(circuit)
    weights, later = healthy_weights(circuit), ampa(circuit, 0.5) if antagonist else circuit
    first = Network(circuit, wiring, seed)
    first.observe(weights, SHUT * 0, 0.5)
    first.alter(later)
    first.observe(weights, SHUT, 0.3)
    state = {key: value.copy() for key, value in first.state().items()}

    def rest_of(net: Network, now):
        net.alter(now)
        seen = net.observe(weights * 1.1, SHUT * 2, 0.5)
        return digest(everything(net, dendrites)), seen

    other = Network(circuit, draw(circuit, np.random.SeedSequence(1).spawn(2)[0]), seed)
    assert other.engine.process_id != first.engine.process_id
    other.go_on(state)
    for now in (circuit, later):  # what an antagonist left at the look before is forgotten
        (one, seen), (two, seen_again) = rest_of(first, now), rest_of(other, now)
        assert one == two
        for field in ("spike_time", "recurrent_ampa", "lfp", "rate"):
            assert np.array_equal(getattr(seen, field), getattr(seen_again, field))
    first.close()
    other.close()


def test_spikes_on_their_way_arrive_after_the_state_was_taken():
    wiring = contacts((0, 1, 0.4), (0, 2, 1.3), (3, 4, 0.4))
    drive = [2.0, 0, 0, 2.0, 0]
    first = toy(near=wiring, far=NOBODY, v=drive)
    first.run(2 * STEP_S)
    state = first.state()
    assert not first.fetch("cells.received").any()
    other = toy(near=wiring, far=NOBODY)
    other.take(state)
    for net in (first, other):
        net.run(20 * STEP_S)
    assert list(other.fetch("cells.received")) == list(first.fetch("cells.received")) == [0, 1, 1, 0, 1]
    assert np.array_equal(other.fetch("cells.received_at"), first.fetch("cells.received_at"))
    first.close()
    other.close()


def mended(state: np.ndarray, at: int, value: int) -> np.ndarray:
    """A state with one 32-bit word changed, counted from the end."""
    words = state.copy().view(np.int32)
    words[at] = value
    return words.view(np.uint8)


BAD = {
    "too short": lambda state: state[:-1],
    "empty": lambda state: state[:0],
    "too long": lambda state: np.append(state, np.zeros(16, np.uint8)),
    "not finite": lambda state: np.concatenate([state[:8], np.full(state.size - 8, 255, np.uint8)]),
    "a step before the first": lambda state: np.concatenate([np.full(8, 255, np.uint8), state[8:]]),
    # The end: of the last group no row (two words), before them the one row of the first: steps, source,
    # which of its rows.
    "a row that is not there": lambda state: mended(state, -3, 1),
    "a row before the first": lambda state: mended(state, -3, -1),
    "a cell that is not there": lambda state: mended(state, -4, 1000),
    "a cell without contacts": lambda state: mended(state, -4, 1),
    "a delay that is not there": lambda state: mended(state, -5, -1),
    "more rows than follow": lambda state: mended(state, -7, 1 << 20),
}


@pytest.mark.parametrize("case", BAD)
def test_a_state_that_does_not_fit_is_refused_and_the_process_stays(case):
    wiring = contacts((0, 1, 0.4))
    net = toy(near=wiring, far=NOBODY, v=[2.0, 0, 0, 0, 0])
    net.run(2 * STEP_S)
    state = net.state()
    with pytest.raises(EngineError, match=r"saved state|not finite"):
        net.take(BAD[case](state))
    net.take(state)
    net.run(10 * STEP_S)
    assert list(net.fetch("cells.received")) == [0, 1, 0, 0, 0]
    net.close()


def test_an_interpreted_network_has_no_state_to_go_on_from():
    net = network(compiled=False)
    assert net.state()["engine"].size == 0
    with pytest.raises(EngineError, match="interpreted"):
        net.go_on(net.state())
    net.close()
