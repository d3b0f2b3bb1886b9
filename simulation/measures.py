"""What is measured in a look: names, units and meanings, and arrays of them along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from prelimbic.circuits import BANDS, Activity, Circuit
from prelimbic.parameters import COMPOUNDS, POPULATIONS, SUBUNITS
from prelimbic.simulation.variable import Variable

# name -> (dimension after the look, unit, meaning); read off each look's Activity by attribute name
LOOKED = {
    "rate": ("population", "Hz", "firing rate"),
    "cv_isi": ("population", "1", "coefficient of variation of inter-spike intervals"),
    "burst_fraction": ("population", "1", "share of spikes within 10 ms of another of the same cell"),
    "nmda_share": ("population", "1", "NMDA share of excitatory conductance, after Mg and drug"),
    "potential": ("population", "mV", "mean membrane potential of the soma"),
    "open_potential": ("population", "mV", "mean membrane potential at open and Mg-free NMDA receptors"),
    "glutamate_release": ("", "Hz", "full releases of all terminals of a Pyr cell"),
    "glutamate_cycling": (
        "",
        "nS/s",
        "AMPA conductance opened by all glutamate, background fibres' included, per Pyr cell",
    ),
    "gaba_release": ("", "Hz", "full releases of all terminals of a GABAergic cell"),
    "pair_correlation": ("", "1", "mean spike-count correlation of Pyr pairs, 50 ms"),
}
# name -> (dimension after the look, unit, meaning); read off the look's Spectrum
SPECTRAL = {
    "power": ("band", "pA^2", "power of the LFP proxy in a band"),
    "periodic": ("band", "pA^2", "power in a band above the aperiodic part; noise averages to 0"),
    "aperiodic_offset": ("", "1", "log10 of the aperiodic part's offset"),
    "aperiodic_knee": ("", "Hz", "corner of the aperiodic part; 0 where it has none"),
    "aperiodic_exponent": ("", "1", "exponent of the aperiodic part"),
    "gamma_peak": ("", "Hz", "centre of the largest peak in 30-80 Hz; NaN where there is none"),
}
# name -> (unit, meaning); read off the look's Currents, means over the clamped cells
CLAMPED = {
    "sepsc_rate": ("Hz", "spontaneous EPSCs from the circuit"),
    "sepsc_amplitude": ("pA", "their mean peak"),
    "background_epsc_rate": ("Hz", "EPSCs from background fibres"),
    "background_epsc_amplitude": ("pA", "their mean peak"),
    "sipsc_rate": ("Hz", "spontaneous IPSCs"),
    "sipsc_amplitude": ("pA", "their mean peak"),
}
GATING = {
    "nmda_open_probability": "share of NMDA receptors that hold glutamate",
    "magnesium_free": "share of open NMDA receptors that Mg leaves free",
}
PER_PYR = {
    "recurrent_ampa": ("nS", "AMPA conductance from recurrent contacts"),
    "recurrent_ampa_per_contact": ("nS", "the same per active contact"),
    "nmda_conductance": ("nS", "NMDA conductance, after Mg and drug"),
    "gaba_conductance": ("nS", "GABA-A conductance"),
    "excitatory_events_recurrent": ("Hz", "excitatory synaptic events from the circuit"),
    "excitatory_events_background": ("Hz", "excitatory synaptic events from the background"),
    "inhibitory_events_recurrent": ("Hz", "inhibitory synaptic events from the circuit"),
    "inhibitory_events_background": ("Hz", "inhibitory synaptic events from the background (none modelled)"),
    "apical_nmda": ("nS", "NMDA conductance of the dendrite, after Mg and drug; NaN for point cells"),
    "apical_potential": ("mV", "membrane potential of the dendrite; NaN for point cells"),
    "apical_calcium": ("1", "activation of voltage-gated Ca channels of the dendrite; NaN for point cells"),
}
PERCENTILES = (5, 25, 50, 75, 95)


def mean_of_events(values: np.ndarray) -> float:
    """Mean over the clamped cells that saw an event; NaN where none did."""
    seen = values[np.isfinite(values)]
    return float(seen.mean()) if len(seen) else float("nan")


def coordinate(name: str, values: tuple[str, ...]) -> dict[str, Variable]:
    """The coordinate of a dimension whose places have names."""
    return {name: Variable((name,), np.array(values, dtype=object), "", name)}


def scales() -> dict[str, Variable]:
    """Coordinates that both courses and readouts have."""
    named = {"population": POPULATIONS, "subunit": SUBUNITS, "compound": COMPOUNDS, "band": tuple(BANDS)}
    found = {
        key: variable for name, values in named.items() for key, variable in coordinate(name, values).items()
    }
    return found | {
        "percentile": Variable(
            ("percentile",), np.array(PERCENTILES, dtype=float), "%", "share of cells below"
        )
    }


def courses(axis: str, seen: list[Activity]) -> dict[str, Variable]:
    """What several looks saw, along `axis`: gating, statistics, spectra, clamped currents and means over Pyr
    cells.
    """
    out: dict[str, Variable] = {}

    def add(name: str, dim: tuple[str, ...], values: list[Any], unit: str, meaning: str) -> None:
        out[name] = Variable((axis, *dim), np.array(values, dtype=float), unit, meaning)

    add("look_seconds", (), [a.seconds for a in seen], "s", "spiking time of the look")
    for name, meaning in GATING.items():
        add(name, ("population", "subunit"), [getattr(a, name) for a in seen], "1", meaning)
    for name, (dim, unit, meaning) in LOOKED.items():
        add(name, (dim,) if dim else (), [getattr(a, name) for a in seen], unit, meaning)
    for name, (dim, unit, meaning) in SPECTRAL.items():
        add(name, (dim,) if dim else (), [getattr(a.spectrum, name) for a in seen], unit, meaning)
    for name, (unit, meaning) in CLAMPED.items():
        peaks = [mean_of_events(getattr(a.currents, name)) for a in seen]
        add(name, (), peaks, unit, f"{meaning}, Pyr cells in voltage clamp")
    for name, (unit, meaning) in PER_PYR.items():
        add(name, (), [getattr(a, name).mean() for a in seen], unit, f"{meaning}, mean over Pyr cells")
    return out


def cell_populations(circuit: Circuit) -> Variable:
    """Of which population each cell is."""
    names = np.repeat(np.array(POPULATIONS, dtype=object), circuit.counts)
    return Variable(("cell",), names, "", "population of each cell")
