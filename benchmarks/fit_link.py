"""Calibrate the one curve from synapses to a score: at which slope the mean relief of depressed people a day
after 0.5 mg/kg over 40 min is the difference between drug and active placebo that sheet `patients` has.

    python -m benchmarks.fit_link [SUBJECTS]

Prints the slope on the older circuit, where spines grow, with its spread over draws of people, the course
that follows (onset, peak, end), and what the same slope gives on the default circuit.
"""

from __future__ import annotations

import sys

import numpy as np

from prelimbic.patients.course import courses
from prelimbic.patients.link import fitted_points, relief
from prelimbic.patients.subjects import people
from prelimbic.patients.surrogate import patients_sheet

FITTED = {"sheet": "dendritic", "affinity": "recombinant"}
DEFAULT = {"sheet": "native", "affinity": "tissue"}
GIVE, HOURS = "0.5 mg/kg iv over 40min at 0h", (2.0, 4.0, 12.0, 24.0, 72.0, 168.0, 240.0, 288.0, 336.0)
SEEDS = (1, 2, 3)


def main(subjects: int = 100) -> None:
    """Print the slope and what follows from it."""
    link, slopes, courses_of = patients_sheet().link, [], []
    for seed in SEEDS:
        who = people(subjects, seed, **FITTED)
        seen = courses(who, GIVE, list(HOURS), **FITTED)
        severity = who["severity"].to_numpy(float)
        slopes.append(fitted_points(seen["spines"].sel(time=24.0).values, severity, link))
        courses_of.append((seen["spines"].values, severity))
    slope = float(np.mean(slopes))
    print(f"points = {slope:.1f} (by draw of people: {', '.join(f'{s:.1f}' for s in slopes)})")
    for hour, means in zip(HOURS, _means(courses_of, slope), strict=True):
        print(f"{hour:5.0f} h   relief {np.mean(means):5.2f} +- {np.std(means):.2f} points")
    print(seen.attrs["surrogate_error"])
    who = people(subjects, 1, **DEFAULT)
    seen = courses(who, GIVE, list(HOURS), **DEFAULT)
    least, most = 100 * (seen["spines"].values.min() - 1), 100 * (seen["spines"].values.max() - 1)
    print(f"sheet native: spines change by {least:+.3f} to {most:+.3f} %, so relief is nothing")


def _means(found: list[tuple[np.ndarray, np.ndarray]], slope: float) -> np.ndarray:
    """Mean relief by hour and draw of people."""
    link = patients_sheet().link
    return np.array([relief(s, severity[:, None], link, slope).mean(axis=0) for s, severity in found]).T


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
