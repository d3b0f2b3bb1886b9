"""Golden numbers: what small runs of every kind give, kept by model version in golden.json.

`python -m tests.golden` computes them and adds those that are missing: of a kind of run that is new, of this
machine's target, of a model version that was just raised.  Where a kept number would move while
MODEL_VERSION stays, it changes nothing and says what moves.  Where a shipped sheet has other numbers, ids of
the runs that read them move by themselves: `python -m tests.golden STUDY ...` begins those studies anew, and
leaves the ids of all others.  Stored are numbers by name, never how a file lays them out, so that a variable
may be added.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from prelimbic.circuits import Numerics
from prelimbic.experiments.storage.digests import counted, of_numbers
from prelimbic.experiments.storage.provenance import target
from prelimbic.experiments.studies.registry import SHIPPED, find_study
from prelimbic.experiments.sweep.study import Options
from prelimbic.pharmacology import Bath, Dose
from prelimbic.simulation.config import MODEL_VERSION, Config
from prelimbic.simulation.identity import IDS
from prelimbic.simulation.inhibition import parse_inhibitions
from prelimbic.simulation.protocol import Protocol
from prelimbic.simulation.variable import Groups

FILE = Path(__file__).with_name("golden.json")
PORTABLE, FAST = Numerics(portable=True), Numerics()
SCALE = 0.5
BRIEF = Protocol((-12.0, 0.0, 0.26, 2.0, 4.0, 24.0), 0.26, look_scale=0.2, rest=2.0)
# Of analyses: libraries differ by up to 1e-5 in spectra and less elsewhere; a fit may move by more.
NEAR, NEAR_IN_FITS = 1e-4, 1e-2
FITS = ("aperiodic_offset", "aperiodic_knee", "aperiodic_exponent", "gamma_peak", "periodic")


@dataclass(frozen=True)
class Kind:
    """A kind of run: its study, what replaces parts of that study's first configuration, and constants that
    make it short.
    """

    study: str
    own: dict[str, Any]
    short: dict[str, Any]
    numerics: Numerics = PORTABLE
    slow: bool = False
    last: bool = False  # of the study's runs, not the first


OBSERVERS = "prelimbic.simulation.observers"
ARMS = dict(nitrergic="on", eef2k="on", trkb="on", memory="nmda_latch", hnk="ampa_pyr")
GIVEN = ("ampa_antagonist@1.75h", "rapamycin_icv@-0.5h")
LOOP = dict(protocol=BRIEF, doses=(Dose(10.0, "ip"),))
BATHS = {
    f"{OBSERVERS}.acute.CONCENTRATIONS_UM": (0.0, 3.0),
    f"{OBSERVERS}.acute.LOOK_S": 3.0,
    f"{OBSERVERS}.acute.SETTLE_S": 0.5,
}
RIG = {
    f"{OBSERVERS}.physiology.{name}": value
    for name, value in {
        "CURRENTS_PA": np.array([100.0, 300.0]),
        "POTENTIALS_MV": np.array([-80.0, -40.0]),
        "CONTACTS": np.array([5.0, 80.0]),
        "CONCENTRATIONS_UM": np.array([0.1, 1.0, 10.0]),
        "APPLY_S": 10.0,
        "WASH_S": 10.0,
        "AGAIN_S": 10.0,
        "PULSES": 2,
        "FAST_PULSES": 3,
        "LATE": slice(1, 3),
    }.items()
}
KINDS = {
    "loop": Kind("dose_response", LOOP | {"spikes": True}, {}),
    "loop in 32 fast bits": Kind("dose_response", LOOP, {}, FAST),
    "loop with every arm": Kind(
        "dose_response",
        LOOP
        | {
            "switches": ARMS,
            "protocol": replace(
                BRIEF, stress=(2.0, 4.0), inhibitions=tuple(chain(*map(parse_inhibitions, GIVEN)))
            ),
        },
        {},
    ),
    "loop of grown elements": Kind(
        "dose_response", LOOP | {"switches": {"spine_rule": "homeostatic", "site": "pv"}}, {}
    ),
    "readouts": Kind("strides", LOOP, {}),
    "acute": Kind("acute", {}, BATHS),
    "slice": Kind("slice", {}, BATHS, last=True),
    "surge": Kind(
        "surge",
        {"doses": (Dose(10.0, "ip"),), "protocol": Protocol((0.25,), 0.25, look_scale=0.7, rest=3.0)},
        {},
    ),
    "evoked": Kind(
        "evoked",
        {"doses": (Dose(10.0, "ip"),)},
        {
            f"{OBSERVERS}.evoked.PULSES": (1, 8),
            f"{OBSERVERS}.evoked.TRAINS": 2,
            f"{OBSERVERS}.evoked.REST_S": 1.0,
        },
    ),
    "mk801": Kind(
        "mk801",
        {"protocol": Protocol((0.0, 0.25, 0.5), 1.0), "bath": Bath((("mk801", 0.06),), 0.0)},
        {f"{OBSERVERS}.cells.BEFORE": 3, f"{OBSERVERS}.cells.LAST": 2, f"{OBSERVERS}.cells.LOOK_S": 2.0},
    ),
    "numerics": Kind(
        "numerics", {"protocol": BRIEF}, {f"{OBSERVERS}.numerics.WINDOWS": 3}, last=True, slow=True
    ),
    "physiology": Kind("physiology", {}, RIG, slow=True),
    "validation": Kind("validation", {}, {}, last=True),
    "knockouts": Kind("knockouts", {"doses": (Dose(10.0, "ip"),)}, {}, slow=True),
    "circuit_prior": Kind("circuit_prior", {}, {}, slow=True),
    "influence": Kind("influence", {}, {f"{OBSERVERS}.influence.CONCENTRATIONS_UM": (0.0, 3.0)}, slow=True),
}


def numbers(kind: Kind) -> dict[str, np.ndarray]:
    """Every number that a run of a kind would store, by GROUP/NAME."""
    study = find_study(kind.study)
    with ExitStack() as stack:
        for name, value in kind.short.items():
            stack.enter_context(patch(name, value))
        run = study.plan(Options(1, SCALE, sheets=(study.sheet,), numerics=kind.numerics))[
            -1 if kind.last else 0
        ]
        own = dict(kind.own)
        switches = replace(run.config.hypotheses, **own.pop("switches", {}))
        config: Config = replace(run.config, **({"hypotheses": switches, "numerics": kind.numerics} | own))
        groups: Groups = run.compute(config, True, lambda seconds: None)
    return {
        f"{g}/{n}": v.values
        for g, part in groups.items()
        for n, v in part.items()
        if v.values.dtype.kind in "fiub"
    }


@cache
def found(name: str) -> dict[str, np.ndarray]:
    """The numbers of one of KINDS; computed once."""
    return numbers(KINDS[name])


def print_of(name: str, values: np.ndarray) -> list[Any]:
    """Type, shape, a digest where the number is exact, and else three sums, which tell a change beyond the
    last digits.
    """
    if (whole := counted(name, values)) is not None:
        return [values.dtype.str, list(values.shape), of_numbers(whole)]
    return [values.dtype.str, list(values.shape), sums(values)]


def sums(values: np.ndarray) -> list[float]:
    """How many are finite, their mean size, their mean, and a mean in which each place has a weight of its
    own.
    """
    flat = values.astype(float).ravel()
    finite = np.where(np.isfinite(flat), flat, 0.0)
    weight = np.cos(1.0 + np.arange(flat.size))
    n = max(flat.size, 1)
    return [
        float(np.isfinite(flat).sum()),
        *(float(f"{x:.9g}") for x in (np.abs(finite).sum() / n, finite.sum() / n, finite @ weight / n)),
    ]


def moved(kept: dict[str, list[Any]], now: dict[str, np.ndarray]) -> list[str]:
    """Names of kept numbers that are not what they were, beyond what libraries do to last digits."""
    return [
        name
        for name, then in kept.items()
        if name not in now or not _alike(name, then, print_of(name, now[name]))
    ]


def _alike(name: str, then: list[Any], now: list[Any]) -> bool:
    if then[:2] != now[:2] or isinstance(then[2], str) or isinstance(now[2], str):
        return then == now
    near = NEAR_IN_FITS if name.rpartition("/")[2] in FITS else NEAR
    return then[2][0] == now[2][0] and all(
        abs(a - b) <= near * then[2][1] for a, b in zip(then[2][1:], now[2][1:], strict=True)
    )


def to_the_bit(kind: str, names: list[str]) -> dict[str, str]:
    """Digests of named numbers of a kind as they came out here."""
    now = found(kind)
    return {name: of_numbers(now[name])[:8] for name in names if name in now}


def here() -> str:
    """This machine's target, under which numbers are kept to the bit."""
    return target(True, FAST)


