"""Published findings in patients, read from virtual trials.

They are judged on scores, which rest on one curve from synapses to points, and on what a trial adds; where a
circuit grows nothing, the drug's part is nothing.
"""

from __future__ import annotations

from prelimbic.experiments.claims.bench import Bench
from prelimbic.experiments.claims.claim import ABOLISHED, CASCADE, DOWN, UP, Claim, Measure, ratio, shown
from prelimbic.experiments.readouts.trialled import (
    change,
    difference,
    drug_part,
    median_days,
    rank_with,
    response,
)
from prelimbic.experiments.trials.answered import need_extra

POINTS, DAY = "1", 24.0
SINGLE, RANGE = "trial_single_infusion_midazolam", "trial_dose_range"
SIX, RAPAMYCIN = "trial_six_infusions", "trial_rapamycin"
BY_SHEETS = (
    "rests also on sheets trials and patients and on the surrogate, which the hash holds as the design of "
    "its runs"
)
UNDRAWN = "not drawn: surrogates are of circuits near the sheet's own"


def single_course(bench: Bench) -> list[Measure]:
    """Ketamine against midazolam from two hours to a fortnight."""
    visits, arms = bench.dataset, ("ketamine", "midazolam")
    at = {hour: difference(visits, *arms, hour) for hour in (2.0, DAY, 7 * DAY, 14 * DAY)}
    return [
        Measure("difference at 2 h", POINTS, at[2.0], *DOWN),
        Measure("difference at 24 h", POINTS, at[DAY], *DOWN),
        Measure("24 h less 7 d", POINTS, at[DAY] - at[7 * DAY], *DOWN),
        Measure("14 d over 24 h", "1", ratio(bench, at[14 * DAY], at[DAY]), *ABOLISHED),
    ]


def dose_order(bench: Bench) -> list[Measure]:
    """0.5 and 1 mg/kg against 0.1 mg/kg at a day, and how much of it is left after a fortnight."""
    visits = bench.dataset
    low, half, whole = (f"{dose} mg/kg" for dose in ("0.1", "0.5", "1.0"))
    first = {arm: difference(visits, arm, "midazolam", DAY) for arm in (low, half, whole)}
    later = difference(visits, half, "midazolam", 14 * DAY)
    return [
        Measure("0.5 less 0.1 mg/kg at 24 h", POINTS, first[half] - first[low], *DOWN),
        Measure("1.0 less 0.1 mg/kg at 24 h", POINTS, first[whole] - first[low], *DOWN),
        Measure("0.5 mg/kg, 24 h less 14 d", POINTS, first[half] - later, *DOWN),
        shown("1.0 over 0.5 mg/kg at 24 h", "1", ratio(bench, first[whole], first[half])),
    ]


def relapse_after_six(bench: Bench) -> list[Measure]:
    """Median days until responders a day after six infusions relapse; and how many respond."""
    need_extra()
    visits, end = bench.dataset, 12 * DAY
    return [
        Measure("drug's part a day after the last", POINTS, drug_part(visits, "six infusions", end), *UP),
        Measure("median until relapse", "d", median_days(visits, "six infusions", end), 9.0, 36.0),
        shown("responders a day after the last", "%", response(visits, "six infusions", end)),
    ]


def under_rapamycin(bench: Bench) -> list[Measure]:
    """What rapamycin by mouth leaves of the drug's part at a day, and of response at a fortnight."""
    visits = bench.dataset.isel(period=[0])  # in later periods there is what the first left
    with_, without = "rapamycin, ketamine", "placebo, ketamine"
    day = drug_part(visits, with_, DAY), drug_part(visits, without, DAY)
    late = response(visits, with_, 14 * DAY) - response(visits, without, 14 * DAY)
    return [
        Measure("drug's part at 24 h, with over without", "1", ratio(bench, *day), 0.75, 1.25),
        shown("response at 14 d, with less without", "%", late),
        shown("change at 24 h with rapamycin", POINTS, change(visits, with_, DAY)),
    ]


