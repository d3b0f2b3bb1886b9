"""Every constant and first state of a network, in SI units, by the name it has there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prelimbic.circuits.background import event_probabilities, events_a_step
from prelimbic.circuits.describe import Circuit, CircuitError, holding, magnesium_slope
from prelimbic.circuits.wiring import Wiring
from prelimbic.parameters import OUTSIDE, POPULATIONS, SUBUNITS, Apical

IRRATIONAL = ((5**0.5 - 1) / 2, 2**0.5, 3**0.5, 7**0.5)  # one a target
LEAST_TAU_MS = 1e-3  # stands for a time constant of 0: all is forgotten before the next spike

PER_CELL = {
    "C": ("capacitance", 1e-12), "g_L": ("leak", 1e-9), "v_reset": ("reset", 1e-3),
    "t_refractory": ("refractory", 1e-3), "a": ("adaptation_slope", 1e-9), "b": ("adaptation_jump", 1e-12),
    "tau_adapt": ("adaptation_decay", 1e-3), "tau_AMPA": ("ampa_decay", 1e-3),
}  # fmt: skip
PER_DENDRITE = {
    "C_apical": ("capacitance", 1e-12), "g_L_apical": ("leak", 1e-9), "E_L_apical": ("rest", 1e-3),
    "g_couple": ("coupling", 1e-9), "g_tonic": ("tonic", 1e-9), "v_kick": ("backpropagation", 1e-3),
}  # fmt: skip
# A cell without a dendrite still has the compartment's variables: one that nothing reaches and that reaches
# nothing.
NO_DENDRITE = {"C_apical": 1e-12, "g_L_apical": 1e-9, "E_L_apical": -0.07}


def constants(circuit: Circuit, wiring: Wiring, keys: np.ndarray, step_ms: float) -> dict[str, np.ndarray]:
    """Arrays of cells to load into a new network; `keys` are the two integers that key the background."""
    found = _shared(circuit) | {"key_0": keys[:1], "key_1": keys[1:]}
    for name, (field, unit) in PER_CELL.items():
        found[name] = circuit.per_cell([getattr(p, field) * unit for p in circuit.populations])
    found |= (
        _receptors(circuit) | _terminals(circuit) | background(circuit, step_ms) | hcn_shut(circuit, 0.0)
    )
    found |= {"I_injected": np.zeros(circuit.size)}
    found |= {"v_threshold": wiring.threshold * 1e-3, "E_L": wiring.rest * 1e-3, "v": wiring.start * 1e-3}
    if circuit.apical is not None:
        found |= _dendrites(circuit, circuit.apical) | {"v_apical": wiring.start * 1e-3}
    found |= ampa_left(circuit)
    return {f"cells.{name}": values for name, values in found.items()}


def background(circuit: Circuit, step_ms: float) -> dict[str, np.ndarray]:
    """Chances of background events in a step: `p_k` on the soma, `q_k` on the dendrite.  Raises ValueError
    when too fast.
    """
    rates = circuit.per_cell([p.background_rate for p in circuit.populations])
    found = {f"p_{k + 1}": p for k, p in enumerate(event_probabilities(rates, step_ms))}
    if circuit.apical is not None:
        apical = pyramidal(circuit, circuit.apical.background_rate)
        found |= {f"q_{k + 1}": q for k, q in enumerate(event_probabilities(apical, step_ms))}
    return found


def ampa_left(circuit: Circuit) -> dict[str, np.ndarray]:
    """What manipulations leave of AMPA conductance: of recurrent contacts, and of the background on soma and
    dendrite (S).
    """
    weight = np.multiply([p.background_ampa * 1e-9 for p in circuit.populations], circuit.background_ampa)
    found = {"AMPA_left": circuit.per_cell(circuit.ampa), "background_AMPA": circuit.per_cell(weight)}
    if circuit.apical is not None:
        apical = circuit.apical.background_ampa * 1e-9 * circuit.background_ampa[0]
        found["background_AMPA_apical"] = pyramidal(circuit, apical)
    return found


def outside(circuit: Circuit) -> np.ndarray:
    """Conductance (nS, without Mg and drug) of receptors outside synapses at the ambient glutamate, shape
    (population, subunit).
    """
    r = circuit.receptors
    found = np.array([p.tonic for p in circuit.populations])
    for k in (k for k, name in enumerate(SUBUNITS) if name in OUTSIDE and found[:, k].any()):
        s = circuit.subunits[k]
        found[:, k] *= holding(s, r.ambient_glutamate) / holding(s, r.slice_glutamate)
    return found


def check_background(circuit: Circuit, step_ms: float = 0.1) -> None:
    """Raise CircuitError for a background with more events in a step than can be told apart."""
    apical = [] if circuit.apical is None else [circuit.apical.background_rate]
    try:
        for rates in ([p.background_rate for p in circuit.populations], apical):
            events_a_step(np.array(rates), step_ms)
    except ValueError as error:
        raise CircuitError(f"circuit {circuit.name}: {error}") from None


def hcn_shut(circuit: Circuit, drug: float) -> dict[str, np.ndarray]:
    """HCN conductance (S) that the circuit's own block and that of a drug (shares) take from every cell."""
    shut = 1.0 - (1.0 - circuit.hcn_block) * (1.0 - drug)
    found = {"g_h_shut": circuit.per_cell([p.hcn * shut * 1e-9 for p in circuit.populations])}
    if circuit.apical is not None:
        found["g_h_shut_apical"] = pyramidal(circuit, circuit.apical.hcn * shut * 1e-9)
    return found


