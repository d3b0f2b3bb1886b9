"""What the command line prints: exposures, numbers, equations, help."""

import json
import tomllib

import numpy as np
import pytest

from prelimbic.parameters import COMPOUNDS, POPULATIONS, shipped
from prelimbic.parameters.sheet import SHEETS, STATUSES
from tests.said import MAN, PRELIMBIC, RAT, USAGE, last, shell

# Exposures

TIMES = "0min,10min,40min,4h,1d"


def exposure(call, *words: object) -> dict:
    code, out, err = call(*last(words), "--json")
    assert (code, err) == (0, "")
    return json.loads(out, parse_constant=pytest.fail)


@pytest.mark.parametrize(
    "words",
    [(*RAT, TIMES), (*MAN, TIMES, "--duration", "40min"), (*RAT, TIMES, "--compound", "norketamine")],
)
def test_an_exposure_in_json_has_every_quantity_at_every_time(call, words):
    found = exposure(call, *words)
    there = {"at_min", *COMPOUNDS, *(f"{hand}-{drug}" for drug in COMPOUNDS for hand in "SR"), "block"}
    assert there <= set(found) and (words[2] == "human" or there == set(found))
    assert found["at_min"] == [0.0, 10.0, 40.0, 240.0, 1440.0]
    assert set(found["block"]) == set(POPULATIONS)
    courses = list(found["block"].values())
    for compound in COMPOUNDS:
        assert set(found[compound]) == {
            "arterial_ng_per_ml",
            "venous_ng_per_ml",
            "brain_unbound_uM",
            "brain_total_uM",
        }
        courses += found[compound].values()
    assert [len(values) for values in courses] == [5] * len(courses)
    assert all(value >= 0.0 for values in courses for value in values)
    assert all(0.0 < values[1] < 1.0 for values in found["block"].values())


def test_an_exposure_of_an_intravenous_bolus_begins_at_dose_over_volume(call):
    found = exposure(call, *RAT, "0min", "--route", "iv")
    rats = tomllib.loads((SHEETS / "species.toml").read_text())
    volume = rats["rat/ketamine"]["central"]["value"] / rats["rat"]["reference_mass"]["value"]  # L/kg
    assert found["ketamine"]["arterial_ng_per_ml"] == [pytest.approx(10.0 / volume * 1000.0, rel=1e-5)]
    assert found["norketamine"]["arterial_ng_per_ml"] == [0.0]


def test_an_exposure_follows_the_numbers_that_are_overridden(call):
    plain, stronger = (
        exposure(call, *RAT, "12min", *more) for more in ((), ("--set", "compounds.ketamine.ic50_2A=1"))
    )
    assert stronger["block"]["Pyr"][0] > plain["block"]["Pyr"][0] > 0
    assert stronger["ketamine"] == plain["ketamine"]


def test_an_exposure_of_no_dose_is_nothing(call):
    found = exposure(call, *RAT, TIMES, "--dose", "0")
    assert {value for c in COMPOUNDS for values in found[c].values() for value in values} == {0.0}
    assert {value for values in found["block"].values() for value in values} == {0.0}


def test_times_may_be_given_in_any_unit_and_order(call):
    found = exposure(call, *RAT, "2h, 600s ,0.5h,0.25d,30min")
    assert found["at_min"] == [120.0, 10.0, 30.0, 360.0, 30.0]
    plasma = found["ketamine"]["arterial_ng_per_ml"]
    assert plasma[2] == plasma[4]
    assert plasma[2] > plasma[0] > plasma[3]


def test_the_length_of_an_infusion_may_be_given_in_any_unit(call):
    in_minutes, in_seconds = (
        exposure(call, *MAN, TIMES, "--duration", length) for length in ("40min", "2400s")
    )
    assert in_minutes == in_seconds
    assert exposure(call, *MAN, TIMES, "--duration", "80min") != in_minutes


def test_the_block_is_that_of_the_circuit_sheet_asked_for(call):
    sst, literature = (exposure(call, *RAT, "20min", "--sheet", name) for name in ("sst", "literature"))
    assert sst["ketamine"] == literature["ketamine"]
    assert sst["block"]["PV"] != literature["block"]["PV"]


