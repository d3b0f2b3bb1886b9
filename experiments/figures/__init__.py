"""Figures; the only room with matplotlib.

A figure is the same whatever back-end, style or settings a user has chosen, and one that fails takes nothing
else with it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from importlib import import_module
from typing import Any

from prelimbic.experiments.storage.files import StoreError, reason
from prelimbic.parameters.caching import CacheError, cache_folder


class FigureError(RuntimeError):
    """A figure that could not be drawn; what it would have shown is stored all the same."""


def drawing(module: str, function: str = "draw") -> Callable[..., Any]:
    """What draws in a module of this room, which is imported when it draws.  It raises FigureError, and
    StoreError.
    """

    def draw(*shown: Any) -> Any:
        try:
            with _plain():
                return getattr(import_module(f"prelimbic.experiments.figures.{module}"), function)(*shown)
        except StoreError:
            raise
        except Exception as error:  # of matplotlib, of fonts, of settings
            raise FigureError(
                f"figure {module} could not be drawn ({type(error).__name__}: {reason(error)})"
            ) from error

    return draw


def settle() -> None:
    """Keep the settings of a user from matplotlib, for this process and those it starts; both must be of our
    own.
    """
    if "matplotlib" in sys.modules:
        return
    os.environ["MPLBACKEND"] = "agg"
    os.environ.pop("MATPLOTLIBRC", None)
    try:
        os.environ["MPLCONFIGDIR"] = str(cache_folder() / "matplotlib")
    except CacheError:
        os.environ.pop("MPLCONFIGDIR", None)
    if os.path.lexists("matplotlibrc"):  # which comes before all others, and may be none that can be read
        with chdir("/"):
            import_module("matplotlib")


@contextmanager
def _plain() -> Iterator[None]:
    """matplotlib's own settings, in the meantime."""
    matplotlib = import_module("matplotlib")
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        yield
