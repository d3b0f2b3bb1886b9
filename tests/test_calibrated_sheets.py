"""Sheets that a calibration or a draw writes: they read back as written and say what was done to them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from prelimbic.circuits import Circuit, manipulated
from prelimbic.parameters import (
    CIRCUITS,
    SUBUNITS,
    Sheet,
    circuit_numbers,
    drawn,
    sheet,
    sheet_text,
    structure_digest,
)
from prelimbic.parameters.sheet import LARGEST, SMALLEST, Row
from prelimbic.simulation.hypotheses import Hypotheses
from tests import test_calibration
from tests.conftest import brief, small_circuit
from tests.test_calibration import rates, same_but_background

# fixtures: they act in every file that has their name
at_once = test_calibration.at_once


def described(path: Path) -> Circuit:
    return brief(circuit=str(path), scale=1.0).described()


def written(call, path: Path, *words: object, name: str = "sst") -> Sheet:
    code, out, err = call("calibrate", name, "--out", path, *words)
    assert (code, err) == (0, "")
    assert f"written: {path}" in out
    return Sheet(path)


def test_what_is_calibrated_is_the_circuit_that_was_asked_for(call, tmp_path, at_once):
    words = (
        "--scale",
        0.5,
        "--free",
        "PV, VIP",
        "--wirings",
        3,
        "--set",
        "circuit.Pyr.leak=9",
        "--manipulate",
        "sst=0.6",
    )
    written(call, tmp_path / "mine.toml", *words)
    ((circuit, wirings, free),) = at_once
    changed = replace(small_circuit().populations[0], leak=9.0)
    assert circuit == manipulated(
        replace(small_circuit(), populations=(changed, *small_circuit().populations[1:])), ("sst=0.6",)
    )
    assert (wirings, free) == (3, ("PV", "VIP"))


def test_a_written_sheet_has_the_rates_that_were_found_and_every_other_number_as_it_was(
    call, tmp_path, at_once
):
    found, before = written(call, tmp_path / "mine.toml", "--free", "Pyr,SST"), sheet("sst")
    moved = {name: value for name, value in found.values().items() if value != before.values()[name]}
    assert set(moved) == {"Pyr.background_rate", "SST.background_rate"}
    for name, value in moved.items():
        assert value == pytest.approx(1.5 * before.values()[name], abs=0.051)
        row = found.sections[name.partition(".")[0]]["background_rate"]
        assert (row.status, row.source, row.range) == ("fitted", "calibration", None)
    assert found.based_on is None  # it needs no other sheet
    assert found.sections["PV"] == before.sections["PV"]


def test_a_number_set_by_hand_is_written_as_assumed_and_set_by_hand(call, tmp_path, at_once):
    found = written(call, tmp_path / "mine.toml", "--set", "circuit.Pyr->Pyr.weight=1.25")
    row = found.sections["Pyr->Pyr"]["weight"]
    assert (row.value, row.status, row.source) == (1.25, "assumed", "override")
    assert found.calibrated == structure_digest(found)


@pytest.mark.parametrize("name", CIRCUITS)
def test_a_sheet_calibrated_at_full_size_is_calibrated_for_the_run_that_takes_it(
    call, tmp_path, at_once, name
):
    path = tmp_path / "mine.toml"
    found = written(call, path, name=name)
    assert found.calibrated == structure_digest(found) == sheet(name).calibrated  # the structure is the same
    config = brief(circuit=str(path), scale=1.0, hypotheses=Hypotheses(baseline="healthy"))
    assert config.calibration() == "yes"
    assert rates(config.described()) == pytest.approx(rates(at_once[0][0]) * 1.5, abs=0.051)
    code, out, err = call("run", "dose_response", "--list", "--seeds", 1, "--sheet", path)
    assert (code, err) == (0, "")
    assert [line.split()[1].partition("_dose")[0] for line in out.splitlines()] == ["mine"] * 6


def test_a_sheet_calibrated_at_another_size_does_not_say_that_it_is_calibrated(call, tmp_path, at_once):
    found = written(call, tmp_path / "mine.toml", "--scale", 0.5)
    assert found.calibrated == ""
    assert (
        brief(circuit=str(found.path), scale=1.0, hypotheses=Hypotheses(baseline="healthy")).calibration()
        == "no"
    )


def test_a_knock_out_goes_into_the_sheet_and_every_run_of_it_has_it(call, tmp_path, at_once):
    path, twice = tmp_path / "knockout.toml", tmp_path / "twice.toml"
    found = written(call, path, "--manipulate", "delete-GluN2B@SST")
    assert found.manipulations == "delete-GluN2B@SST" and found.manipulations in found.title
    assert found.calibrated == structure_digest(found) != sheet("sst").calibrated
    # it is done to the circuit
    assert found.sections["SST"]["fraction_2B"] == sheet("sst").sections["SST"]["fraction_2B"]
    config = brief(circuit=str(path), scale=1.0, hypotheses=Hypotheses(baseline="healthy"))
    assert config.calibration() == "yes"
    wild = replace(config, circuit="sst").described()
    k = SUBUNITS.index("2B")
    assert config.described().mixtures[2, k] == 0.0 < wild.mixtures[2, k]
    assert same_but_background(
        replace(config.described(), name="sst"), manipulated(wild, ("delete-GluN2B@SST",))
    )
    again = written(
        call, twice, "--manipulate", "delete-GluN1@PV", "--manipulate", "ampa=0.5", name=str(path)
    )
    assert again.manipulations == "delete-GluN2B@SST delete-GluN1@PV ampa=0.5"
    assert described(twice).populations[1].nmda_to_ampa == described(twice).mixtures[2, k] == 0.0


def test_an_exposure_shows_the_block_of_the_circuit_that_the_sheet_describes(call, tmp_path, at_once):
    path = tmp_path / "knockout.toml"
    written(call, path, "--manipulate", "delete-GluN2B@Pyr")
    asked = (
        "exposure",
        "--species",
        "rat",
        "--route",
        "ip",
        "--dose",
        10,
        "--at",
        "20min",
        "--json",
        "--sheet",
    )
    by_hand = ("--set", "circuit.Pyr.fraction_2A=1", "--set", "circuit.Pyr.fraction_2B=0")
    assert described(path).mixtures[0] == pytest.approx([1, 0, 0, 0, 0, 0])
    grown, set_, plain = (
        json.loads(call(*asked, *words)[1]) for words in ((path,), ("sst", *by_hand), ("sst",))
    )
    assert set_.pop("overridden") == {"circuit.Pyr.fraction_2A": 1.0, "circuit.Pyr.fraction_2B": 0.0}
    assert grown == set_ != plain


# Sheets as text


@pytest.mark.parametrize("name", CIRCUITS)
@pytest.mark.parametrize("seed", [None, 7])
def test_a_circuit_sheet_reads_back_as_it_was_written_row_by_row(tmp_path, name, seed):
    source = sheet(name) if seed is None else drawn(sheet(name), seed)
    (tmp_path / "copy.toml").write_text(
        sheet_text(source, "a copy", source.calibrated, "silence@PV ampa=0.5"), encoding="utf-8"
    )
    copy = Sheet(tmp_path / "copy.toml")
    assert copy.sections == source.sections
    assert (copy.title, copy.calibrated, copy.manipulations) == (
        "a copy",
        source.calibrated,
        "silence@PV ampa=0.5",
    )
    assert replace(circuit_numbers(copy), name=name) == replace(circuit_numbers(source), name=name)


TEXT = st.characters(codec="utf-8")
NOTES = st.text(TEXT, min_size=1).filter(str.strip)
SIZES = st.floats(SMALLEST, LARGEST)
FINITE = SIZES | SIZES.map(lambda size: -size) | st.just(0.0)


@given(FINITE, st.text(TEXT, min_size=1), NOTES, NOTES, FINITE, NOTES)
@settings(
    max_examples=25,
    phases=(Phase.explicit, Phase.generate),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_row_reads_back_as_it_was_written(tmp_path, value, unit, source, note, other, title):
    row = Row(value, unit, "assumed", source, note, (min(value, other), max(value, other)))
    assert read_back(tmp_path / "copy.toml", row, title) == (row, title)


def test_a_note_with_a_control_character_reads_back_as_it_was_written(tmp_path):
    row = Row(1.0, "mV", "fitted", "hand", "a\x7fb", None)
    assert read_back(tmp_path / "copy.toml", row, "title") == (row, "title")


def read_back(path: Path, row: Row, title: str) -> tuple[Row, str]:
    sections = sheet("sst").sections
    changed = sheet("sst").with_sections(sections | {"Pyr": sections["Pyr"] | {"rest": row}})
    path.write_text(sheet_text(changed, title), encoding="utf-8", newline="")
    found = Sheet(path)
    return found.sections["Pyr"]["rest"], found.title


def test_a_drawn_sheet_is_calibrated_for_what_was_drawn_and_says_so_in_its_rows(call, tmp_path, at_once):
    found = written(call, tmp_path / "mine.toml", "--draw", 5, name="dendritic")
    structure = {name: value for name, value in found.values().items() if "background_rate" not in name}
    assert structure.items() <= drawn(sheet("dendritic"), 5).values().items()
    assert found.calibrated == structure_digest(found) != sheet("dendritic").calibrated
    notes = [row.note for rows in found.sections.values() for row in rows.values()]
    assert sum(note.endswith("drawn with seed 5") for note in notes) > 20
