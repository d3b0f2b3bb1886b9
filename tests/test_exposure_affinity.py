"""Exposure under either option of the switch `affinity`: the block follows it, and no concentration does."""

import json

import pytest

import prelimbic as pl
from prelimbic.simulation.switches import DEFAULTS, SWITCHES
from tests.said import USAGE, is_one_sentence

GIVEN, AT = "10 mg/kg ip", "15min, 1h"
WORDS = ("exposure", "--species", "rat", "--give", GIVEN, "--at", "15min,1h", "--json")
OWN, OTHER = SWITCHES["affinity"]


def test_the_block_follows_the_affinity_and_no_concentration_does():
    tissue, recombinant = (pl.exposure("rat", GIVEN, AT, affinity=a) for a in (OWN, OTHER))
    assert (tissue["block"] > 1.2 * recombinant["block"]).all()
    for name in ("arterial", "venous", "brain_unbound", "brain_total"):
        assert tissue[name].equals(recombinant[name])
    assert pl.exposure("rat", GIVEN, AT).identical(tissue) and DEFAULTS["affinity"] == OWN
    scenario = pl.Scenario("rat", GIVEN, affinity=OTHER)
    assert pl.exposure(scenario, at=AT)["block"].equals(recombinant["block"])


def test_subjects_have_it_too():
    tissue, recombinant = (
        pl.exposure("human", "0.5 mg/kg iv", "1h", subjects=5, affinity=a) for a in (OWN, OTHER)
    )
    assert (tissue["block"] > recombinant["block"]).all()
    assert tissue["venous"].equals(recombinant["venous"])


@pytest.mark.parametrize("more", [(), ("--subjects", 5)], ids=["one body", "subjects"])
def test_the_command_takes_it(call, more):
    found = {}
    for words in ((), ("--affinity", OWN), ("--affinity", OTHER)):
        code, out, err = call(*WORDS, *more, *words)
        assert (code, err) == (0, "")
        found[words] = json.loads(out)
    plain, tissue, recombinant = found.values()
    assert plain == tissue and plain["block"] != recombinant["block"]
    assert plain["ketamine"] == recombinant["ketamine"]


def test_one_that_is_not_known_is_refused_in_one_sentence(call):
    for words in (WORDS, (*WORDS, "--subjects", 5)):
        code, out, err = call(*words, "--affinity", "tisue")
        assert (code, out) == (USAGE, "")
        is_one_sentence(err, "affinity", "tisue", OWN, OTHER)
    with pytest.raises(pl.UsageError, match="affinity"):
        pl.exposure("rat", GIVEN, AT, affinity="tisue")


def test_a_file_and_a_scenario_say_it_themselves(call):
    code, out, err = call("exposure", "single_dose", "--at", "1h", "--affinity", OTHER)
    assert (code, out) == (USAGE, "")
    is_one_sentence(err, "--affinity", "single_dose")
    with pytest.raises(pl.UsageError, match="leave them out"):
        pl.exposure(pl.Scenario("rat", GIVEN), at=AT, affinity=OTHER)
