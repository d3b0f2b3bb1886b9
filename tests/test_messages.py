"""What a message tells besides that something is wrong: what was meant, what a path is, what is missing,
what to do.
"""

import json
import os
import re

import h5py
import numpy as np
import pytest

from prelimbic.experiments.cli import command, ends, words
from prelimbic.experiments.storage.dataset import load, write_sweep
from prelimbic.experiments.storage.store import write_run
from prelimbic.experiments.studies.registry import STUDIES, find_study
from prelimbic.experiments.sweep.conduct import _report, console
from prelimbic.experiments.sweep.overrides import parse_overrides
from prelimbic.experiments.sweep.study import Options, Study, write_manifest
from prelimbic.experiments.sweep.unusual import unusual
from prelimbic.parameters import CIRCUITS, SheetError, near, sheet, shipped
from prelimbic.simulation.variable import Variable
from tests.said import FAILURE, MAN, RAT, RUN, USAGE, is_one_sentence, last

ACUTE = find_study("acute")

# What was meant

MEANT = {
    "a study": (("run", "dose_respons"), "dose_respons", "did you mean dose_response?", "circuit_prior"),
    "no study": (("run",), "STUDY", *STUDIES),
    "a study for a command": (("surge",), "study", "prelimbic run surge"),
    "a study for a command, misspelt": (("dose_respons", "--seeds", "3"), "prelimbic run dose_response"),
    "a command": (("inspct", "x"), "inspect", "verify"),
    "an option": (("run", "acute", "--seed", "3"), "--seed", "did you mean --seeds?"),
    "an option of a switch": ((*RUN, "--base-line", "healthy"), "did you mean --baseline?"),
    "an option before the command": (
        ("--seeds", "3", "run", "acute"),
        "after the command",
        "prelimbic run --seeds",
    ),
    "a switch": ((*RUN, "--baseline", "helthy"), "did you mean healthy?", "sst_loss"),
    "a number": ((*RUN, "--set", "circuit.Pyr.leek=9"), "did you mean circuit.Pyr.leak?"),
    "a number without its sheet": (
        (*RUN, "--set", "Pyr.leak=9"),
        "did you mean circuit.Pyr.leak?",
        "species",
    ),
    "a number of a drug": (
        (*RUN, "--set", "compounds.ketamin.ic50_2A=9"),
        "did you mean compounds.ketamine.ic50_2A?",
    ),
    "a sheet": ((*RUN, "--sheet", "dendrtic"), "did you mean dendritic?", ".toml"),
    "a sheet that is shipped": (
        (*RUN, "--sheet", "point.toml"),
        "point.toml does not exist",
        "called point",
    ),
    "a sheet of numbers": (("numbers", "--sheet", "specie"), "did you mean species?"),
    "a status": (("numbers", "--status", "measure"), "did you mean measured?"),
    "an inhibitor": ((*RUN, "--inhibit", "rapamycin_icv2@0h"), "did you mean rapamycin_icv?"),
    "a manipulation": ((*RUN, "--manipulate", "delete-Glun2b@PV"), "did you mean delete-GluN2B?"),
    "a population": ((*RUN, "--manipulate", "silence@PVs"), "did you mean PV?"),
    "a site": ((*RUN, "--manipulate", "ampa=0.5@Pyr->sst"), "did you mean Pyr->SST?"),
    "a species": ((*RAT, "1h", "--species", "mous"), "did you mean mouse?"),
    "a species in another case": ((*RAT, "1h", "--species", "Rat"), "did you mean rat?"),
    "a route": ((*RAT, "1h", "--route", "i.p."), "did you mean ip?"),
    "a compound": ((*RAT, "1h", "--compound", "norketamin"), "did you mean norketamine?"),
    "a claim": (("claims", "v6"), "did you mean V6?"),
    "a cluster": (("run", "acute", "--cluster", "Slurm"), "did you mean slurm?"),
    "a population to calibrate": (
        ("calibrate", "sst", "--out", "x.toml", "--free", "Pry"),
        "did you mean Pyr?",
    ),
    "what an option is": (RAT[:-1], "--at", "10min"),
    "a missing species": (
        ("exposure", "--route", "ip", "--dose", "1", "--at", "1h"),
        "--species",
        "human, rat or mouse",
    ),
    "an hour of an inhibitor": ((*RUN, "--inhibit", "anti_bdnf@-0.5"), "anti_bdnf@-0.5h", "unit"),
    "a time": ((*RAT, "10"), "10min or 10h"),
    "a length": ((*MAN, "1h", "--duration", "40"), "40min or 40h"),
    "a number of dose": ((*RAT, "1h", "--dose", "10mg"), "'10mg' is not a number"),
}


