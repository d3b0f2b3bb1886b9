"""A study in a folder, asked of in every way while calls about one of its files fail by the shim of
tests.machine.

    python -m tests.law FOLDER SAYS < [[call, error number], ...]

Prints, for every failure, what was said and what was computed, in JSON.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from prelimbic.experiments.claims.bench import Bench
from prelimbic.experiments.cli import command
from prelimbic.experiments.storage.dataset import load
from prelimbic.experiments.storage.files import DamagedError, UnreadableError
from prelimbic.experiments.storage.store import _held
from prelimbic.experiments.sweep import conduct
from prelimbic.experiments.sweep.kept import read
from prelimbic.experiments.sweep.marks import Marks
from prelimbic.experiments.sweep.queue import Jobs
from prelimbic.experiments.sweep.study import Options
from tests.results import STUDY, planned

RUNS = [planned(dose, seed) for dose in (0.0, 10.0) for seed in (1, 2)]


def main(folder: Path, says: Path) -> None:
    computed: list[str] = []
    changed: Any = conduct
    changed.execute = lambda todo, *rest: computed.extend(run.file for run in todo)
    changed._prepare = changed.prepare = lambda *rest: True
    changed.drive = lambda runs, missing, *rest: computed.extend(run.file for run in missing())
    study = replace(STUDY, plan=lambda options: RUNS)
    options = Options(out=folder)
    among = says.with_name("among.txt")
    among.write_text("\n".join(run.file for run in RUNS))
    Bench.folder = lambda self, study: folder  # type: ignore[method-assign]
    bench = Bench(results=folder.parent)
    asked: dict[str, Callable[[], Any]] = {
        "run": lambda: conduct.conduct(study, options),
        "list": lambda: conduct.listing(study, options),
        "share": lambda: conduct.conduct(study, replace(options, share=(1, 2))),
        "among": lambda: conduct.conduct(study, replace(options, among=among)),
        "cluster": lambda: conduct.conduct_on_cluster(study, options, Jobs(), []),
        "claims": lambda: conduct.complete(study, RUNS, RUNS, folder, 1, conduct.console()),
        "bench": lambda: bench._stored(folder.name, False),
        "load": lambda: load(folder),
        "verify": lambda: _called("verify", folder),
        "inspect": lambda: _called("inspect", folder),
        "status": lambda: _called("status", folder),
        "checkpoint": lambda: read(Marks(folder).checkpoint(RUNS[0].file), {"run_id": "this"}),
    }
    answers = []
    for call, number in json.load(sys.stdin):
        says.write_text(f"{call} {number}")
        for name, ask in asked.items():
            _held.clear()
            computed.clear()
            answers.append([call, number, name, _end(ask), list(computed)])
    print(json.dumps(answers))


def _end(ask: Callable[[], Any]) -> str:
    """How a question ended: the kind of answer, and what was said."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            ask()
            return f"answered: {said.getvalue()}"
        except UnreadableError as error:
            return f"unreadable: {error}; {said.getvalue()}"
        except DamagedError as error:
            return f"damaged: {error}; {said.getvalue()}"
        except Exception as error:
            return f"{type(error).__name__}: {error}; {said.getvalue()}"


def _called(*words: object) -> None:
    try:
        command.main([str(word) for word in words])
    except SystemExit as error:
        if error.code:
            raise RuntimeError(f"code {error.code}") from None


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
