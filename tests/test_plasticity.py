"""Laws of the slow layer: the cascade and the spine agents."""

from __future__ import annotations

import numpy as np
import pytest
from numba import get_num_threads, set_num_threads

from parameters import CascadeNumbers, SpineNumbers, sheet
from plasticity import MATURE, NASCENT, VACANT, Cascade, SpineError, Spines
from plasticity import cascade as cascade_module
from plasticity import spines as spines_module

CASCADE = sheet("cascade").fill("cascade", CascadeNumbers)
SPINES = sheet("spines").fill("spines", SpineNumbers)
SITES = 107


def table(cells: int = 200, contacts: float = 60.0, seed: int = 1) -> Spines:
    return Spines.at_rest(SPINES, contacts, SITES, cells, np.random.SeedSequence(seed))


def course(drive: list[tuple[float, float]], name: str) -> np.ndarray:
    """One state after each (drive, hours)."""
    state, values = Cascade.at_rest(CASCADE, 1), []
    for level, hours in drive:
        state, _ = state.advance(np.array([level]), hours)
        values.append(state.of(name)[0])
    return np.array(values)


def test_rest_is_a_fixed_point_of_the_cascade():
    state, signal = Cascade.at_rest(CASCADE, 3).advance(np.ones(3), 100.0)
    assert np.allclose(state.states, 1.0, atol=1e-12)
    assert np.allclose(signal, 1.0, atol=1e-12)


def test_a_drive_below_threshold_releases_no_bdnf_and_one_above_does():
    below = CASCADE.drive_threshold - 0.01
    assert course([(below, 5.0)], "bdnf")[0] == pytest.approx(1.0, abs=1e-12)
    assert course([(0.2, 5.0)], "bdnf")[0] == pytest.approx(1.0, abs=1e-12)
    assert course([(CASCADE.drive_threshold + 0.2, 2.0)], "bdnf")[0] > 1.3


def test_a_lasting_drive_becomes_the_new_normal():
    values = course([(1.3, 2.0), (1.3, 24 * 10.0)], "bdnf")
    assert values[0] > 1.5
    assert values[1] == pytest.approx(1.0, abs=1e-3)


def test_withdrawing_drive_never_lowers_the_threshold_below_rest():
    assert course([(0.1, 200.0)], "threshold")[0] >= 1.0
    assert course([(0.1, 200.0), (1.0, 5.0)], "bdnf")[1] == pytest.approx(1.0, abs=1e-6)


def test_bdnf_rises_and_falls_with_its_published_time_constants():
    hours = np.arange(1, 121) / 60
    late = [(1.5, 1.0), (1.0, 2.0)] + [(1.0, 0.5)] * 12
    fall = course(late, "bdnf")[2:] - 1.0
    tau = -0.5 / np.polyfit(np.arange(12), np.log(fall[:12]), 1)[0]
    assert 2.0 < tau < 4.0  # BDNF clears within 2-4 h
    rise = course([(1.5, 1 / 60)] * len(hours), "bdnf")
    half = hours[np.argmax(rise - 1 > (rise.max() - 1) / 2)]
    assert half < 1.0


def test_the_chain_delays_a_pulse_of_protein_by_the_maturation_delay():
    state = Cascade.at_rest(CASCADE, 1)
    states = state.states.copy()
    states[0, cascade_module.CHAIN] += 100.0  # a pulse into the first stage
    state = Cascade(CASCADE, states)
    signal, step = [], 0.25
    for _ in range(400):
        state, mean = state.advance(np.ones(1), step)
        signal.append(mean[0] - 1.0)
    mean_delay = np.average((np.arange(400) + 0.5) * step, weights=signal)
    assert mean_delay == pytest.approx(CASCADE.maturation_delay, rel=0.02)


def test_formation_is_flat_at_3_to_6_hours_and_up_at_12_to_24():
    state, signal = Cascade.at_rest(CASCADE, 1), {}
    for start, hours, drive in ((0, 3, 1.4), (3, 3, 1.0), (6, 6, 1.0), (12, 12, 1.0)):
        state, signal[start] = state.advance(np.array([drive]), float(hours))
    assert signal[3][0] - 1 < 0.15 * (signal[12][0] - 1)
    assert signal[12][0] > 1.1


def test_a_stride_may_be_cut_in_two_without_changing_the_cascade():
    drive = np.linspace(0.8, 1.8, 7)
    once, signal = Cascade.at_rest(CASCADE, 7).advance(drive, 3.0)
    half, first = Cascade.at_rest(CASCADE, 7).advance(drive, 1.0)
    twice, second = half.advance(drive, 2.0)
    assert np.allclose(once.states, twice.states, rtol=1e-12)
    assert np.allclose(signal, (first + 2 * second) / 3, rtol=1e-12)


