"""What a process of our own makes of where it was started: whatever the environment says, it computes, and
prints, the same.

It imports nothing that is slow, for every command begins here, and libraries read their settings when they
are imported.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
import warnings
from contextlib import chdir
from importlib import import_module

from prelimbic.parameters.caching import CacheError, cache_folder

# One thread a library: workers are processes, and a machine of many cores may not let a user have so many
# threads.
ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)
THEIRS = ("PYTHONWARNINGS", "NUMBA_DISABLE_JIT", "NUMBA_CACHE_DIR")  # meant for other programs, or harmful
SPELLED = {
    "±": "+-",
    "µ": "u",
    "μ": "u",
    "×": "x",
    "–": "-",
    "—": "-",
    "…": "...",
    "→": "->",
    "≤": "<=",
    "≥": ">=",
    "’": "'",
}
STOPPED = "stopped; finished runs are kept, the same command goes on from there"
QUIET = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)


def settle() -> None:
    """Make this process, which is a command line, one that can print and compute, and so those that it
    starts.
    """
    _open_all()
    codecs.register_error("prelimbic", _spelled)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="prelimbic")
    if "numpy" in sys.modules:  # a process of somebody else's
        return
    # it takes away the texts that help and libraries are made of
    if os.environ.pop("PYTHONOPTIMIZE", "") and sys.flags.optimize:
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    if "PYTHONWARNINGS" in os.environ or sys.warnoptions:
        warnings.resetwarnings()
        for kind in QUIET:
            warnings.simplefilter("ignore", kind)
        sys.warnoptions.clear()  # which processes of multiprocessing are given
    for name in THEIRS:
        os.environ.pop(name, None)
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))


def _open_all() -> None:
    """Open what was closed of standard input, output and error, lest a result file get their number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _spelled(error: UnicodeError) -> tuple[str, int]:
    """Characters that an output does not have, in those it has."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(SPELLED.get(c) or ascii(c)[1:-1] for c in missing), error.end


def settle_figures() -> None:
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
