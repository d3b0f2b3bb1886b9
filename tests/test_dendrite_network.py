"""Two compartments, release with a memory and receptors by subunit: in the running network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from prelimbic.circuits import Circuit, Network, manipulated
from prelimbic.circuits.activity import Activity
from prelimbic.parameters import POPULATIONS, SUBUNITS
from tests.conftest import healthy_weights, network, small_circuit, wired
from tests.test_dendrite import SYNAPTIC

OPEN = np.zeros((len(POPULATIONS), len(SUBUNITS)))


def built(circuit: Circuit, seed: int = 1) -> Network:
    return Network(circuit, *wired(circuit, seed))


def alone(circuit: Circuit) -> Circuit:
    """Without any background, the dendrite's too."""
    return manipulated(circuit, ("slice=0",))


@pytest.fixture(scope="module")
def begun() -> Iterator[tuple[Network, Activity]]:
    """The dendritic network from its very first step, every release of which is known."""
    net = network(1, "dendritic")
    yield net, net.observe(healthy_weights(net.circuit), OPEN, 2.0, settle=0.0)
    net.close()


@pytest.fixture(scope="module")
def looks() -> dict[tuple[str, int], Activity]:
    """A look at the dendritic circuit with and without SST spikes, over three wirings."""
    found = {}
    for name, texts in (("whole", ()), ("no SST", ("silence@SST",))):
        for seed in (1, 2, 3):
            net = built(manipulated(small_circuit("dendritic"), texts), seed)
            found[name, seed] = net.observe(healthy_weights(net.circuit), OPEN, 1.0, settle=1.0)
            net.close()
    return found


def test_dendritic_compartments_of_interneurons_get_nothing_and_move_nothing(begun):
    net, _ = begun
    others = slice(net.circuit.counts[0], None)
    for name in SYNAPTIC:
        assert (net.engine.fetch(f"cells.{name}_apical")[others] == 0).all(), name
        assert net.engine.fetch(f"cells.{name}_apical")[: net.circuit.counts[0]].any() or name in (
            "g_fast",
            "g_2AB",
            "g_2BD",
            "g_2C",
            "g_2D",
        )
    assert net.engine.fetch("cells.v_apical")[others] == pytest.approx(net.wiring.start[others] * 1e-3)


def test_without_coupling_no_dendrite_matters_to_spikes_and_with_it_all_do():
    spikes = {}
    for coupling in (0.0, 8.0):
        for rest in (-70.0, -40.0):
            circuit = small_circuit("dendritic")
            net = built(replace(circuit, apical=replace(circuit.apical, coupling=coupling, rest=rest)))
            seen = net.observe(healthy_weights(circuit), OPEN, 0.5, settle=0.0)
            spikes[coupling, rest] = seen.spike_count
            net.close()
    assert np.array_equal(spikes[0.0, -70.0], spikes[0.0, -40.0])
    assert spikes[0.0, -70.0].sum() > 100
    assert spikes[8.0, -40.0][:400].sum() > 1.2 * spikes[8.0, -70.0][:400].sum()


# Release in the running network


def test_release_in_the_running_network_follows_an_independent_recursion_over_each_spike_train(begun):
    net, seen = begun
    known = {s: (p.release, p.recovery, p.facilitation) for s, t, p in net.circuit.projections if t == "Pyr"}
    compared = 0
    for source, (use, recovery, facilitation) in known.items():
        cells = net.circuit.cells(source)
        for cell in range(cells.start, min(cells.stop, cells.start + 40)):
            mine = seen.spike_cell == cell
            u, x, last, expected = 0.0, 1.0, 0.0, []
            for time in seen.spike_time[mine]:
                u = u * np.exp(-(time - last) / facilitation)
                u = u + use * (1.0 - u)
                x = 1.0 - (1.0 - x) * np.exp(-(time - last) / recovery)
                expected.append(u * x)
                x, last = x * (1.0 - u), time
            assert seen.spike_release[mine] == pytest.approx(expected, rel=2e-3)
            compared += max(0, len(expected) - 1)
    assert compared > 300
    # Cells that contact no Pyr cell have nothing to deplete.
    assert (seen.spike_release[seen.spike_cell >= net.circuit.cells("VIP").start] == 1.0).all()


def test_release_is_counted_once_a_spike_and_fewer_full_releases_than_spikes_are_made(begun):
    net, seen = begun
    pyr = net.circuit.counts[0]
    by_hand = (
        np.bincount(seen.spike_cell, seen.spike_release, minlength=net.circuit.size)[:pyr] / seen.seconds
    )
    assert seen.release_on_pyr == pytest.approx(by_hand, rel=1e-4, abs=1e-9)
    assert 0.05 < seen.release_on_pyr.sum() / (seen.spike_count[:pyr].sum() / seen.seconds) < 0.25


def test_conductance_of_both_compartments_is_what_background_and_recurrent_release_deliver(begun):
    net, seen = begun
    pyr, p = net.circuit.counts[0], net.circuit.populations[0]
    total = (net.engine.fetch("cells.sum_AMPA") / net.engine.fetch("cells.samples"))[:pyr] * 1e9
    # 1 nS on soma and dendrite
    background = seen.excitatory_events_background * p.background_ampa * p.ampa_decay * 1e-3
    assert (total - seen.recurrent_ampa).mean() == pytest.approx(background.mean(), rel=0.02)
    assert seen.excitatory_events_background.mean() == pytest.approx(p.background_rate + 300.0, rel=0.01)


