"""Sweep, summary and figures belong to the study.json that they were made of."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from prelimbic.experiments import figures
from prelimbic.experiments.readouts.answer import Answer
from prelimbic.experiments.storage import manifest
from prelimbic.experiments.storage.dataset import load
from prelimbic.experiments.studies.registry import find_study
from prelimbic.experiments.sweep import conduct, report
from prelimbic.experiments.sweep.execute import ExecuteError
from prelimbic.experiments.sweep.study import Options, Run, Study, write_manifest
from tests import test_folders
from tests.said import FAILURE, USAGE, is_one_sentence
from tests.test_folders import ACUTE, MADE, content, finish, listed, made, stored

TOY = Study(
    "acute", "?", ACUTE.axes, ACUTE.plan, lambda dataset: Answer((), "found"), lambda dataset, folder: []
)


# fixtures: they act in every file that has their name
killed = test_folders.killed


# What belongs to study.json


@pytest.mark.parametrize("seeds", [1, 3])
def test_more_or_fewer_seeds_go_on_and_what_was_made_of_the_old_ones_goes_first(
    call, tmp_path, monkeypatch, seeds
):
    folder = tmp_path / "out"
    stored(folder)
    (folder / "acute_talk.png").write_bytes(b"my own")

    def stop(*_: object) -> None:
        raise ExecuteError("stopped here")

    monkeypatch.setattr(conduct, "report", stop)
    monkeypatch.setattr(conduct, "execute", stop)
    monkeypatch.setattr(conduct, "prepare", lambda runs: True)
    assert call("run", "acute", "--seeds", seeds, "--out", folder)[0] == FAILURE
    assert listed(folder) == {run.file for run in ACUTE.plan(Options(seeds))}
    assert made(folder) == set()
    assert (folder / "acute_talk.png").read_bytes() == b"my own"
    assert len(list(folder.glob("*_seed-*.h5"))) == 2


def test_asking_again_touches_nothing(tmp_path):
    runs = stored(tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    write_manifest(ACUTE, runs, tmp_path)
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_killed_at_any_moment_no_sweep_stands_beside_a_study_it_was_not_made_of(tmp_path, monkeypatch):
    more, moments = ACUTE.plan(Options(3)), 0
    stored(tmp_path / "before")
    for moment in range(50):
        folder = shutil.copytree(tmp_path / "before", tmp_path / str(moment))
        left = [moment]

        def die(done, left=left):
            def or_die(*words, **more):
                if not left[0]:
                    raise KeyboardInterrupt
                left[0] -= 1
                return done(*words, **more)

            return or_die

        with monkeypatch.context() as patch:
            for module, name in ((Path, "unlink"), (os, "replace")):
                patch.setattr(module, name, die(getattr(module, name)))
            try:
                write_manifest(ACUTE, more, folder)
                moments = moment
            except KeyboardInterrupt:
                pass
        assert made(folder) == set() or listed(folder) == {run.file for run in ACUTE.plan(Options(2))}
        if moments:
            break
    assert moments > len(MADE)
    assert listed(folder) == {run.file for run in more} and made(folder) == set()


def test_claims_keep_others_listed_and_take_away_what_was_made_without_theirs(tmp_path, killed):
    mine = stored(tmp_path)
    theirs = ACUTE.plan(Options(2, sheets=("sst",)))
    with pytest.raises(ExecuteError):
        conduct.complete(ACUTE, theirs, theirs, tmp_path, 1, conduct.console())
    assert listed(tmp_path) == {run.file for run in (*mine, *theirs)}
    assert made(tmp_path) == set()


def test_a_report_is_taken_back_when_another_process_asked_otherwise_meanwhile(tmp_path):
    runs = stored(tmp_path)
    meanwhile = replace(
        TOY, draw=lambda dataset, folder: write_manifest(ACUTE, ACUTE.plan(Options(3)), folder) or []
    )
    with pytest.raises(ExecuteError, match="meanwhile"):
        report.report(meanwhile, runs, tmp_path, conduct.console())
    assert made(tmp_path) == set()
    report.report(TOY, runs, tmp_path, conduct.console())
    assert {"sweep.h5", "summary.csv"} == made(tmp_path) and listed(tmp_path) == {run.file for run in runs}


@pytest.mark.parametrize("place", ["../../victim", "/etc/victim", "..", "a\0b"])
def test_a_hostile_study_names_nothing_outside_its_folder_for_removal(tmp_path, place):
    folder = tmp_path / "in" / "out"
    folder.mkdir(parents=True)
    victim = tmp_path / "victim.png"
    victim.write_bytes(b"mine")
    manifest.remove_made(folder, ("acute", "x/"), {place, str(tmp_path / "victim")})
    assert victim.read_bytes() == b"mine"


# Jobs


def job(folder: Path, runs: list[Run]) -> Path:
    folder.joinpath("runs.txt").write_text("\n".join(run.file for run in runs))
    return folder / "runs.txt"


def test_a_job_lists_the_runs_of_its_study_so_that_the_folder_can_be_read(call, tmp_path):
    runs = ACUTE.plan(Options(2))
    finish(tmp_path / "out", runs)
    assert (
        call("run", "acute", "--seeds", 2, "--among", job(tmp_path, runs[:1]), "--out", tmp_path / "out")[0]
        == 0
    )
    assert listed(tmp_path / "out") == {run.file for run in runs}
    for command in ("verify", "status", "inspect"):
        code, out, err = call(command, tmp_path / "out")
        assert (code, err) == (0, "") and "2 of 2" in out
    assert load(tmp_path / "out").sizes["seed"] == 2


def test_a_job_leaves_a_study_that_lists_its_runs_and_its_report_as_they_are(call, tmp_path):
    runs = stored(tmp_path / "out", Options(3))
    before = content(tmp_path / "out")
    assert (
        call("run", "acute", "--seeds", 2, "--among", job(tmp_path, runs[:1]), "--out", tmp_path / "out")[0]
        == 0
    )
    assert content(tmp_path / "out") == before
    code, _, err = call(
        "run",
        "acute",
        "--scale",
        2,
        "--seeds",
        2,
        "--out",
        tmp_path / "out",
        "--among",
        job(tmp_path, ACUTE.plan(Options(2, scale=2.0))),
    )
    is_one_sentence(err, "--scale 1, not 2")
    assert (code, content(tmp_path / "out")) == (USAGE, before)


def test_every_figure_that_a_study_declares_is_drawn_under_that_name():
    for name in ("cascade", "physiology"):
        folder = Path(figures.__file__).parent
        source = "".join((folder / f"{one}.py").read_text() for one in (name, "receptors"))
        assert all(f'"{figure}"' in source for figure in find_study(name).figures)
