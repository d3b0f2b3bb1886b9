"""Pages of the site that are made from the code, the sheets and the notebooks, and links of the others.

A page of docs/ reads on its own, with relative links.  What is made stands in docs/made/ while the site is
built, and is in no commit.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from _pages import equations, gallery, images, links, names, notebooks, sheets, words

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
MADE = DOCS / "made"


def make(app: Any) -> None:
    """Write every page that is made."""
    shutil.rmtree(MADE, ignore_errors=True)
    pages = {
        "equations": equations.page(),
        "gallery": gallery.page(DOCS / "figures.toml"),
        "names": names.page(),
        **sheets.pages(),
        **notebooks.pages(ROOT / "notebooks"),
        "changelog": links.from_root((ROOT / "CHANGELOG.md").read_text(encoding="utf-8")),
    }
    for name, text in pages.items():
        path = MADE / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(links.titled(text, DOCS), encoding="utf-8")
    for source in links.downloads(DOCS, ROOT):
        target = MADE / "files" / source.name
        target.parent.mkdir(exist_ok=True)
        shutil.copy(source, target)


def adapt(app: Any, name: str, source: list[str]) -> None:
    """A page of docs/ as the site has it: its links out of docs/ lead to what is made of their targets."""
    if not name.startswith("made/"):
        source[0] = links.titled(links.within(source[0]), DOCS)
    if name == "index":
        source[0] = links.listed(source[0], sorted(path.stem for path in DOCS.glob("*.md")))
    if name == "glossary":
        source[0] = words.anchored(source[0])


def setup(app: Any) -> dict[str, bool]:
    """What Sphinx calls."""
    app.connect("builder-inited", make)
    app.connect("source-read", adapt)
    app.connect("doctree-resolved", words.link)
    app.connect("doctree-resolved", images.link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
