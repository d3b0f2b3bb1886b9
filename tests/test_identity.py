"""Laws of identity: a run is what it uses, and what it does not use may come, go and change."""

from __future__ import annotations

import dataclasses
import shutil
from dataclasses import dataclass, field, make_dataclass, replace
from pathlib import Path

import pytest

from prelimbic.experiments.claims.bench import Bench
from prelimbic.experiments.claims.board import ALL_CLAIMS
from prelimbic.experiments.studies.registry import SHIPPED, find_study
from prelimbic.experiments.sweep.idle import makings
from prelimbic.experiments.sweep.study import Options
from prelimbic.experiments.sweep.unusual import unusual
from prelimbic.parameters import HypothesisNumbers, Sheet, sheet, sheet_text, species
from prelimbic.parameters.sheet import SHEETS, Row, number
from prelimbic.pharmacology import Bath, Body, Dose
from prelimbic.simulation import config as runs
from prelimbic.simulation import sheets as configuration
from prelimbic.simulation.config import Config
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.identity import changed, sizes_used
from prelimbic.simulation.inhibition import Inhibition
from prelimbic.simulation.protocol import Protocol
from prelimbic.simulation.switches import DEFAULTS, SIZES, SWITCHES
from tests.conftest import brief

MADE_UP = Row(1.0, "1", "assumed", "judgement", "made up", (0.5, 2.0))


def grown(subject: str, sections: dict[str, dict[str, Row]]) -> Sheet:
    """A shipped sheet with sections, or rows of sections, that it has not."""
    whole = sheet(subject)
    added = {name: whole.sections.get(name, {}) | rows for name, rows in sections.items()}
    return whole.with_sections(whole.sections | added)


def like(subject: str, section: str, *names: str) -> Sheet:
    """A shipped sheet with further sections that hold what one of them does."""
    return grown(subject, {name: sheet(subject).sections[section] for name in names})


def forget() -> None:
    configuration._overridden.cache_clear()
    runs._used.cache_clear()


@pytest.fixture
def larger(monkeypatch):
    """The sheets of a version that knows a further drug, animal, way in, trait and inhibitor, and the
    size of a further switch.
    """
    found = {subject: sheet(subject) for subject in configuration.SUBJECTS}
    for subject, section in (("compounds", "newdrug"), ("species", "ferret"), ("inhibitors", "newblocker")):
        found[subject] = grown(subject, {section: {"value": MADE_UP}})
    found["routes"] = like("routes", "rat/ip", "rat/newway", "rat/ip/newdrug", "human/ip")
    found["bodies"] = like("bodies", "human/cyp2b6/*1*1", "rat/sex/male", "human/newtrait/high")
    found["hypotheses"] = grown("hypotheses", {"hypotheses": {"new_gain": MADE_UP}})
    forget()
    fields = [("new_gain", float, number("1"))]
    sizes = make_dataclass("Sizes", fields, bases=(HypothesisNumbers,), frozen=True)
    for module in (configuration, runs):
        monkeypatch.setattr(module, "HypothesisNumbers", sizes)
    monkeypatch.setattr(configuration, "_subjects", lambda: found)
    yield found
    forget()


def ids() -> dict[str, list[str]]:
    return {n: [run.config.run_id() for run in find_study(n).plan(Options(seeds=1))] for n in SHIPPED}


def frozen() -> dict[str, str]:
    bench = Bench(seeds=2)
    return {claim.id: bench.frozen(claim.rests_on) for claim in ALL_CLAIMS}


BEFORE, FROZEN = ids(), frozen()


def test_a_drug_an_animal_a_route_a_trait_an_inhibitor_and_a_size_that_no_run_uses_rename_none(larger):
    assert "compounds.newdrug.value" not in brief().numbers()
    assert ids() == BEFORE


def test_nor_do_they_move_the_hash_of_a_claim(larger):
    assert frozen() == FROZEN


