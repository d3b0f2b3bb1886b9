"""Courses: what a dose does to many subjects over days, from concentrations through synapses to a score."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from prelimbic.parameters import CIRCUIT, target_of
from prelimbic.parameters.near import unknown
from prelimbic.parameters.plain import choice
from prelimbic.patients.doses import CoursesError, asked_minutes, exposures, grouped, planned_for
from prelimbic.patients.drawing import slow_numbers
from prelimbic.patients.link import dissociation, relief
from prelimbic.patients.slow import Subject, followed
from prelimbic.patients.subjects import OWN
from prelimbic.patients.surrogate import Surrogate, named, patients_sheet, surrogate
from prelimbic.pharmacology.bath import Bath
from prelimbic.pharmacology.population import COLUMNS
from prelimbic.plasticity import FACTORS
from prelimbic.simulation.acting import Acting
from prelimbic.simulation.config import MODEL_VERSION, Config
from prelimbic.simulation.exposed import Times, times
from prelimbic.simulation.given import Give
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.inhibition import Inhibition, parse_inhibitions
from prelimbic.simulation.protocol import Protocol
from prelimbic.simulation.switches import AFFINITIES

if TYPE_CHECKING:
    import pandas as pd

BEFORE_H = 168.0  # before the first dose, at most, at which somebody is seen
# switches that act behind the circuit; a surrogate stands for it with all others at their default
BEHIND = (
    *("surge", "eef2k", "nitrergic", "hnk_exposure", "trkb", "mtor", "feedback", "memory"),
    *("second_phase", "spine_rule"),
)
OUTPUTS = {
    "ketamine": ("uM", "unbound ketamine in brain"),
    "plasma": ("ng/mL", "ketamine in venous plasma"),
    "glutamate": ("1", "release of glutamate relative to rest"),
    "bdnf": ("1", "BDNF relative to rest"),
    "mtorc1": ("1", "phosphorylated mTORC1 relative to rest"),
    "spines": ("1", "spines relative to before treatment"),
    "relief": ("points", "of the MADRS, that the change of spines takes away: the part of the drug alone"),
    "dissociation": (
        "points",
        "from 0 to 84, as of the CADSS; a curve of unbound ketamine, not of the circuit",
    ),
}


def courses(
    people: pd.DataFrame,
    give: Give | Sequence[Give],
    at: Times,
    *,
    sheet: str | os.PathLike[str] = CIRCUIT,
    affinity: str = AFFINITIES[0],
    inhibit: str | Inhibition | Sequence[str | Inhibition] = (),
    **switches: str,
) -> xr.Dataset:
    """What happens in `people` (a table as `people` draws it for the same `sheet` and `affinity`) who are
    given something, at hours `at` of the schedule.

    `give` is as in Scenario, the same for all, or a list with a list of it for each subject; `inhibit` is as
    in Scenario.  `switches` are those that act behind the circuit, such as mtor="systemic"; all others stand
    at their default, with which surrogates are trained.  The circuit is its surrogate; cascade and spines
    are computed for every subject.

    A Dataset with dimensions subject and time (h): `ketamine` (unbound, uM), `plasma` (venous, ng/mL),
    `glutamate`, `bdnf`, `mtorc1` (relative to rest), `spines` (relative to before treatment), `relief`
    (points of the MADRS that the change of spines takes away, the part of the drug alone) and `dissociation`
    (points, 0 to 84).  Its attributes name the surrogate, its held-out error in words (`surrogate_error`),
    the model version, sheet and affinity.

    Raises CoursesError, SurrogateError, GivenError, DoseError, HypothesisError and InhibitionError.
    """
    circuit = named(sheet)
    known = surrogate(circuit, choice(affinity, AFFINITIES, "affinity", CoursesError))
    table, chosen = _checked(people, known), _switched(affinity, switches)
    inhibitions = _inhibitions(inhibit)
    n, found = len(table), dict[str, np.ndarray]()
    groups = grouped(give, n)
    each = [(planned_for(given, circuit, affinity), places) for given, places in groups]
    first = min((dose.start for (config, _), _ in each for dose in config.doses), default=0.0)
    hours = times(at, min(first, 0.0) - BEFORE_H)
    for (config, mass), places in each:
        own = _computed(config, mass, table.iloc[places], hours, known, chosen, inhibitions)
        for name, values in own.items():
            found.setdefault(name, np.zeros((n, len(hours))))[places] = values
    numbers = patients_sheet()
    severity, sensitivity = (table[c].to_numpy(float)[:, None] for c in ("severity", "sensitivity"))
    found["relief"] = relief(found["spines"], severity, numbers.link)
    found["dissociation"] = dissociation(found["ketamine"], sensitivity, numbers.dissociation)
    return xr.Dataset(
        {
            name: (("subject", "time"), found[name], {"units": unit, "long_name": meaning})
            for name, (unit, meaning) in OUTPUTS.items()
        },
        {
            "subject": table.index.to_numpy(),
            "time": ("time", hours, {"units": "h", "long_name": "hour of the schedule"}),
        },
        {
            "surrogate": known.identity,
            "surrogate_error": known.error,
            "model_version": MODEL_VERSION,
            "sheet": circuit,
            "affinity": affinity,
        },
    )


def _computed(
    config: Config,
    mass: float | None,
    table: pd.DataFrame,
    hours: np.ndarray,
    known: Surrogate,
    chosen: Hypotheses,
    inhibitions: tuple[Inhibition, ...],
) -> dict[str, np.ndarray]:
    """Outputs of those who are given the same, (subject, hour)."""
    at = asked_minutes(config.doses, inhibitions, hours)
    levels = exposures(config, mass, table, at, chosen.hnk_exposure)
    read = np.searchsorted(at, [round(60.0 * hour) for hour in hours])
    sheets, sizes, share = config.sheets(), config.sizes(), patients_sheet().people.draw
    looks = Protocol((), 0.0, inhibitions=inhibitions)
    own = Config("people", config.circuit, config.species, (), 1.0, 1, looks, hypotheses=chosen)
    factors = Acting(own, Bath(())).factors(int(at[0]), int(at[-1]), False)
    arms, sites = chosen.arms(sizes), config.spine_numbers().sites_per_contact
    found = {name: np.ones((len(table), len(hours))) for name in ("spines", "bdnf", "mtorc1", "glutamate")}
    for k, (number, contacts, seed) in enumerate(
        zip(table["circuit"], table["spines"], table["cascade"], strict=True)
    ):
        cascade, spines = slow_numbers(sheets, int(seed), share)
        subject = Subject(
            known.emulated[int(number)], float(contacts), chosen.cascade(cascade, sizes), spines, sites
        )
        acting = factors
        if chosen.trkb == "on":
            acting = factors.copy()
            felt = chosen.sensitisation(levels.between[k], sizes)
            acting[:, FACTORS.index("sensitisation")] = np.repeat(felt, np.diff(at))
        for name, values in followed(subject, at, levels.equivalents[k], acting, arms, chosen).items():
            if name in found:
                found[name][k] = values[read]
    return found | {"ketamine": levels.ketamine[:, read], "plasma": levels.plasma[:, read]}


def _checked(table: Any, known: Surrogate) -> pd.DataFrame:
    """The table, where it is one of people of this surrogate.  Raises CoursesError."""
    import pandas as pd

    must = "`people` takes a table as pl.people draws it"
    if not isinstance(table, pd.DataFrame) or not len(table):
        raise CoursesError(f"{must}, with at least one row")
    if lacks := [name for name in (*COLUMNS, *OWN) if name not in table]:
        raise CoursesError(f"{must}; there is no column {lacks[0]}")
    strange = table.loc[~table["circuit"].isin(known.circuits), "circuit"]
    if len(strange):
        raise CoursesError(
            f"{must}, for the same sheet and affinity: circuit {strange.iloc[0]} of subject "
            f"{strange.index[0]} is none of sheet {known.circuit} at {known.affinity} receptors"
        )
    return table


def _switched(affinity: str, switches: dict[str, str]) -> Hypotheses:
    """The hypotheses of a course.  Raises CoursesError for a switch that the circuit would have to be
    trained with, and HypothesisError.
    """
    for name in switches:
        if name in ("affinity", "baseline") or name not in BEHIND:
            raise CoursesError(
                f"{unknown('switch of people', name, BEHIND)}; others act on the circuit, for which a "
                "surrogate stands"
            )
    chosen = Hypotheses(affinity=affinity, baseline="healthy", **switches)
    if chosen.spine_rule == "branch":
        raise CoursesError(
            "`spine_rule` branch needs spines one by one, and people have their chances: leave it out"
        )
    return chosen


def _inhibitions(inhibit: str | Inhibition | Sequence[str | Inhibition]) -> tuple[Inhibition, ...]:
    """All inhibitors.  Raises CoursesError for one that acts on the circuit, and InhibitionError."""
    several = [inhibit] if isinstance(inhibit, (str, Inhibition)) else list(inhibit)
    found: list[Inhibition] = []
    for each in several:
        found += [each] if isinstance(each, Inhibition) else parse_inhibitions(each)
    for item in found:
        if target_of(item.name) == "ampa":
            raise CoursesError(
                f"{item.name} acts on the circuit, for which a surrogate stands: leave it out"
            )
    return tuple(found)
