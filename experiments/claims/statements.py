"""What is said of ketamine, statement by statement: what later evidence says, which claims decide it, and
what stored runs give.  Rows stand in experiments/statements.toml; values and verdicts come from claims.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from prelimbic.experiments.claims.bench import Bench, ClaimError
from prelimbic.experiments.claims.board import find_claims
from prelimbic.experiments.claims.claim import NO_DRUG, Claim
from prelimbic.experiments.claims.look import look
from prelimbic.experiments.claims.recorded import Decided, decided, recorded
from prelimbic.experiments.trials.shipped import BEGINS
from prelimbic.parameters.plain import choice

FILE = files("prelimbic.experiments") / "statements.toml"
KNOWN = {"CAL": "calibrated", "PRED": "predicted", "CTRL": "disputed", "STRUCT": "true by construction"}
CONTRADICTED, OPEN, NOT_COMPUTED = "contradicted", "undecided", "not computed"
OUT_OF_SCOPE, DESIGN = "out of scope", "a design"


@dataclass(frozen=True)
class Evidence:
    """What a later source says, and whether it agrees; `source` is a key of references.bib."""

    agrees: bool
    says: str
    source: str


@dataclass(frozen=True)
class Statement:
    """One row: what it `says`, the ids of the claims that decide it, why it is out of scope, if so, and how
    the model has the design that it is about, if it is about one.
    """

    id: str
    says: str
    evidence: tuple[Evidence, ...]
    claims: tuple[str, ...] = ()
    out_of_scope: str = ""
    design: str = ""


@dataclass(frozen=True)
class Found:
    """A statement with its claims as they came out, by id, of the others what computes them, and the
    studies that all of them read.
    """

    statement: Statement
    judged: dict[str, Decided]
    lacking: dict[str, str]
    studies: tuple[str, ...]

    @property
    def status(self) -> str:
        """What its claims come to: the worst decides, and of several that hold the least that was held
        out.
        """
        if self.statement.out_of_scope:
            return OUT_OF_SCOPE
        if not self.statement.claims:
            return DESIGN
        verdicts = [j.verdict for j in self.judged.values()]
        if any(verdict in ("fails", NO_DRUG) for verdict in verdicts):
            return CONTRADICTED
        if self.lacking:
            return NOT_COMPUTED
        if any(verdict != "holds" for verdict in verdicts):
            return OPEN
        roles = {j.role for j in self.judged.values()}
        return next(told for role, told in KNOWN.items() if role in roles)

    def as_json(self) -> dict[str, Any]:
        """All of it, with every quantity of its claims."""
        s = self.statement
        return {
            "id": s.id,
            "says": s.says,
            "status": self.status,
            "out_of_scope": s.out_of_scope,
            "design": s.design,
            "studies": list(self.studies),
            "evidence": [vars(each) for each in s.evidence],
            "claims": [_brief(id, j) for id, j in self.judged.items()],
            "not_computed": self.lacking,
        }


def _brief(id: str, j: Decided) -> dict[str, Any]:
    own = {"id": id, "role": j.role, "verdict": j.verdict, "seeds": j.seeds, "sheet": j.sheet}
    return own | {"recorded": j.recorded, "measures": [vars(q) for q in j.quantities]}


@cache
def _table() -> tuple[Statement, ...]:
    """Every statement."""
    data = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return tuple(
        Statement(
            **row
            | {
                "evidence": tuple(Evidence(**each) for each in row["evidence"]),
                "claims": tuple(row.get("claims", ())),
            }
        )
        for row in data["statement"]
    )


def statements(ids: tuple[str, ...] = ()) -> list[Statement]:
    """Statements by id, all when none is named.  Raises ClaimError naming those there are."""
    rows = _table()
    known = {row.id: row for row in rows}
    named = [choice(each, known, "statement", ClaimError) for each in ids]
    return [known[each] for each in dict.fromkeys(named)] or list(rows)


def asked(
    rows: list[Statement], bench: Bench, tell: Callable[[str], None] = lambda what: None
) -> list[Found]:
    """Statements with their claims judged by stored runs, or as the board was last recorded where there
    are none; looks at held-out claims are recorded, as by `claims`.  Raises StoreError where they cannot be.
    """
    ids = list(dict.fromkeys(id for row in rows for id in row.claims))
    known = {claim.id: claim for claim in find_claims(())}
    board = look([known[id] for id in ids], bench, named=False)
    judged = {j.claim.id: decided(j) for j in board.judged}
    for id in board.left_out:
        if (found := recorded(known[id], bench)) is not None:
            judged[id] = found
    lacking = {id: _how(known[id]) for id in ids if id not in judged}
    if kept := sum(each.recorded for each in judged.values()):
        tell(f"{kept} claims have no runs in {bench.results}: they stand as the board was last recorded")
    if lacking:
        tell(f"{len(lacking)} claims were not judged; each says what computes it")
    return [
        Found(
            row,
            {id: judged[id] for id in row.claims if id in judged},
            {id: lacking[id] for id in row.claims if id in lacking},
            tuple(dict.fromkeys(known[id].study for id in row.claims if known[id].study)),
        )
        for row in rows
    ]


def _how(claim: Claim) -> str:
    """The command that computes what a claim reads."""
    if claim.study.startswith(BEGINS):
        return f"prelimbic trial {claim.study.removeprefix(BEGINS)}"
    return f"prelimbic claims {claim.id} --run"
