"""The published concentrations that come with the project."""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from dataclasses import fields

import pytest

from prelimbic.parameters import SheetError
from prelimbic.parameters.disposition import ENANTIOMERS, routes_of
from prelimbic.parameters.observations import (
    COLUMNS,
    FILES,
    FOLDER,
    QUANTITIES,
    ROLES,
    SITES,
    Observation,
    observations,
    read_observations,
)
from prelimbic.simulation.given import doses

# Values that were known from the first, by study.
FIRST = {
    "Hasan 2021": 11,
    "Otto 2021": 11,
    "Simons 2022": 8,
    "Pharmacotherapy 2022;42:298": 10,
    "Prolonged-release abstract": 10,
    "Yanagihara 2003": 4,
    "Hijazi 2003": 2,
    "Wang 2019": 2,
    "Persson 2002": 1,
    "Noppers 2011": 1,
    "Koppel 1990": 1,
    "Idvall 1979": 1,
    "Weber 2004": 2,
    "Zarate 2006 in Zanos 2018": 1,
    "Lahti 2001 in Zanos 2018": 1,
    "Grant and Clements in Zanos 2018": 1,
    "Grant 1981 in Zanos 2018": 1,
    "Kamp 2020": 8,
    "Perez-Ruixo 2021": 8,
    "Rolan 2013": 1,
    "Fanta 2015": 1,
    "Spravato": 1,
    "Jonkman 2017": 1,
    "Moaddel 2015": 1,
    "Cohen 1973": 1,
    "China Pharmacy 2024;35:1174": 2,
    "Matloka 2022": 1,
    "Highland 2018": 2,
    "Le Nedelec 2018": 1,
}
TEXT = {"spread", "note", "hnk", "against"}  # may be empty


@pytest.fixture(scope="module")
def shipped() -> list[Observation]:
    return observations()


def test_every_row_reads_and_has_an_id_of_its_own(shipped):
    assert len(shipped) == sum(len(lines(name)) for name in FILES) >= 450
    assert len({each.id for each in shipped}) == len(shipped)
    for each in shipped:
        empty = {f.name for f in fields(each) if getattr(each, f.name) in ("", ())}
        assert empty <= TEXT, each.id
        assert each.from_h < each.to_h and each.weight_kg > 0 and math.isfinite(each.value), each.id


def test_no_value_stands_there_twice(shipped):
    asked = Counter(
        (o.study, o.species, o.give, o.compound, o.quantity, o.against, o.site, o.time_h, o.from_h, o.to_h)
        for o in shipped
    )
    assert [key for key, count in asked.items() if count > 1] == []


def test_none_of_the_first_list_is_lost(shipped):
    assert sum(FIRST.values()) == 96
    there = Counter(each.study for each in shipped if each.quantity != "tmax")
    assert {study: n for study, n in FIRST.items() if there[study] < n} == {}


def test_what_was_given_can_be_given_by_a_route_that_the_animal_has(shipped):
    for each in shipped:
        found = doses(each.give, each.weight_kg)
        if each.quantity == "bioavailability" or each.against.startswith(each.give[0].split()[0] + " "):
            found += doses(each.against, each.weight_kg)
        assert {dose.route for dose in found} <= set(routes_of(each.species)), each.id


def test_what_a_row_is_held_against_is_known(shipped):
    for each in (o for o in shipped if o.against):
        known = {
            "auc_ratio": {"ketamine", *ENANTIOMERS},
            "ratio": {*SITES, "cmax"},
            "bioavailability": set(),
        }
        assert each.against in known[each.quantity] or doses(each.against, each.weight_kg), each.id
        assert (each.unit == "h") == (each.against == "cmax"), each.id


def test_a_row_that_is_not_scored_says_why_and_no_other_does(shipped):
    assert {each.role for each in shipped} == set(ROLES)
    for each in shipped:
        assert (each.role == "not scored") == ("not scored: " in each.note), each.id


def test_a_placeholder_is_never_scored(shipped):
    for each in shipped:
        assert each.role == "not scored" or "placeholder" not in each.note, each.id