def test_kernels_agree_with_plain_python():
    rng = np.random.default_rng(3)
    states = 1.0 + 0.2 * rng.random((5, 12))
    drive, constants = 1.0 + rng.random(5), cascade_module._constants(CASCADE)
    results = []
    for kernel in (cascade_module.integrate, cascade_module.integrate.py_func):
        own, signal = states.copy(), np.zeros(5)
        kernel(own, signal, drive, 90, constants, np.exp(-1 / 60 / constants))
        results.append((own, signal))
    for fast, plain in zip(*results, strict=True):
        assert np.allclose(fast, plain, rtol=1e-12)
    tables = []
    for kernel in (spines_module.turn_over, spines_module.turn_over.py_func):
        own, formed, lost = table(6).states.copy(), np.zeros(6, dtype=np.int64), np.zeros(6, dtype=np.int64)
        with np.errstate(over="ignore"):
            kernel(own, formed, lost, np.full(6, 0.1), 0.2, 0.3, 0.05, np.uint64(9), np.uint64(4), 20)
        tables.append((own, formed, lost))
    for fast, plain in zip(*tables, strict=True):
        assert np.array_equal(fast, plain)


def test_spines_do_not_depend_on_the_number_of_threads():
    before, results = get_num_threads(), []
    for threads in (1, min(2, before)):
        set_num_threads(threads)
        results.append(table().advance(np.full(200, 2.0), 24.0)[0].states)
    set_num_threads(before)
    assert np.array_equal(*results)


def test_every_spine_gained_or_lost_is_counted():
    spines = table()
    later, formed, lost = spines.advance(np.full(200, 5.0), 30.0)
    assert np.array_equal(later.density - spines.density, formed - lost)
    assert formed.sum() > 0 < lost.sum()
    assert set(np.unique(later.states)) <= {VACANT, NASCENT, MATURE}


def test_without_signal_nothing_is_born_and_elimination_does_not_follow_the_signal():
    assert table(50).rates.gain > 1  # so a signal of 0 silences formation
    _, formed, _ = table().advance(np.zeros(200), 48.0)
    assert formed.sum() == 0
    lost = [table(2000).advance(np.full(2000, level), 12.0)[2].sum() for level in (1.0, 1.5)]
    mature_losses = 2000 * 60 * table().rates.mature_loss * 12
    assert abs(lost[1] - lost[0]) < 0.5 * mature_losses  # only nascent turnover differs


@pytest.mark.parametrize("contacts", [60.0, 80.0])
def test_the_resting_table_is_the_fixed_point_of_its_own_rates(contacts):
    spines = table(3000, contacts)
    for _ in range(20):
        spines, _, _ = spines.advance(np.ones(3000), 24.0)
    error = np.sqrt(contacts * (1 - contacts / SITES) / 3000)
    assert spines.mature.mean() == pytest.approx(contacts, abs=5 * error)


def test_density_returns_with_its_time_constant():
    spines = table(3000, 60.0)
    emptied = spines.states.copy()
    emptied[:, ::3] = VACANT
    state = Spines(spines.rates, emptied, 11)
    gap = [60.0 - state.mature.mean()]
    for _ in range(2):
        state, _, _ = state.advance(np.ones(3000), SPINES.density_time)
        gap.append(60.0 - state.mature.mean())
    assert gap[1] / gap[0] == pytest.approx(np.exp(-1), abs=0.05)


def test_only_mature_spines_carry_weight():
    spines = table()
    weights = spines.weights(0.7)
    assert (weights[spines.states == MATURE] == 0.7).all()
    assert (weights[spines.states != MATURE] == 0.0).all()


def test_agents_draw_differently_by_seed_agent_and_step_and_uniformly():
    draws = np.array([[spines_module.draw(np.uint64(5), np.uint64(a), np.uint64(k)) for k in range(100)] for a in range(100)])
    assert len(np.unique(draws)) == draws.size
    assert draws.mean() == pytest.approx(0.5, abs=5 / np.sqrt(12 * draws.size))
    assert draws.var() == pytest.approx(1 / 12, rel=0.05)
    for other in (np.roll(draws, 1, axis=0), np.roll(draws, 1, axis=1)):
        assert abs(np.corrcoef(draws.ravel(), other.ravel())[0, 1]) < 0.05


def test_more_contacts_than_sites_are_refused():
    for contacts in (107.0, 120.0, 0.0):
        with pytest.raises(SpineError, match="do not fit"):
            table(contacts=contacts)
