"""Trials that ship: designs in files, by name."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from prelimbic.parameters import unknown
from prelimbic.patients.trial import Trial, TrialError
from prelimbic.patients.trial_file import read_trial

if TYPE_CHECKING:
    import pandas as pd

FOLDER = Path(str(files("prelimbic.experiments") / "trials"))
BEGINS = "trial_"  # the name of the study of a trial


@cache
def shipped_trials() -> dict[str, Path]:
    """The files of all trials that ship, by name."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.toml"))}


def trials() -> pd.DataFrame:
    """Every trial that ships, one row each, by `name`: its `title`, `design`, `blinding`, `arms`, number of
    `subjects` and the `file`, which can be copied, changed and run; times in it have their units.  Raises
    nothing.
    """
    import pandas as pd  # as heavy as all the rest

    columns = ["name", "title", "design", "blinding", "arms", "subjects", "file"]
    found = [(name, read_trial(path), str(path)) for name, path in shipped_trials().items()]
    rows = [
        (name, t.title, t.design, t.blinding, "; ".join(arm.name for arm in t.arms), t.subjects, file)
        for name, t, file in found
    ]
    return pd.DataFrame(rows, columns=columns).set_index("name")


def find_trial(name: str) -> tuple[str, Trial]:
    """The name of the study, and the trial, of one that ships or of a TOML file.  Raises TrialError naming
    those that ship.
    """
    plain = name.removeprefix(BEGINS)
    if name.endswith(".toml"):
        return BEGINS + Path(name).stem.removeprefix(BEGINS), read_trial(name)
    if plain not in shipped_trials():
        raise TrialError(f"{unknown('trial', name, shipped_trials())}, or the path of a .toml file")
    return BEGINS + plain, read_trial(shipped_trials()[plain])
