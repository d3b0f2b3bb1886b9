"""Verdicts of the model version before this one, kept as they were: what changed since, and which way."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prelimbic.experiments.claims.claim import Judged

BEFORE = 4  # the model version that the kept verdicts are of
KEPT = files("prelimbic.experiments") / f"verdicts-{BEFORE}.csv"
COLUMNS = ("claim", "role", "verdict", "drawn", "asked_since")


@dataclass(frozen=True)
class Kept:
    """A verdict of before: `drawn` is the share of circuits that showed the finding, `asked_since` how the
    claim is asked otherwise now; both may be empty.
    """

    claim: str
    role: str
    verdict: str
    drawn: str
    asked_since: str


def kept() -> tuple[Kept, ...]:
    """Every kept verdict, in the order of the board."""
    lines = KEPT.read_text(encoding="utf-8").splitlines()
    return tuple(Kept(**row) for row in csv.DictReader(lines))


def way(before: str, now: str) -> str:
    """In which direction a verdict went."""
    if before == now:
        return "as before"
    if now == "holds":
        return "towards holding"
    if before == "holds" or now == "fails":
        return "away from holding"
    return "towards holding" if before == "fails" else "away from holding"


def changes(board: Iterable[Judged]) -> Iterator[tuple[Kept, str, str]]:
    """Every kept verdict with that of now, and which way it went; of a claim that is asked no more or was
    not judged, neither.
    """
    now = {j.claim.id: j.verdict for j in board}
    for old in kept():
        verdict = now.get(old.claim, "")
        yield old, verdict, way(old.verdict, verdict) if verdict else ""
