"""The surrogate of a circuit: what it belongs to, how far it is trusted, how it is trained and checked."""

import json

import numpy as np
import pytest

from prelimbic.parameters import sheet
from prelimbic.parameters.errors import RunError, UsageError
from prelimbic.patients import design, rebuild, surrogate
from prelimbic.patients.drawing import drawn_circuit, drawn_sheet, overrides_of, slow_numbers
from prelimbic.patients.surrogate import TABLES, held_out, identity, training_config
from prelimbic.simulation.config import Config
from prelimbic.simulation.protocol import Protocol
from tests.people import GROWS, SILENT, made_up, placed
from tests.said import USAGE, is_one_sentence

SPINES = training_config(*SILENT.values()).spine_numbers()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    found = tmp_path / "surrogates"
    monkeypatch.setattr(surrogate, "kept_folder", lambda: found)
    monkeypatch.setattr(rebuild, "kept_folder", lambda: found)
    return found


# What it belongs to


def test_it_belongs_to_numbers_of_circuit_and_drug_and_to_no_others(monkeypatch):
    native = identity(training_config("native", "tissue"))
    assert native != identity(training_config("native", "recombinant"))
    assert native != identity(training_config("dendritic", "tissue"))

    def with_number(name: str) -> str:
        config = training_config("native", "tissue")
        return identity(Config(**{**vars(config), "overrides": ((name, 0.9),)}))

    assert with_number("circuit.apical.coupling") != native != with_number("compounds.ketamine.hill")
    assert with_number("cascade.cascade.bdnf_gain") == native == with_number("spines.spines.formation_gain")
    monkeypatch.setattr(surrogate, "MODEL_VERSION", 7)
    assert identity(training_config("native", "tissue")) != native


def test_those_that_ship_belong_to_the_numbers_that_ship():
    for path in surrogate.SHIPPED.glob("*.json"):
        found = surrogate.read(path)
        assert found.identity == identity(training_config(found.circuit, found.affinity)), path.name
        assert 2 <= len(found.circuits) <= design.CIRCUITS and found.checked
        assert path.stat().st_size < 300_000


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"identity": "0" * 16}, "another version of the model"),
        ({"circuits": {}}, "its tables are not whole"),
        ({"circuits": {"1": {}}}, "ampa"),
        ({"drawn": "many"}, "many"),
    ],
)
def test_one_of_another_model_or_none_at_all_is_refused_with_the_command_that_trains_one(
    call, folder, changes, named
):
    path = placed(folder, made_up("point", "tissue", 0.4), **changes)
    code, out, err = call("surrogate", "--sheet", "point")
    is_one_sentence(err, named, str(path), "prelimbic surrogate --sheet", "--rebuild")
    assert (code, out) == (USAGE, "")


def test_a_file_that_is_cut_short_is_refused(call, folder):
    path = placed(folder, made_up("point", "tissue", 0.4))
    path.write_text(path.read_text()[:100])
    code, _, err = call("surrogate", "--sheet", "point")
    is_one_sentence(err, "point-tissue.json")
    assert code == USAGE


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--check", "0"), "--check is 0"),
        (("--workers", "0"), "--workers is 0"),
        (("--out", "x.json"), "--rebuild or --check"),
        (("--rebuild", "--out", "x.txt"), ".json"),
        (("--affinity", "tisue"), "did you mean tissue"),
        (("--sheet", "nativ"), "did you mean native"),
        (("--sheet", "point"), "there is no surrogate of sheet point"),
    ],
)
def test_what_the_command_cannot_do_is_told_in_a_sentence(call, folder, tmp_path, words, named):
    code, out, err = call("surrogate", *words)
    is_one_sentence(err, named)
    assert (code, out, list(tmp_path.iterdir())) == (USAGE, "", [])


# What it says


def test_it_says_what_was_seen_where_it_was_seen_and_lies_between_in_between():
    made = made_up(*GROWS.values(), 0.4).emulated[1]
    at, left = made.along(np.array(design.CONCENTRATIONS_UM))
    for name, table in zip(TABLES, at, strict=True):
        np.testing.assert_allclose(table, made.tables[name], rtol=1e-12)
    np.testing.assert_allclose(left, made.open, rtol=1e-12)
    between, _ = made.along(np.array([0.3, 0.6, 1.4]))
    assert (between[0] > at[0][:, 1:4]).all() and (between[0] < at[0][:, 2:5]).all()


def test_its_error_is_that_of_what_was_left_out():
    found = made_up(*GROWS.values(), 0.4)
    assert 0.001 < found.errors["drive"] < 0.05 and "not yet held" in found.error
    same = held_out([found.emulated[1]] * 3)
    assert same["circuits"] == pytest.approx(0.0, abs=1e-12)
    runs = tuple(
        {"subject": k, "give": "", "hour": 24.0, "spiking": 0.05, "emulated": 0.05 + e}
        for k, e in ((1, 0.01), (2, -0.01))
    )
    held = found.holding(runs)
    assert held.errors["spines"] == pytest.approx(1.0) and held.errors["bias"] == pytest.approx(0.0)
    assert "2 held-out subjects by 1.00 percentage points" in held.error


# Drawn circuits and cascades


