"""What is stored of every look, one entry a variable: a new one is an entry here, and nothing else.

All of it goes into the group `traces`, along `time`, and its readouts into `summary`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np

from prelimbic.parameters import STATES
from prelimbic.simulation.run import Snapshot

AT_REST = ", relative to rest"
RELATIVE = "AMPA drive of active contacts relative to the same contacts at rest"
OVER_PYR = ", mean over Pyr cells"
CLAMPED = ", Pyr cells in voltage clamp"
PERCENTILES = (5, 25, 50, 75, 95)
SLOW = STATES | {"bp4e": "phosphorylated 4E-BP1"}


@dataclass(frozen=True)
class Output:
    """A variable: its dimensions after that of the looks (of those in record.scales), its unit as UDUNITS
    reads it, its meaning, and how to read it off what was seen.
    """

    dimensions: tuple[str, ...]
    unit: str
    meaning: str
    read: Callable[[Any], Any]


def mean_of_events(values: np.ndarray) -> float:
    """Mean over the clamped cells that saw an event; NaN where none did."""
    seen = values[np.isfinite(values)]
    return float(seen.mean()) if len(seen) else float("nan")


def _gating(name: str, meaning: str) -> Output:
    return Output(("population", "subunit"), "1", meaning, attrgetter(name))


def _population(name: str, unit: str, meaning: str) -> Output:
    return Output(("population",), unit, meaning, attrgetter(name))


def _clamped(name: str, unit: str, meaning: str) -> Output:
    return Output((), unit, meaning + CLAMPED, lambda a: mean_of_events(getattr(a.currents, name)))


def _per_pyr(name: str, unit: str, meaning: str) -> Output:
    return Output((), unit, meaning + OVER_PYR, lambda a: getattr(a, name).mean())


# Read off a look's Activity, in the loop and by every observer.
OF_ACTIVITY: dict[str, Output] = {
    "look_seconds": Output((), "s", "spiking time of the look", attrgetter("seconds")),
    "nmda_open_probability": _gating("nmda_open_probability", "share of NMDA receptors that hold glutamate"),
    "magnesium_free": _gating("magnesium_free", "share of open NMDA receptors that Mg leaves free"),
    "rate": _population("rate", "Hz", "firing rate"),
    "cv_isi": _population("cv_isi", "1", "coefficient of variation of inter-spike intervals"),
    "burst_fraction": _population(
        "burst_fraction", "1", "share of spikes within 10 ms of another of the same cell"
    ),
    "nmda_share": _population("nmda_share", "1", "NMDA share of excitatory conductance, after Mg and drug"),
    "potential": _population("potential", "mV", "mean membrane potential of the soma"),
    "open_potential": _population(
        "open_potential", "mV", "mean membrane potential at open and Mg-free NMDA receptors"
    ),
    "glutamate_release": Output(
        (), "Hz", "full releases of all terminals of a Pyr cell", attrgetter("glutamate_release")
    ),
    "glutamate_cycling": Output(
        (),
        "nS/s",
        "AMPA conductance opened by all glutamate, background fibres' included, per Pyr cell",
        attrgetter("glutamate_cycling"),
    ),
    "gaba_release": Output(
        (), "Hz", "full releases of all terminals of a GABAergic cell", attrgetter("gaba_release")
    ),
    "pair_correlation": Output(
        (), "1", "mean spike-count correlation of Pyr pairs, 50 ms", attrgetter("pair_correlation")
    ),
    "power": Output(("band",), "pA^2", "power of the LFP proxy in a band", attrgetter("spectrum.power")),
    "periodic": Output(
        ("band",),
        "pA^2",
        "power in a band above the aperiodic part; noise averages to 0",
        attrgetter("spectrum.periodic"),
    ),
    "aperiodic_offset": Output(
        (), "1", "log10 of the aperiodic part's offset", attrgetter("spectrum.aperiodic_offset")
    ),
    "aperiodic_knee": Output(
        (), "Hz", "corner of the aperiodic part; 0 where it has none", attrgetter("spectrum.aperiodic_knee")
    ),
    "aperiodic_exponent": Output(
        (), "1", "exponent of the aperiodic part", attrgetter("spectrum.aperiodic_exponent")
    ),
    "gamma_peak": Output(
        (),
        "Hz",
        "centre of the largest peak in 30-80 Hz; NaN where there is none",
        attrgetter("spectrum.gamma_peak"),
    ),
    "sepsc_rate": _clamped("sepsc_rate", "Hz", "spontaneous EPSCs from the circuit"),
    "sepsc_amplitude": _clamped("sepsc_amplitude", "pA", "their mean peak"),
    "background_epsc_rate": _clamped("background_epsc_rate", "Hz", "EPSCs from background fibres"),
    "background_epsc_amplitude": _clamped("background_epsc_amplitude", "pA", "their mean peak"),
    "sipsc_rate": _clamped("sipsc_rate", "Hz", "spontaneous IPSCs"),
    "sipsc_amplitude": _clamped("sipsc_amplitude", "pA", "their mean peak"),
    "recurrent_ampa": _per_pyr("recurrent_ampa", "nS", "AMPA conductance from recurrent contacts"),
    "recurrent_ampa_per_contact": _per_pyr(
        "recurrent_ampa_per_contact", "nS", "the same per active contact"
    ),
    "nmda_conductance": _per_pyr("nmda_conductance", "nS", "NMDA conductance, after Mg and drug"),
    "gaba_conductance": _per_pyr("gaba_conductance", "nS", "GABA-A conductance"),
    "excitatory_events_recurrent": _per_pyr(
        "excitatory_events_recurrent", "Hz", "excitatory synaptic events from the circuit"
    ),
    "excitatory_events_background": _per_pyr(
        "excitatory_events_background", "Hz", "excitatory synaptic events from the background"
    ),
    "inhibitory_events_recurrent": _per_pyr(
        "inhibitory_events_recurrent", "Hz", "inhibitory synaptic events from the circuit"
    ),
    "inhibitory_events_background": _per_pyr(
        "inhibitory_events_background",
        "Hz",
        "inhibitory synaptic events from the background (none modelled)",
    ),
    "apical_nmda": _per_pyr(
        "apical_nmda", "nS", "NMDA conductance of the dendrite, after Mg and drug; NaN for point cells"
    ),
    "apical_potential": _per_pyr(
        "apical_potential", "mV", "membrane potential of the dendrite; NaN for point cells"
    ),
    "apical_calcium": _per_pyr(
        "apical_calcium", "1", "activation of voltage-gated Ca channels of the dendrite; NaN for point cells"
    ),
}


def _slow(name: str) -> Output:
    return Output((), "1", f"{SLOW[name]}{AT_REST}{OVER_PYR}", lambda s: s.cascade.of(name).mean())


def _spread(of: Callable[[Snapshot], np.ndarray], meaning: str) -> Output:
    return Output(("percentile",), "1", meaning, lambda s: np.percentile(of(s), PERCENTILES))


def _pyr(meaning: str, of: Callable[[Snapshot], np.ndarray]) -> Output:
    return Output((), "1", meaning, lambda s: of(s).mean())


# Read off a Snapshot of the loop: drug, block, and the slow world as the look found it.
OF_SNAPSHOT: dict[str, Output] = {
    "brain_unbound": Output(("compound",), "umol/L", "unbound brain concentration", attrgetter("unbound")),
    "block": Output(("population", "subunit"), "1", "share of NMDA receptors shut", attrgetter("block")),
    "hcn_block": Output((), "1", "share of HCN channels shut by the drug", attrgetter("hcn_block")),
    **{name: _slow(name) for name in SLOW},
    "relative_ampa": _pyr(f"{RELATIVE}{OVER_PYR}", lambda s: s.drive),
    "formation_signal": _pyr("signal for spine formation over the last stride", lambda s: s.slow.signal),
    "spines": _pyr("nascent and mature spines per Pyr cell", lambda s: s.spines.density),
    "mature_spines": _pyr("mature spines per Pyr cell", lambda s: s.spines.mature),
    "spines_formed": _pyr("spines not there at the look before, per Pyr cell", lambda s: s.formed),
    "spines_lost": _pyr("spines there at the look before and gone, per Pyr cell", lambda s: s.lost),
    "lost_sites": _pyr(
        "sites vacated over the stress or by the baseline, per Pyr cell", lambda s: s.spines.lost
    ),
    "regained": _pyr("lost sites that hold a spine again, per Pyr cell", lambda s: s.spines.regained),
    "ampa_left": Output(
        (), "1", "share of AMPA conductance that an antagonist leaves", attrgetter("ampa_left")
    ),
    "spines_percentile": _spread(lambda s: s.spines.density, "percentiles of spines over Pyr cells"),
    "protein_percentile": _spread(
        lambda s: s.cascade.of("protein"), f"percentiles of synaptic protein over Pyr cells{AT_REST}"
    ),
}
