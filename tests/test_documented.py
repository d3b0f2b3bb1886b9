"""Every block of code in README and docs is run, as it stands where that is quick, else in small; what is
not run is named here with its reason.
"""

from __future__ import annotations

import doctest
import re
import shlex
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import matplotlib
import pytest

from prelimbic.experiments.cli.command import cli
from prelimbic.patients.trial_file import trial_of
from prelimbic.simulation import planner, question, scenario
from prelimbic.simulation.written import question as asked_in
from tests.pages import COMPUTES, MADE_OF, PAGES, QUICK, READ, Block, Line, blocks, lines

# Blocks that are not run here, by page and a text in them, with the reason.
APART = {
    (
        "extend.md",
        "kind:python",
    ): "tests/test_extend.py and tests/test_additions.py put them where they belong",
    ("extend.md", "my_study.py"): "tests/test_extend.py runs the study of the page",
    ("extend.md", "ourdrug"): "needs the drug of the page, which tests/test_additions.py adds",
    ("extend.md", "--leak"): "needs the arm of the page, which is a change of four files",
    ("extend.md", "--cluster mine"): "needs the back-end of the page; tests/test_extend.py adds another",
    ("extend.md", "LAB1"): "needs the package of the page, which tests/test_extend.py installs",
    ("export.md", "kind:python"): "tests/test_export_snippets.py runs every snippet, on an export",
    ("report.md", "kind:python"): "tests/test_report.py and tests/test_compare.py do the same",
    ("export.md", "kind:other"): "as those of Python, where R and Octave are",
    ("*", "--cluster slurm"): "needs Slurm; tests/test_slurm_*.py run such lines on a real one",
    ("*", "-m venv"): "an installation; .ci/run does it",
    ("*", "source "): "an installation",
}
# Lines whose result takes minutes even in small: here they are planned (--list), not computed.
LONG = {
    "ablation_grid": "every inhibitor against every arm",
    "influence": "calibrates a circuit for each end of each number",
    "circuit_prior": "calibrates 450 circuits",
    "validation": "a thousand subjects for each published value",
    "physiology": "the rig holds cells one by one",
    "claims": "fifteen hundred runs",
    "calibrate": "finds background rates by tens of looks",
    "stress_rescue": "two months of looks",
}
# Pages whose lines are computed in small; those of the others are planned only, being the same commands.
COMPUTED = ("README.md", "tutorial.md", "ask.md", "questions.md", "trust.md")
SHORT = 0.1  # of each look
# What pages leave open, and twenty subjects in the place of a thousand.
STAND_INS = {"PATTERN": "ketamine", "NAME": "PV.fraction_2BD", "1000": "20"}
MANY = ("influence", "ablation_grid")  # studies whose list alone takes seconds


def apart(page: str, text: str, kind: str = "") -> bool:
    return any(where in (page, "*") and (has in text or has == f"kind:{kind}") for where, has in APART)


@pytest.fixture
def at_home(tmp_path, monkeypatch) -> Path:
    """An empty folder, as a reader begins in."""
    monkeypatch.chdir(tmp_path)
    matplotlib.use("agg")
    return tmp_path


@pytest.fixture
def in_small(monkeypatch) -> None:
    """Looks that are planned last a tenth; workers are handed what was planned."""
    whole = planner.looks_for_all

    def short(*words: Any, **named: Any) -> Any:
        return [replace(p, look_scale=SHORT * p.look_scale, rest=2.0) for p in whole(*words, **named)]

    for module in (planner, scenario, question):
        monkeypatch.setattr(module, "looks_for_all", short)


def kept(page: str, folder: Path) -> None:
    """The question that a page has as a file, as mine.toml; a plain one where it has none."""
    texts = [b.text for b in blocks(page) if b.language == "toml" and "[[arm]]" in b.text]
    (folder / "sheet.toml").write_text('[sheet]\ntitle = "mine"\nbased_on = "native"\n')
    plain = 'species = "mouse"\ngive = "10 mg/kg ip at 0h"\n\n[read]\ntimes = ["peak", "1h"]\n'
    (folder / "mine.toml").write_text(texts[0] if texts else plain)