@pytest.mark.parametrize(("asked", "named"), [(case[0], case[1:]) for case in MEANT.values()], ids=MEANT)
def test_a_wrong_word_is_answered_with_what_was_meant(call, tmp_path, asked, named):
    code, out, err = call(*last(asked))
    is_one_sentence(err, *named)
    assert (code, out, list(tmp_path.iterdir())) == (USAGE, "", [])


def test_what_is_like_nothing_is_not_guessed():
    assert near("xyzzy", STUDIES) == near("", STUDIES) == ""
    assert near("a" * 100_000, STUDIES) == ""


BASED = '[sheet]\ntitle = "mine"\nbased_on = "sst"\n'
ROW = '{ value = 9.0, unit = "nS", status = "fitted", source = "me", note = "tried" }'


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (f"{BASED}[Pyr]\nleek = {ROW}\n", "leek (did you mean leak?)"),
        (f"{BASED}[Pry]\nleak = {ROW}\n", "[Pry] (did you mean Pyr?)"),
        (f"{BASED}[Pyr]\nleak = {ROW.replace('fitted', 'fited')}\n", "(did you mean fitted?)"),
        (f"{BASED}[Pyr]\nleak = {ROW.replace('unit', 'units')}\n", "'units' (did you mean unit?)"),
        (BASED.replace("sst", "stt"), "(did you mean sst?)"),
    ],
)
def test_a_wrong_word_in_a_sheet_is_answered_too(call, tmp_path, text, meant):
    (tmp_path / "mine.toml").write_text(text)
    code, out, err = call("run", "acute", "--list", "--sheet", "mine.toml")
    is_one_sentence(err, "mine.toml", meant)
    assert (code, out) == (USAGE, "")


# One name for the same number


def test_every_number_that_is_printed_can_be_pasted_where_its_sheet_is_in_use():
    for name in shipped():
        source = sheet(name)
        used = (name,) if name in (*CIRCUITS, "prior") else ("dendritic",)
        numbers = [f"{section}.{row}" for section, rows in source.own_rows.items() for row in rows]
        printed = [f"{name}.{number}=1" for number in numbers]
        if name == "recordings":
            with pytest.raises(SheetError, match="no run reads"):
                parse_overrides(printed, used)
            continue
        called = "circuit" if used == (name,) else name
        assert parse_overrides(printed, used) == tuple(
            sorted((f"{called}.{number}", 1.0) for number in numbers)
        )


def test_a_number_of_a_sheet_that_the_one_in_use_is_based_on_is_the_same_number(call, tmp_path):
    (tmp_path / "mine.toml").write_text(f"{BASED}[Pyr]\nleak = {ROW}\n")
    for sheet_name in ("sst", "mine", "circuit"):
        words_ = ("--sheet", "mine.toml", "--set", f"{sheet_name}.PV.leak=9")
        code, out, _ = call("run", "acute", "--list", "--seeds", 1, *words_)
        assert (code, out) == (
            0,
            call(
                "run", "acute", "--list", "--seeds", 1, "--sheet", "mine.toml", "--set", "circuit.PV.leak=9"
            )[1],
        )


@pytest.mark.parametrize("sheets", [("point",), ("dendritic", "point")])
def test_a_number_of_another_sheet_is_refused_with_what_to_do(call, sheets):
    asked = [word for name in sheets for word in ("--sheet", name)]
    code, _, err = call(*RUN, *asked, "--set", "dendritic.Pyr.leak=9")
    is_one_sentence(
        err, "dendritic.Pyr.leak", "sheet point is used", "circuit.Pyr.leak", "--sheet dendritic"
    )
    assert code == USAGE


