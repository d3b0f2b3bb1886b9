"""One circuit of the prior: drawn, calibrated, and put into baths of ketamine, awake and as a slice."""

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
)
from prelimbic.parameters import POPULATIONS, SUBUNITS, Sheet, SheetError, drawn, recorded
from prelimbic.simulation.config import Config, grown
from prelimbic.simulation.observers.acute import arranged, in_baths
from prelimbic.simulation.record import coordinate, scales
from prelimbic.simulation.variable import Groups, Variable

AWAKE_UM = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 11.0, 20.0, 44.0, 100.0)
SLICE_UM = (0.0, 1.0, 10.0)
# to settle, and of each look; before the first, until slow receptors have filled
SECONDS, WARM_S = (0.5, 5.0), 6.0
FIXED = ("background_rate", "apical_share")  # not drawn: what a calibration moves, and what a point has not
TOLERANCE = 0.2  # of a target rate, on one wiring: the targets themselves are drawn from wider ranges
RECORDED = [recorded(p, "rate") for p in POPULATIONS]
SYNCHRONOUS = 0.05  # pair correlation at rest from which a circuit does not count as asynchronous
WORK_S = 190.0  # biological seconds of one circuit, roughly; for the progress bar


def examine(config: Config, compiled: bool, tell: Callable[[float], None]) -> Groups:
    """Circuit number `seed` of the prior.  One that cannot rest at its target rates is stored as such, with
    NaN for the rest.

    Raises CircuitError where there is no compiler.
    """
    if not compiled:
        raise CircuitError("drawn circuits are calibrated, which needs a C++ compiler (g++ or clang++)")
    centre = config.sheets()["circuit"]
    source = drawn(centre, config.seed, FIXED)
    knobs = knobs_of(centre)
    names = coordinate("knob", knobs) | scales()
    values = source.values()
    units = np.array(
        [centre.sections[section][row].unit for section, _, row in (k.rpartition(".") for k in knobs)],
        dtype=object,
    )
    numbers, more = np.array([values[k] for k in knobs]), {"coordinates": "knob_unit"}
    found = {
        "drawn": Variable(("knob",), numbers, "1", "number drawn, in its own unit", more),
        "knob_unit": Variable(("knob",), units, "", "unit of a number drawn"),
    }
    circuit = _calibrated(config, rested(source, centre))
    looks = None if circuit is None else _looks(config, circuit, tell)
    valid = looks is not None and _rests(looks[0][0])
    found["valid"] = Variable(
        (), np.array(float(valid)), "1", "1 where the circuit rests at recorded rates, asynchronously"
    )
    if looks is not None:
        awake, blocks, in_slice, slice_blocks = looks
        found |= arranged(AWAKE_UM, awake, blocks)
        found |= {
            f"slice_{name}": replace(
                v, dimensions=tuple(f"slice_{d}" if d == "concentration" else d for d in v.dimensions)
            )
            for name, v in arranged(SLICE_UM, in_slice, slice_blocks).items()
        }
    tell(max(0.0, WORK_S - (len(AWAKE_UM) + len(SLICE_UM)) * sum(SECONDS) * (looks is not None)))
    return {"summary": names | found}


def _rests(untreated: Activity) -> bool:
    """Whether every class still fires at a recorded rate (some circuits have a second, silent state), and
    asynchronously.
    """
    inside = [low <= rate <= high for rate, (low, high) in zip(untreated.rate, RECORDED, strict=True)]
    return all(inside) and untreated.pair_correlation < SYNCHRONOUS


def knobs_of(source: Sheet) -> tuple[str, ...]:
    """Names (SECTION.NUMBER) of all that the prior draws."""
    return tuple(
        f"{section}.{name}"
        for section, rows in source.sections.items()
        for name, row in rows.items()
        if name not in FIXED and row.range is not None and row.range[0] < row.range[1]
    )


