"""Laws of the command line: what is asked wrongly ends in one sentence; what is asked rightly is shown whole."""

import json
import subprocess
import sys
import tomllib
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments import command
from experiments.config import Config
from experiments.protocol import DRUG_H, LATE_H, RELAX_H, Protocol, one_day
from experiments.record import Variable
from experiments.store import write_run
from experiments.studies.dose_response import DOSES, STUDY
from experiments.study import Options, Run, write_manifest
from experiments.summary import change
from parameters import CIRCUITS, COMPOUNDS, POPULATIONS, shipped
from parameters.sheet import SHEETS, STATUSES
from pharmacology import Dose

PRELIMBIC = str(Path(sys.executable).with_name("prelimbic"))
SCRIPT = Path(command.__file__).parent / "studies" / "dose_response.py"
USAGE, FAILURE = 2, 1

RUN = ("run", "dose_response", "--list")
RAT = ("exposure", "--species", "rat", "--route", "ip", "--dose", "10", "--at")
MAN = ("exposure", "--species", "human", "--route", "iv", "--dose", "0.5", "--at")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """Every test starts in an empty folder, so that nothing it writes lands in the project."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def call(capsys):
    """Exit code, standard output and standard error of one command, run in this process."""

    def run(*words: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            command.main([str(word) for word in words])
        said = capsys.readouterr()
        return int(caught.value.code or 0), said.out, said.err

    return run


def is_one_sentence(err: str, *named: str) -> None:
    assert "Traceback" not in err
    assert len(err.splitlines()) == 1
    assert err.startswith("prelimbic: ") and len(err.split()) > 2
    for word in named:
        assert word in err


def shell(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60, check=False)


# Asked wrongly

BAD_WORDS = {
    "unknown command": (("simulate",), "'simulate'"),
    "unknown study": (("run", "dose_respond", "--list"), "'dose_respond'", "dose_response"),
    "no study": (("run",), "STUDY"),
    "two studies": (("run", "dose_response", "second", "--list"), "second"),
    "unknown option": ((*RUN, "--seed", "3"), "--seed"),
    "option of another command": ((*RUN, "--json"), "--json"),
    "seeds no integer": ((*RUN, "--seeds", "three"), "--seeds", "'three'"),
    "seeds a fraction": ((*RUN, "--seeds", "1.5"), "--seeds", "'1.5'"),
    "no seeds": ((*RUN, "--seeds", "0"), "--seeds", "0"),
    "seeds without value": ((*RUN, "--seeds"), "--seeds"),
    "no workers": ((*RUN, "--workers", "0"), "--workers", "0"),
    "negative workers": ((*RUN, "--workers", "-2"), "--workers", "-2"),
    "workers no integer": ((*RUN, "--workers", "all"), "--workers", "'all'"),
    "scale too large": ((*RUN, "--scale", "30"), "--scale", "30", "20"),
    "scale too small": ((*RUN, "--scale", "0.4"), "--scale", "0.4", "0.5"),
    "scale nan": ((*RUN, "--scale", "nan"), "--scale", "nan"),
    "scale infinite": ((*RUN, "--scale", "inf"), "--scale", "inf"),
    "scale no number": ((*RUN, "--scale", "big"), "--scale", "'big'"),
    **{
        f"share {share!r}": ((*RUN, "--share", share), "--share", repr(share), "k/N")
        for share in ("3/2", "0/2", "-1/2", "1", "1/2/3", "a/b", "", "1/0", "1.0/2")
    },
    "bad baseline": ((*RUN, "--baseline", "happy"), "--baseline", "'happy'", "healthy", "depressed"),
    "bad sheet": ((*RUN, "--sheet", "species"), "--sheet", "'species'", *CIRCUITS),
    "bad sheet beside all": ((*RUN, "--sheet", "all", "--sheet", "nonsense"), "--sheet", "'nonsense'"),
    "override without value": ((*RUN, "--set", "circuit.Pyr.rest"), "--set", "'circuit.Pyr.rest'"),
    "override that is no number": ((*RUN, "--set", "circuit.Pyr.rest=low"), "--set", "'circuit.Pyr.rest=low'"),
    "override with an empty value": ((*RUN, "--set", "circuit.Pyr.rest="), "--set", "'circuit.Pyr.rest='"),
    "override that is not finite": ((*RUN, "--set", "circuit.Pyr.rest=nan"), "[Pyr] rest", "finite"),
    "override of no number": ((*RUN, "--set", "circuit.Pyr.nothing=1"), "'Pyr.nothing'", "sst.toml"),
    "override of no section": ((*RUN, "--set", "circuit.Nobody.rest=1"), "'Nobody.rest'", "sst.toml"),
    "override of no sheet": ((*RUN, "--set", "sst.Pyr.rest=1"), "'sst.Pyr.rest'", "circuit", "spines"),
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
    "human ip": ((*MAN, "1h", "--route", "ip"), "human", "'ip'", "iv"),
    "unknown compound": ((*RAT, "1h", "--compound", "aspirin"), "'aspirin'", *COMPOUNDS),
    "unknown circuit sheet": ((*RAT, "1h", "--sheet", "nothing"), "'nothing'", *CIRCUITS),
    "sheet that is no circuit": ((*RAT, "1h", "--sheet", "species"), "species.toml"),
    **{
        f"at {at!r}": ((*RAT, at), "--at", repr(at.rpartition(",")[2]), "min")
        for at in ("soon", "10", "", "10min,", "10 minutes", "1h30min", "min", "nanmin", "1e5e5h", "2w")
    },
    "at negative": ((*RAT[:-1], "--at=-5min"), "--at", "after the dose"),
    "at infinite": ((*RAT, "1e999h"), "--at"),
    "at beyond any float": ((*RAT, "1e300h"), "--at"),
    "bad status": (("numbers", "--status", "guessed"), "--status", "'guessed'", *STATUSES),
    "bad numbers sheet": (("numbers", "--sheet", "nothing"), "'nothing'", *shipped()),
    "numbers sheet by path": (("numbers", "--sheet", "../sheets/sst"), "'../sheets/sst'"),
    "numbers sheet with a long name": (("numbers", "--sheet", "a" * 300), "a" * 300),
    "inspect nothing": (("inspect",), "PATH"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("words", "named"), [(case[0], case[1:]) for case in BAD_WORDS.values()], ids=BAD_WORDS)
def test_what_is_asked_wrongly_ends_in_one_sentence_that_names_it(call, tmp_path, words, named):
    code, out, err = call(*words)
    is_one_sentence(err, *named)
    assert (code, out) == (USAGE, "")
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_is_refused_for_its_numbers_leaves_the_folder_of_the_study_as_it_was(call, tmp_path):
    words = ("--seeds", 1, "--scale", 0.5, "--share", "1/6", "--out", tmp_path / "out")
    code, _, err = call("run", "dose_response", *words, "--set", "circuit.Pyr.fraction_2A=0.9")
    assert code == USAGE
    is_one_sentence(err, "[Pyr]", "sum to 1")
    assert not (tmp_path / "out" / "study.json").exists()


@pytest.mark.parametrize("words", [("exposure", *RAT[1:], "1h", "--dose", "nan"), ("numbers", "--status", "guessed")])
def test_the_installed_command_ends_in_one_sentence_too(words):
    done = shell(PRELIMBIC, *words)
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
    with subprocess.Popen([PRELIMBIC, "numbers", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "[\n"
        child.stdout.close()
        assert child.stderr.read() == ""
    assert child.returncode == FAILURE


# Files

CONFIG = Config("toy", "sst", "rat", (Dose(10.0, "ip"),), "depressed", 1.0, 1, one_day(0.26))


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
        path.write_bytes(change_bytes(path.read_bytes()))
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
    "a folder without manifest": lambda folder: folder,
    "a manifest that is no JSON": manifest("{"),
    "a manifest that is a list": manifest("[]"),
    "a manifest that is empty": manifest("{}"),
    "a manifest whose runs are none": manifest('{"study": "dose_response", "axes": {}, "runs": [3]}'),
    "a manifest whose file is a number": manifest('{"study": "dose_response", "axes": {}, "runs": [{"file": 3}]}'),
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
    runs = [Run({"dose": 10.0, "seed": seed}, Config(**(vars(CONFIG) | {"seed": seed}))) for seed in (1, 2, 3)]
    write_manifest(STUDY, runs, tmp_path)
    for run in runs[:2]:
        write_run(tmp_path / run.file, run.config, {"summary": {"x": Variable((), np.array(1.0), "1", "x")}}, {"wall_s": 1.0})
    (tmp_path / "other.h5").write_bytes(b"")
    code, out, err = call("inspect", tmp_path)
    assert (code, err) == (0, "")
    assert "2 of 3 runs" in out and f"missing: {runs[2].file}" in out and "other.h5" in out
    (tmp_path / runs[0].file).write_bytes(b"garbage")
    out = call("inspect", tmp_path)[1]
    assert "1 of 3 runs" in out and runs[0].file in out


# Exposures

TIMES = "0min,10min,40min,4h,1d"


def exposure(call, *words: object) -> dict:
    code, out, err = call(*words, "--json")
    assert (code, err) == (0, "")
    return json.loads(out, parse_constant=pytest.fail)


@pytest.mark.parametrize(
    "words", [(*RAT, TIMES), (*MAN, TIMES, "--duration", "40min"), (*RAT, TIMES, "--compound", "norketamine")]
)
def test_an_exposure_in_json_has_every_quantity_at_every_time(call, words):
    found = exposure(call, *words)
    assert set(found) == {"at_min", *COMPOUNDS, "block"}
    assert found["at_min"] == [0.0, 10.0, 40.0, 240.0, 1440.0]
    assert set(found["block"]) == set(POPULATIONS)
    courses = list(found["block"].values())
    for compound in COMPOUNDS:
        assert set(found[compound]) == {"arterial_ng_per_ml", "venous_ng_per_ml", "brain_unbound_uM"}
        courses += found[compound].values()
    assert [len(values) for values in courses] == [5] * len(courses)
    assert all(value >= 0.0 for values in courses for value in values)
    assert all(0.0 < values[1] < 1.0 for values in found["block"].values())


def test_an_exposure_of_an_intravenous_bolus_begins_at_dose_over_volume(call):
    found = exposure(call, *RAT, "0min", "--route", "iv")
    volume = tomllib.loads((SHEETS / "species.toml").read_text())["rat"]["ketamine_central"]["value"]  # L in an animal of 1 kg
    assert found["ketamine"]["arterial_ng_per_ml"] == [pytest.approx(10.0 / volume * 1000.0, rel=1e-5)]
    assert found["norketamine"]["arterial_ng_per_ml"] == [0.0]


def test_an_exposure_of_no_dose_is_nothing(call):
    found = exposure(call, *RAT, TIMES, "--dose", "0")
    assert {value for c in COMPOUNDS for values in found[c].values() for value in values} == {0.0}
    assert {value for values in found["block"].values() for value in values} == {0.0}


def test_times_may_be_given_in_any_unit_and_order(call):
    found = exposure(call, *RAT, "2h, 600s ,0.5h,0.25d,30min")
    assert found["at_min"] == [120.0, 10.0, 30.0, 360.0, 30.0]
    plasma = found["ketamine"]["arterial_ng_per_ml"]
    assert plasma[2] == plasma[4]
    assert plasma[2] > plasma[0] > plasma[3]


def test_the_length_of_an_infusion_may_be_given_in_any_unit(call):
    in_minutes, in_seconds = (exposure(call, *MAN, TIMES, "--duration", length) for length in ("40min", "2400s"))
    assert in_minutes == in_seconds
    assert exposure(call, *MAN, TIMES, "--duration", "80min") != in_minutes


def test_the_block_is_that_of_the_circuit_sheet_asked_for(call):
    sst, literature = (exposure(call, *RAT, "20min", "--sheet", name) for name in ("sst", "literature"))
    assert sst["ketamine"] == literature["ketamine"]
    assert sst["block"]["PV"] != literature["block"]["PV"]


def test_an_exposure_as_a_table_has_a_row_a_time_and_a_column_a_population(call):
    code, out, err = call(*MAN, "10min,40min,4h", "--duration", "40min")
    assert (code, err) == (0, "")
    assert "human" in out and "40min" in out
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in out.splitlines() if line.startswith("│")]
    assert [row[0] for row in rows] == ["10", "40", "240"]
    venous = exposure(call, *MAN, "10min,40min,4h", "--duration", "40min")["ketamine"]["venous_ng_per_ml"]
    assert [float(row[2]) for row in rows] == pytest.approx(venous, rel=5e-3)
    assert {len(row) for row in rows} == {1 + 3 * len(COMPOUNDS) + len(POPULATIONS)}


def test_the_installed_command_prints_what_the_module_prints(call):
    done = shell(PRELIMBIC, *RAT, "10min,1h", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == exposure(call, *RAT, "10min,1h")


# Numbers


def numbers(call, *words: str) -> list[dict]:
    code, out, err = call("numbers", "--json", *words)
    assert (code, err) == (0, "")
    return json.loads(out, parse_constant=pytest.fail)


def names(rows: list[dict]) -> list[tuple[str, str, str]]:
    return [(row["sheet"], row["section"], row["name"]) for row in rows]


def test_numbers_in_json_are_every_row_of_every_sheet_with_every_key(call):
    found = numbers(call)
    assert {frozenset(row) for row in found} == {
        frozenset({"sheet", "section", "name", "value", "unit", "status", "source", "note", "range"})
    }
    expected = []
    for name in shipped():
        text = tomllib.loads((SHEETS / f"{name}.toml").read_text())
        expected += [(name, s, key, row["value"]) for s, rows in text.items() if s != "sheet" for key, row in rows.items()]
    assert sorted((*name, row["value"]) for name, row in zip(names(found), found, strict=True)) == sorted(expected)


def test_the_three_statuses_share_out_all_numbers(call):
    by_status = {status: numbers(call, "--status", status) for status in STATUSES}
    for status, rows in by_status.items():
        assert {row["status"] for row in rows} == {status}
    assert sorted(names([row for rows in by_status.values() for row in rows])) == sorted(names(numbers(call)))


@pytest.mark.parametrize("name", shipped())
def test_numbers_of_one_sheet_are_those_of_all_that_are_in_it(call, name):
    assert numbers(call, "--sheet", name) == [row for row in numbers(call) if row["sheet"] == name]


def test_numbers_as_a_table_say_how_many_there_are(call):
    code, out, err = call("numbers", "--status", "measured")
    assert (code, err) == (0, "")
    assert out.startswith(f"{len(numbers(call, '--status', 'measured'))} numbers")


# Listing


def listed(call, *words: object) -> list[tuple[bool, str]]:
    """(whether it is of this share, file) of every run listed."""
    code, out, err = call(*RUN, *words)
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert {line[0] for line in lines} == {"missing"}
    return [("(other share)" not in " ".join(line), line[-1]) for line in lines]


def ids(files: list[tuple[bool, str]]) -> list[str]:
    return [Path(name).stem.rpartition("_")[2] for _, name in files]


@pytest.mark.parametrize("seeds", [1, 2])
def test_the_list_has_every_dose_of_every_seed_and_writes_nothing(call, tmp_path, seeds):
    found = listed(call, "--seeds", seeds, "--out", tmp_path / "out")
    assert len(DOSES) == 6
    assert all(mine for mine, _ in found)
    labels = {name.rpartition("_")[0] for _, name in found}
    assert labels == {f"sst_dose-{dose:g}_seed-{seed}" for dose in DOSES for seed in range(1, seeds + 1)}
    assert len(set(ids(found))) == len(found) == 6 * seeds
    assert list(tmp_path.iterdir()) == []


def test_the_list_takes_every_sheet_asked_for_once(call):
    found = listed(call, "--seeds", 1, "--sheet", "pv_sst", "--sheet", "sst", "--sheet", "pv_sst")
    assert sorted({name.partition("_dose")[0] for _, name in found}) == ["pv_sst", "sst"]
    assert len(found) == 12
    every = listed(call, "--seeds", 1, "--sheet", "all")
    assert {name.partition("_dose")[0] for _, name in every} == set(CIRCUITS)
    assert set(found) < set(every)


@pytest.mark.parametrize("count", [2, 4])
def test_shares_part_the_runs(call, count):
    whole = [name for _, name in listed(call, "--seeds", 1)]
    shares = [listed(call, "--seeds", 1, "--share", f"{k}/{count}") for k in range(1, count + 1)]
    assert [[name for _, name in share] for share in shares] == [whole] * count
    mine = [name for share in shares for of_this_share, name in share if of_this_share]
    assert sorted(mine) == sorted(whole)


def test_a_listed_run_is_finished_once_its_file_is_whole(call, tmp_path):
    run = STUDY.plan(Options(seeds=1))[3]
    write_run(tmp_path / run.file, run.config, {"summary": {"x": Variable((), np.array(1.0), "1", "x")}}, {"wall_s": 1.0})
    listing = call(*RUN, "--seeds", 1, "--out", tmp_path)[1].splitlines()
    assert [line.split()[1] for line in listing if line.startswith("finished")] == [run.file]
    (tmp_path / run.file).write_bytes((tmp_path / run.file).read_bytes()[:-1])
    assert "finished" not in call(*RUN, "--seeds", 1, "--out", tmp_path)[1]


BASE = ("--seeds", "1")


@cache
def base_ids() -> list[str]:
    return [run.config.run_id() for run in STUDY.plan(Options(seeds=1))]


@pytest.mark.parametrize(
    "option",
    [
        ("--scale", "2"),
        ("--baseline", "healthy"),
        ("--sheet", "pv_sst"),
        ("--set", "circuit.Pyr.rest=-71"),
        ("--set", "species.rat.ip_bioavailability=0.4"),
        ("--set", "compounds.ketamine.ic50_2A=1"),
        ("--set", "cascade.cascade.bdnf_gain=2"),
        ("--set", "spines.spines.nascent_loss=0"),
        ("--spikes",),
    ],
    ids=" ".join,
)
def test_an_option_that_changes_the_result_changes_every_run_id(call, option):
    found = ids(listed(call, *BASE, *option))
    assert len(set(found)) == 6
    assert set(found).isdisjoint(base_ids())


@pytest.mark.parametrize(
    "option",
    [(), ("--workers", "1"), ("--workers", "7"), ("--out", "there"), ("--share", "1/1"), ("--scale", "1"), ("--sheet", "sst")],
)
def test_an_option_that_does_not_change_the_result_changes_no_run_id(call, option):
    assert ids(listed(call, *BASE, *option)) == base_ids()


def test_more_seeds_keep_the_runs_of_the_first(call):
    assert listed(call, *BASE)[:6] == listed(call, "--seeds", 3)[:6]


def test_a_study_as_a_script_lists_what_the_command_lists(call):
    done = shell(sys.executable, SCRIPT, "--list", "--seeds", "1")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == call(*RUN, "--seeds", 1)[1]


def test_an_override_that_moves_the_peak_moves_the_look_at_the_peak():
    slower = STUDY.plan(Options(seeds=1, overrides=(("species.rat.ip_absorption", 3.0),)))[0].config.protocol
    as_shipped = STUDY.plan(Options(seeds=1))[0].config.protocol
    assert slower.peak > as_shipped.peak + 0.1


# Help


def test_equations_print_the_membrane_and_its_currents(call):
    code, out, err = call("equations")
    assert (code, err) == (0, "")
    for word in ("dv/dt", "I_AMPA", "I_NMDA", "I_GABA", "Spike"):
        assert word in out


def test_without_words_the_commands_are_shown(call):
    code, out, err = call()
    assert (code, err) == (USAGE, "")
    for word in ("run", "exposure", "numbers", "inspect", "equations"):
        assert word in out


@pytest.mark.parametrize("words", [(), ("run",), ("exposure",), ("numbers",), ("inspect",), ("equations",)])
def test_help_is_shown_for_every_command(call, words):
    code, out, err = call(*words, "--help")
    assert (code, err) == (0, "")
    assert "Usage: prelimbic" in out
    assert call(*words, "-h")[1] == out


# The protocol of a day

# Exposure.peak_time gives multiples of a tenth of a minute.
PEAKS = st.integers(0, 2400).map(lambda tenth: tenth * (1.0 / 600.0)) | st.sampled_from(
    [0.0, 0.05, 0.1, 0.26, 0.5, 1.97, 2.0, 2.03, 4.0]
)


@given(PEAKS)
@settings(max_examples=200, deadline=None)
def test_a_day_is_looked_at_in_order_at_most_thirty_times_and_at_every_readout(peak):
    times = [look.time for look in one_day(peak).looks()]
    assert all(a < b for a, b in pairwise(times))
    assert len(times) <= 30
    assert {0.0, peak, 2.0, 4.0, 24.0} <= set(times)
    assert set(one_day(peak).moments().values()) <= set(times)
    assert (times[0], times[-1]) == (min(RELAX_H), max(LATE_H))


@given(PEAKS, st.booleans())
@settings(max_examples=100, deadline=None)
def test_the_strides_lead_from_each_look_to_the_next_and_sum_to_the_span(peak, halved):
    looks = list(one_day(peak, halved).looks())
    for look, following in pairwise(looks):
        assert look.time + look.stride == pytest.approx(following.time, abs=1e-12)
    assert looks[-1].stride == 0.0
    assert sum(look.stride for look in looks) == pytest.approx(looks[-1].time - looks[0].time)


@given(PEAKS)
@settings(max_examples=100, deadline=None)
def test_halving_puts_a_look_in_the_middle_of_every_stride(peak):
    whole, halved = one_day(peak).times, one_day(peak, halved=True).times
    assert halved[::2] == whole
    assert len(halved) == 2 * len(whole) - 1
    for middle, (before, after) in zip(halved[1::2], pairwise(whole), strict=True):
        assert middle - before == pytest.approx(after - middle, abs=1e-12)


@given(PEAKS)
@settings(max_examples=100, deadline=None)
def test_no_look_but_the_readouts_stands_close_to_the_peak(peak):
    close = [time for time in one_day(peak).times if 0.0 < abs(time - peak) <= 0.05]
    assert set(close) <= {0.0, 2.0, 4.0}
    assert {time for time in (*DRUG_H, *LATE_H) if abs(time - peak) > 0.05} <= set(one_day(peak).times)


def test_a_run_lasts_as_long_as_its_looks_and_its_rest():
    short, long = one_day(0.26), Protocol(one_day(0.26).times, 0.26, look_scale=2.0)
    looked = sum(look.seconds for look in short.looks())
    assert sum(look.seconds for look in long.looks()) == pytest.approx(2.0 * looked)
    assert long.seconds - short.seconds == pytest.approx(looked)
    assert all(look.seconds > 0.0 for look in short.looks())


# The sentence


def test_a_clear_rise_is_told_with_its_mean_and_spread():
    assert change(np.array([38.0, 40.0, 42.0])) == "raises (by 40.0 ± 2.0 %)"


def test_a_clear_fall_is_told_without_its_sign():
    assert change(np.array([-38.0, -40.0, -42.0])) == "lowers (by 40.0 ± 2.0 %)"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([-10.0, 10.0], "+0.0 ± 14.1 %"),
        ([1.0, 9.0], "+5.0 ± 5.7 %"),
        ([-1.0, -9.0, 0.0], "-3.3 ± 4.9 %"),
        ([0.0, 0.0], "+0.0 ± 0.0 %"),
    ],
)
def test_a_change_whose_interval_includes_zero_is_not_called_one(values, told):
    assert change(np.array(values)) == f"does not clearly change ({told})"


@pytest.mark.parametrize(("sd", "verb"), [(0.99, "raises"), (1.01, "does not clearly change")])
def test_the_interval_is_that_of_student_at_95_percent(sd, verb):
    # Three values with mean m and SD s: the half width is 4.3027/sqrt(3) = 2.4841 times s.
    assert change(2.4841 + sd * np.array([-1.0, 0.0, 1.0])).startswith(verb)


def test_the_verdict_turns_with_the_sign():
    values = np.array([3.0, 8.0, 11.0, 4.0])
    assert change(values).startswith("raises") and change(-values) == change(values).replace("raises", "lowers")


@pytest.mark.parametrize(("value", "told"), [(12.34, "raises (by 12.3 %)"), (-5.0, "lowers (by 5.0 %)")])
def test_one_value_is_told_without_a_spread(value, told):
    assert change(np.array([value])) == told


def test_one_value_of_nothing_is_neither_a_rise_nor_a_fall():
    told = change(np.array([0.0]))
    assert "raises" not in told and "lowers" not in told


def test_runs_that_are_missing_do_not_count():
    assert change(np.array([np.nan, 38.0, 40.0, np.nan, 42.0])) == change(np.array([38.0, 40.0, 42.0]))
    assert change(np.array([np.nan, 7.0])) == change(np.array([7.0]))
    assert change(np.array([np.nan])) == change(np.array([])) == "(no finished run) changes"
