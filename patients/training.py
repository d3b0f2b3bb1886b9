"""Train a surrogate: drawn circuits, each at rest as recorded, in baths of ketamine with more and fewer
contacts, by real spikes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from prelimbic.circuits import Circuit, CircuitError, resting_weights
from prelimbic.circuits.manipulate import lose_contacts
from prelimbic.parameters import ranged
from prelimbic.patients.design import COARSE, CONCENTRATIONS_UM, CONTACTS, SECONDS, TOLERANCE
from prelimbic.patients.drawing import drawn_circuit
from prelimbic.pharmacology import Bath
from prelimbic.simulation.config import Config
from prelimbic.simulation.drugged import running
from prelimbic.simulation.observers.prior import calibrated, resting_rates, rests


def examined(
    config: Config, seed: int, share: float, tell: Callable[[str], None] = lambda stage: None
) -> dict[str, Any] | None:
    """What drawn circuit `seed` does, as plain data with axes (contacts, concentration); None for one that
    does not rest at rates it may have, asynchronously.  `tell` hears the stages.  Raises CircuitError.
    """
    sheets, spines = config.sheets(), config.spine_numbers()
    tell("calibrating")
    circuit = drawn_circuit(sheets["circuit"], spines, seed, share)
    found = calibrated(circuit, seed, TOLERANCE, False, coarse=COARSE)
    if found is None:
        return None
    tell("watching")
    return watched(replace(config, seed=seed), found)


def watched(config: Config, circuit: Circuit) -> dict[str, Any] | None:
    """Tables of one circuit, each a list by contacts of lists by concentration:

    ampa: AMPA conductance a contact, mean over Pyr cells, over that at rest with all contacts; spread: SD
    between cells of that relative to their own at rest, over the mean; rate: of Pyr cells, Hz; nmda: mean
    conductance, nS; release: of glutamate, Hz.  And `open`: share of Pyr NMDA receptors that each
    concentration leaves.
    """
    names = ("ampa", "spread", "rate", "nmda", "release")
    tables: dict[str, list[list[float]]] = {name: [] for name in names}
    opened: list[float] = []
    allowed = resting_rates(ranged(config.sheets()["circuit"]))
    with running(config, circuit, True) as untreated:
        network, reference = untreated.network, None
        for share in sorted(CONTACTS, key=lambda n: n != 1.0):  # all contacts first: the reference
            weights = with_contacts(circuit, share)
            held = partial(_same, weights)
            rest = untreated.at(0.0).observe(SECONDS[2], SECONDS[0], held)
            if reference is None:
                if not rests(rest, allowed):
                    return None
                reference = rest.release_on_pyr
            rows: dict[str, list[float]] = {name: [] for name in names}
            opened = []
            for uM in CONCENTRATIONS_UM:
                moment = untreated.given(Bath((("ketamine", uM),)) if uM else Bath(())).at(0.0)
                seen = moment.observe(SECONDS[1], SECONDS[0], held)
                own = seen.recurrent_ampa / network.recurrent_ampa(weights, rest.release_on_pyr)
                whole = seen.recurrent_ampa.sum() / network.recurrent_ampa(weights, reference).sum()
                rows["ampa"].append(float(whole))
                rows["spread"].append(float(own.std() / max(own.mean(), 1e-9)))
                rows["rate"].append(float(seen.rate[0]))
                rows["nmda"].append(float(seen.nmda_conductance.mean()))
                rows["release"].append(float(seen.glutamate_release))
                opened.append(1.0 - float(moment.nmda[0] @ circuit.mixtures[0]))
            for name in names:
                tables[name].append(rows[name])
    order = np.argsort(sorted(CONTACTS, key=lambda n: n != 1.0))
    ordered = {name: [[_short(v) for v in tables[name][k]] for k in order] for name in names}
    background = [round(p.background_rate, 3) for p in circuit.populations]
    return ordered | {"open": [_short(v) for v in opened], "background": background}


def with_contacts(circuit: Circuit, share: float) -> np.ndarray:
    """Plastic weights (nS, (pyr, site)) of a circuit with a share of its contacts, above 1 with more."""
    if share <= 1.0:
        return resting_weights(lose_contacts(circuit, share))
    source, target, projection = next(p for p in circuit.projections if p[:2] == ("Pyr", "Pyr"))
    more = replace(projection, in_degree=float(round(projection.in_degree * share)))
    if more.in_degree > circuit.sites:
        raise CircuitError(f"circuit {circuit.name} has no room for {share:g} times its contacts")
    others = tuple(p for p in circuit.projections if p[:2] != ("Pyr", "Pyr"))
    return resting_weights(replace(circuit, projections=((source, target, more), *others)))


def _same(weights: np.ndarray, _circuit: Circuit) -> np.ndarray:
    return weights


def _short(value: float) -> float:
    return float(f"{value:.5g}")
