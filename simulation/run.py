"""One run: the loop of the whole model, on one screen.

exposure -> block -> observe -> cascade -> spines -> weights
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from prelimbic.circuits import Activity, Circuit, Network, NetworkError, draw
from prelimbic.parameters import COMPOUNDS
from prelimbic.pharmacology import Block, Concentrations, Together
from prelimbic.plasticity import Cascade, Spines, turnover
from prelimbic.simulation.config import Config
from prelimbic.simulation.hypotheses import gating
from prelimbic.simulation.protocol import Look
from prelimbic.simulation.slow import Slow


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
    """A finished run: the circuit, some seconds of it at rest before anything else, and a snapshot a
    look.
    """

    circuit: Circuit
    rest: Activity
    seen: tuple[Snapshot, ...]


@dataclass(frozen=True)
class Course:
    """What the loop carries from look to look."""

    rest: Activity
    seen: tuple[Snapshot, ...]
    slow: Slow
    block: Block


class Bookmark(Protocol):
    """Where a run that is stopped goes on."""

    def find(self, slow: Slow, block: Block, network: Network) -> Course | None:
        """The course that was kept, its network brought to where it was; `slow` and `block` are those at
        rest.
        """
        ...

    def keep(self, course: Course, network: Network) -> None:
        """Keep the course if it is time to.  Raises Paused when the run has to stop."""
        ...


class Paused(Exception):  # noqa: N818 - nothing went wrong
    """The run was stopped between two looks and goes on from there."""


def _relative(now: np.ndarray, at_rest: np.ndarray) -> np.ndarray:
    """AMPA relative to rest.  Raises NetworkError where rest gives nothing to compare with."""
    silent = int((at_rest <= 0).sum())
    if silent:
        raise NetworkError(
            f"{silent} Pyr cells get no recurrent input at rest, so their drive has no reference"
        )
    return now / at_rest


def simulate(
    config: Config, compiled: bool, tell: Callable[[float], None], bookmark: Bookmark | None = None
) -> Outcome:
    """Run one configuration.

    `tell` hears the biological seconds done; what `bookmark` kept is not done again.  Raises ProtocolError
    when the looks would miss something that is given, NetworkError or EngineError when the circuit fails,
    and Paused.
    """
    config.check_looks(looped=True)
    switches, sizes = config.hypotheses, config.sizes()
    circuit, protocol = config.described(), config.protocol
    wiring_seed, spiking_seed, spine_seed, _subjects = np.random.SeedSequence(config.seed).spawn(4)
    exposure: Concentrations = config.exposure(config.doses)
    exposure = Together((exposure, config.bath)) if config.bath is not None else exposure
    slow = Slow.at_rest(config, circuit, exposure, spine_seed)
    block = config.block(exposure, circuit, protocol.times[0])
    network = Network(circuit, draw(circuit, wiring_seed), spiking_seed, compiled, config.numerics)
    try:
        course = bookmark.find(slow, block, network) if bookmark is not None else None
        if course is None:
            shut = switches.nmda_shut(block, circuit, config.seed)
            course = Course(
                network.observe(slow.weights(circuit), shut, protocol.rest, settle=1.0), (), slow, block
            )
        rest, seen, slow, block = course.rest, list(course.seen), course.slow, course.block
        activity, before = (seen[-1].activity, seen[-1].slow) if seen else (rest, slow)
        drive = seen[-1].drive if seen else np.ones_like(rest.recurrent_ampa)
        tell(protocol.rest + sum(snapshot.look.seconds for snapshot in seen))
        for look in list(protocol.looks())[len(seen) :]:
            unbound = exposure.brain_unbound(np.array([look.time]))[0, : len(COMPOUNDS)]
            nmda, hcn = switches.nmda_shut(block, circuit, config.seed), switches.hcn_shut(unbound[0], sizes)
            ampa_left = slow.ampa_left(look.time)
            if look.seconds > 0:
                now = switches.at_look(circuit, unbound[-1], ampa_left, sizes)
                network.alter(now)
                activity = network.observe(slow.weights(now), nmda, look.seconds, hcn_block=hcn)
                drive = _relative(
                    activity.recurrent_ampa,
                    network.recurrent_ampa(slow.weights(circuit), rest.release_on_pyr),
                )
            formed, lost = turnover(before.spines, slow.spines)
            seen.append(Snapshot(look, unbound, nmda, hcn, ampa_left, activity, drive, slow, formed, lost))
            before, slow = slow, slow.advance(look, drive, activity, rest, nmda)
            block = block.advance(exposure, gating(activity), look.stride)
            tell(look.seconds)
            if bookmark is not None:
                bookmark.keep(Course(rest, tuple(seen), slow, block), network)
    finally:
        network.close()
    return Outcome(circuit, rest, tuple(seen))
