"""Laws of a running network that is altered: by an AMPA antagonist, or by what raises AMPA conductance or
release.
"""

from __future__ import annotations

import numpy as np
import pytest

from prelimbic.circuits import Activity, Circuit, Network, manipulated
from prelimbic.parameters import POPULATIONS, SUBUNITS
from tests.conftest import healthy_weights, small_circuit, wired

OPEN = np.zeros((len(POPULATIONS), len(SUBUNITS)))
LOOK_S = 0.3
ALTERED = ("ampa=0.5", "ampa=1.3", "ampa=1.3@Pyr->Pyr", "ampa=0", "release=1.3")


def looks(built: Circuit, *seen: Circuit, until: int = 0) -> list[Activity]:
    """What a network that was built as one circuit shows in each look; before each it is altered into
    another, one after the other where a look is to be had of the last only.
    """
    wiring, seed = wired(built)
    net, found = Network(built, wiring, seed), []
    for k, circuit in enumerate(seen):
        net.alter(circuit)
        if k >= until:
            found.append(net.observe(healthy_weights(circuit), OPEN, LOOK_S))
    net.close()
    return found


def alike(one: Activity, other: Activity) -> bool:
    """Whether two looks saw the same spikes and conductances to the last bit."""
    names = (
        "spike_cell",
        "spike_time",
        "recurrent_ampa",
        "nmda_conductance",
        "gaba_conductance",
        "release_on_pyr",
    )
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


@pytest.fixture(scope="module", params=["sst", "dendritic"])
def circuit(request) -> Circuit:
    return small_circuit(request.param)


@pytest.fixture(scope="module")
def untouched(circuit) -> list[Activity]:
    return looks(circuit, circuit, circuit)


def test_altering_into_what_it_is_changes_nothing(circuit, untouched):
    one, two = looks(circuit, small_circuit(circuit.name), manipulated(circuit, ("ampa=1", "release=1")))
    assert alike(one, untouched[0]) and alike(two, untouched[1])
    assert len(one.spike_cell) > 50


@pytest.mark.parametrize("text", ALTERED)
def test_altered_before_its_first_spike_a_network_is_one_that_was_built_so(circuit, untouched, text):
    changed = manipulated(circuit, (text,))
    (as_built,), (altered,) = looks(changed, changed), looks(circuit, changed)
    assert alike(as_built, altered)
    assert not alike(altered, untouched[0])


@pytest.mark.parametrize("text", ALTERED)
def test_altered_and_altered_back_a_network_spikes_as_if_nothing_had_been(circuit, untouched, text):
    changed = manipulated(circuit, (text,))
    (later,) = looks(circuit, changed, circuit, until=1)
    assert alike(later, untouched[0])


def test_nothing_of_one_alteration_is_left_under_the_next(circuit):
    antagonist, gain = manipulated(circuit, ("ampa=0.2",)), manipulated(circuit, ("release=1.4",))
    (after,), (alone,) = looks(circuit, antagonist, gain, until=1), looks(circuit, gain)
    assert alike(after, alone)


def test_a_network_under_an_antagonist_goes_on_from_where_it_was(circuit, untouched):
    first, second = looks(circuit, circuit, manipulated(circuit, ("ampa=0.3",)))
    assert alike(first, untouched[0]) and not alike(second, untouched[1])
    assert second.rate[0] < untouched[1].rate[0]
    assert np.array_equal(second.excitatory_events_background, untouched[1].excitatory_events_background)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("ampa=0.5", 0.5),
        ("ampa=1.3@Pyr->Pyr", 1.3),
        ("ampa=0.7@background", 1.0),
        ("release=1.3", 1.3),
        ("ampa=0@recurrent", 0.0),
    ],
)
def test_ampa_delivered_is_told_against_the_circuit_as_described_whatever_it_was_altered_into(
    circuit, text, share
):
    wiring, seed = wired(circuit)
    net, changed, weights = (
        Network(circuit, wiring, seed),
        manipulated(circuit, (text,)),
        healthy_weights(circuit),
    )
    net.alter(changed)
    activity = net.observe(healthy_weights(changed), OPEN, LOOK_S)
    reference = net.recurrent_ampa(weights, activity.release_on_pyr)
    net.close()
    assert reference.mean() > 0
    np.testing.assert_allclose(activity.recurrent_ampa, share * reference, rtol=1e-12)


def test_a_release_gain_is_on_all_that_pyramidal_cells_send_and_on_nothing_else(circuit):
    wiring, seed = wired(circuit)
    net = Network(circuit, wiring, seed)
    names = wiring.connections(circuit.apical is not None)
    groups = [name for name in names if not name.startswith("plastic")]
    before = {name: net.engine.fetch(f"{name}.weight").astype(float) for name in groups}
    net.alter(manipulated(circuit, ("release=1.3",)))
    after = {name: net.engine.fetch(f"{name}.weight").astype(float) for name in groups}
    net.close()
    np.testing.assert_allclose(after["excitatory"], 1.3 * before["excitatory"], rtol=1e-6)
    assert before["excitatory"].min() > 0
    assert all(np.array_equal(after[name], before[name]) for name in groups if name != "excitatory")
