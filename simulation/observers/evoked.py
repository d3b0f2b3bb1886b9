"""Calcium that trains of volleys evoke in the dendrites of the running circuit, untreated and at the peak of
a dose.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from prelimbic.circuits import Activity, Network, Volley
from prelimbic.simulation.config import Config
from prelimbic.simulation.drugged import running
from prelimbic.simulation.record import scales
from prelimbic.simulation.variable import Groups, Variable

PULSES = (1, 2, 4, 8, 16, 32, 64)
# 45 events a cell, 40 Hz: a judgement; one still shows, untreated
VOLLEY = Volley(rate=4500.0, seconds=0.01, every=0.025)
AFTER_S, PAUSE_S, TRAINS = 0.2, 0.3, 5
REST_S, REST_SETTLE_S = 5.0, 2.0


def observe(config: Config, compiled: bool, tell: Callable[[float], None]) -> Groups:
    """One wiring: trains of every length, several of each, untreated and then at the peak of each dose; NaN
    for a circuit of points, which has no dendrites.
    """
    config.check_looks()
    circuit, hour = config.described(), config.protocol.peak
    if circuit.apical is None:
        rows = 1 + len(config.doses)
        return {"summary": _arranged(config, np.full((rows, len(PULSES)), np.nan), [np.nan] * rows)}
    evoked: list[list[float]] = []
    rest: list[Activity] = []
    with running(config, circuit, compiled) as untreated:
        for dose in (None, *config.doses):
            drugged = untreated
            if dose is not None:
                drugged = untreated.given(config.exposure((dose,))).until(hour, rest[-1])
            rest.append(drugged.at(hour).observe(REST_S, REST_SETTLE_S))
            calcium = float(rest[-1].apical_calcium.mean())
            evoked.append([_trains(untreated.network, pulses, calcium) for pulses in PULSES])
            tell(config.protocol.seconds / (1 + len(config.doses)))
    return {
        "summary": _arranged(config, np.array(evoked), [float(seen.apical_calcium.mean()) for seen in rest])
    }


def _arranged(config: Config, evoked: np.ndarray, resting: list[float]) -> dict[str, Variable]:
    given = np.array([0.0, *(dose.amount for dose in config.doses)])
    return scales() | {
        "given": Variable(("given",), given, "mg/kg", "dose; 0 is the untreated circuit"),
        "pulses": Variable(("pulses",), np.array(PULSES, dtype=float), "1", "volleys in a train"),
        "evoked_calcium": Variable(
            ("given", "pulses"), evoked, "s", "activation of Ca channels by a train, above rest"
        ),
        "resting_calcium": Variable(
            ("given",), np.array(resting), "1", "activation of Ca channels between trains"
        ),
    }


def _trains(network: Network, pulses: int, rest: float) -> float:
    """Activation that a train evokes above rest, s, mean of several with pauses between."""
    seen = []
    for _ in range(TRAINS):
        seen.append(network.evoke(VOLLEY, pulses, AFTER_S).mean())
        network.evoke(VOLLEY, 0, PAUSE_S)
    return float((np.mean(seen) - rest) * (pulses * VOLLEY.every + AFTER_S))
