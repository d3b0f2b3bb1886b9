"""The rig: one cell at a time gives what theory says of it; and the study that runs it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace

import h5py
import numpy as np
import pytest

from prelimbic.circuits import Circuit, Rig, constants, manipulated
from prelimbic.parameters import POPULATIONS, SUBUNITS
from prelimbic.simulation.observers.physiology import DRUGS
from tests.conftest import COMMAND, small_circuit

PYR, PV, SST, VIP = range(4)


def each_population(circuit: Circuit, **changes: float) -> Circuit:
    return replace(circuit, populations=tuple(replace(p, **changes) for p in circuit.populations))


@pytest.fixture(scope="module")
def points() -> Iterator[Rig]:
    rig = Rig(small_circuit("sst"), 1)
    yield rig
    rig.close()


@pytest.fixture(scope="module")
def dendrites() -> Iterator[Rig]:
    rig = Rig(small_circuit("dendritic"), 1)
    yield rig
    rig.close()


@pytest.fixture
def bench() -> Iterator:
    """Rigs of changed circuits, closed after the test."""
    made: list[Rig] = []

    def build(circuit: Circuit) -> Rig:
        made.append(Rig(circuit, 1))
        return made[-1]

    yield build
    for rig in made:
        rig.close()


# Passive


def test_a_point_cell_rests_at_its_leak_reversal(points):
    points.rest()
    assert points.potential() == pytest.approx(points.wiring.rest, abs=2e-3)


def test_input_resistance_of_a_point_cell_is_one_over_leak_and_adaptation_slope(points):
    # Megaohms by hand from the sheet: 1000/(10+2), 1000/10, 1000/(5+1), 1000/4.
    resistance = points.passive().resistance
    for population, expected in zip(POPULATIONS, (83.33, 100.0, 166.7, 250.0), strict=True):
        assert resistance[points.circuit.cells(population)] == pytest.approx(expected, rel=2e-3), population


def test_time_constant_is_capacitance_over_leak_and_subthreshold_adaptation_shortens_it(points):
    tau = points.circuit.by_population(points.passive().time_constant)
    leak_only = np.array([p.capacitance / p.leak for p in points.circuit.populations])
    # these have no subthreshold adaptation
    assert tau[[PV, VIP]] == pytest.approx(leak_only[[PV, VIP]], rel=0.01)
    assert (tau[[PYR, SST]] < 0.95 * leak_only[[PYR, SST]]).all()


def test_a_dendrite_loads_the_soma_with_coupling_and_dendritic_leak_in_series(dendrites):
    circuit, apical = dendrites.circuit, dendrites.circuit.apical
    dendritic = apical.leak + apical.tonic
    load = apical.coupling * dendritic / (apical.coupling + dendritic)
    pyr = circuit.populations[PYR]
    expected = 1e3 / (pyr.leak + pyr.adaptation_slope + load)
    resistance = dendrites.passive().resistance
    assert resistance[circuit.cells("Pyr")] == pytest.approx(expected, rel=2e-3)
    assert resistance[circuit.cells("PV")] == pytest.approx(1e3 / circuit.populations[PV].leak, rel=2e-3)


def test_a_two_compartment_cell_rests_where_its_two_current_balances_meet(dendrites):
    circuit, apical = dendrites.circuit, dendrites.circuit.apical
    soma = circuit.populations[PYR].leak + circuit.populations[PYR].adaptation_slope
    balance = [
        [soma + apical.coupling, -apical.coupling],
        [-apical.coupling, apical.coupling + apical.leak + apical.tonic],
    ]
    dendrites.rest()
    found = [dendrites.potential(place)[circuit.cells("Pyr")] for place in ("", "_apical")]
    to_dendrite = apical.leak * apical.rest + apical.tonic * circuit.receptors.inhibitory_reversal
    for cell, rest in enumerate(dendrites.wiring.rest[circuit.cells("Pyr")][:50]):
        expected = np.linalg.solve(balance, [soma * rest, to_dendrite])
        assert [found[0][cell], found[1][cell]] == pytest.approx(expected, abs=5e-3)


def test_shutting_resting_hcn_channels_hyperpolarises_and_raises_resistance(bench):
    circuit = small_circuit("sst")
    rig = bench(circuit)
    before = rig.passive()
    for name, values in constants.hcn_shut(circuit, 1.0).items():
        rig.engine.load(f"cells.{name}", values)
    after, pyr, pv = rig.passive(), circuit.cells("Pyr"), circuit.cells("PV")
    # Leak 10 (of which HCN 1 at -40 mV) and adaptation slope 2 nS: 11 nS are left, and 1 nS pulls no more.
    assert after.resistance[pyr] == pytest.approx(1000 / 11, rel=2e-3)
    assert after.rest[pyr] == pytest.approx((12 * rig.wiring.rest[pyr] + 40) / 11, abs=5e-3)
    assert after.rest[pv] == pytest.approx(before.rest[pv], abs=2e-3)  # no HCN there


def test_a_circuit_whose_hcn_channels_are_shut_has_its_resistance_in_the_rig(bench):
    rig = bench(manipulated(small_circuit("sst"), ("hcn1=1",)))
    assert rig.passive().resistance[rig.circuit.cells("Pyr")] == pytest.approx(1000 / 11, rel=2e-3)


# Firing


def test_a_cell_fires_above_its_own_rheobase_and_never_below(points):
    for current in (150.0, 190.0, 230.0):
        cells = points.circuit.cells("PV")
        # leak times distance to its threshold
        rheobase = 10.0 * (points.wiring.threshold - points.wiring.rest)[cells]
        fires = points.firing(current, 0.5)[cells] > 0
        clear = np.abs(rheobase / current - 1.0) > 0.01
        assert clear.sum() > 3 and 0 < (rheobase < current).sum() < len(rheobase)
        assert (fires == (rheobase < current))[clear].all()


@pytest.mark.parametrize("current", [260.0, 350.0])
def test_a_cell_without_adaptation_follows_the_analytic_rate_of_a_leaky_integrator(points, current):
    cells, p = points.circuit.cells("PV"), points.circuit.populations[PV]
    rest, threshold = points.wiring.rest[cells], points.wiring.threshold[cells]
    end = current / p.leak
    interval = p.refractory + p.capacitance / p.leak * np.log(
        (end - (p.reset - rest)) / (end - (threshold - rest))
    )
    far = end - (threshold - rest) > 2.0  # mV: near rheobase the logarithm blows up any error
    assert far.sum() > 30
    assert points.firing(current)[cells][far] == pytest.approx(1e3 / interval[far], rel=0.03, abs=1.0)


def test_rate_rises_with_current_in_every_population(points, dendrites):
    for rig in (points, dendrites):
        rates = np.array(
            [rig.circuit.by_population(rig.firing(i, 0.5)) for i in (-50.0, 0.0, 150.0, 250.0, 350.0, 450.0)]
        )
        assert (rates[:2] == 0).all()
        assert (np.diff(rates[2:], axis=0) > 5).all()


def test_adaptation_slows_firing(points, bench):
    without = bench(each_population(small_circuit("sst"), adaptation_slope=0.0, adaptation_jump=0.0))
    slow, fast = (rig.circuit.by_population(rig.firing(400.0, 0.5)) for rig in (points, without))
    assert (slow[[PYR, SST, VIP]] < 0.9 * fast[[PYR, SST, VIP]]).all()
    assert slow[PV] == fast[PV] > 100


# The study


@pytest.mark.slow
def test_the_study_draws_every_protocol_and_does_nothing_twice(tmp_path):
    words = [
        "run",
        "physiology",
        "--scale",
        "0.5",
        "--seeds",
        "1",
        "--sheet",
        "sst",
        "--workers",
        "1",
        "--out",
        tmp_path,
    ]
    first, again = (
        subprocess.run([str(w) for w in (COMMAND, *words)], capture_output=True, text=True, timeout=500)
        for _ in range(2)
    )
    assert (first.returncode, first.stderr) == (0, ""), first.stderr
    pages = {"firing", "potentials", "trains", "dendrite", "magnesium", "block", "trapping", "coupling"}
    pages |= {"receptors"}
    assert {p.stem for p in tmp_path.glob("*.png")} == pages
    assert all(p.read_bytes().startswith(b"\x89PNG") for p in tmp_path.glob("*.png"))
    for projection in ("Pyr->Pyr", "PV->Pyr", "SST->VIP"):
        assert any(projection in line and "sst" in line for line in first.stdout.splitlines())
    assert "1 of 1 runs are already finished and whole; skipped" in again.stdout
    with h5py.File(tmp_path / "sweep.h5") as file:
        named: dict[str, np.ndarray] = {}
        file.visititems(
            lambda name, item: (
                named.update({name.rpartition("/")[2]: item[()]}) if hasattr(item, "shape") else None
            )
        )
    half = np.asarray(named["block"]).reshape(len(DRUGS), len(SUBUNITS), -1)
    assert (np.diff(half, axis=-1) >= -1e-6).all() and half.min() >= 0 and half.max() <= 1
    # ketamine at 2A
    assert np.interp(5.35, named["concentration"], half[0, 0]) == pytest.approx(0.5, abs=0.1)
