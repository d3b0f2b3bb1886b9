"""The options of the hypothesis switches, the identity of a run, and what is said of its calibration."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from prelimbic.parameters import CIRCUITS, SheetError, sheet, sheet_text, structure_digest
from prelimbic.pharmacology import SITES
from prelimbic.simulation.hypotheses import AS_SHEETS, Hypotheses, HypothesisError
from prelimbic.simulation.switches import EXCLUSIVE, SWITCHES
from tests.conftest import brief
from tests.said import RUN, USAGE, is_one_sentence

EVERY_OPTION = [(switch, option) for switch, options in SWITCHES.items() for option in options]


def flag(switch: str) -> str:
    return f"--{switch.replace('_', '-')}"


# Options


@pytest.mark.parametrize(("switch", "option"), EVERY_OPTION)
def test_every_option_of_every_switch_can_be_chosen_and_is_listed_by_the_command(call, switch, option):
    assert getattr(Hypotheses(**{switch: option}), switch) == option
    study = "human_dose" if option == "kamp" else "dose_response"  # known in man alone
    beside = ("--inhibit", "rapamycin_po") if option == "systemic" else ()  # it is about rapamycin alone
    code, out, err = call("run", study, "--list", "--seeds", 1, flag(switch), option, *beside)
    assert (code, err) == (0, "")
    assert len(out.splitlines()) >= 6
    assert option in call("switches")[1]


@pytest.mark.parametrize("switch", SWITCHES)
@pytest.mark.parametrize("option", ["nonsense", "", "ALL"])
def test_an_unknown_option_is_refused_with_the_options_there_are(call, switch, option):
    with pytest.raises(HypothesisError):
        Hypotheses(**{switch: option})
    code, out, err = call(*RUN, flag(switch), option)
    is_one_sentence(err, flag(switch), repr(option), *SWITCHES[switch])
    assert (code, out) == (USAGE, "")


CLASHES = [
    ((one, a), (other, b), why)
    for (one, these), (other, those), why in EXCLUSIVE
    for a in these
    for b in those
]


def test_the_default_of_every_switch_is_the_option_that_says_so():
    for switch, options in SWITCHES.items():
        assert (
            "(default)" in options[getattr(AS_SHEETS, switch)]
            or "(default;" in options[getattr(AS_SHEETS, switch)]
        )
        assert sum("default" in meaning for meaning in options.values()) == 1


def test_every_site_that_pharmacology_knows_is_an_option_and_no_other_but_shuffled_labels():
    assert set(SWITCHES["site"]) == {*SITES, "shuffled"}  # a null that labels are shuffled under is no place


# Identity


def test_no_two_pairs_of_options_share_a_run_id():
    pairs = [dict(pair) for pair in combinations(EVERY_OPTION, 2) if pair[0][0] != pair[1][0]]
    clashing = [{one, other} for one, other, _ in CLASHES]
    chosen = {Hypotheses(**pair) for pair in pairs if set(pair.items()) not in clashing}
    assert len({brief(hypotheses=hypotheses).run_id() for hypotheses in chosen}) == len(chosen) > 400


def test_manipulations_and_their_order_are_part_of_the_run_id():
    texts = (
        (),
        ("ampa=0.5",),
        ("ampa=0.6",),
        ("ampa=0.5@background",),
        ("ampa=0.5", "slice=0.7"),
        ("slice=0.7", "ampa=0.5"),
    )
    assert len({brief(manipulations=t).run_id() for t in texts}) == len(texts)
    assert brief(manipulations=("ampa=0.5",)).run_id() == brief(manipulations=("ampa=0.5",)).run_id()


def test_what_a_sheet_says_was_done_to_its_circuit_is_part_of_the_run_id(tmp_path):
    found = []
    for folder, done in (("wild", ""), ("knockout", "delete-GluN2B@SST")):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / "mine.toml"
        path.write_text(sheet_text(sheet("sst"), "mine", "", done))
        found.append(brief(circuit=str(path)))
    assert found[0].described() != found[1].described()
    assert found[0].run_id() != found[1].run_id()


# Calibration of a configuration

HEALTHY = Hypotheses(baseline="healthy")


@pytest.mark.parametrize("name", CIRCUITS)
def test_every_shipped_circuit_is_calibrated_for_the_very_numbers_it_has(name):
    source = sheet(name)
    assert source.calibrated == structure_digest(source)
    assert brief(circuit=name, scale=1.0, hypotheses=HEALTHY).calibration() == "yes"
    for baseline in ("spine_loss", "sst_loss", "both"):
        assert (
            brief(circuit=name, scale=1.0, hypotheses=Hypotheses(baseline=baseline)).calibration()
            == "inherited"
        )
    assert (
        brief(circuit=name, scale=1.0, hypotheses=replace(HEALTHY, state="slice")).calibration()
        == "inherited"
    )
    assert (
        brief(circuit=name, scale=1.0, hypotheses=HEALTHY, manipulations=("ampa=0.5",)).calibration()
        == "inherited"
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"scale": 0.5}, "other size"),
        ({"scale": 2.0}, "other size"),
        ({"scale": 0.5, "manipulations": ("slice=0.7",)}, "other size"),
        ({"overrides": (("circuit.Pyr.leak", 9.0),)}, "no"),
        ({"overrides": (("circuit.Pyr.leak", 9.0),), "scale": 0.5}, "no"),
        ({"overrides": (("circuit.apical.background_rate", 310.0),)}, "no"),  # no calibration moves it
        ({"overrides": (("circuit.Pyr.target_rate", 3.0),)}, "no"),
        ({"overrides": (("circuit.Pyr->Pyr.weight", 1.1),), "manipulations": ("ampa=0.5",)}, "no"),
        ({"overrides": (("spines.spines.nascent_loss", 0.01),)}, "yes"),
        ({"overrides": (("routes.rat/ip.swallowed_absorption", 3.0),)}, "yes"),
        ({"hypotheses": Hypotheses(site="pv", selectivity="none", hcn="hcn1", baseline="healthy")}, "yes"),
    ],
)
def test_a_configuration_says_whether_its_background_was_found_for_its_structure(changes, said):
    settings = {"circuit": "dendritic", "scale": 1.0, "hypotheses": HEALTHY} | changes
    assert brief(**settings).calibration() == said


def test_a_background_rate_set_by_hand_was_found_by_no_calibration():
    by_hand = brief(scale=1.0, hypotheses=HEALTHY, overrides=(("circuit.Pyr.background_rate", 100.0),))
    assert by_hand.calibration() == "no"
    assert brief(scale=1.0, hypotheses=HEALTHY).calibration() == "yes"


def test_an_override_back_to_the_number_of_the_sheet_is_as_calibrated_as_the_sheet():
    leak = sheet("sst").values()["Pyr.leak"]
    assert (
        brief(scale=1.0, hypotheses=HEALTHY, overrides=(("circuit.Pyr.leak", leak),)).calibration() == "yes"
    )


def test_a_size_of_a_hypothesis_outside_its_meaning_is_refused(call):
    overrides = (("hypotheses.hypotheses.sst_left", 1.5),)
    with pytest.raises(SheetError, match=r"hypotheses.toml \[hypotheses\] sst_left"):
        brief(overrides=overrides).check()
    code, _, err = call(*RUN, "--set", "hypotheses.hypotheses.sst_left=1.5")
    is_one_sentence(err, "sst_left", "1.5", "from 0 to 1")
    assert code == USAGE
