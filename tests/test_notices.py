"""What is told of paths, of a Slurm that is silent, and of all that is unusual in a question."""

import json
import os
import re

import h5py
import numpy as np
import pytest

import prelimbic as pl
from prelimbic.experiments.cli import ends
from prelimbic.experiments.readouts.answer import Answer
from prelimbic.experiments.storage.dataset import load, write_sweep
from prelimbic.experiments.storage.store import write_run
from prelimbic.experiments.studies.registry import find_study
from prelimbic.experiments.sweep.report import report
from prelimbic.experiments.sweep.screen import console
from prelimbic.experiments.sweep.study import Options, Study, write_manifest
from prelimbic.experiments.sweep.unusual import unusual
from prelimbic.parameters import CIRCUIT
from prelimbic.simulation.variable import Variable
from tests.said import FAILURE, MAN, RAT, USAGE, is_one_sentence, last

ACUTE = find_study("acute")


# Paths


@pytest.fixture
def paths(tmp_path):
    """Files and folders that are not what they are taken for."""
    (tmp_path / "note.txt").write_text("hello")
    (tmp_path / "figure.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * 100)
    (tmp_path / "empty.h5").write_bytes(b"")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = np.zeros(3)
    (tmp_path / "folder").mkdir()
    run = ACUTE.plan(Options(1))[0]
    made = {"summary": {"x": Variable((), np.array(1.0), "1", "x")}}
    (tmp_path / "study").mkdir()
    write_run(tmp_path / "study" / run.file, run.config, made, {"wall_s": 1.0})
    write_manifest(ACUTE, [run], tmp_path / "study")
    write_sweep(load(tmp_path / "study"), tmp_path / "study")
    return tmp_path


WRONG_PATHS = {
    ("inspect", "nowhere"): "nowhere does not exist",
    ("verify", "nowhere"): "nowhere does not exist",
    ("status", "nowhere"): "nowhere does not exist",
    ("inspect", "figure.png"): "figure.png is not an HDF5 file",
    ("verify", "figure.png"): "figure.png is not an HDF5 file",
    ("verify", "note.txt"): "note.txt is not an HDF5 file",
    ("inspect", "empty.h5"): "empty.h5 is not an HDF5 file",
    ("inspect", "other.h5"): "other.h5 is not a prelimbic run file",
    ("verify", "other.h5"): "other.h5 is not a prelimbic run file",
    ("status", "note.txt"): "note.txt is a file, not the folder",
    ("status", "folder"): "folder is not the folder of a study: it has no study.json",
    ("inspect", "folder"): "folder is not the folder of a study: it has no study.json",
    ("inspect", "study/sweep.h5"): "study/sweep.h5 is a sweep of run files",
    ("run", "acute", "--out", "note.txt"): "note.txt cannot be written: it is a file",
    ("claims", "--page", "note.txt"): "--page note.txt is a file",
}


@pytest.mark.parametrize(("asked", "sentence"), WRONG_PATHS.items(), ids=[" ".join(w) for w in WRONG_PATHS])
def test_a_path_that_is_not_what_it_should_be_is_told_what_it_is(call, paths, asked, sentence):
    code, out, err = call(*asked)
    is_one_sentence(err, sentence)
    assert (code, out) == (FAILURE, "")


def test_paths_among_what_was_asked_are_told_too(call, paths):
    for asked, named in (
        (("--sheet", "nowhere.toml"), "nowhere.toml does not exist"),
        (("--among", "nowhere"), "does not exist"),
        (("--sheet", "folder.toml"), "folder"),
    ):
        (paths / "folder.toml").mkdir(exist_ok=True)
        code, _, err = call("run", "acute", "--list", *asked)
        is_one_sentence(err, named)
        assert code == USAGE
    code, _, err = call("claims", "V11", "--results", "nowhere")
    is_one_sentence(err, "nowhere", "does not exist", "--run")
    assert code == USAGE


# Slurm that does not answer

DEAF = "echo 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)' >&2; exit 1"


@pytest.fixture
def deaf(tmp_path_factory, monkeypatch):
    """A Slurm whose controller is down."""
    folder = tmp_path_factory.mktemp("bin")
    for name in ("squeue", "sbatch", "scontrol"):
        (folder / name).write_text(f"#!/bin/sh\n{DEAF}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_a_slurm_whose_controller_does_not_answer_is_told_so(call, paths, deaf):
    code, _, err = call("run", "acute", "--cluster", "slurm", "--out", "new")
    is_one_sentence(err, "the controller of Slurm does not answer", "squeue", "connect failure")
    assert code == FAILURE


def test_status_says_that_it_does_not_know_of_jobs(call, paths, deaf):
    (paths / "study" / "jobs").mkdir()
    (paths / "study" / "jobs" / "round-1.sh").write_text("")
    code, out, err = call("status", "study")
    assert (code, err) == (
        0,
        "",
    ) and "jobs in the queue: not known; the controller of Slurm does not answer" in out
    assert "controller" in json.loads(call("status", "study", "--json")[1])[0]["unheard"]


# What an answer says of itself


def test_the_version_is_told(call):
    code, out, err = call("--version")
    assert (code, err) == (0, "") and re.fullmatch(r"prelimbic \d+\.\d+\.\d+\n", out)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ((*MAN, "1h", "--dose", "35"), ("2450 mg", "human", "0.1 to 2 mg/kg", "0.5 mg/kg")),
        ((*RAT, "1h", "--dose", "1e4"), ("3000 mg", "rat", "200 mg/kg")),
    ],
)
def test_a_dose_beyond_any_that_is_given_is_warned_of_and_computed(call, asked, told):
    code, out, err = call(*last(asked), "--json")
    is_one_sentence(err, "warning", "assumed", *told)
    assert code == 0 and json.loads(out)["at_min"] == [60.0]


