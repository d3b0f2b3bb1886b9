"""The numbers: one TOML sheet a subject, and the loader that refuses anything incomplete."""

from prelimbic.parameters.finding import number, numbers
from prelimbic.parameters.near import near, unknown
from prelimbic.parameters.prior import at_unitary, drawn, moved, ranged
from prelimbic.parameters.records import *  # noqa: F403
from prelimbic.parameters.records import __all__ as records_all
from prelimbic.parameters.write import sheet_text

__all__ = [
    *records_all,
    "at_unitary",
    "drawn",
    "moved",
    "near",
    "number",
    "numbers",
    "ranged",
    "sheet_text",
    "unknown",
]
