"""A user's own module may be called anything: what stands beside a notebook must not take the place of a
part of this program.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

GENERIC = (
    "parameters",
    "pharmacology",
    "circuits",
    "plasticity",
    "simulation",
    "patients",
    "experiments",
    "library",
    "tests",
)


def test_users_modules_of_the_same_names_break_nothing(tmp_path: Path) -> None:
    for name in GENERIC:
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('a module of the user')\n")
    words = "import sys; sys.path.insert(0, ''); from prelimbic import load; load('nothing there')"
    done = subprocess.run(
        [sys.executable, "-c", words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "AbsentError: nothing there does not exist" in done.stderr.splitlines()[-1], done.stderr
