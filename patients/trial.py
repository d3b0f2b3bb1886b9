"""What a trial is: who is randomised to what, how blind it is, and when patients are seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import permutations

from prelimbic.parameters.errors import UsageError
from prelimbic.simulation.given import Given, read_given
from prelimbic.simulation.inhibition import parse_inhibitions
from prelimbic.simulation.times import in_words

DESIGNS = ("parallel", "crossover")
BLINDING = {
    "open": "everybody knows the arm",
    "blind": "nobody is told the arm, and what is felt tells some of it",
    "masked": "nobody is told the arm, and nothing is felt, as under anaesthesia",
}
CONTROLS = ("saline", "midazolam")  # what an arm without the drug is given
GROUPS = ("depressed", "healthy")
OUTCOMES = {"severity": "MADRS", "dissociation": "CADSS"}
TERMS = {
    "placebo": "what attention and setting take away",
    "expectancy": "what believing in the drug takes away, and what raters who do score less",
    "unblinding": "dissociation that is felt moves this belief",
    "regression": "a state that wanders, screened when it is bad",
    "noise": "scatter of ratings",
    "dropout": "patients who leave",
}
MOST_SCREENED = 60.0  # points, the top of the MADRS
# of `screen` and `relapse_from`, where nothing is asked; numbers that equal themselves
ANYBODY, NEVER = float("-inf"), float("inf")
FEWEST, MOST_SUBJECTS, MOST_ARMS, MOST_CROSSED, MOST_VISITS = 2, 5000, 6, 3, 60
LONGEST_H = 2 * 8766.0


class TrialError(UsageError):
    """A trial that cannot be."""


@dataclass(frozen=True)
class TrialArm:
    """What one arm is given: texts of the grammar of doses and of inhibitors, at hours of its period, or
    `placebo`, one of CONTROLS; `share` of the subjects, beside those of other arms.
    """

    name: str
    give: tuple[str, ...] = ()
    inhibit: tuple[str, ...] = ()
    placebo: str = ""
    share: int = 1

    def given(self) -> list[Given]:
        """What is given, read.  Raises GivenError."""
        return [read_given(text) for text in self.give]

    def starts(self) -> list[float]:
        """Hours of all treatments, those with placebo among them."""
        return sorted({start for each in self.given() for start in each.starts})

    def first(self) -> tuple[float, float]:
        """Hour and length of the first treatment; of one that is not an infusion, an hour."""
        found = [(start, each.over or 1.0) for each in self.given() for start in each.starts]
        return min(found, default=(0.0, 1.0))

    def shifted(self, hours: float) -> TrialArm:
        """The arm so many hours later."""
        later = [replace(each, starts=tuple(s + hours for s in each.starts)) for each in self.given()]
        inhibitions = [item for text in self.inhibit for item in parse_inhibitions(text)]
        held = tuple(
            f"{i.name}{'' if i.amount == 1.0 else f'={i.amount!r}'} at {in_words(i.start + hours)}"
            for i in inhibitions
        )
        return replace(self, give=tuple(map(str, later)), inhibit=held)


@dataclass(frozen=True)
class Trial:
    """A randomised trial.  `length` is the hours of a period, the only one of a parallel trial; `washout`
    those between the end of one and the begin of the next.  `assess` are the hours of a period at which the
    score is taken beside its begin, `primary` is the one of the main comparison, with the arm `control`.
    `screen` is the least score at screening, ANYBODY for none; `relapse_from` the hour from which responders
    are followed, NEVER for none.  `without` names TERMS that are left out; `power` numbers of subjects.

    Raises TrialError in a sentence that begins with `where`.
    """

    arms: tuple[TrialArm, ...]
    assess: tuple[float, ...]
    primary: float
    control: str
    subjects: int
    length: float
    title: str = ""
    design: str = "parallel"
    blinding: str = "blind"
    group: str = "depressed"
    outcome: str = "severity"
    washout: float = 0.0
    screen: float = ANYBODY
    relapse_from: float = NEVER
    without: tuple[str, ...] = ()
    power: tuple[int, ...] = ()
    set: tuple[tuple[str, float], ...] = ()
    where: str = ""

    def __post_init__(self) -> None:
        for told in _wrong(self):
            raise TrialError(f"{self.where}: {told}" if self.where else told)

    @property
    def screens(self) -> bool:
        """Whether a score is asked at screening."""
        return self.screen != ANYBODY

    @property
    def followed(self) -> bool:
        """Whether responders are followed until they relapse."""
        return self.relapse_from != NEVER

    @property
    def crossed(self) -> bool:
        """Whether every subject gets every arm."""
        return self.design == "crossover"

    @property
    def periods(self) -> tuple[float, ...]:
        """Hours at which periods begin."""
        count = len(self.arms) if self.crossed else 1
        return tuple(k * (self.length + self.washout) for k in range(count))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of arms, the control first."""
        return (self.control, *(arm.name for arm in self.arms if arm.name != self.control))

    @property
    def ordered(self) -> tuple[TrialArm, ...]:
        """Arms, the control first."""
        return tuple(arm for name in self.names for arm in self.arms if arm.name == name)

    def sequences(self) -> tuple[tuple[int, ...], ...]:
        """Arms by period, as numbers of `ordered`: of a crossover every order there is."""
        count = len(self.arms)
        return tuple(permutations(range(count))) if self.crossed else tuple((k,) for k in range(count))

    def terms(self, name: str) -> bool:
        """Whether a term is on."""
        return name not in self.without

    @property
    def visits(self) -> tuple[float, ...]:
        """Hours of a period at which the score is taken, its begin first."""
        return (0.0, *self.assess)