def smaller(words: tuple[str, ...], folder: Path) -> list[str]:
    """The words of a line with one seed, half the cells and a folder that may be written."""
    found, skip = [], False
    for word in words:
        if not skip and word not in ("--seeds", "--scale", "--workers", "--plot"):
            found.append(word.replace("/shared/", f"{folder}/shared/"))
        skip = word in ("--seeds", "--scale", "--workers")
    how = ["--seeds", "1", "--workers", "1"]
    return [*found, *how] if found[0] == "trial" else [*found, *how, "--scale", "0.5"]


def told(line: Line, folder: Path) -> list[str]:
    """The words of a line that compute nothing: those of one that does ask for its list or its plan."""
    words = [word.replace("/shared/", f"{folder}/shared/") for word in line.words[1:]]
    words = [STAND_INS.get(word, word) for word in words]
    if "--sheet" in words:  # mine.toml is a question elsewhere
        words = [word.replace("mine.toml", "sheet.toml") for word in words]
    if "--write" in words:  # what is there is not written over
        words = [word.replace("mine.toml", f"line-{line.block.line}.toml") for word in words]
    if line.computes and words[0] in ("run", "ask"):
        share = words.index("--share") if "--share" in words else None
        words = words if share is None else words[:share] + words[share + 2 :]
        return [*words, "--list"] if words[0] == "run" else [*words, "--plan"]
    return words


def done(call: Callable[..., tuple[int, str, str]], words: list[str]) -> str:
    code, out, err = call(*words)
    assert code == 0, (words, out[-500:], err[-1500:])
    return out


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=() if page in COMPUTED else pytest.mark.slow)
        for page in PAGES
        if lines(page)
    ],
)
def test_every_command_of_a_page_is_taken_and_answers(page, call, at_home):
    kept(page, at_home)
    for line in lines(page):
        if apart(page, str(line)):
            continue
        assert line.ours, f"{line} is run by nothing; name it in APART with a reason"
        name = line.words[1]
        answers = name in (*QUICK, "claims", "run", "ask") and not {*MANY} & {*line.words}
        if not answers or (name == "claims" and line.computes):
            with click.Context(cli) as above:  # the words are read, nothing is begun
                command = cli.get_command(above, name)
                assert command is not None
                command.make_context(name, list(line.words[2:]), parent=above)
        elif name == "claims":
            code, out, err = call(*line.words[1:])
            assert out if code == 0 else "`prelimbic claims --run` computes it" in err, (str(line), err)
        else:
            done(call, told(line, at_home))


@pytest.mark.slow
@pytest.mark.parametrize("page", COMPUTED)
def test_a_page_is_computed_in_small_line_by_line(page, call, at_home, in_small):
    kept(page, at_home)
    for line in lines(page):
        if not line.ours or apart(page, str(line)) or {*LONG} & {*line.words[1:3]}:
            continue
        if line.computes:
            done(call, smaller(line.words[1:], at_home))
        elif line.words[1] in READ:
            folder = line.words[2].replace("/shared/", f"{at_home}/shared/")
            small = Path(f"{folder}-scale-0.5")  # where the same line in small has its runs
            folder = str(small) if small.exists() else folder
            if not Path(folder).exists():  # what makes it is run elsewhere
                makers = [other for other in lines(page) if line.words[2] in other.words[2:]]
                assert any(apart(page, str(other)) for other in makers), str(line)
                continue
            code, out, err = call(line.words[1], folder)
            assert code in (0, 1) and out, (str(line), err)  # 1: a share is not the whole
    if any("results/first" in block.text for block in pythons(page)):
        ran(page, at_home)


