"""The board: what a claim reads of stored studies, when there is a verdict, and how the board is told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prelimbic.experiments.claims import board
from prelimbic.experiments.claims.bench import PRIOR_STUDY, Bench, ClaimError
from prelimbic.experiments.claims.board import ALL_CLAIMS, NOT_MEASURED, as_table, compute, summary
from prelimbic.experiments.claims.claim import Claim, Judged, Measure, judge
from prelimbic.experiments.claims.page import page, write_page
from prelimbic.experiments.readouts.answer import Answer
from prelimbic.experiments.readouts.nulls import MEANING, SITES
from prelimbic.experiments.storage.store import write_run
from prelimbic.experiments.sweep.study import STUDIES, Options, Run, Study, planned, write_manifest
from prelimbic.parameters import PRIOR
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.protocol import Protocol
from prelimbic.simulation.variable import Variable
from tests.hostile import put
from tests.said import USAGE, is_one_sentence

FIELDS = {
    "id",
    "statement",
    "source",
    "role",
    "verdict",
    "value",
    "low",
    "high",
    "target",
    "seeds",
    "sheet_hash",
}
OTHER = (("compounds.ketamine.ic50_2A", 1.44),)
Value = Callable[[dict[str, Any]], float]


def toy(name: str, axes: dict[str, str], places: list[dict[str, Any]], **more: Any) -> Study:
    """A study whose runs are never computed: their files are written by hand."""
    own = {"species": "rat", "doses": (), "protocol": Protocol((), 0.0, rest=1.0)}
    points = [
        (p, own | {"hypotheses": Hypotheses(site=SITES[p.get("null", "none")], baseline="healthy")})
        for p in places
    ]
    return Study(
        name,
        "What?",
        {"sheet": "", **axes},
        lambda options: planned(name, options, points),
        lambda d: Answer((), ""),
        lambda d, f: [],
        **more,
    )


NULLS = ("none", "pyr", "uniform")
TOYS = {
    "toy": toy("toy", {"null": ""}, [{"null": n} for n in NULLS]),
    "plain": toy("plain", {}, [{}]),
    PRIOR_STUDY: toy(PRIOR_STUDY, {}, [{}], sheet=PRIOR, seeds=5),
}


@pytest.fixture(autouse=True)
def toys(monkeypatch, tmp_path):
    """Toy studies instead of the real ones, and no look but those of the test."""
    for module in ("bench", "board"):
        monkeypatch.setattr(f"prelimbic.experiments.claims.{module}.find_study", lambda name: TOYS[name])
    for module in ("ledger", "board"):
        monkeypatch.setattr(f"prelimbic.experiments.claims.{module}.SHIPPED", tmp_path / "shipped.csv")
    return monkeypatch


def store(
    folder: Path, study: str, seeds: int, value: Value = lambda place: 1.0, **more: Value
) -> list[Path]:
    """Write every run of a toy study; its readout x, and others, are functions of the run's place."""
    runs = Bench(seeds=max(seeds, 2)).plan(study)
    (folder / study).mkdir(parents=True)
    write_manifest(TOYS[study], runs, folder / study)
    for run in runs:
        made = {
            n: Variable((), np.array(float(f(run.place))), "1", n) for n, f in ({"x": value} | more).items()
        }
        write_run(folder / study / run.file, run.config, {"summary": made}, {"wall_s": 1.0})
    return [folder / study / run.file for run in runs]


def claim(
    name: str = "T1", role: str = "CAL", study: str = "toy", low: float = 0.0, high: float = 2.0, **more: Any
) -> Claim:
    return Claim(
        name,
        f"statement of {name}",
        "a source",
        role,
        "a protocol",
        lambda bench: [Measure("x", "1", bench.dataset["x"].values, low, high)],
        study,
        **({"no_effect": "made up"} | more),
    )


def said(name: str, role: str, *values: float) -> Claim:
    """A claim whose range is 0 to 2, and that the model gives these values for."""
    return Claim(
        name,
        f"statement of {name}",
        "a source",
        role,
        "a protocol",
        lambda bench: [Measure("x", "1", np.array(values), 0.0, 2.0)],
        no_effect="made up",
    )


def judged(folder: Path, *claims: Claim, seeds: int = 10, **more: Any) -> list[Judged]:
    return judge(claims, Bench(seeds=seeds, results=folder, **more))


# Verdicts


@pytest.mark.parametrize(
    ("value", "verdict"), [(1.0, "holds"), (5.0, "fails"), (float("nan"), "not testable")]
)
def test_of_what_differs_between_seeds_fewer_than_ten_make_no_verdict(tmp_path, value, verdict):
    store(tmp_path, "plain", 11, lambda place: value)
    for seeds in (2, 9, 10, 11):
        (found,) = judged(tmp_path, claim(study="plain"), seeds=seeds)
        assert found.seeds == seeds
        assert found.verdict == (verdict if seeds >= 10 or verdict == "not testable" else "inconclusive")
        assert found.as_json()["verdict"] == found.verdict


