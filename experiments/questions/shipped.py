"""Protocols that ship: questions in files, by name."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from prelimbic.simulation.written import read_question

if TYPE_CHECKING:
    import pandas as pd

FOLDER = Path(str(files("prelimbic.experiments") / "protocols"))


@cache
def shipped_protocols() -> dict[str, Path]:
    """The files of all protocols that ship, by name."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.toml"))}


def protocols() -> pd.DataFrame:
    """Every protocol that ships, one row each, by `name`: its `title`, its `arms` and the `file`, which can
    be copied, changed and run; amounts and times in them have their units.  Raises nothing.
    """
    import pandas as pd  # as heavy as all the rest

    found = [(name, read_question(path), str(path)) for name, path in shipped_protocols().items()]
    rows = [(name, q.title, "; ".join(arm.name for arm in q.arms), file) for name, q, file in found]
    return pd.DataFrame(rows, columns=["name", "title", "arms", "file"]).set_index("name")
