"""The board as it was last judged and recorded, for whoever has not the runs: how every claim came out.

Rows count under the numbers that they were judged with: the hash of a claim's numbers stands in each.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from prelimbic.experiments.claims.bench import Bench
from prelimbic.experiments.claims.board import told_range, told_value
from prelimbic.experiments.claims.claim import Claim, Judged
from prelimbic.experiments.storage.files import publish
from prelimbic.simulation.config import MODEL_VERSION

NAME = f"verdicts-{MODEL_VERSION}.csv"
COLUMNS = (
    "claim",
    "role",
    "verdict",
    "seeds",
    "sheet",
    "sheet_hash",
    "quantity",
    "model",
    "published",
    "of",
)


@dataclass(frozen=True)
class Quantity:
    """A judged quantity of a claim, as it is told."""

    name: str
    model: str
    published: str
    verdict: str


@dataclass(frozen=True)
class Decided:
    """How a claim came out; `recorded` where that stands in the record and not in the results at hand."""

    role: str
    verdict: str
    seeds: int
    sheet: str
    quantities: tuple[Quantity, ...]
    recorded: bool = False

    @property
    def deciding(self) -> Quantity:
        """The first quantity that has the verdict of the claim."""
        return next((q for q in self.quantities if q.verdict == self.verdict), self.quantities[0])


def decided(j: Judged) -> Decided:
    """How a claim that was judged came out."""
    found = [Quantity(m.name, told_value(m), told_range(m), j.of(m)) for m in j.measures if m.judged]
    return Decided(j.role, j.verdict, j.seeds, j.sheet, tuple(found))


def recorded(claim: Claim, bench: Bench) -> Decided | None:
    """How a claim came out when the board was last recorded; nothing where that was under other numbers."""
    mine = [row for row in _rows() if row["claim"] == claim.id]
    if not mine or mine[0]["sheet"] != bench.config.sheet_name:
        return None
    if mine[0]["sheet_hash"] != bench.frozen(claim.rests_on, claim.study, claim.needs):
        return None
    found = [Quantity(row["quantity"], row["model"], row["published"], row["of"]) for row in mine]
    first = mine[0]
    return Decided(first["role"], first["verdict"], int(first["seeds"]), first["sheet"], tuple(found), True)


def record(board: Iterable[Judged], path: Path) -> None:
    """Put what was judged in the place of what a record says of the same claims.  Raises StoreError."""
    judged = list(board)
    new = [row for j in judged for row in _rows_of(j)]
    old = [row for row in _rows(path) if row["claim"] not in {j.claim.id for j in judged}]
    text = io.StringIO()
    lines = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    lines.writeheader()
    lines.writerows([*old, *new])
    publish(path, text.getvalue().encode())


def _rows_of(j: Judged) -> list[dict[str, str]]:
    found = decided(j)
    same = (j.claim.id, found.role, found.verdict, str(found.seeds), found.sheet, j.sheet_hash)
    return [
        dict(zip(COLUMNS, (*same, q.name, q.model, q.published, q.verdict), strict=True))
        for q in found.quantities
    ]


def _rows(path: Path | None = None) -> list[dict[str, str]]:
    """The rows of the record that ships, or of one in a checkout; none where there is none."""
    kept = files("prelimbic.experiments") / NAME if path is None else path
    return list(csv.DictReader(kept.read_text(encoding="utf-8").splitlines())) if kept.is_file() else []
