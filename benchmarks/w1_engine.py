"""Workload W1 as equations for the project's engine, and a network of it alive in that engine."""

from __future__ import annotations

import numpy as np

from benchmarks.w1 import CLASSES, SHARED, Network, Synapses
from prelimbic.circuits import background, cache
from prelimbic.circuits.engine import CompiledEngine, Connections, Layout
from prelimbic.circuits.model import Contacts, Model
from prelimbic.circuits.wiring import delay_classes as classed

CELLS = """
dv/dt = (g_L*(E_L - v) + g_L*Delta_T*exp(clip((v - v_T)/Delta_T, -highest_exponent, highest_exponent)) - w
         + (g_AMPA + (1 - block)*g_NMDA/(1 + Mg*exp(-Mg_slope*v)))*(E_exc - v)
         + g_GABA*(E_inh - v))/C : volt (unless refractory)
dw/dt = (a*(v - E_L) - w)/tau_w : amp
dg_AMPA/dt = -g_AMPA/tau_AMPA : siemens
drise/dt = -rise/tau_rise : siemens
dg_NMDA/dt = -g_NMDA/tau_NMDA + alpha*rise : siemens
dg_GABA/dt = -g_GABA/tau_GABA : siemens
draw : 1
"""
EXCITATION = "g_AMPA_post += AMPA_left_post*weight\nrise_post += jump_post*weight\n"
INHIBITION = "g_GABA_post += weight\n"
ALIKE = {
    "C": ("farad", "capacitance", 1e-12),
    "g_L": ("siemens", "leak", 1e-9),
    "E_L": ("volt", "rest", 1e-3),
    "v_T": ("volt", "threshold", 1e-3),
    "Delta_T": ("volt", "sharpness", 1e-3),
    "a": ("siemens", "adaptation_slope", 1e-9),
    "b": ("amp", "adaptation_jump", 1e-12),
    "tau_w": ("second", "adaptation_decay", 1e-3),
    "v_r": ("volt", "reset", 1e-3),
    "t_refractory": ("second", "refractory", 1e-3),
    "background_weight": ("siemens", "background_weight", 1e-9),
}
COMMON = {
    "E_exc": ("volt", SHARED.excitatory_reversal * 1e-3),
    "E_inh": ("volt", SHARED.inhibitory_reversal * 1e-3),
    "tau_AMPA": ("second", SHARED.ampa_decay * 1e-3),
    "tau_rise": ("second", SHARED.nmda_rise * 1e-3),
    "tau_NMDA": ("second", SHARED.nmda_decay * 1e-3),
    "tau_GABA": ("second", SHARED.gaba_decay * 1e-3),
    "alpha": ("Hz", SHARED.nmda_alpha * 1e3),
    "jump": ("1", SHARED.nmda_jump),
    "Mg": ("1", SHARED.magnesium / SHARED.magnesium_half),
    "Mg_slope": ("1/volt", SHARED.magnesium_slope * 1e3),
    "v_spike": ("volt", SHARED.spike * 1e-3),
    "highest_exponent": ("1", SHARED.highest_exponent),
}
CHANCES = ("p_1", "p_2", "p_3", "p_4")
LEFT = {"block": 0.0, "AMPA_left": 1.0}  # what a look may change: NMDA shut, and AMPA left, on each class
GROUPS = ("plastic", "excitatory", "inhibitory")  # from E to E, from E to the others, from the others


def model() -> Model:
    """The texts of W1."""
    constants = "".join(f"{name} : {unit} (constant)\n" for name, (unit, _, _) in ALIKE.items())
    constants += "".join(f"{name} : 1 (constant)\n" for name in (*CHANCES, *LEFT))
    constants += "".join(f"{name} : {unit} (shared, constant)\n" for name, (unit, _) in COMMON.items())
    events = " + ".join(f"int(draw < {p})" for p in CHANCES)
    return Model(
        cells=CELLS + constants,
        threshold="v > v_spike",
        refractory="t_refractory",
        reset="v = v_r\nw += b\n",
        background=f"g_AMPA += ({events})*background_weight\n",
        sample="",
        contacts=tuple(
            Contacts(g, "weight : siemens", INHIBITION if g == "inhibitory" else EXCITATION) for g in GROUPS
        ),
        draws=("draw",),
        traces=(),
        recorded="v",
        alike=(*ALIKE, *CHANCES, *LEFT),
    )


def first_arrays(network: Network, seed: int, step_ms: float = SHARED.step) -> dict[str, np.ndarray]:
    """Every constant and first state, SI units, by the name it has in the engine."""
    counts = np.diff(network.bounds)
    found = {
        n: np.repeat([getattr(c, field) * unit for c in CLASSES], counts)
        for n, (_, field, unit) in ALIKE.items()
    }
    found |= {name: np.array([value]) for name, (_, value) in COMMON.items()}
    found |= {name: np.full(counts.sum(), value) for name, value in LEFT.items()}
    rate = np.full(counts.sum(), SHARED.background_rate * 1e3)
    found |= dict(zip(CHANCES, background.event_probabilities(rate, step_ms), strict=True))
    keys = np.random.SeedSequence(seed).generate_state(2, dtype=np.uint32).astype(np.int32)
    found |= {"v": network.start.astype(float) * 1e-3, "key_0": keys[:1], "key_1": keys[1:]}
    loaded = {f"cells.{name}": values for name, values in found.items()}
    return loaded | {f"{group}.weight": s.weight * np.float32(1e-9) for group, s in groups(network).items()}


def groups(network: Network) -> dict[str, Synapses]:
    """The contacts of every group, in their order."""
    found, first = network.excitatory, network.bounds[1]
    to_first = found.target < first
    parts = {"plastic": to_first, "excitatory": ~to_first}
    split = {
        group: Synapses(*(values[mine] for values in vars(found).values())) for group, mine in parts.items()
    }
    return split | {"inhibitory": network.inhibitory}


def connections(network: Network, delay_classes: int = 0) -> dict[str, Connections]:
    """The contacts of every group as the engine takes them; delays exact to the step, or rounded to so many
    a group.
    """
    found = {}
    for group, s in groups(network).items():
        delay = s.delay * SHARED.step
        found[group] = Connections(
            s.source, s.target, classed(delay, delay_classes) if delay_classes else delay
        )
    return found


def engine(
    network: Network, seed: int, precision: int = 32, step_ms: float = SHARED.step, delay_classes: int = 0
) -> CompiledEngine:
    """W1 alive in the compiled engine; `seed` keys its background."""
    texts, layout = model(), Layout(tuple(int(n) for n in np.diff(network.bounds)), step_ms)
    first = first_arrays(network, seed, step_ms)
    return CompiledEngine(
        cache.program(texts, precision), texts, layout, precision, connections(network, delay_classes), first
    )
