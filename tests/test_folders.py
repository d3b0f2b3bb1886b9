"""Which folder a question has, and when another is refused there."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from prelimbic.circuits import Numerics
from prelimbic.experiments.claims.bench import Bench
from prelimbic.experiments.storage.dataset import load, write_sweep
from prelimbic.experiments.storage.files import AbsentError
from prelimbic.experiments.storage.store import write_run
from prelimbic.experiments.studies.registry import find_study
from prelimbic.experiments.sweep import conduct
from prelimbic.experiments.sweep.execute import ExecuteError
from prelimbic.experiments.sweep.folders import own_name
from prelimbic.experiments.sweep.marks import Marks
from prelimbic.experiments.sweep.study import Options, Run, StudyError, write_manifest
from prelimbic.parameters import CIRCUIT, CIRCUITS, PRIOR
from prelimbic.parameters.sheet import SHEETS
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.inhibition import parse_inhibitions
from prelimbic.simulation.variable import Variable
from tests.results import planned, study_of
from tests.said import FAILURE, USAGE, is_one_sentence

ACUTE = find_study("acute")
MADE = ("sweep.h5", "summary.csv", "acute.png", "acute.svg")


def finish(folder: Path, runs: list[Run]) -> None:
    """Small files in place of those that a simulation makes."""
    folder.mkdir(parents=True, exist_ok=True)
    for run in runs:
        write_run(
            folder / run.file,
            run.config,
            {"summary": {"x": Variable((), np.array(1.0), "1", "x")}},
            {"wall_s": 1.0},
        )


def stored(folder: Path, options: Options | None = None) -> list[Run]:
    """The folder of a finished study, with all that is made of its runs."""
    runs = ACUTE.plan(options or Options(seeds=2))
    finish(folder, runs)
    write_manifest(ACUTE, runs, folder)
    write_sweep(load(folder), folder)
    for name in MADE[2:]:
        (folder / name).write_bytes(b"drawn")
    return runs


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def listed(folder: Path) -> set[str]:
    return {run["file"] for run in json.loads((folder / "study.json").read_text())["runs"]}


def made(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} & {*MADE}


@pytest.fixture
def killed(monkeypatch):
    """Whatever would be computed is not: the process is stopped there."""

    def stop(*_: object) -> None:
        raise ExecuteError("stopped here")

    monkeypatch.setattr(conduct, "execute", stop)
    monkeypatch.setattr(conduct, "prepare", lambda runs: True)


# How a folder is called

CHANGES = {
    "scale-0.5": {"scale": 0.5},
    "scale-2": {"scale": 2.0},
    "point": {"sheets": ("point",)},
    "all": {"sheets": CIRCUITS},
    "point+sst": {"sheets": ("point", "sst")},
    "baseline-healthy": {"hypotheses": Hypotheses(baseline="healthy")},
    "spikes": {"spikes": True},
    "precision-64": {"numerics": Numerics(64)},
    "step-0.05": {"numerics": Numerics(32, 0.05)},
    "anti_bdnf@-0.5h": {"inhibitions": parse_inhibitions("anti_bdnf@-0.5h")},
    "ampa=0.5@Pyr-to-SST": {"manipulations": ("ampa=0.5@Pyr->SST",)},
    "point-scale-2-hnk-release": {
        "sheets": ("point",),
        "scale": 2.0,
        "hypotheses": Hypotheses(hnk="release"),
    },
}


@pytest.mark.parametrize(("label", "change"), CHANGES.items(), ids=CHANGES)
def test_a_changed_question_has_a_folder_that_says_what_was_changed(label, change):
    assert own_name(ACUTE, Options(**change)) == f"acute-{label}"


def test_seeds_workers_and_shares_are_no_other_question():
    assert {own_name(ACUTE, Options(seeds=n, workers=n, share=(1, n))) for n in (1, 2, 7)} == {"acute"}
    assert own_name(find_study("circuit_prior"), Options(sheets=(PRIOR,))) == "circuit_prior"


def test_set_numbers_users_sheets_and_long_questions_are_called_by_a_hash(tmp_path):
    one, other = (own_name(ACUTE, Options(overrides=(("circuit.Pyr.leak", x),))) for x in (9.0, 10.0))
    assert one != other and all(len(name) == len("acute-") + 8 for name in (one, other))
    long = Options(
        manipulations=tuple(f"ampa=0.5@{site}" for site in ("Pyr->Pyr", "Pyr->PV", "Pyr->SST", "Pyr->VIP"))
    )
    assert len(own_name(ACUTE, long)) == len("acute-") + 8
    own = tmp_path / "mine.toml"
    names = set()
    for text in (SHEETS / "sst.toml").read_text(), (SHEETS / "pv_sst.toml").read_text():
        own.write_text(text)
        os.utime(own, ns=(len(names), len(names)))
        names.add(own_name(ACUTE, Options(sheets=(str(own),))))
    assert len(names) == 2 and all(name.startswith("acute-mine-") for name in names)


def test_claims_look_where_run_stores(tmp_path):
    for options in (
        Options(10),
        Options(10, sheets=("point",)),
        Options(10, overrides=(("circuit.Pyr.leak", 9.0),)),
    ):
        bench = Bench(options.sheets[0], 10, options.overrides, tmp_path)
        assert bench.folder("acute") == tmp_path / own_name(ACUTE, options)
    stored(tmp_path / "acute", Options(2, sheets=("point",)))  # as an earlier version stored it
    assert Bench("point", 10, (), tmp_path).folder("acute") == tmp_path / "acute"
    assert Bench("sst", 10, (), tmp_path).folder("acute") == tmp_path / "acute-sst"


@pytest.mark.parametrize(
    "words", [("--scale", "0.5"), ("--set", "circuit.Pyr.leak=9"), ("--sheet", "sst"), ("--site", "pv")]
)
def test_without_out_a_changed_question_leaves_the_usual_folder_alone_and_says_where_it_goes(
    call, tmp_path, killed, words
):
    stored(tmp_path / "results" / "acute")
    before = content(tmp_path / "results" / "acute")
    code, out, _ = call("run", "acute", "--seeds", 1, *words)
    (other,) = {path.name for path in (tmp_path / "results").iterdir()} - {"acute"}
    assert (code, content(tmp_path / "results" / "acute")) == (FAILURE, before)
    assert other.startswith("acute-") and f"results in results/{other}" in out
    assert len(listed(tmp_path / "results" / other)) == 1


# What is refused

OTHERWISE = {
    "--scale": ("--scale", "0.5"),
    "--sheet": ("--sheet", "sst"),
    "--set": ("--set", "circuit.Pyr.leak=9"),
    "--site": ("--site", "pv"),
    "--manipulate": ("--manipulate", "silence@PV"),
    "--precision": ("--precision", "64"),
    "--delay-classes": ("--delay-classes", "0"),
}


@pytest.mark.parametrize(("option", "words"), OTHERWISE.items(), ids=OTHERWISE)
def test_a_folder_that_holds_a_study_asked_otherwise_refuses_and_names_what_differs(
    call, tmp_path, option, words
):
    stored(tmp_path / "out")
    before = content(tmp_path / "out")
    for share in ((), ("--share", "1/2")):
        code, out, err = call("run", "acute", "--seeds", 2, "--out", tmp_path / "out", *words, *share)
        is_one_sentence(err, str(tmp_path / "out"), "acute", option, words[1].partition("=")[0], "--out")
        assert (code, out, content(tmp_path / "out")) == (USAGE, "", before)


def test_inhibitors_and_spikes_are_named_too(call, tmp_path):
    study = find_study("human_dose")
    runs = study.plan(Options(seeds=1, inhibitions=parse_inhibitions("anti_bdnf=2@-1h")))
    finish(tmp_path / "out", runs[:1])
    write_manifest(study, runs, tmp_path / "out")
    code, _, err = call("run", "human_dose", "--seeds", 1, "--spikes", "--out", tmp_path / "out")
    is_one_sentence(err, "--inhibit anti_bdnf=2@-1h, not none", "--spikes none, not on")
    assert code == USAGE


def test_one_more_sheet_is_another_question_but_not_in_a_folder_of_its_name(call, tmp_path, killed):
    stored(tmp_path / "out")
    code, _, err = call("run", "acute", "--sheet", CIRCUIT, "--sheet", "sst", "--out", tmp_path / "out")
    is_one_sentence(err, f"--sheet {CIRCUIT}, not {CIRCUIT}, sst")
    assert code == USAGE
    # as claims once stored them
    both = stored(tmp_path / "results" / "acute", Options(2, sheets=(CIRCUIT, "sst")))
    assert call("run", "acute", "--seeds", 3)[0] == FAILURE
    assert (
        listed(tmp_path / "results" / "acute")
        == {run.file for run in ACUTE.plan(Options(3))}
        != {run.file for run in both}
    )


def test_an_edited_sheet_is_another_question_in_the_same_folder(call, tmp_path):
    own = tmp_path / "mine.toml"
    own.write_text((SHEETS / "sst.toml").read_text())
    stored(tmp_path / "out", Options(2, sheets=(str(own),)))
    own.write_text((SHEETS / "pv_sst.toml").read_text())
    os.utime(own, ns=(1, 1))
    code, _, err = call("run", "acute", "--sheet", own, "--out", tmp_path / "out")
    is_one_sentence(err, "other numbers in sheet mine")
    assert code == USAGE


def test_a_folder_in_which_nothing_is_finished_takes_another_question_unless_it_is_being_computed(
    call, tmp_path, killed
):
    runs, folder = ACUTE.plan(Options(2)), tmp_path / "out"
    folder.mkdir()
    write_manifest(ACUTE, runs, folder)
    marks = Marks(folder)
    assert marks.hold(runs[0].file, 1.0)
    assert call("run", "acute", "--scale", 0.5, "--out", folder)[0] == USAGE
    marks.release(runs[0].file)
    (folder / runs[1].file).write_bytes(b"damaged")
    assert call("run", "acute", "--scale", 0.5, "--out", folder)[0] == FAILURE  # stopped at work
    assert listed(folder) == {run.file for run in ACUTE.plan(Options(3, scale=0.5))}


def test_another_version_of_the_model_goes_on_in_the_same_folder(call, tmp_path, killed, monkeypatch):
    stored(tmp_path / "out")
    monkeypatch.setattr("prelimbic.simulation.config.MODEL_VERSION", 99)
    assert call("run", "acute", "--seeds", 2, "--out", tmp_path / "out")[0] == FAILURE
    assert listed(tmp_path / "out") == {run.file for run in ACUTE.plan(Options(2))}
    assert made(tmp_path / "out") == set()


def test_shares_of_one_question_never_refuse_each_other(call, tmp_path, killed):
    folder = tmp_path / "out"
    stored(folder, Options(1, scale=0.5))
    for share in ("1/3", "2/3", "3/3"):
        code, _, err = call("run", "acute", "--seeds", 3, "--scale", 0.5, "--out", folder, "--share", share)
        assert code in (0, FAILURE) and "holds study" not in err


def test_the_list_of_another_question_writes_and_refuses_nothing(call, tmp_path):
    stored(tmp_path / "out")
    before = content(tmp_path / "out")
    code, out, err = call("run", "acute", "--scale", 0.5, "--list", "--out", tmp_path / "out")
    assert (code, err, out.count("missing")) == (0, "", 3)
    assert content(tmp_path / "out") == before
    assert call("run", "acute", "--scale", 0.5, "--list")[0] == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


# Claims


def test_claims_compute_nothing_into_a_folder_of_the_same_study_asked_otherwise(tmp_path):
    stored(tmp_path, Options(seeds=2, scale=0.5))
    before, runs = content(tmp_path), ACUTE.plan(Options(seeds=2))
    with pytest.raises(
        StudyError, match=r"with --scale 0\.5, not 1; choose another folder, or move that one"
    ):
        conduct.complete(ACUTE, runs, runs, tmp_path, 1, conduct.console())
    assert content(tmp_path) == before


def test_claims_go_on_where_more_seeds_or_another_sheet_stand(tmp_path, killed):
    stored(tmp_path)
    for options in (Options(seeds=3), Options(seeds=2, sheets=("sst",))):
        with pytest.raises(ExecuteError, match="stopped here"):
            conduct.complete(ACUTE, ACUTE.plan(options), ACUTE.plan(options), tmp_path, 1, conduct.console())


def test_the_list_of_a_folder_that_is_a_file_says_so(call, tmp_path):
    (tmp_path / "note").write_text("a note")
    code, out, err = call("run", "acute", "--seeds", 1, "--list", "--out", tmp_path / "note")
    is_one_sentence(err, "is a file, but must be a folder")
    assert (code, out) == (FAILURE, "")


def test_a_folder_that_is_not_there_is_told_with_those_of_other_questions_beside_it(tmp_path):
    study_of(tmp_path / "toy-scale-0.5", [planned()])
    with pytest.raises(AbsentError, match=r"toy does not exist; beside it there is toy-scale-0.5$"):
        load(tmp_path / "toy")
    with pytest.raises(AbsentError, match=r"other does not exist$"):
        load(tmp_path / "other")