def test_those_of_one_species_are_asked_for_by_its_name(shipped):
    for species in ("human", "rat", "mouse"):
        found = observations(species)
        assert found and found == [each for each in shipped if each.species == species]
    with pytest.raises(SheetError, match=r"unknown species 'rrat' \(did you mean rat\?\)"):
        observations("rrat")


BAD = {
    ("id", "A b"): "must be small letters, digits",
    ("study", " "): "must be a text that is not empty",
    ("species", "humann"): "unknown species 'humann' (did you mean human?); there are human, rat, mouse",
    ("weight_kg", "0"): "must be a number above 0",
    ("weight_read", "1"): "there are yes, no",
    ("compound", "S-ketmine"): "did you mean S-ketamine?",
    ("quantity", "Cmax"): "did you mean cmax?",
    ("against", "ketamine"): "must be empty but of auc_ratio, bioavailability, ratio",
    ("site", "vein"): "there are arterial, venous, brain_total, brain_unbound",
    ("time_h", ""): "must be a number of hours, at least 0",
    ("from_h", "1"): "must be empty but of cmax, tmax, auc, auc_ratio, half_life",
    ("value", "nan"): "must be a number above 0",
    ("unit", "mg"): "there are ng/mL, uM, ug/g",
    ("n", "many"): "must be a whole number, or empty where it was not read",
    ("hnk", "hasan"): "must be empty here",
    ("kind", "guessed"): "there are observed, model-based, derived, second-hand",
    ("role", "held"): "unknown role 'held' (did you mean held out?)",
    ("source", "a friend"): "must be a text that begins with a key of references.bib",
}


@pytest.mark.parametrize(("column", "cell"), BAD)
def test_a_bad_cell_is_refused_by_file_line_column_and_what_is_accepted(column, cell, tmp_path):
    rows = lines("human")[:2]
    assert rows[1]["quantity"] == "concentration"
    told = refused(tmp_path, [rows[0], {**rows[1], column: cell}])
    assert told.startswith(f"mine.csv line 3, {column}: ") and BAD[column, cell] in told


def test_a_value_in_the_unit_of_another_quantity_is_refused(tmp_path):
    row = next(row for row in lines("human") if row["quantity"] == "auc")
    for unit in {unit for units in QUANTITIES.values() for unit in units} - {*QUANTITIES["auc"]}:
        told = refused(tmp_path, [{**row, "unit": unit}])
        assert f"line 2, unit: unknown unit {unit!r}" in told and "there are ng h/mL" in told


def test_an_hour_that_its_quantity_has_not_and_a_window_that_ends_before_it_begins_are_refused(tmp_path):
    row = next(row for row in lines("human") if row["quantity"] == "cmax")
    assert "time_h: is '1' but must be empty but of" in refused(tmp_path, [{**row, "time_h": "1"}])
    assert "from_h: is '-1' but must be a number of hours" in refused(tmp_path, [{**row, "from_h": "-1"}])
    told = refused(tmp_path, [{**row, "from_h": "2", "to_h": "1"}])
    assert "line 2, to_h: is '1' but must be later than from_h, which is 2" in told


def test_a_file_of_other_columns_or_cells_is_refused(tmp_path):
    rows = lines("human")[:2]
    assert re.search("line 3, id: .* stands there twice", refused(tmp_path, [rows[0], rows[0]]))
    path = tmp_path / "mine.csv"
    for text, why in {
        "id,study\n": "line 1: the columns are id,study,species,",
        f"{','.join(COLUMNS)}\na,b\n": "line 2: has 2 cells but must have 22",
        f'{",".join(COLUMNS)}\n"a\n': "cannot be read",
    }.items():
        path.write_text(text)
        with pytest.raises(SheetError, match=why):
            read_observations(path)
    path.write_bytes(b"\xff")
    with pytest.raises(SheetError, match=r"mine\.csv: cannot be read"):
        read_observations(path)
    with pytest.raises(SheetError, match=r"other\.csv: cannot be read \(No such file"):
        read_observations(tmp_path / "other.csv")


def lines(name: str) -> list[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def refused(folder, rows: list[dict[str, str]]) -> str:
    """What is said of a file of these rows."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    (folder / "mine.csv").write_text(text.getvalue())
    with pytest.raises(SheetError) as error:
        read_observations(folder / "mine.csv")
    return str(error.value)
