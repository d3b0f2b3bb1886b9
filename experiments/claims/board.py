"""The board: all claims there are, what is missing of their runs computed on request, and how verdicts
are told.
"""

from __future__ import annotations

import numpy as np

from prelimbic.experiments.claims.bench import PRIOR_STUDY, Bench, ClaimError
from prelimbic.experiments.claims.claim import NO_DRUG, ROLES, Claim, Judged, Measure
from prelimbic.experiments.claims.claimed import CLAIMS
from prelimbic.experiments.claims.claimed_acute import ACUTE_CLAIMS
from prelimbic.experiments.claims.claimed_slow import SLOW_CLAIMS
from prelimbic.experiments.studies.registry import find_study
from prelimbic.experiments.sweep.conduct import Screen, complete
from prelimbic.parameters import near
from prelimbic.parameters.brought import load, points

ALL_CLAIMS = [*CLAIMS, *ACUTE_CLAIMS, *SLOW_CLAIMS]  # those that ship
GROUP = "prelimbic.claims"
NOT_MEASURED = "not measured"
VERDICTS = ("holds", "fails", "inconclusive", NO_DRUG, "not testable")


def all_claims() -> list[Claim]:
    """All claims: those that ship, then those of other packages, each of which an entry point brings as a
    Claim or a list of them.  Raises ClaimError for what is none, an unknown role and an id that is taken.
    """
    found = list(ALL_CLAIMS)
    for point in points(GROUP).values():
        named = load(point, "claims", ClaimError)
        brought = [named] if isinstance(named, Claim) else named
        if not isinstance(brought, list | tuple) or not all(isinstance(each, Claim) for each in brought):
            raise ClaimError(f"claims {point.name}: {point.value} is neither a Claim nor a list of Claims")
        for claim in brought:
            if claim.role not in ROLES:
                known = f"{near(claim.role, ROLES)} but must be one of {', '.join(ROLES)}"
                raise ClaimError(f"claim {claim.id} of {point.value}: its role is {claim.role!r}{known}")
            if claim.id in {other.id for other in found}:
                raise ClaimError(f"claim {claim.id} of {point.value}: there is a claim of this id already")
            found.append(claim)
    return found


def compute(claims: list[Claim], bench: Bench, workers: int, screen: Screen) -> None:
    """Compute what the claims need and is missing, study by study.  Raises ExecuteError or StoreError; what
    finished stays.
    """
    needs = {c.study: [d.needs for d in claims if d.study == c.study] for c in claims if c.study}
    if any(c.prior for c in claims) and not bench.config.overrides:
        needs[PRIOR_STUDY] = [lambda place: True]
    for name, wanted in needs.items():
        runs = bench.plan(name)
        asked = [r for r in runs if any(need(r.place) for need in wanted)]
        complete(find_study(name), runs, asked, bench.folder(name), workers, screen)


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
    """The published range."""
    if np.isinf(m.high):
        return f"above {m.low:g}"
    if np.isinf(m.low):
        return f"below {m.high:g}"
    below, above = m.open
    return f"{'above ' * below}{m.low:g} to {'below ' * above}{m.high:g}"


def told_prior(j: Judged) -> str:
    """The share of the prior's circuits that show the claim."""
    return NOT_MEASURED if j.prior is None else str(j.prior)
