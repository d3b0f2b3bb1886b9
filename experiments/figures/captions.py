"""What a figure shows, in words that are made from what was drawn: the caption beside its file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import xarray as xr

_shown: ContextVar[xr.Dataset | None] = ContextVar("shown", default=None)
FACTS = ("species", "doses", "bath", "baseline", "switches", "overrides", "manipulations", "inhibitors")
MOST = 200  # characters of a fact
SPREADS = ("SD", "95 %", "one seed")  # by which a figure says itself what its spread is


@contextmanager
def of(what: Any) -> Iterator[None]:
    """Captions of figures that are saved meanwhile tell of this dataset; of anything else nothing."""
    token = _shown.set(what if isinstance(what, xr.Dataset) else None)
    try:
        yield
    finally:
        _shown.reset(token)


def caption(figure: Any) -> str:
    """Title, panels with their axes and what is told apart in them, then study, sheets, seeds and spread."""
    title = ". ".join(" ".join(line.split()) for line in _suptitle(figure).splitlines() if line.strip())
    drawn = [title, *_panels(figure)]
    said = any(word in part for word in SPREADS for part in drawn)
    parts = [*drawn, *_data(_shown.get(), said)]
    return " ".join(f"{part.rstrip('.')}." for part in parts if part)


def _suptitle(figure: Any) -> str:
    found = figure.get_suptitle()
    if not found:
        found = "\n".join(legend.get_title().get_text() for legend in figure.legends)
    return str(found)


def _panels(figure: Any) -> Iterator[str]:
    """Each panel once, those with the same axes together; then what is told apart in them, once."""
    told: dict[str, list[str]] = {}
    apart: dict[str, None] = {}
    for axis in figure.axes:
        if not axis.get_visible() or not axis.has_data():
            continue
        alike = axis.get_shared_x_axes().get_siblings(axis)
        x = next((label for a in (axis, *alike) if (label := _one_line(a.get_xlabel()))), "")
        y = _one_line(axis.get_ylabel())
        heading = " ".join(filter(None, (_one_line(axis.get_title(loc)) for loc in ("left", "center"))))
        told.setdefault(f"{y} against {x}" if x and y else y or x, []).extend([heading] if heading else [])
        if labels := [_one_line(text) for text in axis.get_legend_handles_labels()[1]]:
            apart[", ".join(labels)] = None
    parts = [what + (f" [{', '.join(heads)}]" if heads else "") for what, heads in told.items() if what]
    if parts:
        yield f"{'Panels' if len(parts) > 1 else 'Shown'}: {'; '.join(parts)}"
    if apart:
        yield f"Told apart: {'; '.join(apart)}"


def _data(dataset: xr.Dataset | None, said: bool) -> Iterator[str]:
    """What the runs have in common; `said`: whether the figure says what its spread is."""
    if dataset is None:
        return
    about = dataset.attrs
    sheets = [str(s) for s in dataset["sheet"].values.ravel()] if "sheet" in dataset.coords else []
    yield f"Study {about['study']}" if "study" in about else ""
    yield f"Circuit sheet {', '.join(sheets)}" if sheets else ""
    for name in FACTS:
        if (value := str(about.get(name, "none"))) != "none" and len(value) < MOST:
            yield f"{name.capitalize()}: {value}"
    seeds = dataset.sizes.get("seed", 1)
    spread = "" if said else "; spread is SD over seeds"
    yield f"{seeds} seeds{spread}" if seeds > 1 else "One seed, no spread"
    there, planned = about.get("runs_there"), about.get("runs_planned")
    if there is not None and there != planned:
        yield f"Partial: {there} of {planned} runs were there"
    if "model_version" in about:
        yield f"Model version {about['model_version']}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
