"""The NMDA receptors of a circuit, one assembly at a time: decay, Mg block and ketamine's, at room and body
temperature.  Nothing spikes.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from prelimbic.circuits import Circuit
from prelimbic.circuits.describe import at_temperature
from prelimbic.parameters import SUBUNITS, circuit_numbers
from prelimbic.pharmacology.block import by_subunit
from prelimbic.simulation.config import Config
from prelimbic.simulation.record import coordinate
from prelimbic.simulation.switches import AFFINITIES
from prelimbic.simulation.variable import Variable

CELSIUS = np.array([22.0, 37.0])
ZERO_K = 273.15
MEMBRANE_MV = np.arange(-90.0, 41.0, 2.5)
KETAMINE_UM = 10.0 ** np.linspace(-2.0, 2.0, 41)


def examine(config: Config, circuit: Circuit) -> dict[str, Variable]:
    """Decay by temperature, share free of Mg by temperature and potential, block by affinity and
    concentration, and which class has what; NaN of assemblies of which the sheet says nothing.
    """
    numbers = circuit_numbers(config.sheets()["circuit"])
    at = [ZERO_K + celsius for celsius in CELSIUS]
    told = np.array([1.0 if k in config.sheets()["circuit"].sections else np.nan for k in SUBUNITS])
    warm = [
        [at_temperature(numbers.subunits[k], numbers.receptors, kelvin) for k in SUBUNITS] for kelvin in at
    ]
    decay = np.array([[each.decay for each in row] for row in warm])
    warmed = [replace(circuit, receptors=replace(circuit.receptors, temperature=kelvin)) for kelvin in at]
    free = np.array([[each.magnesium_free(float(v)) for v in MEMBRANE_MV] for each in warmed])
    source = config.sheets()["compounds"]
    drugs = [
        replace(config.hypotheses, affinity=affinity).binding(source)["ketamine"] for affinity in AFFINITIES
    ]
    block = [by_subunit(KETAMINE_UM[:, None], [drug]) for drug in drugs]
    by_class = ("population", "subunit")
    axes = {
        "celsius": Variable(("celsius",), CELSIUS, "degC", "temperature"),
        "membrane": Variable(("membrane",), MEMBRANE_MV, "mV", "membrane potential"),
        "ketamine": Variable(("ketamine",), KETAMINE_UM, "umol/L", "free ketamine"),
    }
    found: dict[str, tuple[tuple[str, ...], np.ndarray, str, str]] = {
        "decay": (
            ("celsius", "subunit"),
            decay * told,
            "ms",
            "deactivation after a brief glutamate pulse",
        ),
        "free": (("celsius", "membrane", "subunit"), free * told, "1", "share of open receptors free of Mg"),
        "block": (("affinity", "ketamine", "subunit"), np.array(block), "1", "share that ketamine shuts"),
        "share": (by_class, circuit.mixtures, "1", "share of the NMDA peak conductance of a class"),
        "tonic": (by_class, circuit.tonic, "nS", "conductance of receptors outside synapses, in a slice"),
    }
    named = {f"receptor_{name}": Variable(*of) for name, of in found.items()}
    return axes | coordinate("affinity", AFFINITIES) | named
