"""A drug in circuits that lack an NMDA receptor subunit: lost at once, or while the circuit grew up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from prelimbic.circuits import CalibrationError, Circuit, CircuitError, Numerics, calibrate
from prelimbic.simulation.config import Config
from prelimbic.simulation.observers.course import observed
from prelimbic.simulation.record import coordinate, scales
from prelimbic.simulation.variable import Groups

BACKGROUNDS = ("inherited", "developmental")
TOLERANCE = 0.15  # of a target rate, on the one wiring of a run


def observe(config: Config, compiled: bool, tell: Callable[[float], None]) -> Groups:
    """A knock-out with the background of the whole circuit, and with one that brings it back to its target
    rates; NaN where there is none.  Raises CircuitError where there is no compiler.
    """
    if not compiled:
        raise CircuitError(
            "developmental knock-outs are calibrated, which needs a C++ compiler (g++ or clang++)"
        )
    circuit = config.described()
    inherited = observed(config, circuit, True, lambda _: None)
    tell(config.protocol.seconds / 2)
    grown = _calibrated(circuit, config.seed, config.numerics.portable)
    developmental = {} if grown is None else observed(config, grown, True, lambda _: None)
    tell(config.protocol.seconds / 2)
    found = coordinate("background", BACKGROUNDS) | scales()
    for name, v in inherited.items():
        if v.dimensions == (name,):
            found[name] = v
            continue
        other = developmental[name].values if name in developmental else np.full_like(v.values, np.nan)
        found[name] = replace(
            v, dimensions=("background", *v.dimensions), values=np.stack([v.values, other])
        )
    return {"summary": found}


def _calibrated(circuit: Circuit, seed: int, portable: bool) -> Circuit | None:
    try:
        return calibrate(
            circuit, 1, first=seed, tolerance=TOLERANCE, numerics=Numerics(portable=portable)
        ).circuit
    except CalibrationError:
        return None
