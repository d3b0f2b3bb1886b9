"""Claims: verdicts on made-up values, what the shipped numbers earn, and what the command prints."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import t as student

from prelimbic import parameters
from prelimbic.experiments.claims.bench import Bench, ClaimError
from prelimbic.experiments.claims.board import ALL_CLAIMS
from prelimbic.experiments.claims.claim import (
    AFFINITIES,
    NORMAL,
    ROLES,
    SHOWN,
    Claim,
    Judged,
    Measure,
    against_record,
    chosen,
    deciding,
    judge,
    shown,
)
from prelimbic.experiments.claims.claimed import CLAIMS
from prelimbic.parameters import CIRCUIT
from tests.said import USAGE, is_one_sentence

INF, NAN = float("inf"), float("nan")
KETAMINE_IC50 = {"2A": 5.35, "2AB": 5.213, "2B": 5.08, "2BD": 3.871, "2C": 1.18, "2D": 2.95}
BY_ID = {c.id: c for c in ALL_CLAIMS}
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


def verdict(claim: str, *overrides: tuple[str, float]) -> str:
    found = judge([c for c in CLAIMS if c.id == claim], Bench(seeds=2, overrides=overrides))
    assert len(found) == 1
    return found[0].deciding.verdict


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


# The list


def test_every_claim_has_an_id_of_its_own_a_known_role_and_a_source_that_is_listed_or_said_to_be_unchecked():
    ids = [c.id for c in ALL_CLAIMS]
    assert len(set(ids)) == len(ids) >= 9
    keys = set(
        re.findall(
            r"^@\w+\{([^,\s]+),", (Path(parameters.__file__).parent / "references.bib").read_text(), re.M
        )
    )
    assert len(keys) > 10
    for claim in ALL_CLAIMS:
        assert claim.role in ROLES, claim.id
        assert claim.source in keys or claim.source.startswith("recalled, unchecked: "), claim.id
        assert claim.statement and claim.protocol
    assert {c.role for c in ALL_CLAIMS} >= {"CAL", "PRED"}


def test_claims_are_chosen_by_id_in_the_order_asked_once_each_and_all_when_none_is_named():
    assert [c.id for c in chosen(("V5", "V1", "V5"), CLAIMS)] == ["V5", "V1"]
    assert chosen((), CLAIMS) == CLAIMS
    with pytest.raises(ClaimError, match=r"'v5'.*V5"):
        chosen(("V1", "v5"), CLAIMS)


def test_a_bench_of_fewer_than_two_seeds_is_refused():
    for seeds in (1, 0, -3):
        with pytest.raises(ClaimError, match=rf"`seeds` is {seeds} but .* at least 2"):
            Bench(seeds=seeds)


# What the numbers earn


@pytest.mark.parametrize("claim", ["V1", "V3", "V5", "V17b"])
def test_the_shipped_numbers_hold_what_they_were_fitted_to(claim):
    assert verdict(claim) == "holds"


@pytest.mark.parametrize(
    ("claim", "number", "value"),
    [
        ("V1", "species.human/ketamine.clearance", 800.0),  # most is gone before the infusion ends
        ("V3", "species.human/hydroxynorketamine.clearance", 0.5),
        ("V4", "circuit.2A.magnesium_half", 100.0),  # hardly anything to compete with
        ("V4", "compounds.ketamine.magnesium_competition", 0.0),  # a drug that does not compete
        ("V5", "compounds.hydroxynorketamine.ic50_2A", 5.0),
        ("V17b", "compounds.ketamine.escape", 0.02),  # leaves closed channels within a minute
    ],
)
def test_a_claim_fails_when_the_number_it_rests_on_is_wrong(claim, number, value):
    assert verdict(claim, (number, value)) == "fails"


def test_a_claim_that_takes_no_run_is_judged_under_both_affinities_and_on_drawn_numbers():
    (found,) = judge(chosen(("V4c",), CLAIMS), Bench(seeds=2))
    shut = {"recombinant": found.measures[0], "tissue": found.other[0]}
    assert shut["recombinant"].values < 0.7 < shut["tissue"].values
    assert (found.verdict, found.under_other) == tuple(shut[a].verdict for a in AFFINITIES)
    assert {a: (share.models, 0 <= share.share <= 1) for a, share in found.draws.items()} == {
        "tissue": (2, True),
        "recombinant": (2, True),
    }
    told = found.as_json()
    assert told["other_affinity"]["verdict"] == found.under_other and told["draws"]["tissue"]["models"] == 2
    (changed,) = judge(
        chosen(("V4c",), CLAIMS), Bench(seeds=2, overrides=(("compounds.tissue.factor", 0.5),))
    )
    assert set(changed.draws.values()) == {"not drawn under other numbers"}


def test_where_no_model_is_asked_for_none_is_drawn():
    (found,) = judge(chosen(("V4c",), CLAIMS), Bench(seeds=2, draws=0))
    assert set(found.draws.values()) == {"not drawn: none was asked for"}


def test_drawn_models_differ_and_are_the_same_each_time():
    def values() -> list[float]:
        models = Bench(seeds=2).models("", "tissue")
        return [float(BY_ID["V4c"].readout(model)[0].values[0]) for model in models]

    first = values()
    assert first == values() and len(set(first)) == 2


def test_a_claim_that_is_true_by_construction_or_says_why_is_not_asked_of_drawn_models():
    for claim, why in (("V5", "true by construction"), ("V17b", "not drawn: the binding scheme")):
        (found,) = judge(chosen((claim,), CLAIMS), Bench(seeds=2))
        assert all(told.startswith(why) for told in found.draws.values())


def test_occupancy_fails_with_recombinant_affinities_and_holds_with_fivefold_ones():
    assert recombinant("V4b") == "fails"
    for factor, expected in ((0.25, "holds"), (0.05, "fails")):
        assert recombinant("V4b", *scaled(factor)) == expected


def scaled(factor: float) -> tuple[tuple[str, float], ...]:
    return tuple((f"compounds.ketamine.ic50_{k}", factor * v) for k, v in KETAMINE_IC50.items())


def recombinant(claim: str, *overrides: tuple[str, float]) -> str:
    bench = Bench(seeds=2, overrides=overrides).with_affinity("recombinant")
    return deciding(BY_ID[claim].readout(bench)).verdict


def test_half_block_follows_affinity_in_proportion():
    def plasma(factor: float) -> float:
        bench = Bench(seeds=2, overrides=scaled(factor)).with_affinity("recombinant")
        return float(BY_ID["V4b"].readout(bench)[0].values[0])

    assert plasma(0.5) == pytest.approx(0.5 * plasma(1.0), rel=1e-3)
    # Pyr cells have 2A and 2B halves, of nearly one affinity; brain over unbound plasma is one number of the
    # rat.
    brain = np.sqrt(KETAMINE_IC50["2A"] * KETAMINE_IC50["2B"])
    ratio = (
        Bench(seeds=2).config.sheets()["species"].sections["rat/ketamine"]["brain_to_plasma_unbound"].value
    )
    assert plasma(1.0) == pytest.approx(brain / ratio, rel=1e-2)


# The command


def asked(call, *words: object) -> list[dict]:
    code, out, err = call("claims", *words, "--json")
    assert (code, err) == (0, "")
    return json.loads(out, parse_constant=pytest.fail)


def test_claims_in_json_are_those_asked_for_with_every_field(call):
    found = asked(call, "V5", "V1", "--seeds", "4")
    assert [c["id"] for c in found] == ["V5", "V1"]
    for claim in found:
        assert set(claim) >= FIELDS
        assert claim["verdict"] == "holds" and claim["role"] in ROLES and claim["seeds"] == 4
        assert claim["other_affinity"]["verdict"] == "holds" and set(claim["draws"]) == {
            "tissue",
            "recombinant",
        }
        assert claim["target"][0] <= claim["low"] <= claim["value"] <= claim["high"] <= claim["target"][1]
        assert re.fullmatch(r"[0-9a-f]{64}", claim["sheet_hash"])


def test_a_claim_names_the_numbers_it_was_judged_on(call):
    plain, other_sheet, changed = (
        asked(call, "V5", *more)[0]
        for more in ((), ("--sheet", "sst"), ("--set", "compounds.hydroxynorketamine.ic50_2A=5"))
    )
    assert (plain["sheet"], other_sheet["sheet"]) == (CIRCUIT, "sst")
    assert len({c["sheet_hash"] for c in (plain, other_sheet, changed)}) == 3
    assert (plain["verdict"], changed["verdict"]) == ("holds", "fails")
    assert changed["value"] == pytest.approx(1 / 6, rel=0.01)  # 1 uM at an IC50 of 5 uM


def test_claims_as_a_table_give_every_measure_with_its_range_and_verdict(call):
    code, out, err = call("claims", "V1", "V4b")
    assert (code, err) == (0, "")
    words = ("V1", "V4b", "zanos2018", "shaffer2014", "holds", "CAL", "0.5 to 1.1", "above 1", "recombinant")
    for word in words:
        assert word in out, word


def test_an_unknown_claim_is_one_sentence_that_names_all_there_are(call):
    code, out, err = call("claims", "V1", "V99")
    assert (code, out) == (USAGE, "")
    is_one_sentence(err, "'V99'", *(c.id for c in ALL_CLAIMS))


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--seeds", "1"), ("--seeds", "1", "at least 2")),
        (("--seeds", "0"), ("--seeds", "0", "at least 2")),
        (("--draws", "-1"), ("--draws", "-1", "from 0 to")),
        (("--seeds", "many"), ("--seeds", "many")),
        (("--sheet", "species"), ("'species'", "dendritic", ".toml")),
        (("--set", "circuit.Pyr.nothing=1"), ("Pyr.nothing", f"{CIRCUIT}.toml")),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_before_anything_is_computed(call, words, named):
    code, out, err = call("claims", "V5", *words)
    assert (code, out) == (USAGE, "")
    is_one_sentence(err, *named)
