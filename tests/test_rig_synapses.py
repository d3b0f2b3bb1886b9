"""The rig: one synapse, receptor or drug at a time gives what theory says of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from prelimbic.circuits import Circuit, Rig, manipulated
from prelimbic.circuits import rig as rigs
from prelimbic.parameters import POPULATIONS, SUBUNITS
from prelimbic.simulation.observers.physiology import coupling_curves, trapped, trapping_courses
from tests import test_physiology
from tests.conftest import brief, small_circuit
from tests.test_physiology import PV, PYR, SST, VIP

# fixtures: they act in every file that has their name
points, dendrites, bench = test_physiology.points, test_physiology.dendrites, test_physiology.bench

OPEN = np.zeros((len(POPULATIONS), len(SUBUNITS)))
POTENTIALS_MV = (-100.0, -66.0, -30.0, 0.0, 40.0)


def each_projection(circuit: Circuit, **changes: float) -> Circuit:
    return replace(
        circuit, projections=tuple((s, t, replace(p, **changes)) for s, t, p in circuit.projections)
    )


# Unitary potentials


def test_a_small_epsp_has_the_peak_of_two_exponentials(points, bench):
    circuit = small_circuit("sst")
    weak = bench(
        replace(
            circuit,
            projections=tuple(
                (s, t, replace(p, weight=0.05) if s == "Pyr" else p) for s, t, p in circuit.projections
            ),
        )
    )
    weak.block(np.ones_like(OPEN))
    found = weak.postsynaptic_potentials("Pyr", 2)["PV"]
    p = circuit.populations[PV]
    tau, decay = p.capacitance / p.leak, p.ampa_decay
    at_peak = np.log(tau / decay) * tau * decay / (tau - decay)
    shape = (np.exp(-at_peak / tau) - np.exp(-at_peak / decay)) * tau * decay / (tau - decay)
    expected = 0.05 * 68.0 / p.capacitance * shape
    assert found.mean() == pytest.approx(expected, rel=0.04)  # single cells rest within a few mV of -68
    assert found == pytest.approx(expected, rel=0.12)


def test_excitation_depolarises_inhibition_hyperpolarises_and_only_real_contacts_answer(dendrites):
    for source in POPULATIONS:
        found = dendrites.postsynaptic_potentials(source, 2)
        sign = 1.0 if source == "Pyr" else -1.0
        assert set(found) == {t for s, t, _ in dendrites.circuit.projections if s == source}
        for target, values in found.items():
            assert (sign * values > 0).all(), f"{source}->{target}"


def test_inhibition_reverses_at_the_chloride_potential(bench):
    for reversal, sign in ((-90.0, -1.0), (-30.0, 1.0)):
        circuit = small_circuit("sst")
        rig = bench(replace(circuit, receptors=replace(circuit.receptors, inhibitory_reversal=reversal)))
        rig.connect(True)
        rig.rest()
        before = rig.potential()
        rig.kick(np.array([circuit.cells("PV").start]))
        rig.engine.run(0.006)
        reached = rig.targets(circuit.cells("PV").start)["Pyr"]
        assert len(reached) > 3
        assert (sign * (rig.potential() - before)[reached] > 0.05).all()


# Trains


@pytest.mark.parametrize(
    ("source", "target", "ratios"),
    [
        ("Pyr", "PV", (1.0, 0.798, 0.624)),  # U .25, recovery 671 ms, facilitation 17 ms
        ("Pyr", "SST", (1.0, 1.295, 1.148)),  # .28, 194, 507
        ("SST", "VIP", (1.0, 1.644, 2.040)),  # .16, 45, 376
        ("PV", "Pyr", (1.0, 0.820, 0.636)),  # .25, 706, 21
    ],
)
def test_a_train_at_20_hz_follows_the_recursion_of_tsodyks_and_markram(dendrites, source, target, ratios):
    found = dendrites.trains(source, 0.05, 3, cells=1)[target]
    assert found == pytest.approx(ratios, rel=3e-3)


def test_static_contacts_deliver_the_same_at_every_pulse(points):
    for values in points.trains("Pyr", 0.02, 4, cells=1).values():
        assert values == pytest.approx(np.ones(4), abs=1e-4)


def test_the_recursion_that_figures_show_gives_known_trains():
    assert rigs.releases(1.0, 0.0, 0.0, 0.05, 4) == pytest.approx(np.ones(4))
    # Pure depression, half released, half of the loss regained between pulses (interval = recovery * ln 2).
    assert rigs.releases(0.5, 1.0, 0.0, np.log(2.0), 3) / 0.5 == pytest.approx([1.0, 0.75, 0.6875])
    # Pure facilitation, all regained at once: u goes from U to U/2 + U(1 - U/2).
    assert rigs.releases(0.2, 0.0, 1.0, np.log(2.0), 2) / 0.2 == pytest.approx(
        [1.0, (0.1 + 0.2 * 0.9) / 0.2]
    )


def releases(rig: Rig, intervals_s: list[float], target: str) -> np.ndarray:
    """What every cell's terminals on `target` release at each of its forced spikes, (pulse, cell)."""
    rig.connect(False)
    rig.rest()
    found = []
    for interval in intervals_s:
        rig.engine.run(interval - 1e-3)
        rig.kick(np.arange(rig.circuit.size))
        rig.engine.run(1e-3)
        found.append(rig.engine.fetch(f"cells.release_{target}").astype(float))
    return np.array(found)


