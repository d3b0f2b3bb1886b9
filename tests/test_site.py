"""The site: its pages are complete, their numbers those of the pages that they name, and it is built without
a warning.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import prelimbic as pl
from prelimbic.experiments.studies.registry import SHIPPED
from prelimbic.parameters.sheet import SHEETS
from tests.pages import PAGES, ROOT

DOCS = ROOT / "docs"
FIGURES = tomllib.loads((DOCS / "figures.toml").read_text())["figure"]
NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?:e-\d+)?")
SMALL = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "thirteen": 13,
}


# Figures


def test_every_figure_of_a_study_is_in_the_gallery_once():
    drawn = [path.name for path in DOCS.glob("*.png")]
    assert sorted(figure["file"] for figure in FIGURES) == sorted(drawn)


def test_a_figure_says_which_command_makes_it_and_of_which_version_it_is():
    now = tuple(map(int, pl.__version__.split(".")[:2])) if pl.__version__[0] != "0+" else (99,)
    sheets = {path.stem for path in SHEETS.glob("*.toml")}
    for figure in FIGURES:
        words = figure["command"].split()
        assert words[0] == "prelimbic", figure["file"]
        assert words[1] == "ask" or (words[1:3] == ["run", figure["study"]] and figure["study"] in SHIPPED)
        assert tuple(map(int, figure["version"].split("."))) <= now, figure["file"]
        assert {s.strip() for s in figure["sheet"].split(",") if s} <= sheets, figure["file"]
        assert f"]({figure['file']})" in (DOCS / figure["page"]).read_text(), figure["file"]


# Numbers of pages that sum up


def said(page: str) -> str:
    return (DOCS / page).read_text() if (DOCS / page).exists() else ""


def claims_of(page: str) -> list[tuple[str, str]]:
    """Sentences of a page that link to others, with all that these others say."""
    found = []
    for line in PAGES[page].read_text().split("\n"):
        linked = re.findall(r"\]\(([\w.]+\.md)(?:#[^)]*)?\)", line)
        if linked and not line.startswith((" ", "#")):
            found.append((re.sub(r"\]\([^)]*\)|`[^`]*`", "", line), " ".join(map(said, linked))))
    return found


@pytest.mark.parametrize("page", ["trust.md", "questions.md"])
def test_every_number_of_a_summary_stands_in_the_page_that_its_line_names(page):
    compared = 0
    for line, sources in claims_of(page):
        told = {float(n.replace(",", "")) for n in NUMBER.findall(sources)}
        told |= {number for word, number in SMALL.items() if re.search(rf"\b{word}\b", sources, re.I)}
        for text in NUMBER.findall(line):
            assert float(text.replace(",", "")) in told, (page, text, line)
            compared += 1
    assert compared > (30 if page == "trust.md" else 1)


def test_the_verdicts_of_the_summary_are_those_of_the_page_of_claims():
    board = re.search(r"^\*\*(PRED: .*?)\*\*", (DOCS / "claims.md").read_text(), re.M)
    tally = {
        role.strip(): {verdict: int(number) for number, verdict in re.findall(r"(\d+) ([a-z ]+)", told)}
        for role, told in (part.split(":") for part in board[1].rstrip(".").split(";"))
    }
    word = {number: text for text, number in SMALL.items()}
    pred, cal = (
        {"all": str(sum(tally[role].values()))} | {k: word[n] for k, n in tally[role].items()}
        for role in ("PRED", "CAL")
    )
    page, first = PAGES["trust.md"].read_text(), PAGES["questions.md"].read_text()
    held = re.search(r"Held-out findings.*?of (\w+), (\w+) hold", page)
    assert held and held.groups() == (pred["all"], pred["holds"])
    failed = re.search(r"(\w+) of (\w+) held-out findings\*\*, and (\w+) are open", page)
    assert failed and failed[1].lower() == pred["fails"]
    assert failed.groups()[1:] == (pred["all"], pred["inconclusive"])
    tuned = re.search(r"of the (\w+) that .*?\(CAL\), (\w+) hold, (\w+) fail and (\w+) are open", page)
    assert tuned and tuned.groups() == (cal["all"], cal["holds"], cal["fails"], cal["inconclusive"])
    short = re.search(r"Of (\w+) held-out ones, (\w+);", first)
    assert short and short.groups() == (pred["all"], pred["holds"])


def test_the_summary_counts_the_numbers_as_they_are():
    every = pl.numbers()
    told = re.search(r"Of some ([\d,]+) numbers (\d+) are measured", PAGES["trust.md"].read_text())
    assert told and abs(int(told[1].replace(",", "")) / len(every) - 1) < 0.05
    assert abs(int(told[2]) - int((every["status"] == "measured").sum())) <= 5
    assert 0.6 < (every["status"] == "assumed").mean() < 0.73


# The questions of a newcomer


def test_there_are_ten_questions_each_with_a_line_to_try_and_a_page_to_read():
    parts = re.split(r"^## (\d+)\. ", PAGES["questions.md"].read_text(), flags=re.MULTILINE)[1:]
    assert [int(number) for number in parts[::2]] == [*range(1, 11)]
    for text in parts[1::2]:
        title, _, answer = text.partition("\n")
        assert title.endswith("?") and len(answer.split()) < 150, title
        assert re.search(r"^    prelimbic |^```python", answer, re.MULTILINE), title
        assert ".md" in answer, title


# The site itself


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The site, built as the project says."""
    pytest.importorskip("sphinx")
    pytest.importorskip("myst_parser")
    pytest.importorskip("furo")
    out = tmp_path_factory.mktemp("site")
    words = [
        "-m",
        "sphinx",
        "-W",
        "--keep-going",
        "-q",
        "-b",
        "html",
        "-d",
        f"{out}/trees",
        str(DOCS),
        f"{out}/html",
    ]
    built = subprocess.run([sys.executable, *words], capture_output=True, text=True)
    assert built.returncode == 0, built.stderr[-3000:]
    return out / "html"


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_has_every_page(site):
    for page in PAGES:
        if page != "README.md":
            assert (site / f"{Path(page).stem}.html").is_file(), page
    assert len(list((site / "made").glob("sheet-*.html"))) == len({*pl.numbers()["sheet"]})


