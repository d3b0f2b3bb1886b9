"""Whatever is handed to the library is taken as the plain value that it is, or refused in one sentence."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

import prelimbic as pl
from prelimbic.parameters.sheet import SHEETS
from prelimbic.simulation.config import Config
from prelimbic.simulation.exposed import times

DOSE = "10 mg/kg ip"
K = "ketamine"
CONFIG = Config("toy", "sst", "rat", (), 0.5, 1, pl.Protocol((), 0.0))


def scenario(**words) -> pl.Scenario:
    return pl.Scenario(**{"species": "rat", "give": DOSE, "sheet": "sst", "scale": 0.5} | words)


def refusals():
    """What is asked, and what its refusal names, by what is wrong."""
    odd = {"None": None, "a number": 3, "bytes": b"x", "a list": [["x"]], "an array": np.array(["a", "b"])}

    def each(what, ask, named, values=odd):
        return {f"{what} is {k}": (lambda value=value: ask(value), named) for k, value in values.items()}

    def but(*left_out, **more):
        return {k: v for k, v in odd.items() if k not in left_out} | more

    texts = {"None": None, "a text": "10", "a time": "0h", "truth": True, "huge": 10**400, "vast": 10**5000}
    some = {k: texts[k] for k in texts if k != "None"}
    return {
        **each("species", lambda x: scenario(species=x), "unknown species"),
        **each("species of an exposure", lambda x: pl.exposure(x, DOSE, 1), "unknown species"),
        **each(
            "at", lambda x: pl.exposure("rat", DOSE, x), "`at`", but("a number", "None", several=b"10min")
        ),
        **each("switch", lambda x: pl.Hypotheses(site=x), "`site` is"),
        "no switch": (lambda: pl.Hypotheses(sit="pv"), "did you mean site?"),
        "a switch twice": (lambda: pl.Hypotheses("pv", site="pv"), "give it once"),
        **each("route", lambda x: pl.Dose(10, x), "unknown route"),
        **each("compound", lambda x: pl.Dose(10, "ip", compound=x), "unknown compound"),
        **each("amount", lambda x: pl.Dose(x, "ip"), "`amount` is .* mg/kg", but("a number") | texts),
        **each("start", lambda x: pl.Dose(10, "ip", x), "`start` is .* a number of h", texts),
        **each("duration", lambda x: pl.Dose(10, "iv", 0.0, x), "`duration` is .* of h", some),
        **each(
            "bath", pl.Bath, "`concentrations` is|drug", odd | {"map": {K: 3}, "name": K, "flat": (K, 3)}
        ),
        **each("concentration", lambda x: pl.Bath(((K, x),)), "the concentration of ketamine is", texts),
        **each("start of a bath", lambda x: pl.Bath(((K, 3),), x), "`start` is", texts),
        **each("inhibitor", pl.Inhibition, "unknown inhibitor"),
        **each("hour of an inhibitor", lambda x: pl.Inhibition("anti_bdnf", x), "`start` is", texts),
        **each("times", lambda x: pl.Protocol(x, 0.0), "`times` is", but("a list", text="abc")),
        **each("peak", lambda x: pl.Protocol((), x), "`peak` is", texts),
        **each("rest", lambda x: pl.Protocol((), 0, rest=x), "`rest` is", texts),
        **each("stress of a protocol", lambda x: pl.Protocol((), 0, stress=x), "`stress`", but("None")),
        **each("inhibitors of a protocol", lambda x: pl.Protocol((), 0, inhibitions=x), "`inhibitions`"),
        **each("step", lambda x: pl.Numerics(step=x), "`step` is", texts),
        **each("precision", lambda x: pl.Numerics(precision=x), "`precision` is", texts),
        **each("portable", lambda x: pl.Numerics(portable=x), "`portable` is .* True or False", odd),
        **each("spikes", lambda x: scenario(spikes=x), "`spikes` is .* True", odd | {"no": "no", "one": 1}),
        **each("scale", lambda x: scenario(scale=x), "`scale` is", texts),
        **each("give", lambda x: scenario(give=x), "`give` takes"),
        **each("sheet", lambda x: scenario(sheet=x), "`sheet` is", odd | {"nothing": "a\0b.toml"}),
        **each("weight", lambda x: scenario(weight=x), "`weight`", but("None") | some),
        **each("bath of a scenario", lambda x: scenario(bath=x), "`bath`", but("None")),
        **each("inhibit", lambda x: scenario(inhibit=x), "`inhibit` is|inhibitor"),
        **each("manipulate", lambda x: scenario(manipulate=x), "`manipulate` is|manipulation"),
        **each("read", lambda x: scenario(read=x), "`read`", but("None")),
        **each("stress", lambda x: scenario(stress=x), "`stress`", but("None", one=(1,), text="0h")),
        "stress without a unit": (
            lambda: scenario(stress=("-240", "0h")),
            "of `stress` is .* such as 40min",
        ),
        **each(
            "overrides",
            lambda x: scenario(overrides=x),
            "`overrides`",
            odd | {"a text": "circuit.Pyr.leak=9", "texts": ["circuit.Pyr.leak=9"], "numbers": {1: 2}},
        ),
        **each("value", lambda x: scenario(overrides={"circuit.Pyr.leak": x}), "circuit.Pyr.leak", texts),
        **each("what is simulated", pl.simulate, "`scenario` is", odd | {"rat": "rat", "config": CONFIG}),
        "progress": (lambda: pl.simulate(scenario(), progress=3), "`progress` is"),
        **each("folder", pl.load, "`folder` is .* path", odd | {"nothing": "a\0b"}),
        "courses": (lambda: pl.load(".", courses="no"), "`courses` is .* True or False"),
        **each("claim", pl.claims, "unknown claim"),
        **each("results", lambda x: pl.claims(results=x), "`results` is"),
        **each("seeds", lambda x: pl.claims(seeds=x), "`seeds` is", but("a number", text="x", one=1)),
        **each("sheet of claims", lambda x: pl.claims(sheet=x), "`sheet` is"),
        **each("pattern", pl.numbers, "`pattern` is"),
        **each("sheet of numbers", lambda x: pl.numbers(sheet=x), "`sheet` is", but("None")),
    }


REFUSALS = refusals()


@pytest.mark.parametrize(("ask", "named"), REFUSALS.values(), ids=REFUSALS)
def test_what_cannot_be_is_refused_in_one_sentence_that_names_it(ask, named):
    with pytest.raises((pl.UsageError, pl.RunError)) as caught:
        ask()
    said = str(caught.value)
    assert re.search(named, said) and "\n" not in said and len(said) < 400


# What numpy holds, and whole numbers, are the plain value that they stand for

NUMPY = (np.int64(3), np.float32(3), np.array(3.0), np.array([3])[0], 3)


def in_words(x, truth) -> pl.Scenario:
    return scenario(
        give=pl.Dose(x, np.str_("iv"), x, x),
        bath=pl.Bath([[np.str_(K), x]], -x, 2 * x),
        inhibit=pl.Inhibition("anti_bdnf", x, x),
        spikes=truth,
        numerics=pl.Numerics(precision=np.int64(64), portable=truth),
        overrides={"circuit.Pyr.leak": x},
        hypotheses=pl.Hypotheses(site=np.str_("pv")),
    )


@pytest.mark.parametrize("x", NUMPY, ids=lambda x: type(x).__name__)
def test_a_run_has_one_id_however_its_numbers_are_held(x):
    plain, held = in_words(3.0, True), in_words(x, np.True_)
    assert held.config() == plain.config() and held.config().run_id() == plain.config().run_id()
    assert repr(held.config()) == repr(plain.config())
    protocol = pl.Protocol(np.arange(4), x, rest=x, readouts=["rest"], stress=[0, x])
    assert repr(protocol) == repr(
        pl.Protocol((0.0, 1.0, 2.0, 3.0), 3.0, rest=3.0, readouts=("rest",), stress=(0.0, 3.0))
    )
    assert times(x).tolist() == times([x]).tolist() == times("3h").tolist() == [3.0]


def test_stress_is_told_in_the_times_of_doses():
    assert [
        scenario(stress=told, baseline="healthy").stress
        for told in (("-10d", "0h"), ["-240h", 0], (-240, 0))
    ] == [(-240.0, 0.0)] * 3


def test_a_sheet_of_numbers_is_found_by_its_path():
    assert len(pl.numbers(sheet=Path(SHEETS / "sst.toml"))) == len(pl.numbers(sheet="sst"))


# The readouts of a schedule, where none are asked for


def test_the_examples_of_a_scenario_run():
    examples = re.findall(r'"((?:ketamine )?[0-9.]+ mg[^"]*)"', pl.Scenario.__doc__ + pl.__doc__)
    assert len(examples) >= 3
    for text in (re.sub(r"\s+", " ", each) for each in examples):
        scenario(give=text, weight="300 g").config()


@pytest.mark.parametrize(
    ("words", "last"),
    [
        ({}, "24 h"),
        ({"give": "10 mg/kg ip at 12h"}, "24 h"),
        ({"give": "0.5 mg/kg iv over 40min"}, "24 h"),
        ({"give": "10 mg/kg ip at 0h, 24h"}, "48 h"),
        ({"give": "1 mg/kg iv over 36.5h"}, "61 h"),
        ({"inhibit": "anti_bdnf@30h"}, "54 h"),
        ({"bath": pl.Bath(((K, 3.0),), 0.0, 30.0)}, "54 h"),
    ],
)
def test_without_readouts_a_run_lasts_until_a_day_after_all_that_is_given(words, last):
    protocol = scenario(**words).config().protocol
    assert protocol.readouts[-1] == last and protocol.times[-1] == float(last.split()[0])


def test_where_readouts_end_before_a_dose_a_later_one_is_named():
    for words in ({"give": "10 mg/kg ip at 0h, 24h"}, {"inhibit": "anti_bdnf@24h"}):
        with pytest.raises(pl.UsageError, match=r"ask for a later readout, such as 48 h$"):
            scenario(read="rest, 24h", **words)


def test_the_version_is_told():
    assert pl.__version__ == version("prelimbic")
