"""One run: the loop of the whole model, on one screen.

exposure -> block -> observe -> cascade -> spines -> weights
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from circuits import Activity, Circuit, Network, NetworkError, draw
from experiments.config import Config
from experiments.hypotheses import gating
from experiments.protocol import Look
from parameters import CascadeNumbers, HypothesisNumbers, SpineNumbers, channel, compounds, species
from pharmacology import Exposure
from plasticity import Cascade, Spines


@dataclass(frozen=True)
class Snapshot:
    """The model at one look: all that was seen, and the slow states as they stood at that moment."""

    look: Look
    unbound: np.ndarray  # (compound,) uM
    block: np.ndarray  # (population, subunit)
    hcn_block: float  # share of HCN channels shut
    activity: Activity
    drive: np.ndarray  # (pyr,) AMPA drive of active contacts relative to the same contacts at rest
    cascade: Cascade
    signal: np.ndarray  # (pyr,) formation signal over the stride that led here
    spines: Spines
    formed: np.ndarray  # (pyr,) spines formed over that stride
    lost: np.ndarray  # (pyr,)


@dataclass(frozen=True)
class Outcome:
    """A finished run: the circuit, some seconds of it at rest before anything else, and a snapshot a look."""

    circuit: Circuit
    rest: Activity
    seen: tuple[Snapshot, ...]


def _relative(ampa: np.ndarray, at_rest: np.ndarray) -> np.ndarray:
    """AMPA relative to rest.  Raises NetworkError where rest gives nothing to compare with."""
    silent = int((at_rest <= 0).sum())
    if silent:
        raise NetworkError(f"{silent} Pyr cells get no recurrent input at rest, so their drive has no reference")
    return ampa / at_rest


def simulate(config: Config, compiled: bool, tell: Callable[[float], None]) -> Outcome:
    """Run one configuration.

    `tell` hears the biological seconds done.  Raises NetworkError or EngineError when the circuit fails.
    """
    sheets = config.sheets()
    spine_numbers = sheets["spines"].fill("spines", SpineNumbers)
    cascade_numbers = sheets["cascade"].fill("cascade", CascadeNumbers)
    sizes, switches = sheets["hypotheses"].fill("hypotheses", HypothesisNumbers), config.hypotheses
    circuit = config.described()
    wiring_seed, spiking_seed, spine_seed, _subjects = np.random.SeedSequence(config.seed).spawn(4)

    drugs = compounds(sheets["compounds"])
    exposure = Exposure(config.doses, config.species, species(config.species, sheets["species"]), drugs)
    plastic = circuit.projection("Pyr", "Pyr")
    cascade = Cascade.at_rest(cascade_numbers, circuit.counts[0])
    spines = Spines.at_rest(spine_numbers, plastic.in_degree, circuit.sites, circuit.counts[0], spine_seed)
    block = switches.block(exposure, drugs, channel(sheets["compounds"]), circuit, sizes, config.protocol.times[0])
    weights = spines.weights(plastic.weight)
    network = Network(circuit, draw(circuit, wiring_seed), spiking_seed, compiled, config.numerics)
    try:
        rest = network.observe(weights, switches.nmda_shut(block, circuit), config.protocol.rest, settle=1.0)
        tell(config.protocol.rest)
        signal, formed, lost = np.ones(circuit.counts[0]), np.zeros(circuit.counts[0]), np.zeros(circuit.counts[0])
        seen: list[Snapshot] = []
        for look in config.protocol.looks():
            unbound = exposure.brain_unbound(np.array([look.time]))[0]
            nmda, hcn = switches.nmda_shut(block, circuit), switches.hcn_shut(unbound[0], sizes)
            activity = network.observe(weights, nmda, look.seconds, hcn_block=hcn)
            drive = _relative(activity.recurrent_ampa, network.recurrent_ampa(weights, rest.release_on_pyr))
            seen.append(Snapshot(look, unbound, nmda, hcn, activity, drive, cascade, signal, spines, formed, lost))
            cascade, signal = cascade.advance(drive, look.stride)
            spines, formed, lost = spines.advance(signal, look.stride)
            weights = spines.weights(plastic.weight)
            block = block.advance(exposure, gating(activity), look.stride)
            tell(look.seconds)
    finally:
        network.close()
    return Outcome(circuit, rest, tuple(seen))
