"""Laws of the cascade as biology: what each arm moves, what each inhibitor abolishes, time courses, what
noise does not do.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from prelimbic.parameters import CascadeNumbers, HypothesisNumbers, sheet
from prelimbic.plasticity import FACTORS, STATES, TICK_H, Arms, Cascade, resting_factors

CASCADE = sheet("cascade").fill("cascade", CascadeNumbers)
SIZES = sheet("hypotheses").fill("hypotheses", HypothesisNumbers)
PULSE_H, PULSE = 1.5, 1.23
AS_USUAL = Arms()


def course(
    parts, *names: str, arms: Arms = AS_USUAL, numbers: CascadeNumbers = CASCADE, every: int = 1
) -> np.ndarray:
    """States of one cell, shape (moment, name), every so many minutes through parts of (hours, conditions),
    conditions being drive, nmda, resting, deficit or a factor.
    """
    state, seen = Cascade.at_rest(numbers, 1, arms), []
    for hours, given in parts:
        inputs = {name: given.get(name, default) for name, default in INPUTS.items()}
        left = resting_factors(round(hours / TICK_H))
        for name in set(given) - set(INPUTS):
            left[:, FACTORS.index(name)] = given[name]
        for first in range(0, len(left), every):
            state = state.advance(
                np.array([inputs["drive"]]),
                np.array([inputs["nmda"]]),
                left[first : first + every],
                inputs["resting"],
                inputs["deficit"],
            )
            seen.append([state.of(name)[0] for name in names])
    return np.array(seen)


INPUTS = {"drive": 1.0, "nmda": 1.0, "resting": 1.0, "deficit": 0.0}


def states(arms: Arms = AS_USUAL, hours: float = 6.0, **given: float) -> dict[str, float]:
    """Every state of one cell after hours under constant conditions."""
    return dict(zip(STATES, course([(hours, given)], *STATES, arms=arms, every=60)[-1], strict=True))


def moved(before: dict[str, float], after: dict[str, float]) -> set[str]:
    return {name for name in STATES if before[name] != after[name]}


UPSTREAM = {  # of every factor: states that cannot know of it
    "ltype": ("drive", "threshold", "calcium", "eef2", "nitrosylation", "rheb", "latch"),
    "bdnf": ("drive", "threshold", "calcium", "eef2", "bdnf", "nitrosylation", "rheb", "latch"),
    "trkb": ("drive", "threshold", "calcium", "eef2", "bdnf", "nitrosylation", "rheb", "latch"),
    "akt": (
        "drive",
        "threshold",
        "calcium",
        "eef2",
        "bdnf",
        "trkb",
        "erk",
        "nitrosylation",
        "rheb",
        "latch",
    ),
    "erk": (
        "drive",
        "threshold",
        "calcium",
        "eef2",
        "bdnf",
        "trkb",
        "akt",
        "nitrosylation",
        "rheb",
        "latch",
    ),
    "mtorc1": (
        "drive",
        "threshold",
        "calcium",
        "eef2",
        "bdnf",
        "trkb",
        "akt",
        "erk",
        "nitrosylation",
        "rheb",
        "latch",
    ),
    "making": tuple(name for name in STATES if name not in ("protein", "elements")),
}
ABOLISHED = {  # what an inhibitor that leaves nothing takes away altogether
    "bdnf": ("trkb", "akt", "erk", "mtorc1", "s6k"), "trkb": ("trkb", "akt", "erk", "mtorc1", "s6k"),
    "akt": ("akt", "mtorc1", "s6k"), "erk": ("erk", "mtorc1", "s6k"), "mtorc1": ("mtorc1", "s6k"),
}  # fmt: skip
AT_WORK = dict(drive=1.5, nmda=0.5, resting=0.5, deficit=0.5)
ALL_ARMS = Arms(
    eef2_gain=SIZES.eef2_gain, siah1_share=SIZES.siah1_share, latch_charging=0.3, latch_time=12.0
)


# Arms


@pytest.mark.parametrize(
    ("given", "own"),
    [
        ({"resting": 0.3}, {"eef2"}),
        ({"nmda": 0.2}, {"nitrosylation"}),
        ({"deficit": 0.9}, set()),
        ({"sensitisation": 1.0}, set()),
        ({"resting": 0.3, "nmda": 0.2, "deficit": 1.0}, {"eef2", "nitrosylation"}),
    ],
)
def test_an_arm_that_is_off_carries_nothing(given, own):
    assert moved(states(), states(**given)) == own


def test_drive_carries_nothing_where_the_surge_is_off():
    off = Arms(surge=0.0)
    assert moved(states(off), states(off, drive=2.5)) == {"drive", "threshold"}
    assert "bdnf" in moved(states(), states(drive=2.5))


@pytest.mark.parametrize(
    ("arms", "given", "first"),
    [
        (Arms(surge=0.0, eef2_gain=2.0), {"resting": 0.6}, "bdnf"),
        (Arms(surge=0.0, siah1_share=0.5), {"nmda": 0.6}, "rheb"),
        (Arms(surge=0.0), {"sensitisation": 1.5}, "trkb"),
        (Arms(), {"drive": 1.23}, "calcium"),
        (Arms(surge=0.5), {"drive": 1.6}, "calcium"),
    ],
)
def test_an_arm_that_is_on_raises_what_it_acts_on_then_mtorc1_and_with_it_protein(arms, given, first):
    acted, mtorc1, protein = course([(2.0, given)], first, "mtorc1", "protein", arms=arms).T
    assert (np.diff(acted[:10]) > 0).all() and acted[0] > 1.0
    assert min(acted.max(), mtorc1.max(), protein.max()) > 1.05
    opened = int(np.argmax(mtorc1 > CASCADE.translation_gate))
    assert opened > 0 and (protein[:opened] == 1.0).all() and protein[opened] > 1.0


def test_the_more_nmda_block_the_more_bdnf_and_rheb_and_none_at_none():
    for arms, given, name in (
        (Arms(eef2_gain=2.0), "resting", "bdnf"),
        (Arms(siah1_share=0.5), "nmda", "rheb"),
    ):
        found = [states(arms, **{given: left})[name] for left in (1.0, 0.8, 0.5, 0.0)]
        assert found[0] == 1.0 and (np.diff(found) > 0.1).all()
    # In the end what is not phosphorylated makes its gain of BDNF, and Rheb is lost by what is left of its
    # turnover.
    ends = Arms(eef2_gain=2.0, siah1_share=0.5)
    assert states(ends, 100.0, resting=0.4)["bdnf"] == pytest.approx(1.0 + 2.0 * 0.6, rel=1e-6)
    assert states(ends, 100.0, nmda=0.4)["rheb"] == pytest.approx(1.0 / (1.0 - 0.5 * 0.6), rel=1e-6)


def test_sensitising_trkb_is_worth_as_much_more_bdnf():
    arms = Arms(surge=0.0, eef2_gain=2.0)
    by_bdnf, by_drug = (
        states(arms, 200.0, resting=0.75)["trkb"],
        states(arms, 200.0, sensitisation=1.5)["trkb"],
    )
    assert by_bdnf == pytest.approx(by_drug, rel=1e-9)
    assert by_drug > 1.2


def test_a_latch_shuts_mtorc1_while_charged_and_lets_go_with_its_own_time():
    arms = Arms(latch_charging=10.0, latch_time=12.0, latch_least=0.1)
    assert states(arms, deficit=0.1) == states(arms)
    shut = course([(2.0, {"deficit": 0.5}), (12.0, {})], "latch", "mtorc1", "protein", arms=arms)
    assert shut[119, 0] > 0.9 and shut[119, 1] < 0.1 and shut[119, 2] == 1.0
    assert shut[-1, 0] / shut[119, 0] == pytest.approx(np.exp(-1.0), rel=2e-3)
    with_drive = [(1.5, {"drive": 1.5, "deficit": 0.5}), (10.0, {})]
    grown = course(with_drive, "protein")[-1, 0]
    assert grown > 1.5 and course(with_drive, "protein", arms=arms)[-1, 0] < 1.05


def test_elements_grow_between_their_lowest_activity_and_rest_and_shrink_outside():
    arms = Arms(elements_rate=0.02, elements_lowest=0.2)
    found = {drive: states(arms, 12.0, drive=drive)["elements"] for drive in (0.0, 0.2, 0.6, 1.0, 1.5)}
    assert found[0.0] < 1.0 - 0.1 and found[1.5] < 1.0 - 0.1
    assert found[0.2] == pytest.approx(1.0, abs=0.02) and found[1.0] == pytest.approx(1.0, abs=1e-12)
    assert found[0.6] == pytest.approx(1.0 + 12.0 * 0.02, rel=0.01)
    signal = Cascade.at_rest(CASCADE, 1, arms)
    for _ in range(2):
        signal = signal.begun().advance(np.array([0.6]), np.ones(1), resting_factors(12 * 60))
    assert signal.signal[0] > 1.1 and signal.of("protein")[0] == 1.0
    ends = [states(arms, 600.0, drive=drive)["elements"] for drive in (0.6, 3.0)]
    assert ends == [2.0, 0.0]


def test_more_contacts_turn_the_growth_of_elements_down_as_more_drive_does_and_move_nothing_else():
    arms, rest = Arms(elements_rate=0.02, elements_lowest=0.2), resting_factors(12 * 60)
    begun, one = Cascade.at_rest(CASCADE, 1, arms), np.ones(1)
    grown = {k: begun.advance(0.5 * one, one, rest, contacts=k * one) for k in (1.0, 1.2, 2.0, 3.0)}
    # half the drive on twice the contacts is rest
    assert grown[2.0].of("elements")[0] == pytest.approx(1.0, abs=0.01)
    assert grown[1.0].of("elements")[0] > grown[2.0].of("elements")[0] > grown[3.0].of("elements")[0]
    plain = [
        Cascade.at_rest(CASCADE, 1).advance(1.5 * one, one, rest, contacts=k * one).states
        for k in (1.0, 2.0)
    ]
    assert np.array_equal(*plain)


# Inhibitors


@pytest.mark.parametrize("factor", UPSTREAM)
def test_an_inhibitor_leaves_what_is_upstream_unchanged_to_the_last_bit_and_lowers_what_comes_next(factor):
    without, under = states(ALL_ARMS, **AT_WORK), states(ALL_ARMS, **AT_WORK, **{factor: 0.3})
    assert {name for name in UPSTREAM[factor] if without[name] != under[name]} == set()
    first = {"ltype": "bdnf", "bdnf": "trkb", "making": "protein"}.get(factor, factor)
    assert under[first] < 0.95 * without[first]


@pytest.mark.parametrize("factor", ABOLISHED)
def test_an_inhibitor_that_leaves_nothing_abolishes_what_is_downstream_and_no_protein_is_made_above_rest(
    factor,
):
    under = states(ALL_ARMS, 20.0, **AT_WORK, **{factor: 0.0})
    assert max(under[name] for name in ABOLISHED[factor]) < 1e-9
    assert under["protein"] == 1.0 < states(ALL_ARMS, 20.0, **AT_WORK)["protein"]


def test_without_l_type_channels_drive_is_nothing_and_the_other_arms_go_on():
    assert moved(states(), states(drive=2.0, ltype=0.0)) == {"drive", "threshold", "calcium"}
    arms = Arms(eef2_gain=2.0)
    assert states(arms, resting=0.5, ltype=0.0) == states(arms, resting=0.5)


def test_the_nitrergic_arm_needs_no_bdnf_above_rest_but_trkb():
    arms = Arms(surge=0.0, siah1_share=0.5)
    assert states(arms, nmda=0.4)["bdnf"] == 1.0 < states(arms, 0.75, nmda=0.4)["mtorc1"]
    assert states(arms, 20.0, nmda=0.4, trkb=0.0)["mtorc1"] < 1e-9


def test_where_mtorc1_plays_no_part_rapamycin_leaves_protein_and_a_mek_inhibitor_does_not():
    absent, local = Arms(locus=0.0), Arms()
    under = {
        (locus, f): states(locus, drive=1.5, **{f: 0.1})["protein"]
        for locus in (absent, local)
        for f in ("mtorc1", "erk")
    }
    assert under[absent, "mtorc1"] == states(absent, drive=1.5)["protein"] > 1.1
    assert under[absent, "erk"] == under[local, "erk"] == under[local, "mtorc1"] == 1.0


def test_stress_lowers_protein_to_what_it_leaves_of_its_making():
    assert states(Arms(), 2000.0, making=0.9)["protein"] == pytest.approx(0.9, abs=1e-6)


# Time courses


def pulsed(feedback: float) -> np.ndarray:
    return course(
        [(PULSE_H, {"drive": PULSE}), (6.0, {})],
        "bdnf",
        "mtorc1",
        "s6k",
        "bp4e",
        arms=Arms(feedback=feedback),
    )


def test_mtorc1_peaks_within_the_hour_of_a_pulse_and_is_back_when_bdnf_is_not():
    bdnf, mtorc1 = pulsed(1.0)[:, :2].T
    assert 15 <= np.argmax(mtorc1) + 1 <= 80
    assert mtorc1.max() > 1.3
    assert mtorc1[149] == pytest.approx(1.0, abs=0.2)  # its feedback outlasts the pulse, so it undershoots
    assert mtorc1[239] == pytest.approx(1.0, abs=0.05)
    assert bdnf[149] > 1.2


def test_without_feedback_mtorc1_is_higher_and_lasts_longer():
    on, off = pulsed(1.0)[:, 1], pulsed(0.0)[:, 1]
    assert off.max() > 1.5 * on.max() and np.argmax(off) > np.argmax(on)
    assert (off[10:] > on[10:]).all()
    assert off[149] > 1.5


def test_phosphorylated_4e_bp1_follows_mtorc1_and_saturates_where_p70s6k_does_not():
    found = pulsed(0.0)
    assert np.argmax(found[:, 3]) == np.argmax(found[:, 1])
    assert 1.0 < found[:, 3].max() < 1.0 + CASCADE.bp4e_half < found[:, 1].max()
    assert found[:, 2].max() == pytest.approx(found[:, 1].max(), rel=0.02)


def test_bdnf_rises_and_falls_with_its_time_constant_and_is_normal_a_day_later():
    found = course([(PULSE_H, {"drive": PULSE}), (24.0, {})], "bdnf")[:, 0]
    assert 1.3 < found.max() < 2.0
    fall = np.log(found[150:300] - 1.0)
    assert -1.0 / np.polyfit(np.arange(150) * TICK_H, fall, 1)[0] == pytest.approx(
        CASCADE.bdnf_time, rel=0.02
    )
    assert found[-1] == pytest.approx(1.0, abs=1e-6)


def test_protein_outlasts_what_made_it_and_is_lost_with_its_turnover():
    found = course([(PULSE_H, {"drive": PULSE}), (100.0, {})], "protein", every=60)[:, 0]
    assert found[4] > 1.4
    assert (found[80] - 1.0) / (found[8] - 1.0) == pytest.approx(
        np.exp(-72.0 / CASCADE.protein_time), rel=1e-3
    )


def test_formation_is_flat_at_3_to_6_hours_and_up_at_12_to_24():
    state, signal = Cascade.at_rest(CASCADE, 1), {}
    for start, hours, drive in ((0, 3, 1.4), (3, 3, 1.0), (6, 6, 1.0), (12, 12, 1.0)):
        state = state.begun().advance(np.array([drive]), np.ones(1), resting_factors(60 * hours))
        signal[start] = state.signal[0] - 1.0
    assert signal[3] < 0.15 * signal[12]
    assert signal[12] > 0.3


def test_a_drive_below_threshold_releases_no_bdnf_and_one_above_does():
    for drive in (0.2, 1.0, CASCADE.drive_threshold - 1e-6):
        assert states(drive=drive)["bdnf"] == 1.0
    assert states(hours=1.0, drive=CASCADE.drive_threshold + 0.05)["bdnf"] > 1.1


@pytest.mark.parametrize("drive", [1.1, PULSE, 1.6])
def test_a_lasting_drive_becomes_the_new_normal(drive):
    found = course([(24.0 * 80, {"drive": drive})], "threshold", "bdnf", "mtorc1", "protein", every=720)
    assert found[-1] == pytest.approx([drive, 1.0, 1.0, 1.0], abs=1e-3)
    assert (found.max(axis=0)[1:] > [1.05, 1.01, 1.3]).all()


@pytest.mark.parametrize("drive", [0.2, 1.6])
def test_the_end_of_a_lasting_change_of_drive_is_followed_by_no_rebound(drive):
    found = course(
        [(24.0 * 20, {"drive": drive}), (24.0, {"drive": 1.0})], "bdnf", "mtorc1", "threshold", every=60
    )[480:]
    assert np.abs(found[:, :2] - 1.0).max() < 1e-9
    assert found[:, 2].min() >= 1.0


def test_a_threshold_that_follows_fast_ends_the_rise_of_bdnf_early():
    fast = replace(CASCADE, threshold_sliding=SIZES.adaptation_time)
    parts = [(3.0, {"drive": 1.5})]
    slow_bdnf, fast_bdnf = (course(parts, "bdnf", numbers=n)[:, 0] for n in (CASCADE, fast))
    assert fast_bdnf.max() < slow_bdnf.max() and np.argmax(fast_bdnf) < np.argmax(slow_bdnf)
    assert fast_bdnf[-1] < 1.2 < slow_bdnf[-1]


# Noise


@pytest.mark.parametrize("sd", [0.01, 0.02])
@pytest.mark.parametrize("sharing", [0.0, CASCADE.drive_sharing])
def test_a_month_of_noisy_looks_raises_protein_by_less_than_a_percent_where_cells_share_drive(sd, sharing):
    rng, cells = np.random.default_rng(1), 200
    state, highest = Cascade.at_rest(replace(CASCADE, drive_sharing=sharing), cells), 0.0
    for _ in range(2 * 28):
        state = state.advance(
            1.0 + sd * rng.standard_normal(cells), np.ones(cells), resting_factors(12 * 60)
        )
        highest = max(highest, state.of("protein").mean())
    assert highest < (1.01 if sharing else 1.02)
    assert state.of("bdnf").mean() < 1.01


def test_noise_of_nmda_about_rest_leaves_the_mean_of_rheb_and_makes_no_protein():
    rng, cells, arms = np.random.default_rng(2), 500, Arms(siah1_share=0.5)
    state, seen = Cascade.at_rest(CASCADE, cells, arms), []
    for _ in range(30):
        state = state.advance(np.ones(cells), 1.0 + 0.02 * rng.standard_normal(cells), resting_factors(180))
        seen.append([state.of(name).mean() for name in ("rheb", "mtorc1", "protein")])
    rheb, mtorc1, protein = np.mean(seen, axis=0)
    assert rheb == pytest.approx(1.0, abs=0.002)
    assert 0.98 < mtorc1 < 1.005  # its feedback acts above rest only, so noise lowers it a little
    assert protein < 1.005
