"""Compile what runs need, before they begin."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from prelimbic import circuits
from prelimbic.simulation.config import Config


def prepare(configs: Iterable[Config]) -> bool:
    """Compile what the runs need: each model once, and the slow layer meanwhile.

    Returns False when there is no C++ compiler, and the runs must be interpreted.  Raises BuildError when
    compiling fails.
    """
    from prelimbic.plasticity import warm_up  # numba takes a second to import

    if circuits.compiler() is None:
        warm_up()
        return False
    needed = {
        (circuits.model_of(config.described()), config.numerics.precision, config.numerics.portable)
        for config in configs
    }
    with ThreadPoolExecutor(1) as pool:
        built = [pool.submit(circuits.program, *texts) for texts in needed]
        warm_up()
        for future in built:
            future.result()
    return True
