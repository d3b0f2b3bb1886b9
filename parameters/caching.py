"""Where everything is kept that is made once and can be made again: compiled programs, numba's code, what
matplotlib remembers.

It stands in the lowest room because circuits, plasticity and experiments all ask it.
"""

from __future__ import annotations

import os
import stat
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from prelimbic.parameters import system

NAME = "prelimbic"
ADVICE = "set PRELIMBIC_CACHE to a folder that can be written and from which programs may run"
ROOM = 1 << 20  # bytes that must fit: a full disk or a used-up quota is seen before a compiler meets it


class CacheError(OSError):
    """There is no folder that could be a cache."""


@dataclass(frozen=True)
class Cache:
    """A folder, and a sentence where it is not the usual one."""

    folder: Path
    told: str = ""


def cache_folder() -> Path:
    """Where compiled programs and the like are kept; see `the_cache`.  Raises CacheError."""
    return the_cache().folder


def the_cache() -> Cache:
    """$PRELIMBIC_CACHE, as it is; else `prelimbic` in the user's cache folder; else, where that cannot be
    used, a folder among temporary files that is this user's alone, with a sentence.  Raises CacheError where
    there is none.
    """
    if asked := os.environ.get("PRELIMBIC_CACHE", "").strip():
        return Cache(_expanded(Path(asked)).resolve())
    return _first_usable(
        os.environ.get("XDG_CACHE_HOME", ""), os.path.expanduser("~"), tempfile.tempdir or ""
    )


def unusable(folder: Path) -> str:
    """Why a folder cannot be a cache; nothing where it can.  It is made if it is not there."""
    if reason := unwritable(folder):
        return reason
    return "no program may run there: it is mounted noexec" if system.runs_nothing(folder) else ""


def unwritable(folder: Path) -> str:
    """Why nothing of some size can be written into a folder, which is made if it is not there; nothing where
    it can.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(ROOM))
            probe.flush()
            os.fsync(probe.fileno())  # some shared folders tell of a used-up quota only now
    except (OSError, ValueError) as error:
        return str(getattr(error, "strerror", None) or error)
    return ""


@cache
def _first_usable(xdg: str, home: str, temporary: str) -> Cache:
    why = "there is no home folder"
    if os.path.isabs(xdg) or os.path.isabs(home):
        usual = (Path(xdg) if os.path.isabs(xdg) else Path(home) / ".cache") / NAME
        reason = unusable(usual)
        if not reason:
            return Cache(usual.resolve())
        why = f"{usual} cannot be used ({reason})"
    try:
        own = _own_temporary()
    except OSError as error:
        raise CacheError(f"{why}; {error}; {ADVICE}") from None
    if reason := unusable(own):
        raise CacheError(f"{why}; {own} cannot be used ({reason}); {ADVICE}")
    return Cache(
        own,
        f"{why}, so what is compiled is kept in {own}, which may not last; PRELIMBIC_CACHE names a better "
        "folder",
    )


def _own_temporary() -> Path:
    """A folder among temporary files that nobody but this user can write or could have put there.  Raises
    OSError.
    """
    base = Path(tempfile.gettempdir())
    state = base.stat()
    if state.st_mode & stat.S_IWOTH and not state.st_mode & stat.S_ISVTX:
        raise CacheError(f"in {base} anybody may rename what is another's")
    own = base / f"{NAME}-{os.geteuid()}"
    try:
        own.mkdir(mode=0o700)
    except FileExistsError:
        state = own.lstat()
        if (
            not stat.S_ISDIR(state.st_mode)
            or state.st_uid != os.geteuid()
            or stat.S_IMODE(state.st_mode) & 0o077
        ):
            raise CacheError(f"{own} is not a folder of this user alone") from None
    return own


def _expanded(path: Path) -> Path:
    """A path with the home folder for a tilde, if one is known."""
    return Path(os.path.expanduser(path))
