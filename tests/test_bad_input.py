"""Whatever is asked wrongly ends as one sentence on standard error, and an exit code."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from prelimbic.experiments.storage.store import write_run
from prelimbic.experiments.studies.dose_response import STUDY
from prelimbic.experiments.sweep.study import Run, write_manifest
from prelimbic.parameters import CIRCUIT, CIRCUITS, COMPOUNDS, shipped
from prelimbic.parameters.sheet import STATUSES
from prelimbic.pharmacology import Dose
from prelimbic.simulation.config import Config
from prelimbic.simulation.protocol import one_day
from prelimbic.simulation.variable import Variable
from tests.hostile import put
from tests.said import FAILURE, MAN, PRELIMBIC, RAT, RUN, SCRIPT, USAGE, is_one_sentence, last, shell

# Asked wrongly

BAD_WORDS = {
    "unknown command": (("simulate",), "'simulate'"),
    "unknown study": (("run", "dose_respond", "--list"), "'dose_respond'", "dose_response"),
    "no study": (("run",), "STUDY"),
    "two studies": (("run", "dose_response", "second", "--list"), "second"),
    "unknown option": ((*RUN, "--seed", "3"), "--seed"),
    "option of another command": ((*RUN, "--subjects", "3"), "--subjects"),
    "seeds no integer": ((*RUN, "--seeds", "three"), "--seeds", "'three'"),
    "seeds a fraction": ((*RUN, "--seeds", "1.5"), "--seeds", "'1.5'"),
    "no seeds": ((*RUN, "--seeds", "0"), "--seeds", "0"),
    "seeds without value": ((*RUN, "--seeds"), "--seeds"),
    "no workers": ((*RUN, "--workers", "0"), "--workers", "0"),
    "negative workers": ((*RUN, "--workers", "-2"), "--workers", "-2"),
    "workers no integer": ((*RUN, "--workers", "all"), "--workers", "'all'"),
    "no threads": ((*RUN, "--threads", "0"), "--threads", "0", "from 1 to"),
    "more threads than CPUs": ((*RUN, "--threads", "4000"), "--threads", "4000", "CPUs granted"),
    "scale too large": ((*RUN, "--scale", "300"), "--scale", "300", "100"),
    "scale too small": ((*RUN, "--scale", "0.4"), "--scale", "0.4", "0.5"),
    "scale nan": ((*RUN, "--scale", "nan"), "--scale", "nan"),
    "scale infinite": ((*RUN, "--scale", "inf"), "--scale", "inf"),
    "scale no number": ((*RUN, "--scale", "big"), "--scale", "'big'"),
    **{
        f"share {share!r}": ((*RUN, "--share", share), "--share", repr(share), "k/N")
        for share in ("3/2", "0/2", "-1/2", "1", "1/2/3", "a/b", "", "1/0", "1.0/2")
    },
    "bad baseline": (
        (*RUN, "--baseline", "happy"),
        "--baseline",
        "'happy'",
        "healthy",
        "spine_loss",
        "sst_loss",
        "both",
    ),
    "bad sheet": ((*RUN, "--sheet", "species"), "'species'", *CIRCUITS, ".toml"),
    "bad sheet beside all": ((*RUN, "--sheet", "all", "--sheet", "nonsense"), "'nonsense'"),
    "override without value": ((*RUN, "--set", "circuit.Pyr.rest"), "--set", "'circuit.Pyr.rest'"),
    "override that is no number": (
        (*RUN, "--set", "circuit.Pyr.rest=low"),
        "--set",
        "'circuit.Pyr.rest=low'",
    ),
    "override with an empty value": ((*RUN, "--set", "circuit.Pyr.rest="), "--set", "'circuit.Pyr.rest='"),
    "override that is not finite": ((*RUN, "--set", "circuit.Pyr.rest=nan"), "[Pyr] rest", "finite"),
    "override of no number": ((*RUN, "--set", "circuit.Pyr.nothing=1"), "'Pyr.nothing'", f"{CIRCUIT}.toml"),
    "override of no section": ((*RUN, "--set", "circuit.Nobody.rest=1"), "'Nobody.rest'", f"{CIRCUIT}.toml"),
    "override of no sheet": ((*RUN, "--set", "sst.Pyr.rest=1"), "'sst.Pyr.rest'", "circuit", "spines"),
    "unknown inhibitor": ((*RUN, "--inhibit", "aspirin@0h"), "'aspirin'", "rapamycin_po"),
    "inhibitor without a name": ((*RUN, "--inhibit", "@0h"), "''", "rapamycin_po"),
    "inhibitor without a unit": (
        (*RUN, "--inhibit", "anti_bdnf@-1"),
        "--inhibit",
        "'anti_bdnf@-1'",
        "NAME[=AMOUNT] [at TIME",
        "-1min or -1h",
    ),
    "inhibitor of no amount": ((*RUN, "--inhibit", "anti_bdnf=much"), "--inhibit", "'anti_bdnf=much'"),
    "inhibitor that is given back": (
        (*RUN, "--inhibit", "anti_bdnf=-1"),
        "anti_bdnf",
        "-1",
        "between 0 and 1000",
    ),
    "inhibitor where nothing slow moves": (
        ("run", "acute", "--list", "--inhibit", "anti_bdnf"),
        "acute",
        "anti_bdnf",
    ),
    "inhibitor slower to come than to go": (
        (*RUN, "--inhibit", "anti_bdnf", "--set", "inhibitors.anti_bdnf.onset=30"),
        "[anti_bdnf]",
        "onset must be shorter",
    ),
    "options that exclude each other": (
        (*RUN, "--mtor", "absent", "--nitrergic", "on"),
        "--mtor absent",
        "--nitrergic on",
    ),
    "an arm that is the study's own": (
        ("run", "ablation_grid", "--list", "--surge", "off"),
        "ablation_grid",
        "--surge",
    ),
    "a memory that is the study's own": (
        ("run", "growth_dose", "--list", "--memory", "adaptation"),
        "growth_dose",
        "--memory",
    ),
    "no NMDA block for an arm of it": (
        (*RUN, "--eef2k", "on", "--site", "off"),
        "--eef2k on",
        "--site off",
        "exclude",
    ),
    "inhibitor given in another year": ((*RUN, "--inhibit", "anti_bdnf@1e5h"), "anti_bdnf", "100000 h"),
    "a rule without lost spines": (
        (*RUN, "--spine-rule", "branch", "--baseline", "healthy"),
        "--spine-rule branch",
        "no spine",
    ),
    "HNK of man in a rat": ((*RUN, "--hnk-exposure", "kamp"), "--hnk-exposure kamp", "man"),
    "time constant below the step": (
        (*RUN, "--set", "cascade.cascade.trkb_time=0.001"),
        "trkb_time",
        "0.001",
        "two steps",
    ),
    "threshold that adapts below the step": (
        (*RUN, "--memory", "adaptation", "--set", "hypotheses.hypotheses.adaptation_time=0.01"),
        "threshold_sliding",
        "0.01",
    ),
    "pool no larger than what it holds": (
        (*RUN, "--baseline", "healthy", "--set", "spines.spines.sites_per_contact=1"),
        "80 contacts",
        "80 potential sites",
    ),
    "pool smaller than what it holds": (
        (*RUN, "--set", "spines.spines.sites_per_contact=0.75"),
        "60 contacts",
        "60 potential",
    ),
    "more branches than sites": (
        (*RUN, "--set", "spines.spines.branches=200"),
        "200 branches",
        "do not fit",
    ),
    "half a branch": (
        (*RUN, "--set", "spines.spines.branches=7.5"),
        "[spines] branches",
        "7.5",
        "whole number",
    ),
    "spines lost for good": (
        (*RUN, "--set", "spines.spines.density_time=0"),
        "[spines] density_time",
        "above 0",
    ),
    "negative dose": ((*RAT, "1h", "--dose", "-1"), "dose", "-1"),
    "nan dose": ((*RAT, "1h", "--dose", "nan"), "dose", "nan"),
    "infinite dose": ((*RAT, "1h", "--dose", "inf"), "dose", "inf"),
    "dose no number": ((*RAT, "1h", "--dose", "much"), "--dose", "'much'"),
    "dose beyond any float": ((*RAT, "1h", "--dose", "1e308"), "1e+308"),
    "no dose": (("exposure", "--species", "rat", "--route", "ip", "--at", "1h"), "--dose"),
    "no times": (RAT[:-1], "--at"),
    "zero-length infusion": ((*MAN, "1h", "--duration", "0min"), "infusion", "0 h"),
    "negative infusion": ((*MAN, "1h", "--duration=-5min"), "infusion", "-0.08"),
    "infusion without unit": ((*MAN, "1h", "--duration", "40"), "--duration", "'40'", "min"),
    "infusion of no number": ((*MAN, "1h", "--duration", "--min"), "--duration", "'--min'"),
    "intraperitoneal infusion": ((*RAT, "1h", "--duration", "40min"), "duration", "ip"),
    "unknown species": ((*RAT, "1h", "--species", "cat"), "'cat'", "human", "rat", "mouse"),
    "unknown route": ((*RAT, "1h", "--route", "po"), "'po'", "iv", "ip"),
    "human ip": ((*MAN, "1h", "--route", "ip"), "given ip to a human", "iv, im"),
    "unknown compound": ((*RAT, "1h", "--compound", "aspirin"), "'aspirin'", *COMPOUNDS),
    "unknown circuit sheet": ((*RAT, "1h", "--sheet", "nothing"), "'nothing'", *CIRCUITS),
    "sheet that is no circuit": ((*RAT, "1h", "--sheet", "species"), "unknown circuit sheet", "species"),
    **{
        f"at {at!r}": ((*RAT, at), "--at", repr(at.rpartition(",")[2]), "min")
        for at in ("soon", "10", "", "10min,", "10 minutes", "1h30min", "min", "nanmin", "1e5e5h", "2w")
    },
    "at negative": ((*RAT[:-1], "--at=-5min"), "--at", "from 0 to"),
    "at infinite": ((*RAT, "1e999h"), "--at"),
    "at beyond any float": ((*RAT, "1e300h"), "--at"),
    "bad status": (("numbers", "--status", "guessed"), "--status", "'guessed'", *STATUSES),
    "bad numbers sheet": (("numbers", "--sheet", "nothing"), "'nothing'", *shipped()),
    "numbers sheet by path": (("numbers", "--sheet", "../sheets/sst"), "'../sheets/sst'"),
    "numbers sheet with a long name": (("numbers", "--sheet", "a" * 300), "a" * 300),
    "inspect nothing": (("inspect",), "PATH"),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("words", "named"), [(case[0], case[1:]) for case in BAD_WORDS.values()], ids=BAD_WORDS
)
def test_what_is_asked_wrongly_ends_in_one_sentence_that_names_it(call, tmp_path, words, named):
    code, out, err = call(*last(words))
    is_one_sentence(err, *named)
    assert (code, out) == (USAGE, "")
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_is_refused_for_its_numbers_leaves_the_folder_of_the_study_as_it_was(call, tmp_path):
    words = ("--seeds", 1, "--scale", 0.5, "--share", "1/6", "--out", tmp_path / "out")
    code, _, err = call("run", "dose_response", *words, "--set", "circuit.Pyr.fraction_2A=0.9")
    assert code == USAGE
    is_one_sentence(err, "[Pyr]", "sum to 1")
    assert not (tmp_path / "out" / "study.json").exists()


@pytest.mark.parametrize(
    "words", [("exposure", *RAT[1:], "1h", "--dose", "nan"), ("numbers", "--status", "guessed")]
)
def test_the_installed_command_ends_in_one_sentence_too(words):
    done = shell(PRELIMBIC, *last(words))
    is_one_sentence(done.stderr, words[-1])
    assert (done.returncode, done.stdout) == (USAGE, "")


def test_a_study_that_runs_as_a_script_ends_in_one_sentence_too():
    done = shell(sys.executable, SCRIPT, "--list", "--seeds", "0")
    is_one_sentence(done.stderr, "--seeds")
    assert (done.returncode, done.stdout) == (USAGE, "")


@pytest.mark.parametrize("out", ["/proc/prelimbic/out", "/proc/self/cmdline/out"])
def test_a_folder_that_cannot_be_written_is_a_failure_in_one_sentence(call, out):
    code, stdout, err = call("run", "dose_response", "--seeds", 1, "--out", out)
    is_one_sentence(err, out, "cannot be written")
    assert (code, stdout) == (FAILURE, "")


def test_a_file_in_the_place_of_the_folder_is_a_failure_in_one_sentence(call, tmp_path):
    (tmp_path / "taken").write_text("mine")
    code, stdout, err = call("run", "dose_response", "--seeds", 1, "--out", tmp_path / "taken")
    is_one_sentence(err, "taken", "cannot be written")
    assert (code, stdout) == (FAILURE, "")
    assert (tmp_path / "taken").read_text() == "mine"


def test_a_reader_that_leaves_early_is_no_traceback():
    with subprocess.Popen(
        [PRELIMBIC, "numbers", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout.readline() == "[\n"
        child.stdout.close()
        assert child.stderr.read() == ""
    assert child.returncode == FAILURE


# Files

CONFIG = Config("toy", "sst", "rat", (Dose(10.0, "ip"),), 1.0, 1, one_day(0.26))


def whole_run(folder: Path) -> Path:
    """A small file of a run: two arrays in place of all that a simulation yields."""
    path = folder / "run.h5"
    time = Variable(("time",), np.linspace(0.0, 24.0, 2000), "h", "time of the look")
    rate = Variable(("time",), np.random.default_rng(0).random(2000), "Hz", "a rate of the toy")
    write_run(path, CONFIG, {"traces": {"time": time, "rate": rate}}, {"wall_s": 1.0})
    return path


def damaged(change_bytes):
    def make(folder: Path) -> Path:
        path = whole_run(folder)
        whole = path.read_bytes()
        put(path, change_bytes(whole))
        assert path.read_bytes() != whole
        return path

    return make


def written(content: bytes, name: str = "file.h5"):
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return make


def stored_numbers(data: bytes) -> bytes:
    """The file with one byte of a compressed array flipped."""
    place = data.index(b"\x78\x5e") + 200  # that far into the first deflate stream
    return data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]


def manifest(text: str):
    def make(folder: Path) -> Path:
        (folder / "study.json").write_text(text)
        return folder

    return make


BAD_PATHS = {
    "missing": lambda folder: folder / "missing.h5",
    "a name that is too long": lambda folder: folder / ("a" * 300),
    "text": written(b"hello\n", "notes.txt"),
    "empty": written(b""),
    "garbage": written(bytes(range(256)) * 8),
    "garbage after the signature of HDF5": written(b"\x89HDF\r\n\x1a\n" + bytes(range(256)) * 8),
    "cut in half": damaged(lambda data: data[: len(data) // 2]),
    "cut by one byte": damaged(lambda data: data[:-1]),
    "one byte of an array changed": damaged(stored_numbers),
    "one byte of an attribute's name changed": damaged(
        lambda data: data.replace(b"run_id\0", b"r\xffn_id\0", 1)
    ),
    "a folder without manifest": lambda folder: folder,
    "a manifest that is no JSON": manifest("{"),
    "a manifest that is a list": manifest("[]"),
    "a manifest that is empty": manifest("{}"),
    "a manifest whose runs are none": manifest('{"study": "dose_response", "axes": {}, "runs": [3]}'),
    "a manifest whose file is a number": manifest(
        '{"study": "dose_response", "axes": {}, "runs": [{"file": 3}]}'
    ),
}


@pytest.mark.parametrize("make", BAD_PATHS.values(), ids=BAD_PATHS)
def test_a_path_that_holds_no_whole_run_or_study_is_a_failure_in_one_sentence(call, tmp_path, make):
    path = make(tmp_path)
    code, out, err = call("inspect", path)
    is_one_sentence(err, str(path))
    assert (code, out) == (FAILURE, "")


def test_inspecting_a_whole_run_tells_its_identity_and_its_variables(call, tmp_path):
    code, out, err = call("inspect", whole_run(tmp_path))
    assert (code, err) == (0, "")
    for word in ("whole", CONFIG.run_id(), "toy", "traces/rate", "time=2000", "a rate of the toy"):
        assert word in out


def test_inspecting_a_study_counts_what_is_whole_and_names_what_is_not(call, tmp_path):
    runs = [
        Run({"dose": 10.0, "seed": seed}, Config(**(vars(CONFIG) | {"seed": seed}))) for seed in (1, 2, 3)
    ]
    write_manifest(STUDY, runs, tmp_path)
    for run in runs[:2]:
        write_run(
            tmp_path / run.file,
            run.config,
            {"summary": {"x": Variable((), np.array(1.0), "1", "x")}},
            {"wall_s": 1.0},
        )
    (tmp_path / "other.h5").write_bytes(b"")
    code, out, err = call("inspect", tmp_path)
    assert (code, err) == (0, "")
    assert "2 of 3 runs" in out and f"missing: {runs[2].file}" in out and "other.h5" in out
    put(tmp_path / runs[0].file, b"garbage")
    out = call("inspect", tmp_path)[1]
    assert "1 of 3 runs" in out and runs[0].file in out
