"""Verdicts of claims on made-up values: against a published range, and against a record with a spread."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import t as student

from prelimbic.experiments.claims.bench import Bench
from prelimbic.experiments.claims.claim import (
    NORMAL,
    SHOWN,
    Claim,
    Judged,
    Measure,
    against_record,
    deciding,
    judge,
    shown,
)
from tests.test_claims import FIELDS

INF, NAN = float("inf"), float("nan")


def measure(values: object, low: float, high: float, name: str = "a rate") -> Measure:
    return Measure(name, "Hz", np.array(values, dtype=float), low, high)


def judged(*measures: Measure) -> Judged:
    claim = Claim(
        "X",
        "a statement",
        "a source",
        "PRED",
        "a protocol",
        lambda bench: list(measures),
        no_effect="made up",
    )
    return judge([claim], Bench(seeds=2))[0]


# Verdicts

SPREAD = (1.0, 2.0, 3.0, 2.0)  # mean 2, t-interval 0.70 to 3.30


@pytest.mark.parametrize(
    ("values", "low", "high", "expected"),
    [
        (SPREAD, 0.6, 3.4, "holds"),
        (SPREAD, 0.8, 3.4, "inconclusive"),
        (SPREAD, 0.6, 3.2, "inconclusive"),
        (SPREAD, 1.9, 2.1, "inconclusive"),  # the interval swallows the range
        (SPREAD, 3.4, 9.0, "fails"),
        (SPREAD, -9.0, 0.6, "fails"),
        (SPREAD, 0.0, INF, "holds"),
        (SPREAD, 1.0, INF, "inconclusive"),
        (SPREAD, 4.0, INF, "fails"),
        (SPREAD, -INF, 4.0, "holds"),
        ((5.0,), 4.0, 6.0, "holds"),
        ((5.0,), 5.0, 6.0, "holds"),
        ((5.0,), 5.1, 6.0, "fails"),
        ((5.0, 5.0, 5.0), 4.0, 4.9, "fails"),
        ((5.0, 5.0, 5.0), 5.0, 5.0, "holds"),
        ((NAN,), 0.0, 1.0, "not testable"),
        ((1.0, NAN, 1.0), 0.0, 2.0, "not testable"),
        ((1.0, INF), 0.0, 2.0, "not testable"),
    ],
)
def test_a_verdict_is_where_the_interval_lies_to_the_published_range(values, low, high, expected):
    assert measure(values, low, high).verdict == expected


def test_the_interval_is_students_and_covers_the_truth_95_times_in_100():
    rng = np.random.default_rng(1)
    values = rng.normal(3.0, 2.0, (4000, 5))
    below, above = np.array([measure(row, 0, 1).interval for row in values]).T
    expected = student.interval(0.95, 4, values.mean(axis=1), values.std(axis=1, ddof=1) / np.sqrt(5))
    assert below == pytest.approx(expected[0]) and above == pytest.approx(expected[1])
    assert ((below < 3.0) & (above > 3.0)).mean() == pytest.approx(0.95, abs=0.015)
    assert measure((7.5,), 0, 1).interval == (7.5, 7.5)


def test_more_seeds_make_an_inconclusive_finding_conclusive():
    for low, high, end in ((0.5, 2.9, "holds"), (3.0, 9.0, "fails")):
        assert [measure(SPREAD * n, low, high).verdict for n in (1, 8)] == ["inconclusive", end]


def test_the_worst_measure_decides_and_the_first_of_equals():
    holds, unsure = measure((5.0,), 4, 6, "holds"), measure(SPREAD, 1.9, 2.1, "unsure")
    fails, silent = measure((5.0,), 6, 7, "fails"), measure((NAN,), 0, 1, "silent")
    also = measure((1.0,), 6, 7, "also")
    assert judged(holds, unsure, fails, silent).deciding is fails
    assert judged(holds, silent, unsure).deciding is unsure
    assert judged(holds, silent).deciding is silent
    assert judged(holds, fails, also).deciding is fails
    assert judged(also, fails).deciding is also
    assert judged(holds).as_json()["verdict"] == "holds"


def test_a_claim_in_json_has_its_fields_and_no_value_that_json_has_not():
    found = judged(measure((NAN, 1.0), 0.0, INF), measure((1.5, 1.5), 0.0, 5.0)).as_json()
    text = json.dumps([found], allow_nan=False)
    assert json.loads(text)[0] == found
    assert set(found) >= FIELDS
    assert (found["verdict"], found["value"], found["low"], found["high"], found["target"]) == (
        "not testable",
        None,
        None,
        None,
        [0.0, None],
    )
    assert found["seeds"] == 2
    assert [m["verdict"] for m in found["measures"]] == ["not testable", "holds"]
    assert found["measures"][1]["value"] == 1.5


# Records with a spread

RECORD = (10.0, 2.0)  # mean and SE


def scattered(mean: float, error: float, seeds: int = 10) -> np.ndarray:
    """Values of so many seeds whose mean has this standard error."""
    z = np.linspace(-1.0, 1.0, seeds)
    return mean + error * np.sqrt(seeds) * z / z.std(ddof=1)


def verdict_on_record(mean: float, error: float, seeds: int = 10) -> str:
    return against_record("a rate", "Hz", scattered(mean, error, seeds), *RECORD).verdict


@pytest.mark.parametrize(
    ("mean", "error", "expected"),
    [
        (10.0, 0.1, "holds"),
        (11.9, 0.1, "holds"),
        (8.1, 0.1, "holds"),
        (12.5, 0.1, "inconclusive"),
        (7.5, 0.1, "inconclusive"),
        (15.0, 0.1, "fails"),
        (5.0, 0.1, "fails"),
        (15.0, 1.5, "inconclusive"),  # 5 off, and 5.2 of both spreads
        (10.0, 3.0, "inconclusive"),  # seeds scatter more than the record
        (30.0, 3.0, "fails"),
    ],
)
def test_a_recorded_mean_is_met_within_its_standard_error_and_missed_beyond_both_spreads(
    mean, error, expected
):
    assert verdict_on_record(mean, error) == expected


def test_more_seeds_never_decide_what_the_record_does_not():
    """What lies between one and two of the record's standard errors stays undecided without scatter."""
    for seeds in (10, 100, 1000):
        found = {off: verdict_on_record(10.0 + off, 1.0 / seeds, seeds) for off in (1.0, 3.0, 4.5)}
        assert found == {1.0: "holds", 3.0: "inconclusive", 4.5: "fails"}


