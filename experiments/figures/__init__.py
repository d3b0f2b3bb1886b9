"""Figures; the only room that draws with matplotlib.

A figure is the same whatever back-end, style or settings a user has chosen, and one that fails takes nothing
else with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from prelimbic.experiments.storage.files import StoreError, reason
from prelimbic.parameters.errors import RunError


class FigureError(RunError):
    """A figure that could not be drawn; what it would have shown is stored all the same."""


def drawing(module: str, function: str = "draw") -> Callable[..., Any]:
    """What draws in a module of this room, which is imported when it draws.  It raises FigureError, and
    StoreError.
    """

    def draw(*shown: Any) -> Any:
        try:
            with _plain(), _captions(shown[0] if shown else None):
                return getattr(import_module(f"prelimbic.experiments.figures.{module}"), function)(*shown)
        except StoreError:
            raise
        except Exception as error:  # of matplotlib, of fonts, of settings
            raise FigureError(
                f"figure {module} could not be drawn ({type(error).__name__}: {reason(error)})"
            ) from error

    return draw


def drawable(file: Path) -> bool:
    """Whether a figure can be written in the format that the name of a file ends with."""
    return file.suffix.lower() in (".png", ".svg", ".pdf")


def _captions(shown: Any) -> AbstractContextManager[None]:
    """Captions of what is drawn meanwhile tell of this dataset."""
    told: AbstractContextManager[None] = import_module("prelimbic.experiments.figures.captions").of(shown)
    return told


@contextmanager
def _plain() -> Iterator[None]:
    """matplotlib's own settings, in the meantime."""
    matplotlib = import_module("matplotlib")
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        yield
