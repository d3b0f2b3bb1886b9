"""Laws of the ledger: what is a look, and what a second look costs a held-out claim."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prelimbic.experiments.claims import ledger
from prelimbic.experiments.claims.bench import Bench
from prelimbic.experiments.claims.board import ALL_CLAIMS
from prelimbic.experiments.claims.claim import Claim, Judged, Measure, judge
from prelimbic.experiments.claims.ledger import COLUMNS, SHIPPED, looks, record
from prelimbic.parameters import CIRCUIT
from tests.said import FAILURE, USAGE, is_one_sentence

HEADER = ",".join(COLUMNS)
HASH = "0123456789abcdef" * 4
STRONGER = ("--set", "compounds.ketamine.ic50_2A=1.44")
BY_ID = {c.id: c for c in ALL_CLAIMS}


@pytest.fixture(autouse=True)
def nothing_shipped(monkeypatch, tmp_path):
    """No look but those of the test."""
    monkeypatch.setattr("prelimbic.experiments.claims.ledger.SHIPPED", tmp_path / "shipped.csv")


def recorded(board, path: Path) -> int:
    return len(record(board, path))


def looked(role: str = "PRED", name: str = "T1", value: float = 1.0, stronger: float = 5.0) -> Judged:
    """A claim judged on numbers that `stronger` is one of."""
    claim = Claim(
        name,
        "a statement",
        "a source",
        role,
        "a protocol",
        lambda bench: [Measure("a rate, of a kind", "Hz", np.array([value]), 0.0, 2.0)],
        no_effect="made up",
    )
    return judge([claim], Bench(seeds=2, overrides=(("compounds.ketamine.ic50_2A", stronger),)))[0]


def rows(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


# Lines


def test_a_look_is_one_line_for_each_claim_and_set_of_numbers_however_often_one_looks(tmp_path):
    path = tmp_path / "looks" / "ledger.csv"
    assert [
        recorded([looked(), looked(name="T2")], path),
        recorded([looked()], path),
        recorded([looked(name="T2")], path),
    ] == [
        2,
        0,
        0,
    ]
    assert recorded([looked(stronger=4.0)], path) == 1
    found = rows(path)
    assert [(row["claim"], row["value"], row["verdict"]) for row in found] == [
        ("T1", "1", "holds"),
        ("T2", "1", "holds"),
        ("T1", "1", "holds"),
    ]
    assert found[0]["sheet_hash"] == found[1]["sheet_hash"] != found[2]["sheet_hash"]
    assert {(row["measure"], row["sheet"]) for row in found} == {("a rate, of a kind", CIRCUIT)}


def test_another_value_under_the_same_numbers_is_another_look_and_costs_no_role(tmp_path):
    path = tmp_path / "ledger.csv"
    assert [recorded([looked(value=v)], path) for v in (1.0, 1.5, 1.0)] == [1, 1, 0]
    assert [row["value"] for row in rows(path)] == ["1", "1.5"] and len(looks(path)["T1"]) == 1


def test_lines_are_added_below_and_none_is_ever_changed(tmp_path):
    path, before = tmp_path / "ledger.csv", ""
    for k in range(1, 6):
        assert recorded([looked(stronger=float(k), value=k)], path) == 1
        after = path.read_text()
        assert after.startswith(before) and len(after.splitlines()) == 1 + k
        before = after
    assert before.splitlines()[0] == HEADER
    assert (
        set(looks(path)["T1"]) == {row["sheet_hash"] for row in rows(path)} and len(looks(path)["T1"]) == 5
    )


@pytest.mark.parametrize("role", ["CAL", "CTRL", "STRUCT"])
def test_a_look_at_what_is_not_held_out_is_no_look(tmp_path, role):
    assert recorded([looked(role)], tmp_path / "ledger.csv") == 0
    assert list(tmp_path.iterdir()) == []


def test_what_one_ledger_has_is_not_written_into_another(tmp_path, monkeypatch):
    shipped = tmp_path / "shipped.csv"
    assert recorded([looked()], shipped) == 1
    assert recorded([looked(), looked(stronger=4.0)], tmp_path / "own.csv") == 1
    assert rows(tmp_path / "own.csv")[0]["sheet_hash"] != rows(shipped)[0]["sheet_hash"]
    assert len(looks(shipped, tmp_path / "own.csv")["T1"]) == 2
    assert looks(shipped, shipped) == looks(shipped)
    assert looks(tmp_path / "nothing.csv") == {}


# Roles


def asked(call, *words: object) -> dict[str, Any]:
    code, out, _ = call("claims", *words, "--json")
    assert code == 0
    return json.loads(out, parse_constant=pytest.fail)[0]


def test_a_held_out_claim_seen_under_a_second_set_of_numbers_is_calibrated_and_stays_so_under_the_first(
    call, tmp_path
):
    def role(*words: object) -> tuple[str, int]:
        found = asked(call, "V4m", *words)
        assert found["declared_role"] == "PRED"
        return found["role"], len(rows(tmp_path / "results" / "ledger.csv"))

    assert [role(), role()] == [("PRED", 1)] * 2
    assert [role(*STRONGER), role(*STRONGER)] == [("CAL", 2)] * 2
    assert role() == ("CAL", 2)
    assert role("--set", "compounds.ketamine.ic50_2A=2") == ("CAL", 3)
    code, out, _ = call("claims", "V4m")
    assert code == 0 and "CAL (was PRED" in " ".join(out.split()) and "PRED:" not in out.splitlines()[-1]


def test_a_first_look_is_told_and_a_second_is_not(call, tmp_path):
    (first, second) = (call("claims", "V4m") for _ in range(2))
    assert str(Path("results") / "ledger.csv") in first[1] and "ledger.csv" not in second[1]


def test_numbers_that_a_held_out_claim_does_not_rest_on_may_change_and_it_stays_held_out(call, tmp_path):
    for words in (
        (),
        ("--set", "cascade.cascade.bdnf_gain=2"),
        ("--set", "hypotheses.hypotheses.growth_rate=0.5"),
    ):
        assert asked(call, "V4m", *words)["role"] == "PRED"
    assert len(rows(tmp_path / "results" / "ledger.csv")) == 1


@pytest.mark.parametrize("claim", ["V1", "V5"])
def test_a_claim_that_was_never_held_out_keeps_its_role_under_any_numbers(call, tmp_path, claim):
    for words in ((), STRONGER):
        found = asked(call, claim, *words)
        assert found["role"] == found["declared_role"] == BY_ID[claim].role
    assert not (tmp_path / "results").exists()


# Ledgers that cannot be used

MALFORMED = {
    "other columns": ("claim,hash\nV4m,1\n", 1),
    "a column too many": (f"{HEADER}\nV4m,{HASH},c,s,1,m,1,1,1,holds,more\n", 2),
    "no claim": (f"{HEADER}\nV4m,{HASH},c,s,1,m,1,1,1,holds\n,{HASH},c,s,1,m,1,1,1,holds\n", 3),
    "a short hash": (f"{HEADER}\nV4m,{HASH[:-1]},c,s,1,m,1,1,1,holds\n", 2),
    "half a line": (f"{HEADER}\nV4m,{HASH},c,s,1,m,1,1,1,holds\nV4m,{HASH[:20]}", 3),
    "a conflict of versions": (f"{HEADER}\n<<<<<<< HEAD\nV4m,{HASH},c,s,1,m,1,1,1,holds\n", 2),
}


@pytest.mark.parametrize(("text", "line"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_ledger_is_told_by_file_and_line_and_nothing_is_shown_or_added(
    call, tmp_path, text, line
):
    path = tmp_path / "results" / "ledger.csv"
    path.parent.mkdir()
    path.write_text(text)
    code, out, err = call("claims", "V4m")
    is_one_sentence(err, str(Path("results") / "ledger.csv"), f"line {line}")
    assert (code, out) == (USAGE, "")
    assert path.read_text() == text


def test_a_ledger_that_is_no_text_is_told_by_its_name(call, tmp_path):
    path = tmp_path / "results" / "ledger.csv"
    path.parent.mkdir()
    path.write_bytes(b"\xff\xfe\x00claim")
    code, out, err = call("claims", "V4m")
    is_one_sentence(err, str(Path("results") / "ledger.csv"))
    assert (code, out) == (USAGE, "")


@pytest.mark.parametrize("words", [(), ("--json",), ("--page", "page")], ids=str)
def test_a_look_that_cannot_be_recorded_is_not_shown(call, tmp_path, monkeypatch, words):
    (tmp_path / "results").write_text("a file where the folder should be")
    monkeypatch.setattr("prelimbic.experiments.claims.board.ALL_CLAIMS", [BY_ID["V4m"], BY_ID["V5"]])
    code, out, err = call("claims", *words)
    is_one_sentence(err, "ledger.csv")
    assert (code, out) == (FAILURE, "")
    assert not (tmp_path / "page").exists()
    assert call("claims", "V5")[0] == 0  # what is not held out needs no ledger


def test_the_ledger_of_a_checkout_is_that_of_the_code_that_runs_or_of_where_one_stands(
    tmp_path, monkeypatch
):
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ledger, "SHIPPED", tmp_path / "shipped.csv")
    assert ledger.tracked() is None
    top = Path(__file__).resolve().parent.parent
    if not (top / ".git").exists():
        pytest.skip("not a git checkout")
    # the code that runs is that of a checkout, wherever one stands
    monkeypatch.setattr(ledger, "SHIPPED", SHIPPED)
    assert ledger.tracked() == top / "experiments" / ledger.TRACKED
    # an installed copy
    monkeypatch.setattr(ledger, "SHIPPED", tmp_path / "site-packages" / "experiments" / "ledger.csv")
    monkeypatch.chdir(top / "tests")
    assert ledger.tracked() == top / "experiments" / ledger.TRACKED


@pytest.fixture
def checkout(monkeypatch, tmp_path) -> Path:
    """The ledger of a checkout, with one look at V4m under the shipped numbers."""
    path = tmp_path / "checkout" / "ledger.csv"
    with monkeypatch.context() as patched:
        patched.setattr("prelimbic.experiments.claims.ledger.SHIPPED", path)
        assert recorded(judge([BY_ID["V4m"]], Bench(seeds=10)), path) == 1
    monkeypatch.setattr("prelimbic.experiments.claims.ledger.tracked", lambda: path)
    return path


@pytest.mark.parametrize("words", [(), STRONGER, ("--sheet", "point")], ids=str)
def test_reading_a_claim_never_writes_the_ledger_of_the_checkout_and_yet_the_look_counts(
    call, checkout, tmp_path, words
):
    before = checkout.read_bytes()
    assert call("claims", "V4m", *words)[0] == 0
    assert checkout.read_bytes() == before
    own = tmp_path / "results" / "ledger.csv"
    assert own.exists() == bool(words)  # the look under the shipped numbers is in the checkout's already
    assert asked(call, "V4m")["role"] == ("CAL" if words else "PRED")
    assert checkout.read_bytes() == before


def test_the_ledger_of_the_checkout_is_written_when_that_is_asked_for_and_by_adding(
    call, checkout, tmp_path
):
    before = checkout.read_text()
    assert call("claims", "V4m", *STRONGER)[0] == 0
    code, out, _ = call("claims", "V4m", *STRONGER, "--record")
    assert code == 0 and str(checkout) in out.replace("\n", "")
    assert checkout.read_text().startswith(before) and len(rows(checkout)) == 2
    assert call("claims", "V4m", *STRONGER, "--record")[0] == 0 and len(rows(checkout)) == 2


def test_without_a_checkout_there_is_no_ledger_of_one_to_record_in(call):
    code, out, err = call("claims", "V4m", "--record")
    is_one_sentence(err, "--record", "checkout")
    assert (code, out) == (USAGE, "")


# What is shipped


def test_the_shipped_ledger_has_looks_at_known_claims_under_whole_hashes_and_each_once():
    assert SHIPPED.read_text(encoding="utf-8").splitlines()[0] == HEADER
    found = rows(SHIPPED)
    for row in found:
        # meant to be held out, some not kept so
        assert BY_ID[row["claim"]].role in ("PRED", "CAL"), row["claim"]
        assert re.fullmatch(r"[0-9a-f]{64}", row["sheet_hash"])
        assert set(row) == set(COLUMNS) and all(
            row[name] for name in ("sheet", "seeds", "measure", "verdict")
        )
    told = [(row["claim"], row["sheet_hash"], row["seeds"], row["value"]) for row in found]
    assert len(set(told)) == len(told) >= sum(len(hashes) for hashes in looks(SHIPPED).values())
