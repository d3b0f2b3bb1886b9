"""The board: every claim asked for, with what is missing computed on request, as a table, as JSON or as a
page.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
from rich.console import Console, Group
from rich.table import Table

from prelimbic.experiments.claims.bench import PRIOR_STUDY, Bench, ClaimError
from prelimbic.experiments.claims.claim import NO_DRUG, Claim, Judged, Measure, chosen, judge, unasked
from prelimbic.experiments.claims.claimed import CLAIMS
from prelimbic.experiments.claims.claimed_acute import ACUTE_CLAIMS
from prelimbic.experiments.claims.claimed_slow import SLOW_CLAIMS
from prelimbic.experiments.claims.ledger import SHIPPED, ledger_of, looks, record, tracked
from prelimbic.experiments.claims.unused import idle_in_claims
from prelimbic.experiments.claims.unused import told as idle_told
from prelimbic.experiments.figures import settle
from prelimbic.experiments.readouts.nulls import INERT, MEANING
from prelimbic.experiments.storage.files import StoreError
from prelimbic.experiments.sweep.conduct import complete, console
from prelimbic.experiments.sweep.study import find_study
from prelimbic.experiments.sweep.unusual import unusual

ALL_CLAIMS = [*CLAIMS, *ACUTE_CLAIMS, *SLOW_CLAIMS]
NOT_MEASURED = "not measured"
VERDICTS = ("holds", "fails", "inconclusive", NO_DRUG, "not testable")


def show_claims(
    ids: tuple[str, ...],
    sheet: str,
    seeds: int,
    overrides: tuple[tuple[str, float], ...],
    results: Path,
    as_json: bool,
    run: bool,
    workers: int,
    page: Path | None,
    for_all: bool = False,
) -> None:
    """Judge claims on a sheet by stored studies, and print them; with `run` compute first what is missing,
    with `page` write claims.md and a figure a claim into a folder.  Looks at held-out claims are recorded
    among the results, or `for_all` in the ledger of the checkout.

    Without ids, claims whose study is missing are named and left out; named, they are an error.
    """
    if page is not None and (ids or overrides):
        raise ClaimError(
            "--page writes the whole board of a sheet's own numbers: it takes no claim and no --set"
        )
    if page is not None and os.path.isfile(page):
        raise StoreError(f"--page {page} is a file, but must be a folder")
    ledger, checkout = ledger_of(results), tracked()
    if for_all and checkout is None:
        raise ClaimError(
            "--record writes experiments/ledger.csv of a checkout of prelimbic, and there is none here"
        )
    asked, told = chosen(ids, ALL_CLAIMS), Console(stderr=True) if as_json else console()
    bench = Bench(
        sheet, seeds, overrides, results, lambda what: told.print(what, highlight=False, markup=False)
    )
    if run:
        compute(asked, bench, workers, told)
    left_out = {} if ids else unasked(asked, bench)
    for missing, why in left_out.items():
        told.print(f"{missing} not judged: {why}", highlight=False, markup=False, soft_wrap=True)
    ledgers = (ledger,) if checkout is None else (ledger, checkout)
    before = looks(SHIPPED, *ledgers)
    board = judge([c for c in asked if c.id not in left_out], bench, lambda claim: before.get(claim, set()))
    target, others = (checkout, ()) if for_all and checkout is not None else (ledger, ledgers[1:])
    for look in record(board, target, *others):
        told.print(f"recorded in {target}: {look}", highlight=False, markup=False, soft_wrap=True)
    if as_json:
        set_to = {"overridden": dict(overrides)} if overrides else {}
        print(json.dumps([j.as_json() | set_to for j in board], indent=1))
    else:
        told.print(as_table(board))
        if overrides and (idle := idle_in_claims([j.claim for j in board], bench)):
            told.print(idle_told(idle, "these claims"), highlight=False, markup=False, soft_wrap=True)
        for line in (*unusual([bench.config]), summary(board)):
            told.print(line, highlight=False, markup=False, soft_wrap=True)
    if page is not None:
        from prelimbic.experiments.claims.page import write_page

        settle()
        told.print(
            f"page: {write_page(board, left_out, page)}", highlight=False, markup=False, soft_wrap=True
        )


def compute(claims: list[Claim], bench: Bench, workers: int, screen: Console) -> None:
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


def as_table(board: list[Judged]) -> Group:
    """Every measure of every claim; and, where there are nulls, the verdict under each."""
    table = Table(
        title="claims; intervals are 95 % of the mean over seeds, prior share is that of circuits drawn at random",
        title_justify="left",
    )
    for heading in (
        "id",
        "role",
        "statement, source, protocol",
        "measure",
        "model",
        "published",
        "verdict",
        "seeds",
        "prior share",
    ):
        table.add_column(heading, overflow="fold")
    for j in board:
        about = f"{j.claim.statement} ({j.claim.source}); {j.claim.protocol}"
        for k, m in enumerate(j.measures):
            first = (f"{j.claim.id}\n{j.verdict}", told_role(j), about) if k == 0 else ("", "", "")
            last = (str(j.seeds) if j.claim.study else "", told_prior(j)) if k == 0 else ("", "")
            table.add_row(*first, m.name, told_value(m), told_range(m), j.of(m), *last)
    beside = [j for j in board if j.nulls or j.inert]
    if not beside:
        return Group(table)
    names = [n for n in MEANING if any(n in j.nulls for j in beside)]
    nulls = Table(
        title="the same under an inert drug and under nulls: a claim that holds there too does not need what lacks",
        title_justify="left",
    )
    for heading in ("id", "model", INERT, *(MEANING[n] for n in names)):
        nulls.add_column(heading, overflow="fold")
    for j in beside:
        nulls.add_row(
            j.claim.id, j.verdict, j.without_drug, *(j.under(n) if n in j.nulls else "" for n in names)
        )
    return Group(table, nulls)


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
