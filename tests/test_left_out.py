"""What a step leaves out because it would add nothing, contacts without a weight, subunits and inhibition
that a population has not: every spike is what it is when nothing is left out.

A number that is too small to be seen beside any other, and yet none, has it done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from prelimbic.circuits import Network, Numerics, model_of
from prelimbic.circuits.equations import RARE
from tests.conftest import healthy_weights, network

TINY = 1e-290  # nS
SHUT = np.full((4, 6), 0.3)
SEEN = ("spikes.i", "spikes.t", "spikes.value", "cells.v", "cells.v_apical", "cells.sum_AMPA")


@pytest.fixture
def begin() -> Iterator[Callable[[], Network]]:
    """Makes networks of one wiring in 64 bits, and closes them."""
    made: list[Network] = []

    def one() -> Network:
        made.append(network(name="dendritic", numerics=Numerics(64)))
        made[-1].load_weights(healthy_weights(made[-1].circuit))
        made[-1].load_block(SHUT)
        return made[-1]

    yield one
    for net in made:
        net.close()


def load(net: Network, weights: dict[str, np.ndarray], instead: float) -> None:
    """Plastic weights, in siemens, of which those of 0 are replaced."""
    for name, values in weights.items():
        given = np.where(values == 0, instead * 1e-9, values)
        net.engine.load(name, given)
        assert np.array_equal(net.engine.fetch(name), given)


def patterns(net: Network, many: int) -> list[dict[str, np.ndarray]]:
    """Weights of which at every time others are 0, a third, all, few; all others alike, or none."""
    rng, found = np.random.default_rng(1), []
    sizes = {name: len(net.engine.fetch(name)) for name in ("plastic.weight", "plastic_apical.weight")}
    for k in range(many):
        share = (0.67, 0.0, 0.95)[k % 3]
        each = {name: 4e-10 if k < 4 else rng.uniform(3e-10, 5e-10, size) for name, size in sizes.items()}
        found.append({name: each[name] * (rng.random(size) < share) for name, size in sizes.items()})
    return found


def alike(one: Network, other: Network) -> int:
    """How many spikes two networks had, which are the same."""
    ours, theirs = ([net.engine.fetch(name) for name in SEEN] for net in (one, other))
    for name, a, b in zip(SEEN, ours, theirs, strict=True):
        assert np.array_equal(a, b), name
    return len(ours[0])


def test_contacts_without_a_weight_are_as_if_delivered_whatever_weights_come_while_spikes_are_under_way(
    begin,
):
    left_out, delivered = begin(), begin()
    # Some milliseconds are shorter than the longest delays: rows wait across several patterns.
    for weights, seconds in zip(
        patterns(left_out, 7), (0.1, 0.002, 0.003, 0.1, 0.001, 0.05, 0.1), strict=True
    ):
        for net, instead in ((left_out, 0.0), (delivered, TINY)):
            load(net, weights, instead)
            net.engine.run(seconds)
    assert alike(left_out, delivered) > 300


def test_a_state_is_taken_under_other_weights_than_those_it_was_saved_under(begin):
    first, then, later = patterns(saved := begin(), 3)
    delivered = begin()
    for net, instead in ((saved, 0.0), (delivered, TINY)):
        load(net, first, instead)
        net.engine.run(0.1)
    state = saved.engine.state()
    other = begin()
    load(other, later, 0.0)
    other.engine.take(state)
    for net, instead in ((saved, 0.0), (other, 0.0), (delivered, TINY)):
        net.engine.clear()
        load(net, then, instead)
        net.engine.run(0.1)
    assert alike(saved, other) == alike(saved, delivered) > 50


def test_populations_without_a_part_are_as_if_it_were_computed(begin):
    without, computed = begin(), begin()
    for part in model_of(computed.circuit).spare:
        for name in (*part.sources, *part.states):
            computed.engine.load(f"cells.{name}", np.maximum(computed.engine.fetch(f"cells.{name}"), TINY))
    for net in (without, computed):
        net.engine.run(0.3)
    assert alike(without, computed) > 200
    for name in RARE:
        for kind in ("bound", "free", "open"):
            one, other = (net.engine.fetch(f"cells.sum_{kind}_{name}") for net in (without, computed))
            assert np.abs(one - other).max() < 1e-200 and (other[: net.circuit.counts[0]] > 0).all()


@pytest.mark.parametrize("name", RARE)
def test_a_subunit_that_comes_later_is_computed_from_then_on(begin, name):
    net = begin()
    net.engine.run(0.05)
    pyr = slice(net.circuit.counts[0])
    assert not net.engine.fetch(f"cells.g_{name}_apical").any()
    net.engine.load(f"cells.background_{name}_apical", net.circuit.per_cell([1e-10, 0, 0, 0]))
    net.engine.run(0.05)
    assert (net.engine.fetch(f"cells.g_{name}_apical")[pyr] > 0).mean() > 0.9
    assert (net.engine.fetch(f"cells.sum_free_{name}")[pyr] > 0).mean() > 0.9
    # What is there goes on to decay when nothing more comes.
    net.engine.load(f"cells.background_{name}_apical", np.zeros(net.circuit.size))
    before = net.engine.fetch(f"cells.g_{name}_apical")[pyr]
    net.engine.run(1e-4)
    tau = net.engine.fetch(f"cells.tau_{name}")[0]
    after = net.engine.fetch(f"cells.g_{name}_apical")[pyr]
    np.testing.assert_allclose(after, before * (1 - 1e-4 / tau), rtol=1e-9)


def test_inhibition_where_no_contact_stands_goes_on_when_it_is_put_there(begin):
    left_out, net = begin(), begin()
    for one in (left_out, net):
        one.engine.run(0.05)
    for name in ("g_slow", "g_fast_apical"):
        assert not net.engine.fetch(f"cells.{name}")[: net.circuit.counts[0]].any()
        net.engine.load(f"cells.{name}", net.circuit.per_cell([1e-8, 0, 0, 0]))
    for one in (left_out, net):
        one.engine.run(1e-4)
    for name, tau in (("g_slow", "tau_slow"), ("g_fast_apical", "tau_fast")):
        kept = 1 - 1e-4 / net.engine.fetch(f"cells.{tau}")[0]
        assert net.engine.fetch(f"cells.{name}")[0] == pytest.approx(1e-8 * kept, abs=0)
    potentials = [
        one.engine.fetch(name)[0] for name in ("cells.v", "cells.v_apical") for one in (net, left_out)
    ]
    assert potentials[0] < potentials[1] and potentials[2] < potentials[3]
