"""A circuit with one number changed: calibrated again, and put into baths of ketamine."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from prelimbic.circuits import Circuit, CircuitError
from prelimbic.simulation.config import Config
from prelimbic.simulation.observers.acute import arranged, in_baths
from prelimbic.simulation.observers.prior import calibrated
from prelimbic.simulation.record import scales
from prelimbic.simulation.sheets import overridden
from prelimbic.simulation.variable import Groups, Variable

CONCENTRATIONS_UM = (0.0, 0.3, 1.0, 3.0, 10.0, 30.0)
# to settle, and of each look; before the first, until slow receptors have filled
SECONDS, WARM_S = (0.5, 6.0), 6.0
TOLERANCE = 0.1  # of a target rate, on the one wiring of a run
COARSE_LOOKS = 20  # of a calibration that begins with the rates of the sheet
WORK_S = 110.0  # biological seconds of one run, roughly; for the progress bar


def observe(config: Config, compiled: bool, tell: Callable[[float], None]) -> Groups:
    """The circuit of a configuration, whose last override is the number that is varied.  One that cannot
    rest at its target rates is stored as such, with NaN for the rest.

    Raises CircuitError where there is no compiler.
    """
    if not compiled:
        raise CircuitError("changed circuits are calibrated, which needs a C++ compiler (g++ or clang++)")
    found = _value(config)
    circuit = _calibrated(config.described(), config.seed, config.numerics.portable)
    found["calibrated"] = Variable(
        (), np.array(float(circuit is not None)), "1", "1 where the circuit can rest at its target rates"
    )
    spiking = len(CONCENTRATIONS_UM) * sum(SECONDS)
    tell(WORK_S - spiking)
    if circuit is None:
        tell(spiking)
        return {"summary": scales() | found}
    seen, blocks = in_baths(config, circuit, CONCENTRATIONS_UM, SECONDS, True, tell, WARM_S)
    held = np.nan_to_num(seen[0].nmda_open_probability) * circuit.mixtures
    by_class = ("concentration", "population")
    for name, conductance in {"synaptic": held, "tonic": circuit.tonic}.items():
        found[f"{name}_shut"] = Variable(
            by_class,
            shut(conductance * seen[0].magnesium_free, blocks),
            "1",
            f"share of the {name} NMDA conductance at rest that the drug shuts",
        )
    return {"summary": scales() | found | arranged(CONCENTRATIONS_UM, seen, blocks)}


# A drug's affinities move no calibration: their runs have that of the circuit as it stands.
@lru_cache(maxsize=4)
def _calibrated(circuit: Circuit, seed: int, portable: bool) -> Circuit | None:
    return calibrated(circuit, seed, TOLERANCE, portable, coarse=COARSE_LOOKS)


def _value(config: Config) -> dict[str, Variable]:
    """The number that is varied and what the sheet says of it; NaN where nothing is."""
    value = stands = np.nan
    if config.overrides:
        name, value = config.overrides[-1]
        subject, _, number = name.partition(".")
        stands = overridden(config.own_sheet, ())[subject].values()[number]
    return {
        "value": Variable((), np.array(value), "1", "the number that is varied, in its own unit"),
        "stands": Variable((), np.array(stands), "1", "what the sheet says of it"),
    }


def shut(conductance: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """Share of a conductance (population, subunit) that blocks (concentration, population, subunit) take,
    shape (concentration, population); NaN where there is none.
    """
    carried = np.nan_to_num(conductance)
    with np.errstate(invalid="ignore"):
        return (blocks * carried).sum(axis=2) / carried.sum(axis=1)
