"""The numbers: one TOML sheet a subject, and the loader that refuses anything incomplete."""

from parameters.records import *  # noqa: F403
from parameters.records import __all__  # noqa: F401
