"""How much drug there is after what is given, and how many NMDA receptors it shuts: without a network."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from numbers import Real

import numpy as np
import xarray as xr

from prelimbic.circuits import manipulated
from prelimbic.parameters import POPULATIONS, SPECIES, circuit_sheet, compounds
from prelimbic.parameters.plain import choice, listed, unboxed
from prelimbic.pharmacology import Dose, DoseError
from prelimbic.pharmacology.block import by_population, by_subunit
from prelimbic.simulation.config import Config, check_numbers
from prelimbic.simulation.given import Give, doses, parse_weight
from prelimbic.simulation.overrides import Overrides, settled
from prelimbic.simulation.protocol import Protocol
from prelimbic.simulation.scenario import (
    SHEET,
    Scenario,
    ScenarioError,
    UnusualDoseWarning,
    named_sheet,
    unusual,
)
from prelimbic.simulation.times import GivenError, hour_of

LONGEST_H = 1e5  # exposures are not followed for longer
FOLLOWED_H, GONE = 24.0, 0.01  # after the last dose, at most; and the share of a peak that counts as nothing
MARGIN = 0.04  # of a drawn span lies before what is given, and at least as much after it
EVENLY = 400  # hours of a drawn course, beside those close to a dose
CLOSE_H = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0)  # after a dose begins or ends
OFFSETS = 100  # after a dose begins, and after it ends, at which its course is computed
SOONEST_H = 1e-4  # of these
NOTHING = 1e-300  # of a concentration, whose logarithm is taken

Times = str | float | Sequence[str | float] | np.ndarray
Levels = tuple[tuple[str, ...], np.ndarray]


def exposure(
    species: str | Scenario,
    give: Give | None = None,
    at: Times | None = None,
    *,
    weight: float | str | None = None,
    sheet: str | os.PathLike[str] = SHEET,
    overrides: Mapping[str, float] | Overrides = (),
) -> xr.Dataset:
    """Plasma and unbound brain concentrations after what is given, and the NMDA block they make.

    `give`, `weight` and `overrides` are as in Scenario; a Scenario itself, with a bath or without, may stand
    in the place of `species` and of all these.  `at` are hours of the schedule, in which a dose without a
    time is given at 0 h: texts such as "10min, 40min, 4h", or numbers of hours, from 0 or an earlier first
    dose on.  The block is that of the receptors of a circuit `sheet`.

    Returns a dataset with `arterial` and `venous` (time, compound) in ng/mL of total plasma,
    `brain_unbound` (time, compound) in umol/L, and `block` (time, population), the share of NMDA peak
    conductance that is shut at equilibrium, wherever there are receptors; `time` is in h.  What only a bath
    holds is in no plasma: NaN.  The constants and their sources are those of the sheets species and
    compounds, see numbers(sheet="species").

    Raises UsageError (GivenError, DoseError, SheetError, ScenarioError) for what cannot be.  Warns with
    UnusualDoseWarning of a dose beyond use.
    """
    if isinstance(species, Scenario):
        if give is not None or weight is not None or sheet != SHEET or overrides:
            raise ScenarioError(
                "a scenario says itself what `give`, `weight`, `sheet` and `overrides` are: leave them out"
            )
        config = species.untimed
    else:
        animal, circuit = choice(species, SPECIES, "species", DoseError), named_sheet(sheet)
        body = None if weight is None else parse_weight(weight, animal)
        given = doses(give, body)  # type: ignore[arg-type]
        config = of_doses(animal, given, circuit, settled(overrides, [circuit_sheet(circuit)]))
    found = exposed(config, times(at, begin(config)))
    for told in unusual(config.doses, config.species):
        warnings.warn(told, UnusualDoseWarning, stacklevel=2)
    return found


def times(at: Times | None, first: float = 0.0) -> np.ndarray:
    """Hours of the schedule of doses, in texts or numbers; none before the `first` dose, or before 0.
    Raises GivenError.
    """
    one, low = unboxed(at), min(first, 0.0)
    must = "texts such as '10min, 4h', or numbers of hours"
    several = [one] if isinstance(one, (str, Real)) else listed(one, "`at`", GivenError, must)
    parts = [part for each in several for part in (each.split(",") if isinstance(each, str) else [each])]
    found = np.array([hour_of(part, "`at`") for part in parts])
    if not len(found) or not np.isfinite(found).all() or found.min() < low or found.max() > LONGEST_H:
        raise GivenError(f"`at` takes hours of the schedule, from {low:g} to {LONGEST_H:g} h")
    return found


def of_doses(species: str, given: tuple[Dose, ...], circuit: str, overrides: Overrides) -> Config:
    """A configuration of nothing but doses.  Raises SheetError."""
    return Config("exposure", circuit, species, given, 1.0, 1, Protocol((), 0.0), overrides)


def exposed(config: Config, at: np.ndarray) -> xr.Dataset:
    """What `exposure` gives, of the doses and the bath of a configuration at hours `at`.  Raises DoseError
    and SheetError.
    """
    check_numbers(config.sheets())
    return _dataset(config, at, _levels(config, config.doses, at))


def followed(config: Config, at: np.ndarray) -> xr.Dataset:
    """The same at many hours, to be drawn: each kind of dose is computed once, at offsets that lengthen, and
    its logarithm is read between them, which is within a percent.
    """
    check_numbers(config.sheets())
    names, total = _levels(config, config.doses, np.empty(0))
    total = np.zeros((len(total), len(at), len(names)))
    kinds: dict[Dose, list[float]] = {}
    for dose in config.doses:
        kinds.setdefault(replace(dose, start=0.0), []).append(dose.start)
    for dose, starts in kinds.items():
        after = np.geomspace(SOONEST_H, max(at.max() - min(starts), 1.0), OFFSETS)
        offsets = np.unique(np.concatenate([[0.0, dose.end], after, dose.end + after]))
        own, course = _levels(config, (dose,), offsets)
        columns = [names.index(name) for name in own]
        for level, column in product(range(len(total)), range(len(own))):
            if (values := course[level, :, column]).any():
                known = np.log(np.maximum(values, NOTHING))
                sums = sum(np.exp(np.interp(at - start, offsets, known, left=-np.inf)) for start in starts)
                total[level, :, columns[column]] += sums
    return _dataset(config, at, (names, total))


def begin(config: Config) -> float:
    """The hour at which something is first given, a bath included; 0 where nothing is."""
    return min(_events(config), default=0.0)


def drawn_hours(configs: Iterable[Config], until: float | None = None) -> np.ndarray:
    """Hours at which courses of several configurations are drawn beside each other: from a bit before the
    first of what is given to `until`, or else until every concentration has fallen below a percent of its
    peak, but at most a day after the last.  Raises DoseError and SheetError.
    """
    several = list(configs)
    first = min(map(begin, several))
    last = max(map(_gone, several)) if until is None or until <= first else until
    edges = sorted({hour for config in several for hour in _events(config)})
    return _hours(first - MARGIN * (last - first), last, edges)


def _gone(config: Config) -> float:
    """The hour at which all that is drawn has left, or a bit later; at most a day after the last dose."""
    events = _events(config) or [0.0]
    last = max(events)
    hours = _hours(min(events), last + FOLLOWED_H, events)
    there = followed(config, hours)["brain_unbound"].values
    if not there.any():
        return float(hours[-1])
    left = (there > GONE * there.max(axis=0, initial=0.0)).any(axis=1) | (hours <= last)
    gone = hours[min(np.flatnonzero(left)[-1] + 1, len(hours) - 1)]
    return float(min(max(gone, last + MARGIN * (last - min(events))), hours[-1]))


def _hours(low: float, high: float, edges: Sequence[float]) -> np.ndarray:
    """Hours from `low` to `high`, closer behind edges, and just before them."""
    close = [hour for edge in edges for hour in (np.nextafter(edge, -np.inf), *(edge + np.array(CLOSE_H)))]
    found = np.unique([*np.linspace(low, high, EVENLY), *close])
    return found[(found >= low) & (found <= high)]


def _events(config: Config) -> list[float]:
    """Hours at which anything that is given begins or ends."""
    given = [hour for dose in config.doses for hour in (dose.start, dose.end)]
    bath = (config.bath.start, config.bath.end) if config.bath is not None else ()
    return sorted({*given, *(hour for hour in bath if np.isfinite(hour))})


def _levels(config: Config, given: tuple[Dose, ...], at: np.ndarray) -> Levels:
    """Names of compounds; arterial and venous plasma (ng/mL) and unbound brain (uM), (3, time, compound)."""
    course = config.exposure(given)
    plasma = [course.ng_per_ml(c(at)) for c in (course.arterial, course.venous)]
    return course.names, np.array([*plasma, course.brain_unbound(at)])


def _dataset(config: Config, at: np.ndarray, levels: Levels) -> xr.Dataset:
    """Concentrations after doses, with those of the bath, and the block that they make."""
    if not np.isfinite(levels[1]).all():
        amounts = ", ".join(f"{dose.amount:g}" for dose in config.doses)
        raise DoseError(f"`give` {amounts} or `at` {at.max():g}h is too large to compute with")
    names, (arterial, venous, brain) = levels if config.bath is None else _bathed(config, at, levels)
    drug, cell, sheets = ("time", "compound"), ("time", "population"), config.sheets()
    drugs = compounds(sheets["compounds"])
    mixtures = manipulated(config.grown(), config.manipulations).mixtures
    shut = by_population(by_subunit(brain, [drugs[name] for name in names]), mixtures)
    return xr.Dataset(
        {
            "arterial": (drug, arterial, {"units": "ng/mL", "long_name": "total arterial plasma"}),
            "venous": (drug, venous, {"units": "ng/mL", "long_name": "total venous plasma"}),
            "brain_unbound": (
                drug,
                brain,
                {"units": "umol/L", "long_name": "unbound brain concentration"},
            ),
            "block": (cell, shut, {"units": "1", "long_name": "share of NMDA peak conductance shut"}),
        },
        {
            "time": ("time", at, {"units": "h", "long_name": "hour of the schedule"}),
            "compound": list(names),
            "population": list(POPULATIONS),
        },
        {"species": config.species, "sheet": sheets["circuit"].name},
    )


def _bathed(config: Config, at: np.ndarray, levels: Levels) -> Levels:
    """The same with what a bath holds, of which nothing is in plasma; where nothing else is given, that
    alone.
    """
    bath, own = config.bath, levels[0] if config.doses else ()
    assert bath is not None
    names = tuple(dict.fromkeys((*own, *bath.names)))
    found = np.full((3, len(at), len(names)), np.nan)
    found[2] = 0.0
    found[..., : len(own)] = levels[1][..., : len(own)]
    found[2][:, [names.index(name) for name in bath.names]] += bath.brain_unbound(at)
    return names, found
