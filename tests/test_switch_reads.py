"""What options read: of the sizes of hypotheses an option reads its own rows and no other, in any method."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import numpy as np
import pytest

from prelimbic.parameters import (
    CascadeNumbers,
    HypothesisNumbers,
    SpineNumbers,
    channel,
    compounds,
    sheet,
    species,
)
from prelimbic.pharmacology import Bath
from prelimbic.simulation.hypotheses import AS_SHEETS, Hypotheses
from prelimbic.simulation.switches import SIZES, SWITCHES
from tests.conftest import small_circuit

NUMBERS = sheet("hypotheses").fill("hypotheses", HypothesisNumbers)
BATH = Bath((("ketamine", 3.0), ("hydroxynorketamine", 2.0)))
CIRCUIT = small_circuit("dendritic")
GIVEN = {
    "circuit": CIRCUIT,
    "spines": sheet("spines").fill("spines", SpineNumbers),
    "exposure": BATH,
    "compounds": compounds(),
    "channel": channel(),
    "time": 0.0,
    "ketamine_uM": np.array([3.0]),
    "species": species("human"),
    "hnk_uM": 2.0,
    "ampa_left": 0.5,
    "cascade": sheet("cascade").fill("cascade", CascadeNumbers),
}
READING = [
    (name, parameters)
    for name, method in inspect.getmembers(Hypotheses, inspect.isfunction)
    if "numbers" in (parameters := inspect.signature(method).parameters)
]


class Spy:
    """Sizes that remember which of them were read."""

    def __init__(self) -> None:
        self.read: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.read.add(name)
        return getattr(NUMBERS, name)


def read_by(chosen: Hypotheses) -> set[str]:
    spy = Spy()
    for name, parameters in READING:
        given = {p: spy if p == "numbers" else GIVEN[p] for p in parameters if p != "self"}
        getattr(chosen, name)(**given)
    return spy.read


def test_every_method_that_is_given_the_sizes_is_asked():
    names = {name for name, _ in READING}
    assert {"on_circuit", "block", "hcn_shut", "at_look", "arms", "sensitisation"} < names


@pytest.mark.parametrize(("switch", "option"), [(s, o) for s, options in SWITCHES.items() for o in options])
def test_an_option_reads_its_own_rows_and_no_other(switch, option):
    assert read_by(Hypotheses(**{switch: option})) == set(SIZES[switch].get(option, ()))


def test_what_is_at_its_default_reads_nothing():
    assert read_by(AS_SHEETS) == set()


def test_hypotheses_have_one_field_a_switch_and_can_be_sent_to_another_process():
    chosen = Hypotheses(site="pv", memory="nmda_latch")
    assert list(vars(chosen)) == list(SWITCHES)
    assert pickle.loads(pickle.dumps(chosen)) == chosen != AS_SHEETS
