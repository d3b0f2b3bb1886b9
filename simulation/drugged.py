"""A circuit under drug: drawn, given something, watched hour by hour, and closed.  The loop and every
observer begin here.

    with running(config, circuit, compiled) as untreated:
        drugged = untreated.given(exposure)
        drugged = drugged.until(1.5, untreated.at(0.0).observe(10.0))
        activity = drugged.at(1.5).observe(6.0)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from prelimbic.circuits import (
    SETTLE_S,
    Activity,
    Circuit,
    Network,
    NetworkError,
    drawn_network,
    resting_weights,
)
from prelimbic.pharmacology import Bath, Block, Concentrations, Together
from prelimbic.simulation.config import Config
from prelimbic.simulation.hypotheses import gating

NOTHING = Bath(())


@dataclass(frozen=True)
class Moment:
    """What drugs do to a running circuit at one hour.

    `circuit`: as AMPA antagonists and HNK leave it; `unbound`: uM of every drug by name; `nmda`: share of
    NMDA receptors shut, (population, subunit); `hcn`: share of HCN channels shut.
    """

    network: Network | None
    circuit: Circuit
    unbound: dict[str, float]
    nmda: np.ndarray
    hcn: float

    def observe(
        self,
        seconds: float,
        settle: float = SETTLE_S,
        weights: Callable[[Circuit], np.ndarray] = resting_weights,
    ) -> Activity:
        """Spike for `settle` + `seconds` and report the latter part; `weights` gives the plastic weights of
        a circuit (nS, (pyr, site)).  Raises EngineError, and NetworkError where none runs.
        """
        network = _alive(self.network)
        network.alter(self.circuit)
        return network.observe(weights(self.circuit), self.nmda, seconds, settle, self.hcn)


@dataclass(frozen=True)
class Drugged:
    """A running circuit, the drugs around it, and the block that they have brought about; without a
    network it tells what drugs do, and cannot be observed.
    """

    config: Config
    circuit: Circuit
    held: Network | None
    source: Concentrations
    block: Block

    @property
    def network(self) -> Network:
        """The network that runs.  Raises NetworkError where none does."""
        return _alive(self.held)

    def given(self, source: Concentrations, hour: float = 0.0) -> Drugged:
        """The circuit with these drugs and no others around it, the block being that of their `hour`."""
        return replace(self, source=source, block=self.config.block(source, self.circuit, hour))

    def at(self, hour: float, ampa_left: float = 1.0) -> Moment:
        """What the drugs do at an hour, under the block reached; `ampa_left` is what antagonists leave of
        AMPA conductance.
        """
        switches, sizes, unbound = self.config.hypotheses, self.config.sizes(), self.source.at(hour)
        ketamine, hnk = (unbound.get(drug, 0.0) for drug in ("ketamine", "hydroxynorketamine"))
        return Moment(
            self.held,
            switches.at_look(self.circuit, hnk, ampa_left, sizes),
            unbound,
            switches.nmda_shut(self.block, self.circuit, self.config.seed),
            switches.hcn_shut(ketamine, sizes),
        )

    def later(self, activity: Activity, hours: float) -> Drugged:
        """So many hours later, receptors being gated all along as `activity` saw them."""
        return replace(self, block=self.block.advance(self.source, gating(activity), hours))

    def until(self, hour: float, activity: Activity) -> Drugged:
        """The same, up to an hour."""
        return self.later(activity, hour - self.block.time)


def _alive(network: Network | None) -> Network:
    if network is None:
        raise NetworkError("this circuit is described, and does not run")
    return network


@contextmanager
def running(config: Config, circuit: Circuit, compiled: bool) -> Iterator[Drugged]:
    """A circuit as the configuration's seed wires it, running untreated; its network is closed at the end.
    Raises what Network raises.
    """
    network = drawn_network(circuit, config.seed, compiled, config.numerics)
    try:
        yield Drugged(config, circuit, network, NOTHING, config.block(NOTHING, circuit, 0.0))
    finally:
        network.close()


def around(config: Config) -> Concentrations:
    """All drugs of a configuration: those of its doses, and of its bath where it has one."""
    exposure = config.exposure(config.doses)
    return exposure if config.bath is None else Together((exposure, config.bath))