def hnk_rank(bench: Bench) -> list[Measure]:
    """Rank correlation of improvement at a day with hydroxynorketamine in plasma, of those on ketamine."""
    return [Measure("rank correlation", "1", rank_with(bench.dataset, "ketamine", "hnk", DAY), *DOWN)]


def respond_to_one(bench: Bench) -> list[Measure]:
    """How many of those on ketamine respond a day after one infusion."""
    return [Measure("responders at 24 h", "%", response(bench.dataset, "ketamine", DAY), 25.0, 85.0)]


def respond_to_six(bench: Bench) -> list[Measure]:
    """How many respond a day after six infusions; 17 of 24 in the record, 51 to 85 % (Wilson)."""
    found = response(bench.dataset, "six infusions", 12 * DAY)
    return [Measure("responders a day after the last", "%", found, 51.0, 85.0)]


PEOPLE_CLAIMS = [
    Claim(
        "V25",
        "After one infusion the difference from an active placebo is there at 2 h, largest on day 1, and "
        "gone within a fortnight",
        "kishimoto2016",
        "CAL",
        "man, 0.5 mg/kg i.v. against midazolam, blind, 72 patients",
        single_course,
        SINGLE,
        rests_on=CASCADE,
        note=f"the slope of the link was fitted on the difference at 24 h; {BY_SHEETS}",
        undrawn=UNDRAWN,
    ),
    Claim(
        "V26",
        "0.5 and 1 mg/kg take more points than 0.1 mg/kg, mostly on day 1",
        "fava2018",
        "PRED",
        "man, single infusions against midazolam, blind, 99 patients",
        dose_order,
        RANGE,
        rests_on=CASCADE,
        note=f"the order is published, means by dose and day were not found; {BY_SHEETS}",
        undrawn=UNDRAWN,
    ),
    Claim(
        "V27",
        "Half of the responders to six infusions in twelve days relapse within about 18 days",
        "murrough2013repeated",
        "PRED",
        "man, 0.5 mg/kg i.v. six times in 12 days; known to be ketamine, as there",
        relapse_after_six,
        SIX,
        rests_on=CASCADE,
        note="the median is 18 days in 24 patients; twice and half of it count as about, a judgement; "
        f"relapse is the loss of a response here, and a score and a loss there; {BY_SHEETS}",
        undrawn=UNDRAWN,
    ),
    Claim(
        "V25r",
        "25 to 85 % respond a day after one infusion",
        "newport2015",
        "CTRL",
        "man, 0.5 mg/kg i.v. against midazolam, blind, 72 patients",
        respond_to_one,
        SINGLE,
        rests_on=CASCADE,
        note="a range of reports, placebo response and expectancy in it; the link was fitted on the "
        f"difference at 24 h; {BY_SHEETS}",
        undrawn=UNDRAWN,
    ),
    Claim(
        "V27r",
        "About 71 % respond after six infusions",
        "murrough2013repeated",
        "CTRL",
        "man, 0.5 mg/kg i.v. six times in 12 days; known to be ketamine, as there",
        respond_to_six,
        SIX,
        rests_on=CASCADE,
        note=f"17 of 24, without a control, so placebo response and expectancy are in it; {BY_SHEETS}",
        undrawn=UNDRAWN,
    ),
    Claim(
        "V28",
        "Rapamycin by mouth leaves the effect at 24 h intact",
        "abdallah2020",
        "CTRL",
        "man, rapamycin 6 mg by mouth 2 h before 0.5 mg/kg i.v., crossover of 20",
        under_rapamycin,
        RAPAMYCIN,
        rests_on=CASCADE,
        note=f"response at a fortnight was 41 % with and 13 % without; {BY_SHEETS}",
        undrawn=UNDRAWN,
    ),
    Claim(
        "V30",
        "The more hydroxynorketamine, the less improvement on the next day",
        "pmc6746183",
        "CTRL",
        "man, 0.5 mg/kg i.v., within those on ketamine; plasma at 230 min",
        hnk_rank,
        SINGLE,
        rests_on=CASCADE,
        note="published is a correlation of 0.37 of concentration and score; a drug that relieves by "
        f"ketamine alone has none; {BY_SHEETS}",
        undrawn=UNDRAWN,
    ),
]
