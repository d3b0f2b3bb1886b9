"""prelimbic: what ketamine does to a prefrontal microcircuit, from a dose to spikes and synapses.

What a notebook needs stands here; each name is imported when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prelimbic.experiments.storage.dataset import MissingRunsWarning, load
    from prelimbic.experiments.storage.targets import MixedTargetsWarning

__all__ = ["MissingRunsWarning", "MixedTargetsWarning", "load"]

_HOMES = {
    "load": "experiments.storage.dataset",
    "MissingRunsWarning": "experiments.storage.dataset",
    "MixedTargetsWarning": "experiments.storage.targets",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"prelimbic.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'prelimbic' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
