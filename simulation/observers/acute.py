"""A circuit at constant concentrations of ketamine: what the running circuit does before anything slow has
moved.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from prelimbic.circuits import Activity, Circuit, drawn_network, resting_weights
from prelimbic.pharmacology import Bath
from prelimbic.simulation.config import Config
from prelimbic.simulation.hypotheses import gating
from prelimbic.simulation.record import courses, scales
from prelimbic.simulation.variable import Groups, Variable

CONCENTRATIONS_UM = (0.0, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
SETTLE_S, LOOK_S = 2.0, 10.0
BATH_H = 1.0  # in the bath before a look: long enough for a trapping drug to settle


def observe(config: Config, compiled: bool, tell: Callable[[float], None]) -> Groups:
    """One wiring at every concentration, in one bath after the other from nothing upwards."""
    seen, blocks = in_baths(
        config, config.described(), CONCENTRATIONS_UM, (SETTLE_S, LOOK_S), compiled, tell
    )
    return {"summary": scales() | arranged(CONCENTRATIONS_UM, seen, blocks)}


def in_baths(
    config: Config,
    circuit: Circuit,
    concentrations: tuple[float, ...],
    seconds: tuple[float, float],
    compiled: bool,
    tell: Callable[[float], None],
    warm_s: float = 0.0,
) -> tuple[list[Activity], np.ndarray]:
    """What a circuit does in one bath of ketamine (uM) after the other, and the block (concentration,
    population, subunit).

    `seconds`: to settle, and of each look; `warm_s`: more to settle before the first.
    """
    switches, sizes = config.hypotheses, config.sizes()
    weights, network = (
        resting_weights(circuit),
        drawn_network(circuit, config.seed, compiled, config.numerics),
    )
    seen: list[Activity] = []
    blocks = []
    try:
        for concentration in concentrations:
            bath = Bath((("ketamine", concentration),))
            block = config.block(bath, circuit, 0.0)
            if seen:
                block = block.advance(bath, gating(seen[-1]), BATH_H)
            blocks.append(switches.nmda_shut(block, circuit, config.seed))
            hcn = switches.hcn_shut(concentration, sizes)
            settle = seconds[0] if seen else seconds[0] + warm_s
            seen.append(network.observe(weights, blocks[-1], seconds[1], settle, hcn))
            tell(sum(seconds))
    finally:
        network.close()
    return seen, np.array(blocks)


def arranged(
    concentrations: tuple[float, ...], seen: list[Activity], blocks: np.ndarray
) -> dict[str, Variable]:
    """What was seen in baths, by concentration."""
    found = {
        "concentration": Variable(
            ("concentration",), np.array(concentrations), "umol/L", "ketamine in the bath"
        )
    }
    by_subunit = ("concentration", "population", "subunit")
    found["block"] = Variable(by_subunit, blocks, "1", "share of NMDA receptors shut")
    return found | courses("concentration", seen)
