"""Contacts of the strength that makes unitary potentials as large as recorded ones."""

from __future__ import annotations

from collections.abc import Mapping

from prelimbic.circuits.describe import Circuit, CircuitError
from prelimbic.circuits.manipulate import release
from prelimbic.circuits.rig import Rig
from prelimbic.parameters import POPULATIONS

ROUNDS, SENDERS = 3, 8
NEAR = 0.02  # of a potential asked for
Potentials = Mapping[tuple[str, str], float]  # (source, target) -> mV


def as_recorded(
    circuit: Circuit, potentials_mV: Potentials, seed: int
) -> tuple[Circuit, dict[tuple[str, str], float]]:
    """The circuit with weights at which the rig finds the mean unitary potentials asked for, of (source,
    target) in mV without sign; and what it finds in the end.

    A weight moves in proportion to what is missing, a few times over, on one wiring.  Raises CircuitError
    when a potential cannot be reached.
    """
    for _ in range(ROUNDS):
        for (s, t), factor in _missing(_found(circuit, seed), potentials_mV).items():
            circuit = release(circuit, factor, f"{s}->{t}")
    found = _found(circuit, seed)
    missing = _missing(found, potentials_mV)
    away = [pair for pair, factor in missing.items() if abs(factor - 1.0) > NEAR]
    if away:
        told = ", ".join(f"{s}->{t} {found[s, t]:.2f} mV for {potentials_mV[s, t]:g}" for s, t in away)
        raise CircuitError(f"circuit {circuit.name}: unitary potentials cannot be reached: {told}")
    return circuit, found


def _missing(found: Potentials, wanted: Potentials) -> dict[tuple[str, str], float]:
    """By what each potential that the rig finds has to grow."""
    return {pair: mV / found[pair] for pair, mV in wanted.items() if pair in found}


def _found(circuit: Circuit, seed: int) -> dict[tuple[str, str], float]:
    """Mean unitary potentials of one wiring, mV without sign."""
    rig = Rig(circuit, seed)
    try:
        return {
            (source, target): abs(float(sizes.mean()))
            for source in POPULATIONS
            for target, sizes in rig.postsynaptic_potentials(source, SENDERS).items()
        }
    finally:
        rig.close()
