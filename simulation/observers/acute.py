"""A circuit at constant concentrations of ketamine: what the running circuit does before anything slow has
moved.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from prelimbic.circuits import Activity, Circuit
from prelimbic.pharmacology import Bath
from prelimbic.simulation.config import Config
from prelimbic.simulation.drugged import running
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
    seen: list[Activity] = []
    blocks = []
    with running(config, circuit, compiled) as untreated:
        for concentration in concentrations:
            drugged = untreated.given(Bath((("ketamine", concentration),)))
            if seen:
                drugged = drugged.later(seen[-1], BATH_H)
            now = drugged.at(BATH_H)
            blocks.append(now.nmda)
            seen.append(now.observe(seconds[1], seconds[0] if seen else seconds[0] + warm_s))
            tell(sum(seconds))
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
