"""States that several runs pass through, computed once: a run begins where the deepest of them ends that is
there, and leaves behind those that it passes first.

    states/KEY.state          a run in its middle (sweep.checkpoint), under a digest of all that led there
    states/jobs/KEY.running   one process computes the way there: a lease that it renews (sweep.marks)

The folder lies in the cache.  Nothing needs it: what is not there, or is not whole, is computed, and gives
the same to the last bit.  It may be removed at any time.  It is kept below a size: what was used longest ago
goes first.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from prelimbic import circuits, parameters, pharmacology, plasticity, simulation
from prelimbic.circuits import Numerics
from prelimbic.experiments.storage.files import StoreError, UnreadableError, sweep_stale
from prelimbic.experiments.sweep.kept import Arrays, made_by, read, write
from prelimbic.experiments.sweep.marks import BEAT_S, Marks
from prelimbic.experiments.sweep.study import StudyError
from prelimbic.parameters.caching import cache_folder
from prelimbic.simulation.config import Config
from prelimbic.simulation.trail import trail, untreated

FOLDER, STATE = "states", ".state"
SIZE = "PRELIMBIC_STATES"  # GB that the folder may take; 0: nothing is shared
USUAL_GB = 2.0
POLL_S = 0.2

Branches = dict[int, str]  # looks after which a state is worth keeping, with its key


def branches(configs: Sequence[Config]) -> list[Branches]:
    """For each of some runs, the looks after which others part from it, and the last before anything is
    given, where runs of other studies may.
    """
    trails = [trail(config) for config in configs]
    through = Counter(key for keys in trails for key in keys)
    found = []
    for config, keys in zip(configs, trails, strict=True):
        after = (*(through[key] for key in keys[1:]), 0)
        parting = {k for k, key in enumerate(keys) if through[key] > max(after[k], 1)}
        quiet = untreated(config)
        found.append({k: keys[k] for k in sorted(parting | ({quiet - 1} if quiet else set()))})
    return found


class Shelf:
    """The shared states of one machine code (`made` says which), as one process uses them."""

    def __init__(self, folder: Path, made: dict[str, str], room: float) -> None:
        self._folder, self._made, self._room = folder, made, room
        self._marks, self._leased, self._beaten = Marks(folder), "", 0.0

    def find(self, wanted: Branches, leaving: Callable[[], bool] = lambda: False) -> Arrays | None:
        """The state after the latest look of which there is one; where another process is on its way to a
        later one, that is waited for, unless we are `leaving()`.  The way to the next is leased then.
        """
        names = {look: self._name(key) for look, key in sorted(wanted.items(), reverse=True)}
        while True:
            for look, name in names.items():
                arrays = self._read(name, wanted[look])
                if arrays is not None:
                    self._lease(names, look)
                    return arrays
                if self._marks.renewed(name) and not leaving():
                    break
            else:
                self._lease(names, -1)
                return None
            time.sleep(POLL_S)

    def keep(self, wanted: Branches, look: int, made: Callable[[], Arrays]) -> None:
        """Leave the state after a look to others, unless it is there, and lease the way to the next."""
        name = self._name(wanted[look])
        path = self._folder / f"{name}{STATE}"
        with contextlib.suppress(StoreError, OSError):
            if not path.exists() and (arrays := made()):
                write(path, self._about(wanted[look]), arrays)
                self._make_room(path)
        self._lease({k: self._name(key) for k, key in wanted.items()}, look)

    def beat(self) -> None:
        """Renew the lease, if it is time to."""
        if self._leased and time.monotonic() - self._beaten > BEAT_S:
            self._beaten = time.monotonic()
            with contextlib.suppress(OSError, KeyError):
                self._marks.beat(self._leased, 0.0, 0.0)

    def leave(self) -> None:
        """Give the lease back."""
        name, self._leased = self._leased, ""
        with contextlib.suppress(OSError):
            self._marks.release(name)
            self._marks.tidy()

    def _lease(self, names: dict[int, str], look: int) -> None:
        """Tell others that the state after the first look after this one is being made."""
        self.leave()
        after = [k for k in names if k > look]
        with contextlib.suppress(OSError):
            if after and self._marks.hold(names[min(after)], 0.0):
                self._leased, self._beaten = names[min(after)], time.monotonic()

    def _read(self, name: str, key: str) -> Arrays | None:
        path = self._folder / f"{name}{STATE}"
        try:
            arrays = read(path, self._about(key))
        except UnreadableError:
            return None
        with contextlib.suppress(OSError):
            if arrays is None:
                path.unlink()  # it is not there, or damaged
            else:
                os.utime(path)
        return arrays

    def _make_room(self, newest: Path) -> None:
        """Remove what was used longest ago, until all takes no more than it may."""
        sweep_stale(self._folder)
        found = []
        for path in self._folder.glob(f"*{STATE}"):
            with contextlib.suppress(OSError):  # another process has removed it
                found.append((path.stat().st_mtime, path.stat().st_size, path))
        over = sum(size for _, size, _ in found) - self._room
        for _, size, path in sorted(found):
            if over > 0 and path != newest:
                path.unlink(missing_ok=True)
                over -= size

    def _about(self, key: str) -> dict[str, str]:
        return {"state": key} | self._made

    def _name(self, key: str) -> str:
        return hashlib.blake2b(repr(sorted(self._about(key).items())).encode(), digest_size=16).hexdigest()


def shelf(numerics: Numerics) -> Shelf | None:
    """The shared states of this machine's code; none where they are switched off or there is no place."""
    size = room()
    try:
        folder = cache_folder() / FOLDER
        if size == 0.0:
            return None
        folder.mkdir(parents=True, exist_ok=True)
        return Shelf(folder, made_by(numerics) | {"code": _code()}, size)
    except OSError:
        return None


def room() -> float:
    """Bytes that shared states may take.  Raises StudyError."""
    asked = os.environ.get(SIZE, "").strip() or str(USUAL_GB)
    try:
        found = float(asked)
    except ValueError:
        found = -1.0
    if not 0.0 <= found < float("inf"):
        raise StudyError(f"{SIZE} is {asked!r} but must be a number of GB, 0 for none")
    return found * 1e9


@cache
def _code() -> str:
    """Digest of all that computes a run: one that is edited finds none of its old states."""
    rooms = [
        Path(str(module.__file__)).parent
        for module in (parameters, pharmacology, circuits, plasticity, simulation)
    ]
    texts = (path for room in rooms for end in ("py", "h") for path in sorted(room.rglob(f"*.{end}")))
    return hashlib.sha256(b"".join(path.read_bytes() for path in texts)).hexdigest()
