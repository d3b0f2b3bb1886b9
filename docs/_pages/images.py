"""Figures that open in full: a phone shows them small."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from docutils import nodes


def link(app: Any, tree: nodes.document, page: str) -> None:
    """Make every image of a page a link to its file."""
    if app.builder.format != "html":
        return
    up = "../" * page.count("/")
    for image in list(tree.findall(nodes.image)):
        if not isinstance(image.parent, nodes.reference):
            file = f"{up}_images/{PurePosixPath(image['uri']).name}"
            opened = nodes.reference("", "", internal=True, refuri=file)
            image.replace_self(opened)
            opened += image
