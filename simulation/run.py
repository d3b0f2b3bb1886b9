"""One run: the loop of the whole model, on one screen.

exposure -> block -> observe -> cascade -> spines -> weights
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from prelimbic.circuits import Activity, Circuit, Network, NetworkError
from prelimbic.parameters import COMPOUNDS
from prelimbic.pharmacology import Block
from prelimbic.plasticity import Cascade, Spines, turnover
from prelimbic.simulation.config import Config
from prelimbic.simulation.drugged import around, running
from prelimbic.simulation.protocol import Look
from prelimbic.simulation.slow import Slow

REST_SETTLE_S = 1.0  # before the untreated look that a run begins with


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
    """What the loop carries from look to look; `block` is that of the last look."""

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
    circuit, protocol, exposure = config.described(), config.protocol, around(config)
    _wiring, _spiking, spine_seed, _subjects = np.random.SeedSequence(config.seed).spawn(4)
    slow = Slow.at_rest(config, circuit, exposure, spine_seed)
    with running(config, circuit, compiled) as untreated:
        drugged, network = untreated.given(exposure, protocol.times[0]), untreated.network
        course = bookmark.find(slow, drugged.block, network) if bookmark is not None else None
        if course is None:
            rest = drugged.at(protocol.times[0]).observe(protocol.rest, REST_SETTLE_S, slow.weights)
            course = Course(rest, (), slow, drugged.block)
        rest, seen, slow = course.rest, list(course.seen), course.slow
        drugged = replace(drugged, block=course.block)
        activity, before = (seen[-1].activity, seen[-1].slow) if seen else (rest, slow)
        drive = seen[-1].drive if seen else np.ones_like(rest.recurrent_ampa)
        tell(protocol.rest + sum(snapshot.look.seconds for snapshot in seen))
        for look in list(protocol.looks())[len(seen) :]:
            if seen:
                drugged = drugged.later(activity, seen[-1].look.stride)
            ampa_left = slow.ampa_left(look.time)
            now = drugged.at(look.time, ampa_left)
            if look.seconds > 0:
                activity = now.observe(look.seconds, weights=slow.weights)
                drive = _relative(
                    activity.recurrent_ampa,
                    network.recurrent_ampa(slow.weights(circuit), rest.release_on_pyr),
                )
            formed, lost = turnover(before.spines, slow.spines)
            unbound = np.array([now.unbound[compound] for compound in COMPOUNDS])
            shut = (now.nmda, now.hcn, ampa_left)
            seen.append(Snapshot(look, unbound, *shut, activity, drive, slow, formed, lost))
            before, slow = slow, slow.advance(look, drive, activity, rest, now.nmda)
            tell(look.seconds)
            if bookmark is not None:
                bookmark.keep(Course(rest, tuple(seen), slow, drugged.block), network)
    return Outcome(circuit, rest, tuple(seen))
