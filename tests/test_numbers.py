"""Numbers that can be found: by a pattern, by a name, as the field calls them; and what reads them."""

from __future__ import annotations

import dataclasses
import inspect
import json
import sys
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from prelimbic import circuits, parameters
from prelimbic.circuits.constants import constants
from prelimbic.experiments.claims.board import ALL_CLAIMS
from prelimbic.experiments.cli.readers import ROOMS, askers, readers
from prelimbic.experiments.studies.registry import find_study
from prelimbic.experiments.sweep.idle import makings
from prelimbic.experiments.sweep.study import Options
from prelimbic.parameters import CIRCUITS, PRIOR, Sheet, SheetError, number, numbers, shipped
from prelimbic.parameters.citation import citations, cited, lacking
from prelimbic.parameters.finding import COLUMNS, RECALLED_MEANS, aliases, in_force, own
from prelimbic.parameters.sheet import reference_keys
from prelimbic.pharmacology import Exposure
from prelimbic.simulation.hypotheses import Hypotheses
from tests.conftest import wired
from tests.said import USAGE, is_one_sentence

RECORDS = [
    r
    for r in map(vars(parameters).get, parameters.__all__)
    if isinstance(r, type) and hasattr(r, "__dataclass_fields__")
]
FIELDS = [(r, f.name) for r in RECORDS for f in dataclasses.fields(r) if "unit" in f.metadata]
BESIDE = [name for name in shipped() if name not in (*CIRCUITS, PRIOR)]
EVERY = [n for name in (CIRCUITS[0], *BESIDE) for n in in_force(name)]


# The table


def test_a_table_without_a_pattern_has_every_number_that_a_sheet_sets():
    found = numbers()
    assert tuple(found.columns) == COLUMNS
    assert sorted(found.name) == sorted(n.listed for n in own())
    ranged = found[found.low.notna()]
    assert ((ranged.low <= ranged.value) & (ranged.value <= ranged.high)).all() and len(ranged) < len(found)


def test_of_one_sheet_it_has_what_is_in_force_with_the_sheet_that_sets_it():
    found = numbers(sheet="dendritic").set_index(["section", "row"])
    assert found.value.to_dict() == {
        tuple(name.rsplit(".", 1)): v for name, v in parameters.sheet("dendritic").values().items()
    }
    assert found.loc[("PV", "fraction_2D"), "name"] == "point.PV.fraction_2D"
    assert {*found.sheet} == {*parameters.sheet("dendritic").lineage}


@pytest.mark.parametrize(
    ("pattern", "found"),
    {
        "PV FRACTION_2d": {"PV.fraction_2D"},  # case
        "nS apical tonic": {"apical.tonic"},  # unit and name
        "outward rectifying": {"apical.tonic"},  # note
        "yang2016_repo": {"apical.backpropagation"},  # source
        "zzz": set(),
    }.items(),
)
def test_words_are_found_in_names_units_notes_and_sources(pattern, found):
    assert {f"{n.section}.{n.row}" for n in numbers(pattern, "dendritic").itertuples()} == found


def test_a_source_is_found_by_its_authors_and_its_journal():
    assert (
        set(numbers("Popescu").source)
        == {"abbott_popescu2020"}
        == set(numbers("molecular pharmacology").source)
    )


def test_a_short_word_stands_alone_and_a_sheet_is_no_part_of_one():
    assert set(numbers("PV leak", "dendritic").section) == {"PV"}  # not Pyr of pv_sst
    assert "mouse" not in set(numbers("rat fm").section)  # nor ratio, nor fraction


def test_an_unknown_sheet_is_told():
    with pytest.raises(SheetError, match="did you mean species"):
        numbers(sheet="specie")


# The field's names


def test_every_spelling_is_of_one_alias_and_every_pattern_of_one_has_numbers():
    every = list({id(a): a for a in aliases().values()}.values())
    assert sum(len(a.spelled) for a in every) == len(aliases())
    for alias in every:
        for rows in alias.rows:
            assert any(dataclasses.replace(alias, rows=(rows,)).means(n) for n in EVERY), rows


@pytest.mark.parametrize(
    ("word", "record", "ends"),
    [
        ("Kp,uu", "Disposition", "brain_to_plasma_unbound"),
        ("fub", "Disposition", "brain_unbound"),
        ("F", "Route", "available"),
        ("bioavailability", "Route", "available"),
        ("ka", "Route", "_absorption"),
        ("CL", "Disposition", "clearance"),
        ("ic50", "Compound", ""),
        ("Hill", "Compound", "hill"),
    ],
)
def test_a_name_of_the_field_stands_for_its_numbers_in_every_animal_or_drug(word, record, ends):
    sheet = {"Disposition": "species", "Route": "routes", "Compound": "compounds"}[record]
    kind = getattr(parameters, record)
    wanted = {f.name for f in dataclasses.fields(kind) if f.name.endswith(ends)}
    wanted = {name for name in wanted if name.startswith("ic50")} if word == "ic50" else wanted
    sections = {n.section for n in in_force(sheet)} - {"channel", "enantiomers", *parameters.SPECIES}
    sections -= {"tissue"} if word == "ic50" else set()
    found = {(n.section, n.row) for n in numbers(word, sheet).itertuples()}
    assert found == {(section, name) for section in sections for name in wanted}


