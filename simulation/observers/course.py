"""The running circuit at hours after each of several doses, contacts as they are: nothing slow moves in two
hours.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from prelimbic.circuits import Activity, Circuit
from prelimbic.simulation.config import Config
from prelimbic.simulation.drugged import Drugged, running
from prelimbic.simulation.protocol import Protocol
from prelimbic.simulation.record import courses, scales
from prelimbic.simulation.variable import Groups, Variable

SETTLE_S, LOOK_S, REST_SETTLE_S = 0.5, 4.5, 2.0  # slow delta needs 4 s


def course(
    hours: tuple[float, ...], peak: float, rest: float = 20.0, longer: float = 1.0, held: bool = False
) -> Protocol:
    """Looks at hours after each dose, and so many seconds untreated before any; `longer` stretches every
    look.

    Where the peak is `held` one look at its concentration stands for all hours.
    """
    return Protocol(hours, peak, look_scale=longer, rest=rest, reused=hours if held else ())


def observe(config: Config, compiled: bool, tell: Callable[[float], None]) -> Groups:
    """One wiring untreated, then after each dose of the configuration alone, at its protocol's hours."""
    return {"summary": scales() | observed(config, config.described(), compiled, tell)}


def observed(
    config: Config, circuit: Circuit, compiled: bool, tell: Callable[[float], None]
) -> dict[str, Variable]:
    """All that a look sees, by dose (`given`, mg/kg; at 0 the untreated circuit, the same at every hour) and
    hour.
    """
    config.check_looks()
    with running(config, circuit, compiled) as untreated:
        seen = [untreated.at(0.0).observe(config.protocol.rest, REST_SETTLE_S)]
        for dose in config.doses:
            seen += _after(config, untreated.given(config.exposure((dose,))), seen[0])
            tell(config.protocol.seconds / len(config.doses))
    return _arranged(config, seen)


def _after(config: Config, drugged: Drugged, last: Activity) -> list[Activity]:
    """What is seen at every hour after one dose, where `last` was seen before."""
    seen: list[Activity] = []
    held = bool(config.protocol.reused)
    for hour in (config.protocol.peak,) if held else config.protocol.times:
        drugged = drugged.until(hour, last)
        last = drugged.at(hour).observe(LOOK_S * config.protocol.look_scale, SETTLE_S)
        seen.append(last)
    return seen * len(config.protocol.times) if held else seen


def _arranged(config: Config, seen: list[Activity]) -> dict[str, Variable]:
    given, hours = np.array([0.0, *(dose.amount for dose in config.doses)]), np.array(config.protocol.times)
    found = {
        "given": Variable(("given",), given, "mg/kg", "dose; 0 is the untreated circuit"),
        "hour": Variable(("hour",), hours, "h", "hours since the dose"),
    }
    for name, v in courses("look", seen).items():
        untreated, after = v.values[:1], v.values[1:]
        rows = [
            np.repeat(untreated, len(hours), axis=0),
            *after.reshape(len(config.doses), len(hours), *after.shape[1:]),
        ]
        found[name] = Variable(("given", "hour", *v.dimensions[1:]), np.array(rows), v.unit, v.meaning)
    moments = np.full_like(hours, config.protocol.peak) if config.protocol.reused else hours
    unbound = [
        np.zeros(len(hours)),
        *(config.exposure((dose,)).of("ketamine", moments) for dose in config.doses),
    ]
    found["settle_seconds"] = Variable(
        (), np.array(SETTLE_S), "s", "spiking time before each look after a dose, not counted"
    )
    found["unbound"] = Variable(
        ("given", "hour"), np.array(unbound), "umol/L", "unbound ketamine in the brain"
    )
    return found
