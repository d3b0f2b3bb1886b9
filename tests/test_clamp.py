"""Spontaneous currents in voltage clamp: which events there are, how large, and what makes them vanish."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from prelimbic.circuits import Circuit, Network, Wiring, manipulated
from prelimbic.circuits.activity import Activity
from prelimbic.circuits.clamp import Currents, clamp, event_peaks
from prelimbic.parameters import POPULATIONS, SUBUNITS
from prelimbic.simulation.declared import mean_of_events
from tests.conftest import healthy_weights, network, small_circuit, wired

OPEN = np.zeros((len(POPULATIONS), len(SUBUNITS)))
CLAMPED, SECONDS = 64, 2.0


@pytest.fixture(scope="module")
def look() -> Iterator[tuple[Network, np.ndarray, Activity]]:
    net = network()
    weights = healthy_weights(net.circuit)
    yield net, weights, net.observe(weights, OPEN, 1.0)
    net.close()


def once(
    circuit: Circuit,
    wiring: Wiring,
    cells: np.ndarray,
    release: float = 1.0,
    weights: np.ndarray | None = None,
) -> Currents:
    """What is seen when each of `cells` spikes once in two seconds, without background."""
    weights = healthy_weights(circuit) if weights is None else weights
    return clamp(
        circuit, wiring, weights, cells, np.full(len(cells), release), no_background(circuit), SECONDS
    )


def no_background(circuit: Circuit) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(circuit.size), np.zeros(circuit.size)


def contacts(wiring: Wiring, group: str, source: int, target: int) -> int:
    return int(((wiring.sources[group] == source) & (wiring.targets[group] == target)).sum())


@pytest.fixture(scope="module")
def points() -> tuple[Circuit, Wiring]:
    circuit = small_circuit("sst")
    return circuit, wired(circuit)[0]


@pytest.fixture(scope="module")
def dendrites() -> tuple[Circuit, Wiring]:
    circuit = small_circuit("dendritic")
    return circuit, wired(circuit)[0]


# Rates


def test_rates_are_spikes_times_contacts_counted_by_hand(look):
    net, weights, seen = look
    wiring, currents = net.wiring, seen.currents
    assert len(currents.sepsc_rate) == CLAMPED
    for cell in (0, 7, 63):
        excitatory = inhibitory = 0
        for site, source in enumerate(net.partners[cell]):
            excitatory += (weights[cell, site] > 0) * int((seen.spike_cell == source).sum())
        for group in ("fast", "slow"):
            for source in wiring.sources[group][wiring.targets[group] == cell]:
                inhibitory += int((seen.spike_cell == source).sum())
        assert currents.sepsc_rate[cell] == pytest.approx(excitatory / seen.seconds)
        assert currents.sipsc_rate[cell] == pytest.approx(inhibitory / seen.seconds)
        assert excitatory > 50 and inhibitory > 50
    assert currents.background_epsc_rate == pytest.approx(seen.excitatory_events_background[:CLAMPED])


def test_one_spike_is_one_event_in_each_clamped_cell_it_contacts_and_in_no_other(points):
    circuit, wiring = points
    for population, group, kind in (("PV", "fast", "sipsc"), ("SST", "slow", "sipsc")):
        source = circuit.cells(population).start + 3
        seen = once(circuit, wiring, np.array([source]))
        expected = [contacts(wiring, group, source, cell) / SECONDS for cell in range(CLAMPED)]
        assert getattr(seen, f"{kind}_rate") == pytest.approx(expected)
        assert 0 < sum(expected) < CLAMPED / SECONDS
        assert (seen.sepsc_rate == 0).all() and np.isnan(seen.sepsc_amplitude).all()
    # VIP cells spare Pyr cells
    assert (once(circuit, wiring, np.array([circuit.cells("VIP").start])).sipsc_rate == 0).all()


def test_an_empty_site_carries_no_event(points):
    circuit, wiring = points
    weights, everyone = healthy_weights(circuit), np.arange(circuit.counts[0])
    assert (once(circuit, wiring, everyone, weights=weights).sepsc_rate == 80 / SECONDS).all()
    weights[:, 10:] = 0.0
    assert (once(circuit, wiring, everyone, weights=weights).sepsc_rate == 10 / SECONDS).all()
    assert (once(circuit, wiring, everyone, weights=0.0 * weights).sepsc_rate == 0).all()


def test_the_order_of_spikes_does_not_matter(look):
    net, weights, seen = look
    count = no_background(net.circuit)
    shuffled = np.random.default_rng(1).permutation(len(seen.spike_cell))
    plain, mixed = (
        clamp(
            net.circuit,
            net.wiring,
            weights,
            seen.spike_cell[order],
            seen.spike_release[order],
            count,
            seen.seconds,
        )
        for order in (np.arange(len(shuffled)), shuffled)
    )
    assert mixed.sepsc_rate == pytest.approx(plain.sepsc_rate)
    assert mixed.sipsc_amplitude == pytest.approx(plain.sipsc_amplitude)


# Amplitudes


def test_amplitude_is_weight_times_distance_from_reversal(look):
    _, _, seen = look
    # 1 nS from -70 to 0 mV; 3 nS (PV) and 2.5 nS (SST) from 0 to -75 mV.
    assert seen.currents.sepsc_amplitude == pytest.approx(70.0)
    assert seen.currents.background_epsc_amplitude == pytest.approx(70.0)
    assert ((seen.currents.sipsc_amplitude > 187.5) & (seen.currents.sipsc_amplitude < 225.0)).all()


def test_amplitude_follows_weight_release_and_driving_force_in_proportion(points):
    circuit, wiring = points
    everyone, weights = np.arange(circuit.size), healthy_weights(circuit)
    plain = once(circuit, wiring, everyone)
    assert once(circuit, wiring, everyone, weights=2.5 * weights).sepsc_amplitude == pytest.approx(
        2.5 * plain.sepsc_amplitude
    )
    halved = once(circuit, wiring, everyone, release=0.5)
    assert halved.sepsc_amplitude == pytest.approx(35.0)
    assert halved.sipsc_amplitude == pytest.approx(0.5 * plain.sipsc_amplitude)
    moved = replace(
        circuit, receptors=replace(circuit.receptors, excitatory_reversal=10.0, inhibitory_reversal=-60.0)
    )
    shifted = once(moved, wiring, everyone)
    assert shifted.sepsc_amplitude == pytest.approx(80.0)
    assert shifted.sipsc_amplitude == pytest.approx(60.0 / 75.0 * plain.sipsc_amplitude)


def test_mean_amplitude_is_over_events_of_unequal_size(points):
    circuit, wiring = points
    partners = wiring.sources["plastic"].reshape(healthy_weights(circuit).shape)[0]
    cells, release = np.array([partners[0], partners[1], partners[1]]), np.array([1.0, 0.4, 0.1])
    seen = clamp(circuit, wiring, healthy_weights(circuit), cells, release, no_background(circuit), SECONDS)
    assert seen.sepsc_rate[0] == pytest.approx(3 / SECONDS)
    assert seen.sepsc_amplitude[0] == pytest.approx(70.0 * (1.0 + 0.4 + 0.1) / 3)


def test_release_that_depresses_makes_events_smaller_but_not_fewer():
    net = network(1, "dendritic")
    weights = healthy_weights(net.circuit)
    seen = net.observe(weights, OPEN, 1.0, settle=1.0)
    net.close()
    # As seen without the 5 pA cut: ten times the weights.
    raw = (seen.spike_cell.astype(int), seen.spike_release, no_background(net.circuit), seen.seconds)
    large = clamp(net.circuit, net.wiring, 10 * weights, *raw)
    full = clamp(net.circuit, net.wiring, 10 * weights, raw[0], np.full_like(raw[1], 0.25), *raw[2:])
    assert (large.sepsc_rate == full.sepsc_rate).all()
    assert (large.sepsc_amplitude < full.sepsc_amplitude).all() and (
        large.sepsc_amplitude > 0.2 * full.sepsc_amplitude
    ).all()


def test_an_event_on_the_dendrite_looks_smaller_than_one_on_the_soma(dendrites):
    circuit, wiring = dendrites
    apical = wiring.apical["plastic"].reshape(healthy_weights(circuit).shape)
    everyone = np.arange(circuit.counts[0])
    soma, dendrite = (
        once(circuit, wiring, everyone, weights=np.where(apical == place, 1.0, 0.0)) for place in (0, 1)
    )
    assert soma.sepsc_amplitude == pytest.approx(70.0)
    assert (dendrite.sepsc_amplitude < 0.7 * soma.sepsc_amplitude).all()
    assert (dendrite.sepsc_rate > soma.sepsc_rate).all()  # 64 of 107 sites are there
    pv, sst = (once(circuit, wiring, np.arange(circuit.size)[circuit.cells(p)]) for p in ("PV", "SST"))
    assert pv.sipsc_amplitude == pytest.approx(35.6 * 75.0)
    assert sst.sipsc_amplitude == pytest.approx(25.67 * event_peaks(circuit, -75.0, 0.0, 15.0)[1])


# What makes them vanish


def test_events_below_5_pa_are_not_seen(points):
    circuit, wiring = points
    everyone, weights = np.arange(circuit.size), healthy_weights(circuit)
    for weight, rate in ((5.01 / 70.0, 80 / SECONDS), (4.99 / 70.0, 0.0)):
        seen = once(circuit, wiring, everyone, weights=weight * weights)
        assert (seen.sepsc_rate == rate).all()
        assert np.isnan(seen.sepsc_amplitude).all() == (rate == 0.0)


@pytest.mark.parametrize(
    ("left", "amplitude"), [(1.5, 105.0), (0.5, 35.0), (0.1, 7.0), (0.05, None), (0.0, None)]
)
def test_an_ampa_antagonist_shrinks_recurrent_events_until_none_is_seen(points, left, amplitude):
    circuit, wiring = points
    drugged = manipulated(circuit, (f"ampa={left}@Pyr->Pyr",))
    seen, free = (once(c, wiring, np.arange(circuit.size)) for c in (drugged, circuit))
    if amplitude is None:
        assert (seen.sepsc_rate == 0).all() and np.isnan(seen.sepsc_amplitude).all()
    else:
        assert seen.sepsc_amplitude == pytest.approx(amplitude)
        assert (seen.sepsc_rate == free.sepsc_rate).all()
    assert (seen.sipsc_amplitude == free.sipsc_amplitude).all()


def test_an_ampa_antagonist_at_the_background_leaves_recurrent_events(points):
    circuit, wiring = points
    events = np.full(circuit.size, 300.0)
    for left, rate in ((0.5, 150.0), (0.05, 0.0)):
        drugged = manipulated(circuit, (f"ampa={left}@background",))
        seen = clamp(
            drugged,
            wiring,
            healthy_weights(circuit),
            np.arange(400),
            np.ones(400),
            (events, 0 * events),
            SECONDS,
        )
        assert (seen.background_epsc_rate == rate).all()
        assert seen.sepsc_amplitude == pytest.approx(70.0)


def test_without_pv_and_sst_spikes_there_are_no_inhibitory_events():
    circuit = manipulated(small_circuit("sst"), ("silence@PV", "silence@SST"))
    wiring, seed = wired(circuit)
    net = Network(circuit, wiring, seed)
    seen = net.observe(healthy_weights(circuit), OPEN, 0.3)
    net.close()
    assert (seen.rate[1:3] == 0).all() and seen.rate[0] > 0
    assert (seen.currents.sipsc_rate == 0).all() and np.isnan(seen.currents.sipsc_amplitude).all()
    assert (seen.currents.sepsc_rate > 0).all()


def test_background_events_on_the_dendrite_look_smaller_too(dendrites):
    circuit, wiring = dendrites
    nobody = np.array([], dtype=int)
    none, one = no_background(circuit)[0], np.ones(circuit.size)
    soma, dendrite = (
        clamp(circuit, wiring, healthy_weights(circuit), nobody, np.array([]), events, 1.0)
        for events in ((one, none), (none, one))
    )
    assert (soma.background_epsc_amplitude == 70.0).all()
    assert (dendrite.background_epsc_amplitude < 0.7 * 70.0).all()
    assert (soma.background_epsc_rate == dendrite.background_epsc_rate).all()


def test_background_events_that_are_not_seen_have_no_amplitude(points):
    circuit, wiring = points
    drugged = manipulated(circuit, ("ampa=0.05@background",))
    seen = clamp(
        drugged,
        wiring,
        healthy_weights(circuit),
        np.arange(400),
        np.ones(400),
        (np.full(circuit.size, 300.0), np.zeros(circuit.size)),
        SECONDS,
    )
    assert np.isnan(seen.background_epsc_amplitude).all()


def test_sparing_only_one_class_leaves_events_of_its_size(points):
    circuit, wiring = points
    for population, size in (("PV", 225.0), ("SST", 187.5)):
        seen = once(circuit, wiring, np.arange(circuit.size)[circuit.cells(population)])
        assert seen.sipsc_amplitude == pytest.approx(size)
        assert (seen.sepsc_rate == 0).all()


def test_no_spike_at_all_is_no_event_at_all(points):
    circuit, wiring = points
    seen = once(circuit, wiring, np.array([], dtype=int))
    assert (
        (seen.sepsc_rate == 0).all()
        and (seen.sipsc_rate == 0).all()
        and (seen.background_epsc_rate == 0).all()
    )
    assert np.isnan(seen.sepsc_amplitude).all() and np.isnan(seen.sipsc_amplitude).all()


@pytest.mark.parametrize(
    ("reversal", "hold", "decay", "size"), [(0.0, -70.0, 2.5, 0.01), (-75.0, 0.0, 15.0, 0.01)]
)
def test_an_event_on_the_dendrite_peaks_as_the_integrated_dendrite_under_a_clamped_soma(
    dendrites, reversal, hold, decay, size
):
    circuit, _ = dendrites
    a, step = circuit.apical, 1e-3  # ms; nS * mV / pF = mV/ms
    rest = (a.leak * a.rest + a.coupling * hold + a.tonic * circuit.receptors.inhibitory_reversal) / (
        a.leak + a.coupling + a.tonic
    )
    v, g, best = rest, size, 0.0
    for _ in range(60000):
        leak = (
            a.leak * (a.rest - v)
            + a.coupling * (hold - v)
            + a.tonic * (circuit.receptors.inhibitory_reversal - v)
        )
        v += step * (leak + g * (reversal - v)) / a.capacitance
        g -= step * g / decay
        best = max(best, abs(a.coupling * (v - rest)))
    soma, dendrite = event_peaks(circuit, reversal, hold, decay)
    assert dendrite * size == pytest.approx(best, rel=0.01)
    assert soma == abs(reversal - hold)


def test_without_events_the_mean_of_events_is_not_a_number_and_says_nothing(recwarn):
    assert np.isnan(mean_of_events(np.full(3, np.nan)))
    assert mean_of_events(np.array([np.nan, 2.0, 4.0])) == 3.0
    assert not recwarn.list
