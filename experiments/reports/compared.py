"""Two runs or two sweeps beside each other: what was asked otherwise, and what came out otherwise."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from prelimbic.experiments.figures import drawable, drawing
from prelimbic.experiments.readouts.difference import LEVEL, Difference, difference, holm
from prelimbic.experiments.reports.aligned import Pair, pairs, seeds_of
from prelimbic.experiments.reports.subject import ReportError, Subject, subject
from prelimbic.experiments.reports.used import used
from prelimbic.parameters.plain import listed, text
from prelimbic.parameters.plain import path as path_of

if TYPE_CHECKING:
    import pandas as pd

FACTS = {
    "study": "study", "species": "animal", "body": "body", "doses": "given", "bath": "bath",
    "sheet": "circuit sheet", "baseline": "baseline", "switches": "switches", "manipulations":
    "manipulations", "inhibitors": "inhibitors", "scale": "size of the circuit",
    "model_version": "model version",
}  # fmt: skip
MOST_DRAWN = 24
OUTCOMES = ("outcome", "place", "unit", "a", "b", "difference", "low", "high", "percent", "p", "p_holm", "n")


@dataclass(frozen=True)
class Outcome:
    """One outcome with what differs; `p` for it alone, `p_holm` for all that were looked at."""

    pair: Pair
    difference: Difference
    p_holm: float

    @property
    def clear(self) -> bool:
        """Whether it differs beyond the noise of seeds, all looked at counted."""
        return bool(self.p_holm < LEVEL)

    @property
    def a(self) -> float:
        """Mean of the first, of pairs over the seeds that are shared."""
        return self._mean(self.pair.a)

    @property
    def b(self) -> float:
        """Mean of the second, alike."""
        return self._mean(self.pair.b)

    @property
    def percent(self) -> float:
        """Difference over the first, %; NaN where that is none."""
        return 100.0 * self.difference.mean / abs(self.a) if self.a else float("nan")

    def _mean(self, values: dict[int, float]) -> float:
        kept = {*self.pair.a} & {*self.pair.b} if self.difference.paired else {*values}
        finite = [v for seed, v in values.items() if np.isfinite(v) and seed in kept]
        return float(np.mean(finite)) if finite else float("nan")


@dataclass(frozen=True)
class Comparison:
    """What `compare` finds.

    `asked` (what, a, b) are facts that differ; `numbers` (number, unit, a, b, status_a, status_b) numbers
    that both used with other values, in their own units; `outcomes` all that was looked at, clear ones
    first: means `a` and `b`, `difference` with its 95 % interval `low` to `high` in `unit`, `percent` of a,
    `p` by the t-test (of `n` pairs where seeds are shared, else of Welch) and `p_holm`, corrected for all of
    them.  `found` says it in sentences; `identical` whether nothing differs to the last bit.
    """

    first: str
    second: str
    asked: pd.DataFrame
    numbers: pd.DataFrame
    outcomes: pd.DataFrame
    found: str
    identical: bool
    told: list[Outcome] = field(repr=False, default_factory=list)

    def plot(self, file: str | os.PathLike[str] | None = None) -> Any:
        """The figure (of matplotlib): differences in % of the first with 95 % intervals, those that are
        clear first; written to `file` (.png, .svg or .pdf) too.  Raises ReportError and FigureError.
        """
        target = None if file is None else Path(path_of(file, "`file`", ReportError))
        if target is not None and not drawable(target):
            raise ReportError(f"a figure is written as .png, .svg or .pdf, not {target.name}")
        return drawing("compared", "plotted")(rows(self), (self.first, self.second), target)


def compare(a: str | os.PathLike[str], b: str | os.PathLike[str], measure: Any = ()) -> Comparison:
    """Compare two run files, or two studies' folders at the places and seeds that both have.

    `measure` names readouts, such as ["rate", "spines"]; unless named, rates (Hz), recurrent AMPA (nS),
    BDNF, mTORC1 and protein (over rest) and spines (a Pyr cell) are looked at, and of studies without spines
    everything.  Differences are b - a.

    Raises ReportError for what cannot be compared, StoreError for what is damaged or cannot be read.
    """
    one, other = (
        subject(Path(path_of(each, f"`{name}`", ReportError))) for name, each in (("a", a), ("b", b))
    )
    if one.is_run != other.is_run:
        run, study = (one, other) if one.is_run else (other, one)
        raise ReportError(f"{run.path} is one run and {study.path} a study: compare like with like")
    must = "a list of names, such as ['rate', 'spines']"
    named = listed([measure] if isinstance(measure, str) else measure, "`measure`", ReportError, must)
    found = pairs(one, other, tuple(text(each, "a name in `measure`", ReportError) for each in named))
    told = _looked_at(found)
    asked, (numbers, alone) = _asked(one, other), _numbers(one, other)
    same = all(pair.identical for pair in found) and one.shown.stat().st_size > 0
    said = [*_said(one, other, found, told, same), *alone, *one.notes, *other.notes]
    return Comparison(
        str(a), str(b), asked, numbers, _frame(told), "\n".join(said), same and asked.empty, told
    )


def rows(comparison: Comparison) -> list[tuple[str, float, float, float, bool]]:
    """What is drawn: label, difference and ends of its interval in % of the first, whether it is clear."""
    found = []
    for each in comparison.told:
        if not np.isfinite(each.percent) or each.pair.identical:
            continue
        size = 100.0 / abs(each.a)
        label = f"{each.pair.name}, {each.pair.place}".rstrip(", ")
        d = each.difference
        found.append((label, d.mean * size, d.low * size, d.high * size, each.clear))
    return found[:MOST_DRAWN]


def _looked_at(found: list[Pair]) -> list[Outcome]:
    """Every outcome, those first that are clearest; what is identical is no test."""
    differences = [difference(pair.a, pair.b) for pair in found]
    apart = [float("nan") if pair.identical else d.p for pair, d in zip(found, differences, strict=True)]
    corrected = holm(apart)
    told = [Outcome(*each) for each in zip(found, differences, map(float, corrected), strict=True)]

    def order(each: Outcome) -> tuple[bool, float, float]:
        p = each.difference.p if not each.pair.identical else np.inf
        return (each.pair.identical, p if np.isfinite(p) else 2.0, -abs(np.nan_to_num(each.percent)))

    return sorted(told, key=order)


def _frame(told: list[Outcome]) -> pd.DataFrame:
    import pandas as pd

    cells = [
        (o.pair.name, o.pair.place, o.pair.unit, o.a, o.b, o.difference.mean, o.difference.low,
         o.difference.high, o.percent, o.difference.p, o.p_holm, o.difference.n)
        for o in told
    ]  # fmt: skip
    return pd.DataFrame(cells, columns=list(OUTCOMES))


def _asked(one: Subject, other: Subject) -> pd.DataFrame:
    import pandas as pd

    a, b = ({**each.facts, "study": each.name} for each in (one, other))
    cells = [
        (words, str(a.get(key, "none")), str(b.get(key, "none")))
        for key, words in FACTS.items()
        if str(a.get(key, "none")) != str(b.get(key, "none"))
    ]
    return pd.DataFrame(cells, columns=["what", "a", "b"])


def _numbers(one: Subject, other: Subject) -> tuple[pd.DataFrame, list[str]]:
    """Numbers that the runs shown used with other values; and in a sentence those that one alone used."""
    import pandas as pd

    a, b = (
        {n.name: n for n in used(each.groups(("numbers",)).get("numbers", {}), each.config)}
        for each in (one, other)
    )
    both = [name for name in a if name in b and a[name].value != b[name].value]
    cells = [
        (name, a[name].unit, a[name].value, b[name].value, a[name].status, b[name].status)
        for name in sorted(both)
    ]
    said = []
    for who, names in (("a", {*a} - {*b}), ("b", {*b} - {*a})):
        if names:
            sheets = ", ".join(sorted({name.partition(".")[0] for name in names}))
            said.append(f"{who} alone uses {len(names)} numbers, of {sheets}.")
    return pd.DataFrame(cells, columns=["number", "unit", "a", "b", "status_a", "status_b"]), said


def _said(one: Subject, other: Subject, found: list[Pair], told: list[Outcome], same: bool) -> list[str]:
    """What was found, in sentences."""
    mine, its = seeds_of(found)
    shared = mine & its
    if same:
        return [f"All {len(found)} outcomes are the same to the last bit, in {_seeds(len(shared))}."]
    if len(shared) > 1:
        how = f"paired by {len(shared)} shared seeds"
    elif min(len(mine), len(its)) > 1:
        how = "unpaired (Welch), for they share " + ("one seed" if shared else "no seed")
    else:
        alike = sum(pair.identical for pair in found)
        return [
            f"{len(found) - alike} of {len(found)} outcomes differ; "
            f"{_seeds(min(len(mine), len(its)))} a side cannot tell whether beyond the noise of "
            "seeds: compare sweeps of several."
        ]
    tests = sum(bool(np.isfinite(o.p_holm)) for o in told)
    clear = sum(o.clear for o in told)
    verb = "differs" if clear == 1 else "differ"
    alike = sum(pair.identical for pair in found)
    also = f" {alike} more are the same to the last bit." if alike else ""
    said = [f"{clear} of {tests} outcomes {verb} beyond the noise of seeds (Holm, 5 %), {how}.{also}"]
    left = (mine | its) - shared
    if left and len(shared) > 1:
        said.append(f"Seeds that one alone has are left out: {', '.join(map(str, sorted(left)))}.")
    return said


def _seeds(count: int) -> str:
    return "one seed" if count == 1 else f"{count} seeds"
