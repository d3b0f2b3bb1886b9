"""The library: what a notebook asks in five lines, and that what it gets is what is stored."""

from __future__ import annotations

import inspect
import json
import re
import signal
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import prelimbic as pl
from prelimbic.experiments.claims import ledger
from prelimbic.experiments.cli import command
from prelimbic.experiments.storage.store import write_run
from prelimbic.experiments.studies.registry import SHIPPED
from prelimbic.experiments.sweep.study import whole_loop
from prelimbic.simulation import tree as trees
from prelimbic.simulation.planner import looks_for
from prelimbic.simulation.switches import SWITCHES
from tests.conftest import COMMAND
from tests.results import planned, study_of
from tests.said import MAN

ROOT = Path(__file__).parents[1]
TINY = pl.Protocol((-12.0, 0.0, 0.26, 2.0, 4.0, 24.0), 0.26, look_scale=0.1, rest=1.0)
SMALL = {"sheet": "sst", "scale": 0.5, "protocol": TINY}
SAID_WITH = re.compile(r"\b(umol/L|uM|mg|ng/mL|h|ms|Hz|unit|units)\b")


@pytest.fixture(scope="module")
def scenario() -> pl.Scenario:
    return pl.Scenario(species="rat", give="ketamine 10 mg/kg ip at 0h", spikes=True, **SMALL)


@pytest.fixture(scope="module")
def heard() -> list[float]:
    return []


@pytest.fixture(scope="module")
def tree(scenario: pl.Scenario, heard: list[float]) -> xr.DataTree:
    return pl.simulate(scenario, seed=1, progress=heard.append)


# In memory a result is what is stored


def test_a_simulated_tree_is_what_xarray_reads_from_the_file_of_the_run(scenario, tree, tmp_path):
    config = scenario.config(1)
    made = whole_loop(config, True, lambda seconds: None)
    write_run(tmp_path / "run.h5", config, made, {"wall_s": 1.0})
    stored = xr.open_datatree(tmp_path / "run.h5", engine="h5netcdf")
    beside = {"/provenance", "/row"}
    assert {node.path for node in tree.subtree} == {node.path for node in stored.subtree} - beside
    for node in tree.subtree:
        here, there = (t[node.path].to_dataset(inherit=False) for t in (tree, stored))
        xr.testing.assert_identical(here, there)
        for name, variable in there.variables.items():
            assert here[name].dtype == variable.dtype and set(here[name].coords) == set(there[name].coords)
            if variable.dtype != object:  # NaN and the sign of zero too
                assert here[name].values.tobytes() == variable.values.tobytes(), (node.path, name)
    stored.close()


def test_progress_hears_what_is_done_until_all_is(tree, heard):
    assert heard == sorted(heard) and 0 < heard[0] < heard[-1] == pytest.approx(1.0)


def test_a_simulation_prints_nothing_and_leaves_signals_alone(scenario, tree, capfd):
    before = [signal.getsignal(told) for told in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)]
    again = pl.simulate(replace(scenario, spikes=False))
    assert capfd.readouterr() == ("", "")
    assert [signal.getsignal(told) for told in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)] == before
    xr.testing.assert_identical(again["summary"].to_dataset(), tree["summary"].to_dataset())


def test_without_a_compiler_the_circuit_is_interpreted_and_that_is_said(scenario, monkeypatch):
    class ReachedError(Exception):
        pass

    def reached(config, compiled, tell):
        assert compiled is False
        raise ReachedError

    monkeypatch.setattr(trees, "prepare", lambda configs: False)
    monkeypatch.setattr(trees.run, "simulate", reached)
    with pytest.warns(pl.InterpretedWarning, match="interpreted"), pytest.raises(ReachedError):
        pl.simulate(scenario)


# What a scenario is


