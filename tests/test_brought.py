"""What other packages bring and cannot be used: it is left out, with a sentence, and stops nothing else."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

import prelimbic as pl
from prelimbic.experiments.claims import board
from prelimbic.experiments.claims.bench import ClaimError
from prelimbic.experiments.claims.board import all_claims, find_claims
from prelimbic.experiments.studies import registry
from prelimbic.experiments.studies.registry import all_studies, as_script, find_study, usable_studies
from prelimbic.experiments.sweep.study import Options, StudyError
from prelimbic.parameters import circuit_sheet
from prelimbic.parameters.brought import LeftOutWarning
from tests.ourlab import CLAIMS, SHEET, STUDY
from tests.said import SCRIPT, is_one_sentence

OURS = "ours = ourlab.ours:STUDY"
SHIPPED_CLAIMS = len(board.ALL_CLAIMS)


def of_study(**fields: str) -> str:
    """The study of the lab with some fields otherwise."""
    more = ", ".join(f"{name}={text}" for name, text in fields.items())
    return f"{STUDY}\nfrom dataclasses import replace\nSTUDY = replace(STUDY, {more})\n"


def of_claim(**fields: str) -> str:
    """The claim of the lab with some fields otherwise."""
    more = ", ".join(f"{name}={text}" for name, text in fields.items())
    return f"{CLAIMS}\nfrom dataclasses import replace\nCLAIM = replace(CLAIM, {more})\n"


# Studies


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("import nothing_there", ("ours", "ourlab.ours:STUDY of package ourlab", "nothing_there")),
        ("STUDY = 3", ("ours", "is not a Study")),
        ("raise SystemError", ("ours", "SystemError")),
        ("import sys; sys.exit(0)", ("ours", "SystemExit")),
        (of_study(name="'other'"), ("ours", "a Study called other")),
        (of_study(seeds="'3'"), ("ours", "field seeds is '3'", "whole number")),
        (of_study(axes="None"), ("ours", "field axes is None", "dictionary")),
        (of_study(reads="('site',)"), ("ours", "field reads", "Reads")),
        (of_study(plan="None"), ("ours", "field plan is None", "a function")),
    ],
)
def test_a_study_that_cannot_be_used_is_left_out_and_told_in_a_sentence(package, call, text, named):
    package({"studies": OURS}, ours=text)
    code, _, err = call("run", "ours")
    is_one_sentence(err, *named)
    assert code == 2
    code, out, err = call("studies")
    is_one_sentence(err, *named, "left out")
    assert code == 0 and "circuit_prior" in out
    with pytest.warns(LeftOutWarning, match="study ours"):
        assert list(pl.studies().index) == registry.SHIPPED


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ("lambda options: options.nothing", "its plan goes wrong: AttributeError"),
        ("lambda options: 1 / 0", "its plan goes wrong: ZeroDivisionError"),
        ("lambda options: []", "no list of Runs"),
        ("lambda options: exit(0)", "its plan goes wrong: SystemExit"),
    ],
)
def test_what_goes_wrong_in_a_plan_is_told_in_a_sentence(package, call, plan, said):
    package({"studies": OURS}, ours=of_study(plan=plan))
    code, _, err = call("run", "ours", "--list")
    is_one_sentence(err, "study ours of ourlab.ours:STUDY of package ourlab", said)
    assert code == 2


def test_what_goes_wrong_after_the_runs_is_told_too(package, tmp_path):
    package({"studies": OURS}, ours=of_study(answer="lambda data: 3", draw="lambda data, folder: 1 / 0"))
    found = find_study("ours")
    with pytest.raises(StudyError, match=r"ours .* its answer gives no Answer"):
        found.answer(None)
    with pytest.raises(StudyError, match=r"ours .* its draw goes wrong: ZeroDivisionError"):
        found.draw(None, tmp_path)


def test_a_bug_of_a_study_that_ships_is_no_sentence(monkeypatch):
    monkeypatch.setattr("prelimbic.experiments.studies.acute.resting_runs", None)
    with pytest.raises(TypeError):
        find_study("acute").plan(Options(1))


def test_two_packages_that_bring_a_study_of_one_name_are_both_named(package, call):
    package({"studies": OURS}, ours=STUDY)
    package({"studies": "ours = otherlab.ours:STUDY"}, "otherlab", ours=STUDY)
    code, _, err = call("run", "ours")
    is_one_sentence(err, "ourlab.ours:STUDY of package ourlab", "otherlab.ours:STUDY of package otherlab")
    assert code == 2 and all_studies().count("ours") == 1
    assert call("studies")[0] == 0


@pytest.mark.parametrize(
    ("name", "said"), [("acute", "a study that ships is called so"), ("o-urs", "letters, digits and _")]
)
def test_a_study_whose_name_cannot_be_is_said_among_the_studies(package, call, name, said):
    package({"studies": f"{name} = ourlab.ours:STUDY"}, ours=of_study(name=f"{name!r}"))
    code, out, err = call("studies")
    is_one_sentence(err, f"study {name}", said, "left out")
    assert code == 0 and "Is it so?" not in out


# Claims


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("CLAIM = None", "neither a Claim nor a list"),
        ("CLAIM = [3]", "neither a Claim nor a list"),
        ("import nothing_there", "cannot be imported: ModuleNotFoundError"),
        ("raise SystemExit(3)", "cannot be imported: SystemExit: 3"),
        (of_claim(id="'V1'"), "V1 .* of this id already"),
        (of_claim(id="7"), "field id is 7"),
        (of_claim(id="'../up'"), "field id is '../up'"),
        (of_claim(role="['PRED']"), "field role is .* one of CAL, PRED"),
        (of_claim(role="'PERD'"), "field role is 'PERD'"),
        (of_claim(rests_on="'circuit.'"), "field rests_on is 'circuit.' but must be a tuple"),
        (of_claim(readout="None"), "field readout is None"),
    ],
)
def test_claims_that_cannot_be_used_are_left_out_with_a_sentence(package, text, said):
    package({"claims": "ours = ourlab.ours:CLAIM"}, ours=text)
    with pytest.warns(LeftOutWarning, match=f"ourlab.ours:CLAIM of package ourlab.*{said}|{said}"):
        assert len(all_claims()) == SHIPPED_CLAIMS


def test_a_broken_package_of_claims_stops_no_other_claim_and_no_number(package, call, tmp_path):
    package({"claims": "ours = ourlab.ours:CLAIM"}, ours="raise ImportError('not here')")
    code, out, err = call("claims", "V3", "--json", "--results", tmp_path)
    is_one_sentence(err, "ourlab", "not here", "left out")
    assert code == 0 and '"V3"' in out
    code, out, err = call("number", "Pyr.leak")
    is_one_sentence(err, "ourlab", "not here", "left out")
    assert code == 0 and "claims" in out


def test_a_claim_that_cannot_be_used_is_an_error_where_it_is_named(package):
    package({"claims": "ours = ourlab.ours:CLAIM"}, ours=of_claim(role="'PERD'"))
    with pytest.raises(ClaimError, match=r"LAB1 .* field role is 'PERD'"):
        find_claims(("LAB1",))
    told: list[str] = []
    assert [claim.id for claim in find_claims(("V3",), told.append)] == ["V3"] and len(told) == 1


def test_two_packages_may_use_one_name_for_their_claims_and_sheets(package):
    package(
        {"claims": "lab = ourlab.ours:CLAIM", "sheets": "lab = ourlab.sheets"},
        ours=CLAIMS,
        **{"sheets/ours.toml": SHEET},
    )
    package(
        {"claims": "lab = otherlab.ours:CLAIM", "sheets": "lab = otherlab.sheets"},
        "otherlab",
        ours=of_claim(id="'LAB2'"),
        **{"sheets/others.toml": SHEET},
    )
    assert [claim.id for claim in all_claims()][SHIPPED_CLAIMS:] == ["LAB2", "LAB1"]
    assert circuit_sheet("ours").name == "ours" and circuit_sheet("others").name == "others"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"readout": "lambda bench: 1 / 0"}, "its readout goes wrong: ZeroDivisionError"),
        ({"readout": "lambda bench: exit(0)"}, "its readout goes wrong: SystemExit"),
        ({"readout": "lambda bench: 3"}, "gives no list of Measures"),
        ({"readout": "lambda bench: []"}, "gives no list of Measures"),
        ({"readout": "lambda bench: [Measure('x', '1', 1.0, *UP)]"}, "gives no list of Measures"),
        ({"study": "'nothing_there'"}, "unknown study 'nothing_there'"),
    ],
)
def test_a_claim_that_goes_wrong_is_told_where_named_and_not_judged_among_all(
    package, call, tmp_path, monkeypatch, fields, said
):
    package({"claims": "ours = ourlab.ours:CLAIM"}, ours=of_claim(**fields))
    code, _, err = call("claims", "LAB1", "--results", tmp_path)
    is_one_sentence(err, said, *(["claim LAB1 of ourlab.ours:CLAIM"] if "readout" in fields else []))
    assert code == 2
    monkeypatch.setattr(board, "ALL_CLAIMS", board.find_claims(("V3",)))
    code, out, err = call("claims", "--results", tmp_path, "--json")
    assert code == 0 and '"V3"' in out and "LAB1 not judged: " in err and said in " ".join(err.split())


# Scripts


@pytest.fixture
def script(tmp_path, monkeypatch) -> Path:
    """The script that runs: a copy of one that ships, in a checkout that is not what is installed."""
    path = tmp_path / "experiments" / "studies" / SCRIPT.name
    path.parent.mkdir(parents=True)
    path.write_text(SCRIPT.read_text())
    monkeypatch.setitem(sys.modules, "__main__", SimpleNamespace(__file__=str(path)))
    monkeypatch.setattr(registry, "_scripts", {})
    monkeypatch.setattr(sys, "argv", [str(path), "--list", "--seeds", "1"])
    return path


def test_a_checkout_runs_its_scripts_by_what_is_installed(script, capsys):
    with pytest.raises(SystemExit) as left:
        as_script(find_study("dose_response"))
    assert not left.value.code and "dose-10_" in capsys.readouterr().out


def test_a_checkout_that_is_not_what_is_installed_is_told_so(script, capsys):
    script.write_text(SCRIPT.read_text() + "# another version\n")
    with pytest.raises(SystemExit) as left:
        as_script(find_study("dose_response"))
    is_one_sentence(capsys.readouterr().err, str(script), "dose_response", "install this checkout")
    assert left.value.code == 2


def test_the_command_of_a_script_is_ours_whoever_else_has_one_of_that_name(monkeypatch):
    theirs = SimpleNamespace(value="theirs:main", load=lambda: pytest.fail("not ours"))
    for there in ([], [theirs]):
        monkeypatch.setattr(registry, "entry_points", lambda there=there, **_: there)
        with pytest.raises(StudyError, match="the command prelimbic, which is not installed"):
            as_script(find_study("acute"))
    about = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
    assert about["project"]["scripts"]["prelimbic"] == registry.COMMAND


def test_without_other_packages_nothing_is_told(package):
    told: list[str] = []
    assert [study.name for study in usable_studies(told.append)] == registry.SHIPPED and not told
