"""Links of pages that read on their own, as the site needs them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

OUT = re.compile(r"\]\(\.\./([^)#\s]+)(#[^)\s]*)?\)")
NAMED = re.compile(r'^<a id="([^"]+)"></a>\n', re.MULTILINE)
# A link whose text is the name of a page, which is what a reader of files needs.
BARE = re.compile(r"\[([\w-]+)\.md\]\((?=(?:\.\./)?\1\.md)")
FURTHER = "% pages that no list names"


def within(text: str) -> str:
    """A page of docs/, its links out of docs/ led to what is made, its own names made targets."""
    text = NAMED.sub(r"(\1)=\n", text)
    return OUT.sub(lambda found: f"]({_made(found[1])}{found[2] or ''})", text)


def titled(text: str, docs: Path) -> str:
    """Links that are called after a file, called after the title of its page."""
    return BARE.sub(lambda found: f"[{_title(docs / f'{found[1]}.md')}](", text)


def _title(page: Path) -> str:
    """What the first heading says, as far as a colon or a comma."""
    heading = page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
    return re.split(r"[:,]", heading)[0]


def _made(path: str) -> str:
    """Where in the site a file of the repository stands."""
    if path == "CHANGELOG.md":
        return "made/changelog.md"
    if path == "README.md":
        return "index.md"
    if path.startswith("notebooks/"):
        return f"made/notebooks/{Path(path).stem}.md"
    return f"made/files/{Path(path).name}"


def from_root(text: str) -> str:
    """A page of the repository's root, as it stands in docs/made/."""
    return text.replace("](docs/", "](../")


def downloads(docs: Path, root: Path) -> list[Path]:
    """Files outside docs/ that pages link to and that are no pages."""
    found = {
        match[1] for page in docs.glob("*.md") for match in OUT.finditer(page.read_text(encoding="utf-8"))
    }
    return [root / path for path in sorted(found) if _made(path).startswith("made/files/")]


def listed(index: str, pages: Iterable[str]) -> str:
    """The index with the pages that none of its lists names in the place that it keeps for them."""
    named = set(re.findall(r"^([\w/-]+)$", index, re.MULTILINE)) | {"index"}
    further = [page for page in pages if page not in named]
    return index.replace(FURTHER, "\n".join(further))
