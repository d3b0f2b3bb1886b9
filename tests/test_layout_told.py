"""What result files say: the meaning of every variable, what was asked, and what is missing."""

from __future__ import annotations

import json
import warnings
from typing import Any

import h5py
import numpy as np
import pytest
import xarray as xr

from prelimbic import MissingRunsWarning, load
from prelimbic.experiments.storage.dataset import AXES, write_sweep
from prelimbic.experiments.storage.files import StoreError
from prelimbic.experiments.storage.store import check_run
from prelimbic.experiments.studies.registry import SHIPPED, find_study
from prelimbic.pharmacology import Bath, Body, Dose
from prelimbic.simulation.config import MODEL_VERSION
from prelimbic.simulation.facts import facts, together
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.inhibition import Inhibition
from prelimbic.simulation.observers import cells, evoked, numerics, physiology
from prelimbic.simulation.protocol import Protocol
from prelimbic.simulation.variable import Groups
from tests.conftest import brief
from tests.results import planned, reworked, study_of, undescribed, written
from tests.test_layout import FOUR

HEALTHY = Hypotheses(baseline="healthy")


# What files say


def made_by_the_rig(monkeypatch) -> Groups:
    curves, two = np.ones((2, 4, 2)), np.array([0.0, 60.0])
    monkeypatch.setattr(physiology, "coupling_curves", lambda rig: (curves, curves[..., 0], curves[0, :, 0]))
    monkeypatch.setattr(physiology, "trapping_courses", lambda config, circuit: (two, np.ones((3, 2))))
    monkeypatch.setattr(physiology, "CONTACTS", np.array([2.0, 40.0]))
    monkeypatch.setattr(physiology, "POTENTIALS_MV", np.array([-66.0, 0.0]))
    monkeypatch.setattr(physiology, "CURRENTS_PA", np.array([0.0, 200.0]))
    monkeypatch.setattr(physiology, "CONCENTRATIONS_UM", np.array([0.1, 1.0]))
    return {"summary": physiology.examine(brief(hypotheses=HEALTHY), 1, True)}


def made_by_numerics(monkeypatch) -> Groups:
    monkeypatch.setattr(numerics, "WINDOWS", 2)
    monkeypatch.setattr(numerics, "_growth", lambda config, compiled, tell: 1.0)
    return numerics.measure(brief(), True, lambda seconds: None)


def made_of_cells(monkeypatch) -> Groups:
    monkeypatch.setattr(cells, "LOOK_S", 0.2)
    bath = Bath((("mk801", 0.2),), 0.0)
    return cells.observe(
        brief(doses=(), bath=bath, protocol=Protocol((0.0, 0.2), 1.0)), True, lambda seconds: None
    )


def made_by_volleys(monkeypatch) -> Groups:
    monkeypatch.setattr(evoked, "TRAINS", 1)
    asked = brief(circuit="dendritic", hypotheses=HEALTHY, protocol=Protocol((0.26,), 0.26, rest=2.0))
    return evoked.observe(asked, True, lambda seconds: None)


MADE = (made_by_the_rig, made_by_numerics, made_of_cells, made_by_volleys)  # others: where they are tested


@pytest.mark.parametrize("made", MADE)
def test_every_variable_of_every_kind_of_run_says_what_it_is_and_in_which_unit(monkeypatch, made):
    assert undescribed(made(monkeypatch)) == []


def test_every_axis_of_every_study_has_a_meaning():
    for name in SHIPPED:
        for axis in (*find_study(name).axes, "seed"):
            assert AXES.get(axis, axis).replace("_", " ")


# What a dataset says


def told_of(**changes: Any) -> dict[str, Any]:
    return facts(json.loads(json.dumps(brief(**changes).to_dict())))


