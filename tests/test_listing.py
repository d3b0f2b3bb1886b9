"""What the command line lists: studies, their runs with ids, and what an option does to them."""

import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from prelimbic.experiments.storage.store import write_run
from prelimbic.experiments.studies.dose_response import DOSES, STUDY
from prelimbic.experiments.studies.registry import SHIPPED, find_study
from prelimbic.experiments.sweep.study import DEFAULT_SHEET, Options
from prelimbic.parameters import CIRCUITS
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.inhibition import parse_inhibitions
from prelimbic.simulation.variable import Variable
from tests.hostile import put
from tests.said import RUN, SCRIPT, USAGE, is_one_sentence, shell

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
    assert labels == {
        f"{DEFAULT_SHEET}_dose-{dose:g}_seed-{seed}" for dose in DOSES for seed in range(1, seeds + 1)
    }
    assert len(set(ids(found))) == len(found) == 6 * seeds
    assert list(tmp_path.iterdir()) == []


def test_the_list_takes_every_sheet_asked_for(call):
    found = listed(call, "--seeds", 1, "--sheet", "pv_sst", "--sheet", "sst")
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
    write_run(
        tmp_path / run.file,
        run.config,
        {"summary": {"x": Variable((), np.array(1.0), "1", "x")}},
        {"wall_s": 1.0},
    )
    listing = call(*RUN, "--seeds", 1, "--out", tmp_path)[1].splitlines()
    assert [line.split()[1] for line in listing if line.startswith("finished")] == [run.file]
    put(tmp_path / run.file, (tmp_path / run.file).read_bytes()[:-1])
    assert "finished" not in call(*RUN, "--seeds", 1, "--out", tmp_path)[1]


# Studies


def test_every_study_is_listed_with_the_question_it_asks(call):
    code, out, err = call("studies")
    assert (code, err) == (0, "")
    told = dict(line.split(maxsplit=1) for line in out.splitlines())
    shipped_studies = {path.stem for path in SCRIPT.parent.glob("*.py")} - {"__init__", "registry"}
    assert set(told) == shipped_studies == set(SHIPPED)
    assert all(question.endswith("?") for question in told.values()) and len(set(told.values())) == len(told)


@pytest.mark.parametrize("study", SHIPPED)
def test_every_study_lists_its_runs_each_once_and_computes_nothing(call, tmp_path, study):
    code, out, err = call("run", study, "--list", "--seeds", 1)
    assert (code, err) == (0, "")
    files = [line.split()[-1] for line in out.splitlines()]
    assert all(line.startswith("missing ") for line in out.splitlines())
    assert files and len(set(files)) == len(set(ids([(True, name) for name in files]))) == len(files)
    assert all(name.startswith(f"{find_study(study).sheet}_") for name in files)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_study_runs_as_many_seeds_as_it_is_planned_for_unless_told_otherwise(call):
    assert len(call("run", "acute", "--list")[1].splitlines()) == 3
    circuits = call("run", "circuit_prior", "--list")[1].splitlines()
    assert len(circuits) == find_study("circuit_prior").seeds >= 300
    assert {int(line.split("_seed-")[1].split("_")[0]) for line in circuits} == set(
        range(1, len(circuits) + 1)
    )
    assert circuits[:2] == call("run", "circuit_prior", "--list", "--seeds", 2)[1].splitlines()


def test_a_sheet_that_is_asked_for_takes_the_place_of_that_of_the_study(call):
    for study in ("acute", "circuit_prior"):
        files = [
            line.split()[-1]
            for line in call("run", study, "--list", "--seeds", 2, "--sheet", "point")[1].splitlines()
        ]
        assert [name.rpartition("_")[0] for name in files] == ["point_seed-1", "point_seed-2"]


# Studies in which nothing slow moves, so that an inhibitor has no place in them.
BRIEF = (
    "acute",
    "physiology",
    "surge",
    "evoked",
    "slice",
    "mk801",
    "knockouts",
    "ex_vivo",
    "circuit_prior",
    "influence",
)


@pytest.mark.parametrize("study", BRIEF)
def test_a_study_of_minutes_refuses_an_inhibitor_in_one_sentence(call, tmp_path, study):
    code, out, err = call("run", study, "--list", "--seeds", 1, "--inhibit", "anti_bdnf")
    is_one_sentence(err, study, "--inhibit")
    assert (code, out, list(tmp_path.iterdir())) == (USAGE, "", [])


# study -> switches that it sets itself, each with an option that it is not set to by default
SET = {
    "surge": {"site": "pv", "baseline": "healthy", "state": "slice"},
    "slice": {"site": "pv", "baseline": "healthy", "state": "slice"},
    "evoked": {"site": "pv", "baseline": "healthy", "state": "slice"},
    "mk801": {"site": "pv", "baseline": "healthy", "state": "slice", "selectivity": "use_dependent"},
    "knockouts": {"baseline": "healthy", "state": "slice"},
    "influence": {"baseline": "healthy", "state": "slice"},
    "ex_vivo": {"baseline": "healthy", "state": "slice"},
    "occlusion": {"baseline": "healthy"},
    "circuit_prior": {
        "site": "pv",
        "baseline": "healthy",
        "state": "slice",
        "selectivity": "none",
        "feedback": "off",
    },
}


