"""The number sheets that are shipped are complete, and all their numbers have a source."""

import math
import tomllib
from collections import Counter

import pytest

from prelimbic.parameters import (
    BLOCKERS,
    CIRCUITS,
    ENANTIOMERS,
    FAMILY,
    IN_A_BATH,
    INHIBITORS,
    PRIOR,
    SALTS,
    SPECIES,
    CascadeNumbers,
    HypothesisNumbers,
    SpineNumbers,
    animal,
    channel,
    circuit_numbers,
    circuit_sheet,
    compounds,
    factors,
    inhibitor,
    routes_of,
    salts,
    sheet,
    shipped,
    species,
    structure_digest,
    target_of,
    traits,
)
from prelimbic.parameters.sheet import KEYS, REFERENCES, SHEETS, STATUSES
from prelimbic.parameters.slow import TARGETS


def raw(name: str) -> dict[str, dict]:
    """A shipped sheet as plain TOML, without the loader that is under test."""
    text = tomllib.loads((SHEETS / f"{name}.toml").read_text())
    del text["sheet"]
    return text


def raw_rows() -> list:
    return [
        pytest.param(name, section, key, row, id=f"{name}.{section}.{key}")
        for name in shipped()
        for section, rows in raw(name).items()
        for key, row in rows.items()
    ]


def bib_keys() -> list[str]:
    """Keys of references.bib, read line by line."""
    lines = [line.strip() for line in REFERENCES.read_text().splitlines()]
    return [line.split("{", 1)[1].rstrip(",").strip() for line in lines if line.startswith("@")]


def test_the_sheets_that_are_shipped_are_the_toml_files_of_the_folder():
    assert shipped() == sorted(path.stem for path in SHEETS.iterdir())
    subjects = {
        "compounds",
        "species",
        "routes",
        "bodies",
        "population",
        "salts",
        "cascade",
        "spines",
        "inhibitors",
        "hypotheses",
        "recordings",
        "measured",
        "patients",
        "trials",
    }
    assert {*CIRCUITS, PRIOR} | subjects == set(shipped())


def test_the_prior_is_a_circuit_that_can_be_asked_for_and_is_none_of_those_that_are_all():
    assert PRIOR not in CIRCUITS
    assert circuit_sheet(PRIOR).name == PRIOR
    assert circuit_numbers(circuit_sheet(PRIOR)).apical is None


def test_the_prior_has_the_values_of_the_native_points_and_is_calibrated_as_they_are():
    prior, point = sheet(PRIOR), sheet("native_point")
    assert prior.values() == point.values()
    assert structure_digest(prior) == structure_digest(point) and prior.calibrated == point.calibrated


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_sheet_loads_all_its_numbers(name):
    loaded = sheet(name)
    written = {
        f"{section}.{key}": row["value"] for section, rows in raw(name).items() for key, row in rows.items()
    }
    assert written
    assert {key: loaded.values()[key] for key in written} == written


@pytest.mark.parametrize("name", [*CIRCUITS, PRIOR])
def test_every_circuit_sheet_fills_its_records_with_the_numbers_of_its_rows(name):
    circuit = circuit_numbers(sheet(name))
    values = sheet(name).values()
    assert {f"{a}->{b}" for a, b in circuit.projections} == {s for s in sheet(name).sections if "->" in s}
    for population, record in circuit.populations.items():
        assert record.rest == values[f"{population}.rest"]
        assert sum(record.subunit_fractions) == pytest.approx(1.0)


def test_every_subject_sheet_fills_its_records_with_the_numbers_of_its_rows():
    assert compounds()["ketamine"].ic50_2C == raw("compounds")["ketamine"]["ic50_2C"]["value"]
    assert set(FAMILY) < set(BLOCKERS) == set(raw("compounds")) - {"channel", "enantiomers", "tissue"}
    assert set(compounds()) == set(IN_A_BATH) == {*BLOCKERS, *ENANTIOMERS}
    assert channel().temperature == raw("compounds")["channel"]["temperature"]["value"]
    for name in SPECIES:
        assert species(name).reference_mass == raw("species")[name]["reference_mass"]["value"]
        own = raw("species")[f"{name}/ketamine"]
        assert animal(name).dispositions["ketamine"].clearance == own["clearance"]["value"]
        routes = [section.partition("/")[2] for section in raw("routes") if section.startswith(f"{name}/")]
        assert list(animal(name).routes) == routes and routes_of(name)[0] == "iv"
        for section in routes:
            there = raw("routes")[f"{name}/{section}"]["available"]["value"]
            assert animal(name).routes[section].available == there
        for trait in traits(name):
            there = raw("bodies")[f"{name}/{trait}"]["ketamine_clearance"]["value"]
            assert factors(name, trait).ketamine_clearance == there
    assert set(salts()) == set(SALTS) == set(raw("salts"))
    assert salts()["maleate"].molar_mass == raw("salts")["maleate"]["molar_mass"]["value"]
    spines = sheet("spines").fill("spines", SpineNumbers)
    assert spines.sites_per_contact == raw("spines")["spines"]["sites_per_contact"]["value"]
    cascade = sheet("cascade")
    (section,) = cascade.sections
    assert cascade.fill(section, CascadeNumbers).bdnf_gain == raw("cascade")[section]["bdnf_gain"]["value"]
    sizes = sheet("hypotheses").fill("hypotheses", HypothesisNumbers)
    assert sizes.latch_time == raw("hypotheses")["hypotheses"]["latch_time"]["value"]
    assert set(INHIBITORS) == set(raw("inhibitors"))
    for name in INHIBITORS:
        assert inhibitor(name, sheet("inhibitors")).offset == raw("inhibitors")[name]["offset"]["value"]
        assert target_of(name) in TARGETS
    assert {target_of(name) for name in INHIBITORS} == set(TARGETS)


@pytest.mark.parametrize(("name", "section", "key", "row"), raw_rows())
def test_every_shipped_row_is_complete(name, section, key, row):
    assert set(row) <= KEYS
    assert isinstance(row["value"], float) and math.isfinite(row["value"])
    assert row["status"] in STATUSES
    assert row["unit"].strip() and row["source"].strip()
    if row["status"] == "measured":
        assert row["source"] in bib_keys()
    else:
        assert row["note"].strip()
    if row["status"] == "assumed":
        assert "range" in row
    if "range" in row:
        low, high = row["range"]
        assert low <= row["value"] <= high


@pytest.mark.parametrize("name", [*CIRCUITS, PRIOR])
def test_a_circuit_sheet_that_changes_another_changes_only_what_it_lists(name):
    loaded = sheet(name)
    if loaded.based_on is None:
        assert loaded.sections == loaded.own_rows
        return
    base, own = sheet(loaded.based_on).values(), {f"{s}.{k}" for s, rows in raw(name).items() for k in rows}
    added = {k for k in own if k not in base}
    # whole sections only
    assert not {k.partition(".")[0] for k in added} & {k.partition(".")[0] for k in base}
    assert own - added < set(base)
    assert {k: v for k, v in loaded.values().items() if k not in own} == {
        k: v for k, v in base.items() if k not in own
    }


def test_no_two_references_share_a_key():
    counts = Counter(bib_keys())
    assert len(counts) > 10
    assert [key for key, count in counts.items() if count > 1] == []