# Given twice


def options_of_one_value():
    for name, made in command.cli.commands.items():
        for option in made.params:
            if option.param_type_name == "option" and not option.multiple and not option.is_eager:
                yield pytest.param(name, option, id=f"{name} {option.opts[0]}")


@pytest.mark.parametrize(("name", "option"), list(options_of_one_value()))
def test_an_option_that_takes_one_value_is_refused_when_it_is_given_twice(call, name, option):
    twice = [option.opts[0], *([] if option.is_flag else ["1"])] * 2
    code, out, err = call(name, *twice)
    is_one_sentence(err, option.opts[0], "given 2 times")
    assert (code, out) == (USAGE, "")


TWICE = {
    "sheet": (*RUN, "--sheet", "sst", "--sheet", "sst"),
    "number": (*RUN, "--set", "circuit.Pyr.leak=1", "--set", "circuit.Pyr.leak=2"),
    "number by two names": (*RUN, "--set", "circuit.Pyr.leak=1", "--set", "dendritic.Pyr.leak=2"),
    "inhibitor": (*RUN, "--inhibit", "anti_bdnf", "--inhibit", "anti_bdnf=2@0h"),
    "manipulation": (*RUN, "--manipulate", "ampa=0.5@Pyr->SST", "--manipulate", "ampa=0.7@Pyr->SST"),
    "time": (*RAT, "10min, 10min"),
    "number of an exposure": (
        *RAT,
        "1h",
        "--set",
        "species.rat.ip_absorption=1",
        "--set",
        "species.rat.ip_absorption=2",
    ),
    "option of sbatch": (*RUN, "--cluster", "slurm", "--sbatch=--qos=a", "--sbatch=--qos=b"),
    "population": ("calibrate", "sst", "--out", "x.toml", "--free", "Pyr,Pyr"),
    "developmental change": ("calibrate", "sst", "--out", "x.toml", *("--manipulate", "silence@PV") * 2),
}


@pytest.mark.parametrize("asked", TWICE.values(), ids=TWICE)
def test_what_is_given_twice_under_a_repeatable_option_is_refused(call, tmp_path, asked):
    code, out, err = call(*asked)
    assert "twice" in err or "2 times" in err
    is_one_sentence(err)
    assert (code, out, list(tmp_path.iterdir())) == (USAGE, "", [])


def test_what_only_looks_alike_is_taken(call):
    for asked in (
        ("--inhibit", "anti_bdnf@0h", "--inhibit", "anti_bdnf@5h"),
        ("--manipulate", "ampa=0.5@Pyr->SST", "--manipulate", "ampa=0.5@Pyr->PV"),
        ("--sheet", "sst", "--sheet", "point"),
    ):
        assert call(*RUN, "--seeds", 1, *asked)[0] == 0


def test_no_command_is_made_past_the_check():
    assert all(isinstance(made, words.Command) for made in command.cli.commands.values())


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
    for word in ("ketamine 0.5 mg/kg i.v. over 40min, human", "ng/mL", "uM", "unbound", "NMDA"):
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
        lambda dataset: ("table", "what was found"),
        lambda dataset, folder: [],
    )
    _report(toy, runs, paths / "folder", console())
    out = capsys.readouterr().out
    assert all(out.index(line) > out.index("what was found") for line in said)


def test_a_default_question_has_nothing_unusual():
    assert list(unusual(run.config for run in ACUTE.plan(Options(1)))) == []


def test_a_number_of_a_sheet_below_that_the_sheet_in_use_has_of_its_own_is_refused(call):
    code, out, err = call(
        "run", "dose_response", "--list", "--seeds", 1, "--set", "point.Pyr.background_rate=700"
    )
    is_one_sentence(err, "sheet dendritic, which is used, has its own: write circuit.Pyr.background_rate")
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
