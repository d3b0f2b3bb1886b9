"""The ledger of looks: under which numbers a held-out claim was ever held against the model.  Lines are
added, never changed.

Looks go into `ledger.csv` among the results, which is read together with the one that ships; that one is
written only when asked. A held-out claim that was looked at under two sets of numbers is held out no more:
the second may have been chosen by the first.
"""

from __future__ import annotations

import csv
import fcntl
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

from prelimbic.experiments.claims.bench import ClaimError
from prelimbic.experiments.claims.claim import Judged
from prelimbic.experiments.storage.files import StoreError, reading
from prelimbic.experiments.storage.provenance import git, git_state

COLUMNS = ("claim", "sheet_hash", "commit", "sheet", "seeds", "measure", "value", "low", "high", "verdict")
NAME = "ledger.csv"
TRACKED = (
    "ledger-6.csv"  # begun with model version 6; that of before, ledger.csv, is history and is not read
)
SHIPPED = Path(str(files("prelimbic.experiments") / TRACKED))


def ledger_of(results: Path) -> Path:
    """The ledger that looks go into, among the results."""
    return results / NAME


def tracked() -> Path | None:
    """The ledger of the checkout whose code runs, else of the one we stand in, if there is one."""
    tops = (git(SHIPPED.parent, "rev-parse", "--show-toplevel"), git(Path(), "rev-parse", "--show-toplevel"))
    return next(
        (path for top in tops if top and (path := Path(top) / "experiments" / TRACKED).exists()), None
    )


def looks(*ledgers: Path) -> dict[str, set[str]]:
    """Sheet hashes under which each claim was looked at, by claim.  Raises ClaimError for a line that is no
    look.
    """
    return _hashes(_all_rows(ledgers))


def record(board: Iterable[Judged], path: Path, *others: Path) -> list[str]:
    """Add looks at held-out claims whose hash, seeds or value are new to a ledger, to the one that ships and
    to others; returns a word on each.  Raises StoreError.
    """
    rows = _all_rows((SHIPPED, path, *others))
    before, known = _hashes(rows), {_identity(row) for row in rows}
    commit, changed = git_state(Path(__file__).resolve().parent)
    if changed == "yes":
        commit += "+changes"
    new = [row for j in board if j.claim.role == "PRED" and _identity(row := _row(j, commit)) not in known]
    if new:
        _append(path, new)
    return [f"{row['claim']}, {_meaning(row, before.get(row['claim'], set()))}" for row in new]


def _hashes(rows: list[dict[str, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["claim"], set()).add(row["sheet_hash"])
    return found


def _meaning(row: dict[str, str], before: set[str]) -> str:
    if not before:
        return "its first look"
    return (
        "the same numbers as before"
        if before <= {row["sheet_hash"]}
        else "under other numbers: from now on it counts as CAL"
    )


def _row(j: Judged, commit: str) -> dict[str, str]:
    m = j.deciding
    value, low, high = (f"{v:.4g}" for v in (m.values.mean(), *m.interval))
    seeds = str(j.seeds if j.claim.study else 0)
    cells = (j.claim.id, j.sheet_hash, commit, j.sheet, seeds, m.name, value, low, high, j.verdict)
    return dict(zip(COLUMNS, cells, strict=True))


def _identity(row: dict[str, str]) -> tuple[str, ...]:
    return tuple(row[column] for column in ("claim", "sheet_hash", "seeds", "value"))


def _append(path: Path, rows: list[dict[str, str]]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "a", 1 << 20, encoding="utf-8", newline="") as handle:
            with suppress(OSError):  # some shared folders know no locks; lines are added in one go
                fcntl.flock(handle, fcntl.LOCK_EX)
            lines = csv.DictWriter(handle, COLUMNS, lineterminator="\n")
            if handle.seek(0, os.SEEK_END) == 0:
                lines.writeheader()
            lines.writerows(rows)
    except OSError as error:
        raise StoreError(
            f"the look cannot be recorded in {path} ({error.strerror}), so it is not shown"
        ) from None


def _all_rows(ledgers: Iterable[Path]) -> list[dict[str, str]]:
    return [row for path in {p.resolve() for p in ledgers} for row in _rows(path)]


def _rows(path: Path) -> list[dict[str, str]]:
    """The looks in a ledger; none where there is no ledger.  Raises ClaimError and UnreadableError."""
    try:
        with reading(path):
            lines = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except (OSError, UnicodeDecodeError, csv.Error):
        raise ClaimError(f"ledger {path} cannot be read") from None
    for k, cells in enumerate(lines, 1):
        a_look = len(cells) == len(COLUMNS) and cells[0] and re.fullmatch("[0-9a-f]{64}", cells[1])
        if not (tuple(cells) == COLUMNS if k == 1 else a_look):
            raise ClaimError(f"ledger {path}, line {k}: a look has the columns {', '.join(COLUMNS)}")
    return [dict(zip(COLUMNS, cells, strict=True)) for cells in lines[1:]]
