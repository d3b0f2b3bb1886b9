"""Results do not move unseen: small runs of every kind against golden.json, and ids of what is stored."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from prelimbic.experiments.studies.registry import SHIPPED, find_study
from prelimbic.experiments.sweep.study import Options
from prelimbic.simulation.config import MODEL_VERSION
from tests import golden

RENEW = (
    "results move with MODEL_VERSION alone: raise it in simulation/config.py, then `python -m tests.golden`"
)
PARTS = [
    pytest.param(name, marks=pytest.mark.slow if kind.slow else ()) for name, kind in golden.KINDS.items()
]
PORTABLE = [part for part in PARTS if golden.KINDS[str(part.values[0])].numerics.portable]


def test_golden_numbers_are_those_of_this_model_version():
    assert golden.kept()["model_version"] == MODEL_VERSION, (
        "`python -m tests.golden` computes those of the new one"
    )


@pytest.mark.parametrize("name", PORTABLE)
def test_a_portable_run_gives_the_golden_numbers_on_every_machine(name):
    assert golden.moved(golden.kept()["numbers"][name], golden.found(name)) == [], RENEW


@pytest.mark.parametrize("name", PARTS)
def test_a_run_gives_the_golden_numbers_to_the_bit_where_they_were_computed(name):
    there = golden.kept()["to_the_bit"].get(golden.here())
    if there is None:
        pytest.skip(f"golden.json has no numbers of {golden.here()}; `python -m tests.golden` adds them")
    now = golden.to_the_bit(name, list(there[name]))
    assert [number for number, digest in there[name].items() if now.get(number) != digest] == [], RENEW


def test_runs_of_every_study_keep_their_names_and_ids():
    now, kept = golden.ids(), golden.kept()["ids"]
    assert [study for study in SHIPPED if now[study] != kept.get(study)] == [], (
        f"stored runs are not found any more; {RENEW}"
    )


def test_whatever_a_study_computes_has_golden_numbers():
    computed = {
        find_study(kind.study).plan(Options(1, sheets=(find_study(kind.study).sheet,)))[0].compute
        for kind in golden.KINDS.values()
    }
    for study in map(find_study, SHIPPED):
        runs = study.plan(Options(1, sheets=(study.sheet,)))
        assert {run.compute for run in runs} <= computed, study.name


# What the golden numbers see


VALUES = {
    "summary/power": np.linspace(-1.0, 3.0, 40).reshape(4, 10),
    "cells/spike_count": np.arange(12).reshape(3, 4),
    "summary/rate": np.array([1.25, 2.5, np.nan]),
}
KEPT = {name: golden.print_of(name, values) for name, values in VALUES.items()}
CHANGES = {
    "a thousandth": {"summary/power": VALUES["summary/power"] * 1.001},
    "two places exchanged": {"summary/power": VALUES["summary/power"][::-1]},
    "a shape": {"summary/power": VALUES["summary/power"].ravel()},
    "a type": {"summary/power": VALUES["summary/power"].astype(np.float32)},
    "a number that is none": {
        "summary/power": np.where(VALUES["summary/power"] < -0.99, np.nan, VALUES["summary/power"])
    },
    "one spike": {"cells/spike_count": VALUES["cells/spike_count"] + (np.arange(12).reshape(3, 4) == 5)},
    "one spike of a rate": {"summary/rate": np.array([1.25, 2.501, np.nan])},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_of_results_is_told_by_name(change):
    assert golden.moved(KEPT, VALUES | change) == list(change)


def test_a_number_that_is_gone_is_told():
    assert golden.moved(KEPT, {}) == list(VALUES)


def test_neither_last_digits_nor_a_new_number_are_changes():
    noisy = VALUES["summary/power"] * (1 + 1e-6 * np.cos(np.arange(40)).reshape(4, 10))
    assert golden.moved(KEPT, VALUES | {"summary/power": noisy, "summary/new": np.ones(3)}) == []


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of golden.json, beside which no run takes any time."""
    path = tmp_path / "golden.json"
    shutil.copy(golden.FILE, path)
    monkeypatch.setattr(golden, "FILE", path)
    monkeypatch.setattr(golden, "KINDS", {"loop": golden.KINDS["loop"]})
    monkeypatch.setattr(golden, "ids", lambda: {"toy": "1"})
    monkeypatch.setattr(golden, "found", lambda name: VALUES)
    return path


def test_renewing_refuses_results_that_moved_under_the_same_version(copied):
    before, said = copied.read_bytes(), []
    assert golden.renew(said.append) == 1
    assert "MODEL_VERSION" in said[-2] and "loop: traces/rate" in said[-1] and "ids" in said[-1]
    assert copied.read_bytes() == before


def test_studies_that_are_named_begin_anew_and_no_other(copied, monkeypatch):
    loop, ids = golden.KINDS["loop"].study, golden.kept()["ids"]
    monkeypatch.setattr(golden, "ids", lambda: ids | {loop: "1"})
    assert golden.renew(lambda text: None, ("acute",)) == 1
    assert golden.renew(lambda text: None, (loop,)) == 0
    now = golden.kept()
    assert now["ids"][loop] == "1" and now["numbers"]["loop"].keys() == VALUES.keys()
    assert now["numbers"].keys() > {"loop"}  # on whatever machine: to the bit they are those of this one
    assert now["to_the_bit"][golden.here()]["loop"].keys() == VALUES.keys()


def test_renewing_under_a_raised_version_begins_anew_and_then_has_nothing_to_add(copied, monkeypatch):
    monkeypatch.setattr(golden, "MODEL_VERSION", MODEL_VERSION + 1)
    assert golden.renew(lambda text: None) == 0
    written = copied.read_bytes()
    assert golden.kept()["model_version"] == MODEL_VERSION + 1 and golden.kept()["numbers"].keys() == {
        "loop"
    }
    assert golden.renew(lambda text: None) == 0 and copied.read_bytes() == written
