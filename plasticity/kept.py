"""Where compiled kernels are kept, and whether all of them are: told without numba, which takes a second to
import.
"""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

from prelimbic.parameters import slow, system
from prelimbic.parameters.caching import CacheError, cache_folder, unwritable


@cache
def kernels() -> str:
    """Where kernels of exactly these sources are kept, for numba looks at no other file than that of a
    function; or nothing.
    """
    sources = b"".join(path.read_bytes() for path in _sources())
    try:
        folder = cache_folder() / f"numba-{hashlib.sha256(sources).hexdigest()[:12]}"
    except CacheError:
        return ""
    return "" if unwritable(folder) else str(folder)


def are_there() -> bool:
    """Whether all kernels were compiled for this very installation and processor; where they are gone
    nonetheless, they are compiled by whoever needs them.
    """
    return bool(kernels()) and _mark().exists()


def note() -> None:
    """All kernels are there now."""
    if kernels():
        with suppress(OSError):
            _mark().touch()


def _mark() -> Path:
    """A file named by all that numba's code is made for, besides the sources: it keeps them by their place
    and time, too.
    """
    stamps = [(str(path), path.stat().st_mtime_ns) for path in _sources()]
    own = [
        (k, v) for k, v in sorted(os.environ.items()) if k.startswith("NUMBA_") and k != "NUMBA_NUM_THREADS"
    ]
    made_for = [sys.version, version("numba"), version("llvmlite"), system.processor(), own, stamps]
    return Path(kernels()) / f"all-{hashlib.sha256(repr(made_for).encode()).hexdigest()[:16]}"


def _sources() -> list[Path]:
    return [*sorted(Path(__file__).parent.glob("*.py")), Path(slow.__file__)]  # which lists the states
