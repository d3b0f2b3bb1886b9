"""Overridden numbers on which nothing in an exposure or in claims depends: of another species, of a switch
that is off, of a volume that nothing flows into.  They are said, for the answer looks like one to another
question and is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import zip_longest

import numpy as np

from prelimbic.experiments.claims.bench import FEWEST_SEEDS, Bench
from prelimbic.experiments.claims.claim import Claim
from prelimbic.experiments.studies.registry import find_study
from prelimbic.experiments.sweep.idle import makings
from prelimbic.simulation.config import Config
from prelimbic.simulation.exposed import exposed
from prelimbic.simulation.overrides import Overrides
from prelimbic.simulation.sheets import overridden


def told(names: list[str], where: str) -> str:
    """One sentence about all of them."""
    return f"nothing in {where} depends on {', '.join(names)}, which --set changed"


def idle(sheet: str, overrides: Overrides, outcome: Callable[[Overrides], Iterable[bytes]]) -> list[str]:
    """Overrides that differ from the sheets, and without which every part of the outcome is the same."""
    shipped, whole, found = overridden(sheet, ()), list(outcome(overrides)), []
    for k, (name, value) in enumerate(overrides):
        subject, _, number = name.partition(".")
        others = outcome(overrides[:k] + overrides[k + 1 :])
        if shipped[subject].values()[number] != value and all(
            one == other for one, other in zip_longest(whole, others)
        ):
            found.append(name)
    return found


def idle_in_exposure(config: Config, hours: np.ndarray) -> list[str]:
    """Overrides of a configuration that move no concentration and no block at these hours."""

    def outcome(changes: Overrides) -> Iterator[bytes]:
        other = replace(config, overrides=changes)
        yield from (values.values.tobytes() for values in exposed(other, hours).values())
        yield other.grown().mixtures.tobytes()

    return idle(config.circuit, config.overrides, outcome)


def idle_in_claims(claims: Iterable[Claim], bench: Bench) -> list[str]:
    """Overrides that move nothing that runs of the claims' studies are made of, and no readout of claims
    without a study.
    """
    config = bench.config
    claims, studies = [c for c in claims if not c.study], sorted({c.study for c in claims if c.study})
    runs = [
        (run.config, find_study(study).reads)
        for study in studies
        for run in bench.plan(study)
        if run.place["seed"] == 1 and run.config.overrides == config.overrides
    ]

    def outcome(changes: Overrides) -> Iterator[bytes]:
        other = Bench(config.circuit, FEWEST_SEEDS, changes, bench.results)
        for claim in claims:
            yield b"".join(measure.values.tobytes() for measure in claim.readout(other))
        for made, reads in runs:
            yield makings(replace(made, overrides=changes), reads).encode()

    return idle(config.circuit, config.overrides, outcome)