def rested(source: Sheet, centre: Sheet) -> Sheet:
    """The drawn sheet `source` with NMDA ratios and weights fitted to what else was drawn, as those of the
    `centre` were.

    A drawn NMDA:AMPA ratio then means charge per release at rest, whatever the subunits' decays and
    saturation, and a drawn weight conductance per spike at the resting rate, whatever the plasticity.
    """
    found, before = source.values(), centre.values()
    changes: dict[str, float] = {}
    for population in POPULATIONS:
        for row, releases in NMDA_RATIOS.items():
            if f"{population}.{row}" not in found:
                continue  # the sheet gives charges
            scale = _charge(before, population, releases) / _charge(found, population, releases)
            changes[f"{population}.{row}"] = found[f"{population}.{row}"] * scale
    for name in (section for section in source.sections if "->" in section):
        changes[f"{name}.weight"] = found[f"{name}.weight"] * _release(before, name) / _release(found, name)
    return source.replaced(changes)


def _charge(
    numbers: dict[str, float], population: str, releases: Callable[[dict[str, float], str], float]
) -> float:
    """NMDA charge of a release at rest over its peak, ms: each subunit's decay, and the share that the last
    release left free.
    """
    filled = numbers["receptors.nmda_saturation"] * releases(numbers, population)
    shares = {k: numbers.get(f"{population}.fraction_{k}", 0.0) for k in SUBUNITS}
    return sum(
        share * t / (1.0 + filled * t * 1e-3)
        for k, share in shares.items()
        if share > 0 and (t := numbers[f"{k}.decay"])
    )


def _recurrent_releases(numbers: dict[str, float], population: str) -> float:
    """Full releases of a Pyr terminal on a class at rest, Hz; of a class that gets none, spikes."""
    there = f"Pyr->{population}.release" in numbers
    return numbers["Pyr.target_rate"] * (_release(numbers, f"Pyr->{population}") if there else 1.0)


def _background_releases(numbers: dict[str, float], population: str) -> float:
    """Releases of a background fibre, Hz: it has no plasticity."""
    return numbers["receptors.background_fibre_rate"]


def _release(numbers: dict[str, float], projection: str) -> float:
    """Mean release of a contact whose sender fires at random at its resting rate (Tsodyks, Pawelzik and
    Markram 1998).
    """
    rate = numbers[f"{projection.split('->')[0]}.target_rate"] * 1e-3
    others = {kind: numbers.get(f"{projection}.share{kind}", 0.0) for kind in ("_2", "_3")}
    total = 0.0
    for kind, share in {"": 1.0 - sum(others.values()), **others}.items():
        if share > 0:
            full, recovery, facilitation = (
                numbers[f"{projection}.{row}{kind}"] for row in ("release", "recovery", "facilitation")
            )
            used = full * (1.0 + rate * facilitation) / (1.0 + full * rate * facilitation)
            total += share * used / (1.0 + used * rate * recovery)
    return total


# NMDA:AMPA ratios of a class, and how often its receptors are filled
NMDA_RATIOS = {"nmda_to_ampa": _recurrent_releases, "background_nmda_to_ampa": _background_releases}


def _calibrated(config: Config, source: Sheet) -> Circuit | None:
    """The drawn circuit with background rates of its own; None where none hold it at its rates."""
    try:
        circuit = grown(source, config.scale, config.spine_numbers())
        check_background(circuit)
        numerics = Numerics(portable=config.numerics.portable)
        return calibrate(circuit, 1, first=config.seed, tolerance=TOLERANCE, numerics=numerics).circuit
    except (CalibrationError, CircuitError, NetworkError, SheetError):
        return None


Looks = tuple[list[Activity], np.ndarray, list[Activity], np.ndarray]


def _looks(config: Config, circuit: Circuit, tell: Callable[[float], None]) -> Looks:
    sliced = replace(config.hypotheses, state="slice").on_circuit(
        circuit, config.sizes(), config.spine_numbers()
    )
    awake = in_baths(config, circuit, AWAKE_UM, SECONDS, True, tell, WARM_S)
    return *awake, *in_baths(config, sliced, SLICE_UM, SECONDS, True, tell, WARM_S)