def test_a_scenario_in_words_is_the_run_that_it_says():
    doses = (pl.Dose(10.0, "ip"), pl.Dose(10.0, "ip", 24.0))
    asked = pl.Scenario(
        "rat",
        "10 mg/kg ip at 0h, 24h",
        sheet="sst",
        scale=0.5,
        baseline="healthy",
        inhibit="anti_bdnf@1h",
        overrides={"sst.Pyr.leak": 9},
        read="rest, 24h, 2d",
    )
    config = asked.config(7)
    assert (config.seed, config.species, config.doses, config.circuit) == (7, "rat", doses, "sst")
    assert config.overrides == (("circuit.Pyr.leak", 9.0),)
    assert config.hypotheses == pl.Hypotheses(baseline="healthy")
    assert config.protocol == looks_for(
        config.exposure(doses), asked.read, inhibitions=(pl.Inhibition("anti_bdnf", 1.0),)
    )
    assert asked.config(np.int64(7)) == config
    whole = replace(asked, scale=1, give=pl.Dose(10, "ip")).config()
    assert whole.run_id() == replace(asked, scale=1.0, give="10 mg/kg ip").config().run_id()
    assert replace(asked, hnk="release").config(7).hypotheses.hnk == "release"
    assert replace(asked, give="vehicle ip").config().doses == (pl.Dose(0.0, "ip"),)


WRONG = {
    "species": ({"species": "rta"}, "unknown species 'rta' (did you mean rat?)"),
    "route": (
        {"species": "human", "give": "10 mg/kg ip"},
        "no data of ketamine given ip to a human; there are of iv, im,",
    ),
    "sheet": ({"sheet": "dendrtic"}, "did you mean dendritic?"),
    "scale": ({"scale": 200.0}, "`scale` is 200 but must lie between 0.5 and 100"),
    "switch": ({"baseline": "helthy"}, "`baseline` is 'helthy' (did you mean healthy?)"),
    "word": ({"baselin": "healthy"}, "did you mean baseline?"),
    "pair": ({"surge": "off", "memory": "adaptation"}, "`surge` off and `memory` adaptation exclude"),
    "man": ({"hnk_exposure": "kamp"}, "`hnk_exposure` kamp is known in man"),
    "number": ({"overrides": {"Pyr.leak": 9}}, "did you mean circuit.Pyr.leak?"),
    "other sheet": ({"overrides": {"point.Pyr.leak": 9}}, "`sheet` point"),
    "value": ({"overrides": {"circuit.Pyr.leak": "9 nS"}}, "must be a number"),
    "inhibitor": ({"inhibit": "rapamycin@0h"}, "did you mean rapamycin_po?"),
    "hour": ({"inhibit": "anti_bdnf@0"}, "`inhibit` takes"),
    "manipulation": ({"manipulate": "silence@PVs"}, "did you mean PV?"),
    "readout": ({"read": "rest, 24"}, "there is no readout '24'"),
    "bath": ({"bath": {"memantine": 1.0}}, "`bath` is {'memantine': 1.0} but must be DRUG AMOUNT uM"),
    "text": ({"scale": "1"}, "`scale` is '1' but must be a number"),
    "protocol": ({"protocol": TINY, "inhibit": "anti_bdnf@1h"}, "leave them out"),
    "missed": ({"protocol": TINY, "give": "10 mg/kg ip at 5h"}, "no look is taken within half an hour"),
}


@pytest.mark.parametrize(("words", "said"), WRONG.values(), ids=WRONG)
def test_a_scenario_that_cannot_be_is_refused_where_it_is_written_in_its_own_words(words, said):
    with pytest.raises(pl.UsageError) as caught:
        pl.Scenario(**{"species": "rat", "give": "10 mg/kg ip", "sheet": "sst"} | words)
    assert said in str(caught.value) and "--" not in str(caught.value)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.0, True, "1"])
def test_a_seed_is_a_whole_number(scenario, seed):
    with pytest.raises(pl.UsageError, match="`seed` is"):
        pl.simulate(scenario, seed=seed)


def test_a_dose_beyond_use_is_told():
    with pytest.warns(pl.UnusualDoseWarning, match="`give` takes mg per kg"):
        pl.exposure("human", "35 mg/kg iv", "1h")


# What the command prints


def test_an_exposure_is_that_of_the_command():
    words = [str(COMMAND), *MAN, "10min,40min,4h", "--duration", "40min", "--json"]
    told = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    found = pl.exposure("human", "0.5 mg/kg iv over 40min", ["10min, 40min", 4])
    assert found["time"].values.tolist() == pytest.approx([hour / 60 for hour in told["at_min"]])
    columns = (("arterial", "arterial_ng_per_ml"), ("venous", "venous_ng_per_ml"))
    for drug in found["compound"].values:
        for name, column in (*columns, ("brain_unbound", "brain_unbound_uM")):
            assert np.allclose(found[name].sel(compound=drug), told[drug][column], rtol=1e-5, atol=0)
    for population in found["population"].values:
        assert np.allclose(found["block"].sel(population=population), told["block"][population], rtol=1e-5)
    both = pl.exposure("rat", ["10 mg/kg ip", "10 mg/kg ip at 1h"], 3.0)["brain_unbound"]
    once = pl.exposure("rat", "10 mg/kg ip", [3.0, 2.0])["brain_unbound"]
    assert np.allclose(both, once.sum("time"))