def test_a_long_pause_brings_every_terminal_back_to_its_first_release(dendrites):
    train = releases(dendrites, [0.05] * 6 + [10.0], "Pyr")[:, dendrites.circuit.cells("PV")]
    assert train[0] == pytest.approx(0.25, abs=1e-5)
    assert (train[5] < 0.5 * train[0]).all()
    assert train[6] == pytest.approx(0.25, abs=1e-5)


def test_depression_at_a_poisson_rate_lowers_mean_release_by_one_plus_use_times_rate_times_recovery(bench):
    rig, rate, slot = bench(each_projection(small_circuit("dendritic"), facilitation=0.0)), 10.0, 5e-3
    cells, rng = np.arange(400), np.random.default_rng(1)
    rig.connect(False)
    released, spikes = 0.0, 0
    for step in range(1200):
        if step == 600:  # 3 s: four recoveries
            rig.engine.load("cells.released_PV", np.zeros(rig.circuit.size))
            rig.engine.clear()
        rig.kick(cells[rng.random(400) < rate * slot])
        rig.engine.run(slot)
    spikes = (rig.engine.fetch("spikes.i") < 400).sum()
    released = rig.engine.fetch("cells.released_PV")[:400].sum()
    assert spikes == pytest.approx(400 * 3 * rate, rel=0.05)
    assert released / spikes == pytest.approx(0.25 / (1 + 0.25 * rate * 0.671), rel=0.05)


# The dendrite


def test_a_steady_potential_falls_towards_the_dendrite_by_coupling_over_all_conductance_there(dendrites):
    steady, input_ = dendrites.attenuation()
    assert steady == pytest.approx(8.0 / (8.0 + 5.0 + 0.5), rel=2e-3)
    assert 0.1 < input_ < steady  # an input that is over in milliseconds loses more than a steady one


def test_tighter_coupling_brings_dendrite_and_soma_together(bench):
    circuit = small_circuit("dendritic")
    found = [
        bench(replace(circuit, apical=replace(circuit.apical, coupling=g))).attenuation()
        for g in (2.0, 8.0, 60.0)
    ]
    assert (np.diff(found, axis=0) > 0).all()
    assert found[-1][0] > 0.9


def test_point_cells_attenuate_nothing(points):
    assert points.attenuation() == (1.0, 1.0)


# Magnesium and block


PURE = [SUBUNITS.index(k) for k in ("2A", "2B", "2C", "2D")]  # what the older sheets have


def jahr_stevens(potential_mV: float, magnesium_mM: float, half_mM: float) -> float:
    return 1.0 / (1.0 + magnesium_mM / half_mM * np.exp(-0.062 * potential_mV))


