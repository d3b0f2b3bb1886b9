"""Where this program is imported from, for the processes that it starts."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def import_path() -> str:
    """The PYTHONPATH with which a process finds what this one runs: the folder that holds the package, then
    the user's own.

    Of an installation that points into a checkout there is no such folder, and none is needed.  Relative
    folders are left out: another process may stand elsewhere.
    """
    package = Path(sys.modules["prelimbic"].__path__[0])
    own = [str(package.parent)] if package.name == "prelimbic" else []
    theirs = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if os.path.isabs(path)]
    return os.pathsep.join([*own, *(path for path in theirs if path not in own)])
