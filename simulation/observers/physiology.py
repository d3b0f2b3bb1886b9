"""What the rig measures of a circuit, as named arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from prelimbic.circuits import Circuit, Rig, of_projection
from prelimbic.parameters import (
    POPULATIONS,
    SUBUNITS,
    channel,
    compounds,
)
from prelimbic.pharmacology import Bath, Gating, HillBlock, TrappingBlock
from prelimbic.simulation.config import Config
from prelimbic.simulation.observers import receptors
from prelimbic.simulation.variable import Variable

CURRENTS_PA = np.array([0.0, 50.0, 100.0, 150.0, 200.0, 250.0, 300.0, 350.0, 400.0])
INTERVAL_S, PULSES = 0.05, 5
FAST_INTERVAL_S, FAST_PULSES, LATE = 0.02, 8, slice(5, 8)  # the 50 Hz train whose late pulses were recorded
POTENTIALS_MV = np.arange(-100.0, 41.0, 10.0)
CONCENTRATIONS_UM = 10.0 ** np.arange(-3.0, 3.01, 0.5)
CONTACTS = np.unique(np.round(np.geomspace(2.0, 160.0, 26)))
VOLLEY_PULSES, VOLLEY_INTERVAL_S = 5, 0.02
# Whose dose-block curves are shown.  A drug that comes later is none of them unless it is added here, which
# renames the study's runs.
DRUGS = ("ketamine", "norketamine", "hydroxynorketamine", "memantine", "mk801", "ro25_6981")
TRAPPED = ("ketamine", "memantine", "mk801")
APPLY_S, WASH_S, AGAIN_S, HELD, TRACE_S = 60.0, 120.0, 60.0, 0.4, 5.0


def examine(config: Config, seed: int, compiled: bool) -> dict[str, Variable]:
    """All protocols on one wiring."""
    circuit = config.described()
    rig = Rig(circuit, seed, compiled, config.numerics)
    try:
        parts = (
            _passive(rig),
            _firing(rig),
            _synapses(rig, circuit),
            _dendrite(rig),
            _magnesium(rig),
            _block(rig, config),
            _coupling(rig),
            _trapping(config, circuit),
            receptors.examine(config, circuit),
        )
    finally:
        rig.close()
    found = {"population": _axis("population", POPULATIONS), "subunit": _axis("subunit", SUBUNITS)}
    for part in parts:
        found |= part
    return found


def _axis(name: str, values: Any, unit: str = "") -> Variable:
    text = len(values) > 0 and isinstance(values[0], str)
    found = np.array(values, dtype=object if text else float)
    return Variable((name,), found, unit or ("" if text else "1"), name.replace("_", " "))


def _passive(rig: Rig) -> dict[str, Variable]:
    passive, mean = rig.passive(), rig.circuit.by_population
    return {
        "resting_potential": Variable(("population",), mean(passive.rest), "mV", "resting potential"),
        "input_resistance": Variable(("population",), mean(passive.resistance), "MOhm", "input resistance"),
        "time_constant": Variable(
            ("population",), mean(passive.time_constant), "ms", "membrane time constant"
        ),
    }


def _firing(rig: Rig) -> dict[str, Variable]:
    rates = np.array([rig.circuit.by_population(rig.firing(current)) for current in CURRENTS_PA]).T
    return {
        "current": _axis("current", CURRENTS_PA, "pA"),
        "fi_rate": Variable(
            ("population", "current"), rates, "Hz", "firing rate under a constant current into the soma"
        ),
    }


def _synapses(rig: Rig, circuit: Circuit) -> dict[str, Variable]:
    names = [f"{s}->{t}" for s in POPULATIONS for t in POPULATIONS]  # NaN where a sheet has none
    size, pulses = np.full(len(names), np.nan), np.full((len(names), PULSES), np.nan)
    expected, late = pulses.copy(), size.copy()
    for source in POPULATIONS:
        for target, values in rig.postsynaptic_potentials(source).items():
            size[names.index(f"{source}->{target}")] = values.mean()
        for target, values in rig.trains(source, INTERVAL_S, PULSES).items():
            pulses[names.index(f"{source}->{target}")] = values
        for target, values in rig.trains(source, FAST_INTERVAL_S, FAST_PULSES).items():
            late[names.index(f"{source}->{target}")] = (values[LATE].mean() - 1.0) / values.max()
    for s, t, p in circuit.projections:
        train = of_projection(p, INTERVAL_S, PULSES).sum(axis=0)
        expected[names.index(f"{s}->{t}")] = train / train[0]
    return {
        "projection": _axis("projection", names),
        "pulse": _axis("pulse", np.arange(1, PULSES + 1)),
        "psp": Variable(
            ("projection",),
            size,
            "mV",
            "unitary potential in the soma; inhibitory ones from -55 mV",
        ),
        "pulse_ratio": Variable(
            ("projection", "pulse"), pulses, "1", "conductance of each pulse at 20 Hz over the first"
        ),
        "late_change": Variable(
            ("projection",), late, "1", "50 Hz: mean of pulses 6 to 8 minus the first, over the largest"
        ),
        "pulse_expected": Variable(
            ("projection", "pulse"), expected, "1", "the same by Tsodyks and Markram's sums"
        ),
    }


def _dendrite(rig: Rig) -> dict[str, Variable]:
    steady, input_ = rig.attenuation()
    return {
        "steady_attenuation": Variable(
            (), np.array(steady), "1", "potential of the dendrite over that of the soma, steady"
        ),
        "input_attenuation": Variable(
            (), np.array(input_), "1", "somatic EPSP of a dendritic input over that of a somatic one"
        ),
    }


def _magnesium(rig: Rig) -> dict[str, Variable]:
    pyr = POPULATIONS.index("Pyr")
    free = np.array([rig.conducting(float(potential))[0][pyr] for potential in POTENTIALS_MV]).T
    return {
        "holding": _axis("holding", POTENTIALS_MV, "mV"),
        "magnesium_free": Variable(
            ("subunit", "holding"), free, "1", "share of bound receptors that Mg leaves free"
        ),
    }


def _block(rig: Rig, config: Config) -> dict[str, Variable]:
    """Dose-block curves of every drug, as the network's own conductances show them at -66 mV."""
    sheets = config.sheets()
    drugs, reference = compounds(sheets["compounds"]), channel(sheets["compounds"]).reference_potential
    shut = np.zeros((len(DRUGS), len(SUBUNITS), len(CONCENTRATIONS_UM)))
    for i, name in enumerate(DRUGS):
        for k, concentration in enumerate(CONCENTRATIONS_UM):
            rig.block(HillBlock.at(Bath(((name, concentration),)), drugs, 0.0).value)
            free, opened = rig.conducting(reference)
            shut[i, :, k] = 1.0 - (opened / free)[0]
    rig.block(np.zeros((len(POPULATIONS), len(SUBUNITS))))
    return {
        "drug": _axis("drug", DRUGS),
        "concentration": _axis("concentration", CONCENTRATIONS_UM, "umol/L"),
        "block": Variable(
            ("drug", "subunit", "concentration"), shut, "1", "NMDA conductance shut at -66 mV and 1 mM Mg"
        ),
    }


