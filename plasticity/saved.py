"""The slow state as named arrays, and back: what goes on from them is the same to the last bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from prelimbic.plasticity.cascade import Cascade, CascadeError
from prelimbic.plasticity.spines import SpineError, Spines


def saved(cascade: Cascade, spines: Spines) -> dict[str, np.ndarray]:
    """Everything that changes, also in the middle of a stride; the constants come from the run's
    configuration.
    """
    return {
        "cascade": cascade.states,
        "minutes": np.array(cascade.ticks),
        "spines": spines.states,
        "stride": np.array(spines.stride),
        "seed": np.array(spines.seed, dtype=np.uint64),
    }


def restored(arrays: dict[str, np.ndarray], cascade: Cascade, spines: Spines) -> tuple[Cascade, Spines]:
    """The saved state, with the constants of a cascade and spines at rest of the same run.

    Raises CascadeError or SpineError when the arrays are not those of such a run.
    """
    states, agents = np.asarray(arrays["cascade"], dtype=float), np.asarray(arrays["spines"])
    if states.shape != cascade.states.shape:
        raise CascadeError(
            f"a saved cascade of shape {states.shape} does not fit one of {cascade.states.shape}"
        )
    if agents.shape != spines.states.shape or agents.dtype != np.uint8:
        raise SpineError(
            f"saved spines of shape {agents.shape} ({agents.dtype}) do not fit {spines.states.shape} (uint8)"
        )
    if int(arrays["seed"]) != spines.seed:
        raise SpineError("saved spines are those of another seed")
    return (
        replace(cascade, states=states.copy(), ticks=int(arrays["minutes"])),
        replace(spines, states=agents.copy(), stride=int(arrays["stride"])),
    )
