"""A brief run, a small study, and every export of them that can be written here; made once for all tests."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

import prelimbic as pl
from prelimbic.experiments.exchange.export import FORMATS
from prelimbic.experiments.storage.store import write_run
from prelimbic.simulation.record import arrange
from prelimbic.simulation.run import simulate
from tests.conftest import brief, once
from tests.results import planned, study_of

ASKED = brief(10.0, spikes=True, study="toy")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `run.h5`, which kept its spikes, the folder `study`, and their exports."""
    with once(tmp_path_factory, "exported") as folder:
        if not (folder / "done").exists():
            seen = simulate(ASKED, True, lambda seconds: None)
            write_run(folder / "run.h5", ASKED, arrange(ASKED, seen), {"wall_s": 1.0})
            study_of(folder / "study", [planned(dose, seed) for dose in (0.0, 10.0) for seed in (1, 2)])
            for to, kind in FORMATS.items():
                if not kind.package or find_spec(kind.package):
                    pl.export(folder / "run.h5", to, folder / f"run{kind.end}")
                    if kind.of_study is not None:
                        pl.export(folder / "study", to, folder / f"study{kind.end}")
            (folder / "done").touch()
        return folder


@pytest.fixture(scope="session")
def run(made: Path) -> Path:
    """The file of the brief run."""
    return made / "run.h5"


def needs(to: str) -> None:
    """Skip where what writes a format is not installed."""
    if FORMATS[to].package:
        pytest.importorskip(FORMATS[to].package, reason=f"prelimbic[{to}] is not installed")