def test_where_nothing_is_drawn_seeds_are_of_no_account(tmp_path):
    assert [judged(tmp_path, said("T1", "CAL", v), seeds=2)[0].verdict for v in (1.0, 5.0)] == [
        "holds",
        "fails",
    ]


def test_no_more_seeds_are_read_than_are_asked_for(tmp_path):
    store(tmp_path, "plain", 12, lambda place: place["seed"])
    (found,) = judged(tmp_path, claim(study="plain"), seeds=10)
    assert found.deciding.values.tolist() == list(range(1, 11))


# Nulls


def test_a_claim_is_asked_of_every_null_of_its_study_that_it_needs_with_that_nulls_values(tmp_path):
    store(tmp_path, "toy", 10, lambda place: {"none": 1.0, "pyr": 5.0, "uniform": 1.5}[place["null"]])
    every, alone, one = judged(
        tmp_path,
        claim(),
        claim(needs=lambda place: place["null"] == "none"),
        claim(needs=lambda place: place["null"] != "uniform"),
    )
    assert {n: found[0].values.tolist() for n, found in every.nulls.items()} == {
        "pyr": [5.0] * 10,
        "uniform": [1.5] * 10,
    }
    assert every.deciding.values.tolist() == [1.0] * 10
    assert alone.nulls == {} and set(one.nulls) == {"pyr"}
    told = {n["null"]: n["verdict"] for n in every.as_json()["nulls"]}
    assert told == {MEANING["pyr"]: "fails", MEANING["uniform"]: "holds"}


def test_fewer_than_ten_seeds_make_no_verdict_of_a_null_or_a_measure_either_nor_a_word_that_it_holds(
    tmp_path,
):
    store(tmp_path, "toy", 9)
    (found,) = judged(tmp_path, claim())
    told = found.as_json()
    assert {n["verdict"] for n in (*told["nulls"], *told["measures"])} == {"inconclusive"}
    text = page([found], {})
    assert (
        list(sections(text)) == ["What is undecided"]
        and "what was found." not in text
        and "No null meets it." in text
    )


def test_a_study_without_nulls_has_none_to_ask(tmp_path):
    store(tmp_path, "plain", 2)
    assert [j.nulls for j in judged(tmp_path, claim(study="plain"), said("T2", "CAL", 1.0), seeds=2)] == [
        {},
        {},
    ]


# Runs that are missing


def test_a_seed_of_which_a_needed_run_is_missing_or_damaged_is_left_out(tmp_path):
    files = store(tmp_path, "toy", 6, lambda place: place["seed"])
    at = {(int(re.search(r"seed-(\d+)", f.name)[1]), f.name.split("_")[1]): f for f in files}
    at[2, "none"].unlink()
    put(at[3, "none"], at[3, "none"].read_bytes()[:-100])
    at[5, "pyr"].unlink()
    (narrow,) = judged(tmp_path, claim(needs=lambda place: place["null"] == "none"))
    assert narrow.deciding.values.tolist() == [1, 4, 5, 6] and narrow.seeds == 4
    (wide,) = judged(tmp_path, claim())
    assert wide.deciding.values.tolist() == [1, 4, 6] and wide.seeds == 3
    assert wide.nulls["pyr"][0].values.tolist() == [1, 4, 6]


def test_runs_of_other_numbers_do_not_count_wherever_they_lie(tmp_path):
    store(tmp_path, "plain", 2)
    bench = Bench(seeds=2, results=tmp_path, overrides=OTHER)
    # so that neither drives the other out of its manifest
    assert bench.folder("plain") != tmp_path / "plain"
    (tmp_path / "plain").rename(bench.folder("plain"))
    with pytest.raises(
        ClaimError, match=r"study plain .* 0 whole seeds .*other numbers.*with --run computes it"
    ):
        judge([claim(study="plain")], bench)


def test_a_study_with_fewer_than_two_whole_seeds_is_refused_with_what_computes_it(tmp_path):
    for file in store(tmp_path, "plain", 2)[1:]:
        file.unlink()
    with pytest.raises(ClaimError, match=r"study plain .*1 whole seeds.*with --run computes it"):
        judged(tmp_path, claim(study="plain"))


def test_a_run_in_the_place_of_another_does_not_count(tmp_path):
    first, second, *_ = store(tmp_path, "plain", 4, lambda place: place["seed"])
    put(second, first.read_bytes())
    (found,) = judged(tmp_path, claim(study="plain"))
    assert found.deciding.values.tolist() == [1, 3, 4]


# The prior


VALID = {"valid": lambda place: place["seed"] in (1, 2, 4, 5)}


def shows(circuits: Any) -> np.ndarray:
    return circuits["x"].values > 2.5


