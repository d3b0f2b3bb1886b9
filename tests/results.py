"""Small result files in place of simulated ones, and what can be done to them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from prelimbic.experiments.readouts.answer import Answer
from prelimbic.experiments.storage.files import sealed
from prelimbic.experiments.storage.hdf5 import content_digest, provenance_digest
from prelimbic.experiments.storage.store import write_run
from prelimbic.experiments.sweep.study import Run, Study, write_manifest
from prelimbic.pharmacology import Dose
from prelimbic.simulation.config import Config
from prelimbic.simulation.protocol import one_day
from prelimbic.simulation.variable import Groups, Variable

SEAL = re.compile(rb"\nprelimbic seal \S+ [0-9a-f]{64}\n\Z")
AXES = {"dose": "mg/kg"}
STUDY = Study(
    "toy", "?", AXES, lambda options: [], lambda dataset: Answer((), ""), lambda dataset, folder: []
)
POPULATIONS = np.array(["Pyr", "PV", "SST", "VIP"], dtype=object)
LOOKS = np.array([-12.0, 0.0, 0.26, 2.0, 24.0])


def planned(dose: float = 10.0, seed: int = 1) -> Run:
    """A run of the toy study, which nobody simulates."""
    return Run(
        {"dose": dose, "seed": seed},
        Config("toy", "sst", "rat", (Dose(dose, "ip"),), 1.0, seed, one_day(0.26)),
    )


def groups(
    number: float, times: np.ndarray = LOOKS, readouts: tuple[str, ...] = ("rest", "peak", "24 h")
) -> Groups:
    """All that a sweep is made of, and one compressed group beside it; every number tells its run and its
    place.
    """
    population = Variable(("population",), POPULATIONS, "", "population")
    rate = 1000 * number + 10 * np.arange(len(readouts))[:, None] + np.arange(4)
    return {
        "summary": {
            "readout": Variable(("readout",), np.array(readouts, dtype=object), "", "when"),
            "population": population,
            "rate": Variable(("readout", "population"), rate, "Hz", "firing rate"),
            "peak_hour": Variable((), np.array(number), "h", "hour of the peak"),
        },
        "traces": {
            "time": Variable(("time",), times, "h", "time of the look"),
            "population": population,
            "rate": Variable(
                ("time", "population"), number + times[:, None] * np.ones(4), "Hz", "firing rate"
            ),
            "looks": Variable(("time",), np.arange(len(times)), "1", "number of the look"),
        },
        "fine": {
            "moment": Variable(("moment",), np.linspace(0, 24, 13), "h", "moment"),
            "mtorc1": Variable(
                ("moment",), np.linspace(number, number + 1, 13).astype(np.float32), "1", "mTORC1"
            ),
        },
        "cells": {
            "spikes": Variable(
                ("time", "cell"), np.arange(5 * 300).reshape(5, 300) % 7, "1", "spikes of each cell"
            )
        },
    }


def written(folder: Path, run: Run, made: Groups | None = None) -> Path:
    """The file of a run."""
    write_run(
        folder / run.file, run.config, made or groups(run.place["dose"] + run.place["seed"]), {"wall_s": 1.0}
    )
    return folder / run.file


def study_of(folder: Path, runs: list[Run], missing: int = 0) -> list[Path]:
    """A study's folder with all its runs but the last few; the paths of all."""
    folder.mkdir(parents=True, exist_ok=True)
    write_manifest(STUDY, runs, folder)
    for run in runs[: len(runs) - missing]:
        written(folder, run)
    return [folder / run.file for run in runs]


def unsealed(content: bytes) -> bytes:
    return SEAL.sub(b"", content)


def reworked(path: Path, change: Callable[[h5py.File], Any], digest: bool = True, seal: bool = True) -> Path:
    """A file after something was done to it by one who forges its digest and its seal as well."""
    path.chmod(0o644)
    path.write_bytes(unsealed(path.read_bytes()))
    with h5py.File(path, "r+") as file:
        run_id = str(file.attrs["run_id"])
        change(file)
        if digest:
            file["provenance"].attrs["content_sha256"] = content_digest(file)
            file["provenance"].attrs["provenance_sha256"] = provenance_digest(file)
    if seal:
        path.write_bytes(sealed(path.read_bytes(), run_id))
    return path


def of_earlier_version(path: Path) -> Path:
    """The file as it was written before there were rows and seals."""
    return reworked(path, lambda file: file.pop("row"), digest=False, seal=False)


def manifest(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "study.json").read_text())


# Units in files: words of UDUNITS, each tried with udunits2 2.2.28, which reads neither uM nor spikes.
UNITS = {
    "1",
    "%",
    "s",
    "ms",
    "min",
    "h",
    "Hz",
    "mV",
    "pA",
    "pA^2",
    "nS",
    "nS/s",
    "MOhm",
    "umol/L",
    "mg/kg",
    "degC",
}


def undescribed(made: Groups) -> list[str]:
    """Variables that do not say what they are and in which unit, or name coordinates that are not there."""
    found = []
    for group, part in made.items():
        for name, variable in part.items():
            text = variable.values.dtype.kind == "O"
            known = variable.unit == "" if text else variable.unit in UNITS
            labels = [part.get(label) for label in variable.more.get("coordinates", "").split()]
            beside = all(
                label is not None and {*label.dimensions} <= {*variable.dimensions} for label in labels
            )
            if not (known and variable.meaning and beside):
                found.append(f"{group}/{name}: {variable.unit!r}, {variable.meaning!r}, {variable.more}")
    return found