# One number


@pytest.mark.parametrize(
    "name",
    [
        "PV.fraction_2D",
        "circuit.PV.fraction_2D",
        "point.PV.fraction_2D",
        "dendritic.PV.fraction_2D",
        "pv.FRACTION_2d",
    ],
)
def test_one_number_is_in_force_through_the_sheets_that_its_sheet_is_based_on(name):
    found = number(name, "dendritic")
    assert (found.settable, found.sheet) == ("circuit.PV.fraction_2D", "point")
    assert found.row.value == parameters.sheet("dendritic").values()["PV.fraction_2D"]
    assert [sheet for sheet, _ in found.history] == ["point", "pv_sst"]


def test_a_circuit_sheet_in_a_name_is_the_sheet_where_none_is_asked_for():
    assert number("human_l23.Pyr.leak").row.value != number("Pyr.leak").row.value
    with pytest.raises(SheetError, match="on which sheet dendritic is not based"):
        number("human_l23.Pyr.leak", "dendritic")


def test_every_number_is_found_by_the_name_that_is_printed_and_that_set_takes():
    known = {n.listed: n for n in own() if n.subject in BESIDE or n.sheet == CIRCUITS[0]}
    for name in list(known)[::50]:
        for called in (name, known[name].settable):
            found = number(called)
            assert (found.listed, found.row) == (name, known[name].row)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("human.tablet.F", "routes.human/tablet.available"),
        ("rat.ketamine.Kp,uu", "species.rat/ketamine.brain_to_plasma_unbound"),
        ("human.norketamine.fu", "species.human/norketamine.unbound"),
        ("Pyr.g_leak", "circuit.Pyr.leak"),
        ("ketamine.hill", "compounds.ketamine.hill"),
        ("bdnf_gain", "cascade.cascade.bdnf_gain"),
    ],
)
def test_the_field_s_names_and_short_ones_lead_to_one_number(name, found):
    assert number(name).settable == found


# What reads it


def test_every_number_of_the_model_is_read_by_a_function_of_a_room():
    assert {r.function for r in readers("Ratios", "ketamine_s_to_r")} == {"compounds"}
    assert [f"{r.__name__}.{name}" for r, name in FIELDS if not readers(r.__name__, name)] == []
    assert [name for name in sorted({n.name for n in in_force("recordings")}) if not askers(name)] == []


def test_a_reader_reads_that_record_and_not_another_thing_of_that_name():
    assert not any("rig.py" in r.file for r in readers("Population", "rest"))  # a Rig has a rest of its own
    assert {r.function for r in readers("Population", "target_rate")} == {"target_rates"}
    assert any(r.function == "delete" for r in readers("Apical", "nmda_to_ampa"))
    assert readers("Population", "no such field") == []


@pytest.fixture
def seen(monkeypatch) -> set[tuple[str, str, str, str]]:
    """(record, field, file, function) of every read of a number from here on."""
    found, names = set(), {r: {f.name for f in dataclasses.fields(r)} for r in RECORDS}
    fill, root = Sheet.fill, Path(circuits.__file__).parents[1]

    def spied(record: type) -> type:
        def read(self: object, name: str) -> object:
            if name in names[record]:
                frame, function = sys._getframe(1), ""
                while not function or function.rpartition(".")[2] in {
                    *properties,
                    "read",
                }:  # whose, not through
                    function, file = (
                        frame.f_code.co_qualname.split(".<locals>.<")[0],
                        frame.f_code.co_filename,
                    )
                    frame = frame.f_back
                file = Path(file)
                if file.is_relative_to(root) and file.relative_to(root).parts[0] in ROOMS:
                    found.add((record.__name__, name, file.relative_to(root).as_posix(), function))
            return object.__getattribute__(self, name)

        return type(record.__name__, (record,), {"__getattribute__": read})

    properties = {
        name
        for owner in (*RECORDS, circuits.Circuit, Exposure)
        for name, kept in inspect.getmembers_static(owner)
        if isinstance(kept, (property, cached_property))
    }
    kinds = {record: spied(record) for record in RECORDS}
    monkeypatch.setattr(
        Sheet, "fill", lambda self, section, record: kinds[record](**vars(fill(self, section, record)))
    )
    return found