def test_a_claim_whose_runs_use_a_new_drug_rests_on_it(larger, monkeypatch):
    def looked(value: float, sections: frozenset[str]) -> str:
        larger["compounds"] = grown("compounds", {"newdrug": {"value": replace(MADE_UP, value=value)}})
        configuration._overridden.cache_clear()
        bench = Bench(seeds=2)
        monkeypatch.setattr(bench, "_planned", lambda study: [({}, "id", sections, "")])
        return bench.frozen(("compounds.",), "toy")

    uses, other = frozenset({"compounds.newdrug"}), frozenset({"compounds.ketamine"})
    assert looked(1.0, uses) != looked(1.5, uses)
    assert looked(1.0, other) == looked(1.5, other)


def test_a_field_of_what_is_asked_counts_once_it_is_not_at_its_default():
    @dataclass(frozen=True)
    class Later(Protocol):
        gaze: str = "ahead"

    plain, later = (kind((0.0, 2.0), 0.5) for kind in (Protocol, Later))
    assert changed(plain) == changed(later) != changed(replace(later, gaze="aside"))
    switched = make_dataclass(
        "Later", [("new", str, field(default="off"))], bases=(Hypotheses,), frozen=True
    )
    assert changed(switched()) == changed(Hypotheses()) == {}
    assert changed(switched(new="on")) == {"new": "on"}


def test_what_a_run_uses_renames_it():
    base = brief(10.0)
    for other in (
        replace(base, seed=9),
        replace(base, doses=(Dose(11.0, "ip"),)),
        replace(base, bath=Bath((("mk801", 1.0),), 0.0)),
        replace(base, hypotheses=Hypotheses(trkb="on")),
        replace(base, overrides=(("compounds.ketamine.ic50_2A", 1.0),)),
        replace(base, overrides=(("species.rat/ketamine.clearance", 1.0),)),
        replace(base, overrides=(("routes.rat/ip.swallowed_absorption", 3.0),)),
        replace(base, overrides=(("compounds.enantiomers.ketamine_s_to_r", 0.5),)),
        replace(base, body=Body(0.25)),
        replace(base, doses=(Dose(10.0, "ip", compound="S-ketamine"),)),
        replace(base, protocol=replace(base.protocol, inhibitions=(Inhibition("anti_bdnf", 0.0),))),
        replace(base, manipulations=("ampa=0.5",)),
        replace(base, spikes=True),
    ):
        assert other.run_id() != base.run_id()


@pytest.mark.parametrize(
    ("name", "used"),
    [
        ("compounds.memantine.ic50_2A", lambda c: replace(c, bath=Bath((("memantine", 1.0),), 0.0))),
        ("species.mouse/norketamine.clearance", lambda c: replace(c, species="mouse")),
        ("routes.rat/sc.direct_absorption", lambda c: replace(c, doses=(Dose(10.0, "sc"),))),
        ("hypotheses.hypotheses.trkb_gain", lambda c: replace(c, hypotheses=Hypotheses(trkb="on"))),
        (
            "inhibitors.anti_bdnf.brain",
            lambda c: replace(c, protocol=replace(c.protocol, inhibitions=(Inhibition("anti_bdnf", 0.0),))),
        ),
    ],
)
def test_a_number_counts_where_it_is_used_and_nowhere_else(name, used):
    subject, _, row = name.partition(".")
    set_to = ((name, sheet(subject).values()[row] * 0.9),)
    unused, using = brief(10.0), used(brief(10.0))
    assert replace(unused, overrides=set_to).run_id() == unused.run_id()
    assert replace(using, overrides=set_to).run_id() != using.run_id()


OF_DRUGS = ("compounds.", "species.", "routes.", "bodies.")


def test_a_vehicle_uses_no_number_of_a_drug_and_has_nobody():
    still = brief(0.0)
    assert not [name for name in still.numbers() if name.startswith(OF_DRUGS)]
    assert replace(still, body=Body(0.25)).run_id() == still.run_id()


