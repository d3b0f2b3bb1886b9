"""What a terminal of 100 columns shows: whole tables, folded where they are wide; the same in JSON; and what
shells complete.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from prelimbic.circuits import Calibration
from prelimbic.experiments.claims.bench import Bench
from prelimbic.experiments.claims.board import ALL_CLAIMS
from prelimbic.experiments.claims.claim import judge
from prelimbic.experiments.cli import calibrating, command
from prelimbic.experiments.cli.claims import as_table
from prelimbic.experiments.readouts.answer import plain, table
from prelimbic.experiments.readouts.seeds import spread
from prelimbic.experiments.sweep import conduct
from prelimbic.experiments.sweep.tables import printed
from prelimbic.parameters import POPULATIONS
from tests.conftest import COMMAND, small_circuit
from tests.said import USAGE, is_one_sentence

WIDTH = 100
INFUSION = ("--species", "human", "--give", "0.5 mg/kg iv over 40min")
TABLES: dict[str, tuple[str, ...]] = {
    "exposure": ("exposure", *INFUSION, "--at", "40min,4h"),
    "a summary": ("exposure", *INFUSION, "--summary"),
    "subjects": ("exposure", *INFUSION, "--at", "40min,4h", "--subjects", "20"),
    "numbers": ("numbers", "PV"),
    "switches": ("switches",),
}


@pytest.fixture
def hundred(monkeypatch) -> None:
    """A terminal of 100 columns."""
    made = lambda *beside: Console(width=WIDTH, markup=False)  # noqa: E731
    monkeypatch.setattr("prelimbic.experiments.sweep.screen.console", made)


def is_whole(text: str) -> bool:
    """Whether no line of a table is longer than the terminal and none of its cells is cut."""
    lines = [line for line in text.splitlines() if line[:1] in "┏┃┡│└├"]
    return bool(lines) and all(len(line) <= WIDTH for line in lines) and "…" not in text


@pytest.mark.parametrize("asked", TABLES)
def test_tables_of_commands_fit_a_hundred_columns(hundred, call, asked):
    code, out, _ = call(*TABLES[asked])
    assert code == 0 and is_whole(out), out


def test_the_board_of_claims_folds_and_no_word_of_it_is_broken():
    receptors = [c for c in ALL_CLAIMS if not c.study and c.role == "CAL"][:4]
    board = judge(receptors, Bench(seeds=2, draws=0))
    screen = Console(width=WIDTH, file=io.StringIO())
    screen.print(as_table(board, WIDTH))
    text = screen.file.getvalue()  # type: ignore[attr-defined]
    cells = " ".join(re.split(r"[\s│]+", text))
    assert is_whole(text)
    for j in board:
        assert text.count(f"│ {j.claim.id} ") >= 2
        assert all(word in cells for m in j.measures for word in m.name.split())


def frame(columns: int) -> Any:
    values = [spread(np.array([1000.0 + k, 1001.5 + k])) for k in range(columns)]
    rows = [((sheet, dose), values) for sheet in ("native", "dendritic") for dose in (0.0, 10.0)]
    headings = [f"some quantity nS, number{k}" for k in range(columns)]
    return table("of what", ("sheet", "mg/kg"), rows, headings, right=("mg/kg",))


def shown(made: Any, width: int) -> str:
    screen = Console(width=width, file=io.StringIO())
    for part in printed(made, width):
        screen.print(part)
    return screen.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize("columns", [1, 4, 12])
def test_an_answer_too_wide_for_the_terminal_folds_and_no_number_is_broken(columns):
    text = shown(frame(columns), WIDTH)
    assert is_whole(text)
    for k in range(columns):
        assert text.count(f"{1000.75 + k:.2f} ± 1.06") == 4 and text.count(f"number{k} ") == 1
    assert text.count("dendritic") == 2 * len(printed(frame(columns), WIDTH))


def test_an_answer_that_fits_stays_one_table():
    assert len(printed(frame(12), 400)) == 1 < len(printed(frame(12), WIDTH))


def test_an_answer_in_json_has_every_number_of_its_table_and_no_nan():
    rows = [(("a", 10.0), [spread(np.array([1.0, 3.0])), None, "text", 2.5])]
    found = json.loads(json.dumps(plain(table("of what", ("sheet", "uM"), rows, ("x", "y", "z", "w")))))
    assert found["title"] == "of what"
    assert found["rows"] == [
        {
            "sheet": "a",
            "uM": 10.0,
            "x": {"mean": 2.0, "sd": pytest.approx(2**0.5)},
            "y": {"mean": None, "sd": None},
            "z": "text",
            "w": 2.5,
        }
    ]


@pytest.mark.parametrize("as_json", [True, False])
def test_a_calibration_is_told_class_by_class_as_a_table_and_in_json(monkeypatch, tmp_path, capsys, as_json):
    circuit = small_circuit("native")
    rates = np.array([[2.0, 10.0, 5.0, 6.0], [3.0, 12.0, 7.0, 8.0]])
    found = Calibration(circuit, (1001, 1002), rates, np.full((2, 4), 0.9))
    screen = Console(width=WIDTH, file=io.StringIO())
    calibrating._report(found, screen, tmp_path / "mine.toml", as_json)
    text = screen.file.getvalue()  # type: ignore[attr-defined]
    if not as_json:
        assert is_whole(text) and "2.50 ± 0.71" in text
        return
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert text == "" and [row["class"] for row in rows] == list(POPULATIONS)
    assert [row["rate Hz"]["mean"] for row in rows] == list(rates.mean(axis=0))


def test_lists_in_json_have_what_their_lines_have(call):
    studies = json.loads(call("studies", "--json")[1])["studies"]
    assert [f"{one['name']:14} {one['question']}" for one in studies] == call("studies")[1].splitlines()
    protocols = json.loads(call("protocols", "--json")[1])["protocols"]
    lines = call("protocols")[1].splitlines()
    assert [one["file"] for one in protocols] == [line.strip() for line in lines[1::2]]
    told = json.loads(call("switches", "--json")[1])
    assert {*told} == {"switches", "manipulations", "inhibitors"}
    assert ("--surge", "off") in {(one["switch"], one["option"]) for one in told["switches"]}


def test_the_runs_and_the_plan_of_a_question_are_listed_in_json(call):
    asked = ("ask", "--species", "rat", "--give", "10 mg/kg ip", "--seeds", "2", "--json")
    code, out, _ = call(*asked, "--list")
    runs = json.loads(out)
    assert code == 0 and {run["state"] for run in runs} == {"missing"} and len(runs) == 4
    code, out, _ = call(*asked, "--plan")
    assert code == 0 and json.loads(out)["plan"][0].startswith("arm ")


def test_an_answer_in_json_is_all_that_stands_on_standard_output(sweep, call, tmp_path):
    shutil.copytree(sweep, tmp_path / "there")
    words = ("run", "dose_response", "--seeds", 1, "--scale", 0.5, "--spikes", "--out", tmp_path / "there")
    code, out, err = call(*words, "--json")
    found = json.loads(out)
    assert code == 0 and (found["study"], found["runs"], found["finished"]) == ("dose_response", 6, 6)
    (told,) = found["tables"]
    assert [row["mg/kg"] for row in told["rows"]] == [0, 1, 3, 10, 30, 100]
    shown = " ".join((tmp_path / "there" / "screen.txt").read_text().split())  # lines are broken there
    assert all(" ".join(line.split()) in shown for line in found["found"])
    assert "skipped" in err and "done in" in err


def test_while_runs_are_missing_json_says_how_far_a_study_is(call, monkeypatch):
    monkeypatch.setattr(conduct, "execute", lambda *given: None)
    monkeypatch.setattr(conduct, "prepare", lambda runs: True)
    code, out, err = call("run", "acute", "--seeds", 2, "--share", "1/2", "--json")
    found = json.loads(out)
    assert code == 0 and set(found) == {"study", "folder", "runs", "finished"}
    assert (found["study"], found["runs"], found["finished"]) == ("acute", 2, 0)
    assert "the report follows" in err


def test_what_a_file_and_a_folder_hold_is_told_in_json(sweep, call, tmp_path):
    path = next(sweep.glob("*_seed-1_*.h5"))
    found = json.loads(call("inspect", path, "--json")[1])
    lines = call("inspect", path)[1]
    assert found["whole"] is True and f"run_id: {found['run_id']}" in lines
    assert {"name", "dimensions", "unit", "meaning"} == set(found["variables"][0])
    shutil.copytree(sweep, tmp_path / "there")
    (tmp_path / "there" / path.name).write_bytes(path.read_bytes()[:-9])
    code, out, err = call("inspect", tmp_path / "there", "--json")
    folder = json.loads(out)
    assert code == 1 and list(folder["damaged"]) == [path.name] and len(folder["whole"]) == 5
    is_one_sentence(err)


# Completion


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_given_a_script_of_its_own(call, shell):
    code, out, _ = call("completion", shell)
    assert code == 0 and "_PRELIMBIC_COMPLETE" in out and "prelimbic" in out
    if place := shutil.which(shell):
        done = subprocess.run([place, "-n"], input=out, text=True, capture_output=True)
        assert (done.returncode, done.stderr) == (0, "")


def test_a_shell_that_is_not_known_is_refused(call):
    code, out, err = call("completion", "bsh")
    assert (code, out) == (USAGE, "") and "bash" in err
    is_one_sentence(err)


COMPLETED = {
    "prelimbic stu": {"studies"},
    "prelimbic run dose_": {"dose_response", "dose_range"},
    "prelimbic run acute --surge o": {"on", "off"},
    "prelimbic run acute --surge on --surge o": {"on", "off"},
    "prelimbic ask --species r": {"rat"},
    "prelimbic run acute --sheet dendr": {"dendritic"},
    "prelimbic run acute --manip": {"--manipulate"},
}


@pytest.mark.parametrize("line", COMPLETED)
def test_a_line_is_completed_with_what_may_stand_there(monkeypatch, capsys, line):
    words = line.split(" ")
    monkeypatch.setenv("_PRELIMBIC_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    with pytest.raises(SystemExit) as caught:
        command.main([])
    assert not caught.value.code
    assert {told.partition(",")[2] for told in capsys.readouterr().out.split()} == COMPLETED[line]


def test_in_a_bash_the_script_completes(tmp_path):
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")
    script = (
        'eval "$(prelimbic completion bash)"\n'
        'COMP_WORDS=(prelimbic run "dose_res"); COMP_CWORD=2\n'
        "_prelimbic_completion prelimbic; echo ${COMPREPLY[@]}\n"
    )
    path = os.pathsep.join([str(COMMAND.parent), os.environ["PATH"]])
    done = subprocess.run(
        [bash, "-c", script], capture_output=True, text=True, env=os.environ | {"PATH": path}
    )
    assert done.stdout.split() == ["dose_response"], done.stderr


def test_every_command_that_prints_a_table_or_a_list_has_it_in_json():
    without = {
        name
        for name, one in command.cli.commands.items()
        if not any("--json" in option.opts for option in one.params)
    }
    # a text, sentences, a script, files
    assert without == {"equations", "verify", "completion", "report", "export"}
