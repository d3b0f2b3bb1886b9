"""The glossary: each word a target, and each page's first use of a word a link to it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes

GLOSSARY = Path(__file__).resolve().parents[1] / "glossary.md"
ENTRY = re.compile(r"^\*\*([^*]+?)\.\*\*", re.MULTILINE)
# Words that everybody uses in another sense too: pages link to them by hand.
EVERYDAY = {
    "Arm", "Axis", "Block", "Board", "Circuit", "Claim", "Contact", "Dose", "Drive", "Driver", "Exposure",
    "Folder", "Frozen", "Lock", "Look", "Population", "Portable", "Prior", "Protocol", "Question", "Role",
    "Run", "Scenario", "Share", "Sheet", "Site", "Status", "Study", "Switch", "Target", "Unbound", "Window",
    "Worker", "Link", "Report", "Statement", "Comparison", "Seed", "Stride", "True by construction",
    "Affinity", "Override", "Bath",
}  # fmt: skip
SILENT = (
    nodes.literal,
    nodes.literal_block,
    nodes.reference,
    nodes.title,
    nodes.raw,
    nodes.term,
    nodes.thead,
)


def target(word: str) -> str:
    """The name of a word's place in the glossary."""
    return "word-" + re.sub(r"\W+", "-", word.lower()).strip("-")


def anchored(glossary: str) -> str:
    """The glossary with a target before each entry."""
    return ENTRY.sub(lambda found: f"({target(found[1])})=\n{found[0]}", glossary)


@cache
def known() -> dict[str, str]:
    """Every word that is linked by itself, lower case, and its target."""
    entries = ENTRY.findall(GLOSSARY.read_text(encoding="utf-8"))
    return {word.lower(): target(word) for word in entries if word not in EVERYDAY}


def link(app: Any, tree: nodes.document, page: str) -> None:
    """Make a page's first use of each word a link."""
    if page == "glossary" or app.builder.format != "html":
        return
    left = dict(known())
    there = app.builder.get_relative_uri(page, "glossary")
    for text in list(tree.findall(nodes.Text)):
        if left and not _within(text, SILENT):
            _replace(text, left, there)


def _within(node: nodes.Node, kinds: tuple[type, ...]) -> bool:
    while node.parent is not None:
        node = node.parent
        if isinstance(node, kinds):
            return True
    return False


def _replace(text: nodes.Text, left: dict[str, str], there: str) -> None:
    """Links in the place of the words of one text that are left; what is found is left no longer."""
    words = "|".join(re.escape(word) for word in sorted(left, key=len, reverse=True))
    parts: list[nodes.Node] = []
    rest = str(text)
    while left and (found := re.search(rf"\b({words})s?\b", rest, re.IGNORECASE)):
        name = left.pop(found[1].lower(), None)
        if name is None:
            parts.append(nodes.Text(rest[: found.end()]))
        else:
            parts.append(nodes.Text(rest[: found.start()]))
            link = nodes.reference(
                found[0], found[0], internal=True, refuri=f"{there}#{name}", classes=["word"]
            )
            parts.append(link)
        rest = rest[found.end() :]
    if parts:
        text.parent.replace(text, [*parts, nodes.Text(rest)])
