"""Trials through the sweep engine: named by what they are, computed once, told alike everywhere."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import prelimbic as pl
from prelimbic.experiments.storage.dataset import load
from prelimbic.experiments.sweep.study import Options
from prelimbic.experiments.trials.asked import changed, folder_of
from prelimbic.experiments.trials.shipped import find_trial
from prelimbic.experiments.trials.study import study_of
from prelimbic.patients.trial import Trial
from prelimbic.patients.trial_file import as_mapping, trial_of
from tests.said import USAGE, is_one_sentence

MINE = """
title = "small"
design = "parallel"
subjects = 6
control = "midazolam"
assess = ["24h", "3d"]

[[arm]]
name = "ketamine"
give = "ketamine 0.5 mg/kg iv over 40min at 0h"

[[arm]]
name = "midazolam"
give = "vehicle iv over 40min at 0h"
placebo = "midazolam"
"""


def ids(trial: Trial, seeds: int = 1) -> list[str]:
    return [run.config.run_id() for run in study_of(trial, "trial_x").plan(Options(seeds=seeds))]


def test_a_replication_is_named_by_its_design_its_terms_and_its_numbers_and_not_by_its_title():
    _, found = find_trial("masked")
    plain = as_mapping(found)
    others = (
        {"blinding": "blind"},
        {"subjects": 42},
        {"without": ["noise"]},
        {"set": {"placebo.points": 8}},
        {"screen": 18},
        {"assess": ["24h"]},
    )
    named = [ids(trial_of(plain | other))[0] for other in ({}, *others)]
    assert len({*named}) == len(named)
    assert ids(replace(found, title="another")) == ids(found) and len({*ids(found, 3)}) == 3


def test_the_size_of_a_trial_names_it_alike_alone_and_among_others():
    _, found = find_trial("open")
    powered = study_of(changed(found, power=[20, 40]), "trial_x").plan(Options(seeds=1))
    assert [run.place["n"] for run in powered] == [20, 40]
    assert powered[1].config.run_id() == ids(found)[0]


def test_a_folder_is_named_by_what_is_left_out_and_by_sizes():
    name, found = find_trial("open")
    asked = changed(found, [20], "noise")
    path = folder_of(study_of(asked, name), asked, Options(seeds=20))
    assert path.name == "trial_open-without-noise-n-20"


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A small trial, computed by the library."""
    place = tmp_path_factory.mktemp("trial")
    (place / "mine.toml").write_text(MINE)
    found = pl.trial(place / "mine.toml", seeds=2, out=place / "out", workers=1, progress=False)
    return place, found


def test_a_trial_is_computed_stored_and_analysed(kept):
    place, found = kept
    assert list(found.comparisons["arm"]) == ["ketamine", "ketamine"] and "Estimand" in found.found
    visits = load(place / "out")
    assert visits["score"].equals(found.visits["score"]) and visits.sizes["subject"] == 6
    assert (place / "out" / "trial_mine.png").is_file() and "Surrogate: " in found.found
    assert np.isfinite(visits["hnk"].where(visits["given"].isel(period=0) == 1)).any()


def test_the_command_finds_what_the_library_computed_and_says_the_same(kept, call):
    place, found = kept
    words = (
        "trial",
        str(place / "mine.toml"),
        "--seeds",
        "2",
        "--workers",
        "1",
        "--out",
        str(place / "out"),
    )
    code, out, _ = call(*words)
    assert code == 0 and "2 of 2 runs are already finished" in out and "Estimand: " in out
    told = json.loads(call(*words, "--json")[1])
    first = told["sheets"]["native"]["6"][1]["contrasts"][0]
    assert first["estimate"] == pytest.approx(found.comparisons["estimate"][0], rel=1e-4)
    assert told["surrogate"] and told["trial"]["control"] == "midazolam"
    code, out, _ = call(*words, "--list")
    assert code == 0 and out.count("finished") == 2


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("masks",), ("'masks' (did you mean masked?)", "or the path of a .toml file")),
        (("masked", "--without", "placebos"), ("--without takes", "did you mean placebo?")),
        (("masked", "--power", "n=a"), ("--power takes numbers of subjects", "n=20,40,80")),
        (("masked", "--power", "n=2"), ("subjects is 2", "without subjects")),
        (("masked", "--affinity", "tisue"), ("tisue", "did you mean tissue?")),
        (("nowhere.toml",), ("nowhere.toml", "does not exist")),
        (("masked", "--jobs", "3"), ("--jobs is for jobs of a cluster",)),
    ],
)
def test_a_wrong_word_is_one_sentence(call, words, named):
    code, out, err = call("trial", *words)
    is_one_sentence(err, *named)
    assert (code, out) == (USAGE, "")


def test_trials_are_listed(call):
    code, out, _ = call("trials")
    assert code == 0 and "six_infusions" in out
    assert {row["name"] for row in json.loads(call("trials", "--json")[1])} == {*pl.trials().index}