def pythons(page: str) -> list[Block]:
    return [b for b in blocks(page) if b.kind == "python" and not apart(page, b.text, "python")]


SIMULATES = re.compile(r"pl\.(sweep|simulate)\(|results/")


def ran(page: str, folder: Path) -> None:
    """The blocks of Python of a page, one after the other in one namespace, in small."""
    names: dict[str, Any] = {}
    for block in pythons(page):
        text = re.sub(r"seeds=\d+", "seeds=1", block.text)
        text = re.sub(r"workers=\d+", "workers=1", text).replace("population(1000", "population(20")
        for stem in re.findall(r'"(results/[\w-]+/[\w-]+)_[^"]*\.\.\.\.h5"', text):
            (path,) = folder.glob(f"{stem}_*.h5")
            text = re.sub(rf'"{stem}_[^"]*"', repr(str(path)), text)
        exec(compile(text, str(block), "exec"), names)


def quick(page: str) -> bool:
    return not any(SIMULATES.search(block.text) for block in pythons(page))


@pytest.mark.parametrize("page", [page for page in PAGES if pythons(page) and quick(page)])
def test_the_python_of_a_page_runs(page, at_home):
    ran(page, at_home)


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in PAGES if pythons(p) and not quick(p) and p != "tutorial.md"])
def test_the_python_of_a_page_that_simulates_runs_in_small(page, at_home, in_small, sweep):
    shutil.copytree(sweep, at_home / "results" / "dose_response")
    ran(page, at_home)


SESSIONS = [block for page in PAGES for block in blocks(page) if block.kind == "session"]


@pytest.mark.parametrize("block", SESSIONS, ids=str)
def test_a_session_of_python_prints_what_the_page_shows(block):
    # Blank lines between what is typed and what comes are for readers.
    text = re.sub(r"\n\n(?!>>>)", "\n", block.text)
    test = doctest.DocTestParser().get_doctest(text, {}, str(block), None, None)
    failures, tried = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test)
    assert tried and not failures


SHOWN = [block for page in PAGES for block in blocks(page) if block.kind == "shown"]


@pytest.mark.parametrize("block", SHOWN, ids=str)
def test_a_command_prints_what_the_page_shows_below_it(block, call):
    first, _, rest = block.text.partition("\n")
    out = done(call, shlex.split(first.removeprefix("$ "))[1:])
    # what reads a number, and which claims rest on it, grows with the code
    shown = " ".join(rest.partition("read by")[0].split())
    assert shown and shown in " ".join(out.split())


def test_every_block_is_of_a_kind_that_is_run_here_or_is_named_with_a_reason():
    for page in PAGES:
        for block in blocks(page):
            assert block.kind != "other" or apart(page, block.text, block.kind), (
                f"{block}: nothing runs {block.language}"
            )
        for line in lines(page):
            if line.ours and not apart(page, str(line)):
                known = line.words[1] in (*QUICK, *COMPUTES, *READ, *MADE_OF)
                assert known, f"{line}: tests/pages.py does not say whether that command is quick"


def test_every_block_of_data_is_read():
    found = [b for page in PAGES for b in blocks(page) if b.language == "toml"]
    assert found
    for block in found:
        data = tomllib.loads(block.text)
        if "subjects" in data:
            assert trial_of(data).arms, str(block)
        elif "arm" in data or "give" in data:
            assert asked_in(data).points(), str(block)


def test_what_is_not_run_is_still_there():
    texts = {page: [b.text for b in blocks(page)] for page in PAGES}
    for (where, has), reason in APART.items():
        there = [t for page, ts in texts.items() if where in (page, "*") for t in ts]
        assert reason and (has.startswith("kind:") or any(has in text for text in there)), (where, has)
    run = {line.words[2] for page in PAGES for line in lines(page) if line.ours and len(line.words) > 2}
    assert {*LONG} - {"claims", "calibrate"} <= run