@pytest.mark.parametrize("at", ["soon", "10", -1.0, [], "2e5h", float("nan")])
def test_an_exposure_at_no_time_is_refused(at):
    with pytest.raises(pl.UsageError, match="`at` "):
        pl.exposure("rat", "10 mg/kg ip", at)


def test_every_study_is_listed_with_its_question():
    found = pl.studies()
    assert list(found.index[: len(SHIPPED)]) == SHIPPED
    assert found.loc["dose_response", "axes"] == "sheet, dose (mg/kg)" and found["question"].all()


def test_a_study_is_loaded_and_one_that_is_not_there_is_told_in_plain_words(tmp_path):
    study_of(tmp_path / "toy", [planned(dose) for dose in (0.0, 10.0)])
    assert pl.load(tmp_path / "toy").sizes["dose"] == 2
    with pytest.raises(pl.RunError, match=r"nowhere does not exist$"):
        pl.load(tmp_path / "nowhere")


def test_a_look_at_a_held_out_claim_by_the_library_is_recorded_and_shown_as_by_the_command(
    call, tmp_path, monkeypatch
):
    monkeypatch.setattr(ledger, "SHIPPED", tmp_path / "shipped.csv")
    found = pl.claims("V4m", results=tmp_path / "results")
    looks = ledger.looks(tmp_path / "results" / "ledger.csv")
    assert looks == {"V4m": set(found["sheet_hash"])} and set(found["role"]) == {"PRED"}
    told = json.loads(call("claims", "V4m", "--results", tmp_path / "results", "--json")[1])
    assert [m["name"] for m in told[0]["measures"]] == list(found["measure"])
    assert [m["value"] for m in told[0]["measures"]] == pytest.approx(list(found["value"]), rel=1e-5)
    changed = pl.claims("V4m", results=tmp_path / "results", overrides={"compounds.ketamine.ic50_2A": 1.44})
    assert set(changed["role"]) == {"CAL"} and set(changed["sheet_hash"]) != set(found["sheet_hash"])
    with pytest.warns(pl.NotJudgedWarning, match="does not exist"):
        assert set(pl.claims(results=tmp_path / "results")["id"]) >= {"V4m"}


# The names


@pytest.mark.parametrize("name", ["prelimbic", "prelimbic.experiments.cli.command"])
def test_library_and_command_are_imported_without_what_takes_time(name):
    words = f"import sys, {name}; print(*{{m.partition('.')[0] for m in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    slow = {"numpy", "xarray", "pandas", "brian2", "numba", "scipy", "h5py", "matplotlib", "rich"}
    assert not slow & {*done.stdout.split()}


@pytest.mark.parametrize("name", pl.__all__)
def test_every_name_says_what_it_is_in_which_units_and_what_it_raises(name):
    found = getattr(pl, name)
    assert found is getattr(pl, name) and found.__doc__ and name in dir(pl)
    if inspect.isclass(found) and issubclass(found, Exception):
        return
    said = found.__doc__
    assert "Raises" in said, name
    if inspect.isfunction(found):
        assert SAID_WITH.search(said), name
        named = [*inspect.signature(found).parameters]
        lacking = [word for word in named if not re.search(rf"`{word}`|\b{word}\b", said)]
        assert not lacking, (name, lacking)


def test_no_room_below_the_experiments_names_an_option_of_the_command_line():
    options = {o for made in command.cli.commands.values() for p in made.params for o in p.opts}
    named = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
    for room in ("parameters", "pharmacology", "circuits", "plasticity", "simulation"):
        for path in sorted((ROOT / room).rglob("*.py")):
            assert not options & {*named.findall(path.read_text())}, path


def test_every_part_of_a_scenario_is_described():
    for field in fields(pl.Scenario):
        assert f"`{field.name}`" in pl.Scenario.__doc__ or field.name == "hypotheses"
    assert not {field.name for field in fields(pl.Scenario)} & {*SWITCHES}


def test_a_name_that_is_not_there_is_no_attribute():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = pl.nothing