def used_by(config: Config) -> set[str]:
    sections = {name.rpartition(".")[0] for name in config.numbers()}
    return {section for section in sections if section.startswith(OF_DRUGS)} - {"compounds.channel"}


def test_a_dose_uses_its_way_in_its_body_and_all_that_becomes_of_it():
    man = replace(brief(), species="human", doses=(Dose(0.4, "nasal", compound="S-norketamine"),))
    sniffed = used_by(replace(man, doses=(Dose(0.4, "nasal"),)))
    assert sniffed >= {"species.human", "routes.human/nasal", "compounds.enantiomers"}
    made = ("norketamine", "hydroxynorketamine", "dehydronorketamine")
    assert sniffed >= {f"{sheet_}{drug}" for drug in made for sheet_ in ("species.human/", "compounds.")}
    assert not [section for section in sniffed if "kamp" in section or section.startswith("bodies.")]
    alone = used_by(replace(man, doses=(Dose(0.4, "iv", compound="S-norketamine"),)))
    assert alone == {s for s in sniffed if "/ketamine" not in s and s != "compounds.ketamine"} - {
        "routes.human/nasal"
    }
    low = used_by(replace(man, doses=(Dose(0.4, "nasal"),), hypotheses=Hypotheses(hnk_exposure="kamp")))
    assert low ^ sniffed == {"species.human/hydroxynorketamine", "species.human/hydroxynorketamine/kamp"}
    carrier = replace(man, doses=(Dose(0.4, "nasal"),), body=Body(cyp2b6="*1/*1"))
    assert used_by(carrier) - sniffed == {"bodies.human/cyp2b6/*1*1"}
    assert "compounds.dehydronorketamine" not in used_by(brief())  # which a rat does not make here
    own = replace(brief(), doses=(Dose(1.0, "ip", compound="hydroxynorketamine"),))
    assert "routes.rat/ip/hydroxynorketamine" in used_by(own) and "routes.rat/ip" not in used_by(own)


def test_a_bath_of_an_enantiomer_uses_its_racemate_and_their_ratio_and_one_of_a_racemate_no_ratio():
    still = brief(0.0)
    found = [used_by(replace(still, bath=Bath(((drug, 1.0),)))) for drug in ("S-ketamine", "ketamine")]
    own = {"compounds.ketamine", "compounds.tissue"}  # what tissue has of every blocker
    assert found == [own | {"compounds.enantiomers"}, own]


def test_a_weight_that_is_the_sheets_own_is_none():
    heavy = brief(10.0)
    mass = species("rat").reference_mass
    assert replace(heavy, body=Body(mass)) == heavy
    assert replace(heavy, body=Body(1.2 * mass)).run_id() != heavy.run_id()


@pytest.mark.parametrize("study", SHIPPED)
def test_numbers_that_a_run_does_not_name_move_nothing_it_is_made_of(study):
    found = find_study(study)
    for run in found.plan(Options(seeds=1))[::7]:
        config, used = run.config, run.config.numbers()
        others = [
            (f"{subject}.{name}", row.value * 0.97)
            for subject, rows in config.sheets().items()
            for name, row in rows.rows().items()
            if f"{subject}.{name}" not in used and not row.fixed and subject != "circuit"
        ]
        assert others
        moved = replace(config, overrides=(*config.overrides, *others))
        assert makings(moved, found.reads) == makings(config, found.reads)


def test_drugs_of_a_studys_own_are_named_in_its_runs():
    for name in SHIPPED:
        study = find_study(name)
        own = {*study.reads.baths, *study.reads.doses}
        for run in study.plan(Options(seeds=1)):
            bath = run.config.bath.names if run.config.bath else ()
            assert own <= {*run.config.drugs, *bath} or {*bath} & own, name


