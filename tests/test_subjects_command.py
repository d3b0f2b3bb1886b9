"""`prelimbic exposure --subjects`: percentiles that hold together, drawn and told; and what it refuses."""

import json

import pytest

import prelimbic as pl
from tests.said import is_one_sentence

NASAL = ("exposure", "--species", "human", "--give", "esketamine 56 mg nasal")


def test_percentiles_are_in_order_and_those_of_the_table_of_subjects(call):
    code, out, err = call(*NASAL, "--at", "40min,4h", "--subjects", 60, "--seed", 3, "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    told = found["ketamine"]["venous_ng_per_ml"]
    assert [*told] == ["p05", "p50", "p95"]
    assert all(low < median < high for low, median, high in zip(*told.values(), strict=True))
    table = pl.population(60, "human", 3)
    many = pl.exposure("human", "esketamine 56 mg nasal", at="40min, 4h", subjects=table)["venous"]
    assert told["p95"] == pytest.approx(
        many.sel(compound="ketamine").quantile(0.95, "subject").values, rel=1e-5
    )
    assert {*found} > {"S-ketamine", "hydroxynorketamine (kamp)", "block", "at_min"}


def test_the_table_says_who_and_what_was_set_and_what_moves_nothing(call):
    asked = ("--at", "1h", "--subjects", 5, "--sex", "male", "--age", 70, "--weight", 80)
    code, out, err = call(*NASAL, *asked, "--set", "routes.human/nasal.direct=0.6")
    assert code == 0 and "5 subjects, human of 80 kg, sex male, age 70" in out
    assert "overridden: routes.human/nasal.direct" in out
    assert "depends on routes.human/nasal.direct" in out + err


@pytest.mark.parametrize(
    "give", ["S-ketamine 10 mg iv over 30min", pytest.param("ketamine 20 mg oral", marks=pytest.mark.slow)]
)
def test_the_figure_is_drawn_with_published_points_or_without(call, tmp_path, give):
    file = tmp_path / "band.svg"
    asked = ("exposure", "--species", "human", "--give", give, "--subjects", 8, "--plot", file)
    assert call(*asked)[0] == 0 and file.stat().st_size > 10_000
    assert ("published" in file.read_text()) or "<path" in file.read_text()


REFUSED = {
    "a seed alone": ((*NASAL, "--weight", "70", "--at", "1h", "--seed", 3), "--subjects"),
    "a file": (("exposure", "single_dose", "--at", "1h", "--subjects", 3), "--give"),
    "one dose in short": (
        ("exposure", "--species", "rat", "--route", "ip", "--dose", 1, "--at", "1h", "--subjects", 3),
        "--give",
    ),
    "no subject": ((*NASAL, "--at", "1h", "--subjects", 0), "--subjects"),
    "a summary": ((*NASAL, "--subjects", 3, "--summary"), "--summary"),
    "amounts of two kinds": (
        (*NASAL, "--give", "1 mg/kg iv", "--at", "1h", "--subjects", 3),
        "a kg or of the whole body",
    ),
}


@pytest.mark.parametrize(("asked", "named"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_asked_of_subjects_is_refused(call, asked, named):
    code, out, err = call(*asked)
    assert (code, out) == (2, "")
    is_one_sentence(err, named)
