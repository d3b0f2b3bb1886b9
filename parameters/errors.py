"""The two kinds of known errors, from which all others of this program inherit."""

from __future__ import annotations


class UsageError(ValueError):
    """What was asked cannot be; the command line ends with exit code 2."""


class RunError(RuntimeError):
    """The machine, a file or a simulation failed; the command line ends with exit code 1."""