def test_magnesium_leaves_free_what_jahr_and_stevens_say_in_every_population(bench):
    for name, halves in (("sst", (3.57, 3.57, 14.28, 14.28)), ("dendritic", (3.57, 3.57, 25.0, 40.0))):
        rig = bench(small_circuit(name))
        for potential in POTENTIALS_MV:
            free, opened = rig.conducting(potential)
            expected = [jahr_stevens(potential, 1.0, half) for half in halves]
            assert free[:, PURE] == pytest.approx(np.tile(expected, (4, 1)), rel=1e-3)
            assert np.array_equal(free, opened)


def test_what_magnesium_leaves_free_does_not_depend_on_how_often_the_rig_ran_before(bench):
    rig = bench(small_circuit("sst"))
    fresh = rig.conducting(40.0)[0]
    for _ in range(6000):
        rig.engine.run(1e-3)
    assert rig.conducting(40.0)[0] == pytest.approx(fresh, rel=1e-3)


def test_magnesium_at_its_half_blocks_half_at_0_mv_and_without_magnesium_all_is_free(bench):
    for config, expected in (
        (brief(overrides=(("circuit.receptors.magnesium", 3.57),)), [0.5, 0.5, 0.8, 0.8]),
        (brief(overrides=(("circuit.receptors.magnesium", 0.0),)), [1.0, 1.0, 1.0, 1.0]),
    ):
        rig = bench(replace(small_circuit("sst"), receptors=config.described().receptors))
        assert rig.conducting(0.0)[0][PYR, PURE] == pytest.approx(expected, rel=1e-4)
        if expected[0] == 1.0:
            assert rig.conducting(-100.0)[0] == pytest.approx(np.ones((4, 6)))


def test_block_and_magnesium_multiply(bench):
    rig = bench(small_circuit("sst"))
    shut = np.linspace(0.0, 1.0, 24).reshape(4, 6)
    for potential in (-80.0, 0.0):
        rig.block(OPEN)
        free = rig.conducting(potential)[0]
        rig.block(shut)
        blocked, opened = rig.conducting(potential)
        assert np.array_equal(blocked, free)  # the drug does not move Mg
        assert opened == pytest.approx((1.0 - shut) * free, rel=1e-5)


# Spikes from synchronous inputs


def test_more_contacts_make_more_cells_spike_and_nmda_block_makes_fewer(points):
    spiked = [points.volley(n, 5, 0.02) for n in (0.0, 5.0, 12.0, 20.0, 30.0, 160.0)]
    for fewer, more in pairwise(spiked):
        assert (fewer <= more).all()
    assert not spiked[0].any() and spiked[-1].all()
    points.block(np.ones_like(OPEN))
    shut = [points.volley(n, 5, 0.02) for n in (12.0, 20.0, 30.0)]
    points.block(OPEN)
    assert all((s <= s_free).all() for s, s_free in zip(shut, spiked[2:5], strict=True))
    assert 0 < sum(s.sum() for s in shut) < sum(s.sum() for s in spiked[2:5])


def test_nmda_receptors_carry_part_of_the_coupling_and_none_where_they_are_deleted(bench, monkeypatch):
    monkeypatch.setattr(
        "prelimbic.simulation.observers.physiology.CONTACTS", np.round(np.geomspace(2.0, 160.0, 9))
    )
    rig = bench(manipulated(small_circuit("dendritic"), ("delete-GluN1@PV",)))
    chance, half, share = coupling_curves(rig)
    assert (chance[0] >= chance[1]).all()
    assert (half > 1).all()
    assert share[PV] == 0.0
    assert (share[[PYR, SST, VIP]] > 0).all() and (share < 1).all()


# Trapping


def test_what_cannot_leave_a_closed_channel_stays_for_the_whole_wash():
    times, courses = trapping_courses(brief(), small_circuit())
    kept = trapped(times, courses)
    assert ((courses >= 0) & (courses <= 1)).all() and (courses[:, 0] == 0).all()
    ketamine, memantine, mk801 = kept
    assert memantine < ketamine < mk801 <= 1.0
    # Closed channels lose ketamine at 0.001257 a second: after 120 s exp(-0.151) is left, or less while
    # gates still close.
    assert ketamine == pytest.approx(np.exp(-0.1508), rel=0.02)
