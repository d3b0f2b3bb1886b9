"""Laws of the circuit: its wiring, its measures, and what the built network does."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from prelimbic.circuits import CircuitError, Numerics, describe
from prelimbic.circuits import equations as eq
from prelimbic.circuits.activity import lfp_proxy, pair_correlation, rate_statistics
from prelimbic.circuits.methods import methods_text
from prelimbic.circuits.wiring import GROUPS, draw, group_of
from prelimbic.parameters import POPULATIONS, SUBUNITS, circuit_numbers, sheet
from tests.conftest import healthy_weights, network, small_circuit, wired

OPEN = np.zeros((4, 6))


@pytest.mark.parametrize("name", ["literature", "pv_sst", "sst"])
def test_every_cell_gets_its_in_degree_once_and_never_from_itself(name):
    circuit = small_circuit(name)
    wiring, _ = wired(circuit)
    counted = 0
    for source, target, projection in circuit.projections:
        group, pre, post = group_of(source, target), circuit.cells(source), circuit.cells(target)
        s, t = wiring.sources[group], wiring.targets[group]
        mine = (s >= pre.start) & (s < pre.stop) & (t >= post.start) & (t < post.stop)
        degree = np.bincount(t[mine] - post.start, minlength=post.stop - post.start)
        expected = circuit.sites if (source, target) == ("Pyr", "Pyr") else projection.in_degree
        assert (degree == expected).all()
        assert (s[mine] != t[mine]).all()
        assert len(set(zip(s[mine], t[mine], strict=True))) == mine.sum()
        assert (wiring.delays[group][mine] >= projection.delay_min).all()
        assert (wiring.delays[group][mine] <= projection.delay_max).all()
        assert (wiring.weights[group][mine] > 0).all()
        counted += mine.sum()
    assert counted == sum(len(wiring.sources[g]) for g in GROUPS)


def test_one_seed_draws_one_wiring():
    circuit = small_circuit()
    first, again, other = (draw(circuit, np.random.SeedSequence(s)) for s in (3, 3, 4))
    assert all(np.array_equal(first.sources[g], again.sources[g]) for g in GROUPS)
    assert all(np.array_equal(first.delays[g], again.delays[g]) for g in GROUPS)
    assert not np.array_equal(first.sources["excitatory"], other.sources["excitatory"])


def test_a_capped_in_degree_keeps_the_total_conductance():
    numbers = circuit_numbers(sheet("sst"))
    wide = replace(numbers.projections["SST", "Pyr"], in_degree=50.0)
    circuit = describe(
        replace(numbers, projections=numbers.projections | {("SST", "Pyr"): wide}), 0.5, 1.3375
    )
    capped = circuit.projection("SST", "Pyr")
    assert capped.in_degree == circuit.counts[2] == 30
    assert capped.in_degree * capped.weight == pytest.approx(50.0 * wide.weight)


def test_size_follows_scale_and_impossible_sizes_are_refused():
    numbers = circuit_numbers(sheet("sst"))
    assert describe(numbers, 2.0, 1.3375).size == 2 * describe(numbers, 1.0, 1.3375).size == 2000
    for scale in (0.4, 101.0, float("nan")):
        with pytest.raises(CircuitError, match="scale"):
            describe(numbers, scale, 1.3375)
    with pytest.raises(CircuitError, match="do not fit"):
        describe(numbers, 0.5, 5.0)


def test_a_description_is_hashable_and_names_its_projections_when_asked_for_another():
    circuit = small_circuit()
    assert hash(circuit) == hash(small_circuit()) != hash(small_circuit("pv_sst"))
    with pytest.raises(CircuitError, match="Pyr->PV"):
        circuit.projection("VIP", "Pyr")


@pytest.mark.parametrize("dendrites", [False, True])
def test_the_ketamine_factor_stands_in_one_place_and_equations_hold_no_other_numbers(dendrites):
    assert eq.RECEPTOR.count("block") == 1  # one template serves every subunit and compartment
    assert methods_text(dendrites).count("block") == 1
    text = eq.cells(dendrites)
    factors = re.findall(r"\(1 - block_\w+\)", text)
    assert len(factors) == len(SUBUNITS) * (2 if dendrites else 1)
    # the factors, and the declaration of each
    assert len(re.findall(r"block", text)) == len(factors) + len(SUBUNITS)
    pieces = (
        eq.currents(dendrites),
        eq.reset(dendrites),
        eq.THRESHOLD,
        *(eq.spike(g, dendrites) for g in GROUPS),
    )
    formulas = re.sub(r":.*", "", "\n".join(pieces))
    formulas = re.sub(r"_2[ABCD]", "", formulas)
    assert set(re.findall(r"(?<![\w.])\d+\.?\d*(?:e-?\d+)?", formulas)) == {"1"}


@pytest.mark.slow
def test_compiled_and_interpreted_networks_agree_spike_for_spike_for_50_ms():
    seen = []
    for compiled in (True, False):
        net = network(compiled=compiled, numerics=Numerics(64))
        activity = net.observe(healthy_weights(net.circuit), OPEN, 0.05, settle=0.0)
        seen.append((activity.spike_cell, np.rint(activity.spike_time / 0.1)))
        net.close()
    assert len(seen[0][0]) > 30
    for compiled_values, interpreted_values in zip(*seen, strict=True):
        assert np.array_equal(compiled_values, interpreted_values)


@pytest.mark.slow
def test_compiled_and_interpreted_rates_agree_within_seed_noise():
    rates = {}
    for compiled, seeds in ((True, (1, 2, 3, 4, 5, 6)), (False, (1,))):
        for seed in seeds:
            net = network(seed, compiled=compiled)
            rates[compiled, seed] = net.observe(healthy_weights(net.circuit), OPEN, 1.0).rate
            net.close()
    spread = np.std([rates[True, s] for s in (1, 2, 3, 4, 5, 6)], axis=0, ddof=1)
    assert (np.abs(rates[True, 1] - rates[False, 1]) < 3 * spread).all()


def test_every_projection_delivers_its_conductance_and_to_its_target_only():
    net = network()
    circuit, engine = net.circuit, net.engine
    net.load_block(OPEN)
    conductance = {"plastic": "g_AMPA", "excitatory": "g_AMPA", "fast": "g_fast", "slow": "g_slow"}
    for k in (1, 2, 3, 4):
        engine.load(f"cells.p_{k}", np.zeros(circuit.size))
    for source, target, projection in circuit.projections:
        for group in GROUPS:
            s, t = net.wiring.sources[group], net.wiring.targets[group]
            pre, post = circuit.cells(source), circuit.cells(target)
            mine = (s >= pre.start) & (s < pre.stop) & (t >= post.start) & (t < post.stop)
            net.load_contacts(group, np.where(mine, projection.weight, 0.0))
        for name in ("g_AMPA", *(f"g_{k}" for k in SUBUNITS), "g_fast", "g_slow", "I_adapt"):
            engine.load(f"cells.{name}", np.zeros(circuit.size))
        kick = net.wiring.rest * 1e-3
        kick[circuit.cells(source)] = 0.0
        engine.load("cells.v", kick)
        engine.run(0.005)
        arrived = engine.fetch(f"cells.{conductance[group_of(source, target)]}")
        reached = np.zeros(circuit.size, dtype=bool)
        reached[circuit.cells(target)] = True
        assert (arrived[reached] > 0).all(), f"{source}->{target}"
        assert (arrived[~reached] == 0).all(), f"{source}->{target}"
        if source == "Pyr":
            assert (engine.fetch("cells.g_2A")[reached] > 0).all(), f"{source}->{target}"
        engine.load("cells.v", net.wiring.rest * 1e-3)
        engine.run(0.02)  # nothing is left on its way
    net.close()


def test_full_block_silences_the_nmda_current():
    net = network()
    weights = healthy_weights(net.circuit)
    half, full = (net.observe(weights, np.full((4, 6), b), 0.5) for b in (0.5, 1.0))
    # What is reported is sampled in the simulator, from the variable that enters the membrane equation.
    assert half.nmda_conductance.mean() > 0
    assert (full.nmda_conductance == 0).all() and (full.nmda_share == 0).all()
    # receptors still gate, the pore is shut
    assert full.nmda_open_probability[net.circuit.mixtures > 0].min() > 0
    net.engine.load("cells.g_2B", np.full(net.circuit.size, 1e-6))
    silent = [net.observe(weights, np.ones((4, 6)), 0.05, settle=0.0).spike_count.sum() for _ in range(2)]
    net.engine.load("cells.g_2B", np.full(net.circuit.size, 1e-6))
    driven = net.observe(weights, OPEN, 0.05, settle=0.0).spike_count.sum()
    net.close()
    assert driven > 10 * max(silent)  # 1 uS of NMDA conductance moves no cell while shut, and all when open


def test_reported_conductance_and_events_follow_from_the_spikes():
    net = network()
    weights = healthy_weights(net.circuit)
    activity = net.observe(weights, OPEN, 1.0)
    sources = net.wiring.sources["plastic"].reshape(weights.shape)
    for cell in (0, 17, 399):
        partners = sources[cell][weights[cell] > 0]
        assert activity.excitatory_events_recurrent[cell] == pytest.approx(
            activity.spike_count[partners].sum()
        )
    # The AMPA sum of the simulator holds background and recurrent input; what is left over is the
    # background's.
    total = (
        net.engine.fetch("cells.sum_AMPA")[: len(weights)]
        / net.engine.fetch("cells.samples")[: len(weights)]
        * 1e9
    )
    pyr = net.circuit.populations[0]
    expected = activity.excitatory_events_background * pyr.background_ampa * pyr.ampa_decay * 1e-3
    net.close()
    assert (total - activity.recurrent_ampa).mean() == pytest.approx(expected.mean(), rel=0.02)


def test_block_on_pyramidal_cells_alone_lowers_their_rate():
    changes = []
    for seed in (1, 2, 3):
        net = network(seed)
        weights = healthy_weights(net.circuit)
        block = np.zeros((4, 6))
        free = net.observe(weights, block, 2.0).rate[0]
        block[0] = 0.5
        changes.append(net.observe(weights, block, 2.0).rate[0] / free - 1.0)
        net.close()
    assert np.mean(changes) < -3 * np.std(changes, ddof=1) / np.sqrt(3)


def test_a_regular_train_has_cv_0_and_a_poisson_train_cv_1():
    regular = np.arange(0.0, 5000.0, 50.0)
    rng = np.random.default_rng(1)
    random = np.sort(rng.uniform(0.0, 1e6, 20000))
    cell = np.concatenate([np.zeros(len(regular)), np.ones(len(random))]).astype(int)
    rate, cv, burst = rate_statistics(
        cell, np.concatenate([regular, random]), [slice(0, 1), slice(1, 2)], 1000.0
    )
    assert cv[0] == pytest.approx(0.0, abs=1e-9)
    assert cv[1] == pytest.approx(1.0, abs=0.03)
    assert rate == pytest.approx([len(regular) / 1000, 20.0])
    assert burst[0] == 0.0
    # A spike of a 20 Hz Poisson train stands alone with probability exp(-2 * 20 * 0.01).
    assert burst[1] == pytest.approx(1 - np.exp(-0.4), abs=0.02)


def test_copies_of_a_train_correlate_fully_and_independent_trains_not_at_all():
    rng = np.random.default_rng(2)
    train = rng.uniform(0, 1e4, 300)
    copies = pair_correlation(np.repeat(np.arange(5), 300), np.tile(train, 5), 5, 10.0)
    apart = pair_correlation(np.repeat(np.arange(100), 300), rng.uniform(0, 1e4, 30000), 100, 10.0)
    assert copies == pytest.approx(1.0)
    assert abs(apart) < 0.01


def test_field_proxy_adds_weighted_inhibition_to_the_excitation_of_6_ms_before():
    ampa, gaba = np.arange(20.0), -np.ones(20)
    assert lfp_proxy(ampa, gaba) == pytest.approx(np.arange(14.0) + 1.65)


def test_populations_keep_their_order_in_arrays_over_cells():
    circuit = small_circuit()
    values = circuit.per_cell([1.0, 2.0, 3.0, 4.0])
    for k, population in enumerate(POPULATIONS):
        assert (values[circuit.cells(population)] == k + 1).all()
        assert len(values[circuit.cells(population)]) == circuit.counts[k]