@pytest.mark.slow
def test_the_site_has_every_public_name_every_number_and_every_study(site):
    names = (site / "made" / "names.html").read_text()
    assert all(f'id="{name.lower()}"' in names for name in pl.__all__)
    for sheet, rows in pl.numbers().groupby("sheet"):
        page = (site / "made" / f"sheet-{sheet}.html").read_text()
        assert page.count("<tr") >= len(rows), sheet
        assert {*re.findall(r">(\w+)</span></code>", page)} >= {*rows["row"]}, sheet
    gallery = (site / "made" / "gallery.html").read_text()
    assert all(f"<h2>{name}<" in gallery for name in SHIPPED)


@pytest.mark.slow
def test_no_page_asks_another_machine_for_anything(site):
    loads = re.compile(r'<(?:script|link|img|iframe)[^>]*(?:src|href)="(?:https?:)?//')
    assert not [path.name for path in site.rglob("*.html") if loads.search(path.read_text())]


@pytest.mark.slow
def test_every_line_of_the_circuits_equations_is_on_the_page_of_equations(site):
    from prelimbic.circuits import methods_text

    page = (site / "made" / "equations.html").read_text()
    text = re.sub(r"\n +", " ", methods_text(True))
    written = [line for line in text.split("\n") if re.match(r"^(\w+|d\w+/dt) (=|\+=|-=) ", line)]
    assert page.count("<math ") == len(written) + 1  # and the threshold
    for line in written:
        right = line.partition("= ")[2].partition(" :")[0]
        for name in {*re.findall(r"\b[A-Za-z]\w*", right)} - {"exp", "int", "sum", "over", "of"}:
            head = name.partition("_")[0].replace("tau", "τ")
            assert f"<mi>{head}</mi>" in page, line


@pytest.mark.slow
def test_words_of_the_glossary_lead_to_their_place_in_it(site):
    glossary = (site / "glossary.html").read_text()
    places = {*re.findall(r'id="(word-[^"]+)"', glossary)}
    led = {
        w
        for path in site.rglob("*.html")
        for w in re.findall(r'glossary\.html#(word-[^"]+)"', path.read_text())
    }
    assert len(led) > 15 and led <= places


@pytest.mark.slow
def test_the_search_knows_words_of_the_field_and_numbers_of_the_model(site):
    index = (site / "searchindex.js").read_text()
    assert all(
        re.search(rf'"{word}":', index) for word in ("esketamin", "bdnf", "slurm", "fraction_2bd", "surg")
    )
