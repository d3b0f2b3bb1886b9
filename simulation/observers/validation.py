"""Every published observation beside what the model says of it, and a few whole courses with the spread that
subjects would have.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prelimbic.parameters import HNK_SETS, compounds
from prelimbic.parameters.observations import observations
from prelimbic.pharmacology import Body
from prelimbic.pharmacology.block import summed
from prelimbic.pharmacology.exposure import Exposure
from prelimbic.pharmacology.population import animals, population
from prelimbic.simulation.config import Config
from prelimbic.simulation.given import doses
from prelimbic.simulation.predicted import predicted
from prelimbic.simulation.record import coordinate
from prelimbic.simulation.variable import Variable

SUBJECTS, PERCENTILES = 300, (5.0, 50.0, 95.0)
HOURS = np.unique(
    np.concatenate([np.linspace(0.0, 1.0, 31), np.linspace(1.0, 6.0, 51), np.arange(6.0, 12.5, 0.5)])
)
SETS = {"": HNK_SETS[0], "hasan": "hasan", "kamp": "kamp"}  # by what a course names


@dataclass(frozen=True)
class Course:
    """A course that is shown: of what, after what is given to a body of some weight, where, in which set."""

    name: str
    give: tuple[str, ...]
    weight: float
    site: str
    compound: str
    hnk: str = HNK_SETS[0]


STEPS = tuple(
    f"ketamine {rate} mg/kg/h iv over 60min at {k}h" for k, rate in enumerate(("0.28", "0.57", "1.14"))
)
_SHOWN = (
    (STEPS, 70.0, "arterial", ("S-ketamine", "S-norketamine", "S-dehydronorketamine", "hydroxynorketamine")),
    (("ketamine 5 mg iv over 30min",), 70.0, "venous", ("S-ketamine", "R-ketamine")),
    (("S-ketamine 10 mg iv over 30min",), 68.0, "venous", ("S-ketamine", "S-norketamine")),
    (("S-ketamine 56 mg nasal",), 74.0, "venous", ("S-ketamine", "S-norketamine")),
    (("S-ketamine 50 mg film",), 73.0, "arterial", ("S-ketamine", "S-norketamine", "S-hydroxynorketamine")),
    (("ketamine 40 mg oral_pr",), 70.0, "venous", ("ketamine",)),
)


def courses() -> list[Course]:
    """The courses that are shown; those of hydroxynorketamine by both sets."""
    return [
        Course(f"{compound} {hnk}".strip(), give, weight, site, compound, SETS[hnk])
        for give, weight, site, found in _SHOWN
        for compound in found
        for hnk in (HNK_SETS if "hydroxynorketamine" in compound and "dehydro" not in compound else ("",))
    ]


def examine(config: Config) -> dict[str, Variable]:
    """All observations of the configuration's species under both sets of hydroxynorketamine, NaN for
    those of others, and in man the courses with percentiles over subjects drawn by the seed.
    """
    rows, sheets = observations(), config.sheets()
    found = np.full((len(rows), len(HNK_SETS)), np.nan)
    for k, row in enumerate(rows):
        if row.species == config.species:
            sets = HNK_SETS if row.species == "human" else HNK_SETS[:1]
            found[k, : len(sets)] = [predicted(row, sheets, hnk) for hnk in sets]
    shown = courses()
    bands = np.full((len(shown), len(HOURS), len(PERCENTILES)), np.nan)
    typical = np.full((len(shown), len(HOURS)), np.nan)
    if config.species == "human":
        for k, course in enumerate(shown):
            typical[k], bands[k] = _course(config, course)
    return {
        **coordinate("row", tuple(row.id for row in rows)),
        **coordinate("set", HNK_SETS),
        **coordinate("course", tuple(f"{k} {course.name}" for k, course in enumerate(shown))),
        "hour": Variable(("hour",), HOURS, "h", "hour of the schedule"),
        "percentile": Variable(("percentile",), np.array(PERCENTILES), "1", "percentile of subjects"),
        "observed": Variable(
            ("row",), np.array([row.value for row in rows]), "1", "observed, in the row's unit"
        ),
        "predicted": Variable(("row", "set"), found, "1", "predicted, in the row's unit, by set of HNK"),
        "typical": Variable(("course", "hour"), typical, "ng/mL", "plasma of the body of the sheets"),
        "interval": Variable(("course", "hour", "percentile"), bands, "ng/mL", f"of {SUBJECTS} subjects"),
    }


def _course(config: Config, course: Course) -> tuple[np.ndarray, np.ndarray]:
    """ng/mL over HOURS in the body of the sheets, and percentiles of it over subjects of one weight."""
    sheets, body = config.sheets(), Body(weight=course.weight)
    given = doses(course.give, course.weight)
    alone = Exposure.after(given, "human", sheets, body, course.hnk)
    drugs = compounds(sheets["compounds"])
    several = population(SUBJECTS, "human", config.seed, body=body, sheets=sheets)
    all_ = Exposure(given, animals("human", several, sheets, body, course.hnk), drugs)
    mass = drugs[course.compound].molar_mass

    def seen(exposure: Exposure) -> np.ndarray:
        found = getattr(exposure, course.site)(HOURS)
        return summed(exposure.names, found, (course.compound,))[..., 0] * mass

    return seen(alone), np.percentile(seen(all_), PERCENTILES, axis=0).T
