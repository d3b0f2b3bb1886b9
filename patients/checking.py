"""Hold a surrogate against whole spiking runs: held-out subjects, each simulated with spikes and spine
agents, and followed with the surrogate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from prelimbic.patients.course import courses
from prelimbic.patients.doses import SPECIES
from prelimbic.patients.drawing import drawn_slow, overrides_of
from prelimbic.patients.subjects import people
from prelimbic.patients.surrogate import Surrogate, patients_sheet
from prelimbic.pharmacology import Body
from prelimbic.pharmacology.population import ODDS, TIMES
from prelimbic.simulation.config import Config
from prelimbic.simulation.given import doses
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.planner import looks_for
from prelimbic.simulation.protocol import Protocol
from prelimbic.simulation.run import simulate

if TYPE_CHECKING:
    import pandas as pd

# twice the usual dose, for the usual one grows too little to be told from chance
GIVE, READ_H = "1 mg/kg iv over 40min at 0h", (4.0, 24.0, 72.0)
SEED = 1_000_003  # of subjects that nobody else draws


def held_out_people(known: Surrogate, n: int) -> pd.DataFrame:
    """Subjects to hold a surrogate against: as `people`, but for what a body does to the drug beside its
    weight, sex, age and genotype, which a run cannot be told.
    """
    found = people(n, SEED, sheet=known.circuit, affinity=known.affinity)
    found[[*TIMES, ODDS]] = 1.0
    return found


def spiking(known: Surrogate, subject: pd.Series) -> Config:
    """The whole spiking run of one such subject: its circuit, cascade, contacts and body."""
    share = patients_sheet().people.draw
    own = known.emulated[int(subject["circuit"])]
    start = Config("check", known.circuit, SPECIES, (), 1.0, own.seed, Protocol((), 0.0))
    changes = dict(overrides_of(start.own_sheet, own.seed, share, own.background))
    changes |= drawn_slow(start.sheets(), int(subject["cascade"]), share)
    changes["spines.spines.depressed_share"] = float(subject["spines"])
    weight = float(subject["weight"])
    body = Body(weight, str(subject["sex"]), str(subject["cyp2b6"]), float(subject["age"]))
    found = Config(
        "check",
        known.circuit,
        SPECIES,
        doses(GIVE, weight),
        1.0,
        own.seed,
        Protocol((), 0.0),
        tuple(sorted(changes.items())),
        Hypotheses(affinity=known.affinity),
        body=body,
    )
    read = tuple(f"{hour:g} h" for hour in READ_H)
    looks = looks_for(found.exposure(found.doses), ("rest", *read))
    return replace(found, protocol=looks)


def checked(
    known: Surrogate, n: int, tell: Callable[[float], None] = lambda seconds: None
) -> tuple[dict[str, Any], ...]:
    """Relative change of spines of `n` held-out subjects at READ_H, `spiking` and `emulated`.  `tell` hears
    biological seconds.  Raises what `simulate` raises.
    """
    subjects, found = held_out_people(known, n), list[dict[str, Any]]()
    guessed = courses(subjects, GIVE, list(READ_H), sheet=known.circuit, affinity=known.affinity)["spines"]
    for number, subject in subjects.iterrows():
        config = spiking(known, subject)
        seen = {round(s.look.time, 6): s for s in simulate(config, True, tell).seen}
        before = float(np.mean(seen[0.0].spines.density))
        for k, hour in enumerate(READ_H):
            change = float(np.mean(seen[hour].spines.density)) / before - 1.0
            emulated = float(guessed.sel(subject=number).values[k]) - 1.0
            found.append(
                {
                    "subject": int(str(number)),
                    "give": GIVE,
                    "hour": hour,
                    "spiking": round(change, 5),
                    "emulated": round(emulated, 5),
                }
            )
    return tuple(found)


def seconds(known: Surrogate, n: int) -> float:
    """Biological seconds that `checked` will spike."""
    return sum(
        looks.rest + sum(look.seconds for look in looks.looks())
        for _, subject in held_out_people(known, n).iterrows()
        for looks in [spiking(known, subject).protocol]
    )
