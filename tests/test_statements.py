"""What is said of ketamine: the table, what decides it, and the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prelimbic.experiments.claims.bench import Bench, ClaimError
from prelimbic.experiments.claims.board import ALL_CLAIMS
from prelimbic.experiments.claims.claim import Claim, Judged, Measure
from prelimbic.experiments.claims.recorded import decided
from prelimbic.experiments.claims.statements import (
    CONTRADICTED,
    DESIGN,
    NOT_COMPUTED,
    OPEN,
    OUT_OF_SCOPE,
    Found,
    Statement,
    asked,
    statements,
)
from prelimbic.experiments.claims.statements_page import page
from prelimbic.parameters.citation import citations
from tests.said import USAGE, is_one_sentence

KNOWN = {c.id: c for c in ALL_CLAIMS}


def judged(id: str, role: str, value: float) -> Judged:
    measure = Measure("x", "%", np.full(10, value) + np.linspace(-0.1, 0.1, 10), 0.0, float("inf"))
    claim = Claim(id, "it rises", "a source", role, "a protocol", lambda bench: [measure])
    more: dict[str, Any] = {"nulls": {}, "drawn": lambda affinity: "", "role": role}
    return Judged(claim, (measure,), 10, "native", "", **more)


def found(*judged: Judged, lacking: dict[str, str] | None = None, **row: Any) -> Found:
    ids = tuple(j.claim.id for j in judged) + tuple(lacking or {})
    statement = Statement("S1", "it rises", (), ids, **row)
    return Found(statement, {j.claim.id: decided(j) for j in judged}, lacking or {}, ())


# The table


def test_there_are_22_statements_in_order_each_with_evidence_that_was_read():
    rows = statements()
    assert [row.id for row in rows] == [f"S{k}" for k in range(1, 23)]
    assert all(row.evidence for row in rows)
    assert {e.source for row in rows for e in row.evidence} <= {*citations()}


def test_every_statement_is_decided_by_claims_or_says_why_not():
    for row in statements():
        assert bool(row.claims) or bool(row.out_of_scope) or bool(row.design), row.id
        assert all(id in KNOWN for id in row.claims), row.id


def test_what_is_disputed_has_evidence_on_both_sides():
    sides = {row.id: {e.agrees for e in row.evidence} for row in statements()}
    assert sum(side == {True, False} for side in sides.values()) >= 8
    assert all(True in side for side in sides.values())


def test_an_unknown_statement_is_answered_with_those_there_are():
    with pytest.raises(ClaimError, match="S99"):
        statements(("S99",))


# What decides


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (found(judged("A", "CAL", 5.0)), "calibrated"),
        (found(judged("A", "PRED", 5.0)), "predicted"),
        (found(judged("A", "STRUCT", 5.0)), "true by construction"),
        (found(judged("A", "PRED", 5.0), judged("B", "CAL", 5.0)), "calibrated"),
        (found(judged("A", "PRED", 5.0), judged("B", "CAL", -5.0)), CONTRADICTED),
        (found(judged("A", "PRED", 0.0)), OPEN),
        (found(judged("A", "PRED", 5.0), lacking={"B": "prelimbic trial x"}), NOT_COMPUTED),
        (found(judged("A", "PRED", -5.0), lacking={"B": "prelimbic trial x"}), CONTRADICTED),
        (found(out_of_scope="no hippocampus"), OUT_OF_SCOPE),
        (found(design="so it is done"), DESIGN),
    ],
)
def test_the_worst_claim_decides_and_of_those_that_hold_the_least_held_out(given, status):
    assert given.status == status


def test_a_claim_without_runs_names_the_command_that_computes_it(tmp_path):
    other = Bench("point", results=tmp_path, seeds=2, draws=0)  # of which no record ships
    rows = asked(statements(("S1", "S9", "S12")), other)
    first, infused, repeated = rows
    assert first.lacking["V10"] == "prelimbic claims V10 --run" and "slice" in first.studies
    assert list(infused.judged) == ["V1"] and infused.status == NOT_COMPUTED
    assert repeated.lacking["V27r"] == "prelimbic trial six_infusions"


# What is told


def test_the_page_has_a_row_a_statement_with_values_of_claims_and_figures_that_stand_there(tmp_path):
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / "V1.png").write_bytes(b"")
    text = page(asked(statements(), Bench(results=tmp_path, seeds=2, draws=0)), "native", tmp_path)
    rows = [line for line in text.splitlines() if line.startswith('| <a id="s')]
    assert len(rows) == 22 and all(row.count(" | ") == 5 for row in rows)
    assert "venous ketamine at its peak 0.7" in text and "published 0.5 to 1.1" in text
    assert "(claims/V1.png)" in text and "V10.png" not in text
    assert "hippocampus is not modelled" in text and "**out of scope**" in text


def test_the_page_that_ships_is_that_of_the_record_that_ships(tmp_path):
    docs = Path(__file__).resolve().parents[1] / "docs"
    made = page(asked(statements(), Bench(results=tmp_path, draws=0)), "native", docs)
    assert made == (docs / "source_claims.md").read_text(encoding="utf-8")


def test_the_command_prints_json_writes_the_page_and_refuses_what_it_cannot(call, tmp_path):
    code, out, _ = call("statements", "S9", "--json", "--results", tmp_path)
    (row,) = json.loads(out)
    assert code == 0 and {c["id"]: c["recorded"] for c in row["claims"]} == {"V1": False, "V25": True}
    code, out, _ = call("statements", "S9", "--json", "--results", tmp_path, "--sheet", "point")
    (row,) = json.loads(out)
    assert code == 0 and row["not_computed"]["V25"].startswith("prelimbic trial")
    code, _, _ = call("statements", "--results", tmp_path, "--page", tmp_path / "docs")
    assert code == 0 and (tmp_path / "docs" / "source_claims.md").read_text().startswith("# What is said")
    for words, named in (
        (("S77",), "S77"),
        (("S1", "--page", tmp_path), "--page"),
        (("--seeds", 1), "seeds"),
    ):
        code, out, err = call("statements", *words)
        assert (code, out) == (USAGE, "")
        is_one_sentence(err, named)
