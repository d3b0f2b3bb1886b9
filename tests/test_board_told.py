"""How the board is told: what is computed for it, its table, its JSON and its page."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from prelimbic.experiments.claims import board
from prelimbic.experiments.claims.bench import PRIOR_STUDY, Bench
from prelimbic.experiments.claims.board import ALL_CLAIMS, compute, summary
from prelimbic.experiments.claims.claim import Claim, judge
from prelimbic.experiments.claims.history import kept, way
from prelimbic.experiments.claims.page import page, write_page
from prelimbic.experiments.cli.claims import as_table
from prelimbic.experiments.readouts.nulls import MEANING
from prelimbic.experiments.studies.registry import SHIPPED
from prelimbic.experiments.sweep.conduct import console
from prelimbic.experiments.sweep.study import Options, Run, Study
from prelimbic.parameters import PRIOR
from prelimbic.simulation.switches import AFFINITIES
from tests import test_board
from tests.said import USAGE, is_one_sentence
from tests.test_board import OTHER, VALID, claim, judged, said, sections, store
from tests.test_claims import FIELDS

# fixtures: they act in every file that has their name
toys, models = test_board.toys, test_board.models


# What is computed


def asked_of(monkeypatch, claims: list[Claim], bench: Bench) -> dict[str, list[dict[str, Any]]]:
    """Places of the runs that would be computed, by study."""
    found: dict[str, list[dict[str, Any]]] = {}

    def complete(study: Study, runs: list[Run], wanted: list[Run], folder: Path, *rest: Any) -> None:
        assert {run.file for run in wanted} <= {run.file for run in runs} and folder == bench.folder(
            study.name
        )
        found[study.name] = [run.place for run in wanted]

    monkeypatch.setattr("prelimbic.experiments.claims.board.complete", complete)
    compute(claims, bench, 1, console())
    return found


def test_of_every_study_those_runs_are_computed_that_a_claim_needs_and_no_other(toys, tmp_path):
    none, pyr = (claim(needs=lambda place, n=n: place["null"] == n) for n in ("none", "pyr"))
    bench = Bench(seeds=2, results=tmp_path)
    assert asked_of(toys, [said("T0", "CAL", 1.0)], bench) == {}
    assert [(p["null"], p["seed"]) for p in asked_of(toys, [none], bench)["toy"]] == [
        ("none", 1),
        ("none", 2),
    ]
    both = asked_of(toys, [none, pyr, none], bench)["toy"]
    assert sorted((p["null"], p["seed"]) for p in both) == [("none", 1), ("none", 2), ("pyr", 1), ("pyr", 2)]
    assert set(asked_of(toys, [none, claim(study="plain")], bench)) == {"toy", "plain"}


def test_models_are_drawn_for_claims_that_are_asked_of_them_under_the_shipped_numbers(toys, tmp_path):
    bench, changed = (Bench(seeds=2, results=tmp_path, overrides=o) for o in ((), OTHER))
    found = asked_of(toys, [claim(study="surge")], bench)
    assert [(p["sheet"], p["seed"]) for p in found[PRIOR_STUDY]] == [(PRIOR, seed) for seed in range(1, 6)]
    assert set(asked_of(toys, [claim(study="surge")], changed)) == {"surge"}
    few, none = (Bench(seeds=2, results=tmp_path, draws=n) for n in (3, 0))
    assert len(asked_of(toys, [claim(study="surge")], few)[PRIOR_STUDY]) == 3
    assert set(asked_of(toys, [claim(study="surge")], none)) == {"surge"}
    assert set(asked_of(toys, [claim(study="surge", undrawn="not drawn: why")], bench)) == {"surge"}
    assert set(asked_of(toys, [claim(study="surge", role="STRUCT")], bench)) == {"surge"}
    assert set(asked_of(toys, [claim(study="plain")], bench)) == {"plain"}


# The list


@pytest.mark.parametrize("study", sorted({c.study for c in ALL_CLAIMS if c.study}))
def test_every_claim_needs_a_run_of_every_seed_of_a_study_that_there_is(monkeypatch, study):
    from prelimbic.experiments.studies.registry import find_study
    from prelimbic.experiments.trials.shipped import shipped_trials

    assert study in SHIPPED or study.removeprefix("trial_") in shipped_trials()
    runs = find_study(study).plan(Options(seeds=3))
    for c in ALL_CLAIMS:
        if c.study == study:
            found = [run.place["seed"] for run in runs if c.needs(run.place)]
            assert set(found) == {1, 2, 3} and len(found) % 3 == 0, c.id


# Telling


def test_a_claim_in_json_has_the_fields_that_are_promised_and_nothing_that_json_has_not(
    call, toys, tmp_path
):
    claims = [
        claim("T1", "PRED"),
        claim("T2", "CTRL", high=float("inf")),
        said("T3", "STRUCT", float("nan")),
        said("T4", "CAL", 1.0),
    ]
    store(
        tmp_path / "results",
        "toy",
        10,
        lambda place: float("nan") if place["null"] == "pyr" else place["seed"],
    )
    toys.setattr(board, "ALL_CLAIMS", claims)
    code, out, _ = call("claims", "--json")
    found = json.loads(out, parse_constant=pytest.fail)
    assert code == 0 and [c["id"] for c in found] == ["T1", "T2", "T3", "T4"]
    for told, known in zip(found, claims, strict=True):
        assert set(told) >= FIELDS and told["statement"] == known.statement and told["role"] == known.role
        assert re.fullmatch("[0-9a-f]{64}", told["sheet_hash"])
    assert [c["verdict"] for c in found] == ["fails", "holds", "not testable", "holds"]
    first = found[0]
    assert (first["value"], first["target"], first["seeds"]) == (5.5, [0.0, 2.0], 10)
    assert first["low"] == pytest.approx(5.5 - 2.262 * 3.0277 / 10**0.5, rel=1e-3) and first["high"] > 5.5
    assert found[1]["target"] == [0.0, None]
    assert [found[2][key] for key in ("value", "low", "high")] == [None] * 3
    assert {affinity: told["models"] for affinity, told in found[3]["draws"].items()} == dict.fromkeys(
        AFFINITIES, 2
    )
    assert found[3]["other_affinity"]["verdict"] == "holds" and not found[0]["other_affinity"]["measures"]
    assert "not drawn" in found[0]["draws"][AFFINITIES[0]]["not_drawn"]


def test_what_is_true_by_construction_is_not_counted_among_predictions():
    structs, preds = (
        [said(f"S{k}", "STRUCT", 1.0) for k in range(3)],
        [said("P1", "PRED", 1.0), said("P2", "PRED", 5.0)],
    )
    told = dict(part.split(": ") for part in summary(judge([*structs, *preds], Bench(seeds=2))).split("; "))
    assert told == {"PRED": "1 holds, 1 fails", "STRUCT": "3 holds"}
    assert "PRED" not in summary(judge(structs, Bench(seeds=2)))


def test_a_claim_that_is_not_held_out_any_more_is_not_counted_among_predictions():
    found = judge([said("P1", "PRED", 1.0)], Bench(seeds=2), lambda name: {"another hash"})
    assert found[0].role == "CAL" and summary(found) == "CAL: 1 holds"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("T1", "T9"), ("'T9'", "T1", "T2")),
        (("T2",), ("study plain", "--run")),
        (("T1", "--set", "compounds.ketamine.ic50_2A=1.44"), ("study toy", "--run")),
        (("T1", "--sheet", "point"), ("study toy", "point", "--run")),
        (("T1", "--workers", "0"), ("--workers", "0")),
    ],
)
def test_what_cannot_be_judged_is_one_sentence_when_it_is_asked_for_by_name(
    call, toys, tmp_path, words, named
):
    store(tmp_path / "results", "toy", 2)
    toys.setattr(board, "ALL_CLAIMS", [claim("T1"), claim("T2", study="plain")])
    code, out, err = call("claims", *words, "--json")
    told = [line for line in err.splitlines() if not line.startswith("reading study")]
    is_one_sentence("\n".join(told), *named)
    assert (code, out) == (USAGE, "")


def test_asked_for_all_claims_whose_study_is_missing_are_named_and_the_others_judged(call, toys, tmp_path):
    store(tmp_path / "results", "toy", 2)
    toys.setattr(board, "ALL_CLAIMS", [claim("T1"), claim("T2", study="plain"), said("T3", "STRUCT", 1.0)])
    code, out, err = call("claims", "--json")
    assert code == 0 and [c["id"] for c in json.loads(out)] == ["T1", "T3"]
    assert [line.split()[0] for line in err.splitlines() if "not judged" in line] == ["T2"]


def test_the_table_has_every_measure_once_and_the_verdict_of_every_null(tmp_path):
    store(tmp_path, "toy", 10, lambda place: 5.0 if place["null"] == "pyr" else 1.0)
    screen = console()
    with screen.capture() as captured:
        screen.print(as_table(judged(tmp_path, claim("T1"), said("T2", "CAL", 1.0)), screen.width))
    told = captured.get()
    assert told.count("statement of T1") == told.count("statement of T2") == 1
    below = told[told.index("in control models") :]
    assert "T2" not in below and MEANING["pyr"] in " ".join(below.split()) and below.count("fails") == 1


# The page

CLAIMS_TOLD = [
    said("P1", "PRED", 1.0),
    said("P2", "PRED", 5.0),
    said("C1", "CAL", 1.0),
    said("X1", "CTRL", 0.5, 3.0),
    said("S1", "STRUCT", float("nan")),
]


def test_the_page_lists_every_claim_once_with_role_and_verdict_and_tells_it_once_under_its_verdict():
    found = judge(CLAIMS_TOLD, Bench(seeds=2), lambda name: {"another"} if name == "P2" else set())
    text = page(found, {"L1": "study left is not there"})
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("| [")
    ]
    assert [(row[0], row[1].split()[0], row[3]) for row in rows] == [
        ("[P1](#p1)", "PRED", "holds"),
        ("[P2](#p2)", "CAL", "fails"),
        ("[C1](#c1)", "CAL", "holds"),
        ("[X1](#x1)", "CTRL", "inconclusive"),
        ("[S1](#s1)", "STRUCT", "not testable"),
    ]
    told = sections(text)
    assert sorted(told.values()) == [["P1", "C1"], ["P2"], ["S1"], ["X1"]]
    assert told["What holds"] == ["P1", "C1"] and told["What fails"] == ["P2"]
    for j in found:
        assert (
            text.count(f'<a id="{j.claim.id.lower()}"></a>') == text.count(f"claims/{j.claim.id}.png") == 1
        )
        assert text.count(f"{j.claim.id}: statement of") == 1
    assert text.count("L1: study left is not there") == 1
    assert "was PRED" in text and summary(found) in text


def test_the_page_tells_shares_of_drawn_models_and_why_there_are_none(models, tmp_path):
    models(**VALID)
    asked = [claim("T1", study="surge", low=2.5), claim("T2", study="surge", undrawn="not drawn: made up")]
    text = page(judged(tmp_path, *asked), {})
    rows = {
        row[0]: row[-2:] for line in text.splitlines() if line.startswith("| [") for row in [cells(line)]
    }
    assert rows == {"[T1](#t1)": ["0 % (0 to 49) of 4"] * 2, "[T2](#t2)": ["not drawn"] * 2}
    assert "Drawn: not drawn: made up." in text


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def test_the_page_keeps_what_was_judged_before_and_says_which_way_it_went():
    found = judge([said("V11", "CAL", 5.0), said("V16", "CAL", 1.0)], Bench(seeds=2))
    rows = [cells(line) for line in page(found, {}).splitlines() if re.match(r"\| V\w+ \|", line)]
    told = {row[0]: row[2:5] for row in rows}
    assert [row[0] for row in rows] == [old.claim for old in kept()] and len(rows) == 42
    assert told["V11"] == ["holds", "fails", "away from holding"]
    assert told["V16"] == ["inconclusive", "holds", "towards holding"]
    assert told["V15a"][1:] == ["not asked", ""]
    assert all(row[-1] for row in rows if row[0] in ("V15a", "V17e"))


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ("holds", "holds", "as before"),
        ("fails", "inconclusive", "towards holding"),
        ("inconclusive", "fails", "away from holding"),
        ("holds", "not testable", "away from holding"),
    ],
)
def test_a_verdict_goes_one_way_or_the_other(before, now, expected):
    assert way(before, now) == expected


def test_the_page_is_written_with_a_figure_for_every_claim_and_nothing_else(tmp_path):
    store(tmp_path, "toy", 3, lambda place: place["seed"])
    found = judged(tmp_path, claim("T1"), CLAIMS_TOLD[3], seeds=3)
    written = write_page(found, {}, tmp_path / "docs")
    assert written.read_text(encoding="utf-8") == page(found, {})
    assert sorted(p.relative_to(tmp_path / "docs").as_posix() for p in (tmp_path / "docs").rglob("*.*")) == [
        "claims.md",
        "claims/T1.png",
        "claims/X1.png",
    ]
    for name in re.findall(r"\]\((claims/[^)]+)\)", written.read_text(encoding="utf-8")):
        assert (tmp_path / "docs" / name).read_bytes().startswith(b"\x89PNG")
