"""Notebooks: each asks one question, is paired with a script of the same cells, and runs as it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.test_honesty import ROOT, executed

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ELSEWHERE = ("first_look", "own_question")  # tests/test_honesty.py runs them


def cells(path: Path) -> list[tuple[str, str]]:
    """Kind and text of each cell."""
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [(cell["cell_type"], "".join(cell["source"]).strip()) for cell in found]


def paired(path: Path) -> list[tuple[str, str]]:
    """The cells of a script in the percent format."""
    body = path.read_text(encoding="utf-8").split("\n# ---\n", 1)[1]
    found = []
    for part in body.split("\n# %%")[1:]:
        head, _, text = part.partition("\n")
        kind = "markdown" if "[markdown]" in head else "code"
        if kind == "markdown":
            text = "\n".join(line.removeprefix("#").removeprefix(" ") for line in text.split("\n"))
        found.append((kind, text.strip()))
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_and_its_script_have_the_same_cells(path):
    assert cells(path) == paired(path.with_suffix(".py"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_asks_a_question_in_few_cells_and_keeps_no_output(path):
    kind, text = cells(path)[0]
    title = text.partition("\n")[0]
    assert kind == "markdown" and title.startswith("# ") and title.endswith("?"), title
    assert len(cells(path)) < 30
    assert "markdown" in {kind for kind, _ in cells(path)[-2:]} or len(cells(path)) < 12
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        assert not cell.get("outputs") and not cell.get("execution_count")


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", [p for p in NOTEBOOKS if p.stem not in ELSEWHERE], ids=lambda path: path.stem
)
def test_a_notebook_runs_from_start_to_end(path, tmp_path):
    executed(path, tmp_path / "results", tmp_path)
