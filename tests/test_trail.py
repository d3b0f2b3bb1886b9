"""Equal digests of a trail mean equal states, to the last bit, whatever was asked; and what cannot differ
parts no two runs.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache
from itertools import combinations

import numpy as np
import pytest

from prelimbic.circuits import Numerics
from prelimbic.experiments.sweep.kept import packed
from prelimbic.pharmacology import Bath, Dose
from prelimbic.simulation.config import Config
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.inhibition import Inhibition
from prelimbic.simulation.protocol import Protocol
from prelimbic.simulation.run import Course, simulate
from prelimbic.simulation.trail import trail, untreated
from tests.conftest import brief

TIMES = (-12.0, -6.0, 0.0, 0.25, 2.0, 2.25, 4.0, 4.25, 6.0, 24.0)
LOOKS = Protocol(TIMES, 0.25, look_scale=0.01, rest=0.2, readouts=("rest", "peak", "24 h"))
HEALTHY = Hypotheses(baseline="healthy")


def arm(dose: float = 10.0, /, *more: Dose, **own: object) -> Config:
    asked = {"protocol": LOOKS, "hypotheses": HEALTHY, "doses": (Dose(dose, "ip"), *more)}
    return brief(**(asked | own))


def stressed(first: float, last: float) -> Protocol:
    return replace(LOOKS, stress=(first, last))


def under(*items: Inhibition) -> Protocol:
    return replace(LOOKS, inhibitions=items)


TRAPPING = Hypotheses(baseline="healthy", selectivity="use_dependent")
ARMS = {
    "vehicle": arm(0.0),
    "ten": arm(10.0),
    "thirty": arm(30.0),
    "ten twice": arm(10.0, Dose(10.0, "ip", start=4.0)),
    "ten, then three": arm(10.0, Dose(3.0, "ip", start=4.0)),
    "esketamine": arm(0.0, Dose(5.0, "ip", compound="S-ketamine")),
    "later": arm(0.0, Dose(10.0, "ip", start=2.0)),
    "PV only": arm(10.0, hypotheses=replace(HEALTHY, site="pv")),
    "off": arm(10.0, hypotheses=replace(HEALTHY, site="off")),
    "HNK": arm(10.0, hypotheses=replace(HEALTHY, hnk="release")),
    "TrkB": arm(10.0, hypotheses=replace(HEALTHY, trkb="on")),
    "HCN": arm(10.0, hypotheses=replace(HEALTHY, hcn="nmda_hcn1")),
    "no surge": arm(10.0, hypotheses=replace(HEALTHY, surge="off")),
    "latch": arm(10.0, hypotheses=replace(HEALTHY, memory="nmda_latch")),
    "trapping": arm(10.0, hypotheses=TRAPPING),
    "trapping, thirty": arm(30.0, hypotheses=TRAPPING),
    "trapping, vehicle": arm(0.0, hypotheses=TRAPPING),
    "trapping, in a bath": arm(
        0.0, hypotheses=TRAPPING, bath=Bath((("ketamine", 1.0),), start=2.0), doses=()
    ),
    "in a bath": arm(0.0, bath=Bath((("ketamine", 1.0),), start=2.0)),
    "stress": arm(10.0, protocol=stressed(2.0, 6.0)),
    "longer stress": arm(10.0, protocol=stressed(2.0, 24.0)),
    "antagonist": arm(10.0, protocol=under(Inhibition("ampa_antagonist", 2.0))),
    "rapamycin": arm(10.0, protocol=under(Inhibition("rapamycin_icv", 3.0))),
    "other peak": arm(10.0, protocol=replace(LOOKS, peak=2.0, readouts=("peak", "6 h"))),
    "stands in": arm(10.0, protocol=replace(LOOKS, reused=(6.0,))),
    "shorter": arm(10.0, protocol=replace(LOOKS, times=TIMES[:-2], readouts=("rest", "peak"))),
    "spikes kept": arm(10.0, spikes=True),
    "another seed": arm(10.0, seed=2),
    "a finer step": arm(10.0, numerics=Numerics(step=0.05)),
    "baseline": arm(10.0, hypotheses=Hypotheses()),
}
COMPUTED = (
    "vehicle",
    "ten",
    "ten twice",
    "ten, then three",
    "PV only",
    "HNK",
    "TrkB",
    "HCN",
    "trapping",
    "trapping, vehicle",
    "in a bath",
    "stress",
    "longer stress",
    "antagonist",
    "rapamycin",
    "shorter",
)


def digest(course: Course, state: np.ndarray) -> str:
    """Of all that the loop carries, the run's own configuration aside."""
    total = hashlib.sha256(state.tobytes())
    for name, array in sorted(packed(course).items()):
        total.update(f"{name}{array.dtype}{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    return total.hexdigest()


class Watched:
    """A bookmark that finds nothing and keeps nothing but the digest of every state."""

    def __init__(self) -> None:
        self.states: list[str] = []

    def find(self, slow: object, block: object, network: object) -> None:
        return None

    def keep(self, course: Course, network: object) -> None:
        self.states.append(digest(course, network.state()["engine"]))  # type: ignore[attr-defined]


@cache
def states(name: str) -> list[str]:
    watched = Watched()
    simulate(ARMS[name], True, lambda seconds: None, watched)
    return watched.states


def shared(one: str, other: str) -> int:
    """Looks after which two arms have the same digest."""
    pairs = list(zip(trail(ARMS[one]), trail(ARMS[other]), strict=False))
    same = [a == b for a, b in pairs]
    assert same == sorted(same, reverse=True)  # once parted, for ever
    return sum(same)


@pytest.mark.slow
def test_wherever_digests_are_equal_so_is_every_bit_of_the_state():
    met = 0
    for one, other in combinations(COMPUTED, 2):
        for k in range(shared(one, other)):
            met += 1
            assert states(one)[k] == states(other)[k], (one, other, k)
    assert met > 100


@pytest.mark.parametrize(
    ("one", "other", "looks"),
    [
        ("vehicle", "ten", 3),  # the look at 0 h sees nothing yet
        ("ten", "ten twice", 6),
        ("ten twice", "ten, then three", 6),
        ("vehicle", "later", 5),
        ("ten", "PV only", 3),
        ("PV only", "off", 3),
        ("vehicle", "off", 3),
        ("ten", "HNK", 3),
        ("ten", "HCN", 3),
        ("trapping", "trapping, vehicle", 3),
        ("trapping", "trapping, thirty", 3),
        ("ten", "stress", 4),
        ("stress", "longer stress", 7),
        ("ten", "antagonist", 5),
        ("ten", "rapamycin", 5),
        ("ten", "stands in", 7),
        ("ten", "shorter", 7),
        ("ten", "other peak", 10),
        ("ten", "spikes kept", 10),
        ("ten", "no surge", 0),
        ("ten", "latch", 0),
        ("ten", "trapping", 0),
        ("ten", "another seed", 0),
        ("ten", "a finer step", 0),
        ("ten", "baseline", 0),
    ],
)
def test_runs_share_all_that_is_the_same_for_both(one: str, other: str, looks: int):
    assert shared(one, other) == looks


def test_what_is_untreated_ends_where_anything_begins():
    found = {name: untreated(config) for name, config in ARMS.items()}
    assert found["vehicle"] == 0  # nothing is given, so nothing ends
    assert found["ten"] == found["esketamine"] == found["stress"] == 2
    assert found["later"] == found["in a bath"] == 4
