"""A report says what was asked and found, from nothing but the runs, in one file that needs no network."""

from __future__ import annotations

import json
import re
import shutil
from html import unescape
from pathlib import Path

import pytest

import prelimbic as pl
from prelimbic.experiments.claims import ledger
from prelimbic.experiments.claims.bench import ClaimError
from prelimbic.experiments.claims.claim import Claim
from prelimbic.experiments.reports import bearing as bears
from prelimbic.experiments.reports import pictures
from prelimbic.experiments.reports.page import MOST_BYTES
from prelimbic.experiments.reports.subject import subject
from prelimbic.experiments.reports.used import ORDER, references, used
from prelimbic.experiments.storage.manifest import MARK, is_report, remove_made
from prelimbic.experiments.sweep.study import Options
from prelimbic.parameters.citation import citations
from prelimbic.parameters.errors import RunError, UsageError
from tests.reporting import ASKED, asked_in
from tests.said import FAILURE, USAGE, is_one_sentence


@pytest.fixture(scope="session")
def asked(tmp_path_factory) -> Path:
    """A finished question, which nobody changes."""
    return asked_in(tmp_path_factory.mktemp("asked") / "mine")


@pytest.fixture(scope="session")
def text(asked, tmp_path_factory) -> str:
    """Its report."""
    return pl.report(asked, tmp_path_factory.mktemp("report") / "mine.html").read_text()


@pytest.fixture
def own(asked, tmp_path) -> Path:
    """A copy that may be changed."""
    return Path(shutil.copytree(asked, tmp_path / "mine"))


@pytest.fixture
def plain(monkeypatch) -> None:
    """Reports without figures, which take seconds each."""
    monkeypatch.setattr(pictures, "of_study", lambda found: ([], []))
    monkeypatch.setattr(pictures, "of_sweep", lambda found: [])
    monkeypatch.setattr(pictures, "of_run", lambda found: [])


