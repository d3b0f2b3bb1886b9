"""The studies there are: those that ship, and those that other packages bring."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from prelimbic.experiments.questions.shipped import shipped_protocols
from prelimbic.experiments.questions.study import study_of
from prelimbic.experiments.readouts.answer import Answer
from prelimbic.experiments.sweep.reads import Reads
from prelimbic.experiments.sweep.study import Options, Run, Study, StudyError
from prelimbic.experiments.trials.shipped import BEGINS, find_trial, shipped_trials
from prelimbic.experiments.trials.study import study_of as study_of_trial
from prelimbic.parameters import unknown
from prelimbic.parameters.brought import (
    FUNCTION,
    NAME,
    TEXT,
    TEXTS,
    Kind,
    asked,
    load,
    misfit,
    origin,
    points,
    warn_left_out,
)
from prelimbic.patients.trial_file import is_trial
from prelimbic.simulation.written import read_question

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
    "ex_vivo",
    "occlusion",
    "circuit_prior",
    "influence",
    "validation",
]
GROUP = "prelimbic.studies"
COMMAND = "prelimbic.experiments.cli.command:main"  # the script `prelimbic` of this package
KINDS: dict[str, Kind] = {
    "name": NAME,
    "question": TEXT,
    "axes": (
        "a dictionary of axes and their units",
        lambda given: (
            isinstance(given, dict) and all(isinstance(each, str) for pair in given.items() for each in pair)
        ),
    ),
    "plan": FUNCTION,
    "answer": FUNCTION,
    "draw": FUNCTION,
    "sheet": TEXT,
    "seeds": ("a whole number from 1", lambda given: type(given) is int and given > 0),
    "figures": TEXTS,
    "reads": ("of type Reads", lambda given: isinstance(given, Reads)),
    "inert": FUNCTION,
}
_scripts: dict[str, Study] = {}  # of this process, run as scripts


def all_studies() -> list[str]:
    """Names of all studies, be they usable or not: first those that ship, then those of other packages."""
    return [*SHIPPED, *dict.fromkeys(point.name for point in points(GROUP) if point.name not in SHIPPED)]


def usable_studies(tell: Callable[[str], None] = warn_left_out) -> list[Study]:
    """All studies but those of other packages that cannot be used, of each of which `tell` hears why."""
    for point in points(GROUP):
        if point.name in SHIPPED:
            tell(f"study {point.name} of {origin(point)} is left out: a study that ships is called so")
    found = [find_study(name) for name in SHIPPED]
    for name in all_studies()[len(SHIPPED) :]:
        try:
            found.append(_brought(name))
        except StudyError as error:
            tell(f"{error}; it is left out")
    return found


def studies() -> pd.DataFrame:
    """Every study, one row each, by `name`: its `question`, the `axes` of its runs with their units in
    brackets, and the circuit `sheet` and the number of `seeds` that it is run with unless asked otherwise.

    Raises nothing; warns with LeftOutWarning of a study that another package brings and that cannot be used.
    """
    import pandas as pd  # as heavy as all the rest

    found = usable_studies()
    rows = [(s.name, s.question, ", ".join(map(_axis, s.axes.items())), s.sheet, s.seeds) for s in found]
    return pd.DataFrame(rows, columns=["name", "question", "axes", "sheet", "seeds"]).set_index("name")


def _axis(axis: tuple[str, str]) -> str:
    return f"{axis[0]} ({axis[1]})" if axis[1] else axis[0]


def find_study(name: str) -> Study:
    """The study called `name`, or that of a question in the file of this name.  Raises StudyError naming the
    studies there are, and for one of a script or of another package that cannot be used.
    """
    if name in _scripts:
        return _of_script(name)
    if name.endswith(".toml"):
        return _in_file(Path(name))
    if name in shipped_protocols():
        return _in_file(shipped_protocols()[name])
    if name.removeprefix(BEGINS) in shipped_trials() and name.startswith(BEGINS):
        return _of_trial(name)
    if name in SHIPPED:
        shipped: Study = import_module(f"prelimbic.experiments.studies.{name}").STUDY
        return shipped
    if name not in all_studies():
        raise StudyError(unknown("study", name, [*all_studies(), *shipped_protocols()]))
    return _brought(name)


def _in_file(path: Path) -> Study:
    """The study of a question in a file.  Raises UsageError."""
    if path.stem in SHIPPED:
        raise StudyError(f"{path}: a study that ships is called {path.stem}; call the file otherwise")
    return _of_trial(str(path)) if is_trial(path) else study_of(read_question(path), path.stem)


def _of_trial(name: str) -> Study:
    """The study of a trial that ships, or of one in a file."""
    found, trial = find_trial(name)
    return study_of_trial(trial, found)


def as_script(study: Study) -> NoReturn:
    """Run a study, be it registered or not, with the options of `prelimbic run`, those of this script.
    Raises StudyError where the command is not installed.
    """
    ours = [p for p in entry_points(group="console_scripts", name="prelimbic") if p.value == COMMAND]
    if not ours:
        raise StudyError("a study as a script needs the command prelimbic, which is not installed here")
    if not _ships(study.name):  # workers find those that ship by their module
        _scripts[study.name] = study
    sys.exit(ours[0].load()(["run", study.name, *sys.argv[1:]]))


def is_script(name: str) -> bool:
    """Whether only this process knows the study, as the script that it runs."""
    return name in _scripts


def _of_script(name: str) -> Study:
    if name in SHIPPED and _script().parts[-3:] == _tail(name):
        raise StudyError(f"{_script()} is not the study {name} that is installed: install this checkout")
    if name in SHIPPED:
        raise StudyError(f"a study that ships is called {name}: call the one of this script otherwise")
    if wrong := misfit(_scripts[name], KINDS):
        raise StudyError(f"study {name} of {_script()}: {wrong}")
    return _scripts[name]


def _ships(name: str) -> bool:
    """Whether the script that runs is the study of this name that ships: the installed file, or one of a
    checkout with the same text.
    """
    if name not in SHIPPED or _script().parts[-3:] != _tail(name):
        return False
    found = find_spec(f"prelimbic.experiments.studies.{name}")
    return bool(found and found.origin and Path(found.origin).read_text() == _script().read_text())


def _script() -> Path:
    return Path(getattr(sys.modules["__main__"], "__file__", None) or "").resolve()


def _tail(name: str) -> tuple[str, ...]:
    """The end of the path of a study that ships."""
    return ("experiments", "studies", f"{name}.py")


def _brought(name: str) -> Study:
    """The study of this name that another package brings."""
    bringing = [point for point in points(GROUP) if point.name == name]
    if len(bringing) > 1:
        both = " and ".join(map(origin, bringing))
        raise StudyError(f"study {name} is brought twice, by {both}: rename one")
    (point,) = bringing
    study = load(point, "study", StudyError)
    if not isinstance(study, Study):
        raise StudyError(f"study {name}: {origin(point)} is not a Study")
    if wrong := misfit(study, KINDS):
        raise StudyError(f"study {name} of {origin(point)}: {wrong}")
    if study.name != name:
        raise StudyError(f"study {name}: {origin(point)} is a Study called {study.name}")
    return _guarded(study, point)


def _guarded(study: Study, point: EntryPoint) -> Study:
    """The study with its functions such that what goes wrong in them is told in a sentence."""
    where = f"study {study.name} of {origin(point)}"

    def plan(options: Options) -> list[Run]:
        runs = asked(f"{where}: its plan", lambda: study.plan(options), StudyError)
        if not isinstance(runs, list) or not runs or not all(isinstance(run, Run) for run in runs):
            raise StudyError(f"{where}: its plan gives no list of Runs")
        return runs

    def answer(dataset: Any) -> Answer:
        found = asked(f"{where}: its answer", lambda: study.answer(dataset), StudyError)
        if not isinstance(found, Answer):
            raise StudyError(f"{where}: its answer gives no Answer")
        return found

    def draw(dataset: Any, folder: Path) -> list[Path]:
        drawn = asked(f"{where}: its draw", lambda: study.draw(dataset, folder), StudyError)
        if not isinstance(drawn, list) or not all(isinstance(path, Path) for path in drawn):
            raise StudyError(f"{where}: its draw gives no list of paths")
        return drawn

    return replace(study, plan=plan, answer=answer, draw=draw)