def _coupling(rig: Rig) -> dict[str, Variable]:
    chance, half, share = coupling_curves(rig)
    return {
        "contacts": _axis("contacts", CONTACTS),
        "nmda": _axis("nmda", ("free", "shut")),
        "spike_chance": Variable(
            ("nmda", "population", "contacts"), chance, "1", "chance to spike in five volleys at 50 Hz"
        ),
        "half_contacts": Variable(("nmda", "population"), half, "1", "contacts for an even chance to spike"),
        "nmda_coupling": Variable(("population",), share, "1", "NMDA share of EPSP-spike coupling"),
    }


def coupling_curves(rig: Rig) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Chance to spike when so many Pyr contacts fire together, with NMDA receptors free and all shut, (nmda,
    population, contacts); contacts for an even chance, (nmda, population); and NMDA's share of the coupling:
    by how much fewer contacts are needed while they are free, (population,).
    """
    chance = np.zeros((2, len(POPULATIONS), len(CONTACTS)))
    for i, shut in enumerate((0.0, 1.0)):
        rig.block(np.full((len(POPULATIONS), len(SUBUNITS)), shut))
        for k, contacts in enumerate(CONTACTS):
            spiked = rig.volley(float(contacts), VOLLEY_PULSES, VOLLEY_INTERVAL_S)
            chance[i, :, k] = rig.circuit.by_population(spiked.astype(float))
    rig.block(np.zeros((len(POPULATIONS), len(SUBUNITS))))
    half = np.array([[_half(CONTACTS, curve) for curve in row] for row in chance])
    return chance, half, 1.0 - half[0] / half[1]


def _half(x: np.ndarray, rising: np.ndarray) -> float:
    """Where a curve first crosses one half; NaN where it does not."""
    above = np.flatnonzero(rising >= 0.5)
    if not len(above) or above[0] == 0:
        return float("nan")
    k = above[0]
    return float(np.interp(0.5, rising[k - 1 : k + 1], x[k - 1 : k + 1]))


def _trapping(config: Config, circuit: Circuit) -> dict[str, Variable]:
    """Drug with agonist, a wash of both, agonist again, at -66 mV without Mg, as in cultured neurons."""
    times, courses = trapping_courses(config, circuit)
    return {
        "seconds": _axis("seconds", times, "s"),
        "trapped_drug": _axis("trapped_drug", TRAPPED),
        "trapping": Variable(
            ("trapped_drug", "seconds"), courses, "1", "2A receptors shut: drug and agonist, wash, agonist"
        ),
        "trapped": Variable(
            ("trapped_drug",), trapped(times, courses), "1", "share of the block left after the wash"
        ),
    }


def trapping_courses(config: Config, circuit: Circuit) -> tuple[np.ndarray, np.ndarray]:
    """Times (s) and block of 2A receptors (trapped drug, time) in the trapping protocol, at ten times the
    IC50.
    """
    sheets = config.sheets()
    drugs, numbers = compounds(sheets["compounds"]), channel(sheets["compounds"])
    shape = (len(POPULATIONS), len(SUBUNITS))
    free, potential = np.ones(shape), np.full(len(POPULATIONS), numbers.reference_potential)
    times, courses = np.arange(0.0, APPLY_S + WASH_S + AGAIN_S + TRACE_S / 2, TRACE_S), []
    for name in TRAPPED:
        bath = Bath(((name, 10.0 * drugs[name].ic50_2A),), 0.0, APPLY_S / 3600)
        block = TrappingBlock.at(
            bath, drugs, 0.0, numbers, circuit.magnesium_free(numbers.reference_potential, 1.0)
        )
        course = [0.0]
        for begun in times[:-1]:
            washing = APPLY_S <= begun < APPLY_S + WASH_S
            gating = Gating(np.full(shape, 0.0 if washing else HELD), free, potential)
            block = block.advance(bath, gating, TRACE_S / 3600)
            course.append(float(block.value[0, 0]))
        courses.append(course)
    return times, np.array(courses)


def trapped(times: np.ndarray, courses: np.ndarray) -> np.ndarray:
    """Block at the end of the wash over that at its beginning, (trapped drug,)."""
    begin, end = (int(np.argmin(np.abs(times - t))) for t in (APPLY_S, APPLY_S + WASH_S))
    return courses[:, end] / courses[:, begin]
