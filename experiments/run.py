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
from experiments.slow import Slow
from parameters import COMPOUNDS
from pharmacology import Concentrations, Together
from plasticity import Cascade, Spines, turnover


@dataclass(frozen=True)
class Snapshot:
    """The model at one look: all that was seen, and the slow states as they stood at that moment."""

    look: Look
    unbound: np.ndarray  # (compound,) uM
    block: np.ndarray  # (population, subunit)
    hcn_block: float  # share of HCN channels shut
    ampa_left: float  # share of AMPA conductance that an antagonist leaves
    activity: Activity
    drive: np.ndarray  # (pyr,) AMPA drive of active contacts relative to the same contacts at rest
    slow: Slow
    formed: np.ndarray  # (pyr,) spines that were not there at the look before
    lost: np.ndarray  # (pyr,) spines that were there and are not any more

    @property
    def cascade(self) -> Cascade:
        return self.slow.cascade

    @property
    def spines(self) -> Spines:
        return self.slow.spines


@dataclass(frozen=True)
class Outcome:
    """A finished run: the circuit, some seconds of it at rest before anything else, and a snapshot a look."""

    circuit: Circuit
    rest: Activity
    seen: tuple[Snapshot, ...]


def _relative(now: np.ndarray, at_rest: np.ndarray) -> np.ndarray:
    """AMPA relative to rest.  Raises NetworkError where rest gives nothing to compare with."""
    silent = int((at_rest <= 0).sum())
    if silent:
        raise NetworkError(f"{silent} Pyr cells get no recurrent input at rest, so their drive has no reference")
    return now / at_rest


def simulate(config: Config, compiled: bool, tell: Callable[[float], None]) -> Outcome:
    """Run one configuration.

    `tell` hears the biological seconds done.  Raises NetworkError or EngineError when the circuit fails.
    """
    switches, sizes = config.hypotheses, config.sizes()
    circuit, protocol = config.described(), config.protocol
    wiring_seed, spiking_seed, spine_seed, _subjects = np.random.SeedSequence(config.seed).spawn(4)
    exposure: Concentrations = config.exposure(config.doses)
    exposure = Together((exposure, config.bath)) if config.bath is not None else exposure
    slow = Slow.at_rest(config, circuit, exposure, spine_seed)
    block = config.block(exposure, circuit, protocol.times[0])
    network = Network(circuit, draw(circuit, wiring_seed), spiking_seed, compiled, config.numerics)
    try:
        rest = network.observe(slow.weights(circuit), switches.nmda_shut(block, circuit, config.seed), protocol.rest, settle=1.0)
        tell(protocol.rest)
        seen: list[Snapshot] = []
        activity, before = rest, slow
        for look in protocol.looks():
            unbound = exposure.brain_unbound(np.array([look.time]))[0, : len(COMPOUNDS)]
            nmda, hcn = switches.nmda_shut(block, circuit, config.seed), switches.hcn_shut(unbound[0], sizes)
            ampa_left = slow.ampa_left(look.time)
            if look.seconds > 0:
                now = switches.at_look(circuit, unbound[-1], ampa_left, sizes)
                network.alter(now)
                activity = network.observe(slow.weights(now), nmda, look.seconds, hcn_block=hcn)
                drive = _relative(activity.recurrent_ampa, network.recurrent_ampa(slow.weights(circuit), rest.release_on_pyr))
            formed, lost = turnover(before.spines, slow.spines)
            seen.append(Snapshot(look, unbound, nmda, hcn, ampa_left, activity, drive, slow, formed, lost))
            before, slow = slow, slow.advance(look, drive, activity, rest, nmda)
            block = block.advance(exposure, gating(activity), look.stride)
            tell(look.seconds)
    finally:
        network.close()
    return Outcome(circuit, rest, tuple(seen))
