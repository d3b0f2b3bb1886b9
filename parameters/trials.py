"""Records of what a trial adds to the drug, sheet `trials`.  Points are of the MADRS."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from prelimbic.parameters.sheet import SHEETS, Sheet, number


@dataclass(frozen=True)
class Placebo:
    """What attention and setting take away: a mean and its SD over subjects, how fast it comes after the
    first treatment, and how fast it fades after the last.
    """

    points: float = number("points", "at least 0")
    between: float = number("points", "at least 0")
    onset: float = number("h", "above 0")
    fading: float = number("h", "above 0")


@dataclass(frozen=True)
class Expectancy:
    """Points between certainty of the drug and certainty of placebo, of a patient and of a rater."""

    patient: float = number("points", "at least 0")
    rater: float = number("points", "at least 0")


@dataclass(frozen=True)
class Belief:
    """How what is felt moves the odds of having had the drug, and what is felt without it."""

    slope: float = number("1", "at least 0")
    midpoint: float = number("points", "at least 0")
    other: float = number("points", "at least 0")
    rater: float = number("1", "from 0 to 1")
    saline: float = number("points", "at least 0")
    midazolam: float = number("points", "at least 0")


@dataclass(frozen=True)
class Relief:
    """What of the drug's calibrated points is its own."""

    share: float = number("1", "from 0 to 1")


@dataclass(frozen=True)
class Scatter:
    """SD of a rating, and SD and time constant of the state that is rated."""

    rater: float = number("points", "at least 0")
    state: float = number("points", "at least 0")
    days: float = number("d", "above 0")


@dataclass(frozen=True)
class Screening:
    """How long before the first treatment patients are screened."""

    before: float = number("d", "above 0")


@dataclass(frozen=True)
class Dropout:
    """Hazard of leaving, and its factor for those who have not improved by half."""

    hazard: float = number("1/d", "at least 0")
    unimproved: float = number("1", "above 0")


@dataclass(frozen=True)
class Criteria:
    """Shares of the baseline that a response and the loss of one are, and the score of remission."""

    response: float = number("1", "from 0 to 1")
    remission: float = number("points", "at least 0")
    relapse: float = number("1", "from 0 to 1")


@dataclass(frozen=True)
class TrialNumbers:
    """All of the sheet `trials`, a record a section."""

    placebo: Placebo
    expectancy: Expectancy
    belief: Belief
    relief: Relief
    scatter: Scatter
    screening: Screening
    dropout: Dropout
    criteria: Criteria


Changes = tuple[tuple[str, float], ...]


@cache
def trial_sheet(changes: Changes = ()) -> Sheet:
    """The sheet `trials`, some of its numbers, (section.row, value), set otherwise.  Raises SheetError."""
    return Sheet(SHEETS / "trials.toml").replaced(dict(changes))


@cache
def trial_numbers(changes: Changes = ()) -> TrialNumbers:
    """The numbers of a trial, some set otherwise as `trial_sheet` takes them.  Raises SheetError."""
    source = trial_sheet(changes)
    return TrialNumbers(
        source.fill("placebo", Placebo),
        source.fill("expectancy", Expectancy),
        source.fill("belief", Belief),
        source.fill("relief", Relief),
        source.fill("scatter", Scatter),
        source.fill("screening", Screening),
        source.fill("dropout", Dropout),
        source.fill("criteria", Criteria),
    )
