"""A question of one's own that cannot be asked is refused in one sentence, before anything is computed."""

from __future__ import annotations

from pathlib import Path

import pytest
import xarray as xr

import prelimbic as pl
from prelimbic.parameters.errors import UsageError
from prelimbic.simulation.arms import QuestionError
from prelimbic.simulation.written import of_scenarios
from tests.said import USAGE, is_one_sentence

LINES = {
    "mg without weight": (["--give", "10 mg ip"], "--weight"),
    "a weight for nothing": (["--bath", "ketamine 1 uM", "--weight", "0.3"], "--weight moves nothing here"),
    "a weight of another animal": (["--give", "10 mg ip", "--weight", "70"], "0.005 to 1.5"),
    "a route that it has not": (["--give", "10 mg/kg tablet"], "there are of iv, ip"),
    "a compound without disposition": (["--give", "memantine 10 mg/kg ip"], "ketamine"),
    "ten thousand doses": (["--give", "1 mg/kg ip every 1min x 10000"], "1 to 400"),
    "overlapping stress": (["--stress", "3d before 0h", "--stress", "-2d to 1d"], "overlap"),
    "a readout before the run": (["--give", "10 mg/kg ip", "--read", "-9d"], "before the run"),
    "a window of no length": (["--give", "10 mg/kg ip", "--read", "4h..4h"], "must end after"),
    "no such quantity": (["--measure", "spine"], "did you mean spines?"),
    "no such population": (["--measure", "rate.Pvr"], "Pyr"),
    "an axis without values": (["--vary", "dose"], "NAME=VALUE"),
    "no such axis": (["--give", "10 mg/kg ip", "--vary", "doze=1,2"], "did you mean dose?"),
    "a dose axis without a dose": (["--vary", "dose=1,2"], "nothing is given"),
    "a dose axis of several amounts": (
        ["--give", "10 mg/kg ip", "--give", "1 mg/kg ip", "--vary", "dose=1,2"],
        "one amount",
    ),
    "a value twice": (["--give", "10 mg/kg ip", "--vary", "dose=3,3.0,3"], "differ"),
    "an axis twice": (["--give", "10 mg/kg ip", "--vary", "dose=3", "--vary", "dose=4"], "twice"),
    "text for a number": (["--vary", "circuit.PV.leak=4,high"], "'high'"),
    "set and varied": (["--vary", "circuit.PV.leak=4,5", "--set", "circuit.PV.leak=4"], "circuit.PV.leak"),
    "no file of a question": (["--write", "mine.txt"], ".toml"),
    "what moves nothing": (["--give", "10 mg/kg ip", "--mtor", "systemic", "--plan"], "moves nothing"),
    "what is given after the last look": (
        ["--give", "10 mg/kg ip at 3d", "--read", "24h"],
        "after the last readout",
    ),
    "amounts of two units": (
        ["--give", "35 mg iv", "--give", "35 mg/kg iv", "--weight", "250 g", "--vary", "dose=1"],
        "one unit, not mg, mg/kg",
    ),
    "doses and what is given": (
        ["--give", "1 mg/kg ip", "--vary", "dose=1", "--vary", "give=1 mg/kg ip|2 mg/kg ip"],
        "not both",
    ),
    "inhibitors that are numbers": (["--vary", "inhibit=1|2"], "'1'"),
    "a number in digits of a program": (["--give", "1 mg/kg ip", "--vary", "dose=1_0"], "'1_0'"),
    "what a file does not keep": (["--write", "mine.toml", "--spikes"], "give --spikes to prelimbic run"),
    "too many points": (["--vary", "circuit.PV.leak=" + ",".join(map(str, range(1, 2002)))], "at most 2000"),
}


@pytest.mark.parametrize(("words", "why"), LINES.values(), ids=LINES)
def test_a_line_that_cannot_be_asked_is_refused_in_one_sentence(call, tmp_path, words, why):
    code, out, err = call("ask", "--species", "rat", *words)
    assert (code, out) == (USAGE, "")
    is_one_sentence(err, why)
    assert list(tmp_path.iterdir()) == []