def _wrong(trial: Trial) -> Iterator[str]:
    """Sentences on what cannot be, the first of which is told."""
    t, names = trial, [arm.name for arm in trial.arms]
    if not 2 <= len(names) <= MOST_ARMS:
        yield f"a trial has from 2 to {MOST_ARMS} arms, not {len(names)}"
    if twice := [name for name in names if names.count(name) > 1]:
        yield f"two arms are called {twice[0]!r}"
    if t.control not in names:
        yield f"control is {t.control!r} but must be an arm, one of {', '.join(names)}"
    yield from (f"arm {arm.name!r} has no subjects: share is {arm.share}" for arm in t.arms if arm.share < 1)
    for n in (t.subjects, *t.power):
        if not FEWEST * len(names) <= n <= MOST_SUBJECTS:
            yield (
                f"subjects is {n} but must be from {FEWEST * len(names)}, two an arm, to {MOST_SUBJECTS}, "
                "or an arm is left without subjects"
            )
    block, fewest = sum(arm.share for arm in t.arms), min((t.subjects, *t.power))
    if not t.crossed and fewest < block:
        yield f"shares add up to {block}, more than {fewest} subjects: an arm may be left without any"
    if len({*t.power}) < len(t.power):
        yield f"power names a number of subjects twice: {', '.join(map(str, t.power))}"
    if t.screens and not 0 <= t.screen <= MOST_SCREENED:
        yield f"screen is {t.screen:g} but must be from 0 to {MOST_SCREENED:g} points of the MADRS"
    if t.crossed and len(names) > MOST_CROSSED:
        yield f"a crossover has 2 or {MOST_CROSSED} arms, not {len(names)}: every subject gets all of them"
    if t.crossed and any(arm.share != t.arms[0].share for arm in t.arms):
        yield "share is of parallel arms: in a crossover every subject gets every arm"
    if not t.washout >= 0:
        yield f"washout is {in_words(t.washout)} but must not be below 0"
    if t.washout and not t.crossed:
        yield "washout is of a crossover: a parallel trial has one period"
    if not 0 < t.length <= LONGEST_H:
        yield f"length is {in_words(t.length)} but must be above 0 and at most {in_words(LONGEST_H)}"
    yield from _visits(trial)
    yield from _treatments(trial)


def _visits(trial: Trial) -> Iterator[str]:
    t = trial
    if not 1 <= len(t.assess) <= MOST_VISITS or list(t.assess) != sorted({*t.assess}):
        yield f"assess takes from 1 to {MOST_VISITS} times, each later than the one before"
    for hour in t.assess:
        if not 0 < hour <= t.length:
            span = "a period" if t.crossed else "the trial"
            yield (
                f"assess {in_words(hour)} lies outside {span}, which lasts from 0h to {in_words(t.length)}; "
                "the score at 0h is taken anyway"
            )
    if t.primary not in t.assess:
        yield f"primary is {in_words(t.primary)} but must be one of assess, {_told(t.assess)}"
    if t.followed and t.relapse_from not in t.assess[:-1]:
        yield (
            f"relapse_from is {in_words(t.relapse_from)} but must be one of assess that others follow, "
            f"{_told(t.assess[:-1])}"
        )
    if t.followed and t.crossed:
        yield "relapse_from is of a parallel trial: in a crossover another treatment follows"


def _treatments(trial: Trial) -> Iterator[str]:
    t = trial
    for arm in t.arms:
        if not arm.give:
            yield f"arm {arm.name!r} is given nothing; write give = 'vehicle iv over 40min' for placebo"
        items = [item for text in arm.inhibit for item in parse_inhibitions(text)]
        for hour in [*arm.starts(), *(i.start for i in items if i.start >= 0)]:
            if not 0 <= hour <= t.length:
                told = f"arm {arm.name!r} gives something at {in_words(hour)}"
                if t.crossed:
                    yield f"{told}, and its period ends at {in_words(t.length)}: periods overlap"
                yield f"{told}, outside the trial, which lasts from 0h to {in_words(t.length)}"
        for item in items:
            if item.start < 0 and t.crossed and -item.start > t.washout:
                yield (
                    f"arm {arm.name!r} gives {item.name} {in_words(-item.start)} before its period, and "
                    f"washout is {in_words(t.washout)}: periods overlap"
                )
        drugged = any(each.compound != "vehicle" and each.amount > 0 for each in arm.given())
        if arm.placebo and drugged:
            yield f"arm {arm.name!r} has a drug and says placebo: leave one out"
        if not arm.placebo and not drugged:
            yield f"arm {arm.name!r} has no drug: say placebo = {' or '.join(map(repr, CONTROLS))}"


def _told(hours: tuple[float, ...]) -> str:
    return ", ".join(map(in_words, hours)) or "none"
