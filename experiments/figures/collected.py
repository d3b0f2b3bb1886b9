"""Figures for a page: as SVG text in the place of files, with what a reader's pointer may ask of them."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np

MOST_SVG = 400_000  # characters; a larger figure goes into a page as pixels
MOST_POINTS = 240  # of a line that a pointer can ask
MOST_LINES = 24  # of a panel that a pointer can ask
PIXELS = 110  # an inch, of a figure in pixels
POINTS_AN_INCH = 72.0


@dataclass(frozen=True)
class Picture:
    """A figure as a page takes it: `svg`, whole and safe to stand in HTML beside others, or an image as a
    data URI in `image`; its size in points; `panels`, what a pointer may ask; and what is drawn, in words.
    """

    name: str
    svg: str
    image: str
    width: float
    height: float
    panels: list[dict[str, Any]]
    caption: str
    title: str = ""


_held: ContextVar[list[Picture] | None] = ContextVar("held", default=None)


@contextmanager
def collecting() -> Iterator[list[Picture]]:
    """What is saved meanwhile is not written but held, in the order in which it was drawn."""
    held: list[Picture] = []
    token = _held.set(held)
    try:
        yield held
    finally:
        _held.reset(token)


def collected(figure: Any, name: str, caption: str) -> bool:
    """Whether somebody collects figures; then this one is held."""
    held = _held.get()
    if held is None:
        return False
    held.append(picture(figure, f"{name}-{len(held)}", caption))
    return True


def picture(figure: Any, name: str, caption: str) -> Picture:
    """A figure of matplotlib as a page takes it."""
    from matplotlib import rc_context

    figure.set_dpi(POINTS_AN_INCH)
    width, height = (float(inches * POINTS_AN_INCH) for inches in figure.get_size_inches())
    written, image = BytesIO(), ""
    # text stays text, which readers select, search and hear; names in it depend on nothing but the figure's
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(written, format="svg", dpi=POINTS_AN_INCH, metadata={"Date": None})
    svg = written.getvalue().decode()
    if len(svg) > MOST_SVG:
        pixels = BytesIO()
        figure.savefig(pixels, format="png", dpi=PIXELS)
        svg, image = "", f"data:image/png;base64,{base64.b64encode(pixels.getvalue()).decode()}"
    return Picture(
        name, placed(svg, name), image, width, height, _panels(figure, height), caption, _title(figure)
    )


def placed(svg: str, name: str) -> str:
    """The element `svg` alone, with names of its own, black as the page's ink and no white behind."""
    inner = svg[svg.find("<svg") :].strip()
    inner = re.sub(r"<metadata>.*?</metadata>", "", inner, flags=re.DOTALL)
    inner = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", inner, count=1)
    inner = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", inner, count=1)
    inner = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', inner)
    inner = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", inner)
    inner = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', inner)
    inner = re.sub(r"#000000\b", "currentColor", inner)
    return re.sub(r"fill: #ffffff\b", "fill: none", inner)


def _title(figure: Any) -> str:
    return figure.get_suptitle() if hasattr(figure, "get_suptitle") else ""


def _panels(figure: Any, height: float) -> list[dict[str, Any]]:
    """Of every panel its place in the figure (points, from the upper left), its labels, and its lines: where
    their points lie and what they say.
    """
    found = []
    for axis in figure.axes:
        box = axis.get_window_extent()
        lines = [line for line in axis.lines if _says_something(line, axis)][:MOST_LINES]
        if not lines or not axis.get_visible():
            continue
        found.append(
            {
                "box": [round(v, 1) for v in (box.x0, height - box.y1, box.width, box.height)],
                "x": _ticks_label(axis.xaxis),
                "y": " ".join(axis.get_ylabel().split()),
                "lines": [_line(line, axis, height) for line in lines],
            }
        )
    return found


def _says_something(line: Any, axis: Any) -> bool:
    """Whether a line has data of the panel, and is no orientation across it."""
    x, y = np.asarray(line.get_xdata(orig=False)), np.asarray(line.get_ydata(orig=False))
    drawn = line.get_linestyle() not in ("None", "", " ") or line.get_marker() not in ("None", "", " ", None)
    return (
        drawn
        and line.get_transform() is not None
        and line.get_transform().contains_branch(axis.transData)
        and line.get_transform() == axis.transData
        and x.size == y.size > 0
        and x.dtype.kind in "iuf"
        and y.dtype.kind in "iuf"
    )


def _ticks_label(axis: Any) -> str:
    return " ".join(axis.get_label_text().split())


def _line(line: Any, axis: Any, height: float) -> dict[str, Any]:
    x, y = (np.asarray(v, dtype=float) for v in (line.get_xdata(orig=False), line.get_ydata(orig=False)))
    there = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    kept = there[:: max(1, -(-len(there) // MOST_POINTS))]
    with np.errstate(divide="ignore", invalid="ignore"):
        at = axis.transData.transform(np.column_stack([x[kept], y[kept]]))
    seen = np.isfinite(at).all(axis=1)
    named = {round(float(v), 9): t.get_text() for v, t in zip(*_ticks(axis), strict=False)}
    label = str(line.get_label())
    return {
        "label": "" if label.startswith("_") else " ".join(label.split()),
        "at": [[round(float(px), 1), round(float(height - py), 1)] for px, py in at[seen]],
        "x": [named.get(round(float(v), 9)) or f"{v:.4g}" for v in x[kept][seen]],
        "y": [f"{v:.4g}" for v in y[kept][seen]],
    }


def _ticks(axis: Any) -> tuple[Any, Any]:
    """Places along x that were given a name, and the names."""
    from matplotlib.ticker import FixedLocator

    if not isinstance(axis.xaxis.get_major_locator(), FixedLocator):
        return [], []
    return axis.get_xticks(), axis.get_xticklabels()
