"""Manipulations in the running network: where each shows, and where it shows nothing."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from prelimbic.circuits import Circuit, Network, manipulated, resting_weights
from prelimbic.circuits.activity import Activity
from prelimbic.parameters import POPULATIONS, SUBUNITS
from tests.conftest import small_circuit, wired

OPEN = np.zeros((len(POPULATIONS), len(SUBUNITS)))
NMDA = tuple(f"g_{k}" for k in SUBUNITS)
CONDUCTANCES = ("g_AMPA", *NMDA, "g_fast", "g_slow")


@cache
def received(circuit: Circuit, kicked: str = "", seconds: float = 0.008) -> dict[str, np.ndarray]:
    """Conductances (S) on every cell after every cell of the `kicked` class has spiked exactly once, without
    background; with nobody kicked, of the background alone.  No other cell can spike.
    """
    wiring, seed = wired(circuit)
    net = Network(circuit, wiring, seed)
    net.load_weights(resting_weights(circuit))
    net.load_block(OPEN)
    net.engine.load("cells.v_threshold", np.ones(circuit.size))
    if kicked:
        for k in (1, 2, 3, 4):
            for letter in "pq" if circuit.apical else "p":
                net.engine.load(f"cells.{letter}_{k}", np.zeros(circuit.size))
        potential = wiring.rest * 1e-3
        potential[circuit.cells(kicked)] = 2.0
        net.engine.load("cells.v", potential)
    net.engine.run(seconds)
    assert len(net.engine.fetch("spikes.i")) == (
        circuit.cells(kicked).stop - circuit.cells(kicked).start if kicked else 0
    )
    names = [n + place for n in CONDUCTANCES for place in (("", "_apical") if circuit.apical else ("",))]
    found = {name: net.engine.fetch(f"cells.{name}").astype(float) for name in names}
    net.close()
    return found


@cache
def looked(circuit: Circuit, seed: int = 1, seconds: float = 1.0, hcn_block: float = 0.0) -> Activity:
    wiring, spiking = wired(circuit, seed)
    net = Network(circuit, wiring, spiking)
    activity = net.observe(resting_weights(circuit), OPEN, seconds, hcn_block=hcn_block)
    net.close()
    return activity


def scaled(
    circuit: Circuit, texts: tuple[str, ...], kicked: str, factors: dict[tuple[str, str], float]
) -> None:
    """What every class receives is as before, times `factors` by (conductance, target); both compartments
    alike.
    """
    changed = received(manipulated(circuit, texts), kicked)
    for name, before in received(circuit, kicked).items():
        for target in POPULATIONS:
            factor = factors.get((name.removesuffix("_apical"), target), 1.0)
            here = circuit.cells(target)
            np.testing.assert_allclose(
                changed[name][here], factor * before[here], rtol=1e-5, err_msg=f"{name} on {target}"
            )


# In the running network


@pytest.mark.parametrize("sheet", ["sst", pytest.param("dendritic", marks=pytest.mark.slow)])
def test_half_of_the_ampa_receptors_of_sst_cells_take_half_of_the_ampa_of_a_spike_there_and_no_nmda(sheet):
    circuit = small_circuit(sheet)
    assert received(circuit, "Pyr")["g_AMPA"][circuit.cells("SST")].min() > 0
    scaled(circuit, ("ampa=0.5@Pyr->SST",), "Pyr", {("g_AMPA", "SST"): 0.5})
    scaled(circuit, ("ampa=0.5@Pyr->SST",), "", {})


@pytest.mark.parametrize("sheet", ["sst", "dendritic"])
@pytest.mark.parametrize(("site", "kicked"), [("background", ""), ("recurrent", "Pyr")])
def test_an_antagonist_at_the_background_spares_recurrent_contacts_and_the_other_way_round(
    sheet, site, kicked
):
    circuit = small_circuit(sheet)
    halved = {("g_AMPA", target): 0.5 for target in POPULATIONS}
    scaled(circuit, (f"ampa=0.5@{site}",), kicked, halved)
    scaled(circuit, (f"ampa=0.5@{site}",), "" if kicked else "Pyr", {})
    scaled(circuit, ("ampa=0.5",), kicked, halved)


@pytest.mark.parametrize("sheet", ["sst", "dendritic"])
def test_more_release_brings_more_ampa_and_nmda_alike_and_leaves_background_and_inhibition(sheet):
    circuit = small_circuit(sheet)
    both = {(name, target): 1.2 for name in ("g_AMPA", *NMDA) for target in POPULATIONS}
    scaled(circuit, ("release=1.2",), "Pyr", both)
    for spared in ("", "PV", "SST", "VIP"):
        scaled(circuit, ("release=1.2",), spared, {})
    scaled(circuit, ("release=1.2@Pyr->PV",), "Pyr", {key: x for key, x in both.items() if key[1] == "PV"})


@pytest.mark.parametrize("sheet", ["sst", "dendritic"])
@pytest.mark.parametrize(
    ("kicked", "gaba", "target"),
    [("PV", "g_fast", "Pyr"), ("SST", "g_slow", "PV"), ("VIP", "g_slow", "SST")],
)
def test_more_release_from_interneurons_inhibits_more_at_the_site_asked_for_only(
    sheet, kicked, gaba, target
):
    circuit = small_circuit(sheet)
    assert received(circuit, kicked)[gaba][circuit.cells(target)].sum() > 0
    scaled(circuit, (f"release=3@{kicked}->{target}",), kicked, {(gaba, target): 3.0})


@pytest.mark.parametrize("sheet", ["sst", "dendritic"])
@pytest.mark.parametrize("kicked", ["Pyr", ""])
@pytest.mark.parametrize(
    ("text", "gone", "population"),
    [
        ("delete-GluN1@PV", NMDA, "PV"),
        ("delete-GluN2B@SST", ("g_2B",), "SST"),
        ("delete-GluN2D@SST", ("g_2D",), "SST"),
        ("delete-GluN1@Pyr", NMDA, "Pyr"),
        ("delete-GluN2A@Pyr", ("g_2A",), "Pyr"),
    ],
)
def test_a_deleted_subunit_takes_its_own_conductance_and_leaves_every_other_as_it_was(
    sheet, kicked, text, gone, population
):
    circuit = small_circuit(sheet)
    before = received(circuit, kicked)
    assert sum(before[name][circuit.cells(population)].sum() for name in gone) > 0
    if sheet == "dendritic" and population == "Pyr":  # the deletion reaches the dendrite
        assert sum(before[f"{name}_apical"].sum() for name in gone) > 0
    scaled(circuit, (text,), kicked, {(name, population): 0.0 for name in gone})


@pytest.mark.parametrize("sheet", ["sst", pytest.param("dendritic", marks=pytest.mark.slow)])
def test_half_of_the_contacts_among_pyramidal_cells_bring_half_of_what_they_brought(sheet):
    circuit = small_circuit(sheet)
    halved = manipulated(circuit, ("contacts=0.5",))
    before, after = received(circuit, "Pyr"), received(halved, "Pyr")
    pyr, others = circuit.cells("Pyr"), slice(circuit.counts[0], None)
    places = ("", "_apical") if circuit.apical else ("",)
    for name in ("g_AMPA", "g_2A", "g_2B"):
        whole, half = (sum(found[name + place][pyr].sum() for place in places) for found in (before, after))
        # which contacts fall away, and their delays, are drawn
        assert half / whole == pytest.approx(0.5, abs=0.02)
    for name, values in before.items():
        assert np.array_equal(values[others], after[name][others])


@pytest.mark.parametrize("sheet", ["sst", "dendritic"])
def test_weak_sst_cells_inhibit_less_and_other_interneurons_as_before(sheet):
    circuit = small_circuit(sheet)
    scaled(circuit, ("sst=0.6",), "SST", {("g_slow", target): 0.6 for target in POPULATIONS})
    for kicked in ("PV", "VIP", "Pyr"):
        scaled(circuit, ("sst=0.6",), kicked, {})


@pytest.mark.parametrize("sheet", ["sst", "dendritic"])
@pytest.mark.parametrize("population", POPULATIONS)
def test_a_silenced_class_never_spikes_and_silences_no_other_unless_it_drives_it(sheet, population):
    rate = looked(manipulated(small_circuit(sheet), (f"silence@{population}",))).rate
    silent = [p for p, hz in zip(POPULATIONS, rate, strict=True) if hz == 0.0]
    assert population in silent
    if population != "Pyr":  # without Pyr cells, others may be left with too little
        assert silent == [population]


@pytest.mark.parametrize("sheet", ["sst", "dendritic"])
def test_pyramidal_cells_fire_more_without_sst_cells_and_less_with_fewer_contacts_or_background(sheet):
    circuit = small_circuit(sheet)
    for text, sign in (("silence@SST", 1), ("contacts=0.5", -1), ("slice=0.7", -1)):
        changes = [
            sign * (looked(manipulated(circuit, (text,)), s).rate[0] - looked(circuit, s).rate[0])
            for s in (1, 2, 3)
        ]
        assert np.mean(changes) > 2 * np.std(changes, ddof=1) / np.sqrt(3), text


@pytest.mark.parametrize("sheet", ["sst", "dendritic"])
def test_without_background_a_circuit_is_silent(sheet):
    activity = looked(manipulated(small_circuit(sheet), ("slice=0",)))
    assert activity.spike_count.sum() == 0
    assert activity.excitatory_events_background.sum() == activity.excitatory_events_recurrent.sum() == 0


def test_a_slice_keeps_its_share_of_background_events():
    circuit = small_circuit()
    whole, left = (
        looked(c).excitatory_events_background for c in (circuit, manipulated(circuit, ("slice=0.7",)))
    )
    counted = whole.sum() * 1.0
    assert left.sum() / counted == pytest.approx(0.7, abs=5 / np.sqrt(counted))


@pytest.mark.parametrize("sheet", ["sst", "dendritic"])
def test_shut_hcn_channels_hyperpolarise_resting_pyramidal_cells_and_no_other(sheet):
    quiet = manipulated(small_circuit(sheet), ("slice=0",))
    open_, half, shut = (
        looked(manipulated(quiet, (f"hcn1={s}",)), seconds=0.5).potential for s in (0, 0.5, 1)
    )
    assert open_[0] - 0.5 > half[0] > shut[0] + 0.5
    assert np.array_equal(open_[1:], shut[1:])


def test_a_resting_point_cell_without_hcn_channels_sits_where_leak_and_adaptation_balance():
    circuit = small_circuit("sst")
    pyr = circuit.populations[0]
    shut = looked(manipulated(circuit, ("slice=0", "hcn1=1")), seconds=2.0).potential[0]
    wiring, _ = wired(circuit)
    rest = wiring.rest[circuit.cells("Pyr")].mean()
    left = pyr.leak - pyr.hcn
    balance = pyr.leak * rest - pyr.hcn * circuit.receptors.hcn_reversal + pyr.adaptation_slope * rest
    assert shut == pytest.approx(balance / (left + pyr.adaptation_slope), abs=0.05)


@pytest.mark.parametrize("sheet", ["sst", "dendritic"])
def test_channels_shut_by_a_manipulation_are_shut_as_by_the_drug(sheet):
    circuit = small_circuit(sheet)
    by_drug, by_hand = (
        looked(circuit, seconds=0.3, hcn_block=1.0),
        looked(manipulated(circuit, ("hcn1=1",)), seconds=0.3),
    )
    assert np.array_equal(by_drug.spike_count, by_hand.spike_count)
    assert not np.array_equal(by_drug.spike_count, looked(circuit, seconds=0.3).spike_count)
    # What one has shut the other cannot shut again.
    again = looked(manipulated(circuit, ("hcn1=1",)), seconds=0.3, hcn_block=0.4)
    assert np.array_equal(again.spike_count, by_hand.spike_count)