def test_an_interval_that_was_published_may_be_longer_on_one_side():
    def at(value: float) -> str:
        return Measure("x", "uM", np.array([value]), 0.99, 2.14, recorded=1.42).verdict

    up, down = (2.14 - 1.42) / NORMAL, (1.42 - 0.99) / NORMAL
    assert [at(1.42 + 0.99 * up), at(1.42 + 1.01 * up), at(2.15)] == ["holds", "inconclusive", "fails"]
    assert [at(1.42 - 0.99 * down), at(1.42 - 1.01 * down), at(0.98)] == ["holds", "inconclusive", "fails"]


def test_what_is_shown_decides_nothing_and_is_told_as_such():
    seen, fails = shown("a CV", "1", np.array([7.0])), measure((5.0,), 6, 7)
    assert (seen.verdict, seen.judged, deciding([seen, fails])) == (SHOWN, False, fails)
    assert judged(seen, measure((5.0,), 4, 6)).verdict == "holds"
    assert shown("a CV", "1", np.array([NAN])).verdict == "not testable"


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (Measure("x", "1", np.array([-1.0, 0.0, 1.0, NAN]), 0.0, INF), [0, 0, 1, NAN]),
        (Measure("x", "%", np.array([1.0, 3.0]), 0.0, INF), [0, 1]),  # one look does not tell 1 %
        (Measure("x", "%", np.array([-15.0, 15.0, 15.1]), -15.0, 15.0), [1, 1, 0]),
        (against_record("x", "%", np.array([8.0, 12.1, 7.9]), *RECORD), [1, 0, 0]),
    ],
)
def test_of_drawn_models_each_is_asked_by_itself(made, expected):
    np.testing.assert_array_equal(made.within(), expected)
