"""numba's decorator, with a place for what it compiles; the one module that imports numba.

Modules of kernels are imported in the functions that compute, so that whoever only reads or plans waits for
no compiler.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba import prange

from prelimbic.parameters import slow
from prelimbic.parameters.caching import CacheError, cache_folder, unwritable

__all__ = ["njit", "prange"]
config: Any = numba.config


def njit(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """`numba.njit`, kept on disk where anything can be kept."""

    def compiled(function: Callable[..., Any]) -> Any:
        folder, before = _folder(), config.CACHE_DIR
        config.CACHE_DIR = folder  # which a function keeps; others of this process have their own
        try:
            return numba.njit(cache=bool(folder) and options.get("inline") != "always", **options)(function)
        finally:
            config.CACHE_DIR = before

    return compiled


@cache
def _folder() -> str:
    """Where kernels of exactly these sources are kept, for numba looks at no other file than that of a
    function; or nothing.
    """
    files = [*sorted(Path(__file__).parent.glob("*.py")), Path(slow.__file__)]  # which lists the states
    sources = b"".join(path.read_bytes() for path in files)
    try:
        folder = cache_folder() / f"numba-{hashlib.sha256(sources).hexdigest()[:12]}"
    except CacheError:
        return ""
    return "" if unwritable(folder) else str(folder)
