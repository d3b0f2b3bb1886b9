"""Claims that bear on what was computed, and their verdicts where they are those in force.

A verdict is shown in two cases: of a held-out claim, when the ledger has a look under the very numbers and
the version of the model of these runs; of any other, when it is judged by these runs here and now.  A report
is no look: it asks no held-out claim.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from prelimbic.experiments.claims.bench import FEWEST_SEEDS, Bench
from prelimbic.experiments.claims.board import all_claims, told_range, told_value
from prelimbic.experiments.claims.claim import CASCADE, Claim, judge
from prelimbic.experiments.claims.ledger import COLUMNS, NAME, SHIPPED
from prelimbic.experiments.reports.subject import Subject
from prelimbic.parameters.errors import RunError, UsageError

ANIMALS = {"human": ("human", "man "), "rat": ("rat ", "rat,"), "mouse": ("mouse",)}
MOST = 12  # claims that bear on a question of one's own, which belongs to none
ASK = "not judged under these numbers"
MOVED = "not judged with what is moved in these runs"
AS_USUAL = {"switches": "none", "manipulations": "none", "inhibitors": "none", "scale": 1.0}


@dataclass(frozen=True)
class Bearing:
    """A claim with its verdict, by what it was found, and what was published."""

    claim: Claim
    verdict: str
    found: str
    published: str
    by: str


def bearing(subject: Subject) -> list[Bearing]:
    """Claims that read the study, or of other questions those about the same animal; none of runs of another
    version of the model.
    """
    if not subject.current:
        return []
    known = all_claims(lambda why: None)
    mine = [claim for claim in known if claim.study and claim.study == subject.name]
    if not mine:
        words = ANIMALS.get(str(subject.facts.get("species", "")), ())
        about = [c for c in known if any(word in f"{c.protocol} " for word in words)]
        mine = sorted(about, key=lambda c: c.rests_on != CASCADE)[:MOST]
    return [*_judged(mine, subject)]


def _judged(claims: list[Claim], subject: Subject) -> Iterator[Bearing]:
    moved = [name for name, usual in AS_USUAL.items() if subject.facts.get(name, usual) != usual]
    bench = None if moved else _bench(subject)
    for claim in claims:
        try:
            found = None if bench is None else _verdict(claim, bench, subject)
        except (UsageError, RunError):
            found = None
        yield found or Bearing(claim, "", "", "", f"{MOVED}: {', '.join(moved)}" if moved else ASK)


def _bench(subject: Subject) -> Bench | None:
    """The numbers of these runs, as claims ask of them; nothing where one sheet does not say them all."""
    try:
        overrides = tuple((str(name), float(value)) for name, value in subject.config["overrides"])
        here = {} if subject.dataset is None else {subject.name: subject.path}
        seeds = 0 if subject.dataset is None else subject.dataset.sizes.get("seed", 0)
        sheet, results = str(subject.config["circuit"]), subject.path.parent
        return Bench(sheet, max(seeds, FEWEST_SEEDS), overrides, results, draws=0, here=here)
    except (UsageError, RunError):
        return None


def _verdict(claim: Claim, bench: Bench, subject: Subject) -> Bearing | None:
    if claim.role == "PRED":
        return _looked(claim, bench, subject)
    if claim.study and (subject.is_run or claim.study != subject.name):
        return None
    (judged,) = judge([claim], bench)
    seeds = f"these runs, {judged.seeds} seeds" if claim.study else "these numbers, no circuit runs"
    m = judged.deciding
    return Bearing(claim, judged.verdict, f"{m.name}: {told_value(m)}", told_range(m), seeds)


def _looked(claim: Claim, bench: Bench, subject: Subject) -> Bearing | None:
    """The last look that the ledgers have under these very numbers, which the hash holds together with the
    model's version.
    """
    mine = bench.frozen(claim.rests_on, claim.study, claim.needs)
    looks = [row for path in (SHIPPED, subject.path.parent / NAME) for row in _rows(path)]
    looks = [row for row in looks if row["claim"] == claim.id and row["sheet_hash"] == mine]
    if not looks:
        return None
    row = looks[-1]
    found = f"{row['measure']}: {row['value']} ({row['low']} to {row['high']})"
    return Bearing(claim, row["verdict"], found, "", f"the ledger of looks, {row['seeds']} seeds")


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            return [row for row in csv.DictReader(handle) if {*COLUMNS} <= {*row}]
    except (OSError, UnicodeDecodeError, csv.Error):
        return []
