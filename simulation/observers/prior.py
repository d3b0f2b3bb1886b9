"""One model of the prior: a circuit drawn and calibrated, with drugs, cascade and spines drawn beside it,
and put into baths.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from prelimbic.circuits import (
    Activity,
    CalibrationError,
    Circuit,
    CircuitError,
    NetworkError,
    Numerics,
    calibrate,
    check_background,
    target_rates,
)
from prelimbic.parameters import (
    POPULATIONS,
    Sheet,
    SheetError,
    at_unitary,
    drawn,
    ranged,
    recorded,
)
from prelimbic.parameters.prior import SLOW, drawn_numbers
from prelimbic.simulation.config import Config, grown
from prelimbic.simulation.observers import looks, replay
from prelimbic.simulation.observers.looks import AWAKE_UM
from prelimbic.simulation.record import coordinate, scales
from prelimbic.simulation.sheets import check_numbers
from prelimbic.simulation.switches import AFFINITIES
from prelimbic.simulation.variable import Groups, Variable

FIXED = ("background_rate", "apical_share")  # not drawn: what a calibration moves, and what a point has not
TOLERANCE = 0.2  # of a target rate, on one wiring: the targets themselves are drawn from wider ranges
GIVEN_UP = {"coarse": (30, 4.0), "probe": (1, 2.0)}  # stage -> look of it, and factor of a target
LEAST_HZ = 0.05
SYNCHRONOUS = 0.05  # pair correlation at rest from which a circuit does not count as asynchronous
WORK_S = 420.0  # biological seconds of one circuit, roughly; for the progress bar


def examine(config: Config, compiled: bool, tell: Callable[[float], None]) -> Groups:
    """Model number `seed` of the prior.  A circuit that cannot rest at its target rates is stored as such,
    with NaN for the rest, and so is a model of numbers that no sheet may have.

    Raises CircuitError where there is no compiler.
    """
    if not compiled:
        raise CircuitError("drawn circuits are calibrated, which needs a C++ compiler (g++ or clang++)")
    centre = ranged(config.sheets()["circuit"])
    source, beside = drawn(centre, config.seed, FIXED), drawn_beside(config)
    found = _drawn(centre, source, beside, config)
    own = replace(config, overrides=tuple(sorted((beside | dict(config.overrides)).items())))
    circuit = None if _refused(own) else _calibrated(config, at_unitary(source, centre))
    told = 0.0

    def done(seconds: float) -> None:
        nonlocal told
        told += seconds
        tell(seconds)

    seen, shut = (None, None) if circuit is None else looks.baths(own, circuit, looks.awake_baths(), done)
    valid = seen is not None and rests(seen[AFFINITIES[0]][0], resting_rates(centre))
    found["valid"] = Variable(
        (), np.array(float(valid)), "1", "1 where the circuit rests at rates it may have, asynchronously"
    )
    if circuit is not None and seen is not None and shut is not None and valid:
        found |= coordinate("affinity", AFFINITIES) | looks.axis("concentration", AWAKE_UM)
        ketamine = {affinity: each[: len(AWAKE_UM)] for affinity, each in seen.items()}
        found |= looks.stacked("", "concentration", ketamine)
        by_subunit = ("affinity", "concentration", "population", "subunit")
        found["block"] = Variable(by_subunit, shut[:, : len(AWAKE_UM)], "1", "share of NMDA receptors shut")
        found |= looks.after_awake(own, circuit, seen, done)
        found |= replay.slow_layer(own, circuit, seen)
    tell(max(0.0, WORK_S - told))
    return {"summary": scales() | found}


def _refused(config: Config) -> bool:
    """Whether a sheet may not have these numbers: some have holes within their range."""
    try:
        check_numbers(config.sheets())
    except SheetError:
        return True
    return False


def drawn_beside(config: Config) -> dict[str, float]:
    """What is drawn beside the circuit: drugs, cascade and spines, by full name."""
    return dict(drawn_numbers(config.sheets(), config.seed, ("compounds", *SLOW)))


def _drawn(centre: Sheet, source: Sheet, beside: dict[str, float], config: Config) -> dict[str, Variable]:
    """All numbers that were drawn, in their own units."""
    values, knobs = source.values(), knobs_of(centre)
    used = [name for name in beside if name in config.numbers()]
    rows = {f"{subject}.{k}": row for subject, s in config.sheets().items() for k, row in s.rows().items()}
    units = [centre.rows()[k].unit for k in knobs] + [rows[k].unit for k in used]
    numbers = np.array([values[k] for k in knobs] + [beside[k] for k in used])
    more = {"coordinates": "knob_unit"}
    return coordinate("knob", (*knobs, *used)) | {
        "drawn": Variable(("knob",), numbers, "1", "number drawn, in its own unit", more),
        "knob_unit": Variable(("knob",), np.array(units, dtype=object), "", "unit of a number drawn"),
    }


def resting_rates(centre: Sheet) -> list[tuple[float, float]]:
    """Range of rates at which each class may rest, Hz: that of the rate aimed at, where the sheet has one,
    else that of the record.
    """
    return [centre.sections[p]["target_rate"].range or recorded(p, "rate") for p in POPULATIONS]


def rests(untreated: Activity, allowed: list[tuple[float, float]]) -> bool:
    """Whether every class still fires at such a rate (some circuits have a second, silent state), and
    asynchronously.
    """
    inside = [low <= rate <= high for rate, (low, high) in zip(untreated.rate, allowed, strict=True)]
    return all(inside) and untreated.pair_correlation < SYNCHRONOUS


def knobs_of(source: Sheet) -> tuple[str, ...]:
    """Names (SECTION.NUMBER) of all that the prior draws."""
    return tuple(
        f"{section}.{name}"
        for section, rows in source.sections.items()
        for name, row in rows.items()
        if name not in FIXED and row.range is not None and row.range[0] < row.range[1]
    )


def giving_up(circuit: Circuit) -> Callable[[str, np.ndarray], None]:
    """What hears a calibration and ends it, by CalibrationError, where half of the coarse looks, or all of
    them, leave a class off its target by more than a factor of GIVEN_UP: most draws have no rest.
    """
    targets, heard = target_rates(circuit), dict.fromkeys(GIVEN_UP, 0)

    def hear(stage: str, rate: np.ndarray) -> None:
        if stage not in GIVEN_UP:
            return
        heard[stage] += 1
        look, most = GIVEN_UP[stage]
        off = np.abs(np.log(np.maximum(rate, LEAST_HZ) / targets)).max()
        if heard[stage] == look and off > np.log(most):
            raise CalibrationError(f"circuit {circuit.name} is far from its target rates")

    return hear


def _calibrated(config: Config, source: Sheet) -> Circuit | None:
    """The drawn circuit with background rates of its own; None where none hold it at its rates."""
    try:
        circuit = grown(source, config.scale, config.spine_numbers())
    except (CircuitError, SheetError):
        return None
    return calibrated(circuit, config.seed, TOLERANCE, config.numerics.portable, tell=giving_up(circuit))


def calibrated(
    circuit: Circuit,
    seed: int,
    tolerance: float,
    portable: bool,
    coarse: int | None = None,
    tell: Callable[[str, np.ndarray], None] = lambda stage, rate: None,
) -> Circuit | None:
    """A circuit with background rates that hold one wiring within `tolerance` of its target rates; None
    where none do.  `coarse` and `tell` are as `calibrate` has them.
    """
    numerics = Numerics(portable=portable)
    try:
        check_background(circuit)
        found = calibrate(
            circuit, 1, tell=tell, first=seed, tolerance=tolerance, numerics=numerics, coarse=coarse
        )
    except (CalibrationError, CircuitError, NetworkError):
        return None
    return found.circuit
