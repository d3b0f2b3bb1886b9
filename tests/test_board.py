"""The board: what a claim reads of stored studies, and when there is a verdict."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prelimbic.experiments.claims.bench import PRIOR_STUDY, Bench, ClaimError
from prelimbic.experiments.claims.claim import Claim, Judged, Measure, judge
from prelimbic.experiments.claims.page import page
from prelimbic.experiments.readouts.answer import Answer
from prelimbic.experiments.readouts.nulls import MEANING, SITES
from prelimbic.experiments.storage.store import write_run
from prelimbic.experiments.sweep.study import Study, planned, write_manifest
from prelimbic.parameters import PRIOR
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.protocol import Protocol
from prelimbic.simulation.record import coordinate
from prelimbic.simulation.switches import AFFINITIES
from prelimbic.simulation.variable import Variable
from tests.hostile import put

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
    "surge": toy("surge", {}, [{}]),
}


@pytest.fixture(autouse=True)
def toys(monkeypatch, tmp_path):
    """Toy studies instead of the real ones, and no look but those of the test."""
    for module in ("bench", "board"):
        monkeypatch.setattr(f"prelimbic.experiments.claims.{module}.find_study", lambda name: TOYS[name])
    monkeypatch.setattr("prelimbic.experiments.claims.ledger.SHIPPED", tmp_path / "shipped.csv")
    return monkeypatch


def store(
    folder: Path,
    study: str,
    seeds: int,
    value: Value = lambda place: 1.0,
    by_affinity: bool = False,
    **more: Value,
) -> list[Path]:
    """Write every run of a toy study; its readout x, and others, are functions of the place, x of drawn
    models twice as much under the second affinity.
    """
    runs = Bench(seeds=max(seeds, 2)).plan(study)
    (folder / study).mkdir(parents=True)
    write_manifest(TOYS[study], runs, folder / study)
    for run in runs:
        made = {
            n: Variable((), np.array(float(f(run.place))), "1", n) for n, f in ({"x": value} | more).items()
        }
        if by_affinity:
            x = made["x"].values * np.array([1.0, 2.0])
            made |= coordinate("affinity", AFFINITIES) | {"x": Variable(("affinity",), x, "1", "x")}
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
        and "No control model meets it." in text
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
    bench = Bench(seeds=2, results=tmp_path, overrides=(("spines.spines.density_time", 99.0),))
    # so that neither drives the other out of its manifest
    assert bench.folder("plain") != tmp_path / "plain"
    (tmp_path / "plain").rename(bench.folder("plain"))
    with pytest.raises(
        ClaimError, match=r"study plain .* 0 whole seeds .*other numbers.*claims --run` computes it"
    ):
        judge([claim(study="plain")], bench)


def test_a_study_with_fewer_than_two_whole_seeds_is_refused_with_what_computes_it(tmp_path):
    for file in store(tmp_path, "plain", 2)[1:]:
        file.unlink()
    with pytest.raises(ClaimError, match=r"study plain .*1 whole seeds.*claims --run` computes it"):
        judged(tmp_path, claim(study="plain"))


def test_a_run_in_the_place_of_another_does_not_count(tmp_path):
    first, second, *_ = store(tmp_path, "plain", 4, lambda place: place["seed"])
    put(second, first.read_bytes())
    (found,) = judged(tmp_path, claim(study="plain"))
    assert found.deciding.values.tolist() == [1, 3, 4]


# Drawn models


VALID = {"valid": lambda place: place["seed"] in (1, 2, 4, 5)}


@pytest.fixture
def models(toys, tmp_path):
    """Drawn circuits, of which so many seeds have been stored, seen as runs of study surge."""
    toys.setattr("prelimbic.experiments.claims.bench.FEWEST_CIRCUITS", 4)
    for module in ("bench", "claim"):
        toys.setattr(f"prelimbic.experiments.claims.{module}.DRAWN", {"surge": lambda circuits: circuits})
    store(tmp_path, "surge", 10)
    return lambda **more: store(
        tmp_path, PRIOR_STUDY, 5, lambda place: place["seed"], by_affinity=True, **more
    )


def drawn(folder: Path, **more: Any) -> dict[str, Any]:
    return judged(folder, claim(study="surge", low=2.5, high=9.0, **more), seeds=10)[0].draws


def test_the_drawn_share_is_that_of_models_that_rest_by_affinity_and_of_the_shipped_numbers_alone(
    models, tmp_path
):
    models(**VALID)
    found = drawn(tmp_path)
    # 4 and 5 of 1, 2, 4 and 5; under the second affinity x is twice as much: 2, 4, 8 and 10
    assert {a: (s.share, s.models) for a, s in found.items()} == {
        AFFINITIES[0]: (0.5, 4),
        AFFINITIES[1]: (0.5, 4),
    }
    # Wilson 1927
    assert found[AFFINITIES[0]].as_json() == {"share": 0.5, "low": 0.15, "high": 0.85, "models": 4}
    assert set(drawn(tmp_path, undrawn="not drawn: made up").values()) == {"not drawn: made up"}
    assert set(drawn(tmp_path, role="STRUCT").values()) == {"true by construction"}
    (other,) = judged(tmp_path, said("T1", "CAL", 1.0), seeds=2, overrides=OTHER)
    assert set(other.draws.values()) == {"not drawn under other numbers"}


def test_a_model_in_which_a_part_has_no_number_does_not_count(models, tmp_path):
    models(**VALID)

    def readout(bench: Bench) -> list[Measure]:
        x = bench.dataset["x"].values
        return [Measure("x", "1", x, 2.5, 9.0), Measure("y", "1", np.where(x == 4, np.nan, x), 0.0, 9.0)]

    (found,) = judged(tmp_path, replace(claim(study="surge"), readout=readout), seeds=10)
    assert (found.draws[AFFINITIES[0]].share, found.draws[AFFINITIES[0]].models) == (1 / 3, 3)


def test_a_share_of_too_few_models_that_rest_is_not_told(models, tmp_path):
    models(valid=lambda place: place["seed"] < 3)
    assert set(drawn(tmp_path).values()) == {"not measured: 2 drawn circuits rest as recorded"}


def test_where_nothing_was_drawn_the_claim_is_judged_without_it(models, tmp_path):
    (found,) = judged(tmp_path, claim(study="surge"))
    assert (set(found.draws.values()), found.verdict) == ({"not measured"}, "holds")
    (plain,) = judged(tmp_path, claim(study="surge", undrawn="not drawn: made up"))
    assert plain.verdict == "holds"
