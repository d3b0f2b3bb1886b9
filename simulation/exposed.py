"""How much drug there is after what is given, and how many NMDA receptors it shuts: without a network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Real

import numpy as np
import xarray as xr

from prelimbic.circuits import manipulated
from prelimbic.parameters import HNK_SETS, POPULATIONS, section_of
from prelimbic.parameters.plain import listed, unboxed
from prelimbic.pharmacology import Bath, Body, Concentrations, Dose, DoseError, Exposure, Together
from prelimbic.pharmacology.block import by_population, by_subunit, racemates, summed
from prelimbic.simulation.config import Config
from prelimbic.simulation.hypotheses import Hypotheses
from prelimbic.simulation.overrides import Overrides
from prelimbic.simulation.protocol import Protocol
from prelimbic.simulation.sheets import check_numbers
from prelimbic.simulation.switches import DEFAULTS
from prelimbic.simulation.times import GivenError, hour_of

LONGEST_H = 1e5  # exposures are not followed for longer
FOLLOWED_H, GONE = 24.0, 0.01  # after the last dose, at most; and the share of a peak that counts as nothing
MARGIN = 0.04  # of a drawn span lies before what is given, and at least as much after it
EVENLY = 400  # hours of a drawn course, beside those close to a dose
CLOSE_H = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0)  # after a dose begins or ends
HNK = "hydroxynorketamine"
LEVELS = {
    "arterial": ("ng/mL", "total arterial plasma"),
    "venous": ("ng/mL", "total venous plasma"),
    "brain_unbound": ("umol/L", "unbound brain concentration"),
    "brain_total": ("umol/L", "concentration in brain tissue, bound and unbound"),
}

Times = str | float | Sequence[str | float] | np.ndarray
Levels = tuple[tuple[str, ...], np.ndarray]


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


def of_doses(
    species: str,
    given: tuple[Dose, ...],
    circuit: str,
    overrides: Overrides,
    body: Body,
    affinity: str = DEFAULTS["affinity"],
) -> Config:
    """A configuration of nothing but doses, at receptors of such an affinity.  Raises SheetError and
    HypothesisError.
    """
    looks, switches = Protocol((), 0.0), Hypotheses(affinity=affinity)
    return Config("exposure", circuit, species, given, 1.0, 1, looks, overrides, switches, body=body)


def exposed(config: Config, at: np.ndarray) -> xr.Dataset:
    """What `exposure` gives, of the doses and the bath of a configuration at hours `at`.  Raises DoseError
    and SheetError.
    """
    check_numbers(config.sheets())
    return arranged(config, at, courses(config))


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
    there = exposed(config, hours)["brain_unbound"].values
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


def courses(config: Config) -> dict[str, Exposure]:
    """The exposure after the doses of a configuration, by set of constants of hydroxynorketamine: its own
    first, and the other one where there is one.
    """
    return {hnk: config.exposure(config.doses, hnk) for hnk in sets_of(config)}


def sets_of(config: Config) -> list[str]:
    """Sets of constants of hydroxynorketamine that a species has, that of the configuration first."""
    own, rows = config.hypotheses.hnk_exposure, config.sheets()["species"].sections
    others = [hnk for hnk in HNK_SETS if hnk != own and section_of(HNK, config.species, hnk) in rows]
    return [own, *others] if config.species == "human" else [own]


def _levels(config: Config, found: Mapping[str, Exposure], at: np.ndarray) -> Levels:
    """Names of what there is, and its levels in the order of LEVELS, shape (level, ..., time, name): sums of
    enantiomers, each with its other set where there are two, then other drugs, then every enantiomer.
    """
    (_, course), *others = found.items()
    sums = (*course.animal.family, *course.animal.others)
    each = dict(zip((*sums, *course.names), _each(course, at, (*sums, *course.names)), strict=True))
    hnk = [name for name in each if name.endswith(HNK)]
    for called, other in others:
        each |= {f"{name} ({called})": v for name, v in zip(hnk, _each(other, at, hnk), strict=True)}
    order = [*each]
    names = tuple(sorted(order, key=lambda name: order.index(_plain(name))))
    whole = np.stack([each[name] for name in names], axis=-1)
    if not np.isfinite(whole).all():
        amounts = ", ".join(f"{dose.amount:g}" for dose in config.doses)
        raise DoseError(f"`give` {amounts} or `at` {at.max():g}h is too large to compute with")
    return names, whole


def _plain(name: str) -> str:
    """A compound without the set of constants that stands behind it."""
    return name.partition(" (")[0]


def _each(course: Exposure, at: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Levels of compounds, of each the sum of its enantiomers, shape (name, level, time)."""
    plasma = [course.ng_per_ml(c(at)) for c in (course.arterial, course.venous)]
    levels = np.array([*plasma, course.brain_unbound(at), course.brain_total(at)])
    return np.moveaxis(summed(course.names, levels, names), -1, 0)


def arranged(config: Config, at: np.ndarray, found: Mapping[str, Exposure]) -> xr.Dataset:
    """Concentrations after doses, with those of the bath, and the block that they make; with an axis of
    subjects where there are several.
    """
    bath, sheets = config.bath, config.sheets()
    names, levels = _levels(config, found, at) if bath is None else _bathed(config, bath, found, at)
    mixtures = manipulated(config.grown(), config.manipulations).mixtures
    source: Concentrations = next(iter(found.values()))
    source = source if bath is None else Together((source, bath))
    drugs = config.binding()
    shut = by_subunit(source.brain_unbound(at), [drugs[name] for name in source.names])
    lead = ("subject",) if levels.ndim > 3 else ()
    whole = {
        name: ((*lead, "time", "compound"), values, {"units": unit, "long_name": meaning})
        for (name, (unit, meaning)), values in zip(LEVELS.items(), levels, strict=True)
    }
    block = {"units": "1", "long_name": "share of NMDA peak conductance shut"}
    return xr.Dataset(
        {**whole, "block": ((*lead, "time", "population"), by_population(shut, mixtures), block)},
        {
            "time": ("time", at, {"units": "h", "long_name": "hour of the schedule"}),
            "compound": list(names),
            "population": list(POPULATIONS),
        },
        {
            "species": config.species,
            "sheet": sheets["circuit"].name,
            "hnk_exposure": config.hypotheses.hnk_exposure,
        },
    )


def _bathed(config: Config, bath: Bath, after: Mapping[str, Exposure], at: np.ndarray) -> Levels:
    """The same with what a bath holds, of which nothing is in plasma; where nothing else is given, that
    alone.
    """
    own, levels = _levels(config, after, at) if config.doses else ((), np.zeros((len(LEVELS), len(at), 0)))
    names = tuple(dict.fromkeys((*own, *racemates(bath.names), *bath.names)))
    found = np.full((len(LEVELS), len(at), len(names)), np.nan)
    found[..., : len(own)] = levels
    held = summed(bath.names, bath.brain_unbound(at), [_plain(name) for name in names])
    unbound, total = (list(LEVELS).index(name) for name in ("brain_unbound", "brain_total"))
    found[unbound] = np.nan_to_num(found[unbound]) + held
    found[total][:, held.any(axis=0)] = np.nan  # what a bath does to tissue is not known
    return names, found
