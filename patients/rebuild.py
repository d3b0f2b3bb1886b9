"""Carry out a training: circuit after circuit, kept as they are finished, until enough rest as recorded."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from prelimbic.circuits import compiler, why_no_compiler
from prelimbic.parameters.errors import RunError
from prelimbic.patients.design import CIRCUITS, MOST_DRAWN
from prelimbic.patients.surrogate import (
    FORMAT,
    Surrogate,
    SurrogateError,
    file_name,
    from_json,
    identity,
    kept_folder,
    patients_sheet,
    training_config,
)
from prelimbic.patients.training import examined

Tell = Callable[[int, int, int], None]  # drawn, resting, wanted


class TrainingError(RunError):
    """A training that found too few circuits."""


def rebuilt(
    circuit: str, affinity: str, workers: int = 1, out: Path | None = None, tell: Tell = lambda d, r, w: None
) -> Surrogate:
    """Train the surrogate of a sheet at an affinity and write it to `out`, or where `surrogate` looks first.
    What a training that was stopped had finished is not done again.

    Raises SheetError, SurrogateError where there is no compiler or no way to write, and TrainingError.
    """
    config = training_config(circuit, affinity)
    if compiler() is None:
        raise SurrogateError(
            f"training spikes, which needs a C++ compiler, and none works: {why_no_compiler()}"
        )
    stamp, share = identity(config), patients_sheet().people.draw
    notes = kept_folder() / f"{stamp}.part.json"
    done = _kept(notes)
    for seed, found in _each(lambda seed: examined(config, seed, share), done, workers):
        done[seed] = found
        publish(notes, json.dumps(done))
        tell(len(done), sum(each is not None for each in done.values()), CIRCUITS)
    resting = [seed for seed in sorted(done) if done[seed] is not None][:CIRCUITS]
    if len(resting) < CIRCUITS:
        raise TrainingError(
            f"of {MOST_DRAWN} circuits drawn from sheet {circuit} only {len(resting)} rest as recorded, and "
            f"a surrogate wants {CIRCUITS}"
        )
    whole = {"format": FORMAT, "identity": stamp, "sheet": circuit, "affinity": affinity}
    whole |= {"circuits": {str(seed): done[seed] for seed in resting}, "drawn": resting[-1], "checked": []}
    return written(from_json(whole), out)


def written(found: Surrogate, out: Path | None) -> Surrogate:
    """The surrogate, which is written to `out`, or where `surrogate` looks first.  Raises SurrogateError."""
    path = kept_folder() / file_name(found.circuit, found.affinity) if out is None else out
    publish(path, json.dumps(found.as_json()))
    return replace(found, path=path)


def _each(examine: Callable[[int], Any], done: dict[int, Any], workers: int) -> Any:
    """(seed, what was found) of drawn circuits from the first on, until enough of an unbroken row rest."""
    seeds, waiting = (seed for seed in count(1) if seed not in done), dict[Future[Any], int]()
    with ThreadPoolExecutor(workers) as pool:  # the networks are processes of their own
        try:
            while not _enough(done):
                while len(waiting) < workers:
                    seed = next(seeds)
                    waiting[pool.submit(examine, seed)] = seed
                ended, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in ended:
                    yield waiting.pop(future), future.result()
        finally:
            for future in waiting:
                future.cancel()


def _enough(done: dict[int, Any]) -> bool:
    row = [done[seed] for seed in iter(count(1).__next__, next(s for s in count(1) if s not in done))]
    return sum(each is not None for each in row) >= CIRCUITS or len(row) >= MOST_DRAWN


def _kept(notes: Path) -> dict[int, Any]:
    """What a training that was stopped had finished."""
    try:
        return {int(seed): found for seed, found in json.loads(notes.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError):
        return {}


def publish(path: Path, text: str) -> None:
    """Write a file as a whole or not at all.  Raises SurrogateError."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise SurrogateError(f"{path} cannot be written ({error.strerror or error})") from None
