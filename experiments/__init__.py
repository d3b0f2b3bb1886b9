"""Asks the questions: protocol, run (the loop), study, store, command line."""

from typing import Any

__all__ = ["MissingRunsWarning", "MixedTargetsWarning", "load"]


def __getattr__(name: str) -> Any:
    """`from experiments import load` and its warnings, without paying for xarray when only the command line is wanted."""
    if name in __all__:
        from importlib import import_module

        return getattr(import_module("experiments.dataset"), name)
    raise AttributeError(name)
