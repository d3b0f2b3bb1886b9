"""Import contracts see import statements alone: what is imported by name stands in a short list."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.rooms import ROOMS

ROOT = Path(__file__).parents[1]
BY_NAME = {
    "import_module",
    "__import__",
    "runpy",
    "run_path",
    "run_module",
    "entry_points",
    "exec_module",
    "module_from_spec",
    "spec_from_file_location",
    "exec",
    "eval",
}
KNOWN = {
    "library/__init__.py": {"import_module"},  # names of the library
    "parameters/brought.py": {"entry_points"},  # of other packages
    "experiments/figures/__init__.py": {"import_module"},  # what draws, and matplotlib
    "experiments/studies/registry.py": {"import_module", "entry_points"},  # studies, and the command
    "experiments/sweep/surroundings.py": {"import_module"},  # matplotlib, without the user's settings
}


def by_name(text: str) -> set[str]:
    """Which of the ways to import by name a module uses."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or "", *(each.name for each in node.names)}
        elif isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
    return found & BY_NAME


def test_only_these_modules_import_by_name():
    paths = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    found = {str(path.relative_to(ROOT)): by_name(path.read_text()) for path in paths}
    assert len(paths) > 150
    assert {path: ways for path, ways in found.items() if ways} == KNOWN


@pytest.mark.parametrize(
    "text",
    [
        "from importlib import import_module as get",
        "import importlib\nimportlib.import_module('x')",
        "__import__('x')",
        "import runpy",
        "from runpy import run_path",
    ],
)
def test_an_import_by_name_is_seen(text):
    assert by_name(text)
