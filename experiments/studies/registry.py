"""The studies there are: those that ship, and those that other packages bring."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import TYPE_CHECKING, NoReturn

from prelimbic.experiments.sweep.study import Study, StudyError
from prelimbic.parameters import unknown
from prelimbic.parameters.brought import load, points

if TYPE_CHECKING:
    import pandas as pd

SHIPPED = [
    "dose_response",
    "acute",
    "physiology",
    "numerics",
    "cascade",
    "ablation_grid",
    "growth_dose",
    "human_dose",
    "stress",
    "blockers",
    "strides",
    "surge",
    "evoked",
    "slice",
    "mk801",
    "knockouts",
    "circuit_prior",
]
GROUP = "prelimbic.studies"
_scripts: dict[str, Study] = {}  # of this process, run as scripts


def all_studies() -> list[str]:
    """Names of all studies: first those that ship, then those of other packages."""
    return [*SHIPPED, *_brought()]


def studies() -> pd.DataFrame:
    """Every study, one row each, by `name`: its `question`, the `axes` of its runs with their units in
    brackets, and the circuit `sheet` and the number of `seeds` that it is run with unless asked otherwise.

    Raises StudyError for a study that another package brings and that cannot be used.
    """
    import pandas as pd  # as heavy as all the rest

    found = [find_study(name) for name in all_studies()]
    rows = [(s.name, s.question, ", ".join(map(_axis, s.axes.items())), s.sheet, s.seeds) for s in found]
    return pd.DataFrame(rows, columns=["name", "question", "axes", "sheet", "seeds"]).set_index("name")


def _axis(axis: tuple[str, str]) -> str:
    return f"{axis[0]} ({axis[1]})" if axis[1] else axis[0]


def find_study(name: str) -> Study:
    """The study called `name`.  Raises StudyError naming the studies there are, and for one that another
    package brings and that cannot be used.
    """
    if name in _scripts and name in SHIPPED:
        raise StudyError(f"a study that ships is called {name}: call the one of this script otherwise")
    if name in _scripts:
        return _scripts[name]
    if name in SHIPPED:
        shipped: Study = import_module(f"prelimbic.experiments.studies.{name}").STUDY
        return shipped
    if name not in _brought():
        raise StudyError(unknown("study", name, all_studies()))
    return _loaded(name, _brought()[name])


def as_script(study: Study) -> NoReturn:
    """Run a study, be it registered or not, with the options of `prelimbic run`, those of this script."""
    if not _ships(study.name):  # workers find those that ship by their module
        _scripts[study.name] = study
    command = next(iter(entry_points(group="console_scripts", name="prelimbic"))).load()
    sys.exit(command(["run", study.name, *sys.argv[1:]]))


def is_script(name: str) -> bool:
    """Whether only this process knows the study, as the script that it runs."""
    return name in _scripts


def _ships(name: str) -> bool:
    """Whether the script that runs is the study of this name that ships."""
    found = find_spec(f"prelimbic.experiments.studies.{name}") if name in SHIPPED else None
    script = getattr(sys.modules["__main__"], "__file__", None)
    return bool(found and found.origin and script and os.path.samefile(found.origin, script))


def _brought() -> dict[str, EntryPoint]:
    """What other packages bring under names that are still free."""
    return {name: point for name, point in points(GROUP).items() if name not in SHIPPED}


def _loaded(name: str, point: EntryPoint) -> Study:
    study = load(point, "study", StudyError)
    if not isinstance(study, Study) or study.name != name:
        raise StudyError(f"study {name}: {point.value} is not a Study called {name}")
    return study