def test_the_prior_share_is_that_of_the_circuits_that_rest_and_of_the_shipped_numbers_alone(toys, tmp_path):
    toys.setattr("prelimbic.experiments.claims.bench.FEWEST_CIRCUITS", 5)
    store(tmp_path, "plain", 2)
    store(tmp_path, PRIOR_STUDY, 5, lambda place: place["seed"], **VALID)
    (found,) = judged(tmp_path, claim(study="plain", prior=shows), seeds=2)
    assert (found.prior.share, found.prior.circuits) == (0.5, 4)  # 4 and 5 of 1, 2, 4 and 5
    # Wilson 1927
    assert found.as_json()["prior_share"] == {"share": 0.5, "low": 0.15, "high": 0.85, "circuits": 4}
    (changed,) = judged(tmp_path, replace(said("T1", "CAL", 1.0), prior=shows), seeds=2, overrides=OTHER)
    (without,) = judged(tmp_path, claim(study="plain"), seeds=2)
    assert changed.prior is without.prior is without.as_json()["prior_share"] is None


def test_circuits_in_which_there_is_nothing_to_see_have_no_part_in_the_share(toys, tmp_path):
    toys.setattr("prelimbic.experiments.claims.bench.FEWEST_CIRCUITS", 5)
    store(tmp_path, PRIOR_STUDY, 5, lambda place: place["seed"], **VALID)
    for shown, expected in (([1, np.nan, 0, 1], (2 / 3, 3)), ([np.nan] * 4, None)):
        (found,) = judged(
            tmp_path, replace(said("T1", "CAL", 1.0), prior=lambda circuits, s=shown: np.array(s)), seeds=2
        )
        assert (found.prior and (found.prior.share, found.prior.circuits)) == expected


def test_a_share_of_no_valid_circuit_or_of_too_few_circuits_is_not_told(toys, tmp_path):
    (tmp_path / "few").mkdir()
    store(tmp_path / "few", PRIOR_STUDY, 5, lambda place: place["seed"], **VALID)
    asked = replace(said("T1", "CAL", 1.0), prior=shows)
    assert judged(tmp_path / "few", asked, seeds=2)[0].prior is None
    toys.setattr("prelimbic.experiments.claims.bench.FEWEST_CIRCUITS", 5)
    store(tmp_path, PRIOR_STUDY, 5, valid=lambda place: 0.0)
    assert judged(tmp_path, asked, seeds=2)[0].prior is None
    assert judged(tmp_path / "few", asked, seeds=2)[0].prior is not None


def test_where_the_prior_was_not_measured_the_claim_is_judged_without_it(tmp_path):
    store(tmp_path, "plain", 10)
    (found,) = judged(tmp_path, claim(study="plain", prior=shows))
    assert (found.prior, found.verdict) == (None, "holds")
    assert NOT_MEASURED in page([found], {})


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
    compute(claims, bench, 1, board.console())
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


def test_circuits_of_the_prior_are_computed_for_claims_that_have_a_share_under_the_shipped_numbers(
    toys, tmp_path
):
    with_share = claim(study="plain", prior=shows)
    found = asked_of(toys, [with_share], Bench(seeds=2, results=tmp_path))
    assert [(p["sheet"], p["seed"]) for p in found[PRIOR_STUDY]] == [(PRIOR, seed) for seed in range(1, 6)]
    assert set(asked_of(toys, [with_share], Bench(seeds=2, results=tmp_path, overrides=OTHER))) == {"plain"}
    assert set(asked_of(toys, [claim(study="plain")], Bench(seeds=2, results=tmp_path))) == {"plain"}


# The list


@pytest.mark.parametrize("study", sorted({c.study for c in ALL_CLAIMS if c.study}))
def test_every_claim_needs_a_run_of_every_seed_of_a_study_that_there_is(monkeypatch, study):
    from prelimbic.experiments.sweep.study import find_study

    assert study in STUDIES
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
        replace(said("T4", "CAL", 1.0), prior=shows),
    ]
    store(
        tmp_path / "results",
        "toy",
        10,
        lambda place: float("nan") if place["null"] == "pyr" else place["seed"],
    )
    store(tmp_path / "results", PRIOR_STUDY, 5, valid=lambda place: place["seed"] > 2)
    toys.setattr(board, "ALL_CLAIMS", claims)
    toys.setattr("prelimbic.experiments.claims.bench.FEWEST_CIRCUITS", 5)
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
    assert (found[3]["prior_share"]["share"], found[3]["prior_share"]["circuits"]) == (0.0, 3)


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
    screen = board.console()
    with screen.capture() as captured:
        screen.print(as_table(judged(tmp_path, claim("T1"), said("T2", "CAL", 1.0))))
    told = captured.get()
    assert told.count("statement of T1") == told.count("statement of T2") == 1
    below = told[told.index("under nulls") :]
    assert "T2" not in below and MEANING["pyr"] in " ".join(below.split()) and below.count("fails") == 1


# The page

CLAIMS_TOLD = [
    said("P1", "PRED", 1.0),
    said("P2", "PRED", 5.0),
    said("C1", "CAL", 1.0),
    said("X1", "CTRL", 0.5, 3.0),
    said("S1", "STRUCT", float("nan")),
]


def sections(text: str) -> dict[str, list[str]]:
    """Claims that have a section, by the heading above it."""
    found: dict[str, list[str]] = {}
    heading = ""
    for line in text.splitlines():
        if line.startswith("## "):
            heading = line[3:]
        if line.startswith("### "):
            found.setdefault(heading, []).append(line[4:].split(":")[0])
    return found


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
