"""The numbers: one TOML sheet a subject, and the loader that refuses anything incomplete."""

from parameters.near import near, unknown
from parameters.prior import drawn
from parameters.records import *  # noqa: F403
from parameters.records import __all__ as records_all
from parameters.write import sheet_text

__all__ = [*records_all, "drawn", "near", "sheet_text", "unknown"]
