"""What docs/extend.md promises: something of one's own is added in few places, and renames no stored run."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from prelimbic.experiments.claims import board
from prelimbic.experiments.studies import registry
from prelimbic.experiments.studies.registry import all_studies, find_study
from prelimbic.experiments.sweep import cluster
from prelimbic.experiments.sweep.queue import Jobs, Queue
from prelimbic.experiments.sweep.study import DEFAULT_SHEET, Options, StudyError
from prelimbic.parameters import (
    SheetError,
    circuit_sheet,
    numbers,
)
from prelimbic.parameters.sheet import SHEETS
from tests.ourlab import CLAIMS, SHEET, STUDY
from tests.said import is_one_sentence

# Of another package


def test_a_study_of_another_package_is_listed_and_planned_like_one_that_ships(package, call):
    package({"studies": "ours = ourlab.ours:STUDY"}, ours=STUDY)
    assert all_studies()[-1] == "ours"
    runs = find_study("ours").plan(Options(2))
    assert [run.place for run in runs] == [{"sheet": DEFAULT_SHEET, "seed": seed} for seed in (1, 2)]
    assert runs[0].compute.__module__ == "ourlab.ours"  # by which a worker finds it
    code, out, _ = call("run", "ours", "--list", "--seeds", "1")
    assert code == 0 and "ours" in call("studies")[1] and runs[0].file in out


def test_a_study_keeps_its_name_when_another_package_brings_it_too(package):
    package({"studies": "acute = ourlab.ours:STUDY"}, ours=STUDY)
    assert find_study("acute").name == "acute" and find_study("acute").question != "Is it so?"
    assert all_studies().count("acute") == 1


def test_a_script_is_a_study_of_this_process_but_takes_no_name_that_ships(monkeypatch):
    monkeypatch.setattr(registry, "_scripts", {})
    monkeypatch.setattr(registry, "entry_points", lambda **_: [Pretended()])
    monkeypatch.setattr(sys, "argv", ["mine.py", "--list"])
    mine = replace(find_study("acute"), name="mine")
    with pytest.raises(SystemExit) as left:
        registry.as_script(mine)
    assert left.value.code == ["run", "mine", "--list"]
    assert find_study("mine") is mine and registry.is_script("mine")
    with pytest.raises(SystemExit):
        registry.as_script(find_study("acute"))  # from here, which is not the script that ships
    with pytest.raises(StudyError, match="ships is called acute"):
        find_study("acute")


class Pretended:
    """The entry point of the command."""

    value = registry.COMMAND

    def load(self) -> Callable[[list[str]], list[str]]:
        return lambda words: words


def test_claims_of_another_package_stand_behind_those_that_ship(package, call):
    package({"claims": "ours = ourlab.ours:CLAIM"}, ours=CLAIMS)
    assert [claim.id for claim in board.all_claims()] == [*(c.id for c in board.ALL_CLAIMS), "LAB1"]
    code, out, _ = call("claims", "LAB1", "--json")
    assert code == 0 and '"verdict": "holds"' in out


def test_a_sheet_of_another_package_is_asked_for_by_name(package, call):
    package({"sheets": "ours = ourlab.sheets"}, **{"sheets/ours.toml": SHEET})
    assert circuit_sheet("ours").lineage[:2] == ("ours", "point")
    own = numbers("leak", sheet="ours")
    assert own[own["name"] == "ours.Pyr.leak"]["value"].tolist() == [9.0]
    code, out, err = call("numbers", "--sheet", "ours")
    assert code == 0 and "ours.Pyr.leak" in out, err
    code, out, err = call("run", "acute", "--list", "--sheet", "ours", "--seeds", "1")
    assert code == 0 and "ours_" in out, err


def test_runs_of_a_brought_sheet_hold_it_as_it_was_planned(package, tmp_path):
    home = package(
        {"sheets": "ours = ourlab:SHEETS"}, __init__="SHEETS = __path__[0]", **{"ours.toml": SHEET}
    )
    runs = find_study("acute").plan(Options(1, sheets=("ours",)))
    before = runs[0].config.run_id()
    (home / "ours.toml").write_text(SHEET.replace("9.0", "8.0"))
    assert runs[0].config.run_id() == before
    words = cluster._frozen(runs, ["acute", "--sheet=ours"], tmp_path)
    again = find_study("acute").plan(Options(1, sheets=(words[1].partition("=")[2],)))
    assert [run.file for run in again] == [run.file for run in runs]


def test_a_name_that_ships_stays_with_what_ships(package):
    package(
        {"sheets": "ours = ourlab"}, **{"point.toml": SHEET.replace("point", "sst"), "species.toml": SHEET}
    )
    assert circuit_sheet("point").path == SHEETS / "point.toml"
    with pytest.raises(SheetError, match="unknown circuit sheet 'species'"):
        circuit_sheet("species")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ours = ourlab:__name__", "neither a package nor the path of a folder"),
        ("ours = nothing_there", "sheets ours of nothing_there of package ourlab cannot be imported"),
    ],
)
def test_sheets_that_cannot_be_used_are_told_in_a_sentence_and_those_that_ship_go_on(package, line, said):
    package({"sheets": line})
    with pytest.raises(SheetError, match=said):
        circuit_sheet("ours")
    assert circuit_sheet("point").name == "point"


# What the page says


ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "extend.md").read_text()


def block(kind: str, has: str) -> str:
    """The first block of the page of a kind that has a text in it."""
    return next(b for b in re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL) if has in b)


def test_the_package_of_the_page_brings_a_study_a_claim_and_a_sheet(package, call):
    files = {
        "my_study": block("python", "STUDY = Study"),
        "findings": block("python", "CLAIM = Claim"),
        "sheets/mine.toml": block("toml", "based_on"),
    }
    groups = {"studies": "my_study", "claims": "ourlab", "sheets": "ourlab"}
    points = {}
    for group, name in groups.items():
        named = re.search(rf'prelimbic.{group}"]\n({name}) = "(.*)"', PAGE)
        points[group] = f"{named[1]} = {named[2]}"
    package(points, **files)
    code, out, err = call("run", "my_study", "--list", "--seeds", "1", "--sheet", "mine")
    assert code == 0 and "mine_seed-1_" in out, err
    assert board.all_claims()[-1].id == "LAB1"
    numbers_used = find_study("my_study").plan(Options(1))[0].config.numbers()
    assert "compounds.memantine.hill" in numbers_used and "compounds.mk801.hill" not in numbers_used


def test_files_that_the_page_names_are_there():
    named = {*re.findall(r"`((?:parameters|simulation|plasticity|circuits|experiments)/[\w/.]+)`", PAGE)}
    assert len(named) > 12
    assert not [
        name for name in named if not (ROOT / name).exists() and "NAME" not in name and "my_" not in name
    ]


# A batch system


class Here(Queue):
    """A batch system that is done at once."""

    title, command, cancel = "Here", "sh", "kill"

    @staticmethod
    def check(jobs: Jobs) -> None:
        if jobs.time:
            raise StudyError("--time is not known here")

    def jobs(self, *, patience: float | None = None) -> dict[str, str]:
        return {}

    def cancelled(self) -> bool:
        return False

    def most(self) -> int:
        return 2

    def submit(self, jobs: Jobs, count: int, command: list[str], script: Path) -> str:
        script.write_text(" ".join([*command, "--share", f"k/{count}"]))
        for file in script.with_suffix(".txt").read_text().split():
            (self.folder / file).touch()
        return "17"

    @staticmethod
    def requeued(stopped: object) -> bool:
        return False


def test_a_further_batch_system_is_a_kind_of_queue_in_one_table(call, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(cluster.BACKENDS, "here", Here)
    runs = find_study("acute").plan(Options(3))

    def missing() -> list:
        return [run for run in runs if not (tmp_path / run.file).exists()]

    words = ["acute", "--seeds=3"]
    cluster.drive(runs, missing, (), tmp_path, Jobs("here"), words, Console(width=200))
    assert "submitted job 17: 2 shares of 3 runs" in capsys.readouterr().out
    script = next(tmp_path.rglob("round-1.sh")).read_text()
    assert "run acute --seeds=3" in script and script.endswith("--share k/2")
    code, _, err = call("run", "acute", "--cluster", "here", "--time", "1:00")
    is_one_sentence(err, "--time is not known here")
    assert code == 2
    assert Here(tmp_path).there() and "here" in call("run", "acute", "--cluster", "pbs")[2]
