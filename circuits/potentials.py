"""Contacts of the strength that makes unitary potentials as large as recorded ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from prelimbic.circuits.describe import Circuit, CircuitError
from prelimbic.circuits.rig import Rig
from prelimbic.parameters import POPULATIONS

ROUNDS, SENDERS = 3, 8
NEAR = 0.02  # of a potential asked for


def as_recorded(
    circuit: Circuit, potentials_mV: Mapping[tuple[str, str], float], seed: int
) -> tuple[Circuit, dict[tuple[str, str], float]]:
    """The circuit with weights at which the rig finds the mean unitary potentials asked for, of (source,
    target) in mV without sign; and what it finds in the end.

    A weight moves in proportion to what is missing, a few times over, on one wiring.  Raises CircuitError
    when a potential cannot be reached.
    """
    found: dict[tuple[str, str], float] = {}
    for last in (*[False] * ROUNDS, True):
        rig = Rig(circuit, seed)
        try:
            for source in POPULATIONS:
                for target, sizes in rig.postsynaptic_potentials(source, SENDERS).items():
                    found[source, target] = abs(float(sizes.mean()))
        finally:
            rig.close()
        missing = {pair: mV / found[pair] for pair, mV in potentials_mV.items() if pair in found}
        if last:
            break
        circuit = replace(
            circuit,
            projections=tuple(
                (s, t, replace(p, weight=p.weight * missing.get((s, t), 1.0)))
                for s, t, p in circuit.projections
            ),
        )
    away = [pair for pair, factor in missing.items() if abs(factor - 1.0) > NEAR]
    if away:
        told = ", ".join(f"{s}->{t} {found[s, t]:.2f} mV for {potentials_mV[s, t]:g}" for s, t in away)
        raise CircuitError(f"circuit {circuit.name}: unitary potentials cannot be reached: {told}")
    return circuit, found