def test_a_share_of_the_way_is_the_sheet_at_0_and_a_draw_lies_within_ranges():
    source = sheet("native")
    assert drawn_sheet(source, 1, 0.0).values() == source.values()
    own, few, far = (drawn_sheet(source, 1, share).values() for share in (0.0, 0.3, 1.0))
    ranges = {n: row.range for n, row in source.rows().items() if row.range is not None}
    for name, (low, high) in ranges.items():
        if ".fraction_" not in name and not name.endswith("weight"):
            assert low <= few[name] <= high
    moved = [n for n in ranges if far[n] != own[n] and not n.endswith(("count", "in_degree", "weight"))]
    assert len(moved) > 100
    assert all(abs(few[n] - own[n]) <= abs(far[n] - own[n]) + 1e-9 for n in moved)


def test_a_whole_run_is_told_the_very_circuit_of_the_surrogate():
    source, background = sheet("native"), [500.0, 1000.0, 150.0, 600.0]
    changes = overrides_of(source, 4, 0.3, background)
    run = Config("check", "native", "human", (), 1.0, 4, Protocol((), 0.0), changes)
    assert run.grown() == drawn_circuit(source, SPINES, 4, 0.3, background)


def test_a_cascade_is_drawn_by_its_seed_and_what_depression_leaves_is_not():
    sheets = training_config(*SILENT.values()).sheets()
    one, other = slow_numbers(sheets, 1, 0.3), slow_numbers(sheets, 2, 0.3)
    assert one == slow_numbers(sheets, 1, 0.3) and one != other
    assert one[1].depressed_share == other[1].depressed_share == SPINES.depressed_share
    assert slow_numbers(sheets, 1, 0.0)[0].bdnf_gain == sheets["cascade"].values()["cascade.bdnf_gain"]


# How it is trained


@pytest.fixture
def examined(monkeypatch):
    """Every other circuit rests; which were examined."""
    seen: list[int] = []
    made = made_up("point", "tissue", 0.4).as_json()["circuits"]["1"]

    def examine(config, seed, share):
        seen.append(seed)
        return made if seed % 2 else None

    monkeypatch.setattr(rebuild, "examined", examine)
    return seen


def test_a_training_that_was_stopped_goes_on_and_ends_as_one_that_was_not(
    call, folder, examined, monkeypatch
):
    stop = {"after": 3}
    whole = rebuild.publish

    def stopped(path, text):
        whole(path, text)
        stop["after"] -= 1
        if stop["after"] == 0:
            raise KeyboardInterrupt

    monkeypatch.setattr(rebuild, "publish", stopped)
    with pytest.raises(KeyboardInterrupt):
        rebuild.rebuilt("point", "tissue")
    assert not (folder / "point-tissue.json").exists()
    code, _, err = call("surrogate", "--sheet", "point", "--rebuild")
    assert code == 0 and "4 of 4 circuits that rest" in err
    # not one circuit twice, and every other of them in it
    assert len(set(examined)) == len(examined)
    found = surrogate.surrogate("point", "tissue")
    assert (found.circuits, found.drawn) == ((1, 3, 5, 7), 7)
    alone = rebuild.rebuilt("point", "tissue", workers=3)
    assert alone.as_json() == found.as_json()


def test_where_no_circuit_rests_that_is_told(folder, monkeypatch):
    monkeypatch.setattr(rebuild, "examined", lambda config, seed, share: None)
    with pytest.raises(RunError, match="of 60 circuits drawn from sheet point only 0 rest"):
        rebuild.rebuilt("point", "tissue")
    assert not (folder / "point-tissue.json").exists()


def test_without_a_compiler_nothing_is_trained(folder, monkeypatch):
    monkeypatch.setattr(rebuild, "compiler", lambda: None)
    with pytest.raises(UsageError, match="needs a C"):
        rebuild.rebuilt("point", "tissue")


# With spikes


@pytest.mark.slow
def test_the_emulator_and_a_whole_spiking_run_agree_on_spines_within_three_points_of_a_percent():
    from prelimbic.patients.checking import checked

    found = checked(surrogate.surrogate(*GROWS.values()), 1)
    assert [run["hour"] for run in found] == [4.0, 24.0, 72.0]
    assert all(abs(run["emulated"] - run["spiking"]) < 0.03 for run in found)


@pytest.mark.slow
def test_watching_a_circuit_sees_ketamine_shut_receptors_and_more_contacts_drive_more(monkeypatch):
    from prelimbic.circuits import describe
    from prelimbic.parameters import circuit_numbers
    from prelimbic.patients import training

    monkeypatch.setattr(training, "rests", lambda rest, allowed: True)
    config = training_config(*SILENT.values())
    circuit = describe(circuit_numbers(sheet("native")), 0.5, SPINES.sites_per_contact)
    seen = training.watched(config, circuit)
    assert seen is not None and np.array(seen["ampa"]).shape == (4, 5)
    assert (np.diff(seen["open"]) < 0).all() and seen["open"][0] == 1.0
    assert np.array(seen["ampa"])[2, 0] == pytest.approx(1.0, abs=0.15)  # its own reference, looked at again
    assert (np.diff(np.array(seen["nmda"])[2, [0, -1]]) < 0).all()


def test_the_error_of_those_that_ship_is_printed_with_its_numbers(call):
    for path in surrogate.SHIPPED.glob("*.json"):
        found = surrogate.read(path)
        code, out, _ = call("surrogate", "--sheet", found.circuit, "--affinity", found.affinity, "--json")
        told = json.loads(out)
        assert code == 0 and told["errors"]["subjects"] >= 1
        assert f"{told['errors']['spines']:.2f} percentage points" in told["error"]
