"""What the machinery of sweeps costs: `python benchmarks/sweeps.py [--json] [rows]`, rows: overhead workers
sweep status help.

Medians of interleaved rounds on this machine, each against what was asked of it.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from prelimbic.circuits import engine
from prelimbic.experiments.storage.dataset import load, write_sweep
from prelimbic.experiments.storage.store import is_whole, write_run
from prelimbic.experiments.studies.registry import find_study
from prelimbic.experiments.sweep.execute import ONE_THREAD, execute
from prelimbic.experiments.sweep.study import Options, Run, carry_out, prepare, write_manifest
from prelimbic.parameters.granted import available_cpus
from prelimbic.plasticity import cascade, spines
from prelimbic.simulation.record import arrange
from prelimbic.simulation.run import simulate

COMMAND = Path(sys.executable).with_name("prelimbic")
STUDY = find_study("dose_response")
ROUNDS, RUNS, LISTED = 5, 1000, 10_000
QUIET = Console(quiet=True)


@dataclass(frozen=True)
class Row:
    """One measurement: its median, least and most, and what was asked."""

    what: str
    values: list[float]
    unit: str
    goal: str
    met: Callable[[float], bool]

    def as_dict(self) -> dict[str, Any]:
        middle = statistics.median(self.values)
        return {
            "what": self.what,
            "median": middle,
            "least": min(self.values),
            "most": max(self.values),
            "unit": self.unit,
            "goal": self.goal,
            "met": self.met(middle),
        }


@contextmanager
def timed(places: list[tuple[type, str]]) -> Iterator[list[float]]:
    """Adds up the seconds spent in some methods."""
    spent, known = [0.0], [getattr(owner, name) for owner, name in places]

    def counted(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*words: Any, **more: Any) -> Any:
            begun = time.perf_counter()
            try:
                return method(*words, **more)
            finally:
                spent[0] += time.perf_counter() - begun

        return call

    for (owner, name), method in zip(places, known, strict=True):
        setattr(owner, name, counted(method))
    try:
        yield spent
    finally:
        for (owner, name), method in zip(places, known, strict=True):
            setattr(owner, name, method)


def overhead() -> Iterator[Row]:
    """Of a default run: what is neither the simulation binary nor the slow layer, and what of that is around
    the computation.
    """
    run, outside, around = STUDY.plan(Options(seeds=1))[3], [], []
    prepare([run])
    computing = [0.0]

    def compute(*words: Any) -> Any:
        begun = time.perf_counter()
        found = run.compute(*words)
        computing[0] = time.perf_counter() - begun
        return found

    with tempfile.TemporaryDirectory() as folder:
        carry_out(run, Path(folder), True, lambda s: None)
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            with timed(
                [(engine.Process, "call"), (cascade.Cascade, "advance"), (spines.Spines, "advance")]
            ) as busy:
                carry_out(replace(run, compute=compute), Path(folder), True, lambda s: None)
            wall = time.perf_counter() - begun
            outside.append(100 * (1 - busy[0] / wall))
            around.append(100 * (1 - computing[0] / wall))
    yield Row(
        "of a default run, all but the simulation binary and the slow layer",
        outside,
        "%",
        "< 5",
        lambda v: v < 5,
    )
    yield Row(
        "of that, around the computation: provenance, digests, storing", around, "%", "", lambda v: True
    )


def workers() -> Iterator[Row]:
    """How much faster two workers are than one."""
    runs = STUDY.plan(Options(seeds=2))[:8]
    prepare(runs)
    ratios = []
    for _ in range(ROUNDS):
        took = {}
        for count in (1, 2):
            with tempfile.TemporaryDirectory() as folder:
                begun = time.perf_counter()
                execute(runs, Path(folder), count, True, QUIET)
                took[count] = time.perf_counter() - begun
        ratios.append(took[1] / took[2])
    yield Row(
        f"two workers against one, 8 default runs, {available_cpus()} cores",
        ratios,
        "times",
        ">= 1.8",
        lambda v: v >= 1.8,
    )


def sweep() -> Iterator[Row]:
    """sweep.h5 of a thousand runs, whose numbers are those of one."""
    runs = STUDY.plan(Options(seeds=-(-RUNS // 6)))[:RUNS]
    small = replace(runs[3].config, scale=0.5)
    prepare([Run({}, small)])
    groups = arrange(small, simulate(small, True, lambda s: None))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for run in runs:
            write_run(folder / run.file, run.config, groups, {})
        write_manifest(STUDY, runs, folder)
        sealed = _spent(lambda: [is_whole(folder / run.file, run.config.run_id()) for run in runs])
        took = [_spent(lambda: write_sweep(load(folder), folder)) for _ in range(ROUNDS)]
    yield Row(
        f"sweep.h5 and summary.csv of {RUNS} runs, once their seals were read",
        took,
        "s",
        "< 2",
        lambda v: v < 2,
    )
    yield Row(f"reading the seals of {RUNS} runs", [sealed], "s", "", lambda v: True)


def status() -> Iterator[Row]:
    """`prelimbic status` of ten thousand runs."""
    runs = [
        {
            "file": f"seed-{k}_{k:016x}.h5",
            "run_id": f"{k:016x}",
            "place": {"dose": 1, "seed": k},
            "seconds": 200.0,
        }
        for k in range(LISTED)
    ]
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "study.json").write_text(
            json.dumps({"study": STUDY.name, "axes": STUDY.axes, "runs": runs})
        )
        for run in runs[: LISTED // 2]:
            (Path(name) / str(run["file"])).touch()
        took = [
            _spent(lambda: subprocess.run([COMMAND, "status", name], check=True, capture_output=True))
            for _ in range(ROUNDS)
        ]
    yield Row(f"prelimbic status of {LISTED} runs", took, "s", "< 2", lambda v: v < 2)


def help_() -> Iterator[Row]:
    """`prelimbic --help`."""
    took = [
        _spent(lambda: subprocess.run([COMMAND, "--help"], check=True, capture_output=True))
        for _ in range(ROUNDS)
    ]
    yield Row("prelimbic --help", took, "s", "< 0.5", lambda v: v < 0.5)


def _spent(deed: Callable[[], object]) -> float:
    begun = time.perf_counter()
    deed()
    return time.perf_counter() - begun


ROWS = {"overhead": overhead, "workers": workers, "sweep": sweep, "status": status, "help": help_}


def main() -> None:
    """Print a table of the rows asked for, or JSON."""
    if any(name not in os.environ for name in ONE_THREAD):  # as workers have it
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | dict.fromkeys(ONE_THREAD, "1"))
    asked = [word for word in sys.argv[1:] if word != "--json"] or list(ROWS)
    found = [row.as_dict() for name in asked for row in ROWS[name]()]
    if "--json" in sys.argv:
        print(json.dumps(found, indent=1))
        return
    print("| what | median | least to most | unit | asked | |\n|---|---|---|---|---|---|")
    for row in found:
        met = ("met" if row["met"] else "missed") if row["goal"] else ""
        spread = f"{row['least']:.3g} to {row['most']:.3g}"
        print(f"| {row['what']} | {row['median']:.3g} | {spread} | {row['unit']} | {row['goal']} | {met} |")


if __name__ == "__main__":
    main()
