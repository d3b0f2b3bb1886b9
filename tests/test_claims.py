"""Claims: their list, what the shipped numbers earn, and what the command prints."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from prelimbic import parameters
from prelimbic.experiments.claims.bench import Bench, ClaimError
from prelimbic.experiments.claims.board import ALL_CLAIMS
from prelimbic.experiments.claims.claim import (
    AFFINITIES,
    ROLES,
    chosen,
    deciding,
    judge,
)
from prelimbic.experiments.claims.claimed import CLAIMS
from prelimbic.parameters import CIRCUIT
from tests.said import USAGE, is_one_sentence

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


def verdict(claim: str, *overrides: tuple[str, float]) -> str:
    found = judge([c for c in CLAIMS if c.id == claim], Bench(seeds=2, overrides=overrides))
    assert len(found) == 1
    return found[0].deciding.verdict


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
    shut = dict(zip(AFFINITIES, (found.measures[0], found.other[0]), strict=True))
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