def words(text: str) -> str:
    """What a reader sees of a page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_the_question_and_its_answer_stand_first_and_its_words_are_text(asked, text):
    head, _, rest = text.partition("</h1>")
    assert ASKED["title"] in unescape(head) and "<b>rat" not in text
    found = subject(asked)
    sentences = found.study.answer(found.dataset).found.splitlines()
    assert all(line in words(rest) for line in sentences if line)


def test_it_asks_nothing_of_any_network_and_is_small(text):
    loads = re.findall(r"""(?:src|href|data|action)\s*=\s*["']([^"'#][^"']*)""", text)
    assert {each.partition(":")[0] for each in loads} <= {"data"}
    assert not re.search(r"@import|url\((?!#)|fetch\(|XMLHttpRequest|<link[^>]*stylesheet", text)
    assert len(text.encode()) < MOST_BYTES


def test_no_two_elements_have_one_name_though_many_figures_stand_in_one_page(text):
    names = re.findall(r'\bid="([^"]+)"', text)
    assert len(names) == len(set(names)) and text.count("<svg") > 5
    linked = {*re.findall(r'(?:xlink:)?href="#([^"]+)"|url\(#([^)]+)\)', text)}
    assert {a or b for a, b in linked} <= {*names}


def test_every_number_that_a_run_used_is_there_those_first_that_rest_on_least(asked, text):
    found = subject(asked)
    numbers = used(found.groups(("numbers",))["numbers"], found.config)
    rank = [ORDER.index(n.status) for n in numbers]
    assert rank == sorted(rank)
    shown = re.findall(r"<tr><td><code>([^<]+)</code>", text)
    assert [unescape(name) for name in shown] == [n.name for n in numbers]


def test_the_numbers_are_those_that_the_id_of_the_run_is_made_of(asked):
    found = subject(asked)
    runs = found.study.plan(Options(seeds=1, scale=0.5, sheets=(found.study.sheet,)))
    (run,) = [r for r in runs if r.file == found.shown.name]
    numbers = used(found.groups(("numbers",))["numbers"], found.config)
    assert {n.name: n.value for n in numbers} == run.config.numbers()


def test_what_is_to_be_cited_are_the_sources_of_these_numbers_and_no_others(asked, text):
    found = subject(asked)
    numbers = used(found.groups(("numbers",))["numbers"], found.config)
    keys = {n.source for n in numbers} & {*citations()}
    listed = text[text.index('id="cite"') :]
    assert {*re.findall(r"^@\w+\{([^,]+),", unescape(listed), re.MULTILINE)} == keys
    assert {*references(numbers)} == keys and len(keys) > 3
    assert "kamp2020" not in keys  # a body that is no rat


def test_a_report_is_made_beside_the_runs_and_touches_nothing_else(call, own):
    before = {path.name: path.read_bytes() for path in own.iterdir()}
    code, out, err = call("report", own)
    assert (code, out, err) == (0, f"report: {own / 'report.html'}\n", "")
    after = {path.name: path.read_bytes() for path in own.iterdir()}
    assert is_report(own / "report.html") and after.pop("report.html") and after == before


def test_it_is_shown_in_a_browser_when_asked_and_named_where_none_starts(call, own, plain, monkeypatch):
    shown: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda where: shown.append(where) or len(shown) == 1)
    code, out, err = call("report", own, "--open")
    assert (code, err) == (0, "") and shown == [Path(out.split()[-1]).resolve().as_uri()]
    code, out, err = call("report", own, "--open")
    assert code == 0 and len(shown) == 2
    is_one_sentence(err, "no browser could be started", "report.html")


def test_one_run_has_a_report_of_its_own(call, own, plain):
    run = next(own.glob("*dose-10_seed-1_*.h5"))
    code, out, _ = call("report", run)
    assert (code, out) == (0, f"report: {run.with_suffix('.html')}\n")
    told = words(run.with_suffix(".html").read_text())
    assert "ketamine 10 mg/kg ip at 0 h, rat" in told and "One run, seed 1:" in told


def test_a_sweep_that_is_not_whole_says_so(tmp_path, plain):
    folder = asked_in(tmp_path / "part", seeds=(1, 2), missing=1, vary={})
    told = words(pl.report(folder).read_text())
    assert "Partial: 3 of 4 runs are there" in told


def test_runs_of_another_model_are_told_as_such_and_have_no_verdict(
    asked, text, tmp_path, monkeypatch, plain
):
    assert 'id="claims"' in text and "of another version" not in words(text)
    monkeypatch.setattr("prelimbic.experiments.reports.subject.MODEL_VERSION", 99)
    told = words(pl.report(asked, tmp_path / "x.html").read_text())
    assert "Computed by model version 6, not 99 as here" in told
    assert "verdicts of that version are not shown" in told
    claims = told[told.index("Published findings that bear on it") : told.index("Provenance", 2000)]
    assert not re.search(r"\b(holds|fails|inconclusive)\b", claims)


def test_an_older_layout_is_read_and_told(asked, tmp_path, monkeypatch, plain):
    monkeypatch.setattr("prelimbic.experiments.reports.subject.SCHEMA_VERSION", 5)
    assert "is of an older layout (schema 4, now 5)" in words(
        pl.report(asked, tmp_path / "x.html").read_text()
    )


def test_a_verdict_of_a_held_out_claim_is_shown_under_its_own_numbers_alone(own, monkeypatch):
    """A look with another hash, be it of other numbers or of another version of the model, is not shown."""
    monkeypatch.setattr(bears, "AS_USUAL", {})
    found = subject(own)
    (claim,) = [c for c in bears.all_claims(lambda why: None) if c.id == "V4m"]
    bench = bears._bench(found)
    mine = bench.frozen(claim.rests_on, claim.study, claim.needs)

    def looked(sheet_hash: str, verdict: str) -> None:
        cells = (claim.id, sheet_hash, "", "native", "10", "block", "1", "0.5", "1.5", verdict)
        lines = [",".join(ledger.COLUMNS), ",".join(cells)]
        (own.parent / ledger.NAME).write_text("\n".join(lines) + "\n")

    monkeypatch.setattr(bears, "SHIPPED", own / "none.csv")
    looked("0" * 64, "holds")
    assert [b.verdict for b in bears._judged([claim], found)] == [""]
    looked(mine, "fails")
    assert [(b.verdict, b.found) for b in bears._judged([claim], found)] == [
        ("fails", "block: 1 (0.5 to 1.5)")
    ]


def test_a_report_looks_at_no_held_out_claim(own, monkeypatch):
    asked: list[Claim] = []

    def heard(claims: list[Claim], bench: object) -> list[object]:
        asked.extend(claims)
        raise ClaimError("not asked here")

    monkeypatch.setattr(bears, "judge", heard)
    monkeypatch.setattr(bears, "AS_USUAL", {})
    assert len([*bears._judged(bears.all_claims(lambda why: None), subject(own))]) > 40
    assert asked and all(claim.role != "PRED" for claim in asked)
    assert not (own.parent / ledger.NAME).exists()


REFUSED = {
    "nothing there": ("none", "does not exist", FAILURE),
    "no run of ours": ("notes.h5", "is not an HDF5 file", FAILURE),
    "a part of a study": ("mine/study.json", "name that folder", USAGE),
    "a folder of nothing": ("empty", "is not the folder of a study", FAILURE),
    "several studies": (".", "name one of", USAGE),
}


@pytest.mark.parametrize(("path", "named", "code"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_run_and_no_study_is_refused_in_one_sentence(call, own, path, named, code):
    (own.parent / "notes.h5").write_text("mine")
    (own.parent / "empty").mkdir()
    before = sorted(own.parent.rglob("*"))
    found, out, err = call("report", own.parent / path)
    is_one_sentence(err, named)
    assert (found, out, sorted(own.parent.rglob("*"))) == (code, "", before)


@pytest.mark.slow
def test_another_file_in_its_place_stays(call, own, plain):
    theirs = own / "report.html"
    theirs.write_text("<p>my own notes</p>")
    code, out, err = call("report", own)
    is_one_sentence(err, "report.html", "is no report of prelimbic")
    assert (code, out, theirs.read_text()) == (USAGE, "", "<p>my own notes</p>")
    assert call("report", own, "--out", own.parent / "other.html")[0] == 0
    assert call("report", own, "--out", own.parent / "other.html")[0] == 0  # our own is replaced
    for wrong in ("other.pdf", "none/x.html"):
        code, _, err = call("report", own, "--out", own.parent / wrong)
        is_one_sentence(err, wrong)
        assert code in (USAGE, FAILURE)


def test_what_was_made_of_earlier_runs_goes_with_its_report_and_not_with_notes_of_that_name(tmp_path):
    (tmp_path / "report.html").write_bytes(b"<html><head>" + MARK)
    for name in ("question.png", "question.txt", "question_native.txt", "notes.txt"):
        (tmp_path / name).write_text("x")
    remove_made(tmp_path, ("question",), {"native"})
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    (tmp_path / "report.html").write_text("<p>mine</p>")
    remove_made(tmp_path, ("question",), {"native"})
    assert (tmp_path / "report.html").exists()


@pytest.mark.slow
def test_a_figure_has_what_it_shows_in_words_beside_it(asked, tmp_path):
    found = subject(asked)
    (path,) = found.study.draw(found.dataset, tmp_path)
    told = path.with_suffix(".txt").read_text()
    for each in ("Study mine", "sheet native", "2 seeds", "SD over", "rat", "spines per Pyr cell"):
        assert each in told
    alone = tmp_path / "alone"
    alone.mkdir()
    pl.plot(found.dataset.squeeze("sheet"), alone / "mine.png")
    assert [each.name for each in alone.iterdir()] == ["mine.png"]  # a figure of one's own is that file


def test_points_that_a_pointer_asks_say_what_was_computed(asked, text):
    panels = json.loads(re.search(r'id="panels">(.*?)</script>', text, re.DOTALL)[1])
    dataset = subject(asked).dataset.squeeze("sheet")
    (name,) = [each for each in panels if each.startswith("doses-")]
    spines = [line for p in panels[name] if p["y"].startswith("spines") for line in p["lines"]]
    means = dataset["spines"].sel(readout="24 h").mean("seed").values
    assert [line["y"] for line in spines] == [[f"{v:.4g}" for v in means]]
    assert spines[0]["x"] == ["0", "3", "10"]


def test_python_raises_what_the_command_says(tmp_path):
    with pytest.raises(RunError, match="does not exist"):
        pl.report(tmp_path / "none")
    with pytest.raises(UsageError, match="`path`"):
        pl.report(3)  # type: ignore[arg-type]
