"""The record of the board: how every claim came out, for whoever has not the runs."""

from __future__ import annotations

import csv
from typing import Any

import numpy as np
import pytest

from prelimbic.experiments.claims import recorded
from prelimbic.experiments.claims.bench import Bench
from prelimbic.experiments.claims.board import ALL_CLAIMS
from prelimbic.experiments.claims.claim import Claim, Judged, Measure
from prelimbic.experiments.claims.ledger import SHIPPED, _rows
from prelimbic.experiments.claims.statements import asked, statements

KNOWN = {claim.id: claim for claim in ALL_CLAIMS}


def judged(id: str, value: float) -> Judged:
    measure = Measure("x", "%", np.full(10, value), 0.0, float("inf"))
    claim = Claim(id, "it rises", "a source", "CAL", "a protocol", lambda bench: [measure])
    more: dict[str, Any] = {"nulls": {}, "drawn": lambda affinity: "", "role": "CAL"}
    return Judged(claim, (measure,), 10, "native", "", **more)


def test_the_record_that_ships_has_every_claim_under_the_numbers_in_force():
    bench = Bench(draws=0)
    assert {id for id, claim in KNOWN.items() if recorded.recorded(claim, bench) is None} == set()


def test_the_last_look_of_the_ledger_is_in_the_record():
    bench = Bench(draws=0)
    last = {row["claim"]: row for row in _rows(SHIPPED)}
    assert last
    for id, row in last.items():
        found = recorded.recorded(KNOWN[id], bench)
        assert found is not None and found.verdict == row["verdict"]
        assert float(row["value"]) == pytest.approx(float(found.deciding.model.split()[0]), rel=5e-3)


@pytest.mark.parametrize("changed", [("compounds.ketamine.ic50_2B", 2.0), ("circuit.Pyr.leak", 4.0)])
def test_under_other_numbers_nothing_is_recorded(changed):
    assert recorded.recorded(KNOWN["V11"], Bench(overrides=(changed,), draws=0)) is None


def test_of_another_sheet_nothing_is_recorded():
    assert recorded.recorded(KNOWN["V1"], Bench("point", draws=0)) is None


def test_a_new_record_replaces_what_was_judged_and_leaves_the_rest(tmp_path):
    path = tmp_path / "verdicts.csv"
    recorded.record([judged("A", 5.0), judged("B", 5.0)], path)
    recorded.record([judged("B", -5.0)], path)
    rows = {row["claim"]: row for row in csv.DictReader(path.open(encoding="utf-8"))}
    assert {id: row["verdict"] for id, row in rows.items()} == {"A": "holds", "B": "fails"}
    assert rows["A"]["model"] == "5 % (5 to 5)" and rows["A"]["published"] == "above 0"


def test_without_runs_a_statement_stands_as_it_was_recorded(tmp_path):
    told: list[str] = []
    (row,) = asked(statements(("S2",)), Bench(results=tmp_path, draws=0), told.append)
    assert row.judged and not row.lacking
    assert all(each.recorded and each.seeds == 10 for each in row.judged.values())
    assert "as the board was last recorded" in told[0]
