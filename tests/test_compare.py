"""Two sweeps beside each other: what was asked otherwise, and what differs beyond the noise of seeds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ttest_ind, ttest_rel

import prelimbic as pl
from prelimbic.experiments.readouts.difference import difference, holm
from prelimbic.experiments.reports.compared import rows
from tests.reporting import asked_in
from tests.said import USAGE, is_one_sentence

TWO = {"dose": [10]}  # and its vehicle


@pytest.fixture(scope="session")
def place(tmp_path_factory) -> Path:
    """Folders of one question: as it is, with other numbers, with other seeds, and without doses."""
    top = tmp_path_factory.mktemp("compared")
    asked_in(top / "one", vary=TWO)
    asked_in(top / "two", vary=TWO, set={"cascade.cascade.translation_rate": 2.0})
    asked_in(top / "others", seeds=(3, 4), vary=TWO)
    asked_in(top / "single", seeds=(1,), vary={})
    return top


def by_seed(values) -> dict[int, float]:
    return dict(enumerate(map(float, values), 1))


def test_pairs_and_two_means_are_tested_as_textbooks_do():
    draw = np.random.default_rng(1)
    a, b = draw.normal(0.0, 1.0, 6), draw.normal(0.7, 2.0, 6)
    found, known = difference(by_seed(a), by_seed(b)), ttest_rel(b, a)
    assert found.paired and found.p == pytest.approx(known.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(known.confidence_interval()))
    other = {seed + 100: v for seed, v in by_seed(b[:4]).items()}
    found, known = difference(by_seed(a), other), ttest_ind(b[:4], a, equal_var=False)
    assert not found.paired and found.p == pytest.approx(known.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(known.confidence_interval()))


def test_values_that_are_no_numbers_are_left_out_before_anything_is_counted():
    a, b = by_seed([1.0, 2.0, np.nan, 4.0]), by_seed([2.0, 2.5, 3.0, np.inf])
    assert difference(a, b).n == 2
    assert holm([0.01, np.nan, 0.04, 0.03]) == pytest.approx([0.03, np.nan, 0.06, 0.06], nan_ok=True)
    assert holm([np.nan, np.nan]) == pytest.approx([np.nan, np.nan], nan_ok=True) and len(holm([])) == 0


def test_one_value_a_side_has_no_interval_and_the_same_change_in_every_seed_no_doubt():
    assert not difference({1: 1.0}, {1: 2.0}).told
    sure = difference(by_seed([1.0, 2.0]), by_seed([1.5, 2.5]))
    assert (sure.mean, sure.low, sure.high, sure.p) == (0.5, 0.5, 0.5, 0.0)


def test_where_nothing_differs_one_of_many_is_found_to_in_at_most_one_family_of_twenty():
    draw = np.random.default_rng(2)
    wrong = 0
    for _ in range(300):
        ps = [difference(by_seed(draw.normal(size=5)), by_seed(draw.normal(size=5))).p for _ in range(8)]
        wrong += bool((holm(ps) < 0.05).any())
    assert wrong / 300 < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)


def test_a_folder_is_the_same_as_itself_and_that_is_said(call, place):
    found = pl.compare(place / "one", place / "one")
    assert found.identical and found.asked.empty and found.numbers.empty
    assert "the same to the last bit" in found.found
    code, out, err = call("compare", place / "one", place / "one")
    assert (code, err) == (0, "") and "the same to the last bit, in 2 seeds" in out


def test_the_number_that_was_set_is_named_and_what_follows_from_it_is_found(place):
    found = pl.compare(place / "one", place / "two")
    (number,) = found.numbers.to_dict("records")
    assert (number["number"], number["b"]) == ("cascade.cascade.translation_rate", 2.0)
    assert number["status_b"] == "overridden"
    assert "paired by 2 shared seeds" in found.found and not found.identical
    grown = found.outcomes[found.outcomes["outcome"] == "protein"].set_index("place")
    assert (
        grown.loc["dose 10 mg/kg, 24 h", "difference"] > 0.1 > grown.loc["dose 0 mg/kg, 24 h", "difference"]
    )
    both = found.outcomes.dropna(subset=["p_holm"])
    assert (both["p_holm"] >= both["p"]).all() and both["p"].is_monotonic_increasing


def test_means_and_differences_are_those_of_the_datasets(place):
    a, b = (pl.load(place / name) for name in ("one", "two"))
    found = pl.compare(place / "one", place / "two", ["spines"]).outcomes.set_index("place")
    at = {"readout": "24 h", "dose": 10.0}
    row = found.loc["dose 10 mg/kg, 24 h"]
    means = [float(d["spines"].sel(at).mean()) for d in (a, b)]
    assert (row["a"], row["b"]) == pytest.approx(tuple(means))
    assert row["difference"] == pytest.approx(means[1] - means[0], abs=1e-9)


def test_seeds_that_are_not_shared_are_told(place):
    assert "unpaired (Welch), for they share no seed" in pl.compare(place / "one", place / "others").found


def test_one_run_a_side_has_differences_but_no_noise_to_hold_them_against(place):
    vehicle, drug = (next((place / "one").glob(f"*dose-{d}_seed-1_*.h5")) for d in (0, 10))
    found = pl.compare(vehicle, drug)
    assert "cannot tell whether beyond the noise of seeds" in found.found
    assert found.outcomes["p_holm"].isna().all() and "a alone" not in found.found
    assert [tuple(row) for row in found.asked[["what"]].values] == [("given",)]


@pytest.mark.slow
def test_the_command_prints_tables_and_draws_one_figure_with_its_caption(call, tmp_path, place):
    code, out, err = call("compare", place / "one", place / "two")
    assert (code, err) == (0, "") and "translation_rate" in out
    figure = Path(out.splitlines()[-1].removeprefix("figure: "))
    assert {each.suffix for each in (tmp_path / figure).parent.iterdir()} == {".png", ".svg", ".txt"}
    assert "% of the first" in (tmp_path / figure).with_suffix(".txt").read_text()
    code, out, _ = call("compare", place / "one", place / "two", "--json")
    told = json.loads(out)
    assert code == 0 and {"asked", "numbers", "outcomes", "identical", "found"} <= {*told}


def test_what_is_drawn_is_the_difference_in_per_cent_of_the_first(place):
    found = pl.compare(place / "one", place / "two", ["protein"])
    for each, (_, middle, low, high, clear) in zip(
        [o for o in found.told if not o.pair.identical], rows(found), strict=True
    ):
        assert middle == pytest.approx(100 * (each.b / each.a - 1)) and low <= middle <= high
        assert clear == each.clear


REFUSED = {
    "a run and a study": (("one", "one/*dose-10_seed-1_*"), "compare like with like"),
    "axes that one has alone": (("one", "single"), "varies"),
    "a readout that is none": (("one", "two", "--measure", "spine"), "did you mean spines?"),
    "a readout twice": (("one", "two", "--measure", "spines", "--measure", "spines"), "--measure spines"),
    "a figure of no kind": (("one", "two", "--plot", "x.gif"), ".png, .svg or .pdf"),
    "a figure of JSON": (("one", "two", "--json", "--plot", "x.png"), "--json", "--plot"),
}


@pytest.mark.parametrize(("asked", "named"), [(c[0], c[1:]) for c in REFUSED.values()], ids=REFUSED)
def test_what_cannot_be_compared_is_refused_in_one_sentence(call, place, tmp_path, asked, named):
    given = [next(iter(place.glob(word)), word) if k < 2 else word for k, word in enumerate(asked)]
    code, _, err = call("compare", *given)
    is_one_sentence(err, *named)
    assert (code, [*tmp_path.iterdir()]) == (USAGE, [])
