"""Laws of the slow world in the loop: what reaches the cascade, what inhibitors, baths, stress and reused
looks do to a run.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from prelimbic.parameters import COMPOUNDS, POPULATIONS
from prelimbic.pharmacology import Bath
from prelimbic.plasticity import LOST, MATURE, READOUTS, STATE, STATES
from prelimbic.simulation.config import Config
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.inhibition import Inhibition, parse_inhibitions
from prelimbic.simulation.protocol import Protocol
from prelimbic.simulation.record import arrange
from prelimbic.simulation.run import Outcome, Snapshot, simulate
from prelimbic.simulation.slow import Slow
from tests.conftest import brief

TIMES = (-12.0, 0.0, 0.26, 1.0, 2.0, 24.0)
DAY = Protocol(TIMES, 0.26, look_scale=0.2, rest=2.0)
LONG = replace(DAY, times=(*TIMES, 36.0))
SILENT = {"surge": "off"}
RULES, ONSETS = ("activity", "branch"), ("alike", "by_state")


@cache
def run(config: Config) -> Outcome:
    return simulate(config, True, lambda seconds: None)


def asked(
    dose: float = 30.0, protocol: Protocol = DAY, inhibit: tuple[str, ...] = (), **changes: object
) -> Config:
    # the affinity under which the block at these doses raises the drive enough for growth
    switches: dict[str, object] = {"affinity": "recombinant"}
    switches |= {n: changes.pop(n) for n in list(changes) if n in Hypotheses.__dataclass_fields__}
    given = replace(
        protocol, inhibitions=tuple(item for text in inhibit for item in parse_inhibitions(text))
    )
    return brief(dose, protocol=given, hypotheses=Hypotheses(**switches), **changes)


def at(config: Config, hour: float) -> Snapshot:
    return next(s for s in run(config).seen if s.look.time == hour)


def mean(config: Config, name: str, hour: float) -> float:
    return float(at(config, hour).cascade.of(name).mean())


def peak(config: Config, name: str) -> float:
    """Highest mean over cells, between looks too."""
    return float(max(means[READOUTS.index(name)] for s in run(config).seen for _, means in s.slow.sampled))


def moved(config: Config) -> set[str]:
    """States of the cascade that are ever away from where they begin."""
    begun = run(config).seen[0].cascade
    return {n for n in STATES for s in run(config).seen if not np.array_equal(s.cascade.of(n), begun.of(n))}


# Arms


def test_with_the_surge_off_and_no_other_arm_nothing_moves_but_what_the_circuit_does():
    vehicle, drug = asked(0.0, **SILENT), asked(30.0, **SILENT)
    assert moved(drug) <= {"drive", "threshold", "eef2", "nitrosylation"}
    assert {"drive", "eef2", "nitrosylation"} <= moved(drug)
    for a, b in zip(run(vehicle).seen, run(drug).seen, strict=True):
        assert a.spines.states.tobytes() == b.spines.states.tobytes()
        assert (b.slow.signal == 1.0).all()
    assert not np.array_equal(at(vehicle, 0.26).activity.spike_count, at(drug, 0.26).activity.spike_count)


@pytest.mark.parametrize(("switch", "name"), [("eef2k", "bdnf"), ("nitrergic", "rheb"), ("trkb", "trkb")])
def test_an_arm_raises_what_it_acts_on_after_a_dose_and_not_before_nor_after_vehicle(switch, name):
    vehicle, drug = (asked(dose, **SILENT, **{switch: "on"}) for dose in (0.0, 30.0))
    assert mean(drug, name, 1.0) > 1.03
    assert (
        max(peak(drug, "mtorc1"), peak(drug, "protein")) > 1.05
        and min(peak(drug, "mtorc1"), peak(drug, "protein")) > 1.02
    )
    noise = 0.0 if switch != "nitrergic" else 0.02
    assert abs(mean(vehicle, name, 1.0) - 1.0) <= noise
    assert np.array_equal(at(vehicle, 0.0).cascade.states, at(drug, 0.0).cascade.states)


def test_the_arm_of_trkb_needs_no_nmda_block():
    found = asked(30.0, **SILENT, trkb="on", site="off")
    assert mean(found, "trkb", 1.0) > 1.05 and all((s.block == 0).all() for s in run(found).seen)


@pytest.mark.parametrize(
    ("site", "shut"), [("gaba_any", False), ("off", False), ("pyr_direct", True), ("all", True)]
)
def test_eef2_follows_the_resting_receptors_of_pyramidal_cells_alone(site, shut):
    assert (mean(asked(30.0, **SILENT, site=site), "eef2", 1.0) < 0.8) == shut
    assert shut or mean(asked(30.0, **SILENT, site=site), "eef2", 1.0) == 1.0


@pytest.mark.parametrize("hnk", ["release", "ampa_pyr", "ampa_all"])
def test_hnk_raises_drive_without_nmda_block_where_its_switch_lets_it(hnk):
    strong = (("hypotheses.hypotheses.hnk_gain", 1.5),)
    without, under = (asked(30.0, site="off", hnk=h, overrides=strong) for h in ("off", hnk))
    assert all((s.block == 0).all() for s in run(under).seen)
    assert np.array_equal(at(without, 0.0).drive, at(under, 0.0).drive)
    assert at(under, 2.0).drive.mean() > 1.08 * at(without, 2.0).drive.mean()
    assert peak(under, "bdnf") > peak(without, "bdnf") > 1.0


def test_the_nmda_latch_shuts_mtorc1_after_a_dose_and_not_after_vehicle():
    vehicle, drug = (asked(dose, memory="nmda_latch") for dose in (0.0, 100.0))
    assert mean(vehicle, "latch", 1.0) == mean(drug, "latch", 0.0) == 0.0
    assert mean(drug, "latch", 1.0) > 0.1


def test_where_adaptation_is_assumed_the_threshold_follows_the_drive_faster():
    slow, fast = (mean(asked(30.0, memory=m), "threshold", 1.0) for m in ("none", "adaptation"))
    assert fast > slow > 1.0


# Inhibitors


def test_an_ampa_antagonist_lowers_the_drive_while_it_is_there_and_only_then():
    without, under = asked(0.0), asked(0.0, inhibit=("ampa_antagonist=2@0h",))
    left = [s.ampa_left for s in run(under).seen]
    assert left[:2] == [1.0, 1.0] and left[2] < left[3] < left[4] < 1.0 and left[5] > 0.999
    assert left[2] < 0.7
    for hour in TIMES:
        ratio = at(under, hour).drive.mean() / at(without, hour).drive.mean()
        assert ratio < 0.8 if hour in (0.26, 1.0) else ratio == 1.0 if hour <= 0.0 else 0.5 < ratio < 1.2
    assert mean(under, "drive", 1.0) < 0.8 * mean(without, "drive", 1.0)


def test_the_ampa_antagonist_leaves_the_background_its_events_and_not_its_conductance():
    under, without = (at(asked(0.0, inhibit=i), 0.26).activity for i in (("ampa_antagonist=2@0h",), ()))
    assert np.array_equal(under.excitatory_events_background, without.excitatory_events_background)
    assert under.rate[0] < without.rate[0]


@pytest.mark.parametrize(
    ("inhibitor", "lowered", "kept"),
    [
        ("ltype_blocker", "bdnf", "calcium"),
        ("anti_bdnf", "trkb", "bdnf"),
        ("trkb_inhibitor", "trkb", "bdnf"),
        ("akt_inhibitor", "akt", "erk"),
        ("mek_inhibitor", "erk", "akt"),
        ("rapamycin_icv", "mtorc1", "trkb"),
    ],
)
def test_an_inhibitor_given_before_a_dose_lowers_its_target_and_growth_and_nothing_upstream(
    inhibitor, lowered, kept
):
    free, under = asked(30.0), asked(30.0, inhibit=(f"{inhibitor}@-0.5h",))
    assert mean(under, lowered, 1.0) - 1.0 < 0.5 * (mean(free, lowered, 1.0) - 1.0) > 0.02
    assert np.array_equal(at(under, 1.0).activity.spike_count, at(free, 1.0).activity.spike_count)
    assert np.array_equal(at(under, 1.0).cascade.of(kept), at(free, 1.0).cascade.of(kept))
    assert mean(under, "protein", 2.0) - 1.0 < 0.15 * (mean(free, "protein", 2.0) - 1.0)


def test_rapamycin_by_mouth_takes_more_where_mtorc1_outside_the_brain_matters():
    found = {
        m: mean(asked(30.0, mtor=m, inhibit=("rapamycin_po@-2h",)), "mtorc1", 1.0)
        for m in ("local", "systemic")
    }
    assert found["systemic"] < 0.5 * found["local"]
    icv = mean(asked(30.0, mtor="systemic", inhibit=("rapamycin_icv@-0.5h",)), "mtorc1", 1.0)
    assert icv == mean(asked(30.0), "mtorc1", 1.0)


def test_where_mtorc1_carries_nothing_rapamycin_leaves_growth_as_it_was():
    free, under = (asked(30.0, mtor="absent", inhibit=i) for i in ((), ("rapamycin_icv@-0.5h",)))
    assert np.array_equal(at(free, 2.0).cascade.of("protein"), at(under, 2.0).cascade.of("protein"))
    assert mean(free, "protein", 2.0) > 1.05
    assert mean(under, "mtorc1", 1.0) < 0.5 * mean(free, "mtorc1", 1.0)


def test_an_inhibitor_of_no_amount_leaves_every_spike_and_every_state():
    free, none = run(asked(30.0)), run(asked(30.0, inhibit=("ampa_antagonist=0@0h", "rapamycin_icv=0@-1h")))
    for a, b in zip(free.seen, none.seen, strict=True):
        assert np.array_equal(a.activity.spike_time, b.activity.spike_time)
        assert a.cascade.states.tobytes() == b.cascade.states.tobytes()
        assert a.spines.states.tobytes() == b.spines.states.tobytes()


# Baths


def test_a_bath_blocks_while_it_lasts_and_leaves_no_trace_of_a_dose():
    config = brief(protocol=DAY, doses=(), bath=Bath((("memantine", 3.0),), 0.0, 2.0))
    shut = {s.look.time: s.block for s in run(config).seen}
    assert all((shut[hour] == 0).all() for hour in (-12.0, 2.0, 24.0))
    assert shut[0.26].min() > 0.15 and np.array_equal(shut[0.26], shut[1.0])
    assert all((s.unbound == 0).all() and len(s.unbound) == len(COMPOUNDS) for s in run(config).seen)


def test_ketamine_of_a_bath_adds_to_that_of_a_dose_and_is_told():
    bath = Bath((("ketamine", 2.0),), 0.5, 2.0)
    dose, both, alone = asked(10.0), asked(10.0, bath=bath), asked(10.0, bath=bath, doses=())
    for hour in (0.26, 1.0, 2.0):
        added = 2.0 if hour == 1.0 else 0.0
        assert at(both, hour).unbound == pytest.approx(at(dose, hour).unbound + np.array([added, 0.0, 0.0]))
        assert at(alone, hour).unbound == pytest.approx([added, 0.0, 0.0])
    assert (at(both, 1.0).block > at(dose, 1.0).block).all() and np.array_equal(
        at(both, 0.26).block, at(dose, 0.26).block
    )


# Stress and lost sites

STRESS = Protocol((-72.0, -48.0, -24.0, 0.0, 0.26, 2.0), 0.26, look_scale=0.1, rest=2.0, stress=(-48.0, 0.0))
STRONG = (("spines.spines.stress_loss", 5.0), ("spines.spines.stress_protein", 0.2))


def test_stress_takes_spines_and_protein_from_its_beginning_to_its_end_and_marks_what_it_took():
    config, control = (
        asked(0.0, replace(STRESS, stress=s), **SILENT, baseline="healthy", overrides=STRONG)
        for s in (STRESS.stress, None)
    )
    mature = {
        hour: (at(config, hour).spines.mature.mean(), at(control, hour).spines.mature.mean())
        for hour in STRESS.times
    }
    assert all(mature[hour][0] == mature[hour][1] for hour in (-72.0, -48.0))
    assert mature[-24.0][0] < mature[-24.0][1] - 2.0 and mature[0.0][0] < mature[-24.0][0] - 2.0
    lost = {hour: at(config, hour).spines.lost.mean() for hour in STRESS.times}
    assert lost[-48.0] == lost[-24.0] == 0.0 < lost[0.0] == lost[2.0]
    protein = {hour: mean(config, "protein", hour) for hour in STRESS.times}
    assert protein[-48.0] == 1.0 > protein[-24.0] > protein[0.0] < protein[2.0]
    assert all(s.spines.lost.sum() == 0 for s in run(control).seen)


def test_what_is_lost_to_stress_is_what_stood_when_it_began_and_is_not_there_when_it_ends():
    config = asked(0.0, STRESS, baseline="healthy", overrides=STRONG)
    begun, ended = (at(config, hour).spines.states for hour in (-48.0, 0.0))
    stood, gone = (begun & STATE) == MATURE, (ended & STATE) == 0
    assert np.array_equal((ended & LOST) > 0, stood & gone)


def test_lost_and_regained_sites_are_told_as_the_table_of_spines_has_them():
    config = asked(30.0)
    groups = arrange(config, run(config))
    traces = groups["traces"]
    assert (traces["lost_sites"].values == 20.0).all()  # a quarter of 80
    assert traces["regained"].values[0] == 0.0 < traces["regained"].values[-1] < 20.0
    assert (np.diff(traces["regained"].values[-2:]) > 0).all()
    states = groups["spines"]["state"].values
    last = ((states[-1] & LOST) > 0) & ((states[-1] & STATE) > 0)
    assert last.sum(axis=1).mean() == pytest.approx(traces["regained"].values[-1])
    healthy = asked(0.0, baseline="healthy")
    none = arrange(healthy, run(healthy))["traces"]
    assert (none["lost_sites"].values == 0.0).all() and (none["regained"].values == 0.0).all()


def test_the_rule_of_branches_brings_back_more_lost_spines_than_the_rule_of_activity_and_vehicle_neither():
    arm = SILENT | {"eef2k": "on"}
    back = {
        (d, r): at(asked(d, spine_rule=r, **arm), 24.0).spines.regained.mean()
        for d in (0.0, 30.0)
        for r in RULES
    }
    assert back[30.0, "branch"] > 1.3 * back[30.0, "activity"] > 1.3 * back[0.0, "activity"]
    assert back[0.0, "branch"] == back[0.0, "activity"]


def test_with_an_onset_by_state_lost_spines_are_back_in_hours_and_others_come_no_sooner_than_by_default():
    arm = SILENT | {"eef2k": "on"}
    alike, by_state = (
        {h: at(asked(30.0, onset=onset, **arm), h).spines for h in (2.0, 24.0)} for onset in ONSETS
    )
    assert by_state[2.0].regained.mean() > 1.3 * alike[2.0].regained.mean()
    elsewhere = [(each[24.0].density - each[24.0].regained).mean() for each in (alike, by_state)]
    assert elsewhere[1] < elsewhere[0]


def test_a_second_phase_makes_more_protein_a_day_later_and_moves_nothing_before():
    once, twice = (asked(30.0, LONG, second_phase=phase) for phase in ("off", "on"))
    assert at(once, 2.0).cascade.of("protein") == pytest.approx(at(twice, 2.0).cascade.of("protein"))
    assert mean(twice, "protein", 36.0) > mean(once, "protein", 36.0) + 0.05


@pytest.mark.parametrize("circuit", ["sst", "dendritic"])
def test_a_spine_on_an_apical_branch_weighs_on_an_apical_contact(circuit):
    config = brief(circuit=circuit)
    described = config.described()
    slow = Slow.at_rest(config, described, None, np.random.SeedSequence(3))
    split = int((~described.apical_sites).sum())
    placed, spines = slow.weights(described) > 0, slow.spines
    mature = (spines.states & STATE) == MATURE
    assert np.array_equal(placed[:, ~described.apical_sites], mature[:, :split])
    assert np.array_equal(placed[:, described.apical_sites], mature[:, split:])
    assert split in spines.bounds and mature.sum() > 0


# Looks and what is stored


def test_a_reused_look_is_the_one_before_and_costs_nothing_while_spines_go_on():
    heard: list[float] = []
    protocol = replace(DAY, times=(*TIMES, 36.0, 48.0), reused=(-12.0, 1.0, 36.0))
    outcome = simulate(asked(10.0, protocol), True, heard.append)
    assert sum(heard) == pytest.approx(protocol.seconds)
    looks = {s.look.time: s for s in outcome.seen}
    assert looks[-12.0].look.seconds > 0  # nothing stands before the first
    for hour, before in ((1.0, 0.26), (36.0, 24.0)):
        assert looks[hour].look.seconds == 0.0 < looks[before].look.seconds
        assert looks[hour].activity is looks[before].activity and np.array_equal(
            looks[hour].drive, looks[before].drive
        )
        assert not np.array_equal(looks[hour].spines.states, looks[before].spines.states)
        assert (looks[hour].block != looks[before].block).any()
    assert looks[48.0].activity is not looks[24.0].activity
    assert len(heard) == 1 + len(protocol.times)
    stored = arrange(asked(10.0, protocol, spikes=True), outcome)
    told = sum(len(stored[f"spikes/{p}"]["timestamps"].values) for p in POPULATIONS)
    # no spike twice
    assert told == sum(len(s.activity.spike_cell) for s in outcome.seen if s.look.seconds > 0)


def test_what_is_stored_between_looks_meets_what_is_stored_at_them():
    config = asked(30.0)
    groups = arrange(config, run(config))
    fine, traces = groups["fine"], groups["traces"]
    moments = fine["moment"].values
    assert (np.diff(moments) >= 0).all() and TIMES[0] < moments[0] <= TIMES[1] and moments[-1] == TIMES[-1]
    for name in READOUTS:
        for hour, value in zip(TIMES[1:], traces[name].values[1:], strict=True):
            assert fine[name].values[np.isclose(moments, hour)] == pytest.approx(value, rel=1e-12)
    after = traces["time"].values >= 0
    for name in ("bdnf", "mtorc1", "protein"):
        peak, when = (groups["summary"][f"peak_{name}{end}"].values for end in ("", "_time"))
        assert peak >= traces[name].values[after].max() and 0.0 <= when <= 24.0
        assert peak == pytest.approx(fine[name].values[np.argmin(np.abs(moments - when))])


def test_two_images_two_days_apart_show_what_density_gained():
    protocol = Protocol(
        (0.0, 0.26, 2.0, 24.0, 48.0, 72.0), 0.26, 0.1, 1.0, readouts=("rest", "24 h", "72 h")
    )
    config = asked(30.0, protocol)
    summary = arrange(config, run(config))["summary"]
    formed, lost = (summary[f"imaged_{what}"].values for what in ("formation", "elimination"))
    assert np.isnan(formed[:2]).all() and np.isnan(lost[:2]).all()  # no image two days before
    before, after = (at(config, hour).spines.density.sum() for hour in (24.0, 72.0))
    assert formed[2] - lost[2] == pytest.approx(100.0 * (after / before - 1.0))
    assert min(formed[2], lost[2]) > 1.0


def test_the_same_run_twice_is_the_same_to_the_last_byte():
    config = asked(
        30.0, inhibit=("mek_inhibitor@0h",), trkb="on", bath=Bath((("memantine", 1.0),), 0.0, 1.0)
    )
    one, other = (simulate(config, True, lambda seconds: None).seen[-1] for _ in range(2))
    assert one.cascade.states.tobytes() == other.cascade.states.tobytes()
    assert one.spines.states.tobytes() == other.spines.states.tobytes()
    assert np.array_equal(one.activity.spike_time, other.activity.spike_time)


def test_inhibitions_are_items_of_a_protocol():
    assert asked(inhibit=("anti_bdnf@1h",)).protocol.inhibitions == (Inhibition("anti_bdnf", 1.0),)