@pytest.mark.parametrize(
    "asked", [(*MAN, "1h", "--dose", "2"), (*MAN, "1h", "--dose", "13"), (*RAT, "1h", "--dose", "200")]
)
def test_a_dose_in_use_is_not_warned_of(call, asked):
    assert call(*last(asked))[::2] == (0, "")


def test_an_exposure_says_what_was_set_and_whether_that_is_outside_its_range(call):
    asked = (*RAT, "1h", "--set", "compounds.ketamine.ic50_2A=100")
    assert "compounds.ketamine.ic50_2A = 100 uM (sheet: 5.35; OUTSIDE its range" in call(*asked)[1]
    assert json.loads(call(*asked, "--json")[1])["overridden"] == {"compounds.ketamine.ic50_2A": 100.0}


def test_an_exposure_names_drug_route_species_and_units(call):
    out = " ".join(call(*MAN, "1h", "--duration", "40min")[1].split())
    for word in ("ketamine 0.5 mg/kg iv over 40min, human", "ng/mL", "uM", "unbound", "NMDA"):
        assert word in out


def test_the_answer_itself_says_what_was_set_and_what_was_not_calibrated(paths, capsys):
    options = Options(
        1, scale=0.5, overrides=(("circuit.Pyr.leak", 20.0), ("compounds.ketamine.ic50_2A", 100.0))
    )
    runs = ACUTE.plan(options)
    said = list(unusual(run.config for run in runs))
    assert len(said) == 3 and "OUTSIDE" in said[1] and "not calibrated for these numbers" in said[2]
    made = {"summary": {"x": Variable((), np.array(1.0), "1", "x")}}
    write_run(paths / "folder" / runs[0].file, runs[0].config, made, {"wall_s": 1.0})
    toy = Study(
        "acute",
        "?",
        ACUTE.axes,
        ACUTE.plan,
        lambda dataset: Answer((), "what was found"),
        lambda dataset, folder: [],
    )
    report(toy, runs, paths / "folder", console())
    out = capsys.readouterr().out
    assert all(out.index(line) > out.index("what was found") for line in said)


def test_a_default_question_has_nothing_unusual():
    assert list(unusual(run.config for run in ACUTE.plan(Options(1)))) == []


def test_a_number_of_a_sheet_below_that_the_sheet_in_use_has_of_its_own_is_refused(call):
    code, out, err = call(
        "run", "dose_response", "--list", "--seeds", 1, "--set", "native_point.Pyr.background_rate=700"
    )
    is_one_sentence(err, f"sheet {CIRCUIT}, which is used, has its own: write circuit.Pyr.background_rate")
    assert (code, out) == (USAGE, "")


def test_claims_as_json_say_what_was_set(call, tmp_path):
    words = ("claims", "V5", "--json", "--results", tmp_path)
    found = json.loads(call(*words, "--set", "compounds.hydroxynorketamine.hill=1.1")[1])
    assert [j["overridden"] for j in found] == [{"compounds.hydroxynorketamine.hill": 1.1}]
    assert "overridden" not in json.loads(call(*words)[1])[0]


def test_the_study_of_numerics_refuses_what_it_varies_itself(call):
    for option, value in (("--precision", 64), ("--step", 0.05), ("--delay-classes", 0)):
        code, out, err = call("run", "numerics", "--list", "--seeds", 1, option, value)
        is_one_sentence(err, f"study numerics sets {option} itself")
        assert (code, out) == (USAGE, "")


def test_memory_that_is_short_while_something_is_imported_is_one_sentence(capsys):
    for error in (MemoryError(), ImportError("groupby.so: failed to map segment from shared object")):
        assert ends.told(error) == FAILURE
        is_one_sentence(capsys.readouterr().err, "there is not enough memory")


@pytest.mark.parametrize(
    ("species", "sets", "told"),
    [
        ("human", ("hasan",), "kamp"),
        ("human", ("kamp",), "hasan"),
        ("human", ("hasan", "kamp"), None),
        ("rat", ("hasan",), None),
    ],
)
def test_where_hydroxynorketamine_acts_in_man_by_one_set_alone_the_other_is_told(species, sets, told):
    given = {"human": "0.5 mg/kg iv over 40min", "rat": "10 mg/kg ip"}[species]
    runs = [pl.Scenario(species, given, hnk="ampa_pyr", hnk_exposure=hnk).untimed for hnk in sets]
    lines = [line for line in unusual(runs) if "hydroxynorketamine" in line]
    assert [f"--hnk-exposure {told}" in line for line in lines] == ([True] if told else [])
    assert not any("hydroxynorketamine" in line for line in unusual([pl.Scenario(species, given).untimed]))