FILES = {
    "no TOML": ("species = ", "no TOML"),
    "an unknown key": ("species = 'rat'\ngiv = '10 mg/kg ip'", "did you mean give?"),
    "no species": ("give = '10 mg/kg ip'", "species"),
    "no such species": ("species = 'ratt'", "did you mean rat?"),
    "a trait without data": (
        "species = 'rat'\ngive = '1 mg/kg ip'\ncyp2b6 = '*1/*6'",
        "cyp2b6 *1/*6: there are",
    ),
    "a trait for nothing": ("species = 'human'\ncyp2b6 = '*1/*1'", "cyp2b6 moves nothing here"),
    "a number for a text": ("species = 'rat'\ngive = 10", "give is 10"),
    "arms without names": ("species = 'rat'\n[[arm]]\n[[arm]]\n", "name is missing"),
    "two arms of one name": ("species = 'rat'\n[[arm]]\nname = 'a'\n[[arm]]\nname = 'a'\n", "called a"),
    "against nobody": ("species = 'rat'\n[[arm]]\nname = 'a'\nagainst = 'b'\n", "other arms are none"),
    "an unknown key of an arm": ("species = 'rat'\n[[arm]]\nname = 'a'\ngave = ''\n", "arm 1"),
    "arms that are no tables": ("species = 'rat'\narm = 3", "[[arm]]"),
    "read of nothing": ("species = 'rat'\nread = []", "names nothing"),
    "an unknown switch": ("species = 'rat'\n[switches]\nsitte = 'pv'", "did you mean site?"),
    "a switch twice": ("species = 'rat'\nsite = 'pv'\n[switches]\nsite = 'pv'", "site stands twice"),
    "a number that is text": ("species = 'rat'\n[set]\ncircuit.PV.leak = 'high'", "set.circuit.PV.leak"),
    "seeds of half": ("species = 'rat'\nseeds = 2.5", "seeds is 2.5"),
    "a number twice": (
        "species = 'rat'\n[set]\n'circuit.PV.leak' = 8\ncircuit.PV.leak = 9",
        "circuit.PV.leak twice",
    ),
    "a scale that is too large": ("species = 'rat'\nscale = 200", "0.5 to 100"),
    "a sheet that is not there": ("species = 'rat'\nsheet = 'nope.toml'", "nope.toml"),
    "a sheet twice": ("species = 'rat'\nsheet = ['point', 'point']", "point twice"),
    "a time that is a number": ("species = 'rat'\n[read]\ntimes = [24]", "read.times is [24]"),
    "what is given wrongly": ("species = 'rat'\ngive = '10 ip'", "give '10 ip': an amount has a unit"),
    "an axis that is no list": ("species = 'rat'\n[vary]\nbaseline = 'healthy'", "vary.baseline"),
    "an axis that arms have": (
        "species = 'rat'\n[vary]\ngive = ['1 mg/kg ip']\n[[arm]]\nname = 'a'\ngive = '2 mg/kg ip'\n"
        "[[arm]]\nname = 'b'",
        "has its own",
    ),
}


@pytest.mark.parametrize(("text", "why"), FILES.values(), ids=FILES)
def test_a_file_that_cannot_be_asked_is_refused_with_its_name_and_key(call, tmp_path, text, why):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    code, out, err = call("run", path, "--list")
    assert (code, out) == (USAGE, "")
    is_one_sentence(err, str(path), why)


def test_files_that_are_not_there_or_are_called_as_a_study_are_refused(call, tmp_path):
    code, _, err = call("run", tmp_path / "no.toml")
    assert code == USAGE
    is_one_sentence(err, "does not exist")
    path = tmp_path / "dose_response.toml"
    path.write_text("species = 'rat'")
    code, _, err = call("run", path)
    assert code == USAGE
    is_one_sentence(err, "call the file otherwise")


@pytest.mark.parametrize(
    ("asked", "more", "why"),
    [
        (3, {}, "what is asked"),
        ({}, {}, "arms are scenarios"),
        ({"a": 3}, {}, "arms are scenarios"),
        ("no_such_protocol", {}, "does not exist"),
        (pl.Scenario("rat", "10 mg/kg ip"), {"vary": [1]}, "vary"),
        (pl.Scenario("rat", "10 mg/kg ip"), {"vary": {"dose": 3}}, "a list of values"),
        (pl.Scenario("rat", "10 mg/kg ip"), {"vary": {"give": [pl.Dose(3, "ip")]}}, "takes texts"),
        (pl.Scenario("rat", "10 mg/kg ip"), {"vary": {"species": [3]}}, "human, rat, mouse"),
        (pl.Scenario("rat", "10 mg/kg ip"), {"measure": [1]}, "measure"),
        (pl.Scenario("rat", "10 mg/kg ip"), {"read": []}, "name something"),
        ({1: pl.Scenario("rat"), "1": pl.Scenario("mouse")}, {}, "the same name"),
        (pl.Scenario("rat", "10 mg/kg ip"), {"seeds": 0}, "seeds"),
        (pl.Scenario("rat", "10 mg/kg ip"), {"workers": 1.5}, "workers"),
        (pl.Scenario("rat", "10 mg/kg ip"), {"measure": ["spine"]}, "did you mean spines?"),
        (pl.Scenario("rat", "10 mg/kg ip"), {"out": 3}, "out"),
    ],
)
def test_a_sweep_that_cannot_be_is_refused(asked, more, why, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=why):
        pl.sweep(asked, **more)
    assert not list(Path().iterdir())


def test_scenarios_that_cannot_be_compared_are_refused():
    one, other = pl.Scenario("rat", "1 mg/kg ip"), pl.Scenario("rat", "3 mg/kg ip", scale=0.5)
    with pytest.raises(QuestionError, match="one `scale`"):
        of_scenarios({"a": one, "b": other})


def test_a_figure_is_of_a_question_and_of_one_sheet():
    swept = xr.Dataset({"a": ("sheet", [1, 2])}, attrs={"question": "{}"})
    for what, more, why in [
        (swept, {}, "one circuit sheet"),
        (swept.drop_attrs(), {}, "no question"),
        ("results", {}, "of type Dataset"),
        (swept.isel(sheet=[0]), {}, "of all seeds"),
        (swept.isel(sheet=[0]).expand_dims(seed=[1]), {"file": "a.gif"}, "png"),
    ]:
        with pytest.raises(QuestionError, match=why):
            pl.plot(what, **more)
