"""Claims: published findings, each a small record with one readout, and the verdict that the model's values
earn.

Roles: CAL may be tuned on; PRED is held out; CTRL is a controversy; STRUCT is true by construction and
predicts nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np

from prelimbic.experiments.claims.bench import Bench, ClaimError, DrawnShare, Needs
from prelimbic.experiments.readouts.drawn import DRAWN
from prelimbic.experiments.readouts.nulls import MEANING, MODEL
from prelimbic.experiments.readouts.seeds import half_interval
from prelimbic.parameters.plain import choice
from prelimbic.simulation.switches import AFFINITIES

ROLES = ("CAL", "PRED", "CTRL", "STRUCT")
ENOUGH_SEEDS = 10  # for a verdict on what differs between seeds

# What a claim can rest on: names of numbers begin so.  Sizes of hypotheses that its runs do not switch on
# are not among them.
DRUG = ("compounds.", "species.", "routes.rat/ip", "routes.mouse/ip", "circuit.")
CIRCUIT = (*DRUG, "spines.spines.sites_per_contact")
CASCADE = (*DRUG, "spines.", "cascade.", "inhibitors.")

ANY = float("inf")
CLEAR = 2.0  # %: one look at one model does not tell less
NORMAL = 1.96  # standard errors in half of a 95 % interval
SHOWN = "shown"  # in the place of a verdict on what is reported and not judged
UP, DOWN = (0.0, ANY), (-ANY, 0.0)
NO_DRUG = "holds without the drug"  # the verdict of a claim that an inert drug meets as well
LEAST_EFFECT = 1e-4  # of a per cent, or of receptors shut: what a drug does that binds next to nothing
ABOLISHED = (-0.25, 0.25)  # share of an effect that is left


@dataclass(frozen=True)
class Measure:
    """One quantity of a claim: its values (one a seed, or a single one where nothing is drawn) and the range
    that was published; an end that was not is infinite, and what has neither end is shown and not judged.

    What lies above or below a value does not reach it: where one end is infinite the other does not belong
    to the range, nor does an end at `nothing`, the value where there is no effect.  Where a value was
    published, `recorded`, the range is its 95 % interval.
    """

    name: str
    unit: str
    values: np.ndarray
    low: float
    high: float
    nothing: float | None = None
    recorded: float | None = None

    @property
    def judged(self) -> bool:
        """Whether there is an end to judge by."""
        return bool(np.isfinite([self.low, self.high]).any())

    @property
    def open(self) -> tuple[bool, bool]:
        """Whether the lower and the upper end of the range lie outside it."""
        return (
            np.isinf(self.high) or self.low == self.nothing,
            np.isinf(self.low) or self.high == self.nothing,
        )

    @property
    def interval(self) -> tuple[float, float]:
        """95 % t-interval of the mean; the value itself where there is one."""
        if len(self.values) < 2:
            return float(self.values[0]), float(self.values[0])
        mean, half = float(self.values.mean()), half_interval(self.values)
        return mean - half, mean + half

    @property
    def verdict(self) -> str:
        """Of a range, holds: the interval lies in it; fails: outside; inconclusive: across an end.  Of a
        recorded value, by its distance: holds within one standard error of the record; fails beyond 95 % of
        both spreads, combined; inconclusive between, and where seeds scatter more than the record.  Not
        testable: no number.
        """
        if not np.isfinite(self.values).all():
            return "not testable"
        if not self.judged:
            return SHOWN
        return self._by_range() if self.recorded is None else self._by_record(self.recorded)

    def _by_range(self) -> str:
        (below, above), (open_low, open_high) = self.interval, self.open
        under = above < self.low or (open_low and above == self.low)
        over = below > self.high or (open_high and below == self.high)
        if under or over:
            return "fails"
        inside_low = below > self.low or (not open_low and below == self.low)
        inside_high = above < self.high or (not open_high and above == self.high)
        return "holds" if inside_low and inside_high else "inconclusive"

    def _by_record(self, recorded: float) -> str:
        (below, above), mean = self.interval, float(self.values.mean())
        own, off = (above - below) / 2.0, abs(mean - recorded)
        record = recorded - self.low if mean < recorded else self.high - recorded
        if off > np.hypot(own, record):
            return "fails"
        return "holds" if off <= record / NORMAL and own <= record else "inconclusive"

    def within(self) -> np.ndarray:
        """Of every value by itself, whether it lies in the range, or within a standard error of the record:
        1 or 0, NaN where there is no number.  A change in per cent does so by more than CLEAR where the end
        lies outside.
        """
        (open_low, open_high), clear = self.open, CLEAR if self.unit == "%" else 0.0
        v = self.values
        if self.recorded is not None:
            near = [self.recorded + (end - self.recorded) / NORMAL for end in (self.low, self.high)]
            return np.where(np.isfinite(v), ((v >= near[0]) & (v <= near[1])).astype(float), np.nan)
        inside = (v > self.low + clear if open_low else v >= self.low) & (
            v < self.high - clear if open_high else v <= self.high
        )
        return np.where(np.isfinite(v), inside.astype(float), np.nan)


def against_record(
    name: str, unit: str, values: np.ndarray, mean: float, error: float, nothing: float | None = None
) -> Measure:
    """A quantity that was published as a mean with its standard error."""
    half = NORMAL * error
    return Measure(name, unit, values, mean - half, mean + half, nothing, mean)


def shown(name: str, unit: str, values: np.ndarray) -> Measure:
    """A quantity that is reported and not judged."""
    return Measure(name, unit, values, -ANY, ANY)


def places(**wanted: Any) -> Needs:
    """Of a study the runs whose place on some axes is the value named, or one of several; without any, every
    run.
    """
    several = {axis: value if isinstance(value, tuple) else (value,) for axis, value in wanted.items()}
    return lambda place: all(place[axis] in values for axis, values in several.items())


EVERYTHING = places()


def ratio(bench: Bench, over: np.ndarray, under: np.ndarray) -> np.ndarray:
    """One effect over another: of paired means over seeds, or of each of drawn models."""
    drawn = "drawn" in bench.dataset.attrs
    return share_of(over, under) if drawn else ratio_of_means(over, under)


def share_of(over: np.ndarray, under: np.ndarray) -> np.ndarray:
    """One effect over another, one a seed; NaN where the other is no effect, of which nothing can be a
    share.
    """
    return over / np.where(np.abs(under) > LEAST_EFFECT, under, np.nan)


def ratio_of_means(over: np.ndarray, under: np.ndarray) -> np.ndarray:
    """Jackknife values, one a seed, of the ratio of two paired means: their spread holds that of the
    denominator too.  NaN where that is no effect.
    """
    if not abs(under.mean()) > LEAST_EFFECT:
        return np.full(len(over), np.nan)
    n, whole = len(over), over.mean() / under.mean()
    return n * whole - (n - 1) * (over.sum() - over) / (under.sum() - under)


@dataclass(frozen=True)
class Claim:
    """A published finding.

    `readout` asks a Bench for measures.  `study`: whose stored runs it reads, if any, and `needs`: which of
    them, by place. `rests_on`: beginnings of the names of the numbers that can move it.  `note`: what a
    reader should know, such as what was tuned on it.  `no_effect`: why it states no effect of a drug, if so;
    all others must not hold under an inert one.  `undrawn`: why it is not asked of drawn models, if so.
    `courses`: whether it reads time courses beside readouts.
    """

    id: str
    statement: str
    source: str
    role: str
    protocol: str
    readout: Callable[[Bench], list[Measure]]
    study: str = ""
    needs: Needs = EVERYTHING
    rests_on: tuple[str, ...] = CASCADE
    note: str = ""
    no_effect: str = ""
    undrawn: str = ""
    courses: bool = False


def deciding(measures: Iterable[Measure]) -> Measure:
    """The measure that decides: the first with the worst verdict; what is only shown decides nothing."""
    order = ("fails", "inconclusive", "not testable", "holds", SHOWN)
    return min(measures, key=lambda m: order.index(m.verdict))


@dataclass(frozen=True)
class Judged:
    """A claim with what the model gave, what each null gave, what it gives under the other affinity
    (nothing where that takes runs), and `drawn`, which gives the share of drawn models in which it holds.

    `role` is that of the claim, or CAL for a held-out claim that was looked at under other numbers before.
    """

    claim: Claim
    measures: tuple[Measure, ...]
    seeds: int
    sheet: str
    sheet_hash: str
    nulls: dict[str, tuple[Measure, ...]]
    drawn: Callable[[str], DrawnShare | str] = field(repr=False, compare=False)
    role: str
    inert: tuple[Measure, ...] = ()
    other: tuple[Measure, ...] = ()

    @cached_property
    def draws(self) -> dict[str, DrawnShare | str]:
        """By affinity the share of drawn models in which the claim holds, or why there is none; computed
        when it is first asked for.
        """
        return {affinity: self.drawn(affinity) for affinity in AFFINITIES}

    @property
    def deciding(self) -> Measure:
        """The measure that decides."""
        return deciding(self.measures)

    @property
    def verdict(self) -> str:
        """That of the deciding measure; of a claim that an inert drug meets as well, that it does."""
        found = self.of(self.deciding)
        return NO_DRUG if found == "holds" == self.without_drug else found

    @property
    def without_drug(self) -> str:
        """Verdict under an inert drug; nothing where the claim states no effect of one."""
        return self.of(deciding(self.inert)) if self.inert else ""

    @property
    def under_other(self) -> str:
        """Verdict under the other affinity; nothing where that takes runs."""
        return self.of(deciding(self.other)) if self.other else ""

    def of(self, measure: Measure) -> str:
        """Verdict of a measure, of the model or of a null; inconclusive while there are too few seeds for
        one.
        """
        few = bool(self.claim.study) and len(measure.values) < ENOUGH_SEEDS
        return "inconclusive" if few and measure.verdict in ("holds", "fails") else measure.verdict

    def under(self, null: str) -> str:
        """Verdict of the claim under a null."""
        return self.of(deciding(self.nulls[null]))

    def as_json(self) -> dict[str, Any]:
        c, m = self.claim, self.deciding
        return {
            "id": c.id,
            "statement": c.statement,
            "source": c.source,
            "role": self.role,
            "declared_role": c.role,
            "verdict": self.verdict,
            **_measure_json(m),
            "seeds": self.seeds,
            "sheet": self.sheet,
            "sheet_hash": self.sheet_hash,
            "protocol": c.protocol,
            "note": c.note,
            "other_affinity": {
                "verdict": self.under_other,
                "measures": [self._named(each) for each in self.other],
            },
            "draws": {
                affinity: {"not_drawn": found} if isinstance(found, str) else found.as_json()
                for affinity, found in self.draws.items()
            },
            "measures": [self._named(each) for each in self.measures],
            "nulls": [
                {
                    "null": MEANING[n],
                    "verdict": self.under(n),
                    "measures": [self._named(each) for each in found],
                }
                for n, found in self.nulls.items()
            ],
            "inert": {"verdict": self.without_drug, "measures": [self._named(each) for each in self.inert]},
            "no_effect": c.no_effect,
        }

    def _named(self, m: Measure) -> dict[str, Any]:
        return {"name": m.name, "verdict": self.of(m), **_measure_json(m)}


def judge(
    claims: Iterable[Claim], bench: Bench, looked: Callable[[str], set[str]] = lambda claim: set()
) -> list[Judged]:
    """Ask every claim's readout, for the model and for the nulls that its study has.

    `looked` gives the sheet hashes under which a claim was looked at before.  Raises ClaimError where a
    study is missing.
    """
    return [_judged(claim, bench, looked(claim.id)) for claim in claims]


def _judged(claim: Claim, bench: Bench, looked: set[str]) -> Judged:
    seeds, nulls = bench.seeds, []
    if claim.study:
        bench = bench.of(claim.study, claim.needs, claim.courses)
        seeds, nulls = bench.stored_seeds, [n for n in bench.nulls if n != MODEL]
    sheet_hash = bench.frozen(claim.rests_on, claim.study, claim.needs)
    other = () if claim.study else tuple(claim.readout(bench.with_affinity(bench.other_affinity)))
    return Judged(
        claim,
        tuple(claim.readout(bench)),
        seeds,
        bench.config.sheet_name,
        sheet_hash,
        {n: tuple(claim.readout(bench.under(n))) for n in nulls},
        partial(drawn_share, claim, bench),
        "CAL" if claim.role == "PRED" and looked - {sheet_hash} else claim.role,
        without_drug(claim, bench),
        other,
    )


def drawn_from_circuits(claim: Claim) -> bool:
    """Whether the claim is asked of drawn circuits."""
    return claim.study in DRAWN and not claim.undrawn and claim.role != "STRUCT"


def drawn_share(claim: Claim, bench: Bench, affinity: str) -> DrawnShare | str:
    """Share of drawn models in which every quantity of the claim lies in its range, or why there is none.  A
    model in which one has no number does not count.
    """
    if claim.undrawn or claim.role == "STRUCT":
        return claim.undrawn or "true by construction"
    try:
        models = list(bench.models(claim.study, affinity))
    except ClaimError as error:
        return str(error)
    shown = np.concatenate([shows_it(claim, model) for model in models])
    seen = shown[np.isfinite(shown)]
    return DrawnShare(float(seen.mean()), len(seen)) if len(seen) else "nothing to see in drawn models"


def shows_it(claim: Claim, models: Bench) -> np.ndarray:
    """Of each of drawn models, whether all that is judged lies in its range; NaN where a part has no
    number.
    """
    with np.errstate(divide="ignore", invalid="ignore"):  # of no effect there is no share
        inside = np.array([m.within() for m in claim.readout(models) if m.judged])
    return np.where(np.isfinite(inside).all(axis=0), inside.min(axis=0), np.nan)


def without_drug(claim: Claim, bench: Bench) -> tuple[Measure, ...]:
    """What the claim's readout gives under an inert drug; nothing for a claim that states no effect of
    one.
    """
    if claim.no_effect:
        return ()
    with np.errstate(divide="ignore", invalid="ignore"):  # of no effect there is no share
        return tuple(claim.readout(bench.inert()))


def chosen(ids: tuple[str, ...], known: list[Claim]) -> list[Claim]:
    """Claims by id, all when none is named.  Raises ClaimError naming those there are."""
    by_id = {c.id: c for c in known}
    named = [choice(each, by_id, "claim", ClaimError) for each in ids]
    return [by_id[each] for each in dict.fromkeys(named)] or known


def _measure_json(m: Measure) -> dict[str, Any]:
    below, above = m.interval
    return {
        "value": _number(m.values.mean()),
        "low": _number(below),
        "high": _number(above),
        "unit": m.unit,
        "target": [_number(m.low), _number(m.high)],
        "recorded": None if m.recorded is None else _number(m.recorded),
    }


def _number(value: float) -> float | None:
    return float(f"{value:.6g}") if np.isfinite(value) else None
