"""Two compartments and contacts on either, receptors by subunit, release with a memory: in the rig."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from prelimbic.circuits import Circuit, Rig
from prelimbic.circuits.wiring import GROUPS
from prelimbic.parameters import POPULATIONS, SUBUNITS
from tests.conftest import small_circuit, wired

SYNAPTIC = ("g_AMPA", "g_fast", "g_slow", *(f"g_{k}" for k in SUBUNITS))
DELAY_MS = 1.0


def simultaneous(circuit: Circuit) -> Circuit:
    """All contacts deliver DELAY_MS after a spike."""
    changed = [(s, t, replace(p, delay_min=DELAY_MS, delay_max=DELAY_MS)) for s, t, p in circuit.projections]
    return replace(circuit, projections=tuple(changed))


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    made = Rig(simultaneous(small_circuit("dendritic")), 1)
    made.connect(True)
    yield made
    made.close()


@pytest.fixture(scope="module")
def static() -> Iterator[Rig]:
    made = Rig(simultaneous(small_circuit("sst")), 1)
    made.connect(True)
    yield made
    made.close()


def fire(rig: Rig, cells: slice | np.ndarray, seconds: float = 1.15e-3) -> dict[str, np.ndarray]:
    """Conductances (S) of both compartments just after what a forced spike of `cells` delivered."""
    rig.kick(np.arange(rig.circuit.size)[cells])
    rig.engine.run(seconds)
    return conductances(rig)


def conductances(rig: Rig) -> dict[str, np.ndarray]:
    places = ("", "_apical") if rig.circuit.apical is not None else ("",)
    return {
        f"{g}{place}": rig.engine.fetch(f"cells.{g}{place}").astype(float)
        for g in SYNAPTIC
        for place in places
    }


# Placement


def test_any_number_of_filled_sites_has_the_same_apical_share():
    circuit = small_circuit("dendritic")
    wiring, _ = wired(circuit)
    apical = wiring.apical["plastic"].reshape(circuit.counts[0], circuit.sites)
    assert set(np.unique(apical)) == {0.0, 1.0}
    for filled in range(1, circuit.sites + 1):
        assert (np.abs(apical[:, :filled].sum(axis=1) - 0.6 * filled) <= 0.5 + 1e-9).all()


def test_sst_contacts_stand_on_the_dendrite_pv_contacts_on_the_soma_and_interneurons_have_one_place_only():
    circuit = small_circuit("dendritic")
    wiring, _ = wired(circuit)
    on_pyr = {group: wiring.targets[group] < circuit.counts[0] for group in GROUPS}
    assert (wiring.apical["fast"][on_pyr["fast"]] == 0).all()
    assert (wiring.apical["slow"][on_pyr["slow"]] == 1).all()
    for group in ("excitatory", "fast", "slow"):
        assert (wiring.apical[group][~on_pyr[group]] == 0).all() and (~on_pyr[group]).any()


def test_sst_spikes_raise_inhibition_on_the_dendrite_and_pv_spikes_on_the_soma(rig):
    pyr = rig.circuit.cells("Pyr")
    for source, raised, untouched in (("SST", "g_slow_apical", "g_slow"), ("PV", "g_fast", "g_fast_apical")):
        rig.rest()
        found = fire(rig, rig.circuit.cells(source))
        assert (found[raised][pyr] > 0).all() and (found[untouched][pyr] == 0).all(), source


def test_plastic_contacts_deliver_their_share_to_the_dendrite(rig):
    pyr = rig.circuit.cells("Pyr")
    rig.rest()
    found = fire(rig, pyr)
    soma, dendrite = (found[g][pyr] for g in ("g_AMPA", "g_AMPA_apical"))
    # 80 of the 107 sites are filled, at random: 0.6 of them on the dendrite, give or take.
    assert (dendrite / (soma + dendrite)).mean() == pytest.approx(0.6, rel=0.01)
    # 80 contacts of 5.56 nS release a quarter each; AMPA conductance decays for less than 0.2 ms.
    assert (soma + dendrite) * 1e9 == pytest.approx(80 * 5.56 * 0.25, rel=0.08)
    # NMDA over AMPA conductance is twice as large on the dendrite as on the soma.
    nmda = {place: sum(found[f"g_{k}{place}"][pyr] for k in SUBUNITS) for place in ("", "_apical")}
    assert (nmda["_apical"] / dendrite) / (nmda[""] / soma) == pytest.approx(2.0, rel=1e-3)


def test_depolarising_the_compartment_of_an_interneuron_leaves_its_soma_where_it_is(rig):
    rig.rest()
    before = rig.potential()
    rig.engine.load("cells.v_apical", np.full(rig.circuit.size, 0.0))
    rig.engine.run(2e-3)
    moved = rig.potential() - before
    assert (moved[rig.circuit.cells("Pyr")] > 1.0).all()
    assert np.abs(moved[rig.circuit.counts[0] :]).max() < 1e-3


def test_a_somatic_spike_depolarises_the_dendrite_by_the_backpropagated_amount():
    after = []
    for kick in (0.0, 10.0):
        circuit = small_circuit("dendritic")
        rig = Rig(replace(circuit, apical=replace(circuit.apical, backpropagation=kick)), 1)
        rig.kick(np.arange(circuit.size))
        rig.engine.run(1e-4)
        after.append(rig.potential("_apical"))
        rig.close()
    assert (after[1] - after[0])[:400] == pytest.approx(10.0, abs=1e-3)
    assert np.abs(after[1] - after[0])[400:].max() < 1e-3


# Receptors by subunit


def test_one_release_opens_subunits_in_the_proportion_of_their_fractions(rig):
    rig.rest()
    found = fire(rig, rig.circuit.cells("Pyr"))
    for k, target in enumerate(POPULATIONS[1:], start=1):
        p, cells = rig.circuit.populations[k], rig.circuit.cells(target)
        opened = np.array([found[f"g_{subunit}"][cells].mean() for subunit in SUBUNITS])
        assert opened / opened.sum() == pytest.approx(p.subunit_fractions, abs=2e-3)
        assert (opened[np.array(p.subunit_fractions) == 0] == 0).all()
        # AMPA decays sooner
        assert opened.sum() / found["g_AMPA"][cells].mean() == pytest.approx(p.nmda_to_ampa, rel=0.15)


FEW = slice(0, 10)  # Pyr cells whose spikes make no other cell spike


def reached(rig: Rig, target: str) -> np.ndarray:
    """Cells of a population that some of the FEW contact."""
    contacts = [rig.targets(cell).get(target, np.array([], dtype=int)) for cell in range(FEW.stop)]
    return np.unique(np.concatenate(contacts))


def test_inhibition_from_pv_cells_is_over_sooner_than_that_from_sst_cells(rig):
    # exp(-10/6), exp(-10/15)
    for source, name, left in (("PV", "g_fast", 0.1889), ("SST", "g_slow_apical", 0.5134)):
        cell = rig.circuit.cells(source).start
        targets = rig.targets(cell)["Pyr"]
        rig.rest()
        first = fire(rig, slice(cell, cell + 1), 2e-3)
        rig.engine.run(0.01)
        assert conductances(rig)[name][targets] / first[name][targets] == pytest.approx(left, rel=0.02)


def test_every_subunit_deactivates_with_its_own_time_constant(rig):
    pv = reached(rig, "PV")
    rig.rest()
    first = fire(rig, FEW, 2e-3)
    rig.engine.run(0.1)
    later = conductances(rig)
    # exp(-100/50), exp(-100/300), exp(-100/1700)
    for name, left in (("g_2A", 0.1353), ("g_2B", 0.7165), ("g_2D", 0.9429)):
        assert later[name][pv] / first[name][pv] == pytest.approx(left, rel=3e-3), name


def test_a_second_spike_soon_after_adds_less_nmda_and_as_much_ampa(static):
    pv, sst = reached(static, "PV"), reached(static, "SST")
    static.rest()
    first = fire(static, FEW)
    static.engine.run(0.01 - 1.15e-3)
    before = conductances(static)
    second = fire(static, FEW)
    for name, cells, tau in (
        ("g_AMPA", pv, 1.5),
        ("g_AMPA", sst, 2.5),
        ("g_2A", pv, 80.0),
        ("g_2D", sst, 80.0),
    ):
        added = second[name][cells] - before[name][cells] * np.exp(-1.2 / tau)
        # 0.4 of the receptors are still bound, but for what 10 ms of 80 took off.
        expected = 1.0 if name == "g_AMPA" else 1.0 - 0.4 * np.exp(-10.0 / 80.0)
        assert added / first[name][cells] == pytest.approx(expected, rel=0.01), name


def test_saturation_wears_off_sooner_where_deactivation_is_faster(rig):
    pv = reached(rig, "PV")
    rig.rest()
    first = fire(rig, FEW)
    rig.engine.run(0.05 - 1.15e-3)
    before = conductances(rig)
    second = fire(rig, FEW)
    found = []
    for k, tau in (("2A", 50.0), ("2B", 300.0), ("2D", 1700.0)):
        added = (second[f"g_{k}"] - before[f"g_{k}"] * np.exp(-1.2 / tau))[pv] / first[f"g_{k}"][pv]
        # Depression leaves 0.798 of the first release, which was a quarter and so filled a quarter of two
        # fifths.
        assert added == pytest.approx(0.798 * (1 - 0.1 * np.exp(-50.0 / tau)), rel=0.01), k
        found.append(added.mean())
    assert found[0] > found[1] > found[2]
