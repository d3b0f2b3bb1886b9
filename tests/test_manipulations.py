"""Laws of manipulations: what each does to a circuit, where the running network shows it, and where it shows
nothing.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import cache

import numpy as np
import pytest

from prelimbic.circuits import Circuit, CircuitError, Network, manipulated, resting_weights
from prelimbic.circuits.activity import Activity
from prelimbic.circuits.manipulate import NAMED
from prelimbic.parameters import POPULATIONS, SUBUNITS
from tests.conftest import small_circuit, wired
from tests.said import USAGE, is_one_sentence

OPEN = np.zeros((len(POPULATIONS), len(SUBUNITS)))
NMDA = tuple(f"g_{k}" for k in SUBUNITS)
CONDUCTANCES = ("g_AMPA", *NMDA, "g_fast", "g_slow")
LISTED = ("--list", "--seeds", 1, "--sheet", "sst", "--manipulate")


def numbers(circuit: Circuit) -> dict[str, float]:
    """Every number of a circuit by its place."""

    def flat(where: str, thing: object) -> dict[str, float]:
        inside = (
            thing.items()
            if isinstance(thing, dict)
            else enumerate(thing)
            if isinstance(thing, (tuple, list))
            else None
        )
        if inside is None:
            return {where: float(thing)} if isinstance(thing, (int, float)) else {}
        return {key: value for name, part in inside for key, value in flat(f"{where}.{name}", part).items()}

    return flat("", asdict(circuit))


def moved(circuit: Circuit, *texts: str) -> set[str]:
    """The numbers that manipulations move, as fields of a circuit."""
    before, after = numbers(circuit), numbers(manipulated(circuit, texts))
    return {name for name in before if before[name] != after[name]}


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


# Descriptions

ONE_OF_EACH = (
    "ampa=0.5",
    "ampa=0.5@Pyr->SST",
    "ampa=0.5@background",
    "ampa=0.5@recurrent",
    "release=1.2",
    "release=0.5@PV->Pyr",
    "delete-GluN1@PV",
    "delete-GluN2A@Pyr",
    "delete-GluN2B@SST",
    "delete-GluN2C@SST",
    "delete-GluN2D@VIP",
    "silence@SST",
    "contacts=0.5",
    "sst=0.6",
    "hcn1=1",
    "slice=0.7",
)
NOTHING = (
    "ampa=1",
    "ampa=1@Pyr->PV",
    "release=1",
    "release=1@SST->Pyr",
    "contacts=1",
    "sst=1",
    "hcn1=0",
    "slice=1",
)


@pytest.mark.parametrize("sheet", ["sst", "dendritic"])
@pytest.mark.parametrize("text", ONE_OF_EACH)
def test_a_manipulation_makes_another_hashable_circuit_and_leaves_the_one_it_was_given(sheet, text):
    circuit = small_circuit(sheet)
    changed = manipulated(circuit, (text,))
    if (sheet, text) == ("dendritic", "delete-GluN2C@SST"):  # there SST cells have none to delete
        assert numbers(changed) == pytest.approx(numbers(circuit))
        return
    assert circuit == small_circuit(sheet) != changed
    assert hash(changed) == hash(manipulated(circuit, (text,))) != hash(circuit)
    assert changed.counts == circuit.counts and changed.sites == circuit.sites


def test_every_manipulation_that_can_be_named_is_tried_here():
    assert {text.partition("@")[0].partition("=")[0] for text in ONE_OF_EACH} == set(NAMED)


@pytest.mark.parametrize("text", NOTHING)
def test_a_manipulation_by_nothing_is_no_manipulation(text):
    for sheet in ("sst", "dendritic"):
        assert manipulated(small_circuit(sheet), (text,)) == small_circuit(sheet)


@pytest.mark.parametrize("first", range(len(ONE_OF_EACH)))
def test_manipulations_come_to_the_same_in_any_order(first):
    circuit, one = small_circuit("dendritic"), ONE_OF_EACH[first]
    for other in ONE_OF_EACH[first:]:
        there, back = (numbers(manipulated(circuit, order)) for order in ((one, other), (other, one)))
        assert there == pytest.approx(back, rel=1e-12), f"{one} and {other}"


@pytest.mark.parametrize(
    ("name", "site"), [("ampa", ""), ("ampa", "@Pyr->SST"), ("release", ""), ("sst", ""), ("slice", "")]
)
def test_shares_multiply(name, site):
    circuit = small_circuit("dendritic")
    twice, once = (
        manipulated(circuit, texts)
        for texts in ((f"{name}=0.5{site}", f"{name}=0.4{site}"), (f"{name}=0.2{site}",))
    )
    assert numbers(twice) == pytest.approx(numbers(once), rel=1e-12)


def test_channels_that_are_shut_stay_shut_whatever_is_shut_after_them():
    circuit = small_circuit()
    assert manipulated(circuit, ("hcn1=1", "hcn1=0.5")).hcn_block == 1.0


def test_all_sites_together_are_the_recurrent_ones_and_the_background():
    circuit = small_circuit("dendritic")
    apart = manipulated(circuit, ("ampa=0.3@recurrent", "ampa=0.3@background"))
    assert manipulated(circuit, ("ampa=0.3",)) == manipulated(circuit, ("ampa=0.3@all",)) == apart
    one_by_one = tuple(f"ampa=0.3@Pyr->{p}" for p in POPULATIONS)
    assert manipulated(circuit, one_by_one) == manipulated(circuit, ("ampa=0.3@recurrent",))
    assert manipulated(circuit, tuple(f"release=2@Pyr->{p}" for p in POPULATIONS)) == manipulated(
        circuit, ("release=2",)
    )


@pytest.mark.parametrize("sheet", ["sst", "dendritic"])
@pytest.mark.parametrize("population", POPULATIONS)
def test_without_all_four_glun2_subunits_there_are_no_receptors_just_as_without_glun1(sheet, population):
    circuit = small_circuit(sheet)
    k = POPULATIONS.index(population)
    for texts in ([f"delete-GluN2{s}@{population}" for s in "DBAC"], [f"delete-GluN1@{population}"]):
        changed = manipulated(circuit, tuple(texts))
        assert changed.populations[k].nmda_to_ampa == changed.populations[k].background_nmda_to_ampa == 0.0
        assert sum(changed.populations[k].subunit_fractions) == pytest.approx(1.0)
        others = [j for j in range(len(POPULATIONS)) if j != k]
        assert [changed.populations[j] for j in others] == [circuit.populations[j] for j in others]
    if circuit.apical is not None:
        assert (changed.apical.nmda_to_ampa == 0.0) == (population == "Pyr")


def test_loss_of_sst_cells_weakens_their_contacts_and_the_tonic_inhibition_of_dendrites_and_nothing_else():
    circuit = small_circuit("dendritic")
    k = {
        f".projections.{i}.2.weight"
        for i, (source, _, _) in enumerate(circuit.projections)
        if source == "SST"
    }
    assert moved(circuit, "sst=0.6") == k | {".apical.tonic"}
    before, after = numbers(circuit), numbers(manipulated(circuit, ("sst=0.6",)))
    assert [after[name] / before[name] for name in k | {".apical.tonic"}] == pytest.approx(
        [0.6] * (len(k) + 1)
    )
    assert ".apical.tonic" not in moved(small_circuit("sst"), "sst=0.6")


def test_a_slice_loses_background_events_and_nothing_else():
    soma = {f".populations.{k}.background_rate" for k in range(len(POPULATIONS))}
    assert moved(small_circuit("sst"), "slice=0.7") == soma
    assert moved(small_circuit("dendritic"), "slice=0.7") == soma | {".apical.background_rate"}


@pytest.mark.parametrize("left", [1.0, 0.75, 0.5, 0.01, 1e-9])
def test_lost_contacts_leave_at_least_one_and_the_weight_of_those_that_stay(left):
    circuit = small_circuit()
    degree, weight = circuit.projection("Pyr", "Pyr").in_degree, circuit.projection("Pyr", "Pyr").weight
    changed = manipulated(circuit, (f"contacts={left!r}",))
    filled = resting_weights(changed) > 0
    assert (filled.sum(axis=1) == max(1, round(left * degree))).all()
    assert set(resting_weights(changed)[filled]) == {weight}
    assert left == 1.0 or moved(circuit, f"contacts={left!r}") == {".projections.0.2.in_degree"}


# In the running network


@pytest.mark.parametrize("sheet", ["sst", "dendritic"])
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


@pytest.mark.parametrize("sheet", ["sst", "dendritic"])
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


# Asked wrongly

PROJECTIONS = tuple(f"{source}->{target}" for source, target, _ in small_circuit().projections)
FROM_PYR = tuple(name for name in PROJECTIONS if name.startswith("Pyr->"))
WRONG = {
    "unknown": ("ketamine=0.5", "'ketamine'", *NAMED),
    "empty": ("", "''", *NAMED),
    "unknown subunit": ("delete-GluN3@PV", "'delete-GluN3'", "delete-GluN1", "delete-GluN2D"),
    "no amount": ("ampa", "'ampa'", "=LEFT[@SITE]"),
    "no amount but a site": ("ampa@Pyr->PV", "'ampa@Pyr->PV'", "=LEFT[@SITE]"),
    "an amount where there is none": ("silence=1@SST", "'silence=1@SST'", "@POPULATION"),
    "no population": ("delete-GluN2B", "'delete-GluN2B'", "@POPULATION"),
    "empty population": ("silence@", "'silence@'", "@POPULATION"),
    "a site where there is none": ("contacts=0.5@Pyr->Pyr", "'contacts=0.5@Pyr->Pyr'", "=LEFT"),
    "no number": ("slice=low", "'slice=low'", "number"),
    "empty number": ("sst=", "'sst='", "number"),
    "unknown site of AMPA": ("ampa=0.5@Pyr->Nobody", "'Pyr->Nobody'", *FROM_PYR),
    "AMPA where there is GABA": ("ampa=0.5@PV->Pyr", "'PV->Pyr'", *FROM_PYR),
    "unknown site of release": ("release=2@VIP->Pyr", "'VIP->Pyr'", *PROJECTIONS),
    "unknown population": ("silence@pv", "'pv'", *POPULATIONS),
    "subunit of an unknown population": ("delete-GluN1@L5", "'L5'", *POPULATIONS),
    **{
        f"{name}={amount}": (f"{name}={amount}", name, "at least 0", amount)
        for name in ("ampa", "release", "sst", "slice")
        for amount in ("-1", "nan", "inf", "-inf")
    },
    **{
        f"contacts={amount}": (f"contacts={amount}", "contacts", "above 0", "at most 1", amount)
        for amount in ("0", "-0.1", "1.01", "nan", "inf")
    },
    **{
        f"hcn1={amount}": (f"hcn1={amount}", "hcn1", "from 0 to 1", amount)
        for amount in ("-0.1", "1.01", "nan", "inf")
    },
}


@pytest.mark.parametrize(("text", "named"), [(case[0], case[1:]) for case in WRONG.values()], ids=WRONG)
def test_a_manipulation_that_cannot_be_is_refused_in_one_sentence(call, tmp_path, text, named):
    with pytest.raises(CircuitError):
        manipulated(small_circuit(), (text,))
    code, out, err = call("run", "dose_response", *LISTED, text)
    is_one_sentence(err, *named)
    assert (code, out, list(tmp_path.iterdir())) == (USAGE, "", [])


@pytest.mark.parametrize("text", ["ampa=0.5@", "release=2@"])
def test_a_site_that_is_empty_is_refused_and_not_taken_for_every_site(text):
    with pytest.raises(CircuitError):
        manipulated(small_circuit(), (text,))


@pytest.mark.parametrize(
    ("text", "named"),
    [("ampa=0.5@here", ("all", "recurrent", "background")), ("release=2@here", ("recurrent",))],
)
def test_the_sites_that_are_named_in_a_refusal_are_all_that_there_are(text, named):
    with pytest.raises(CircuitError) as caught:
        manipulated(small_circuit(), (text,))
    for word in named:
        assert word in str(caught.value).replace("'here'", "")


@pytest.mark.parametrize(("sheet", "text"), [("sst", "slice=10"), ("dendritic", "slice=20")])
def test_a_background_too_fast_for_the_step_is_refused_before_anything_is_computed(
    call, tmp_path, sheet, text
):
    code, _, err = call(
        "run", "dose_response", "--list", "--seeds", 1, "--sheet", sheet, "--manipulate", text
    )
    is_one_sentence(err, "too fast")
    assert code == USAGE


def test_a_refused_manipulation_does_not_depend_on_those_before_it(call):
    code, _, err = call("run", "dose_response", *LISTED, "ampa=0.5", "--manipulate", "contacts=2")
    is_one_sentence(err, "contacts", "2")
    assert code == USAGE
