"""Figures; the only room with matplotlib.

A figure is the same whatever back-end, style or settings a user has chosen, and one that fails takes nothing else with it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from importlib import import_module
from typing import Any

from experiments.files import StoreError, reason
from parameters.caching import CacheError, cache_folder


class FigureError(RuntimeError):
    """A figure that could not be drawn; what it would have shown is stored all the same."""


def drawing(module: str, function: str = "draw") -> Callable[..., Any]:
    """What draws in a module of this room, which is imported when it draws.  It raises FigureError, and StoreError."""

    def draw(*shown: Any) -> Any:
        try:
            with _plain():
                return getattr(import_module(f"experiments.figures.{module}"), function)(*shown)
        except StoreError:
            raise
        except Exception as error:  # of matplotlib, of fonts, of settings
            raise FigureError(f"figure {module} could not be drawn ({type(error).__name__}: {reason(error)})") from error

    return draw


def settle() -> None:
    """Keep the settings of a user from matplotlib, for this process and those it starts; both must be of our own."""
    if "matplotlib" in sys.modules:
        return
    os.environ["MPLBACKEND"] = "agg"
    os.environ.pop("MATPLOTLIBRC", None)
    try:
        os.environ["MPLCONFIGDIR"] = str(cache_folder() / "matplotlib")
    except CacheError:
        os.environ.pop("MPLCONFIGDIR", None)
    if os.path.lexists("matplotlibrc"):  # which comes first, and may be none that can be read
        _imported_elsewhere()


@contextmanager
def _plain() -> Iterator[None]:
    """matplotlib's own settings, in the meantime."""
    try:
        matplotlib = import_module("matplotlib")
    except Exception:  # what the user has set cannot be read
        before = os.environ.copy()
        settle()
        matplotlib = _imported_elsewhere()
        os.environ.clear()
        os.environ.update(before)
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        yield


def _imported_elsewhere() -> Any:
    """matplotlib, imported where it finds no settings."""
    with chdir("/"):
        return import_module("matplotlib")
