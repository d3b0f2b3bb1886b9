"""What a trial answers: tables over its replications, and sentences that say what was estimated and how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from prelimbic.experiments.readouts.answer import Answer, Row, table
from prelimbic.experiments.readouts.columns import names
from prelimbic.experiments.readouts.replicated import SMALL_TRIAL, Outcome, Replication, analysed
from prelimbic.experiments.readouts.responders import Difference
from prelimbic.experiments.readouts.seeds import Spread, spread, spread_of_those
from prelimbic.patients.trial import OUTCOMES, TERMS, Trial, TrialError
from prelimbic.simulation.times import in_words

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

CLEAR = 0.05
LEAST = 0.05  # points that count as some
EXTRA = ("statsmodels", "lifelines")


Results = dict[str, dict[int, list[Replication]]]  # by circuit sheet and number of subjects


def results(dataset: xr.Dataset, trial: Trial) -> Results:
    """Every replication analysed.  Raises TrialError where statsmodels or lifelines is missing."""
    need_extra()
    found: Results = {}
    for sheet in names(dataset, "sheet"):
        cell = dataset.sel(sheet=sheet)
        sizes = [int(n) for n in cell["n"].values] if "n" in cell.dims else [trial.subjects]
        each = {n: replications(cell.sel(n=n) if "n" in cell.dims else cell, trial) for n in sizes}
        found[sheet] = {n: made for n, made in each.items() if made}
    return found


def need_extra() -> None:
    """Raise TrialError where a package that analyses trials is not installed."""
    from importlib.util import find_spec

    if missing := [name for name in EXTRA if find_spec(name) is None]:
        raise TrialError(
            f"a trial is analysed with {' and '.join(missing)}, not installed here: pip install "
            "'prelimbic[trials]'"
        )


def answer(dataset: xr.Dataset, trial: Trial, found: Results) -> Answer:
    """Tables of every circuit sheet, and sentences."""
    tables: list[pd.DataFrame] = []
    said: list[str] = []
    for sheet, by_size in found.items():
        largest = max(by_size)
        tables += _tables(by_size[largest], trial, sheet, largest)
        tables += [_power(by_size, trial, sheet)] if trial.power else []
        said += [*_sentences(by_size[largest], trial, sheet, largest), *warned(by_size)]
    surrogate = [str(v) for v in np.ravel(dataset["surrogate"].values) if str(v)]
    said += [f"Surrogate: {text}" for text in dict.fromkeys(surrogate)]
    return Answer(tuple(tables), "\n".join([estimand(trial), model(trial), *said]))


def replications(cell: xr.Dataset, trial: Trial) -> list[Replication]:
    """Every replication that is there, analysed."""
    there = [s for s in cell["seed"].values if bool(np.isfinite(cell["severity"].sel(seed=s)).any())]
    return [analysed(cell.sel(seed=seed), trial) for seed in there]


def estimand(trial: Trial) -> str:
    """What is estimated, in a sentence."""
    scale, at = OUTCOMES[trial.outcome], in_words(trial.primary)
    if trial.crossed:
        return (
            f"Estimand: difference of the mean {scale} score at {at} of a period between each arm and "
            f"{trial.control}, within subjects, in all who were randomised, as if nobody had left."
        )
    return (
        f"Estimand: difference of the mean change of {scale} from 0h to {at} between each arm and "
        f"{trial.control}, in all who were randomised, as if nobody had left (hypothetical strategy); "
        "for response and remission who left counts as neither (composite strategy)."
    )


def model(trial: Trial) -> str:
    """How it is estimated, in a sentence."""
    least = min(trial.power or (trial.subjects,))
    small = f"; with up to {SMALL_TRIAL} subjects shuffled too" if least <= SMALL_TRIAL else ""
    if trial.crossed:
        two = len(trial.arms) == 2
        left = "; carry-over cannot be taken out of two arms: half of it is in the difference" if two else ""
        return (
            "Model: mixed, by restricted maximum likelihood (statsmodels): arm, period and "
            f"{'order' if two else 'carry-over'} fixed, a random intercept a subject; degrees of "
            "freedom within subjects (observations less subjects less effects that vary within)"
            f"{small}{left}."
        )
    return (
        "Model: mixed for repeated measures, by restricted maximum likelihood: visit by arm and visit by "
        "baseline fixed, covariance of visits unstructured; degrees of freedom subjects seen at the visit "
        f"less columns of the design, no small-sample correction of errors{small}."
    )


def _tables(found: list[Replication], trial: Trial, sheet: str, n: int) -> list[pd.DataFrame]:
    scale, at = OUTCOMES[trial.outcome], in_words(trial.primary)
    many = f"{len(found)} replications, mean ± SD over them" if len(found) > 1 else "one replication"
    begin = f"{sheet}: {n} subjects, {many}"
    made = [
        table(
            f"{begin}; {scale} at {at}",
            ("arm",),
            _rows(found, trial, _compared),
            ("baseline", "change", "difference", "95 % interval", f"p < {CLEAR:g}", "shuffled p"),
            figures=2,
            missing="",
        )
    ]
    if trial.outcome == "severity":
        made += [
            table(
                f"at {at}, means over replications",
                ("arm",),
                _rows(found, trial, _shares),
                ("response %", "remission %", "more responders %", "NNT (95 % of means)"),
                figures=2,
                missing="",
            )
        ]
    made += [
        table(
            f"points taken away by {at}, CADSS felt, and who guesses the drug",
            ("arm",),
            _rows(found, trial, _parts),
            ("drug", "placebo", "expectancy", "felt", "patients %", "raters %"),
            between="±",
            missing="",
        )
    ]
    if trial.followed:
        made += [
            table(
                f"responders at {in_words(trial.relapse_from)}, days until relapse (Kaplan and Meier)",
                ("arm",),
                _rows(found, trial, _lasting),
                ("responders", "relapsed %", "median days", "95 % interval"),
                figures=2,
                missing="not reached",
            )
        ]
    return made


def _rows(
    found: list[Replication], trial: Trial, cells: Callable[[list[Outcome]], tuple[Any, ...]]
) -> list[Row]:
    return [((name,), cells([each.arms[k] for each in found])) for k, name in enumerate(trial.names)]


def _of(arms: list[Outcome], value: Callable[[Outcome], float]) -> Spread | None:
    return spread_of_those(np.array([value(arm) for arm in arms], float))


def _compared(arms: list[Outcome]) -> tuple[Any, ...]:
    own = (_of(arms, lambda a: a.baseline), _of(arms, lambda a: a.change))
    contrasts = [arm.contrast for arm in arms if arm.contrast is not None]
    if not contrasts:
        return (*own, None, "", "", "")
    low, high = np.mean([c.interval for c in contrasts], axis=0)
    clear = np.mean([c.p < CLEAR for c in contrasts])
    shuffled = np.array([arm.shuffled for arm in arms])
    shown = "" if np.isnan(shuffled).all() else _chance(shuffled)
    found = f"{contrasts[0].p:.3g}" if len(contrasts) == 1 else f"in {100 * clear:.0f} %"
    return (
        *own,
        spread(np.array([c.estimate for c in contrasts])),
        f"{low:.1f} to {high:.1f}",
        found,
        shown,
    )


def _chance(p: np.ndarray) -> str:
    """The p of one replication, or in how many it is small."""
    return f"{p[0]:.3g}" if len(p) == 1 else f"in {100 * float(np.nanmean(p < CLEAR)):.0f} %"


def _shares(arms: list[Outcome]) -> tuple[Any, ...]:
    found = [a.responders for a in arms if a.responders is not None]
    more: Spread | None = None
    nnt = ""
    if found:
        more = spread(100.0 * np.array([d.difference for d in found]))
        mean = Difference(
            *(float(np.mean([getattr(d, k) for d in found])) for k in ("difference", "low", "high"))
        )
        nnt = mean.told()
    return (_of(arms, lambda a: 100 * a.response), _of(arms, lambda a: 100 * a.remission), more, nnt)


def _parts(arms: list[Outcome]) -> tuple[Any, ...]:
    taken = tuple(_of(arms, lambda a, k=k: round(a.parts[k], 6) + 0.0) for k in range(3))  # type: ignore[misc]
    felt = _of(arms, lambda a: a.felt)
    return (*taken, felt, *(_of(arms, lambda a, k=k: 100 * a.guessed[k]) for k in range(2)))  # type: ignore[misc]


def _lasting(arms: list[Outcome]) -> tuple[Any, ...]:
    each = [a.lasting for a in arms if a.lasting is not None]
    ends = np.array([(k.low, k.high) for k in each], float)
    told = " to ".join(f"{v:.0f}" if np.isfinite(v) else "not reached" for v in np.median(ends, axis=0))
    medians = np.array([k.median for k in each], float)
    relapsed = np.array([100.0 * k.relapsed / k.responders if k.responders else np.nan for k in each])
    return (
        spread(np.array([float(k.responders) for k in each])),
        spread_of_those(relapsed),
        _median(medians),
        told,
    )


def _median(days: np.ndarray) -> Spread | str | None:
    """Medians until relapse of replications; where some were not reached the median of all, and how many."""
    reached = np.isfinite(days)
    if reached.all():
        return spread(days)
    middle = float(np.median(np.where(reached, days, np.inf)))
    told = f"{middle:.0f}" if np.isfinite(middle) else "not reached"
    return f"{told} (not reached in {int((~reached).sum())} of {len(days)})"


def powers(found: dict[int, list[Replication]], arm: int) -> dict[int, tuple[float, float, float]]:
    """Share of replications with p < 0.05, by number of subjects, with Wilson's 95 % interval."""
    from prelimbic.experiments.readouts.prior import interval

    made = {}
    for n, each in found.items():
        contrasts = [r.arms[arm].contrast for r in each]
        share = float(np.mean([c is not None and c.p < CLEAR for c in contrasts]))
        made[n] = (share, *interval(share, len(each)))
    return made


