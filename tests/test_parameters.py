"""Laws of the number sheets: what is complete fills its record, what is incomplete is refused by name."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from prelimbic.parameters import (
    SPECIES,
    Population,
    Sheet,
    SheetError,
    circuit_numbers,
    sheet,
    shipped,
    species,
)
from prelimbic.parameters.sheet import SHEETS, number

HEAD = '[sheet]\ntitle = "A ball"\n'
MASS = (
    'mass = { value = 1.5, unit = "kg", status = "assumed", source = "judgement", '
    'note = "a guess", range = [1.0, 2.0] }'
)
DRAG = 'drag = { value = 0.4, unit = "1", status = "measured", source = "newton1687" }'
BALL = f"{HEAD}\n[ball]\n{MASS}\n{DRAG}\n"
KNOWN = frozenset({"newton1687"})


@dataclass(frozen=True)
class Ball:
    mass: float = number("kg")
    drag: float = number("1")


def load(folder: Path, text: str, name: str = "toy") -> Sheet:
    path = folder / f"{name}.toml"
    path.write_text(text)
    return Sheet(path, KNOWN)


def test_a_complete_sheet_fills_its_record(tmp_path):
    assert load(tmp_path, BALL).fill("ball", Ball) == Ball(mass=1.5, drag=0.4)


def test_an_integer_value_is_the_number_it_says(tmp_path):
    assert load(tmp_path, BALL.replace("value = 1.5", "value = 2")).fill("ball", Ball).mass == 2.0


def without(key: str) -> str:
    """The valid sheet, the row `mass` lacking one key."""
    changed = re.sub(r", *}", " }", re.sub(rf'{key} = ("[^"]*"|\[[^]]*\]|[\d.]+)(, )?', "", MASS))
    assert changed != MASS
    return BALL.replace(MASS, changed)


BAD_ROWS = {
    "no value": (without("value"), "value"),
    "no unit": (without("unit"), "unit"),
    "no status": (without("status"), "status"),
    "no source": (without("source"), "source"),
    "assumed without note": (without("note"), "note"),
    "assumed with an empty note": (BALL.replace('"a guess"', '""'), "note"),
    "fitted without note": (without("note").replace("assumed", "fitted"), "note"),
    "assumed without range": (without("range"), "range"),
    "unknown key": (BALL.replace("note =", "remark ="), "mass"),
    "extra key": (BALL.replace("value = 1.5", "value = 1.5, unite = 3"), "mass"),
    "unknown status": (BALL.replace("assumed", "guessed"), "guessed"),
    "status of another type": (BALL.replace('"assumed"', "1"), "status"),
    "unit of another type": (BALL.replace('"kg"', "1"), "unit"),
    "source of another type": (BALL.replace('"judgement"', '["judgement"]'), "source"),
    "note of another type": (BALL.replace('"a guess"', "7"), "note"),
    "nan": (BALL.replace("value = 1.5", "value = nan"), "nan"),
    "infinite": (BALL.replace("value = 1.5", "value = inf"), "inf"),
    "minus infinite": (BALL.replace("value = 1.5", "value = -inf"), "inf"),
    "a float too large": (BALL.replace("value = 1.5", "value = 1e999"), "inf"),
    "boolean": (BALL.replace("value = 1.5", "value = true"), "True"),
    "text": (BALL.replace("value = 1.5", 'value = "1.5"'), "1.5"),
    "list": (BALL.replace("value = 1.5", "value = [1.5]"), "1.5"),
    "date": (BALL.replace("value = 1.5", "value = 2020-01-01"), "value"),
    "measured with unknown source": (BALL.replace("assumed", "measured"), "judgement"),
    "value below range": (BALL.replace("[1.0, 2.0]", "[1.6, 2.0]"), "1.6"),
    "value above range": (BALL.replace("[1.0, 2.0]", "[1.0, 1.4]"), "1.4"),
    "range upside down": (BALL.replace("[1.0, 2.0]", "[2.0, 1.0]"), "range"),
    "range of one": (BALL.replace("[1.0, 2.0]", "[1.0]"), "range"),
    "range of three": (BALL.replace("[1.0, 2.0]", "[1.0, 1.5, 2.0]"), "range"),
    "range not a list": (BALL.replace("[1.0, 2.0]", "1.5"), "range"),
    "range with nan": (BALL.replace("[1.0, 2.0]", "[nan, 2.0]"), "range"),
    "range with text": (BALL.replace("[1.0, 2.0]", '["1", 2.0]'), "range"),
    "a bare number": (BALL.replace(MASS, "mass = 1.5"), "mass"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "named"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_an_incomplete_row_is_refused_by_file_section_row_and_fault(tmp_path, text, named):
    assert text != BALL
    with pytest.raises(SheetError) as caught:
        load(tmp_path, text)
    message = str(caught.value)
    assert "toy.toml" in message
    assert "[ball]" in message
    assert "mass" in message.split(":")[0]
    assert named in message


BAD_RECORDS = {
    "wrong unit": (BALL.replace('"kg"', '"g"'), ("[ball]", "mass", "'g'", "'kg'")),
    "blank unit": (BALL.replace('"kg"', '""'), ("[ball]", "mass", "'kg'")),
    "unknown row": (BALL.replace("mass =", "mess ="), ("[ball]", "mass", "mess")),
    "extra row": (BALL + DRAG.replace("drag", "lift"), ("[ball]", "lift")),
    "missing row": (BALL.replace(DRAG, ""), ("[ball]", "drag")),
    "missing section": (BALL.replace("[ball]", "[bull]"), ("[ball]", "missing", "bull")),
}


@pytest.mark.parametrize(("text", "named"), BAD_RECORDS.values(), ids=BAD_RECORDS)
def test_rows_that_do_not_match_the_record_are_refused_by_file_section_and_row(tmp_path, text, named):
    loaded = load(tmp_path, text)
    with pytest.raises(SheetError) as caught:
        loaded.fill("ball", Ball)
    for word in ("toy.toml", *named):
        assert word in str(caught.value)


BAD_FILES = {
    "malformed TOML": (BALL + "[ball", "TOML"),
    "the same row twice": (BALL + MASS, "TOML"),
    "no [sheet]": (BALL.replace(HEAD, ""), "[sheet]"),
    "no title": (BALL.replace('title = "A ball"', ""), "title"),
    "a title that is no text": (BALL.replace('"A ball"', "1"), "title"),
    "an unknown key in [sheet]": (BALL.replace("title =", "colour = 1\ntitle ="), "colour"),
    "a row outside a section": ("loose = 1\n" + BALL, "loose"),
    "a list of sections": (BALL.replace("[ball]", "[[ball]]"), "ball"),
    "based on no sheet": (BALL.replace("[ball]", 'based_on = "absent"\n[ball]'), "absent"),
    "based on itself": (BALL.replace("[ball]", 'based_on = "toy"\n[ball]'), "toy"),
    "based on a number": (BALL.replace("[ball]", "based_on = 5\n[ball]"), "based_on"),
    "empty": ("", "[sheet]"),
}


@pytest.mark.parametrize(("text", "named"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_file_that_is_no_sheet_is_refused_by_name_and_fault(tmp_path, text, named):
    with pytest.raises(SheetError) as caught:
        load(tmp_path, text)
    assert "toy.toml" in str(caught.value)
    assert named in str(caught.value)


ODD_FILES = {
    "[sheet] is a number": "sheet = 3\n",
    "[sheet] is true": "sheet = true\n",
    "[sheet] is empty text": 'sheet = ""\n',
    "[sheet] is a list of tables": '[[sheet]]\ntitle = "A ball"\n',
    "an integer beyond any float": BALL.replace("value = 1.5", "value = 1" + "0" * 400),
    "a limit beyond any float": BALL.replace("[1.0, 2.0]", "[1, 1" + "0" * 400 + "]"),
    "an integer of 5000 digits": BALL.replace("value = 1.5", "value = " + "1" * 5000),
    "arrays nested too deep": f"{HEAD}[ball]\nmass = {'[' * 5000}{']' * 5000}\n",
    "based on a name that is too long": BALL.replace("[ball]", f'based_on = "{"a" * 300}"\n[ball]'),
    "based on a path": BALL.replace("[ball]", 'based_on = "../toy"\n[ball]'),
}


@pytest.mark.parametrize("text", ODD_FILES.values(), ids=ODD_FILES)
def test_an_odd_file_is_refused_like_any_other(tmp_path, text):
    assert text != BALL
    with pytest.raises(SheetError, match=re.escape("toy.toml")):
        load(tmp_path, text)


def test_two_sheets_based_on_each_other_are_refused(tmp_path):
    (tmp_path / "egg.toml").write_text('[sheet]\ntitle = "Egg"\nbased_on = "toy"\n')
    with pytest.raises(SheetError, match="based_on"):
        load(tmp_path, '[sheet]\ntitle = "Hen"\nbased_on = "egg"\n')


@pytest.mark.parametrize(
    "make", [lambda p: None, lambda p: p.mkdir(), lambda p: p.write_bytes(b"\xff\xfe\x00[sheet]")]
)
def test_a_path_that_cannot_be_read_as_text_is_refused_by_name(tmp_path, make):
    path = tmp_path / "toy.toml"
    make(path)
    with pytest.raises(SheetError, match=re.escape("toy.toml")):
        Sheet(path, KNOWN)


CHANGED = f"""[sheet]
title = "A heavier ball"
based_on = "toy"
[ball]
{MASS.replace("1.5", "2.0")}
"""


def test_a_sheet_based_on_another_changes_its_rows_and_keeps_the_rest(tmp_path):
    load(tmp_path, BALL)
    heavier = load(tmp_path, CHANGED, "heavy")
    assert heavier.fill("ball", Ball) == Ball(mass=2.0, drag=0.4)
    assert list(heavier.own_rows["ball"]) == ["mass"]


def test_a_sheet_based_on_another_may_not_add_a_row(tmp_path):
    load(tmp_path, BALL)
    with pytest.raises(SheetError) as caught:
        load(tmp_path, CHANGED + DRAG.replace("drag", "lift"), "heavy")
    for word in ("heavy.toml", "[ball]", "lift"):
        assert word in str(caught.value)


def test_a_fault_in_the_base_is_told_as_the_fault_of_the_base(tmp_path):
    (tmp_path / "toy.toml").write_text(without("note"))
    with pytest.raises(SheetError, match=re.escape("toy.toml [ball] mass")):
        load(tmp_path, CHANGED, "heavy")


@pytest.mark.parametrize("name", ["nothing", "../sheets/sst", "", "SST", "a" * 300], ids=str.__len__)
def test_an_unknown_shipped_sheet_is_refused_with_the_names_there_are(name):
    with pytest.raises(SheetError) as caught:
        sheet(name)
    assert repr(name) in str(caught.value)
    for known in shipped():
        assert known in str(caught.value)


def test_an_unknown_species_is_refused_with_the_names_there_are():
    with pytest.raises(SheetError) as caught:
        species("cat")
    for word in ("'cat'", *SPECIES):
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("fraction", "value"),
    [("fraction_2A", 0.0), ("fraction_2A", 1.0), ("fraction_2D", 0.5), ("fraction_2B", -0.1)],
)
def test_subunit_fractions_that_do_not_sum_to_one_are_refused_by_file_and_population(fraction, value):
    with pytest.raises(SheetError) as caught:
        sheet("pv_sst").replaced({f"Pyr.{fraction}": value}).fill("Pyr", Population)
    for word in ("pv_sst.toml", "[Pyr]", "from 0 to 1" if value < 0 else "sum to 1"):
        assert word in str(caught.value)


def test_a_negative_fraction_is_refused_even_when_the_sum_is_one():
    changes = {
        "Pyr.fraction_2A": 1.5,
        "Pyr.fraction_2B": -0.5,
        "Pyr.fraction_2C": 0.0,
        "Pyr.fraction_2D": 0.0,
    }
    with pytest.raises(SheetError, match="from 0 to 1"):
        sheet("pv_sst").replaced(changes).fill("Pyr", Population)


@pytest.mark.parametrize("pair", ["Pyr->Nobody", "Pyr -> PV", "Pyr->", "Pyr->PV->SST"])
def test_a_projection_between_populations_that_are_none_is_refused_by_file_and_name(tmp_path, pair):
    text = (SHEETS / "pv_sst.toml").read_text()
    path = tmp_path / "odd.toml"
    path.write_text(text.replace('["Pyr->PV"]', f'["{pair}"]'))
    loaded = Sheet(path)
    with pytest.raises(SheetError) as caught:
        circuit_numbers(loaded)
    assert "odd.toml" in str(caught.value) and pair in str(caught.value)


def test_a_circuit_sheet_with_a_misspelt_section_is_refused(tmp_path):
    (tmp_path / "pv_sst.toml").write_text((SHEETS / "pv_sst.toml").read_text())
    path = tmp_path / "odd.toml"
    path.write_text((SHEETS / "sst.toml").read_text().replace("[PV]", "[VP]"))
    with pytest.raises(SheetError) as caught:
        circuit_numbers(Sheet(path))
    assert "odd.toml" in str(caught.value) and "VP" in str(caught.value)
