"""Laws of the switches of the slow layer: what each does to cascade, circuit or disposition, and which do
not go together.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from prelimbic.circuits import Circuit
from prelimbic.parameters import FAMILY, HNK_SETS, CascadeNumbers, HypothesisNumbers, sheet
from prelimbic.pharmacology import Dose
from prelimbic.pharmacology.block import summed
from prelimbic.simulation.hypotheses import AS_SHEETS, Hypotheses, HypothesisError
from prelimbic.simulation.protocol import weeks
from prelimbic.simulation.switches import DEFAULTS
from tests.conftest import brief, small_circuit
from tests.said import RUN, USAGE, is_one_sentence
from tests.test_hypothesis_options import CLASHES, flag

SIZES = sheet("hypotheses").fill("hypotheses", HypothesisNumbers)
DENDRITIC = small_circuit("dendritic")
STRESSED = weeks(0.26, ("7 d",), stress=(-48.0, 0.0))


@pytest.mark.parametrize(("one", "other", "why"), CLASHES)
def test_options_that_exclude_each_other_are_refused_with_the_reason_and_each_alone_is_not(
    call, one, other, why
):
    code, out, err = call(*RUN, flag(one[0]), one[1], flag(other[0]), other[1])
    is_one_sentence(
        err, f"{flag(one[0])} {one[1]}", f"{flag(other[0])} {other[1]}", "exclude each other", why
    )
    assert (code, out) == (USAGE, "")
    assert Hypotheses(**dict([one])) != Hypotheses(**dict([other]))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"hypotheses": Hypotheses(hnk_exposure="kamp")}, "`hnk_exposure` kamp is known in man, not in rat"),
        ({"hypotheses": Hypotheses(spine_rule="branch", baseline="healthy")}, "no spine was lost"),
        ({"hypotheses": Hypotheses(spine_rule="branch", baseline="sst_loss")}, "no spine was lost"),
        ({"protocol": STRESSED}, "stress and `baseline` spine_loss exclude each other"),
        ({"protocol": STRESSED, "hypotheses": Hypotheses(baseline="both")}, "stress and `baseline`"),
    ],
)
def test_switches_that_do_not_fit_the_rest_of_a_run_are_refused_before_it(changes, named):
    with pytest.raises(HypothesisError) as caught:
        brief(**changes).check()
    assert named in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"hypotheses": Hypotheses(hnk_exposure="kamp"), "species": "human", "doses": (Dose(0.5, "iv"),)},
        {"hypotheses": Hypotheses(spine_rule="branch")},
        {"hypotheses": Hypotheses(spine_rule="branch", baseline="both")},
        {"hypotheses": Hypotheses(spine_rule="branch", baseline="healthy"), "protocol": STRESSED},
        {"hypotheses": Hypotheses(baseline="sst_loss"), "protocol": STRESSED},
    ],
)
def test_switches_that_do_fit_are_taken(changes):
    assert brief(**changes).check() is None


def test_by_default_nothing_but_the_surge_and_its_feedback_moves_the_cascade():
    arms = AS_SHEETS.arms(SIZES)
    assert (arms.surge, arms.feedback, arms.locus) == (1.0, 1.0, 1.0)
    assert arms.eef2_gain == arms.siah1_share == arms.latch_charging == arms.elements_rate == 0.0
    assert Hypotheses(**DEFAULTS) == AS_SHEETS
    on = Hypotheses(surge="off", eef2k="on", nitrergic="on", feedback="off", spine_rule="homeostatic").arms(
        SIZES
    )
    assert (on.surge, on.feedback, on.eef2_gain, on.siah1_share) == (
        0.0,
        0.0,
        SIZES.eef2_gain,
        SIZES.siah1_share,
    )
    assert on.elements_rate == SIZES.growth_rate > 0


def test_an_onset_by_state_is_quick_on_lost_sites_alone_and_late_elsewhere():
    usual = sheet("cascade").fill("cascade", CascadeNumbers)
    chosen = Hypotheses(onset="by_state")
    assert chosen.arms(SIZES)._asdict() == AS_SHEETS.arms(SIZES)._asdict() | {
        "lost_rate": SIZES.lost_site_rate
    }
    assert chosen.cascade(usual, SIZES) == replace(usual, maturation_delay=SIZES.unstressed_delay)
    assert SIZES.unstressed_delay > usual.maturation_delay and AS_SHEETS.cascade(usual, SIZES) == usual
    both = Hypotheses(onset="by_state", memory="adaptation").cascade(usual, SIZES)
    assert (both.maturation_delay, both.threshold_sliding) == (SIZES.unstressed_delay, SIZES.adaptation_time)


def test_a_second_phase_moves_its_own_three_arms():
    arms = Hypotheses(second_phase="on").arms(SIZES)._asdict()
    sizes = {name: getattr(SIZES, name) for name in ("second_gain", "second_delay", "second_stages")}
    assert arms == AS_SHEETS.arms(SIZES)._asdict() | sizes and arms["second_gain"] > 0


def test_a_sensitive_trkb_sees_half_of_the_gain_at_half_the_binding_and_never_more_than_all():
    seen = Hypotheses(trkb="on").sensitisation(np.array([0.0, SIZES.trkb_ec50, 1e9]), SIZES)
    assert seen == pytest.approx([1.0, 1.0 + SIZES.trkb_gain / 2, 1.0 + SIZES.trkb_gain])
    assert (AS_SHEETS.sensitisation(np.array([0.0, 10.0]), SIZES) == 1.0).all()


@pytest.mark.parametrize(
    ("hnk", "moves"),
    [
        ("off", ()),
        ("release", ("weight",)),
        ("ampa_pyr", ("ampa",)),
        ("ampa_all", ("ampa", "background_ampa")),
    ],
)
def test_hnk_raises_what_its_switch_says_by_half_of_its_gain_at_half_of_its_binding(hnk, moves):
    def under(uM: float, left: float = 1.0) -> Circuit:
        return Hypotheses(hnk=hnk).at_look(DENDRITIC, uM, left, SIZES)

    half, gain = under(SIZES.hnk_ec50), 1.0 + SIZES.hnk_gain / 2
    assert under(0.0) == DENDRITIC
    assert half.ampa[0] == pytest.approx(gain if "ampa" in moves else 1.0)
    assert half.ampa[1] == pytest.approx(gain if hnk == "ampa_all" else 1.0)
    assert half.background_ampa[0] == pytest.approx(gain if "background_ampa" in moves else 1.0)
    for pair in (("Pyr", "Pyr"), ("Pyr", "PV"), ("PV", "Pyr")):
        factor = gain if "weight" in moves and pair[0] == "Pyr" else 1.0
        assert half.projection(*pair).weight == pytest.approx(factor * DENDRITIC.projection(*pair).weight)
    assert under(SIZES.hnk_ec50, 0.5).ampa[0] == pytest.approx(0.5 * half.ampa[0])
    assert (
        replace(
            half,
            ampa=DENDRITIC.ampa,
            background_ampa=DENDRITIC.background_ampa,
            projections=DENDRITIC.projections,
        )
        == DENDRITIC
    )


def test_the_other_exposure_of_hnk_moves_hnk_alone():
    man = replace(brief(), species="human", doses=(Dose(0.5, "iv", duration=40 / 60),))
    found, hours = {}, np.concatenate([np.linspace(0.0, 10.0, 101), np.linspace(10.5, 400.0, 150)])
    for name in HNK_SETS:
        config = replace(man, hypotheses=Hypotheses(hnk_exposure=name))
        infusion = config.exposure(config.doses)
        found[name] = np.trapezoid(summed(infusion.names, infusion.arterial(hours), FAMILY), hours, axis=0)
    ketamine, norketamine, hnk, dehydronorketamine = found["hasan"] / found["kamp"]
    assert (ketamine, norketamine, dehydronorketamine) == pytest.approx((1.0, 1.0, 1.0))
    assert hnk > 1.5  # one report has far more of it than the other
