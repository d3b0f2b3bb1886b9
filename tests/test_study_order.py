"""The order of a study's places: that in which it plans them, wherever they are read again."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prelimbic.experiments.readouts.nulls import LABELS
from prelimbic.experiments.storage.dataset import MissingRunsWarning, load
from prelimbic.experiments.storage.provenance import provenance
from prelimbic.experiments.storage.store import write_run
from prelimbic.experiments.studies import (
    ablation_grid,
    blockers,
    cascade,
    ex_vivo,
    knockouts,
    occlusion,
    stress,
)
from prelimbic.experiments.studies.registry import SHIPPED, find_study
from prelimbic.experiments.sweep.study import Options, write_manifest
from prelimbic.parameters import PRIOR, SPECIES, ranged, sheet, system
from prelimbic.plasticity import kept, warm_up
from prelimbic.simulation.observers.numerics import VARIANTS
from prelimbic.simulation.switches import SWITCHES
from prelimbic.simulation.variable import Variable

SHEETS = ("sst", "dendritic")  # not as the alphabet has them
# places of each axis of text, in the order in which tables and figures show them
MEANT: dict[str, dict[str, Any]] = {
    "ablation_grid": {"arm": ablation_grid.ARMS, "inhibitor": ablation_grid.GIVEN},
    "blockers": {"arm": blockers.ARMS, "drug": blockers.DRUGS},
    "cascade": {"species": cascade.SPECIES},
    "evoked": {"null": LABELS},
    "ex_vivo": {"deleted": ex_vivo.DELETED},
    "growth_dose": {"memory": SWITCHES["memory"]},
    "human_dose": {"memory": SWITCHES["memory"]},
    "influence": {
        "number": dict.fromkeys(
            (
                "sheet",
                *(f"compounds.{name}" for name in sheet("compounds").values()),
                *(name for each in SHEETS for name, row in ranged(sheet(each)).rows().items() if row.range),
            )
        ),
        "end": ("as it stands", "low", "high"),
    },
    "knockouts": {"deleted": knockouts.DELETED},
    "mk801": {"null": LABELS},
    "occlusion": {"deleted": occlusion.DELETED},
    "numerics": {"variant": reversed(VARIANTS)},  # as they are run: the largest first
    "slice": {"null": LABELS},
    "stress": {"rule": stress.RULES, "group": stress.GROUPS},
    "strides": {"variant": ("standard", "strides halved", "looks doubled", "every look taken")},
    "surge": {"null": LABELS},
    "validation": {"species": SPECIES},
}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_loaded_study_has_its_places_in_the_order_of_its_plan(name: str, tmp_path: Path) -> None:
    study = find_study(name)
    runs = study.plan(Options(seeds=1, sheets=(PRIOR,) if name == "circuit_prior" else SHEETS))
    write_manifest(study, runs, tmp_path)
    last = runs[-1]  # what is found first on the disk says nothing of the order
    one = {"summary": {"x": Variable((), np.array(1.0), "1", "any number")}}
    write_run(tmp_path / last.file, last.config, one, provenance(1.0, True, last.config.numerics))
    with warnings.catch_warnings(action="ignore", category=MissingRunsWarning):
        dataset = load(tmp_path)
    assert dataset["x"].dims == (*study.axes, "seed")
    for axis, unit in study.axes.items():
        found, planned = dataset[axis].values.tolist(), [run.place[axis] for run in runs]
        assert found == (sorted(set(planned)) if unit else list(dict.fromkeys(planned)))
    for axis, places in MEANT.get(name, {}).items():
        found = dataset[axis].values.tolist()
        assert found == [place for place in places if place in found] and len(found) > 1
    assert dataset["sheet"].values.tolist() == ([PRIOR] if name == "circuit_prior" else list(SHEETS))
    assert {*study.axes} == {"sheet", *MEANT.get(name, {}), *(a for a, unit in study.axes.items() if unit)}


def test_a_plan_waits_for_no_library_that_only_answers_and_figures_need() -> None:
    script = (
        "import sys\n"
        "from prelimbic.experiments.studies.registry import SHIPPED, find_study\n"
        "print([find_study(name).name for name in SHIPPED] == [*SHIPPED])\n"
        "print({*sys.modules} & {'pandas', 'xarray', 'matplotlib', 'rich', 'numba', 'brian2', 'scipy'})"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.stdout.split("\n"), done.stderr) == (["True", "set()", ""], "")


def test_kernels_that_were_compiled_are_not_loaded_to_see_that_they_were(monkeypatch) -> None:
    warm_up()
    assert kept.are_there()
    script = "import sys; from prelimbic.plasticity import warm_up; warm_up(); print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("False\n", "")
    monkeypatch.setattr(system, "processor", lambda: ["another"])
    assert not kept.are_there()
