"""What an answer must not be read without: numbers that were set, and circuits that were not calibrated for
them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prelimbic.parameters import HNK_SETS, Sheet
from prelimbic.simulation.config import Config
from prelimbic.simulation.scenario import unusual as beyond
from prelimbic.simulation.sheets import overridden

UNCALIBRATED = {
    "no": "its background was not calibrated for these numbers (prelimbic calibrate does that)",
    "other size": "its background was calibrated at --scale 1",
}


def unusual(configs: Iterable[Config]) -> Iterator[str]:
    """A line for every number that is not that of its sheet, for every dose beyond use, where
    hydroxynorketamine acts in man by one set of its constants alone, and for every circuit on background
    rates found for another.
    """
    configs = list(configs)
    asked = {(config.sheet_name, config.overrides): config for config in configs}.values()
    yield from dict.fromkeys(line for c in asked for line in set_numbers(c.own_sheet, c.overrides))
    given = {(config.doses, config.species) for config in configs}
    yield from dict.fromkeys(
        told for doses, species in sorted(given, key=repr) for told in beyond(doses, species)
    )
    yield from _one_set(configs)
    for name, state in {config.sheet_name: config.calibration() for config in configs}.items():
        if state in UNCALIBRATED:
            yield f"sheet {name}: {UNCALIBRATED[state]}"


def _one_set(configs: Iterable[Config]) -> Iterator[str]:
    """A line where hydroxynorketamine carries results in man, and one of its sets is not among the runs."""
    acts = [c for c in configs if c.species == "human" and c.hypotheses.hnk != "off" and c.doses]
    there = {config.hypotheses.hnk_exposure for config in acts}
    for other in HNK_SETS:
        if there and other not in there:
            yield (
                "hydroxynorketamine acts here, and reports of it in man disagree four- to tenfold: these "
                f"runs are by set {', '.join(there)}; report --hnk-exposure {other} beside them"
            )


def set_numbers(circuit: str | Sheet, overrides: tuple[tuple[str, float], ...]) -> Iterator[str]:
    """A line for every override, with what the sheet has, and its range where the override lies outside."""
    shipped = overridden(circuit, ())
    for name, value in overrides:
        subject, section, number = name.split(".")
        row = shipped[subject].sections[section][number]
        outside = row.range is not None and not row.range[0] <= value <= row.range[1]
        limits = f"; OUTSIDE its range {row.range[0]:g} to {row.range[1]:g}" if outside and row.range else ""
        yield f"overridden: {name} = {value:g} {row.unit} (sheet: {row.value:g}{limits})"
