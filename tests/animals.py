"""Animals that are given doses: the shipped ones, some with other numbers, and doses that they can have."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from prelimbic.parameters import DOSED, ENANTIOMERS, SPECIES, Animal, animal, compounds
from prelimbic.pharmacology import ROUTES, Dose, Exposure

DRUGS = compounds()
ANIMALS = {name: animal(name) for name in SPECIES}
EVERY = [(name, route) for name in SPECIES for route in ROUTES[name]]
LONG = np.concatenate([np.linspace(0.0, 4.0, 401), np.geomspace(4.0, 2000.0, 600)[1:]])


def course(who: str | Animal, *doses: Dose) -> Exposure:
    return Exposure(doses, ANIMALS[who] if isinstance(who, str) else who, DRUGS)


def altered(
    name: str,
    body: dict[str, Any] | None = None,
    drugs: dict[str, dict[str, Any]] | None = None,
    routes: dict[str, dict[str, Any]] | None = None,
) -> Animal:
    """An animal with some other numbers."""
    own = ANIMALS[name]
    return replace(
        own,
        body=replace(own.body, **(body or {})),
        dispositions=own.dispositions
        | {drug: replace(own.dispositions[drug], **new) for drug, new in (drugs or {}).items()},
        routes=own.routes
        | {route: replace(own.routes[route], **new) for route, new in (routes or {}).items()},
    )


def one_compartment(absorption: float, elimination: float) -> Animal:
    """A rat of one compartment for ketamine (1/h), at once in the brain, which takes all of a dose i.p.."""
    central = {"central": 1.0, "exchange": 0.0, "deep_exchange": 0.0}
    whole = {"direct": 1.0, "direct_absorption": absorption, "direct_duration": 0.0, "repeated": 1.0}
    return altered(
        "rat",
        {"brain_equilibration_half_time": 0.0},
        {"ketamine": central | {"clearance": elimination, "clearance_s_to_r": 1.0}},
        {"ip": whole},
    )


def can_have(name: str, route: str) -> list[str]:
    """Compounds that an animal can be given by a route."""
    own = ANIMALS[name]
    known = [drug for drug in DOSED if ENANTIOMERS.get(drug, (drug,))[0] in own.dispositions]
    return known if route == "iv" else [drug for drug in known if own.route_key(route, drug)]


@st.composite
def doses(draw: st.DrawFn, name: str) -> Dose:
    """Any dose that the animal can be given."""
    route = draw(st.sampled_from(ROUTES[name]))
    duration = draw(st.none() | st.sampled_from([1e-4, 40 / 60, 6.0])) if route == "iv" else None
    amount, start = draw(st.floats(0.01, 200.0)), draw(st.integers(-16, 96)) / 8.0
    return Dose(amount, route, start, duration, draw(st.sampled_from(can_have(name, route))))


def several(most: int = 4) -> st.SearchStrategy[tuple[str, list[Dose]]]:
    return st.sampled_from(SPECIES).flatmap(
        lambda name: st.tuples(st.just(name), st.lists(doses(name), min_size=1, max_size=most))
    )


ONE = several(1).map(lambda case: (case[0], case[1][0]))


def umol(name: str, *given: Dose) -> float:
    """What doses hold: 1 mg of a substance is 1000/molar mass umol."""
    mass = ANIMALS[name].body.reference_mass
    return sum(dose.amount * mass / DRUGS[dose.compound].molar_mass * 1e3 for dose in given)


def of(found: np.ndarray, exposure: Exposure, compound: str) -> np.ndarray:
    """The columns of both enantiomers of a compound, summed."""
    return sum(found[..., exposure.names.index(f"{hand}-{compound}")] for hand in "SR")


def auc(hours: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.trapezoid(values, hours, axis=0)


def near(found: np.ndarray, expected: np.ndarray, rtol: float = 1e-9) -> None:
    scale = float(np.abs(expected).max())
    assert scale > 0.0
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * scale)
