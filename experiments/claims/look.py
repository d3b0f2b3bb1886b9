"""Look at claims: judge them by stored runs, and record every look at a held-out one before it is shown."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from prelimbic.experiments.claims import ledger
from prelimbic.experiments.claims.bench import FEWEST_SEEDS, Bench, ClaimError
from prelimbic.experiments.claims.board import find_claims
from prelimbic.experiments.claims.claim import Claim, Judged, Measure, judge
from prelimbic.experiments.claims.recorded import NAME, record
from prelimbic.experiments.studies.registry import SHIPPED
from prelimbic.experiments.sweep.study import DEFAULT_SHEET
from prelimbic.parameters import circuit_sheet
from prelimbic.parameters.errors import UsageError
from prelimbic.parameters.plain import path, whole
from prelimbic.simulation.overrides import Overrides, settled
from prelimbic.simulation.scenario import named_sheet

MOST_SEEDS = 2**32


class NotJudgedWarning(UserWarning):
    """Claims that were asked for with all others and whose study is missing, or that cannot be asked."""


@dataclass(frozen=True)
class Board:
    """Claims that were judged, and why others were not, by id."""

    judged: list[Judged]
    left_out: dict[str, str]


def look(
    claims: list[Claim],
    bench: Bench,
    *,
    named: bool,
    for_all: bool = False,
    tell: Callable[[str], None] = lambda what: None,
) -> Board:
    """Judge claims and record the looks at held-out ones: among the results, or `for_all` in the ledger of
    the checkout, whose record of verdicts is then brought up to date too.

    Claims whose study is missing, or that cannot be asked, are left out, and `tell` hears why, unless they
    were `named`: then they are an error.  Raises ClaimError and StoreError.
    """
    own, checkout = ledger.ledger_of(bench.results), ledger.tracked()
    both = (own,) if checkout is None else (own, checkout)
    before = ledger.looks(ledger.SHIPPED, *both)
    judged, left_out = list[Judged](), dict[str, str]()
    for claim in claims:
        try:
            judged += judge([claim], bench, lambda id: before.get(id, set()))
        except UsageError as error:
            if named or not (isinstance(error, ClaimError) or claim.study not in SHIPPED):
                raise
            left_out[claim.id] = str(error)
            tell(f"{claim.id} not judged: {error}")
    target, others = (checkout, ()) if for_all and checkout else (own, both[1:])
    if for_all and checkout:
        record(judged, checkout.with_name(NAME))
    for line in ledger.record(judged, target, *others):
        tell(f"recorded in {target}: {line}")
    return Board(judged, left_out)


def claims(
    *ids: str,
    results: str | os.PathLike[str] = "results",
    sheet: str | os.PathLike[str] = DEFAULT_SHEET,
    seeds: int = 10,
    overrides: Mapping[str, float] | Overrides = (),
) -> pd.DataFrame:
    """Published findings held against the model, one row a measure: those of some `ids`, such as
    "V4c", or all.

    They are judged on a circuit `sheet`, with `overrides` as in Scenario, by the runs that stand in the
    studies' folders in `results`, of at most so many `seeds`; nothing is computed.  A look at a
    held-out finding is recorded in ledger.csv of `results`, as by the command: under a second set of numbers
    it ceases to be held out there.

    Columns: `id`, `role` (CAL may be tuned on, PRED is held out, CTRL is a controversy, STRUCT is true by
    construction), `verdict` of the finding, `statement`, `source` (the key of the reference), `protocol`,
    `measure` with its own `measure_verdict`, the model's `value` with the 95 % interval `low` to `high` and
    the published range `target_low` to `target_high`, all in `unit`; `seeds`, `sheet`, `sheet_hash`.

    Raises ClaimError for an unknown id or where the study of a named finding is missing, StoreError where
    the look cannot be recorded, and SheetError.  Warns with NotJudgedWarning of findings left out,
    and with LeftOutWarning of those of another package that cannot be used.
    """
    circuit, folder = named_sheet(sheet), path(results, "`results`", ClaimError)
    changes = settled(overrides, [circuit_sheet(circuit)])
    must = f"a whole number of at least {FEWEST_SEEDS}"
    number = whole(seeds, "`seeds`", ClaimError, range(FEWEST_SEEDS, MOST_SEEDS), must)
    bench = Bench(circuit, number, changes, Path(folder))
    board = look(find_claims(ids), bench, named=bool(ids))
    if board.left_out:
        first, why = next(iter(board.left_out.items()))
        told = f"{len(board.left_out)} claims are not judged, {first} for one: {why}"
        warnings.warn(told, NotJudgedWarning, stacklevel=2)
    return pd.DataFrame([_row(j, m) for j in board.judged for m in j.measures], columns=list(COLUMNS))


COLUMNS = (
    "id",
    "role",
    "verdict",
    "statement",
    "source",
    "protocol",
    "measure",
    "measure_verdict",
    "value",
    "low",
    "high",
    "target_low",
    "target_high",
    "unit",
    "seeds",
    "sheet",
    "sheet_hash",
)


def _row(j: Judged, m: Measure) -> tuple[object, ...]:
    about = (j.claim.id, j.role, j.verdict, j.claim.statement, j.claim.source, j.claim.protocol)
    numbers = (float(np.mean(m.values)), *m.interval, m.low, m.high)
    return (*about, m.name, j.of(m), *numbers, m.unit, j.seeds, j.sheet, j.sheet_hash)