def ids() -> dict[str, str]:
    """Of every study, a digest over the files of its runs of two seeds: their places and ids."""
    planned = {name: find_study(name).plan(Options(2, sheets=(find_study(name).sheet,))) for name in SHIPPED}
    return {
        name: hashlib.sha256("\n".join(r.file for r in runs).encode()).hexdigest()[:16]
        for name, runs in planned.items()
    }


def kept() -> dict[str, Any]:
    """What golden.json holds."""
    return json.loads(FILE.read_text())


def renew(say: Callable[[str], None] = print, anew: tuple[str, ...] = ()) -> int:
    """Add what is missing, and all of the studies that begin anew; 1 where any other kept number would have
    moved.
    """
    try:
        old = kept()
    except FileNotFoundError:
        old = {"model_version": 0}
    same = old["model_version"] == MODEL_VERSION
    golden = old if same else {"model_version": MODEL_VERSION, "numbers": {}, "to_the_bit": {}}
    wrong = []
    for kind in (kind for kind in KINDS if KINDS[kind].study in anew):
        for there in (golden["numbers"], *golden["to_the_bit"].values()):
            there.pop(kind, None)
    for kind in KINDS:
        now = found(kind)
        say(f"{kind}: {len(now)} numbers")
        if KINDS[kind].numerics.portable:
            there = golden["numbers"].setdefault(
                kind, {name: print_of(name, values) for name, values in now.items()}
            )
            wrong += [f"{kind}: {name}" for name in moved(there, now)]
    bits = golden["to_the_bit"].setdefault(here(), {})
    for kind in KINDS:
        there = bits.setdefault(kind, to_the_bit(kind, list(found(kind))))
        wrong += [
            f"{kind}: {name}, to the bit"
            for name, digest in to_the_bit(kind, list(there)).items()
            if digest != there[name]
        ]
    named = ids()
    made_alike = same and old.get("ids_made") == IDS
    if made_alike:
        others = [
            name for name, known in old["ids"].items() if name not in anew and named.get(name) != known
        ]
        wrong += [f"ids of stored runs of {name}" for name in others]
    golden |= {"ids": named, "ids_made": IDS}
    if wrong:
        say(
            "MODEL_VERSION is as it was, and yet these moved; "
            "raise it in simulation/config.py, name studies that a sheet moved, or undo the change:"
        )
        say("\n".join(wrong))
        return 1
    FILE.write_text(_shown(golden))
    return 0


def _shown(golden: dict[str, Any]) -> str:
    """JSON with a line for every number, so that a change is seen in a diff."""

    def lines(part: dict[str, Any]) -> str:
        return ",\n".join(f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in part.items())

    numbers = ",\n".join(
        f" {json.dumps(kind)}: {{\n{lines(part)}}}" for kind, part in golden["numbers"].items()
    )
    bits = ",\n".join(
        f" {json.dumps(name)}: {{\n{lines(part)}}}" for name, part in golden["to_the_bit"].items()
    )
    return (
        f'{{"model_version": {golden["model_version"]},\n"ids_made": {golden["ids_made"]},\n'
        f'"ids": {{\n{lines(golden["ids"])}}},\n'
        f'"numbers": {{\n{numbers}}},\n"to_the_bit": {{\n{bits}}}}}\n'
    )


if __name__ == "__main__":
    sys.exit(renew(print, tuple(sys.argv[1:])))
