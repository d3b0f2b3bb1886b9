"""The words of the library as options of the command line."""

from __future__ import annotations

import re

# what an option is called, where that is not its own name
OTHERWISE = {"overrides": "--set"}


def flag(name: str) -> str:
    """What a word of the library, such as hnk_exposure, is as an option."""
    return OTHERWISE.get(name, f"--{name.replace('_', '-')}")


def as_options(message: str) -> str:
    """A message of the library, in which such words stand in backticks, as the command line says it."""
    return re.sub("`([a-z][a-z0-9_]*)`", lambda word: flag(word[1]), message)