def pyramidal(circuit: Circuit, value: float, elsewhere: float = 0.0) -> np.ndarray:
    """One value for every Pyr cell and another for all others, shape (cells,)."""
    return circuit.per_cell([value if p == "Pyr" else elsewhere for p in POPULATIONS])


def _shared(circuit: Circuit) -> dict[str, np.ndarray]:
    r = circuit.receptors
    values = {
        "E_exc": r.excitatory_reversal * 1e-3,
        "E_GABA": r.inhibitory_reversal * 1e-3,
        "E_h": r.hcn_reversal * 1e-3,
        "Mg": r.magnesium,
        "Mg_slope": magnesium_slope(r) * 1e3,
        "tau_fast": r.gaba_decay_PV * 1e-3,
        "tau_slow": r.gaba_decay_SST_VIP * 1e-3,
        "saturation": r.nmda_saturation,
    }
    for name, subunit in zip(SUBUNITS, circuit.subunits, strict=True):
        values |= {f"tau_{name}": subunit.decay * 1e-3, f"Mg_half_{name}": subunit.magnesium_half}
    if circuit.apical is not None:
        values |= {
            "v_calcium": circuit.apical.calcium_half * 1e-3,
            "k_calcium": circuit.apical.calcium_slope * 1e-3,
        }
    return {name: np.array([value]) for name, value in values.items()}


def _receptors(circuit: Circuit) -> dict[str, np.ndarray]:
    weight = [p.background_ampa * 1e-9 for p in circuit.populations]
    found: dict[str, np.ndarray] = {}
    for k, name in enumerate(SUBUNITS):
        ratio = [
            p.nmda_to_ampa * share
            for p, share in zip(circuit.populations, circuit.mixtures[:, k], strict=True)
        ]
        of_background = [
            w * p.background_nmda_to_ampa * share * circuit.background_availability()[k]
            for w, p, share in zip(weight, circuit.populations, circuit.mixtures[:, k], strict=True)
        ]
        found |= {
            f"NMDA_{name}": circuit.per_cell(ratio),
            f"background_{name}": circuit.per_cell(of_background),
        }
        if name in OUTSIDE:
            held = outside(circuit)[:, k] * 1e-9
            found[f"tonic_{name}"] = circuit.per_cell(held)
    return found


def _terminals(circuit: Circuit) -> dict[str, np.ndarray]:
    """Tsodyks-Markram constants of every cell's terminals on each population; where there are none, static
    ones.
    """
    found: dict[str, np.ndarray] = {}
    for k, target in enumerate(POPULATIONS):
        known = {s: p.types for s, t, p in circuit.projections if t == target}
        rows = [
            of_types(known.get(s, ((1.0, 1.0, 0.0, 0.0),)), count, k)
            for s, count in zip(POPULATIONS, circuit.counts, strict=True)
        ]
        use, recovery, facilitation = np.concatenate(rows).T
        found |= {
            f"U_{target}": use,
            f"tau_rec_{target}": np.maximum(recovery, LEAST_TAU_MS) * 1e-3,
            f"tau_facil_{target}": np.maximum(facilitation, LEAST_TAU_MS) * 1e-3,
            f"x_{target}": np.ones(circuit.size),
            f"on_{target}": circuit.per_cell([float(p == target) for p in POPULATIONS]),
        }
    return found


def of_types(types: Sequence[tuple[float, ...]], count: int, turn: int) -> np.ndarray:
    """Constants of the type that each of `count` sending cells has, shape (cell, constant), from `types` of
    (share, *constants).  Types stand evenly among the cells, and differently for every `turn`, so that those
    of one target say nothing about those of another.
    """
    shares = np.array([one[0] for one in types])
    place = np.arange(count) * IRRATIONAL[turn] % 1.0
    which = np.searchsorted(np.cumsum(shares)[:-1], place, side="right")
    return np.array([one[1:] for one in types])[which]


def _dendrites(circuit: Circuit, apical: Apical) -> dict[str, np.ndarray]:
    found = {
        name: pyramidal(circuit, getattr(apical, field) * unit, NO_DENDRITE.get(name, 0.0))
        for name, (field, unit) in PER_DENDRITE.items()
    }
    for k, name in enumerate(SUBUNITS):
        ratio = apical.nmda_to_ampa * circuit.mixtures[0, k]
        found[f"NMDA_{name}_apical"] = pyramidal(circuit, ratio)
        weight = apical.background_ampa * ratio * circuit.background_availability()[k] * 1e-9
        found[f"background_{name}_apical"] = pyramidal(circuit, weight)
    return found
