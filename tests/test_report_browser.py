"""A report in a real browser: no error, all figures drawn, by keyboard, on a phone, in the dark, printed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import prelimbic as pl
from tests.reporting import asked_in

pytestmark = pytest.mark.slow
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = "axe-core@4.10.3"
SERIOUS = ("serious", "critical")
NARROW = {"width": 390, "height": 844}


def missing(why: str) -> None:
    """Skip, unless a browser is required."""
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="module")
def browser(tmp_path_factory) -> Iterator[Any]:
    """Debian's Chromium with an empty profile."""
    if CHROMIUM is None:
        missing("there is no chromium on the PATH")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not installed: pip install '.[browser]'")
    with sync_playwright() as made:
        profile = str(tmp_path_factory.mktemp("profile"))
        context = made.chromium.launch_persistent_context(
            profile, executable_path=CHROMIUM, headless=True, args=FLAGS
        )
        yield context
        context.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    """The report of a small question."""
    return pl.report(asked_in(tmp_path_factory.mktemp("browsed") / "mine"))


@pytest.fixture
def page(browser, report) -> Iterator[Any]:
    """The report, and in `said` what its console and the network were told."""
    opened = browser.new_page()
    opened.said = []
    opened.on("console", lambda each: opened.said.append(each.text))
    opened.on("pageerror", lambda error: opened.said.append(str(error)))
    opened.on(
        "request", lambda asked: opened.said.append(asked.url) if not _own(asked.url, report) else None
    )
    opened.goto(report.as_uri())
    yield opened
    opened.close()


def _own(url: str, report: Path) -> bool:
    return url == report.as_uri() or url.startswith("data:")


@pytest.fixture(scope="module")
def axe(tmp_path_factory) -> str:
    """The text of axe-core, from the registry of npm."""
    if shutil.which("npm") is None:
        missing("there is no npm, from which axe-core is installed")
    folder = tmp_path_factory.mktemp("axe")
    words = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), AXE]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    file = folder / "node_modules" / "axe-core" / "axe.min.js"
    if not file.is_file():
        missing(f"axe-core could not be installed: {done.stderr.strip()[:200]}")
    return file.read_text(encoding="utf-8")


def test_it_opens_without_an_error_and_asks_no_network(page):
    assert page.said == []
    figures = page.locator("figure.picture")
    assert figures.count() > 5
    for k in range(figures.count()):
        box = figures.nth(k).locator("svg, img").first.bounding_box()
        assert box and box["width"] > 200 and box["height"] > 100


def test_the_nearest_point_is_told_by_pointer_and_by_keys(page):
    figure = page.locator("figure.picture", has=page.locator("svg")).first
    frame, told = figure.locator(".frame"), figure.locator("output")
    frame.focus()
    page.keyboard.press("ArrowRight")
    first = told.inner_text()
    page.keyboard.press("ArrowRight")
    assert first and told.inner_text() not in ("", first)
    page.keyboard.press("ArrowDown")
    assert told.inner_text()
    doses = page.locator("figure[data-name^=doses]")
    doses.evaluate("each => each.scrollIntoView({block: 'start'})")
    panels = json.loads(page.locator("#panels").text_content())
    panel = panels[doses.get_attribute("data-name")][0]
    at = page.evaluate(
        """([name, [x, y]]) => { const svg = document.querySelector(`figure[data-name="${name}"] svg`);
        const box = svg.getBoundingClientRect(), [, , w, h] = svg.getAttribute('viewBox').split(/\\s+/);
        return [box.left + x * box.width / w, box.top + y * box.height / h]; }""",
        [doses.get_attribute("data-name"), panel["lines"][0]["at"][1]],
    )
    page.mouse.move(at[0] + 2, at[1] + 1)
    assert panel["lines"][0]["y"][1] in doses.locator("output").inner_text()


def test_figures_are_enlarged_and_shown_whole_again_by_keyboard(page):
    figure = page.locator("figure.picture", has=page.locator("svg")).first
    svg, before = figure.locator("svg"), figure.locator("svg").get_attribute("viewBox")
    figure.locator("[data-zoom=in]").focus()
    page.keyboard.press("Enter")
    assert float(svg.get_attribute("viewBox").split()[2]) == pytest.approx(0.7 * float(before.split()[2]))
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert [float(v) for v in svg.get_attribute("viewBox").split()] == [float(v) for v in before.split()]


def test_tables_sort_by_number_and_numbers_are_found_by_words(page):
    table = page.locator("table.numbers").first
    head = table.locator("th").nth(1).locator("button")
    head.focus()
    page.keyboard.press("Enter")
    values = [float(v.split()[0]) for v in table.locator("td:nth-child(2)").all_inner_texts()]
    assert values == sorted(values) and len(values) > 20
    page.keyboard.press("Enter")
    assert table.locator("th").nth(1).get_attribute("aria-sort") == "descending"
    page.locator("#find").fill("ketamine ic50")
    shown = page.locator("table.numbers tbody tr:visible td:first-child").all_inner_texts()
    assert shown and all("ketamine" in name and "ic50" in name for name in shown)
    assert page.locator("#found").inner_text() == f"{len(shown)} found"


def test_everything_that_can_be_pressed_is_reached_by_the_tab_key(page):
    wanted = page.locator("figure .frame, summary, th button, #find, nav a").count()
    reached = page.evaluate(
        """() => [...document.querySelectorAll('figure .frame, summary, th button, #find, nav a')]
        .filter((each) => each.tabIndex >= 0).length"""
    )
    assert reached == wanted > 20
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [NARROW, {"width": 1200, "height": 900}], ids=["phone", "desktop"])
def test_axe_finds_nothing_serious(page, axe, size, scheme):
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    page.evaluate(axe)
    found = page.evaluate("axe.run()")
    wrong = [(v["id"], v["nodes"][0]["html"][:120]) for v in found["violations"] if v["impact"] in SERIOUS]
    assert wrong == []


def test_on_a_phone_the_page_is_as_wide_as_the_screen_and_letters_are_large_enough(page):
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    smallest = page.evaluate(
        """() => Math.min(...[...document.querySelectorAll('figure svg text')]
        .filter((each) => each.textContent.trim()).map((each) => each.getBoundingClientRect().height))"""
    )
    assert smallest > 6.0


def test_printed_it_is_black_on_white_and_no_figure_is_cut(page):
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    page.set_viewport_size({"width": 720, "height": 1000})
    wide = page.evaluate(
        """() => [...document.querySelectorAll('figure svg')]
        .filter((each) => each.getBoundingClientRect().width > 720).length"""
    )
    assert wide == 0
    assert len(page.pdf()) > 10_000
