"""Records of what laboratories measure with, sheet `measured`: no run reads them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from prelimbic.parameters.sheet import SHEETS, Sheet, number


@dataclass(frozen=True)
class Dialysis:
    """A microdialysis probe; `basal` is what stands outside the cells at rest."""

    recovery: float = number("1", "from 0 to 1")
    bin: float = number("min", "above 0")
    basal: float = number("umol/L", "above 0")
    synaptic_share: float = number("1", "from 0 to 1")
    noise: float = number("1", "at least 0")


@dataclass(frozen=True)
class Blot:
    """A Western blot of prefrontal tissue."""

    pyr_share: float = number("1", "from 0 to 1")
    noise: float = number("1", "at least 0")


@dataclass(frozen=True)
class Electrode:
    """An EEG or LFP electrode."""

    noise: float = number("dB", "at least 0")
    slope_noise: float = number("1", "at least 0")


@dataclass(frozen=True)
class Plasma:
    """BDNF in plasma: what comes from brain follows it with `time`."""

    basal: float = number("ng/mL", "above 0")
    brain_share: float = number("1", "from 0 to 1")
    time: float = number("h", "above 0")
    between: float = number("1", "at least 0")
    noise: float = number("1", "at least 0")


@dataclass(frozen=True)
class Spectroscopy:
    """Pools of cortex at rest, the cycle between them, and a scanner."""

    glutamate: float = number("umol/g", "above 0")
    glutamine: float = number("umol/g", "above 0")
    gaba: float = number("umol/g", "above 0")
    cycle: float = number("umol/g/min", "above 0")
    gaba_share: float = number("1", "from 0 to 1")
    scan: float = number("min", "above 0")
    noise: float = number("1", "at least 0")
    tracer_noise: float = number("1", "at least 0")


@dataclass(frozen=True)
class Imaging:
    """Two-photon images of dendrites: `density` of an animal that lost no spine, `length` of dendrite."""

    density: float = number("1/um", "above 0")
    length: float = number("um", "above 0")


@dataclass(frozen=True)
class Behaviour:
    """Stand-ins for two tests of behaviour, by the share of spines that is missing."""

    sucrose: float = number("%", "at least 0")
    sucrose_fall: float = number("%", "at least 0")
    sucrose_noise: float = number("%", "at least 0")
    immobility: float = number("s", "at least 0")
    immobility_rise: float = number("s", "at least 0")
    immobility_noise: float = number("s", "at least 0")


@dataclass(frozen=True)
class Dissociation:
    """A score of dissociation by unbound ketamine."""

    slope: float = number("L/umol", "at least 0")
    highest: float = number("1", "above 0")
    between: float = number("1", "at least 0")


@dataclass(frozen=True)
class Laboratory:
    """All instruments."""

    dialysis: Dialysis
    blot: Blot
    electrode: Electrode
    plasma: Plasma
    spectroscopy: Spectroscopy
    imaging: Imaging
    behaviour: Behaviour
    dissociation: Dissociation


@cache
def laboratory() -> Laboratory:
    """The instruments of sheet `measured`.  Raises SheetError."""
    source = Sheet(SHEETS / "measured.toml")
    return Laboratory(
        source.fill("dialysis", Dialysis),
        source.fill("blot", Blot),
        source.fill("electrode", Electrode),
        source.fill("plasma", Plasma),
        source.fill("spectroscopy", Spectroscopy),
        source.fill("imaging", Imaging),
        source.fill("behaviour", Behaviour),
        source.fill("dissociation", Dissociation),
    )
