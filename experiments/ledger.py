"""The ledger of looks: under which numbers a held-out claim was ever held against the model.  Lines are added, never changed.

A held-out claim that was looked at under two sets of numbers is held out no more: the second may have been chosen by the first.
"""

from __future__ import annotations

import csv
import io
import subprocess
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from experiments.bench import ClaimError
from experiments.claims import Judged
from experiments.store import StoreError

COLUMNS = ("claim", "sheet_hash", "commit", "sheet", "seeds", "measure", "value", "low", "high", "verdict")
NAME = "ledger.csv"
SHIPPED = Path(str(files("experiments") / NAME))


def ledger_for(results: Path) -> Path:
    """The ledger that looks from here go into: that of the checkout we stand in, else one among the results."""
    top = _git("rev-parse", "--show-toplevel")
    own = Path(top) / "experiments" / NAME
    return own if top and own.exists() else results / NAME


def looks(*ledgers: Path) -> dict[str, set[str]]:
    """Sheet hashes under which each claim was looked at, by claim.  Raises ClaimError for a line that is no look."""
    found: dict[str, set[str]] = {}
    for path in {p.resolve() for p in ledgers if p.exists()}:
        for row in _rows(path):
            found.setdefault(row["claim"], set()).add(row["sheet_hash"])
    return found


def record(board: Iterable[Judged], path: Path) -> int:
    """Add every held-out claim whose pair of claim and sheet hash is new; returns how many.  Raises StoreError."""
    known, new = looks(SHIPPED, path), io.StringIO()
    lines = csv.writer(new, lineterminator="\n")
    commit = _git("rev-parse", "HEAD") + ("+changes" if _git("status", "--porcelain", "-uno") else "")
    fresh = [j for j in board if j.claim.role == "PRED" and j.sheet_hash not in known.get(j.claim.id, set())]
    for j in fresh:
        m = j.deciding
        numbers = [f"{v:.6g}" for v in (m.values.mean(), *m.interval)]
        lines.writerow([j.claim.id, j.sheet_hash, commit, j.sheet, j.seeds, m.name, *numbers, j.verdict])
    if fresh:
        _append(path, new.getvalue())
    return len(fresh)


def _append(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "a", encoding="utf-8") as handle:
            handle.write(text if handle.tell() else ",".join(COLUMNS) + "\n" + text)
    except OSError as error:
        raise StoreError(f"the look cannot be recorded in {path} ({error.strerror}), so it is not shown") from None


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error):
        raise ClaimError(f"ledger {path} cannot be read") from None
    for k, row in enumerate(rows, 2):
        if set(row) != set(COLUMNS) or not row["claim"] or len(row["sheet_hash"] or "") != 64:
            raise ClaimError(f"ledger {path}, line {k}: a look has the columns {', '.join(COLUMNS)}")
    return rows


def _git(*words: str) -> str:
    """What git says of the folder we stand in; nothing where it is no checkout."""
    try:
        return subprocess.run(["git", *words], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