def test_facts_of_a_run_name_all_that_was_asked():
    protocol = Protocol(
        (0.0, 0.26), 0.26, inhibitions=(Inhibition("rapamycin_icv", -0.5), Inhibition("anti_bdnf", 1.0, 0.5))
    )
    told = told_of(
        doses=(Dose(0.5, "iv", 0.0, 2 / 3), Dose(10.0, "ip", 24.0)),
        species="human",
        protocol=protocol,
        bath=Bath((("mk801", 0.2),)),
        body=Body(80.0, "male", "*1/*6"),
        hypotheses=Hypotheses(baseline="healthy", surge="off", eef2k="on"),
        overrides=(("cascade.cascade.bdnf_gain", 7.0),),
        manipulations=("delete-GluN2B@PV",),
    )
    assert told == {
        "species": "human",
        "body": "80 kg, sex male, cyp2b6 *1/*6",
        "route": "iv, ip",
        "scale": 0.5,
        "sheet": "sst",
        "baseline": "healthy",
        "dose_units": "mg/kg",
        "doses": "ketamine 0.5 mg/kg iv at 0 h over 0.666667 h; ketamine 10 mg/kg ip at 24 h",
        "bath": "mk801 0.2 umol/L",
        "switches": "surge=off eef2k=on",
        "overrides": "cascade.cascade.bdnf_gain=7",
        "manipulations": "delete-GluN2B@PV",
        "inhibitors": "rapamycin_icv@-0.5h anti_bdnf=0.5@1h",
    }


NONE = ("switches", "overrides", "manipulations", "inhibitors", "bath", "body")


def test_what_was_not_asked_is_none_and_what_differs_is_told_in_full():
    rat, man = told_of(), told_of(species="human", scale=1.0)
    assert [rat[k] for k in NONE] == ["none"] * len(NONE)
    both = together([rat, man, rat])
    assert (both["species"], both["scale"], both["sheet"]) == ("rat, human", "0.5, 1", "sst")


def test_a_dataset_and_its_sweep_say_what_was_done_to_whom(tmp_path):
    study_of(tmp_path, FOUR)
    dataset = load(tmp_path)
    assert dataset.attrs == {
        "study": "toy",
        "runs_there": 4,
        "runs_planned": 4,
        "species": "rat",
        "body": "none",
        "route": "ip",
        "dose_units": "mg/kg",
        "doses": "ketamine 0 mg/kg ip at 0 h, ketamine 10 mg/kg ip at 0 h",
        "bath": "none",
        "scale": 1.0,
        "sheet": "sst",
        "baseline": "spine_loss",
        "switches": "none",
        "overrides": "none",
        "manipulations": "none",
        "inhibitors": "none",
        "model_version": MODEL_VERSION,
    }
    path = write_sweep(dataset, tmp_path)
    with xr.open_dataset(path) as stored:
        assert dataset.attrs.items() <= stored.attrs.items()
        for name in dataset.variables:
            assert dataset[name].attrs == stored[name].attrs and dataset[name].attrs["long_name"], name
    assert dataset["dose"].attrs == {"units": "mg/kg", "long_name": "drug given"}


def test_a_study_that_is_partly_there_warns_once_and_names_what_is_missing(tmp_path):
    study_of(tmp_path, FOUR, missing=1)
    with pytest.warns(MissingRunsWarning) as caught:
        dataset = load(tmp_path)
    assert len(caught) == 1 and caught[0].filename == __file__
    assert "3 of 4 runs are there" in str(caught[0].message) and FOUR[3].file in str(caught[0].message)
    assert (dataset.attrs["runs_there"], dataset.attrs["runs_planned"]) == (3, 4)
    written(tmp_path, FOUR[3])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load(tmp_path).attrs["runs_there"] == 4


def test_a_configuration_that_is_none_says_nothing_and_hinders_nobody(tmp_path):
    paths = study_of(tmp_path, FOUR)

    def other(file: h5py.File) -> None:
        del file["config"]
        file["config"] = np.bytes_(b'{"overrides": []}')

    reworked(paths[0], other)
    assert load(tmp_path).attrs["doses"] == "ketamine 0 mg/kg ip at 0 h, ketamine 10 mg/kg ip at 0 h"


def test_another_layout_is_refused_by_the_layouts_that_are_read(tmp_path):
    path = reworked(written(tmp_path, planned()), lambda file: file.attrs.modify("schema_version", 5))
    with pytest.raises(StoreError, match="has layout 5, this version reads 3 and 4"):
        check_run(path)
