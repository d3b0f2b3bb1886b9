"""Asks the questions: protocol, run (the loop), study, store, command line."""

from typing import Any

__all__ = ["load"]


def __getattr__(name: str) -> Any:
    """`from experiments import load`, without paying for xarray when only the command line is wanted."""
    if name == "load":
        from importlib import import_module

        return import_module("experiments.dataset").load
    raise AttributeError(name)