def test_an_exposure_as_a_table_has_a_row_a_time_and_a_column_a_population(call):
    code, out, err = call(*MAN, "10min,40min,4h", "--duration", "40min")
    assert (code, err) == (0, "")
    assert "human" in out and "40min" in out
    rows = [
        [cell.strip() for cell in line.strip("│").split("│")]
        for line in out.splitlines()
        if line.startswith("│")
    ]
    plasma, block = rows[:-3], rows[-3:]
    found = exposure(call, *MAN, "10min,40min,4h", "--duration", "40min")
    there = [name for name in found if name not in ("at_min", "block")]
    assert [row[:2] for row in plasma] == [
        [minute, name.replace(" (kamp)", "*")] for name in there for minute in ("10", "40", "240")
    ]
    for column, key in (
        (2, "arterial_ng_per_ml"),
        (3, "venous_ng_per_ml"),
        (4, "brain_unbound_uM"),
        (5, "brain_total_uM"),
    ):
        assert [float(row[column]) for row in plasma] == pytest.approx(
            [v for name in there for v in found[name][key]], rel=5e-3
        )
    assert [row[0] for row in block] == ["10", "40", "240"]
    assert [[float(v) for v in row[1:]] for row in block] == pytest.approx(
        np.array([found["block"][p] for p in POPULATIONS]).T, abs=5e-4
    )
    assert max(map(len, out.splitlines())) < 80  # a narrow terminal shows every number


def test_the_installed_command_prints_what_the_module_prints(call):
    done = shell(PRELIMBIC, *RAT, "10min,1h", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == exposure(call, *RAT, "10min,1h")


# Numbers


def numbers(call, *words: str) -> list[dict]:
    code, out, err = call("numbers", "--json", *words)
    assert (code, err) == (0, "")
    return json.loads(out, parse_constant=pytest.fail)


def names(rows: list[dict]) -> list[tuple[str, str, str]]:
    return [(row["sheet"], row["section"], row["name"]) for row in rows]


def test_numbers_in_json_are_every_row_of_every_sheet_with_every_key(call):
    found = numbers(call)
    assert {frozenset(row) for row in found} == {
        frozenset({"sheet", "section", "name", "value", "unit", "status", "source", "note", "range"})
    }
    expected = []
    for name in shipped():
        text = tomllib.loads((SHEETS / f"{name}.toml").read_text())
        expected += [
            (name, s, key, row["value"])
            for s, rows in text.items()
            if s != "sheet"
            for key, row in rows.items()
        ]
    assert sorted((*name, row["value"]) for name, row in zip(names(found), found, strict=True)) == sorted(
        expected
    )


def test_the_three_statuses_share_out_all_numbers(call):
    by_status = {status: numbers(call, "--status", status) for status in STATUSES}
    for status, rows in by_status.items():
        assert {row["status"] for row in rows} == {status}
    assert sorted(names([row for rows in by_status.values() for row in rows])) == sorted(
        names(numbers(call))
    )


def test_numbers_of_one_sheet_are_those_of_all_that_are_in_it(call):
    every = numbers(call)
    for name in shipped():
        assert numbers(call, "--sheet", name) == [row for row in every if row["sheet"] == name], name


def test_numbers_as_a_table_say_how_many_there_are(call):
    code, out, err = call("numbers", "--status", "measured")
    assert (code, err) == (0, "")
    assert out.startswith(f"{len(numbers(call, '--status', 'measured'))} numbers")


# Help


def test_equations_print_the_membrane_and_its_currents(call):
    code, out, err = call("equations")
    assert (code, err) == (0, "")
    for word in ("dv/dt", "I_AMPA", "I_NMDA", "I_GABA", "Spike"):
        assert word in out


def test_without_words_the_commands_are_shown(call):
    code, out, err = call()
    assert (code, err) == (USAGE, "")
    for word in ("run", "exposure", "numbers", "inspect", "equations"):
        assert word in out


@pytest.mark.parametrize("words", [(), ("run",), ("exposure",), ("numbers",), ("inspect",), ("equations",)])
def test_help_is_shown_for_every_command(call, words):
    code, out, err = call(*words, "--help")
    assert (code, err) == (0, "")
    assert "Usage: prelimbic" in out
    assert call(*words, "-h")[1] == out