def test_what_reads_a_number_as_the_model_is_built_is_what_its_source_says(seen):
    study = find_study("cascade")
    asked = Options(
        1, hypotheses=Hypotheses(selectivity="use_dependent", baseline="both"), manipulations=("sst=0.5",)
    )
    config = study.plan(asked)[0].config
    config.check()
    makings(config, study.reads)
    circuit = config.described()
    constants(circuit, wired(circuit)[0], np.zeros(2, dtype=np.int64), 0.1)
    missed = {
        (record, name, file, function)
        for record, name, file, function in seen
        if (file, function) not in {(r.file, r.function) for r in readers(record, name)}
    }
    assert missed == set()
    made = {record for record, *_ in seen}  # those of drugs, people and measures are read as a run goes
    of_these = [name for record, name in FIELDS if record.__name__ in made]
    assert len({(record, name) for record, name, *_ in seen}) > max(0.6 * len(of_these), 90)


# Citations


def test_a_citation_is_what_the_entry_has_and_no_more():
    told = cited("hasan2021")
    for part in (
        "Rey, Hélène",
        "(2021)",
        "Prolonged-release Ketamine Tablets",
        "Anesthesiology 135(2), 326-339",
    ):
        assert part in told
    assert lacking("gilling2009") == ["authors", "title"] and cited("judgement") == ""
    assert citations().keys() == reference_keys()


# The commands


def test_the_command_tells_one_number_in_full(call):
    code, out, err = call("number", "PV.fraction_2D", "--sheet", "dendritic")
    assert (code, err) == (0, "")
    for part in (
        "circuit.PV.fraction_2D = 0.15",
        "point, on which dendritic is based",
        "0.3 in sheet pv_sst",
    ):
        assert part in out
    for part in (
        "0 to 0.35",
        "assumed",
        "circuits/constants.py: _dendrites, _receptors",
        "--set circuit.PV",
    ):
        assert part in out
    assert " ".join(out.split()).count(RECALLED_MEANS) == 1
    code, out, _ = call("number", "ketamine.unblocking")
    assert code == 0 and "Neuropharmacology" in out and "missing here: authors, title" in out
    assert RECALLED_MEANS[:12] not in out


def test_the_command_names_the_claims_that_rest_on_it(call):
    told = json.loads(call("number", "hypotheses.eef2_gain", "--json")[1])
    resting = [c.id for c in ALL_CLAIMS if "hypotheses.hypotheses.eef2_gain" in c.rests_on]
    assert told["claims"] == resting != []
    assert told["read_by"] == {"simulation/hypotheses.py": ["Hypotheses.arms"]}
    assert json.loads(call("number", "recordings.PV.rate", "--json")[1])["claims"] == ["V6"]


def test_a_pattern_finds_what_is_in_force_and_a_word_of_the_field_is_told(call):
    code, out, err = call("numbers", "fraction_2D", "PV", "--sheet", "dendritic", "--json")
    assert (code, err) == (0, "")
    assert [(row["sheet"], row["name"]) for row in json.loads(out)] == [("point", "fraction_2D")]
    code, out, err = call("numbers", "IC50", "--sheet", "compounds")
    assert (code, err) == (0, "") and "IC50: concentration that shuts half" in out
    assert " ".join(out.split()).count(RECALLED_MEANS) == 1
    assert RECALLED_MEANS[:20] not in call("numbers", "gilling2009")[1]


def test_a_window_too_narrow_for_notes_shows_every_value(call, monkeypatch):
    monkeypatch.setattr("prelimbic.experiments.sweep.screen.console", lambda: Console(width=80))
    code, out, err = call("numbers", "Kp,uu", "--sheet", "species")
    assert (code, err) == (0, "") and max(map(len, out.splitlines())) <= 82
    for value in numbers("Kp,uu", "species").value:
        assert f"{value:g} " in out


@pytest.mark.parametrize(
    ("words", "named"),
    {
        ("number", "F"): ("routes.human/im.available", "`prelimbic numbers F` lists them"),
        ("number", "PV.fraction_2E"): ("PV.fraction_2",),
        ("number", "tau"): ("`prelimbic numbers tau` lists them",),
        ("number", "Pyr.leak", "--sheet", "dendrite"): ("did you mean dendritic",),
        ("number",): ("NAME",),
        ("number", ""): ("there is no number ''",),
        ("number", "Pyr.leak", "--sheet", ""): ("unknown sheet ''",),
        ("numbers", "fracton_2D"): ("fraction_2D",),
        ("numbers", "hcn", "--status", "measured"): ("measured", "'hcn'"),
    }.items(),
)
def test_an_unknown_or_ambiguous_name_is_answered_with_what_may_have_been_meant(call, words, named):
    code, out, err = call(*words)
    is_one_sentence(err, *named)
    assert (code, out) == (USAGE, "")


def test_a_section_that_is_no_number_suggests_its_own_rows_first():
    with pytest.raises(SheetError) as told:
        number("PV")
    assert "(did you mean circuit.PV." in str(told.value) and "circuit.Pyr." not in str(told.value)
