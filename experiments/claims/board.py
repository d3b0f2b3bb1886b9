"""The board: all claims there are, what is missing of their runs computed on request, and how verdicts
are told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any

import numpy as np

from prelimbic.experiments.claims.bench import PRIOR_STUDY, Bench, ClaimError, Needs
from prelimbic.experiments.claims.claim import (
    NO_DRUG,
    ROLES,
    Claim,
    Judged,
    Measure,
    chosen,
    drawn_from_circuits,
)
from prelimbic.experiments.claims.claimed import CLAIMS
from prelimbic.experiments.claims.claimed_acute import ACUTE_CLAIMS
from prelimbic.experiments.claims.claimed_laboratory import LABORATORY_CLAIMS
from prelimbic.experiments.claims.claimed_people import PEOPLE_CLAIMS
from prelimbic.experiments.claims.claimed_slow import SLOW_CLAIMS
from prelimbic.experiments.studies.registry import SHIPPED, find_study
from prelimbic.experiments.sweep.conduct import complete
from prelimbic.experiments.sweep.screen import Screen
from prelimbic.experiments.sweep.study import Run
from prelimbic.parameters.brought import (
    FUNCTION,
    NAME,
    TEXT,
    TEXTS,
    Kind,
    asked,
    load,
    misfit,
    origin,
    points,
    warn_left_out,
)
from prelimbic.parameters.errors import UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

# those that ship
ALL_CLAIMS = [*CLAIMS, *ACUTE_CLAIMS, *SLOW_CLAIMS, *PEOPLE_CLAIMS, *LABORATORY_CLAIMS]
GROUP = "prelimbic.claims"
KINDS: dict[str, Kind] = {
    "id": NAME,
    "statement": TEXT,
    "source": TEXT,
    "role": (f"one of {', '.join(ROLES)}", lambda given: given in ROLES),
    "protocol": TEXT,
    "readout": FUNCTION,
    "study": TEXT,
    "needs": FUNCTION,
    "rests_on": TEXTS,
    "note": TEXT,
    "no_effect": TEXT,
    "undrawn": TEXT,
    "courses": ("true or false", lambda given: isinstance(given, bool)),
}
VERDICTS = ("holds", "fails", "inconclusive", NO_DRUG, "not testable")


def all_claims(tell: Callable[[str], None] = warn_left_out) -> list[Claim]:
    """All claims: those that ship, then those of other packages, each of which an entry point brings as a
    Claim or a list of them.  What cannot be used is left out, and `tell` hears why.
    """
    found, left_out = _collected()
    for _, why in left_out:
        tell(f"{why}; left out")
    return found


def find_claims(ids: tuple[str, ...], tell: Callable[[str], None] = warn_left_out) -> list[Claim]:
    """Claims by id, all when none is named.  Raises ClaimError naming those there are, and for one of
    another package that cannot be used.
    """
    found, left_out = _collected()
    known = {claim.id for claim in found}
    for id, why in left_out:
        if id in ids and id not in known:
            raise ClaimError(why)
        tell(f"{why}; left out")
    return chosen(ids, found)


def _collected() -> tuple[list[Claim], list[tuple[str, str]]]:
    """All claims that can be used; and of the others the id, where there is one, and why not."""
    found, left_out = list(ALL_CLAIMS), list[tuple[str, str]]()
    for point in points(GROUP):
        try:
            brought = _named(point)
        except ClaimError as error:
            left_out.append(("", str(error)))
            continue
        for claim in brought:
            taken = "there is a claim of this id already" if claim.id in {c.id for c in found} else ""
            if wrong := misfit(claim, KINDS) or taken:
                left_out.append((str(claim.id), f"claim {claim.id} of {origin(point)}: {wrong}"))
            else:
                found.append(_guarded(claim, point))
    return found, left_out


def _named(point: EntryPoint) -> Sequence[Claim]:
    named = load(point, "claims", ClaimError)
    brought = [named] if isinstance(named, Claim) else named
    if not isinstance(brought, list | tuple) or not all(isinstance(each, Claim) for each in brought):
        raise ClaimError(f"claims {point.name}: {origin(point)} is neither a Claim nor a list of Claims")
    return brought


def _guarded(claim: Claim, point: EntryPoint) -> Claim:
    """The claim with its functions such that what goes wrong in them is told in a sentence."""
    where = f"claim {claim.id} of {origin(point)}"

    @wraps(claim.readout)
    def readout(bench: Bench) -> list[Measure]:
        measures = asked(f"{where}: its readout", lambda: claim.readout(bench), ClaimError)
        if not isinstance(measures, list | tuple) or not measures or not all(map(_measured, measures)):
            raise ClaimError(f"{where}: its readout gives no list of Measures, each with its values")
        return list(measures)

    def needs(place: dict[str, Any]) -> bool:
        return asked(f"{where}: its needs", lambda: bool(claim.needs(place)), ClaimError)

    return replace(claim, readout=readout, needs=needs)


def _measured(given: object) -> bool:
    """Whether it is a Measure of one value or more."""
    if not isinstance(given, Measure) or not isinstance(given.values, np.ndarray):
        return False
    numbers = all(isinstance(end, int | float) for end in (given.low, given.high))
    return numbers and given.values.ndim == 1 and given.values.size > 0 and given.values.dtype.kind in "iuf"


def compute(claims: list[Claim], bench: Bench, workers: int, screen: Screen) -> None:
    """Compute what the claims need and is missing, study by study.  Raises ExecuteError or StoreError; what
    finished stays.  Claims that cannot be asked are passed over: a look says why.
    """
    needs = {c.study: [d.needs for d in claims if d.study == c.study] for c in claims if c.study}
    if any(map(drawn_from_circuits, claims)) and not bench.config.overrides and bench.draws != 0:
        needs[PRIOR_STUDY] = [lambda place: True]
    for name, wanted in needs.items():
        try:
            runs = bench.plan(name)
        except UsageError:  # also where there is no surrogate of the sheet
            if name in SHIPPED:
                raise
            continue
        files = {r.file for need in wanted for r in _needed(runs, need)}
        if files:
            complete(
                find_study(name),
                runs,
                [r for r in runs if r.file in files],
                bench.folder(name),
                workers,
                screen,
            )


def _needed(runs: list[Run], need: Needs) -> list[Run]:
    try:
        return [run for run in runs if need(run.place)]
    except ClaimError:
        return []


def summary(board: list[Judged]) -> str:
    """How many claims of each role hold; what is true by construction is no prediction and stands apart."""
    parts = []
    for role in ("PRED", "CTRL", "CAL", "STRUCT"):
        mine = [j for j in board if j.role == role]
        if mine:
            counts = {v: sum(j.verdict == v for j in mine) for v in VERDICTS}
            parts.append(f"{role}: " + ", ".join(f"{n} {v}" for v, n in counts.items() if n))
    return "; ".join(parts)


def told_role(j: Judged) -> str:
    """The role, and what it was before the claim was looked at under other numbers."""
    return j.role if j.role == j.claim.role else f"{j.role} (was {j.claim.role}: seen under other numbers)"


def told_value(m: Measure) -> str:
    """`+12.3 % (11.9 to 12.7)`."""
    if not np.isfinite(m.values).all():
        return "no number"
    below, above = m.interval
    return f"{m.values.mean():.3g} {m.unit}".removesuffix(" 1") + (
        "" if len(m.values) < 2 else f" ({below:.3g} to {above:.3g})"
    )


def told_range(m: Measure) -> str:
    """The published range, or value."""
    if not m.judged:
        return "not judged"
    if m.recorded is not None:
        return f"{m.recorded:g} ({m.low:.3g} to {m.high:.3g})"
    if np.isinf(m.high):
        return f"above {m.low:g}"
    if np.isinf(m.low):
        return f"below {m.high:g}"
    below, above = m.open
    return f"{'above ' * below}{m.low:g} to {'below ' * above}{m.high:g}"


def told_draws(j: Judged, affinity: str) -> str:
    """The share of drawn models in which the claim holds, or in a word that there is none."""
    found = j.draws[affinity]
    return found.partition(":")[0] if isinstance(found, str) else str(found)


def told_other(j: Judged) -> str:
    """The verdict under the other affinity, or that only draws tell."""
    return j.under_other or "by draws"
