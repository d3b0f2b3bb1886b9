"""What an answer must not be read without: numbers that were set, and circuits that were not calibrated for
them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prelimbic.parameters import Sheet
from prelimbic.simulation.config import Config, overridden

UNCALIBRATED = {
    "no": "its background was not calibrated for these numbers (prelimbic calibrate does that)",
    "other size": "its background was calibrated at --scale 1",
}


def unusual(configs: Iterable[Config]) -> Iterator[str]:
    """A line for every number that is not that of its sheet, and for every circuit on background rates found
    for another.
    """
    configs = list(configs)
    yield from set_numbers(configs[0].own_sheet, configs[0].overrides)
    for name, state in {config.sheet_name: config.calibration() for config in configs}.items():
        if state in UNCALIBRATED:
            yield f"sheet {name}: {UNCALIBRATED[state]}"


def set_numbers(circuit: str | Sheet, overrides: tuple[tuple[str, float], ...]) -> Iterator[str]:
    """A line for every override, with what the sheet has, and its range where the override lies outside."""
    shipped = overridden(circuit, ())
    for name, value in overrides:
        subject, section, number = name.split(".")
        row = shipped[subject].sections[section][number]
        outside = row.range is not None and not row.range[0] <= value <= row.range[1]
        limits = f"; OUTSIDE its range {row.range[0]:g} to {row.range[1]:g}" if outside and row.range else ""
        yield f"overridden: {name} = {value:g} {row.unit} (sheet: {row.value:g}{limits})"
