"""A trial in a file: what is read, what is refused in one sentence, what ships."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prelimbic.experiments.studies.registry import find_study
from prelimbic.experiments.sweep.study import StudyError
from prelimbic.experiments.trials.asked import changed
from prelimbic.experiments.trials.shipped import find_trial, shipped_trials, trials
from prelimbic.parameters.errors import UsageError
from prelimbic.patients.trial import TERMS, TrialError
from prelimbic.patients.trial_file import as_mapping, as_toml, is_trial, read_trial, trial_of
from prelimbic.simulation.written import read_question
from tests.treated import INFUSION, VEHICLE, crossed, design

ARMS = [
    {"name": "a", "give": INFUSION},
    {"name": "b", "give": VEHICLE, "placebo": "saline"},
]
LATE = [{"name": "a", "give": "ketamine 0.5 mg/kg iv over 40min at 0d, 9d"}, ARMS[1]]
REFUSED = {
    "overlapping periods": (
        {"design": "crossover", "arm": LATE},
        "at 9d, and its period ends at 7d",
        "overlap",
    ),
    "what is given before a period that begins in the last": (
        {"design": "crossover", "arm": [ARMS[0] | {"inhibit": "rapamycin_po at -2h"}, ARMS[1]]},
        "rapamycin_po 2h before its period",
        "periods overlap",
    ),
    "an arm without subjects": (
        {"arm": [ARMS[0] | {"share": 0}, ARMS[1]]},
        "'a' has no subjects",
        "share is 0",
    ),
    "too few for the arms": ({"subjects": 3}, "subjects is 3", "without subjects"),
    "a washout below zero": ({"design": "crossover", "washout": "-3d"}, "washout is", "below 0"),
    "a washout of one period": ({"washout": "3d"}, "washout is of a crossover", "parallel"),
    "an assessment outside": (
        {"assess": ["24h", "9d"], "length": "7d"},
        "assess 9d lies outside the trial",
        "7d",
    ),
    "an assessment before": ({"assess": ["-1h", "24h"]}, "assess -1h", "0h is taken anyway"),
    "assessments out of order": ({"assess": ["7d", "24h"]}, "assess", "later than the one before"),
    "a main visit that is none": ({"primary": "2d"}, "primary is 48h", "24h, 7d"),
    "a screening by no number": ({"screen": float("nan")}, "screen is nan", "from 0 to 60"),
    "a follow-up from nowhere": ({"relapse_from": "7d"}, "relapse_from is 7d", "24h"),
    "an unknown control": ({"control": "c"}, "control is 'c'", "a, b"),
    "two arms of one name": ({"arm": [ARMS[0], ARMS[0]]}, "two arms are called 'a'", ""),
    "a drug called placebo": (
        {"arm": [ARMS[0] | {"placebo": "saline"}, ARMS[1]]},
        "has a drug and says placebo",
        "",
    ),
    "a vehicle that says nothing": (
        {"arm": [ARMS[0], {"name": "b", "give": VEHICLE}]},
        "has no drug",
        "saline",
    ),
    "an unknown key": ({"wash_out": "3d"}, "'wash_out' (did you mean washout?)", "there are"),
    "an unknown design": ({"design": "paralel"}, "did you mean parallel?", "crossover"),
    "an unknown term": ({"without": ["placebos"]}, "did you mean placebo?", "dropout"),
    "a time without a unit": ({"assess": ["24"]}, "24min or 24h", "assess"),
    "a dose without a route": (
        {"arm": [{"name": "a", "give": "ketamine 1 mg/kg"}, ARMS[1]]},
        "route is missing",
        "",
    ),
    "a number of no sheet": ({"set": {"placebo": {"pionts": 3}}}, "placebo.pionts", "placebo.points"),
    "a number that cannot be": ({"set": {"placebo.onset": 0}}, "onset", "above 0"),
    "shares of which a block is larger than the trial": (
        {"arm": [ARMS[0] | {"share": 50}, ARMS[1]]},
        "shares add up to 51",
        "without any",
    ),
    "a word that is a list": ({"blinding": ["blind"]}, "blinding", "one of"),
    "a screening that nobody passes": ({"screen": 75}, "screen is 75", "from 0 to 60"),
    "sizes that are the same": ({"power": [8, 8]}, "twice", "8, 8"),
    "arms that are none": ({"arm": "a"}, "arm is 'a'", "[[arm]]"),
}


@pytest.mark.parametrize(("changes", "named", "told"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_a_trial_is_refused_in_one_sentence_that_begins_with_the_file(changes, named, told):
    asked = {"design": "parallel", "subjects": 20, "control": "b", "assess": ["24h", "7d"], "arm": ARMS}
    with pytest.raises(UsageError) as refusal:
        trial_of(asked | changes, "mine.toml")
    said = str(refusal.value)
    assert said.startswith("mine.toml: ") and said.count("mine.toml") == 1 and "\n" not in said
    assert named in said and told in said


@pytest.mark.parametrize(("read", "what"), [(read_trial, "a trial"), (read_question, "a question")])
def test_a_folder_in_the_place_of_a_file_is_refused_as_what_it_is_not(tmp_path, read, what):
    with pytest.raises(UsageError) as refusal:
        read(tmp_path)
    assert str(refusal.value) == f"{tmp_path}: is no file of {what}"


@pytest.mark.parametrize("text", ["design = ", "\x00", "[[arm]]\nname = 1"])
def test_a_file_that_is_none_is_refused(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(TrialError, match=r"mine\.toml: "):
        read_trial(path)


@pytest.mark.parametrize("name", shipped_trials())
def test_a_trial_that_ships_is_the_same_when_it_is_written_and_read_again(name, tmp_path):
    _, found = find_trial(name)
    path = tmp_path / "again.toml"
    path.write_text(as_toml(found))
    assert replace(read_trial(path), where="") == replace(found, where="") and is_trial(path)
    assert find_study(f"trial_{name}").name == f"trial_{name}" and found.title


def test_what_ships_is_what_was_asked_for():
    listed = trials()
    assert {*listed.index} >= {
        "single_infusion_saline",
        "crossover_midazolam",
        "dose_range",
        "six_infusions",
        "esketamine",
        "masked",
    }
    assert {*listed["blinding"]} == {"open", "blind", "masked"}


def test_every_order_of_arms_is_a_sequence_of_a_crossover():
    assert crossed().sequences() == ((0, 1), (1, 0)) and design().sequences() == ((0,), (1,))
    assert crossed().periods == (0.0, 22 * 24.0)


def test_an_arm_of_a_later_period_is_given_later():
    later = trial_of(as_mapping(crossed())).ordered[1].shifted(48.0)
    assert later.starts() == [48.0] and later.first() == (48.0, pytest.approx(2 / 3))


def test_terms_and_sizes_are_changed_by_name():
    asked = changed(design(), [40, 20], "noise")
    assert asked.power == (20, 40) and asked.without == ("noise",)
    for wrong in ({"power": [20, 20]}, {"power": []}, {"without": "nose"}):
        with pytest.raises(TrialError, match=r"power|did you mean noise"):
            changed(design(), **wrong)
    assert {*TERMS} == {"placebo", "expectancy", "unblinding", "regression", "noise", "dropout"}


def test_a_trial_does_not_read_what_a_circuit_would():
    from prelimbic.experiments.sweep.study import Options

    study = find_study("trial_open")
    for asked in ({"scale": 0.5}, {"overrides": (("cascade.cascade.bdnf_gain", 1.0),)}, {"spikes": True}):
        with pytest.raises(StudyError, match="does not read"):
            study.plan(Options(**asked))
