"""numba's decorator, with a place for what it compiles; the one module that imports numba.

Modules of kernels are imported in the functions that compute, so that whoever only reads or plans waits for
no compiler.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
from numba import prange

from prelimbic.plasticity.kept import kernels

__all__ = ["njit", "prange"]
config: Any = numba.config


def njit(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """`numba.njit`, kept on disk where anything can be kept."""

    def compiled(function: Callable[..., Any]) -> Any:
        folder, before = kernels(), config.CACHE_DIR
        config.CACHE_DIR = folder  # which a function keeps; others of this process have their own
        try:
            return numba.njit(cache=bool(folder) and options.get("inline") != "always", **options)(function)
        finally:
            config.CACHE_DIR = before

    return compiled