# Gating


def test_shares_are_shares_and_a_subunit_that_is_not_there_holds_nothing(looks):
    for seen in looks.values():
        for shares in (
            seen.nmda_open_probability,
            seen.magnesium_free,
            seen.nmda_share,
            seen.apical_calcium,
        ):
            assert ((shares >= 0) & (shares < 1)).all()
        held = dict(zip(SUBUNITS, seen.nmda_open_probability[0], strict=True))
        assert {k for k, share in held.items() if share > 0} == {"2A", "2B"}  # Pyr cells have no others
        assert (seen.apical_nmda > 0).all() and (seen.apical_nmda < seen.nmda_conductance).all()


def test_all_receptors_bound_would_be_every_contact_and_fibre_filled(begun):
    net, seen = begun
    bound = (net.engine.fetch("cells.sum_bound_2B") / net.engine.fetch("cells.samples"))[:400].mean() * 1e9
    # Half are 2B; a release fills 0.4.  Recurrent: 80 contacts of 5.56 nS, NMDA 0.128 of AMPA on the soma
    # and 0.256 on the
    # dendrite, where 0.6 of them are.  Background: fibres at 2.5 Hz make the soma's events and 300 a second,
    # of 1 nS.
    recurrent = 80 * 5.56 * (0.4 * 0.128 + 0.6 * 0.256)
    background = net.circuit.populations[0].background_rate / 2.5 * 0.128 + 300.0 / 2.5 * 0.256
    assert seen.nmda_open_probability[0, SUBUNITS.index("2B")] == pytest.approx(
        bound / ((recurrent + background) * 0.5 / 0.4), rel=1e-4
    )


def test_receptors_under_background_fibres_alone_hold_what_their_fibre_rate_says():
    net = network(1, "dendritic")
    weights = np.zeros((net.circuit.counts[0], net.circuit.sites))
    seen = net.observe(weights, OPEN, 2.0, settle=1.5)
    net.close()
    # r a tau/(1 + r a tau) with fibres at 2.5 Hz that fill 0.4, and decays of 50 and 300 ms.
    held = seen.nmda_open_probability[0, [SUBUNITS.index(k) for k in ("2A", "2B")]]
    assert held == pytest.approx([0.05 / 1.05, 0.3 / 1.3], rel=0.02)
    assert (seen.recurrent_ampa == 0).all()


def test_driving_pyr_cells_fills_more_receptors_of_every_class():
    for seed in (1, 2, 3):
        net = network(seed, "dendritic")
        weights, drive = healthy_weights(net.circuit), np.zeros(net.circuit.size)
        calm = net.observe(weights, OPEN, 0.5)
        drive[: net.circuit.counts[0]] = 150e-12
        net.engine.load("cells.I_injected", drive)
        driven = net.observe(weights, OPEN, 0.5)
        net.close()
        assert driven.rate[0] > 2 * calm.rate[0]
        assert (driven.nmda_open_probability[:, 0] > calm.nmda_open_probability[:, 0]).all()


def test_a_circuit_without_any_input_rests_with_its_calcium_channels_shut():
    circuit = alone(small_circuit("dendritic"))
    net = built(circuit)
    seen = net.observe(healthy_weights(circuit), OPEN, 0.3, settle=1.0)
    net.close()
    assert seen.spike_count.sum() == 0 and (seen.nmda_conductance == 0).all()
    assert (seen.apical_calcium < 1e-3).all()
    assert seen.apical_calcium == pytest.approx(
        1 / (1 + np.exp((-30.0 - seen.apical_potential) / 4.0)), rel=1e-2
    )
    for k, potential in enumerate(seen.potential):  # without open receptors these stand for those at rest
        assert seen.magnesium_free[k, 0] == pytest.approx(
            1 / (1 + np.exp(-0.062 * potential) / 3.57), rel=1e-4
        )
    assert seen.open_potential == pytest.approx(seen.potential)


def test_open_receptors_see_more_depolarised_membrane_than_the_mean(looks):
    for seen in looks.values():
        assert (seen.open_potential > seen.potential).all()


def test_without_sst_spikes_dendrites_depolarise_and_their_calcium_channels_open(looks):
    for seed in (1, 2, 3):
        whole, free = looks["whole", seed], looks["no SST", seed]
        assert free.rate[2] == 0 < whole.rate[2]
        assert free.apical_potential.mean() > whole.apical_potential.mean() + 1.0
        assert free.apical_calcium.mean() > 1.5 * whole.apical_calcium.mean() > 0
        assert free.magnesium_free[0, 0] > whole.magnesium_free[0, 0]


def test_point_cells_have_no_dendrite_to_report():
    net = network()
    seen = net.observe(healthy_weights(net.circuit), OPEN, 0.05)
    net.close()
    for missing in (seen.apical_nmda, seen.apical_potential, seen.apical_calcium):
        assert missing.shape == (400,) and np.isnan(missing).all()
    assert np.isfinite(seen.nmda_conductance).all()
