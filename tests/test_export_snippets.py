"""Every snippet of docs/export.md reads what it says it reads, where its reader is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from prelimbic.experiments.exchange.export import FORMATS
from tests import exported

PAGE = Path(__file__).parents[1] / "docs" / "export.md"
SNIPPETS = re.findall(r"```(python|r|octave)\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
INTERPRETERS = {"r": ("Rscript",), "octave": ("octave-cli", "--no-gui")}
IMPORTS = re.compile(r"^(?:import|from) ([\w.]+)", flags=re.MULTILINE)

# fixtures: they act in every file that has their name
made = exported.made


def called(snippet: tuple[str, str]) -> str:
    language, text = snippet
    if language != "python":
        return language
    return "python " + IMPORTS.findall(text)[0].partition(".")[0]


def test_every_format_has_a_snippet_and_a_row_in_the_table():
    page = PAGE.read_text()
    for to, kind in FORMATS.items():
        assert f"| [{to}](#{to}) |" in page
        assert any(f"run{kind.end}" in text or f"study{kind.end}" in text for _, text in SNIPPETS), to
        assert not kind.package or f"'prelimbic[{to}]'" in page


def marked(snippet: tuple[str, str]) -> Any:
    """Pynapple compiles when it is imported."""
    marks = [pytest.mark.slow] if called(snippet) == "python pynapple" else []
    return pytest.param(snippet, id=called(snippet), marks=marks)


@pytest.mark.parametrize("snippet", [*map(marked, SNIPPETS)])
def test_a_snippet_of_the_page_runs(snippet, made, monkeypatch, tmp_path):
    language, text = snippet
    monkeypatch.chdir(made)
    if language == "python":
        for name in IMPORTS.findall(text):
            pytest.importorskip(name, reason=f"{name} is not installed")
        if "zarr" in text:
            pytest.importorskip("zarr", reason="zarr is not installed")
        exec(compile(text, str(PAGE), "exec"), {})
        return
    program, *options = INTERPRETERS[language]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    (tmp_path / f"snippet.{language}").write_text(text)
    words = [program, *options, str(tmp_path / f"snippet.{language}")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 and done.stdout, done.stderr
