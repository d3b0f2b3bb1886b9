"""The process that simulates: taken, given back and used again as if it were new, and refusing what is
wrong.
"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from prelimbic.circuits import EngineError, Network, Numerics, describe, engine, manipulated
from prelimbic.parameters import circuit_numbers, sheet
from tests.conftest import healthy_weights, network, small_circuit, wired
from tests.engines import ROOT, STEP_S, children, contacts, digest, everything, toy, works

pytestmark = pytest.mark.usefixtures("nothing_left")
BLOCK = np.full((4, 6), 0.3)


def settled(name: str, precision: int, seed: int = 1) -> dict[str, np.ndarray]:
    """Everything of a small circuit after a look of a fifth of a second."""
    net = network(seed, name, numerics=Numerics(precision))
    net.load_weights(healthy_weights(net.circuit))
    net.load_block(BLOCK)
    net.engine.run(0.2)
    found = everything(net, net.circuit.apical is not None) | {"process": np.array(net.engine.process_id)}
    net.close()
    return found


# Used again


@pytest.mark.parametrize(
    ("name", "precision"),
    [
        ("sst", 32),
        pytest.param("dendritic", 32, marks=pytest.mark.slow),
        pytest.param("dendritic", 64, marks=pytest.mark.slow),
    ],
)
def test_a_used_process_does_exactly_what_a_fresh_one_does(name, precision):
    fresh = settled(name, precision)
    engine.dismiss()
    # Another size, background, wiring, block and weights, and a network left in the middle of its activity.
    numbers = circuit_numbers(sheet("human_l23" if name == "dendritic" else "pv_sst"))
    other = manipulated(describe(numbers, 1.3, 1.3375), ("release=1.5", "ampa=1.2", "hcn1=0.5"))
    net = Network(other, *wired(other, 9), numerics=Numerics(precision))
    net.observe(3.0 * healthy_weights(other), np.zeros((4, 6)), 0.3, settle=0.0)
    assert net.circuit.size != len(fresh["cells.v"]) and len(net.engine.fetch("spikes.i")) > 100
    used = net.engine.process_id
    net.close()
    again = settled(name, precision)
    assert again["process"] == used != fresh["process"]
    for array in set(fresh) - {"process"}:
        assert np.array_equal(again[array], fresh[array]), array


def test_spikes_on_their_way_when_a_network_is_closed_arrive_nowhere():
    net = toy(near=contacts((0, 1, 2.0)), v=[2.0, 0, 0, 0, 0])
    net.run(3 * STEP_S)
    used = net.process_id
    net.close()
    then = toy(near=contacts((1, 0, 2.0)), far=contacts((0, 1, 2.0)))
    assert then.process_id == used
    then.run(40 * STEP_S)
    assert not then.fetch("cells.received").any() and len(then.fetch("spikes.i")) == 0
    then.close()


@pytest.mark.parametrize("name", ["cells.gain", "cells.drive", "cells.key_1", "near.weight"])
def test_a_constant_of_the_network_before_is_not_that_of_the_next(name):
    works()
    net = toy(without=name)
    with pytest.raises(EngineError, match=rf"{name} was not loaded"):
        net.run(STEP_S)
    net.load(name, np.ones(len(net.fetch(name))))
    net.run(STEP_S)
    net.close()


def test_networks_that_live_at_once_have_a_process_each_and_leave_them_all_to_the_next():
    nets = [toy((n, 1), v=[2.0] + [0.0] * n, near=contacts((0, n, 0.1))) for n in (3, 4, 5)]
    used = {net.process_id for net in nets}
    assert len(used) == 3
    for net in nets:
        net.run(3 * STEP_S)
    for n, net in zip((3, 4, 5), nets, strict=True):
        assert list(net.fetch("cells.received")) == [0.0] * n + [1.0]
        net.close()
    nets = [toy() for _ in range(3)]
    assert {net.process_id for net in nets} == used == children()
    for net in nets:
        net.close()


def test_a_network_closed_twice_does_not_lend_its_process_twice():
    net = toy()
    net.close(), net.close()
    one, other = toy(), toy()
    assert one.process_id != other.process_id
    one.close(), other.close()


def test_a_closed_network_no_longer_reaches_the_process_it_had():
    closed = toy()
    closed.close()
    net = toy()
    for act in (
        lambda: closed.load("cells.v", np.full(5, 2.0)),
        lambda: closed.fetch("cells.v"),
        lambda: closed.run(STEP_S),
    ):
        with pytest.raises(EngineError, match="this network is closed"):
            act()
    net.run(STEP_S)
    assert len(net.fetch("spikes.i")) == 0
    net.close()


def test_many_threads_take_and_give_back_processes_and_none_gets_that_of_another():
    def user(k: int) -> set[int]:
        used = set()
        for turn in range(15):
            net = toy(v=[0.001 * k, 0, 0, 0, 0], drive=k)
            net.run(10 * STEP_S)
            assert net.fetch("cells.v")[0] == pytest.approx(0.002 * k, rel=1e-9), f"thread {k}, turn {turn}"
            used.add(net.process_id)
            net.close()
        return used

    with ThreadPoolExecutor(6) as pool:
        used = set().union(*pool.map(user, range(1, 7)))
    assert 1 <= len(used) <= 6
    assert children() == used


def test_two_networks_at_once_and_one_in_another_process_spike_alike():
    nets = [network(name="dendritic") for _ in range(2)]
    for net in nets:
        net.load_weights(healthy_weights(net.circuit))
        net.load_block(BLOCK)
    for seconds in (0.1, 0.2):
        for net in nets:
            net.engine.run(seconds)
    here = [everything(net, True) for net in nets]
    for net in nets:
        net.close()
    code = (
        "import numpy as np\n"
        "from tests.conftest import healthy_weights, network\n"
        "from tests.engines import digest, everything\n"
        "net = network(name='dendritic')\n"
        "net.load_weights(healthy_weights(net.circuit))\n"
        "net.load_block(np.full((4, 6), 0.3))\n"
        "net.engine.run(0.3)\n"
        "print(digest(everything(net, True)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert len(here[0]["spikes.i"]) > 100
    assert digest(here[0]) == digest(here[1]) == done.stdout.strip()


def test_nobody_hears_of_small_circuits_that_were_closed():
    circuit = small_circuit()
    for _ in range(3):
        Network(circuit, *wired(circuit)).close()
    assert len(children()) == 1


# Refused


def test_an_array_of_the_wrong_size_or_of_an_unknown_name_is_refused_and_all_else_goes_on():
    net = network()
    before = net.engine.fetch("cells.v")
    for name, values, words in (
        ("cells.v", np.zeros(3), r"cells\.v takes 2000 bytes, not 12"),
        ("plastic.weight", np.zeros(7), r"plastic\.weight takes"),
        ("plastic.delays", np.zeros(7), r"plastic\.delays takes"),
        ("cells.nonsense", np.zeros(500), r"no array is called cells\.nonsense"),
        ("nonsense", np.zeros(500), "no array is called nonsense"),
    ):
        with pytest.raises(EngineError, match=words):
            net.engine.load(name, values)
    with pytest.raises(EngineError, match=r"no array is called cells\.nonsense"):
        net.engine.fetch("cells.nonsense")
    assert np.array_equal(net.engine.fetch("cells.v"), before)
    net.load_block(BLOCK)
    net.engine.run(0.01)
    net.close()
    assert len(children()) == 1
    network().close()
    assert len(children()) == 1


@pytest.mark.parametrize("precision", [32, 64])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused_and_what_was_there_stays(precision, bad):
    net = toy((40, 30), precision, v=0.25)
    for name, size in (("cells.v", 70), ("cells.drive", 70), ("near.weight", 1)):
        before, spoilt = net.fetch(name), np.zeros(size)
        spoilt[size // 2] = bad
        with pytest.raises(EngineError, match=f"{name} is not finite at {size // 2}"):
            net.load(name, spoilt)
        assert np.array_equal(net.fetch(name), before)
    net.close()
    works()


def test_a_constant_that_differs_within_a_population_is_refused_and_between_populations_is_not():
    net = toy((3, 2), gain=[1.0, 1.0, 1.0, 2.0, 2.0])
    for spoilt in ([1.0, 2.0, 1.0, 2.0, 2.0], [1.0, 1.0, 1.0, 2.0, 1.0], [1.0, 1.0, 2.0, 2.0, 2.0]):
        with pytest.raises(EngineError, match=r"cells\.gain must be the same in all cells of a population"):
            net.load("cells.gain", np.array(spoilt))
    assert list(net.fetch("cells.gain")) == [1, 1, 1, 2, 2]
    net.close()
    with pytest.raises(EngineError, match=r"cells\.gain must be the same"):
        toy((3, 2), gain=[1.0, 2.0, 1.0, 1.0, 1.0])
    works()


@pytest.mark.parametrize("contact", [(0, 5, 0.1), (5, 0, 0.1), (-1, 0, 0.1), (0, -1, 0.1), (0, 1, -0.3)])
def test_a_contact_that_leads_out_of_the_network_is_refused(contact):
    with pytest.raises(EngineError, match="a contact of near leads out of the network"):
        toy((3, 2), near=contacts((0, 1, 0.1), contact))
    assert children() == set()
    works()


@pytest.mark.parametrize("precision", [32, 64])
def test_a_state_that_grows_without_bound_is_named(precision):
    net = toy((50, 20), precision, growth=np.where(np.arange(70) == 61, 2e4, 0.0))
    net.load("cells.grown", np.ones(70))
    net.run(STEP_S)
    with pytest.raises(EngineError, match=r"cells\.grown is not finite at 61"):
        net.run(0.1)
    net.close()
    assert works() > 0


def test_a_circuit_that_is_driven_beyond_all_bounds_says_so_in_the_network_too():
    net = network()
    net.engine.load("cells.I_injected", np.full(net.circuit.size, -1e36))
    with pytest.raises(EngineError, match=r"cells\.\w+ is not finite"):
        net.observe(healthy_weights(net.circuit), BLOCK, 0.1)
    net.close()