def test_a_study_that_holds_exposures_against_data_reads_all_ways_in_and_both_sets_of_man():
    runs = {run.config.species: run.config for run in find_study("validation").plan(Options(seeds=1))}
    man = used_by(runs["human"])
    assert man >= {"species.human/hydroxynorketamine", "species.human/hydroxynorketamine/kamp"}
    assert man >= {"routes.human/nasal", "routes.human/oral", "compounds.enantiomers"}
    assert not [name for name in man if "rat" in name.split("/")[0] or "memantine" in name]
    rat = used_by(runs["rat"])
    assert "species.rat/norketamine" in rat and any(name.startswith("routes.rat/") for name in rat)


def test_every_option_reads_only_the_sizes_that_it_names():
    rows = {row.name for row in dataclasses.fields(HypothesisNumbers)}
    assert {row for options in SIZES.values() for each in options.values() for row in each} == rows
    for switch, options in SIZES.items():
        assert options.keys() <= SWITCHES[switch].keys() - {DEFAULTS[switch]}
    assert sizes_used(Hypotheses()) == set()


def test_a_sheet_that_is_edited_after_planning_changes_nothing_of_the_runs(tmp_path: Path):
    path = tmp_path / "mine.toml"
    shutil.copy(SHEETS / "point.toml", path)
    config = Config("toy", str(path), "rat", (Dose(3.0, "ip"),), 0.5, 1, Protocol((), 0.0))
    before = config.run_id(), config.described()
    path.write_text(path.read_text().replace("value = 1", "value = 2", 1))
    assert (config.run_id(), config.described()) == before
    again = Config("toy", str(path), "rat", (Dose(3.0, "ip"),), 0.5, 1, Protocol((), 0.0))
    assert again.run_id() != before[0]
    path.unlink()
    assert replace(config, seed=1).run_id() == before[0]
    assert list(unusual([config]))  # what a sweep ends with


def test_the_sheets_that_a_sheet_is_based_on_are_read_again_when_they_change(tmp_path: Path):
    ground, top = tmp_path / "ground.toml", tmp_path / "top.toml"
    shutil.copy(SHEETS / "dendritic.toml", ground)
    top.write_text('[sheet]\ntitle = "mine"\nbased_on = "ground"\n')
    before = configuration.read_circuit(str(top)).values()
    assert configuration.read_circuit(str(top)) is configuration.read_circuit(str(top))
    row = next(line for line in ground.read_text().splitlines() if line.startswith("leak = "))
    ground.write_text(ground.read_text().replace(row, row.replace("value = ", "value = 1", 1), 1))
    assert configuration.read_circuit(str(top)).values() != before


def test_the_order_of_a_users_sections_in_which_wiring_is_drawn_counts(tmp_path: Path):
    path, other = tmp_path / "mine.toml", tmp_path / "other" / "mine.toml"
    path.write_text(sheet_text(sheet("dendritic"), "mine"))
    head, *parts = path.read_text().split("\n[")
    other.parent.mkdir()
    other.write_text("\n[".join([head, *reversed(parts)]))
    one, two = (Config("toy", str(p), "rat", (), 0.5, 1, Protocol((), 0.0)) for p in (path, other))
    assert one.numbers() == two.numbers() and one.run_id() != two.run_id()


def test_a_number_that_is_drawn_and_one_that_is_set_to_its_value_are_two_runs():
    config = find_study("circuit_prior").plan(Options(1, sheets=("prior",)))[0].config
    name, row = next((n, r) for n, r in config.own_sheet.rows().items() if r.range and not r.fixed)
    assert replace(config, overrides=((f"circuit.{name}", row.value),)).run_id() != config.run_id()


def test_recorded_rates_count_where_circuits_are_drawn(monkeypatch):
    config = find_study("circuit_prior").plan(Options(1, sheets=("prior",)))[0].config
    before = config.run_id(), brief().run_id()
    monkeypatch.setattr(runs, "recorded", lambda section, name: (0.0, 1.0))
    assert config.run_id() != before[0] and brief().run_id() == before[1]