@pytest.mark.parametrize(
    ("study", "switch", "option"), [(s, name, o) for s, these in SET.items() for name, o in these.items()]
)
def test_a_switch_that_a_study_sets_itself_is_refused_in_one_sentence(call, study, switch, option):
    code, out, err = call("run", study, "--list", "--seeds", 1, f"--{switch}", option)
    is_one_sentence(err, study, f"--{switch}")
    assert (code, out) == (USAGE, "")


@pytest.mark.parametrize("study", ["knockouts", "ex_vivo", "occlusion", "circuit_prior"])
def test_a_study_of_changed_circuits_refuses_another_manipulation_in_one_sentence(call, study):
    code, out, err = call("run", study, "--list", "--seeds", 1, "--manipulate", "ampa=0.5")
    is_one_sentence(err, study, "--manipulate")
    assert (code, out) == (USAGE, "")


@pytest.mark.parametrize(
    "study", [name for name in SHIPPED if name not in (*BRIEF, "numerics", "validation")]
)
def test_an_inhibitor_that_is_asked_for_reaches_every_run_of_a_study(study):
    (given,) = parse_inhibitions("anti_bdnf=0.5@-1h")
    found = find_study(study)
    runs = found.plan(Options(seeds=1, inhibitions=(given,)))
    assert all(given in run.config.protocol.inhibitions for run in runs)
    assert not any(given in run.config.protocol.inhibitions for run in found.plan(Options(seeds=1)))


@pytest.mark.parametrize(
    "study",
    [name for name in SHIPPED if name not in ("acute", "physiology", "numerics", "circuit_prior", "mk801")],
)
def test_a_switch_that_a_study_does_not_set_itself_reaches_every_run_of_it(study):
    reads = find_study(study).reads.switches
    for switches in [
        s for s in ({"selectivity": "none"}, {"feedback": "off"}, {"hnk": "release"}) if {*s} <= {*reads}
    ]:
        runs = find_study(study).plan(Options(seeds=1, hypotheses=Hypotheses(**switches)))
        assert all(
            getattr(run.config.hypotheses, name) == option
            for run in runs
            for name, option in switches.items()
        )


@pytest.mark.parametrize(
    ("study", "axis", "left_out"),
    [
        ("ablation_grid", "arm", {"nitrergic", "all"}),
        ("growth_dose", "memory", {"rate_latch", "nmda_latch"}),
    ],
)
def test_a_study_leaves_out_what_excludes_itself_as_asked_and_nothing_else(study, axis, left_out):
    whole, rest = (
        {
            run.place[axis]
            for run in find_study(study).plan(Options(seeds=1, hypotheses=Hypotheses(mtor=mtor)))
        }
        for mtor in ("local", "absent")
    )
    assert whole - rest == left_out and rest


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
        ("--set", "routes.rat/ip.available=0.4"),
        ("--set", "compounds.ketamine.ic50_2A=1"),
        ("--set", "cascade.cascade.bdnf_gain=2"),
        ("--set", "spines.spines.nascent_loss=0"),
        ("--spikes",),
        ("--site", "gaba_any"),
        ("--selectivity", "use_dependent"),
        ("--hcn", "hcn1"),
        ("--surge", "off"),
        ("--hnk", "release"),
        ("--spine-rule", "homeostatic"),
        ("--inhibit", "anti_bdnf"),
        ("--inhibit", "anti_bdnf=0.1"),
        ("--inhibit", "anti_bdnf", "--set", "inhibitors.anti_bdnf.brain=0.8"),
        ("--manipulate", "delete-GluN2B@SST"),
    ],
    ids=" ".join,
)
def test_an_option_that_changes_the_result_of_a_run_changes_its_id(call, option):
    found = ids(listed(call, *BASE, *option))
    assert len(set(found)) == 6
    kept = {
        file for (_, file), run_id in zip(listed(call, *BASE), base_ids(), strict=True) if run_id in found
    }
    assert all("_dose-0_" in file for file in kept)  # a vehicle uses no number of a drug
    assert not kept or option[1].startswith(("routes.", "compounds."))


SAME = ((), ("--workers", "1"), ("--workers", "7"), ("--out", "there"), ("--share", "1/1"), ("--scale", "1"),
        ("--sheet", DEFAULT_SHEET), ("--baseline", "spine_loss"))  # fmt: skip


@pytest.mark.parametrize("option", SAME)
def test_an_option_that_does_not_change_the_result_changes_no_run_id(call, option):
    assert ids(listed(call, *BASE, *option)) == base_ids()


def test_more_seeds_keep_the_runs_of_the_first(call):
    assert listed(call, *BASE)[:6] == listed(call, "--seeds", 3)[:6]


def test_a_study_as_a_script_lists_what_the_command_lists(call):
    done = shell(sys.executable, SCRIPT, "--list", "--seeds", "1")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == call(*RUN, "--seeds", 1)[1]


def test_an_override_that_moves_the_peak_moves_the_look_at_the_peak():
    slow = Options(seeds=1, overrides=(("routes.rat/ip.swallowed_absorption", 1.0),))
    slower = STUDY.plan(slow)[0].config.protocol
    as_shipped = STUDY.plan(Options(seeds=1))[0].config.protocol
    assert slower.peak > as_shipped.peak + 0.05
