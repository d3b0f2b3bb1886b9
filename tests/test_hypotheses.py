"""Laws of the hypothesis switches: what each lets the drug do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prelimbic.circuits import Circuit, NetworkError
from prelimbic.parameters import (
    POPULATIONS,
    SUBUNITS,
    HypothesisNumbers,
    SpineNumbers,
    channel,
    compounds,
    sheet,
)
from prelimbic.pharmacology import Bath, Block, Gating
from prelimbic.simulation.config import Config
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.run import Outcome, simulate
from prelimbic.simulation.switches import SWITCHES
from tests.conftest import brief, small_circuit

DRUGS = compounds()
FIRST_ORDER = {name: replace(drug, hill=1.0) for name, drug in DRUGS.items()}
CHANNEL = channel()
SIZES = sheet("hypotheses").fill("hypotheses", HypothesisNumbers)
SPINES = sheet("spines").fill("spines", SpineNumbers)
POINT, DENDRITIC = small_circuit("sst"), small_circuit("dendritic")
SHAPE = (len(POPULATIONS), len(SUBUNITS))
PYR, INTERNEURONS = 0, slice(1, None)
uM = st.floats(0.01, 100.0)


def bath(concentration: float) -> Bath:
    return Bath((("ketamine", concentration),))


def block_of(
    concentration: float, circuit: Circuit = DENDRITIC, drugs: dict = DRUGS, **chosen: str
) -> Block:
    return Hypotheses(**chosen).block(bath(concentration), drugs, CHANNEL, circuit, SIZES, 1.0)


def shut(concentration: float, circuit: Circuit = DENDRITIC, **chosen: str) -> np.ndarray:
    return Hypotheses(**chosen).nmda_shut(block_of(concentration, circuit, **chosen), circuit, 1)


def gating(open_probability: float, circuit: Circuit) -> Gating:
    """Receptors at the reference potential and physiological Mg."""
    free = np.tile(circuit.magnesium_free(CHANNEL.reference_potential), (len(POPULATIONS), 1))
    return Gating(np.full(SHAPE, open_probability), free, np.full(SHAPE[0], CHANNEL.reference_potential))


def run(config: Config) -> Outcome:
    return simulate(config, True, lambda seconds: None)


# Site

BLOCKED = {
    "all": POPULATIONS, "gaba_any": ("PV", "SST", "VIP"), "pv": ("PV",), "sst": ("SST",), "vip": ("VIP",),
    "pyr_direct": ("Pyr",), "uniform": POPULATIONS, "shuffled": POPULATIONS, "off": (),
}  # fmt: skip


@pytest.mark.parametrize("selectivity", SWITCHES["selectivity"])
@pytest.mark.parametrize("site", SWITCHES["site"])
def test_the_drug_reaches_the_classes_of_its_site_and_no_receptor_elsewhere(site, selectivity):
    chosen = Hypotheses(site=site, selectivity=selectivity)
    block = chosen.block(bath(3.0), DRUGS, CHANNEL, DENDRITIC, SIZES, 1.0).advance(
        bath(3.0), gating(0.1, DENDRITIC), 1.0
    )
    found = chosen.nmda_shut(block, DENDRITIC, 1)
    assert found.shape == SHAPE
    for k, population in enumerate(POPULATIONS):
        assert (found[k] > 0).all() if population in BLOCKED[site] else (found[k] == 0).all()
        if site not in ("uniform", "shuffled") and population in BLOCKED[site]:
            assert np.array_equal(found[k], block.value[k])


@given(uM)
@settings(max_examples=15, deadline=None)
def test_a_uniform_block_takes_as_much_of_every_class_as_the_drug_takes_of_pyramidal_cells(concentration):
    uniform, direct = (shut(concentration, site=site) for site in ("uniform", "pyr_direct"))
    assert np.ptp(uniform) == 0
    for mixture in DENDRITIC.mixtures:
        assert mixture @ uniform[0] == pytest.approx(DENDRITIC.mixtures[PYR] @ direct[PYR], rel=1e-9)


def test_the_sites_of_single_classes_add_up_to_the_drug_everywhere():
    whole = shut(5.0)
    assert np.array_equal(sum(shut(5.0, site=site) for site in ("pyr_direct", "pv", "sst", "vip")), whole)
    assert np.array_equal(shut(5.0, site="pyr_direct") + shut(5.0, site="gaba_any"), whole)


# Shuffled labels


@pytest.mark.parametrize("selectivity", ["subunit", "affinity_scaled"])
def test_under_shuffled_labels_every_class_has_the_block_of_another_one_and_which_one_depends_on_the_seed(
    selectivity,
):
    chosen, block = (
        Hypotheses(site="shuffled", selectivity=selectivity),
        block_of(3.0, selectivity=selectivity),
    )
    own = (block.value * DENDRITIC.mixtures).sum(axis=1)
    assert len(set(own)) == len(POPULATIONS)
    ways = set()
    for seed in range(1, 41):
        found = chosen.nmda_shut(block, DENDRITIC, seed)
        assert np.array_equal(found, chosen.nmda_shut(block, DENDRITIC, seed))
        assert (np.ptp(found, axis=1) == 0).all()
        assert sorted(found[:, 0]) == sorted(own) and (found[:, 0] != own).all()
        ways.add(tuple(found[:, 0]))
    assert len(ways) == 9  # so many permutations of four leave nobody in place


def test_labels_carry_nothing_where_all_subunits_are_blocked_alike():
    for seed in range(1, 10):
        shuffled = Hypotheses(site="shuffled", selectivity="none").nmda_shut(
            block_of(3.0, selectivity="none"), DENDRITIC, seed
        )
        np.testing.assert_allclose(shuffled, shut(3.0, selectivity="none"), rtol=1e-12)


@pytest.mark.parametrize("site", [site for site in SWITCHES["site"] if site != "shuffled"])
def test_no_seed_moves_the_block_of_another_site(site):
    chosen = Hypotheses(site=site)
    first = chosen.nmda_shut(block_of(3.0), DENDRITIC, 1)
    assert all(
        np.array_equal(chosen.nmda_shut(block_of(3.0), DENDRITIC, seed), first) for seed in range(2, 12)
    )


@pytest.mark.slow
def test_a_run_under_shuffled_labels_keeps_one_way_from_look_to_look():
    seen = run(brief(30.0, circuit="dendritic", seed=5, hypotheses=Hypotheses(site="shuffled"))).seen
    mixtures = brief(circuit="dendritic").described().mixtures
    plain = run(brief(30.0, circuit="dendritic", seed=5)).seen
    ways = set()
    for shuffled, own in zip(seen, plain, strict=True):
        effective = (own.block * mixtures).sum(axis=1)
        assert (shuffled.block == 0).all() == (own.look.time <= 0)
        if own.look.time > 0:
            ways.add(tuple(int(np.abs(effective - row).argmin()) for row in shuffled.block[:, 0]))
    ((way),) = ways
    assert sorted(way) == list(range(4)) and all(k != place for place, k in enumerate(way))


# Selectivity


@given(uM)
@settings(max_examples=15, deadline=None)
def test_without_selectivity_all_subunits_of_all_classes_are_blocked_alike(concentration):
    flat, subunit = shut(concentration, selectivity="none"), shut(concentration)
    assert 0 < flat.min() == pytest.approx(flat.max(), rel=1e-12)
    assert subunit.min() < flat.min() < subunit.max()
    assert flat[0, 0] == pytest.approx(subunit[0, [0, 2]].mean(), rel=0.01)  # Pyr cells have 2A and 2B alone


def test_without_selectivity_pyramidal_cells_are_blocked_as_before_and_others_like_them():
    # Half 2A and half 2B: the geometric mean of their half-blocking concentrations shuts half of everything.
    half = (DRUGS["ketamine"].ic50_2A * DRUGS["ketamine"].ic50_2B) ** 0.5
    assert shut(half, selectivity="none") == pytest.approx(np.full(SHAPE, 0.5))


@given(uM)
@settings(max_examples=15, deadline=None)
def test_a_higher_affinity_of_interneurons_is_worth_as_much_more_drug_there_and_nothing_on_pyramidal_cells(
    concentration,
):
    scaled, plain = shut(concentration, selectivity="affinity_scaled"), shut(concentration)
    more = shut(SIZES.interneuron_affinity * concentration)
    assert SIZES.interneuron_affinity == 3.0
    assert np.array_equal(scaled[PYR], plain[PYR])
    np.testing.assert_allclose(scaled[INTERNEURONS], more[INTERNEURONS], rtol=1e-12)
    assert (scaled[INTERNEURONS] > plain[INTERNEURONS]).all()


@pytest.mark.parametrize("circuit", [POINT, DENDRITIC], ids=["points", "dendrites"])
def test_use_dependent_block_starts_at_nothing_and_comes_to_the_equilibrium_of_each_subunit(circuit):
    block = block_of(2.0, circuit, FIRST_ORDER, selectivity="use_dependent")
    assert (block.value == 0).all()
    course = [block.value]
    for _ in range(6):
        block = block.advance(bath(2.0), gating(0.2, circuit), 0.05)
        course.append(block.value)
    assert (np.diff(course, axis=0)[:2] > 0).all()
    settled = block.advance(bath(2.0), gating(0.2, circuit), 3.0).value
    np.testing.assert_allclose(settled, block_of(2.0, circuit, FIRST_ORDER).value, rtol=1e-3)


def test_use_dependent_block_comes_on_where_receptors_open_and_not_where_they_never_do():
    closed = gating(0.2, DENDRITIC)
    closed.open_probability[2] = 0.0
    trapped = {name: replace(drug, escape=0.0) for name, drug in DRUGS.items()}
    block = block_of(2.0, DENDRITIC, trapped, selectivity="use_dependent").advance(bath(2.0), closed, 0.1)
    assert (block.value[2] == 0).all()
    assert block.value[[0, 1, 3]].min() > 0


# HCN


@pytest.mark.parametrize(
    ("hcn", "nmda", "channels"), [("nmda", True, False), ("nmda_hcn1", True, True), ("hcn1", False, True)]
)
@pytest.mark.parametrize("site", ["all", "pv", "uniform", "shuffled"])
def test_the_drug_shuts_the_channels_that_it_is_said_to_shut(hcn, nmda, channels, site):
    assert (shut(3.0, hcn=hcn, site=site).max() > 0) == nmda
    assert (Hypotheses(hcn=hcn, site=site).hcn_shut(3.0, SIZES) > 0) == channels
    if nmda:
        assert np.array_equal(shut(3.0, hcn=hcn, site=site), shut(3.0, site=site))


def test_ketamine_shuts_no_hcn_channel_at_first_half_of_them_at_its_ic50_and_all_in_the_end():
    for hcn in ("hcn1", "nmda_hcn1"):
        chosen = Hypotheses(hcn=hcn)
        seen = [
            chosen.hcn_shut(c, SIZES)
            for c in (0.0, SIZES.hcn1_ic50 / 9, SIZES.hcn1_ic50, 9 * SIZES.hcn1_ic50, 1e9)
        ]
        assert seen == pytest.approx([0.0, 0.1, 0.5, 0.9, 1.0])


# Baseline


@pytest.mark.parametrize("circuit", [POINT, DENDRITIC], ids=["points", "dendrites"])
def test_both_conditions_together_are_each_after_the_other_in_any_order(circuit):
    def under(baseline: str, before: Circuit = circuit) -> Circuit:
        return Hypotheses(baseline=baseline).on_circuit(before, SIZES, SPINES)

    assert under("healthy") == circuit
    assert under("both") == under("sst_loss", under("spine_loss")) == under("spine_loss", under("sst_loss"))
    assert len({circuit, under("spine_loss"), under("sst_loss"), under("both")}) == 4


@pytest.mark.parametrize("name", ["sst", "dendritic"])
def test_a_slice_has_the_circuit_of_the_brain_and_less_background(name):
    awake, slice_ = (
        brief(circuit=name, hypotheses=Hypotheses(state=state)).described() for state in ("awake", "slice")
    )
    rates = [[p.background_rate for p in circuit.populations] for circuit in (awake, slice_)]
    if awake.apical is not None:
        rates = [
            [*r, circuit.apical.background_rate] for r, circuit in zip(rates, (awake, slice_), strict=True)
        ]
        assert replace(slice_.apical, background_rate=awake.apical.background_rate) == awake.apical
    assert np.divide(*reversed(rates)) == pytest.approx(np.full(len(rates[0]), SIZES.slice_background))
    assert SIZES.slice_background < 1
    assert replace(slice_, populations=awake.populations, apical=awake.apical) == awake


def test_a_manipulation_comes_on_top_of_the_baseline():
    described = brief(manipulations=("contacts=0.5",)).described()
    healthy = brief(hypotheses=Hypotheses(baseline="healthy")).described()
    assert healthy.projection("Pyr", "Pyr").in_degree == 80
    assert described.projection("Pyr", "Pyr").in_degree == 30  # half of three quarters


# In a run


@pytest.mark.slow
def test_a_drug_on_hcn_channels_alone_blocks_no_receptor_and_moves_spikes_after_the_dose_only():
    off, hcn1 = (run(brief(30.0, hypotheses=Hypotheses(**h))) for h in ({"site": "off"}, {"hcn": "hcn1"}))
    for a, b in zip(off.seen, hcn1.seen, strict=True):
        assert (a.block == 0).all() and (b.block == 0).all() and a.hcn_block == 0
        assert (b.hcn_block > 0) == (b.look.time > 0)
        assert np.array_equal(a.activity.spike_count, b.activity.spike_count) == (b.look.time <= 0)


@pytest.mark.slow
def test_use_dependent_block_follows_the_gating_of_each_class_and_equilibrium_block_does_not():
    slow, fast = (
        run(brief(30.0, hypotheses=Hypotheses(selectivity=s))) for s in ("use_dependent", "subunit")
    )
    for outcome in (slow, fast):
        assert (outcome.seen[0].block == 0).all()
    trapped, settled = ({s.look.time: s.block[:, 0] for s in outcome.seen} for outcome in (slow, fast))
    for hour in (0.26, 2.0, 4.0):
        assert np.ptp(settled[hour]) == 0 < settled[hour][0]
        assert len(set(trapped[hour])) == len(POPULATIONS) and trapped[hour].min() > 0


def test_a_run_whose_pyramidal_cells_get_nothing_from_each_other_fails_in_one_sentence():
    with pytest.raises(NetworkError, match="400 Pyr cells get no recurrent input"):
        run(brief(manipulations=("silence@Pyr",)))