def _power(found: dict[int, list[Replication]], trial: Trial, sheet: str) -> pd.DataFrame:
    rows: list[Row] = []
    for k, name in enumerate(trial.names[1:], start=1):
        for n, (share, low, high) in powers(found, k).items():
            told = f"{100 * share:.0f} ({100 * low:.0f} to {100 * high:.0f})"
            rows.append(((name, float(n)), (told, str(len(found[n])))))
    title = f"{sheet}: power, share of replications with p < {CLEAR:g}, % (95 % interval)"
    return table(title, ("arm", "subjects"), rows, ("power", "replications"), right=("subjects",))


def _sentences(found: list[Replication], trial: Trial, sheet: str, n: int) -> list[str]:
    scale, at = OUTCOMES[trial.outcome], in_words(trial.primary)
    said = []
    for k, name in enumerate(trial.names[1:], start=1):
        contrasts = [r.arms[k].contrast for r in found]
        estimates = spread(np.array([c.estimate for c in contrasts if c is not None]))
        parts = np.mean([np.subtract(r.arms[0].parts, r.arms[k].parts) for r in found], axis=0)
        parts = np.asarray(np.round(parts, 1)) + 0.0  # no -0.0
        clear = 100 * float(np.mean([c is not None and c.p < CLEAR for c in contrasts]))
        told = (
            f"Sheet {sheet}: {name} against {trial.control} at {at}: {estimates.told(2)} points of {scale}"
        )
        told += f"; p < {CLEAR:g} in {clear:.0f} % of {len(found)} trials of {n}" if len(found) > 1 else ""
        if trial.outcome == "severity":
            told += f"; put in were the drug itself {parts[0]:.1f}, expectancy {parts[2]:.1f}"
        said.append(f"{told}.")
    said += _carried(found)
    drug = [float(np.mean([r.arms[k].parts[0] for r in found])) for k in range(len(trial.names))]
    if trial.outcome == "severity" and max(drug) < LEAST:
        lost = f", and costs up to {-min(drug):.1f}" if min(drug) < -LEAST else ""
        said.append(
            f"In sheet {sheet} with this affinity nothing grows, so the drug takes no points away{lost}: "
            "what else differs is expectancy and chance."
        )
    if off := [f"{term} ({TERMS[term]})" for term in trial.without]:
        said.append(f"Left out: {'; '.join(off)}.")
    return said


def _carried(found: list[Replication]) -> list[str]:
    """What the crossover says of carry-over, which of two arms is the difference of its orders."""
    carried = [r.carry_over for r in found if r.carry_over is not None]
    if not carried:
        return []
    size = spread(np.array([c.estimate for c in carried])).told(2)
    clear = 100 * float(np.mean([c.p < CLEAR for c in carried]))
    return [f"Carry-over (or order): {size} points, p < {CLEAR:g} in {clear:.0f} % of {len(carried)}."]


def warned(found: dict[int, list[Replication]]) -> list[str]:
    """What went wrong in fits, and in how many."""
    counts = Counter(told for each in found.values() for r in each for told in r.warnings)
    count = sum(map(len, found.values()))
    return [f"Warning: {told} in {times} of {count} fits." for told, times in counts.items()]
